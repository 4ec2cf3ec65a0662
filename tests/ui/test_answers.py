"""The one error map and the private answers, through commands that fail in every way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from errors import Failure, InvalidOption, JobNotFound, StorageUnavailable
from sandbox.discord import Run, routes
from tests.support import wait_until
from tests.ui.scene import Scene
from ui import answers, cards

Body = Callable[[discord.Interaction[Any]], Awaitable[None]]


class TrialCog(commands.Cog):
    """A command that does what the test says."""

    def __init__(self) -> None:
        self.body: Body = self._nothing

    async def _nothing(self, interaction: discord.Interaction[Any]) -> None:
        pass

    @app_commands.command(name="trial", description="Does what the test says")
    async def trial(self, interaction: discord.Interaction[Any]) -> None:
        await self.body(interaction)


@pytest.fixture
async def trial(scene: Scene) -> Callable[[Body], Awaitable[Run]]:
    """Has Ada use a command with this body."""
    cog = TrialCog()
    await scene.client.add_cog(cog)
    await scene.client.tree.sync()

    async def use(body: Body) -> Run:
        cog.body = body
        return await scene.discord.slash(scene.ada, scene.channel, "trial")

    return use


Trial = Callable[[Body], Awaitable[Run]]


async def told(run: Run) -> str:
    """What the member reads in private, wherever it came."""
    answer = await run.answered()
    if run.followups:
        message = run.followups[-1]
    else:
        assert answer.message is not None
        message = answer.message
    assert message.ephemeral
    return message.text()


def raising(error: Exception) -> Body:
    async def body(_: discord.Interaction[Any]) -> None:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidOption("prompt", "empty"), "`prompt` is empty"),
        (JobNotFound("job1"), "no such request of yours"),
        (app_commands.CommandNotFound("trial", []), "Restart Discord"),
    ],
)
async def test_a_refusal_is_worded_in_private_and_is_no_error_in_the_log(
    trial: Trial, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    assert words in await told(await trial(raising(error)))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("error", [Failure("inside"), StorageUnavailable("inside"), ValueError("inside"), KeyError(1)])
async def test_a_fault_shows_a_reference_that_finds_it_in_the_log(
    trial: Trial, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    words = await told(await trial(raising(error)))
    reference = words.rpartition("`")[0].rpartition("`")[2]
    assert len(reference) == 8
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert reference in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert "inside" not in words


async def test_an_error_after_the_answer_comes_as_a_follow_up(trial: Trial) -> None:
    async def body(interaction: discord.Interaction[Any]) -> None:
        await answers.show(interaction, cards.page("first"))
        raise JobNotFound("job1")

    run = await trial(body)
    await wait_until(lambda: bool(run.followups), what="the follow-up")
    assert "no such request" in await told(run)


async def test_an_error_after_a_public_deferral_takes_that_back(trial: Trial) -> None:
    async def body(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(thinking=True)
        raise JobNotFound("job1")

    run = await trial(body)
    await wait_until(lambda: bool(run.followups), what="the follow-up")
    assert run.original is None
    assert "no such request" in await told(run)


async def test_slow_work_is_deferred_in_private_and_then_answered(trial: Trial, impatient: None) -> None:
    go_on = asyncio.Event()

    async def work() -> str:
        await go_on.wait()
        return "at last"

    async def body(interaction: discord.Interaction[Any]) -> None:
        await answers.show(interaction, cards.page(await answers.patiently(interaction, work())))

    run = await trial(body)
    answer = await run.answered()
    assert (answer.kind, answer.ephemeral) == ("deferred", True)
    go_on.set()
    assert answer.message is not None
    await answer.message.changed(lambda message: message.text() == "at last")


async def test_slow_work_that_fails_is_told_where_it_was_deferred(trial: Trial, impatient: None) -> None:
    go_on = asyncio.Event()

    async def work() -> str:
        await go_on.wait()
        raise JobNotFound("job1")

    async def body(interaction: discord.Interaction[Any]) -> None:
        await answers.patiently(interaction, work())

    run = await trial(body)
    answer = await run.answered()
    go_on.set()
    assert answer.message is not None
    await answer.message.changed(lambda message: "no such request" in message.text())
    assert run.followups == []


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (401, 50027)])
async def test_an_interaction_that_is_over_gets_no_second_call(
    scene: Scene, trial: Trial, caplog: pytest.LogCaptureFixture, status: int, code: int
) -> None:
    caplog.set_level(logging.INFO, logger="ui.answers")

    async def body(interaction: discord.Interaction[Any]) -> None:
        await answers.show(interaction, cards.page("hello"))

    scene.discord.faults.add("POST", routes.CALLBACK, status=status, code=code)
    await trial(body)
    await wait_until(lambda: "is over" in caplog.text, what="the end")
    assert len(scene.discord.exchanges.matching("POST", routes.CALLBACK)) == 1


async def test_an_answer_that_can_not_be_sent_is_only_logged(
    scene: Scene, trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="ui.answers")
    scene.discord.faults.drop("POST", routes.CALLBACK, times=None)
    await trial(raising(JobNotFound("job1")))
    await wait_until(lambda: "got no private answer" in caplog.text, what="the log line")

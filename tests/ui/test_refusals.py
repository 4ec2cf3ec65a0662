"""What members are shown in the place of a picture, over the wire, in every way that an answer can be given."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from errors import DraftGone, JobNotFound, NothingToAppeal, PromptBlocked, Refusal, Suspended, TooManyAppeals
from sandbox.discord import Message, Run
from tests.ui.scene import Scene
from ui import answers, refusals
from ui.language import speaking

Body = Callable[[discord.Interaction[Any]], Awaitable[None]]
THEN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
AT = int(THEN.timestamp())
LONG = "*[x](https://e.com) @everyone <@1> " * 20


class TrialCog(commands.Cog):
    """A command that refuses as the test says, at once or after it was deferred."""

    refusal: Refusal = JobNotFound("none")
    defers: str = "not"

    @app_commands.command(name="trial", description="Refuses as the test says")
    async def trial(self, interaction: discord.Interaction[Any]) -> None:
        if self.defers == "publicly":
            await answers.defer_publicly(interaction)
        elif self.defers == "privately":
            await answers.defer_privately(interaction)
        raise self.refusal


@pytest.fixture
async def refused(scene: Scene) -> Callable[..., Awaitable[Message]]:
    """The message that Ada gets who is refused like that."""
    cog = TrialCog()
    await scene.client.add_cog(cog)
    await scene.client.tree.sync()

    async def use(refusal: Refusal, defers: str = "not") -> Message:
        cog.refusal, cog.defers = refusal, defers
        return await _told(await scene.discord.slash(scene.ada, scene.channel, "trial"))

    return use


Refused = Callable[..., Awaitable[Message]]


async def _told(run: Run) -> Message:
    answer = await run.answered()
    assert answer.message is not None
    if answer.kind == "deferred" and not answer.ephemeral:
        await answer.message.changed(lambda message: message.deleted)
        for _ in range(1000):
            if run.followups:
                break
            await asyncio.sleep(0.005)
        return run.followups[-1]
    return await answer.message.changed(lambda message: not message.loading)


@pytest.mark.parametrize("defers", ["not", "publicly", "privately"])
async def test_the_button_comes_with_the_refusal_however_it_is_answered(refused: Refused, defers: str) -> None:
    message = await refused(PromptBlocked("violence", strike_id=41, weight=1, total=1), defers)
    assert message.ephemeral
    assert "**violence**" in message.text()
    assert [(button.label, button.custom_id) for button in message.buttons()] == [("Appeal", "easel:appeal:41")]


@pytest.mark.parametrize(
    ("refusal", "words", "button"),
    [
        (PromptBlocked("other", strike_id=7), ["isn't allowed here", "this server's rules"], "easel:appeal:7"),
        (PromptBlocked("violence"), ["**violence**"], None),
        (
            PromptBlocked("hate", strike_id=7, weight=1, total=1),
            ["**hate**", "Take this as a warning: you have 1 strike here now", "*Appeal* asks the moderators"],
            "easel:appeal:7",
        ),
        (
            PromptBlocked("hate", strike_id=7, weight=2, total=3, suspended=True, until=THEN),
            ["Disguised words count double. You have 3 strikes", f"until <t:{AT}:f> (<t:{AT}:R>)"],
            "easel:appeal:7",
        ),
        (
            PromptBlocked("hate", strike_id=7, weight=1, total=5, suspended=True),
            ["5 strikes", "until the moderators have decided"],
            "easel:appeal:7",
        ),
        (
            PromptBlocked(LONG, strike_id=10**17, weight=1, total=5, suspended=True),
            ["5 strikes"],
            f"easel:appeal:{10**17}",
        ),
        (Suspended(None), ["A moderator has suspended you", "*Appeal*"], "easel:appeal:suspension"),
        (
            Suspended(THEN, reason="too *much* spam"),
            ["A moderator has suspended you", f"again <t:{AT}:R> (<t:{AT}:f>)", "> too \\*much\\* spam"],
            "easel:appeal:suspension",
        ),
        (Suspended(THEN, reason=LONG), ["A moderator has suspended you"], "easel:appeal:suspension"),
        (
            Suspended(None, by_strikes=True),
            ["too many strikes", "until its moderators have decided"],
            "easel:appeal:suspension",
        ),
        (Suspended(THEN, by_strikes=True), ["too many strikes", f"<t:{AT}:R>"], "easel:appeal:suspension"),
        (Suspended(THEN, appealable=False), ["Ask the moderators"], None),
        (NothingToAppeal("gone"), ["nothing to appeal any more"], None),
        (NothingToAppeal("lifted"), ["was lifted already"], None),
        (NothingToAppeal("over"), ["You are not suspended"], None),
        (NothingToAppeal("appealed"), ["You have appealed that before"], None),
        (TooManyAppeals(0), ["takes no appeals"], None),
        (TooManyAppeals(3, renews_at=THEN), ["3 appeals within a day", f"another <t:{AT}:R>"], None),
        (TooManyAppeals(1), ["1 appeal within a day"], None),
        (JobNotFound("x"), ["no such request of yours"], None),
    ],
    ids=repr,
)
async def test_each_refusal_says_why_and_what_can_be_done(
    refused: Refused, refusal: Refusal, words: list[str], button: str | None
) -> None:
    message = await refused(refusal)
    text = message.text()
    for wanted in words:
        assert wanted in text
    assert [found.custom_id for found in message.buttons()] == ([button] if button else [])
    assert "@everyone" not in text
    assert ("*Appeal*" in text) == (button is not None)


async def test_the_button_is_worded_in_the_readers_language() -> None:
    with speaking("de"):
        assert refusals.card(Suspended(None)).content_length() > 0


@pytest.mark.parametrize("argument", ["", "x", "-1", "1.5", "suspensions", "9" * 19])
def test_what_no_button_of_ours_says_is_refused(argument: str) -> None:
    with pytest.raises(DraftGone):
        refusals.strike_of(argument)

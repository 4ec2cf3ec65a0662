"""From an interaction to a job with its card, with every way in which Discord's answer can go wrong."""

import asyncio
import math
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from errors import MissingBotPermissions
from models import Job, JobStatus
from sandbox.discord import Permissions, routes
from tests.support import wait_until
from tests.ui.scene import Scene
from ui import answers
from ui.acceptance import origin_of


async def only_job(scene: Scene) -> Job:
    [job] = await scene.jobs()
    return job


async def settled(scene: Scene) -> None:
    """Every answer under way has come to its end."""
    await scene.client.tasks.close(within_seconds=10)


async def test_the_first_answer_is_the_public_card_and_its_id_is_stored(scene: Scene) -> None:
    job, card = await scene.carded()
    assert not card.ephemeral
    assert card.text().startswith("### ⏳ Waiting in line\n> a red fox in the snow")
    assert "$0.09 · 99 pictures left · next in line" in card.text()
    assert job.message_id == card.id
    assert job.status is JobStatus.QUEUED


async def test_the_origin_is_all_of_the_interaction(scene: Scene) -> None:
    run = await scene.imagine(locale="de")
    await run.answered()
    origin = (await only_job(scene)).origin
    assert (origin.interaction_id, origin.interaction_token) == (run.id, run.token)
    assert (origin.guild_id, origin.channel_id, origin.user_id) == (
        scene.guild.id,
        scene.channel.id,
        scene.ada.id,
    )
    assert origin.application_id == scene.discord.application_id
    assert origin.locale == "de"


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        (Permissions.ATTACH_FILES, "**Attach Files**"),
        (Permissions.VIEW_CHANNEL, "**View Channel**"),
        (Permissions.SEND_MESSAGES, "**Send Messages**"),
    ],
)
async def test_a_channel_where_the_bot_may_not_post_is_refused_before_money_is_held(
    scene: Scene, lacking: Permissions, named: str
) -> None:
    scene.channel.overwrite(scene.guild.bot, deny=lacking)
    answer = await (await scene.imagine()).answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert named in answer.message.text()
    assert await scene.jobs() == []


async def test_the_second_waits_behind_the_first(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.queue.put(job.job_id, guild_id=scene.guild.id, user_id=scene.ada.id)
    _, card = await scene.carded()
    assert "number 2 in line" in card.text()


async def test_a_refusal_is_private(scene: Scene) -> None:
    for _ in range(3):
        await scene.carded()
    answer = await (await scene.imagine()).answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert "3 is the most at once" in answer.message.text()


async def test_a_slow_database_is_covered_by_a_public_deferral_that_becomes_the_card(
    scene: Scene, impatient: None
) -> None:
    async with scene.stalled_disk():
        run = await scene.imagine()
        answer = await run.answered()
        assert answer.kind == "deferred"
        assert not answer.ephemeral
    card = answer.message
    assert card is not None
    await card.changed(lambda message: message.buttons())
    await settled(scene)
    assert (await only_job(scene)).message_id == card.id


async def test_a_late_refusal_takes_the_deferral_back_and_is_private(scene: Scene, impatient: None) -> None:
    for _ in range(3):
        await scene.carded()
    async with scene.stalled_disk():
        run = await scene.imagine()
        answer = await run.answered()
    await settled(scene)
    assert answer.message is not None
    assert answer.message.deleted
    [followup] = run.followups
    assert followup.visible_to is scene.ada
    assert "3 is the most at once" in followup.text()


async def test_a_command_that_is_cut_short_leaves_a_job_that_the_runner_can_end(scene: Scene) -> None:
    async with scene.stalled_disk():
        await scene.imagine()
        await wait_until(lambda: _task("accept ") is not None, what="the acceptance")
        command = _task("CommandTree-invoker")
        assert command is not None
        command.cancel()
    job = await scene.until(lambda job: True)
    assert (job.status, job.message_id) == (JobStatus.QUEUED, None)
    assert scene.channel.messages == []


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (403, 50001), (403, 50013), (400, 50035), (401, 0)])
async def test_a_card_that_discord_refuses_ends_the_job_and_frees_its_money(
    scene: Scene, status: int, code: int
) -> None:
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=status, code=code)
    await scene.imagine()
    await refused.happened()
    job = await scene.until(lambda job: job.status.is_terminal)
    assert job.reason == "no_card"
    quota = await scene.service.quota(guild_id=scene.guild.id, user_id=scene.ada.id)
    assert all(line.balance.pending == line.balance.posted == 0 for line in quota)
    assert len(scene.discord.exchanges.matching("POST", routes.CALLBACK)) == 1


async def test_a_card_whose_deferral_discord_refuses_ends_the_job(scene: Scene, impatient: None) -> None:
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=404, code=10062)
    async with scene.stalled_disk():
        await scene.imagine()
        await refused.happened()
    await settled(scene)
    assert (await only_job(scene)).status is JobStatus.CANCELLED


async def test_a_refusal_to_a_dead_interaction_is_not_sent(scene: Scene, impatient: None) -> None:
    for _ in range(3):
        await scene.carded()
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=404, code=10062)
    async with scene.stalled_disk():
        run = await scene.imagine()
        await refused.happened()
    await settled(scene)
    assert len(scene.discord.exchanges.matching("POST", routes.CALLBACK)) == 4
    assert run.followups == []


async def test_a_callback_repeated_after_its_answer_was_lost_counts_as_answered(scene: Scene) -> None:
    scene.discord.faults.add("POST", routes.CALLBACK, status=502, when="after")
    run = await scene.imagine()
    card = (await run.answered()).message
    assert card is not None
    job = await scene.until(lambda job: job.message_id == card.id)
    assert job.status is JobStatus.QUEUED
    answers_given = scene.discord.exchanges.matching("POST", routes.CALLBACK)
    assert [exchange.code for exchange in answers_given][-1] == 40060


async def test_a_refusal_that_may_follow_a_first_try_proves_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=404, code=10062, delay_seconds=math.inf)
    await scene.imagine()
    await refused.happened()
    scene.clock.advance(1.5)
    refused.release()
    await wait_until(lambda: "unknown" in caplog.text, what="the outcome")
    assert (await only_job(scene)).status is JobStatus.QUEUED


@pytest.mark.parametrize("reply_only", [False, True], ids=["nothing happened", "only the reply was lost"])
async def test_a_callback_whose_connection_broke_is_left_to_the_runner(
    scene: Scene, caplog: pytest.LogCaptureFixture, reply_only: bool
) -> None:
    scene.discord.faults.drop("POST", routes.CALLBACK, when="after" if reply_only else "before")
    await scene.imagine()
    await wait_until(lambda: "unknown" in caplog.text, what="the outcome")
    job = await only_job(scene)
    assert (job.status, job.message_id) == (JobStatus.QUEUED, None)
    assert (await scene.delivery.find_card(job) is not None) == reply_only


async def test_a_callback_without_any_answer_is_left_to_the_runner(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SEND_SECONDS", 0.1)
    scene.discord.faults.hold("POST", routes.CALLBACK)
    await scene.imagine()
    await wait_until(lambda: "unknown" in caplog.text, what="the outcome")
    job = await only_job(scene)
    assert (job.status, job.message_id) == (JobStatus.QUEUED, None)


async def test_the_members_words_mention_nobody(scene: Scene) -> None:
    _, card = await scene.carded({"prompt": f"@everyone {scene.bob.mention} <@&{scene.guild.everyone.id}>"})
    assert card.notified.users == ()
    assert card.notified.roles == ()
    assert not card.notified.everyone


async def test_a_place_that_is_no_known_channel_is_refused(scene: Scene) -> None:
    nowhere = SimpleNamespace(channel=None, guild_id=scene.guild.id)
    with pytest.raises(MissingBotPermissions):
        origin_of(cast("discord.Interaction[Any]", nowhere))


def _task(name: str) -> "asyncio.Task[Any] | None":
    return next((task for task in asyncio.all_tasks() if task.get_name().startswith(name)), None)

"""`/queue` and Cancel, on the card and in the list."""

import sqlite3

import pytest

from models import JobStatus
from sandbox.discord import Message, Permissions, Run
from storage import jobs
from tests.ui.scene import Scene


async def queue_of(scene: Scene) -> Message:
    answer = await (await scene.discord.slash(scene.ada, scene.channel, "queue")).answered()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message


async def private_words(run: Run) -> str:
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message.text()


async def submit(scene: Scene, job_id: str) -> None:
    """The runner takes the job from the line."""

    def move(connection: sqlite3.Connection) -> None:
        jobs.move(connection, job_id, JobStatus.QUEUED, JobStatus.SUBMITTING, at=scene.clock.now())

    await scene.database.write(move)


async def held_micros(scene: Scene) -> int:
    quota = await scene.service.quota(guild_id=scene.guild.id, user_id=scene.ada.id)
    return quota[-1].balance.pending


async def test_the_list_is_private_and_holds_the_members_own_jobs(scene: Scene) -> None:
    job, _ = await scene.carded({"prompt": "a fox of ada's"})
    await (await scene.discord.slash(scene.bob, scene.channel, "imagine", {"prompt": "bob's owl"})).answered()
    scene.queue.put(job.job_id, guild_id=scene.guild.id, user_id=scene.ada.id)
    message = await queue_of(scene)
    assert "a fox of ada's" in message.text()
    assert "next in line" in message.text()
    assert "owl" not in message.text()


async def test_an_empty_list_says_how_to_start(scene: Scene) -> None:
    assert "`/imagine` starts a picture" in (await queue_of(scene)).text()


async def test_cancel_on_the_card_changes_the_card_at_once_and_frees_the_money(scene: Scene) -> None:
    job, card = await scene.carded()
    assert await held_micros(scene) == job.cost_micros
    answer = await (await scene.discord.click(scene.ada, card, "Cancel")).answered()
    assert answer.kind == "update"
    assert "Cancelled by the member who asked for it" in card.text()
    assert "Nothing was charged" in card.text()
    assert card.buttons() == []
    assert await held_micros(scene) == 0


async def test_cancel_in_the_list_takes_the_job_off_it(scene: Scene) -> None:
    await scene.carded({"prompt": "first"})
    await scene.carded({"prompt": "second"})
    message = await queue_of(scene)
    [first, _] = message.buttons()
    assert first.custom_id is not None
    await (await scene.discord.click(scene.ada, message, first.custom_id)).answered()
    assert "first" not in message.text()
    assert "second" in message.text()
    assert len(message.buttons()) == 1


async def test_cancel_on_a_card_not_noted_yet_does_not_put_the_private_list_in_its_place(scene: Scene) -> None:
    job, card = await scene.carded({"prompt": "first"})
    await scene.carded({"prompt": "second"})
    await scene.database.write(
        lambda connection: connection.execute("UPDATE jobs SET message_id = NULL WHERE job_id = ?", (job.job_id,))
    )
    await (await scene.discord.click(scene.ada, card, "Cancel")).answered()
    assert "Cancelled by the member who asked for it" in card.text()
    assert "second" not in card.text()


async def test_another_member_can_not_cancel(scene: Scene) -> None:
    job, card = await scene.carded()
    words = await private_words(await scene.discord.click(scene.bob, card, "Cancel"))
    assert "**Manage Messages**" in words
    assert card.buttons()
    assert (await jobs.find(scene.database, job.job_id)).status is JobStatus.QUEUED


async def test_a_moderator_can_cancel(scene: Scene) -> None:
    _, card = await scene.carded()
    moderator = scene.guild.add_member("mia", permissions=Permissions.MANAGE_MESSAGES)
    await (await scene.discord.click(moderator, card, "Cancel")).answered()
    assert "Cancelled by a moderator" in card.text()


async def test_a_lost_race_says_so(scene: Scene) -> None:
    job, card = await scene.carded()
    await submit(scene, job.job_id)
    words = await private_words(await scene.discord.click(scene.ada, card, "Cancel"))
    assert "being made already" in words


async def test_pressing_twice_says_that_it_was_cancelled(scene: Scene) -> None:
    _, card = await scene.carded()
    first = await scene.discord.click(scene.ada, card, "Cancel")
    second = await scene.discord.click(scene.ada, card, "Cancel")
    answers = [await first.answered(), await second.answered()]
    assert sorted(answer.kind for answer in answers) == ["message", "update"]


@pytest.mark.parametrize("place", ["card", "list"])
async def test_a_slow_database_does_not_let_the_button_fail(scene: Scene, impatient: None, place: str) -> None:
    _, card = await scene.carded()
    message = card if place == "card" else await queue_of(scene)
    async with scene.stalled_disk():
        run = await scene.discord.click(scene.ada, message, "Cancel")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: not changed.buttons())

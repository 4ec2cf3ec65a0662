"""A process is killed at every effect of a report, a removal or a dismissal; the next brings the card where it belongs.

Whatever was decided and is on disk is what the card says in the end, and pictures that may be shown again are there.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generation import inputs
from models import Job
from models import JobStatus as S
from moderation import CaseKind
from sandbox.pixazo import PixazoStandIn
from storage import cases, jobs
from tests.builders import GUILD_ID, USER_ID
from tests.generation.assembly import Assembly, assembled, end_tasks_of_the_runner, small_request
from tests.generation.card_files import serving
from tests.generation.conftest import IMAGE_BYTES
from tests.generation.recording import Channel, ChannelCard
from tests.generation.test_crashes import ended
from tests.generation.tripwire import Cut, Tripwire
from tests.support import FakeClock, wait_until

MODERATOR = USER_ID + 50
Story = Callable[[Assembly, str], Coroutine[Any, Any, None]]
EFFECTS_MAX = 30


async def report(bot: Assembly, job_id: str) -> None:
    for number in range(1, 4):
        await bot.reports.file(GUILD_ID, job_id, USER_ID + number, "rude")


async def decide(bot: Assembly, job_id: str, *, remove: bool) -> None:
    case = await cases.latest_of_job(bot.database, job_id, CaseKind.REPORT)
    assert case is not None
    how = bot.removal.remove_reported if remove else bot.removal.dismiss
    await how(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)


async def settled(bot: Assembly) -> None:
    await wait_until(lambda: ended(bot), what="the end of every step")


async def hide(bot: Assembly, job_id: str) -> None:
    await report(bot, job_id)


async def hide_and_dismiss(bot: Assembly, job_id: str) -> None:
    await report(bot, job_id)
    await settled(bot)
    await decide(bot, job_id, remove=False)


async def hide_and_dismiss_at_once(bot: Assembly, job_id: str) -> None:
    await report(bot, job_id)
    await decide(bot, job_id, remove=False)


async def hide_and_remove(bot: Assembly, job_id: str) -> None:
    await report(bot, job_id)
    await settled(bot)
    await decide(bot, job_id, remove=True)


async def remove_directly(bot: Assembly, job_id: str) -> None:
    await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=MODERATOR)


async def hide_dismiss_and_hide_again(bot: Assembly, job_id: str) -> None:
    await hide_and_dismiss(bot, job_id)
    await report(bot, job_id)


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        hide,
        hide_and_dismiss,
        hide_and_dismiss_at_once,
        hide_and_remove,
        remove_directly,
        hide_dismiss_and_hide_again,
    )
}


@dataclass(frozen=True)
class Life:
    """What outlives every process, and the card as it was when the job was delivered."""

    folder: Path
    pixazo: PixazoStandIn
    channel: Channel
    clock: FakeClock
    job_id: str

    @property
    def card(self) -> ChannelCard:
        return self.channel.cards[self.job_id]


async def delivered(folder: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock) -> Life:
    """A job that a process has brought to its end."""
    async with assembled(folder, pixazo, channel, clock) as bot:
        job_id = await bot.wish(small_request(reference_image_url=inputs.placeholder("input.png")))
        await bot.drive(job_id)
    return Life(folder, pixazo, channel, clock, job_id)


async def short_life(life: Life, story: Story, wire: Tripwire) -> None:
    """The story in a process that dies at the wire, or lives to see its end."""
    async with assembled(life.folder, life.pixazo, life.channel, life.clock, outside=wire.outside()) as bot:
        await bot.runner.start()
        people = asyncio.create_task(story(bot, life.job_id), name="runner's people")
        await wait_until(lambda: wire.dead.is_set() or (people.done() and ended(bot)), what="an end")
        if wire.dead.is_set():
            await wait_until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "the last effect"])
        await end_tasks_of_the_runner()
        await asyncio.gather(people, return_exceptions=True)


async def long_life(life: Life) -> Job:
    """A process that nothing happens to, until nothing is left to do."""
    async with assembled(life.folder, life.pixazo, life.channel, life.clock) as bot:
        await bot.runner.start()
        await settled(bot)
        assert not bot.runner.failed.done()
        assert await jobs.unfinished(bot.database) == []
        return await bot.job(life.job_id)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("cut", Cut)
async def test_killed_at_every_effect_the_card_is_as_decided(tmp_path: Path, name: str, cut: Cut) -> None:
    for at in range(1, EFFECTS_MAX):
        clock, channel, folder = FakeClock(runs_ahead=True), Channel(), tmp_path / str(at)
        folder.mkdir()
        async with (
            PixazoStandIn(now=clock.monotonic, latency=4.0, image_bytes=IMAGE_BYTES) as pixazo,
            serving(channel),
        ):
            life = await delivered(folder, pixazo, channel, clock)
            gallery, files = life.card.gallery, dict(life.card.files)
            wire = Tripwire(at, cut)
            await short_life(life, STORIES[name], wire)
            try:
                check(life, await long_life(life), gallery, files)
                await can_still_be_shown(life, gallery)
            except AssertionError as error:
                error.add_note(f"killed {cut.value} effect {at}, {wire.calls[at - 1 : at]}, after {wire.calls}")
                raise
        if not wire.dead.is_set():
            assert at > 2, "the wire was never met"
            return
    raise AssertionError(f"it has more than {EFFECTS_MAX} effects")


def check(life: Life, job: Job, gallery: tuple[str, ...] | None, files: dict[str, bytes]) -> None:
    """The card says what is on disk, and what is kept of the pictures is no more than that needs."""
    assert job.card_status is job.status is S.DELIVERED
    kept = {path.name for path in (life.folder / "set_aside").iterdir()}
    if job.removed_at is not None:
        assert (life.card.withdrawn, life.card.files, life.card.has_image) == ("removed", {}, False)
        assert kept == set()
    elif job.hidden_at is not None:
        assert (life.card.withdrawn, life.card.files, life.card.has_image) == ("hidden", {}, False)
        assert kept == {job.job_id}
    else:
        assert (life.card.withdrawn, life.card.gallery, life.card.files) == (None, gallery, files)
        assert life.card.has_image


async def can_still_be_shown(life: Life, gallery: tuple[str, ...] | None) -> None:
    """Whatever happened, what is hidden can be shown again."""
    async with assembled(life.folder, life.pixazo, life.channel, life.clock) as bot:
        job = await bot.job(life.job_id)
        if job.hidden_at is None or job.removed_at is not None:
            return
        await decide(bot, life.job_id, remove=False)
        await bot.drive(life.job_id)
        assert (life.card.gallery, life.card.withdrawn, life.card.has_image) == (gallery, None, True)

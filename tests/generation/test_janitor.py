"""Housekeeping: what goes, what stays, and that nothing stops it for good."""

import asyncio
import io
from datetime import timedelta
from pathlib import Path

import pytest

from errors import StorageUnavailable
from generation.drafts import Drafts
from generation.janitor import Janitor
from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from storage.jobs import FORGOTTEN
from tests.generation.assembly import Assembly
from tests.support import FakeClock, wait_until


@pytest.fixture
def drafts(bot: Assembly, clock: FakeClock, tmp_path: Path) -> Drafts:
    return Drafts(bot.database, tmp_path / "drafts", clock)


@pytest.fixture
def janitor(bot: Assembly, drafts: Drafts, clock: FakeClock) -> Janitor:
    return Janitor(database=bot.database, spool=bot.spool, drafts=drafts, clock=clock, retention=timedelta(days=30))


async def test_dead_tokens_and_old_texts_go_and_the_rest_stays(
    bot: Assembly, janitor: Janitor, clock: FakeClock
) -> None:
    old = await bot.wish()
    await bot.drive(old)
    clock.advance(31 * 86_400)
    new = await bot.wish()
    await bot.drive(new)
    await janitor.sweep()
    assert (await bot.job(old)).request.prompt == FORGOTTEN
    assert (await bot.job(old)).origin.interaction_token == ""
    assert (await bot.job(new)).request.prompt == "a heron in the reeds"
    assert (await bot.job(new)).origin.interaction_token != ""
    assert bot.snapshot().findings == ()


async def test_a_token_that_is_still_in_use_is_not_dropped(bot: Assembly, janitor: Janitor, clock: FakeClock) -> None:
    job_id = await bot.wish()
    clock.advance(15 * 60)
    await janitor.sweep()
    assert (await bot.job(job_id)).origin.interaction_token != ""
    clock.advance(2 * 60)
    await janitor.sweep()
    assert (await bot.job(job_id)).origin.interaction_token == ""


async def test_pictures_of_undeliverable_jobs_are_kept_a_week(
    bot: Assembly, janitor: Janitor, clock: FakeClock, pixazo: PixazoStandIn
) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is JobStatus.GENERATED)
    bot.channel.cards[job_id].deleted = True
    assert (await bot.drive(job_id)).status is JobStatus.UNDELIVERABLE
    real_age = (bot.spool_folder / job_id).stat().st_mtime - clock.now().timestamp()  # files live in real time
    clock.advance(real_age + timedelta(days=6, hours=23).total_seconds())
    await janitor.sweep()
    assert (bot.spool_folder / job_id).is_dir()
    clock.advance(2 * 3600)
    await janitor.sweep()
    assert not (bot.spool_folder / job_id).exists()


async def test_old_drafts_are_swept(janitor: Janitor, drafts: Drafts, clock: FakeClock) -> None:
    draft = await drafts.create(guild_id=1, user_id=2, kind="control", content={}, files={"map.png": io.BytesIO(b"x")})
    await janitor.sweep()
    assert drafts.path(draft, "map.png").exists()
    clock.advance(3601)
    await janitor.sweep()
    assert not drafts.path(draft, "map.png").exists()


async def test_forgotten_words_leave_the_search_index_too(bot: Assembly, janitor: Janitor, clock: FakeClock) -> None:
    await bot.drive(await bot.wish())
    assert await words_in_index(bot)
    await janitor.sweep()
    assert await words_in_index(bot)
    clock.advance(timedelta(days=31).total_seconds())
    await janitor.sweep()
    assert not await words_in_index(bot)


async def words_in_index(bot: Assembly) -> bool:
    rows = await bot.database.fetch_all("SELECT block FROM job_texts_data")
    return any(b"heron" in row["block"] for row in rows)


async def test_it_sweeps_at_once_and_then_every_hour_whatever_happens(
    bot: Assembly, drafts: Drafts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hours = FakeClock()
    janitor = Janitor(database=bot.database, spool=bot.spool, drafts=drafts, clock=hours, retention=timedelta(days=30))
    swept = 0

    async def sweep() -> None:
        nonlocal swept
        swept += 1
        if swept == 2:
            raise StorageUnavailable("the disk is full")
        if swept == 3:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(janitor, "sweep", sweep)
    running = asyncio.create_task(janitor.run(), name="janitor")
    try:
        for count in range(1, 5):
            await wait_until(lambda: hours.sleeping == 1)
            assert swept == count
            hours.advance(3599)
            await asyncio.sleep(0)
            assert swept == count
            hours.advance(1)
        await wait_until(lambda: swept == 5)
        assert caplog.text.count("housekeeping has to wait") == 2
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""Housekeeping: what goes, what stays, and that nothing stops it for good."""

import asyncio
import io
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from errors import StorageUnavailable
from generation.drafts import Drafts
from generation.janitor import Janitor
from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from storage import audit, audit_chain
from storage.jobs import FORGOTTEN
from tests.builders import GUILD_ID, USER_ID, make_origin
from tests.generation.assembly import Assembly
from tests.generation.striking import PLAINLY
from tests.support import FakeClock, wait_until


@pytest.fixture
def drafts(bot: Assembly, clock: FakeClock, tmp_path: Path) -> Drafts:
    return Drafts(bot.database, tmp_path / "drafts", clock)


@pytest.fixture
def janitor(bot: Assembly, drafts: Drafts, clock: FakeClock) -> Janitor:
    return Janitor(
        database=bot.database,
        spool=bot.spool,
        set_aside=bot.set_aside,
        drafts=drafts,
        privacy=bot.privacy(drafts),
        clock=clock,
        retention=timedelta(days=30),
    )


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


async def test_prompts_of_old_strikes_and_suspensions_that_are_over_go_and_the_strikes_stay(
    bot: Assembly, janitor: Janitor, clock: FakeClock
) -> None:
    await bot.strikes.note_blocked(make_origin(), PLAINLY, "a badword in the snow")
    await bot.strikes.suspend(GUILD_ID, USER_ID, by_id=1, seconds=60, reason="spam")
    await janitor.sweep()
    first = await bot.strikes.of_member(GUILD_ID, USER_ID)
    assert [strike.prompt for strike in first.strikes] == ["a badword in the snow"]
    assert first.suspension is not None
    clock.advance(31 * 86_400)
    await bot.strikes.note_blocked(make_origin(), PLAINLY, "a badword in the rain")
    await janitor.sweep()
    strikes = (await bot.strikes.of_member(GUILD_ID, USER_ID)).strikes
    assert [(strike.prompt, strike.term) for strike in strikes] == [
        ("a badword in the rain", "badword"),
        (None, "badword"),
    ]
    assert await bot.database.fetch_all("SELECT reason FROM suspensions") == []


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


async def test_the_log_keeps_a_year_and_its_head_is_told_every_day(
    bot: Assembly, janitor: Janitor, clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "CUT_LINES", 3)
    monkeypatch.setattr(audit_chain.cut, "__kwdefaults__", {"at_most": 3})
    clock.runs_ahead = True  # between two steps it waits for a moment
    caplog.set_level(logging.INFO)

    async def note(count: int) -> None:
        for _ in range(count):
            await bot.database.write(
                lambda c: audit.note(c, guild_id=1, by_id=2, at=clock.now(), what="mod.hide", subject_id=3)
            )

    await note(7)
    clock.advance(timedelta(days=200).total_seconds())
    await note(2)
    await janitor.sweep()
    head = await bot.database.write(audit.kept_head)
    assert f"the log of who did what: 0 lines were cut, its head is {head}" in caplog.text
    clock.advance(timedelta(days=166).total_seconds())
    await janitor.sweep()
    trail = await bot.database.write(audit_chain.verify)
    assert (trail.sound, trail.checkpoint, trail.lines) == (True, 7, 2 + 3)
    assert f"7 lines were cut, its head is {trail.head}" in caplog.text
    await janitor.sweep()
    assert caplog.text.count("lines were cut") == 2


async def test_a_log_that_was_tampered_with_is_not_cut_there(
    bot: Assembly, janitor: Janitor, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await bot.database.write(
            lambda c: audit.note(c, guild_id=1, by_id=2, at=clock.now(), what="mod.hide", subject_id=3)
        )
    await bot.database.write(lambda c: c.execute("DROP TRIGGER audit_is_append_only").rowcount)
    await bot.database.write(lambda c: c.execute("UPDATE audit SET by_id = 4 WHERE seq = 2").rowcount)
    clock.advance(timedelta(days=366).total_seconds())
    await janitor.sweep()
    assert "the log was tampered with at line 2 (by): it is not cut there" in caplog.text
    assert (await bot.database.write(audit_chain.verify)).checkpoint == 1


async def words_in_index(bot: Assembly) -> bool:
    rows = await bot.database.fetch_all("SELECT block FROM job_texts_data")
    return any(b"heron" in row["block"] for row in rows)


async def test_it_sweeps_at_once_and_then_every_hour_whatever_happens(
    bot: Assembly, drafts: Drafts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hours = FakeClock()
    janitor = Janitor(
        database=bot.database,
        spool=bot.spool,
        set_aside=bot.set_aside,
        drafts=drafts,
        privacy=bot.privacy(drafts),
        clock=hours,
        retention=timedelta(days=30),
    )
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

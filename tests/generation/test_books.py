"""The audit: what it lets through, what it stops, whom it tells, and when it looks again."""

import asyncio
import logging
import sqlite3

import pytest

from errors import BooksDisagree, StorageUnavailable
from generation.books import Books
from storage.database import Database
from tests.generation.assembly import Assembly
from tests.generation.recording import RecordingNotices
from tests.support import FakeClock, wait_until

DAY_SECONDS = 86_400
SOON_SECONDS = 300


@pytest.fixture
def clock() -> FakeClock:
    """Time stands still: the test says when the next audit is due."""
    return FakeClock()


async def falsify(database: Database, micros: int) -> None:
    """Move a balance as no entry does, behind the ledger's back."""

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE accounts SET posted = posted + ? WHERE scope = 'global'", (micros,))

    await database.write(write)


def books_of(bot: Assembly, notices: RecordingNotices, clock: FakeClock) -> Books:
    return Books(database=bot.database, notices=notices, clock=clock)


async def test_books_that_add_up_let_wishes_through(bot: Assembly) -> None:
    assert bot.books.problem == "not audited yet"
    await bot.wish()
    audit = bot.books.latest
    assert audit is not None
    assert audit.sound
    assert bot.books.problem is None


async def test_a_balance_that_no_entry_moved_stops_new_jobs_and_nothing_else(bot: Assembly) -> None:
    job_id = await bot.wish()
    await falsify(bot.database, 90_000)
    await bot.books.audit()
    with pytest.raises(BooksDisagree) as refused:
        await bot.wish()
    assert refused.value.accounts == 1
    assert bot.books.problem == "balances that are not the sums of their entries: 1"
    assert [job.job_id for job in bot.snapshot().jobs] == [job_id]
    assert bot.observer.counts["refusal", "BooksDisagree"] == 1
    await bot.service.cancel(job_id, guild_id=(await bot.job(job_id)).origin.guild_id, user_id=0, may_manage=True)


async def test_the_first_wish_after_a_start_waits_for_the_audit(bot: Assembly) -> None:
    await bot.wish_directly()
    await falsify(bot.database, 90_000)
    with pytest.raises(BooksDisagree):
        await bot.wish()


async def test_books_that_can_not_be_read_are_not_trusted(bot: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreadable(*_: object) -> None:
        raise StorageUnavailable("no way")

    with monkeypatch.context() as broken:
        broken.setattr("generation.books.aside.read", unreadable)
        with pytest.raises(StorageUnavailable):
            await bot.wish()
    assert bot.snapshot().jobs == ()
    await bot.wish()


async def test_it_looks_every_day_and_tells_the_operator_once(
    bot: Assembly, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    await bot.wish_directly()
    notices = RecordingNotices()
    books = books_of(bot, notices, clock)
    running = asyncio.create_task(books.run())
    try:
        await wait_until(lambda: clock.sleeping == 1)
        await falsify(bot.database, 90_000)
        clock.advance(DAY_SECONDS)
        await wait_until(lambda: notices.said == ["1 wrong"])
        errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert any("global micros 2026-11" in line and "90000 posted" in line for line in errors)

        await wait_until(lambda: clock.sleeping == 1)
        clock.advance(SOON_SECONDS)
        await wait_until(lambda: clock.sleeping == 1)
        assert notices.said == ["1 wrong"]
        await falsify(bot.database, -90_000)
        clock.advance(SOON_SECONDS)
        await wait_until(lambda: notices.said == ["1 wrong", "sound"])
        await books.check()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_database_that_can_not_be_read_is_tried_again_soon(
    bot: Assembly, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = books_of(bot, RecordingNotices(), clock)

    async def unreadable(*_: object) -> None:
        raise StorageUnavailable("no way")

    with monkeypatch.context() as broken:
        broken.setattr("generation.books.aside.read", unreadable)
        running = asyncio.create_task(books.run())
        await wait_until(lambda: clock.sleeping == 1)
    try:
        assert books.latest is None
        clock.advance(SOON_SECONDS)
        await wait_until(lambda: books.latest is not None)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""The database seam: group commit, cancellation, closing, and what its connections are set to."""

import asyncio
import logging
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from errors import DatabaseInUse, StorageError, StorageUnavailable
from storage.database import BATCH_MAX_OPERATIONS, Database
from tests.support import OpenDatabase, wait_until


def insert(key: str) -> Callable[[sqlite3.Connection], int]:
    """An operation that adds one row."""
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, 'x')", (key,)).rowcount


async def kept(database: Database) -> list[str]:
    return [
        row["key"] for row in await database.fetch_all("SELECT key FROM meta WHERE key <> 'audit_head' ORDER BY key")
    ]


class Gate:
    """An operation that holds the writer inside it until the test lets it go on."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        insert(f"{self.prefix}before")(connection)
        self.entered.set()
        assert self.open.wait(10)
        insert(f"{self.prefix}behind")(connection)

    async def reached(self) -> None:
        await wait_until(self.entered.is_set, what="the writer's arrival")


@contextmanager
def gate(prefix: str = "") -> Iterator[Gate]:
    held = Gate(prefix)
    try:
        yield held
    finally:
        held.open.set()


async def statements_of(database: Database) -> list[str]:
    """Every statement that the writer runs from now on, as it runs them."""
    seen: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(seen.append))
    seen.clear()
    return seen


async def test_a_written_value_comes_back_and_is_there(database: Database) -> None:
    assert await database.write(insert("a")) == 1
    assert await kept(database) == ["a"]
    row = await database.fetch_one("SELECT value FROM meta WHERE key = ?", ("a",))
    assert row is not None
    assert row["value"] == "x"
    assert await database.fetch_one("SELECT value FROM meta WHERE key = 'b'") is None


async def test_all_that_wait_share_one_commit(database: Database) -> None:
    statements = await statements_of(database)
    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        others = [asyncio.create_task(database.write(insert(f"{n:02d}"))) for n in range(50)]
        await asyncio.sleep(0)
        held.open.set()
        await asyncio.gather(first, *others)
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") == 2
    assert statements.count("SAVEPOINT operation") == 51
    assert len(await kept(database)) == 52


async def test_one_commit_takes_a_bounded_number(database: Database) -> None:
    statements = await statements_of(database)
    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        others = [asyncio.create_task(database.write(insert(f"{n}"))) for n in range(BATCH_MAX_OPERATIONS + 1)]
        await asyncio.sleep(0)
        held.open.set()
        await asyncio.gather(first, *others)
    assert statements.count("COMMIT") == 3


async def test_nobody_is_answered_before_the_commit_of_the_batch(database: Database) -> None:
    with gate() as blocker, gate("second ") as held:
        first = asyncio.create_task(database.write(blocker))
        await blocker.reached()
        early = asyncio.create_task(database.write(insert("early")))
        late = asyncio.create_task(database.write(held))
        await asyncio.sleep(0)
        blocker.open.set()
        await held.reached()
        await first
        assert not early.done(), "its operation ran, but its commit has not happened"
        assert "early" not in await kept(database)
        held.open.set()
        await asyncio.gather(early, late)
    assert "early" in await kept(database)


async def test_an_operation_that_raises_undoes_only_itself(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        insert("half")(connection)
        raise ValueError("changed its mind")

    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        tasks = [asyncio.create_task(database.write(each)) for each in (insert("a"), half, insert("b"), insert("a"))]
        await asyncio.sleep(0)
        held.open.set()
        await first
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] == results[2] == 1
    assert isinstance(results[1], ValueError)
    assert isinstance(results[3], StorageError), "a violated constraint is told as ours"
    assert not isinstance(results[3], StorageUnavailable), "trying again would not help"
    assert isinstance(results[3].__cause__, sqlite3.IntegrityError)
    assert set(await kept(database)) >= {"a", "b"}
    assert "half" not in await kept(database)


async def test_an_escaped_stop_iteration_leaves_nobody_waiting(database: Database) -> None:
    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        empty: Iterator[int] = iter(())
        stopped = asyncio.create_task(database.write(lambda connection: next(empty)))
        after = asyncio.create_task(database.write(insert("after")))
        await asyncio.sleep(0)
        held.open.set()
        async with asyncio.timeout(10):
            await first
            assert await after == 1
            with pytest.raises(RuntimeError, match="StopIteration"):
                await stopped


async def test_a_cancelled_caller_does_not_cut_its_operation(database: Database) -> None:
    with gate() as held:
        task = asyncio.create_task(database.write(held))
        await held.reached()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.open.set()
        await database.write(insert("next"))
    assert await kept(database) == ["before", "behind", "next"]


async def test_a_cancelled_caller_does_not_lose_its_waiting_operation(database: Database) -> None:
    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        waiting = asyncio.create_task(database.write(insert("waiting")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        held.open.set()
        await first
        await database.write(insert("zzz"))
    assert "waiting" in await kept(database)


async def test_a_failure_that_nobody_waits_for_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await database.write(insert("twice"))
    with gate() as held, caplog.at_level(logging.WARNING, logger="storage.database"):
        first = asyncio.create_task(database.write(held))
        await held.reached()
        waiting = asyncio.create_task(database.write(insert("twice")))
        await asyncio.sleep(0)
        waiting.cancel()
        held.open.set()
        await first
        await database.write(insert("last"))
    assert [record.getMessage() for record in caplog.records] == [
        "an operation nobody waits for any more failed: StorageError"
    ]


async def test_two_hundred_at_once_never_interleave(database: Database) -> None:
    await database.write(lambda connection: connection.execute("INSERT INTO meta VALUES ('count', '0')").rowcount)

    def add_if_below(connection: sqlite3.Connection) -> bool:
        (count,) = connection.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'count'").fetchone()
        if count >= 50:
            return False
        connection.execute("UPDATE meta SET value = ? WHERE key = 'count'", (str(count + 1),))
        return True

    answers = await asyncio.gather(*(database.write(add_if_below) for _ in range(200)))
    assert sum(answers) == 50
    row = await database.fetch_one("SELECT value FROM meta WHERE key = 'count'")
    assert row is not None
    assert row["value"] == "50"


async def test_closing_finishes_what_was_asked(tmp_path: Path, open_database: OpenDatabase) -> None:
    database = await open_database(tmp_path / "easel.db")
    with gate() as held:
        first = asyncio.create_task(database.write(held))
        await held.reached()
        others = [asyncio.create_task(database.write(insert(f"{n}"))) for n in range(BATCH_MAX_OPERATIONS * 2)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        held.open.set()
        await closing
    await asyncio.gather(first, *others)
    again = await open_database(tmp_path / "easel.db")
    assert len(await kept(again)) == 2 + BATCH_MAX_OPERATIONS * 2
    await again.close()


async def test_a_closed_database_says_so_and_closes_twice(tmp_path: Path, open_database: OpenDatabase) -> None:
    database = await open_database(tmp_path / "easel.db")
    await database.close()
    await database.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await database.write(insert("a"))
    with pytest.raises(StorageUnavailable):
        await database.fetch_all("SELECT 1")


async def test_a_closed_database_leaves_no_thread_and_no_log_behind(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    before = threading.active_count()
    database = await open_database(tmp_path / "easel.db")
    await database.write(insert("a"))
    await database.close()
    await wait_until(
        lambda: not any(t.name == "database writer" for t in threading.enumerate()), what="the writer's end"
    )
    # asyncio.to_thread keeps its pool's threads; the writer's and the reader's own must be gone.
    pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    assert threading.active_count() <= before + pool
    assert not (tmp_path / "easel.db-wal").exists()


async def test_the_writer_is_set_up_to_lose_nothing(database: Database) -> None:
    def pragmas(connection: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert await database.write(pragmas) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_the_reader_can_not_write(database: Database) -> None:
    await database.write(insert("a"))
    with pytest.raises(StorageUnavailable):
        await database.fetch_all("DELETE FROM meta")
    assert await kept(database) == ["a"]


async def test_a_broken_statement_is_told_as_ours(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="no such table"):
        await database.fetch_all("SELECT * FROM nowhere")
    with pytest.raises(StorageUnavailable, match="no such table"):
        await database.write(lambda connection: connection.execute("DELETE FROM nowhere"))


async def test_only_the_owner_can_read_the_files(tmp_path: Path, open_database: OpenDatabase) -> None:
    before = os.umask(0)
    try:
        database = await open_database(tmp_path / "data" / "easel.db")
        await database.write(insert("a"))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    await database.close()
    assert modes == dict.fromkeys(("easel.db", "easel.db-wal", "easel.db-shm", "easel.db.lock"), 0o600)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path, open_database: OpenDatabase) -> None:
    for keys in (["a"], ["a", "b"]):
        database = await open_database(tmp_path / "easel.db")
        await database.write(insert(keys[-1]))
        assert await kept(database) == keys
        await database.close()


async def test_a_link_to_the_database_is_the_same_database(tmp_path: Path, open_database: OpenDatabase) -> None:
    database = await open_database(tmp_path / "easel.db")
    (tmp_path / "link.db").symlink_to("easel.db")
    with pytest.raises(DatabaseInUse):
        await open_database(tmp_path / "link.db")
    await database.close()
    linked = await open_database(tmp_path / "link.db")
    await linked.close()

"""Reading aside: consistent, out of the way of others, and over when its caller has gone."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from errors import DraftGone, StorageUnavailable
from storage import aside
from storage.database import Database
from tests.support import OpenDatabase

# Takes minutes if nobody stops it.
ENDLESS = "WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n LIMIT 1"


async def test_it_reads_what_was_committed_and_may_make_tables_of_its_own(database: Database) -> None:
    await database.write(lambda c: c.execute("INSERT INTO meta VALUES ('a', 'b')"))

    def copied(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM meta WHERE key = 'a'")
        return [tuple(row) for row in connection.execute("SELECT * FROM copy")]

    assert await aside.read(database, copied) == [("a", "b")]
    assert await aside.read(database, copied) == [("a", "b")]


async def test_it_sees_one_moment_whatever_is_written_meanwhile(database: Database) -> None:
    began, written = threading.Event(), threading.Event()

    def counted_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        count = "SELECT count(*) FROM meta WHERE key = 'a'"
        first = connection.execute(count).fetchone()[0]
        began.set()
        written.wait(10)
        return first, connection.execute(count).fetchone()[0]

    reading = asyncio.create_task(aside.read(database, counted_twice), name="reading")
    await asyncio.to_thread(began.wait, 10)
    await database.write(lambda c: c.execute("INSERT INTO meta VALUES ('a', 'b')"))
    written.set()
    assert await reading == (0, 0)


async def test_others_read_and_write_while_it_takes_its_time_and_its_caller_may_go(database: Database) -> None:
    began = threading.Event()
    ended = threading.Event()

    def endless(connection: sqlite3.Connection) -> None:
        began.set()
        try:
            connection.execute(ENDLESS).fetchone()
        finally:
            ended.set()

    reading = asyncio.create_task(aside.read(database, endless), name="reading")
    await asyncio.to_thread(began.wait, 10)
    await database.write(lambda c: c.execute("INSERT INTO meta VALUES ('a', 'b')"))
    assert await database.fetch_one("SELECT 1 FROM meta WHERE key = 'a'")
    assert not ended.is_set()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert ended.is_set()


async def test_what_it_raises_is_raised_and_the_databases_own_faults_are_translated(database: Database) -> None:
    def refuse(connection: sqlite3.Connection) -> None:
        raise DraftGone

    with pytest.raises(DraftGone):
        await aside.read(database, refuse)
    with pytest.raises(StorageUnavailable):
        await aside.read(database, lambda c: c.execute("SELECT * FROM nowhere"))


async def test_it_cannot_write(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="readonly"):
        await aside.read(database, lambda c: c.execute("INSERT INTO meta VALUES ('a', 'b')"))


async def test_a_path_with_odd_characters_is_found(tmp_path: Path, open_database: OpenDatabase) -> None:
    folder = tmp_path / "a folder? #1 100%"
    folder.mkdir()
    database = await open_database(folder / "easel.db")
    assert await aside.path_of(database) == folder / "easel.db"
    assert await aside.read(database, lambda c: c.execute("SELECT 1").fetchone()[0]) == 1

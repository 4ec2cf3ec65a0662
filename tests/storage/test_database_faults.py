"""What can go wrong under the database: other processes, kills, locks, full disks, unwritable and broken files."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from errors import DatabaseInUse, StorageError, StorageUnavailable
from models import Job
from storage import database as database_module
from storage import jobs
from storage.database import Database
from tests.builders import make_job, make_reservations
from tests.storage.children import child
from tests.support import OpenDatabase

OPEN_AND_SAY = """
async def main():
    try:
        database = await Database.open(path, clock=SystemClock())
    except EaselError as error:
        say(f"{type(error).__name__}: {error}")
        return
    say("open")
    sys.stdin.readline() if len(sys.argv) > 2 else None
    await database.close()
asyncio.run(main())
"""


def insert(key: str, size: int = 1) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, ?)", (key, "x" * size)).rowcount


async def kept(database: Database) -> list[str]:
    return [
        row["key"] for row in await database.fetch_all("SELECT key FROM meta WHERE key <> 'audit_head' ORDER BY key")
    ]


async def test_a_second_process_is_refused_with_a_line_that_says_what_to_do(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    path = tmp_path / "easel.db"
    database = await open_database(path)
    with child(OPEN_AND_SAY, path) as second:
        line = second.line()
        assert second.finish() == 0
    assert line == (
        f"DatabaseInUse: another Easel process (pid {os.getpid()}) uses {path}:"
        " stop it, or set another DATABASE_URL here"
    )
    await database.write(insert("still ours"))
    await database.close()
    with child(OPEN_AND_SAY, path) as second:
        assert second.line() == "open"


async def test_a_database_that_another_process_holds_is_free_once_that_is_killed(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    path = tmp_path / "easel.db"
    script = """
    async def main():
        database = await Database.open(path, clock=SystemClock())
        say("open")
        await asyncio.Event().wait()
    asyncio.run(main())
    """
    with child(script, path) as holder:
        assert holder.line() == "open"
        with pytest.raises(DatabaseInUse):
            await open_database(path)
        holder.kill()
    database = await open_database(path)
    await database.close()


async def test_a_killed_process_leaves_what_was_answered_and_nothing_half(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    path = tmp_path / "easel.db"
    script = """
    gate, entered = threading.Event(), threading.Event()
    def wait(connection):
        entered.set()
        gate.wait()
    def half(connection):
        insert("second half")(connection)
        say("inside")
        threading.Event().wait()
    async def main():
        database = await Database.open(path, clock=SystemClock())
        await database.write(insert("answered"))
        say("answered")
        waiting = asyncio.create_task(database.write(wait))
        await asyncio.to_thread(entered.wait)
        tasks = [asyncio.create_task(database.write(each)) for each in (insert("same batch"), half)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(waiting, *tasks)
    asyncio.run(main())
    """
    with child(script, path) as victim:
        assert victim.line() == "answered"
        assert victim.line() == "inside"
        victim.kill()
    database = await open_database(path)
    assert await kept(database) == ["answered"]
    assert [tuple(row) for row in await database.fetch_all("PRAGMA integrity_check")] == [("ok",)]
    await database.write(insert("goes on"))
    await database.close()


async def test_a_lock_that_stays_is_an_error_and_nothing_is_kept(
    tmp_path: Path, open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0.05)
    database = await open_database(tmp_path / "easel.db")
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            await database.write(insert("refused"))
        other.execute("ROLLBACK")
    await database.write(insert("afterwards"))
    assert await kept(database) == ["afterwards"]
    await database.close()


async def test_a_short_lock_is_waited_out(tmp_path: Path, open_database: OpenDatabase) -> None:
    database = await open_database(tmp_path / "easel.db")
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(database.write(insert("patient")))
        done, _ = await asyncio.wait({waiting}, timeout=0.05)
        assert not done
        other.execute("ROLLBACK")
    assert await waiting == 1
    await database.close()


def recording(job: Job) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: jobs.record(connection, job, make_reservations(job), active_limit=10**6)


async def limit_pages(database: Database, extra: int) -> None:
    """Let the file grow by so many pages and no more, as a disk that is nearly full does."""

    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + extra}")

    await database.write(limit)


async def test_a_full_disk_is_an_error_and_the_whole_batch_is_told(database: Database) -> None:
    await database.write(insert("before"))
    await limit_pages(database, 0)
    results = await asyncio.gather(
        *(database.write(insert(f"refused {n}", size=200_000)) for n in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, StorageUnavailable) for result in results)
    assert all("full" in str(result) for result in results)
    assert await kept(database) == ["before"]
    await limit_pages(database, 1_000_000)
    await database.write(insert("afterwards", size=200_000))
    assert await kept(database) == ["afterwards", "before"]


async def test_a_disk_that_fills_in_the_middle_of_a_batch_keeps_exactly_what_was_answered(database: Database) -> None:
    await limit_pages(database, 6)
    sizes = [1_000, 2_000, 100_000, 1_000, 2_000, 90_000, 500]
    results = await asyncio.gather(
        *(database.write(insert(f"{n}", size=size)) for n, size in enumerate(sizes)), return_exceptions=True
    )
    assert any(isinstance(result, StorageUnavailable) for result in results)
    answered = [f"{n}" for n, result in enumerate(results) if result == 1]
    assert await kept(database) == answered


async def test_a_disk_that_fills_while_reserving_holds_no_money(database: Database) -> None:
    await limit_pages(database, 2)
    admitted, refused = 0, 0
    while not refused:
        job = make_job()
        try:
            await database.write(recording(job))
            admitted += 1
        except StorageUnavailable:
            refused += 1
        assert admitted < 10_000
    sums = await database.fetch_one(
        "SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT sum(pending) FROM entries WHERE account_id ="
        " (SELECT account_id FROM accounts WHERE scope = 'global')) AS held,"
        " (SELECT pending FROM accounts WHERE scope = 'global') AS pending"
    )
    assert sums is not None
    assert tuple(sums) == (admitted, admitted * 90_000, admitted * 90_000)


def test_a_file_that_may_not_grow_is_an_error_and_mends(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    script = """
    async def main():
        database = await Database.open(path, clock=SystemClock())
        await database.write(insert("before"))
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = max(os.stat(path).st_size, os.stat(f"{path}-wal").st_size)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))
        big = lambda connection: connection.execute("INSERT INTO meta VALUES ('big', zeroblob(300000) || '')")
        try:
            await database.write(big)
        except EaselError as error:
            say(f"{type(error).__name__}: {error}")
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        await database.write(insert("after"))
        rows = await database.fetch_all("SELECT key FROM meta WHERE key <> 'audit_head' ORDER BY key")
        say(",".join(row["key"] for row in rows))
        await database.close()
    asyncio.run(main())
    """
    with child(script, path) as process:
        assert process.line() == "StorageUnavailable: the database refused: disk I/O error"
        assert process.line() == "after,before"
        assert process.finish() == 0


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        # A superuser may write anywhere, so the child becomes nobody first; importing is over by then.
        script = "if os.geteuid() == 0: os.setuid(65534)\n" + OPEN_AND_SAY
        with child(script, Path(folder) / "easel.db") as process:
            assert process.line() == f"StorageUnavailable: {folder} can't be written: Permission denied"
        assert not list(Path(folder).iterdir())


async def test_a_path_through_a_file_is_named(tmp_path: Path, open_database: OpenDatabase) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(StorageUnavailable, match=r"file.* can't be written"):
        await open_database(tmp_path / "file" / "easel.db")


async def test_a_folder_in_the_databases_place_is_named(tmp_path: Path, open_database: OpenDatabase) -> None:
    (tmp_path / "easel.db").mkdir()
    with pytest.raises(StorageUnavailable, match=r"easel\.db can't be opened for writing"):
        await open_database(tmp_path / "easel.db")


async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    path = tmp_path / "easel.db"
    path.write_bytes(b"a letter to my aunt " * 500)
    with pytest.raises(StorageUnavailable, match="can't be used as a database: file is not a database"):
        await open_database(path)
    assert path.read_bytes() == b"a letter to my aunt " * 500
    path.unlink()
    database = await open_database(path)  # the refusal let the lock go
    await database.close()


async def test_a_database_with_broken_pages_is_an_error_with_a_text(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    path = tmp_path / "easel.db"
    database = await open_database(path)
    await database.write(lambda connection: [insert(f"{n:04d}", size=500)(connection) for n in range(500)])
    await database.close()
    with path.open("r+b") as file:  # what was written last lies at the end, whatever the schema takes before it
        file.seek(-40 * 4096, os.SEEK_END)
        file.write(b"\xff" * 40 * 4096)
    broken = await open_database(path)
    with pytest.raises(StorageUnavailable, match="malformed"):
        await kept(broken)
    with pytest.raises(StorageUnavailable, match="malformed"):
        await broken.write(lambda connection: connection.execute("UPDATE meta SET value = 'y'"))
    await broken.close()


async def test_an_opening_that_fails_frees_the_database(tmp_path: Path, open_database: OpenDatabase) -> None:
    path = tmp_path / "easel.db"
    database = await open_database(path)
    await database.write(
        lambda connection: connection.execute("INSERT INTO schema_migrations VALUES (9999, 'future', 0)")
    )
    await database.close()
    for _ in range(2):
        with pytest.raises(StorageError, match="newer release"):
            await open_database(path)

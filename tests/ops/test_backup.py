"""Backups of a real database, also of one that a bot holds open."""

import errno
import io
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from errors import StorageError, StorageUnavailable
from ops.backup import backup
from storage import jobs, maintenance, reading
from storage.database import Database
from tests.builders import make_job, make_reservations
from tests.support import FakeClock


async def add_job(database: Database) -> str:
    job = make_job()
    await database.write(lambda writer: jobs.record(writer, job, make_reservations(job), active_limit=1000))
    return job.job_id


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_backup_taken_while_the_bot_runs_is_the_database_as_of_then(database: Database, tmp_path: Path) -> None:
    first = await add_job(database)
    output = io.StringIO()
    target = tmp_path / "backup.db"
    assert backup(tmp_path / "easel.db", target, output) == 0
    await add_job(database)
    copied = reading.snapshot(target)
    assert [job.job_id for job in copied.jobs] == [first]
    assert len(copied.entries) == 5
    assert copied.findings == ()
    assert output.getvalue() == f"{target} holds the database as of now ({target.stat().st_size} bytes, checked).\n"


async def test_the_copy_is_for_its_owner_alone_and_nothing_else_is_left(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(tmp_path / "easel.db", folder / "backup.db", io.StringIO())
    assert files_in(folder) == ["backup.db"]
    assert stat.S_IMODE((folder / "backup.db").stat().st_mode) == 0o600


async def test_a_backup_can_be_started_from(database: Database, tmp_path: Path, clock: FakeClock) -> None:
    job_id = await add_job(database)
    backup(tmp_path / "easel.db", tmp_path / "copy.db", io.StringIO())
    restored = await Database.open(tmp_path / "copy.db", clock=clock)
    try:
        assert (await jobs.find(restored, job_id)).job_id == job_id
    finally:
        await restored.close()


@pytest.mark.parametrize("content", [b"", b"precious"])
async def test_an_existing_file_is_never_overwritten(database: Database, tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "backup.db"
    target.write_bytes(content)
    with pytest.raises(StorageUnavailable, match="exists already"):
        backup(tmp_path / "easel.db", target, io.StringIO())
    assert target.read_bytes() == content


async def test_a_file_that_appears_meanwhile_is_not_overwritten_either(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backups" / "backup.db"
    target.parent.mkdir()
    copy = maintenance.copy

    def copy_slowly(source: Path, partial: Path) -> None:
        copy(source, partial)
        target.write_bytes(b"precious")

    monkeypatch.setattr(maintenance, "copy", copy_slowly)
    with pytest.raises(StorageUnavailable, match="File exists"):
        backup(tmp_path / "easel.db", target, io.StringIO())
    assert target.read_bytes() == b"precious"
    assert files_in(target.parent) == ["backup.db"]


async def test_without_hard_links_the_copy_is_renamed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    folder = tmp_path / "stick"
    folder.mkdir()
    backup(tmp_path / "easel.db", folder / "backup.db", io.StringIO())
    assert files_in(folder) == ["backup.db"]
    assert reading.snapshot(folder / "backup.db").findings == ()


async def test_a_folder_is_no_target(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"is a folder: name a file in it, such as .*easel-backup\.db"):
        backup(tmp_path / "easel.db", tmp_path, io.StringIO())


async def test_a_missing_folder_is_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"nowhere/backup\.db can't be written: No such file or directory"):
        backup(tmp_path / "easel.db", tmp_path / "nowhere" / "backup.db", io.StringIO())


def test_without_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no database at"):
        backup(tmp_path / "easel.db", tmp_path / "backup.db", io.StringIO())
    assert files_in(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "easel.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE big (content BLOB)")
        connection.execute("INSERT INTO big VALUES (zeroblob(3000000))")
        connection.commit()
    done = subprocess.run(
        [sys.executable, "-c", _WITH_LITTLE_SPACE, str(source), str(tmp_path / "backups" / "backup.db")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(maintenance.__file__).parent.parent,
        check=False,
    )
    assert done.stdout == "refused: the copy could not be written: disk I/O error\n", done.stderr
    assert files_in(tmp_path / "backups") == []


# The kernel refuses to write beyond the limit, as it would on a full disk; the signal would kill otherwise.
_WITH_LITTLE_SPACE = """
import io, pathlib, resource, signal, sys
from errors import StorageUnavailable
from ops.backup import backup
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000))
target = pathlib.Path(sys.argv[2])
target.parent.mkdir()
try:
    backup(pathlib.Path(sys.argv[1]), target, io.StringIO())
except StorageUnavailable as error:
    print("refused:", error)
"""


def test_a_damaged_database_makes_no_backup(tmp_path: Path) -> None:
    source = tmp_path / "easel.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
        connection.execute("CREATE INDEX i ON t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(5000)])
        connection.commit()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (-a)' WHERE name = 'i'")
        connection.commit()
    with pytest.raises(StorageError, match="damaged"):
        backup(source, tmp_path / "backup.db", io.StringIO())
    assert files_in(tmp_path) == ["easel.db"]


def test_what_is_no_database_makes_no_backup(tmp_path: Path) -> None:
    source = tmp_path / "easel.db"
    source.write_bytes(b"this is a text and no database, however long it may be" * 100)
    with pytest.raises(StorageUnavailable, match="not a database"):
        backup(source, tmp_path / "backup.db", io.StringIO())
    assert files_in(tmp_path) == ["easel.db"]

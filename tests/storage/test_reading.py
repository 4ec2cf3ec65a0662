"""The report's view: everything, as of one moment, beside a running bot and without it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from errors import StorageUnavailable
from models import Balance, JobStatus
from storage import reading
from storage.audit import Head
from storage.audit_chain import AuditTrail
from tests.builders import NOW, PRICE_MICROS, make_job, make_request, make_reservations
from tests.storage.inline import bring_to, do, open_inline, record
from tests.support import OpenDatabase


def test_a_snapshot_shows_accounts_entries_and_jobs(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        job, waiting = make_job(request=make_request(num_images=2)), make_job()
        record(connection, job)
        done = bring_to(connection, job, JobStatus.DELIVERED)
        record(connection, waiting)
        view = reading.snapshot(path)
    assert view.jobs == (done, waiting)
    reservations = make_reservations(job)
    assert view.balances == tuple(
        Balance(account=each.account, pending=pending, posted=2 * pending, cap=each.cap)
        for each, pending in zip(reservations, [1, *[PRICE_MICROS] * 4], strict=True)
    )
    kinds = [(entry.kind, entry.job_id) for entry in view.entries]
    assert kinds == [("reserve", job.job_id)] * 5 + [("settle", job.job_id)] * 5 + [("reserve", waiting.job_id)] * 5
    first = view.entries[0]
    assert (first.account, first.pending, first.posted, first.granted, first.cap, first.at) == (
        reservations[0].account,
        2,
        0,
        0,
        reservations[0].cap,
        NOW,
    )
    assert view.findings == ()


def test_a_mismatch_is_among_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        record(connection, make_job())
        do(connection, lambda c: c.execute("UPDATE accounts SET pending = pending + 1 WHERE scope = 'guild'"))
        assert len(reading.snapshot(path).findings) == 2


async def test_it_works_beside_a_running_bot_and_after_it(tmp_path: Path, open_database: OpenDatabase) -> None:
    path = tmp_path / "with space & percent%20?.db"
    database = await open_database(path)
    await database.write(lambda c: c.execute("INSERT INTO meta VALUES ('a', 'b')"))
    trail = AuditTrail(lines=0, unchained=0, checkpoint=0, head=Head(0, b""))
    assert reading.snapshot(path) == reading.Snapshot(balances=(), entries=(), jobs=(), findings=(), trail=trail)
    await database.close()
    assert reading.snapshot(path).jobs == ()


def test_a_write_under_way_is_not_seen_and_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        record(connection, make_job())
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE jobs SET status = 'cancelled', finished_at = 1")
        assert reading.snapshot(path).jobs[0].status is JobStatus.QUEUED
        connection.execute("ROLLBACK")


def test_looking_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        record(connection, make_job())
    before = path.read_bytes()
    reading.snapshot(path)
    assert path.read_bytes() == before


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no database at"):
        reading.snapshot(tmp_path / "easel.db")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    path.write_bytes(b"no database at all " * 300)
    with pytest.raises(StorageUnavailable, match="could not be read: file is not a database"):
        reading.snapshot(path)


def test_a_database_without_the_schema_is_told(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (a)")
    with pytest.raises(StorageUnavailable, match="no such table"):
        reading.snapshot(path)


def test_what_a_killed_bot_left_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with closing(open_inline(tmp_path / "easel.db")) as connection:
        record(connection, make_job())
        for suffix in ("", "-wal"):
            shutil.copy(tmp_path / f"easel.db{suffix}", left)
    before = (left / "easel.db").read_bytes()
    assert len(reading.snapshot(left / "easel.db").jobs) == 1
    assert (left / "easel.db").read_bytes() == before, "what is in the log stays there for the bot to recover"
    assert (left / "easel.db-wal").stat().st_size > 0


def test_an_entry_that_belongs_to_no_job_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        record(connection, make_job())
        connection.execute(
            "INSERT INTO entries (account_id, kind, pending, posted, granted, at) VALUES (1, 'grant', 0, 0, 5, 0)"
        )
        grant = reading.snapshot(path).entries[-1]
    assert (grant.kind, grant.granted, grant.cap, grant.job_id) == ("grant", 5, None, None)


def test_a_copied_file_can_be_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        record(connection, make_job())
    shutil.copy(path, tmp_path / "copy.db")
    assert len(reading.snapshot(tmp_path / "copy.db").jobs) == 1

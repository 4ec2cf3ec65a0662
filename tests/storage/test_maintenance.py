"""Looking at a database from outside the bot."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clock import SystemClock
from errors import StorageError, StorageUnavailable
from storage import maintenance
from storage.database import Database
from tests.support import FakeClock


def inspect(path: Path, *, seconds: float = 60) -> maintenance.Condition:
    return maintenance.inspect(path, clock=SystemClock(), seconds=seconds)


async def test_a_database_in_use_tells_its_holder_and_its_schema(database: Database, tmp_path: Path) -> None:
    found = inspect(tmp_path / "easel.db")
    assert found.holder_pid == str(os.getpid())
    assert found.schema == found.known_schema >= 1
    assert found.mode == 0o600
    assert found.size_bytes > 0


async def test_a_closed_database_has_no_holder(tmp_path: Path, clock: FakeClock) -> None:
    await (await Database.open(tmp_path / "easel.db", clock=clock)).close()
    assert inspect(tmp_path / "easel.db").holder_pid is None


async def test_looking_does_not_keep_a_bot_from_starting(tmp_path: Path, clock: FakeClock) -> None:
    await (await Database.open(tmp_path / "easel.db", clock=clock)).close()
    inspect(tmp_path / "easel.db")
    await (await Database.open(tmp_path / "easel.db", clock=clock)).close()


async def test_a_database_locked_by_another_program_is_not_writable(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "BUSY_TIMEOUT_SECONDS", 0.05)
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            inspect(tmp_path / "easel.db")


def test_a_missing_database_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no database at"):
        inspect(tmp_path / "easel.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(200)])
        connection.commit()
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    path.write_bytes(damaged)
    with pytest.raises(StorageError, match=r"damaged|malformed"):
        inspect(path)


def test_a_check_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", ((number,) for number in range(100_000)))
        connection.commit()
    with pytest.raises(StorageUnavailable, match="interrupted"):
        inspect(path, seconds=-1)

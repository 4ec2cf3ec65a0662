"""What an operator does to a database from outside the bot, also while that runs: copy, check, resolve."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clock import Clock
from errors import StorageError, StorageUnavailable
from models import Job
from storage import audit_chain, doubts, migrations
from storage.audit_chain import AuditTrail
from storage.database import BUSY_TIMEOUT_SECONDS, connect, run_batch

# How many of SQLite's own steps go by between two looks at the time while a check runs.
_STEPS_BETWEEN_LOOKS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The state of a database: its schema and the newest one known here, its holder and its file mode."""

    schema: int
    known_schema: int
    holder_pid: str | None
    mode: int
    size_bytes: int


def inspect(path: Path, *, clock: Clock, seconds: float) -> Condition:
    """Check that the database can be read, written and trusted; changes nothing.

    Raises StorageUnavailable where it can't, or where reading all of it takes longer than `seconds`.
    """
    with _opened(path, mode="rw") as connection:
        _bound(connection, clock, seconds)
        # Takes the write lock, which is refused where the file or its folder is read-only.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        _trust(connection, "quick_check", path)
        stat = path.stat()
        return Condition(
            schema=migrations.applied(connection),
            known_schema=len(migrations.available()),
            holder_pid=_holder(path),
            mode=stat.st_mode & 0o777,
            size_bytes=stat.st_size,
        )


def audit_trail(path: Path, *, clock: Clock, seconds: float) -> AuditTrail:
    """Verify the log of who did what; changes nothing. Raises StorageUnavailable, also after so many `seconds`."""
    with _opened(path, mode="ro") as connection:
        _bound(connection, clock, seconds)
        connection.execute("BEGIN")
        return audit_chain.verify(connection)


def copy(source: Path, target: Path) -> None:
    """Write the database as of one moment into the empty file `target`, check the copy and sync it to disk.

    A running bot is not held up: a reader and its writer don't wait for each other. Raises StorageUnavailable.
    """
    with _opened(source, mode="ro") as connection:
        try:
            with closing(sqlite3.connect(target)) as copied:
                # A copy that fails is thrown away whole, and must not leave a journal file beside it.
                copied.execute("PRAGMA journal_mode = MEMORY")
                connection.backup(copied)
        except sqlite3.Error as error:
            raise StorageUnavailable(f"the copy could not be written: {error}") from error
    # Immutable, since the copy is nobody else's yet, and SQLite would otherwise lay its WAL files beside it.
    with _opened(target, mode="ro", immutable=True) as connection:
        _trust(connection, "integrity_check", target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def empty_log(path: Path) -> bool:
    """Write everything back into the database's file and empty the log beside it; False where somebody reads it now.

    Blocks, and lets the bot's own writes wait meanwhile. Raises StorageUnavailable.
    """
    _must_exist(path)
    try:
        with closing(connect(path)) as connection:
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path} could not be written: {error}") from error
    return not busy


def resolve(path: Path, job_id: str, *, paid: bool, at: datetime) -> Job:
    """End a job in doubt as `doubts.resolve` does, durably, in the name of the command line, and return it.

    Raises what that raises, and StorageUnavailable.
    """
    _must_exist(path)
    try:
        with closing(connect(path)) as connection:
            (outcome,) = run_batch(
                connection,
                [lambda writer: doubts.resolve(writer, job_id, paid=paid, by_id=doubts.COMMAND_LINE, at=at)],
            )
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path} could not be written: {error}") from error
    if outcome.error is not None:
        raise outcome.error
    job: Job = outcome.value
    return job


@contextmanager
def _opened(path: Path, *, mode: str, immutable: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to a file that must exist; SQLite's errors become StorageUnavailable."""
    _must_exist(path)
    address = f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    try:
        with closing(
            sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path}: {error}") from error


def _bound(connection: sqlite3.Connection, clock: Clock, seconds: float) -> None:
    """Interrupt whatever the connection does once so many seconds have passed."""
    deadline = clock.monotonic() + seconds
    connection.set_progress_handler(lambda: clock.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise StorageUnavailable(f"there is no database at {path}: start the bot once, or set DATABASE_URL")


def _trust(connection: sqlite3.Connection, pragma: str, path: Path) -> None:
    (finding,) = connection.execute(f"PRAGMA {pragma}(1)").fetchone()
    if finding != "ok":
        raise StorageError(f"{path} is damaged: {finding}")


def _holder(path: Path) -> str | None:
    """The process id in the lock file of a bot that runs on this database, or None where none does."""
    try:
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
    finally:
        os.close(lock)
    return None

"""The database seam: one writer with group commit, and one reader beside it.

A transaction is a plain function on a connection. The writer thread runs each as one unit inside a savepoint,
takes all that wait into one transaction, and answers only after its commit has reached the disk. So it can
neither interleave with another nor be cut in half by a cancelled task, and many waiters share one sync.
aiosqlite, which has no public way to run a function on its thread, serves the reads.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

import aiosqlite

from clock import Clock
from errors import DatabaseInUse, EaselError, StorageError, StorageUnavailable
from storage import migrations

log = logging.getLogger(__name__)

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

# Another program's short lock (a backup tool, a shell) is waited out; a long one is an error with a text.
BUSY_TIMEOUT_SECONDS: Final = 5
# One commit takes at most so many operations, so that the first of a flood is not answered last.
BATCH_MAX_OPERATIONS: Final = 256
# Stands for 64 MiB of log: a reader that never ends can't let it grow without anybody noticing.
_JOURNAL_LIMIT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one operation of a batch ended: a value, or the exception that undid it."""

    value: Any = None
    error: BaseException | None = None


def run_batch(connection: sqlite3.Connection, operations: Sequence[Operation[Any]]) -> list[Outcome]:
    """Run the operations in order, each undone alone if it raises, all made durable by one commit.

    Where the commit itself or the transaction as a whole fails, every operation has failed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_run_one(connection, operation) for operation in operations]
        connection.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 - the writer outlives whatever goes wrong in one batch
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return [Outcome(error=_translated(error)) for _ in operations]
    return outcomes


def _run_one(connection: sqlite3.Connection, operation: Operation[Any]) -> Outcome:
    connection.execute("SAVEPOINT operation")
    try:
        value = operation(connection)
    except Exception as error:  # whatever it was, it is handed to the caller who waits for this operation
        if not connection.in_transaction:  # a full disk makes SQLite roll back everything by itself
            raise sqlite3.OperationalError(f"the transaction was rolled back: {error}") from error
        connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return Outcome(error=_translated(error))
    connection.execute("RELEASE operation")
    return Outcome(value=value)


def _translated(error: BaseException) -> BaseException:
    """sqlite3's exceptions as ours; anything else as it is."""
    if isinstance(error, StopIteration):  # a future takes every exception but this one
        escaped = RuntimeError("an operation let a StopIteration escape")
        escaped.__cause__ = error
        return escaped
    if isinstance(error, EaselError) or not isinstance(error, sqlite3.Error):
        return error
    kind = StorageError if isinstance(error, sqlite3.IntegrityError) else StorageUnavailable
    translated = kind(f"the database refused: {error}")
    translated.__cause__ = error
    return translated


def connect(path: Path) -> sqlite3.Connection:
    """A connection set up for durable writing, in autocommit mode: whoever writes says BEGIN."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL can lose the last commits at power loss, and `submitting` must be on disk before the POST.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is forgotten is overwritten in the file, also where SQLite was built without that.
        connection.execute("PRAGMA secure_delete = ON")
        # What a savepoint needs to undo an operation stays in memory: a temporary file for it costs a fifth.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT_BYTES}")
    except BaseException:  # raised again below: a cancellation must clean up as well
        connection.close()
        raise
    return connection


class Writer(Protocol):
    """Carries operations to the one connection that writes. How they get there is all that one may do otherwise."""

    def ask(self, operation: Operation[Any], answer: asyncio.Future[Any]) -> None:
        """Have the operation run in a batch by `run_batch`, after all that were asked for before, and answered."""

    async def close(self) -> None:
        """Finish what was asked for, then let the file go."""


class Reader(Protocol):
    """The connection that reads."""

    def execute_fetchall(self, sql: str, parameters: Sequence[Any], /) -> Awaitable[Iterable[sqlite3.Row]]:
        """The rows of one statement, as of the latest commit."""

    async def close(self) -> None:
        """Let the file go."""


class WriterThread:
    """A thread that runs as one batch all that waits, for the loop in which this was made."""

    def __init__(self, connection: sqlite3.Connection, lock: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._lock = lock
        self._waiting: queue.SimpleQueue[tuple[Operation[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_until_closed, name="database writer", daemon=True)
        self._thread.start()

    def ask(self, operation: Operation[Any], answer: asyncio.Future[Any]) -> None:
        """Have the operation run."""
        self._waiting.put((operation, answer))

    async def close(self) -> None:
        """Finish what was asked for, then let the file and the lock beside it go."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        os.close(self._lock)

    def _write_until_closed(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, closing = [first], False
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MAX_OPERATIONS:
                    item = self._waiting.get_nowait()
                    if item is None:
                        closing = True
                        break
                    batch.append(item)
            outcomes = run_batch(self._connection, [operation for operation, _ in batch])
            answers = [answer for _, answer in batch]
            # One call for the whole batch: waking the loop costs more than setting a future. A loop that was
            # closed without closing the database has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(give_answers, answers, outcomes)
            if closing:
                return


class Database:
    """The bot's database. Made by `open`; every method may be called from any task of its loop."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._reader = reader
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, clock: Clock) -> Self:
        """Open the database at `path`, made and migrated where needed, readable by its owner only.

        Raises DatabaseInUse where another process has it, StorageUnavailable where it can't be used.
        """
        lock = await asyncio.to_thread(_take_lock, path)
        try:
            connection = await asyncio.to_thread(_open_for_writing, path, clock)
            try:
                reader = await _open_for_reading(path)
            except BaseException:  # raised again below: a cancellation must clean up as well
                connection.close()
                raise
        except BaseException:  # raised again below: a cancellation must clean up as well
            os.close(lock)
            raise
        return cls(WriterThread(connection, lock), reader)

    async def write(self, operation: Operation[T]) -> T:
        """Run `operation` as one durable transaction and return its value once that is on disk.

        Raises whatever it raised, with nothing kept of it, or StorageUnavailable. A cancelled caller stops
        waiting; the operation still runs whole.
        """
        if self._closed:
            raise StorageUnavailable("the database is closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._writer.ask(operation, answer)
        return await answer

    async def fetch_all(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of one reading statement, as of the latest commit. Raises StorageUnavailable."""
        with _reading():
            return list(await self._reader.execute_fetchall(sql, parameters))

    async def fetch_one(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of one reading statement, or None. Raises StorageUnavailable."""
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Finish what was asked for, then let the file go. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        # The reader first: its thread would keep the process alive if this was cancelled, the writer's would not.
        await self._reader.close()
        await self._writer.close()


def give_answers(answers: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome]) -> None:
    """Tell whoever waits how their operation ended. Runs in the loop that the answers belong to."""
    for answer, outcome in zip(answers, outcomes, strict=True):
        if answer.done():  # the caller was cancelled; the operation happened all the same
            if outcome.error is not None:
                log.warning("an operation nobody waits for any more failed: %s", type(outcome.error).__name__)
        elif outcome.error is not None:
            answer.set_exception(outcome.error)
        else:
            answer.set_result(outcome.value)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError) as error:  # aiosqlite says ValueError for a closed connection
        raise StorageUnavailable(f"the database could not be read: {error}") from error


def _take_lock(path: Path) -> int:
    """Hold `<database>.lock` for this process; the kernel lets it go however the process ends.

    A link to the database is the same database, so the lock lies beside the file itself.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageUnavailable(f"{path.parent} can't be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise DatabaseInUse(
            f"another Easel process (pid {holder}) uses {path}: stop it, or set another DATABASE_URL here"
        ) from error
    except OSError as error:  # a network file system without locks: then nothing would keep two processes apart
        os.close(lock)
        raise StorageUnavailable(f"{path.parent} can't be locked: {error.strerror}") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock


def _open_for_writing(path: Path, clock: Clock) -> sqlite3.Connection:
    try:
        # Made here with its mode, since SQLite would use the umask; its WAL files take the mode over.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = connect(path)
    except OSError as error:
        raise StorageUnavailable(f"{path} can't be opened for writing: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path} can't be used as a database: {error}") from error
    try:
        migrations.migrate(connection, now=clock.now())
    except sqlite3.Error as error:
        connection.close()
        raise StorageUnavailable(f"{path} can't be brought to this release's schema: {error}") from error
    except BaseException:  # raised again below: a cancellation must clean up as well
        connection.close()
        raise
    return connection


async def _open_for_reading(path: Path) -> aiosqlite.Connection:
    with _reading():
        reader = await aiosqlite.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        reader.row_factory = sqlite3.Row
        try:
            await reader.execute_fetchall("PRAGMA query_only = ON")
        except BaseException:  # raised again below: a cancellation must clean up as well
            await reader.close()  # its thread would keep the process alive
            raise
    return reader

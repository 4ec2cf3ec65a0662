"""The database file under the real batches, with no thread: it takes a while, fills up, and is cut off by a crash."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from storage import database as seam
from storage import migrations
from storage.database import Operation
from tests.builders import NOW
from tests.simulation.weather import Weather

_QUICK_SECONDS: Final = (0.0005, 0.02)
_SLOW_SECONDS: Final = (0.05, 2.6)


class ProcessDied(BaseException):
    """The process ends in the middle of a batch; nothing in it may catch this."""


class Batches:
    """Who looks on at every operation, and hears of every batch: whether it was committed, or undone as a whole."""

    def guarded(self, operation: Operation[Any], connection: sqlite3.Connection) -> Operation[Any]:
        """The operation, looked at by way of `connection`, which never fails."""
        return operation

    def ended(self, connection: sqlite3.Connection, *, committed: bool) -> None:
        pass


class Disk:
    """The file, how long the disk takes, and when it is full; it outlives the bot's processes.

    Its connections go from one process to the next, since opening one costs more than a life does otherwise:
    what a process leaves open is rolled back, which is all that closing them would do.
    """

    def __init__(self, path: Path, dice: random.Random) -> None:
        self.weather = Weather()
        self.writing = open_quickly(path)
        self.reading = open_quickly(path)
        self.reading.execute("PRAGMA query_only = ON")
        self._dice = dice

    def process_died(self) -> None:
        """What was not committed is gone."""
        if self.writing.in_transaction:
            self.writing.rollback()

    def close(self) -> None:
        """Let the file go."""
        self.writing.close()
        self.reading.close()

    def seconds(self) -> float:
        """How long something on the disk, or on a thread, takes."""
        slow = self._dice.random() < self.weather.slow / 4
        return self._dice.uniform(*(_SLOW_SECONDS if slow else _QUICK_SECONDS))

    def full_at(self) -> "Full | None":
        """Where in a batch the disk is full; None where it is not."""
        if self._dice.random() >= self.weather.disk / 2:
            return None
        return Full(statement=self._dice.randint(2, 30), undoes_all=self._dice.random() < 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """The statement of a batch, from 1, that meets a full disk, and whether SQLite undoes the whole batch for it.

    Where it does not, or the batch is over before, the commit fails at the latest.
    """

    statement: int
    undoes_all: bool


class BatchWriter:
    """`storage.database.Writer` in the loop itself: the real batches, run when the disk gets to them."""

    def __init__(self, disk: Disk, dice: random.Random, batches: Batches, die: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = disk.writing
        self._disk = disk
        self._dice = dice
        self._batches = batches
        self._die = die
        self._waiting: list[tuple[Operation[Any], asyncio.Future[Any]]] = []
        self._is_busy = False
        self.deadly_statement: int | None = None

    def ask(self, operation: Operation[Any], answer: asyncio.Future[Any]) -> None:
        self._waiting.append((operation, answer))
        self._begin()

    async def close(self) -> None:
        while self._is_busy or self._waiting:
            await asyncio.sleep(0.01)

    def _begin(self) -> None:
        if not self._is_busy and self._waiting:
            self._is_busy = True
            self._loop.call_later(self._disk.seconds(), self._run_batch)

    def _run_batch(self) -> None:
        # Who asked a moment later is in the next one.
        size = len(self._waiting) if self._dice.random() < 0.7 else self._dice.randint(1, len(self._waiting))
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        fragile = Fragile(self._connection, self._disk.full_at(), dies_at=self.deadly_statement)
        operations = [self._batches.guarded(operation, self._connection) for operation, _ in batch]
        try:
            outcomes = seam.run_batch(fragile, operations)  # type: ignore[arg-type]  # a connection in all it is asked
        except ProcessDied:
            self._batches.ended(self._connection, committed=fragile.committed)
            self._die()
            return
        self._batches.ended(self._connection, committed=fragile.committed)
        self._loop.call_later(self._disk.seconds(), seam.give_answers, [answer for _, answer in batch], outcomes)
        self._is_busy = False
        self._begin()


class Fragile:
    """The writing connection, on which a statement may meet a full disk, or be the process's last."""

    def __init__(self, connection: sqlite3.Connection, full: Full | None, *, dies_at: int | None) -> None:
        self.beneath = connection
        self._full = full
        self._dies_at = dies_at
        self._statements = 0
        self.committed = False

    @property
    def in_transaction(self) -> bool:
        return self.beneath.in_transaction

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        self._statements += 1
        commits = sql == "COMMIT"
        if self._statements == self._dies_at and not commits:
            raise ProcessDied
        if self._full is not None and (self._statements == self._full.statement or commits):
            if commits or self._full.undoes_all:
                self.beneath.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        cursor = self.beneath.execute(sql, parameters)
        if commits:
            self.committed = True
            if self._dies_at is not None:  # what was to be its last statement lay beyond the end: it dies unanswered
                raise ProcessDied
        return cursor

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        return self.beneath.executemany(sql, rows)


class LoopReader:
    """`storage.database.Reader` in the loop itself: it reads at some moment, and is heard of at a later one."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def execute_fetchall(self, sql: str, parameters: Sequence[Any], /) -> Iterable[sqlite3.Row]:
        await asyncio.sleep(self._disk.seconds())
        rows = self._disk.reading.execute(sql, parameters).fetchall()
        await asyncio.sleep(self._disk.seconds())
        return rows

    async def close(self) -> None:
        pass


def open_quickly(path: Path) -> sqlite3.Connection:
    """A connection as the bot's, but for waiting for the disk: what a power cut does is not among the faults here."""
    connection = seam.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def make_database(path: Path, schema_edits: Sequence[tuple[str, str]] = ()) -> None:
    """A new database of this release's schema, with these replacements made in it."""
    connection = seam.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    migrations.migrate(connection, now=NOW)
    if schema_edits:
        _edit_schema(connection, schema_edits)
    connection.close()


def copy_database(template: Path, path: Path) -> None:
    """A database like the template, to which nobody has it open."""
    shutil.copyfile(template, path)


def _edit_schema(connection: sqlite3.Connection, edits: Sequence[tuple[str, str]]) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    for old, new in edits:
        changed = connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE instr(sql, ?)", (old, new, old)
        ).rowcount
        assert changed == 1, f"{old!r} stands in {changed} definitions"
    connection.execute("PRAGMA writable_schema = RESET")

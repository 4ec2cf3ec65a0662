"""The storage code as released, or with a bug planted in it on purpose.

A planted bug is a replacement in the source text of a module or of the schema. The changed source is compiled
into modules of another name, so the real ones stay as they are, and a replacement that no longer fits the
source fails loudly instead of planting nothing.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from models import Job, JobStatus, Reservation, Settlement
from storage.database import Operation
from tests.builders import MESSAGE_ID, NOW

REPOSITORY: Final = Path(__file__).resolve().parents[2]
LEDGER: Final = "storage/ledger.py"
JOBS: Final = "storage/jobs.py"
DATABASE: Final = "storage/database.py"
SCHEMA: Final = "storage/migrations/0001_jobs_and_ledger.sql"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces `old`, which must stand in the file exactly once, by `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of the storage code; each flow gives the transactions, one after another, that a wish takes."""

    ledger: ModuleType
    jobs: ModuleType
    database: ModuleType
    schema: str
    accept: Callable[["Edition", Job, Sequence[Reservation], int], Sequence[Operation[Any]]]
    move: Callable[["Edition", "Move"], Sequence[Operation[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A job's way from one status to another, with what is settled where it settles."""

    job_id: str
    expected: JobStatus
    target: JobStatus
    settlement: Settlement | None

    @property
    def changes(self) -> dict[str, object]:
        return {"request_id": "req_1"} if self.target in {JobStatus.SUBMITTED, JobStatus.GENERATED} else {}


def accept_at_once(
    edition: Edition, job: Job, reservations: Sequence[Reservation], active_limit: int
) -> list[Operation[Any]]:
    """Record and reserve in one transaction; the card's id goes along, so that every job may be submitted."""

    def operation(connection: sqlite3.Connection) -> None:
        edition.jobs.record(connection, job, reservations, active_limit=active_limit)
        edition.jobs.store_card(connection, job.job_id, MESSAGE_ID)

    return [operation]


def move_at_once(edition: Edition, move: Move) -> list[Operation[Any]]:
    """Move the job and its money in one transaction."""

    def operation(connection: sqlite3.Connection) -> None:
        settled = {} if move.settlement is None else {"settlement": move.settlement}
        edition.jobs.move(connection, move.job_id, move.expected, move.target, at=NOW, **settled, **move.changes)

    return [operation]


@cache
def released() -> Edition:
    """The code as it is, loaded the same way as every edition with a bug."""
    return edition_with(())


def edition_with(
    edits: Sequence[Edit],
    *,
    accept: Callable[[Edition, Job, Sequence[Reservation], int], Sequence[Operation[Any]]] = accept_at_once,
    move: Callable[[Edition, Move], Sequence[Operation[Any]]] = move_at_once,
) -> Edition:
    """The code with these edits made and these flows used."""
    known = {LEDGER, JOBS, DATABASE, SCHEMA}
    assert {edit.file for edit in edits} <= known, "an edit of a file that is not loaded plants nothing"
    ledger, jobs, database = (_module(file, edits) for file in (LEDGER, JOBS, DATABASE))
    vars(jobs)["ledger"] = ledger
    return Edition(ledger=ledger, jobs=jobs, database=database, schema=_schema(edits), accept=accept, move=move)


def _module(file: str, edits: Sequence[Edit]) -> ModuleType:
    name = "edition_of_" + file.removesuffix(".py").replace("/", "_")
    module = ModuleType(name)
    exec(compile(_edited(file, edits), f"{name}.py", "exec"), vars(module))
    return module


def _schema(edits: Sequence[Edit]) -> str:
    """The whole schema; bugs are planted in its first part, where the invariants are."""
    first, *later = sorted((REPOSITORY / SCHEMA).parent.glob("*.sql"))
    assert first == REPOSITORY / SCHEMA
    return "\n".join([_edited(SCHEMA, edits), *(file.read_text("utf-8") for file in later)])


def _edited(file: str, edits: Sequence[Edit]) -> str:
    source = (REPOSITORY / file).read_text("utf-8")
    for edit in edits:
        if edit.file == file:
            assert source.count(edit.old) == 1, f"{edit.old!r} stands {source.count(edit.old)} times in {file}"
            source = source.replace(edit.old, edit.new)
    return source

"""Jobs in doubt, of one guild or of all: listing them, and ending one by a person's word."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import from_ms
from models import Job, JobStatus
from storage import audit, jobs
from storage.database import Database

# Under this name a person's word on a job is written down; the change's subject is the job's number.
RESOLVED: Final = "job.resolved"
# Who resolves at the machine's own command line: nobody whom Discord knows.
COMMAND_LINE: Final = 0

_OF_GUILD: Final = "status = 'in_doubt' AND guild_id = ?"
_OF_ALL: Final = "status = 'in_doubt'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """How many jobs are in doubt, how much they hold, and since when the oldest is (None without any)."""

    count: int
    held_micros: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A person's word on a job, as it was written down."""

    seq: int
    job_id: str
    status: JobStatus
    settled_micros: int


async def totals(database: Database, guild_id: int | None) -> Doubts:
    """What is in doubt in a guild, or with None anywhere. Raises StorageUnavailable."""
    where, whose = _where(guild_id)
    row = await database.fetch_one(
        "SELECT count(*) AS jobs, coalesce(sum(price_micros * images_requested), 0) AS held,"  # noqa: S608 - constants
        f" min(changed_at) AS oldest FROM jobs WHERE {where}",
        whose,
    )
    assert row is not None  # a sum has a row always
    oldest = row["oldest"]
    return Doubts(
        count=row["jobs"], held_micros=row["held"], oldest_at=None if oldest is None else from_ms(int(oldest))
    )


async def page(database: Database, guild_id: int | None, *, offset: int, size: int) -> list[Job]:
    """Some of a guild's jobs in doubt, or of all guilds', the oldest first. Raises StorageUnavailable."""
    where, whose = _where(guild_id)
    rows = await database.fetch_all(
        f"SELECT * FROM jobs WHERE {where} ORDER BY job_no LIMIT ? OFFSET ?",  # noqa: S608 - constants
        (*whose, size, offset),
    )
    return [jobs.job_of(row) for row in rows]


def resolve(
    connection: sqlite3.Connection, job_id: str, *, paid: bool, by_id: int, at: datetime, reason: str = ""
) -> Job:
    """End a job in doubt as `jobs.resolve_in_doubt` does, and write down who said so. Raises what that raises."""
    ended = jobs.resolve_in_doubt(connection, job_id, paid=paid, at=at)
    audit.note(
        connection,
        guild_id=ended.origin.guild_id,
        by_id=by_id,
        at=at,
        what=RESOLVED,
        job_id=job_id,
        before=JobStatus.IN_DOUBT,
        after=ended.status,
        reason=reason,
    )
    return ended


async def latest_change(database: Database) -> int:
    """The number of the latest line of all that was written down; 0 before the first. Raises StorageUnavailable."""
    row = await database.fetch_one("SELECT coalesce(max(seq), 0) AS latest FROM audit")
    assert row is not None  # a maximum has a row always
    return int(row["latest"])


async def resolved_at_command_line(database: Database, *, after: int) -> list[Resolution]:
    """What was resolved there since the line of that number, the oldest first. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT seq, job_id, status, settled_micros FROM audit JOIN jobs USING (job_id)"
        " WHERE seq > ? AND what = ? AND by_id = ? ORDER BY seq",
        (after, RESOLVED, COMMAND_LINE),
    )
    return [
        Resolution(
            seq=row["seq"],
            job_id=row["job_id"],
            status=JobStatus(row["status"]),
            settled_micros=row["settled_micros"],
        )
        for row in rows
    ]


def _where(guild_id: int | None) -> tuple[str, tuple[int, ...]]:
    return (_OF_ALL, ()) if guild_id is None else (_OF_GUILD, (guild_id,))

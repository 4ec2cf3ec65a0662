"""Taking pictures off their cards, for a while or for good: parts of a transaction.

Each marks the card as behind its job (`card_status` NULL), so that the pipeline brings it up to date, wherever the
process ends after the commit. Nothing of what was recorded about the pictures is touched: ids, times, the provider's
flags, digests and costs stay.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from clock import to_ms
from errors import JobNotFound, PictureRemoved
from models import FailureReason, Job, JobStatus
from storage import audit, history, jobs
from storage.database import Database

# By whom something is done that nobody decided: the bot itself.
_NOBODY: Final = 0
_ENDED_BY_REMOVAL: Final = {
    JobStatus.QUEUED: (JobStatus.CANCELLED, FailureReason.CANCELLED_BY_MODERATOR),
    JobStatus.IN_REVIEW: (JobStatus.REJECTED, FailureReason.REJECTED_BY_MODERATOR),
}
# SQLite takes 32 766 values in a statement; a sweep looks at far fewer at once.
_ASKED_AT_ONCE: Final = 500


def hide(connection: sqlite3.Connection, job_id: str, *, at: datetime) -> bool:
    """Show neither the job's pictures nor its words until a moderator has looked; False where that is so already."""
    row = connection.execute(
        "UPDATE jobs SET hidden_at = ?, card_status = NULL"
        " WHERE job_id = ? AND hidden_at IS NULL AND removed_at IS NULL RETURNING *",
        (to_ms(at), job_id),
    ).fetchone()
    if row is None:
        return False
    _note(connection, jobs.job_of(row), "mod.hide", by_id=_NOBODY, at=at)
    return True


def restore(connection: sqlite3.Connection, job_id: str, *, by_id: int, at: datetime) -> bool:
    """Show what was hidden again; False where nothing was, or the card has been removed."""
    row = connection.execute(
        "UPDATE jobs SET hidden_at = NULL, card_status = NULL"
        " WHERE job_id = ? AND hidden_at IS NOT NULL AND removed_at IS NULL RETURNING *",
        (job_id,),
    ).fetchone()
    if row is None:
        return False
    _note(connection, jobs.job_of(row), "mod.restore", by_id=by_id, at=at)
    return True


def remove(connection: sqlite3.Connection, job: Job, *, by_id: int, at: datetime, reason: str = "") -> bool:
    """Take the job's pictures and words off for good; False where they are.

    It leaves its author's history, and everybody's favourites, at once. One that still waits in line is cancelled, so
    that nothing is made that nobody would see, and one that waits for a moderator is refused.
    """
    if not history.mark_removed(connection, job.job_id, by_id=by_id, at=at, reason=reason):
        return False
    connection.execute("UPDATE jobs SET card_status = NULL WHERE job_id = ?", (job.job_id,))
    if job.status in _ENDED_BY_REMOVAL:
        target, why = _ENDED_BY_REMOVAL[job.status]
        jobs.move(connection, job.job_id, job.status, target, at=at, reason=why)
    return True


def read(connection: sqlite3.Connection, job_id: str, *, guild_id: int) -> Job:
    """The guild's job as a part of a transaction. Raises JobNotFound, also for another guild's."""
    row = connection.execute("SELECT * FROM jobs WHERE job_id = ? AND guild_id = ?", (job_id, guild_id)).fetchone()
    if row is None:
        raise JobNotFound(job_id)
    return jobs.job_of(row)


def read_shown(connection: sqlite3.Connection, job_id: str, *, guild_id: int) -> Job:
    """The same for a job that has not been removed. Raises PictureRemoved for one that has."""
    job = read(connection, job_id, guild_id=guild_id)
    if job.removed_at is not None:
        raise PictureRemoved
    return job


async def latest(database: Database, guild_id: int, *, limit: int) -> list[Job]:
    """The guild's newest jobs with pictures that can be removed. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT * FROM jobs INDEXED BY jobs_of_guild WHERE guild_id = ? AND removed_at IS NULL"
        " AND status IN ('delivered', 'undeliverable') ORDER BY created_at DESC LIMIT ?",
        (guild_id, limit),
    )
    return [jobs.job_of(row) for row in rows]


async def hidden(database: Database) -> frozenset[str]:
    """The jobs that are hidden and may be shown again. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT job_id FROM jobs INDEXED BY jobs_hidden WHERE hidden_at IS NOT NULL AND removed_at IS NULL"
    )
    return frozenset(row["job_id"] for row in rows)


async def kept_back(database: Database, job_ids: Iterable[str]) -> frozenset[str]:
    """Which of these jobs' pictures have to be kept: hidden ones, those of an open case, cards that are behind.

    Raises StorageUnavailable.
    """
    asked = list(job_ids)
    found: set[str] = set()
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        some = asked[start : start + _ASKED_AT_ONCE]
        rows = await database.fetch_all(
            f"SELECT job_id FROM jobs WHERE job_id IN ({', '.join('?' for _ in some)})"  # noqa: S608 - question marks
            " AND ((hidden_at IS NOT NULL AND removed_at IS NULL) OR card_status IS NOT status"
            "  OR EXISTS (SELECT 1 FROM cases WHERE cases.job_no = jobs.job_no AND outcome IS NULL))",
            some,
        )
        found.update(row["job_id"] for row in rows)
    return frozenset(found)


def _note(connection: sqlite3.Connection, job: Job, what: str, *, by_id: int, at: datetime) -> None:
    audit.note(
        connection,
        guild_id=job.origin.guild_id,
        by_id=by_id,
        at=at,
        what=what,
        subject_id=job.origin.user_id,
        job_id=job.job_id,
    )

"""Which jobs members keep as favourites: anyone's in the guild, as long as its pictures are shown."""

import sqlite3
from datetime import datetime

from clock import to_ms
from errors import JobNotFound, PictureGone
from models import JobStatus
from moderation import check_shown
from storage.database import Database
from storage.jobs import job_of


def put(connection: sqlite3.Connection, job_id: str, *, guild_id: int, user_id: int, on: bool, at: datetime) -> bool:
    """Make the job a favourite of the member's, or none any more; True where that changed something.

    Raises JobNotFound (also for another guild's job), PictureHidden, or PictureGone for one that shows no pictures.
    """
    job_no = _shown(connection, job_id, guild_id=guild_id)
    if on:
        cursor = connection.execute(
            "INSERT INTO favourites (user_id, guild_id, job_no, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (user_id, guild_id, job_no, to_ms(at)),
        )
    else:
        cursor = connection.execute(
            "DELETE FROM favourites WHERE user_id = ? AND guild_id = ? AND job_no = ?", (user_id, guild_id, job_no)
        )
    return cursor.rowcount == 1


def toggle(connection: sqlite3.Connection, job_id: str, *, guild_id: int, user_id: int, at: datetime) -> bool:
    """Turn it round, and return whether it is a favourite now. Raises what `put` raises."""
    if put(connection, job_id, guild_id=guild_id, user_id=user_id, on=True, at=at):
        return True
    put(connection, job_id, guild_id=guild_id, user_id=user_id, on=False, at=at)
    return False


async def contains(database: Database, job_id: str, *, user_id: int) -> bool:
    """Whether the job is a favourite of the member's. Raises StorageUnavailable."""
    row = await database.fetch_one(
        "SELECT 1 FROM jobs JOIN favourites USING (guild_id, job_no) WHERE job_id = ? AND favourites.user_id = ?",
        (job_id, user_id),
    )
    return row is not None


def _shown(connection: sqlite3.Connection, job_id: str, *, guild_id: int) -> int:
    row = connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None or row["guild_id"] != guild_id:
        raise JobNotFound(job_id)
    if row["status"] != JobStatus.DELIVERED:
        raise PictureGone
    check_shown(job_of(row))
    return int(row["job_no"])

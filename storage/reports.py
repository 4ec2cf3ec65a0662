"""What members report to the moderators: each job at most once by each member."""

import sqlite3
from datetime import datetime

from clock import to_ms
from errors import JobNotFound
from storage.database import Database


def file(
    connection: sqlite3.Connection, job_id: str, *, guild_id: int, reporter_id: int, reason: str, at: datetime
) -> bool:
    """Keep the report; False where the member has reported the job already, and then the first one stays.

    Raises JobNotFound, also for another guild's job.
    """
    row = connection.execute("SELECT job_no FROM jobs WHERE job_id = ? AND guild_id = ?", (job_id, guild_id)).fetchone()
    if row is None:
        raise JobNotFound(job_id)
    cursor = connection.execute(
        "INSERT INTO reports (job_no, reporter_id, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (row["job_no"], reporter_id, reason, to_ms(at)),
    )
    return cursor.rowcount == 1


async def count(database: Database, job_id: str) -> int:
    """How many members have reported the job. Raises StorageUnavailable."""
    row = await database.fetch_one(
        "SELECT count(*) AS reports FROM reports JOIN jobs USING (job_no) WHERE job_id = ?", (job_id,)
    )
    assert row is not None  # a count is one row
    return int(row["reports"])

"""What members report to the moderators: each job once by each member, until moderators have decided on it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clock import from_ms, to_ms
from errors import TooManyReports
from models import GuildSettings, Job
from moderation import Case, CaseKind
from storage import cases, guilds, withdrawals
from storage.database import Database

# A member's in one guild. Nobody comes across more in a day who doesn't look for them, and each is work for others.
A_DAY: Final = 10
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one member has said of a job. `counts` where it is somebody else's: nobody gets their own job hidden."""

    reporter_id: int
    reason: str
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of a report: the job as it is now, the case that it belongs to, and the guild's settings.

    `is_new` is False where the member had reported the job in this case already, and then the first report stays.
    `hides` where it was the one that hid the job.
    """

    job: Job
    case: Case
    guild: GuildSettings
    is_new: bool
    hides: bool


def file(
    connection: sqlite3.Connection, job_id: str, *, guild_id: int, reporter_id: int, reason: str, at: datetime
) -> Filed:
    """Keep the report, open a case or add to the one that is open, and hide the job where enough members agree.

    Raises JobNotFound, also for another guild's job, PictureRemoved for one that was removed, or TooManyReports.
    """
    job = withdrawals.read_shown(connection, job_id, guild_id=guild_id)
    guild = guilds.read_settings(connection, guild_id)
    case, is_first = cases.open_case(
        connection, guild_id=guild_id, kind=CaseKind.REPORT, user_id=job.origin.user_id, at=at, job_id=job_id
    )
    if not _keep(connection, job_id, case, reporter_id=reporter_id, reason=reason, at=at):
        return Filed(job=job, case=case, guild=guild, is_new=False, hides=False)
    made = connection.execute(
        "SELECT count(*) FROM reports JOIN jobs USING (job_no) WHERE reporter_id = ? AND at > ? AND guild_id = ?",
        (reporter_id, to_ms(at - _DAY), guild_id),
    ).fetchone()[0]
    if made > A_DAY:  # the report goes with the transaction
        raise TooManyReports(A_DAY)
    if not is_first:
        cases.touch(connection, case.case_id)
    hides = _others(connection, case) >= guild.reports_to_hide and withdrawals.hide(connection, job_id, at=at)
    job = withdrawals.read(connection, job_id, guild_id=guild_id)
    return Filed(job=job, case=case, guild=guild, is_new=True, hides=hides)


async def of_case(database: Database, case: Case) -> Sequence[Report]:
    """The reports that the case is about, the first one first. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT reporter_id, reason, at FROM reports WHERE case_id = ? ORDER BY at, report_id", (case.case_id,)
    )
    return [
        Report(
            reporter_id=row["reporter_id"],
            reason=row["reason"],
            at=from_ms(row["at"]),
            counts=row["reporter_id"] != case.user_id,
        )
        for row in rows
    ]


async def count(database: Database, job_id: str) -> int:
    """How many members have ever reported the job. Raises StorageUnavailable."""
    row = await database.fetch_one(
        "SELECT count(*) AS reports FROM reports JOIN jobs USING (job_no) WHERE job_id = ?", (job_id,)
    )
    assert row is not None  # a count is one row
    return int(row["reports"])


def _keep(
    connection: sqlite3.Connection, job_id: str, case: Case, *, reporter_id: int, reason: str, at: datetime
) -> bool:
    """Keep it, in the place of one that belonged to an earlier case; False where this case has one of the member."""
    cursor = connection.execute(
        "INSERT INTO reports (job_no, reporter_id, reason, at, case_id)"
        " SELECT job_no, ?, ?, ?, ? FROM jobs WHERE job_id = ?"
        " ON CONFLICT (job_no, reporter_id) DO UPDATE"
        " SET reason = excluded.reason, at = excluded.at, case_id = excluded.case_id"
        " WHERE case_id IS NOT excluded.case_id",
        (reporter_id, reason, to_ms(at), case.case_id, job_id),
    )
    return cursor.rowcount == 1


def _others(connection: sqlite3.Connection, case: Case) -> int:
    """How many members other than the author have reported it in this case."""
    row = connection.execute(
        "SELECT count(*) FROM reports WHERE case_id = ? AND reporter_id <> ?", (case.case_id, case.user_id)
    ).fetchone()
    return int(row[0])

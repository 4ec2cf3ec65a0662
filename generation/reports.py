"""Reports to the moderators: any member may report any job in the guild, also one who is suspended.

A suspension keeps a member from making pictures; that something is wrong with somebody else's must be heard from
everybody. What keeps reports from becoming a weapon is their number a day, and that an author's own counts for nothing.
"""

from typing import Final

from clock import Clock
from generation.removal import Removal
from parameters import check_text
from storage import cases, reports
from storage.database import Database
from storage.reports import Filed, Report

__all__ = ["REASON_MAX_CHARACTERS", "Filed", "Report", "Reports"]

REASON_MAX_CHARACTERS: Final = 500


class Reports:
    """Keeps what members report. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock, removal: Removal) -> None:
        self._database = database
        self._clock = clock
        self._removal = removal

    async def file(self, guild_id: int, job_id: str, reporter_id: int, reason: str = "") -> Filed:
        """Keep a report and open its case, or add to the one that is open; with enough of them the job is hidden.

        Raises JobNotFound, also for another guild's job, PictureRemoved for one that was removed, TooManyReports, or
        InvalidOption for a reason that is too long.
        """
        reason = reason.strip()
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()
        filed = await self._database.write(
            lambda connection: reports.file(
                connection, job_id, guild_id=guild_id, reporter_id=reporter_id, reason=reason, at=now
            )
        )
        if filed.hides:
            self._removal.show(filed.job)
        elif filed.is_new:
            self._removal.reported()
        return filed

    async def changed(self, case_id: int) -> None:
        """Something that the card of a report shows has changed."""
        await self._database.write(lambda connection: cases.touch(connection, case_id))
        self._removal.reported()

    async def count(self, job_id: str) -> int:
        """How many members have ever reported the job."""
        return await reports.count(self._database, job_id)

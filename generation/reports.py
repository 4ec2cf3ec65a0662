"""Reports to the moderators: any member may report any job in the guild, once."""

from typing import Final

from clock import Clock
from parameters import check_text
from storage import reports
from storage.database import Database

REASON_MAX_CHARACTERS: Final = 500


class Reports:
    """Keeps what members report. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(self, guild_id: int, job_id: str, reporter_id: int, reason: str = "") -> bool:
        """Keep a report; False where this member has reported the job before, and the first report stays.

        Raises JobNotFound, also for another guild's job, or InvalidOption for a reason that is too long.
        """
        reason = reason.strip()
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: reports.file(
                connection, job_id, guild_id=guild_id, reporter_id=reporter_id, reason=reason, at=now
            )
        )

    async def count(self, job_id: str) -> int:
        """How many members have reported the job."""
        return await reports.count(self._database, job_id)

"""Reports: one from each member on a job, of the guild's own jobs only."""

from pathlib import Path

import pytest

from errors import JobNotFound
from storage import reports
from storage.database import Database
from tests.builders import GUILD_ID, NOW, later
from tests.storage.past import finisher


async def test_each_member_reports_a_job_once_and_the_first_reason_stays(database: Database, tmp_path: Path) -> None:
    job = finisher(tmp_path / "easel.db")()

    async def file(reporter_id: int, reason: str, guild_id: int = GUILD_ID, job_id: str = job.job_id) -> bool:
        return await database.write(
            lambda c: reports.file(c, job_id, guild_id=guild_id, reporter_id=reporter_id, reason=reason, at=later(3))
        )

    assert await reports.count(database, job.job_id) == 0
    assert await file(1, "it is rude")
    assert not await file(1, "it is very rude")
    assert await file(2, "")
    assert await reports.count(database, job.job_id) == 2
    kept = await database.fetch_all("SELECT reporter_id, reason, at FROM reports ORDER BY report_id")
    assert [(row["reporter_id"], row["reason"]) for row in kept] == [(1, "it is rude"), (2, "")]
    assert kept[0]["at"] == later(3).timestamp() * 1000 > NOW.timestamp() * 1000
    with pytest.raises(JobNotFound):
        await file(3, "", guild_id=GUILD_ID + 1)
    with pytest.raises(JobNotFound):
        await file(3, "", job_id="nobody")

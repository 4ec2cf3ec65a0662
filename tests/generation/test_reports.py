"""Reports as members file them."""

from pathlib import Path

import pytest

from errors import InvalidOption, JobNotFound
from generation.reports import REASON_MAX_CHARACTERS, Reports
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID
from tests.storage.past import finisher
from tests.support import FakeClock


async def test_a_member_reports_a_job_once(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    reports, job = Reports(database, clock), finisher(tmp_path / "easel.db")()
    assert await reports.file(GUILD_ID, job.job_id, USER_ID, "  it is rude ")
    assert not await reports.file(GUILD_ID, job.job_id, USER_ID)
    assert await reports.file(GUILD_ID, job.job_id, USER_ID + 1)
    assert await reports.count(job.job_id) == 2
    row = await database.fetch_one("SELECT reason FROM reports ORDER BY report_id")
    assert row is not None
    assert row["reason"] == "it is rude"
    with pytest.raises(JobNotFound):
        await reports.file(GUILD_ID + 1, job.job_id, USER_ID)
    with pytest.raises(InvalidOption, match="too_long"):
        await reports.file(GUILD_ID, job.job_id, USER_ID + 2, "x" * (REASON_MAX_CHARACTERS + 1))

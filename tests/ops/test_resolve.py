"""The operator's word on a job in doubt, given beside a running bot."""

import io
import re
from functools import partial
from pathlib import Path

import pytest

from errors import StorageError, StorageUnavailable
from models import FailureReason, JobStatus
from ops.resolve import Outcome, resolve
from storage import jobs, reading
from storage.database import Database
from tests.builders import MESSAGE_ID, NOW, make_job, make_request, make_reservations
from tests.support import FakeClock


async def add_job_in_doubt(database: Database) -> str:
    job = make_job(request=make_request(num_images=2))
    await database.write(lambda writer: jobs.record(writer, job, make_reservations(job), active_limit=10))
    await database.write(lambda writer: jobs.store_card(writer, job.job_id, MESSAGE_ID))
    for before, after in (
        (JobStatus.QUEUED, JobStatus.SUBMITTING),
        (JobStatus.SUBMITTING, JobStatus.IN_DOUBT),
    ):
        await database.write(partial(jobs.move, job_id=job.job_id, expected=before, target=after, at=NOW))
    return job.job_id


def money_in(path: Path) -> set[tuple[str, int, int]]:
    """What is pending and posted on each account that counts money."""
    return {
        (balance.account.scope, balance.pending, balance.posted)
        for balance in reading.snapshot(path).balances
        if balance.account.unit == "micros"
    }


@pytest.mark.parametrize(
    ("outcome", "status", "reason", "posted", "line"),
    [
        ("settle", JobStatus.WRITTEN_OFF, FailureReason.OPERATOR_SETTLED, 180_000, "$0.18 for 2 images posted"),
        ("release", JobStatus.FAILED, FailureReason.OPERATOR_RELEASED, 0, "$0.18 for 2 images given back"),
    ],
)
async def test_a_job_in_doubt_ends_as_the_operator_says(
    database: Database,
    tmp_path: Path,
    clock: FakeClock,
    outcome: Outcome,
    status: JobStatus,
    reason: FailureReason,
    posted: int,
    line: str,
) -> None:
    job_id = await add_job_in_doubt(database)
    output = io.StringIO()
    assert resolve(tmp_path / "easel.db", job_id, outcome, clock=clock, out=output) == 0
    assert output.getvalue() == f"Job {job_id} is {status} now: {line}.\n"
    job = await jobs.find(database, job_id)
    assert (job.status, job.reason, job.settled_micros) == (status, reason, posted)
    assert money_in(tmp_path / "easel.db") == {(scope, 0, posted) for scope in ("member", "guild", "global")}


async def test_a_second_word_is_refused_and_changes_nothing(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    job_id = await add_job_in_doubt(database)
    resolve(tmp_path / "easel.db", job_id, "settle", clock=clock, out=io.StringIO())
    before = reading.snapshot(tmp_path / "easel.db")
    with pytest.raises(StorageError, match=f"job {job_id} is written_off, not in doubt: nothing was changed"):
        resolve(tmp_path / "easel.db", job_id, "release", clock=clock, out=io.StringIO())
    assert reading.snapshot(tmp_path / "easel.db") == before


async def test_an_unknown_job_is_said_to_be_unknown(database: Database, tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StorageError, match="there is no job nonsense"):
        resolve(tmp_path / "easel.db", "nonsense", "settle", clock=clock, out=io.StringIO())


def test_without_a_database_nothing_is_made(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StorageUnavailable, match=re.escape(f"there is no database at {tmp_path / 'easel.db'}")):
        resolve(tmp_path / "easel.db", "job", "settle", clock=clock, out=io.StringIO())
    assert list(tmp_path.iterdir()) == []

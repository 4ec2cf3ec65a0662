"""Storage without the event loop: operations run on a connection of the test's own, by the writer's very code."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from models import Job, JobStatus, Reservation, Settlement
from storage import jobs, migrations
from storage.database import connect, run_batch
from tests.builders import MESSAGE_ID, NOW, make_reservations

T = TypeVar("T")

# One way from the start to every status, as the pipeline would go it.
WAYS: Final[dict[JobStatus, tuple[JobStatus, ...]]] = {
    JobStatus.QUEUED: (),
    JobStatus.CANCELLED: (JobStatus.CANCELLED,),
    JobStatus.SUBMITTING: (JobStatus.SUBMITTING,),
    JobStatus.FAILED: (JobStatus.SUBMITTING, JobStatus.FAILED),
    JobStatus.SUBMITTED: (JobStatus.SUBMITTING, JobStatus.SUBMITTED),
    JobStatus.IN_DOUBT: (JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.IN_DOUBT),
    JobStatus.WRITTEN_OFF: (JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.IN_DOUBT, JobStatus.WRITTEN_OFF),
    JobStatus.GENERATED: (JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED),
    **{
        end: (JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED, end)
        for end in (JobStatus.DELIVERED, JobStatus.WITHHELD, JobStatus.UNDELIVERABLE, JobStatus.IN_REVIEW)
    },
    **{
        end: (JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED, JobStatus.IN_REVIEW, end)
        for end in (JobStatus.REJECTED, JobStatus.EXPIRED)
    },
}
# The table of the design, written out a second time on purpose: what a move into a status does to the money.
SETTLING: Final = frozenset(
    {
        (JobStatus.GENERATED, JobStatus.DELIVERED),
        (JobStatus.GENERATED, JobStatus.WITHHELD),
        (JobStatus.GENERATED, JobStatus.UNDELIVERABLE),
        (JobStatus.GENERATED, JobStatus.IN_REVIEW),
        (JobStatus.IN_DOUBT, JobStatus.WRITTEN_OFF),
    }
)
RELEASING: Final = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})


def open_inline(path: Path) -> sqlite3.Connection:
    """A migrated database on one connection. A power cut is not among what these tests do, so no sync is waited for."""
    connection = connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    migrations.migrate(connection, now=NOW)
    return connection


def do(connection: sqlite3.Connection, operation: Callable[[sqlite3.Connection], T]) -> T:
    """Run one operation as one transaction, as the writer would, and raise what it raised."""
    (outcome,) = run_batch(connection, [operation])
    if outcome.error is not None:
        raise outcome.error
    value: T = outcome.value
    return value


def accepting(job: Job, *, active_limit: int = 10**6) -> Callable[[sqlite3.Connection], None]:
    """The operation that stores the job and holds its reservations."""
    return lambda connection: jobs.record(connection, job, make_reservations(job), active_limit=active_limit)


def moving(job: Job, expected: JobStatus, target: JobStatus, **changes: Any) -> Callable[[sqlite3.Connection], Job]:
    """The operation that moves the job."""
    return lambda connection: jobs.move(connection, job.job_id, expected, target, **({"at": NOW} | changes))


def record(connection: sqlite3.Connection, job: Job, reservations: Sequence[Reservation] | None = None) -> int:
    """Store the job with its reservation, with no limit on jobs under way, and return its number."""
    reservations = make_reservations(job) if reservations is None else reservations
    do(connection, lambda c: jobs.record(c, job, reservations, active_limit=10**6))
    (number,) = connection.execute("SELECT job_no FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone()
    return int(number)


def move(
    connection: sqlite3.Connection,
    job: Job,
    expected: JobStatus,
    target: JobStatus,
    *,
    at: datetime = NOW,
    **changes: Any,
) -> Job:
    """Move the job with what the step needs besides: a request id, all its images, everything settled."""
    if target is JobStatus.SUBMITTED:
        changes.setdefault("request_id", f"request of {job.job_id}")
    if target is JobStatus.GENERATED:
        changes.setdefault("images_produced", job.images_requested)
    if (expected, target) in SETTLING:
        changes.setdefault("settlement", Settlement(images=job.images_requested, micros=job.cost_micros))
    return do(connection, lambda c: jobs.move(c, job.job_id, expected, target, at=at, **changes))


def bring_to(connection: sqlite3.Connection, job: Job, status: JobStatus) -> Job:
    """Take a queued job, which gets its card first, to `status`."""
    do(connection, lambda c: jobs.store_card(c, job.job_id, MESSAGE_ID))
    here, moved = JobStatus.QUEUED, job
    for target in WAYS[status]:
        moved = move(connection, job, here, target)
        here = target
    return moved


def sums(connection: sqlite3.Connection) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(pending, posted) of every account by scope, unit and period."""
    rows = connection.execute("SELECT scope, unit, period, pending, posted FROM accounts")
    return {(row["scope"], row["unit"], row["period"]): (row["pending"], row["posted"]) for row in rows}

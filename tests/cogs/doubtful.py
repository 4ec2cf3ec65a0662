"""Requests in doubt, for the tests of whoever decides on them."""

import sqlite3

from models import FailureReason, Job, JobStatus
from sandbox.discord import Member
from storage import jobs
from tests.support import wait_until
from tests.ui.scene import Scene


async def in_doubt(scene: Scene, *, by: Member | None = None, count: int = 1, request_id: str | None = None) -> Job:
    """A member's request with its card, of which nobody knows whether it was paid for."""
    before = len(scene.queue)
    job, _ = await scene.carded({"count": count}, by=by)
    await wait_until(lambda: len(scene.queue) > before)
    scene.queue.remove(job.job_id)
    now, reason = scene.clock.now(), FailureReason.ACCEPTANCE_UNKNOWN

    def doubt(connection: sqlite3.Connection) -> Job:
        before = JobStatus.SUBMITTING
        jobs.move(connection, job.job_id, JobStatus.QUEUED, JobStatus.SUBMITTING, at=now)
        if request_id is not None:
            before = JobStatus.SUBMITTED
            jobs.move(
                connection,
                job.job_id,
                JobStatus.SUBMITTING,
                JobStatus.SUBMITTED,
                at=now,
                request_id=request_id,
                submitted_at=now,
            )
        return jobs.move(connection, job.job_id, before, JobStatus.IN_DOUBT, at=now, reason=reason)

    return await scene.database.write(doubt)

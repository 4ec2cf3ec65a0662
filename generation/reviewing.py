"""A job that waits for a moderator: its pictures lie in the spool, and nobody else has seen them.

Its money is settled when the wait begins, in the transaction that opens the case. A moderator's yes is written down
before anything is done about it, and then delivered as often as it takes; a no moves the job in the same transaction.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from errors import AlreadyDecided
from generation.finishing import Also, Finishing
from generation.pipeline_parts import Parts
from generation.steps import Later, Step
from models import FailureReason, GuildSettings, Job, JobStatus, Verdict
from moderation import Case, CaseKind, CaseOutcome
from storage import cases, guilds, jobs

log = logging.getLogger(__name__)

# The wall clock says when a review runs out, and it may be set while a timer goes on.
_LOOK_AGAIN_SECONDS: Final = 3600.0


class Reviewing:
    """Holds jobs for a moderator, and goes on with them once there is an answer or it is too late for one."""

    def __init__(self, parts: Parts, finishing: Finishing) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._finishing = finishing

    async def hold(self, job: Job, verdicts: tuple[Verdict, ...], guild: GuildSettings) -> Step:
        """Let a moderator look at the pictures first: settle, and open the case. Raises TransitionRefused."""
        now = self._clock.now()
        job = await self._finishing.move(
            job,
            JobStatus.IN_REVIEW,
            verdicts=verdicts,
            also=lambda connection, moved: cases.open_case(
                connection,
                guild_id=moved.origin.guild_id,
                kind=CaseKind.REVIEW,
                user_id=moved.origin.user_id,
                at=now,
                job_id=moved.job_id,
                expires_at=now + timedelta(hours=guild.review_hours),
            ),
        )
        self._parts.case_changed()
        return Later(status=job.status)

    async def advance(self, job: Job) -> Step:
        """Do what is next for a job in review. Raises TransitionRefused where it isn't any more."""
        case = await cases.latest_of_job(self._parts.database, job.job_id, CaseKind.REVIEW)
        assert case is not None  # it was opened with the move that brought the job here
        match case.outcome:
            case None:
                return await self._open(job, case)
            case CaseOutcome.APPROVED:
                return await self._approved(job, case)
            case CaseOutcome.REJECTED:
                return await self._finishing.end(job, JobStatus.REJECTED, FailureReason.REJECTED_BY_MODERATOR)
            case _:
                return await self._finishing.end(job, JobStatus.EXPIRED, FailureReason.REVIEW_EXPIRED)

    async def _open(self, job: Job, case: Case) -> Step:
        left = self._seconds_left(case)
        if left <= 0:
            return await self._expire(job, case, FailureReason.REVIEW_EXPIRED)
        verdicts = await jobs.verdicts(self._parts.database, job.job_id)
        if not await asyncio.to_thread(self._parts.spool.holds, job.job_id, verdicts):
            return await self._expire(job, case, FailureReason.PICTURES_LOST)
        again = await self._show(job)
        return Later(status=job.status, seconds=min(_LOOK_AGAIN_SECONDS, left, again or left))

    async def _show(self, job: Job) -> float | None:
        """Make the card say that a moderator looks first; when to try again where it may not say so yet."""
        return None if job.card_status is job.status else await self._parts.cards.show(job)

    async def _approved(self, job: Job, case: Case) -> Step:
        verdicts = await jobs.verdicts(self._parts.database, job.job_id)
        images = await asyncio.to_thread(self._parts.spool.find, job.job_id, verdicts)
        if not images:
            return await self._lost(job, case)
        guild = await guilds.settings_of(self._parts.database, job.origin.guild_id)
        assert case.decided_at is not None  # it was approved
        step = await self._finishing.deliver(
            job, images, verdicts, guild=guild, since=case.decided_at, also_if_gone=_touching(case)
        )
        self._parts.case_changed()
        return step

    async def _lost(self, job: Job, case: Case) -> Step:
        """Approved, and the pictures are not there any more: the result is too old to be fetched again."""
        log.error("the pictures of an approved job are not in the spool", extra={"job_id": job.job_id})
        step = await self._finishing.end(job, JobStatus.EXPIRED, FailureReason.PICTURES_LOST, also=_touching(case))
        self._parts.case_changed()
        return step

    async def _expire(self, job: Job, case: Case, reason: FailureReason) -> Step:
        """End the case and the job together, unless a moderator was faster."""
        log.info("the review ends by itself: %s", reason, extra={"job_id": job.job_id})
        now = self._clock.now()
        try:
            step = await self._finishing.end(
                job,
                JobStatus.EXPIRED,
                reason,
                also=lambda connection, _: cases.decide(
                    connection,
                    case.case_id,
                    CaseOutcome.EXPIRED,
                    guild_id=case.guild_id,
                    by_id=cases.NOBODY,
                    at=now,
                ),
            )
        except AlreadyDecided as decided:
            log.info("a moderator was faster: %s", decided, extra={"job_id": job.job_id})
            return Later(status=job.status)
        self._parts.case_changed()
        return step

    def _seconds_left(self, case: Case) -> float:
        assert case.expires_at is not None  # every review is opened with one
        return (case.expires_at - self._clock.now()).total_seconds()


def _touching(case: Case) -> Also:
    return lambda connection, _: cases.touch(connection, case.case_id)

"""How a job moves on, and how it ends: its gallery delivered, or its card saying why there is none.

A status, its money and whatever else belongs to the move are one transaction. What comes after it is safe to repeat.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from errors import CardGone, DeliveryUnavailable, StorageUnavailable
from generation import policy
from generation.cards import PATIENCE
from generation.delivery import ReleasedImage
from generation.pipeline_parts import Parts
from generation.steps import Done, Later, Step
from generation.strikes import Noted
from generation.timing import CARD_SEARCH, PERSIST_AGAIN_SECONDS, card_wait
from generation.withdrawing import Withdrawing
from models import FailureReason, GuildSettings, Job, JobStatus, Settlement, Verdict, VerdictReason
from storage import jobs

log = logging.getLogger(__name__)

T = TypeVar("T")

# A part of the transaction that moves a job, given the job as it is after the move.
Also = Callable[[sqlite3.Connection, Job], object]

_SETTLED_BY_VERDICTS: Final = frozenset(
    {JobStatus.DELIVERED, JobStatus.WITHHELD, JobStatus.UNDELIVERABLE, JobStatus.IN_REVIEW}
)
# What a moderator did not let through is not kept any longer than it was looked at.
_REFUSED_IN_REVIEW: Final = frozenset({JobStatus.REJECTED, JobStatus.EXPIRED})


class Finishing:
    """Moves jobs, and sees to it that the card of one at its end says so."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._started_at = parts.clock.now()
        self._withdrawing = Withdrawing(parts)

    async def move(
        self,
        job: Job,
        target: JobStatus,
        *,
        verdicts: Sequence[Verdict] = (),
        also: Also | None = None,
        **changes: object,
    ) -> Job:
        """Move the job, settling what its target settles; `also` is done in the same transaction.

        Raises TransitionRefused where somebody was faster, and what `also` raises; nothing is moved then.
        """
        now = self._clock.now()
        settlement = _settlement(job, target, verdicts)

        def operation(connection: sqlite3.Connection) -> tuple[Job, Noted | None]:
            moved = jobs.move(connection, job.job_id, job.status, target, at=now, settlement=settlement, **changes)
            if also is not None:
                also(connection, moved)
            # Once for each job: its money is settled at the very move that its verdicts lead to.
            settles = settlement is not None
            return moved, self._parts.strikes.note_flagged(connection, moved, verdicts, at=now) if settles else None

        moved, noted = await self.persist(operation)
        self._parts.strikes.follow(noted)
        self._parts.observer.transition(job.status, target)
        if settlement is not None:
            self._parts.observer.settled(settlement.micros)
        log.info("%s to %s", job.status, target, extra={"job_id": job.job_id})
        return moved

    async def persist(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Write what has happened already and would be lost otherwise: a full disk is waited out, not given up on."""
        failing = False
        while True:
            try:
                return await self._parts.database.write(operation)
            except StorageUnavailable as error:
                if not failing:
                    log.error("what happened can't be written down yet: %s", error)  # said once, not every second
                    failing = True
                await self._clock.sleep(PERSIST_AGAIN_SECONDS)

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        since: datetime,
        also_if_gone: Also | None = None,
    ) -> Step:
        """Make the card the gallery, then move the job to `delivered`; or to `undeliverable` where it takes none.

        A job that was hidden or removed before is moved without a gallery. `since` is when that could first be tried.
        `also_if_gone` goes with the move to `undeliverable`.
        """
        await self._parts.cards.overtake(job.job_id)
        if not job.is_shown:
            return await self._delivered(job, verdicts)
        observer, started = self._parts.observer, self._clock.monotonic()
        again = self._parts.cards.repeat_seconds(job)
        try:
            await self._parts.delivery.deliver(job, images, verdicts, guild=guild)
        except CardGone:
            observer.delivery("gone", self._clock.monotonic() - started)
            return await self._undeliverable(job, verdicts, also_if_gone)
        except DeliveryUnavailable as error:
            observer.delivery("unavailable", self._clock.monotonic() - started)
            self._parts.cards.gave_up(job.job_id)
            if self._clock.now() - max(since, self._started_at) > PATIENCE:
                return await self._undeliverable(job, verdicts, also_if_gone)
            return Later(status=job.status, seconds=self._parts.cards.retry_seconds(job, error))
        observer.delivery("delivered", self._clock.monotonic() - started)
        if job.status is JobStatus.GENERATED and job.submitted_at is not None:  # a wait for a moderator says nothing
            observer.latency("picture", max(0.0, (self._clock.now() - job.submitted_at).total_seconds()))
        return await self._delivered(job, verdicts, repeated_in=again)

    async def end(
        self,
        job: Job,
        target: JobStatus,
        reason: str | None,
        *,
        verdicts: Sequence[Verdict] = (),
        also: Also | None = None,
    ) -> Step:
        """Move the job to a terminal status without a gallery, and make its card say so. Raises what `move` does."""
        job = await self.move(job, target, verdicts=verdicts, also=also, reason=reason)
        step = await self.over(job)
        await self._parts.cards.notify(job)
        return step

    async def over(self, job: Job) -> Step:
        """See to it that the card of a job at its end says so, also where an older edit may have come after it."""
        if job.card_status is job.status:
            return Done(status=job.status)
        if job.message_id is None:
            age = self._clock.now() - job.created_at
            if age < card_wait(job.request):  # its card may be on its way
                return Later(status=job.status, seconds=(card_wait(job.request) - age).total_seconds())
            # Cancelled elsewhere than on its card, which is there all the same and still says that it waits.
            message_id = await self.find_card(job)
            if isinstance(message_id, Later):
                return message_id
            job = job if message_id is None else await self.store_card(job, message_id)
        again = await self._bring_up_to_date(job)
        if again is not None:
            return Later(status=job.status, seconds=again)
        if job.status is JobStatus.REJECTED:  # a moderator moved it, and it was shown first
            await self._parts.cards.notify(job)
        if job.status in _REFUSED_IN_REVIEW:
            await asyncio.to_thread(self._parts.spool.drop, job.job_id)
        return Done(status=job.status)

    async def find_card(self, job: Job) -> int | Later | None:
        """The card that nobody has told us of, or when to ask for it again; None where there is none to be found."""
        if self._clock.now() - job.created_at >= CARD_SEARCH:
            return None
        try:
            return await self._parts.delivery.find_card(job)
        except DeliveryUnavailable as error:
            return Later(status=job.status, seconds=self._parts.cards.retry_seconds(job, error))
        except CardGone:
            return None

    async def store_card(self, job: Job, message_id: int) -> Job:
        """Keep which message the card is. Raises StorageUnavailable."""
        return await self._parts.database.write(lambda connection: jobs.store_card(connection, job.job_id, message_id))

    async def _undeliverable(self, job: Job, verdicts: Sequence[Verdict], also: Also | None) -> Step:
        log.warning("the card takes no pictures: they are kept for their author", extra={"job_id": job.job_id})
        return await self.end(job, JobStatus.UNDELIVERABLE, FailureReason.CARD_GONE, verdicts=verdicts, also=also)

    async def _delivered(self, job: Job, verdicts: Sequence[Verdict], *, repeated_in: float = 0.0) -> Step:
        all_released = all(verdict.reason is VerdictReason.RELEASED for verdict in verdicts)
        job = await self.move(
            job,
            JobStatus.DELIVERED,
            verdicts=verdicts,
            reason=None if all_released else FailureReason.SOME_WITHHELD,
            # Until the edit was repeated the card is behind, so that the next process repeats it where this one can't.
            card_status=job.card_status if repeated_in else JobStatus.DELIVERED,
        )
        if not job.is_shown:
            return Later(status=job.status)
        await self._parts.cards.notify(job)
        if repeated_in:
            return Later(status=job.status, seconds=repeated_in)
        await asyncio.to_thread(self._parts.spool.drop, job.job_id)
        return Done(status=job.status)

    async def _bring_up_to_date(self, job: Job) -> float | None:
        """Make the edit that says what the job is. None once that is done, or can't be; else when to try again."""
        if not job.is_shown:
            return await self._withdrawing.take_off(job)
        if job.status is JobStatus.DELIVERED:
            return await self._withdrawing.bring_back(job)
        return await self._parts.cards.show(job)


def _settlement(job: Job, target: JobStatus, verdicts: Sequence[Verdict]) -> Settlement | None:
    """What the move posts; nothing once the job was held for a moderator, for then that was done."""
    if target is JobStatus.WRITTEN_OFF:
        return jobs.full_settlement(job)
    if target in _SETTLED_BY_VERDICTS and job.status is not JobStatus.IN_REVIEW:
        return policy.settlement(job, verdicts)
    return None

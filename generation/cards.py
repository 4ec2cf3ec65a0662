"""Keeps each job's card saying what its job is, however slow or broken the way to Discord is at the moment.

A job never waits for an edit that only tells how it goes on. An edit that was given up may still arrive at
Discord later, though, and would then stand over a newer one. So what a card shows is certain, and noted, only after
an edit that was begun when every older one must have come or gone; until then the newest is repeated.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from clock import Clock
from errors import CardGone, DeliveryError, DeliveryUnavailable, StorageUnavailable
from generation.delivery import Delivery
from generation.polling import JobKind, PollSchedule
from models import Job, JobStatus, Notify
from storage import jobs, members
from storage.database import Database

log = logging.getLogger(__name__)

# Discord's outages pass; a card that could not be changed for a day is given up.
PATIENCE: Final = timedelta(hours=24)
# A member who waited longer than this has looked away, and is told by a mention.
NOTIFY_AFTER: Final = timedelta(minutes=2)
# Longer than any connection between here and Discord keeps a request that nobody waits for any more.
REPEAT_AFTER_SECONDS: Final = 30.0
_RETRY_SECONDS: Final = 10.0
_RETRY_MAX_SECONDS: Final = 300.0


class CardKeeper:
    """Shows jobs on their cards and remembers until when an edit that was given up may still arrive."""

    def __init__(self, *, database: Database, delivery: Delivery, schedule: PollSchedule, clock: Clock) -> None:
        self._database = database
        self._delivery = delivery
        self._schedule = schedule
        self._clock = clock
        self._started_at = clock.now()
        self._announcing: dict[str, asyncio.Task[None]] = {}
        self._arrives_until: dict[str, float] = {}
        self._tries: dict[str, int] = {}

    def announce(self, job: Job) -> None:
        """Have the card say how the job goes on; nobody waits for that, and it may come to nothing."""
        previous = self._announcing.get(job.job_id)
        if previous is not None:
            previous.cancel()
            self.gave_up(job.job_id)
        task = asyncio.create_task(self._announce(job), name=f"announce {job.job_id}")
        self._announcing[job.job_id] = task
        task.add_done_callback(lambda _: self._announced(job.job_id, task))

    async def overtake(self, job_id: str) -> None:
        """Give up an announcement still under way: what follows is newer."""
        task = self._announcing.get(job_id)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            self.gave_up(job_id)

    def gave_up(self, job_id: str) -> None:
        """An edit of the card came to nothing as far as anybody here knows: it may still arrive."""
        self._arrives_until[job_id] = self._clock.monotonic() + REPEAT_AFTER_SECONDS

    def repeat_seconds(self, job: Job) -> float:
        """In how many seconds an edit that is begun now has to be repeated, since an older one may arrive after it.

        0 where none can.
        """
        return max(0.0, self._arrives_until.get(job.job_id, 0.0) - self._clock.monotonic())

    async def show(self, job: Job) -> float | None:
        """Make a card say that its job is in doubt or at its end: None once it does for certain, or can't any more.

        Otherwise the seconds until it has to be repeated, or is worth another try. Raises StorageUnavailable.
        """
        await self.overtake(job.job_id)
        again = self.repeat_seconds(job)
        try:
            await self._delivery.show(job)
        except CardGone:
            log.info("the card is gone", extra={"job_id": job.job_id})
        except DeliveryUnavailable as error:
            self.gave_up(job.job_id)
            if _never_given_up(job) or self._clock.now() - max(job.changed_at, self._started_at) < PATIENCE:
                return self.retry_seconds(job, error)
            log.warning("the card could not be changed for a day", extra={"job_id": job.job_id})
        else:
            if again > 0:
                return again
        await self._database.write(lambda connection: jobs.note_card(connection, job))
        return None

    async def notify(self, job: Job) -> None:
        """Tell the author that the job is over, as they want it: best effort, at most once.

        By default that is after a long wait only, for a member who has looked away.
        """
        if job.message_id is None or job.status is JobStatus.CANCELLED:
            return
        try:
            if await self._is_to_notify(job):
                await self._delivery.notify(job)
        except (DeliveryError, StorageUnavailable) as error:
            log.info("the author was not told: %s", error, extra={"job_id": job.job_id})

    def retry_seconds(self, job: Job, error: DeliveryUnavailable) -> float:
        """When to try again what Discord did not take: as it says, or later each time. Logs the first refusal."""
        self._tries[job.job_id] = count = self._tries.get(job.job_id, -1) + 1
        if count == 0:
            log.warning("the card has to wait for Discord: %s", error, extra={"job_id": job.job_id})
        return error.retry_after or min(_RETRY_MAX_SECONDS, _RETRY_SECONDS * 2.0 ** min(count, 16))

    def forget(self, job_id: str) -> None:
        """The job is over, and so is what is remembered of it."""
        self._arrives_until.pop(job_id, None)
        self._tries.pop(job_id, None)

    async def close(self) -> None:
        """Give up every announcement."""
        for job_id in list(self._announcing):
            await self.overtake(job_id)

    async def _is_to_notify(self, job: Job) -> bool:
        """Whether the author wants to be told and was not yet: marked before it is done, so it is done once at most."""
        now = self._clock.now()
        wanted = await members.notify_of(self._database, job.origin.user_id)
        slow = now - job.created_at > NOTIFY_AFTER
        if wanted is Notify.NEVER or (wanted is Notify.AUTO and not slow):
            return False
        return await self._database.write(lambda connection: jobs.claim_notification(connection, job.job_id, at=now))

    async def _announce(self, job: Job) -> None:
        try:
            await self._delivery.show(job, usual=self._schedule.usual(JobKind.of(job.request)))
        except CardGone:
            log.info("the card is gone", extra={"job_id": job.job_id})
        except DeliveryUnavailable as error:
            self.gave_up(job.job_id)
            log.info("the card was not changed: %s", error, extra={"job_id": job.job_id})

    def _announced(self, job_id: str, task: asyncio.Task[None]) -> None:
        if self._announcing.get(job_id) is task:
            del self._announcing[job_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an announcement failed in an unforeseen way", exc_info=error, extra={"job_id": job_id})


def _never_given_up(job: Job) -> bool:
    """Whether moderators rely on the card: it loses its pictures, or says what became of them, however long ago."""
    return not job.is_shown or job.status is JobStatus.DELIVERED

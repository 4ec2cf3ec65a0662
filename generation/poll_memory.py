"""Keeps what the poll schedule has learnt, so that a restart does not begin from nothing.

Losing a minute of it is nothing, so it is written from time to time and at the stop, not with every job.
"""

import logging
from typing import Final

from clock import Clock
from errors import StorageUnavailable
from generation.latency import LatencyHistogram
from generation.polling import KINDS_MAX, JobKind, PollSchedule, learn_from_history
from storage import latencies
from storage.database import Database
from storage.latencies import StoredLatencies

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 60.0


class PollMemory:
    """The schedule's place on disk. A database that can't be written costs what was learnt since, nothing else."""

    def __init__(self, schedule: PollSchedule, database: Database, clock: Clock) -> None:
        self._schedule = schedule
        self._database = database
        self._clock = clock
        self._failing = False

    async def recall(self) -> None:
        """Teach the schedule what earlier processes knew, or else what their jobs took. Raises StorageUnavailable."""
        known = 0
        for stored in await latencies.load(self._database, limit=KINDS_MAX):
            histogram = LatencyHistogram()
            try:
                histogram.restore(stored.weights, jobs=stored.jobs)
                kind = JobKind.named(stored.kind)
            except ValueError:  # of another release, or damaged: it is learnt again
                log.warning("what is kept of the jobs %r can't be used", stored.kind)
                continue
            self._schedule.recall(kind, histogram)
            known += 1
        if not known:
            await learn_from_history(self._schedule, self._database)

    async def run(self) -> None:
        """Save once a minute, for ever."""
        while True:
            await self._clock.sleep(_EVERY_SECONDS)
            await self.save()

    async def save(self) -> None:
        """Write down what is new; where the disk refuses, it stays new."""
        unsaved = self._schedule.take_unsaved()
        if not unsaved:
            return
        # Copies, since they are written from another thread while jobs go on to finish.
        rows = [
            StoredLatencies(kind=name, jobs=histogram.jobs, weights=tuple(histogram.dump()))
            for name, histogram in unsaved.items()
        ]
        now = self._clock.now()
        try:
            await self._database.write(lambda connection: latencies.store(connection, rows, at=now, most=KINDS_MAX))
        except StorageUnavailable as error:
            self._schedule.not_saved(unsaved)
            if not self._failing:  # said once, not every minute
                log.error("what was learnt of latencies can't be kept: %s", error)
            self._failing = True
            return
        self._failing = False

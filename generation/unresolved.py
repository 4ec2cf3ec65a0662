"""Jobs in doubt, for the people who can find out whether they were paid for."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import Clock
from errors import StorageUnavailable
from generation.observer import Observer
from generation.runner import Runner
from generation.timing import DOUBT_LASTS
from models import Job, JobStatus
from storage import doubts
from storage.database import Database

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 5
# A reading of a few rows by their key, so that whoever resolves at the command line sees the card change.
_LOOK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A job in doubt: since when, and when it is written off unless somebody or something says before."""

    job: Job
    since: datetime
    written_off_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtPage:
    """A page of them, the oldest first. `number` counts from 1; `total` and `held_micros` are of all pages."""

    doubts: tuple[Doubt, ...]
    number: int
    pages: int
    total: int
    held_micros: int


class Unresolved:
    """What is in doubt in a guild, or with None as the guild everywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, guild_id: int | None, *, number: int = 1, size: int = PAGE_SIZE) -> DoubtPage:
        """A page of them; a `number` past the end gives the last page. Raises StorageUnavailable."""
        totals = await doubts.totals(self._database, guild_id)
        pages = max(1, -(-totals.count // size))
        number = min(max(1, number), pages)
        found = await doubts.page(self._database, guild_id, offset=(number - 1) * size, size=size)
        return DoubtPage(
            doubts=tuple(
                Doubt(job=job, since=job.changed_at, written_off_at=job.changed_at + DOUBT_LASTS) for job in found
            ),
            number=number,
            pages=pages,
            total=totals.count,
            held_micros=totals.held_micros,
        )


class ResolvedOutside:
    """Follows what `python bot.py resolve` does to the database of the running bot: cards and metrics go along."""

    def __init__(self, *, database: Database, runner: Runner, observer: Observer, clock: Clock) -> None:
        self._database = database
        self._runner = runner
        self._observer = observer
        self._clock = clock

    async def run(self) -> None:
        """Look every few seconds, until cancelled. What was resolved while the bot was down is up to recovery."""
        seen: int | None = None
        while True:
            try:
                seen = await doubts.latest_change(self._database) if seen is None else await self._follow(seen)
            except StorageUnavailable as error:
                log.debug("could not look for what was resolved outside: %s", error)  # others say so loudly enough
            await self._clock.sleep(_LOOK_SECONDS)

    async def _follow(self, seen: int) -> int:
        for resolution in await doubts.resolved_at_command_line(self._database, after=seen):
            seen = resolution.seq
            log.info("resolved outside: %s", resolution.status, extra={"job_id": resolution.job_id})
            self._observer.transition(JobStatus.IN_DOUBT, resolution.status)
            if resolution.settled_micros:
                self._observer.settled(resolution.settled_micros)
            self._runner.wake(resolution.job_id, at_once=True)
        return seen

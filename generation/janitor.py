"""Housekeeping from time to time: dead tokens, texts past their retention, pictures nobody fetched, old drafts."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from clock import Clock
from errors import StorageUnavailable
from generation.drafts import Drafts
from generation.spool import Spool
from storage import history, jobs
from storage.database import Database

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 3600.0
# Discord's interaction tokens live 15 minutes; a minute more, so that none is dropped in use.
_TOKEN_LIFE: Final = timedelta(minutes=16)
# Dropping forgotten words from the search index rewrites it, so that is not done at every sweep.
_PURGE_EVERY: Final = timedelta(days=1)
# Between two steps of that, others' writes go first.
_PURGE_PAUSE_SECONDS: Final = 0.05


class Janitor:
    """Sweeps once when it starts and every hour after that."""

    def __init__(self, *, database: Database, spool: Spool, drafts: Drafts, clock: Clock, retention: timedelta) -> None:
        self._database = database
        self._spool = spool
        self._drafts = drafts
        self._clock = clock
        self._retention = retention
        self._purged_at: datetime | None = None

    async def run(self) -> None:
        """Sweep for ever; a sweep that the disk refuses is tried again at the next hour."""
        while True:
            try:
                await self.sweep()
            except (StorageUnavailable, OSError) as error:
                log.error("housekeeping has to wait: %s", error)
            await self._clock.sleep(_EVERY_SECONDS)

    async def sweep(self) -> None:
        """Do all of it once. Raises StorageUnavailable or OSError."""
        now = self._clock.now()
        await self._database.write(lambda connection: jobs.forget_tokens(connection, before=now - _TOKEN_LIFE))
        forgotten = await self._database.write(
            lambda connection: jobs.forget_texts(connection, before=now - self._retention)
        )
        active = frozenset(job.job_id for job in await jobs.unfinished(self._database))
        removed = await asyncio.to_thread(self._spool.sweep, now=now, active=active)
        drafts = await self._drafts.sweep()
        if forgotten or removed or drafts:
            log.info(
                "forgot the texts of %d jobs, removed the pictures of %d, and %d drafts", forgotten, removed, drafts
            )
        if self._purged_at is None or now - self._purged_at >= _PURGE_EVERY:
            await self._purge()
            self._purged_at = now

    async def _purge(self) -> None:
        """Rewrite the search index without the words that were forgotten, in steps that hold nobody up."""
        more = await self._database.write(lambda connection: history.purge_texts(connection, first=True))
        while more:
            await self._clock.sleep(_PURGE_PAUSE_SECONDS)
            more = await self._database.write(lambda connection: history.purge_texts(connection, first=False))

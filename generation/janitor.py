"""Housekeeping from time to time: dead tokens, texts past their retention, pictures nobody fetched."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from clock import Clock
from errors import StorageUnavailable
from generation.spool import Spool
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 3600.0
# Discord's interaction tokens live 15 minutes; a minute more, so that none is dropped in use.
_TOKEN_LIFE: Final = timedelta(minutes=16)


class Janitor:
    """Sweeps once when it starts and every hour after that."""

    def __init__(self, *, database: Database, spool: Spool, clock: Clock, retention: timedelta) -> None:
        self._database = database
        self._spool = spool
        self._clock = clock
        self._retention = retention

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
        if forgotten or removed:
            log.info("forgot the texts of %d jobs, removed the pictures of %d", forgotten, removed)

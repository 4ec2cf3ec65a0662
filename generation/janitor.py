"""Housekeeping from time to time: dead tokens, texts past their retention, pictures nobody fetched, old drafts, and the
oldest lines of the log."""

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from clock import Clock
from errors import StorageUnavailable
from generation.drafts import Drafts
from generation.privacy import Privacy
from generation.set_aside import SetAside
from generation.spool import Spool
from storage import audit_chain, erasure, history, jobs, strikes, suspensions, withdrawals
from storage.audit import kept_head
from storage.database import Database

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 3600.0
# Discord's interaction tokens live 15 minutes; a minute more, so that none is dropped in use.
_TOKEN_LIFE: Final = timedelta(minutes=16)
# Dropping forgotten words from the search index rewrites it, so that is not done at every sweep.
_PURGE_EVERY: Final = timedelta(days=1)
# Between two steps of that, or of cutting the log, others' writes go first.
_STEP_PAUSE_SECONDS: Final = 0.05
# How long it can be looked up who did what: money is argued about within a financial year, and what a member did
# longer ago should count for nothing.
LOG_KEPT: Final = timedelta(days=365)


class Janitor:
    """Sweeps once when it starts and every hour after that."""

    def __init__(
        self,
        *,
        database: Database,
        spool: Spool,
        set_aside: SetAside,
        drafts: Drafts,
        privacy: Privacy,
        clock: Clock,
        retention: timedelta,
    ) -> None:
        self._database = database
        self._spool = spool
        self._set_aside = set_aside
        self._drafts = drafts
        self._privacy = privacy
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
        await self._database.write(lambda connection: strikes.forget_prompts(connection, before=now - self._retention))
        await self._database.write(lambda connection: suspensions.forget_over(connection, now=now))
        active = frozenset(job.job_id for job in await jobs.unfinished(self._database))
        active |= await withdrawals.hidden(self._database)
        removed = await asyncio.to_thread(self._spool.sweep, now=now, active=active)
        removed += await self._sweep_set_aside()
        drafts = await self._drafts.sweep()
        if forgotten or removed or drafts:
            log.info(
                "forgot the texts of %d jobs, removed the pictures of %d, and %d drafts", forgotten, removed, drafts
            )
        if self._purged_at is None or now - self._purged_at >= _PURGE_EVERY:
            await self._database.write(
                lambda connection: erasure.forget_old_words(connection, before=now - self._retention)
            )
            await self._privacy.go_on()
            await self._purge()
            await self._cut_log()
            self._purged_at = now

    async def _sweep_set_aside(self) -> int:
        """Let go of pictures that nobody has to decide about any more, where the process that should have did not."""
        kept = await asyncio.to_thread(self._set_aside.kept)
        keep = await withdrawals.kept_back(self._database, kept)
        return await asyncio.to_thread(self._set_aside.sweep, keep=keep, jobs=kept)

    async def _purge(self) -> None:
        """Rewrite the search index without the words that were forgotten, in steps that hold nobody up."""
        more = await self._database.write(lambda connection: history.purge_texts(connection, first=True))
        while more:
            await self._clock.sleep(_STEP_PAUSE_SECONDS)
            more = await self._database.write(lambda connection: history.purge_texts(connection, first=False))

    async def _cut_log(self) -> None:
        """Take the oldest lines out of the log of who did what, in steps, and log its head, to be kept elsewhere."""
        lines, more = 0, True
        while more:
            now = self._clock.now()
            done = await self._database.write(partial(audit_chain.cut, before=now - LOG_KEPT, at=now))
            lines, more = lines + done.lines, done.more
            if done.flaw is not None:
                log.error(
                    "the log was tampered with at line %d (%s): it is not cut there", done.flaw.seq, done.flaw.problem
                )
            if more:
                await self._clock.sleep(_STEP_PAUSE_SECONDS)
        log.info(
            "the log of who did what: %d lines were cut, its head is %s", lines, await self._database.write(kept_head)
        )

"""The whole bot at a glance, for its operator."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from clock import Clock
from generation import periods
from generation.books import Audit, Books
from generation.circuit import Circuit
from generation.pauses import EVERYWHERE, Pauses
from generation.queue import FairQueue
from generation.runner import Runner
from limits import Caps, HoldingCap, LimitKind, LimitName, holding
from models import JobStatus
from storage import aside, audit, doubts, guilds, jobs, overview
from storage import limits as stored_limits
from storage.audit import Line
from storage.database import Database
from storage.doubts import Doubts
from storage.overview import Spend, SpendNow

__all__ = ["Audit", "Budget", "Line", "Overview", "ProviderState", "Spend", "Status"]

GUILDS_SHOWN: Final = 10
_CHANGES_SHOWN: Final = 3
_OWN_BUDGET: Final = f"limit.{LimitKind.OPERATOR}."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """Since when the provider has refused the account (None: it does not), and when it may be tried again."""

    refuses_since: datetime | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The operator's own budget: what this day and month have spent and hold, the cap, and when it renews.

    `changes` are the latest of the cap, the newest first.
    """

    spend: SpendNow
    cap: HoldingCap
    default_micros: int
    changes: tuple[Line, ...]
    renews_at: datetime

    @property
    def left_micros(self) -> int:
        month = self.spend.month
        return max(0, self.cap.value - month.spent_micros - month.held_micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything there is to know at one moment; `audit` is the latest, None before the first has ended."""

    at: datetime
    started_at: datetime
    jobs: Mapping[JobStatus, int]
    waiting: int
    in_flight: int
    provider: ProviderState
    budget: Budget
    doubts: Doubts
    paused: Line | None
    paused_guilds: int
    database_bytes: int
    audit: Audit | None


class Overview:
    """Reads what the operator asks about. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(
        self,
        *,
        database: Database,
        runner: Runner,
        queue: FairQueue,
        circuit: Circuit,
        books: Books,
        pauses: Pauses,
        clock: Clock,
        caps: Caps,
    ) -> None:
        self._database = database
        self._runner = runner
        self._queue = queue
        self._circuit = circuit
        self._books = books
        self._pauses = pauses
        self._clock = clock
        self._caps = caps
        self._started_at = clock.now()

    async def status(self) -> Status:
        """How the whole bot is."""
        budget = await self.budget()
        path = await aside.path_of(self._database)
        paused = await guilds.paused(self._database)
        return Status(
            at=self._clock.now(),
            started_at=self._started_at,
            jobs=await jobs.count_by_status(self._database),
            waiting=len(self._queue),
            in_flight=self._runner.in_flight,
            provider=self._provider(),
            budget=budget,
            doubts=await doubts.totals(self._database, None),
            paused=await self._pauses.current(EVERYWHERE),
            paused_guilds=len(paused - {EVERYWHERE}),
            database_bytes=await asyncio.to_thread(overview.size_bytes, path),
            audit=self._books.latest,
        )

    async def audit(self) -> Audit:
        """Audit the books now, and say what that found."""
        return await self._books.audit()

    async def budget(self) -> Budget:
        """The operator's own budget. It renews in UTC, like its account."""
        now = self._clock.now()
        month = periods.month_of(now, UTC)
        reading = partial(
            overview.read_spend,
            day_begins=now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            month=month.key,
            guilds=GUILDS_SHOWN,
        )
        limits = await stored_limits.of_guild(self._database, EVERYWHERE)
        return Budget(
            spend=await aside.read(self._database, reading),
            cap=holding(self._caps, limits, user_id=0)[LimitName.GLOBAL_MONTHLY_MICROS],
            default_micros=self._caps.global_monthly_micros,
            changes=tuple(await audit.latest(self._database, EVERYWHERE, limit=_CHANGES_SHOWN, what=_OWN_BUDGET)),
            renews_at=month.renews_at,
        )

    def _provider(self) -> ProviderState:
        wait = self._circuit.wait_seconds()
        return ProviderState(
            refuses_since=self._circuit.open_since,
            next_try_at=self._clock.now() + timedelta(seconds=wait) if wait > 0 else None,
        )

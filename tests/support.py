"""What tests of every package need: a clock they own, and waiting on a condition with a bound."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from storage.database import Database
from tests.builders import NOW

OpenDatabase = Callable[[Path], Awaitable[Database]]

# Far above what any wait needs on a busy machine: reaching it means that the condition never comes true.
PATIENCE_SECONDS: Final = 10.0


class FakeClock:
    """A clock that stands still until the test moves it.

    `sleep` waits until `advance` has moved the time past its end. With `runs_ahead` each sleep moves the time
    itself and returns at once, for tests that want waits to cost nothing and need no order between sleepers.
    """

    def __init__(self, start: datetime = NOW, *, runs_ahead: bool = False) -> None:
        self.runs_ahead = runs_ahead
        self._now = start
        self._monotonic = 1000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if self.runs_ahead:
            self.advance(max(0.0, seconds))
        if self.runs_ahead or seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many tasks are in `sleep`."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Move the time and wake whoever's sleep ends by then, the earliest first."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


async def wait_until(condition: Callable[[], bool], *, what: str = "the condition") -> None:
    """Return once the condition holds; fail the test where it does not in good time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {PATIENCE_SECONDS:g} s")
        await asyncio.sleep(0.002)

"""The machine's own time, many times as fast: for whole runs with real sockets, in which waits are waited out."""

import asyncio
import time
from datetime import datetime, timedelta

from tests.builders import NOW


class QuickClock:
    """`clock.Clock`: one real second is `rate` of its own."""

    def __init__(self, *, rate: float = 50.0, start: datetime = NOW) -> None:
        self._rate = rate
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._rate

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._rate)

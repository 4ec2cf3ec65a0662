"""Now and sleep: the one source of time, so that a test can own it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the bot asks of time."""

    def now(self) -> datetime:
        """The wall clock as an aware UTC time: for what is stored and shown."""

    def monotonic(self) -> float:
        """Seconds that never run backwards: for intervals inside one process."""

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds; zero or less only yields to other tasks."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, as the database keeps times."""
    return round(moment.timestamp() * 1000)


def from_ms(value: int) -> datetime:
    """The aware UTC time of a stored count of milliseconds."""
    return datetime.fromtimestamp(value / 1000, UTC)

"""Time as one heap of events: it stands still while anything is left to do, and then jumps to what comes next.

It belongs to the world and goes on when a process dies: what was sent arrives all the same.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from clock import Clock

# Where every world's seconds begin: not at 0, which code could take for "never".
BEGINNING: Final = 1000.0


class Event:
    """Something that happens at a moment, unless it is called off before."""

    __slots__ = ("_args", "_callback", "called_off")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._callback = callback
        self._args = args
        self.called_off = False

    def call_off(self) -> None:
        """Let it not happen."""
        self.called_off = True

    def happen(self) -> None:
        self._callback(*self._args)


class Timeline:
    """Every event to come, of all processes and of the world outside them."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()

    def at(self, when: float, callback: Callable[..., object], *args: Any) -> Event:
        """Have `callback` called at `when`; of several at the same moment, in the order of these calls."""
        event = Event(callback, args)
        heapq.heappush(self._events, (when, next(self._order), event))
        return event

    def after(self, seconds: float, callback: Callable[..., object], *args: Any) -> Event:
        """The same, in so many seconds."""
        return self.at(self.now + seconds, callback, *args)

    def next_at(self) -> float | None:
        """When the next event happens, or None where nothing ever will."""
        while self._events and self._events[0][2].called_off:
            heapq.heappop(self._events)
        return self._events[0][0] if self._events else None

    def go_on(self) -> bool:
        """Move the time to the next event and have it happen; False where there is none."""
        if self.next_at() is None:
            return False
        when, _, event = heapq.heappop(self._events)
        self.now = max(self.now, when)
        event.happen()
        return True


class WorldClock(Clock):
    """`clock.Clock` on a timeline. `step` is how far the wall clock was set since the beginning, in seconds."""

    def __init__(self, timeline: Timeline, start: datetime) -> None:
        self._timeline = timeline
        self._start = start
        self.step = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._timeline.now - BEGINNING + self.step)

    def monotonic(self) -> float:
        return self._timeline.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

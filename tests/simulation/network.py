"""The way between a process and somebody outside: what is sent may be lost, late, or done and nobody hears of it.

All dice of a call are thrown when it is made, so that how it ends draws nothing.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from errors import EaselError
from tests.simulation.timeline import Event, Timeline

T = TypeVar("T")

_QUICK_SECONDS: Final = (0.004, 0.25)


class Gone(Exception):
    """The other side has no such thing (any more)."""


class Lost(Exception):
    """The caller has given up: nobody answered in time. What was asked for may have happened, or may yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """How one call goes: seconds to the other side and back (None: never), and when the caller gives up."""

    there: float | None
    back: float | None
    patience: float
    recalled: bool
    """Whether a request not yet there is taken back where its caller is cancelled."""
    dies: bool
    """Whether a request not yet there is lost with its process."""


class Line:
    """Calls from any process to one side. `process_died` says what becomes of those under way."""

    def __init__(self, timeline: Timeline, dice: random.Random) -> None:
        self._timeline = timeline
        self._dice = dice
        self._under_way: dict[Event, bool] = {}

    def trip(self, *, patience: float, slow: float = 0.0, lost: float = 0.0, late: float = 0.0, linger: float) -> Trip:
        """Throw the dice for a call; a late one arrives up to `linger` seconds after it was given up."""
        dice = self._dice
        there = dice.uniform(*_QUICK_SECONDS)
        back: float | None = dice.uniform(*_QUICK_SECONDS)
        if dice.random() < slow:
            there = dice.uniform(0.1, 0.9 * patience)
        fate = dice.random()
        arrives: float | None = there
        if fate < lost / 2:
            arrives = None
        elif fate < lost:
            back = None
        elif fate < lost + late:
            arrives, back = patience + dice.uniform(0.05, linger), None
        return Trip(
            there=arrives,
            back=back,
            patience=patience if dice.random() < 0.5 else dice.uniform(there, patience),
            recalled=dice.random() < 0.5,
            dies=dice.random() < 0.2,
        )

    async def call(self, trip: Trip, serve: Callable[[], T]) -> T:
        """What `serve` returns or raises on the other side. Raises Lost where no answer comes."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            self._under_way.pop(request, None)
            try:
                value = serve()
            except (EaselError, Gone) as error:  # the other side's refusal, carried back
                tell, said = answer.set_exception, error
            else:
                tell, said = answer.set_result, value  # type: ignore[assignment]  # of one kind each
            if trip.back is not None:
                self._timeline.after(trip.back, _unless_done, answer, tell, said)

        request = Event(arrive, ())
        if trip.there is not None:
            request = self._timeline.after(trip.there, arrive)
            self._under_way[request] = trip.dies
        self._timeline.after(trip.patience, _unless_done, answer, answer.set_exception, Lost("no answer"))
        try:
            return await answer
        except asyncio.CancelledError:
            if trip.recalled:
                self._under_way.pop(request, None)
                request.call_off()
            raise

    def process_died(self) -> None:
        """What the dead process had sent arrives all the same, unless it had not left the machine."""
        for request, dies in self._under_way.items():
            if dies:
                request.call_off()
        self._under_way.clear()


def _unless_done(answer: asyncio.Future[T], tell: Callable[..., None], said: object) -> None:
    if not answer.done():
        tell(said)

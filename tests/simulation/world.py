"""One world from its seed: the bot between a provider, Discord and people, through crashes to every job's end."""

import atexit
import logging
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from limits import Caps
from moderation import Review
from storage.guilds import change_settings
from tests.simulation.channel import Channel
from tests.simulation.disk import Disk, copy_database, make_database, open_quickly
from tests.simulation.ends import check_ends
from tests.simulation.facts import ENDS, Terms
from tests.simulation.members import ADMIN, GUILDS, Town
from tests.simulation.network import Line
from tests.simulation.process import Process, Surroundings
from tests.simulation.provider import Provider
from tests.simulation.timeline import Timeline, WorldClock
from tests.simulation.trace import Trace
from tests.simulation.watch import Violation, Watch
from tests.simulation.weather import Weather

# Where there is a disk in memory, nothing waits for a real one.
_MEMORY: Final = Path("/dev/shm")
IN_MEMORY: Final = str(_MEMORY) if _MEMORY.is_dir() else None

PRICE_MICROS: Final = 3
# Days and months end here at different moments, and one in the middle of everything.
_STARTS: Final = (
    datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    datetime(2026, 11, 30, 23, 57, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 55, tzinfo=UTC),
    datetime(2026, 12, 1, 4, 56, tzinfo=UTC),
    datetime(2026, 3, 8, 6, 57, tzinfo=UTC),
)
# Most pictures go up at once, or nothing else would ever be delivered.
_REVIEWS: Final = (Review.NEVER, Review.NEVER, Review.ALWAYS)
_ZONES: Final = ("UTC", "UTC", "America/New_York", "Asia/Tokyo")
# Far more than the longest of many thousand worlds takes: a world that is not over by then never ends.
STEPS_MAX: Final = 400_000
# The longest that a job may have to wait for is three days in review.
QUIET_SECONDS_MAX: Final = 4 * 86_400.0
_DAY: Final = 86_400.0
NO_CHANGES: Final[Mapping[str, float]] = MappingProxyType({})
# By then whatever was on its way has arrived, and whatever must be repeated has been.
_SETTLING_SECONDS: Final = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a world went: the violation that ended it, or None; what came up in it; and its trace."""

    seed: int
    violation: Violation | None
    steps: int
    seen: Counter[str]
    trace: Trace


def simulate(seed: int, *, template: Path | None = None, weather: Mapping[str, float] = NO_CHANGES) -> Result:
    """Live one world to its end, or to the first violation.

    `template` is the database to begin with, `weather` what is not left to chance of the faults.
    """
    with tempfile.TemporaryDirectory(dir=IN_MEMORY, prefix="easel-world-") as name:
        world = World(seed, Path(name), template or released_database(), weather)
        with world.listening():
            try:
                world.live()
            except Violation as violation:
                world.watch.violation = world.watch.violation or violation
            finally:
                world.close()
    return Result(
        seed=seed,
        violation=world.watch.violation,
        steps=world.steps,
        seen=world.watch.seen,
        trace=world.trace,
    )


@cache
def released_database() -> Path:
    """An empty database of this release, made once in a process."""
    folder = Path(tempfile.mkdtemp(dir=IN_MEMORY, prefix="easel-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "easel.db"
    make_database(path)
    return path


class World:
    """Everything there is, made from one seed."""

    def __init__(self, seed: int, folder: Path, template: Path, weather: Mapping[str, float]) -> None:
        self.dice = dice = random.Random(seed)
        self.timeline = timeline = Timeline()
        self.clock = WorldClock(timeline, dice.choice(_STARTS))
        self.trace = trace = Trace(lambda: timeline.now)
        self.steps = 0
        self.process: Process | None = None
        self._weather = replace(Weather.draw(dice), **weather)
        self._path = folder / "easel.db"
        self._folder = folder
        copy_database(template, self._path)
        terms = self._draw_terms()
        self._set_guilds(terms)
        self.provider = Provider(timeline, dice, trace, taken=self._submission_taken)
        self.watch = Watch(terms, self.provider, timeline, trace)
        self.watch.open(self._path)
        self.channel = Channel(trace, self.watch)
        self.disk = Disk(self._path, dice)
        provider_line, channel_line = Line(timeline, dice), Line(timeline, dice)
        self._lines = (provider_line, channel_line)
        self.town = Town(
            channel=self.channel,
            line=channel_line,
            provider=self.provider,
            watch=self.watch,
            clock=self.clock,
            dice=dice,
            trace=trace,
        )
        self._around = Surroundings(
            folder=folder,
            timeline=timeline,
            clock=self.clock,
            disk=self.disk,
            provider=self.provider,
            provider_line=provider_line,
            channel=self.channel,
            channel_line=channel_line,
            watch=self.watch,
            dice=dice,
            polls_per_minute=dice.choice((60, 300, 6000)),
            deadline=timedelta(seconds=dice.choice((60, 120, 300))),
        )
        self._dies_at: int | None = None
        self._set_weather(self._weather)

    def live(self) -> None:
        """Busy times with everything that may happen, then quiet until every job is at its end."""
        dice, timeline = self.dice, self.timeline
        until = timeline.now + dice.uniform(60.0, 600.0)
        self.trace.note("world", f"begins: {self._weather}")
        for _ in range(dice.randint(10, 36)):
            timeline.at(dice.uniform(timeline.now, until), self._act)
        self._boot()
        self._run_until(until)
        self._quieten()
        self._run_to_the_end()
        spooled = frozenset(folder.name for folder in (self._folder / "spool").iterdir())
        check_ends(self.watch, self.provider, self.channel, spooled)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None:
            self.process.cut()
        self.disk.close()
        self.watch.close()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what the bot logs: its own word for "this can't be" is a violation."""
        handler = _Ear(self)
        loggers = [logging.getLogger(name) for name in ("generation", "storage", "provider", "safety")]
        before = [(logger, logger.level, logger.propagate) for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.ERROR)
            logger.propagate = False
        try:
            yield
        finally:
            for logger, level, propagate in before:
                logger.removeHandler(handler)
                logger.setLevel(level)
                logger.propagate = propagate

    # Steps.

    def _step(self) -> None:
        """One callback of the process, or the next event of the world. Raises Violation."""
        self.steps += 1
        if self.steps > STEPS_MAX or self.timeline.now > self.watch.quiet_at + QUIET_SECONDS_MAX:
            self.watch.fail("end", f"it never ends: {[job['status'] for job in self.watch.jobs()]}")
        process = self.process
        if process is not None and process.loop.has_work:
            process.loop.step()
            self._look_at(process)
            if self._dies_at is not None and self.steps >= self._dies_at:
                self._crash()
        elif not self.timeline.go_on():
            self.watch.fail("end", "nothing will ever happen again")
        if self.watch.violation is not None:
            raise self.watch.violation

    def _look_at(self, process: Process) -> None:
        if process.loop.complaints:
            self.watch.fail("unforeseen", process.loop.complaints[0])

    def _run_until(self, moment: float) -> None:
        while self._has_work_until(moment):
            self._step()
        self.timeline.now = max(self.timeline.now, moment)

    def _has_work_until(self, moment: float) -> bool:
        if self.process is not None and self.process.loop.has_work:
            return True
        next_at = self.timeline.next_at()
        return next_at is not None and next_at <= moment

    def _run_to_the_end(self) -> None:
        """Go on until no job has anything left to do; days in doubt or in review are often passed by being off."""
        waits = self.dice.random() < 0.04
        began = self.timeline.now
        while True:
            self._step()
            if self._is_over():
                self._run_until(self.timeline.now + _SETTLING_SECONDS)
                if self._is_over():  # and was not killed meanwhile
                    return
            elif not waits and self.timeline.now - began > 2 * 3600 and self._can_be_off():
                began = self.timeline.now
                self.clock.step += _DAY + 3600.0
                self.trace.note("world", "a day passes")
                self._crash()

    def _is_over(self) -> bool:
        process = self.process
        return process is not None and not process.loop.has_work and process.idle and self._all_ended()

    def _can_be_off(self) -> bool:
        process = self.process
        if process is None or process.loop.has_work or not process.ready:
            return False
        return self._all_ended(or_waiting=True)

    def _all_ended(self, *, or_waiting: bool = False) -> bool:
        extra = {"in_doubt", "in_review"} if or_waiting else set()
        return all(job["status"] in ENDS | extra for job in self.watch.jobs())

    # Lives.

    def _boot(self) -> None:
        self.trace.note("world", "the bot starts")
        self.process = Process(self._around, ended=self._ended, died=self._died_in_batch)

    def _died_in_batch(self) -> None:
        self.watch.seen["crash in a batch"] += 1
        self._crash()

    def _crash(self) -> None:
        self.watch.seen["crash"] += 1
        self.trace.note("world", "the bot is killed")
        self._over()

    def _ended(self) -> None:
        self.watch.seen["stop"] += 1
        self.trace.note("world", "the bot has stopped")
        self.timeline.after(0.0, self._over)

    def _over(self) -> None:
        """The process is gone, however; another is started after a while, perhaps under another wall clock."""
        if self.process is None:  # killed in the very moment in which it stopped
            return
        self._dies_at = None
        self.process.cut()
        self.process = None
        self.disk.process_died()
        for line in self._lines:
            line.process_died()
        self.watch.process_died()
        if self._busy and self.dice.random() < 0.15:
            self.clock.step += self.dice.choice((-120.0, -5.0, 90.0, 1800.0))
            self.watch.seen["clock set"] += 1
            self.trace.note("world", f"the clock was set: {self.clock.step:+} s")
        self.timeline.after(self.dice.choice((0.3, 0.3, 0.3, 2.0, 20.0, 300.0)), self._boot)

    # Chance.

    def _submission_taken(self) -> None:
        """The most delicate moment of all."""
        if self._busy and self.dice.random() < self._weather.deadly:
            if self.dice.random() < 0.5:
                self._dies_at = self.steps + self.dice.randint(1, 200)
            else:  # by when the card is being told of it
                self.timeline.after(self.dice.uniform(0.1, 1.5), self._die_soon)

    def _die_soon(self) -> None:
        self._dies_at = self.steps

    def _act(self) -> None:
        process = self.process
        if process is None or not process.ready:
            return
        self.watch.followed(process.runner.waiting + process.runner.at_work)
        chance = self.dice.random()
        if chance < 0.08:
            self._dies_at = self.steps + self.dice.randint(1, 400)
        elif chance < 0.12:
            process.writer.deadly_statement = self.dice.randint(1, 40)
        elif chance < 0.15:
            process.begin(process.stop(), name="stop")
        else:
            self.town.act(process)

    def _set_weather(self, weather: Weather) -> None:
        for place in (self.provider, self.channel, self.disk, self.town):
            place.weather = weather

    def _quieten(self) -> None:
        """All faults end, and what was forbidden is allowed again."""
        self.trace.note("world", "quiet from now on")
        self._busy = False
        self.watch.quiet_at = self.timeline.now
        self._set_weather(self._weather.calm())
        self.provider.refusing = None
        self.timeline.after(1.0, self._resume_all)
        for _ in range(self.dice.randint(0, 8)):  # moderators get to some of what waits for them
            self.timeline.after(self.dice.uniform(1.0, 3600.0), self._review)

    def _review(self) -> None:
        if self.process is not None and self.process.ready:
            self.town.review(self.process)

    def _resume_all(self) -> None:
        if self.process is None or not self.process.ready:
            self.timeline.after(1.0, self._resume_all)
            return
        for guild_id in (0, *GUILDS):
            self.town.resume(self.process, guild_id)

    _busy = True

    def _draw_terms(self) -> Terms:
        images = self.dice.choice((4, 8, 16))
        return Terms(
            price_micros=PRICE_MICROS,
            caps=Caps(
                user_daily_images=images,
                user_monthly_micros=images * PRICE_MICROS * 2 + 1,
                guild_daily_micros=images * PRICE_MICROS * 2 + 1,
                guild_monthly_micros=images * PRICE_MICROS * 3,
                global_monthly_micros=images * PRICE_MICROS * 5,
            ),
            active_jobs=self.dice.choice((1, 2, 4)),
            max_in_flight=self.dice.choice((1, 2, 4)),
            zones={guild_id: self.dice.choice(_ZONES) for guild_id in GUILDS},
        )

    def _set_guilds(self, terms: Terms) -> None:
        connection = open_quickly(self._path)
        for guild_id, zone in terms.zones.items():
            change_settings(
                connection,
                guild_id,
                by_id=ADMIN,
                at=self.clock.now(),
                time_zone=zone,
                review=self.dice.choice(_REVIEWS),
                review_hours=self.dice.choice((1, 24, 72)),
            )
        connection.close()


class _Ear(logging.Handler):
    """Hears of what the bot itself did not foresee."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if "unforeseen" in said and self._world.watch.violation is None:
            error = record.exc_info[1] if record.exc_info else None
            self._world.watch.violation = Violation("unforeseen", f"{said}: {error!r}")

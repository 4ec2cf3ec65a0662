"""The runner: brings every unfinished job to its next step when that is due, with few workers and one heap.

A job costs one heap entry while it waits, however long. Polls are paced over all jobs, submissions wait for
their fair turn and a free place at the provider, and a job is never in two workers' hands at once.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from clock import Clock
from errors import JobNotFound, StorageUnavailable
from generation.circuit import Circuit
from generation.pipeline import Pipeline
from generation.polling import PollPace
from generation.queue import FairQueue
from generation.steps import AwaitTurn, Done, Later, Step
from generation.timing import seconds_of_patience
from models import Job, JobStatus
from storage import guilds, jobs
from storage.database import Database

log = logging.getLogger(__name__)

# Steps wait for the network; more workers than connections would only queue inside the client.
_WORKERS: Final = 24
# Pictures go through hands of their own: a Discord that hangs holds these up, and not the polls.
_PICTURE_WORKERS: Final = 16
# A database that could not be used is asked again soon; a step that failed unforeseen is not hammered.
_STORAGE_PAUSE_SECONDS: Final = 2.0
_UNFORESEEN_PAUSE_SECONDS: Final = 30.0
_AT_THE_PROVIDER: Final = frozenset({JobStatus.SUBMITTING, JobStatus.SUBMITTED})
_WITH_PICTURES: Final = frozenset({JobStatus.GENERATED, JobStatus.IN_REVIEW, JobStatus.DELIVERED})
# Statuses in which a job that the provider knows is looked at by asking it.
_POLLED: Final = _AT_THE_PROVIDER | {JobStatus.GENERATED, JobStatus.IN_DOUBT}


@dataclass(frozen=True, slots=True)
class _Due:
    """What a job is due for: `polls` needs a slot, `booked` has one, `turn` joins the fair queue."""

    sequence: int
    polls: bool = False
    booked: bool = False
    turn: AwaitTurn | None = None


class Runner:
    """Owns the workers. `failed` is done as soon as a part of the runner has died, which must end the bot."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        database: Database,
        queue: FairQueue,
        circuit: Circuit,
        pace: PollPace,
        clock: Clock,
        max_in_flight: int,
    ) -> None:
        self._pipeline = pipeline
        self._database = database
        self._queue = queue
        self._circuit = circuit
        self._pace = pace
        self._clock = clock
        self._max_in_flight = max_in_flight
        self._heap: list[tuple[float, int, str]] = []
        self._due: dict[str, _Due] = {}
        self._sequence = 0
        self._busy: dict[str, bool] = {}
        # Busy jobs that are to be looked at again at once, whatever their step leaves them due for.
        self._urgent: set[str] = set()
        self._in_flight: set[str] = set()
        self._with_pictures: set[str] = set()
        self._ready: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self._ready_with_pictures: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # Jobs on their way to the provider, with their guilds.
        self._with_turn: dict[str, int] = {}
        self._turn_over = asyncio.Event()
        self._stopping = False
        self._storage_failing = False
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        """Whether every part of the runner works."""
        return bool(self._tasks) and not self._stopping and not any(task.done() for task in self._tasks)

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def in_flight(self) -> int:
        """Jobs that the provider has, or is just being given."""
        return len(self._in_flight)

    @property
    def waiting(self) -> int:
        """Jobs whose next step is not due yet."""
        return len(self._due)

    @property
    def at_work(self) -> int:
        """Jobs whose step is being done, or waits for a worker."""
        return len(self._busy)

    async def start(self) -> None:
        """Take up every unfinished job, then start the workers. Raises StorageUnavailable."""
        for guild_id in await guilds.paused(self._database):
            self._queue.hold(guild_id)
        unfinished = await jobs.unfinished(self._database)
        self._pipeline.take_over(job.job_id for job in unfinished)
        for job in unfinished:
            self.watch(job, after_seconds=self._pace.after_restart(job.job_id) if _is_polled(job) else 0.0)
        if unfinished:
            log.info("recovering %d unfinished jobs", len(unfinished))
        self._start("runner schedule", self._schedule)
        for number in range(_WORKERS):
            self._start(f"runner worker {number}", lambda: self._work(self._ready))
        for number in range(_PICTURE_WORKERS):
            self._start(f"runner picture worker {number}", lambda: self._work(self._ready_with_pictures))

    def watch(self, job: Job, *, after_seconds: float = 0.0) -> None:
        """Take up a job in whatever status it is, and look at it after so many seconds unless it is woken."""
        if job.status in _AT_THE_PROVIDER:
            self._in_flight.add(job.job_id)
        if job.status in _WITH_PICTURES:
            self._with_pictures.add(job.job_id)
        if job.status is JobStatus.QUEUED and job.message_id is None:
            # Its card is on its way: it can't be taken yet, but whoever comes after it is behind it.
            self._queue.put(job.job_id, guild_id=job.origin.guild_id, user_id=job.origin.user_id, arriving=True)
        self._put(job.job_id, after_seconds, polls=_is_polled(job))

    def line_up(self, job: Job) -> None:
        """A queued job has its card: let it wait for its turn. A step would say the same, at the price of a look."""
        if job.job_id in self._busy:
            self._busy[job.job_id] = True
            return
        self._queue.put(job.job_id, guild_id=job.origin.guild_id, user_id=job.origin.user_id)
        self._put(job.job_id, seconds_of_patience(job, self._clock.now()))

    def wake(self, job_id: str, *, at_once: bool = False) -> None:
        """Somebody else changed the job: look at it now.

        A job in line for its turn stays there, or it would be handed to two workers; and nothing that is done to
        a job at the provider is a reason to poll it sooner, unless it is over: `at_once`.
        """
        due = self._due.get(job_id)
        if job_id in self._busy:
            self._busy[job_id] = True
            if at_once:
                self._urgent.add(job_id)
        elif at_once or (job_id not in self._queue and not (due is not None and due.polls)):
            self._put(job_id, 0.0)

    def take_up(self, job: Job) -> None:
        """A job at its end has something else to show by now: see to it at once."""
        if job.status in _WITH_PICTURES:
            self._with_pictures.add(job.job_id)
        self.wake(job.job_id, at_once=True)

    async def hold(self, guild_id: int) -> None:
        """Submit nothing of this guild any more, or with EVERYWHERE nothing at all, until `let_go`.

        Jobs keep their places in line. Returns once those are through that were on their way to the provider.
        """
        self._queue.hold(guild_id)
        # Only those: after a `let_go` in the meantime there may always be others.
        under_way = {job_id for job_id, guild in self._with_turn.items() if guild_id in {guilds.EVERYWHERE, guild}}
        while not under_way.isdisjoint(self._with_turn):
            self._turn_over.clear()
            await self._turn_over.wait()

    def let_go(self, guild_id: int) -> None:
        """Submit jobs of this guild again."""
        self._queue.let_go(guild_id)
        self._changed.set()

    async def stop(self, *, within_seconds: float) -> None:
        """Start nothing new, let steps under way finish for so long, then cut them: recovery goes on from there."""
        self._stopping = True
        self._changed.set()
        deadline = self._clock.monotonic() + within_seconds
        while self._busy and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.02)
        if self._busy:
            log.warning("%d steps were cut short by the stop", len(self._busy))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Nothing is on its way any more: whoever waits for that in `hold` must not wait for ever.
        self._with_turn.clear()
        self._turn_over.set()

    def _start(self, name: str, body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.create_task(body(), name=name)
        task.add_done_callback(self._part_ended)
        self._tasks.append(task)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        if self._stopping or task.cancelled() or self.failed.done():
            return
        self.failed.set_exception(task.exception() or RuntimeError(f"{task.get_name()} ended by itself"))

    def _put(
        self, job_id: str, seconds: float, *, polls: bool = False, booked: bool = False, turn: AwaitTurn | None = None
    ) -> None:
        """Make `job_id` due in so many seconds, in place of whatever it was due for before."""
        self._sequence += 1
        self._due[job_id] = _Due(self._sequence, polls, booked, turn)
        heapq.heappush(self._heap, (self._clock.monotonic() + seconds, self._sequence, job_id))
        self._changed.set()

    async def _schedule(self) -> None:
        """Hand out what is due, grant turns, and sleep until the next of either."""
        while True:
            self._changed.clear()
            if not self._stopping:
                self._hand_out_due()
                self._grant_turns()
            await self._sleep_until_next()

    def _hand_out_due(self) -> None:
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, sequence, job_id = heapq.heappop(self._heap)
            if not self._is_due(sequence, job_id):
                continue
            due = self._due.pop(job_id)
            if due.turn is not None:
                self._queue.put(job_id, guild_id=due.turn.guild_id, user_id=due.turn.user_id, first=due.turn.first)
                self._put(job_id, due.turn.patience_seconds)
            elif due.polls and (wait := self._pace.wait_seconds(booked=due.booked)) > 0:
                self._put(job_id, wait, polls=True, booked=True)
            else:
                self._hand_over(job_id, has_turn=False)

    def _is_due(self, sequence: int, job_id: str) -> bool:
        """Whether an entry of the heap still stands: else the job was made due for something else since."""
        due = self._due.get(job_id)
        return due is not None and due.sequence == sequence

    def _grant_turns(self) -> None:
        while (
            len(self._in_flight) < self._max_in_flight
            and (guild_id := self._queue.next_guild()) is not None
            and self._circuit.claim()
        ):
            job_id = self._queue.take()
            assert job_id is not None  # it was asked for just before
            self._in_flight.add(job_id)
            self._with_turn[job_id] = guild_id
            self._hand_over(job_id, has_turn=True)

    def _hand_over(self, job_id: str, *, has_turn: bool) -> None:
        # One whose card did not come in time, or its turn within the hour; its step says whether it may wait again.
        self._queue.remove(job_id)
        self._due.pop(job_id, None)
        self._busy[job_id] = False
        ready = self._ready_with_pictures if job_id in self._with_pictures else self._ready
        ready.put_nowait((job_id, has_turn))

    async def _sleep_until_next(self) -> None:
        while self._heap and not self._is_due(*self._heap[0][1:]):
            heapq.heappop(self._heap)
        waits = [self._heap[0][0] - self._clock.monotonic()] if self._heap else []
        if len(self._in_flight) < self._max_in_flight and self._queue.next_guild() is not None:
            waits.append(self._circuit.wait_seconds())
        waiting: set[asyncio.Task[Any]] = {asyncio.create_task(self._changed.wait(), name="runner change")}
        if waits and not self._stopping:
            waiting.add(asyncio.create_task(self._clock.sleep(max(0.0, min(waits))), name="runner timer"))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _work(self, ready: asyncio.Queue[tuple[str, bool]]) -> None:
        while True:
            job_id, has_turn = await ready.get()
            if self._stopping:
                self._busy.pop(job_id, None)
                self._turn_ended(job_id)
                continue
            step = await self._advance(job_id, has_turn=has_turn)
            self._note(job_id, step)

    async def _advance(self, job_id: str, *, has_turn: bool) -> Step | float:
        """What the job's next step left to do, or in how many seconds to try it again where it failed."""
        try:
            step = await self._pipeline.advance(job_id, has_turn=has_turn)
        except JobNotFound:
            log.error("the job is not in the database any more", extra={"job_id": job_id})
            return Done(status=JobStatus.CANCELLED)
        except StorageUnavailable as error:
            if not self._storage_failing:  # said once, not for every job every two seconds
                log.error("jobs have to wait for the database: %s", error, extra={"job_id": job_id})
            self._storage_failing = True
            return _STORAGE_PAUSE_SECONDS
        except Exception:  # one job's bad luck must neither stop the others nor lose the job
            log.exception("a step failed in an unforeseen way", extra={"job_id": job_id})
            return _UNFORESEEN_PAUSE_SECONDS
        if self._storage_failing:
            self._storage_failing = False
            log.info("the database works again")
        return step

    def _turn_ended(self, job_id: str) -> None:
        if self._with_turn.pop(job_id, None) is not None:
            self._turn_over.set()

    def _note(self, job_id: str, step: Step | float) -> None:
        woken = self._busy.pop(job_id)
        self._turn_ended(job_id)
        match step:
            case Done():
                self._in_flight.discard(job_id)
                self._with_pictures.discard(job_id)
            case AwaitTurn():
                self._in_flight.discard(job_id)
                self._put(job_id, step.seconds, turn=step)
            case Later():
                if step.status not in _AT_THE_PROVIDER:
                    self._in_flight.discard(job_id)
                if step.status in _WITH_PICTURES:
                    self._with_pictures.add(job_id)
                self._put(job_id, step.seconds, polls=step.polls)
            case _:
                # What comes next may be a poll: a database that is back must not let all of them go at once.
                self._put(job_id, step, polls=job_id in self._in_flight)
        if woken:
            self.wake(job_id, at_once=job_id in self._urgent)
        self._urgent.discard(job_id)
        self._changed.set()


def _is_polled(job: Job) -> bool:
    return job.request_id is not None and job.status in _POLLED

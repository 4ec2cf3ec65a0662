"""One life of the bot: its real parts on a file that outlives it, in a loop that can end between any two steps."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from generation.attachments import AttachmentFetcher
from generation.books import Books
from generation.cards import CardKeeper
from generation.case_book import CaseBook
from generation.circuit import Circuit
from generation.filters import FilterBook
from generation.images import Judge
from generation.limit_book import LimitBook
from generation.observer import NullObserver
from generation.pauses import Pauses
from generation.pipeline import Pipeline
from generation.pipeline_parts import Parts
from generation.polling import PollPace, PollSchedule, learn_from_history
from generation.prompt_check import PromptCheck
from generation.queue import FairQueue
from generation.runner import Runner
from generation.service import GenerationService
from generation.service import Terms as ServiceTerms
from generation.set_aside import SetAside
from generation.spool import Spool
from generation.strikes import Strikes
from provider.safe_download import SafeDownloader
from storage.database import Database
from tests.generation.recording import RecordingNotices
from tests.simulation.channel import Channel, ScriptedDelivery
from tests.simulation.disk import BatchWriter, Disk, LoopReader
from tests.simulation.loop import ProcessLoop
from tests.simulation.network import Line
from tests.simulation.provider import Provider, ScriptedClient
from tests.simulation.timeline import Timeline, WorldClock
from tests.simulation.watch import Watch

# As `bot.py` lets steps end when it is told to stop.
STEPS_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What outlives a process, or is chosen for it."""

    folder: Path
    timeline: Timeline
    clock: WorldClock
    disk: Disk
    provider: Provider
    provider_line: Line
    channel: Channel
    channel_line: Line
    watch: Watch
    dice: random.Random
    polls_per_minute: int
    deadline: timedelta


class Process:
    """The bot from its start to its end, whichever way that comes. `ready` once it takes commands."""

    def __init__(self, around: Surroundings, *, ended: Callable[[], None], died: Callable[[], None]) -> None:
        self._around = around
        self._ended = ended
        self._died = died
        self._errands: set[asyncio.Task[Any]] = set()
        self.loop = ProcessLoop(around.timeline, around.disk.seconds)
        self.ready = False
        self.begin(self._start(), name="start")

    def begin(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Have something done in this process; how it ends is nobody's business but its own."""
        task = self.loop.create_task(work, name=name)
        self._errands.add(task)
        task.add_done_callback(self._errand_ended)
        return task

    def _errand_ended(self, task: asyncio.Task[Any]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.loop.complaints.append(f"{task.get_name()}: {error!r}")

    @property
    def idle(self) -> bool:
        """Whether no job has anything left to do."""
        if not self.ready:
            return False
        runner = self.runner
        return runner.waiting == runner.in_flight == runner.at_work == len(self.queue) == 0

    def cut(self) -> None:
        """The end of a process that nobody asked: nothing of it goes on."""
        self.loop.kill()

    async def stop(self) -> None:
        """The end that was asked for, in the order of `bot.py`."""
        self.ready = False
        await self.runner.stop(within_seconds=STEPS_SECONDS)
        await self.cards.close()
        self.judge.close()
        await self.database.close()
        self._ended()

    async def _start(self) -> None:
        around, clock, observer = self._around, self._around.clock, NullObserver()
        self.writer = BatchWriter(around.disk, around.dice, around.watch, self._died)
        self.database = database = Database(self.writer, LoopReader(around.disk))
        spool = Spool(around.folder / "spool")
        spool.prepare()
        provider = ScriptedClient(around.provider, around.provider_line, clock, around.dice, around.watch)
        self.delivery = delivery = ScriptedDelivery(around.channel, around.channel_line, clock, around.dice)
        schedule = PollSchedule()
        await learn_from_history(schedule, database)
        notices = RecordingNotices()
        self.circuit = circuit = Circuit(clock=clock, notices=notices)
        self.books = Books(database=database, notices=notices, clock=clock)
        self.judge = Judge(provider=provider, spool=spool, observer=observer, clock=clock)
        self.cards = CardKeeper(database=database, delivery=delivery, schedule=schedule, clock=clock)
        pace = PollPace(polls_per_minute=around.polls_per_minute, clock=clock)
        self.strikes = Strikes(
            database=database,
            observer=observer,
            clock=clock,
            wake=lambda job_id: self.runner.wake(job_id, at_once=True),
            told=lambda: None,
        )
        pipeline = Pipeline(
            Parts(
                database=database,
                provider=provider,
                delivery=delivery,
                cards=self.cards,
                judge=self.judge,
                spool=spool,
                strikes=self.strikes,
                set_aside=SetAside(
                    around.folder / "set_aside",
                    database=database,
                    delivery=delivery,
                    fetcher=AttachmentFetcher(SafeDownloader(())),
                    spool=spool,
                ),
                circuit=circuit,
                schedule=schedule,
                pace=pace,
                observer=observer,
                clock=clock,
                deadline=around.deadline,
            )
        )
        terms = around.watch.terms
        self.queue = FairQueue()
        self.runner = Runner(
            pipeline=pipeline,
            database=database,
            queue=self.queue,
            circuit=circuit,
            pace=pace,
            clock=clock,
            max_in_flight=terms.max_in_flight,
        )
        self.service = GenerationService(
            database=database,
            runner=self.runner,
            queue=self.queue,
            circuit=circuit,
            books=self.books,
            prompts=PromptCheck(
                filters=FilterBook(database, clock), database=database, observer=observer, blocked=self.strikes
            ),
            schedule=schedule,
            observer=observer,
            clock=clock,
            terms=ServiceTerms(price_micros=terms.price_micros, caps=terms.caps, active_jobs=terms.active_jobs),
            draw_seed=lambda: 7,
            draw_id=lambda: f"{around.dice.getrandbits(40):010x}",
        )
        self.cases = CaseBook(
            database=database,
            strikes=self.strikes,
            observer=observer,
            clock=clock,
            wake=lambda job_id: self.runner.wake(job_id, at_once=True),
            told=lambda: None,
            answered=lambda _case_id: None,
        )
        self.pauses = Pauses(database=database, runner=self.runner, clock=clock)
        self.limits = LimitBook(database, terms.caps, clock)
        self.begin(self.books.run(), name="audit of the books")
        await self.runner.start()
        self.ready = True

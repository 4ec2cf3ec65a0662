"""The whole of generation on real parts: database file, client, stand-in, spool and gate; only Discord is recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from clock import Clock
from errors import StorageUnavailable
from generation.appeals import Appeals
from generation.attachments import AttachmentFetcher
from generation.books import Books
from generation.cards import CardKeeper
from generation.case_book import CaseBook
from generation.circuit import Circuit
from generation.drafts import Drafts
from generation.filters import FilterBook
from generation.images import Judge
from generation.pipeline import Pipeline
from generation.pipeline_parts import Parts
from generation.polling import PollPace, PollSchedule
from generation.privacy import Privacy
from generation.prompt_check import PromptCheck
from generation.queue import FairQueue
from generation.removal import Removal
from generation.reports import Reports
from generation.runner import Runner
from generation.service import GenerationService, Terms
from generation.set_aside import SetAside
from generation.spool import Spool
from generation.steps import AwaitTurn, Done, Later
from generation.strikes import Strikes
from limits import Caps
from models import GenerationRequest, Job, JobStatus, Origin, Unit
from parameters import ImageSize
from provider.client import PixazoClient, Timeouts
from provider.safe_download import SafeDownloader
from sandbox.pixazo import PixazoStandIn
from storage import jobs
from storage.database import Database
from storage.reading import Snapshot, snapshot
from tests.builders import PRICE_MICROS, make_job, make_origin, make_request, make_reservations
from tests.generation.recording import Channel, RecordingDelivery, RecordingNotices, RecordingObserver
from tests.support import FakeClock

# Above what a busy machine needs for an answer over loopback; what is silent on purpose is waited out.
_IMPATIENT: Final = aiohttp.ClientTimeout(total=1.5, connect=1, sock_connect=1, sock_read=0.6)
TIMEOUTS: Final = Timeouts(submit=_IMPATIENT, poll=_IMPATIENT, download=_IMPATIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a test wants otherwise than usual. The caps are out of the way unless they are the subject."""

    max_in_flight: int = 20
    polls_per_minute: int = 6000
    deadline: timedelta = timedelta(minutes=15)
    active_jobs: int = 1000
    user_daily_images: int = 10**6
    user_monthly_micros: int = 10**12
    guild_daily_micros: int = 10**12
    guild_monthly_micros: int = 10**12
    global_monthly_micros: int = 10**12

    @property
    def terms(self) -> Terms:
        caps = Caps(
            user_daily_images=self.user_daily_images,
            user_monthly_micros=self.user_monthly_micros,
            guild_daily_micros=self.guild_daily_micros,
            guild_monthly_micros=self.guild_monthly_micros,
            global_monthly_micros=self.global_monthly_micros,
        )
        return Terms(price_micros=PRICE_MICROS, caps=caps, active_jobs=self.active_jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a test may put in the place of a part, to cut a process short there."""

    database: Callable[[Path, Clock], Any] | None = None
    provider: type[PixazoClient] = PixazoClient
    delivery: type[RecordingDelivery] = RecordingDelivery


class Assembly:
    """One process's parts. What outlives it: the folder, the stand-in and the channel."""

    def __init__(
        self,
        *,
        folder: Path,
        clock: Clock,
        database: Database,
        provider: PixazoClient,
        delivery: RecordingDelivery,
        options: Options,
    ) -> None:
        self.path = folder / "easel.db"
        self.clock = clock
        self.database = database
        self.provider = provider
        self.delivery = delivery
        self.channel = delivery.channel
        self.notices = RecordingNotices()
        self.observer = RecordingObserver()
        self.spool_folder = folder / "spool"
        self.spool = Spool(self.spool_folder)
        self.spool.prepare()
        self.circuit = Circuit(clock=clock, notices=self.notices)
        self.pace = PollPace(polls_per_minute=options.polls_per_minute, clock=clock)
        self.schedule = PollSchedule(pace=self.pace)
        self.downloader = SafeDownloader([] if self.channel.origin is None else [self.channel.origin])
        self.set_aside = SetAside(
            folder / "set_aside",
            database=database,
            delivery=delivery,
            fetcher=AttachmentFetcher(self.downloader),
            spool=self.spool,
        )
        self.set_aside.prepare()
        self.judge = Judge(provider=provider, spool=self.spool, observer=self.observer, clock=clock)
        self.cards = CardKeeper(database=database, delivery=delivery, schedule=self.schedule, clock=clock)
        self.cases_told = 0
        self.on_case: Callable[[], None] = lambda: None
        self.appeals_answered: list[int] = []
        self.strikes = Strikes(
            database=database,
            observer=self.observer,
            clock=clock,
            wake=lambda job_id: self.runner.wake(job_id, at_once=True),
            told=self._case_changed,
            answered=self.appeals_answered.append,
        )
        self.appeals = Appeals(
            database=database,
            strikes=self.strikes,
            clock=clock,
            told=self._case_changed,
            answered=self.appeals_answered.append,
        )
        self.pipeline = Pipeline(
            Parts(
                database=database,
                provider=provider,
                delivery=delivery,
                cards=self.cards,
                judge=self.judge,
                spool=self.spool,
                set_aside=self.set_aside,
                strikes=self.strikes,
                circuit=self.circuit,
                schedule=self.schedule,
                pace=self.pace,
                observer=self.observer,
                clock=clock,
                deadline=options.deadline,
                case_changed=self._case_changed,
            )
        )
        self.queue = FairQueue()
        self.runner = Runner(
            pipeline=self.pipeline,
            database=database,
            queue=self.queue,
            circuit=self.circuit,
            pace=self.pace,
            clock=clock,
            max_in_flight=options.max_in_flight,
        )
        self.removal = Removal(
            database=database,
            runner=self.runner,
            cards=self.cards,
            set_aside=self.set_aside,
            clock=clock,
            case_changed=self._case_changed,
        )
        self.reports = Reports(database, clock, self.removal)
        self.case_book = CaseBook(
            database=database,
            strikes=self.strikes,
            observer=self.observer,
            clock=clock,
            wake=lambda job_id: self.runner.wake(job_id, at_once=True),
            told=self._case_changed,
            answered=self.appeals_answered.append,
        )
        self.books = Books(database=database, notices=self.notices, clock=clock)
        self.filters = FilterBook(database, clock)
        self.service = GenerationService(
            database=database,
            runner=self.runner,
            queue=self.queue,
            circuit=self.circuit,
            books=self.books,
            prompts=PromptCheck(filters=self.filters, database=database, observer=self.observer, blocked=self.strikes),
            schedule=self.schedule,
            observer=self.observer,
            clock=clock,
            terms=options.terms,
        )

    def privacy(self, drafts: Drafts) -> Privacy:
        """What members may ask about themselves."""
        return Privacy(
            database=self.database,
            drafts=drafts,
            folder=self.path.parent,
            clock=self.clock,
            ended=self.strikes.ended,
            case_changed=self._case_changed,
        )

    def _case_changed(self) -> None:
        self.cases_told += 1
        self.on_case()

    async def wish(self, request: GenerationRequest | None = None, *, origin: Origin | None = None) -> str:
        """A member's command whose card went well: the id of its job."""
        acceptance = await self.service.accept(origin or make_origin(), request or small_request())
        job_id = acceptance.job.job_id
        await self.service.card_sent(job_id, self.channel.answer(job_id))
        return job_id

    async def wish_directly(self) -> str:
        """A wish as it stands in the database after an earlier process: nobody was asked whether it may be made."""
        job = make_job(request=small_request(), created_at=self.clock.now(), changed_at=self.clock.now())
        await self.database.write(lambda c: jobs.record(c, job, make_reservations(job), active_limit=1000))
        message_id = self.channel.answer(job.job_id)
        await self.database.write(lambda c: jobs.store_card(c, job.job_id, message_id))
        return job.job_id

    async def submitted(self) -> str:
        """A wish that the provider has taken on."""
        job_id = await self.wish()
        await self.drive(job_id, until=lambda job: job.status is JobStatus.SUBMITTED)
        return job_id

    async def generated(self) -> str:
        """A wish whose result is known and not judged yet."""
        job_id = await self.wish()
        await self.drive(job_id, until=lambda job: job.status is JobStatus.GENERATED)
        return job_id

    async def job(self, job_id: str) -> Job:
        return await jobs.find(self.database, job_id)

    def snapshot(self) -> Snapshot:
        """Everything in the database file, read as another process does, the audit included."""
        return snapshot(self.path)

    def held_and_spent(self, unit: Unit) -> tuple[set[int], set[int]]:
        """What is pending and what is posted on the accounts that count `unit`: one number each where all agree."""
        balances = [balance for balance in self.snapshot().balances if balance.account.unit is unit]
        return {balance.pending for balance in balances}, {balance.posted for balance in balances}

    async def drive(self, job_id: str, *, until: Callable[[Job], bool] = lambda _: False, steps: int = 1000) -> Job:
        """What the runner does for one job alone, in no time: the clock moves to whenever its next step is due.

        Ends with the job's last step, or as soon as `until` holds.
        """
        assert isinstance(self.clock, FakeClock)
        has_turn = False
        for _ in range(steps):
            try:
                step = await self.pipeline.advance(job_id, has_turn=has_turn)
            except StorageUnavailable:
                step = Later(status=JobStatus.QUEUED, seconds=2.0)
            job = await self.job(job_id)
            if isinstance(step, Done) or until(job):
                return job
            has_turn = isinstance(step, AwaitTurn)
            self.clock.advance(step.seconds)
            if has_turn:
                self.clock.advance(self.circuit.wait_seconds())
                assert self.circuit.claim()
        raise AssertionError(f"the job is still {job.status} after {steps} steps")

    async def step(self, job_id: str, *, has_turn: bool = False) -> Any:
        """One step, whatever it returns."""
        return await self.pipeline.advance(job_id, has_turn=has_turn)


@asynccontextmanager
async def assembled(
    folder: Path,
    pixazo: PixazoStandIn,
    channel: Channel,
    clock: Clock,
    options: Options | None = None,
    outside: Outside | None = None,
) -> AsyncIterator[Assembly]:
    """A process: parts on the folder's database, its runner not started, all of it let go at the end."""
    outside = outside or Outside()
    open_database = outside.database or (lambda path, its_clock: Database.open(path, clock=its_clock))
    database = await open_database(folder / "easel.db", clock)
    provider = outside.provider(
        submit_url=pixazo.submit_url,
        status_url=pixazo.status_url,
        api_key=pixazo.key,
        result_hosts=("storage.pixazo.ai", pixazo.origin),
        clock=clock,
        timeouts=TIMEOUTS,
    )
    try:
        async with provider:
            assembly = Assembly(
                folder=folder,
                clock=clock,
                database=database,
                provider=provider,
                delivery=outside.delivery(channel, clock),
                options=options or Options(),
            )
            await assembly.downloader.start()
            try:
                yield assembly
            finally:
                await end_tasks_of_the_runner()
                await assembly.cards.close()
                await assembly.downloader.close()
                assembly.judge.close()
    finally:
        await database.close()


async def end_tasks_of_the_runner() -> None:
    """End every task of a runner at once, as the end of its process would."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith(("runner", "accept", "judge"))]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def small_request(prompt: str = "a heron in the reeds", **changes: Any) -> GenerationRequest:
    """Two small pictures with a fixed seed: the least that can be partly right."""
    return make_request(prompt, **({"image_size": ImageSize.SQUARE, "num_images": 2, "seed": 7} | changes))

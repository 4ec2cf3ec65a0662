"""The real client, cogs, service and database against the Discord stand-in; the runner exists but does not run.

Jobs stay where the test puts them, so a test sees exactly what the user interface itself does.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from charting.studio import Studio
from cogs import Desk, Facts, Library, Office, add_cogs
from cogs import Parts as CogParts
from generation.access_lists import AccessLists
from generation.appeals import AppealAnswers, Appeals
from generation.attachments import AttachmentFetcher
from generation.audit_log import AuditLog
from generation.books import Books
from generation.cards import CardKeeper
from generation.case_book import CaseBook
from generation.case_sheets import CaseSheets
from generation.cases import CaseKeeper
from generation.circuit import Circuit
from generation.drafts import Drafts
from generation.filters import FilterBook
from generation.guild_settings import GuildChoices
from generation.history import History
from generation.images import Judge
from generation.input_images import InputImages
from generation.kept_pictures import KeptPictures
from generation.limit_book import LimitBook
from generation.loras import LoraCatalogue
from generation.observer import NullObserver
from generation.overview import Overview
from generation.pauses import Pauses
from generation.pipeline import Pipeline
from generation.pipeline_parts import Parts
from generation.polling import PollPace, PollSchedule
from generation.preferences import Preferences
from generation.presets import PresetBook
from generation.privacy import Privacy
from generation.prompt_check import PromptCheck
from generation.queue import FairQueue
from generation.removal import Removal
from generation.report_sheets import ReportSheets
from generation.reports import Reports
from generation.runner import Runner
from generation.service import GenerationService, Terms
from generation.set_aside import SetAside
from generation.spending import Spending
from generation.spool import Spool
from generation.strikes import Strikes
from generation.unresolved import Unresolved
from imaging.workshop import Workshop
from limits import Caps
from models import Job
from moderation import CaseKind
from parameters import INPUT_MAX_BYTES
from provider.client import PixazoClient
from provider.host_list import HostList
from provider.safe_download import SafeDownloader
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Message, Run, Value
from storage import jobs
from storage.database import Database
from storage.meta import Meta
from tests.builders import PRICE_MICROS
from tests.openapi import new_checker
from tests.support import PATIENCE_SECONDS, FakeClock, wait_until
from ui import report_cards
from ui.acceptance import Acceptor
from ui.appeal_answers import DiscordAppealAnswers
from ui.case_cards import views
from ui.cases import DiscordCases
from ui.client import EaselClient
from ui.delivery import DiscordDelivery
from ui.notices import OwnerNotices

FACTS = Facts(version="9.8.7", price_micros=PRICE_MICROS, retention_days=30)
GENEROUS = Caps(
    user_daily_images=100,
    user_monthly_micros=100_000_000,
    guild_daily_micros=100_000_000,
    guild_monthly_micros=100_000_000,
    global_monthly_micros=100_000_000,
)
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Scene:
    """A guild with a channel and two members, and the bot in it."""

    discord: DiscordStandIn
    client: EaselClient
    service: GenerationService
    runner: Runner
    database: Database
    delivery: DiscordDelivery
    queue: FairQueue
    circuit: Circuit
    schedule: PollSchedule
    clock: FakeClock
    keeper: CaseKeeper
    parts: CogParts
    guild: Guild
    channel: Channel
    ada: Member
    bob: Member

    async def imagine(self, options: Mapping[str, Value] | None = None, *, by: Member | None = None, **how: Any) -> Run:
        """Ada, or the member named, uses `/imagine`."""
        given = {"prompt": "a red fox in the snow", **(options or {})}
        return await self.discord.slash(by or self.ada, self.channel, "imagine", given, **how)

    async def carded(
        self, options: Mapping[str, Value] | None = None, *, by: Member | None = None
    ) -> tuple[Job, Message]:
        """A job with its card, as it is once the card's id is stored."""
        before = {job.job_id for job in await self.jobs()}
        run = await self.imagine(options, by=by)
        message = (await run.answered()).message
        assert message is not None
        job = await self.until(lambda job: job.job_id not in before and job.message_id is not None)
        return job, message

    async def jobs(self) -> list[Job]:
        """Every job, oldest first."""
        rows = await self.database.fetch_all("SELECT job_id FROM jobs ORDER BY job_no")
        return [await jobs.find(self.database, row["job_id"]) for row in rows]

    async def until(self, wanted: Callable[[Job], bool]) -> Job:
        """The first job that is as wanted, once there is one; fails where there is none in good time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [job for job in await self.jobs() if wanted(job)]
            if found:
                return found[0]
            assert time.monotonic() < deadline, f"no such job among {await self.jobs()}"
            await asyncio.sleep(0.002)

    @asynccontextmanager
    async def stalled_disk(self) -> AsyncIterator[None]:
        """Nothing is written while this lasts, as on a disk that hangs."""
        go_on, stuck = threading.Event(), threading.Event()

        def stall(_: sqlite3.Connection) -> None:
            stuck.set()
            go_on.wait(30)

        stalling = asyncio.create_task(self.database.write(stall))
        try:
            await wait_until(stuck.is_set, what="the stall")
            yield
        finally:
            go_on.set()
            await stalling


@asynccontextmanager
async def open_scene(
    folder: Path, clock: FakeClock, *, caps: Caps = GENEROUS, operated: bool = False
) -> AsyncIterator[Scene]:
    """Everything, connected; taken down in the reverse order. Where it is `operated`, the guild has `/operator`.

    Afterwards what went over the wire is checked against Discord's OpenAPI document, where there is one.
    """
    checker = new_checker()
    async with DiscordStandIn(now=clock.now) as discord, AsyncExitStack() as at_the_end:
        if checker is not None:
            discord.exchanges.observe(checker)
        guild = discord.add_guild()
        channel, ada, bob = guild.add_channel("art"), guild.add_member("ada"), guild.add_member("bob")
        database = await Database.open(folder / "easel.db", clock=clock)
        at_the_end.push_async_callback(database.close)
        client = EaselClient(
            meta=Meta(database),
            api_url=discord.api_url,
            gateway_url=discord.gateway_url,
            operator_guild_ids=(guild.id,) if operated else (),
        )
        spool = Spool(folder / "spool")
        spool.prepare()
        provider = PixazoClient(submit_url=NOWHERE, status_url=NOWHERE, api_key="unused", result_hosts=(), clock=clock)
        observer = NullObserver()
        judge = Judge(provider=provider, spool=spool, observer=observer, clock=clock)
        at_the_end.callback(judge.close)
        notices = OwnerNotices(client, owner_ids=())
        circuit = Circuit(clock=clock, notices=notices)
        queue, schedule = FairQueue(), PollSchedule()
        pace = PollPace(polls_per_minute=300, clock=clock)
        delivery = DiscordDelivery(client, clock=clock)
        appeal_answers = AppealAnswers(database=database, delivery=DiscordAppealAnswers(client), clock=clock)

        def answer_appeal(case_id: int) -> None:
            client.tasks.launch(appeal_answers.tell(case_id), name=f"answer to appeal {case_id}")

        strikes = Strikes(
            database=database,
            observer=observer,
            clock=clock,
            wake=lambda job_id: runner.wake(job_id, at_once=True),
            told=lambda: keeper.notify(),
            answered=answer_appeal,
        )
        downloader = SafeDownloader([discord.origin], max_bytes=INPUT_MAX_BYTES)
        await downloader.start()
        at_the_end.push_async_callback(downloader.close)
        attachments = AttachmentFetcher(downloader, folder=folder / "spool")
        set_aside = SetAside(
            folder / "set-aside", database=database, delivery=delivery, fetcher=attachments, spool=spool
        )
        set_aside.prepare()
        cards = CardKeeper(database=database, delivery=delivery, schedule=schedule, clock=clock)
        pipeline = Pipeline(
            Parts(
                database=database,
                provider=provider,
                delivery=delivery,
                cards=cards,
                judge=judge,
                spool=spool,
                strikes=strikes,
                set_aside=set_aside,
                circuit=circuit,
                schedule=schedule,
                pace=pace,
                observer=observer,
                clock=clock,
                deadline=timedelta(minutes=15),
                case_changed=lambda: keeper.notify(),
            )
        )
        runner = Runner(
            pipeline=pipeline,
            database=database,
            queue=queue,
            circuit=circuit,
            pace=pace,
            clock=clock,
            max_in_flight=20,
        )
        removal = Removal(
            database=database,
            runner=runner,
            cards=cards,
            set_aside=set_aside,
            clock=clock,
            case_changed=lambda: keeper.notify(),
        )
        books = Books(database=database, notices=notices, clock=clock)
        filters = FilterBook(database, clock)
        reports = Reports(database, clock, removal)
        sheets = CaseSheets(database=database, spool=spool, filters=filters, strikes=strikes)
        reported = ReportSheets(database=database, set_aside=set_aside, strikes=strikes)
        case_views = {**views(sheets), CaseKind.REPORT: report_cards.view(reported)}
        keeper = CaseKeeper(database, DiscordCases(client, delivery, case_views), clock)
        pauses = Pauses(database=database, runner=runner, clock=clock)
        service = GenerationService(
            database=database,
            runner=runner,
            queue=queue,
            circuit=circuit,
            books=books,
            prompts=PromptCheck(filters=filters, database=database, observer=observer, blocked=strikes),
            schedule=schedule,
            observer=observer,
            clock=clock,
            terms=Terms(price_micros=PRICE_MICROS, caps=caps, active_jobs=3),
        )
        workshop = Workshop(folder / "spool")
        at_the_end.push_async_callback(workshop.close)
        studio = Studio(folder / "charts")
        studio.prepare()
        at_the_end.push_async_callback(studio.close)
        parts = CogParts(
            client=client,
            service=service,
            acceptor=Acceptor(
                service,
                drafts=Drafts(database, folder / "drafts", clock),
                tasks=client.tasks,
                turnstile=client.turnstile,
                clock=clock,
            ),
            delivery=delivery,
            desk=Desk(
                privacy=Privacy(
                    database=database,
                    drafts=Drafts(database, folder / "drafts", clock),
                    folder=folder,
                    clock=clock,
                    ended=strikes.ended,
                    case_changed=lambda: keeper.notify(),
                ),
                filters=filters,
                attachments=attachments,
                log=AuditLog(database, clock),
                strikes=strikes,
                cases=CaseBook(
                    database=database,
                    strikes=strikes,
                    observer=observer,
                    clock=clock,
                    wake=lambda job_id: runner.wake(job_id, at_once=True),
                    told=lambda: keeper.notify(),
                    answered=answer_appeal,
                ),
                removal=removal,
                views=case_views,
                appeals=Appeals(
                    database=database,
                    strikes=strikes,
                    clock=clock,
                    told=lambda: keeper.notify(),
                    answered=answer_appeal,
                ),
            ),
            office=Office(
                pauses=pauses,
                limits=LimitBook(database, caps, clock),
                unresolved=Unresolved(database),
                overview=Overview(
                    database=database,
                    runner=runner,
                    queue=queue,
                    circuit=circuit,
                    books=books,
                    pauses=pauses,
                    clock=clock,
                    caps=caps,
                ),
                spending=Spending(database, clock),
                studio=studio,
            ),
            library=Library(
                presets=PresetBook(database, clock),
                loras=LoraCatalogue(database, clock, HostList(["huggingface.co", "civitai.com"])),
                history=History(database, clock),
                drafts=Drafts(database, folder / "drafts", clock),
                reports=reports,
                preferences=Preferences(database),
                guilds=GuildChoices(database, clock),
                access=AccessLists(database, clock),
            ),
            images=InputImages(attachments, workshop),
            spool=spool,
            kept=KeptPictures(database=database, spool=spool),
            notices=notices,
            facts=FACTS,
            clock=clock,
        )
        await add_cogs(parts)
        await client.login(discord.token)
        connection = asyncio.create_task(client.connect(), name="connection")
        try:
            await discord.ready()
            yield Scene(
                discord=discord,
                client=client,
                service=service,
                runner=runner,
                database=database,
                delivery=delivery,
                queue=queue,
                circuit=circuit,
                schedule=schedule,
                clock=clock,
                keeper=keeper,
                parts=parts,
                guild=guild,
                channel=channel,
                ada=ada,
                bob=bob,
            )
        finally:
            await client.close()
            await connection
    if checker is not None:
        checker.assert_clean()

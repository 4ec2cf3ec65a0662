"""Where Easel's parts are put together: the bot as one thing that is started, runs and is stopped."""

import asyncio
import contextlib
import functools
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

import aiohttp
import discord

from charting.studio import Studio
from clock import Clock, SystemClock
from cogs import Desk, Facts, Library, Office, add_cogs
from cogs import Parts as CogParts
from config import Settings
from errors import ConfigurationError, Failure
from generation.access_lists import AccessLists
from generation.alerts import AlertSender
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
from generation.janitor import Janitor
from generation.kept_pictures import KeptPictures
from generation.limit_book import LimitBook
from generation.loras import LoraCatalogue
from generation.overview import Overview
from generation.pauses import Pauses
from generation.pipeline import Pipeline
from generation.pipeline_parts import Parts
from generation.poll_memory import PollMemory
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
from generation.unresolved import ResolvedOutside, Unresolved
from imaging.workshop import Workshop
from moderation import CaseKind
from ops.http import OperationsServer
from ops.metrics import Metrics, Reading, heartbeat
from parameters import INPUT_MAX_BYTES
from provider.client import PixazoClient
from provider.host_list import HostList
from provider.safe_download import SafeDownloader
from safety import starter_list
from storage import jobs
from storage.database import Database
from storage.meta import PROOF_OF_WRITING, Meta
from ui import case_cards, report_cards
from ui.acceptance import Acceptor
from ui.alerts import DiscordAlerts
from ui.appeal_answers import DiscordAppealAnswers
from ui.cases import DiscordCases
from ui.client import EaselClient
from ui.delivery import DiscordDelivery
from ui.notices import OwnerNotices
from version import VERSION

log = logging.getLogger(__name__)

# A stop has 15 s in all; steps under way get the most of it, and what is cut short then is recovered.
_STEPS_SECONDS: Final = 10.0
_PART_SECONDS: Final = 12.0
_LOGIN_SECONDS: Final = 30.0


class Easel:
    """The bot: every part, made by `start` and ended by `stop` in the reverse order."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._parts_that_last: dict[asyncio.Future[Any], str] = {}
        self._closers = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Open the database, take up unfinished jobs, connect. Raises Failure in words for the operator."""
        try:
            await self._start()
        except BaseException:  # raised again below: a cancellation must clean up as well
            await self.stop()
            raise

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises what a part that must not end has ended with."""
        stopped = asyncio.create_task(stop.wait(), name="stop signal")
        try:
            done, _ = await asyncio.wait({stopped, *self._parts_that_last}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        for part in done - {stopped}:
            error = None if part.cancelled() else part.exception()
            name = self._parts_that_last[part]
            log.critical("the %s ended by itself", name, exc_info=error)
            raise Failure(f"the {name} ended by itself: {error or 'without a word'}") from error

    async def stop(self) -> None:
        """Take nothing new, finish steps under way, leave the rest to recovery. Safe to call twice."""
        await self._closers.aclose()

    async def _start(self) -> None:
        settings, clock = self._settings, self._clock
        self.database = database = await Database.open(settings.database_path, clock=clock)
        self._on_stop("database", database.close)
        self._meta = Meta(database)
        self.metrics = Metrics()
        spool = Spool(settings.database_path.parent / "spool")
        spool.prepare()
        self.provider = _provider(settings, clock)
        await self.provider.start()
        self._on_stop("provider client", self.provider.close)
        self.client = client = EaselClient(
            meta=self._meta,
            api_url=settings.discord_api_url,
            gateway_url=settings.discord_gateway_url,
            operator_guild_ids=settings.operator_guild_ids,
        )
        self._pace = PollPace(polls_per_minute=settings.polls_per_minute, clock=clock)
        schedule = PollSchedule(poll_cost_seconds=settings.poll_cost_seconds, pace=self._pace)
        memory = PollMemory(schedule, database, clock)
        await memory.recall()
        self._on_stop("memory of latencies", memory.save)
        delivery = DiscordDelivery(client, clock=clock)
        cards = CardKeeper(database=database, delivery=delivery, schedule=schedule, clock=clock)
        await self._make_attachments()
        self._set_aside = SetAside(
            settings.database_path.parent / "set-aside",
            database=database,
            delivery=delivery,
            fetcher=self._attachments,
            spool=spool,
        )
        self._set_aside.prepare()
        service = self._make_generation(spool=spool, schedule=schedule, delivery=delivery, cards=cards)
        await self.filters.install_starter_list(starter_list.TERMS, starter_list.ALLOWED)
        self.library = self._make_library()
        self._privacy = self._make_privacy()
        self.images = self._make_input_images()
        await add_cogs(
            CogParts(
                client=client,
                service=service,
                acceptor=Acceptor(
                    service,
                    drafts=self.library.drafts,
                    tasks=client.tasks,
                    turnstile=client.turnstile,
                    clock=clock,
                ),
                delivery=delivery,
                library=self.library,
                office=self._make_office(),
                desk=self._make_desk(),
                images=self.images,
                spool=spool,
                kept=KeptPictures(database=database, spool=spool),
                notices=self._notices,
                facts=Facts(
                    version=VERSION,
                    price_micros=settings.price_per_image_micros,
                    retention_days=settings.retention_days,
                ),
                clock=clock,
            )
        )
        self.metrics.jobs_at_start(await jobs.count_by_status(database))
        await self._serve()
        self._on_stop("connection to Discord", client.close)
        await self._log_in()
        # Beside the rest of the start: no wish is taken before it has ended.
        self._keep_running("audit of the books", self.books.run())
        self._on_stop("cards", cards.close)
        self._on_stop("runner", functools.partial(self.runner.stop, within_seconds=_STEPS_SECONDS))
        await self.runner.start()
        self._lasts("runner", self.runner.failed)
        janitor = Janitor(
            database=database,
            spool=spool,
            drafts=self.library.drafts,
            set_aside=self._set_aside,
            privacy=self._privacy,
            clock=clock,
            retention=timedelta(days=settings.retention_days),
        )
        self._keep_running("housekeeping", janitor.run())
        self._keep_running("memory of latencies", memory.run())
        self._keep_running("heartbeat", heartbeat(self.metrics, clock))
        self._keep_running("alerts", self.alerts.run())
        self._keep_running("cases", self.cases.run())
        outside = ResolvedOutside(database=database, runner=self.runner, observer=self.metrics, clock=clock)
        self._keep_running("look-out for what is resolved outside", outside.run())
        self._lasts("connection to Discord", asyncio.create_task(client.connect(), name="connection to Discord"))
        # What is there by now stays for good. Without this every full collection looks at all of it again, which
        # holds up the event loop for tens of milliseconds in the middle of a burst.
        gc.collect()
        gc.freeze()

    def _make_generation(
        self, *, spool: Spool, schedule: PollSchedule, delivery: DiscordDelivery, cards: CardKeeper
    ) -> GenerationService:
        """Everything between a wish and its gallery: sets `runner`, which is not started yet."""
        settings, clock, database, metrics = self._settings, self._clock, self.database, self.metrics
        self._notices = OwnerNotices(self.client, owner_ids=settings.owner_ids)
        self._circuit = circuit = Circuit(clock=clock, notices=self._notices)
        self.alerts = AlertSender(database, DiscordAlerts(self.client, self._notices), clock)
        self.books = Books(database=database, notices=self._notices, clock=clock)
        self.filters = FilterBook(database, clock)
        self.strikes = self._make_strikes()
        sheets = CaseSheets(database=database, spool=spool, filters=self.filters, strikes=self.strikes)
        reported = ReportSheets(database=database, set_aside=self._set_aside, strikes=self.strikes)
        self._views = {**case_cards.views(sheets), CaseKind.REPORT: report_cards.view(reported)}
        self.cases = CaseKeeper(database, DiscordCases(self.client, delivery, self._views), clock)
        judge = Judge(provider=self.provider, spool=spool, observer=metrics, clock=clock)
        self._closers.callback(judge.close)
        pipeline = Pipeline(
            Parts(
                database=database,
                provider=self.provider,
                delivery=delivery,
                cards=cards,
                judge=judge,
                spool=spool,
                strikes=self.strikes,
                set_aside=self._set_aside,
                circuit=circuit,
                schedule=schedule,
                pace=self._pace,
                observer=metrics,
                clock=clock,
                deadline=timedelta(seconds=settings.job_deadline_seconds),
                case_changed=self._case_changed,
            )
        )
        self._queue = queue = FairQueue()
        self.runner = Runner(
            pipeline=pipeline,
            database=database,
            queue=queue,
            circuit=circuit,
            pace=self._pace,
            clock=clock,
            max_in_flight=settings.max_in_flight,
        )
        self.removal = Removal(
            database=database,
            runner=self.runner,
            cards=cards,
            set_aside=self._set_aside,
            clock=clock,
            case_changed=self._case_changed,
        )
        self._watch(queue)
        return GenerationService(
            database=database,
            runner=self.runner,
            queue=queue,
            circuit=circuit,
            books=self.books,
            prompts=PromptCheck(filters=self.filters, database=database, observer=metrics, blocked=self.strikes),
            schedule=schedule,
            observer=metrics,
            clock=clock,
            terms=Terms(
                price_micros=settings.price_per_image_micros,
                active_jobs=settings.user_active_jobs,
                caps=settings.caps,
            ),
            told_of_budgets=self.alerts.notify,
        )

    def _make_library(self) -> Library:
        """What members and guilds keep."""
        database, clock, settings = self.database, self._clock, self._settings
        return Library(
            presets=PresetBook(database, clock),
            loras=LoraCatalogue(database, clock, HostList(settings.lora_hosts)),
            history=History(database, clock),
            drafts=Drafts(database, settings.database_path.parent / "drafts", clock),
            reports=Reports(database, clock, self.removal),
            preferences=Preferences(database),
            guilds=GuildChoices(database, clock),
            access=AccessLists(database, clock),
        )

    def _make_office(self) -> Office:
        """What those who run a guild, or the whole bot, steer it with."""
        database, clock, caps = self.database, self._clock, self._settings.caps
        pauses = Pauses(database=database, runner=self.runner, clock=clock)
        studio = Studio(self._settings.database_path.parent / "charts")
        studio.prepare()
        self._on_stop("chart studio", studio.close)
        return Office(
            pauses=pauses,
            limits=LimitBook(database, caps, clock),
            unresolved=Unresolved(database),
            overview=Overview(
                database=database,
                runner=self.runner,
                queue=self._queue,
                circuit=self._circuit,
                books=self.books,
                pauses=pauses,
                clock=clock,
                caps=caps,
            ),
            spending=Spending(database, clock),
            studio=studio,
        )

    def _make_desk(self) -> Desk:
        """What moderators work with."""
        return Desk(
            privacy=self._privacy,
            filters=self.filters,
            attachments=self._attachments,
            log=AuditLog(self.database, self._clock),
            strikes=self.strikes,
            cases=CaseBook(
                database=self.database,
                strikes=self.strikes,
                observer=self.metrics,
                clock=self._clock,
                wake=lambda job_id: self.runner.wake(job_id, at_once=True),
                told=self._case_changed,
                answered=self._appeal_answered,
            ),
            removal=self.removal,
            views=self._views,
            appeals=Appeals(
                database=self.database,
                strikes=self.strikes,
                clock=self._clock,
                told=self._case_changed,
                answered=self._appeal_answered,
            ),
        )

    def _make_privacy(self) -> Privacy:
        """What members may ask about themselves."""
        return Privacy(
            database=self.database,
            drafts=self.library.drafts,
            folder=self._settings.database_path.parent,
            clock=self._clock,
            ended=self.strikes.ended,
            case_changed=self._case_changed,
        )

    def _make_strikes(self) -> Strikes:
        """What refused prompts and flagged pictures lead to."""
        self._appeal_answers = AppealAnswers(
            database=self.database, delivery=DiscordAppealAnswers(self.client), clock=self._clock
        )
        return Strikes(
            database=self.database,
            observer=self.metrics,
            clock=self._clock,
            wake=lambda job_id: self.runner.wake(job_id, at_once=True),
            told=self._case_changed,
            answered=self._appeal_answered,
        )

    def _case_changed(self) -> None:
        """Moderators have something to decide, or no longer have."""
        self.cases.notify()

    def _appeal_answered(self, case_id: int) -> None:
        """A direct message takes a while, and nobody waits for it."""
        self.client.tasks.launch(self._appeal_answers.tell(case_id), name=f"answer to appeal {case_id}")

    async def _make_attachments(self) -> None:
        """What fetches files from Discord."""
        downloader = SafeDownloader(self._settings.discord_cdn_hosts, max_bytes=INPUT_MAX_BYTES)
        await downloader.start()
        self._on_stop("attachment downloads", downloader.close)
        self._attachments = AttachmentFetcher(downloader, folder=self._settings.database_path.parent / "spool")

    def _make_input_images(self) -> InputImages:
        """What checks the images that members give; it works in child processes."""
        workshop = Workshop(self._settings.database_path.parent / "spool")
        self._on_stop("image workshop", workshop.close)
        return InputImages(self._attachments, workshop)

    async def _log_in(self) -> None:
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                await self.client.login(self._settings.discord_token)
        except discord.LoginFailure as error:
            raise ConfigurationError(
                "DISCORD_TOKEN: Discord refuses it; make a new one on the application's Bot page"
            ) from error
        except (TypeError, KeyError, ValueError) as error:  # discord.py reads what it gets without looking first
            raise Failure("what answers at DISCORD_API_URL is not Discord's API") from error
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            why = str(error) or f"no answer within {_LOGIN_SECONDS:g} s"
            raise Failure(f"could not log in to Discord: {why}") from error

    async def _serve(self) -> None:
        settings = self._settings
        server = OperationsServer(
            settings.http_host,
            settings.http_port,
            checks={
                "discord": self._check_discord,
                "database": self._check_database,
                "runner": self._check_runner,
                "books": self._check_books,
            },
            metrics=self.metrics,
        )
        await server.start()
        self.server = server
        self._on_stop("operations server", server.stop)

    async def _check_discord(self) -> str | None:
        return None if self.client.is_available else "not connected"

    async def _check_database(self) -> str | None:
        await self._meta.put(PROOF_OF_WRITING, self._clock.now().isoformat())
        return None

    async def _check_books(self) -> str | None:
        return self.books.problem

    async def _check_runner(self) -> str | None:
        return None if self.runner.alive else "not running"

    def _watch(self, queue: FairQueue) -> None:
        self.metrics.watch(Reading.QUEUE_LENGTH, lambda: len(queue))
        self.metrics.watch(Reading.IN_FLIGHT, lambda: self.runner.in_flight)
        self.metrics.watch(Reading.DUE, lambda: self.runner.waiting)
        self.metrics.watch(Reading.POLL_CROWDING, lambda: self._pace.crowding)
        self.metrics.watch(Reading.GATEWAY_LATENCY_SECONDS, lambda: self.client.latency)

    def _lasts(self, name: str, part: asyncio.Future[Any]) -> None:
        self._parts_that_last[part] = name

    def _keep_running(self, name: str, body: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(body, name=name)
        self._lasts(name, task)
        self._on_stop(name, functools.partial(cancel_and_wait, task))

    def _on_stop(self, name: str, close: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            try:
                async with asyncio.timeout(_PART_SECONDS):
                    await close()
            except Exception:  # the other parts must be ended all the same
                log.exception("the %s did not stop cleanly", name)

        self._closers.push_async_callback(bounded)


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel the task and return once it has ended, whatever with."""
    task.cancel()
    await asyncio.wait({task})


def _provider(settings: Settings, clock: Clock) -> PixazoClient:
    return PixazoClient(
        submit_url=settings.pixazo_submit_url,
        status_url=settings.pixazo_status_url,
        api_key=settings.pixazo_api_key,
        result_hosts=settings.pixazo_result_hosts,
        clock=clock,
    )

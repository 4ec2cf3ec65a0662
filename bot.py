"""Easel's entry point, its command line, and the one place where its parts are put together."""

import argparse
import asyncio
import contextlib
import functools
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import discord

import config
from charting.studio import Studio
from clock import Clock, SystemClock
from cogs import Facts, Library, Office, add_cogs
from cogs import Parts as CogParts
from config import Settings
from errors import ConfigurationError, EaselError, Failure
from generation.access_lists import AccessLists
from generation.alerts import AlertSender
from generation.attachments import AttachmentFetcher
from generation.books import Books
from generation.cards import CardKeeper
from generation.circuit import Circuit
from generation.drafts import Drafts
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
from generation.pipeline import Parts, Pipeline
from generation.polling import PollPace, PollSchedule, learn_from_history
from generation.preferences import Preferences
from generation.presets import PresetBook
from generation.queue import FairQueue
from generation.reports import Reports
from generation.runner import Runner
from generation.service import GenerationService, Terms
from generation.spending import Spending
from generation.spool import Spool
from generation.unresolved import ResolvedOutside, Unresolved
from imaging.workshop import Workshop
from ops import logs
from ops.backup import backup
from ops.doctor import doctor
from ops.http import OperationsServer
from ops.metrics import Metrics, Reading, heartbeat
from ops.report import report
from ops.resolve import resolve
from parameters import INPUT_MAX_BYTES
from provider.client import PixazoClient
from provider.host_list import HostList
from provider.safe_download import SafeDownloader
from storage import jobs
from storage.database import Database
from storage.meta import PROOF_OF_WRITING, Meta
from ui.acceptance import Acceptor
from ui.alerts import DiscordAlerts
from ui.client import EaselClient
from ui.delivery import DiscordDelivery
from ui.notices import OwnerNotices
from version import VERSION

log = logging.getLogger(__name__)

# A stop has 15 s in all; steps under way get the most of it, and what is cut short then is recovered.
_STEPS_SECONDS: Final = 10.0
_PART_SECONDS: Final = 12.0
_STOP_SECONDS: Final = 14.0
_LOGIN_SECONDS: Final = 30.0
# The writer gives the interpreter up at every statement. With Python's 5 ms a busy event loop would keep it waiting
# so long each time, which adds up to seconds in a burst of commands.
_SWITCH_SECONDS: Final = 0.0005


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
        schedule = PollSchedule()
        await learn_from_history(schedule, database)
        delivery = DiscordDelivery(client, clock=clock)
        cards = CardKeeper(database=database, delivery=delivery, schedule=schedule, clock=clock)
        service = self._make_generation(spool=spool, schedule=schedule, delivery=delivery, cards=cards)
        self.library = self._make_library()
        self.images = await self._make_input_images()
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
            clock=clock,
            retention=timedelta(days=settings.retention_days),
        )
        self._keep_running("housekeeping", janitor.run())
        self._keep_running("heartbeat", heartbeat(self.metrics, clock))
        self._keep_running("alerts", self.alerts.run())
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
        pace = PollPace(polls_per_minute=settings.polls_per_minute, clock=clock)
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
                circuit=circuit,
                schedule=schedule,
                pace=pace,
                observer=metrics,
                clock=clock,
                deadline=timedelta(seconds=settings.job_deadline_seconds),
            )
        )
        self._queue = queue = FairQueue()
        self.runner = Runner(
            pipeline=pipeline,
            database=database,
            queue=queue,
            circuit=circuit,
            pace=pace,
            clock=clock,
            max_in_flight=settings.max_in_flight,
        )
        self._watch(queue)
        return GenerationService(
            database=database,
            runner=self.runner,
            queue=queue,
            circuit=circuit,
            books=self.books,
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
            reports=Reports(database, clock),
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

    async def _make_input_images(self) -> InputImages:
        """What fetches and checks the images that members give; it works in child processes."""
        folder = self._settings.database_path.parent / "spool"
        downloader = SafeDownloader(self._settings.discord_cdn_hosts, max_bytes=INPUT_MAX_BYTES)
        await downloader.start()
        self._on_stop("attachment downloads", downloader.close)
        workshop = Workshop(folder)
        self._on_stop("image workshop", workshop.close)
        return InputImages(AttachmentFetcher(downloader, folder=folder), workshop)

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
        self.metrics.watch(Reading.GATEWAY_LATENCY_SECONDS, lambda: self.client.latency)

    def _lasts(self, name: str, part: asyncio.Future[Any]) -> None:
        self._parts_that_last[part] = name

    def _keep_running(self, name: str, body: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(body, name=name)
        self._lasts(name, task)
        self._on_stop(name, functools.partial(_cancel, task))

    def _on_stop(self, name: str, close: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            try:
                async with asyncio.timeout(_PART_SECONDS):
                    await close()
            except Exception:  # the other parts must be ended all the same
                log.exception("the %s did not stop cleanly", name)

        self._closers.push_async_callback(bounded)


async def _cancel(task: asyncio.Task[Any]) -> None:
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


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    easel = Easel(settings)
    starting = asyncio.create_task(easel.start(), name="start")
    stopped = asyncio.create_task(stop.wait(), name="stop signal")
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    try:
        if not starting.done():
            await _cancel(starting)  # start() ends what it has made
            return 0
        starting.result()
        await easel.run(stop)
        log.info("stopping")
        return 0
    finally:
        _end_for_certain(within_seconds=_STOP_SECONDS)
        await easel.stop()


def _end_for_certain(*, within_seconds: float) -> None:
    """End the process by then, whatever hangs: a thread stuck in the disk or a name look-up would keep it alive.

    What is not finished then is taken up by the next start, as after any other end.
    """

    def end() -> None:
        log.critical("not everything stopped in time: the next start takes up the rest")
        logging.shutdown()
        os._exit(1)

    last_resort = threading.Timer(within_seconds, end)
    last_resort.daemon = True
    last_resort.start()


def run_bot(settings: Settings) -> int:
    """Run the bot until it is told to stop; returns the exit code. Raises Failure in words for the operator."""
    logs.configure(settings)
    for warning in settings.warnings:
        log.warning("%s", warning)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return asyncio.run(_run(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bot.py", description="Easel, a Discord bot that makes pictures. Without a command it runs the bot."
    )
    parser.add_argument("--version", action="version", version=f"Easel {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("doctor", help="check settings, database, Discord and provider, without spending")
    demo = commands.add_parser("demo", help="run the real bot against bundled stand-ins: no token, no key")
    demo.add_argument("--output", type=Path, default=Path("demo-output"), help="folder for pictures and transcript")
    reporting = commands.add_parser("report", help="accounts, jobs and entries; read-only, also while the bot runs")
    reporting.add_argument("--json", action="store_true", help="print one JSON object")
    backing = commands.add_parser("backup", help="a consistent copy of the database, also while the bot runs")
    backing.add_argument("path", type=Path, metavar="PATH", help="file to write; it must not exist yet")
    resolving = commands.add_parser("resolve", help="end a job in doubt by hand")
    resolving.add_argument("job", metavar="JOB", help="the job's id, as the report shows it")
    resolving.add_argument("outcome", choices=("settle", "release"), help="settle: it was paid for; release: not")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code. Faults are one line for the operator on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return _dispatch(options)
    except EaselError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's own way to speak
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(options: argparse.Namespace) -> int:
    dotenv = Path(".env")
    match options.command:
        case None:
            return run_bot(config.load(os.environ, dotenv))
        case "demo":
            # The stand-ins are no part of a bot that serves people, so they are loaded for the demo only.
            from sandbox.demo import run_demo  # noqa: PLC0415 - see above

            return run_demo(options.output)
        case "doctor":
            return asyncio.run(doctor(os.environ, dotenv, sys.stdout))
    path = config.database_path(os.environ, dotenv)
    match options.command:
        case "report":
            return report(path, sys.stdout, as_json=options.json)
        case "backup":
            return backup(path, options.path, sys.stdout)
        case _:
            return resolve(path, options.job, options.outcome, clock=SystemClock(), out=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())

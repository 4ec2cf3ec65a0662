"""Easel's entry point and its command line."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import config
from assembly import Easel, cancel_and_wait
from clock import SystemClock
from config import Settings
from errors import EaselError
from ops import logs
from ops.backup import backup
from ops.doctor import doctor
from ops.report import report
from ops.resolve import resolve
from storage.audit import Head
from version import VERSION

__all__ = ["Easel", "main", "run_bot"]

log = logging.getLogger(__name__)

# Past the time that `Easel.stop` takes at most.
_STOP_SECONDS: Final = 14.0
# The writer gives the interpreter up at every statement. With Python's 5 ms a busy event loop would keep it waiting
# so long each time, which adds up to seconds in a burst of commands.
_SWITCH_SECONDS: Final = 0.0005


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
            await cancel_and_wait(starting)  # start() ends what it has made
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
    reporting.add_argument(
        "--head",
        type=_head,
        metavar="HEAD",
        help="a head of the log that an earlier report printed: is it still there?",
    )
    backing = commands.add_parser("backup", help="a consistent copy of the database, also while the bot runs")
    backing.add_argument("path", type=Path, metavar="PATH", help="file to write; it must not exist yet")
    resolving = commands.add_parser("resolve", help="end a job in doubt by hand")
    resolving.add_argument("job", metavar="JOB", help="the job's id, as the report shows it")
    resolving.add_argument("outcome", choices=("settle", "release"), help="settle: it was paid for; release: not")
    return parser


def _head(text: str) -> Head:
    head = Head.parse(text)
    if head is None:
        raise argparse.ArgumentTypeError("a head is a number, a colon and a digest, as the report prints it")
    return head


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
            return report(path, sys.stdout, as_json=options.json, noted=options.head)
        case "backup":
            return backup(path, options.path, sys.stdout)
        case _:
            return resolve(path, options.job, options.outcome, clock=SystemClock(), out=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())

"""The demo: the real bot, as its own process, against stand-ins of Discord and of the image API.

Made-up members use it, the power goes out in the middle, and in the end every statement about what should have
happened is checked. Nothing leaves this machine. The demo knows the bot from the wire and from `report` alone.
"""

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from sandbox.demo import books, channel, page, plain, wishes
from sandbox.demo.bot_process import BotFailed
from sandbox.demo.checks import Check, run_checks
from sandbox.demo.console import Console
from sandbox.demo.output import OutputFolder, OutputRefused
from sandbox.demo.programme import perform, stage
from sandbox.demo.record import Record
from sandbox.demo.wishes import Wish
from sandbox.discord import ClientRefused, DiscordStandIn
from sandbox.pixazo import PixazoStandIn

LONGEST_SECONDS: Final = 90.0
"""The whole demo takes a sixth of it."""
_TRANSCRIPT: Final = "transcript"
_REPORT: Final = "report.txt"
_LOG: Final = "bot.log"
_LOG_LINES_SHOWN: Final = 20


def run_demo(output: Path, *, provider: Callable[[], PixazoStandIn] = PixazoStandIn) -> int:
    """Run the demo, leave pictures and transcript in `output`, and print what happened.

    Returns 0 if all of it happened as it should, else 1. `provider` makes the stand-in of the image API, so that a
    test can give a flawed one. Raises KeyboardInterrupt when it is interrupted, with every child ended.
    """
    console = Console(sys.stdout)
    try:
        folder = OutputFolder(output, _names())
        record = asyncio.run(play(provider, console))
        return conclude(record, folder, console)
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    except OutputRefused as error:
        console.line(console.styled(f"✗ {error}", "red"))
        return 1


async def play(provider: Callable[[], PixazoStandIn], console: Console) -> Record:
    """The programme between its stand-ins; what goes wrong in it is in the record."""
    with tempfile.TemporaryDirectory(prefix="easel-demo-") as folder, _terminated():
        async with DiscordStandIn() as discord, provider() as pixazo:
            console.line(console.styled("Easel demo: the real bot, stand-ins for everybody else", "bold"))
            console.line("No token, no key: nothing leaves this machine, and nothing costs anything.")
            console.line(f"Discord is {discord.origin}, the image API is {pixazo.origin}.\n")
            record = stage(discord, pixazo)
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    await perform(record, Path(folder), console)
            except (BotFailed, ClientRefused, LookupError, OSError, ValueError) as error:
                # A TimeoutError is an OSError, too; its text says what was waited for.
                record.fault = str(error) or f"it took longer than {LONGEST_SECONDS:g} s"
            return record


def conclude(record: Record, folder: OutputFolder, console: Console) -> int:
    """Leave the results in the folder and print them; returns 0 if every check holds, else 1.

    Raises OutputRefused where the folder can't be written to.
    """
    folder.write(_files(record))
    checks = run_checks(record)
    _tell(record, checks, console)
    console.line()
    console.line(f"Pictures, transcript and report are in {folder.path}: open transcript.html")
    return 0 if all(check.holds for check in checks) else 1


@contextlib.contextmanager
def _terminated() -> Iterator[None]:
    """While inside, being told to end means what Ctrl-C means: the bot must not be left behind."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    # Whoever started it with `nohup` wants a hang-up to be ignored.
    ending = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    for number in ending:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in ending:
            loop.remove_signal_handler(number)


def _picture_names() -> dict[tuple[Wish, int], str]:
    """The name of the file for each picture that must be shown, by wish and place in its card."""
    wanted = [(wish, place) for wish in wishes.ALL for place in range(len(wish.expected))]
    return {
        (wish, place): f"{number:02}-{wish.slug}{f'-{place + 1}' if len(wish.expected) > 1 else ''}.png"
        for number, (wish, place) in enumerate(wanted, start=1)
    }


def _names() -> frozenset[str]:
    transcripts = {f"{_TRANSCRIPT}.{ending}" for ending in ("html", "txt", "json")}
    return frozenset({*transcripts, _REPORT, _LOG, *_picture_names().values()})


def _files(record: Record) -> dict[str, str | bytes]:
    """Everything that goes into the folder, by name."""
    names = _picture_names()
    saved: dict[int, str] = {}
    files: dict[str, str | bytes] = {}
    for one in record.played:
        for place, attachment in enumerate(one.message.gallery()):
            name = names.get((one.wish, place))
            if name is not None:
                saved[attachment.id] = name
                files[name] = attachment.read()
    view = channel.view(record.discord, record.channel, files=saved, marks=record.marks, moments=record.moments)
    return {
        **files,
        f"{_TRANSCRIPT}.html": page.render(view),
        f"{_TRANSCRIPT}.txt": plain.as_text(view),
        f"{_TRANSCRIPT}.json": plain.as_json(view),
        _REPORT: record.report,
        _LOG: "".join(f"{line}\n" for line in record.bot_log),
    }


def _tell(record: Record, checks: list[Check], console: Console) -> None:
    """Print the books beside the bill, and every check."""
    if record.books is not None:
        console.heading("The books, as `bot.py report` has them, beside the provider's bill")
        names = {str(member.id): member.name for member in record.guild.members.values()}
        tables = (books.table(record.books, record.played, record.pixazo), books.accounts_table(record.books, names))
        for line in (*tables[0], "", *tables[1]):
            console.line(f"  {line}".rstrip())
    console.heading("Did it all happen as it should?")
    for check in checks:
        sign = console.styled("✓", "green") if check.holds else console.styled("✗", "red", "bold")
        console.line(f"  {sign} {check.statement}")
        for problem in check.problems:
            console.line(console.styled(f"      {problem}", "red"))
    if not all(check.holds for check in checks):
        console.heading("The bot's last words")
        for line in record.bot_log[-_LOG_LINES_SHOWN:]:
            console.line(f"  {line}")

"""The bot's side of work in child processes: they start in turn, have so much time, and are ended for certain."""

import asyncio
import contextlib
import logging
import math
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from childwork.child import EXIT_DISK
from errors import Failure, ProviderClosed, StorageUnavailable

log = logging.getLogger(__name__)

# For a turn: by then the member has given up, and the file given is still open.
_TURN_LIMIT_SECONDS: Final = 60.0
# What counts is the last line; what a dying interpreter says before is for the log.
_REPORT_MAX_BYTES: Final = 4096
_ROOT: Final = Path(__file__).resolve().parent.parent
# Nothing of the bot's environment, which holds its token. One thread for numpy's library, and few heaps, keep the
# address space small.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: its exit code, a signal as a negative number, and its last lines of standard error."""

    code: int
    lines: list[str]

    @property
    def last_line(self) -> str:
        """Where a child says what came of its work; empty where it said nothing."""
        return self.lines[-1] if self.lines else ""


class Children:
    """Runs `python -m <module>` for each piece of work; what they write lies in `folder`, without names.

    At most `at_once` run at the same time, each for `time_limit_seconds` of its own. However a piece of work ends, a
    caller who is cancelled included, its process has ended before and was waited for.
    """

    def __init__(
        self,
        folder: Path,
        module: str,
        *,
        at_once: int,
        time_limit_seconds: float,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._module = module
        self._time_limit_seconds = time_limit_seconds
        self._environment = {**_ENVIRONMENT, **(environment or {})}
        self._turns = asyncio.Semaphore(at_once)
        self._running: set[asyncio.subprocess.Process] = set()
        self._closed = False

    @property
    def seconds(self) -> int:
        """What a child should allow itself, for when nobody is left to end it."""
        return math.ceil(self._time_limit_seconds)

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. Raises StorageUnavailable."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be made: {error.strerror}") from error

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a child may be run. Raises TimeoutError where too many wait, ProviderClosed after `close`."""
        async with asyncio.timeout(_TURN_LIMIT_SECONDS):
            await self._turns.acquire()
        try:
            self.check_open()
            yield
        finally:
            self._turns.release()

    async def run(self, argument: str, source: BinaryIO, result: BinaryIO) -> Ended:
        """Have one child do its work, from the file `source` to the file `result`; within a turn.

        Raises TimeoutError where it takes too long, StorageUnavailable where the disk refuses, ProviderClosed where it
        was ended by `close`, and Failure where no child can be started.
        """
        with self.scratch() as report:
            process = await self._start(argument, source, result, report)
            self._running.add(process)
            try:
                self.check_open()  # `close` may not have seen it, since it had not quite started
                async with asyncio.timeout(self._time_limit_seconds):
                    code = await process.wait()
            except TimeoutError:
                log.info("%s took more than %g s and was ended", self._module, self._time_limit_seconds)
                raise
            finally:
                self._running.discard(process)
                await _end(process)
            ended = Ended(code=code, lines=_last_lines(report))
        if code == EXIT_DISK:
            raise StorageUnavailable(ended.last_line)
        if code < 0:
            self.check_open()
        return ended

    def check_open(self) -> None:
        """Raise ProviderClosed after `close`."""
        if self._closed:
            raise ProviderClosed(stopping=True)

    def scratch(self) -> BinaryIO:
        """An open file without a name, in the folder. Raises StorageUnavailable."""
        try:
            return tempfile.TemporaryFile(dir=self._folder)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be written: {error.strerror}") from error

    async def close(self) -> None:
        """Take no more work, and end what is under way."""
        self._closed = True
        await asyncio.gather(*(_end(process) for process in list(self._running)))

    async def _start(
        self, argument: str, source: BinaryIO, result: BinaryIO, report: BinaryIO
    ) -> asyncio.subprocess.Process:
        try:
            source.flush()
        except OSError as error:
            raise StorageUnavailable(f"a file could not be written: {error.strerror}") from error
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-E", "-s", "-m", self._module, argument),
                stdin=source,
                stdout=result,
                stderr=report,
                cwd=_ROOT,
                env=self._environment,
                start_new_session=True,  # a terminal's Ctrl-C is for the bot, which ends its children itself
            )
        except OSError as error:
            raise Failure(f"{self._module} could not be started: {error.strerror}") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the process unless it has ended, and wait until the system has let it go."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _last_lines(report: BinaryIO) -> list[str]:
    report.seek(max(0, report.seek(0, os.SEEK_END) - _REPORT_MAX_BYTES))
    return report.read().decode("utf-8", "replace").split("\n")[:-1]

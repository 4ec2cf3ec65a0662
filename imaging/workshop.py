"""The bot's side of image work: one child process for each piece, with limits, and nothing of it on the event loop."""

import asyncio
import contextlib
import logging
import math
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from errors import Failure, InvalidOption, ProviderClosed, StorageUnavailable, UnusableImage
from imaging.protocol import EXIT_DISK, EXIT_REFUSED, METHODS, PNG, THRESHOLD_MAX, Outcome, Task, refusal_from

log = logging.getLogger(__name__)

# A worker takes a core for a second and up to 400 MB; the machine has few of both.
_PIECES_AT_ONCE: Final = 2
# Ten times what the largest picture takes. An interaction's answer is waited for anyway.
TIME_LIMIT_SECONDS: Final = 10.0
# For a turn: by then the member has given up, and the file given is still open.
_TURN_LIMIT_SECONDS: Final = 60.0
# The outcome is a line at the end; what a dying interpreter says before is for the log.
_REPORT_MAX_BYTES: Final = 4096

_ROOT: Final = Path(__file__).resolve().parent.parent
# Nothing of the bot's environment, which holds its token. One thread for numpy's library, and few heaps, keep the
# address space small.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A picture that was made: an open file without a name, at its beginning, gone once it is closed.

    Whoever asked for it closes it. The original's size is as it is seen, before it was scaled down; `low` and `high`
    are the thresholds of a canny map.
    """

    file: BinaryIO
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    original_width_px: int
    original_height_px: int
    low: int | None = None
    high: int | None = None

    @property
    def filename(self) -> str:
        """What the file is called where it is attached: `input.png` or `input.jpg`."""
        return "input.png" if self.media_type == PNG else "input.jpg"

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


class Workshop:
    """Checks images that members gave and makes control maps of them; files lie in `folder`, without names.

    A source is a real file; its position does not matter and is not moved. Every method raises UnusableImage where
    the image is at fault, StorageUnavailable where the disk is, ProviderClosed once the workshop is closed, and
    Failure where workers can't run at all. A caller that is cancelled takes its worker with it.
    """

    def __init__(self, folder: Path, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self._folder = folder
        self._time_limit_seconds = time_limit_seconds
        self._turns = asyncio.Semaphore(_PIECES_AT_ONCE)
        self._workers: set[asyncio.subprocess.Process] = set()
        self._closed = False

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. Raises StorageUnavailable."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be made: {error.strerror}") from error

    async def check(self, source: BinaryIO) -> Prepared:
        """The image, checked and normalised: upright, in RGB on white, at most 1536 px wide and high, no metadata."""
        return await self._work(source, "none")

    async def make_map(
        self, source: BinaryIO, method: str, *, low: int | None = None, high: int | None = None
    ) -> Prepared:
        """A control map of the image, which is checked on the way; `method` is one of `protocol.METHODS`.

        Maps are at most 1024 px wide and high, the size of the provider's largest picture. `low` and `high` are
        canny's thresholds, 0 to 255; one that is None is chosen to suit. Raises InvalidOption (`low` or `high`) for
        thresholds that can't be.
        """
        assert method in METHODS
        for option, threshold in (("low", low), ("high", high)):
            if threshold is not None and not 0 <= threshold <= THRESHOLD_MAX:
                raise InvalidOption(option, "out_of_range", low=0, high=THRESHOLD_MAX)
        if low is not None and high is not None and low > high:
            raise InvalidOption("low", "conflict", other="high")
        return await self._work(source, method, low=low, high=high)

    async def close(self) -> None:
        """Take no more work, and end what is under way."""
        self._closed = True
        await asyncio.gather(*(_end(worker) for worker in list(self._workers)))

    async def _work(
        self, source: BinaryIO, method: str, *, low: int | None = None, high: int | None = None
    ) -> Prepared:
        task = Task(method=method, seconds=math.ceil(self._time_limit_seconds), low=low, high=high)
        async with self._turn():
            with self._scratch() as report:
                result = self._scratch()
                try:
                    code = await self._run(task, source, result, report)
                    return self._prepared(code, result, _last_lines(report))
                except BaseException:
                    result.close()
                    raise

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_LIMIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise UnusableImage("too_hard") from None
        try:
            if self._closed:
                raise ProviderClosed(stopping=True)
            yield
        finally:
            self._turns.release()

    async def _run(self, task: Task, source: BinaryIO, result: BinaryIO, report: BinaryIO) -> int:
        """The worker's exit code. However this ends, the worker has ended too."""
        worker = await self._start(task, source, result, report)
        self._workers.add(worker)
        try:
            async with asyncio.timeout(self._time_limit_seconds):
                return await worker.wait()
        except TimeoutError:
            log.info("an image took more than %g s, and its worker was ended", self._time_limit_seconds)
            raise UnusableImage("too_hard") from None
        finally:
            self._workers.discard(worker)
            await _end(worker)

    async def _start(
        self, task: Task, source: BinaryIO, result: BinaryIO, report: BinaryIO
    ) -> asyncio.subprocess.Process:
        try:
            source.flush()
        except OSError as error:
            raise StorageUnavailable(f"an image could not be written: {error.strerror}") from error
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-E", "-s", "-m", "imaging.worker", task.as_argument()),
                stdin=source,
                stdout=result,
                stderr=report,
                cwd=_ROOT,
                env=_ENVIRONMENT,
                start_new_session=True,  # a terminal's Ctrl-C is for the bot, which ends its workers itself
            )
        except OSError as error:
            raise Failure(f"an image worker could not be started: {error.strerror}") from error

    def _prepared(self, code: int, result: BinaryIO, lines: list[str]) -> Prepared:
        last = lines[-1] if lines else ""
        with contextlib.suppress(ValueError):  # not what a sound worker says; told below
            if code == 0:
                outcome = Outcome.from_line(last)
                size_bytes = result.seek(0, os.SEEK_END)
                result.seek(0)
                return Prepared(file=result, size_bytes=size_bytes, **asdict(outcome))
            if code == EXIT_REFUSED:
                raise UnusableImage(refusal_from(last))
        if self._closed:
            raise ProviderClosed(stopping=True)
        if code == EXIT_DISK:
            raise StorageUnavailable(last)
        if code in {-signal.SIGXCPU, -signal.SIGALRM}:
            raise UnusableImage("too_hard")
        if code < 0:
            log.error("an image's worker was ended by signal %d", -code)
            raise UnusableImage("undecodable")
        raise Failure(f"an image worker ended with {code}: {' / '.join(lines)}")

    def _scratch(self) -> BinaryIO:
        try:
            return tempfile.TemporaryFile(dir=self._folder)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be written: {error.strerror}") from error


async def _end(worker: asyncio.subprocess.Process) -> None:
    """Kill the worker unless it has ended, and wait until the system has let it go."""
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
    await worker.wait()


def _last_lines(report: BinaryIO) -> list[str]:
    report.seek(max(0, report.seek(0, os.SEEK_END) - _REPORT_MAX_BYTES))
    return report.read().decode("utf-8", "replace").split("\n")[:-1]

"""The real bot as a child process: started, asked whether it is ready, killed, stopped, and asked for its books."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

BOT: Final = Path(__file__).resolve().parents[2] / "bot.py"

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 15.0
"""How long the bot may take to stop when it is told to."""
_COMMAND_SECONDS: Final = 20.0
_PROBE_SECONDS: Final = 2.0
_PROBE_GAP_SECONDS: Final = 0.05
_LINES_KEPT: Final = 5000

# What a child needs from this process to run at all. Everything else stays out, above all the user's own settings.
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
_SERVED: Final = re.compile(r"served on (http://\S+)")


class BotFailed(Exception):
    """The bot did not do what a bot must: start, stop or report."""


class BotProcess:
    """The bot in a folder of its own, where no `.env` of the user's is. Leaving the context kills what still runs."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._environment = {**inherited, "PYTHONUTF8": "1", **settings}
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._origin: str | None = None
        self.log: deque[str] = deque(maxlen=_LINES_KEPT)
        """What the bot has written, over all of its lives."""
        self.starts = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.kill()

    @property
    def pid(self) -> int | None:
        """The id of the process that runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start it and wait until its `/readyz` says yes. Raises BotFailed if it ends or takes too long."""
        self._origin = None
        self._process = await self._spawn(merged=True)
        self._reading = asyncio.create_task(self._read(self._process), name="bot's log")
        self.starts += 1
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_ready()
        except TimeoutError:
            raise BotFailed(f"the bot was not ready after {START_SECONDS:g} s") from None

    async def kill(self) -> None:
        """End it as a power cut would: at once, with no chance to tidy up. Harmless if it does not run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._ended(self._process)

    async def stop(self) -> tuple[int, float]:
        """Tell it to stop; gives its exit code and the seconds it took. Raises BotFailed if it does not."""
        process = self._process
        if process is None:
            raise BotFailed("the bot is not running")
        started = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            raise BotFailed(f"the bot did not stop within {STOP_SECONDS:g} s") from None
        took = time.monotonic() - started
        return await self._ended(process), took

    async def ask(self, *words: str) -> tuple[int, str]:
        """Run one of its commands (`report --json`); gives the exit code and what it printed.

        Raises BotFailed if that takes too long.
        """
        process = await self._spawn(*words, merged=False)
        try:
            async with asyncio.timeout(_COMMAND_SECONDS):
                out, err = await process.communicate()
        except TimeoutError:
            raise BotFailed(f"bot.py {' '.join(words)} took longer than {_COMMAND_SECONDS:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        self.log.extend(err.decode("utf-8", "replace").splitlines())
        assert process.returncode is not None
        return process.returncode, out.decode("utf-8", "replace")

    async def _spawn(self, *words: str, merged: bool) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C reaches only the demo, which then ends the bot itself.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(BOT),
            *words,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT if merged else asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        """Wait for a process that ends, and for the rest of what it wrote."""
        code = await process.wait()
        if self._reading is not None:
            await self._reading
        self._process = self._reading = None
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line beyond the reader's limit; what follows it is read on
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self.log.append(text)
            if served := _SERVED.search(text):
                self._origin = served[1]

    async def _until_ready(self) -> None:
        process = self._process
        assert process is not None
        timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while not await self._is_ready(session):
                if process.returncode is not None:
                    code = await self._ended(process)
                    raise BotFailed(f"the bot ended with exit code {code} instead of getting ready")
                await asyncio.sleep(_PROBE_GAP_SECONDS)

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        if self._origin is None:
            return False
        try:
            async with session.get(f"{self._origin}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

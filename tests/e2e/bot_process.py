"""The real bot as a process of its own, between the stand-ins of Discord and of the provider."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ops import report
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from sandbox.settings import settings_for
from storage.reading import snapshot

ROOT: Final = Path(__file__).resolve().parents[2]
_READY_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 15.0


class BotProcess:
    """`python bot.py` in an empty folder with nothing in its environment but the settings given."""

    def __init__(self, folder: Path, discord: DiscordStandIn, pixazo: PixazoStandIn, **settings: str) -> None:
        self.folder = folder
        self.discord = discord
        self.settings = {
            **settings_for(discord, pixazo),
            **settings,
        }
        self.log_path = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What the bot has logged over all its starts."""
        return self.log_path.read_text("utf-8") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the bot and wait until it is connected and its commands are known."""
        await self.launch()
        assert self._process is not None
        ready = asyncio.ensure_future(self._ready())
        exited = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({ready, exited}, return_when=asyncio.FIRST_COMPLETED, timeout=_READY_SECONDS)
            if not ready.done():
                raise AssertionError(f"the bot did not get ready:\n{self.log}")
            ready.result()
        finally:
            for waiting in (ready, exited):
                waiting.cancel()

    async def launch(self) -> None:
        """Start the bot and wait for nothing."""
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(ROOT / "bot.py"),
                cwd=self.folder,
                env=self.settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        """End the process as a power cut would, and wait until it is gone and Discord has noticed."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask the process to stop, as a supervisor would, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def exited(self, within_seconds: float = _STOP_SECONDS) -> int:
        """The exit code of a bot that ends by itself."""
        assert self._process is not None
        async with asyncio.timeout(within_seconds):
            return await self._process.wait()

    async def close(self) -> None:
        """Leave no process behind."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def command(self, *arguments: str, settings: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Run `python bot.py ARGUMENTS` beside the bot; exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "bot.py"),
            *arguments,
            cwd=self.folder,
            env=self.settings if settings is None else dict(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_READY_SECONDS):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    def books(self) -> dict[str, Any]:
        """What `report --json` would say now, without the second it takes to start a process for it."""
        return report.as_object(snapshot(self.folder / "data" / "easel.db"))

    def job(self) -> dict[str, Any]:
        """The only job there is."""
        (job,) = self.books()["jobs"]
        return dict(job)

    async def job_until(self, condition: Callable[[dict[str, Any]], bool], *, seconds: float = 30.0) -> dict[str, Any]:
        """The only job once it is as asked for."""
        job: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition(job := self.job()):
                    await asyncio.sleep(0.1)
                return job
        raise AssertionError(f"the job is {job}\n{self.log}")

    async def _ready(self) -> None:
        await self.discord.ready()
        await self.discord.commands_synced()

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, how)
        code = await self.exited()
        await self.discord.disconnected()
        return code

"""Figures with their targets, percentiles, and what the operating system says of a process."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from sandbox.settings import settings_for

ROOT = Path(__file__).resolve().parent.parent
_HEARTBEAT_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; `target` is the most it should be, where there is one."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def line(self) -> str:
        """The figure for people."""
        aim = "" if self.target is None else f" (target ≤ {self.target:g} {self.unit})"
        missed = "" if self.target is None or self.value <= self.target else "  MISSED"
        return f"{self.name}: {self.value:.4g} {self.unit}{aim}{missed}"

    def as_object(self) -> dict[str, Any]:
        """The figure for programs."""
        return {"name": self.name, "value": round(self.value, 4), "unit": self.unit, "target": self.target}


def table(measured: Mapping[str, Sequence[Figure]]) -> str:
    """All figures as a Markdown table."""
    lines = ["| benchmark | figure | measured | target |", "| --- | --- | ---: | ---: |"]
    for name, figures in measured.items():
        for figure in figures:
            aim = "none" if figure.target is None else f"≤ {figure.target:g} {figure.unit}"
            lines.append(f"| {name} | {figure.name} | {figure.value:.4g} {figure.unit} | {aim} |")
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


@contextlib.asynccontextmanager
async def heartbeat(lateness: list[float]) -> AsyncIterator[None]:
    """Notes how late, in milliseconds, this process's loop runs what is due every 10 ms."""

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _HEARTBEAT_SECONDS
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            lateness.append((loop.time() - due) * 1000)

    task = asyncio.create_task(beat(), name="benchmark heartbeat")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class Bot:
    """The real bot in a process of its own; it measures its own heartbeat and memory when asked by the kernel."""

    def __init__(self, folder: Path, discord: DiscordStandIn, pixazo: PixazoStandIn, **settings: str) -> None:
        self.folder = folder
        self._discord = discord
        self._settings = {
            **settings_for(discord, pixazo),
            "LOG_LEVEL": "WARNING",
            "USER_DAILY_IMAGES": "100000",
            "USER_MONTHLY_USD": "1000000",
            "GUILD_DAILY_USD": "1000000",
            "GUILD_MONTHLY_USD": "1000000",
            "GLOBAL_MONTHLY_USD": "1000000",
            "USER_ACTIVE_JOBS": "1000",
            "HEARTBEAT_FILE": str(folder / "heartbeat"),
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Start the bot; returns the seconds until it was connected and its commands were known."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        with (self.folder / "bot.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(ROOT / "benchmarks" / "watched_bot.py"),
                cwd=self.folder,
                env=self._settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._discord.ready(timeout=60)
        await self._discord.commands_synced(timeout=60)
        return loop.time() - started

    @property
    def resident_mib(self) -> float:
        """Memory in use now."""
        return self._status("VmRSS")

    @property
    def peak_mib(self) -> float:
        """The most memory that was in use since the start, or since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Let the peak begin anew (Linux's clear_refs)."""
        Path(f"/proc/{self._pid}/clear_refs").write_text("5", "ascii")

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system."""
        fields = Path(f"/proc/{self._pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def heartbeat_ms(self, *, since: int = 0) -> list[float]:
        """How late the event loop ran what was due every 10 ms, in milliseconds, for each beat from `since` on."""
        return [float(line) for line in (self.folder / "heartbeat").read_text("ascii").split()][since:]

    async def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(20):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _status(self, field: str) -> float:
        for line in Path(f"/proc/{self._pid}/status").read_text("ascii").splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        raise LookupError(field)


@contextlib.asynccontextmanager
async def bot_between_stand_ins(
    *, pixazo: PixazoStandIn | None = None, keep_files: bool = False, **settings: str
) -> AsyncIterator[tuple[Bot, DiscordStandIn, PixazoStandIn]]:
    """A bot that is not started yet, the Discord and the provider it will meet, in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        async with (
            DiscordStandIn(record=False, keep_files=keep_files) as discord,
            pixazo or PixazoStandIn() as provider,
        ):
            bot = Bot(Path(folder), discord, provider, **settings)
            try:
                yield bot, discord, provider
            finally:
                await bot.stop()

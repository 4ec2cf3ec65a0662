"""The real bot inside of the test's own process, for what takes minutes of its time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from discord.gateway import DiscordWebSocket
from discord.http import Route

import config
from bot import Easel
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from tests.e2e.bot_process import BotProcess
from tests.support import PATIENCE_SECONDS

# A hundred times as fast as the clock on the wall, in steps that leave the bot time to do what is due.
_STEP_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.02


class SkippingClock:
    """`clock.Clock`: the machine's time, of which the test may skip as much as it likes."""

    def __init__(self) -> None:
        self._skipped_seconds = 0.0
        self._skip = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._skipped_seconds)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped_seconds

    async def sleep(self, seconds: float) -> None:
        wakes_at = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := wakes_at - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._skip.wait()

    def skip(self, seconds: float) -> None:
        """Let that much time have passed at once, and wake whoever's sleep ends by then."""
        self._skipped_seconds += seconds
        self._skip.set()
        self._skip = asyncio.Event()

    async def run_until(self, condition: Callable[[], bool], *, what: str) -> None:
        """Let time run fast until the condition holds; fail the test where it does not in good time."""
        gives_up_at = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < gives_up_at, f"{what} did not come about"
            self.skip(_STEP_SECONDS)
            await asyncio.sleep(_PAUSE_SECONDS)


@contextlib.asynccontextmanager
async def easel(
    database: Path, discord: DiscordStandIn, pixazo: PixazoStandIn, clock: SkippingClock, **settings_given: str
) -> AsyncIterator[Easel]:
    """A connected bot, stopped in the end; a part of it that died before then is an error."""
    environment = BotProcess(database.parent, discord, pixazo, **settings_given).settings
    settings = config.load({**environment, "DATABASE_URL": f"sqlite:///{database}"}, None)
    addresses = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # discord.py keeps them for the whole process
    bot, stop = Easel(settings, clock=clock), asyncio.Event()
    try:
        await bot.start()
        running = asyncio.create_task(bot.run(stop), name="bot")
        try:
            await discord.ready()
            await discord.commands_synced()
            yield bot
        finally:
            stop.set()
            await running
    finally:
        await bot.stop()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = addresses

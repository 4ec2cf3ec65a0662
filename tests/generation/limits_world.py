"""One process's parts on a database file, in a loop of their own, for a test that isn't a coroutine."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from generation.guild_settings import GuildChoices
from generation.limit_book import LimitBook
from generation.pauses import Pauses
from limits import Caps, LimitName
from provider.client import PixazoClient
from storage.database import Database
from tests.generation.assembly import Assembly, Options
from tests.generation.limits_model import ACTIVE_LIMIT, DEFAULTS, PRICE
from tests.generation.recording import Channel, RecordingDelivery
from tests.support import FakeClock

T = TypeVar("T")

# Two days before November and before the clocks go back in New York.
START: Final = datetime(2026, 10, 30, 20, tzinfo=UTC)
NOWHERE: Final = "http://127.0.0.1:9"


class World:
    """One process's parts on the database file; `restart` puts others in their place."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(START)
        self._folder = folder
        self._channel = Channel()
        self._runner = asyncio.Runner()
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def restart(self) -> None:
        self.run(self._close())
        self.run(self._open())

    def close(self) -> None:
        self.run(self._close())
        self._runner.close()

    async def _open(self) -> None:
        database = await Database.open(self._folder / "easel.db", clock=self.clock)
        caps: dict[str, Any] = {
            "user_daily_images": DEFAULTS[LimitName.MEMBER_DAILY_IMAGES],
            "user_monthly_micros": DEFAULTS[LimitName.MEMBER_MONTHLY_MICROS] * PRICE,
            "guild_daily_micros": DEFAULTS[LimitName.GUILD_DAILY_MICROS] * PRICE,
            "guild_monthly_micros": DEFAULTS[LimitName.GUILD_MONTHLY_MICROS] * PRICE,
            "global_monthly_micros": DEFAULTS[LimitName.GLOBAL_MONTHLY_MICROS] * PRICE,
        }
        self.bot = Assembly(
            folder=self._folder,
            clock=self.clock,
            database=database,
            provider=PixazoClient(
                submit_url=NOWHERE, status_url=NOWHERE, api_key="unused", result_hosts=(), clock=self.clock
            ),
            delivery=RecordingDelivery(self._channel, self.clock),
            options=Options(active_jobs=ACTIVE_LIMIT, **caps),
        )
        self.book = LimitBook(database, Caps(**caps), self.clock)
        self.choices = GuildChoices(database, self.clock)
        self.pauses = Pauses(database=database, runner=self.bot.runner, clock=self.clock)

    async def _close(self) -> None:
        self.bot.judge.close()
        await self.bot.cards.close()
        await self.bot.database.close()

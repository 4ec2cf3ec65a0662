"""From the start of the process until the bot is connected: with nothing to do, and with 1000 jobs to take up."""

import asyncio
import statistics

from benchmarks.flight import JOBS, submit_all
from benchmarks.measure import Bot, Figure, bot_between_stand_ins
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn

_ROUNDS = 3


async def run() -> list[Figure]:
    """Start to ready, the median of some rounds."""
    async with bot_between_stand_ins(pixazo=PixazoStandIn(latency=3600.0), MAX_IN_FLIGHT="2000") as (
        bot,
        discord,
        pixazo,
    ):
        empty = [await _restart(bot, discord) for _ in range(_ROUNDS)]
        await submit_all(discord, pixazo, JOBS)
        full = [await _restart(bot, discord) for _ in range(_ROUNDS)]
    return [
        Figure(name="start to ready", value=statistics.median(empty), unit="s", target=2),
        Figure(name="start to ready, 1000 jobs to recover", value=statistics.median(full), unit="s", target=2),
    ]


async def _restart(bot: Bot, discord: DiscordStandIn) -> float:
    await bot.stop()
    await discord.disconnected()
    seconds = await bot.start()
    await asyncio.sleep(1)
    return seconds

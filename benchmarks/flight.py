"""A thousand jobs with the provider at once, all of them being polled."""

import asyncio

from benchmarks.measure import Figure, bot_between_stand_ins, percentile
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn

JOBS = 1000


async def submit_all(discord: DiscordStandIn, pixazo: PixazoStandIn, jobs: int) -> None:
    """Let `jobs` members ask for a picture each, and wait until the provider has them all."""
    guilds = [discord.add_guild(f"Guild {number}") for number in range(50)]
    channels = [guild.add_channel("art") for guild in guilds]
    for batch in _batches(jobs, 100):
        runs = []
        for number in batch:
            guild = guilds[number % len(guilds)]
            member = guild.add_member(f"member {number}")
            runs.append(await discord.slash(member, channels[number % len(guilds)], "imagine", {"prompt": "a boat"}))
        await asyncio.gather(*(run.answered(timeout=30) for run in runs))
    await pixazo.until(lambda: len(pixazo.accepted()) >= jobs, timeout=120)


def _batches(total: int, size: int) -> list[range]:
    return [range(start, min(start + size, total)) for start in range(0, total, size)]


async def run() -> list[Figure]:
    """Memory for the jobs, and whether the event loop keeps its time."""
    async with bot_between_stand_ins(pixazo=PixazoStandIn(latency=3600.0), MAX_IN_FLIGHT="2000") as (
        bot,
        discord,
        pixazo,
    ):
        await bot.start()
        await asyncio.sleep(2)
        idle, calm = bot.resident_mib, len(bot.heartbeat_ms())
        await submit_all(discord, pixazo, JOBS)
        await asyncio.sleep(30)
        held = bot.resident_mib
        beats = bot.heartbeat_ms(since=calm)
        return [
            Figure(name="1000 jobs in flight, memory over idle", value=held - idle, unit="MiB", target=40),
            Figure(name="heartbeat p99.9", value=percentile(beats, 0.999), unit="ms", target=50),
        ]

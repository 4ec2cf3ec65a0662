"""What the bot takes while nobody asks for anything."""

import asyncio

from benchmarks.measure import Figure, bot_between_stand_ins


async def run() -> list[Figure]:
    """Memory and processor time of a bot with a hundred guilds and nothing to do."""
    async with bot_between_stand_ins() as (bot, discord, _):
        for number in range(100):
            discord.add_guild(f"Guild {number}").add_channel("art")
        await bot.start()
        await asyncio.sleep(3)
        before = bot.cpu_seconds
        await asyncio.sleep(10)
        return [
            Figure(name="resident memory", value=bot.resident_mib, unit="MiB", target=80),
            Figure(name="processor time", value=(bot.cpu_seconds - before) * 100, unit="ms/s"),
        ]

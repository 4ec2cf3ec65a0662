"""Fifty jobs of four 4 MB pictures each arrive at once, and all of them go to Discord."""

import asyncio

from benchmarks.measure import Figure, bot_between_stand_ins, percentile
from sandbox.pixazo import PixazoStandIn

_JOBS = 50
_IMAGE_BYTES = 4_000_000


async def run() -> list[Figure]:
    """The peak of memory over idle, the event loop's time, and processor time a job."""
    stand_in = PixazoStandIn(latency=3600.0, image_bytes=_IMAGE_BYTES)
    async with bot_between_stand_ins(pixazo=stand_in, MAX_IN_FLIGHT="100") as (bot, discord, pixazo):
        guild = discord.add_guild("Guild")
        channel = guild.add_channel("art")
        members = [guild.add_member(f"member {number}") for number in range(_JOBS)]
        await bot.start()
        await asyncio.sleep(2)
        idle, cpu, calm = bot.resident_mib, bot.cpu_seconds, len(bot.heartbeat_ms())
        bot.forget_peak()
        runs = [await discord.slash(member, channel, "imagine", {"prompt": "a boat", "count": 4}) for member in members]
        answers = await asyncio.gather(*(run.answered(timeout=30) for run in runs))
        await pixazo.until(lambda: len(pixazo.accepted()) == _JOBS, timeout=60)
        started = asyncio.get_running_loop().time()
        pixazo.finish()
        for answer in answers:
            assert answer.message is not None
            await answer.message.changed(lambda message: len(message.attachments) == 4, timeout=300)
        took = asyncio.get_running_loop().time() - started
        return [
            Figure(
                name="50 jobs of four 4 MB pictures, peak over idle", value=bot.peak_mib - idle, unit="MiB", target=120
            ),
            Figure(name="all delivered after", value=took, unit="s"),
            Figure(name="heartbeat p99.9", value=percentile(bot.heartbeat_ms(since=calm), 0.999), unit="ms", target=50),
            Figure(name="processor time a job", value=(bot.cpu_seconds - cpu) / _JOBS * 1000, unit="ms"),
        ]

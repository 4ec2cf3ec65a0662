"""A burst: 1000 members in 50 guilds type `/imagine` in the same instant, while the runner works."""

import asyncio

from benchmarks.measure import Figure, bot_between_stand_ins, percentile
from sandbox.pixazo import PixazoStandIn

_COMMANDS = 1000
_GUILDS = 50
_ROUNDS = 3
# The heartbeat is judged over the burst and what follows from it, not over the start of the process.
_AFTERMATH_SECONDS = 30


async def run() -> list[Figure]:
    """How long until each command has its first answer, as Discord sees it."""
    worst, latencies, beats, longest = [], [], [], []
    for _ in range(_ROUNDS):
        async with bot_between_stand_ins(pixazo=PixazoStandIn(latency=5.0)) as (bot, discord, _):
            guilds = [discord.add_guild(f"Guild {number}") for number in range(_GUILDS)]
            places = [
                (guild.add_member(f"member {number}"), guild.add_channel(f"art-{number}"))
                for number in range(_COMMANDS // _GUILDS)
                for guild in guilds
            ]
            await bot.start()
            await asyncio.sleep(1)
            calm = len(bot.heartbeat_ms())
            runs = await asyncio.gather(
                *(discord.slash(member, channel, "imagine", {"prompt": "a lighthouse"}) for member, channel in places)
            )
            answers = await asyncio.gather(*(run.answered(timeout=30) for run in runs))
            assert all(answer.kind == "message" and not answer.ephemeral for answer in answers)  # cards, no refusals
            latencies.append(percentile([answer.latency_seconds for answer in answers], 0.99))
            worst.append(max(answer.latency_seconds for answer in answers))
            await asyncio.sleep(_AFTERMATH_SECONDS)
            late = bot.heartbeat_ms(since=calm)
            beats.append(percentile(late, 0.999))
            longest.append(max(late))
    return [
        Figure(
            name="1000 at once, p99 (median of rounds)", value=sorted(latencies)[_ROUNDS // 2], unit="s", target=1.5
        ),
        Figure(name="1000 at once, last answer (worst round)", value=max(worst), unit="s", target=3),
        Figure(
            name="heartbeat p99.9, burst and 30 s after it (median of rounds)",
            value=sorted(beats)[_ROUNDS // 2],
            unit="ms",
            target=50,
        ),
        Figure(
            name="longest hold-up of the event loop (median of rounds)", value=sorted(longest)[_ROUNDS // 2], unit="ms"
        ),
    ]

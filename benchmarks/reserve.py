"""Reserving through the real `accept()` path's transaction: 200 tasks at once on a real file with FULL sync."""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure, percentile
from clock import SystemClock
from generation.policy import reservations
from limits import Caps, holding
from models import GenerationRequest, GuildSettings, Job, JobStatus, Origin
from storage import jobs
from storage.database import Database

_TASKS = 200
_ROUNDS = 15
_CAPS = Caps(
    user_daily_images=10**6,
    user_monthly_micros=10**12,
    guild_daily_micros=10**12,
    guild_monthly_micros=10**12,
    global_monthly_micros=10**12,
)
_HOLDING = holding(_CAPS, {}, user_id=1)


async def run() -> list[Figure]:
    """Latencies of one reservation while 200 tasks reserve at once, and when one task is alone."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        database = await Database.open(Path(folder) / "easel.db", clock=SystemClock())
        try:
            await _round(database, 0, _TASKS)
            together, rates = [], []
            for number in range(1, _ROUNDS + 1):
                started = time.perf_counter()
                together.append(await _round(database, number, _TASKS))
                rates.append(_TASKS / (time.perf_counter() - started))
            alone = [(await _round(database, 1000 + number, 1))[0] for number in range(200)]
        finally:
            await database.close()
    return [
        Figure(
            name="200 at once, p99 (median of rounds)",
            value=statistics.median(percentile(one, 0.99) for one in together) * 1000,
            unit="ms",
            target=25,
        ),
        Figure(name="200 at once, reservations", value=statistics.median(rates), unit="/s"),
        Figure(name="one task, p50", value=percentile(alone, 0.5) * 1000, unit="ms"),
        Figure(name="one task, p99", value=percentile(alone, 0.99) * 1000, unit="ms"),
    ]


async def _round(database: Database, number: int, tasks: int) -> list[float]:
    return list(await asyncio.gather(*(_reserve(database, number * 1000 + task) for task in range(tasks))))


async def _reserve(database: Database, number: int) -> float:
    now = datetime.now(UTC)
    origin = Origin(
        interaction_id=number + 1,
        interaction_token="token",
        application_id=1,
        guild_id=1 + number % 50,
        channel_id=1,
        user_id=1 + number,
    )
    job = Job(
        job_id=f"bench{number}",
        origin=origin,
        request=GenerationRequest(prompt="a lighthouse", seed=1),
        status=JobStatus.QUEUED,
        price_micros=90_000,
        created_at=now,
        changed_at=now,
    )
    guild = GuildSettings(guild_id=origin.guild_id)

    def record(connection: sqlite3.Connection) -> None:
        held = reservations(guild, user_id=origin.user_id, images=1, price_micros=90_000, caps=_HOLDING, now=now)
        jobs.record(connection, job, held, active_limit=3)

    started = time.perf_counter()
    await database.write(record)
    return time.perf_counter() - started

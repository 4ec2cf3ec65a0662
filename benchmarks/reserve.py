"""Reserving as `accept()` does, on a real file with full sync: by one task and by 200, with little and much behind it.

Each measurement is a process of its own. For the slow disk a small library is loaded before the C library, in which
every sync takes 5 ms longer.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import ROOT, Figure, percentile
from clock import SystemClock
from generation.policy import reservations
from limits import Caps, holding
from models import GenerationRequest, GuildSettings, Job, JobStatus, Origin
from storage import jobs
from storage.database import Database, connect

_TASKS: Final = 200
_ROUNDS: Final = 25
_ALONE: Final = 300
_GUILDS: Final = 50
_MEMBERS: Final = 2000
_SLOW_MS: Final = 5
_FEW, _MANY = 1_000, 1_000_000
_CAPS: Final = Caps(
    user_daily_images=10**6,
    user_monthly_micros=10**12,
    guild_daily_micros=10**12,
    guild_monthly_micros=10**12,
    global_monthly_micros=10**12,
)
_HOLDING: Final = holding(_CAPS, {}, user_id=1)
# Jobs that were delivered yesterday, in the same accounts' months, with five entries to hold and five to settle.
_PAST: Final = """
CREATE TEMP TABLE past AS
  WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT :jobs)
  SELECT n, 1 + n % :guilds AS guild_id, 1 + n % :members AS user_id FROM counted;
INSERT INTO jobs (job_no, job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,
                  negative_prompt, parameters, status, message_id, request_id, price_micros, images_requested,
                  images_produced, images_released, settled_micros, created_at, changed_at, finished_at, card_status)
  SELECT n, 'past' || n, -n, 1, guild_id, 1, user_id, 'en-US', '(forgotten)', '', '{}', 'delivered', 1, 'r', 90000, 1,
         1, 1, 90000, :at, :at, :at, 'delivered' FROM past;
CREATE TEMP TABLE touched AS
  SELECT n, 'member' AS scope, guild_id, user_id, 'image' AS unit, :day AS period, 1 AS amount FROM past UNION ALL
  SELECT n, 'member', guild_id, user_id, 'micros', :month, 90000 FROM past UNION ALL
  SELECT n, 'guild', guild_id, 0, 'micros', :day, 90000 FROM past UNION ALL
  SELECT n, 'guild', guild_id, 0, 'micros', :month, 90000 FROM past UNION ALL
  SELECT n, 'global', 0, 0, 'micros', :month, 90000 FROM past;
INSERT INTO accounts (scope, guild_id, user_id, unit, period, cap)
  SELECT DISTINCT scope, guild_id, user_id, unit, period, 1000000000000 FROM touched;
INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)
  SELECT account_id, n, 'reserve', amount, 0, 1000000000000, :at
    FROM touched JOIN accounts USING (scope, guild_id, user_id, unit, period) ORDER BY n;
INSERT INTO entries (account_id, job_no, kind, pending, posted, at)
  SELECT account_id, n, 'settle', -amount, amount, :at
    FROM touched JOIN accounts USING (scope, guild_id, user_id, unit, period) ORDER BY n
"""


async def run() -> list[Figure]:
    """Latencies of one reservation and reservations a second, for each of the four."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        shim = await _shim(Path(folder))
        for entries in (_FEW, _MANY):
            for slow in (False, True):
                database = Path(folder) / f"{entries}-{slow}.db"
                await (await Database.open(database, clock=SystemClock())).close()
                await asyncio.to_thread(_fill, database, entries // 10)
                figures += _figures(await _measured(database, shim if slow else None), entries, slow=slow)
                database.unlink()
    return figures


def _figures(seen: dict[str, float], entries: int, *, slow: bool) -> list[Figure]:
    where = f"{entries:.0e} past entries".replace("e+0", "e") + (f", +{_SLOW_MS} ms a sync" if slow else "")
    target = 30 if slow else 15
    least = 5_000 if slow else 10_000
    return [
        Figure(name=f"200 at once, p99, {where}", value=seen["p99"], unit="ms", target=target),
        Figure(name=f"200 at once, one reservation each, {where} (target ≥ {least}/s)", value=seen["rate"], unit="/s"),
        Figure(name=f"one task, p50, {where}", value=seen["alone_p50"], unit="ms"),
        Figure(name=f"one task, p99, {where}", value=seen["alone_p99"], unit="ms"),
    ]


async def _shim(folder: Path) -> Path:
    library = folder / "slow_sync.so"
    compiler = await asyncio.create_subprocess_exec(
        "gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(ROOT / "benchmarks" / "slow_sync.c"), "-ldl"
    )
    if await compiler.wait() != 0:
        raise RuntimeError("gcc could not compile benchmarks/slow_sync.c")
    return library


async def _measured(database: Path, shim: Path | None) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if shim is not None:
        environment |= {"LD_PRELOAD": str(shim), "SLOW_SYNC_MS": str(_SLOW_MS)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.reserve", str(database), env=environment, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError("a measurement of reservations ended badly")
    seen: dict[str, float] = json.loads(out)
    return seen


def _fill(path: Path, past: int) -> None:
    now = datetime.now(UTC)
    values = {
        "jobs": past,
        "guilds": _GUILDS,
        "members": _MEMBERS,
        "at": int((now - timedelta(days=1)).timestamp() * 1000),
        "day": f"{now - timedelta(days=1):%Y-%m-%d}",
        "month": f"{now:%Y-%m}",
    }
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for statement in _PAST.split(";"):
            connection.execute(statement, values)
        connection.execute("COMMIT")


async def _measure(path: Path) -> dict[str, float]:
    database = await Database.open(path, clock=SystemClock())
    try:
        numbers = iter(range(1, 10**9))
        await _round(database, numbers, _TASKS)
        together, rates = [], []
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            together.append(await _round(database, numbers, _TASKS))
            rates.append(_TASKS / (time.perf_counter() - started))
        alone = [(await _round(database, numbers, 1))[0] for _ in range(_ALONE)]
    finally:
        await database.close()
    return {
        "p99": statistics.median(percentile(one, 0.99) for one in together) * 1000,
        "rate": statistics.median(rates),
        "alone_p50": percentile(alone, 0.5) * 1000,
        "alone_p99": percentile(alone, 0.99) * 1000,
    }


async def _round(database: Database, numbers: Any, tasks: int) -> list[float]:
    return list(await asyncio.gather(*(_reserve(database, next(numbers)) for _ in range(tasks))))


async def _reserve(database: Database, number: int) -> float:
    now = datetime.now(UTC)
    origin = Origin(
        interaction_id=number,
        interaction_token="token",
        application_id=1,
        guild_id=1 + number % _GUILDS,
        channel_id=1,
        user_id=1 + number % _MEMBERS,
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
        jobs.record(connection, job, held, active_limit=10**6)

    started = time.perf_counter()
    await database.write(record)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(Path(sys.argv[1])))))

"""`/admin spend` over a year of 100 000 jobs: the sums, the chart in its child process, and the spreadsheet."""

import asyncio
import functools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Figure, heartbeat, percentile
from charting.specs import ChartSpec, Column, Mark, Ranking, Role, Row, Series, Timeline
from charting.studio import Studio
from clock import SystemClock, to_ms
from generation.spending import HELD, Budgets, By, Outcome, Report, Spending
from storage.database import Database, connect

JOBS: Final = 100_000
GUILD_ID: Final = 1_100_000_000_000_000_002
PRICE_MICROS: Final = 90_000
_ROUNDS: Final = 7
_MEMBERS: Final = 300
_YEAR: Final = timedelta(days=365)
_SPAN: Final = "last 12 months"
_BUDGETS: Final = Budgets(daily_micros=80_000_000, monthly_micros=1_500_000_000)
_STATUSES: Final = {"delivered": 90, "withheld": 5, "failed": 3, "cancelled": 2}


async def run() -> list[Figure]:
    """Median and slowest of some rounds each, one after the other, and the event loop's lateness meanwhile."""
    lateness: list[float] = []
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        path = Path(folder) / "easel.db"
        database = await Database.open(path, clock=SystemClock())
        studio = Studio(Path(folder) / "charts")
        studio.prepare()
        try:
            await asyncio.to_thread(fill, path)
            spending = Spending(database, SystemClock())
            figures = await _reports(spending)
            async with heartbeat(lateness):
                figures += await _charts(spending, studio)
                figures += await _figures("spreadsheet of the year", functools.partial(_export, spending))
            await asyncio.to_thread(_move_zone, path)
            report = functools.partial(spending.report, GUILD_ID, _SPAN, By.MEMBER)
            figures += await _figures("sums of the year after a change of time zone", report)
        finally:
            await studio.close()
            await database.close()
    return [
        *figures,
        Figure(name="heartbeat p99.9 meanwhile", value=percentile(lateness, 0.999), unit="ms", target=50),
        Figure(name="longest hold-up of the event loop", value=max(lateness), unit="ms"),
    ]


def fill(path: Path) -> None:
    """Give one guild a year of jobs with all their entries in the ledger: a million of them."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO jobs (job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,"
            " negative_prompt, parameters, recipe, status, message_id, request_id, price_micros, images_requested,"
            " images_produced, images_released, settled_micros, created_at, changed_at, finished_at, card_status)"
            " VALUES (?, ?, 1, ?, 1, ?, 'en-US', ?, '', '{\"num_images\":4}', ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _rows(),
        )
        _post(connection)
        connection.execute("COMMIT")


def _rows() -> Iterator[tuple[object, ...]]:
    draw = random.Random(1)
    words = ["lighthouse", "red", "storm", "forest", "watercolour", "cinematic", "portrait", "night"]
    begins_at = to_ms(datetime.now(UTC) - _YEAR)
    for number in range(JOBS):
        at = begins_at + int(_YEAR.total_seconds() * 1000 * number / JOBS)
        status = draw.choices(list(_STATUSES), list(_STATUSES.values()))[0]
        asked = draw.choice([1, 1, 1, 2, 4])
        made = asked if status in {"delivered", "withheld"} else 0
        passed = max(1, asked - (draw.random() < 0.1)) if status == "delivered" else 0
        recipe = f'{{"preset":"Preset {draw.randrange(40)}"}}' if number % 3 == 0 else "{}"
        yield (
            *(f"spent{number}", number + 1, GUILD_ID, GUILD_ID + 10 + int(draw.paretovariate(0.6)) % _MEMBERS),
            *(" ".join(draw.choices(words, k=20)), recipe, status, None if status == "cancelled" else "r"),
            *(PRICE_MICROS, asked, made, passed, made * PRICE_MICROS, at, at, at + 9000, status),
        )


def _post(connection: sqlite3.Connection) -> None:
    """Reserve and resolve every job on its five accounts, as the ledger would, but all at once."""
    held = {"image": "images_requested", "micros": "images_requested * price_micros"}
    posted = {"image": "images_produced", "micros": "settled_micros"}
    for scope, guild, user, unit, shape in (
        ("member", "jobs.guild_id", "jobs.user_id", "image", "%Y-%m-%d"),
        ("member", "jobs.guild_id", "jobs.user_id", "micros", "%Y-%m"),
        ("guild", "jobs.guild_id", "0", "micros", "%Y-%m-%d"),
        ("guild", "jobs.guild_id", "0", "micros", "%Y-%m"),
        ("global", "0", "0", "micros", "%Y-%m"),
    ):
        period = f"strftime('{shape}', created_at / 1000, 'unixepoch')"
        connection.execute(
            "INSERT INTO accounts (scope, guild_id, user_id, unit, period, cap)"
            f" SELECT DISTINCT '{scope}', {guild}, {user}, '{unit}', {period}, 1000000000000 FROM jobs"
        )
        found = (
            f"FROM jobs CROSS JOIN accounts ON scope = '{scope}' AND accounts.guild_id = {guild}"
            f" AND accounts.user_id = {user} AND unit = '{unit}' AND period = {period}"
        )
        connection.execute(
            "INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)"
            f" SELECT account_id, job_no, 'reserve', {held[unit]}, 0, 1000000000000, created_at {found}"
        )
        connection.execute(
            "INSERT INTO entries (account_id, job_no, kind, pending, posted, at)"
            " SELECT account_id, job_no, CASE WHEN settled_micros THEN 'settle' ELSE 'release' END, -"
            f"{held[unit]}, {posted[unit]}, finished_at {found}"
        )


async def _reports(spending: Spending) -> list[Figure]:
    figures = []
    for by in (By.DAY, By.MEMBER, By.PRESET):
        report = functools.partial(spending.report, GUILD_ID, _SPAN, by)
        figures += await _figures(f"sums of the year by {by}", report, target_ms=300)
    figures += await _figures("sums of the month by member", functools.partial(spending.report, GUILD_ID, by=By.MEMBER))
    everything = functools.partial(spending.report, None, _SPAN, By.GUILD)
    return figures + await _figures("sums of the year, whole bot, by guild", everything)


async def _charts(spending: Spending, studio: Studio) -> list[Figure]:
    async def drawn(by: By) -> int:
        report = await spending.report(GUILD_ID, _SPAN, by, budgets=_BUDGETS)
        with await studio.draw(timeline(report) if by is By.DAY else ranking(report)) as file:
            return len(file.read())

    started = time.perf_counter()
    size_bytes = await drawn(By.DAY)
    figures = [
        Figure(
            name="the first chart of a new folder, all in all", value=time.perf_counter() - started, unit="s", target=3
        ),
        Figure(name="its size", value=size_bytes / 1000, unit="kB", target=200),
    ]
    for by in (By.DAY, By.MEMBER):
        figures += await _figures(
            f"chart of the year by {by}, all in all", functools.partial(drawn, by), target_ms=3000
        )
    return figures


async def _export(spending: Spending) -> None:
    (await spending.export(GUILD_ID, _SPAN)).close()


def _move_zone(path: Path) -> None:
    """Have the guild choose another zone, in which none of its days were counted."""
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO guild_settings (guild_id, time_zone) VALUES (?, 'Pacific/Auckland')", (GUILD_ID,)
        )


def timeline(report: Report) -> ChartSpec:
    """The report's months as a chart."""
    outcomes = {
        Outcome.DELIVERED: Role.DELIVERED,
        Outcome.WITHHELD: Role.WITHHELD,
        Outcome.NOT_SHOWN: Role.NOT_SHOWN,
    }
    return Timeline(
        title="Spent in twelve months",
        subtitle=f"{report.totals.jobs} jobs",
        locale="en-US",
        series=(
            *(Series(role=role, label=outcome) for outcome, role in outcomes.items()),
            Series(role=Role.HELD, label="held"),
        ),
        columns=tuple(
            Column(
                label=f"{month.day:%b}",
                micros=(
                    *(month.totals[outcome].micros for outcome in outcomes),
                    sum(month.totals[outcome].micros for outcome in HELD),
                ),
            )
            for month in report.months
        ),
        over=len(report.months),
        empty="Nothing was spent.",
        column_mark=Mark(label="budget", micros=report.budgets.monthly_micros or 0),
    )


def ranking(report: Report) -> ChartSpec:
    """The report's members as a chart."""
    return Ranking(
        title="Spent by member",
        subtitle=f"{report.totals.jobs} jobs",
        locale="en-US",
        series=(Series(role=Role.DELIVERED, label="spent"), Series(role=Role.HELD, label="held")),
        rows=tuple(
            Row(
                name=f"member {part.key}",
                stand_in="-",
                micros=(part.spent_micros, part.held_micros),
                remark=f"{part.images} images",
            )
            for part in report.parts
        ),
        empty="Nothing was spent.",
    )


async def _figures(name: str, call: Callable[[], Awaitable[Any]], *, target_ms: float | None = None) -> list[Figure]:
    took = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        await call()
        took.append((time.perf_counter() - started) * 1000)
    return [
        Figure(name=f"{name} (median of rounds)", value=statistics.median(took), unit="ms", target=target_ms),
        Figure(name=f"{name} (slowest round)", value=max(took), unit="ms"),
    ]

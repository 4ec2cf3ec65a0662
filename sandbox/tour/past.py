"""A month that has been: requests that are over, and what they cost, put into the bot's database beside the bot.

A chart of a month needs one, and the bot's own clock can't be turned. Nothing else in the sandbox looks into the books.
"""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

PRICE_MICROS: Final = 90_000
_SEED: Final = 11
_REQUESTS_TODAY: Final = 5
_SMALL: Final = 1_000_000_000
# Requests a day, from Monday to Sunday: more is made when there is time.
_BUSY: Final = (2, 1, 2, 2, 4, 6, 5)
_IMAGES: Final = (1, 1, 1, 2, 2, 4)
_STATUSES: Final = {"delivered": 20, "withheld": 1, "failed": 1, "cancelled": 1}
_PAID: Final = frozenset({"delivered", "withheld"})
_PLENTY: Final = 1_000_000_000_000
_BUSY_TIMEOUT_SECONDS: Final = 10.0
# Where each account gets its ids, what it counts, and the shape of its period.
_ACCOUNTS: Final = (
    ("member", "guild_id", "user_id", "image", "%Y-%m-%d"),
    ("member", "guild_id", "user_id", "micros", "%Y-%m"),
    ("guild", "guild_id", "0", "micros", "%Y-%m-%d"),
    ("guild", "guild_id", "0", "micros", "%Y-%m"),
    ("global", "0", "0", "micros", "%Y-%m"),
)


def fill(database: Path, *, guild_id: int, user_ids: Sequence[int], now: datetime) -> None:
    """Give a guild, whose zone is UTC, the requests of these members since the month's first day; today is busy."""
    with closing(sqlite3.connect(database, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO jobs (job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,"
            " negative_prompt, parameters, status, message_id, request_id, price_micros, images_requested,"
            " images_produced, images_released, settled_micros, created_at, changed_at, finished_at, card_status)"
            " VALUES (?, ?, 1, ?, 1, ?, 'en-US', 'a past day', '', '{}', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _jobs(guild_id, user_ids, now),
        )
        for account in _ACCOUNTS:
            _enter(connection, guild_id, *account)
        connection.execute("COMMIT")


def _jobs(guild_id: int, user_ids: Sequence[int], now: datetime) -> Iterator[tuple[object, ...]]:
    draw = random.Random(_SEED)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = [(min(now, today), "delivered", 4) for _request in range(_REQUESTS_TODAY)]
    for age in range(1, today.day):
        day = today - timedelta(days=age)
        asked += [
            (day, draw.choices(list(_STATUSES), list(_STATUSES.values()))[0], draw.choice(_IMAGES))
            for _request in range(draw.randint(0, 2) + _BUSY[day.weekday()])
        ]
    for number, (day, status, images) in enumerate(sorted(asked)):
        made = images if status in _PAID else 0
        shown = images if status == "delivered" else 0
        at = int(day.timestamp() * 1000) + number
        # No interaction of the stand-in has so small an id.
        yield (
            *(f"past{guild_id}x{number}", guild_id % _SMALL * 1000 + number, guild_id, draw.choice(user_ids)),
            *(status, None if status == "cancelled" else "past", PRICE_MICROS),
            *(images, made, shown, made * PRICE_MICROS, at, at, at, status),
        )


def _enter(
    connection: sqlite3.Connection, guild_id: int, scope: str, guild: str, user: str, unit: str, shape: str
) -> None:
    """Reserve and resolve each of the guild's requests on one of its accounts, as the bot's ledger would."""
    period = f"strftime('{shape}', created_at / 1000, 'unixepoch')"
    asked, paid = ("images_requested", "images_produced")
    if unit == "micros":
        asked, paid = ("images_requested * price_micros", "settled_micros")
    past = "job_id LIKE 'past%' AND jobs.guild_id = ?"
    connection.execute(
        "INSERT OR IGNORE INTO accounts (scope, guild_id, user_id, unit, period, cap)"  # noqa: S608 - constants only
        f" SELECT DISTINCT '{scope}', {guild}, {user}, '{unit}', {period}, {_PLENTY} FROM jobs WHERE {past}",
        (guild_id,),
    )
    found = (
        f"FROM jobs JOIN accounts ON scope = '{scope}' AND accounts.guild_id = {_of_job(guild)}"
        f" AND accounts.user_id = {_of_job(user)} AND unit = '{unit}' AND period = {period} WHERE {past}"
    )
    connection.execute(
        "INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)"
        f" SELECT account_id, job_no, 'reserve', {asked}, 0, {_PLENTY}, created_at {found}",
        (guild_id,),
    )
    connection.execute(
        "INSERT INTO entries (account_id, job_no, kind, pending, posted, at)"
        f" SELECT account_id, job_no, iif({paid} > 0, 'settle', 'release'), -({asked}), {paid}, finished_at {found}",
        (guild_id,),
    )


def _of_job(column: str) -> str:
    return column if column == "0" else f"jobs.{column}"

"""Strikes: one for each request whose prompt was refused or whose picture was flagged, and what they add up to.

The functions that take a connection are parts of a transaction. A request gets one at most: its interaction's number is
unique. What a strike weighs is decided when it is added, and a lifted one weighs nothing.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from clock import from_ms, to_ms
from storage.database import Database

_SELECT: Final = (
    "SELECT strikes.*, jobs.job_id, (SELECT max(case_id) FROM cases"
    " WHERE cases.strike_id = strikes.strike_id AND cases.kind = 'appeal') AS appeal_case_id"
    " FROM strikes LEFT JOIN jobs USING (job_no)"
)
_TOTAL: Final = (
    "SELECT coalesce(sum(weight), 0) AS total FROM strikes"
    " WHERE guild_id = ? AND user_id = ? AND at > ? AND lifted_at IS NULL"
)


class StrikeCause(StrEnum):
    """What a strike is for."""

    BLOCKED_PROMPT = "blocked_prompt"
    FLAGGED_IMAGE = "flagged_image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A strike as it is kept.

    `term` is what was found, and `reading` the disguise that had to be undone for that (None where there was none).
    `prompt` is None once it is forgotten, and for pictures, whose job has it. `excused` ones still count, but the
    suspension that they led to was ended. `lifted_by` None in a lifted one is a person who was erased.
    """

    strike_id: int
    guild_id: int
    user_id: int
    interaction_id: int
    at: datetime
    cause: StrikeCause
    weight: int
    category: str | None = None
    term: str | None = None
    reading: str | None = None
    prompt: str | None = field(default=None, repr=False)
    job_id: str | None = None
    lifted_at: datetime | None = None
    lifted_by: int | None = None
    excused: bool = False
    appeal_case_id: int | None = None


def add(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    user_id: int,
    interaction_id: int,
    at: datetime,
    cause: StrikeCause,
    weight: int,
    category: str | None = None,
    term: str | None = None,
    reading: str | None = None,
    prompt: str | None = None,
    job_id: str | None = None,
) -> tuple[Strike, bool]:
    """Keep a strike, and say that it is new; or, with False, the one that this request has got before."""
    cursor = connection.execute(
        "INSERT INTO strikes (guild_id, user_id, interaction_id, job_no, at, cause, weight, category, term, reading,"
        " prompt) VALUES (?, ?, ?, (SELECT job_no FROM jobs WHERE job_id = ?), ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (guild_id, user_id, interaction_id, job_id, to_ms(at), cause, weight, category, term, reading, prompt),
    )
    row = connection.execute(f"{_SELECT} WHERE strikes.interaction_id = ?", (interaction_id,)).fetchone()
    return strike_of(row), cursor.rowcount == 1


def read(connection: sqlite3.Connection, strike_id: int, *, guild_id: int) -> Strike | None:
    """The guild's strike of that number, or None."""
    row = connection.execute(
        f"{_SELECT} WHERE strike_id = ? AND strikes.guild_id = ?", (strike_id, guild_id)
    ).fetchone()
    return None if row is None else strike_of(row)


def of_interaction(connection: sqlite3.Connection, interaction_id: int) -> Strike | None:
    """The strike that this request has got, or None."""
    row = connection.execute(f"{_SELECT} WHERE strikes.interaction_id = ?", (interaction_id,)).fetchone()
    return None if row is None else strike_of(row)


def total(connection: sqlite3.Connection, *, guild_id: int, user_id: int, after: datetime) -> int:
    """What the member's strikes since then add up to, lifted ones left out."""
    return int(connection.execute(_TOTAL, (guild_id, user_id, to_ms(after))).fetchone()["total"])


def counting(connection: sqlite3.Connection, *, guild_id: int, user_id: int) -> list[Strike]:
    """The member's strikes that weigh something and aren't lifted, the oldest first, however long ago."""
    rows = connection.execute(
        f"{_SELECT} WHERE strikes.guild_id = ? AND strikes.user_id = ? AND weight > 0 AND lifted_at IS NULL"
        " ORDER BY strike_id",
        (guild_id, user_id),
    )
    return [strike_of(row) for row in rows]


def lift(connection: sqlite3.Connection, strike_id: int, *, by_id: int, at: datetime) -> bool:
    """Lift the strike; False where it was lifted before."""
    cursor = connection.execute(
        "UPDATE strikes SET lifted_at = ?, lifted_by = ? WHERE strike_id = ? AND lifted_at IS NULL",
        (to_ms(at), by_id, strike_id),
    )
    return cursor.rowcount == 1


def forget_prompts(connection: sqlite3.Connection, *, before: datetime) -> int:
    """Forget the prompts of strikes given before then, and return how many: the strikes stay."""
    cursor = connection.execute(
        "UPDATE strikes SET prompt = NULL WHERE prompt IS NOT NULL AND at < ?", (to_ms(before),)
    )
    return cursor.rowcount


async def page(database: Database, *, guild_id: int, user_id: int, offset: int, size: int) -> list[Strike]:
    """Some of the member's strikes in the guild, the newest first. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        f"{_SELECT} WHERE strikes.guild_id = ? AND strikes.user_id = ? ORDER BY strike_id DESC LIMIT ? OFFSET ?",
        (guild_id, user_id, size, offset),
    )
    return [strike_of(row) for row in rows]


async def count(database: Database, *, guild_id: int, user_id: int) -> int:
    """How many strikes the member has ever got in the guild. Raises StorageUnavailable."""
    row = await database.fetch_one(
        "SELECT count(*) AS strikes FROM strikes WHERE guild_id = ? AND user_id = ?", (guild_id, user_id)
    )
    assert row is not None  # a count has a row always
    return int(row["strikes"])


async def total_of(database: Database, *, guild_id: int, user_id: int, after: datetime) -> int:
    """The same as `total`, as of the latest commit. Raises StorageUnavailable."""
    row = await database.fetch_one(_TOTAL, (guild_id, user_id, to_ms(after)))
    assert row is not None  # a sum has a row always
    return int(row["total"])


async def find(database: Database, strike_id: int) -> Strike | None:
    """The strike of that number, or None. Raises StorageUnavailable."""
    row = await database.fetch_one(f"{_SELECT} WHERE strike_id = ?", (strike_id,))
    return None if row is None else strike_of(row)


def strike_of(row: sqlite3.Row) -> Strike:
    """A row of this module's selection as a strike."""
    return Strike(
        strike_id=row["strike_id"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        interaction_id=row["interaction_id"],
        at=from_ms(row["at"]),
        cause=StrikeCause(row["cause"]),
        weight=row["weight"],
        category=row["category"],
        term=row["term"],
        reading=row["reading"],
        prompt=row["prompt"],
        job_id=row["job_id"],
        lifted_at=None if row["lifted_at"] is None else from_ms(row["lifted_at"]),
        lifted_by=row["lifted_by"],
        excused=bool(row["excused"]),
        appeal_case_id=row["appeal_case_id"],
    )

"""Who changed what, when and why: append-only lines that the change itself is written with."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clock import from_ms, to_ms
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line. `what` is a dotted name such as `limit.guild.guild_daily_micros`; None stands for the default."""

    guild_id: int
    by_id: int
    at: datetime
    what: str
    subject_id: int
    before: str | None
    after: str | None
    reason: str


def note(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    by_id: int,
    at: datetime,
    what: str,
    subject_id: int = 0,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """Write a change down, in the transaction that makes it."""
    connection.execute(
        "INSERT INTO changes (guild_id, by_id, at, what, subject_id, before, after, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (guild_id, by_id, to_ms(at), what, subject_id, _text(before), _text(after), reason),
    )


async def latest(database: Database, guild_id: int, *, limit: int, what: str | tuple[str, ...] = "") -> list[Change]:
    """The guild's latest changes, newest first; `what` is the beginning of their names, or several such.

    Raises StorageUnavailable.
    """
    beginnings = (what,) if isinstance(what, str) else what
    wanted = " OR ".join("substr(what, 1, length(?)) = ?" for _ in beginnings)
    rows = await database.fetch_all(
        f"SELECT * FROM changes WHERE guild_id = ? AND ({wanted}) ORDER BY change_id DESC LIMIT ?",  # noqa: S608 - question marks only
        (guild_id, *(beginning for beginning in beginnings for _ in range(2)), limit),
    )
    return [_change(row) for row in rows]


async def last_of_each(database: Database, guild_id: int, things: Sequence[tuple[str, int]]) -> list[Change]:
    """The latest change of each of these, by name and subject; those never changed have none.

    Raises StorageUnavailable.
    """
    wanted = ", ".join("(?, ?)" for _ in things)
    rows = await database.fetch_all(
        f"WITH wanted (what, subject_id) AS (VALUES {wanted})"  # noqa: S608 - question marks only
        " SELECT * FROM changes WHERE change_id IN ("
        "  SELECT (SELECT max(change_id) FROM changes"
        "           WHERE guild_id = ? AND what = wanted.what AND subject_id = wanted.subject_id) FROM wanted)",
        (*(value for thing in things for value in thing), guild_id),
    )
    return [_change(row) for row in rows]


def last_of(connection: sqlite3.Connection, guild_id: int, *, what: str, subject_id: int) -> Change | None:
    """The latest change of exactly that, as a part of a transaction."""
    row = connection.execute(
        "SELECT * FROM changes WHERE guild_id = ? AND what = ? AND subject_id = ? ORDER BY change_id DESC LIMIT 1",
        (guild_id, what, subject_id),
    ).fetchone()
    return None if row is None else _change(row)


def _change(row: sqlite3.Row) -> Change:
    return Change(
        guild_id=row["guild_id"],
        by_id=row["by_id"],
        at=from_ms(row["at"]),
        what=row["what"],
        subject_id=row["subject_id"],
        before=row["before"],
        after=row["after"],
        reason=row["reason"],
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)

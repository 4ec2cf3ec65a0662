"""Who may not start jobs in a guild for now. A suspension that has run out is none."""

import sqlite3
from datetime import datetime

from clock import from_ms, to_ms
from models import Suspension


def read(connection: sqlite3.Connection, *, guild_id: int, user_id: int, now: datetime) -> Suspension | None:
    """The member's suspension as a part of a transaction, or None where there is none that still lasts."""
    row = connection.execute(
        "SELECT until, reason FROM suspensions WHERE guild_id = ? AND user_id = ? AND (until IS NULL OR until > ?)",
        (guild_id, user_id, to_ms(now)),
    ).fetchone()
    if row is None:
        return None
    return Suspension(until=None if row["until"] is None else from_ms(row["until"]), reason=row["reason"])


def suspend(
    connection: sqlite3.Connection, suspension: Suspension, *, guild_id: int, user_id: int, by_id: int, at: datetime
) -> None:
    """Suspend the member, in place of a suspension that there may be."""
    until = None if suspension.until is None else to_ms(suspension.until)
    connection.execute(
        "INSERT INTO suspensions (guild_id, user_id, until, reason, by_id, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET until = excluded.until, reason = excluded.reason, by_id = excluded.by_id,"
        " at = excluded.at",
        (guild_id, user_id, until, suspension.reason, by_id, to_ms(at)),
    )


def lift(connection: sqlite3.Connection, *, guild_id: int, user_id: int, now: datetime) -> bool:
    """End the member's suspension; False where none lasted any more."""
    lasted = read(connection, guild_id=guild_id, user_id=user_id, now=now) is not None
    connection.execute("DELETE FROM suspensions WHERE guild_id = ? AND user_id = ?", (guild_id, user_id))
    return lasted

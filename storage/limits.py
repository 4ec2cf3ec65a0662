"""The caps that people have set, and who set them: read in the accepting transaction, changed with their reason."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from limits import LimitKind, LimitName, Limits
from storage import audit
from storage.database import Database

# Everything that can hold for one member in one guild: the operator's, the guild's, and theirs.
_RELEVANT: Final = (
    "SELECT kind, subject_id, name, value FROM limits"
    " WHERE guild_id = ? AND (kind IN ('ceiling', 'guild', 'role', 'channel') OR (kind = 'member' AND subject_id = ?))"
    " UNION ALL SELECT kind, subject_id, name, value FROM limits WHERE guild_id = 0"
)
_ALL: Final = (
    "SELECT kind, subject_id, name, value FROM limits WHERE guild_id IN (0, ?) ORDER BY kind, subject_id, name"
)


def read(connection: sqlite3.Connection, *, guild_id: int, user_id: int) -> Limits:
    """What was set for this guild, its roles and channels and this member, as a part of a transaction."""
    return _limits(connection.execute(_RELEVANT, (guild_id, user_id)))


async def of_member(database: Database, *, guild_id: int, user_id: int) -> Limits:
    """The same for reading. Raises StorageUnavailable."""
    return _limits(await database.fetch_all(_RELEVANT, (guild_id, user_id)))


async def of_guild(database: Database, guild_id: int) -> Limits:
    """Everything that was set in this guild, and by the operator. Raises StorageUnavailable."""
    return _limits(await database.fetch_all(_ALL, (guild_id,)))


def put(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    kind: LimitKind,
    subject_id: int,
    name: LimitName,
    value: int | None,
    by_id: int,
    at: datetime,
    reason: str = "",
) -> int | None:
    """Set a cap, or with None take it back to the default, and return what was set before.

    The change is written down with it; setting what is set already changes nothing and writes nothing.
    """
    key = (guild_id, kind, subject_id, name)
    row = connection.execute(
        "SELECT value FROM limits WHERE guild_id = ? AND kind = ? AND subject_id = ? AND name = ?", key
    ).fetchone()
    before = None if row is None else int(row["value"])
    if before == value:
        return before
    if value is None:
        connection.execute("DELETE FROM limits WHERE guild_id = ? AND kind = ? AND subject_id = ? AND name = ?", key)
    else:
        connection.execute(
            "INSERT INTO limits (guild_id, kind, subject_id, name, value) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (*key, value),
        )
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=at,
        what=f"limit.{kind}.{name}",
        subject_id=subject_id,
        before=before,
        after=value,
        reason=reason,
    )
    return before


def _limits(rows: Iterable[sqlite3.Row]) -> Limits:
    return {(LimitKind(row["kind"]), row["subject_id"], LimitName(row["name"])): row["value"] for row in rows}

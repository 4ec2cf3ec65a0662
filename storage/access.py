"""Where and by whom the bot may be used in a guild: lists of channels and roles. An empty list limits nothing."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from models import Access
from storage import audit
from storage.database import Database

CHANNEL: Final = "channel"
ROLE: Final = "role"
_SELECT: Final = "SELECT kind, subject_id FROM allowed WHERE guild_id = ?"


def read(connection: sqlite3.Connection, guild_id: int) -> Access:
    """The guild's lists as a part of a transaction."""
    return _access(connection.execute(_SELECT, (guild_id,)))


async def of_guild(database: Database, guild_id: int) -> Access:
    """The guild's lists. Raises StorageUnavailable."""
    return _access(await database.fetch_all(_SELECT, (guild_id,)))


def allow(
    connection: sqlite3.Connection, *, guild_id: int, kind: str, subject_id: int, by_id: int, at: datetime
) -> bool:
    """Put a channel or role on its list; False where it was there before."""
    cursor = connection.execute(
        "INSERT INTO allowed (guild_id, kind, subject_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (guild_id, kind, subject_id),
    )
    return _noted(connection, cursor, guild_id, kind, subject_id, by_id, at, after="allowed")


def disallow(
    connection: sqlite3.Connection, *, guild_id: int, kind: str, subject_id: int, by_id: int, at: datetime
) -> bool:
    """Take a channel or role off its list; False where it was not there."""
    cursor = connection.execute(
        "DELETE FROM allowed WHERE guild_id = ? AND kind = ? AND subject_id = ?", (guild_id, kind, subject_id)
    )
    return _noted(connection, cursor, guild_id, kind, subject_id, by_id, at, after=None)


def change(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    kind: str,
    add: Iterable[int] = (),
    remove: Iterable[int] = (),
    by_id: int,
    at: datetime,
) -> Access:
    """Put some on a list and take others off, and return both lists as they are then."""
    for subject_id in add:
        allow(connection, guild_id=guild_id, kind=kind, subject_id=subject_id, by_id=by_id, at=at)
    for subject_id in remove:
        disallow(connection, guild_id=guild_id, kind=kind, subject_id=subject_id, by_id=by_id, at=at)
    return read(connection, guild_id)


def replace(
    connection: sqlite3.Connection, *, guild_id: int, kind: str, subject_ids: Iterable[int], by_id: int, at: datetime
) -> Access:
    """Make a list hold exactly these, and return both lists as they are then."""
    before = read(connection, guild_id)
    listed, wanted = before.channel_ids if kind == CHANNEL else before.role_ids, frozenset(subject_ids)
    return change(
        connection,
        guild_id=guild_id,
        kind=kind,
        add=sorted(wanted - listed),
        remove=sorted(listed - wanted),
        by_id=by_id,
        at=at,
    )


def _noted(
    connection: sqlite3.Connection,
    cursor: sqlite3.Cursor,
    guild_id: int,
    kind: str,
    subject_id: int,
    by_id: int,
    at: datetime,
    *,
    after: str | None,
) -> bool:
    if cursor.rowcount == 0:
        return False
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=at,
        what=f"allowed.{kind}",
        subject_id=subject_id,
        before="allowed" if after is None else None,
        after=after,
    )
    return True


def _access(rows: Iterable[sqlite3.Row]) -> Access:
    listed: dict[str, set[int]] = {CHANNEL: set(), ROLE: set()}
    for row in rows:
        listed[row["kind"]].add(row["subject_id"])
    return Access(channel_ids=frozenset(listed[CHANNEL]), role_ids=frozenset(listed[ROLE]))

"""What members are still putting together: one row each, beside a folder of files that generation/ keeps."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from clock import to_ms
from errors import DraftGone
from storage.database import Database

# A panel that somebody forgot costs disk space until it is swept, and nobody works on so many at once.
PER_MEMBER_MAX: Final = 10


def put(
    connection: sqlite3.Connection,
    draft_id: str,
    *,
    guild_id: int,
    user_id: int,
    kind: str,
    content: Mapping[str, Any],
    at: datetime,
) -> list[str]:
    """Store a draft, and drop the member's oldest ones over the limit: their ids are returned."""
    connection.execute(
        "INSERT INTO drafts (draft_id, guild_id, user_id, kind, content, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
        (draft_id, guild_id, user_id, kind, json.dumps(content), to_ms(at)),
    )
    rows = connection.execute(
        "DELETE FROM drafts WHERE draft_id IN (SELECT draft_id FROM drafts WHERE user_id = ? AND draft_id <> ?"
        " ORDER BY changed_at DESC LIMIT -1 OFFSET ?) RETURNING draft_id",
        (user_id, draft_id, PER_MEMBER_MAX - 1),
    ).fetchall()
    return [row["draft_id"] for row in rows]


def change(connection: sqlite3.Connection, draft_id: str, content: Mapping[str, Any], *, at: datetime) -> None:
    """Replace what the draft holds. Raises DraftGone."""
    cursor = connection.execute(
        "UPDATE drafts SET content = ?, changed_at = ? WHERE draft_id = ?", (json.dumps(content), to_ms(at), draft_id)
    )
    if cursor.rowcount == 0:
        raise DraftGone


def take(connection: sqlite3.Connection, draft_id: str) -> None:
    """Use the draft up, as a part of the transaction that makes its job: of two presses one gets it.

    Raises DraftGone for the other. The files stay until they are discarded or swept.
    """
    if not drop(connection, draft_id):
        raise DraftGone


def drop(connection: sqlite3.Connection, draft_id: str) -> bool:
    """Delete the draft; False where it was gone already."""
    return connection.execute("DELETE FROM drafts WHERE draft_id = ?", (draft_id,)).rowcount == 1


def drop_older(connection: sqlite3.Connection, *, before: datetime) -> list[str]:
    """Delete the drafts that were last changed before then, and return their ids."""
    rows = connection.execute("DELETE FROM drafts WHERE changed_at < ? RETURNING draft_id", (to_ms(before),)).fetchall()
    return [row["draft_id"] for row in rows]


async def find(
    database: Database, draft_id: str, *, guild_id: int, user_id: int, kind: str, since: datetime
) -> dict[str, Any]:
    """What the draft holds. Raises DraftGone unless it is this member's, of this kind and changed since then."""
    row = await database.fetch_one(
        "SELECT content FROM drafts WHERE draft_id = ? AND guild_id = ? AND user_id = ? AND kind = ?"
        " AND changed_at >= ?",
        (draft_id, guild_id, user_id, kind, to_ms(since)),
    )
    if row is None:
        raise DraftGone
    content: dict[str, Any] = json.loads(row["content"])
    return content


async def existing(database: Database, draft_ids: Collection[str]) -> set[str]:
    """Which of these there are. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT draft_id FROM drafts WHERE draft_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(draft_ids)),),
    )
    return {row["draft_id"] for row in rows}

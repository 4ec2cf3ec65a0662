"""Each guild's catalogue of LoRAs."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from errors import NameTaken
from recipes import LoraEntry, folded
from storage import audit
from storage.database import Database

GUILD_MAX: Final = 50


def put(connection: sqlite3.Connection, entry: LoraEntry) -> None:
    """Store the entry, and write down who adds it.

    Raises NameTaken where its name is there already, or with the limit where there are too many.
    """
    assert entry.added_at is not None  # whoever adds one says when
    name = folded(entry.name)
    if connection.execute("SELECT 1 FROM loras WHERE guild_id = ? AND folded = ?", (entry.guild_id, name)).fetchone():
        raise NameTaken("lora", entry.name)
    (kept,) = connection.execute("SELECT count(*) FROM loras WHERE guild_id = ?", (entry.guild_id,)).fetchone()
    if kept >= GUILD_MAX:
        raise NameTaken("lora", entry.name, limit=GUILD_MAX)
    connection.execute(
        "INSERT INTO loras (guild_id, folded, name, path, trigger_words, default_scale, max_scale, added_by, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.guild_id,
            name,
            entry.name,
            entry.path,
            entry.trigger_words,
            entry.default_scale,
            entry.max_scale,
            entry.added_by,
            to_ms(entry.added_at),
        ),
    )
    audit.note(
        connection,
        guild_id=entry.guild_id,
        by_id=entry.added_by,
        at=entry.added_at,
        what="lora.add",
        after=_in_words(entry),
    )


def drop(connection: sqlite3.Connection, *, guild_id: int, name: str, by_id: int, at: datetime) -> LoraEntry | None:
    """Take the entry out, write down who did it, and return it; None where there is none of that name."""
    rows = connection.execute(
        "DELETE FROM loras WHERE guild_id = ? AND folded = ? RETURNING *", (guild_id, folded(name))
    ).fetchall()
    if not rows:
        return None
    entry = _entry(rows[0])
    audit.note(connection, guild_id=guild_id, by_id=by_id, at=at, what="lora.remove", before=_in_words(entry))
    return entry


async def of_guild(database: Database, guild_id: int) -> list[LoraEntry]:
    """All of the guild's entries by name. Raises StorageUnavailable."""
    rows = await database.fetch_all("SELECT * FROM loras WHERE guild_id = ? ORDER BY folded", (guild_id,))
    return [_entry(row) for row in rows]


async def named(database: Database, names: Sequence[str], *, guild_id: int) -> dict[str, LoraEntry]:
    """The guild's entries of these names, by their folded names. Raises StorageUnavailable."""
    wanted = {folded(name) for name in names}
    marks = ", ".join("?" for _ in wanted)
    rows = await database.fetch_all(
        f"SELECT * FROM loras WHERE guild_id = ? AND folded IN ({marks})",  # noqa: S608 - question marks only
        (guild_id, *wanted),
    )
    return {row["folded"]: _entry(row) for row in rows}


def _in_words(entry: LoraEntry) -> str:
    return f"{entry.name} ({entry.path})"


def _entry(row: sqlite3.Row) -> LoraEntry:
    return LoraEntry(
        guild_id=row["guild_id"],
        name=row["name"],
        path=row["path"],
        trigger_words=row["trigger_words"],
        default_scale=row["default_scale"],
        max_scale=row["max_scale"],
        added_by=row["added_by"],
        added_at=from_ms(row["added_at"]),
    )

"""Presets of guilds and members. A guild's has no owner (0), a member's has no guild (0) and goes along everywhere."""

import json
import sqlite3
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from errors import NameTaken
from recipes import Preset, PresetScope, folded
from storage import audit
from storage.codec import decode_preset, encode_preset
from storage.database import Database

PERSONAL_MAX: Final = 100
GUILD_MAX: Final = 500
_LIMITS: Final = {PresetScope.PERSONAL: PERSONAL_MAX, PresetScope.GUILD: GUILD_MAX}
# The guild's and the member's own.
_WITHIN_REACH: Final = "((guild_id = ? AND owner_id = 0) OR (guild_id = 0 AND owner_id = ?))"


def keep(connection: sqlite3.Connection, preset: Preset, *, replace: bool) -> None:
    """Store the preset; with `replace` in place of one of that name. Who keeps one of the guild's is written down.

    Raises NameTaken for a name that is there already and may not be replaced, or with the limit where there are as
    many as there may be.
    """
    assert preset.changed_at is not None  # whoever keeps one says when
    owner = (preset.guild_id, preset.owner_id)
    known = connection.execute(
        "SELECT name FROM presets WHERE guild_id = ? AND owner_id = ? AND folded = ?", (*owner, folded(preset.name))
    ).fetchone()
    if known and not replace:
        raise NameTaken("preset", preset.name)
    if not known:
        (kept,) = connection.execute(
            "SELECT count(*) FROM presets WHERE guild_id = ? AND owner_id = ?", owner
        ).fetchone()
        if kept >= _LIMITS[preset.scope]:
            raise NameTaken("preset", preset.name, limit=_LIMITS[preset.scope])
    connection.execute(
        "INSERT INTO presets (guild_id, owner_id, name, folded, content, changed_by, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guild_id, owner_id, folded) DO UPDATE SET name = excluded.name,"
        " content = excluded.content, changed_by = excluded.changed_by, changed_at = excluded.changed_at",
        (
            *owner,
            preset.name,
            folded(preset.name),
            json.dumps(encode_preset(preset.values), sort_keys=True, separators=(",", ":"), ensure_ascii=False),
            preset.changed_by,
            to_ms(preset.changed_at),
        ),
    )
    before = known["name"] if known else None
    _note(connection, preset, "preset.save", by_id=preset.changed_by, at=preset.changed_at, before=before)


def drop(connection: sqlite3.Connection, preset: Preset, *, by_id: int, at: datetime) -> bool:
    """Delete the preset; False where it was gone already. Who deletes one of the guild's is written down."""
    cursor = connection.execute(
        "DELETE FROM presets WHERE guild_id = ? AND owner_id = ? AND folded = ?",
        (preset.guild_id, preset.owner_id, folded(preset.name)),
    )
    if not cursor.rowcount:
        return False
    _note(connection, preset, "preset.delete", by_id=by_id, at=at, before=preset.name)
    return True


async def named(database: Database, name: str, *, guild_id: int, user_id: int) -> list[Preset]:
    """The guild's preset of that name, then the member's own, of which there are. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        f"SELECT * FROM presets WHERE {_WITHIN_REACH} AND folded = ? ORDER BY guild_id = 0",  # noqa: S608 - a constant
        (guild_id, user_id, folded(name)),
    )
    return [_preset(row) for row in rows]


async def matching(database: Database, typed: str, *, guild_id: int, user_id: int, limit: int) -> list[Preset]:
    """The presets with `typed` in their names: the guild's first, those that begin with it before the others.

    Raises StorageUnavailable.
    """
    part = folded(typed)
    rows = await database.fetch_all(
        f"SELECT * FROM presets WHERE {_WITHIN_REACH} AND instr(folded, ?) > 0"  # noqa: S608 - a constant
        " ORDER BY guild_id = 0, instr(folded, ?) <> 1, folded LIMIT ?",
        (guild_id, user_id, part, part, limit),
    )
    return [_preset(row) for row in rows]


async def within_reach(database: Database, *, guild_id: int, user_id: int) -> list[Preset]:
    """All of the guild's presets, then all of the member's, by name. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        f"SELECT * FROM presets WHERE {_WITHIN_REACH} ORDER BY guild_id = 0, folded",  # noqa: S608 - a constant
        (guild_id, user_id),
    )
    return [_preset(row) for row in rows]


def _note(
    connection: sqlite3.Connection, preset: Preset, what: str, *, by_id: int, at: datetime, before: str | None
) -> None:
    if preset.scope is PresetScope.GUILD:
        after = preset.name if what == "preset.save" else None
        audit.note(connection, guild_id=preset.guild_id, by_id=by_id, at=at, what=what, before=before, after=after)


def _preset(row: sqlite3.Row) -> Preset:
    return Preset(
        scope=PresetScope.GUILD if row["guild_id"] else PresetScope.PERSONAL,
        name=row["name"],
        values=decode_preset(json.loads(row["content"])),
        guild_id=row["guild_id"],
        owner_id=row["owner_id"],
        changed_by=row["changed_by"],
        changed_at=from_ms(row["changed_at"]),
    )

"""What each guild has chosen; the defaults hold where it never chose."""

import sqlite3
from typing import Final

from errors import StorageError
from models import GuildSettings
from storage.database import Database

_SELECT: Final = "SELECT * FROM guild_settings WHERE guild_id = ?"
_CHANGEABLE: Final = frozenset({"time_zone", "paused", "images_per_job", "recipe_in_files", "spoilers"})


def read_settings(connection: sqlite3.Connection, guild_id: int) -> GuildSettings:
    """The guild's settings as a part of a transaction."""
    return _settings_of(guild_id, connection.execute(_SELECT, (guild_id,)).fetchone())


def change_settings(connection: sqlite3.Connection, guild_id: int, **changes: object) -> GuildSettings:
    """Set what the guild has chosen and return all of it; what is not named stays. Raises StorageError for a
    setting that there isn't.
    """
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise StorageError(f"there is no guild setting {', '.join(sorted(unknown))}")
    connection.execute("INSERT INTO guild_settings (guild_id) VALUES (?) ON CONFLICT DO NOTHING", (guild_id,))
    if changes:
        connection.execute(
            f"UPDATE guild_settings SET {', '.join(f'{name} = ?' for name in changes)}"  # noqa: S608 - checked names only
            " WHERE guild_id = ?",
            (*changes.values(), guild_id),
        )
    return read_settings(connection, guild_id)


async def settings_of(database: Database, guild_id: int) -> GuildSettings:
    """The guild's settings. Raises StorageUnavailable: then refuse, never guess."""
    return _settings_of(guild_id, await database.fetch_one(_SELECT, (guild_id,)))


def _settings_of(guild_id: int, row: sqlite3.Row | None) -> GuildSettings:
    if row is None:
        return GuildSettings(guild_id=guild_id)
    return GuildSettings(
        guild_id=guild_id,
        time_zone=row["time_zone"],
        paused=bool(row["paused"]),
        images_per_job=row["images_per_job"],
        recipe_in_files=bool(row["recipe_in_files"]),
        spoilers=bool(row["spoilers"]),
    )

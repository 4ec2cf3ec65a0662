"""What each guild has chosen; the defaults hold where it never chose."""

import sqlite3
from typing import Final

from models import GuildSettings
from storage.database import Database

_SELECT: Final = "SELECT * FROM guild_settings WHERE guild_id = ?"


def read_settings(connection: sqlite3.Connection, guild_id: int) -> GuildSettings:
    """The guild's settings as a part of a transaction."""
    return _settings_of(guild_id, connection.execute(_SELECT, (guild_id,)).fetchone())


async def settings_of(database: Database, guild_id: int) -> GuildSettings:
    """The guild's settings. Raises StorageUnavailable: then refuse, never guess."""
    return _settings_of(guild_id, await database.fetch_one(_SELECT, (guild_id,)))


def _settings_of(guild_id: int, row: sqlite3.Row | None) -> GuildSettings:
    if row is None:
        return GuildSettings(guild_id=guild_id)
    return GuildSettings(guild_id=guild_id, time_zone=row["time_zone"], paused=bool(row["paused"]))

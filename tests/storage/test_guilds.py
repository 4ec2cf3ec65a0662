"""What a guild has chosen."""

import sqlite3

import pytest

from errors import StorageUnavailable
from models import GuildSettings
from storage import guilds
from storage.database import Database
from tests.builders import GUILD_ID


def choose(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO guild_settings (guild_id, time_zone, paused) VALUES (?, 'Europe/Vienna', 1)", (GUILD_ID,)
    )


async def test_a_guild_that_never_chose_has_the_defaults(database: Database) -> None:
    assert await guilds.settings_of(database, GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_what_a_guild_chose_is_its_own(database: Database) -> None:
    await database.write(choose)
    chosen = GuildSettings(guild_id=GUILD_ID, time_zone="Europe/Vienna", paused=True)
    assert await guilds.settings_of(database, GUILD_ID) == chosen
    assert await database.write(lambda c: guilds.read_settings(c, GUILD_ID)) == chosen
    assert await guilds.settings_of(database, GUILD_ID + 1) == GuildSettings(guild_id=GUILD_ID + 1)


async def test_settings_that_cannot_be_read_are_not_guessed(database: Database) -> None:
    await database.write(lambda c: c.execute("DROP TABLE guild_settings"))
    with pytest.raises(StorageUnavailable):
        await guilds.settings_of(database, GUILD_ID)

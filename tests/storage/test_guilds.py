"""What a guild has chosen."""

import sqlite3
from collections.abc import Callable

import pytest

from errors import StorageError, StorageUnavailable
from models import GuildSettings
from storage import guilds
from storage.database import Database
from tests.builders import GUILD_ID, choose


def in_vienna(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO guild_settings (guild_id, time_zone, paused) VALUES (?, 'Europe/Vienna', 1)", (GUILD_ID,)
    )


async def test_a_guild_that_never_chose_has_the_defaults(database: Database) -> None:
    assert await guilds.settings_of(database, GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_what_a_guild_chose_is_its_own(database: Database) -> None:
    await database.write(in_vienna)
    chosen = GuildSettings(guild_id=GUILD_ID, time_zone="Europe/Vienna", paused=True)
    assert await guilds.settings_of(database, GUILD_ID) == chosen
    assert await database.write(lambda c: guilds.read_settings(c, GUILD_ID)) == chosen
    assert await guilds.settings_of(database, GUILD_ID + 1) == GuildSettings(guild_id=GUILD_ID + 1)


async def test_settings_that_cannot_be_read_are_not_guessed(database: Database) -> None:
    await database.write(lambda c: c.execute("DROP TABLE guild_settings"))
    with pytest.raises(StorageUnavailable):
        await guilds.settings_of(database, GUILD_ID)


async def test_what_is_changed_stands_and_the_rest_stays(database: Database) -> None:
    def change(**changes: object) -> Callable[[sqlite3.Connection], GuildSettings]:
        return lambda connection: choose(connection, GUILD_ID, **changes)

    assert await database.write(change()) == GuildSettings(guild_id=GUILD_ID)
    await database.write(change(images_per_job=9, spoilers=True))
    changed = await database.write(change(recipe_in_files=False))
    wanted = GuildSettings(guild_id=GUILD_ID, images_per_job=9, spoilers=True, recipe_in_files=False)
    assert changed == await guilds.settings_of(database, GUILD_ID) == wanted
    assert await guilds.settings_of(database, GUILD_ID + 1) == GuildSettings(guild_id=GUILD_ID + 1)


@pytest.mark.parametrize(
    "changes", [{"images_per_job": 4, "colour": "red"}, {"images_per_job": 0}, {"images_per_job": 11}]
)
async def test_a_setting_that_there_is_not_changes_nothing(database: Database, changes: dict[str, object]) -> None:
    with pytest.raises(StorageError):
        await database.write(lambda connection: choose(connection, GUILD_ID, **changes))
    assert await guilds.settings_of(database, GUILD_ID) == GuildSettings(guild_id=GUILD_ID)

"""What those who run a server choose for it; checked here, whatever a panel or a modified client sends."""

from typing import Final

from errors import InvalidOption
from models import GuildSettings
from parameters import PARAMETER_BOUNDS, check_number
from storage import guilds
from storage.database import Database

# No server can allow more than the provider makes at once.
IMAGES_PER_JOB_BOUNDS: Final = PARAMETER_BOUNDS["num_images"]
_SWITCHES: Final = frozenset({"recipe_in_files", "spoilers"})


class GuildChoices:
    """Every guild's settings. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int) -> GuildSettings:
        """What holds in the guild: its choices, and the defaults where it never chose."""
        return await guilds.settings_of(self._database, guild_id)

    async def change(self, guild_id: int, **changes: object) -> GuildSettings:
        """Keep the settings that are named, leave the others, and return all of them as they are stored then.

        Of two changes of one setting the later holds. Raises InvalidOption (`out_of_range`, `not_a_choice`), with
        nothing kept.
        """
        for setting, value in changes.items():
            _check(setting, value)
        return await self._database.write(lambda connection: guilds.change_settings(connection, guild_id, **changes))


def _check(setting: str, value: object) -> None:
    if setting == "images_per_job" and isinstance(value, int) and not isinstance(value, bool):
        check_number(setting, value, IMAGES_PER_JOB_BOUNDS)
    elif setting not in _SWITCHES or not isinstance(value, bool):
        raise InvalidOption(setting, "not_a_choice")

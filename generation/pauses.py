"""Stopping new jobs, in one guild or everywhere: nothing is accepted any more, and nothing that waits is submitted."""

from typing import Final

from clock import Clock
from generation.runner import Runner
from models import GuildSettings
from parameters import check_text
from storage import audit, guilds
from storage.audit import Line
from storage.database import Database

__all__ = ["EVERYWHERE", "REASON_MAX_CHARACTERS", "Line", "Pauses"]

# The operator's own settings lie where no guild's are.
EVERYWHERE: Final = guilds.EVERYWHERE
REASON_MAX_CHARACTERS: Final = 200
# As `guilds.change_settings` writes it down.
_SETTING: Final = "setting.paused"


class Pauses:
    """Pauses and resumes. What the provider has already is finished either way."""

    def __init__(self, *, database: Database, runner: Runner, clock: Clock) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock

    async def pause(self, guild_id: int, *, by_id: int, reason: str = "") -> GuildSettings:
        """Stop new jobs in a guild, or EVERYWHERE. Once this returns, no submission of it is sent any more.

        Jobs that wait keep their places and their reservations; those that are just being handed to the provider are
        waited for. Raises StorageUnavailable, with nothing changed.
        """
        settings = await self._set(guild_id, paused=True, by_id=by_id, reason=reason)
        await self._runner.hold(guild_id)
        return settings

    async def resume(self, guild_id: int, *, by_id: int, reason: str = "") -> GuildSettings:
        """Take new jobs again, and go on with those that wait. Raises StorageUnavailable, with nothing changed."""
        settings = await self._set(guild_id, paused=False, by_id=by_id, reason=reason)
        self._runner.let_go(guild_id)
        return settings

    async def of(self, guild_id: int) -> bool:
        """Whether a guild is paused, or with EVERYWHERE everything. Raises StorageUnavailable."""
        return (await guilds.settings_of(self._database, guild_id)).paused

    async def current(self, guild_id: int) -> Line | None:
        """Who has paused a guild, or EVERYWHERE, when and why; None where it is not paused.

        Raises StorageUnavailable.
        """
        if not await self.of(guild_id):
            return None
        found = await audit.latest(self._database, guild_id, limit=1, what=_SETTING)
        return found[0] if found else None

    async def _set(self, guild_id: int, *, paused: bool, by_id: int, reason: str) -> GuildSettings:
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: guilds.change_settings(
                connection, guild_id, by_id=by_id, at=now, reason=reason, paused=paused
            )
        )

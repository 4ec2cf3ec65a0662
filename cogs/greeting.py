"""Servers that the bot joins and leaves: a hello, and what becomes of what is kept."""

import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final

import discord
from discord.ext import commands

from clock import Clock
from errors import StorageError
from generation.guild_settings import GuildChoices
from generation.privacy import Privacy
from ui.greeting import Greeter

log = logging.getLogger(__name__)

# Many invite the bot before they start it for the first time: then it hears of the server as of any other at a start.
NEW_FOR: Final = timedelta(days=1)


class GreetingCog(commands.Cog):
    """Hears of new servers, and of those left. One that comes back after an outage, or after a start, is neither."""

    def __init__(self, client: discord.Client, guilds: GuildChoices, privacy: Privacy, clock: Clock) -> None:
        self._client = client
        self._greeter = Greeter(guilds)
        self._privacy = privacy
        self._clock = clock

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello; discord.py calls this."""
        await self._greeter.greet(guild)
        await _noted(self._privacy.returned(guild.id))

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed, which a grace period begins with; discord.py calls this."""
        await _noted(self._privacy.left(guild.id))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note which servers removed the bot while it was not connected; discord.py calls this at every connection."""
        await _noted(self._privacy.look_at(frozenset(guild.id for guild in self._client.guilds)))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Say hello where the bot was let in not long ago, while it was not connected; discord.py calls this."""
        joined_at = guild.me.joined_at
        if joined_at is not None and self._clock.now() - joined_at < NEW_FOR:
            await self._greeter.greet(guild)


async def _noted(noting: Coroutine[Any, Any, None]) -> None:
    """Write it down where that is possible: the next connection looks anew."""
    try:
        await noting
    except StorageError as error:
        log.warning("what became of a server can't be noted: %s", error)

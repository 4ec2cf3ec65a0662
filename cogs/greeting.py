"""The hello in a server that the bot has just joined."""

from datetime import timedelta
from typing import Final

import discord
from discord.ext import commands

from clock import Clock
from generation.guild_settings import GuildChoices
from ui.greeting import Greeter

# Many invite the bot before they start it for the first time: then it hears of the server as of any other at a start.
NEW_FOR: Final = timedelta(days=1)


class GreetingCog(commands.Cog):
    """Hears of new servers. One that comes back after an outage, or after a start, is none."""

    def __init__(self, guilds: GuildChoices, clock: Clock) -> None:
        self._greeter = Greeter(guilds)
        self._clock = clock

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello; discord.py calls this."""
        await self._greeter.greet(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Say hello where the bot was let in not long ago, while it was not connected; discord.py calls this."""
        joined_at = guild.me.joined_at
        if joined_at is not None and self._clock.now() - joined_at < NEW_FOR:
            await self._greeter.greet(guild)

"""Says hello in a server that the bot has just joined: once, in its system channel, where it may write there."""

import asyncio
import logging
from typing import Final

import discord

from errors import StorageError
from generation.guild_settings import GuildChoices
from permissions import NEEDED_TO_GREET, missing_of
from ui import cards
from ui.answers import CALL_FAILURES
from ui.language import speaking
from ui.server_checks import granted_in
from ui.wording import setup as words

log = logging.getLogger(__name__)

_SEND_SECONDS: Final = 10.0


class Greeter:
    """Greets servers. Best effort: nothing here raises, and nothing is tried again."""

    def __init__(self, guilds: GuildChoices) -> None:
        self._guilds = guilds

    async def greet(self, guild: discord.Guild) -> None:
        """Say hello, in the server's language, unless that was done before, also before the bot was invited anew."""
        channel = guild.system_channel
        if channel is None or missing_of(NEEDED_TO_GREET, granted_in(channel)):
            log.info("joined server %d, and may not say hello in its system channel", guild.id)
            return
        try:
            # It is on disk before it is said: rather not at all than twice.
            is_first = await self._guilds.greet(guild.id, by_id=guild.me.id)
        except StorageError as error:
            log.warning("joined server %d, and can't say hello: %s", guild.id, error)
            return
        if not is_first:
            log.info("joined server %d, where I said hello before", guild.id)
            return
        with speaking(str(guild.preferred_locale)):
            card = cards.page(words.hello())
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await channel.send(view=card)
        except CALL_FAILURES as error:
            log.info("joined server %d, and the hello was not taken: %r", guild.id, error)
        else:
            log.info("joined server %d and said hello", guild.id)

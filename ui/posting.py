"""What the bot sends of its own accord: once, though Discord's answers get lost. Finds again what was sent before.

A message of this kind has a line that is nothing but its reference, the same in every language.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import discord

from errors import AlertRefused, DeliveryError, DeliveryUnavailable
from models import GuildSettings
from ui.answers import CALL_FAILURES

# No message comes after one of these, whatever was tried before in the same moment.
_FINAL: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_AUTO: Final = "auto"


async def connected_guild(client: discord.Client, guild_id: int, *, within_seconds: float) -> discord.Guild | None:
    """The guild as the gateway has told of it; None where the bot is not in it, or not connected by now."""
    try:
        async with asyncio.timeout(within_seconds):
            await client.wait_until_ready()
    except TimeoutError:
        return None
    return client.get_guild(guild_id)


def language_of(guild: discord.Guild, settings: GuildSettings) -> str:
    """What is spoken to all of a guild: what it has chosen, else Discord's own setting."""
    return str(guild.preferred_locale) if settings.language == _AUTO else settings.language


async def find_message(
    client: discord.Client,
    channel: discord.abc.Messageable,
    line: str,
    *,
    limit: int,
    within_seconds: float,
    after: datetime | None = None,
) -> int | None:
    """The id of the bot's own message with that line among `limit`: the latest, or the first `after` a moment.

    A channel that is gone has none. Raises DeliveryUnavailable where it can't be seen.
    """
    bot = client.user
    try:
        async with asyncio.timeout(within_seconds):
            async for message in channel.history(limit=limit, after=after):
                if bot is not None and message.author.id == bot.id and line in texts(message.components):
                    return message.id
    except discord.NotFound:
        return None  # whatever was sent went with its channel
    except CALL_FAILURES as error:
        raise DeliveryUnavailable(f"can't look: {said(error)}") from error
    return None


def check_can_look(guild: discord.Guild | None, channel_id: int) -> discord.Guild:
    """The guild, if the bot may read what it has sent there: Discord would answer that there are no messages.

    Raises DeliveryUnavailable.
    """
    if guild is None:
        raise DeliveryUnavailable("the bot is not connected to that server, and can't see what was sent")
    channel = guild.get_channel_or_thread(channel_id)
    if channel is not None and not channel.permissions_for(guild.me).read_message_history:
        raise DeliveryUnavailable("the bot may not read the messages of the moderators' channel, and can't see")
    return guild


def texts(components: Sequence[Any]) -> Iterator[str]:
    """Every text on a message, from top to bottom."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        yield from texts(getattr(component, "children", ()))


def refused_or_unknown(error: BaseException) -> DeliveryError:
    """What a failed call to send means: a no of Discord's is certain, after anything else the message may be there.

    So it may after a 429 as well, since discord.py has perhaps repeated a POST whose answer was lost.
    """
    if isinstance(error, discord.HTTPException) and error.status in _FINAL:
        return AlertRefused(said(error))
    return DeliveryUnavailable(said(error))


def said(error: BaseException) -> str:
    """A failed call in a few words for the log."""
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status}, code {error.code}"
    return f"no answer from Discord: {type(error).__name__}"

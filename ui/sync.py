"""Gives Discord the commands when they have changed, and only then: it allows 200 creations a day.

Most commands are global. The operator's are given to single guilds, and taken back from those that are no longer named.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterable
from typing import Any, Final, Protocol

import aiohttp
import discord
from discord import app_commands

log = logging.getLogger(__name__)

META_KEY: Final = "commands.synced"
# Which guilds have commands of their own, as ids with spaces between them.
GUILDS_META_KEY: Final = "commands.guilds"
# A start does not wait longer than this for what can be done at the next one.
SYNC_SECONDS: Final = 15.0


class Meta(Protocol):
    """A durable map from names to texts."""

    async def get(self, key: str) -> str | None:
        """The text kept under `key`, or None."""

    async def put(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""


async def sync_commands(tree: app_commands.CommandTree[Any], meta: Meta, *, application_id: int) -> bool:
    """Replace the application's global commands by the tree's unless it has them; returns whether it did.

    An outage of Discord is no reason not to start: the commands it has go on working, and the next start
    tries again. Raises discord.HTTPException where Discord refuses the commands themselves.
    """
    wanted = await fingerprint(tree, application_id)
    if await meta.get(META_KEY) == wanted:
        return False
    try:
        async with asyncio.timeout(SYNC_SECONDS):
            synced = await tree.sync()
    except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
        log.error("the commands could not be given to Discord; the next start tries again: %r", error)
        return False
    await meta.put(META_KEY, wanted)
    log.info("gave Discord %d commands", len(synced))
    return True


async def sync_guilds(
    tree: app_commands.CommandTree[Any], meta: Meta, *, application_id: int, guild_ids: Iterable[int]
) -> None:
    """Give these guilds the commands that the tree has for them, and take back those of guilds not named any more.

    A guild that the bot is not in, or any other fault, is logged and tried again by the next start: the others get
    theirs, and the bot starts all the same.
    """
    named = tuple(guild_ids)
    with_commands = [int(guild_id) for guild_id in (await meta.get(GUILDS_META_KEY) or "").split()]
    # All of them are written down first: what a process that dies in between has given must be found again.
    everywhere = tuple(dict.fromkeys((*with_commands, *named)))
    await _note_guilds(meta, everywhere, unless=tuple(with_commands))
    left = [
        guild_id
        for guild_id in everywhere
        if not await _sync_guild(tree, meta, application_id, guild_id) or guild_id in named
    ]
    await _note_guilds(meta, tuple(left), unless=everywhere)


async def _sync_guild(tree: app_commands.CommandTree[Any], meta: Meta, application_id: int, guild_id: int) -> bool:
    """Make the guild's commands those of the tree, unless they are; False where that did not succeed."""
    guild, key = discord.Object(guild_id), f"{META_KEY}.{guild_id}"
    wanted = await fingerprint(tree, application_id, guild=guild)
    if await meta.get(key) == wanted:
        return True
    try:
        async with asyncio.timeout(SYNC_SECONDS):
            synced = await tree.sync(guild=guild)
    except discord.Forbidden:
        log.warning("guild %d has no commands of its own: I am not in it (OPERATOR_GUILD_IDS)", guild_id)
        return False
    except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
        log.error("guild %d could not be given its own commands; the next start tries again: %r", guild_id, error)
        return False
    await meta.put(key, wanted)
    log.info("gave guild %d %d commands of its own", guild_id, len(synced))
    return True


async def _note_guilds(meta: Meta, guild_ids: tuple[int, ...], *, unless: tuple[int, ...]) -> None:
    if guild_ids != unless:
        await meta.put(GUILDS_META_KEY, " ".join(map(str, guild_ids)))


async def fingerprint(
    tree: app_commands.CommandTree[Any], application_id: int, *, guild: discord.abc.Snowflake | None = None
) -> str:
    """What the commands are, as one short text: another application or any changed word makes another one.

    In every language: it is made of what Discord would be given. With a `guild`, those that only it has.
    """
    translator = tree.translator or app_commands.Translator()
    commands = tree.get_commands(guild=guild)
    payload = [await command.get_translated_payload(tree, translator) for command in commands]
    canonical = json.dumps([application_id, payload], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()

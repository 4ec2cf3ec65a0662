"""Gives Discord the commands when they have changed, and only then: it allows 200 creations a day."""

import asyncio
import hashlib
import json
import logging
from typing import Any, Final, Protocol

import aiohttp
import discord
from discord import app_commands

log = logging.getLogger(__name__)

META_KEY: Final = "commands.synced"
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


async def fingerprint(tree: app_commands.CommandTree[Any], application_id: int) -> str:
    """What the commands are, as one short text: another application or any changed word makes another one.

    In every language: it is made of what Discord would be given.
    """
    translator = tree.translator or app_commands.Translator()
    payload = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    canonical = json.dumps([application_id, payload], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()

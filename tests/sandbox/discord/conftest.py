"""A running stand-in, watched by Discord's own OpenAPI document where the environment names it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import DiscordStandIn
from tests.openapi import new_checker
from tests.sandbox.discord.wire import IMAGINE, MovableTime, Scene, Wire


@pytest.fixture
def time() -> MovableTime:
    """The stand-in's time."""
    return MovableTime()


@pytest.fixture
async def standin(time: MovableTime) -> AsyncIterator[DiscordStandIn]:
    """A stand-in whose time the test moves."""
    checker = new_checker()
    async with DiscordStandIn(now=time) as running:
        if checker is not None:
            running.exchanges.observe(checker)
        yield running
    if checker is not None:
        checker.assert_clean(refusals_allowed=True)


@pytest.fixture
async def wire(standin: DiscordStandIn) -> AsyncIterator[Wire]:
    """Bare requests to the stand-in."""
    async with aiohttp.ClientSession() as session:
        yield Wire(standin, session)


@pytest.fixture
def scene(standin: DiscordStandIn) -> Scene:
    """A guild, a channel, a member and a registered command."""
    guild = standin.add_guild("Studio")
    standin.commands.overwrite(None, [IMAGINE])
    return Scene(standin, guild, guild.add_channel("art"), guild.add_member("ada"))

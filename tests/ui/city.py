"""A guild on the Discord stand-in with the bot in it, for what the bot says of its own accord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Permissions, User, routes
from storage.database import Database
from storage.meta import Meta
from tests.openapi import new_checker
from tests.support import FakeClock, wait_until
from ui.alerts import DiscordAlerts
from ui.client import EaselClient
from ui.notices import OwnerNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A guild with two members, and the bot in it with nothing but its connection and its database."""

    discord: DiscordStandIn
    client: EaselClient
    database: Database
    clock: FakeClock
    guild: Guild
    ada: Member
    bob: Member


@asynccontextmanager
async def open_city(database: Database, clock: FakeClock) -> AsyncIterator[City]:
    """What went over the wire is checked against Discord's OpenAPI document, where there is one."""
    checker = new_checker()
    async with DiscordStandIn(now=clock.now) as discord:
        if checker is not None:
            discord.exchanges.observe(checker)
        guild = discord.add_guild()
        client = EaselClient(meta=Meta(database), api_url=discord.api_url, gateway_url=discord.gateway_url)
        await client.login(discord.token)
        connection = asyncio.create_task(client.connect(), name="connection")
        try:
            await discord.ready()
            yield City(
                discord=discord,
                client=client,
                database=database,
                clock=clock,
                guild=guild,
                ada=guild.add_member("ada"),
                bob=guild.add_member("bob"),
            )
        finally:
            await client.close()
            await connection
    if checker is not None:
        checker.assert_clean()


async def known(city: City, channel: Channel) -> None:
    """Wait until the bot has heard of the channel, as it is now."""

    def is_known() -> bool:
        guild = city.client.get_guild(channel.guild.id)
        there = guild and guild.get_channel(channel.id)
        may = bool(channel.bot_permissions & Permissions.READ_MESSAGE_HISTORY)
        return bool(guild and there and there.permissions_for(guild.me).read_message_history == may)

    await wait_until(is_known, what="the channel in the bot's memory")


def delivery_of(city: City, *owner_ids: int) -> DiscordAlerts:
    """The way to Discord of one process, with these owners or else the application's."""
    return DiscordAlerts(city.client, OwnerNotices(city.client, owner_ids=owner_ids))


def texts(channel: Channel) -> list[str]:
    """What can be read in a channel."""
    return [message.text() for message in channel.messages]


def read_by(city: City, user: User) -> list[str]:
    """What the bot has written to a user."""
    return [message.text() for message in city.discord.dms(user).messages]


def posts(city: City) -> int:
    """How often the bot has asked Discord to send a message."""
    return len(city.discord.exchanges.matching("POST", routes.MESSAGES))

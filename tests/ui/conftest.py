"""The scene in which the user interface's own tests play."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.discord import Channel
from storage.database import Database
from tests.support import FakeClock
from tests.ui.city import City, known, open_city
from tests.ui.scene import Scene, open_scene
from ui import answers
from ui import client as connection_to_discord


@pytest.fixture
def discord_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards discord.py's classes hold the addresses that they held before."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock, discord_addresses: None) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer at once counts as slow, so that a test of slowness is quick."""
    monkeypatch.setattr(answers, "FIRST_ANSWER_SECONDS", 0.05)


@pytest.fixture
async def city(
    database: Database, clock: FakeClock, discord_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[City]:
    monkeypatch.setattr(connection_to_discord, "GUILD_READY_SECONDS", 0.02)  # there is one guild, and it is there
    async with open_city(database, clock) as opened:
        yield opened


@pytest.fixture
async def mods(city: City) -> Channel:
    """A channel for the moderators."""
    channel = city.guild.add_channel("mods")
    await known(city, channel)
    return channel

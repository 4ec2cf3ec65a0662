"""The operator's commands are given to the guilds that are named, and taken back from those that no longer are."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from cogs import add_cogs
from sandbox.discord import Guild, routes
from storage.meta import Meta
from tests.ui.scene import Scene
from ui import sync
from ui.client import EaselClient
from ui.sync import GUILDS_META_KEY


def own_commands(scene: Scene, guild: Guild) -> set[str]:
    """The commands that only this guild has."""
    return {command["name"] for command in scene.discord.commands.in_scope(guild.id)}


def gifts(scene: Scene) -> int:
    """How often Discord was given the commands of a guild."""
    return len(scene.discord.exchanges.matching("PUT", routes.GUILD_COMMANDS))


@asynccontextmanager
async def started(scene: Scene, guild_ids: Sequence[int]) -> AsyncIterator[EaselClient]:
    """Another start of the bot, with these OPERATOR_GUILD_IDS; it is logged in, and not connected."""
    client = EaselClient(meta=Meta(scene.database), api_url=scene.discord.api_url, operator_guild_ids=guild_ids)
    async with client:
        await add_cogs(replace(scene.parts, client=client))
        await client.login(scene.discord.token)
        yield client


async def start(scene: Scene, *guilds: Guild | int) -> None:
    async with started(scene, [guild if isinstance(guild, int) else guild.id for guild in guilds]):
        pass


async def test_without_a_guild_there_is_no_such_command(scene: Scene) -> None:
    assert "operator" not in {command["name"] for command in scene.discord.commands.everywhere()}
    assert gifts(scene) == 0
    assert await Meta(scene.database).get(GUILDS_META_KEY) is None


async def test_only_the_guilds_that_are_named_get_it_and_only_once(scene: Scene) -> None:
    other, third = scene.discord.add_guild("Other"), scene.discord.add_guild("Third")
    await start(scene, scene.guild, other)
    assert own_commands(scene, scene.guild) == own_commands(scene, other) == {"operator"}
    assert own_commands(scene, third) == set()
    assert "operator" not in {command["name"] for command in scene.discord.commands.in_scope(None)}
    await start(scene, scene.guild, other)
    assert gifts(scene) == 2


async def test_a_guild_that_is_not_named_any_more_loses_it(scene: Scene) -> None:
    other = scene.discord.add_guild("Other")
    await start(scene, scene.guild, other)
    await start(scene, other)
    assert own_commands(scene, scene.guild) == set()
    assert own_commands(scene, other) == {"operator"}
    await start(scene)
    assert own_commands(scene, other) == set()
    assert gifts(scene) == 4
    await start(scene)
    assert gifts(scene) == 4
    await start(scene, scene.guild)
    assert own_commands(scene, scene.guild) == {"operator"}


async def test_a_guild_that_the_bot_is_not_in_does_not_stop_the_start(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await start(scene, 12, scene.guild)
    assert own_commands(scene, scene.guild) == {"operator"}
    [warning] = [record for record in caplog.records if record.name == "ui.sync" and record.levelno == logging.WARNING]
    assert "guild 12 has no commands of its own: I am not in it (OPERATOR_GUILD_IDS)" in warning.getMessage()


async def test_a_guild_that_the_bot_joins_later_gets_it_then(scene: Scene) -> None:
    late = scene.discord.add_guild("Late")
    scene.discord.remove_guild(late)
    async with started(scene, [late.id]) as client:
        assert own_commands(scene, late) == set()
        await scene.client.close()
        await scene.discord.disconnected()
        connection = asyncio.create_task(client.connect(), name="connection of the second bot")
        await scene.discord.ready()
        await client.wait_until_ready()
        scene.discord.world.let_in(late)
        for _ in range(1000):
            if own_commands(scene, late):
                break
            await asyncio.sleep(0.005)
        assert own_commands(scene, late) == {"operator"}
        await client.close()
        await connection


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 400, "code": 50035}])
async def test_any_other_fault_is_left_to_the_next_start(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    monkeypatch.setattr(sync, "SYNC_SECONDS", 0.2)
    scene.discord.faults.add("PUT", routes.GUILD_COMMANDS, times=None, **fault)
    await start(scene, scene.guild)
    assert [record for record in caplog.records if record.name == "ui.sync" and record.levelno == logging.ERROR]
    assert own_commands(scene, scene.guild) == set()
    scene.discord.faults.clear()
    await start(scene, scene.guild)
    assert own_commands(scene, scene.guild) == {"operator"}


async def test_a_guild_whose_commands_could_not_be_taken_back_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "SYNC_SECONDS", 0.2)
    await start(scene, scene.guild)
    scene.discord.faults.add("PUT", routes.GUILD_COMMANDS, times=None, status=503)
    await start(scene)
    assert own_commands(scene, scene.guild) == {"operator"}
    scene.discord.faults.clear()
    await start(scene)
    assert own_commands(scene, scene.guild) == set()

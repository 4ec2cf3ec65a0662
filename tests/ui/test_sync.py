"""Commands are given to Discord when they have changed, and only then."""

import logging

import discord
import pytest
from discord import app_commands

from sandbox.discord import routes
from storage.meta import Meta
from tests.ui.scene import Scene
from ui import sync
from ui.sync import META_KEY, fingerprint, sync_commands


def gifts(scene: Scene) -> int:
    """How often Discord was given the commands."""
    return len(scene.discord.exchanges.matching("PUT", routes.COMMANDS))


async def again(scene: Scene, *, application_id: int | None = None) -> bool:
    return await sync_commands(
        scene.client.tree,
        Meta(scene.database),
        application_id=application_id or scene.discord.application_id,
    )


def added_command() -> app_commands.Command[discord.app_commands.Group, [], None]:
    @app_commands.command(name="extra", description="One more")
    async def extra(interaction: discord.Interaction[discord.Client]) -> None:
        pass

    return extra


async def test_the_first_start_gives_the_commands_and_the_next_does_not(scene: Scene) -> None:
    assert gifts(scene) == 1
    assert not await again(scene)
    assert gifts(scene) == 1


async def test_a_changed_command_is_given_once_more(scene: Scene) -> None:
    scene.client.tree.add_command(added_command())
    assert await again(scene)
    assert not await again(scene)
    assert gifts(scene) == 2
    assert "extra" in {command["name"] for command in await scene.discord.commands_synced()}


async def test_another_application_is_given_its_commands(scene: Scene) -> None:
    tree, own = scene.client.tree, scene.discord.application_id
    assert await fingerprint(tree, own) == await fingerprint(tree, own)
    assert await fingerprint(tree, own) != await fingerprint(tree, own + 1)


async def test_an_outage_leaves_it_to_the_next_start(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "SYNC_SECONDS", 0.2)
    scene.client.tree.add_command(added_command())
    before = await Meta(scene.database).get(META_KEY)
    scene.discord.faults.add("PUT", routes.COMMANDS, status=503, times=None)
    assert not await again(scene)
    assert await Meta(scene.database).get(META_KEY) == before
    assert [record for record in caplog.records if record.levelno == logging.ERROR]
    scene.discord.faults.clear()
    assert await again(scene)


async def test_commands_that_discord_refuses_are_a_fault_of_the_start(scene: Scene) -> None:
    scene.client.tree.add_command(added_command())
    scene.discord.faults.add("PUT", routes.COMMANDS, status=400, code=50035)
    with pytest.raises(discord.HTTPException):
        await again(scene)

"""The one gate: what is let in, and what is answered instead."""

from typing import Any

import discord

from models import JobStatus
from sandbox.discord import Message, Run
from storage import jobs
from tests.ui.scene import Scene

COMMAND, COMPONENT = 2, 3


def from_direct_message(scene: Scene, kind: int, data: dict[str, Any], source: Message | None = None) -> Run:
    """Ada acts in a direct message, as if the bot had anything there."""
    run = Run(scene.discord.world, kind=kind, member=scene.ada, channel=scene.channel, name="/about", source=source)
    scene.discord.interactions.add(run)
    payload = {**run.payload(data), "locale": "en-US", "user": scene.ada.user.payload()}
    for key in ("guild_id", "guild", "member", "guild_locale"):
        del payload[key]
    scene.discord.world.emit(scene.guild.id, "INTERACTION_CREATE", payload, 0)
    return run


async def test_a_command_outside_of_a_guild_gets_one_private_answer(scene: Scene) -> None:
    run = from_direct_message(scene, COMMAND, {"id": "1", "name": "about", "type": 1})
    assert "I only work in servers" in await private_words(run)


async def test_a_button_outside_of_a_guild_does_not_pass_either(scene: Scene) -> None:
    job, card = await scene.carded()
    [button] = card.buttons()
    data = {"custom_id": button.custom_id, "component_type": 2, "id": 1}
    run = from_direct_message(scene, COMPONENT, data, card)
    assert "I only work in servers" in await private_words(run)
    assert (await jobs.find(scene.database, job.job_id)).status is JobStatus.QUEUED


async def private_words(run: Run) -> str:
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message.text()


async def test_inside_of_a_guild_commands_pass(scene: Scene) -> None:
    run = await scene.discord.slash(scene.ada, scene.channel, "about")
    answer = await run.answered()
    assert answer.message is not None
    assert "Easel 9.8.7" in answer.message.text()


async def test_every_command_is_for_guilds_only(scene: Scene) -> None:
    synced = await scene.discord.commands_synced()
    guild_install, in_guilds = [0], [0]
    assert all(command["integration_types"] == guild_install for command in synced)
    assert all(command["contexts"] == in_guilds for command in synced)
    assert isinstance(scene.client.tree, discord.app_commands.CommandTree)

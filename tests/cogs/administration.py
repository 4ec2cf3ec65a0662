"""What the tests of `/admin` have in common: a command's use, its private page, an entry, a button made up."""

from collections.abc import Mapping
from typing import Any, Final

import discord

from recipes import LoraEntry
from sandbox.discord import Channel, Member, Message, Permissions, Run, Value
from tests.ui.scene import Scene
from ui import cards
from ui.buttons import ActionButton

INK: Final[dict[str, Value]] = {
    "name": "Ink",
    "path": "owner/ink",
    "trigger": "in ink style",
    "default_strength": 0.8,
    "max_strength": 1.5,
}


def manager(scene: Scene, name: str = "mia") -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member(name, permissions=Permissions.MANAGE_GUILD)


async def use(
    scene: Scene, by: Member, name: str, options: Mapping[str, Any] | None = None, *, raw: bool = False
) -> Run:
    """A member uses one of the commands."""
    return await scene.discord.slash(by, scene.channel, f"admin {name}", options, raw=raw)


async def page(run: Run) -> Message:
    """The private message that answers a command."""
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    return await answer.message.changed(lambda message: not message.loading)


async def add(scene: Scene, **changes: Any) -> LoraEntry:
    """An entry of the guild's catalogue, as it is kept."""
    given: dict[str, Any] = {"name": "Ink", "path": "owner/ink", "added_by": scene.ada.id}
    entry = LoraEntry(guild_id=scene.guild.id, **(given | changes))
    return await scene.parts.library.loras.add(entry, may_manage_guild=True)


async def forged(scene: Scene, action: str, argument: str, place: Channel | None = None) -> Message:
    """A message with such a button, as a modified client can make one up; in the scene's channel or another."""
    place = place or scene.channel
    button = ActionButton(action, argument, label="Press")
    channel = scene.client.get_partial_messageable(place.id)
    await channel.send(view=cards.Card(discord.ui.ActionRow(button), colour=1))
    return place.messages[-1]

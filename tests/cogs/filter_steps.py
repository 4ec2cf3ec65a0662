"""What moderators do with `/filter`, and operators with `/operator filter`."""

from collections.abc import Mapping
from typing import Any

import discord

from generation.filters import FilterTerm
from sandbox.discord import Channel, Member, Message, Permissions, Run, Upload
from tests.cogs.administration import page
from tests.cogs.gallery import words_of
from tests.ui.scene import Scene


def moderator(scene: Scene, name: str = "mia") -> Member:
    """A member who may manage messages."""
    return scene.guild.add_member(name, permissions=Permissions.MANAGE_MESSAGES)


async def use(
    scene: Scene,
    by: Member,
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    group: str = "filter",
    raw: bool = False,
    channel: Channel | None = None,
) -> Run:
    """A member uses one of the commands."""
    return await scene.discord.slash(by, channel or scene.channel, f"{group} {name}", options, raw=raw)


async def said(scene: Scene, by: Member, name: str, options: Mapping[str, Any] | None = None, **how: Any) -> str:
    """What a command answers in private."""
    return await words_of(await use(scene, by, name, options, **how))


async def shown(scene: Scene, by: Member, name: str, options: Mapping[str, Any] | None = None, **how: Any) -> Message:
    """The private page that a command answers with."""
    return await page(await use(scene, by, name, options, **how))


async def listed(scene: Scene, guild_id: int | None = None) -> tuple[FilterTerm, ...]:
    """What is on the guild's list, or on that one."""
    return await scene.parts.desk.filters.list(scene.guild.id if guild_id is None else guild_id)


async def block(scene: Scene, *typed: str, guild_id: int | None = None, **given: Any) -> None:
    """Put these on the guild's list, or on that one, without a command."""
    for text in typed:
        await scene.parts.desk.filters.add(
            scene.guild.id if guild_id is None else guild_id, text, by_id=scene.ada.id, **given
        )


def file(text: str | bytes, name: str = "words.txt") -> Upload:
    """A file that somebody uploads."""
    return Upload(filename=name, data=text if isinstance(text, bytes) else text.encode())


def disabled(message: Message) -> set[str]:
    """The labels of the buttons that can't be pressed."""
    return {
        part["label"]
        for part in message.walk()
        if part["type"] == discord.ComponentType.button.value and part.get("disabled")
    }

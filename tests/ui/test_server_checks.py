"""Which permissions the bot was given in a channel, as Discord sums them up."""

from typing import Final

import discord
import pytest

from permissions import PERMISSION_BITS
from sandbox.discord import Permissions
from tests.support import wait_until
from tests.ui.scene import Scene
from ui.server_checks import granted_in

NAMED: Final = sum(PERMISSION_BITS.values())
ALL_NAMED: Final = Permissions(NAMED)


async def granted(scene: Scene) -> Permissions:
    """What the bot has in the channel, once it has heard of everything until now."""
    mark = scene.guild.add_channel("mark")
    await scene.client.wait_until_ready()
    await wait_until(lambda: scene.client.get_channel(mark.id) is not None, what="the news")
    channel = scene.client.get_channel(scene.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return Permissions(granted_in(channel) & NAMED)


async def test_without_overwrites_it_is_what_the_roles_give(scene: Scene) -> None:
    assert await granted(scene) == ALL_NAMED


async def test_what_the_role_is_allowed_goes_before_what_everyone_is_denied(scene: Scene) -> None:
    scene.channel.overwrite(scene.guild.everyone, deny=Permissions.SEND_MESSAGES | Permissions.ATTACH_FILES)
    scene.channel.overwrite(scene.guild.bot_role, allow=Permissions.SEND_MESSAGES)
    assert await granted(scene) == ALL_NAMED & ~Permissions.ATTACH_FILES


async def test_of_two_roles_the_one_that_allows_wins_and_the_bots_own_overwrite_above_both(scene: Scene) -> None:
    other = scene.guild.add_role("other")
    scene.guild.bot.roles.append(other)
    scene.guild.announce("GUILD_MEMBER_UPDATE", {**scene.guild.bot.payload(), "guild_id": str(scene.guild.id)})
    scene.channel.overwrite(scene.guild.bot_role, deny=Permissions.ATTACH_FILES | Permissions.SEND_MESSAGES)
    scene.channel.overwrite(other, allow=Permissions.ATTACH_FILES)
    assert await granted(scene) == ALL_NAMED & ~Permissions.SEND_MESSAGES
    scene.channel.overwrite(scene.guild.bot, allow=Permissions.SEND_MESSAGES, deny=Permissions.ATTACH_FILES)
    assert await granted(scene) == ALL_NAMED & ~Permissions.ATTACH_FILES


async def test_one_that_is_given_counts_although_another_is_missing(scene: Scene) -> None:
    scene.channel.overwrite(scene.guild.bot_role, deny=Permissions.SEND_MESSAGES)
    assert await granted(scene) & Permissions.ATTACH_FILES


@pytest.mark.parametrize("denied", [Permissions.VIEW_CHANNEL, ALL_NAMED])
async def test_an_administrator_has_everything_whatever_is_denied(scene: Scene, denied: Permissions) -> None:
    scene.guild.set_bot_permissions(Permissions.ADMINISTRATOR)
    scene.channel.overwrite(scene.guild.bot_role, deny=denied)
    assert await granted(scene) == ALL_NAMED

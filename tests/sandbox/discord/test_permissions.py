"""Who may do what where."""

import permissions
from sandbox.discord import Permissions
from sandbox.discord.permissions import ALL, BOT
from tests.sandbox.discord.wire import Scene

P = Permissions


def test_owners_and_administrators_may_do_everything(scene: Scene) -> None:
    admin = scene.guild.add_member("admin", permissions=P.ADMINISTRATOR)
    scene.channel.overwrite(scene.guild.everyone, deny=P.VIEW_CHANNEL)
    assert scene.guild.owner.permissions_in(scene.channel) == ALL
    assert admin.permissions_in(scene.channel) == ALL


def test_overwrites_apply_from_everyone_to_role_to_member(scene: Scene) -> None:
    painters = scene.guild.add_role("painters")
    bob = scene.guild.add_member("bob", roles=[painters])
    scene.channel.overwrite(scene.guild.everyone, deny=P.SEND_MESSAGES)
    assert not bob.permissions_in(scene.channel) & P.SEND_MESSAGES
    scene.channel.overwrite(painters, allow=P.SEND_MESSAGES)
    assert bob.permissions_in(scene.channel) & P.SEND_MESSAGES
    assert not scene.ada.permissions_in(scene.channel) & P.SEND_MESSAGES
    scene.channel.overwrite(bob, deny=P.SEND_MESSAGES)
    assert not bob.permissions_in(scene.channel) & P.SEND_MESSAGES


def test_nothing_is_left_without_view_channel(scene: Scene) -> None:
    scene.channel.overwrite(scene.ada, deny=P.VIEW_CHANNEL, allow=P.SEND_MESSAGES)
    assert scene.ada.permissions_in(scene.channel) == P.NONE


def test_bot_may_do_exactly_what_is_set_for_the_channel(scene: Scene) -> None:
    scene.guild.set_bot_permissions(P.VIEW_CHANNEL | P.EMBED_LINKS, scene.channel)
    assert scene.guild.bot.permissions_in(scene.channel) == P.VIEW_CHANNEL | P.EMBED_LINKS
    scene.guild.set_bot_permissions(P.MANAGE_MESSAGES)
    other = scene.guild.add_channel("other")
    assert scene.guild.bot.permissions_in(other) & P.MANAGE_MESSAGES


def test_bot_is_given_what_the_invite_link_asks_for() -> None:
    assert int(BOT) == permissions.INVITE_PERMISSIONS == 274_878_008_320

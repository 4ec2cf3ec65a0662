"""What a server is like on Discord, as far as its settings refer to it: what was deleted, and what the bot lacks where.

All of it is what discord.py was told through the gateway; nothing is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import InvalidOption
from models import Access, GuildSettings
from permissions import NEEDED_TO_ALERT, missing_of, missing_to_post

# Where commands can be used: in these themselves, in their chats, or in their threads and posts.
USABLE_KINDS: Final = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
)
# Where moderators can be written to.
WRITABLE_KINDS: Final = (discord.ChannelType.text, discord.ChannelType.news)
_ONLY_THREADS: Final = frozenset({discord.ChannelType.forum, discord.ChannelType.media})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCheck:
    """A channel that the settings name: whether it is there, and which permissions the bot lacks in it."""

    channel_id: int
    exists: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChecks:
    """`here` is where the question was asked, perhaps a thread; the rest is what the settings and lists name.

    `role_ids` are those on the list that exist, `deleted_roles` the others.
    """

    here: ChannelCheck
    in_thread: bool = False
    channels: tuple[ChannelCheck, ...] = ()
    role_ids: tuple[int, ...] = ()
    deleted_roles: tuple[int, ...] = ()
    moderators: ChannelCheck | None = None

    @property
    def channel_ids(self) -> tuple[int, ...]:
        """The channels on the list that exist."""
        return tuple(check.channel_id for check in self.channels if check.exists)

    @property
    def deleted_channels(self) -> tuple[int, ...]:
        """The channels on the list that were deleted."""
        return tuple(check.channel_id for check in self.channels if not check.exists)


def look(interaction: discord.Interaction[Any], settings: GuildSettings, access: Access) -> ServerChecks:
    """The server of the interaction as it is now. Until the gateway has told of it, nothing counts as deleted."""
    guild, in_thread = _known_guild(interaction), isinstance(interaction.channel, discord.Thread)
    lacks_here = missing_to_post(interaction.app_permissions.value, in_thread=in_thread, with_image=True)
    moderators_id = settings.moderators_channel_id
    checked = [_check(guild, channel_id) for channel_id in sorted(access.channel_ids)]
    deleted = {role_id for role_id in access.role_ids if guild is not None and guild.get_role(role_id) is None}
    return ServerChecks(
        here=ChannelCheck(channel_id=interaction.channel_id or 0, missing=lacks_here),
        in_thread=in_thread,
        channels=tuple(sorted(checked, key=lambda check: not check.exists)),
        role_ids=tuple(sorted(access.role_ids - deleted)),
        deleted_roles=tuple(sorted(deleted)),
        moderators=None if moderators_id is None else _check(guild, moderators_id, for_moderators=True),
    )


def check_channels(
    interaction: discord.Interaction[Any], option: str, ids: Iterable[int], kinds: Sequence[discord.ChannelType]
) -> None:
    """Raise InvalidOption unless all are channels of this server, of these kinds."""
    guild = _known_guild(interaction)
    for channel_id in ids:
        channel = None if guild is None else guild.get_channel(channel_id)
        if channel is None:
            raise InvalidOption(option, "changed")
        if channel.type not in kinds:
            raise InvalidOption(option, "not_a_choice")


def check_roles(interaction: discord.Interaction[Any], option: str, ids: Iterable[int]) -> None:
    """Raise InvalidOption unless all are roles of this server."""
    guild = _known_guild(interaction)
    if any(guild is None or guild.get_role(role_id) is None for role_id in ids):
        raise InvalidOption(option, "changed")


def granted_in(channel: discord.abc.GuildChannel) -> int:
    """The bits of the permissions that the bot was given in a channel.

    discord.py's own sum also leaves out what is given and has no effect while another one is missing, such as Attach
    Files without Send Messages. That would be no list of what to give, and it is wrong for the posts of a forum.
    """
    me = channel.guild.me
    granted = me.guild_permissions
    if granted.administrator:
        return granted.value
    everyone, roles = channel.guild.default_role, [role for role in me.roles if not role.is_default()]
    value = _overwritten(granted.value, [channel.overwrites_for(everyone)])
    value = _overwritten(value, [channel.overwrites_for(role) for role in roles])
    return _overwritten(value, [channel.overwrites_for(me)])


def _overwritten(granted: int, overwrites: Iterable[discord.PermissionOverwrite]) -> int:
    """Of several overwrites for the same step what one allows goes before what another denies."""
    allowed = denied = 0
    for overwrite in overwrites:
        allow, deny = overwrite.pair()
        allowed, denied = allowed | allow.value, denied | deny.value
    return granted & ~denied | allowed


def _known_guild(interaction: discord.Interaction[Any]) -> discord.Guild | None:
    """The guild with its channels and roles; None while the gateway has not told of it."""
    guild = interaction.guild
    return None if guild is None or guild.unavailable else guild


def _check(guild: discord.Guild | None, channel_id: int, *, for_moderators: bool = False) -> ChannelCheck:
    if guild is None:
        return ChannelCheck(channel_id=channel_id)
    channel = guild.get_channel(channel_id)
    if channel is None:
        return ChannelCheck(channel_id=channel_id, exists=False)
    granted = granted_in(channel)
    if for_moderators:
        missing = missing_of(NEEDED_TO_ALERT, granted)
    else:
        missing = missing_to_post(granted, in_thread=channel.type in _ONLY_THREADS, with_image=True)
    return ChannelCheck(channel_id=channel_id, missing=missing)

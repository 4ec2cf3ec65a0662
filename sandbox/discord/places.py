"""Guilds and who and what is in them: roles, members, their channels and threads, and who may do what where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sandbox.discord.automod import KEYWORD, AutoModRule
from sandbox.discord.channels import FORUM_CHANNEL, VOICE_CHANNEL, Channel, Thread
from sandbox.discord.errors import Json
from sandbox.discord.permissions import ALL, BOT, EVERYONE, Permissions, apply_overwrites

if TYPE_CHECKING:
    from sandbox.discord.world import World

GUILDS_INTENT: Final = 1 << 0
MIB: Final = 1024 * 1024
FILE_LIMIT_BYTES: Final = 10 * MIB
"""The largest single file without server boosts (API reference, "Uploading Files")."""


@dataclass(eq=False, kw_only=True, slots=True)
class User:
    """An account."""

    id: int
    name: str
    bot: bool = False
    takes_direct_messages: bool = True
    """Whether the bot can write to this user."""

    def payload(self) -> Json:
        """The user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0001" if self.bot else "0",
            "global_name": None if self.bot else self.name.title(),
            "avatar": None,
            "avatar_decoration_data": None,
            "banner": None,
            "accent_color": None,
            "collectibles": None,
            "primary_guild": None,
            "public_flags": 0,
            "flags": 0,
            "bot": self.bot,
            "system": False,
        }


@dataclass(eq=False, kw_only=True, slots=True)
class Role:
    """A role of a guild."""

    id: int
    name: str
    permissions: Permissions
    position: int
    managed: bool = False

    def payload(self) -> Json:
        """The role object."""
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.managed,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False, kw_only=True, slots=True)
class Member:
    """A user in a guild."""

    guild: "Guild"
    user: User
    joined_at: datetime
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """The user's name."""
        return self.user.name

    @property
    def mention(self) -> str:
        """The text that mentions this member."""
        return f"<@{self.user.id}>"

    def permissions_in(self, channel: Channel | None) -> Permissions:
        """What this member may do in the channel, or in the guild at large."""
        guild = self.guild
        if self.user.id == guild.owner.user.id:
            return ALL
        base = guild.everyone.permissions
        for role in self.roles:
            base |= role.permissions
        return apply_overwrites(base, channel.overwrites_for(self) if channel else ())

    def payload(self) -> Json:
        """The member object."""
        return {**self.partial_payload(), "user": self.user.payload(), "mute": False, "deaf": False}

    def partial_payload(self) -> Json:
        """The member object as it stands among the resolved data of an interaction."""
        return {
            "avatar": None,
            "avatar_decoration_data": None,
            "banner": None,
            "collectibles": None,
            "communication_disabled_until": None,
            "flags": 0,
            "joined_at": self.joined_at.isoformat(),
            "nick": self.nick,
            "pending": False,
            "premium_since": None,
            "roles": [str(role.id) for role in self.roles],
        }


class Guild:
    """A guild with the bot in it."""

    def __init__(self, world: "World", guild_id: int, name: str, *, locale: str, owner: User) -> None:
        self.world = world
        self.id = guild_id
        self.name = name
        self.locale = locale
        self.attachment_size_limit = FILE_LIMIT_BYTES
        self.system_channel: Channel | None = None
        self.created_at = world.now()
        self.everyone = Role(id=guild_id, name="@everyone", permissions=EVERYONE, position=0)
        self.roles: dict[int, Role] = {guild_id: self.everyone}
        self.channels: dict[int, Channel] = {}
        self.threads: dict[int, Thread] = {}
        self.members: dict[int, Member] = {}
        self.automod_rules: list[AutoModRule] = []
        self.owner = self._join(owner)
        self.bot = self._join(world.bot)
        self.bot_role = Role(id=world.next_id(), name=world.bot.name, permissions=BOT, position=1, managed=True)
        self.roles[self.bot_role.id] = self.bot_role
        self.bot.roles.append(self.bot_role)

    def _join(self, user: User) -> Member:
        member = Member(guild=self, user=user, joined_at=self.world.now())
        self.members[user.id] = member
        return member

    def announce(self, event: str, payload: Json) -> None:
        """Tell the bot's gateway sessions about a change of this guild."""
        if self.id in self.world.guilds:
            self.world.emit(self.id, event, payload, GUILDS_INTENT)

    def add_channel(self, name: str, *, nsfw: bool = False) -> Channel:
        """Open a text channel."""
        return self._open(Channel(self, self.world.next_id(), name, nsfw=nsfw))

    def add_forum(self, name: str) -> Channel:
        """Open a forum: its posts are the threads that are added to it."""
        return self._open(Channel(self, self.world.next_id(), name, kind=FORUM_CHANNEL))

    def add_voice_channel(self, name: str) -> Channel:
        """Open a voice channel: its chat has messages as a text channel has."""
        return self._open(Channel(self, self.world.next_id(), name, kind=VOICE_CHANNEL))

    def set_system_channel(self, channel: Channel | None) -> None:
        """Choose where Discord writes who has joined, and bots what concerns the whole guild."""
        self.system_channel = channel
        self.announce("GUILD_UPDATE", self.payload())

    def _open(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.world.channels[channel.id] = channel
        self.announce("CHANNEL_CREATE", channel.payload())
        return channel

    def take_in(self, thread: Thread) -> Thread:
        """Add a new thread; the bot hears of it if it may see it."""
        self.threads[thread.id] = thread
        self.world.channels[thread.id] = thread
        if thread.bot_permissions & Permissions.VIEW_CHANNEL:
            self.announce("THREAD_CREATE", {**thread.payload(), "newly_created": True})
        return thread

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or a single thread, and all that is in it."""
        for thread in [thread for thread in self.threads.values() if channel in {thread, thread.parent}]:
            del self.threads[thread.id]
            self._close(thread)
        if isinstance(channel, Thread):
            kept = ("id", "guild_id", "parent_id", "type")
            self.announce("THREAD_DELETE", {key: channel.payload()[key] for key in kept})
        else:
            del self.channels[channel.id]
            self._close(channel)
            self.announce("CHANNEL_DELETE", channel.payload())
            if self.system_channel is channel:
                self.set_system_channel(None)

    def _close(self, channel: Channel) -> None:
        del self.world.channels[channel.id]
        for message in channel.messages:
            message.delete()

    def add_automod_rule(
        self,
        name: str,
        *,
        trigger: int = KEYWORD,
        keywords: Iterable[str] = (),
        patterns: Iterable[str] = (),
        allowed: Iterable[str] = (),
        enabled: bool = True,
        alerts: Channel | None = None,
    ) -> AutoModRule:
        """Make a rule; with `alerts` it only tells of a message there. Raises ValueError for what Discord refuses."""
        rule = AutoModRule(
            id=self.world.next_id(),
            guild_id=self.id,
            creator_id=self.owner.id,
            name=name,
            trigger=trigger,
            keywords=tuple(keywords),
            patterns=tuple(patterns),
            allowed=tuple(allowed),
            enabled=enabled,
            alert_channel_id=None if alerts is None else alerts.id,
        )
        self.automod_rules.append(rule)
        return rule

    def add_role(self, name: str, permissions: Permissions = Permissions.NONE) -> Role:
        """Make a role."""
        role = Role(id=self.world.next_id(), name=name, permissions=permissions, position=len(self.roles))
        self.roles[role.id] = role
        self.announce("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.payload()})
        return role

    def remove_role(self, role: Role) -> None:
        """Delete a role: nobody has it any more."""
        del self.roles[role.id]
        for member in self.members.values():
            member.roles = [kept for kept in member.roles if kept is not role]
        self.announce("GUILD_ROLE_DELETE", {"guild_id": str(self.id), "role_id": str(role.id)})

    def set_role_permissions(self, role: Role, permissions: Permissions) -> None:
        """Change what a role allows."""
        role.permissions = permissions
        self.announce("GUILD_ROLE_UPDATE", {"guild_id": str(self.id), "role": role.payload()})

    def set_bot_permissions(self, permissions: Permissions, channel: Channel | None = None) -> None:
        """Let the bot do exactly this in a channel; without one, what its own role adds to @everyone's."""
        if channel is not None:
            channel.set_bot_permissions(permissions)
        else:
            self.set_role_permissions(self.bot_role, permissions)

    def add_member(self, name: str, *, permissions: Permissions | None = None, roles: Iterable[Role] = ()) -> Member:
        """Let a new user in; `permissions` are added to @everyone's by a role of their own."""
        member = self._join(self.world.add_user(name))
        member.roles.extend(roles)
        if permissions is not None:
            member.roles.append(self.add_role(f"{name}'s role", permissions))
        return member

    def remove_member(self, member: Member) -> None:
        """Let a member leave."""
        del self.members[member.id]

    def payload(self) -> Json:
        """The guild object as the REST interface gives it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "description": None,
            "home_header": None,
            "splash": None,
            "discovery_splash": None,
            "features": [],
            "banner": None,
            "owner_id": str(self.owner.id),
            "application_id": None,
            "region": "deprecated",
            "afk_channel_id": None,
            "afk_timeout": 300,
            "system_channel_id": None if self.system_channel is None else str(self.system_channel.id),
            "system_channel_flags": 0,
            "widget_enabled": False,
            "widget_channel_id": None,
            "verification_level": 0,
            "roles": [role.payload() for role in self.roles.values()],
            "default_message_notifications": 0,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_presences": None,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "vanity_url_code": None,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": self.locale,
            "rules_channel_id": None,
            "safety_alerts_channel_id": None,
            "public_updates_channel_id": None,
            "premium_progress_bar_enabled": False,
            "premium_progress_bar_enabled_user_updated_at": None,
            "nsfw": False,
            "nsfw_level": 0,
            "emojis": [],
            "stickers": [],
            "incidents_data": None,
        }

    def create_payload(self, *, joined: bool = False) -> Json:
        """The guild as GUILD_CREATE brings it: without a privileged intent only the bot's own member.

        What is told of one that was just `joined` lacks `unavailable`: libraries know a new guild by that.
        """
        return {
            **self.payload(),
            "joined_at": self.bot.joined_at.isoformat(),
            "large": False,
            **({} if joined else {"unavailable": False}),
            "member_count": len(self.members),
            "members": [self.bot.payload()],
            "channels": [channel.payload() for channel in self.channels.values()],
            "threads": [
                thread.payload()
                for thread in self.threads.values()
                if thread.bot_permissions & Permissions.VIEW_CHANNEL
            ],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

"""Where messages are: what any conversation is, a guild's text channels and forums, and the threads in them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from sandbox.discord.errors import NO_MESSAGES_IN_FORUM, Json, Refusal
from sandbox.discord.permissions import ALL, Permissions
from sandbox.discord.signals import Signal

if TYPE_CHECKING:
    from sandbox.discord.messages import Message
    from sandbox.discord.places import Guild, Member, Role, User

GUILD_MESSAGES_INTENT: Final = 1 << 9

TEXT_CHANNEL: Final = 0
VOICE_CHANNEL: Final = 2
PUBLIC_THREAD: Final = 11
FORUM_CHANNEL: Final = 15

ARCHIVED_AFTER_MINUTES: Final = 4320
"""Three days without a message: what Discord's client proposes for a new thread."""


class Conversation(ABC):
    """A place with messages, oldest first."""

    def __init__(self, conversation_id: int, name: str) -> None:
        self.id = conversation_id
        self.name = name
        self.changed = Signal()
        self._messages: dict[int, Message] = {}

    @property
    def messages(self) -> list["Message"]:
        """Every message that is still there, ephemeral ones included, oldest first."""
        return [message for message in self._messages.values() if not message.deleted]

    @property
    def all_messages(self) -> list["Message"]:
        """Every message ever seen here, deleted ones included."""
        return list(self._messages.values())

    @property
    def last_message_id(self) -> str | None:
        """The id of the newest message, as the channel object has it."""
        last = next(reversed(self._messages), None)
        return None if last is None else str(last)

    def add(self, message: "Message") -> None:
        """Take in a new message."""
        self._messages[message.id] = message
        self.changed.fire()

    def find(self, message_id: int) -> "Message | None":
        """The message of that id, if it is still there."""
        message = self._messages.get(message_id)
        return None if message is None or message.deleted else message

    async def arrived(self, predicate: "Callable[[Message], object] | None" = None, timeout: float = 10.0) -> "Message":
        """Wait for a message that fits, the newest if several do; `TimeoutError` lists what is there instead."""

        def newest() -> "Message | None":
            found = [message for message in self.messages if predicate is None or predicate(message)]
            return found[-1] if found else None

        return await self.changed.until(newest, timeout, lambda: f"no such message among {self.messages}")

    @property
    @abstractmethod
    def guild_id(self) -> int | None:
        """The guild it is in, if it is in one."""

    @property
    @abstractmethod
    def file_limit_bytes(self) -> int:
        """The largest file that it takes."""

    @property
    @abstractmethod
    def bot_permissions(self) -> Permissions:
        """What the bot may do here."""

    @property
    def needed_to_send(self) -> Permissions:
        """What it takes to write here."""
        return Permissions.SEND_MESSAGES

    @abstractmethod
    def refusal(self) -> Refusal | None:
        """Why no message of the bot's is taken here, whatever it may do; None where they are."""

    @abstractmethod
    def find_user(self, user_id: int) -> "User | None":
        """Whoever can be mentioned here by that id."""

    @property
    @abstractmethod
    def roles(self) -> "Mapping[int, Role]":
        """The roles that can be mentioned here, by id."""

    @abstractmethod
    def announce(self, event: str, payload: Json) -> None:
        """Tell the sessions that asked for messages about one of these."""

    @abstractmethod
    def payload(self) -> Json:
        """The channel object."""


class Channel(Conversation):
    """A guild's text channel or forum; a forum has threads, and no messages of its own."""

    def __init__(
        self, guild: "Guild", channel_id: int, name: str, *, kind: int = TEXT_CHANNEL, nsfw: bool = False
    ) -> None:
        super().__init__(channel_id, name)
        self.guild = guild
        self.kind = kind
        self.nsfw = nsfw
        self.position = len(guild.channels)
        self.overwrites: dict[int, tuple[Permissions, Permissions]] = {}

    @property
    def mention(self) -> str:
        """The text that links to this channel."""
        return f"<#{self.id}>"

    @property
    def guild_id(self) -> int:
        """The guild it is in."""
        return self.guild.id

    @property
    def file_limit_bytes(self) -> int:
        """The guild's limit."""
        return self.guild.attachment_size_limit

    @property
    def bot_permissions(self) -> Permissions:
        """What the bot's roles and the overwrites here let it do."""
        return self.guild.bot.permissions_in(self)

    def refusal(self) -> Refusal | None:
        """A forum takes no messages."""
        return NO_MESSAGES_IN_FORUM if self.kind == FORUM_CHANNEL else None

    def find_user(self, user_id: int) -> "User | None":
        """A member's user."""
        member = self.guild.members.get(user_id)
        return None if member is None else member.user

    @property
    def roles(self) -> "Mapping[int, Role]":
        """The guild's."""
        return self.guild.roles

    def announce(self, event: str, payload: Json) -> None:
        """Tell the sessions of the guild's shard."""
        body = {**payload, "guild_id": str(self.guild.id)}
        self.guild.world.emit(self.guild.id, event, body, GUILD_MESSAGES_INTENT)

    def add_thread(self, name: str, *, owner: "Member | None" = None) -> "Thread":
        """Start a public thread, or a post in a forum; `owner` is by default the guild's owner.

        Raises `ValueError` where there can be none: in a thread.
        """
        if self.kind == PUBLIC_THREAD:
            raise ValueError(f"{self.name!r} is a thread, and threads have no threads")
        return self.guild.take_in(Thread(self, self.guild.world.next_id(), name, owner=owner or self.guild.owner))

    def overwrite(
        self,
        target: "Role | Member",
        *,
        allow: Permissions = Permissions.NONE,
        deny: Permissions = Permissions.NONE,
    ) -> None:
        """Give or take permissions here, for a role or a member."""
        self.overwrites[target.id] = (allow, deny)
        self.guild.announce("CHANNEL_UPDATE", self.payload())

    def set_bot_permissions(self, permissions: Permissions) -> None:
        """Let the bot do exactly this here."""
        self.overwrite(self.guild.bot, allow=permissions, deny=ALL & ~permissions)

    def overwrites_for(self, member: "Member") -> Iterable[tuple[Permissions, Permissions]]:
        """The (allow, deny) pairs that apply to a member, in the order they apply."""
        none = (Permissions.NONE, Permissions.NONE)
        yield self.overwrites.get(self.guild.everyone.id, none)
        allow = deny = Permissions.NONE
        for role in member.roles:
            role_allow, role_deny = self.overwrites.get(role.id, none)
            allow |= role_allow
            deny |= role_deny
        yield allow, deny
        yield self.overwrites.get(member.id, none)

    def payload(self) -> Json:
        """The channel object."""
        return {
            **self._fields(),
            "permission_overwrites": [
                {
                    "id": str(target),
                    "type": 1 if target in self.guild.members else 0,
                    "allow": str(int(allow)),
                    "deny": str(int(deny)),
                }
                for target, (allow, deny) in self.overwrites.items()
            ],
        }

    def partial_payload(self, member: "Member") -> Json:
        """The channel as an interaction carries it, with that member's permissions."""
        return {**self._fields(), "permissions": str(int(member.permissions_in(self)))}

    def _fields(self) -> Json:
        """What the whole and the partial object share."""
        voice = {"bitrate": 64_000, "user_limit": 0, "rtc_region": None} if self.kind == VOICE_CHANNEL else {}
        return {
            **voice,
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": self.position,
            "flags": 0,
            "topic": None,
            "nsfw": self.nsfw,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": self.last_message_id,
        }


class Thread(Channel):
    """A public thread of a text channel, or a post in a forum.

    It has no permissions of its own: they are its parent's, and to write takes Send Messages in Threads in place of
    Send Messages (topic "Threads" of the documentation).
    """

    def __init__(self, parent: Channel, thread_id: int, name: str, *, owner: "Member") -> None:
        super().__init__(parent.guild, thread_id, name, kind=PUBLIC_THREAD, nsfw=parent.nsfw)
        self.parent = parent
        self.owner = owner
        self.created_at = parent.guild.world.now()

    @property
    def needed_to_send(self) -> Permissions:
        """Send Messages alone does not help in a thread."""
        return Permissions.SEND_MESSAGES_IN_THREADS

    def overwrite(
        self,
        target: "Role | Member",
        *,
        allow: Permissions = Permissions.NONE,
        deny: Permissions = Permissions.NONE,
    ) -> None:
        """Give or take permissions in the parent, and so in all of its threads."""
        self.parent.overwrite(target, allow=allow, deny=deny)

    def overwrites_for(self, member: "Member") -> Iterable[tuple[Permissions, Permissions]]:
        """The parent's."""
        return self.parent.overwrites_for(member)

    def payload(self) -> Json:
        """The channel object; the bot has not joined the thread, so there is no member of it."""
        return self._fields()

    def _fields(self) -> Json:
        created_at = self.created_at.isoformat()
        public = [message for message in self.all_messages if not message.ephemeral]
        return {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "flags": 0,
            "parent_id": str(self.parent.id),
            "owner_id": str(self.owner.id),
            "rate_limit_per_user": 0,
            "last_message_id": self.last_message_id,
            "message_count": sum(not message.deleted for message in public),
            "member_count": 1,  # nobody joins but who started it
            "total_message_sent": len(public),
            "thread_metadata": {
                "archived": False,
                "archive_timestamp": created_at,
                "auto_archive_duration": ARCHIVED_AFTER_MINUTES,
                "locked": False,
                "create_timestamp": created_at,
            },
        }

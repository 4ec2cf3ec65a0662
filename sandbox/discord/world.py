"""Everything the stand-in remembers: it outlives any bot process that connects to it."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sandbox.discord.channels import Conversation
from sandbox.discord.direct import DirectMessages
from sandbox.discord.errors import Json
from sandbox.discord.messages import Attachment
from sandbox.discord.places import Guild, User

Clock = Callable[[], datetime]

DISCORD_EPOCH_MS: Final = 1_420_070_400_000
URL_LIFETIME: Final = timedelta(hours=24)
"""How long a signed attachment URL opens the file (API reference, "Signed Attachment CDN URLs")."""


def system_clock() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def snowflake_time(snowflake: int) -> datetime:
    """When an id was made."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, UTC)


class World:
    """One application, its bot, its guilds and direct messages, and all messages and files."""

    def __init__(self, *, now: Clock, keep_files: bool, name: str) -> None:
        self.now = now
        self.keep_files = keep_files
        self.origin = ""
        self.message_content_allowed = False
        self._last_id = 0
        self._url_key = secrets.token_bytes(16)
        self.application_id = self.next_id()
        self.owner = User(id=self.next_id(), name="owner")
        # A bot that was made together with its application shares its id, as nearly all do.
        self.bot = User(id=self.application_id, name=name, bot=True)
        # Real tokens begin with the bot's id, and libraries read it from there.
        bot_id = base64.b64encode(str(self.bot.id).encode()).decode().rstrip("=")
        self.token = f"{bot_id}.{secrets.token_hex(3)}.{secrets.token_hex(19)}"
        self.users: dict[int, User] = {user.id: user for user in (self.owner, self.bot)}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Conversation] = {}
        """By id, every place in which there are messages."""
        self._direct: dict[int, DirectMessages] = {}
        self.attachments: dict[int, Attachment] = {}
        self.emit: Callable[[int, str, Json, int], None] = lambda *_: None

    def next_id(self) -> int:
        """A fresh snowflake: later ids are greater, and the time is in it."""
        made_at_ms = int(self.now().timestamp() * 1000) - DISCORD_EPOCH_MS
        self._last_id = max(self._last_id + 1, made_at_ms << 22)
        return self._last_id

    def add_user(self, name: str) -> User:
        """Open an account."""
        user = User(id=self.next_id(), name=name)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, locale: str, owner: User | None, system_channel: str | None = None) -> Guild:
        """Make a guild and let the bot in; a connected bot is told at once."""
        guild = Guild(self, self.next_id(), name, locale=locale, owner=owner or self.owner)
        if system_channel is not None:
            guild.system_channel = guild.add_channel(system_channel)
        self.let_in(guild)
        return guild

    def let_in(self, guild: Guild) -> None:
        """Let the bot into a guild, for the first time or after it was thrown out; its channels are as they were."""
        self.guilds[guild.id] = guild
        self.channels.update({**guild.channels, **guild.threads})
        guild.announce("GUILD_CREATE", guild.create_payload(joined=True))

    def remove_guild(self, guild: Guild) -> None:
        """Throw the bot out of a guild."""
        guild.announce("GUILD_DELETE", {"id": str(guild.id), "unavailable": False})
        del self.guilds[guild.id]
        for channel_id in (*guild.channels, *guild.threads):
            del self.channels[channel_id]

    def direct_messages(self, user: User) -> DirectMessages:
        """The bot's conversation with a user: one for all time, opened when it is first asked for."""
        if user.id not in self._direct:
            opened = DirectMessages(self, self.next_id(), user)
            self._direct[user.id] = self.channels[opened.id] = opened
        return self._direct[user.id]

    def attachment_url(self, attachment: Attachment) -> str:
        """A signed URL of the file, valid for a day from now."""
        path = attachment.path
        issued = self.now()
        expires, issued_hex = (f"{int(at.timestamp()):x}" for at in (issued + URL_LIFETIME, issued))
        signature = self._signature(path, expires, issued_hex)
        return f"{self.origin}{path}?ex={expires}&is={issued_hex}&hm={signature}&"

    def signature_holds(self, path: str, expires: str, issued: str, signature: str) -> bool:
        """Whether a URL was signed here and has not expired."""
        if not hmac.compare_digest(self._signature(path, expires, issued), signature):
            return False
        return int(expires, 16) > self.now().timestamp()

    def _signature(self, path: str, expires: str, issued: str) -> str:
        text = f"{path}|{expires}|{issued}".encode()
        return hmac.new(self._url_key, text, hashlib.sha256).hexdigest()

"""Direct messages: what the bot and one user write to each other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sandbox.discord.channels import Conversation
from sandbox.discord.errors import NO_MUTUAL_GUILDS, USER_TAKES_NO_MESSAGES, Json, Refusal
from sandbox.discord.permissions import IN_DIRECT_MESSAGES, Permissions
from sandbox.discord.places import FILE_LIMIT_BYTES, Role, User

if TYPE_CHECKING:
    from sandbox.discord.world import World

DIRECT_MESSAGES_INTENT: Final = 1 << 12
DIRECT_CHANNEL: Final = 1


class DirectMessages(Conversation):
    """The bot's conversation with one user. It is no guild's, so its events go to the first shard."""

    def __init__(self, world: "World", conversation_id: int, user: User) -> None:
        super().__init__(conversation_id, user.name)
        self.user = user
        self._world = world

    @property
    def guild_id(self) -> None:
        """None: it is in no guild."""
        return None

    @property
    def file_limit_bytes(self) -> int:
        """The limit without boosts."""
        return FILE_LIMIT_BYTES

    @property
    def bot_permissions(self) -> Permissions:
        """Nobody can take these away here."""
        return IN_DIRECT_MESSAGES

    def refusal(self) -> Refusal | None:
        """The user decides, and has to share a guild with the bot."""
        if not any(self.user.id in guild.members for guild in self._world.guilds.values()):
            return NO_MUTUAL_GUILDS
        return None if self.user.takes_direct_messages else USER_TAKES_NO_MESSAGES

    def find_user(self, user_id: int) -> User | None:
        """One of the two who are here."""
        return next((user for user in (self.user, self._world.bot) if user.id == user_id), None)

    @property
    def roles(self) -> Mapping[int, Role]:
        """None: roles are a guild's."""
        return {}

    def announce(self, event: str, payload: Json) -> None:
        """Tell the sessions of the first shard."""
        self._world.emit(0, event, payload, DIRECT_MESSAGES_INTENT)

    def payload(self) -> Json:
        """The channel object."""
        return {
            "id": str(self.id),
            "type": DIRECT_CHANNEL,
            "flags": 0,
            "last_message_id": self.last_message_id,
            "recipients": [self.user.payload()],
        }

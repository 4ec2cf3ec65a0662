"""Permission bits and how Discord works them out for a member in a channel."""

from collections.abc import Iterable
from enum import IntFlag
from typing import Final


class Permissions(IntFlag):
    """The bits of Discord's permission set that the stand-in knows by name."""

    NONE = 0
    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


ALL: Final = Permissions((1 << 53) - 1)
"""What owners and administrators have."""

EVERYONE: Final = (
    Permissions.VIEW_CHANNEL
    | Permissions.SEND_MESSAGES
    | Permissions.READ_MESSAGE_HISTORY
    | Permissions.ATTACH_FILES
    | Permissions.EMBED_LINKS
    | Permissions.ADD_REACTIONS
    | Permissions.USE_APPLICATION_COMMANDS
    | Permissions.SEND_MESSAGES_IN_THREADS
)
"""What a new guild lets everyone do, as far as it matters here."""

BOT: Final = (
    Permissions.VIEW_CHANNEL
    | Permissions.SEND_MESSAGES
    | Permissions.ATTACH_FILES
    | Permissions.READ_MESSAGE_HISTORY
    | Permissions.SEND_MESSAGES_IN_THREADS
)
"""What the invite link asks for."""

IN_DIRECT_MESSAGES: Final = (
    Permissions.VIEW_CHANNEL
    | Permissions.SEND_MESSAGES
    | Permissions.READ_MESSAGE_HISTORY
    | Permissions.ATTACH_FILES
    | Permissions.EMBED_LINKS
    | Permissions.ADD_REACTIONS
)
"""What the bot may do where it is alone with a user."""


def apply_overwrites(base: Permissions, overwrites: Iterable[tuple[Permissions, Permissions]]) -> Permissions:
    """Apply (allow, deny) pairs in Discord's order: everyone, then the roles together, then the member.

    The caller gives the pairs already merged in that order. An administrator keeps everything, and without
    View Channel nothing else counts.
    """
    if base & Permissions.ADMINISTRATOR:
        return ALL
    for allow, deny in overwrites:
        base = (base & ~deny) | allow
    return base if base & Permissions.VIEW_CHANNEL else Permissions.NONE

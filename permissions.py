"""What the bot needs from Discord to do its work: permissions by name and bit, and the scopes of the invite.

Names are Discord's own (`VIEW_CHANNEL`), bits those of its permission flags. No import of Discord's library,
so that the rules, the user interface and the doctor all read the same list.
"""

from collections.abc import Sequence
from typing import Final

ADMINISTRATOR_BIT: Final = 1 << 3

# The first answer goes out through the interaction, for which Discord asks no permission. These are for
# what follows it: the card is edited as the bot's own message once the interaction's token is too old.
PERMISSION_BITS: Final = {
    "VIEW_CHANNEL": 1 << 10,  # to edit the card as a message, and to fetch it for a re-roll
    "SEND_MESSAGES": 1 << 11,  # the reply that tells the author of a late picture
    "ATTACH_FILES": 1 << 15,  # the pictures themselves
    "READ_MESSAGE_HISTORY": 1 << 16,  # a reply refers to an earlier message: the card
    "SEND_MESSAGES_IN_THREADS": 1 << 38,  # inside of a thread this one counts instead of SEND_MESSAGES
}

# Without these nothing is accepted, in a channel, or in a thread or a forum's post. READ_MESSAGE_HISTORY is not
# among them: it is asked for in the invite, but only the reply needs it, which is a comfort, and a job with an
# image, which is fetched from its card again before it is submitted.
NEEDED_TO_POST: Final[tuple[str, ...]] = ("VIEW_CHANNEL", "SEND_MESSAGES", "ATTACH_FILES")
NEEDED_TO_POST_IN_THREAD: Final[tuple[str, ...]] = ("VIEW_CHANNEL", "SEND_MESSAGES_IN_THREADS", "ATTACH_FILES")

# For the channel that the moderators are written to. It is read before something is sent for a second time.
NEEDED_TO_ALERT: Final[tuple[str, ...]] = ("VIEW_CHANNEL", "SEND_MESSAGES", "READ_MESSAGE_HISTORY")
# For the one message that the bot sends to a server by itself.
NEEDED_TO_GREET: Final[tuple[str, ...]] = ("VIEW_CHANNEL", "SEND_MESSAGES")

INVITE_PERMISSIONS: Final[int] = sum(PERMISSION_BITS.values())
INVITE_SCOPES: Final[tuple[str, ...]] = ("bot", "applications.commands")


def missing_to_post(granted: int, *, in_thread: bool, with_image: bool = False) -> tuple[str, ...]:
    """The names of the needed permissions that are not among the `granted` bits; an administrator has all.

    `with_image` for jobs made from a member's own image.
    """
    needed = NEEDED_TO_POST_IN_THREAD if in_thread else NEEDED_TO_POST
    if with_image:
        needed = (*needed, "READ_MESSAGE_HISTORY")
    return missing_of(needed, granted)


def missing_of(needed: Sequence[str], granted: int) -> tuple[str, ...]:
    """The names among the `needed` that are not among the `granted` bits; an administrator has all."""
    if granted & ADMINISTRATOR_BIT:
        return ()
    return tuple(name for name in needed if not granted & PERMISSION_BITS[name])


def invite_url(application_id: int) -> str:
    """The link with which a server's administrator adds the bot, asking for nothing it does not need."""
    scopes = "%20".join(INVITE_SCOPES)
    query = f"client_id={application_id}&permissions={INVITE_PERMISSIONS}&scope={scopes}"
    return f"https://discord.com/oauth2/authorize?{query}"

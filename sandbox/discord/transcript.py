"""A channel's messages as plain data, to be rendered for people."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.discord.errors import Json
from sandbox.discord.messages import LOADING, Attachment, Button, Message


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptEntry:
    """One message as a reader of the channel sees it; that it takes a placeholder's place is no edit."""

    message_id: int
    channel: str
    author: str
    author_is_bot: bool
    at: datetime
    edits: int
    deleted: bool
    visible_to: str | None
    """The one member who sees an ephemeral message; None if everyone does."""
    command: str | None
    """What the message answers, as in "ada used /imagine"."""
    replies_to: int | None
    text: str
    components: tuple[Json, ...]
    buttons: tuple[Button, ...]
    attachments: tuple[Attachment, ...]


def entry(message: Message) -> TranscriptEntry:
    """The transcript's line for a message."""
    run = message.run
    return TranscriptEntry(
        message_id=message.id,
        channel=message.channel.name,
        author=message.author.name,
        author_is_bot=message.author.bot,
        at=message.created_at,
        edits=sum(not earlier.flags & LOADING for earlier in tuple(message.history)[:-1]),
        deleted=message.deleted,
        visible_to=message.visible_to.name if message.visible_to else None,
        command=f"{run.member.name} used {run.name}" if run else None,
        replies_to=message.reply_to.id if message.reply_to else None,
        text=message.text(),
        components=tuple(message.payload(for_bot=False)["components"]),
        buttons=tuple(message.buttons()),
        attachments=tuple(message.attachments),
    )

"""Messages with their files, their edits, and what a reader sees of them."""

import io
import mimetypes
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from PIL import Image

from sandbox.discord.channels import Conversation
from sandbox.discord.errors import Json
from sandbox.discord.places import Member, Role, User
from sandbox.discord.signals import Signal

if TYPE_CHECKING:
    from sandbox.discord.interactions import Run
    from sandbox.discord.world import World

EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
COMPONENTS_V2: Final = 1 << 15

CHAT_INPUT_REPLY: Final = 20
CONTEXT_MENU_REPLY: Final = 23
REPLY: Final = 19

DEFAULT_REFERENCE: Final = 0
FORWARD_REFERENCE: Final = 1

KEPT_REVISIONS: Final = 32
"""Earlier states kept for each message: enough for a card's life, and a bound on memory."""


class Attachment:
    """An uploaded file."""

    __slots__ = (
        "_data", "channel_id", "content_type", "deleted", "description", "ephemeral", "filename", "height", "id",
        "size_bytes", "spoiler", "width",
    )  # fmt: skip

    def __init__(
        self,
        attachment_id: int,
        channel_id: int,
        filename: str,
        data: bytes,
        *,
        content_type: str | None = None,
        description: str | None = None,
        spoiler: bool = False,
        ephemeral: bool = False,
        keep: bool = True,
    ) -> None:
        self.id = attachment_id
        self.channel_id = channel_id
        self.filename = filename
        self.size_bytes = len(data)
        self.content_type = content_type or mimetypes.guess_type(filename, strict=False)[0]
        self.width, self.height = image_size(data)
        self.description = description
        self.spoiler = spoiler or filename.startswith("SPOILER_")
        self.ephemeral = ephemeral
        self.deleted = False
        self._data = data if keep else None

    def __repr__(self) -> str:
        return f"<Attachment {self.filename} {self.size_bytes} bytes{' deleted' if self.deleted else ''}>"

    @property
    def path(self) -> str:
        """Where the CDN serves it."""
        folder = "ephemeral-attachments" if self.ephemeral else "attachments"
        return f"/{folder}/{self.channel_id}/{self.id}/{quote(self.filename)}"

    def read(self) -> bytes:
        """The file's bytes. Raises `LookupError` where the stand-in was told not to keep files."""
        if self._data is None:
            raise LookupError(f"the bytes of {self.filename} were not kept")
        return self._data

    def delete(self) -> None:
        """Take the file off the CDN; what was uploaded can still be looked at with `read()`."""
        self.deleted = True

    def payload(self, url: str) -> Json:
        """The attachment object."""
        body: Json = {
            "id": str(self.id),
            "filename": self.filename,
            "size": self.size_bytes,
            "url": url,
            "proxy_url": url,
            "flags": 1 << 5 if self.spoiler else 0,
        }
        optional = {
            "content_type": self.content_type,
            "width": self.width,
            "height": self.height,
            "description": self.description,
            "ephemeral": self.ephemeral or None,
        }
        return body | {key: value for key, value in optional.items() if value is not None}


def image_size(data: bytes) -> tuple[int | None, int | None]:
    """Width and height in pixels, from the header alone; nothing for what is no image."""
    try:
        with warnings.catch_warnings():
            # Only the header is read, so an image that would be too large to decode is harmless here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, None


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button on a message."""

    label: str | None
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None
    emoji: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """One state of a message, from its making or an edit."""

    at: datetime
    content: str
    components: tuple[Json, ...]
    embeds: tuple[Json, ...]
    attachments: tuple[Attachment, ...]
    flags: int

    def text(self) -> str:
        """All text a reader sees, from top to bottom."""
        return "\n".join(_texts(self.content, self.embeds, self.components))


@dataclass(frozen=True, kw_only=True, slots=True)
class Mentions:
    """Who a message mentions, after allowed_mentions."""

    users: tuple[User, ...] = ()
    roles: tuple[Role, ...] = ()
    everyone: bool = False


@dataclass(kw_only=True, slots=True)
class Draft:
    """A checked message body: None means that the body did not speak of it."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    flags: int | None = None
    attachments: list[Attachment] | None = None
    mentions: Mentions = field(default_factory=Mentions)
    nonce: str | int | None = None
    reply_to: "Message | None" = None
    tts: bool = False


class Message:
    """A message: its present state, its past and who may see it."""

    def __init__(
        self,
        world: "World",
        channel: Conversation,
        author: User,
        draft: Draft,
        *,
        kind: int = 0,
        run: "Run | None" = None,
        visible_to: Member | None = None,
        forwards: "Message | None" = None,
    ) -> None:
        self._world = world
        self.id = world.next_id()
        self.channel = channel
        self.author = author
        self.kind = kind
        self.run = run
        self.visible_to = visible_to
        self.reply_to = draft.reply_to
        self.forwarded_from = forwards
        self.snapshot = forwards.content_payload(hidden=False) if forwards else None
        self.nonce = draft.nonce
        self.tts = draft.tts
        self.mentions = draft.mentions
        self.notified = draft.mentions
        self.content = draft.content or ""
        self.embeds = draft.embeds or []
        self.components = draft.components or []
        self.attachments = draft.attachments or []
        self.flags = (draft.flags or 0) | (EPHEMERAL if visible_to else 0)
        self.created_at = world.now()
        self.edited_at: datetime | None = None
        self.deleted = False
        self.history: deque[Revision] = deque(maxlen=KEPT_REVISIONS)
        self._signal = Signal()
        self._remember(self.created_at)

    def __repr__(self) -> str:
        return f"<Message {self.id} by {self.author.name}: {self.text()[:60]!r}>"

    def _remember(self, at: datetime) -> None:
        self.history.append(
            Revision(
                at=at,
                content=self.content,
                components=tuple(self.components),
                embeds=tuple(self.embeds),
                attachments=tuple(self.attachments),
                flags=self.flags,
            )
        )

    @property
    def ephemeral(self) -> bool:
        """Whether only one member sees it."""
        return self.visible_to is not None

    @property
    def loading(self) -> bool:
        """Whether it still says that the application is thinking."""
        return bool(self.flags & LOADING)

    def publish(self) -> None:
        """Put it into its channel and tell the sessions that asked for messages."""
        self.channel.add(self)
        self._announce("MESSAGE_CREATE", self.payload)

    def apply(self, draft: Draft) -> None:
        """Edit it; files that are no longer attached leave the CDN."""
        if draft.content is not None:
            self.content = draft.content
            self.mentions = draft.mentions
        if draft.embeds is not None:
            self.embeds = draft.embeds
        if draft.components is not None:
            self.components = draft.components
        if draft.flags is not None:
            self.flags = draft.flags
        if draft.attachments is not None:
            for gone in set(self.attachments) - set(draft.attachments):
                gone.delete()
            self.attachments = draft.attachments
        was_loading, self.flags = self.loading, self.flags & ~LOADING
        # The answer to a deferred interaction takes the placeholder's place: readers see no "(edited)".
        self.edited_at = self.edited_at if was_loading else self._world.now()
        self._remember(self._world.now())
        self._announce("MESSAGE_UPDATE", self.payload)
        self._signal.fire()
        self.channel.changed.fire()

    def delete(self) -> None:
        """Remove it, with its files."""
        self.deleted = True
        for attachment in self.attachments:
            attachment.delete()
        self._announce("MESSAGE_DELETE", lambda: {"id": str(self.id), "channel_id": str(self.channel.id)})
        self._signal.fire()
        self.channel.changed.fire()

    def _announce(self, event: str, payload: Callable[[], Json]) -> None:
        if not self.ephemeral:
            self.channel.announce(event, payload())

    async def changed(self, predicate: Callable[["Message"], object], timeout: float = 10.0) -> "Message":
        """Wait until the predicate holds, now or after an edit or deletion; `TimeoutError` says what it is instead."""

        def met() -> Message | None:
            return self if predicate(self) else None

        return await self._signal.until(met, timeout, lambda: f"{self!r} is not as expected: {self.text()!r}")

    def text(self) -> str:
        """All text a reader sees, from top to bottom, one line for each piece."""
        return "\n".join(_texts(self.content, self.embeds, self.components))

    def walk(self) -> Iterator[Json]:
        """Every component, containers before what they hold."""
        return walk_components(self.components)

    def buttons(self) -> list[Button]:
        """Every button, from top to bottom."""
        return [
            Button(
                label=part.get("label"),
                custom_id=part.get("custom_id"),
                style=part["style"],
                disabled=bool(part.get("disabled")),
                url=part.get("url"),
                emoji=(part.get("emoji") or {}).get("name"),
            )
            for part in self.walk()
            if part["type"] == 2
        ]

    def selects(self) -> list[Json]:
        """Every select, from top to bottom: its `custom_id` and, where it has them, its `options`."""
        return [part for part in self.walk() if "custom_id" in part and part["type"] != 2]

    def attachment(self, filename: str) -> Attachment:
        """Its file of that name. Raises `LookupError`."""
        for attachment in self.attachments:
            if attachment.filename == filename:
                return attachment
        raise LookupError(f"{self!r} has no {filename}; it has: {self.attachments}")

    def gallery(self) -> list[Attachment]:
        """The files that its galleries show, in their order."""
        shown = [item["media"] for part in self.walk() for item in part.get("items", ())]
        return [self._world.attachments[int(media["attachment_id"])] for media in shown if "attachment_id" in media]

    def attachment_used(self) -> set[int]:
        """The ids of the files that components or embeds show."""
        return {attachment_id for part in (*self.walk(), *self.embeds) for attachment_id in _references(part)}

    def content_payload(self, *, hidden: bool) -> Json:
        """What is in the message, as a forwarded copy of it carries it too; `hidden` leaves everything empty.

        Files that components or embeds show are not listed again under `attachments`.
        """
        shown = self.attachment_used()
        return {
            "type": self.kind,
            "content": "" if hidden else self.content,
            "timestamp": self.created_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "mentions": [user.payload() for user in self.mentions.users],
            "mention_roles": [str(role.id) for role in self.mentions.roles],
            "attachments": [] if hidden else [
                attachment.payload(self._world.attachment_url(attachment))
                for attachment in self.attachments
                if attachment.id not in shown
            ],
            "embeds": [] if hidden else [self._rendered(embed) for embed in self.embeds],
            "components": [] if hidden else [self._rendered(part) for part in self.components],
            "flags": self.flags,
        }  # fmt: skip

    def payload(self, *, for_bot: bool = True) -> Json:
        """The message object as the bot gets it: of other people's messages only the envelope.

        With `for_bot=False` it is whole, as the payload of a context menu carries it.
        """
        hidden = for_bot and self._hidden_from_bot()
        body: Json = {
            **self.content_payload(hidden=hidden),
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "tts": self.tts,
            "mention_everyone": self.mentions.everyone,
            "pinned": False,
        }
        if self.nonce is not None:
            body["nonce"] = self.nonce
        if self.run is not None:
            body["application_id"] = body["webhook_id"] = str(self._world.application_id)
            body["interaction_metadata"] = self.run.metadata(self)
        if self.reply_to is not None:
            body["message_reference"] = _reference(self.reply_to, DEFAULT_REFERENCE)
        if self.forwarded_from is not None:
            body["message_reference"] = _reference(self.forwarded_from, FORWARD_REFERENCE)
            body["message_snapshots"] = [] if hidden else [{"message": self.snapshot}]
        return body

    def _hidden_from_bot(self) -> bool:
        own = self.author.id == self._world.bot.id
        mentioned = any(user.id == self._world.bot.id for user in self.mentions.users)
        return not (own or mentioned or self._world.message_content_allowed)

    def _rendered(self, part: Any) -> Any:
        """A copy with fresh signed URLs in place of references to uploaded files."""
        if isinstance(part, list):
            return [self._rendered(item) for item in part]
        if not isinstance(part, dict):
            return part
        attachment = self._world.attachments.get(int(part.get("attachment_id", 0)))
        if attachment is None:
            return {key: self._rendered(value) for key, value in part.items()}
        url = self._world.attachment_url(attachment)
        return {**part, "url": url, "proxy_url": url}


def _reference(message: Message, kind: int) -> Json:
    reference: Json = {"type": kind, "channel_id": str(message.channel.id), "message_id": str(message.id)}
    if message.channel.guild_id is not None:
        reference["guild_id"] = str(message.channel.guild_id)
    return reference


def walk_components(components: list[Json]) -> Iterator[Json]:
    """Every component of a tree, parents first."""
    for part in components:
        yield part
        yield from walk_components(part.get("components", []))
        for key in ("accessory", "component"):
            if key in part:
                yield from walk_components([part[key]])


def _references(part: Any) -> Iterator[int]:
    """The attachment ids that one component (not its children) or an embed refers to."""
    media = [part.get("media"), part.get("file"), part.get("image"), part.get("thumbnail")]
    media += [item.get("media") for item in part.get("items", ())]
    for item in media:
        if item and "attachment_id" in item:
            yield int(item["attachment_id"])


def _texts(content: str, embeds: tuple[Json, ...] | list[Json], components: Any) -> Iterator[str]:
    if content:
        yield content
    for embed in embeds:
        yield from (embed[key] for key in ("title", "description") if embed.get(key))
        for item in embed.get("fields", ()):
            yield f"{item['name']}\n{item['value']}"
    yield from (part["content"] for part in walk_components(list(components)) if part["type"] == 10)

"""Reads message bodies: what was sent, with its files, becomes a checked draft or a 50035."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.discord.channels import Conversation
from sandbox.discord.components import LEGACY_FIELDS, MAX_ALT_TEXT, ComponentReader, find_attachment, media_payload
from sandbox.discord.errors import (
    EMPTY_MESSAGE,
    TOO_LARGE,
    TOO_MANY_ATTACHMENTS,
    ApiError,
    Json,
)
from sandbox.discord.form import Form, Path, Problems
from sandbox.discord.mentions import read_mentions
from sandbox.discord.messages import COMPONENTS_V2, EPHEMERAL, LOADING, Attachment, Draft, Message

if TYPE_CHECKING:
    from sandbox.discord.world import World

MAX_CONTENT: Final = 2000
MAX_EMBEDS: Final = 10
MAX_EMBED_CHARACTERS: Final = 6000
MAX_ATTACHMENTS: Final = 10
SUPPRESS_EMBEDS: Final = 1 << 2
SUPPRESS_NOTIFICATIONS: Final = 1 << 12
CREATE_FLAGS: Final = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
EDIT_FLAGS: Final = SUPPRESS_EMBEDS | COMPONENTS_V2


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file as it was sent. Without a content type it gets the one that its name suggests."""

    filename: str
    data: bytes
    content_type: str | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRequest:
    """A message body, and the circumstances it has to be read under."""

    body: Json
    files: Mapping[int, Upload]
    channel: Conversation
    base: Message | None = None
    """The message that is edited, if one is."""
    may_be_ephemeral: bool = False
    ephemeral: bool = False
    """Whether the message will be, or is, for one member only."""
    path: Path = ()
    """Where in the request the body stands: faults are reported below it."""


def read_message(world: "World", request: MessageRequest) -> Draft:
    """The checked draft; raises `ApiError` (50035, 50006, 40005, 30015) for what Discord would refuse."""
    problems = Problems()
    form = Form(request.body, problems, request.path)
    base = request.base
    draft = Draft(
        content=_cleared(form, "content", form.text("content", maximum=MAX_CONTENT)),
        tts=bool(form.boolean("tts")) if base is None else False,
    )
    draft.flags = _read_flags(form, request)
    v2 = bool((base.flags if draft.flags is None and base else draft.flags or 0) & COMPONENTS_V2)
    _check_legacy_fields(form, request, v2)
    _check_file_sizes(request)
    draft.attachments = _read_attachments(world, form, request)
    attachments = draft.attachments if draft.attachments is not None else (base.attachments if base else [])
    names = {attachment.filename: attachment for attachment in attachments}
    if "embeds" in request.body:
        draft.embeds = _read_embeds(form, names)
    if "components" in request.body:
        uploads = {attachment.id: attachment for attachment in attachments}
        draft.components = ComponentReader(names, uploads).read(form, v2=v2)
    draft.mentions = read_mentions(form, request.channel, draft)
    problems.refuse_if_any()
    _refuse_empty(draft, base, v2)
    for attachment in draft.attachments or ():
        world.attachments[attachment.id] = attachment
    return draft


def _cleared(form: Form, key: str, value: str | None) -> str | None:
    """A null that was sent empties the field; one that was not sent leaves it alone."""
    return "" if value is None and key in form.body else value


def _read_flags(form: Form, request: MessageRequest) -> int | None:
    flags = form.integer("flags", minimum=0)
    if request.base is None:
        allowed = CREATE_FLAGS | (EPHEMERAL if request.may_be_ephemeral else 0)
        return (flags or 0) & allowed
    if flags is None:
        return None
    kept = request.base.flags
    if kept & COMPONENTS_V2 and not flags & COMPONENTS_V2:
        form.fault(
            "flags",
            "MESSAGE_FLAGS_COMPONENTS_V2_CANNOT_BE_REMOVED",
            "The IS_COMPONENTS_V2 flag cannot be taken off a message",
        )
    return (kept & ~EDIT_FLAGS) | (flags & EDIT_FLAGS)


def _check_legacy_fields(form: Form, request: MessageRequest, v2: bool) -> None:
    if not v2:
        return
    base = request.base
    remains = {
        "content": bool(base and base.content and "content" not in form.body),
        "embeds": bool(base and base.embeds and "embeds" not in form.body),
    }
    for key in LEGACY_FIELDS:
        if form.body.get(key) or remains.get(key):
            form.fault(
                key,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_file_sizes(request: MessageRequest) -> None:
    limit = request.channel.file_limit_bytes
    if any(len(upload.data) > limit for upload in request.files.values()):
        raise ApiError(TOO_LARGE)


def _read_attachments(world: "World", form: Form, request: MessageRequest) -> list[Attachment] | None:
    """What is attached afterwards: files that stay and files that are new. None: nothing changes."""
    base = request.base
    listed = list(form.objects("attachments", maximum=MAX_ATTACHMENTS))
    if "attachments" not in form.body and not request.files:
        return None if base else []
    before = {attachment.id: attachment for attachment in base.attachments} if base else {}
    kept = [] if "attachments" in form.body else list(before.values())
    described: dict[int, Form] = {}
    for item in listed:
        item_id = item.snowflake("id", required=True)
        if item_id is None:
            continue
        item.text("description", maximum=MAX_ALT_TEXT)
        item.text("filename", minimum=1, maximum=1024)
        item.boolean("is_spoiler")
        if item_id in before:
            kept.append(before[item_id])
        elif item_id in request.files:
            described[item_id] = item
        else:
            item.fault("id", "MESSAGE_ATTACHMENT_NOT_FOUND", f"There is no file for attachment {item_id}")
    if len(kept) + len(request.files) > MAX_ATTACHMENTS:
        raise ApiError(TOO_MANY_ATTACHMENTS)
    fresh = [
        _attachment(world, request, upload, described.get(index)) for index, upload in sorted(request.files.items())
    ]
    return kept + fresh


def _attachment(world: "World", request: MessageRequest, upload: Upload, described: Form | None) -> Attachment:
    given = described.body if described else {}
    return Attachment(
        world.next_id(),
        request.channel.id,
        str(given.get("filename") or upload.filename),
        upload.data,
        description=given.get("description") or None,
        spoiler=bool(given.get("is_spoiler")),
        ephemeral=request.ephemeral,
        keep=world.keep_files,
    )


def _read_embeds(form: Form, files: Mapping[str, Attachment]) -> list[Json]:
    embeds: list[Json] = []
    characters = 0
    for embed in form.objects("embeds", maximum=MAX_EMBEDS):
        title = embed.text("title", maximum=256) or ""
        description = embed.text("description", maximum=4096) or ""
        embed.integer("color", minimum=0, maximum=0xFFFFFF)
        characters += len(title) + len(description) + _read_embed_parts(embed)
        embeds.append(_embed_payload(embed, files))
    if characters > MAX_EMBED_CHARACTERS:
        form.fault("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    return embeds


def _read_embed_parts(embed: Form) -> int:
    characters = 0
    for part, key, maximum in (("footer", "text", 2048), ("author", "name", 256)):
        nested = embed.object(part)
        if nested:
            characters += len(nested.text(key, minimum=1, maximum=maximum, required=True) or "")
    for item in embed.objects("fields", maximum=25):
        characters += len(item.text("name", minimum=1, maximum=256, required=True) or "")
        characters += len(item.text("value", minimum=1, maximum=1024, required=True) or "")
    return characters


def _embed_payload(embed: Form, files: Mapping[str, Attachment]) -> Json:
    body: Json = {key: value for key, value in embed.body.items() if value is not None} | {"type": "rich"}
    for key in ("image", "thumbnail"):
        url = (body.get(key) or {}).get("url", "")
        attachment = find_attachment(url, files) if url else None
        if attachment is not None:
            media = media_payload(attachment)
            body[key] = {part: media[part] for part in ("url", "proxy_url", "width", "height", "attachment_id")}
    return body


def _refuse_empty(draft: Draft, base: Message | None, v2: bool) -> None:
    parts: Sequence[tuple[object, object]] = (
        (draft.content, base and base.content),
        (draft.embeds, base and base.embeds),
        (draft.components, base and base.components),
        (draft.attachments, base and base.attachments),
    )
    if base is not None and base.flags & LOADING and all(given is None for given, _ in parts):
        raise ApiError(EMPTY_MESSAGE)
    shown = [given if given is not None else before for given, before in parts]
    components = shown[2]
    if not any(shown) or (v2 and not components):
        raise ApiError(EMPTY_MESSAGE)

"""Checks message components and brings them into the form in which Discord gives them back."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.discord.errors import INTERNAL_ERROR, ApiError, Json
from sandbox.discord.form import Form
from sandbox.discord.messages import Attachment

ACTION_ROW: Final = 1
BUTTON: Final = 2
STRING_SELECT: Final = 3
TEXT_INPUT: Final = 4
USER_SELECT: Final = 5
ROLE_SELECT: Final = 6
MENTIONABLE_SELECT: Final = 7
CHANNEL_SELECT: Final = 8
SECTION: Final = 9
TEXT_DISPLAY: Final = 10
THUMBNAIL: Final = 11
MEDIA_GALLERY: Final = 12
FILE: Final = 13
SEPARATOR: Final = 14
CONTAINER: Final = 17

SELECTS: Final = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
DEFAULTS_OF: Final[Mapping[int, tuple[str, ...]]] = {
    USER_SELECT: ("user",),
    ROLE_SELECT: ("role",),
    MENTIONABLE_SELECT: ("user", "role"),
    CHANNEL_SELECT: ("channel",),
}
"""The selects that Discord's client fills by itself, and what can be chosen in each from the start."""
CHANNEL_TYPES: Final = (*range(6), *range(10, 17))
IN_ROW: Final = (BUTTON, *SELECTS)
IN_CONTAINER: Final = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
TOP_LEVEL: Final = (*IN_CONTAINER, CONTAINER)

LINK_STYLE: Final = 5
PREMIUM_STYLE: Final = 6

MAX_COMPONENTS: Final = 40
MAX_ROWS: Final = 5
MAX_TEXT_CHARACTERS: Final = 4000
MAX_CUSTOM_ID: Final = 100
MAX_ALT_TEXT: Final = 1024
MAX_GALLERY_ITEMS: Final = 10
TEXT_BYTES_LIMIT: Final = 10_000
"""Undocumented: above about this many UTF-8 bytes, and 12 more a text display, Discord answers 500."""

LEGACY_FIELDS: Final = ("content", "embeds", "poll", "sticker_ids", "stickers")
"""What a message with components v2 may not have (API reference, "Component Reference")."""


class CustomIds:
    """The custom ids of one message or modal: each may be used once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def read(self, form: Form, *, required: bool = True) -> str | None:
        """The checked custom id of a component."""
        custom_id = form.text("custom_id", minimum=1, maximum=MAX_CUSTOM_ID, required=required)
        if custom_id is not None:
            if custom_id in self._seen:
                form.fault("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
            self._seen.add(custom_id)
        return custom_id


class ComponentReader:
    """Reads the `components` of one message body."""

    def __init__(self, files: Mapping[str, Attachment], known: Mapping[int, Attachment]) -> None:
        """`files` are the message's attachments by name; `known` is every file on the CDN."""
        self._files = files
        self._known = known
        self._custom_ids = CustomIds()
        self._ids: set[int] = set()
        self._asked_for: set[int] = set()
        self._next_id = 0
        self._total = 0
        self._characters = 0
        self._text_bytes = 0
        self._readers: dict[int, Callable[[Form], Json]] = {
            ACTION_ROW: self._row,
            BUTTON: self._button,
            SECTION: self._section,
            TEXT_DISPLAY: self._text_display,
            THUMBNAIL: self._thumbnail,
            MEDIA_GALLERY: self._gallery,
            FILE: self._file,
            SEPARATOR: self._separator,
            CONTAINER: self._container,
            **dict.fromkeys(SELECTS, self._select),
        }

    def read(self, form: Form, *, v2: bool) -> list[Json]:
        """The checked and completed components; faults are left with the form."""
        allowed = TOP_LEVEL if v2 else (ACTION_ROW,)
        maximum = MAX_COMPONENTS if v2 else MAX_ROWS
        self._asked_for = set(_ids_in(form.body.get("components")))
        parts = [self._component(part, allowed) for part in form.objects("components", maximum=maximum)]
        if self._total > MAX_COMPONENTS:
            form.fault(
                "components",
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                f"The total number of components cannot exceed {MAX_COMPONENTS}",
            )
        if self._characters > MAX_TEXT_CHARACTERS:
            form.fault(
                "components",
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                f"The total displayable text size exceeds maximum size of {MAX_TEXT_CHARACTERS}",
            )
        elif self._text_bytes > TEXT_BYTES_LIMIT:
            raise ApiError(INTERNAL_ERROR)
        return parts

    def _component(self, form: Form, allowed: tuple[int, ...]) -> Json:
        self._total += 1
        kind = form.body.get("type")
        if kind not in allowed:
            listed = ", ".join(str(choice) for choice in sorted(allowed))
            form.fault("type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({listed}).')
            return {}
        part = {"type": kind, "id": self._identity(form)}
        part.update(self._readers[kind](form))
        return part

    def _identity(self, form: Form) -> int:
        """The component's own id, or the next free one (0 counts as not given)."""
        given = form.integer("id", minimum=0, maximum=2**31 - 1)
        if given:
            if given in self._ids:
                form.fault("id", "COMPONENT_DUPLICATE_ID", "Component ids must be unique")
            self._ids.add(given)
            return given
        self._next_id += 1
        while self._next_id in self._asked_for:
            self._next_id += 1
        return self._next_id

    def _row(self, form: Form) -> Json:
        children = [
            self._component(part, IN_ROW) for part in form.objects("components", minimum=1, maximum=5, required=True)
        ]
        if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
            form.fault(
                "components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width"
            )
        return {"components": children}

    def _button(self, form: Form) -> Json:
        style = form.integer("style", choices=range(1, 7), required=True)
        part: Json = {"style": style}
        if style == LINK_STYLE:
            part["url"] = form.text("url", minimum=1, maximum=512, required=True)
            self._require_scheme(form, "url", part["url"], ("http", "https", "discord"))
        elif style == PREMIUM_STYLE:
            part["sku_id"] = str(form.snowflake("sku_id", required=True))
        else:
            part["custom_id"] = self._custom_ids.read(form)
        strangers = {"url", "sku_id", "custom_id"} - set(part)
        if any(form.has(key) for key in strangers):
            form.fault(
                None,
                "BUTTON_COMPONENT_CUSTOM_ID_AND_URL",
                "A button has exactly one of a custom id, a url or a sku",
            )
        label = form.text("label", maximum=80)
        emoji = self._emoji(form)
        if style != PREMIUM_STYLE and not form.body.get("label") and emoji is None:
            form.fault(None, "BUTTON_COMPONENT_REQUIRES_LABEL_OR_EMOJI", "A button needs a label or an emoji")
        optional = {"label": label, "emoji": emoji, "disabled": form.boolean("disabled") or None}
        return part | {key: value for key, value in optional.items() if value is not None}

    def _emoji(self, form: Form) -> Json | None:
        emoji = form.object("emoji")
        if emoji is None:
            return None
        name = emoji.text("name", minimum=1, maximum=32)
        emoji_id = emoji.snowflake("id")
        if name is None and emoji_id is None:
            emoji.fault("name", "BASE_TYPE_REQUIRED", "This field is required")
        if emoji_id is None:
            return {"name": name or ""}
        return {"id": str(emoji_id), "name": name or "", "animated": bool(emoji.boolean("animated"))}

    def _select(self, form: Form) -> Json:
        part: Json = {
            "custom_id": self._custom_ids.read(form),
            "min_values": form.integer("min_values", minimum=0, maximum=25),
            "max_values": form.integer("max_values", minimum=1, maximum=25) or 1,
        }
        if part["min_values"] is None:
            part["min_values"] = 1
        placeholder = form.text("placeholder", maximum=150)
        if placeholder:
            part["placeholder"] = placeholder
        if form.boolean("disabled"):
            part["disabled"] = True
        if form.body.get("type") == STRING_SELECT:
            part["options"] = read_options(form, maximum=25)
            if part["max_values"] > max(len(part["options"]), 1):
                form.fault("max_values", "NUMBER_TYPE_MAX", "There are fewer options than max_values")
            check_defaults(form, part["options"], part["max_values"])
        else:
            part.update(read_picker(form, part["min_values"], part["max_values"]))
        if part["min_values"] > part["max_values"]:
            form.fault("min_values", "NUMBER_TYPE_MAX", "min_values cannot exceed max_values")
        return part

    def _section(self, form: Form) -> Json:
        children = [
            self._component(part, (TEXT_DISPLAY,))
            for part in form.objects("components", minimum=1, maximum=3, required=True)
        ]
        accessory = form.object("accessory", required=True)
        return {
            "components": children,
            "accessory": self._component(accessory, (BUTTON, THUMBNAIL)) if accessory else {},
        }

    def _text_display(self, form: Form) -> Json:
        content = form.text("content", minimum=1, maximum=MAX_TEXT_CHARACTERS, required=True) or ""
        self._characters += len(content)
        self._text_bytes += len(content.encode("utf-8", "surrogatepass")) + 12
        return {"content": content}

    def _thumbnail(self, form: Form) -> Json:
        return {
            "media": self._media(form, "media"),
            "description": form.text("description", minimum=1, maximum=MAX_ALT_TEXT),
            "spoiler": bool(form.boolean("spoiler")),
        }

    def _gallery(self, form: Form) -> Json:
        items = form.objects("items", minimum=1, maximum=MAX_GALLERY_ITEMS, required=True)
        return {"items": [self._thumbnail(item) for item in items]}

    def _file(self, form: Form) -> Json:
        media = self._media(form, "file")
        attachment = self._known.get(int(media.get("attachment_id", 0)))
        if attachment is None:
            attachment = next(
                (file for file in self._files.values() if str(file.id) == media.get("attachment_id")), None
            )
        return {
            "file": media,
            "name": attachment.filename if attachment else None,
            "size": attachment.size_bytes if attachment else None,
            "spoiler": bool(form.boolean("spoiler")),
        }

    def _separator(self, form: Form) -> Json:
        divider = form.boolean("divider")
        return {
            "spacing": form.integer("spacing", choices=(1, 2)) or 1,
            "divider": True if divider is None else divider,
        }

    def _container(self, form: Form) -> Json:
        return {
            "accent_color": form.integer("accent_color", minimum=0, maximum=0xFFFFFF),
            "spoiler": bool(form.boolean("spoiler")),
            "components": [
                self._component(part, IN_CONTAINER)
                for part in form.objects("components", minimum=1, maximum=MAX_COMPONENTS, required=True)
            ],
        }

    def _media(self, form: Form, key: str) -> Json:
        media = form.object(key, required=True)
        url = media.text("url", minimum=1, maximum=2048, required=True) if media else None
        if media is None or url is None:
            return {}
        attachment = self._attachment_of(url)
        if attachment is not None:
            return media_payload(attachment)
        if url.startswith("attachment://"):
            media.fault(
                "url",
                "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                "The referenced attachment was not found",
            )
        else:
            self._require_scheme(media, "url", url, ("http", "https", "attachment"))
        return {"id": "0", "url": url, "proxy_url": url}

    def _attachment_of(self, url: str) -> Attachment | None:
        return find_attachment(url, self._files)

    @staticmethod
    def _require_scheme(form: Form, key: str, url: str | None, schemes: tuple[str, ...]) -> None:
        if url is not None and url.partition("://")[0] not in schemes:
            listed = ", ".join(f"'{scheme}'" for scheme in schemes)
            form.fault(key, "URL_TYPE_INVALID_SCHEME", f'Scheme of "{url}" must be one of ({listed}).')


def _ids_in(node: Any) -> Iterator[int]:
    """Every component id that a body asks for: those are not given to anyone else."""
    if isinstance(node, list):
        for item in node:
            yield from _ids_in(item)
    elif isinstance(node, dict):
        if isinstance(node.get("id"), int):
            yield node["id"]
        for key in ("components", "accessory"):
            yield from _ids_in(node.get(key))


def find_attachment(url: str, files: Mapping[str, Attachment]) -> Attachment | None:
    """The message's own file that a URL means: `attachment://name`, or the address it was served under."""
    if url.startswith("attachment://"):
        return files.get(url.removeprefix("attachment://"))
    path = url.partition("?")[0]
    return next((file for file in files.values() if path.endswith(file.path)), None)


def media_payload(attachment: Attachment) -> Json:
    """An unfurled media item of an uploaded file; its URL is filled in whenever it is shown."""
    return {
        "id": str(attachment.id),
        "url": "",
        "proxy_url": "",
        "width": attachment.width,
        "height": attachment.height,
        "content_type": attachment.content_type,
        "attachment_id": str(attachment.id),
    }


def read_options(form: Form, *, maximum: int, minimum: int = 1) -> list[Json]:
    """The options of a select or a group: labels and values up to 100 characters, values unique."""
    options: list[Json] = []
    values: set[str] = set()
    for option in form.objects("options", minimum=minimum, maximum=maximum, required=True):
        value = option.text("value", minimum=1, maximum=100, required=True)
        part: Json = {
            "label": option.text("label", minimum=1, maximum=100, required=True),
            "value": value,
            "description": option.text("description", maximum=100),
            "emoji": option.body.get("emoji"),
            "default": option.boolean("default"),
        }
        if value in values:
            option.fault(
                "value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
            )
        values.add(value or "")
        options.append({key: item for key, item in part.items() if item is not None})
    return options


def check_defaults(form: Form, options: list[Json], most: int) -> None:
    """No more options may be chosen from the start than can be chosen at all."""
    if sum(bool(option.get("default")) for option in options) > most:
        form.fault("options", "SELECT_COMPONENT_TOO_MANY_DEFAULTS", f"At most {most} options can be chosen by default")


def read_picker(form: Form, least: int, most: int) -> Json:
    """What a select that the client fills has besides: what is chosen from the start, and which channels it offers."""
    part: Json = {}
    if form.has("default_values"):
        part["default_values"] = _default_values(form, DEFAULTS_OF[form.body["type"]], least, most)
    if form.body["type"] == CHANNEL_SELECT and form.has("channel_types"):
        part["channel_types"] = form.array("channel_types", maximum=25) or []
        if not set(part["channel_types"]) <= set(CHANNEL_TYPES):
            form.fault("channel_types", "BASE_TYPE_CHOICES", f"Value must be one of {CHANNEL_TYPES}.")
    return part


def _default_values(form: Form, kinds: tuple[str, ...], least: int, most: int) -> list[Json]:
    """As many as can be chosen, says the reference: between `min_values` and `max_values`."""
    given: list[Json] = []
    for default in form.objects("default_values", maximum=25):
        chosen = default.snowflake("id", required=True)
        kind = default.text("type", maximum=20, required=True)
        if kind is not None and kind not in kinds:
            default.fault("type", "BASE_TYPE_CHOICES", f"Value must be one of {kinds}.")
        given.append({"id": str(chosen), "type": kind})
    if given and not least <= len(given) <= most:
        form.fault("default_values", "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
    return given

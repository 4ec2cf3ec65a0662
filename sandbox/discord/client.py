"""What Discord's own client does when a member acts: it offers what is there and lets nothing else through."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sandbox.discord.bodies import Upload
from sandbox.discord.channels import FORUM_CHANNEL, Channel
from sandbox.discord.command_schema import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    SUBCOMMAND_GROUP,
    USER,
)
from sandbox.discord.components import (
    BUTTON,
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    USER_SELECT,
)
from sandbox.discord.errors import Json
from sandbox.discord.messages import Attachment, Message
from sandbox.discord.permissions import Permissions
from sandbox.discord.places import Member, Role

if TYPE_CHECKING:
    from sandbox.discord.world import World

Value = str | int | float | bool | Member | Role | Channel | Upload
"""What a member can put into an option."""

KIND_OF_VALUE: Final[Mapping[type, int]] = {
    bool: BOOLEAN,
    int: INTEGER,
    float: NUMBER,
    str: STRING,
    Member: USER,
    Role: ROLE,
    Channel: CHANNEL,
    Upload: ATTACHMENT,
}


PICKED: Final[Mapping[int, tuple[type, ...]]] = {
    USER_SELECT: (Member,),
    ROLE_SELECT: (Role,),
    MENTIONABLE_SELECT: (Member, Role),
    CHANNEL_SELECT: (Channel,),
}
"""What can be chosen in the selects that the client fills by itself."""


class ClientRefused(ValueError):
    """Discord's client would not let the member do that."""


class Resolved:
    """The objects that an interaction refers to by id."""

    def __init__(self, world: "World", channel: Channel) -> None:
        self._world = world
        self._channel = channel
        self._objects: dict[str, Json] = {}
        self.uploads: list[Attachment] = []
        """The files that were given, in their order."""

    def payload(self) -> Json:
        """The `resolved` object, empty if nothing was referred to."""
        return self._objects

    def _put(self, kind: str, snowflake: int, body: Json) -> str:
        self._objects.setdefault(kind, {})[str(snowflake)] = body
        return str(snowflake)

    def add(self, value: Value | Message) -> str:
        """Take an object in; the answer is the id that stands for it."""
        if isinstance(value, Member):
            if value.guild.members.get(value.id) is not value:  # the client offers those who left, as mere users
                return self._put("users", value.id, value.user.payload())
            permissions = str(int(value.permissions_in(self._channel)))
            self._put("members", value.id, {**value.partial_payload(), "permissions": permissions})
            return self._put("users", value.id, value.user.payload())
        if isinstance(value, Role):
            return self._put("roles", value.id, value.payload())
        if isinstance(value, Channel):
            return self._put("channels", value.id, value.partial_payload(self._channel.guild.owner))
        if isinstance(value, Message):
            return self._put("messages", value.id, value.payload(for_bot=False))
        if isinstance(value, Upload):
            return self._upload(value)
        raise TypeError(f"{value!r} has no id to stand for it")

    def _upload(self, upload: Upload) -> str:
        """A file given to a command belongs to no message: it lies with the application, for a while."""
        attachment = Attachment(
            self._world.next_id(),
            self._world.application_id,
            upload.filename,
            upload.data,
            content_type=upload.content_type,
            description=upload.description,
            ephemeral=True,
            keep=self._world.keep_files,
        )
        self._world.attachments[attachment.id] = attachment
        self.uploads.append(attachment)
        return self._put("attachments", attachment.id, attachment.payload(self._world.attachment_url(attachment)))


def check_may_use(member: Member, channel: Channel, command: Json) -> None:
    """Raise `ClientRefused` where the client would not even offer the command."""
    if channel.guild.members.get(member.id) is not member:
        raise ClientRefused(f"{member.name} is not in {channel.guild.name}")
    if channel.kind == FORUM_CHANNEL:
        raise ClientRefused(f"#{channel.name} is a forum: commands are used in its posts")
    permissions = member.permissions_in(channel)
    if not permissions & Permissions.USE_APPLICATION_COMMANDS:
        raise ClientRefused(f"{member.name} may not use commands in #{channel.name}")
    needed = command.get("default_member_permissions")
    if needed is not None and (permissions & int(needed) != int(needed) or int(needed) == 0):
        raise ClientRefused(f"/{command['name']} is not shown to {member.name}")


def command_options(
    command: Json, words: Sequence[str], given: Mapping[str, Value], resolved: Resolved, *, locale: str, raw: bool
) -> list[Json]:
    """The `options` of a slash command; `words` are the names of its group and subcommand.

    Nothing is checked if `raw`. Choices are given by value, or by their name, also the one in the member's `locale`.
    """
    declared = command.get("options", [])
    path: list[Json] = []
    for word in words:
        found = next((option for option in declared if option["name"] == word), None)
        if found is None or found["type"] not in {SUBCOMMAND, SUBCOMMAND_GROUP}:
            raise ClientRefused(f"/{command['name']} has no subcommand {word!r}")
        path.append({"name": word, "type": found["type"]})
        declared = found.get("options", [])
    if any(option["type"] in {SUBCOMMAND, SUBCOMMAND_GROUP} for option in declared):
        names = ", ".join(option["name"] for option in declared)
        raise ClientRefused(f"/{command['name']} needs one of its subcommands: {names}")
    if not raw:
        given = _checked_options(command["name"], declared, given, locale)
    options = _value_options(declared, given, resolved)
    for step in reversed(path):
        options = [{**step, "options": options}]
    return options


def focused_option(options: Sequence[Json], words: Sequence[str], command: Json, name: str) -> Json:
    """The option that is being typed into. Raises `ClientRefused` where the client would not ask for suggestions."""
    declared = command.get("options", [])
    for word in words:
        options = options[0]["options"]
        declared = next(option for option in declared if option["name"] == word).get("options", [])
    if not any(option["name"] == name and option.get("autocomplete") for option in declared):
        raise ClientRefused(f"{name!r} is no option that is completed")
    return next(option for option in options if option["name"] == name)


def _checked_options(
    name: str, declared: Sequence[Json], given: Mapping[str, Value], locale: str
) -> Mapping[str, Value]:
    known = {option["name"]: option for option in declared}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ClientRefused(f"/{name} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    missing = [key for key, option in known.items() if option.get("required") and key not in given]
    if missing:
        raise ClientRefused(f"/{name} needs {', '.join(missing)}")
    return {key: _checked(known[key], value, locale) for key, value in given.items()}


def _value_options(declared: Sequence[Json], given: Mapping[str, Value], resolved: Resolved) -> list[Json]:
    kinds = {option["name"]: option["type"] for option in declared}
    options: list[Json] = []
    for key, value in given.items():
        refers = isinstance(value, Member | Role | Channel | Upload)
        kind = kinds[key] if key in kinds else _kind_of(value)
        options.append({"name": key, "type": kind, "value": resolved.add(value) if refers else value})
    return options


def _kind_of(value: Value) -> int:
    """The type of an option that there isn't, by what is put into it."""
    return CHANNEL if isinstance(value, Channel) else KIND_OF_VALUE[type(value)]


def _checked(option: Json, value: Value, locale: str) -> Value:
    """The value the client would send. Raises `ClientRefused` for what it would not accept."""
    kind, name = option["type"], option["name"]
    fitting: Mapping[int, tuple[type, ...]] = {
        STRING: (str,),
        INTEGER: (int,),
        NUMBER: (int, float),
        BOOLEAN: (bool,),
        USER: (Member,),
        ROLE: (Role,),
        MENTIONABLE: (Member, Role),
        CHANNEL: (Channel,),
        ATTACHMENT: (Upload,),
    }
    if not isinstance(value, fitting[kind]) or (isinstance(value, bool) and kind != BOOLEAN):
        raise ClientRefused(f"{name}: {value!r} is no value for an option of type {kind}")
    if isinstance(value, Channel):
        _check_offered(name, value, option.get("channel_types"))
    if option.get("choices"):
        for choice in option["choices"]:
            localized = (choice.get("name_localizations") or {}).get(locale)
            if value in {choice["name"], choice["value"], localized}:
                chosen: Value = choice["value"]
                return chosen
        raise ClientRefused(f"{name}: {value!r} is not among the choices")
    if isinstance(value, str):
        _check_bounds(name, len(value), option.get("min_length"), option.get("max_length"))
        if not value:
            raise ClientRefused(f"{name}: an option cannot be left empty")
    elif isinstance(value, int | float):
        _check_bounds(name, value, option.get("min_value"), option.get("max_value"))
    return value


def _check_offered(name: str, channel: Channel, kinds: Sequence[int] | None) -> None:
    if kinds and channel.kind not in kinds:
        raise ClientRefused(f"{name}: #{channel.name} is not offered: it is of type {channel.kind}, not {kinds}")


def _check_bounds(name: str, value: float, minimum: float | None, maximum: float | None) -> None:
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise ClientRefused(f"{name}: {value} is outside of {minimum}…{maximum}")


def check_sees(member: Member, message: Message) -> None:
    """Raise `ClientRefused` where the member does not have this message before them."""
    if message.deleted:
        raise ClientRefused("the message was deleted")
    if message.visible_to is not None and message.visible_to is not member:
        raise ClientRefused(f"{member.name} does not see this message")


def find_component(message: Message, member: Member, wanted: str, *, selects: bool) -> Json:
    """The select with this custom id, or the button with this custom id or label.

    Raises `ClientRefused` if it cannot be used.
    """
    check_sees(member, message)
    usable = [part for part in message.walk() if "custom_id" in part and (part["type"] != BUTTON) == selects]
    found = [part for part in usable if part["custom_id"] == wanted]
    found = found or [part for part in usable if part.get("label") == wanted]
    if not found:
        shown = ", ".join(f"{part.get('label') or part['custom_id']!r}" for part in usable)
        raise ClientRefused(f"there is no {wanted!r} on the message; there is: {shown or 'nothing'}")
    if found[0].get("disabled"):
        raise ClientRefused(f"{wanted!r} is disabled")
    return found[0]


def select_values(part: Json, values: Sequence[Value], resolved: Resolved, *, raw: bool = False) -> list[str]:
    """The values of a select. Raises `ClientRefused` for too many, too few or unknown ones, unless `raw`."""
    if not raw and part["type"] in PICKED:
        for value in values:
            if not isinstance(value, PICKED[part["type"]]):
                raise ClientRefused(f"{value!r} cannot be chosen in a select of type {part['type']}")
            if isinstance(value, Channel):
                _check_offered(part["custom_id"], value, part.get("channel_types"))
        if len(set(map(id, values))) < len(values):
            raise ClientRefused("nothing can be chosen twice")
    chosen = [resolved.add(value) if not isinstance(value, str | int | float) else str(value) for value in values]
    if raw:
        return chosen
    if "options" in part:
        by_label = {option["label"]: option["value"] for option in part["options"]}
        chosen = [by_label.get(value, value) for value in chosen]
        strangers = set(chosen) - set(by_label.values())
        if strangers:
            raise ClientRefused(f"no such option: {', '.join(sorted(strangers))}; there is {', '.join(by_label)}")
    if not part.get("min_values", 1) <= len(chosen) <= part.get("max_values", 1):
        raise ClientRefused(f"{len(chosen)} options chosen of {part.get('min_values', 1)}…{part.get('max_values', 1)}")
    return chosen


def modal_components(modal: Json, given: Mapping[str, Any], resolved: Resolved) -> list[Json]:
    """The filled-in parts of a modal; inputs are named by custom id or label.

    What is not given keeps what the modal shows: its preset value. Raises `ClientRefused` for unknown inputs and for
    what the client would not accept.
    """
    remaining = dict(given)
    parts: list[Json] = []
    for part in modal["components"]:
        sent: Json = {"type": part["type"], "id": part["id"]}
        if "component" in part:
            sent["component"] = _filled(part["component"], part["label"], remaining, resolved)
        elif "components" in part:
            inputs = part["components"]
            sent["components"] = [_filled(inner, inner["label"], remaining, resolved) for inner in inputs]
        parts.append(sent)
    if remaining:
        raise ClientRefused(f"the modal has no input {', '.join(remaining)}")
    return parts


def _filled(part: Json, label: str, given: dict[str, Any], resolved: Resolved) -> Json:
    sent: Json = {"type": part["type"], "id": part["id"], "custom_id": part["custom_id"]}
    name = part["custom_id"] if part["custom_id"] in given else label
    value = given.pop(name, None)
    if part["type"] == 4:
        text = value if value is not None else part.get("value") or ""
        if not text and part["required"]:
            raise ClientRefused(f"{label!r} must be filled in")
        if text:
            _check_bounds(label, len(text), part["min_length"], part["max_length"])
        return {**sent, "value": text}
    if part["type"] == 23:
        return {**sent, "value": bool(part["default"] if value is None else value)}
    values = _preset(part) if value is None else value if isinstance(value, list | tuple) else [value]
    if not values and not part["required"]:
        return {**sent, "value": None} if part["type"] == 21 else {**sent, "values": []}
    chosen = select_values(part, values, resolved)
    return {**sent, "value": chosen[0]} if part["type"] == 21 else {**sent, "values": chosen}


def _preset(part: Json) -> list[str]:
    return [option["value"] for option in part.get("options", ()) if option.get("default")]

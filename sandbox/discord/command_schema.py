"""Checks application commands against Discord's naming, counting and ordering rules."""

from collections.abc import Iterator
from typing import Any, Final

from sandbox.discord.form import Form

CHAT_INPUT: Final = 1
USER_COMMAND: Final = 2
MESSAGE_COMMAND: Final = 3

SUBCOMMAND: Final = 1
SUBCOMMAND_GROUP: Final = 2
STRING: Final = 3
INTEGER: Final = 4
BOOLEAN: Final = 5
USER: Final = 6
CHANNEL: Final = 7
ROLE: Final = 8
MENTIONABLE: Final = 9
NUMBER: Final = 10
ATTACHMENT: Final = 11

MAX_OPTIONS: Final = 25
MAX_CHOICES: Final = 25
MAX_COMMAND_CHARACTERS: Final = 8000
MAX_SAFE_INTEGER: Final = 2**53 - 1
LOCALES: Final = frozenset(
    {
        *("ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he", "hi", "hr"),
        *("hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk"),
        *("vi", "zh-CN", "zh-TW"),
    },
)


def check_command(form: Form) -> None:
    """Leave every fault of one command with the form."""
    kind = form.integer("type", choices=(CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND)) or CHAT_INPUT
    if kind == CHAT_INPUT:
        _check_name(form)
        form.text("description", minimum=1, maximum=100, required=True)
        _check_options(form, depth=0)
    else:
        form.text("name", minimum=1, maximum=32, required=True)
        for key in ("description", "description_localizations", "options"):
            if form.body.get(key):
                code = "APPLICATION_COMMAND_CONTEXT_MENU_FIELD"
                form.fault(key, code, f"Context menu commands cannot have {key}")
    _check_localizations(form, free_name=kind != CHAT_INPUT)
    _check_permissions(form)
    for key, choices in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        _check_list(form, key, choices)
    form.boolean("dm_permission")
    form.boolean("nsfw")
    if _characters(form.body) > MAX_COMMAND_CHARACTERS:
        form.fault(
            None,
            "APPLICATION_COMMAND_TOO_LARGE",
            f"Command exceeds maximum size ({MAX_COMMAND_CHARACTERS})",
        )


def _check_name(form: Form, key: str = "name") -> str | None:
    name = form.text(key, minimum=1, maximum=32, required=True)
    if name is not None and not valid_name(name):
        form.fault(key, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        return None
    return name


def valid_name(name: str) -> bool:
    """Letters, digits, `-`, `_` and `'`, lower case wherever there is one."""
    return name == name.lower() and all(mark.isalnum() or mark in "-_'" for mark in name)


def _check_localizations(form: Form, *, free_name: bool = False) -> None:
    """The translations of a command or option: of its name, under the rules of names unless it is free, and so on."""
    for localized, locale in _localizations(form, "name_localizations"):
        if free_name:
            localized.text(locale, minimum=1, maximum=32, required=True)
        else:
            _check_name(localized, locale)
    for localized, locale in _localizations(form, "description_localizations"):
        localized.text(locale, minimum=1, maximum=100, required=True)


def _localizations(form: Form, key: str) -> Iterator[tuple[Form, str]]:
    """The object of translations with each locale in it that Discord knows."""
    localized = form.object(key)
    if localized is None:
        return
    for locale in localized.body:
        if locale in LOCALES:
            yield localized, locale
        else:
            localized.fault(locale, "LOCALE_INVALID", f'"{locale}" is not a known locale')


def _check_permissions(form: Form) -> None:
    value = form.body.get("default_member_permissions")
    as_text = isinstance(value, str) and value.isascii() and value.isdigit()
    as_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if value is not None and not (as_text or as_number):
        form.fault("default_member_permissions", "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')


def _check_list(form: Form, key: str, choices: tuple[int, ...]) -> None:
    values = form.array(key, minimum=1, maximum=len(choices))
    if values is None:
        return
    if any(value not in choices for value in values):
        form.fault(key, "BASE_TYPE_CHOICES", f"Values must be among {choices}.")
    elif len(set(values)) != len(values):
        form.fault(key, "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains that value")


def _check_options(form: Form, *, depth: int) -> None:
    """Options of a command (depth 0), a group (1) or a subcommand (2)."""
    names: set[str] = set()
    optional_seen = False
    kinds: set[bool] = set()
    for option in form.objects("options", maximum=MAX_OPTIONS):
        kind = option.integer("type", choices=range(SUBCOMMAND, ATTACHMENT + 1), required=True)
        name = _check_name(option)
        option.text("description", minimum=1, maximum=100, required=True)
        _check_localizations(option)
        if name in names:
            option.fault("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
        names.add(name or "")
        if kind is None:
            continue
        nested = kind in (SUBCOMMAND, SUBCOMMAND_GROUP)
        kinds.add(nested)
        if nested:
            _check_nested(option, kind, depth)
            continue
        if depth == 1:
            option.fault("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "A group holds subcommands only")
        required = bool(option.boolean("required"))
        if required and optional_seen:
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            option.fault("required", code, "Required options must be placed before non-required options")
        optional_seen = optional_seen or not required
        _check_value_option(option, kind)
    if len(kinds) > 1:
        code = "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"
        form.fault(
            "options", code, "Sub-command and sub-command group option types are mutually exclusive to other types"
        )


def _check_nested(option: Form, kind: int, depth: int) -> None:
    group = kind == SUBCOMMAND_GROUP
    if depth == 2 or (group and depth == 1):
        option.fault("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Subcommands cannot be nested any deeper")
    elif group and not option.body.get("options"):
        option.fault("options", "BASE_TYPE_REQUIRED", "This field is required")
    else:
        _check_options(option, depth=1 if group else 2)


def _check_value_option(option: Form, kind: int) -> None:
    numeric = kind in (INTEGER, NUMBER)
    autocomplete = option.boolean("autocomplete")
    has_choices = bool(option.body.get("choices"))
    if autocomplete and (has_choices or not (numeric or kind == STRING)):
        option.fault(
            "autocomplete",
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID",
            "Autocomplete needs a text or number option without choices",
        )
    if has_choices and not (numeric or kind == STRING):
        option.fault("choices", "APPLICATION_COMMAND_OPTION_CHOICES_INVALID", "This option type has no choices")
    else:
        _check_choices(option, kind)
    if numeric:
        _check_range(option, "min_value", "max_value", -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    elif kind == STRING:
        _check_range(option, "min_length", "max_length", 0, 6000)
    for key in ("min_value", "max_value"):
        if option.has(key) and not numeric:
            option.fault(key, "APPLICATION_COMMAND_OPTION_RANGE_INVALID", "Only number options have a range")


def _check_range(option: Form, low_key: str, high_key: str, minimum: int, maximum: int) -> None:
    low = option.number(low_key, minimum=minimum, maximum=maximum)
    high = option.number(high_key, minimum=max(minimum, 1) if minimum == 0 else minimum, maximum=maximum)
    if low is not None and high is not None and low > high:
        option.fault(low_key, "NUMBER_TYPE_MAX", f"{low_key} cannot exceed {high_key}")


def _check_choices(option: Form, kind: int) -> None:
    names: set[str] = set()
    for choice in option.objects("choices", maximum=MAX_CHOICES):
        name = choice.text("name", minimum=1, maximum=100, required=True)
        if name in names:
            code = "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS"
            choice.fault("name", code, "Option choice name already exists")
        names.add(name or "")
        for localized, locale in _localizations(choice, "name_localizations"):
            localized.text(locale, minimum=1, maximum=100, required=True)
        check_choice_value(choice, kind)


def check_choice_value(choice: Form, kind: int) -> None:
    """The value of a choice has its option's type, texts at most 100 characters."""
    if kind == STRING:
        choice.text("value", maximum=100, required=True)
    elif kind == INTEGER:
        choice.integer("value", minimum=-MAX_SAFE_INTEGER, maximum=MAX_SAFE_INTEGER, required=True)
    elif not choice.has("value"):
        choice.fault("value", "BASE_TYPE_REQUIRED", "This field is required")
    else:
        choice.number("value", minimum=-MAX_SAFE_INTEGER, maximum=MAX_SAFE_INTEGER)


def _longest(body: Any, key: str) -> int:
    """The length of a text, or of its longest translation: that is what Discord counts."""
    texts = [body.get(key) or "", *(body.get(f"{key}_localizations") or {}).values()]
    return max(len(text) for text in texts if isinstance(text, str))


def _characters(body: Any) -> int:
    if not isinstance(body, dict):
        return 0
    total = _longest(body, "name") + _longest(body, "description")
    for choice in body.get("choices") or ():
        if isinstance(choice, dict):
            value = choice.get("value")
            total += _longest(choice, "name") + (len(value) if isinstance(value, str) else 0)
    return total + sum(_characters(option) for option in body.get("options") or ())

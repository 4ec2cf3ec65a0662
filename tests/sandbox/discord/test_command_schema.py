"""Application commands: everything Discord refuses in them."""

from typing import Any

import pytest

from sandbox.discord import ApiError, DiscordStandIn, Json
from sandbox.discord.command_schema import check_command, valid_name
from sandbox.discord.form import Form, Problems


def command(**more: Any) -> Json:
    return {"name": "imagine", "description": "Make a picture", **more}


def option(name: str = "prompt", kind: int = 3, **more: Any) -> Json:
    return {"name": name, "type": kind, "description": "What to show", **more}


def choice(name: str = "One", value: Any = "1") -> Json:
    return {"name": name, "value": value}


def codes(body: Json) -> set[str]:
    """The codes of every fault found in a command."""
    problems = Problems()
    check_command(Form(body, problems))
    try:
        problems.refuse_if_any()
    except ApiError as error:
        return set(_walk(error.errors))
    return set()


def _walk(tree: Any) -> list[str]:
    if "_errors" in tree:
        return [fault["code"] for fault in tree["_errors"]]
    return [code for child in tree.values() for code in _walk(child)]


REFUSED: list[tuple[str, Json, str]] = [
    ("upper-case name", command(name="Imagine"), "APPLICATION_COMMAND_INVALID_NAME"),
    ("name with a blank", command(name="two words"), "APPLICATION_COMMAND_INVALID_NAME"),
    ("name of 33 characters", command(name="x" * 33), "BASE_TYPE_BAD_LENGTH"),
    ("no name", {"description": "x"}, "BASE_TYPE_REQUIRED"),
    ("no description", {"name": "imagine"}, "BASE_TYPE_REQUIRED"),
    ("description of 101 characters", command(description="x" * 101), "BASE_TYPE_BAD_LENGTH"),
    ("26 options", command(options=[option(f"o{n}") for n in range(26)]), "BASE_TYPE_MAX_LENGTH"),
    (
        "required after optional",
        command(options=[option("a"), option("b", required=True)]),
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        "doubled option",
        command(options=[option("a"), option("a")]),
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
    ),
    ("option without description", command(options=[{"name": "a", "type": 3}]), "BASE_TYPE_REQUIRED"),
    ("unknown option type", command(options=[option(kind=12)]), "BASE_TYPE_CHOICES"),
    (
        "26 choices",
        command(options=[option(choices=[choice(str(n), str(n)) for n in range(26)])]),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "doubled choice",
        command(options=[option(choices=[choice(), choice()])]),
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
    ),
    ("number as text choice", command(options=[option(choices=[choice(value=1)])]), "STRING_TYPE_CONVERT"),
    ("text as number choice", command(options=[option(kind=4, choices=[choice()])]), "NUMBER_TYPE_COERCE"),
    (
        "choices and autocompletion",
        command(options=[option(choices=[choice()], autocomplete=True)]),
        "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID",
    ),
    (
        "autocompletion of a member",
        command(options=[option(kind=6, autocomplete=True)]),
        "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID",
    ),
    (
        "choices of a boolean",
        command(options=[option(kind=5, choices=[choice()])]),
        "APPLICATION_COMMAND_OPTION_CHOICES_INVALID",
    ),
    ("range upside down", command(options=[option(kind=4, min_value=3, max_value=2)]), "NUMBER_TYPE_MAX"),
    (
        "range of a text",
        command(options=[option(min_value=1)]),
        "APPLICATION_COMMAND_OPTION_RANGE_INVALID",
    ),
    ("length beyond 6000", command(options=[option(max_length=6001)]), "NUMBER_TYPE_MAX"),
    ("range beyond 2**53", command(options=[option(kind=4, max_value=2**53)]), "NUMBER_TYPE_MAX"),
    (
        "subcommand beside an option",
        command(options=[option("a", 1), option("b")]),
        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    (
        "group in a group",
        command(options=[option("a", 2, options=[option("b", 2, options=[option("c", 1)])])]),
        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    ("empty group", command(options=[option("a", 2)]), "BASE_TYPE_REQUIRED"),
    (
        "8001 characters",
        command(options=[option(f"o{n}", choices=[choice(f"{c}", "v" * 100) for c in range(10)]) for n in range(8)]),
        "APPLICATION_COMMAND_TOO_LARGE",
    ),
    ("unknown locale", command(name_localizations={"xx": "bild"}), "LOCALE_INVALID"),
    ("upper-case translation", command(name_localizations={"de": "Bild"}), "APPLICATION_COMMAND_INVALID_NAME"),
    (
        "upper-case translation of an option",
        command(options=[option(name_localizations={"de": "Bild"})]),
        "APPLICATION_COMMAND_INVALID_NAME",
    ),
    (
        "translated description of 101 characters",
        command(options=[option(description_localizations={"de": "x" * 101})]),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "translated choice of 101 characters",
        command(options=[option(choices=[{**choice(), "name_localizations": {"de": "x" * 101}}])]),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "choice in an unknown locale",
        command(options=[option(choices=[{**choice(), "name_localizations": {"de-DE": "x"}}])]),
        "LOCALE_INVALID",
    ),
    (
        "translated menu of 33 characters",
        {"name": "Report", "type": 3, "name_localizations": {"de": "x" * 33}},
        "BASE_TYPE_BAD_LENGTH",
    ),
    ("empty translation", {"name": "Report", "type": 3, "name_localizations": {"de": ""}}, "BASE_TYPE_BAD_LENGTH"),
    ("translation of null", command(description_localizations={"de": None}), "BASE_TYPE_REQUIRED"),
    (
        "context menu with a translated description",
        {"name": "Report", "type": 3, "description_localizations": {"de": "x"}},
        "APPLICATION_COMMAND_CONTEXT_MENU_FIELD",
    ),
    ("permissions as words", command(default_member_permissions="admin"), "NUMBER_TYPE_COERCE"),
    ("unknown context", command(contexts=[3]), "BASE_TYPE_CHOICES"),
    ("doubled context", command(contexts=[0, 0]), "SET_TYPE_ALREADY_CONTAINS_VALUE"),
    ("no contexts at all", command(contexts=[]), "BASE_TYPE_BAD_LENGTH"),
    (
        "context menu with a description",
        {"name": "Report", "type": 3, "description": "x"},
        "APPLICATION_COMMAND_CONTEXT_MENU_FIELD",
    ),
]


@pytest.mark.parametrize(("body", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_bad_command_is_refused(body: Json, code: str) -> None:
    assert code in codes(body)


@pytest.mark.parametrize(
    "body",
    [
        command(),
        command(options=[option(required=True), option("count", 4, min_value=0, max_value=4)]),
        command(options=[option("a", 2, options=[option("b", 1, options=[option("c")])]), option("d", 1)]),
        command(contexts=[0], integration_types=[0], default_member_permissions="32", nsfw=False),
        command(name_localizations={"de": "bild"}, options=None, contexts=None),
        {"name": "Report image", "type": 3},
        {"name": "Report image", "type": 3, "name_localizations": {"de": "Bild melden"}},
        command(options=[option(choices=[{**choice(), "name_localizations": {"de": "Groß & breit"}}])]),
    ],
)
def test_good_command_passes(body: Json) -> None:
    assert codes(body) == set()


@pytest.mark.parametrize(
    ("name", "valid"),
    [("imagine", True), ("größe", True), ("画像", True), ("a-b_c'd", True), ("A", False), ("a.b", False)],
)
def test_names_are_lower_case_words(name: str, valid: bool) -> None:
    assert valid_name(name) is valid


def test_doubled_names_and_too_many_commands_are_refused(standin: DiscordStandIn) -> None:
    with pytest.raises(ApiError, match="DUPLICATE_NAME"):
        standin.commands.overwrite(None, [command(), command()])
    with pytest.raises(ApiError) as caught:
        standin.commands.overwrite(None, [command(name=f"c{n}") for n in range(101)])
    assert caught.value.refusal.code == 30032
    assert standin.commands.everywhere() == []

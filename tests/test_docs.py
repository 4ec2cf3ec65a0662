"""What the documents say is held against the code."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import discord

import bot
import config
from cogs import Desk, Facts, Library, Office, Parts, add_cogs
from permissions import INVITE_PERMISSIONS, invite_url
from tests.support import FakeClock
from ui.client import EaselClient
from version import VERSION

ROOT: Final = Path(__file__).resolve().parent.parent
README: Final = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _settings() -> dict[str, str]:
    """The README's table: each variable with its default."""
    found = {}
    for line in _section("Settings").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([A-Z_]+)`", cells[0])
        defaults = re.findall(r"`([^`]+)`", cells[1]) if len(cells) > 1 else []
        found.update({name: defaults[at] if len(defaults) == len(names) else "" for at, name in enumerate(names)})
    return found


def test_the_readme_lists_every_setting_and_no_other() -> None:
    example = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert sorted(_settings()) == sorted(example)


def test_the_readme_gives_the_defaults_of_the_code() -> None:
    stated = {name: value for name, value in _settings().items() if value}
    required = {"DISCORD_TOKEN": "x" * 60, "PIXAZO_API_KEY": "y" * 30}
    assert config.load({**required, **stated}, None) == config.load(required, None)
    assert len(stated) >= 15


class _NoMeta:
    async def get(self, key: str) -> str | None:
        return None

    async def put(self, key: str, value: str) -> None:
        raise AssertionError("nothing is synced here")


def _options(command: dict[str, Any]) -> list[str]:
    return [option["name"] if option.get("required") else f"[{option['name']}]" for option in command["options"]]


def _written(command: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """A command, or each one of a group, by its whole name."""
    below = [option for option in command.get("options", ()) if option["type"] in {1, 2}]
    if not below:
        yield command["name"], _options(command)
    for option in below:
        for name, options in _written(option):
            yield f"{command['name']} {name}", options


async def test_the_readme_lists_every_command_with_its_options() -> None:
    client = EaselClient(meta=_NoMeta())
    try:
        facts = Facts(version=VERSION, price_micros=90_000, retention_days=30)
        nothing: Any = None  # commands are listed here, not used
        library = Library(
            presets=nothing,
            loras=nothing,
            history=nothing,
            drafts=nothing,
            reports=nothing,
            preferences=nothing,
            guilds=nothing,
            access=nothing,
        )
        await add_cogs(
            Parts(
                client=client,
                service=nothing,
                acceptor=nothing,
                delivery=nothing,
                library=library,
                desk=Desk(**dict.fromkeys((field.name for field in dataclasses.fields(Desk)), nothing)),
                office=Office(**dict.fromkeys((field.name for field in dataclasses.fields(Office)), nothing)),
                images=nothing,
                spool=nothing,
                kept=nothing,
                notices=nothing,
                facts=facts,
                clock=FakeClock(),
            )
        )
        slash = discord.AppCommandType.chat_input
        commands = {
            name: options
            for command in client.tree.get_commands(type=slash)
            for name, options in _written(command.to_dict(client.tree))
        }
    finally:
        await client.http.connector.close()  # it was never logged in, so there is nothing else to close
    listed = {}
    for line in _section("Commands").splitlines():
        for written in re.findall(r"`/([^`]+)`", line.partition("|")[2].partition("|")[0]):
            known = [name for name in commands if f"{written} ".startswith(f"{name} ")]
            name = max(known, key=len, default=written)
            listed[name] = written.removeprefix(name).split()
    assert listed == commands


def test_the_readme_lists_every_subcommand() -> None:
    parser = bot._parser()
    actions = next(action for action in parser._actions if action.dest == "command")
    assert actions.choices is not None
    listed: set[str] = set()
    for line in _section("Commands").partition("On the machine")[2].splitlines():
        listed.update(
            written.split()[0] for written in re.findall(r"`([a-z][^`]*)`", line.partition("|")[2].partition("|")[0])
        )
    assert listed == set(actions.choices)


def test_the_invite_link_asks_for_what_the_code_needs() -> None:
    link = re.search(r"https://discord\.com/oauth2/authorize\S+", README)
    assert link is not None
    assert link[0].replace("APPLICATION_ID", "1") == invite_url(1)
    assert str(INVITE_PERMISSIONS) in link[0]


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE))
        for pair in named:
            assert set(filter(None, pair)) <= targets, f"{document.name} names make {pair}"


def test_every_link_into_the_project_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"(?:\]\(|src=\")(?!https?:|#)([^)#\"]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_changelog_knows_this_release() -> None:
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text("utf-8")

"""The rows of `/admin setup`: each shows one setting, and reads what was pressed or chosen in it; sends nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import discord

from errors import InvalidOption
from generation.limit_book import GuildLimits
from models import GuildSettings
from ui.buttons import ActionButton, ActionSelect
from ui.server_checks import ServerChecks
from ui.wording import setup as words

SETUP_ACTION: Final = "setup"
_ON, _OFF = "on", "off"

Item = discord.ui.Item[Any]


class Page(StrEnum):
    """The pages, by the names that their buttons carry."""

    START = "start"
    MONEY = "money"
    PICTURES = "pictures"
    MODERATION = "moderation"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the panel shows: everything as it is stored, and what of it Discord knows."""

    settings: GuildSettings
    caps: GuildLimits
    checks: ServerChecks
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a press or choice on a page asks for: settings to change, or a list to hold exactly these ids."""

    page: Page
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: str | None = None
    ids: tuple[int, ...] = ()


class Row(Protocol):
    """One setting: how it is shown, and what was pressed or chosen in it."""

    @property
    def setting(self) -> str: ...

    def items(self, state: State) -> list[Item]: ...

    def read(self, page: Page, wanted: str, chosen: Sequence[str]) -> Wanted: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting that is on or off. Its button says which it is to be, so that two presses at once mean it once."""

    setting: str
    words: Callable[[bool], str]

    def items(self, state: State) -> list[Item]:
        is_on = bool(getattr(state.settings, self.setting))
        button = ActionButton(
            SETUP_ACTION,
            f"{self.setting}.{_OFF if is_on else _ON}",
            label=words.turn_off() if is_on else words.turn_on(),
            style=discord.ButtonStyle.secondary if is_on else discord.ButtonStyle.primary,
        )
        return [discord.ui.Section(self.words(is_on), accessory=button)]

    def read(self, page: Page, wanted: str, _chosen: Sequence[str]) -> Wanted:
        if wanted not in {_ON, _OFF}:
            raise InvalidOption(self.setting, "not_a_choice")
        return Wanted(page=page, settings={self.setting: wanted == _ON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the options of a menu: its value, its label, and the settings that choosing it makes."""

    value: str
    label: Callable[[], str]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A setting, or several that go together, chosen from a few."""

    setting: str
    words: Callable[[GuildSettings], str]
    choices: Sequence[Choice]

    def items(self, state: State) -> list[Item]:
        options = [
            discord.SelectOption(
                label=choice.label(),
                value=choice.value,
                default=all(getattr(state.settings, name) == value for name, value in choice.settings.items()),
            )
            for choice in self.choices
        ]
        menu = ActionSelect(SETUP_ACTION, self.setting, options=options)
        return [discord.ui.TextDisplay(self.words(state.settings)), discord.ui.ActionRow(menu)]

    def read(self, page: Page, _wanted: str, chosen: Sequence[str]) -> Wanted:
        found = [choice for choice in self.choices if [choice.value] == list(chosen)]
        if not found:
            raise InvalidOption(self.setting, "not_a_choice")
        return Wanted(page=page, settings=found[0].settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A setting that a button opens a form or another page for; nothing is pressed or chosen in the row itself."""

    setting: str
    action: str
    argument: str
    words: Callable[[State], str]
    label: Callable[[], str]

    def items(self, state: State) -> list[Item]:
        button = ActionButton(self.action, self.argument, label=self.label())
        return [discord.ui.Section(self.words(state), accessory=button)]

    def read(self, _page: Page, _wanted: str, _chosen: Sequence[str]) -> Wanted:
        raise InvalidOption(self.setting, "not_a_choice")

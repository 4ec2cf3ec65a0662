"""What the private pages of `/admin` look like, and what their buttons and menus say; sends nothing.

The panel of settings is a list of rows. A row shows one setting of the server and reads what was pressed or chosen in
it: another setting is another row. Everything is in the custom ids, and the values come from the database each time.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.guild_settings import IMAGES_PER_JOB_BOUNDS
from models import GuildSettings
from recipes import LoraEntry, Preset, folded
from ui import cards
from ui.buttons import ActionButton, ActionSelect
from ui.cards import Card
from ui.wording import admin as words

SETUP_ACTION: Final = "setup"
LOOK_ACTION: Final = "setuplook"
LORA_TEST_ACTION: Final = "loratest"
LORA_PAGE_ACTION: Final = "lorapage"

# With four components and less than 600 characters each, a page stays below Discord's 40 and 4000.
ENTRIES_PER_PAGE: Final = 6
_TOKEN_CHARACTERS: Final = 32
_ON: Final = "on"
_OFF: Final = "off"
# Nothing is told apart by this argument: a custom id must have one.
_WHOLE: Final = "all"

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Switch:
    """A setting that is on or off. Its button says which it is to be, so that two presses at once mean it once."""

    setting: str
    words: Callable[[bool], str]

    def items(self, settings: GuildSettings) -> list[_Item]:
        is_on = bool(getattr(settings, self.setting))
        button = ActionButton(
            SETUP_ACTION,
            f"{self.setting}.{_OFF if is_on else _ON}",
            label=words.turn_off() if is_on else words.turn_on(),
            style=discord.ButtonStyle.secondary if is_on else discord.ButtonStyle.primary,
        )
        return [discord.ui.Section(self.words(is_on), accessory=button)]

    def read(self, wanted: str, _chosen: Sequence[str]) -> bool:
        if wanted not in {_ON, _OFF}:
            raise InvalidOption(self.setting, "not_a_choice")
        return wanted == _ON


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A setting that is one of a few whole numbers, chosen in a menu."""

    setting: str
    words: Callable[[int], str]
    choices: Sequence[int]
    choice: Callable[[int], str]

    def items(self, settings: GuildSettings) -> list[_Item]:
        value = getattr(settings, self.setting)
        options = [
            discord.SelectOption(label=self.choice(number), value=str(number), default=number == value)
            for number in self.choices
        ]
        menu = ActionSelect(SETUP_ACTION, self.setting, options=options)
        return [discord.ui.TextDisplay(self.words(value)), discord.ui.ActionRow(menu)]

    def read(self, _wanted: str, chosen: Sequence[str]) -> int:
        numbers = {str(number): number for number in self.choices}
        if len(chosen) != 1 or chosen[0] not in numbers:
            raise InvalidOption(self.setting, "not_a_choice")
        return numbers[chosen[0]]


_ROWS: Final[tuple[_Switch | _Number, ...]] = (
    _Number(
        setting="images_per_job",
        words=words.images_per_job,
        choices=range(int(IMAGES_PER_JOB_BOUNDS.low), int(IMAGES_PER_JOB_BOUNDS.high) + 1),
        choice=words.images_per_job_choice,
    ),
    _Switch(setting="recipe_in_files", words=words.recipe_in_files),
    _Switch(setting="spoilers", words=words.spoilers),
)


def setup(settings: GuildSettings, *, missing: Sequence[str], in_thread: bool) -> Card:
    """The panel: every setting as it is stored, and which permissions the bot lacks where it is looked at."""
    items: list[_Item] = [discord.ui.TextDisplay(words.setup_title())]
    for row in _ROWS:
        items += row.items(settings)
    checks = words.missing(missing, in_thread=in_thread) if missing else words.nothing_missing()
    items += [
        discord.ui.Separator(),
        discord.ui.TextDisplay(checks),
        discord.ui.ActionRow(ActionButton(LOOK_ACTION, _WHOLE, label=words.look_again())),
    ]
    return Card(*items, colour=cards.BLURPLE)


def change_of(argument: str, chosen: Sequence[str]) -> dict[str, object]:
    """What a press or choice in the panel changes, by setting. Raises InvalidOption for what no panel says."""
    setting, _, wanted = argument.partition(".")
    row = next((row for row in _ROWS if row.setting == setting), None)
    if row is None:
        raise InvalidOption(setting, "not_a_choice")
    return {setting: row.read(wanted, chosen)}


def added(entry: LoraEntry, *, price_micros: int) -> Card:
    """Says how members use the new LoRA, and offers to try it."""
    return Card(
        discord.ui.TextDisplay(words.added(entry)),
        discord.ui.ActionRow(_test_button(entry, price_micros)),
        colour=cards.BLURPLE,
    )


def removed(entry: LoraEntry, presets: Sequence[Preset]) -> Card:
    """Says so, and which presets name it."""
    return cards.notice(words.removed(entry, presets), problem=False)


def catalogue(entries: Sequence[LoraEntry], *, number: int, price_micros: int) -> Card:
    """A page of the server's LoRAs; of a `number` that there isn't, or isn't any more, the nearest."""
    if not entries:
        return cards.page(words.list_empty())
    pages = -(-len(entries) // ENTRIES_PER_PAGE)
    number = min(max(1, number), pages)
    first = (number - 1) * ENTRIES_PER_PAGE
    items: list[_Item] = [discord.ui.TextDisplay(words.list_title(len(entries)))]
    for entry in entries[first : first + ENTRIES_PER_PAGE]:
        button = _test_button(entry, price_micros)
        items += [discord.ui.Section(words.entry(entry), accessory=button), discord.ui.Separator()]
    items.append(discord.ui.TextDisplay(words.list_page(number, pages)))
    if pages > 1:
        items.append(_turning(number, pages))
    return Card(*items, colour=cards.BLURPLE)


def page_number(argument: str) -> int:
    """The page that a button leads to; the first for what no button of ours says."""
    return int(argument) if argument.isdecimal() else 1


def entry_of(token: str, entries: Sequence[LoraEntry]) -> LoraEntry:
    """The entry that a Test button means. Raises InvalidOption (`changed`) where it is not there any more."""
    found = next((entry for entry in entries if _token_of(entry) == token), None)
    if found is None:
        raise InvalidOption("lora", "changed")
    return found


def _test_button(entry: LoraEntry, price_micros: int) -> ActionButton:
    return ActionButton(LORA_TEST_ACTION, _token_of(entry), label=words.test_button(price_micros))


def _turning(number: int, pages: int) -> _Item:
    back = ActionButton(LORA_PAGE_ACTION, str(number - 1), label=words.previous_page(), emoji="◀️")
    on = ActionButton(LORA_PAGE_ACTION, str(number + 1), label=words.next_page(), emoji="▶️")
    back.disabled, on.disabled = number == 1, number == pages
    return discord.ui.ActionRow(back, on)


def _token_of(entry: LoraEntry) -> str:
    """What stands for an entry in a custom id, where most names could not."""
    return hashlib.sha256(folded(entry.name).encode()).hexdigest()[:_TOKEN_CHARACTERS]

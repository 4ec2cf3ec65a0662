"""What the private pages about a server's LoRAs look like, and what their buttons say; sends nothing."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import discord

from errors import InvalidOption
from recipes import LoraEntry, Preset, folded
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.wording import admin as words

LORA_TEST_ACTION: Final = "loratest"
LORA_PAGE_ACTION: Final = "lorapage"

# With four components and less than 600 characters each, a page stays below Discord's 40 and 4000.
ENTRIES_PER_PAGE: Final = 6
_TOKEN_CHARACTERS: Final = 32

_Item = discord.ui.Item[Any]


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

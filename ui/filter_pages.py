"""What the pages of the prompt filter look like, a server's and the operator's; sends nothing.

Ten entries of a line each, with the rest of a page, stay below Discord's 4000 characters.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import DraftGone
from generation.filter_terms import ALLOW, BLOCK, REVIEW
from generation.filters import TERMS_MAX, FilterTerm, Plan, TermKind
from generation.screening import Screening
from ui import cards
from ui.buttons import ActionButton, ActionSelect
from ui.cards import Card
from ui.wording import admin as admin_words
from ui.wording import filters as words

ENTRIES_PER_PAGE: Final = 10
# With the kinds before them, these fill a menu.
_CATEGORIES_OFFERED: Final = 20
_OPTION_CHARACTERS: Final = 100
_ALL: Final = "all"
_AMBER: Final = 0xF0B232
_GREEN: Final = 0x23A55A
_KINDS: Final = (BLOCK, REVIEW, ALLOW, TermKind.PATTERN.value)
_ARGUMENT: Final = re.compile(r"(?P<number>[0-9]{1,4})\.(?P<what>[a-z]{1,10}|c-[0-9a-f]{16})")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Whose list it is: the buttons of a server's pages and of the operator's do different things."""

    turn: str
    show: str
    take: str
    decline: str
    everywhere: bool


OF_GUILD: Final = Actions(
    turn="filterpage", show="filtershow", take="filtertake", decline="filterleave", everywhere=False
)
OF_ALL: Final = Actions(
    turn="opfilterpage", show="opfiltershow", take="opfiltertake", decline="opfilterleave", everywhere=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which page of which entries is shown: `what` is everything, a kind, or what stands for a category."""

    number: int = 1
    what: str = _ALL

    @property
    def argument(self) -> str:
        return f"{self.number}.{self.what}"

    def wants(self, entry: FilterTerm) -> bool:
        """Whether the entry is among them."""
        if entry.kind is TermKind.ALLOW:
            return self.what in {_ALL, ALLOW}
        return self.what in {_ALL, entry.action, _token(entry.category)} or self.what == entry.kind == TermKind.PATTERN


def read_argument(argument: str) -> Asked:
    """The page that a button or a choice leads to. Raises DraftGone for what none of ours says."""
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise DraftGone
    return Asked(number=int(match["number"]), what=match["what"])


def listing(
    entries: Sequence[FilterTerm], asked: Asked, actions: Actions, *, beneath: Sequence[FilterTerm] = ()
) -> Card:
    """A page of a list; `beneath` is the operator's, of which a server is told how much there is of what."""
    items: list[_Item] = [
        discord.ui.TextDisplay(
            words.list_title(everywhere=actions.everywhere, count=len(entries), limit=_room(entries))
        )
    ]
    if entries:
        items += _page_of(entries, asked, actions)
    else:
        items.append(discord.ui.TextDisplay(words.list_empty(everywhere=actions.everywhere)))
    if not actions.everywhere:
        counts = Counter(entry.category for entry in beneath if entry.kind is not TermKind.ALLOW)
        items += [discord.ui.Separator(), discord.ui.TextDisplay(words.beneath(counts))]
    return Card(*items, colour=cards.BLURPLE)


def tried(screening: Screening, typed: str) -> Card:
    """What the filter says of a text."""
    found = screening.verdict
    colour = cards.RED if found.blocked else _AMBER if found.review else _GREEN
    return Card(discord.ui.TextDisplay(words.verdict(screening, typed)), colour=colour)


def plan(what: Plan, actions: Actions, draft_id: str | None, *, source: str, notes: Sequence[str] = ()) -> Card:
    """What an import would do, with the buttons that do it or not; without a draft there is nothing to be done."""
    items: list[_Item] = [discord.ui.TextDisplay("\n".join([words.plan(what, source), *notes]))]
    if draft_id is not None:
        take = ActionButton(
            actions.take, draft_id, label=words.take(what.new + what.changed), style=discord.ButtonStyle.success
        )
        items.append(discord.ui.ActionRow(take, ActionButton(actions.decline, draft_id, label=words.decline())))
    return Card(*items, colour=cards.BLURPLE)


def exported(filename: str, count: int) -> Card:
    """The file of that name, which holds so many entries."""
    file: _Item = discord.ui.File(f"attachment://{filename}")
    return Card(discord.ui.TextDisplay(words.exported(count)), file, colour=cards.BLURPLE)


def _page_of(entries: Sequence[FilterTerm], asked: Asked, actions: Actions) -> list[_Item]:
    wanted = [entry for entry in entries if asked.wants(entry)]
    pages = max(1, -(-len(wanted) // ENTRIES_PER_PAGE))
    number = min(max(1, asked.number), pages)
    first = (number - 1) * ENTRIES_PER_PAGE
    lines = [words.entry_line(entry) for entry in wanted[first : first + ENTRIES_PER_PAGE]]
    if pages > 1:
        lines.append(words.page_number(number, pages))
    items: list[_Item] = [discord.ui.TextDisplay("\n".join(lines) or words.nothing_of_that_kind())]
    menu = ActionSelect(actions.show, "list", options=_options(entries, asked), placeholder=words.show_placeholder())
    items.append(discord.ui.ActionRow(menu))
    if pages > 1:
        back = ActionButton(
            actions.turn,
            Asked(number=number - 1, what=asked.what).argument,
            label=admin_words.previous_page(),
            emoji="◀️",
        )
        on = ActionButton(
            actions.turn, Asked(number=number + 1, what=asked.what).argument, label=admin_words.next_page(), emoji="▶️"
        )
        back.disabled, on.disabled = number == 1, number == pages
        items.append(discord.ui.ActionRow(back, on))
    return items


def _options(entries: Sequence[FilterTerm], asked: Asked) -> list[discord.SelectOption]:
    """Everything, the kinds that there are, and the categories that most entries have."""
    named = [(_ALL, words.show_everything())]
    named += [
        (kind, words.show_kind(kind)) for kind in _KINDS if any(Asked(what=kind).wants(entry) for entry in entries)
    ]
    counts = Counter(entry.category for entry in entries if entry.kind is not TermKind.ALLOW)
    named += [
        (_token(category), words.show_category(category)) for category, _ in counts.most_common(_CATEGORIES_OFFERED)
    ]
    return [
        discord.SelectOption(
            label=label[:_OPTION_CHARACTERS], value=Asked(what=what).argument, default=what == asked.what
        )
        for what, label in named
    ]


def _room(entries: Sequence[FilterTerm]) -> int:
    return max(0, TERMS_MAX - sum(entry.kind is not TermKind.PATTERN for entry in entries))


def _token(category: str) -> str:
    """What stands for a category in a custom id, where most names could not."""
    return "c-" + hashlib.sha256(category.encode("utf-8", "replace")).hexdigest()[:16]

"""What the private list of open cases looks like, and what its buttons say; sends nothing.

Six cases of four components each, with their texts, stay below Discord's 40 components and 4000 characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from moderation import Case
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.wording import admin as admin_words
from ui.wording import reports as words

LIST_ACTION: Final = "modreports"
LOOK_ACTION: Final = "modcase"
PAGE_SIZE: Final = 6

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Some of a guild's open cases, the oldest first. `number` counts from 1; `total` is of all pages together."""

    cases: Sequence[Case]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def page(shown: CasePage, *, has_channel: bool) -> Card:
    """A page of open cases, each with the way to its card, or a button that shows what would be on it."""
    if not shown.cases:
        return cards.page(words.reports_nothing())
    items: list[_Item] = [discord.ui.TextDisplay(words.reports_title(shown.total))]
    for case in shown.cases:
        items += [discord.ui.Separator(), discord.ui.Section(words.entry(case), accessory=_way_to(case))]
    if not has_channel:
        items.append(discord.ui.TextDisplay(words.no_channel()))
    if shown.pages > 1:
        items += [discord.ui.TextDisplay(words.page_number(shown.number, shown.pages)), _turning(shown)]
    return Card(*items, colour=cards.BLURPLE)


def _way_to(case: Case) -> discord.ui.Button[Any]:
    if case.message_id is None or case.gone_at is not None:
        return ActionButton(LOOK_ACTION, str(case.case_id), label=words.look(), style=discord.ButtonStyle.primary)
    url = f"https://discord.com/channels/{case.guild_id}/{case.channel_id}/{case.message_id}"
    return discord.ui.Button(label=words.to_case(), url=url)


def _turning(shown: CasePage) -> _Item:
    back = ActionButton(LIST_ACTION, str(shown.number - 1), label=admin_words.previous_page(), emoji="◀️")
    on = ActionButton(LIST_ACTION, str(shown.number + 1), label=admin_words.next_page(), emoji="▶️")
    back.disabled, on.disabled = shown.number == 1, shown.number == shown.pages
    return discord.ui.ActionRow(back, on)

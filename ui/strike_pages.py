"""A member's strikes for moderators, with buttons that lift them, and the answers of the commands; sends nothing.

Which strike and which suspension a button means is in its custom id: one that was made since is not lifted unseen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import discord

from clock import from_ms, to_ms
from errors import DraftGone
from generation.strikes import StrikeSheet, SuspendedMember
from moderation import Suspension
from ui import cards, text
from ui.buttons import ActionButton, ActionSelect
from ui.cards import Card
from ui.wording import admin as admin_words
from ui.wording import strikes as words

OPEN_ACTION: Final = "strikes"
LIFT_STRIKE_ACTION: Final = "strikelift"
UNSUSPEND_ACTION: Final = "unsuspend"

_OPTION_CHARACTERS: Final = 100
_PRESS: Final = re.compile(r"(?P<user_id>[0-9]{1,20})\.(?P<number>[0-9]{1,9})(?:\.(?P<at>[0-9]{1,15}))?")
_STRIKE: Final = re.compile(r"[0-9]{1,18}")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Whose page it is, its number, and since when the suspension is that it shows."""

    user_id: int
    number: int
    at: datetime | None = None


def read_press(argument: str) -> Press:
    """What the argument of a button says. Raises DraftGone for what no button of ours says."""
    match = _PRESS.fullmatch(argument)
    if match is None:
        raise DraftGone
    return Press(
        user_id=int(match["user_id"]),
        number=int(match["number"]),
        at=None if match["at"] is None else from_ms(int(match["at"])),
    )


def chosen_strike(values: Sequence[str]) -> int:
    """The strike that was chosen in the menu. Raises DraftGone for what it does not offer."""
    chosen = next(iter(values), "")
    if not _STRIKE.fullmatch(chosen):
        raise DraftGone
    return int(chosen)


def page(sheet: StrikeSheet, *, note: str | None = None) -> Card:
    """A page of a member's strikes; `note` says what became of a press."""
    items: list[_Item] = [] if note is None else [discord.ui.TextDisplay(note), discord.ui.Separator()]
    items.append(discord.ui.TextDisplay(words.sheet_title(sheet)))
    if not sheet.strikes:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(words.no_strikes())]
    for strike in sheet.strikes:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(words.entry(strike, sheet))]
    items += _controls(sheet)
    return Card(*items, colour=cards.BLURPLE)


def suspended(user_id: int, done: SuspendedMember) -> Card:
    """The answer to `/mod suspend`."""
    return Card(
        discord.ui.TextDisplay(words.suspended_member(user_id, done)),
        discord.ui.ActionRow(*_unsuspend(user_id, 1, done.holds), _open(user_id, 1, label=words.show_strikes())),
        colour=cards.BLURPLE,
    )


def unsuspended(user_id: int, lifted: Suspension | None) -> Card:
    """The answer to `/mod unsuspend`."""
    return Card(
        discord.ui.TextDisplay(words.unsuspended(user_id, lifted)),
        discord.ui.ActionRow(_open(user_id, 1, label=words.show_strikes())),
        colour=cards.BLURPLE,
    )


def _controls(sheet: StrikeSheet) -> list[_Item]:
    rows: list[_Item] = []
    options = [
        discord.SelectOption(
            label=text.shortened(words.lift_option(strike), _OPTION_CHARACTERS), value=str(strike.strike_id)
        )
        for strike in sheet.strikes
        if strike.weight and strike.lifted_at is None
    ]
    if options:
        menu = ActionSelect(
            LIFT_STRIKE_ACTION, f"{sheet.user_id}.{sheet.number}", options=options, placeholder=words.lift_strike()
        )
        rows.append(discord.ui.ActionRow(menu))
    if sheet.suspension is not None:
        rows.append(discord.ui.ActionRow(*_unsuspend(sheet.user_id, sheet.number, sheet.suspension)))
    if sheet.pages > 1:
        back = _open(sheet.user_id, sheet.number - 1, label=admin_words.previous_page(), emoji="◀️")
        on = _open(sheet.user_id, sheet.number + 1, label=admin_words.next_page(), emoji="▶️")
        back.disabled, on.disabled = sheet.number == 1, sheet.number == sheet.pages
        rows.append(discord.ui.ActionRow(back, on))
    return rows


def _unsuspend(user_id: int, number: int, suspension: Suspension) -> list[ActionButton]:
    if suspension.at is None:
        return []
    argument = f"{user_id}.{number}.{to_ms(suspension.at)}"
    return [ActionButton(UNSUSPEND_ACTION, argument, label=words.lift_suspension(), style=discord.ButtonStyle.primary)]


def _open(user_id: int, number: int, *, label: str, emoji: str | None = None) -> ActionButton:
    return ActionButton(OPEN_ACTION, f"{user_id}.{number}", label=label, emoji=emoji)

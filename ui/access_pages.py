"""The private pages of `/admin channels` and `/admin roles`: who is on the list, with a menu to take some off it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.access_lists import CHANNEL, ROLE
from generation.limit_book import GuildLimits
from limits import LimitKind
from ui import cards
from ui.buttons import ActionSelect
from ui.cards import Card
from ui.server_checks import ServerChecks
from ui.text import shortened
from ui.wording import access as words

REMOVE_ACTION: Final = "accessoff"

# Of channels with caps that are not on the list, so many are shown: the page stays below 4000 characters.
_CAPPED_SHOWN: Final = 10
_NAME_CHARACTERS: Final = 60
# Discord's ids are whole numbers of 63 bits.
_ID_DIGITS: Final = 19

NameOf = Callable[[int], str | None]
_Item = discord.ui.Item[Any]


def channels(checks: ServerChecks, caps: GuildLimits, name_of: NameOf, *, note: str | None = None) -> Card:
    """The allowed channels with the caps of their own, and other channels that have some."""
    listed = [check.channel_id for check in checks.channels]
    lines = [words.channels_title(), words.channels_state(len(listed))]
    lines += [
        words.channel_line(check.channel_id, exists=check.exists, caps=words.caps_of(caps, check.channel_id))
        for check in checks.channels
    ]
    lines.append(words.channels_note())
    others = [found for kind, found in caps.subjects() if kind is LimitKind.CHANNEL and found not in listed]
    if others:
        lines.append(words.other_caps_title())
        lines += [
            words.channel_line(channel_id, exists=name_of(channel_id) is not None, caps=words.caps_of(caps, channel_id))
            for channel_id in others[:_CAPPED_SHOWN]
        ]
        if len(others) > _CAPPED_SHOWN:
            lines.append(words.more(len(others) - _CAPPED_SHOWN))
    return _page(CHANNEL, lines, listed, name_of, note)


def roles(checks: ServerChecks, name_of: NameOf, *, note: str | None = None) -> Card:
    """The allowed roles."""
    listed = (*checks.role_ids, *checks.deleted_roles)
    lines = [words.roles_title(), words.roles_state(len(listed))]
    lines += [words.role_line(role_id, exists=role_id in checks.role_ids) for role_id in listed]
    lines.append(words.roles_note())
    return _page(ROLE, lines, listed, name_of, note)


def kind_of(argument: str) -> str:
    """Which list a menu is about. Raises InvalidOption for what no menu of ours says."""
    if argument not in {CHANNEL, ROLE}:
        raise InvalidOption("remove", "not_a_choice")
    return argument


def ids_in(chosen: Sequence[str]) -> tuple[int, ...]:
    """What was chosen in the menu. Raises InvalidOption for nothing, and for what is no id."""
    if not chosen or not all(value.isascii() and value.isdecimal() and len(value) <= _ID_DIGITS for value in chosen):
        raise InvalidOption("remove", "not_a_choice")
    return tuple(int(value) for value in chosen)


def _page(kind: str, lines: Sequence[str], listed: Sequence[int], name_of: NameOf, note: str | None) -> Card:
    items: list[_Item] = [discord.ui.TextDisplay("\n".join([note, *lines] if note else lines))]
    if listed:
        options = [
            discord.SelectOption(label=_label(kind, found, name_of(found)), value=str(found)) for found in listed
        ]
        menu = ActionSelect(
            REMOVE_ACTION, kind, options=options, placeholder=words.remove_placeholder(), most=len(options)
        )
        items.append(discord.ui.ActionRow(menu))
    return Card(*items, colour=cards.BLURPLE)


def _label(kind: str, found: int, name: str | None) -> str:
    if name is None:
        return words.deleted_label(found)
    sign = "#" if kind == CHANNEL else "@"
    return f"{sign}{shortened(name, _NAME_CHARACTERS)}"

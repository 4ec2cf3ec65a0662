"""What the private pages of `/admin limits` look like, and what their buttons and menus say; sends nothing.

Which cap is meant, and what it was when it was shown, is in the custom ids: whoever presses one that is out of date
is told so. The values come from the database each time.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.limit_book import (
    OF_GUILDS,
    OF_MEMBERS,
    REASON_MAX_CHARACTERS,
    Grant,
    GuildLimits,
    Key,
    Line,
    unit_of,
)
from generation.service import QuotaLine
from limits import LimitKind, LimitName
from ui import amounts, cards
from ui.buttons import ActionButton, ActionSelect, custom_id_of
from ui.cards import Card
from ui.forms import Form, TextField
from ui.wording import limits as words

CHANGE_ACTION: Final = "limit"
DEFAULT_ACTION: Final = "limitdefault"
OPEN_ACTION: Final = "limitopen"
SOMEBODY_ACTION: Final = "limitsomebody"
CHANNEL_ACTION: Final = "limitchannel"
PAGE_ACTION: Final = "limitpage"

VALUE_FIELD: Final = "value"
REASON_FIELD: Final = "reason"

# The page of everything stays below Discord's 40 components and 4000 characters with these.
OVERRIDES_PER_PAGE: Final = 6
CHANGES_SHOWN: Final = 3
# Where the bot can be used, and so where a cap can mean anything; threads follow their channel.
CHANNEL_TYPES: Final = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
)

_KINDS: Final = {
    "g": LimitKind.GUILD,
    "r": LimitKind.ROLE,
    "c": LimitKind.CHANNEL,
    "m": LimitKind.MEMBER,
}
_NAMES: Final = {
    "images": LimitName.MEMBER_DAILY_IMAGES,
    "money": LimitName.MEMBER_MONTHLY_MICROS,
    "day": LimitName.GUILD_DAILY_MICROS,
    "month": LimitName.GUILD_MONTHLY_MICROS,
}
_CODE_OF: Final = {value: code for codes in (_KINDS, _NAMES) for code, value in codes.items()}
_DEFAULT: Final = "default"
# No id and no value is longer: what is would be no number of ours.
_CAP: Final = re.compile(
    rf"(?P<kind>[grcm])\.(?P<subject>[0-9]{{1,20}})\.(?P<name>[a-z]+)\.(?P<shown>[0-9]{{1,15}}|{_DEFAULT})"
)
_SUBJECT: Final = re.compile(r"(?P<kind>[rcm])\.(?P<subject>[0-9]{1,20})")
# The largest id that the database takes.
_ID_MAX: Final = 2**63 - 1
_WHOLE: Final = "all"

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A role, channel or member: its name where it is known, whether it is gone, and a member's roles where known."""

    kind: LimitKind
    subject_id: int
    name: str | None = None
    gone: bool = False
    role_ids: tuple[int, ...] | None = None

    @property
    def mention(self) -> str:
        """How a message shows it."""
        return words.mention(self.kind, self.subject_id, gone=self.gone)


def keys_of_overview(view: GuildLimits, number: int) -> list[Key]:
    """The caps that a page of everything shows."""
    subjects = _page_of(view.subjects(), number)[0]
    return [
        *((LimitKind.GUILD, 0, name) for name in (*OF_MEMBERS, *OF_GUILDS)),
        *((kind, subject_id, name) for kind, subject_id in subjects for name in OF_MEMBERS),
    ]


def keys_of_subject(who: Who) -> list[Key]:
    """The caps that a page of one role, channel or member shows."""
    return [(who.kind, who.subject_id, name) for name in OF_MEMBERS]


def overview(
    view: GuildLimits,
    last: Mapping[Key, Line],
    history: Sequence[Line],
    who: Callable[[LimitKind, int], Who],
    *,
    number: int = 1,
    note: str | None = None,
) -> Card:
    """Everything that holds in the guild; of a page `number` of overrides that there isn't, the nearest."""
    items: list[_Item] = [_text(note, words.overview_title())]
    items += [
        discord.ui.Section(
            words.server_cap(view, name, last.get((LimitKind.GUILD, 0, name))),
            accessory=_change((LimitKind.GUILD, 0, name), view),
        )
        for name in (*OF_MEMBERS, *OF_GUILDS)
    ]
    items += [_text(words.bot_cap(view)), discord.ui.Separator(), *_overrides(view, last, who, number)]
    items += [_menu_of_somebody(), _menu_of_channels()]
    if history:
        lines = [words.change_line(change) for change in history[:CHANGES_SHOWN]]
        items += [discord.ui.Separator(), _text(words.history_title(), *lines)]
    return Card(*items, colour=cards.BLURPLE)


def subject(
    view: GuildLimits,
    last: Mapping[Key, Line],
    who: Who,
    *,
    standing: Sequence[QuotaLine] | None = None,
    note: str | None = None,
) -> Card:
    """The caps of one role, channel or member; `standing` is a member's, None where it is not known."""
    about = None if who.kind is LimitKind.MEMBER else words.subject_note(who.kind)
    items: list[_Item] = [_text(note, words.subject_title(who.mention), about)]
    if who.gone:
        items.append(_text(words.gone_note(who.kind)))
    lines = standing if standing is not None and who.kind is LimitKind.MEMBER else ()
    for name, line in itertools.zip_longest(OF_MEMBERS, lines[: len(OF_MEMBERS)]):
        key = (who.kind, who.subject_id, name)
        said = words.own_cap(key[2], view.own(*key), line, last.get(key))
        items.append(_text(said) if who.gone else discord.ui.Section(said, accessory=_change(key, view)))
    if who.kind is LimitKind.MEMBER and not who.gone:
        items.append(
            _text(words.unknown_note() if standing is None else _shared(standing) or words.subject_note(who.kind))
        )
    back = [
        _default(key, view) for name in OF_MEMBERS if view.own(*(key := (who.kind, who.subject_id, name))) is not None
    ]
    items.append(discord.ui.ActionRow(*back, ActionButton(PAGE_ACTION, "1", label=words.all_caps_button(), emoji="◀️")))
    return Card(*items, colour=cards.BLURPLE)


def granted(grant: Grant, member_id: int, *, upcoming: bool, standing: Sequence[QuotaLine]) -> Card:
    """Says what a member was granted and where they stand, also where more does not help them."""
    member = words.mention(LimitKind.MEMBER, member_id, gone=False)
    lines = [words.granted(grant, member), None if upcoming else _shared(standing)]
    return cards.notice("\n".join(line for line in lines if line), problem=False)


def form(argument: str) -> Form:
    """The form for the cap that a button names, with the value that was shown. Raises InvalidOption for no cap."""
    (_kind, _subject_id, name), shown = cap_of(argument)
    return Form(
        CHANGE_ACTION,
        argument,
        title=words.form_title(name),
        fields=[
            TextField(
                name=VALUE_FIELD,
                label=words.form_value(name),
                description=words.form_value_hint(name),
                value="" if shown is None else amounts.plain(unit_of(name), shown),
                longest=amounts.LONGEST,
                required=True,
            ),
            TextField(name=REASON_FIELD, label=words.form_reason(), longest=REASON_MAX_CHARACTERS),
        ],
    )


def cap_of(argument: str) -> tuple[Key, int | None]:
    """The cap that a button or form names, and what it was when that was shown; None is the default.

    Raises InvalidOption for what no button of ours says.
    """
    found = _CAP.fullmatch(argument)
    name = _NAMES.get(found["name"]) if found else None
    if found is None or name is None or int(found["subject"]) > _ID_MAX:
        raise InvalidOption("cap", "not_a_choice")
    shown = None if found["shown"] == _DEFAULT else int(found["shown"])
    return (_KINDS[found["kind"]], int(found["subject"]), name), shown


def subject_of(value: str) -> tuple[LimitKind, int]:
    """The role, channel or member that was chosen among those with caps. Raises InvalidOption for anything else."""
    found = _SUBJECT.fullmatch(value)
    if found is None or int(found["subject"]) > _ID_MAX:
        raise InvalidOption("cap", "not_a_choice")
    return _KINDS[found["kind"]], int(found["subject"])


def id_of(value: str) -> int:
    """The id that was chosen in one of Discord's own menus. Raises InvalidOption for what is none."""
    if not re.fullmatch(r"[0-9]{1,20}", value) or not 0 < int(value) <= _ID_MAX:
        raise InvalidOption("cap", "not_a_choice")
    return int(value)


def page_number(argument: str) -> int:
    """The page that a button leads to; the first for what no button of ours says."""
    return int(argument) if re.fullmatch(r"[0-9]{1,6}", argument) else 1


def _overrides(
    view: GuildLimits, last: Mapping[Key, Line], who: Callable[[LimitKind, int], Who], number: int
) -> list[_Item]:
    found = view.subjects()
    if not found:
        return [_text(words.overrides_title(0), words.overrides_note())]
    subjects, number, pages = _page_of(found, number)
    shown = [who(*each) for each in subjects]
    lines = [
        words.override(
            view, each.kind, each.subject_id, each.mention, [last[key] for key in keys_of_subject(each) if key in last]
        )
        for each in shown
    ]
    options = [
        discord.SelectOption(
            label=words.plain(each.kind, each.subject_id, each.name, gone=each.gone),
            value=f"{_CODE_OF[each.kind]}.{each.subject_id}",
            description=words.caps_in_short(view, each.kind, each.subject_id),
        )
        for each in shown
    ]
    menu = ActionSelect(OPEN_ACTION, _WHOLE, options=options, placeholder=words.pick_override())
    page = words.list_page(number, pages) if pages > 1 else None
    items: list[_Item] = [
        _text(words.overrides_title(len(found)), words.overrides_note()),
        _text(*lines, page),
        discord.ui.ActionRow(menu),
    ]
    if pages > 1:
        items.append(_turning(number, pages))
    return items


def _page_of(found: Sequence[tuple[LimitKind, int]], number: int) -> tuple[Sequence[tuple[LimitKind, int]], int, int]:
    """What is on a page, the page's number, and how many there are; of a page that there isn't, the nearest."""
    pages = max(1, -(-len(found) // OVERRIDES_PER_PAGE))
    number = min(max(1, number), pages)
    return found[(number - 1) * OVERRIDES_PER_PAGE : number * OVERRIDES_PER_PAGE], number, pages


def _shared(lines: Sequence[QuotaLine]) -> str | None:
    """Said where a budget of everybody's leaves less than the member's own caps do."""
    mine, others = lines[: len(OF_MEMBERS)], lines[len(OF_MEMBERS) :]
    if any(line.binds for line in mine):
        return None
    return words.binding(next(line for line in others if line.binds).balance)


def _change(key: Key, view: GuildLimits) -> ActionButton:
    return ActionButton(CHANGE_ACTION, _argument(key, view), label=words.change_button())


def _default(key: Key, view: GuildLimits) -> ActionButton:
    return ActionButton(DEFAULT_ACTION, _argument(key, view), label=words.default_button(key[2]))


def _argument(key: Key, view: GuildLimits) -> str:
    kind, subject_id, name = key
    own = view.own(*key)
    return f"{_CODE_OF[kind]}.{subject_id}.{_CODE_OF[name]}.{_DEFAULT if own is None else own}"


def _menu_of_somebody() -> _Item:
    menu: _Item = discord.ui.MentionableSelect(
        custom_id=custom_id_of(SOMEBODY_ACTION, _WHOLE), placeholder=words.pick_somebody()
    )
    return discord.ui.ActionRow(menu)


def _menu_of_channels() -> _Item:
    menu: _Item = discord.ui.ChannelSelect(
        custom_id=custom_id_of(CHANNEL_ACTION, _WHOLE),
        placeholder=words.pick_channel(),
        channel_types=list(CHANNEL_TYPES),
    )
    return discord.ui.ActionRow(menu)


def _turning(number: int, pages: int) -> _Item:
    back = ActionButton(PAGE_ACTION, str(number - 1), emoji="◀️")
    on = ActionButton(PAGE_ACTION, str(number + 1), emoji="▶️")
    back.disabled, on.disabled = number == 1, number == pages
    return discord.ui.ActionRow(back, on)


def _text(*lines: str | None) -> _Item:
    return discord.ui.TextDisplay("\n".join(line for line in lines if line))

"""What the private pages of `/mod log` look like, and what their buttons and menu say; sends nothing.

What is asked for, and where in the log a page begins, is in the custom ids: a page works as long as it can be seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.audit_log import DAYS_BOUNDS, FILENAME, LogPage, LogQuery, Topic
from ui import cards
from ui.buttons import ActionButton, ActionSelect
from ui.cards import Card
from ui.language import _
from ui.wording import log as words

LOG_ACTION: Final = "modlog"
LOG_TOPIC_ACTION: Final = "modlogtopic"
LOG_SHEET_ACTION: Final = "modlogsheet"

_ALL: Final = "all"
# Where the page begins, a member, a topic and days; 0 is none. Ids and numbers of lines have 19 digits at most.
_ARGUMENT: Final = re.compile(
    r"(?P<way>[nba])(?P<line>[0-9]{1,19})\.(?P<member>[0-9]{1,20})\.(?P<topic>[a-z]{1,12})\.(?P<days>[0-9]{1,3})"
)
_NEWEST, _BELOW, _ABOVE = "n", "b", "a"

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page is of, and where it begins: below the line `before`, above the line `after`, or at the newest."""

    query: LogQuery
    before: int | None = None
    after: int | None = None

    @property
    def argument(self) -> str:
        """What a button says for it."""
        way, line = _NEWEST, 0
        if self.before is not None:
            way, line = _BELOW, self.before
        elif self.after is not None:
            way, line = _ABOVE, self.after
        query = self.query
        return f"{way}{line}.{query.member_id or 0}.{query.topic or _ALL}.{query.days or 0}"


def read_argument(argument: str, *, guild_id: int) -> Asked:
    """What a button asks for. Raises InvalidOption for what no button of ours says."""
    found = _ARGUMENT.fullmatch(argument)
    if found is None:
        raise InvalidOption("kind", "not_a_choice")
    line, member_id, days = int(found["line"]), int(found["member"]), int(found["days"])
    if not 0 <= days <= DAYS_BOUNDS[1] or max(line, member_id) >= 2**63:
        raise InvalidOption("kind", "not_a_choice")
    return Asked(
        query=LogQuery(
            guild_id=guild_id, member_id=member_id or None, topic=read_topic(found["topic"]), days=days or None
        ),
        before=line if found["way"] == _BELOW else None,
        after=line if found["way"] == _ABOVE else None,
    )


def read_topic(value: str) -> Topic | None:
    """The topic that an option or a menu names; None is everything. Raises InvalidOption for any other value."""
    if value == _ALL:
        return None
    if value not in set(Topic):
        raise InvalidOption("kind", "not_a_choice")
    return Topic(value)


def of_topic(asked: Asked, values: Sequence[str]) -> Asked:
    """The newest lines of the one topic that was chosen in the menu, otherwise of the same."""
    if len(values) != 1:
        raise InvalidOption("kind", "not_a_choice")
    return Asked(query=replace(asked.query, topic=read_topic(values[0])))


def page(found: LogPage, query: LogQuery) -> Card:
    """The lines, the menu of kinds, and the ways to others and to the spreadsheet."""
    head = "\n".join(part for part in (words.title(), words.asked(query)) if part)
    items: list[_Item] = [discord.ui.TextDisplay(head)]
    if found.lines:
        items += [discord.ui.Separator(), discord.ui.TextDisplay("\n".join(words.entry(line) for line in found.lines))]
    else:
        items.append(discord.ui.TextDisplay(words.nothing(query)))
    items.append(discord.ui.ActionRow(_menu(query)))
    if found.lines:
        items.append(discord.ui.ActionRow(*_ways(found, query)))
    return Card(*items, colour=cards.BLURPLE)


def sheet(lines: int, *, complete: bool) -> Card:
    """The spreadsheet, as the file that goes along."""
    file: _Item = discord.ui.File(f"attachment://{FILENAME}")
    return Card(discord.ui.TextDisplay(words.sheet(lines, complete=complete)), file, colour=cards.BLURPLE)


def _menu(query: LogQuery) -> ActionSelect:
    options = [discord.SelectOption(label=words.any_topic(), value=_ALL, default=query.topic is None)]
    options += [
        discord.SelectOption(label=_(label), value=topic, default=query.topic is topic)
        for topic, label in words.TOPICS.items()
    ]
    argument = Asked(query=replace(query, topic=None)).argument
    return ActionSelect(LOG_TOPIC_ACTION, argument, options=options, placeholder=words.choose_topic())


def _ways(found: LogPage, query: LogQuery) -> list[ActionButton]:
    newer = ActionButton(
        LOG_ACTION, Asked(query=query, after=found.lines[0].seq).argument, label=words.newer(), emoji="◀️"
    )
    older = ActionButton(
        LOG_ACTION, Asked(query=query, before=found.lines[-1].seq).argument, label=words.older(), emoji="▶️"
    )
    newer.disabled = not found.has_newer
    older.disabled = not found.has_older
    return [
        newer,
        older,
        ActionButton(LOG_SHEET_ACTION, Asked(query=query).argument, label=words.to_sheet(), emoji="🧾"),
    ]

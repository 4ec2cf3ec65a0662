"""What the pages of requests in doubt look like, a server's and everybody's, and what their buttons say; sends nothing.

Five requests of six components each, with their texts, stay below Discord's 40 components and 4000 characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import DraftGone
from generation.unresolved import Doubt, DoubtPage
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.details import card_link
from ui.wording import admin as admin_words
from ui.wording import unresolved as words

_PAID: Final = "paid"
_FREE: Final = "free"
_PRESS: Final = re.compile(rf"(?P<outcome>{_PAID}|{_FREE})\.(?P<number>[0-9]{{1,9}})\.(?P<job_id>[A-Za-z0-9]{{1,40}})")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Whose pages they are: the buttons of a server's and of everybody's do different things."""

    decide: str
    turn: str


OF_GUILD: Final = Actions(decide="doubt", turn="doubtpage")
OF_ALL: Final = Actions(decide="opdoubt", turn="opdoubtpage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A decision on a job, made on the page of that number."""

    job_id: str
    paid: bool
    number: int


def read_press(argument: str) -> Press:
    """What the argument of a decision says. Raises DraftGone for what no button of ours says."""
    match = _PRESS.fullmatch(argument)
    if match is None:
        raise DraftGone
    return Press(job_id=match["job_id"], paid=match["outcome"] == _PAID, number=int(match["number"]))


def page(
    page: DoubtPage, actions: Actions, *, note: str | None = None, guilds: Mapping[int, str] | None = None
) -> Card:
    """A page of them; `note` says what became of a decision, `guilds` are names for pages of all servers."""
    items: list[_Item] = [] if note is None else [discord.ui.TextDisplay(note), discord.ui.Separator()]
    if not page.doubts:
        return Card(*items, discord.ui.TextDisplay(words.nothing()), colour=cards.BLURPLE)
    title = f"{words.title(page.total, page.held_micros)}\n{words.explanation()}"
    items.append(discord.ui.TextDisplay(title))
    for doubt in page.doubts:
        items += [discord.ui.Separator(), *_entry(doubt, page.number, actions, guilds)]
    if page.pages > 1:
        items += [discord.ui.TextDisplay(words.page_number(page.number, page.pages)), _turning(page, actions)]
    return Card(*items, colour=cards.BLURPLE)


def _entry(doubt: Doubt, number: int, actions: Actions, guilds: Mapping[int, str] | None) -> list[_Item]:
    job = doubt.job
    guild_id = job.origin.guild_id
    guild = None if guilds is None else guilds.get(guild_id, str(guild_id))
    lines = words.entry(job, since=doubt.since, written_off_at=doubt.written_off_at, guild=guild)
    buttons: list[discord.ui.Button[Any]] = [
        ActionButton(
            actions.decide,
            f"{_PAID}.{number}.{job.job_id}",
            label=words.paid(job.cost_micros),
            style=discord.ButtonStyle.primary,
        ),
        ActionButton(actions.decide, f"{_FREE}.{number}.{job.job_id}", label=words.not_paid()),
    ]
    link = card_link(job)
    if link is not None:
        buttons.append(discord.ui.Button(label=words.to_card(), url=link))
    return [discord.ui.TextDisplay(lines), discord.ui.ActionRow(*buttons)]


def _turning(page: DoubtPage, actions: Actions) -> _Item:
    back = ActionButton(actions.turn, str(page.number - 1), label=admin_words.previous_page(), emoji="◀️")
    on = ActionButton(actions.turn, str(page.number + 1), label=admin_words.next_page(), emoji="▶️")
    back.disabled, on.disabled = page.number == 1, page.number == page.pages
    return discord.ui.ActionRow(back, on)

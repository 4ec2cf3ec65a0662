"""What the private pages of past pictures look like, and one job shown again; sends nothing.

A page of five entries has 27 components at most, and its texts stay below 4000 characters whatever is in them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from generation.composing import words_of
from generation.history import HistoryPage
from models import Job, JobStatus
from ui import cards, text, wording
from ui.buttons import ActionButton
from ui.cards import Card
from ui.details import card_link
from ui.result_buttons import result_buttons
from ui.wording import history as words

HISTORY_ACTION: Final = "history"
CHOICE_CHARACTERS: Final = 100
# Five of these, with every character of them escaped, still leave room for the rest of a page.
PROMPT_CHARACTERS: Final = 140

_BLURPLE: Final = 0x5865F2
_OWN: Final = "own"
_FAVOURITES: Final = "fav"
_ARGUMENT: Final = re.compile(r"(?P<number>[0-9]{1,9})\.(?P<source>[A-Za-z0-9_-]{1,40})")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the pages are of. `draft_id` names the draft that holds all of it, where a custom id could not."""

    search: str | None = None
    preset: str | None = None
    favourites: bool = False
    draft_id: str | None = None

    @property
    def is_filtered(self) -> bool:
        return self.search is not None or self.preset is not None

    def argument(self, number: int) -> str:
        """The argument of a button that leads to the page of that number."""
        return f"{number}.{self.draft_id or (_FAVOURITES if self.favourites else _OWN)}"


def read_argument(argument: str) -> tuple[int, Asked]:
    """The number of the page and what was asked for; with a `draft_id`, the rest of it is in that draft.

    Raises ValueError for what no button of ours says.
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise ValueError(f"{argument!r} leads to no page")
    number, source = int(match["number"]), match["source"]
    if source in {_OWN, _FAVOURITES}:
        return number, Asked(favourites=source == _FAVOURITES)
    return number, Asked(draft_id=source)


def history(
    page: HistoryPage, asked: Asked, *, reader_id: int, favourites: Collection[str], thumbnails: Mapping[str, str]
) -> Card:
    """A page of past pictures; `favourites` are the reader's among its jobs, `thumbnails` addresses by job id."""
    if not page.jobs:
        filtered = asked.is_filtered
        return cards.page(words.nothing_found(favourites=asked.favourites, filtered=filtered))
    heading = [words.history_title(favourites=asked.favourites), words.filters(asked.search, asked.preset)]
    items: list[_Item] = [discord.ui.TextDisplay("\n".join(line for line in heading if line))]
    for job in page.jobs:
        lines = (
            words.entry_prompt(words_of(job), PROMPT_CHARACTERS)
            if cards.may_read(job, reader_id)
            else words.entry_hidden(),
            words.entry_facts(job),
            words.entry_marks(
                job, link=card_link(job), favourite=job.job_id in favourites, mine=job.origin.user_id == reader_id
            ),
        )
        items += [_beside("\n".join(lines), job, thumbnails.get(job.job_id)), discord.ui.Separator()]
    items.append(discord.ui.TextDisplay(words.page_number(page.number, page.pages, page.total)))
    if page.pages > 1:
        items.append(_turning(page, asked))
    return Card(*items, colour=_BLURPLE)


def shown(job: Job, media: Sequence[str], *, kept: bool = False) -> Card:
    """One job's pictures again; `media` are their addresses, or `attachment://` and the names of files sent along.

    `kept` where they could not be posted and come from the bot's own disk.
    """
    alt_text = cards.alt_text(job)
    gallery = [discord.MediaGalleryItem(url, description=alt_text) for url in media]
    produced = max(job.images_produced, len(media))
    notes = [
        f"-# {wording.settings(job)}",
        f"-# {wording.gallery_cost(job.settled_micros, produced)} · {text.job_reference(job.job_id)}",
        words.kept_note() if kept else None,
    ]
    items: list[_Item] = [
        discord.ui.TextDisplay(_prompt(job)),
        discord.ui.MediaGallery(*gallery),
        discord.ui.TextDisplay("\n".join(note for note in notes if note)),
    ]
    if job.status is JobStatus.DELIVERED:
        items.append(result_buttons(job.job_id)[0])
    return Card(*items, *([] if kept else _way_to(job)), colour=_BLURPLE)


def state(job: Job) -> Card:
    """One job that has no pictures to show: how it stands, or what became of it."""
    lines = [
        wording.card_title(job.status),
        _prompt(job),
        wording.card_body(job),
        f"-# {wording.settings(job)}",
        f"-# {wording.cost(job)} · {text.job_reference(job.job_id)}",
    ]
    return Card(discord.ui.TextDisplay("\n".join(line for line in lines if line)), *_way_to(job), colour=_BLURPLE)


def _prompt(job: Job) -> str:
    return words.entry_prompt(words_of(job), cards.PROMPT_CHARACTERS)


def _way_to(job: Job) -> list[_Item]:
    link = card_link(job)
    if link is None:
        return []
    return [discord.ui.ActionRow(discord.ui.Button[Any](label=words.to_message(), url=link))]


def _beside(lines: str, job: Job, thumbnail: str | None) -> _Item:
    if thumbnail is None:
        return discord.ui.TextDisplay(lines)
    return discord.ui.Section(lines, accessory=discord.ui.Thumbnail(thumbnail, description=cards.alt_text(job)))


def _turning(page: HistoryPage, asked: Asked) -> _Item:
    previous = ActionButton(
        HISTORY_ACTION, asked.argument(max(0, page.number - 1)), label=words.previous_page(), emoji="◀️"
    )
    following = ActionButton(HISTORY_ACTION, asked.argument(page.number + 1), label=words.next_page(), emoji="▶️")
    previous.disabled = page.number == 1
    following.disabled = not page.has_more
    return discord.ui.ActionRow(previous, following)

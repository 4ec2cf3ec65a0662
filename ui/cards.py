"""Builds what Easel's messages look like, with Discord's components v2; sends nothing.

A card says what its job's status is, in one container whose colour tells the state from afar. All of them
stay below Discord's limits: 40 components and 4000 characters a message, whatever the prompt holds.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from generation import inputs
from generation.delivery import UsualTime
from generation.service import QuotaLine, Standing
from models import FailureReason, Job, JobStatus, Verdict
from moderation import ReviewMark
from ui import text, wording
from ui.buttons import cancel_button
from ui.result_buttons import again_buttons, delete_button, result_buttons
from ui.wording import reports

PROMPT_CHARACTERS: Final = 300
ALT_TEXT_CHARACTERS: Final = 1024
# Ten entries of three components each, with their texts, stay below 40 components and 4000 characters.
QUEUE_ENTRIES: Final = 10
_QUEUE_PROMPT_CHARACTERS: Final = 80

BLURPLE: Final = 0x5865F2
_AMBER: Final = 0xF0B232
_GREEN: Final = 0x23A55A
RED: Final = 0xDA373C
_GREY: Final = 0x80848E

_COLOURS: Final = {
    JobStatus.QUEUED: BLURPLE,
    JobStatus.SUBMITTING: _AMBER,
    JobStatus.SUBMITTED: _AMBER,
    JobStatus.GENERATED: _AMBER,
    JobStatus.IN_REVIEW: _AMBER,
    JobStatus.IN_DOUBT: _AMBER,
    JobStatus.DELIVERED: _GREEN,
    JobStatus.FAILED: RED,
}

# Where the picture is not shown its prompt isn't either: what may not be seen should not be read instead.
_WITHOUT_PROMPT: Final = frozenset({JobStatus.WITHHELD, JobStatus.IN_REVIEW, JobStatus.REJECTED, JobStatus.EXPIRED})
_TIMED: Final = frozenset({JobStatus.QUEUED, JobStatus.SUBMITTING, JobStatus.SUBMITTED})

# A member who asks about one of these, or an operator who looks into it, needs to say which it is.
_REFERENCED: Final = frozenset(
    {status for status in JobStatus if status.is_terminal} | {JobStatus.IN_DOUBT, JobStatus.IN_REVIEW}
)

_Item = discord.ui.Item[Any]


class Card(discord.ui.LayoutView):
    """One container as a whole message.

    It is stopped from the start, so discord.py keeps nothing of it in memory: its buttons are recognised by
    their custom ids. Must be made inside of the event loop.
    """

    def __init__(self, *items: _Item, colour: int) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Container(*items, accent_colour=colour))
        self.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in a gallery by the name of its file; `alt_text` is what screen readers say."""

    filename: str
    alt_text: str


def for_job(job: Job, *, place: int | None = None, usual: UsualTime | None = None, left: int | None = None) -> Card:
    """The card of a job without pictures: its state, what it is about, what it costs and, in line, Cancel."""
    if not job.is_shown:
        return _withdrawn(job)
    if job.status is JobStatus.DELIVERED:
        return _lost(job)
    given = None if job.status.is_terminal else next(iter(inputs.names(job.request)), None)
    items: list[_Item] = [_beside("\n".join(_lines(job, place, usual, left)), given)]
    if job.status is JobStatus.QUEUED:
        items.append(discord.ui.ActionRow(cancel_button(job.job_id)))
    return Card(*items, colour=_COLOURS.get(job.status, _GREY))


def gallery(
    job: Job,
    pictures: Sequence[Picture],
    verdicts: Sequence[Verdict],
    *,
    spoiler: bool = False,
    given: str | None = None,
) -> Card:
    """The card of a delivered job: prompt, pictures, the recipe to make them again, the cost, and what to do next.

    `given` is the file name of the member's own image where it lies on the card.
    """
    media = [
        discord.MediaGalleryItem(f"attachment://{picture.filename}", description=picture.alt_text, spoiler=spoiler)
        for picture in pictures
    ]
    produced = max(job.images_produced, len(verdicts))
    withheld = sum(not verdict.released for verdict in verdicts)
    notes = [
        wording.withheld_note(withheld, produced) if withheld else None,
        wording.missing_note(job.images_requested - produced) if produced < job.images_requested else None,
        wording.settings(job),
        _facts(
            wording.asked_by(job),
            wording.gallery_cost(job.price_micros * produced, produced),
            text.job_reference(job.job_id),
        ),
    ]
    return Card(
        _beside(text.quoted(job.typed_prompt, PROMPT_CHARACTERS), given),
        discord.ui.MediaGallery(*media),
        discord.ui.TextDisplay("\n".join(f"-# {line}" for line in notes if line)),
        *result_buttons(job.job_id),
        colour=_COLOURS[JobStatus.DELIVERED],
    )


def shows_words(job: Job) -> bool:
    """Whether everybody may read the job's prompt.

    One that the prompt filter marked is not shown until its picture is, from the first card on.
    """
    if job.review_mark == ReviewMark.PROMPT and job.status is not JobStatus.DELIVERED:
        return False
    return job.is_shown and job.status not in _WITHOUT_PROMPT and job.reason != FailureReason.CONTENT_POLICY


def may_read(job: Job, reader_id: int) -> bool:
    """Whether this member may read the job's prompt: its author too, unless a moderator has removed it."""
    return shows_words(job) or (job.removed_at is None and job.origin.user_id == reader_id)


def alt_text(job: Job) -> str:
    """What screen readers say about a released picture of the job."""
    return wording.alternative_text(job.request.prompt, ALT_TEXT_CHARACTERS)


def notice(words: str, *, problem: bool = True) -> Card:
    """A private message of a few sentences; red where something is wrong."""
    return Card(discord.ui.TextDisplay(words), colour=RED if problem else BLURPLE)


def page(words: str) -> Card:
    """A private page to read."""
    return Card(discord.ui.TextDisplay(words), colour=BLURPLE)


def queue(entries: Sequence[Standing]) -> Card:
    """The private list of a member's jobs under way, with Cancel beside those that still wait."""
    if not entries:
        return page(wording.queue_empty())
    items: list[_Item] = [discord.ui.TextDisplay(wording.queue_title())]
    for entry in entries[:QUEUE_ENTRIES]:
        words = (
            f"{text.quoted(entry.job.request.prompt, _QUEUE_PROMPT_CHARACTERS)}\n"
            f"{wording.queue_entry(entry.job, entry.place, entry.usual)}"
        )
        if entry.job.status is JobStatus.QUEUED:
            items.append(discord.ui.Section(words, accessory=cancel_button(entry.job.job_id)))
        else:
            items.append(discord.ui.TextDisplay(words))
    if len(entries) > QUEUE_ENTRIES:
        items.append(discord.ui.TextDisplay(wording.queue_more(len(entries) - QUEUE_ENTRIES)))
    return Card(*items, colour=BLURPLE)


def quota(lines: Sequence[QuotaLine]) -> Card:
    """What a member can still make, and the accounts that say so: the member's own, the server's, everybody's."""
    items: list[_Item] = [discord.ui.TextDisplay(wording.quota_title(lines))]
    for _, group in itertools.groupby(lines, key=lambda line: line.balance.account.scope):
        items += [discord.ui.Separator(), *(discord.ui.TextDisplay(wording.quota_line(line)) for line in group)]
    note = wording.quota_note(lines)
    if note is not None:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(note)]
    return Card(*items, colour=BLURPLE)


def _withdrawn(job: Job) -> Card:
    """The card of a hidden or removed job: what was done, and nothing of what it was about.

    While it is hidden its author, or a moderator, can still delete the message. What waits in line can be cancelled.
    """
    hidden = job.removed_at is None
    items: list[_Item] = [
        discord.ui.TextDisplay(
            "\n".join(
                (reports.hidden_card() if hidden else reports.removed_card(), f"-# {text.job_reference(job.job_id)}")
            )
        )
    ]
    if job.status is JobStatus.QUEUED:
        items.append(discord.ui.ActionRow(cancel_button(job.job_id)))
    elif hidden and job.status.is_terminal:
        items.append(discord.ui.ActionRow(delete_button(job.job_id)))
    return Card(*items, colour=_GREY)


def _lost(job: Job) -> Card:
    """The card of a delivered job whose pictures could not be kept while they were hidden: it can be made again."""
    facts = _facts(wording.asked_by(job), text.job_reference(job.job_id))
    return Card(
        discord.ui.TextDisplay(
            f"{reports.lost_card()}\n{text.quoted(job.typed_prompt, PROMPT_CHARACTERS)}\n"
            f"-# {wording.settings(job)}\n-# {facts}"
        ),
        again_buttons(job.job_id),
        colour=_GREY,
    )


def _beside(words: str, filename: str | None) -> _Item:
    """The words, with the image that the member gave beside them, small."""
    if filename is None:
        return discord.ui.TextDisplay(words)
    picture: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail(
        f"attachment://{filename}", description=wording.given_image()
    )
    return discord.ui.Section(words, accessory=picture)


def _lines(job: Job, place: int | None, usual: UsualTime | None, left: int | None) -> list[str]:
    lines = [wording.card_title(job.status)]
    if shows_words(job):
        lines.append(text.quoted(job.typed_prompt, PROMPT_CHARACTERS))
    body = wording.card_body(job)
    if body is not None:
        lines.append(body)
    if not job.status.is_terminal and shows_words(job):  # the names of presets are words as well
        lines.append(f"-# {wording.settings(job)}")
    facts = _facts(
        wording.asked_by(job) if shows_words(job) else None,
        wording.cost(job),
        wording.left_after(left) if left is not None else None,
        wording.place_in_line(place) if place is not None and job.status is JobStatus.QUEUED else None,
        wording.usual_time(usual) if usual is not None and job.status in _TIMED else None,
    )
    lines.append(f"-# {facts}")
    if job.status in _REFERENCED:
        lines.append(f"-# {text.job_reference(job.job_id)}")
    return lines


def _facts(*facts: str | None) -> str:
    return " · ".join(fact for fact in facts if fact)

"""What the cards in the moderators' channel look like, and what their buttons say; sends nothing.

Every kind of case has a view, which reads what its card shows and makes it. All cards have one frame: what waits or
what was decided on top, the case's reference at the bottom, and buttons only while it is open. Discord's limits of 4000
characters and 40 components hold whatever a member wrote: texts are quoted shorter until they fit.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import DraftGone
from generation.case_sheets import AppealSheet, CaseSheets, ReviewSheet
from generation.delivery import GivenFile, ReleasedImage
from generation.strikes import StrikeSheet
from models import GuildSettings, Job
from moderation import Case, CaseKind, CaseOutcome
from ui import text, wording
from ui.buttons import ActionButton
from ui.cards import Card
from ui.details import card_link
from ui.language import _
from ui.wording import cases as words
from ui.wording import strikes as strike_words

APPROVE_ACTION: Final = "reviewapprove"
REJECT_ACTION: Final = "reviewreject"
SUSPEND_ACTION: Final = "reviewsuspend"
GRANT_ACTION: Final = "appealgrant"
DENY_ACTION: Final = "appealdeny"
LIFT_ACTION: Final = "strikeslift"
KEEP_ACTION: Final = "strikeskeep"

AMBER: Final = 0xF0B232
_GREEN: Final = 0x23A55A
_RED: Final = 0xDA373C
_GREY: Final = 0x80848E
_COLOURS: Final = {
    CaseOutcome.APPROVED: _GREEN,
    CaseOutcome.GRANTED: _GREEN,
    CaseOutcome.LIFTED: _GREEN,
    CaseOutcome.REJECTED: _RED,
    CaseOutcome.REMOVED: _RED,
}

# What Discord takes of all texts of a message; bytes beyond some ten thousand fail as well.
_CHARACTERS: Final = 4000
_BYTES: Final = 9500
# How much of a long text is quoted: as much as fits.
_QUOTED: Final = (2000, 1000, 600, 300, 120, 40)
_STRIKES_SHOWN: Final = 5
_CASE_ID: Final = re.compile(r"[0-9]{1,18}")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSheet:
    """A case as it was read: `images` of `job` go onto its card, which `card` makes of the names of their files.

    `given` goes along with them, as it is.
    """

    card: Callable[[Sequence[str]], Card]
    job: Job | None = None
    images: Sequence[ReleasedImage] = ()
    given: GivenFile | None = None


# Reads what the card of a case shows. Raises StorageUnavailable.
CaseView = Callable[[Case, GuildSettings], Awaitable[CaseSheet]]


def views(sheets: CaseSheets) -> dict[CaseKind, CaseView]:
    """The views of reviews, appeals, and members at the end of the ladder."""

    async def review(case: Case, guild: GuildSettings) -> CaseSheet:
        sheet = await sheets.review(case)
        return CaseSheet(
            card=lambda files: review_card(case, sheet, files, spoiler=guild.spoilers),
            job=sheet.job,
            images=sheet.images,
        )

    async def appeal(case: Case, _guild: GuildSettings) -> CaseSheet:
        sheet = await sheets.appeal(case)
        return CaseSheet(card=lambda _files: appeal_card(case, sheet))

    async def strikes(case: Case, _guild: GuildSettings) -> CaseSheet:
        sheet = await sheets.strikes(case)
        return CaseSheet(card=lambda _files: strikes_card(case, sheet))

    return {CaseKind.REVIEW: review, CaseKind.APPEAL: appeal, CaseKind.STRIKES: strikes}


def read_case_id(argument: str) -> int:
    """The case that a button means. Raises DraftGone for what no button of ours says."""
    if not _CASE_ID.fullmatch(argument):
        raise DraftGone
    return int(argument)


def framed(case: Case, paragraphs: Sequence[str], *, media: _Item | None, buttons: Sequence[ActionButton]) -> Card:
    """A card of the frame that all have: the `paragraphs` stand apart, `buttons` are there while the case is open.

    The first paragraph follows the headline and, of a decided case, who decided it.
    """
    head = [words.title(case), words.decided_by(case), *paragraphs[:1]]
    items: list[_Item] = [discord.ui.TextDisplay("\n".join(line for line in head if line))]
    items += [discord.ui.TextDisplay(paragraph) for paragraph in paragraphs[1:] if paragraph]
    if media is not None:
        items.append(media)
    if case.is_open:
        items.append(discord.ui.ActionRow(*buttons))
    items.append(discord.ui.TextDisplay(words.reference_line(case.case_id)))
    return Card(*items, colour=AMBER if case.outcome is None else _COLOURS.get(case.outcome, _GREY))


def fitted(make: Callable[[int], Card]) -> Card:
    """The card with as much quoted of every text as fits into a message."""
    for characters in _QUOTED:
        card = make(characters)
        length, size = card.content_length(), sum(len(content.encode()) for content in _contents(card))
        if length <= _CHARACTERS and size <= _BYTES:
            break
    return card


def pictures(files: Sequence[str], *, spoiler: bool) -> _Item | None:
    """The pictures as moderators see them; None where there are none."""
    if not files:
        return None
    return discord.ui.MediaGallery(
        *(
            discord.MediaGalleryItem(
                f"attachment://{file}", description=words.alternative_text(number, len(files)), spoiler=spoiler
            )
            for number, file in enumerate(files, start=1)
        )
    )


def review_card(case: Case, sheet: ReviewSheet, files: Sequence[str], *, spoiler: bool) -> Card:
    """A picture that waits for a moderator, or what became of it."""
    job = sheet.job
    buttons = (
        _button(APPROVE_ACTION, case, _(words.APPROVE), discord.ButtonStyle.success),
        _button(REJECT_ACTION, case, _(words.REJECT), discord.ButtonStyle.danger),
        _button(SUSPEND_ACTION, case, _(words.REJECT_AND_SUSPEND), discord.ButtonStyle.danger),
    )

    def make(characters: int) -> Card:
        paragraphs = (
            "\n".join(_review_lines(case, sheet, link=card_link(job), characters=characters)),
            "\n".join(f"-# {line}" for line in _review_notes(case, sheet, has_pictures=bool(files)) if line),
        )
        return framed(case, paragraphs, media=pictures(files, spoiler=spoiler), buttons=buttons)

    return fitted(make)


def appeal_card(case: Case, sheet: AppealSheet) -> Card:
    """What a member says against a refusal or a suspension, and what that was about."""
    buttons = (
        _button(GRANT_ACTION, case, _(words.GRANT), discord.ButtonStyle.success),
        _button(DENY_ACTION, case, _(words.DENY), discord.ButtonStyle.secondary),
    )

    def make(characters: int) -> Card:
        paragraphs = (
            "\n".join((words.appealed(case), text.quoted(case.words, characters))),
            "\n".join(_appealed_lines(sheet, characters)),
        )
        return framed(case, paragraphs, media=None, buttons=buttons)

    return fitted(make)


def strikes_card(case: Case, sheet: StrikeSheet) -> Card:
    """A member at the end of the ladder, with the latest strikes."""
    buttons = (
        _button(LIFT_ACTION, case, _(words.LIFT), discord.ButtonStyle.primary),
        _button(KEEP_ACTION, case, _(words.KEEP), discord.ButtonStyle.secondary),
    )
    entries = [strike_words.entry(strike, sheet) for strike in sheet.strikes[:_STRIKES_SHOWN]]
    about = strike_words.sheet_title(sheet).removeprefix("### ")  # the case has a headline of its own
    return framed(case, (about, *entries), media=None, buttons=buttons)


def _review_lines(case: Case, sheet: ReviewSheet, *, link: str | None, characters: int) -> Iterator[str]:
    job = sheet.job
    yield words.wants_to_show(job)
    came_to = words.came_to(case, job, link)
    if came_to is not None:
        yield came_to
    yield text.quoted(job.typed_prompt, characters)
    if job.request.prompt != job.typed_prompt:
        yield words.sent_as(job.request.prompt, characters // 2)
    yield words.why_it_waits(job.review_mark, sheet.marked)


def _review_notes(case: Case, sheet: ReviewSheet, *, has_pictures: bool) -> Iterator[str]:
    job = sheet.job
    withheld = sum(not verdict.released for verdict in sheet.verdicts)
    if withheld:
        yield words.left_out(withheld)
    if case.is_open and not has_pictures:
        yield words.picture_is_lost()
    yield wording.settings(job)
    facts = [text.money(job.settled_micros), words.asked(job.created_at), text.job_reference(job.job_id)]
    if case.is_open and case.expires_at is not None:
        facts.append(words.expires(case.expires_at))
    yield " · ".join(facts)


def _appealed_lines(sheet: AppealSheet, characters: int) -> Iterator[str]:
    strike = sheet.strike
    if strike is not None:
        yield words.refused(strike)
        if sheet.prompt:
            yield text.quoted(sheet.prompt, characters)
        else:
            yield words.prompt_is_forgotten()
    if sheet.suspension is not None:
        yield strike_words.suspension(sheet.suspension)
    elif strike is None:
        yield words.not_suspended_any_more()


def _button(action: str, case: Case, label: str, style: discord.ButtonStyle) -> ActionButton:
    return ActionButton(action, str(case.case_id), label=label, style=style)


def _contents(card: Card) -> Iterator[str]:
    return (item.content for item in card.walk_children() if isinstance(item, discord.ui.TextDisplay))

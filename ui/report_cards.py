"""What the card of a report looks like in the moderators' channel, and what its buttons say; sends nothing."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import discord

from generation.composing import words_of
from generation.report_sheets import ReportSheet, ReportSheets
from models import GuildSettings
from moderation import Case
from ui import text, wording
from ui.buttons import ActionButton
from ui.cards import Card
from ui.case_cards import CaseSheet, CaseView, fitted, framed
from ui.details import card_link
from ui.wording import cases as case_words
from ui.wording import reports as words
from ui.wording import strikes as strike_words

REMOVE_ACTION: Final = "reportremove"
SUSPEND_ACTION: Final = "reportsuspend"
DISMISS_ACTION: Final = "reportdismiss"
BLOCK_ACTION: Final = "reportblock"

# The first of them say what is wrong; the rest is a number.
_REASONS_SHOWN: Final = 4


def view(sheets: ReportSheets) -> CaseView:
    """The view of reports."""

    async def report(case: Case, guild: GuildSettings) -> CaseSheet:
        sheet = await sheets.of(case)
        return CaseSheet(
            card=lambda files: report_card(case, sheet, files, guild=guild),
            job=sheet.job,
            images=sheet.images,
            given=sheet.given,
        )

    return report


def report_card(case: Case, sheet: ReportSheet, files: Sequence[str], *, guild: GuildSettings) -> Card:
    """A reported picture, or what became of it. `files` are the names of what lies on the card."""
    buttons = (
        _button(REMOVE_ACTION, case, words.remove(), discord.ButtonStyle.danger),
        _button(SUSPEND_ACTION, case, words.suspend_author(), discord.ButtonStyle.secondary),
        _button(DISMISS_ACTION, case, words.dismiss(), discord.ButtonStyle.success),
        _button(BLOCK_ACTION, case, words.block_term(), discord.ButtonStyle.secondary),
    )

    def make(characters: int) -> Card:
        paragraphs = (
            "\n".join(_about(case, sheet, guild, characters)),
            "\n".join(_reasons(sheet, characters)),
            "\n".join(f"-# {line}" for line in _notes(case, sheet, has_pictures=bool(files))),
        )
        return framed(case, paragraphs, media=_media(sheet, files, spoiler=guild.spoilers), buttons=buttons)

    return fitted(make)


def _about(case: Case, sheet: ReportSheet, guild: GuildSettings, characters: int) -> Iterator[str]:
    job = sheet.job
    yield words.whose(job, card_link(job))
    if case.is_open:
        yield words.standing(job, counted=sheet.counted, needed=guild.reports_to_hide)
    typed = words_of(job)
    if not typed:
        yield words.prompt_forgotten()
        return
    yield text.quoted(typed, characters)
    if job.request.prompt != typed:
        yield case_words.sent_as(job.request.prompt, characters // 2)


def _reasons(sheet: ReportSheet, characters: int) -> Iterator[str]:
    yield words.reported_by(len(sheet.reports))
    for report in sheet.reports[:_REASONS_SHOWN]:
        yield words.reason(report, max(40, characters // 4))
    if len(sheet.reports) > _REASONS_SHOWN:
        yield words.more_reasons(len(sheet.reports) - _REASONS_SHOWN)


def _notes(case: Case, sheet: ReportSheet, *, has_pictures: bool) -> Iterator[str]:
    job = sheet.job
    withheld = sum(not verdict.released for verdict in sheet.verdicts)
    if withheld:
        yield case_words.left_out(withheld)
    if case.is_open and not has_pictures:
        yield words.no_pictures(job)
    if sheet.suspension is not None:
        yield from strike_words.suspension(sheet.suspension).splitlines()[:1]
    yield wording.settings(job)
    yield " · ".join((case_words.asked(job.created_at), text.job_reference(job.job_id)))


def _media(sheet: ReportSheet, files: Sequence[str], *, spoiler: bool) -> discord.ui.Item[Any] | None:
    if not files:
        return None
    given = None if sheet.given is None else sheet.given.filename
    made = [file for file in files if file != given]
    items = [
        discord.MediaGalleryItem(
            f"attachment://{file}",
            description=words.given_image()
            if file == given
            else words.alternative_text(made.index(file) + 1, len(made)),
            spoiler=spoiler,
        )
        for file in files
    ]
    return discord.ui.MediaGallery(*items)


def _button(action: str, case: Case, label: str, style: discord.ButtonStyle) -> ActionButton:
    return ActionButton(action, str(case.case_id), label=label, style=style)

"""The forms behind *Suspend author* and *Block a term* on the card of a report."""

from typing import Final

import discord

from generation.filter_terms import CATEGORIES, TYPED_MAX_CHARACTERS
from generation.strikes import REASON_MAX_CHARACTERS
from ui import durations
from ui.forms import Form, FormValues, SelectField, TextField
from ui.report_cards import BLOCK_ACTION, SUSPEND_ACTION
from ui.wording import cases as case_words
from ui.wording import filters as filter_words
from ui.wording import reports as words

_DURATION: Final = "duration"
_REASON: Final = "reason"
_TERM: Final = "term"
_CATEGORY: Final = "category"


def suspend_form(case_id: int) -> Form:
    """Asks for how long the author is suspended, and why."""
    return Form(
        SUSPEND_ACTION,
        str(case_id),
        title=words.suspend_title(),
        fields=(
            TextField(
                name=_DURATION,
                label=case_words.for_how_long(),
                description=case_words.for_how_long_hint(),
                longest=durations.LONGEST,
            ),
            TextField(
                name=_REASON,
                label=case_words.why(),
                description=case_words.why_hint(),
                longest=REASON_MAX_CHARACTERS,
                paragraph=True,
            ),
        ),
    )


def block_form(case_id: int) -> Form:
    """Asks what the server's prompt filter is to refuse from now on."""
    return Form(
        BLOCK_ACTION,
        str(case_id),
        title=words.block_title(),
        fields=(
            TextField(
                name=_TERM,
                label=words.block_what(),
                description=words.block_hint(),
                required=True,
                longest=TYPED_MAX_CHARACTERS,
            ),
            SelectField(
                name=_CATEGORY,
                label=words.block_category(),
                description=words.block_category_hint(),
                options=[
                    discord.SelectOption(label=filter_words.show_category(category), value=category)
                    for category in CATEGORIES
                ],
            ),
        ),
    )


def seconds(values: FormValues) -> int | None:
    """For how long, None for until it is lifted. Raises InvalidOption for what is no length of time."""
    typed = values.text(_DURATION)
    return durations.read_duration("duration", typed) if typed else None


def reason(values: FormValues) -> str:
    """Why; line breaks are no part of it."""
    return " ".join(values.text(_REASON).split())


def term(values: FormValues) -> str:
    """What is to be blocked, as it was typed."""
    return values.text(_TERM)


def category(values: FormValues) -> str | None:
    """Its category; None where none was chosen."""
    return values.choice(_CATEGORY)

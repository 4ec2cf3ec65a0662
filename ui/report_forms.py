"""The forms behind *Suspend author* and *Block a term* on the card of a report."""

from typing import Final

import discord

from generation.filter_terms import CATEGORIES, TYPED_MAX_CHARACTERS
from ui.case_forms import suspend_fields
from ui.forms import Form, FormValues, SelectField, TextField
from ui.report_cards import BLOCK_ACTION, SUSPEND_ACTION
from ui.wording import filters as filter_words
from ui.wording import reports as words

_TERM: Final = "term"
_CATEGORY: Final = "category"


def suspend_form(case_id: int) -> Form:
    """Asks for how long the author is suspended, and why; read by `ui.case_forms`."""
    return Form(SUSPEND_ACTION, str(case_id), title=words.suspend_title(), fields=suspend_fields())


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


def term(values: FormValues) -> str:
    """What is to be blocked, as it was typed."""
    return values.text(_TERM)


def category(values: FormValues) -> str | None:
    """Its category; None where none was chosen."""
    return values.choice(_CATEGORY)

"""The private pages of `/privacy`; sends nothing."""

from typing import Any, Final

import discord

from generation.privacy import Forgotten, Holdings
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.wording import privacy as words

DELETE_ACTION: Final = "forgetme"
_RED: Final = 0xDA373C


def sheet(held: Holdings, *, retention_days: int, log_days: int) -> Card:
    """What is kept about the member."""
    return cards.page(words.sheet(held, retention_days, log_days))


def export(filename: str) -> Card:
    """The file with everything."""
    file: discord.ui.File[Any] = discord.ui.File(f"attachment://{filename}")
    return Card(discord.ui.TextDisplay(words.export()), file, colour=cards.BLURPLE)


def question(user_id: int) -> Card:
    """Asks once more, since nothing of it can be undone."""
    button = ActionButton(DELETE_ACTION, str(user_id), label=words.delete(), style=discord.ButtonStyle.danger)
    return Card(discord.ui.TextDisplay(words.question()), discord.ui.ActionRow(button), colour=_RED)


def done(forgotten: Forgotten) -> Card:
    """What was done."""
    return cards.page(words.done(forgotten))

"""The private question before a job that the guild wants confirmed."""

from typing import Final

import discord

from errors import ConfirmationNeeded
from ui import cards
from ui.buttons import ActionButton
from ui.wording import confirmation as words

CONFIRM_ACTION: Final = "confirm"
DECLINE_ACTION: Final = "decline"


def question(draft_id: str, needed: ConfirmationNeeded) -> cards.Card:
    """The price, what is left, and the two buttons."""
    return cards.Card(
        discord.ui.TextDisplay(words.question(needed)),
        discord.ui.ActionRow(
            ActionButton(CONFIRM_ACTION, draft_id, label=words.confirm(needed), style=discord.ButtonStyle.success),
            ActionButton(DECLINE_ACTION, draft_id, label=words.decline()),
        ),
        colour=cards.BLURPLE,
    )

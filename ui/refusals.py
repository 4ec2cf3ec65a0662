"""What a member is shown in the place of a picture: why not and, where moderators may see it otherwise, *Appeal*.

Which strike an appeal is of is in the button's custom id; whose it is, is looked up when it is pressed.
"""

import re
from typing import Any, Final

import discord

from errors import DraftGone, PromptBlocked, Refusal, Suspended
from ui import cards, wording
from ui.buttons import ActionButton
from ui.wording import strikes as words

APPEAL_ACTION: Final = "appeal"

_SUSPENSION: Final = "suspension"
_STRIKE: Final = re.compile(r"[0-9]{1,18}")


def card(error: Refusal) -> cards.Card:
    """The private answer to a wish that is not carried out."""
    said: discord.ui.TextDisplay[Any] = discord.ui.TextDisplay(wording.refusal(error))
    argument = _appealed(error)
    if argument is None:
        return cards.Card(said, colour=cards.RED)
    button = ActionButton(APPEAL_ACTION, argument, label=words.appeal(), emoji="⚖️")
    return cards.Card(said, discord.ui.ActionRow(button), colour=cards.RED)


def strike_of(argument: str) -> int | None:
    """The strike that an appeal is of, None for the suspension. Raises DraftGone for what no button of ours says."""
    if argument == _SUSPENSION:
        return None
    if not _STRIKE.fullmatch(argument):
        raise DraftGone
    return int(argument)


def _appealed(error: Refusal) -> str | None:
    match error:
        case PromptBlocked(strike_id=int() as strike_id):
            return str(strike_id)
        case Suspended(appealable=True):
            return _SUSPENSION
        case _:
            return None

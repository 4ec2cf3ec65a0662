"""What is shown of a pause, in one server or everywhere; sends nothing."""

from typing import Any, Final

import discord

from generation.pauses import Line
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.wording import pauses as words

RESUME_ACTION: Final = "resume"
RESUME_EVERYWHERE_ACTION: Final = "opresume"
# Nothing is told apart by this argument: a custom id must have one.
_WHOLE: Final = "all"

_Item = discord.ui.Item[Any]


def paused(change: Line | None, *, everywhere: bool, before: bool = False) -> Card:
    """The pause that holds: what it means, who made it, when and why; `before` where it was there already."""
    lines = [words.paused_title(everywhere=everywhere), *_by(change)]
    if before:
        lines.append(words.already_paused())
    action = RESUME_EVERYWHERE_ACTION if everywhere else RESUME_ACTION
    button = ActionButton(action, _WHOLE, label=words.resume(), emoji="▶️", style=discord.ButtonStyle.primary)
    return Card(
        discord.ui.TextDisplay("\n".join(lines)),
        discord.ui.TextDisplay(words.paused_meaning(everywhere=everywhere)),
        discord.ui.ActionRow(button),
        colour=cards.BLURPLE,
    )


def resumed(change: Line | None, *, everywhere: bool, operator_paused: bool = False) -> Card:
    """After the end of a pause; `change` is what had begun it, None where there was none."""
    if change is None:
        lines = [words.not_paused(everywhere=everywhere)]
    else:
        lines = [words.resumed(everywhere=everywhere), words.was_paused(), *_by(change)]
    if operator_paused:
        lines.append(words.operator_paused())
    return cards.page("\n".join(lines))


def _by(change: Line | None) -> list[str]:
    return [] if change is None else [words.paused_by(change.by_id, change.at, change.reason)]

"""The one kind of button on Easel's messages: what it does and to what is in its custom id.

Nothing about a button is kept in memory, so it works after a restart as it did before.
"""

import re
from typing import Any, Final

import discord

from ui import wording

CANCEL_ACTION: Final = "cancel"


_CUSTOM_ID: Final = re.compile(r"easel:(?P<action>[a-z]{1,20}):(?P<argument>[A-Za-z0-9_-]{1,64})")


class ActionButton(discord.ui.Button[Any]):
    """A button with the custom id `easel:<action>:<argument>`; the client's handler for the action is called.

    It is recognised by that id alone. discord.py's own dispatch would look for the button on the message that the
    press names, and drop the press without a word where that has changed meanwhile.
    """

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        label: str | None = None,
        emoji: str | discord.PartialEmoji | discord.Emoji | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init__(custom_id=f"easel:{action}:{argument}", label=label, emoji=emoji, style=style)


def pressed(custom_id: str) -> tuple[str, str] | None:
    """The action and the argument of one of our buttons, or None for any other component's id."""
    match = _CUSTOM_ID.fullmatch(custom_id)
    return (match["action"], match["argument"]) if match else None


def cancel_button(job_id: str) -> ActionButton:
    """Cancels the job while it waits in line."""
    return ActionButton(CANCEL_ACTION, job_id, label=wording.CANCEL)

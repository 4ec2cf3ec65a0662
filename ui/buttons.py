"""The one kind of button on Easel's messages: what it does and to what is in its custom id.

Nothing about a button is kept in memory, so it works after a restart as it did before.
"""

import re
from typing import Any, Final, Self

import discord

from ui import wording

CANCEL_ACTION: Final = "cancel"


class ActionButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"easel:(?P<action>[a-z]{1,20}):(?P<argument>[A-Za-z0-9_-]{1,64})",
):
    """A button with the custom id `easel:<action>:<argument>`; the client's handler for the action is called."""

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        label: str | None = None,
        emoji: str | discord.PartialEmoji | discord.Emoji | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init__(
            discord.ui.Button(
                custom_id=f"easel:{action}:{argument}",
                label=label,
                emoji=emoji,
                style=style,
            )
        )
        self.action = action
        self.argument = argument

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        _item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The pressed button, from nothing but its id. Can't fail: discord.py would only log it."""
        return cls(match["action"], match["argument"], label=match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the client, which has the gate, the handlers and the error map."""
        await interaction.client.press(interaction, self.action, self.argument)

    @classmethod
    def claims(cls, custom_id: str) -> bool:
        """Whether a component with this custom id is one of ours."""
        return cls.__discord_ui_compiled_template__.fullmatch(custom_id) is not None


def cancel_button(job_id: str) -> ActionButton:
    """Cancels the job while it waits in line."""
    return ActionButton(CANCEL_ACTION, job_id, label=wording.CANCEL)

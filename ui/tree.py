"""The one command tree: its gate is passed by commands, buttons and forms alike, and so is its error map."""

from typing import Any

import discord
from discord import app_commands

from ui import answers, wording
from ui.language import speak


class EaselTree(app_commands.CommandTree[discord.Client]):
    """Lets in what comes from a guild, and answers every error through `ui.answers.report`."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """The one gate. Answers what it keeps out; must not raise, since discord.py would only log that."""
        speak(str(interaction.locale))  # for everything that this interaction leads to
        await interaction.client.turnstile.passed()
        if interaction.guild_id is not None:
            return True
        if interaction.type is not discord.InteractionType.autocomplete:
            await answers.tell(interaction, wording.guild_only())
        return False

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """The one error map. Never raises."""
        await answers.report(interaction, error)

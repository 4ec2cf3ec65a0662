"""`/quota`: what a member and the server have left."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from generation.service import GenerationService
from ui import answers, cards, wording


class AccountCog(commands.Cog):
    """What members may still spend."""

    def __init__(self, service: GenerationService) -> None:
        self._service = service

    @app_commands.command(name="quota", description=wording.QUOTA)
    async def quota(self, interaction: discord.Interaction[Any]) -> None:
        """Show every account that touches the member, in private."""
        lines = await answers.patiently(
            interaction,
            self._service.quota(guild_id=interaction.guild_id or 0, user_id=interaction.user.id),
        )
        await answers.show(interaction, cards.quota(lines))

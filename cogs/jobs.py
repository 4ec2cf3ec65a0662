"""`/queue`, and the Cancel button there and on the cards."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from generation.service import GenerationService, Standing
from ui import answers, cards, wording
from ui.buttons import CANCEL_ACTION
from ui.client import EaselClient


class JobsCog(commands.Cog):
    """What members do with jobs under way."""

    def __init__(self, client: EaselClient, service: GenerationService) -> None:
        self._client = client
        self._service = service

    async def cog_load(self) -> None:
        """Answer the Cancel buttons; discord.py calls this when the cog is added."""
        self._client.add_action(CANCEL_ACTION, self.cancel)

    @app_commands.command(name="queue", description=wording.QUEUE)
    async def queue(self, interaction: discord.Interaction[Any]) -> None:
        """Show the member's own jobs, in private."""
        await answers.show(interaction, cards.queue(await answers.patiently(interaction, self._standings(interaction))))

    async def cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Cancel a job that waits; the message with the button then says so."""
        await answers.replace(interaction, await answers.patiently(interaction, self._cancelled(interaction, job_id)))

    async def _cancelled(self, interaction: discord.Interaction[Any], job_id: str) -> cards.Card:
        job = await self._service.cancel(
            job_id,
            guild_id=interaction.guild_id or 0,
            user_id=interaction.user.id,
            may_manage=interaction.permissions.manage_messages,
        )
        # Told apart by who sees the message, not by its id: a card's may not be stored yet, and the list is private.
        if interaction.message is not None and interaction.message.flags.ephemeral:
            return cards.queue(await self._standings(interaction))
        return cards.for_job(job)

    async def _standings(self, interaction: discord.Interaction[Any]) -> tuple[Standing, ...]:
        return await self._service.standings(guild_id=interaction.guild_id or 0, user_id=interaction.user.id)

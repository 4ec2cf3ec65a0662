"""`/quota`: what a member and the server have left."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from generation.service import GenerationService
from ui import answers, cards, wording
from ui.acceptance import role_ids_of


class AccountCog(commands.Cog):
    """What members may still spend."""

    def __init__(self, service: GenerationService) -> None:
        self._service = service

    @app_commands.command(name="quota", description=wording.QUOTA)
    async def quota(self, interaction: discord.Interaction[Any]) -> None:
        """Show every account that touches the member in this channel, in private."""
        asking = self._service.quota(
            guild_id=interaction.guild_id or 0,
            user_id=interaction.user.id,
            role_ids=role_ids_of(interaction.user),
            place_ids=_places(interaction),
        )
        await answers.show(interaction, cards.quota(await answers.patiently(interaction, asking)))


def _places(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The channel, and for a thread or forum post the channel that it is in."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.id, channel.parent_id
    return () if channel is None else (channel.id,)

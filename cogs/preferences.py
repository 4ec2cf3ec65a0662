"""`/notify`: when a member wants to be told."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from cogs.options import OneOf
from cogs.parts import Parts
from models import Notify
from ui import answers, cards
from ui.wording import history as words


class PreferencesCog(commands.Cog):
    """What members choose for themselves."""

    def __init__(self, parts: Parts) -> None:
        self._preferences = parts.library.preferences

    @app_commands.command(name="notify", description=words.NOTIFY)
    @app_commands.describe(when=words.OPTION_WHEN)
    async def notify(
        self,
        interaction: discord.Interaction[Any],
        when: Transform[Notify, OneOf("when", words.NOTIFY_CHOICES)] | None = None,
    ) -> None:
        """Keep the choice, or show the one that holds, in private."""
        notify = await answers.patiently(interaction, self._chosen(interaction.user.id, when))
        await answers.show(interaction, cards.page(words.notify_page(notify, changed=when is not None)))

    async def _chosen(self, user_id: int, when: Notify | None) -> Notify:
        if when is None:
            return await self._preferences.notify_of(user_id)
        await self._preferences.choose_notify(user_id, when)
        return when

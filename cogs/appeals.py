"""*Appeal* on a refusal: a form, and the moderators have it. Open to suspended members, or it would be of no use."""

import asyncio
from typing import Any

import discord
from discord.ext import commands

from cogs.checks import guild_id_of
from cogs.parts import Parts
from ui import answers, appeal_form, cards
from ui.forms import FormValues, show_form
from ui.refusals import APPEAL_ACTION, strike_of
from ui.wording import strikes as words


class AppealsCog(commands.Cog):
    """What members do about a refusal."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def cog_load(self) -> None:
        """Answer the button and the form; discord.py calls this when the cog is added."""
        self._parts.client.add_action(APPEAL_ACTION, self.open_form)
        self._parts.client.add_form(APPEAL_ACTION, self.appealed)

    async def open_form(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Ask why it was a mistake, unless there is nothing to appeal: nobody should write that for nothing."""
        checking = self._parts.desk.appeals.check(guild_id_of(interaction), interaction.user.id, strike_of(argument))
        try:
            async with asyncio.timeout(answers.FIRST_ANSWER_SECONDS):
                await checking
        except TimeoutError:
            pass  # it is looked at again when the form comes, and a form has to be the first answer
        await show_form(interaction, appeal_form.appeal_form(argument))

    async def appealed(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        """Hand the appeal to the moderators."""
        appealing = self._parts.desk.appeals.appeal(
            guild_id_of(interaction), interaction.user.id, strike_of(argument), appeal_form.appeal_words(values)
        )
        await answers.patiently(interaction, appealing, apart=True)
        await answers.show(interaction, cards.notice(words.appealed(), problem=False))

"""`/help` and `/about`."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.parts import Facts
from ui import answers, cards, wording


class InfoCog(commands.Cog):
    """Pages to read."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @app_commands.command(name="help", description=wording.HELP)
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """Show how to use the bot, in private."""
        await answers.show(interaction, cards.page(wording.help_page()))

    @app_commands.command(name="about", description=wording.ABOUT)
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        """Show what the bot is, costs, keeps and checks, in private."""
        facts = self._facts
        words = wording.about_page(facts.version, facts.price_micros, facts.retention_days)
        await answers.show(interaction, cards.page(words))

"""`/admin unresolved`: a server's requests in doubt, and a person's word on whether they were paid for."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.parts import Parts
from errors import CancelRefused
from ui import admin_panels, answers, unresolved_pages
from ui.cards import Card
from ui.unresolved_pages import OF_GUILD, read_press
from ui.wording import unresolved as words


class UnresolvedCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_unresolved(self) -> None:
        """Answer the buttons of the pages."""
        self._parts.client.add_action(OF_GUILD.decide, self.decide_doubt)
        self._parts.client.add_action(OF_GUILD.turn, self.turn_doubts)

    @app_commands.command(name="unresolved", description=words.UNRESOLVED)
    async def unresolved(self, interaction: discord.Interaction[Any]) -> None:
        """Show the server's requests in doubt, in private."""
        check_manages(interaction)
        page = self._doubts(guild_id_of(interaction), 1)
        await answers.show(interaction, await answers.patiently(interaction, page))

    async def turn_doubts(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        check_manages(interaction)
        page = self._doubts(guild_id_of(interaction), admin_panels.page_number(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def decide_doubt(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """End a request as the button says, and show what is left."""
        check_manages(interaction)
        deciding = self._decided(guild_id_of(interaction), argument, by_id=interaction.user.id)
        await answers.replace(interaction, await answers.patiently(interaction, deciding))

    async def _decided(self, guild_id: int, argument: str, *, by_id: int) -> Card:
        note = await decided(self._parts, argument, guild_id=guild_id, by_id=by_id)
        return await self._doubts(guild_id, read_press(argument).number, note=note)

    async def _doubts(self, guild_id: int, number: int, *, note: str | None = None) -> Card:
        page = await self._parts.office.unresolved.page(guild_id, number=number)
        return unresolved_pages.page(page, OF_GUILD, note=note)


async def decided(parts: Parts, argument: str, *, guild_id: int | None, by_id: int) -> str:
    """End the request that a button means, of this guild or with None of any, and say what became of it.

    Where a late result, the end of its day or somebody else was faster, nothing is changed and that is said. Raises
    DraftGone for what no button says, and JobNotFound.
    """
    press = read_press(argument)
    try:
        job = await parts.service.resolve(press.job_id, paid=press.paid, guild_id=guild_id, by_id=by_id)
    except CancelRefused as error:
        return words.decided_meanwhile(press.job_id, error.status)
    return words.decided(job, was_paid=press.paid)

"""`/privacy`: what is kept about a member, all of it as a file, and that it be forgotten."""

import contextlib
from io import BufferedIOBase
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from cogs.parts import Parts
from errors import NotAllowed
from generation.janitor import LOG_KEPT
from generation.spend_sheets import UPLOAD_MAX_BYTES
from ui import answers, privacy_pages
from ui.wording import privacy as words


class PrivacyCog(commands.GroupCog, group_name="privacy", group_description=words.GROUP):
    """For every member, also a suspended one."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def cog_load(self) -> None:
        """Answer the button; discord.py calls this when the cog is added."""
        self._parts.client.add_action(privacy_pages.DELETE_ACTION, self.press_delete)

    @app_commands.command(name="show", description=words.SHOW)
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show what is kept about the member, in private."""
        held = await answers.patiently(interaction, self._parts.desk.privacy.holdings(interaction.user.id))
        page = privacy_pages.sheet(held, retention_days=self._parts.facts.retention_days, log_days=LOG_KEPT.days)
        await answers.show(interaction, page)

    @app_commands.command(name="export", description=words.EXPORT)
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        """Send everything that is kept about the member as a file, in private."""
        await answers.defer_privately(interaction)
        # Not less than a server without boosts takes, whatever Discord says; its answer to the upload is what counts.
        limit_bytes = max(interaction.filesize_limit, UPLOAD_MAX_BYTES)
        export = await self._parts.desk.privacy.export(interaction.user.id, limit_bytes=limit_bytes)
        with contextlib.closing(export):
            file = discord.File(cast("BufferedIOBase", export.file), filename=export.filename)
            await answers.show(interaction, privacy_pages.export(export.filename), files=[file])

    @app_commands.command(name="delete", description=words.DELETE)
    async def delete(self, interaction: discord.Interaction[Any]) -> None:
        """Say what deleting does, and offer to do it."""
        await answers.show(interaction, privacy_pages.question(interaction.user.id))

    async def press_delete(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Forget the member who pressed; the page is theirs alone."""
        if argument != str(interaction.user.id):
            raise NotAllowed("author")
        privacy = self._parts.desk.privacy
        forgetting = privacy.forget(interaction.user.id, guild_id=interaction.guild_id or 0)
        forgotten = await answers.patiently(interaction, forgetting)
        await answers.replace(interaction, privacy_pages.done(forgotten))

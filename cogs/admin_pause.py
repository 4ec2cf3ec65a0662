"""`/admin pause` and `/admin resume`: new pictures of a server are stopped at once; what is being made is finished."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.options import Text
from cogs.parts import Parts
from generation.pauses import EVERYWHERE, REASON_MAX_CHARACTERS
from ui import answers, pause_pages
from ui.cards import Card
from ui.pause_pages import RESUME_ACTION
from ui.wording import pauses as words


class PauseCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_pause(self) -> None:
        """Answer the button below a pause."""
        self._parts.client.add_action(RESUME_ACTION, self.press_resume)

    @app_commands.command(name="pause", description=words.PAUSE)
    @app_commands.describe(reason=words.OPTION_REASON)
    async def pause(
        self,
        interaction: discord.Interaction[Any],
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Stop new pictures in this server, and say so once nothing of it is handed to the provider any more."""
        check_manages(interaction)
        pausing = paused(self._parts, guild_id_of(interaction), by_id=interaction.user.id, reason=reason)
        await answers.show(interaction, await answers.patiently(interaction, pausing))

    @app_commands.command(name="resume", description=words.RESUME)
    @app_commands.describe(reason=words.OPTION_REASON)
    async def resume(
        self,
        interaction: discord.Interaction[Any],
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Take new pictures again."""
        check_manages(interaction)
        resuming = resumed(self._parts, guild_id_of(interaction), by_id=interaction.user.id, reason=reason)
        await answers.show(interaction, await answers.patiently(interaction, resuming))

    async def press_resume(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Do as `/admin resume` does."""
        check_manages(interaction)
        resuming = resumed(self._parts, guild_id_of(interaction), by_id=interaction.user.id)
        await answers.replace(interaction, await answers.patiently(interaction, resuming))


async def paused(parts: Parts, guild_id: int, *, by_id: int, reason: str) -> Card:
    """Pause a guild, or EVERYWHERE, and show the pause that holds: where there was one before, that one."""
    before = await parts.office.pauses.current(guild_id)
    await parts.office.pauses.pause(guild_id, by_id=by_id, reason=reason)
    current = await parts.office.pauses.current(guild_id)
    return pause_pages.paused(current, everywhere=guild_id == EVERYWHERE, before=before is not None)


async def resumed(parts: Parts, guild_id: int, *, by_id: int, reason: str = "") -> Card:
    """End the pause of a guild, or of EVERYWHERE, and show which that was."""
    pauses = parts.office.pauses
    before = await pauses.current(guild_id)
    await pauses.resume(guild_id, by_id=by_id, reason=reason)
    operator_paused = guild_id != EVERYWHERE and await pauses.of(EVERYWHERE)
    return pause_pages.resumed(before, everywhere=guild_id == EVERYWHERE, operator_paused=operator_paused)

"""`/admin setup`: one private panel that takes a new server from zero to working."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.parts import Parts
from generation.access_lists import CHANNEL
from models import Access, GuildSettings
from ui import answers, setup_moderation, setup_panel
from ui.buttons import chosen
from ui.cards import Card
from ui.forms import FormValues, show_form
from ui.server_checks import USABLE_KINDS, WRITABLE_KINDS, check_channels, check_roles, look
from ui.setup_rows import SETUP_ACTION, Page, State, Wanted
from ui.wording import setup as words


class SetupCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_setup(self) -> None:
        """Answer the panel's buttons, menus and form."""
        client = self._parts.client
        client.add_action(SETUP_ACTION, self.change_setup)
        client.add_action(setup_panel.LOOK_ACTION, self.look_again)
        client.add_action(setup_panel.ZONE_ACTION, self.open_zone)
        client.add_form(setup_panel.ZONE_ACTION, self.fill_in_zone)
        client.add_action(setup_moderation.LADDER_ACTION, self.open_ladder)
        client.add_form(setup_moderation.LADDER_ACTION, self.fill_in_ladder)

    @app_commands.command(name="setup", description=words.SETUP)
    async def setup(self, interaction: discord.Interaction[Any]) -> None:
        """Show the panel, in private."""
        check_manages(interaction)
        await answers.show(
            interaction, await answers.patiently(interaction, self._setup_panel(interaction, Page.START))
        )

    async def look_again(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show a page of the panel as everything is now."""
        check_manages(interaction)
        page = self._setup_panel(interaction, setup_panel.page_of(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def change_setup(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Keep what was pressed or chosen in the panel, and show what is stored then."""
        check_manages(interaction)
        wanted = setup_panel.wanted(argument, chosen(interaction))
        await answers.replace(
            interaction, await answers.patiently(interaction, self._setup_changed(interaction, wanted))
        )

    async def open_zone(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Open the form for the time zone."""
        check_manages(interaction)
        settings = await self._parts.library.guilds.of(guild_id_of(interaction))
        await show_form(interaction, setup_panel.zone_form(settings, self._parts.clock.now()))

    async def fill_in_zone(self, interaction: discord.Interaction[Any], _argument: str, values: FormValues) -> None:
        """Keep the time zone that was typed, and show what is stored then."""
        check_manages(interaction)
        wanted = Wanted(page=Page.MONEY, settings={"time_zone": setup_panel.zone_in(values)})
        await answers.replace(
            interaction, await answers.patiently(interaction, self._setup_changed(interaction, wanted))
        )

    async def open_ladder(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Open the form for what follows each strike."""
        check_manages(interaction)
        settings = await self._parts.library.guilds.of(guild_id_of(interaction))
        await show_form(interaction, setup_moderation.ladder_form(settings))

    async def fill_in_ladder(self, interaction: discord.Interaction[Any], _argument: str, values: FormValues) -> None:
        """Keep the ladder that was typed, and show what is stored then."""
        check_manages(interaction)
        wanted = Wanted(page=Page.MODERATION, settings={"ladder": setup_moderation.ladder_in(values)})
        await answers.replace(
            interaction, await answers.patiently(interaction, self._setup_changed(interaction, wanted))
        )

    async def _setup_changed(self, interaction: discord.Interaction[Any], wanted: Wanted) -> Card:
        guild_id, by_id = guild_id_of(interaction), interaction.user.id
        if wanted.kind is not None:
            if wanted.kind == CHANNEL:
                check_channels(interaction, "channels", wanted.ids, USABLE_KINDS)
            else:
                check_roles(interaction, "roles", wanted.ids)
            access = await self._parts.library.access.replace(guild_id, wanted.kind, wanted.ids, by_id=by_id)
            return await self._setup_panel(interaction, wanted.page, access=access)
        moderators_id = wanted.settings.get("moderators_channel_id")
        if isinstance(moderators_id, int):
            check_channels(interaction, "moderators_channel", [moderators_id], WRITABLE_KINDS)
        settings = await self._parts.library.guilds.change(guild_id, by_id=by_id, **wanted.settings)
        return await self._setup_panel(interaction, wanted.page, settings=settings)

    async def _setup_panel(
        self,
        interaction: discord.Interaction[Any],
        page: Page,
        *,
        settings: GuildSettings | None = None,
        access: Access | None = None,
    ) -> Card:
        """A page of the panel; what has just been stored need not be read again."""
        guild_id, library = guild_id_of(interaction), self._parts.library
        settings = settings or await library.guilds.of(guild_id)
        access = access or await library.access.of(guild_id)
        caps = await self._parts.office.limits.of_guild(guild_id)
        checks = look(interaction, settings, access)
        state = State(settings=settings, caps=caps, checks=checks, now=self._parts.clock.now())
        return setup_panel.panel(page, state)

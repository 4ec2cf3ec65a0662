"""`/mod suspend`, `unsuspend` and `strikes`: what moderators do about a member."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.checks import check_may_judge, check_moderates, guild_id_of
from cogs.options import Text
from cogs.parts import Parts
from cogs.targets import Person
from errors import AlreadyDecided, InvalidOption
from generation.strikes import REASON_MAX_CHARACTERS
from ui import answers, durations, strike_pages
from ui.buttons import chosen
from ui.cards import Card
from ui.strike_pages import Press, read_press
from ui.wording import strikes as words

# Room for what is too long as well: it is then refused in words, not by Discord.
_DURATION_CHARACTERS = 100


class MemberCommands(commands.Cog):
    """A part of `/mod`."""

    _parts: Parts

    def _register_members(self) -> None:
        """Answer the buttons and menus of the page of strikes."""
        client = self._parts.client
        client.add_action(strike_pages.OPEN_ACTION, self.open_strikes)
        client.add_action(strike_pages.LIFT_STRIKE_ACTION, self.choose_strike)
        client.add_action(strike_pages.UNSUSPEND_ACTION, self.press_unsuspend)

    @app_commands.command(name="suspend", description=words.SUSPEND)
    @app_commands.describe(user=words.OPTION_USER, duration=words.OPTION_DURATION, reason=words.OPTION_REASON)
    async def suspend(
        self,
        interaction: discord.Interaction[Any],
        user: Transform[discord.Member | discord.User, Person("user")],
        duration: Transform[str, Text("duration", longest=_DURATION_CHARACTERS)] | None = None,
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Suspend a member, and say what holds then."""
        check_moderates(interaction)
        if user.bot:
            raise InvalidOption("user", "a_bot")
        if user.id == interaction.user.id:
            raise InvalidOption("user", "yourself")
        seconds = None if duration is None else durations.read_duration("duration", duration)
        suspending = self._suspended(interaction, user.id, seconds, reason)
        await answers.show(interaction, await answers.patiently(interaction, suspending))

    @suspend.autocomplete("duration")
    async def _durations(self, _interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return [Choice(name=label, value=value) for label, value in durations.suggestions(typed)]

    @app_commands.command(name="unsuspend", description=words.UNSUSPEND)
    @app_commands.describe(user=words.OPTION_USER)
    async def unsuspend(
        self,
        interaction: discord.Interaction[Any],
        user: Transform[discord.Member | discord.User, Person("user")],
    ) -> None:
        """End a member's suspension, whatever it is for."""
        check_may_judge(interaction, user.id)
        lifting = self._unsuspended(interaction, user.id)
        await answers.show(interaction, await answers.patiently(interaction, lifting))

    @app_commands.command(name="strikes", description=words.STRIKES)
    @app_commands.describe(user=words.OPTION_USER)
    async def strikes(
        self,
        interaction: discord.Interaction[Any],
        user: Transform[discord.Member | discord.User, Person("user")],
    ) -> None:
        """Show a member's strikes, in private."""
        check_moderates(interaction)
        page = self._page(interaction, Press(user_id=user.id, number=1))
        await answers.show(interaction, await answers.patiently(interaction, page))

    async def open_strikes(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show a page of strikes in the place of the message with the button."""
        check_moderates(interaction)
        page = self._page(interaction, read_press(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def choose_strike(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Lift the strike that was chosen, and show what is left."""
        press = read_press(argument)
        check_may_judge(interaction, press.user_id)
        lifting = self._strike_lifted(interaction, press, chosen(interaction))
        await answers.replace(interaction, await answers.patiently(interaction, lifting))

    async def press_unsuspend(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Lift the suspension that is shown, and no later one."""
        press = read_press(argument)
        check_may_judge(interaction, press.user_id)
        lifting = self._shown_suspension_lifted(interaction, press)
        await answers.replace(interaction, await answers.patiently(interaction, lifting))

    async def _suspended(
        self, interaction: discord.Interaction[Any], user_id: int, seconds: int | None, reason: str
    ) -> Card:
        done = await self._parts.desk.strikes.suspend(
            guild_id_of(interaction), user_id, by_id=interaction.user.id, seconds=seconds, reason=reason
        )
        return strike_pages.suspended(user_id, done)

    async def _unsuspended(self, interaction: discord.Interaction[Any], user_id: int) -> Card:
        lifted = await self._parts.desk.strikes.lift(guild_id_of(interaction), user_id, by_id=interaction.user.id)
        return strike_pages.unsuspended(user_id, lifted)

    async def _shown_suspension_lifted(self, interaction: discord.Interaction[Any], press: Press) -> Card:
        guild_id, user_id = guild_id_of(interaction), press.user_id
        desk = self._parts.desk.strikes
        lifted = await desk.lift(guild_id, user_id, by_id=interaction.user.id, made_by=press.at)
        sheet = await desk.of_member(guild_id, user_id, number=press.number)
        anew = lifted is None and sheet.suspension is not None
        note = words.still_suspended(user_id) if anew else words.unsuspended(user_id, lifted)
        return strike_pages.page(sheet, note=note)

    async def _strike_lifted(
        self, interaction: discord.Interaction[Any], press: Press, values: tuple[str, ...]
    ) -> Card:
        desk, guild_id = self._parts.desk.strikes, guild_id_of(interaction)
        strike_id = strike_pages.chosen_strike(values)
        try:
            strike = await desk.lift_strike(guild_id, strike_id, by_id=interaction.user.id, of_member=press.user_id)
            note = words.strike_lifted(strike)
        except AlreadyDecided as error:
            note = words.strike_lifted_before(strike_id, error.by_id)
        return await self._page(interaction, press, note=note)

    async def _page(self, interaction: discord.Interaction[Any], press: Press, *, note: str | None = None) -> Card:
        sheet = await self._parts.desk.strikes.of_member(guild_id_of(interaction), press.user_id, number=press.number)
        return strike_pages.page(sheet, note=note)

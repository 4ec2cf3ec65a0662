"""`/operator`: the whole bot, for the people who run it, in the servers that they have named."""

from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.admin_pause import paused, resumed
from cogs.admin_unresolved import decided
from cogs.checks import check_operates, operates
from cogs.operator_filter import FilterCommands
from cogs.options import Text
from cogs.parts import Parts
from errors import InvalidOption
from generation.limit_book import MICROS_MAX
from generation.pauses import EVERYWHERE, REASON_MAX_CHARACTERS
from limits import LimitName
from models import Unit
from ui import admin_panels, amounts, answers, operator_pages, unresolved_pages
from ui.cards import Card
from ui.operator_pages import AUDIT_ACTION, STATUS_ACTION
from ui.pause_pages import RESUME_EVERYWHERE_ACTION
from ui.unresolved_pages import OF_ALL, read_press
from ui.wording import operator_pages as words
from ui.wording import pauses as pause_words

# Discord's own limit.
_CHOICES: Final = 25
_CHOICE_CHARACTERS: Final = 100


@app_commands.default_permissions(manage_guild=True)
class OperatorCog(FilterCommands, commands.GroupCog, group_name="operator", group_description=words.GROUP):
    """Everything that takes being an operator. A server can show the commands to others, so each checks that itself."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._office = parts.office

    async def cog_load(self) -> None:
        """Answer the buttons of the pages; discord.py calls this when the cog is added."""
        client = self._parts.client
        client.add_action(STATUS_ACTION, self.look_again)
        client.add_action(AUDIT_ACTION, self.audit)
        client.add_action(RESUME_EVERYWHERE_ACTION, self.press_resume)
        client.add_action(OF_ALL.decide, self.decide)
        client.add_action(OF_ALL.turn, self.turn)
        self._register_filter()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Give a server that was named before the bot was in it the commands that it could not be given then."""
        if guild.id in self._parts.client.operator_guild_ids:
            await self._parts.client.sync_guilds()

    @app_commands.command(name="status", description=words.STATUS)
    async def status(self, interaction: discord.Interaction[Any]) -> None:
        """Show how the whole bot is, in private."""
        check_operates(interaction, self._parts)
        await answers.show(interaction, await answers.patiently(interaction, self._status()))

    async def look_again(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show it as everything is now."""
        check_operates(interaction, self._parts)
        await answers.replace(interaction, await answers.patiently(interaction, self._status()))

    async def audit(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Audit the books, and show how everything is then."""
        check_operates(interaction, self._parts)
        await answers.replace(interaction, await answers.patiently(interaction, self._audited()))

    @app_commands.command(name="pause", description=pause_words.PAUSE_EVERYWHERE)
    @app_commands.describe(reason=pause_words.OPTION_REASON)
    async def pause(
        self,
        interaction: discord.Interaction[Any],
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Stop new pictures everywhere, and say so once nothing is handed to the provider any more."""
        check_operates(interaction, self._parts)
        pausing = paused(self._parts, EVERYWHERE, by_id=interaction.user.id, reason=reason)
        await answers.show(interaction, await answers.patiently(interaction, pausing))

    @app_commands.command(name="resume", description=pause_words.RESUME_EVERYWHERE)
    @app_commands.describe(reason=pause_words.OPTION_REASON)
    async def resume(
        self,
        interaction: discord.Interaction[Any],
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Take new pictures again."""
        check_operates(interaction, self._parts)
        resuming = resumed(self._parts, EVERYWHERE, by_id=interaction.user.id, reason=reason)
        await answers.show(interaction, await answers.patiently(interaction, resuming))

    async def press_resume(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Do as `/operator resume` does."""
        check_operates(interaction, self._parts)
        resuming = resumed(self._parts, EVERYWHERE, by_id=interaction.user.id)
        await answers.replace(interaction, await answers.patiently(interaction, resuming))

    @app_commands.command(name="budget", description=words.BUDGET)
    @app_commands.describe(
        monthly=words.OPTION_MONTHLY,
        server=words.OPTION_SERVER,
        daily=words.OPTION_DAILY,
        reason=words.OPTION_REASON,
    )
    async def budget(
        self,
        interaction: discord.Interaction[Any],
        monthly: Transform[str, Text("monthly", longest=amounts.LONGEST)] | None = None,
        server: Transform[str, Text("server", longest=_CHOICE_CHARACTERS)] | None = None,
        daily: Transform[str, Text("daily", longest=amounts.LONGEST)] | None = None,
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Show the whole bot's budget or a server's ceilings, or set what is given of them."""
        check_operates(interaction, self._parts)
        if server is None and daily is not None:
            await answers.tell(interaction, words.daily_needs_server())
            return
        by_id = interaction.user.id
        if server is None:
            working = self._budget(monthly, by_id=by_id, reason=reason)
        else:
            working = self._ceilings(self._guild(server), daily, monthly, by_id=by_id, reason=reason)
        await answers.show(interaction, await answers.patiently(interaction, working))

    @budget.autocomplete("server")
    async def _servers(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        if not operates(interaction, self._parts):
            return []
        wanted = typed.casefold()
        found = sorted(
            (guild for guild in self._parts.client.guilds if wanted in guild.name.casefold() or typed == str(guild.id)),
            key=lambda guild: guild.name.casefold(),
        )
        return [Choice(name=guild.name[:_CHOICE_CHARACTERS], value=str(guild.id)) for guild in found[:_CHOICES]]

    @app_commands.command(name="unresolved", description=words.UNRESOLVED)
    async def unresolved(self, interaction: discord.Interaction[Any]) -> None:
        """Show the requests in doubt of all servers, in private."""
        check_operates(interaction, self._parts)
        await answers.show(interaction, await answers.patiently(interaction, self._doubts(1)))

    async def turn(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        check_operates(interaction, self._parts)
        page = self._doubts(admin_panels.page_number(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def decide(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """End a request as the button says, and show what is left."""
        check_operates(interaction, self._parts)
        deciding = self._decided(argument, by_id=interaction.user.id)
        await answers.replace(interaction, await answers.patiently(interaction, deciding))

    async def _status(self) -> Card:
        client = self._parts.client
        return operator_pages.status(
            await self._office.overview.status(),
            version=self._parts.facts.version,
            latency_seconds=client.latency,
            guilds=self._names(),
        )

    async def _audited(self) -> Card:
        await self._office.overview.audit()
        return await self._status()

    async def _budget(self, monthly: str | None, *, by_id: int, reason: str) -> Card:
        if monthly is None:
            return operator_pages.budget(await self._office.overview.budget())
        value = amounts.read_cap("monthly", monthly, Unit.MICROS)
        before, after = await self._office.limits.set_global(value, by_id=by_id, reason=reason)
        state = await self._office.overview.budget()
        return operator_pages.budget(state, note=words.budget_set(before, after, state))

    async def _ceilings(
        self, guild: discord.Guild, daily: str | None, monthly: str | None, *, by_id: int, reason: str
    ) -> Card:
        # Both are read before either is set: an amount that can't be taken changes nothing.
        wanted = {
            cap: _ceiling(option, typed)
            for option, cap, typed in (
                ("daily", LimitName.GUILD_DAILY_MICROS, daily),
                ("monthly", LimitName.GUILD_MONTHLY_MICROS, monthly),
            )
            if typed is not None
        }
        set_now = []
        for cap, value in wanted.items():
            before, after = await self._office.limits.set_ceiling(guild.id, cap, value, by_id=by_id, reason=reason)
            set_now.append((cap, before, after))
        limits = await self._office.limits.of_guild(guild.id)
        name = words.guild_name(guild.id, {guild.id: guild.name})
        return operator_pages.ceilings(limits, name=name, set_now=tuple(set_now))

    async def _decided(self, argument: str, *, by_id: int) -> Card:
        note = await decided(self._parts, argument, guild_id=None, by_id=by_id)
        return await self._doubts(read_press(argument).number, note=note)

    async def _doubts(self, number: int, *, note: str | None = None) -> Card:
        page = await self._office.unresolved.page(None, number=number)
        return unresolved_pages.page(page, OF_ALL, note=note, guilds=self._names())

    def _names(self) -> dict[int, str]:
        return {guild.id: guild.name for guild in self._parts.client.guilds}

    def _guild(self, wanted: str) -> discord.Guild:
        guild = self._parts.client.get_guild(int(wanted)) if wanted.isdecimal() else None
        if guild is None:
            raise InvalidOption("server", "not_a_choice")
        return guild


def _ceiling(option: str, typed: str) -> int | None:
    value = amounts.read_cap(option, typed, Unit.MICROS)
    if value is not None and value > MICROS_MAX:
        raise InvalidOption(option, "amount_too_high", high=MICROS_MAX)
    return value

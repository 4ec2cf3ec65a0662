"""`/admin limits` and `/admin grant`: who may make how much, what holds for whom, and some more for once."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Transform
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.options import OneOf, Text, WholeNumber
from cogs.parts import Parts
from cogs.targets import OneChannel, OneRole, Person
from errors import CapChanged, InvalidOption
from generation.limit_book import IMAGES_MAX, REASON_MAX_CHARACTERS, UNCHECKED, Expected, Key, When, unit_of
from limits import LimitKind, LimitName
from models import Unit
from parameters import Bounds
from ui import amounts, answers, language, limit_panels
from ui.acceptance import role_ids_of
from ui.buttons import chosen
from ui.cards import Card
from ui.command_translator import localised
from ui.forms import FormValues, show_form
from ui.limit_panels import Who
from ui.wording import limits as words

_CAPS: Final = {name: localised(partial(language._, label)) for name, label in words.CAP_CHOICES.items()}
_PERIODS: Final = {when: localised(partial(language._, label)) for when, label in words.PERIOD_CHOICES.items()}
_GRANT_BOUNDS: Final = Bounds(low=-IMAGES_MAX, high=IMAGES_MAX)
# A page is worth a look at who somebody is, but not a long wait for it.
_LOOKUP_SECONDS: Final = 1.5
_SERVER: Final = Who(kind=LimitKind.GUILD, subject_id=0)


class LimitsCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_limits(self) -> None:
        client = self._parts.client
        client.add_action(limit_panels.CHANGE_ACTION, self.open_cap)
        client.add_form(limit_panels.CHANGE_ACTION, self.fill_in_cap)
        client.add_action(limit_panels.DEFAULT_ACTION, self.reset_cap)
        client.add_action(limit_panels.OPEN_ACTION, self.open_caps_chosen)
        client.add_action(limit_panels.SOMEBODY_ACTION, self.open_caps_of_somebody)
        client.add_action(limit_panels.CHANNEL_ACTION, self.open_caps_of_channel)
        client.add_action(limit_panels.PAGE_ACTION, self.turn_caps)

    @app_commands.command(name="limits", description=words.LIMITS)
    @app_commands.describe(
        member=words.OPTION_MEMBER,
        role=words.OPTION_ROLE,
        channel=words.OPTION_CHANNEL,
        cap=words.OPTION_CAP,
        value=words.OPTION_VALUE,
        reason=words.OPTION_REASON,
    )
    async def limits(
        self,
        interaction: discord.Interaction[Any],
        member: Transform[discord.Member | discord.User, Person("member")] | None = None,
        role: Transform[discord.Role, OneRole("role")] | None = None,
        channel: Transform[AppCommandChannel, OneChannel("channel", limit_panels.CHANNEL_TYPES)] | None = None,
        cap: Transform[LimitName, OneOf("cap", _CAPS)] | None = None,
        value: Transform[str, Text("value", longest=amounts.LONGEST)] | None = None,
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] | None = None,
    ) -> None:
        """Show what holds, for everybody or for somebody, or set a cap, in private."""
        check_manages(interaction)
        whose = _whose(member, role, channel)
        if cap is None and value is None and reason is None:
            page = self._caps_page(interaction, whose)
        else:
            key, number = _wanted(whose, cap, value)
            page = self._cap_set(interaction, whose, key, number, reason=reason or "")
        await answers.show(interaction, await answers.patiently(interaction, page))

    @app_commands.command(name="grant", description=words.GRANT)
    @app_commands.describe(
        user=words.OPTION_USER,
        images=words.OPTION_IMAGES,
        usd=words.OPTION_USD,
        period=words.OPTION_PERIOD,
        reason=words.OPTION_REASON,
    )
    async def grant(
        self,
        interaction: discord.Interaction[Any],
        user: Transform[discord.Member | discord.User, Person("user")],
        images: Transform[int, WholeNumber("images", _GRANT_BOUNDS)] | None = None,
        usd: Transform[str, Text("usd", longest=amounts.LONGEST)] | None = None,
        period: Transform[When, OneOf("period", _PERIODS)] = "now",
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Give a member more for once, and show where they stand then."""
        check_manages(interaction)
        if not isinstance(user, discord.Member):
            raise InvalidOption("user", "not_here")
        if images is not None and usd is not None:
            raise InvalidOption("images", "conflict", other="usd")
        if usd is not None:
            unit, amount = Unit.MICROS, amounts.read_micros("usd", usd)
        elif images is not None:
            unit, amount = Unit.IMAGE, images
        else:
            raise InvalidOption("images", "one_of", other="usd")
        page = self._grant_made(interaction, user, unit, amount, period, reason)
        await answers.show(interaction, await answers.patiently(interaction, page))

    async def open_cap(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Open the form for a cap, with what was shown."""
        check_manages(interaction)
        await show_form(interaction, limit_panels.form(argument))

    async def fill_in_cap(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        """Set a cap as the form says, unless it was changed since it was shown."""
        check_manages(interaction)
        key, shown = limit_panels.cap_of(argument)
        number = amounts.read_cap("value", values.text(limit_panels.VALUE_FIELD), unit_of(key[2]))
        await self._change_cap(interaction, key, number, values.text(limit_panels.REASON_FIELD), shown)

    async def reset_cap(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Take a cap back to the default, unless it was changed since it was shown."""
        check_manages(interaction)
        key, shown = limit_panels.cap_of(argument)
        await self._change_cap(interaction, key, None, "", shown)

    async def open_caps_chosen(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show one of those that have caps of their own."""
        check_manages(interaction)
        kind, subject_id = limit_panels.subject_of(_only_choice(interaction))
        await _replace(interaction, self._caps_page(interaction, _who(interaction, kind, subject_id)))

    async def open_caps_of_somebody(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show the caps of the role or member that was picked."""
        check_manages(interaction)
        picked = limit_panels.id_of(_only_choice(interaction))
        role = interaction.guild.get_role(picked) if interaction.guild else None
        whose = Who(kind=LimitKind.MEMBER, subject_id=picked) if role is None else _role(role)
        await _replace(interaction, self._caps_page(interaction, whose))

    async def open_caps_of_channel(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show the caps of the channel that was picked."""
        check_manages(interaction)
        picked = limit_panels.id_of(_only_choice(interaction))
        await _replace(interaction, self._caps_page(interaction, _who(interaction, LimitKind.CHANNEL, picked)))

    async def turn_caps(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show everything, at another page of those with caps of their own."""
        check_manages(interaction)
        await _replace(interaction, self._all_caps(interaction, number=limit_panels.page_number(argument)))

    async def _change_cap(
        self, interaction: discord.Interaction[Any], key: Key, number: int | None, reason: str, shown: int | None
    ) -> None:
        """Change what a panel shows; where somebody was faster, the panel shows that and the admin is told who."""
        kind, subject_id, _name = key
        whose = _SERVER if kind is LimitKind.GUILD else _who(interaction, kind, subject_id)
        try:
            await _replace(interaction, self._cap_set(interaction, whose, key, number, reason=reason, expected=shown))
        except CapChanged:
            await _replace(interaction, self._caps_page(interaction, whose))
            raise

    async def _cap_set(
        self,
        interaction: discord.Interaction[Any],
        whose: Who,
        key: Key,
        number: int | None,
        *,
        reason: str,
        expected: Expected = UNCHECKED,
    ) -> Card:
        whose = await _looked_up(interaction, whose)
        if number is not None and whose.gone:
            raise InvalidOption(whose.kind, "not_here")
        before, after = await self._parts.office.limits.set(
            guild_id_of(interaction), *key, number, by_id=interaction.user.id, reason=reason, expected=expected
        )
        return await self._caps_page(interaction, whose, note=words.changed(key[2], before, after))

    async def _caps_page(self, interaction: discord.Interaction[Any], whose: Who, *, note: str | None = None) -> Card:
        """The page of a role, channel or member, or that of everything."""
        if whose.kind is LimitKind.GUILD:
            return await self._all_caps(interaction, note=note)
        whose, guild_id = await _looked_up(interaction, whose), guild_id_of(interaction)
        standing = None
        if whose.role_ids is not None:
            standing = await self._parts.service.quota(
                guild_id=guild_id, user_id=whose.subject_id, role_ids=whose.role_ids
            )
        book = self._parts.office.limits
        view = await book.of_guild(guild_id)
        last = await book.last_changes(guild_id, limit_panels.keys_of_subject(whose))
        return limit_panels.subject(view, last, whose, standing=standing, note=note)

    async def _all_caps(
        self, interaction: discord.Interaction[Any], *, number: int = 1, note: str | None = None
    ) -> Card:
        book, guild_id = self._parts.office.limits, guild_id_of(interaction)
        history = await book.history(guild_id, limit_panels.CHANGES_SHOWN)
        view = await book.of_guild(guild_id)
        last = await book.last_changes(guild_id, limit_panels.keys_of_overview(view, number))
        return limit_panels.overview(view, last, history, partial(_who, interaction), number=number, note=note)

    async def _grant_made(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        unit: Unit,
        amount: int,
        period: When,
        reason: str,
    ) -> Card:
        guild_id, role_ids = guild_id_of(interaction), role_ids_of(member)
        grant = await self._parts.office.limits.grant(
            guild_id,
            member.id,
            unit=unit,
            amount=amount,
            by_id=interaction.user.id,
            role_ids=role_ids,
            when=period,
            reason=reason,
        )
        standing = await self._parts.service.quota(guild_id=guild_id, user_id=member.id, role_ids=role_ids)
        return limit_panels.granted(grant, member.id, upcoming=period == "next", standing=standing)


async def _replace(interaction: discord.Interaction[Any], page: Coroutine[Any, Any, Card]) -> None:
    await answers.replace(interaction, await answers.patiently(interaction, page))


def _whose(
    member: discord.Member | discord.User | None, role: discord.Role | None, channel: AppCommandChannel | None
) -> Who:
    """Whose caps the options name: the server's where they name nobody. Raises InvalidOption for more than one."""
    given = {name: it for name, it in (("member", member), ("role", role), ("channel", channel)) if it is not None}
    if len(given) > 1:
        first, second, *_ = given
        raise InvalidOption(first, "conflict", other=second)
    if member is not None:
        return _member(member)
    if role is not None:
        return _role(role)
    if channel is not None:
        return Who(kind=LimitKind.CHANNEL, subject_id=channel.id, name=channel.name)
    return _SERVER


def _wanted(whose: Who, cap: LimitName | None, value: str | None) -> tuple[Key, int | None]:
    """The cap and the value that the options name. Raises InvalidOption where one of them is missing."""
    if value is None:
        raise InvalidOption("value", "needed", other="cap" if cap is not None else "reason")
    if cap is None:
        raise InvalidOption("cap", "needed", other="value")
    return (whose.kind, whose.subject_id, cap), amounts.read_cap("value", value, unit_of(cap))


def _only_choice(interaction: discord.Interaction[Any]) -> str:
    values = chosen(interaction)
    if len(values) != 1:
        raise InvalidOption("cap", "not_a_choice")
    return values[0]


def _member(person: discord.Member | discord.User) -> Who:
    is_here = isinstance(person, discord.Member)
    return Who(
        kind=LimitKind.MEMBER,
        subject_id=person.id,
        name=person.display_name,
        gone=not is_here,
        role_ids=role_ids_of(person) if is_here else None,
    )


def _role(role: discord.Role) -> Who:
    """Everybody has @everyone, so its caps are the server's."""
    return _SERVER if role.is_default() else Who(kind=LimitKind.ROLE, subject_id=role.id, name=role.name)


def _who(interaction: discord.Interaction[Any], kind: LimitKind, subject_id: int) -> Who:
    """What is known of a role, channel or member without asking Discord: members are known to nobody here."""
    guild = interaction.guild
    if kind is LimitKind.MEMBER or guild is None or guild.unavailable:
        return Who(kind=kind, subject_id=subject_id)
    found = guild.get_role(subject_id) if kind is LimitKind.ROLE else guild.get_channel(subject_id)
    return Who(kind=kind, subject_id=subject_id, name=found.name if found else None, gone=found is None)


async def _looked_up(interaction: discord.Interaction[Any], whose: Who) -> Who:
    """The same with a member's name and roles, if Discord says them in good time, and whether they have left."""
    known = whose.kind is not LimitKind.MEMBER or whose.gone or whose.role_ids is not None
    if known or interaction.guild is None:
        return whose
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            return _member(await interaction.guild.fetch_member(whose.subject_id))
    except discord.NotFound:
        return replace(whose, gone=True)
    except answers.CALL_FAILURES:
        return whose

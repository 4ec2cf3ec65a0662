"""`/admin channels` and `/admin roles`: where and by whom the bot may be used."""

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Transform
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.options import Text
from cogs.parts import Parts
from cogs.targets import OneChannel, OneRole
from errors import InvalidOption
from generation.access_lists import CHANNEL, ROLE
from generation.limit_book import IMAGES_MAX, MICROS_MAX
from limits import LimitKind, LimitName
from models import Access, Unit
from ui import access_pages, amounts, answers
from ui.buttons import chosen
from ui.cards import Card
from ui.server_checks import USABLE_KINDS, look
from ui.wording import access as words

_NOTHING: Final[Mapping[LimitName, int | None]] = {}


class AccessCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_access(self) -> None:
        """Answer the menu that takes channels or roles off their list."""
        self._parts.client.add_action(access_pages.REMOVE_ACTION, self.take_off)

    @app_commands.command(name="channels", description=words.CHANNELS)
    @app_commands.describe(
        add=words.OPTION_ADD_CHANNEL,
        remove=words.OPTION_REMOVE_CHANNEL,
        cap_images=words.OPTION_CAP_IMAGES,
        cap_usd=words.OPTION_CAP_USD,
    )
    async def channels(
        self,
        interaction: discord.Interaction[Any],
        add: Transform[AppCommandChannel, OneChannel("add", USABLE_KINDS)] | None = None,
        remove: Transform[AppCommandChannel, OneChannel("remove", USABLE_KINDS)] | None = None,
        cap_images: Transform[str, Text("cap_images", longest=amounts.LONGEST)] | None = None,
        cap_usd: Transform[str, Text("cap_usd", longest=amounts.LONGEST)] | None = None,
    ) -> None:
        """Show the list of channels after changing it, in private."""
        check_manages(interaction)
        added, removed = None if add is None else add.id, None if remove is None else remove.id
        _check_differ(added, removed)
        caps = _caps(added, cap_images, cap_usd)
        page = self._lists_changed(interaction, CHANNEL, added, removed, caps)
        await answers.show(interaction, await answers.patiently(interaction, page))

    @app_commands.command(name="roles", description=words.ROLES)
    @app_commands.describe(add=words.OPTION_ADD_ROLE, remove=words.OPTION_REMOVE_ROLE)
    async def roles(
        self,
        interaction: discord.Interaction[Any],
        add: Transform[discord.Role, OneRole("add")] | None = None,
        remove: Transform[discord.Role, OneRole("remove")] | None = None,
    ) -> None:
        """Show the list of roles after changing it, in private."""
        check_manages(interaction)
        added, removed = None if add is None else add.id, None if remove is None else remove.id
        _check_differ(added, removed)
        page = self._lists_changed(interaction, ROLE, added, removed)
        await answers.show(interaction, await answers.patiently(interaction, page))

    async def take_off(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Take off a list what was chosen in its menu; what is off it already stays off."""
        check_manages(interaction)
        kind, ids = access_pages.kind_of(argument), access_pages.ids_in(chosen(interaction))
        await answers.replace(interaction, await answers.patiently(interaction, self._off_list(interaction, kind, ids)))

    async def _off_list(self, interaction: discord.Interaction[Any], kind: str, ids: tuple[int, ...]) -> Card:
        lists = await self._parts.library.access.change(
            guild_id_of(interaction), kind, remove=ids, by_id=interaction.user.id
        )
        return await self._list_page(interaction, kind, lists, note=_removed(kind, lists, len(ids)))

    async def _lists_changed(
        self,
        interaction: discord.Interaction[Any],
        kind: str,
        added: int | None,
        removed: int | None,
        caps: Mapping[LimitName, int | None] = _NOTHING,
    ) -> Card:
        guild_id, by_id, library = guild_id_of(interaction), interaction.user.id, self._parts.library
        if added is None and removed is None:
            return await self._list_page(interaction, kind, await library.access.of(guild_id))
        before = _listed(kind, await library.access.of(guild_id))
        lists = await library.access.change(
            guild_id,
            kind,
            add=() if added is None else (added,),
            remove=() if removed is None else (removed,),
            by_id=by_id,
        )
        for name, value in caps.items():
            await self._parts.office.limits.set(guild_id, LimitKind.CHANNEL, added or 0, name, value, by_id=by_id)
        after, notes = _listed(kind, lists), []
        if added in after:
            notes.append(words.added(_mention(kind, added)))
        if caps:
            notes.append(words.capped(_mention(kind, added)))
        if removed is not None and removed not in before:
            notes.append(words.was_not_listed(_mention(kind, removed)))
        elif before - after:
            notes.append(_removed(kind, lists, len(before - after)))
        return await self._list_page(interaction, kind, lists, note="\n".join(notes) or None)

    async def _list_page(
        self, interaction: discord.Interaction[Any], kind: str, lists: Access, *, note: str | None = None
    ) -> Card:
        guild_id, guild = guild_id_of(interaction), interaction.guild
        checks = look(interaction, await self._parts.library.guilds.of(guild_id), lists)

        def name_of(found: int) -> str | None:
            if guild is None:
                return None
            named = guild.get_channel(found) if kind == CHANNEL else guild.get_role(found)
            return None if named is None else named.name

        if kind == ROLE:
            return access_pages.roles(checks, name_of, note=note)
        caps = await self._parts.office.limits.of_guild(guild_id)
        return access_pages.channels(checks, caps, name_of, note=note)


def _listed(kind: str, lists: Access) -> frozenset[int]:
    return lists.channel_ids if kind == CHANNEL else lists.role_ids


def _mention(kind: str, found: int | None) -> str:
    return f"<#{found}>" if kind == CHANNEL else f"<@&{found}>"


def _check_differ(added: int | None, removed: int | None) -> None:
    if added is not None and added == removed:
        raise InvalidOption("add", "conflict", other="remove")


def _caps(added: int | None, images: str | None, usd: str | None) -> dict[LimitName, int | None]:
    """The caps that the options name. Raises InvalidOption for what is none, and where no channel goes with them.

    What the book of caps would refuse is refused here: until then nothing is changed.
    """
    caps: dict[LimitName, int | None] = {}
    if images is not None:
        value = amounts.read_cap("cap_images", images, Unit.IMAGE)
        if value is not None and value > IMAGES_MAX:
            raise InvalidOption("cap_images", "out_of_range", low=0, high=IMAGES_MAX)
        caps[LimitName.MEMBER_DAILY_IMAGES] = value
    if usd is not None:
        value = amounts.read_cap("cap_usd", usd, Unit.MICROS)
        if value is not None and value > MICROS_MAX:
            raise InvalidOption("cap_usd", "amount_too_high", high=MICROS_MAX)
        caps[LimitName.MEMBER_MONTHLY_MICROS] = value
    if caps and added is None:
        raise InvalidOption("add", "empty")
    return caps


def _removed(kind: str, lists: Access, count: int) -> str:
    if _listed(kind, lists):
        return words.removed(count)
    return words.emptied_channels() if kind == CHANNEL else words.emptied_roles()

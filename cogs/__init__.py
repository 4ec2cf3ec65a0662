"""Discord commands: parse, call, reply."""

import discord

from cogs.account import AccountCog
from cogs.admin import AdminCog
from cogs.appeals import AppealsCog
from cogs.cases import CasesCog
from cogs.confirmation import ConfirmationCog
from cogs.control import ControlCog
from cogs.filter import FilterCog
from cogs.generate import GenerateCog
from cogs.greeting import GreetingCog
from cogs.history import HistoryCog
from cogs.info import InfoCog
from cogs.jobs import JobsCog
from cogs.menus import MenusCog
from cogs.mod import ModCog
from cogs.operator import OperatorCog
from cogs.parts import Desk, Facts, Library, Office, Parts
from cogs.preferences import PreferencesCog
from cogs.presets import PresetsCog
from cogs.privacy import PrivacyCog
from cogs.reference import ReferenceCog
from cogs.results import ResultsCog

__all__ = ["Desk", "Facts", "Library", "Office", "Parts", "add_cogs"]


async def add_cogs(parts: Parts) -> None:
    """Give the client every command, before it logs in: that is when they are given to Discord."""
    client = parts.client
    await client.add_cog(GenerateCog(parts))
    await client.add_cog(ControlCog(parts))
    await client.add_cog(ReferenceCog(parts))
    await client.add_cog(ConfirmationCog(parts))
    await client.add_cog(JobsCog(client, parts.service))
    await client.add_cog(AccountCog(parts.service))
    await client.add_cog(PresetsCog(parts))
    await client.add_cog(HistoryCog(parts))
    await client.add_cog(PreferencesCog(parts))
    await client.add_cog(PrivacyCog(parts))
    await client.add_cog(InfoCog(parts.facts))
    await client.add_cog(ResultsCog(parts))
    await client.add_cog(MenusCog(parts))
    await client.add_cog(AdminCog(parts))
    await client.add_cog(FilterCog(parts))
    await client.add_cog(ModCog(parts))
    await client.add_cog(AppealsCog(parts))
    await client.add_cog(CasesCog(parts))
    await client.add_cog(GreetingCog(client, parts.library.guilds, parts.desk.privacy, parts.clock))
    if client.operator_guild_ids:
        await client.add_cog(OperatorCog(parts), guilds=[discord.Object(id_) for id_ in client.operator_guild_ids])

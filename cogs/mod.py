"""`/mod`: what a server's moderators do about members and pictures, each topic in a part of its own."""

from discord import app_commands
from discord.ext import commands

from cogs.mod_log import LogCommands
from cogs.mod_members import MemberCommands
from cogs.mod_reports import ReportCommands
from cogs.parts import Parts
from ui.wording import strikes as words


@app_commands.default_permissions(manage_messages=True)
class ModCog(
    MemberCommands,
    ReportCommands,
    LogCommands,
    commands.GroupCog,
    group_name="mod",
    group_description=words.GROUP,
):
    """Everything that takes Manage Messages. A server can show the commands to others, so each checks that itself."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def cog_load(self) -> None:
        """Answer the buttons and menus of the pages; discord.py calls this when the cog is added."""
        self._register_members()
        self._register_reports()
        self._register_log()

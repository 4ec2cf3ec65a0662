"""`/mod log`: who did what in a server, when and why, by pages and as a spreadsheet."""

import contextlib
from functools import partial
from io import BufferedIOBase
from typing import Any, Final, cast

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from cogs.checks import check_moderates, guild_id_of
from cogs.options import OneOf, WholeNumber
from cogs.parts import Parts
from cogs.targets import Person
from errors import InvalidOption
from generation.audit_log import DAYS_BOUNDS, FILENAME, LogQuery, Topic
from generation.spend_sheets import UPLOAD_MAX_BYTES
from parameters import Bounds
from ui import answers, language, log_pages
from ui.buttons import chosen
from ui.cards import Card
from ui.command_translator import localised
from ui.log_pages import LOG_ACTION, LOG_SHEET_ACTION, LOG_TOPIC_ACTION, Asked
from ui.wording import log as words

_DAYS: Final = Bounds(low=DAYS_BOUNDS[0], high=DAYS_BOUNDS[1])
_TOPICS: Final = {topic: localised(partial(language._, label)) for topic, label in words.TOPICS.items()}


class LogCommands(commands.Cog):
    """A part of `/mod`."""

    _parts: Parts

    def _register_log(self) -> None:
        """Answer the buttons and the menu of the pages."""
        client = self._parts.client
        client.add_action(LOG_ACTION, self.turn_log)
        client.add_action(LOG_TOPIC_ACTION, self.choose_log_topic)
        client.add_action(LOG_SHEET_ACTION, self.send_log_sheet)

    @app_commands.command(name="log", description=words.LOG)
    @app_commands.describe(member=words.OPTION_MEMBER, kind=words.OPTION_KIND, days=words.OPTION_DAYS)
    async def log(
        self,
        interaction: discord.Interaction[Any],
        member: Transform[discord.Member | discord.User, Person("member")] | None = None,
        kind: Transform[Topic, OneOf("kind", _TOPICS)] | None = None,
        days: Transform[int, WholeNumber("days", _DAYS)] | None = None,
    ) -> None:
        """Show the newest lines of what is asked for, in private."""
        check_moderates(interaction)
        if days is not None and not DAYS_BOUNDS[0] <= days <= DAYS_BOUNDS[1]:
            raise InvalidOption("days", "out_of_range", low=DAYS_BOUNDS[0], high=DAYS_BOUNDS[1])
        query = LogQuery(
            guild_id=guild_id_of(interaction),
            member_id=None if member is None else member.id,
            topic=None if kind is None else Topic(kind),
            days=days,
        )
        await answers.show(interaction, await answers.patiently(interaction, self._log_page(Asked(query=query))))

    async def turn_log(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show other lines in the place of the page with the button."""
        check_moderates(interaction)
        asked = log_pages.read_argument(argument, guild_id=guild_id_of(interaction))
        await answers.replace(interaction, await answers.patiently(interaction, self._log_page(asked)))

    async def choose_log_topic(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show the newest lines of the topic that was chosen."""
        check_moderates(interaction)
        asked = log_pages.read_argument(argument, guild_id=guild_id_of(interaction))
        asked = log_pages.of_topic(asked, chosen(interaction))
        await answers.replace(interaction, await answers.patiently(interaction, self._log_page(asked)))

    async def send_log_sheet(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Send what is asked for as a spreadsheet, in private."""
        check_moderates(interaction)
        asked = log_pages.read_argument(argument, guild_id=guild_id_of(interaction))
        await answers.defer_privately(interaction)
        # A boosted server takes more, but a larger one is no use to anybody.
        limit_bytes = min(interaction.filesize_limit, UPLOAD_MAX_BYTES)
        with contextlib.closing(await self._parts.desk.log.export(asked.query, limit_bytes=limit_bytes)) as sheet:
            file = discord.File(cast("BufferedIOBase", sheet.file), filename=FILENAME)
            await answers.show(interaction, log_pages.sheet(sheet.lines, complete=sheet.complete), files=[file])

    async def _log_page(self, asked: Asked) -> Card:
        found = await self._parts.desk.log.page(asked.query, before=asked.before, after=asked.after)
        return log_pages.page(found, asked.query)

"""`/admin spend`: where a server's money went, with a chart, the budgets, a forecast, and a spreadsheet."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from io import BufferedIOBase
from typing import Any, BinaryIO, Final, cast

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.checks import check_manages, guild_id_of
from cogs.completion import CHOICES_MAX
from cogs.options import OneOf, Text
from cogs.parts import Parts
from errors import EaselError, InvalidOption, StorageError
from generation import spans
from generation.spans import Span, SpanName
from generation.spend_sheets import UPLOAD_MAX_BYTES
from generation.spending import By, Report
from ui import answers, language, spend_charts, spend_pages
from ui.cards import Card, Picture
from ui.command_translator import localised
from ui.spend_pages import SHEET_ACTION, SPEND_ACTION, Asked, Purse
from ui.wording import spend as words

log = logging.getLogger(__name__)

_BY: Final = {by: localised(partial(language._, label)) for by, label in words.BY_CHOICES.items()}
# As long as anything that names a period in any language.
_PERIOD_CHARACTERS: Final = 40
# So many are listed one by one; the chart would have room for more, but each name may be one more question to Discord.
_PARTS_MAX: Final = 10
# Before those with names; with these they fill what Discord shows.
_MONTHS_OFFERED: Final = CHOICES_MAX - len(SpanName)
# A chart is worth a look at who somebody is, but not a long wait for it.
NAMES_SECONDS: Final = 2.0


class SpendCommands(commands.Cog):
    """A part of `/admin`."""

    _parts: Parts

    def _register_spend(self) -> None:
        """Answer the buttons of the pages."""
        self._parts.client.add_action(SPEND_ACTION, self.turn_spend)
        self._parts.client.add_action(SHEET_ACTION, self.send_sheet)

    @app_commands.command(name="spend", description=words.SPEND)
    @app_commands.describe(period=words.OPTION_PERIOD, by=words.OPTION_BY)
    async def spend(
        self,
        interaction: discord.Interaction[Any],
        period: Transform[str, Text("period", longest=_PERIOD_CHARACTERS)] = SpanName.THIS_MONTH,
        by: Transform[By, OneOf("by", _BY)] = By.DAY,
    ) -> None:
        """Show what was spent in a span of days, in private."""
        check_manages(interaction)
        await answers.defer_privately(interaction)
        async with self._spend_page(interaction, Asked(period=spend_pages.period_of(period), by=by)) as (card, files):
            await answers.show(interaction, card, files=files)

    @spend.autocomplete("period")
    async def complete_period(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The spans with names, the months before this one, and whatever else can be read as a span."""
        try:
            today = await self._parts.office.spending.today(guild_id_of(interaction))
        except StorageError as error:
            log.warning("no periods to suggest: %s", error)
            return []
        wanted = " ".join(typed.split()).casefold()
        fitting = [
            choice
            for choice in _periods(today)
            if wanted in choice.name.casefold() or str(choice.value).startswith(wanted)
        ]
        if not fitting:
            with contextlib.suppress(InvalidOption):  # it is refused, in words, once it is sent
                span = spans.parse(typed, today)
                fitting = [Choice(name=words.span_name(span), value=span.key)]
        return fitting[:CHOICES_MAX]

    async def turn_spend(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another span, or another breakdown, in the place of the page with the button."""
        check_manages(interaction)
        asked = spend_pages.read_argument(argument)
        await answers.defer_privately(interaction, apart=False)
        async with self._spend_page(interaction, asked) as (card, files):
            await answers.replace(interaction, card, files=files)

    async def send_sheet(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Send the jobs of the page with the button as a spreadsheet, in private."""
        check_manages(interaction)
        asked, guild_id = spend_pages.read_argument(argument), guild_id_of(interaction)
        await answers.defer_privately(interaction)
        spending = self._parts.office.spending
        span = spans.parse(asked.period, await spending.today(guild_id))
        # A boosted server takes more, but a larger one is no use to anybody.
        limit_bytes = min(interaction.filesize_limit, UPLOAD_MAX_BYTES)
        sheet = await spending.export(guild_id, span.key, limit_bytes=limit_bytes)
        with contextlib.closing(sheet):
            card = spend_pages.sheet(sheet.filename, words.span_name(span), sheet.jobs)
            await answers.show(interaction, card, files=[_file(sheet.file, sheet.filename)])

    @contextlib.asynccontextmanager
    async def _spend_page(
        self, interaction: discord.Interaction[Any], asked: Asked
    ) -> AsyncIterator[tuple[Card, Sequence[discord.File]]]:
        """The page, and its chart as a file that is open in this context."""
        spending, guild_id = self._parts.office.spending, guild_id_of(interaction)
        today = await spending.today(guild_id)
        span = spans.parse(asked.period, today)
        purse = await self._purse(interaction, span, today)
        report = await spending.report(guild_id, span.key, asked.by, budgets=purse.caps, parts_max=_PARTS_MAX)
        names = await _names(interaction, [part.key for part in report.parts if isinstance(part.key, int)])
        drawn = await self._spend_chart(report, names)
        if drawn is None:
            yield spend_pages.page(report, purse), []
            return
        with contextlib.closing(drawn):
            chart = Picture(filename=spend_pages.filename(span), alt_text=spend_charts.alternative(report, names))
            file = _file(drawn, chart.filename, alt_text=chart.alt_text)
            yield spend_pages.page(report, purse, chart=chart), [file]

    async def _purse(self, interaction: discord.Interaction[Any], span: Span, today: date) -> Purse:
        """The budgets as they are, or where the span is over as they were."""
        guild_id = guild_id_of(interaction)
        if span.last < today:
            return Purse(then=await self._parts.office.spending.budget_then(guild_id, span.key))
        return Purse.of(await self._parts.service.quota(guild_id=guild_id, user_id=interaction.user.id), span)

    async def _spend_chart(self, report: Report, names: Mapping[int, str]) -> BinaryIO | None:
        """The chart; None where there is nothing to draw, or it can't be drawn: the numbers are worth having alone."""
        if not report.totals.jobs:
            return None
        try:
            return await self._parts.office.studio.draw(spend_charts.spec(report, names))
        except EaselError as error:
            log.warning("a chart of what was spent was not drawn: %s", error)
            return None


def _periods(today: date) -> Iterator[Choice[str]]:
    for name in SpanName:
        yield Choice(name=words.period_choice(name, spans.parse(name, today)), value=name)
    span = spans.month_of(today)
    for _number in range(_MONTHS_OFFERED):
        earlier = span.earlier()
        if earlier is None:
            return
        span = earlier
        yield Choice(name=words.span_name(span), value=span.key)


async def _names(interaction: discord.Interaction[Any], user_ids: Sequence[int]) -> Mapping[int, str]:
    """What these members are called here, as far as Discord says it in good time."""
    guild = interaction.guild
    names = {interaction.user.id: interaction.user.display_name}
    if guild is None:
        return names
    asking = {user_id: _ask(guild, user_id) for user_id in user_ids if user_id not in names}
    tasks = {
        asyncio.create_task(coroutine, name=f"name of {user_id}"): user_id for user_id, coroutine in asking.items()
    }
    if not tasks:
        return names
    try:
        done, _pending = await asyncio.wait(tasks, timeout=NAMES_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return names | {tasks[task]: name for task in done if (name := task.result()) is not None}


async def _ask(guild: discord.Guild, user_id: int) -> str | None:
    """A member's name; None for who has left, and where Discord does not say."""
    member = guild.get_member(user_id)
    try:
        return (member or await guild.fetch_member(user_id)).display_name
    except answers.CALL_FAILURES:
        return None


def _file(file: BinaryIO, name: str, *, alt_text: str | None = None) -> discord.File:
    return discord.File(cast("BufferedIOBase", file), filename=name, description=alt_text)

"""`/operator filter`: what prompts may not say in any server, for the people who run the bot."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.checks import check_operates, operates
from cogs.filter import ACTION_LABELS
from cogs.filter_lists import FilterLists
from cogs.options import GivenFile, OneOf, Text
from cogs.parts import Parts
from generation.filter_terms import CATEGORY_MAX_CHARACTERS, TYPED_MAX_CHARACTERS, category_of
from ui import answers
from ui.buttons import chosen
from ui.cards import Card
from ui.filter_pages import OF_ALL, Asked, read_argument
from ui.wording import filters as words


class FilterCommands(commands.Cog):
    """A part of `/operator`."""

    _parts: Parts
    _filter_lists: FilterLists

    filter_group = app_commands.Group(name="filter", description=words.GROUP_EVERYWHERE)

    def _register_filter(self) -> None:
        """Answer the buttons and the menu of the pages."""
        self._filter_lists = FilterLists(self._parts, OF_ALL)
        client = self._parts.client
        client.add_action(OF_ALL.turn, self.turn_filter)
        client.add_action(OF_ALL.show, self.choose_filter)
        client.add_action(OF_ALL.take, self.take_filter)
        client.add_action(OF_ALL.decline, self.decline_filter)

    @filter_group.command(name="add", description=words.ADD)
    @app_commands.describe(term=words.OPTION_TERM, category=words.OPTION_CATEGORY, action=words.OPTION_ACTION)
    async def filter_add(
        self,
        interaction: discord.Interaction[Any],
        term: Transform[str, Text("term", longest=TYPED_MAX_CHARACTERS)],
        category: Transform[str, Text("category", longest=CATEGORY_MAX_CHARACTERS)] | None = None,
        action: Transform[str, OneOf("action", ACTION_LABELS)] | None = None,
    ) -> None:
        """Put an entry on the list, or change it."""
        check_operates(interaction, self._parts)
        adding = self._filter_lists.added(interaction, term, category, action)
        await answers.show(interaction, await answers.patiently(interaction, adding))

    @filter_group.command(name="remove", description=words.REMOVE)
    @app_commands.describe(term=words.OPTION_LISTED)
    async def filter_remove(
        self,
        interaction: discord.Interaction[Any],
        term: Transform[str, Text("term", longest=TYPED_MAX_CHARACTERS)],
    ) -> None:
        """Take an entry off the list."""
        check_operates(interaction, self._parts)
        removing = self._filter_lists.removed(interaction, term)
        await answers.show(interaction, await answers.patiently(interaction, removing))

    @filter_group.command(name="list", description=words.LIST)
    async def filter_list(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page of the list, in private."""
        check_operates(interaction, self._parts)
        page = self._filter_lists.page(interaction, Asked())
        await answers.show(interaction, await answers.patiently(interaction, page))

    async def turn_filter(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        check_operates(interaction, self._parts)
        page = self._filter_lists.page(interaction, read_argument(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def choose_filter(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show what was chosen in the menu."""
        check_operates(interaction, self._parts)
        page = self._filter_lists.page(interaction, read_argument("".join(chosen(interaction)[:1])))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    @filter_group.command(name="import", description=words.IMPORT_EVERYWHERE)
    @app_commands.describe(file=words.OPTION_FILE, category=words.OPTION_CATEGORY_OF_ALL)
    async def filter_import(
        self,
        interaction: discord.Interaction[Any],
        file: Transform[discord.Attachment, GivenFile("file")],
        category: Transform[str, Text("category", longest=CATEGORY_MAX_CHARACTERS)] | None = None,
    ) -> None:
        """Say what an import would do, and offer to do it."""
        check_operates(interaction, self._parts)
        planning = self._filter_plan(interaction, file, category)
        await answers.show(interaction, await answers.patiently(interaction, planning))

    async def take_filter(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Do what the plan of an import says."""
        check_operates(interaction, self._parts)
        taking = self._filter_lists.taken(interaction, draft_id)
        await answers.replace(interaction, await answers.patiently(interaction, taking))

    async def decline_filter(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Leave the list as it is."""
        check_operates(interaction, self._parts)
        declining = self._filter_lists.declined(interaction, draft_id)
        await answers.replace(interaction, await answers.patiently(interaction, declining))

    @filter_group.command(name="export", description=words.EXPORT)
    async def filter_export(self, interaction: discord.Interaction[Any]) -> None:
        """Send the list as a file, in private."""
        check_operates(interaction, self._parts)
        await self._filter_lists.send_export(interaction)

    @filter_remove.autocomplete("term")
    async def _filter_entries(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._filter_lists.complete(interaction, typed) if operates(interaction, self._parts) else []

    @filter_add.autocomplete("category")
    @filter_import.autocomplete("category")
    async def _filter_categories(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return (
            await self._filter_lists.complete_category(interaction, typed) if operates(interaction, self._parts) else []
        )

    async def _filter_plan(
        self, interaction: discord.Interaction[Any], file: discord.Attachment, category: str | None
    ) -> Card:
        category_of(category)  # what is wrong with it is said once, and not for every line
        lines = await self._filter_lists.lines_of(file)
        return await self._filter_lists.planned(interaction, lines, words.source_file(file.filename), category=category)

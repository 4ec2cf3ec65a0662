"""`/filter`: what prompts may not say in a server, for its moderators."""

from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.checks import check_moderates, guild_id_of
from cogs.filter_lists import FilterLists
from cogs.options import GivenFile, OneOf, Text
from cogs.parts import Parts
from errors import TermRefused
from generation.filter_terms import CATEGORY_MAX_CHARACTERS, TYPED_MAX_CHARACTERS, category_of
from parameters import PROMPT_MAX_CHARACTERS
from ui import answers, automod, filter_pages, language
from ui.buttons import chosen
from ui.cards import Card
from ui.command_translator import localised
from ui.filter_pages import OF_GUILD, Asked, read_argument
from ui.wording import filters as words

ACTION_LABELS: Final = {action: localised(partial(language._, label)) for action, label in words.ACTIONS.items()}
_SOURCES: Final = {source: localised(partial(language._, label)) for source, label in words.SOURCES.items()}
_AUTOMOD: Final = "automod"


@app_commands.default_permissions(manage_messages=True)
class FilterCog(commands.GroupCog, group_name="filter", group_description=words.GROUP):
    """Everything about a server's own list. A server can show the commands to others, so each checks that itself."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lists = FilterLists(parts, OF_GUILD)

    async def cog_load(self) -> None:
        """Answer the buttons and the menu of the pages; discord.py calls this when the cog is added."""
        client = self._parts.client
        client.add_action(OF_GUILD.turn, self.turn)
        client.add_action(OF_GUILD.show, self.choose)
        client.add_action(OF_GUILD.take, self.take)
        client.add_action(OF_GUILD.decline, self.decline)

    @app_commands.command(name="add", description=words.ADD)
    @app_commands.describe(term=words.OPTION_TERM, category=words.OPTION_CATEGORY, action=words.OPTION_ACTION)
    async def add(
        self,
        interaction: discord.Interaction[Any],
        term: Transform[str, Text("term", longest=TYPED_MAX_CHARACTERS)],
        category: Transform[str, Text("category", longest=CATEGORY_MAX_CHARACTERS)] | None = None,
        action: Transform[str, OneOf("action", ACTION_LABELS)] | None = None,
    ) -> None:
        """Put an entry on the list, or change it."""
        check_moderates(interaction)
        adding = self._lists.added(interaction, term, category, action)
        await answers.show(interaction, await answers.patiently(interaction, adding))

    @app_commands.command(name="remove", description=words.REMOVE)
    @app_commands.describe(term=words.OPTION_LISTED)
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        term: Transform[str, Text("term", longest=TYPED_MAX_CHARACTERS)],
    ) -> None:
        """Take an entry off the list."""
        check_moderates(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._lists.removed(interaction, term)))

    @app_commands.command(name="list", description=words.LIST)
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page of the list, in private."""
        check_moderates(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._lists.page(interaction, Asked())))

    async def turn(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        check_moderates(interaction)
        page = self._lists.page(interaction, read_argument(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def choose(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show what was chosen in the menu."""
        check_moderates(interaction)
        page = self._lists.page(interaction, read_argument("".join(chosen(interaction)[:1])))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    @app_commands.command(name="test", description=words.TEST)
    @app_commands.describe(text=words.OPTION_TEXT)
    async def test(
        self,
        interaction: discord.Interaction[Any],
        text: Transform[str, Text("text", longest=PROMPT_MAX_CHARACTERS)],
    ) -> None:
        """Say what the filter would, and why."""
        check_moderates(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._tried(interaction, text)))

    @app_commands.command(name="import", description=words.IMPORT)
    @app_commands.describe(file=words.OPTION_FILE, source=words.OPTION_SOURCE, category=words.OPTION_CATEGORY_OF_ALL)
    async def import_list(
        self,
        interaction: discord.Interaction[Any],
        file: Transform[discord.Attachment, GivenFile("file")] | None = None,
        source: Transform[str, OneOf("source", _SOURCES)] | None = None,
        category: Transform[str, Text("category", longest=CATEGORY_MAX_CHARACTERS)] | None = None,
    ) -> None:
        """Say what an import would do, and offer to do it."""
        check_moderates(interaction)
        await answers.show(
            interaction, await answers.patiently(interaction, self._planned(interaction, file, source, category))
        )

    async def take(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Do what the plan of an import says."""
        check_moderates(interaction)
        taking = self._lists.taken(interaction, draft_id)
        await answers.replace(interaction, await answers.patiently(interaction, taking))

    async def decline(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Leave the list as it is."""
        check_moderates(interaction)
        declining = self._lists.declined(interaction, draft_id)
        await answers.replace(interaction, await answers.patiently(interaction, declining))

    @app_commands.command(name="export", description=words.EXPORT)
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        """Send the list as a file, in private."""
        check_moderates(interaction)
        await self._lists.send_export(interaction)

    @remove.autocomplete("term")
    async def _entries(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        # What is on the list is not for everybody's eyes.
        if not interaction.permissions.manage_messages:
            return []
        return await self._lists.complete(interaction, typed)

    @add.autocomplete("category")
    @import_list.autocomplete("category")
    async def _categories(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        if not interaction.permissions.manage_messages:
            return []
        return await self._lists.complete_category(interaction, typed)

    async def _tried(self, interaction: discord.Interaction[Any], typed: str) -> Card:
        screening = await self._parts.desk.filters.screen(guild_id_of(interaction), [typed])
        return filter_pages.tried(screening, typed)

    async def _planned(
        self,
        interaction: discord.Interaction[Any],
        file: discord.Attachment | None,
        source: str | None,
        category: str | None,
    ) -> Card:
        category_of(category)  # what is wrong with it is said once, and not for every line
        if source == _AUTOMOD:
            rules = await automod.own_rules(interaction)
            left_out = words.rules_note(disabled=rules.disabled, presets=rules.presets, others=rules.others)
            notes = [note for note in (left_out, words.exemptions_note()) if note]
            return await self._lists.planned(
                interaction, rules.lines, words.source_automod(), category=category, notes=notes
            )
        if file is None:
            raise TermRefused("no_file")
        lines = await self._lists.lines_of(file)
        return await self._lists.planned(interaction, lines, words.source_file(file.filename), category=category)

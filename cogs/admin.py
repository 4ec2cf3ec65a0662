"""`/admin`: everything that those who run a server steer, and here the LoRAs that its members may use."""

from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.admin_access import AccessCommands
from cogs.admin_limits import LimitsCommands
from cogs.admin_pause import PauseCommands
from cogs.admin_setup import SetupCommands
from cogs.admin_spend import SpendCommands
from cogs.admin_unresolved import UnresolvedCommands
from cogs.checks import check_manages, guild_id_of
from cogs.completion import Completion
from cogs.options import Number, Text
from cogs.parts import Parts
from cogs.starting import Starter
from generation.composing import Choices
from parameters import LORA_SCALE_BOUNDS, PROMPT_MAX_CHARACTERS, ImageSize
from recipes import NAME_MAX_CHARACTERS, TRIGGER_WORDS_MAX_CHARACTERS, LoraEntry, LoraPick, folded
from ui import admin_panels, answers
from ui.cards import Card
from ui.wording import admin as words

# Addresses of models are much shorter; the catalogue has its own limit.
_PATH_CHARACTERS: Final = 1000
# For the model, which understands English best, so it is the same in every language. It leaves the style to the LoRA
# and has what most of them act on: a figure, a place, and light.
TEST_PROMPT: Final = "a fox sitting in a forest clearing, soft morning light"


@app_commands.default_permissions(manage_guild=True)
class AdminCog(
    SetupCommands,
    AccessCommands,
    LimitsCommands,
    PauseCommands,
    UnresolvedCommands,
    SpendCommands,
    commands.GroupCog,
    group_name="admin",
    group_description=words.GROUP,
):
    """Everything that takes Manage Server. A server can show the commands to others, so each checks that itself."""

    loras = app_commands.Group(name="loras", description=words.LORAS)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._library = parts.library
        self._starter = Starter(parts)
        self._completion = Completion(parts)

    async def cog_load(self) -> None:
        """Answer the buttons and menus of the pages; discord.py calls this when the cog is added."""
        self._register_setup()
        self._register_access()
        self._register_limits()
        client = self._parts.client
        client.add_action(admin_panels.LORA_TEST_ACTION, self.press_test)
        client.add_action(admin_panels.LORA_PAGE_ACTION, self.turn)
        self._register_pause()
        self._register_unresolved()
        self._register_spend()

    @loras.command(name="add", description=words.ADD)
    @app_commands.describe(
        name=words.OPTION_NAME,
        path=words.OPTION_PATH,
        trigger=words.OPTION_TRIGGER,
        default_strength=words.OPTION_DEFAULT,
        max_strength=words.OPTION_MOST,
    )
    async def add(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("name", longest=NAME_MAX_CHARACTERS)],
        path: Transform[str, Text("path", longest=_PATH_CHARACTERS)],
        trigger: Transform[str, Text("trigger", longest=TRIGGER_WORDS_MAX_CHARACTERS)] | None = None,
        default_strength: Transform[float, Number("default_strength", LORA_SCALE_BOUNDS)] | None = None,
        max_strength: Transform[float, Number("max_strength", LORA_SCALE_BOUNDS)] | None = None,
    ) -> None:
        """Put a LoRA into the server's catalogue."""
        check_manages(interaction)
        usual = LoraEntry(
            guild_id=guild_id_of(interaction),
            name=name,
            path=path,
            trigger_words=trigger or "",
            added_by=interaction.user.id,
        )
        entry = _with_strengths(usual, default_strength, max_strength)
        adding = self._library.loras.add(entry, may_manage_guild=interaction.permissions.manage_guild)
        kept = await answers.patiently(interaction, adding)
        await answers.show(interaction, admin_panels.added(kept, price_micros=self._parts.facts.price_micros))

    @loras.command(name="remove", description=words.REMOVE)
    @app_commands.describe(name=words.OPTION_LORA)
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("lora", longest=NAME_MAX_CHARACTERS)],
    ) -> None:
        """Take a LoRA out of the server's catalogue."""
        check_manages(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._removed(interaction, name)))

    @loras.command(name="list", description=words.LIST)
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        """Show the server's LoRAs, in private."""
        check_manages(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._catalogue(interaction, 1)))

    async def turn(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page of the list in the place of the one with the button."""
        check_manages(interaction)
        page = self._catalogue(interaction, admin_panels.page_number(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    @loras.command(name="test", description=words.TEST)
    @app_commands.describe(name=words.OPTION_LORA, prompt=words.OPTION_PROMPT)
    async def test(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("lora", longest=NAME_MAX_CHARACTERS)],
        prompt: Transform[str, Text("prompt", longest=PROMPT_MAX_CHARACTERS)] = TEST_PROMPT,
    ) -> None:
        """Start one small picture with a LoRA, whose card is the answer."""
        check_manages(interaction)
        await self._test(interaction, name, prompt)

    async def press_test(self, interaction: discord.Interaction[Any], token: str) -> None:
        """Do as the command does, for the LoRA beside the button."""
        check_manages(interaction)
        entry = admin_panels.entry_of(token, await self._library.loras.list(guild_id_of(interaction)))
        await self._test(interaction, entry.name, TEST_PROMPT)

    @remove.autocomplete("name")
    @test.autocomplete("name")
    async def _names(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.loras(interaction, typed)

    async def _test(self, interaction: discord.Interaction[Any], name: str, prompt: str) -> None:
        choices = Choices(prompt=prompt, size=ImageSize.SQUARE, count=1, lora=LoraPick(name=name))
        await self._starter.start(interaction, choices)

    async def _removed(self, interaction: discord.Interaction[Any], name: str) -> Card:
        guild_id = guild_id_of(interaction)
        presets = await self._library.presets.list(guild_id, interaction.user.id)
        entry = await self._library.loras.remove(
            guild_id, name, by_id=interaction.user.id, may_manage_guild=interaction.permissions.manage_guild
        )
        gone = folded(entry.name)
        naming = [preset for preset in presets if any(folded(pick.name) == gone for pick in preset.values.loras)]
        return admin_panels.removed(entry, naming)

    async def _catalogue(self, interaction: discord.Interaction[Any], number: int) -> Card:
        entries = await self._library.loras.list(guild_id_of(interaction))
        return admin_panels.catalogue(entries, number=number, price_micros=self._parts.facts.price_micros)


def _with_strengths(usual: LoraEntry, default: float | None, most: float | None) -> LoraEntry:
    """The entry with the strengths that are said; a usual one that is left out gives way to them."""
    if most is None:
        most = max(usual.max_scale, default or 0.0)
    if default is None:
        default = min(usual.default_scale, most)
    return replace(usual, default_scale=default, max_scale=most)

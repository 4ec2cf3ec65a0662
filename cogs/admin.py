"""`/admin`: what those who run a server choose for it, and which LoRAs its members may use."""

from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.completion import Completion
from cogs.options import Number, Text
from cogs.parts import Parts
from cogs.starting import Starter
from errors import NotAllowed
from generation.composing import Choices
from models import GuildSettings
from parameters import LORA_SCALE_BOUNDS, PROMPT_MAX_CHARACTERS, ImageSize
from permissions import missing_to_post
from recipes import NAME_MAX_CHARACTERS, TRIGGER_WORDS_MAX_CHARACTERS, LoraEntry, LoraPick, folded
from ui import admin_panels, answers
from ui.buttons import chosen
from ui.cards import Card
from ui.wording import admin as words

# Addresses of models are much shorter; the catalogue has its own limit.
_PATH_CHARACTERS: Final = 1000
# For the model, which understands English best, so it is the same in every language. It leaves the style to the LoRA
# and has what most of them act on: a figure, a place, and light.
TEST_PROMPT: Final = "a fox sitting in a forest clearing, soft morning light"


@app_commands.default_permissions(manage_guild=True)
class AdminCog(commands.GroupCog, group_name="admin", group_description=words.GROUP):
    """Everything that takes Manage Server. A server can show the commands to others, so each checks that itself."""

    loras = app_commands.Group(name="loras", description=words.LORAS)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._library = parts.library
        self._starter = Starter(parts)
        self._completion = Completion(parts.library)

    async def cog_load(self) -> None:
        """Answer the buttons and menus of the pages; discord.py calls this when the cog is added."""
        client = self._parts.client
        client.add_action(admin_panels.SETUP_ACTION, self.change)
        client.add_action(admin_panels.LOOK_ACTION, self.look_again)
        client.add_action(admin_panels.LORA_TEST_ACTION, self.press_test)
        client.add_action(admin_panels.LORA_PAGE_ACTION, self.turn)

    @app_commands.command(name="setup", description=words.SETUP)
    async def setup(self, interaction: discord.Interaction[Any]) -> None:
        """Show the panel of the server's settings, in private."""
        _check_may(interaction)
        settings = await answers.patiently(interaction, self._library.guilds.of(_guild_of(interaction)))
        await answers.show(interaction, _panel(interaction, settings))

    async def change(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Keep what was pressed or chosen in the panel, and show what is stored then."""
        _check_may(interaction)
        changes = admin_panels.change_of(argument, chosen(interaction))
        changing = self._library.guilds.change(_guild_of(interaction), **changes)
        await answers.replace(interaction, _panel(interaction, await answers.patiently(interaction, changing)))

    async def look_again(self, interaction: discord.Interaction[Any], _argument: str) -> None:
        """Show the panel as everything is now."""
        _check_may(interaction)
        settings = await answers.patiently(interaction, self._library.guilds.of(_guild_of(interaction)))
        await answers.replace(interaction, _panel(interaction, settings))

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
        _check_may(interaction)
        usual = LoraEntry(
            guild_id=_guild_of(interaction),
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
        _check_may(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._removed(interaction, name)))

    @loras.command(name="list", description=words.LIST)
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        """Show the server's LoRAs, in private."""
        _check_may(interaction)
        await answers.show(interaction, await answers.patiently(interaction, self._catalogue(interaction, 1)))

    async def turn(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page of the list in the place of the one with the button."""
        _check_may(interaction)
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
        _check_may(interaction)
        await self._test(interaction, name, prompt)

    async def press_test(self, interaction: discord.Interaction[Any], token: str) -> None:
        """Do as the command does, for the LoRA beside the button."""
        _check_may(interaction)
        entry = admin_panels.entry_of(token, await self._library.loras.list(_guild_of(interaction)))
        await self._test(interaction, entry.name, TEST_PROMPT)

    @remove.autocomplete("name")
    @test.autocomplete("name")
    async def _names(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.loras(interaction, typed)

    async def _test(self, interaction: discord.Interaction[Any], name: str, prompt: str) -> None:
        choices = Choices(prompt=prompt, size=ImageSize.SQUARE, count=1, lora=LoraPick(name=name))
        await self._starter.start(interaction, choices)

    async def _removed(self, interaction: discord.Interaction[Any], name: str) -> Card:
        guild_id = _guild_of(interaction)
        presets = await self._library.presets.list(guild_id, interaction.user.id)
        entry = await self._library.loras.remove(guild_id, name, may_manage_guild=interaction.permissions.manage_guild)
        gone = folded(entry.name)
        naming = [preset for preset in presets if any(folded(pick.name) == gone for pick in preset.values.loras)]
        return admin_panels.removed(entry, naming)

    async def _catalogue(self, interaction: discord.Interaction[Any], number: int) -> Card:
        entries = await self._library.loras.list(_guild_of(interaction))
        return admin_panels.catalogue(entries, number=number, price_micros=self._parts.facts.price_micros)


def _check_may(interaction: discord.Interaction[Any]) -> None:
    if not interaction.permissions.manage_guild:
        raise NotAllowed("manage_guild")


def _guild_of(interaction: discord.Interaction[Any]) -> int:
    """The gate lets nothing in that comes from elsewhere than a guild."""
    return interaction.guild_id or 0


def _with_strengths(usual: LoraEntry, default: float | None, most: float | None) -> LoraEntry:
    """The entry with the strengths that are said; a usual one that is left out gives way to them."""
    if most is None:
        most = max(usual.max_scale, default or 0.0)
    if default is None:
        default = min(usual.default_scale, most)
    return replace(usual, default_scale=default, max_scale=most)


def _panel(interaction: discord.Interaction[Any], settings: GuildSettings) -> Card:
    in_thread = isinstance(interaction.channel, discord.Thread)
    missing = missing_to_post(interaction.app_permissions.value, in_thread=in_thread, with_image=True)
    return admin_panels.setup(settings, missing=missing, in_thread=in_thread)

"""Commands in every language: described in each, named alike in all, within Discord's limits."""

from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from tests.ui.scene import Scene
from ui.command_translator import CommandTranslator, localised
from ui.language import N_, TRANSLATED, _
from ui.sync import fingerprint

REMIX = N_("Cancel")


def described(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The command or option and all options below it."""
    yield part
    for option in part.get("options") or ():
        yield from described(option)


async def synced(scene: Scene) -> list[dict[str, Any]]:
    return [part for command in await scene.discord.commands_synced() for part in described(command)]


async def test_every_description_is_there_in_every_language(scene: Scene) -> None:
    for part in await synced(scene):
        if part.get("description"):
            translated = part.get("description_localizations") or {}
            assert set(translated) == set(TRANSLATED), part["name"]
            for words in (part["description"], *translated.values()):
                assert 1 <= len(words) <= 100, words


async def test_commands_and_options_have_one_name_in_all_languages(scene: Scene) -> None:
    for part in await synced(scene):
        if part.get("type", 1) != discord.AppCommandType.message.value or "options" in part:
            assert not part.get("name_localizations"), part["name"]


async def test_choices_are_translated_with_their_values_filled_in(scene: Scene) -> None:
    choices = [choice for part in await synced(scene) for choice in part.get("choices") or ()]
    shown = {choice["name"]: choice.get("name_localizations") for choice in choices}
    assert shown["Landscape 4:3 (1024\u00d7768)"] == {"de": "Quer 4:3 (1024\u00d7768)"}
    assert not shown["PNG"]


async def test_a_menu_entry_is_translated_although_discord_calls_it_a_name() -> None:
    async def remix(interaction: discord.Interaction[discord.Client], message: discord.Message) -> None:
        pass

    menu = app_commands.ContextMenu(name=REMIX, callback=remix)
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        payload = await menu.get_translated_payload(tree, CommandTranslator())
    assert payload["name"] == "Cancel"
    assert payload["name_localizations"] == {"de": "Abbrechen"}


def test_words_with_values_are_english_until_they_are_translated() -> None:
    assert localised(lambda: _("Cancel")).message == "Cancel"


async def test_a_changed_translation_is_given_to_discord_as_well(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, application_id = scene.client.tree, scene.discord.application_id
    before = await fingerprint(tree, application_id)

    async def other_words(*_: object) -> str | None:
        return "andere Worte"

    monkeypatch.setattr(CommandTranslator, "translate", other_words)
    assert await fingerprint(tree, application_id) != before

"""What the command picker suggests while a member types."""

import logging
from typing import Any, Final

import discord
from discord.app_commands import Choice

from cogs.parts import Library
from errors import StorageError
from generation.presets import token_of
from recipes import PresetScope
from ui import text
from ui.wording import commands as words

log = logging.getLogger(__name__)

# A token is a name with whose it is before it.
PRESET_CHARACTERS: Final = 64
# Discord's own limits.
CHOICES_MAX: Final = 25
CHOICE_CHARACTERS: Final = 100


class Completion:
    """Suggestions from what the guild and the member keep. A database that can't be read suggests nothing."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def presets(
        self, interaction: discord.Interaction[Any], typed: str, *, built_in: bool = True
    ) -> list[Choice[str]]:
        """Presets within the member's reach, the guild's first; the value says which of that name is meant."""
        try:
            found = await self._library.presets.complete(
                interaction.guild_id or 0, interaction.user.id, typed, CHOICES_MAX
            )
        except StorageError as error:
            log.warning("no presets to suggest: %s", error)
            return []
        return [
            Choice(name=_cut(words.preset_choice(preset)), value=token_of(preset))
            for preset in found
            if built_in or preset.scope is not PresetScope.BUILT_IN
        ]

    async def loras(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The guild's LoRAs."""
        try:
            found = await self._library.loras.complete(interaction.guild_id or 0, typed, CHOICES_MAX)
        except StorageError as error:
            log.warning("no LoRAs to suggest: %s", error)
            return []
        return [Choice(name=_cut(words.lora_choice(entry)), value=entry.name) for entry in found]


def _cut(words: str) -> str:
    return text.shortened(words, CHOICE_CHARACTERS)

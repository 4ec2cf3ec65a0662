"""What the command picker suggests while a member types."""

import logging
from typing import Any, Final

import discord
from discord.app_commands import Choice

from cogs.parts import Parts
from errors import StorageError
from generation.presets import token_of
from parameters import IMAGES_BESIDE_INPUT_MAX
from recipes import PresetScope
from ui import text
from ui.acceptance import origin_of
from ui.wording import commands as words

log = logging.getLogger(__name__)

# A token is a name with whose it is before it.
PRESET_CHARACTERS: Final = 64
# Discord's own limits.
CHOICES_MAX: Final = 25
CHOICE_CHARACTERS: Final = 100


class Completion:
    """Suggestions from what the guild and the member keep. A database that can't be read suggests nothing."""

    def __init__(self, parts: Parts) -> None:
        self._library = parts.library
        self._service = parts.service
        self._price_micros = parts.facts.price_micros

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

    async def counts(
        self, interaction: discord.Interaction[Any], typed: str, *, beside_image: bool = False
    ) -> list[Choice[int]]:
        """How many pictures, also `beside_image`: what each number costs, and how many the member has left."""
        origin = origin_of(interaction)
        try:
            settings = await self._library.guilds.of(origin.guild_id)
            lines = await self._service.quota(
                guild_id=origin.guild_id,
                user_id=origin.user_id,
                role_ids=origin.role_ids,
                place_ids=origin.place_ids,
            )
        except StorageError as error:
            log.warning("no counts to suggest: %s", error)
            return []
        left = min(line.fitting for line in lines)
        most = min(settings.images_per_job, IMAGES_BESIDE_INPUT_MAX) if beside_image else settings.images_per_job
        return [
            Choice(name=_cut(words.count_choice(count, count * self._price_micros, left)), value=count)
            for count in range(1, most + 1)
            if str(count).startswith(str(typed).strip())
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

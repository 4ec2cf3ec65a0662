"""`/imagine`: from words to a picture."""

from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.completion import PRESET_CHARACTERS, Completion
from cogs.options import Number, OneOf, Text, WholeNumber
from cogs.parts import Parts
from cogs.starting import Starter
from errors import InvalidOption
from generation.composing import Choices
from parameters import (
    LORA_SCALE_BOUNDS,
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PROMPT_MAX_CHARACTERS,
    ImageSize,
    OutputFormat,
)
from recipes import NAME_MAX_CHARACTERS, LoraPick
from ui.command_translator import localised
from ui.wording import commands as words

_SIZE_LABELS = {size: localised(partial(words.size_choice, size)) for size in words.SIZES}


class GenerateCog(commands.Cog):
    """Commands that start a job from words alone."""

    def __init__(self, parts: Parts) -> None:
        self._starter = Starter(parts)
        self._completion = Completion(parts)

    @app_commands.command(name="imagine", description=words.IMAGINE)
    @app_commands.describe(
        prompt=words.OPTION_PROMPT,
        size=words.OPTION_SIZE,
        count=words.OPTION_COUNT,
        negative=words.OPTION_NEGATIVE,
        seed=words.OPTION_SEED,
        preset=words.OPTION_PRESET,
        lora=words.OPTION_LORA,
        lora_strength=words.OPTION_LORA_STRENGTH,
        steps=words.OPTION_STEPS,
        guidance=words.OPTION_GUIDANCE,
        file_format=words.OPTION_FORMAT,
    )
    @app_commands.rename(file_format="format")
    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        prompt: Transform[str, Text("prompt", longest=PROMPT_MAX_CHARACTERS)],
        size: Transform[ImageSize, OneOf("image_size", _SIZE_LABELS)] | None = None,
        count: Transform[int, WholeNumber("num_images")] | None = None,
        negative: Transform[str, Text("negative_prompt", longest=NEGATIVE_PROMPT_MAX_CHARACTERS)] | None = None,
        seed: Transform[int, WholeNumber("seed")] | None = None,
        preset: Transform[str, Text("preset", longest=PRESET_CHARACTERS)] | None = None,
        lora: Transform[str, Text("lora", longest=NAME_MAX_CHARACTERS)] | None = None,
        lora_strength: Transform[float, Number("lora_strength", LORA_SCALE_BOUNDS)] | None = None,
        steps: Transform[int, WholeNumber("num_inference_steps")] | None = None,
        guidance: Transform[float, Number("guidance_scale")] | None = None,
        file_format: Transform[OutputFormat, OneOf("output_format", words.FORMATS)] | None = None,
    ) -> None:
        """Start a job, whose card is the answer."""
        if lora is None and lora_strength is not None:
            raise InvalidOption("lora", "needed", other="lora_strength")
        choices = Choices(
            prompt=prompt,
            negative=negative,
            size=size,
            steps=steps,
            seed=seed,
            guidance=guidance,
            count=count,
            file_format=file_format,
            lora=None if lora is None else LoraPick(name=lora, scale=lora_strength),
        )
        await self._starter.start(interaction, choices, preset=preset)

    @imagine.autocomplete("count")
    async def _counts(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[int]]:
        return await self._completion.counts(interaction, typed)

    @imagine.autocomplete("preset")
    async def _presets(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.presets(interaction, typed)

    @imagine.autocomplete("lora")
    async def _loras(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.loras(interaction, typed)

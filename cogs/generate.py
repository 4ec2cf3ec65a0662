"""`/imagine`: from words to a picture."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from cogs.options import Number, OneOf, Text, WholeNumber
from models import GenerationRequest
from parameters import (
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PROMPT_MAX_CHARACTERS,
    ImageSize,
    OutputFormat,
)
from ui import wording
from ui.acceptance import Acceptor

_SIZE_LABELS = {size: wording.size_choice(size) for size in wording.SIZES}


class GenerateCog(commands.Cog):
    """Commands that start a job."""

    def __init__(self, acceptor: Acceptor) -> None:
        self._acceptor = acceptor

    @app_commands.command(name="imagine", description=wording.IMAGINE)
    @app_commands.describe(
        prompt=wording.OPTION_PROMPT,
        size=wording.OPTION_SIZE,
        count=wording.OPTION_COUNT,
        negative=wording.OPTION_NEGATIVE,
        seed=wording.OPTION_SEED,
        steps=wording.OPTION_STEPS,
        guidance=wording.OPTION_GUIDANCE,
        file_format=wording.OPTION_FORMAT,
    )
    @app_commands.rename(file_format="format")
    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        prompt: Transform[str, Text("prompt", longest=PROMPT_MAX_CHARACTERS)],
        size: Transform[ImageSize, OneOf("image_size", _SIZE_LABELS)] = ImageSize.LANDSCAPE_4_3,
        count: Transform[int, WholeNumber("num_images")] = 1,
        negative: Transform[str, Text("negative_prompt", longest=NEGATIVE_PROMPT_MAX_CHARACTERS)] = "",
        seed: Transform[int, WholeNumber("seed")] | None = None,
        steps: Transform[int, WholeNumber("num_inference_steps")] = 28,
        guidance: Transform[float, Number("guidance_scale")] = 3.5,
        file_format: Transform[OutputFormat, OneOf("output_format", wording.FORMATS)] = OutputFormat.PNG,
    ) -> None:
        """Start a job, whose card is the answer."""
        request = GenerationRequest(
            prompt=prompt,
            negative_prompt=negative,
            image_size=size,
            num_inference_steps=steps,
            seed=seed,
            guidance_scale=guidance,
            num_images=count,
            output_format=file_format,
        )
        await self._acceptor.accept(interaction, request)

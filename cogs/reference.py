"""`/reference`: a picture that takes after an image that the member gives."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.completion import PRESET_CHARACTERS, Completion
from cogs.options import SIZE_LABELS, GivenFile, Number, OneOf, Text, WholeNumber
from cogs.parts import Parts
from cogs.starting import Starter
from generation.composing import Choices, ReferenceChoice
from generation.modes import REFERENCE_KINDS
from parameters import FRACTION_BOUNDS, IMAGES_BESIDE_INPUT_MAX, PROMPT_MAX_CHARACTERS, Bounds, ImageSize
from ui import answers
from ui.command_translator import localised
from ui.wording import commands as words
from ui.wording import images

_KIND_LABELS: Final = {key: localised(partial(images.kind_choice, key)) for key in REFERENCE_KINDS}
_COUNT_BOUNDS: Final = Bounds(low=1, high=IMAGES_BESIDE_INPUT_MAX)
# What any kind takes; which one takes what is the catalogue's to say.
_STRENGTH_BOUNDS: Final = Bounds(
    low=min(kind.strength_bounds.low for kind in REFERENCE_KINDS.values()),
    high=max(kind.strength_bounds.high for kind in REFERENCE_KINDS.values()),
)


class ReferenceCog(commands.Cog):
    """Pictures that take after an image."""

    def __init__(self, parts: Parts) -> None:
        self._images = parts.images
        self._starter = Starter(parts)
        self._completion = Completion(parts)

    @app_commands.command(name="reference", description=images.REFERENCE)
    @app_commands.describe(
        prompt=words.OPTION_PROMPT,
        image=images.OPTION_IMAGE,
        kind=images.OPTION_KIND,
        strength=images.OPTION_REFERENCE_STRENGTH,
        end=images.OPTION_END,
        size=images.OPTION_SIZE,
        count=words.OPTION_COUNT,
        seed=words.OPTION_SEED,
        preset=words.OPTION_PRESET,
    )
    async def reference(
        self,
        interaction: discord.Interaction[Any],
        prompt: Transform[str, Text("prompt", longest=PROMPT_MAX_CHARACTERS)],
        image: Transform[discord.Attachment, GivenFile("image")],
        kind: Transform[str, OneOf("kind", _KIND_LABELS)],
        strength: Transform[float, Number("strength", _STRENGTH_BOUNDS)] | None = None,
        end: Transform[float, Number("end", FRACTION_BOUNDS)] | None = None,
        size: Transform[ImageSize, OneOf("image_size", SIZE_LABELS)] | None = None,
        count: Transform[int, WholeNumber("num_images", _COUNT_BOUNDS)] | None = None,
        seed: Transform[int, WholeNumber("seed")] | None = None,
        preset: Transform[str, Text("preset", longest=PRESET_CHARACTERS)] | None = None,
    ) -> None:
        """Start a job from the words and the image; the answer becomes its card once the image is fetched."""
        # Name and size stand in until the image is there: what else is wrong can be said before it is fetched.
        chosen = ReferenceChoice(
            kind=kind, image_filename="input.png", image_width_px=1, image_height_px=1, strength=strength, end=end
        )
        choices = Choices(prompt=prompt, command="reference", size=size, count=count, seed=seed, reference=chosen)
        await self._starter.compose(interaction, choices, preset=preset)
        await answers.defer_publicly(interaction)
        given = await self._images.fetch(image.url, size_bytes=image.size)
        fetched = replace(
            chosen,
            image_filename=given.filename,
            image_width_px=given.original_width_px,
            image_height_px=given.original_height_px,
        )
        await self._starter.start(interaction, replace(choices, reference=fetched), preset=preset, image=given)

    @reference.autocomplete("count")
    async def _counts(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[int]]:
        return await self._completion.counts(interaction, typed, beside_image=True)

    @reference.autocomplete("preset")
    async def _presets(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.presets(interaction, typed)

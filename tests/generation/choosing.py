"""Choices, presets and LoRAs to compose requests from: a test names only what it is about."""

from typing import Any, Final

from errors import InvalidOption
from generation.composing import Choices, ControlChoice, ReferenceChoice, compose
from models import GenerationRequest, Job
from recipes import LoraEntry, Preset, PresetScope, PresetValues, Recipe
from tests.builders import GUILD_ID, make_job

INK: Final = LoraEntry(guild_id=GUILD_ID, name="Ink", path="a/ink", trigger_words="ink wash, paper", default_scale=0.8)
GOLD: Final = LoraEntry(guild_id=GUILD_ID, name="Gold Leaf", path="a/gold", max_scale=1.5)


def preset(name: str = "Painting", **values: Any) -> Preset:
    """A guild's preset of these values."""
    return Preset(scope=PresetScope.GUILD, name=name, guild_id=GUILD_ID, values=PresetValues(**values))


def control(mode: str = "canny", *, width: int = 1024, height: int = 1024, **options: Any) -> ControlChoice:
    """A control mode with a square image unless told."""
    return ControlChoice(mode=mode, image_filename="input.png", image_width_px=width, image_height_px=height, **options)


def reference(kind: str = "style", *, width: int = 1024, height: int = 1024, **options: Any) -> ReferenceChoice:
    """A reference kind with a square image unless told."""
    return ReferenceChoice(
        kind=kind, image_filename="input.jpg", image_width_px=width, image_height_px=height, **options
    )


def made(prompt: str = "a fox", *, by: Preset | None = None, **choices: Any) -> tuple[GenerationRequest, Recipe]:
    """What is composed from these choices where the guild has both LoRAs."""
    return compose(Choices(prompt=prompt, **choices), preset=by, loras=(INK, GOLD))


def job_of(made_of: tuple[GenerationRequest, Recipe], **changes: Any) -> Job:
    """A job of what was composed."""
    request, recipe = made_of
    return make_job(request=request, recipe=recipe, **changes)


def refusal(error: InvalidOption) -> tuple[str, str]:
    """Which option was refused, and why."""
    return error.option, error.problem

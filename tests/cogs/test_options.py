"""Option types: what Discord is told, and that a value of a wrong type is refused in our words."""

from typing import Any, cast

import discord
import pytest
from discord.app_commands import Transformer

from cogs.options import GivenFile, Number, OneOf, Text, WholeNumber
from errors import InvalidOption
from parameters import PARAMETER_BOUNDS, Bounds, OutputFormat

FORMATS = {OutputFormat.PNG: "PNG", OutputFormat.JPEG: "JPEG"}
NOBODY = cast("discord.Interaction[Any]", None)


def test_discord_is_told_the_bounds_of_the_parameters() -> None:
    for name in ("num_images", "num_inference_steps", "seed"):
        option, bounds = WholeNumber(name), PARAMETER_BOUNDS[name]
        assert (option.min_value, option.max_value) == (bounds.low, bounds.high)
    guidance, bounds = Number("guidance_scale"), PARAMETER_BOUNDS["guidance_scale"]
    assert (guidance.min_value, guidance.max_value) == (bounds.low, bounds.high)
    few, faint = WholeNumber("num_images", Bounds(low=2, high=3)), Number("strength", Bounds(low=0, high=0.5))
    assert (few.min_value, few.max_value, faint.min_value, faint.max_value) == (2, 3, 0, 0.5)
    prompt = Text("prompt", longest=2000)
    assert (prompt.min_value, prompt.max_value) == (1, 2000)


@pytest.mark.parametrize(
    ("option", "value", "becomes"),
    [
        (WholeNumber("num_images"), 4, 4),
        (WholeNumber("num_images"), 99, 99),
        (Number("guidance_scale"), 3, 3.0),
        (Number("guidance_scale"), -1.5, -1.5),
        (OneOf("output_format", FORMATS), "jpeg", OutputFormat.JPEG),
        (OneOf("mode", {"net-canny": "Edges"}), "net-canny", "net-canny"),
        (Text("prompt", longest=3), "far too long", "far too long"),
    ],
)
async def test_a_value_passes_for_the_request_to_judge(
    option: Transformer[discord.Client], value: object, becomes: object
) -> None:
    assert await option.transform(NOBODY, value) == becomes


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (WholeNumber("num_images"), "4"),
        (WholeNumber("num_images"), 4.5),
        (WholeNumber("num_images"), True),
        (Number("guidance_scale"), "3.5"),
        (Number("guidance_scale"), False),
        (OneOf("output_format", FORMATS), "gif"),
        (OneOf("output_format", FORMATS), 1),
        (Text("prompt", longest=3), 7),
        (GivenFile("image"), discord.Object(7)),
        (GivenFile("image"), "https://example.org/cat.png"),
    ],
)
async def test_a_value_of_a_wrong_type_is_refused(option: Transformer[discord.Client], value: object) -> None:
    with pytest.raises(InvalidOption) as caught:
        await option.transform(NOBODY, value)
    assert caught.value.problem == "not_a_choice"

"""The provider's parameters: ranges at their very edges, texts, sizes."""

import math

import pytest

from errors import InvalidOption
from models import GenerationRequest
from parameters import (
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PARAMETER_BOUNDS,
    PROMPT_MAX_CHARACTERS,
    Bounds,
    ImageSize,
    OutputFormat,
    Scheduler,
    check_number,
    check_text,
)

# As the provider's page and fal's schema for the same model give them, written out a second time on purpose.
PUBLISHED_RANGES = {
    "num_inference_steps": (1, 50, False),
    "seed": (0, 2_147_483_647, False),
    "guidance_scale": (0, 20, False),
    "real_cfg_scale": (0, 5, False),
    "num_images": (1, 10, False),
    "reference_strength": (-3, 3, False),
    "reference_end": (0, 1, False),
    "base_shift": (0.01, 5, False),
    "max_shift": (0.01, 5, False),
    "nag_scale": (1, 10, True),
    "nag_tau": (0, 100, True),
    "nag_alpha": (0, 1, True),
    "nag_end": (0, 1, True),
}


def test_the_ranges_are_the_published_ones() -> None:
    ours = {name: (bounds.low, bounds.high, bounds.low_excluded) for name, bounds in PARAMETER_BOUNDS.items()}
    assert ours == PUBLISHED_RANGES


def test_every_number_of_a_request_has_a_range() -> None:
    numbers = {name for name, kind in GenerationRequest.__annotations__.items() if kind in (int, float, int | None)}
    assert numbers == PARAMETER_BOUNDS.keys()


@pytest.mark.parametrize(("name", "bounds"), PARAMETER_BOUNDS.items())
def test_a_number_is_taken_up_to_its_edges_and_not_beyond(name: str, bounds: Bounds) -> None:
    check_number(name, bounds.high, bounds)
    inside = math.nextafter(bounds.low, math.inf) if bounds.low_excluded else bounds.low
    check_number(name, inside, bounds)
    outside = bounds.low if bounds.low_excluded else math.nextafter(bounds.low, -math.inf)
    for value in (outside, math.nextafter(bounds.high, math.inf), math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidOption) as caught:
            check_number(name, value, bounds)
        assert (caught.value.option, caught.value.problem) == (name, "out_of_range")
        assert (caught.value.low, caught.value.high) == (bounds.low, bounds.high)
        assert caught.value.low_excluded is bounds.low_excluded


def test_a_text_may_be_as_long_as_its_limit_and_not_longer() -> None:
    check_text("prompt", "x" * 10, longest=10)
    with pytest.raises(InvalidOption) as caught:
        check_text("prompt", "x" * 11, longest=10)
    assert (caught.value.problem, caught.value.high) == ("too_long", 10)


def test_the_longest_texts_are_what_the_documentation_says() -> None:
    assert (PROMPT_MAX_CHARACTERS, NEGATIVE_PROMPT_MAX_CHARACTERS) == (2000, 1000)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ud800"])
def test_control_characters_and_lone_surrogates_are_refused(character: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        check_text("prompt", f"a{character}b", longest=10)
    assert caught.value.problem == "control_characters"


@pytest.mark.parametrize(
    "text",
    ["two\nlines", "a\r\nb", "a\ttab", "👩\u200d🚀", "\u202bعربي\u202c", "日本語", "e\u0301", ""],
    ids=["newline", "carriage return", "tab", "joined emoji", "direction mark", "japanese", "combining", "empty"],
)
def test_ordinary_text_of_any_script_passes(text: str) -> None:
    check_text("prompt", text, longest=20)


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        ("square_hd", (1024, 1024)),
        ("square", (512, 512)),
        ("portrait_4_3", (768, 1024)),
        ("portrait_16_9", (576, 1024)),
        ("landscape_4_3", (1024, 768)),
        ("landscape_16_9", (1024, 576)),
    ],
)
def test_a_named_size_knows_its_pixels(size: str, pixels: tuple[int, int]) -> None:
    assert (ImageSize(size).width_px, ImageSize(size).height_px) == pixels


def test_the_choices_are_spelled_as_the_provider_spells_them() -> None:
    assert len(ImageSize) == 6
    assert {str(scheduler) for scheduler in Scheduler} == {"euler", "dpmpp_2m"}
    assert {str(kind) for kind in OutputFormat} == {"png", "jpeg"}

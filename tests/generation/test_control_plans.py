"""What `/control` keeps of its options between the preview and the job."""

import json
from dataclasses import fields

import pytest

from errors import InvalidOption
from generation.composing import ControlChoice
from generation.control_plans import ControlPlan
from generation.input_images import MapSettings
from generation.modes import CONTROL_MODES
from parameters import ImageSize

FULL = ControlPlan(
    prompt="a fox",
    mode="canny",
    image_filename="input.jpg",
    image_width_px=300,
    image_height_px=200,
    strength=0.5,
    start=0.1,
    end=0.9,
    preprocess="canny",
    size=ImageSize.SQUARE,
    count=3,
    seed=7,
    preset="g:night",
    low=10,
    high=20,
)


def test_a_plan_comes_back_from_a_drafts_json_as_it_went_in() -> None:
    assert all(getattr(FULL, entry.name) is not None for entry in fields(ControlPlan))
    for plan in (FULL, ControlPlan(prompt="a fox", mode="tile")):
        assert ControlPlan.of(json.loads(json.dumps(plan.content()))) == plan


def test_a_draft_of_another_version_keeps_what_both_know() -> None:
    assert ControlPlan.of({"prompt": "a fox", "mode": "tile", "mood": "calm"}) == ControlPlan(
        prompt="a fox", mode="tile"
    )


def test_every_option_is_among_the_choices() -> None:
    choices = FULL.choices()
    assert (choices.prompt, choices.command) == ("a fox", "control")
    assert (choices.size, choices.count, choices.seed) == (ImageSize.SQUARE, 3, 7)
    assert choices.control == ControlChoice(
        mode="canny",
        image_filename="input.jpg",
        image_width_px=300,
        image_height_px=200,
        strength=0.5,
        start=0.1,
        end=0.9,
        preprocess="canny",
    )


@pytest.mark.parametrize("mode", CONTROL_MODES)
def test_a_map_is_made_where_the_catalogue_says_so(mode: str) -> None:
    plan = ControlPlan(prompt="a fox", mode=mode, low=1, high=2)
    makes = CONTROL_MODES[mode].makes
    assert plan.map_settings == (None if makes is None else MapSettings(method=makes, low=1, high=2))
    assert plan.has_thresholds == (makes == "canny")


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidOption):
        _ = ControlPlan(prompt="a fox", mode="telepathy").map_settings

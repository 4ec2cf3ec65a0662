"""What the preview and its form say for every mode, in every language, and that it fits into a message."""

from typing import Any

import discord
import pytest

from errors import InvalidOption
from generation.control_plans import ControlPlan
from generation.modes import CONTROL_MODES, REFERENCE_KINDS
from parameters import PREPROCESSORS
from tests.builders import PRICE_MICROS, make_request
from ui import control_preview
from ui.forms import FormValues
from ui.language import speaking
from ui.wording import images

DRAFT_ID = "x" * 16
LANGUAGES = ("en-US", "de")


def filled(**values: str) -> FormValues:
    return FormValues({"components": [{"custom_id": name, "value": value} for name, value in values.items()]})


def words(view: discord.ui.LayoutView) -> str:
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_has_a_label_of_its_own_that_fits(language: str) -> None:
    with speaking(language):
        for labels in (
            [images.mode_choice(key) for key in CONTROL_MODES],
            [images.kind_choice(key) for key in REFERENCE_KINDS],
            [images.preprocess_choice(key) for key in PREPROCESSORS],
        ):
            assert len(set(labels)) == len(labels) <= 25
            assert all(0 < len(label) <= 100 for label in labels)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", CONTROL_MODES)
async def test_every_mode_has_a_preview_and_a_form_that_discord_takes(mode: str, language: str) -> None:
    plan = ControlPlan(prompt="*" * 2000, mode=mode, low=10, high=20, count=2)
    with speaking(language):
        view = control_preview.preview(DRAFT_ID, plan, make_request(num_images=2), price_micros=PRICE_MICROS)
        form = control_preview.adjust_form(DRAFT_ID, plan)
        assert images.mode_choice(mode) in words(view)
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40
    assert 2 <= len(form.children) <= 5
    for label in form.children:
        assert isinstance(label, discord.ui.Label)
        assert not (label.description or "").endswith("…")


@pytest.mark.parametrize("mode", CONTROL_MODES)
async def test_a_map_that_nobody_makes_is_asked_for(mode: str) -> None:
    said = images.what_happens(CONTROL_MODES[mode], None)
    assert ("must be" in said) == CONTROL_MODES[mode].ready_map
    assert (images.map_warning(CONTROL_MODES[mode], None) is not None) == CONTROL_MODES[mode].ready_map


async def test_defaults_are_those_of_the_mode() -> None:
    plan = ControlPlan(prompt="a fox", mode="net-depth")
    said = words(control_preview.preview(DRAFT_ID, plan, make_request(), price_micros=PRICE_MICROS))
    assert "**Strength** 0.5, from beginning to end" in said
    assert "**You get** 1 picture, 1024×768 · **$0.09**" in said


@pytest.mark.parametrize(
    ("mode", "written", "expected"),
    [
        ("lora-depth", {}, {"strength": None, "count": None}),
        ("lora-depth", {"strength": "0,5", "count": "2"}, {"strength": 0.5, "count": 2}),
        ("pose", {"start": ".25", "end": "1"}, {"strength": None, "count": None, "start": 0.25, "end": 1.0}),
        (
            "canny",
            {"thresholds": "200/100"},
            {"strength": None, "count": None, "start": None, "end": None, "low": 100, "high": 200},
        ),
    ],
)
def test_the_form_is_read_as_people_write(mode: str, written: dict[str, str], expected: dict[str, Any]) -> None:
    assert control_preview.adjusted(ControlPlan(prompt="a fox", mode=mode), filled(**written)) == expected


@pytest.mark.parametrize("written", ["5", "5 300", "-5", "1 2 3", "a b", "5,5,5", "99999 1", "٣ ٤"])
def test_what_are_no_two_thresholds_is_refused(written: str) -> None:
    with pytest.raises(InvalidOption) as refusal:
        control_preview.adjusted(ControlPlan(prompt="a fox", mode="canny"), filled(thresholds=written))
    assert (refusal.value.option, refusal.value.problem) == ("thresholds", "out_of_range")


def test_names_that_are_no_modes_stay_as_they_are() -> None:
    assert images.name_of("lora_strength") == "lora_strength"
    assert images.name_of("style") == images.kind_choice("style")
    assert images.called("lora_strength") == "lora_strength"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mode_and_kind_has_a_short_name_for_cards_that_is_its_own(language: str) -> None:
    keys = [*CONTROL_MODES, *REFERENCE_KINDS]
    with speaking(language):
        called = [images.called(key) for key in keys]
        assert all(f"({short})" in images.name_of(key) for key, short in zip(keys, called, strict=True))
    assert len(set(called)) == len(called)
    assert max(map(len, called)) <= 24

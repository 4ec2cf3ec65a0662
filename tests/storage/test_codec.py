"""Requests, presets and recipes as stored: whatever a member may wish for comes back equal."""

import json
from dataclasses import MISSING, fields
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import GenerationRequest
from parameters import (
    CONDITIONING_SCALE_BOUNDS,
    EASYCONTROL_TYPES,
    FRACTION_BOUNDS,
    LORA_SCALE_BOUNDS,
    PARAMETER_BOUNDS,
    PREPROCESSORS,
    UNION_MODES,
    Bounds,
    ControlNetUnion,
    ImageSize,
    OutputFormat,
    UnionControl,
)
from recipes import LORAS_MAX, LoraPick, PresetScope, PresetValues, Recipe, folded
from storage.codec import (
    decode_preset,
    decode_recipe,
    decode_request,
    encode_parameters,
    encode_preset,
    encode_recipe,
)
from tests.builders import make_request

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
PROMPTS = TEXTS.map(lambda text: f"a {text}")
NO_BRACES = str.maketrans("{}", "()")
SINGLE = {"controlnets", "controlnet_unions"}


def numbers(bounds: Bounds, *, whole: bool) -> st.SearchStrategy[float]:
    if whole:
        return st.integers(int(bounds.low), int(bounds.high))
    return st.floats(bounds.low, bounds.high, exclude_min=bounds.low_excluded)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, made from the annotation: a new element or field is covered by itself."""
    if isinstance(kind, UnionType):
        return st.one_of([values_of(each) for each in get_args(kind)])
    if kind is type(None):
        return st.none()
    if kind is str:
        return st.text(max_size=30)
    if kind is float:
        return st.floats(-10, 10) | st.integers(-10, 10)
    if get_args(kind):
        return st.lists(elements_of(get_args(kind)[0]), max_size=2).map(tuple)
    raise AssertionError(f"no strategy for {kind}")


# What an element's fields may be, by their names; all others may be anything of their type.
ELEMENT_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "scale": numbers(LORA_SCALE_BOUNDS, whole=False),
    "conditioning_scale": numbers(CONDITIONING_SCALE_BOUNDS, whole=False),
    "start_percentage": numbers(FRACTION_BOUNDS, whole=False),
    "end_percentage": numbers(FRACTION_BOUNDS, whole=False),
    "mask_threshold": numbers(FRACTION_BOUNDS, whole=False),
    "preprocess": st.sampled_from(PREPROCESSORS),
    "control_mode": st.sampled_from(UNION_MODES),
    "image_control_type": st.sampled_from(EASYCONTROL_TYPES),
}


def elements_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind).items()
    parts = {name: ELEMENT_VALUES[name] if name in ELEMENT_VALUES else values_of(hint) for name, hint in hints}
    if kind is ControlNetUnion:
        parts["controls"] = st.lists(elements_of(UnionControl), min_size=1, max_size=2).map(tuple)
    return st.builds(kind, **parts)


def field_values(name: str, kind: Any) -> st.SearchStrategy[Any]:
    if name in PARAMETER_BOUNDS:
        number = numbers(PARAMETER_BOUNDS[name], whole=kind in (int, int | None))
        return number | st.none() if kind == int | None else number
    if kind is bool:
        return st.booleans()
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    if get_args(kind) and not isinstance(kind, UnionType):
        return st.lists(elements_of(get_args(kind)[0]), max_size=1 if name in SINGLE else 3).map(tuple)
    return values_of(kind)


@st.composite
def requests(draw: st.DrawFn) -> GenerationRequest:
    """Every request that can be made, most parameters left at their defaults as members do."""
    hints = get_type_hints(GenerationRequest)
    optional = {name: field_values(name, kind) for name, kind in hints.items() if "prompt" not in name}
    changed: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=optional))
    if changed.get("controlnets") and changed.get("controlnet_unions"):
        del changed["controlnets"]
    return make_request(draw(PROMPTS), negative_prompt=draw(TEXTS), **changed)


@given(requests())
def test_every_request_comes_back_equal(request: GenerationRequest) -> None:
    stored = encode_parameters(request)
    again = decode_request(request.prompt, request.negative_prompt, stored)
    assert again == request
    for field in fields(GenerationRequest):
        value, came_back = getattr(request, field.name), getattr(again, field.name)
        assert type(value) is type(came_back), field.name
    assert encode_parameters(again) == stored


@given(requests())
def test_what_is_stored_is_plain_json_without_the_texts(request: GenerationRequest) -> None:
    stored = encode_parameters(request)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    values = json.loads(stored, parse_constant=refuse)
    assert not values.keys() & {"prompt", "negative_prompt"}
    assert stored.isascii()


def test_only_what_differs_from_the_defaults_is_stored() -> None:
    assert encode_parameters(make_request()) == "{}"
    request = make_request(seed=0, image_size=ImageSize.SQUARE, output_format=OutputFormat.JPEG)
    assert json.loads(encode_parameters(request)) == {"seed": 0, "image_size": "square", "output_format": "jpeg"}


def test_a_default_that_a_later_release_adds_is_filled_in() -> None:
    assert decode_request("a fox", "", "{}") == make_request("a fox")


def test_every_field_but_the_prompt_has_a_default() -> None:
    assert [field.name for field in fields(GenerationRequest) if field.default is MISSING] == ["prompt"]


@pytest.mark.parametrize("parameters", ['{"unknown": 1}', '{"image_size": "huge"}', "[]", "{"])
def test_what_this_release_cannot_read_is_not_guessed_at(parameters: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        decode_request("a fox", "", parameters)


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=32)
PICKS = st.builds(LoraPick, name=NAMES, scale=st.none() | numbers(LORA_SCALE_BOUNDS, whole=False))
PRESET_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "template": st.tuples(TEXTS, TEXTS).map(lambda ends: "{prompt}".join(end.translate(NO_BRACES) for end in ends)),
    "negative_prompt": TEXTS,
    "loras": st.lists(PICKS, max_size=LORAS_MAX, unique_by=lambda pick: folded(pick.name)).map(tuple),
}


@st.composite
def presets(draw: st.DrawFn) -> PresetValues:
    """Every preset that can be made, with any of its values set."""
    optional = {
        name: PRESET_VALUES[name] if name in PRESET_VALUES else field_values(name, get_args(kind)[0])
        for name, kind in get_type_hints(PresetValues).items()
    }
    return PresetValues(**draw(st.fixed_dictionaries({}, optional=optional)))


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Every recipe, most of its parts left out as members do."""
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "command": texts,
        "preset_scope": st.sampled_from(PresetScope),
        "preset_values": presets(),
        "trigger_words": st.lists(texts, max_size=3).map(tuple),
        "loras": st.lists(texts, max_size=3).map(tuple),
        "negative_borrowed": st.booleans(),
        **dict.fromkeys(("prompt", "preset", "template", "mode", "parent_job_id"), texts),
    }
    assert optional.keys() == {field.name for field in fields(Recipe)}
    return Recipe(**draw(st.fixed_dictionaries({}, optional=optional)))


@given(presets())
def test_every_preset_comes_back_equal(values: PresetValues) -> None:
    stored = json.dumps(encode_preset(values), ensure_ascii=False, allow_nan=False)
    again = decode_preset(json.loads(stored))
    assert again == values
    for field in fields(PresetValues):
        assert type(getattr(again, field.name)) is type(getattr(values, field.name)), field.name
    assert encode_preset(again) == encode_preset(values)


@given(recipes())
def test_every_recipe_comes_back_equal(recipe: Recipe) -> None:
    stored = encode_recipe(recipe)
    again = decode_recipe(stored)
    assert again == recipe
    assert encode_recipe(again) == stored
    assert type(again.preset_scope) is type(recipe.preset_scope)


def test_a_plain_recipe_and_a_preset_of_nothing_take_no_room() -> None:
    assert encode_recipe(Recipe()) == "{}"
    assert encode_preset(PresetValues()) == {}
    assert decode_preset({}) == PresetValues()


def test_an_empty_preset_is_not_no_preset() -> None:
    recipe = Recipe(preset="Ink", preset_values=PresetValues())
    assert decode_recipe(encode_recipe(recipe)) == recipe


@pytest.mark.parametrize(
    "stored",
    [
        {"later": 5},
        {"guidance_scale": 21},
        {"guidance_scale": "much"},
        {"guidance_scale": None},
        {"guidance_scale": [3]},
        {"guidance_scale": float("nan")},
        {"num_inference_steps": 20.5},
        {"num_inference_steps": 51},
        {"scheduler": "later"},
        {"scheduler": ["euler"]},
        {"image_size": {"width": 100, "height": 100}},
        {"template": "no place for it"},
        {"template": 5},
        {"negative_prompt": "x" * 1001},
        {"loras": None},
        {"loras": 5},
        {"loras": ["Ink"]},
        {"loras": [["Ink"]]},
        {"loras": [{"name": "Ink"}]},
        {"loras": [[5, 1.0]]},
        {"loras": [["Ink", 5.0]]},
        {"loras": [["Ink", 1.0], ["INK", 1.0]]},
        {"loras": [[str(number), None] for number in range(LORAS_MAX + 1)]},
    ],
    ids=str,
)
def test_of_a_preset_that_another_release_made_the_rest_is_kept(stored: dict[str, Any]) -> None:
    assert decode_preset({**stored, "nag_end": 0.5}) == PresetValues(nag_end=0.5)

"""Requests as stored: whatever a member may wish for comes back equal."""

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
from storage.codec import decode_request, encode_parameters
from tests.builders import make_request

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
PROMPTS = TEXTS.map(lambda text: f"a {text}")
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

"""The reference data is in the form that the client, and the provider, take."""

import math
from typing import Any

import pytest

import config
from errors import InvalidOption
from models import GenerationRequest
from parameters import EASYCONTROL_METHODS, UNION_MODES
from provider import catalogue
from provider.catalogue import CONTROL_MODES, REFERENCE_KINDS, ControlArray, control_fields, reference_fields
from provider.wire import body_of
from sandbox.pixazo.validation import model_path, problems

URL = "https://cdn.example/input.png"
PATHS = (
    *catalogue.UNION_PATHS,
    *catalogue.CONTROLNET_PATHS.values(),
    *catalogue.CONTROL_LORA_PATHS.values(),
    catalogue.IP_ADAPTER_PATH,
    catalogue.IP_ADAPTER_ENCODER_PATH,
)


@pytest.mark.parametrize("path", PATHS)
def test_model_paths_are_taken_by_the_provider(path: str) -> None:
    assert list(model_path(("path",), path)) == []


def test_endpoints_are_the_ones_of_the_page() -> None:
    assert catalogue.SUBMIT_URL.endswith("/flux-general/v1/flux-general/generateTextToImageRequest")
    assert catalogue.STATUS_URL.endswith("/flux-general-polling/flux-general/getStatus")
    for url in (catalogue.SUBMIT_URL, catalogue.STATUS_URL):
        assert url.startswith("https://gateway.pixazo.ai/")


def test_the_price_by_default_is_the_pages() -> None:
    settings, _ = config.examine({}, None)
    assert settings.price_per_image_micros == catalogue.PAGE_PRICE_MICROS


def test_spans_of_time_are_in_order() -> None:
    for span in (catalogue.INFERENCE_TIME, catalogue.QUEUE_TIME, catalogue.COLD_MODEL_TIME):
        assert 0 <= span.low_seconds < span.high_seconds


def _body(fields: dict[str, Any]) -> dict[str, object]:
    return body_of(GenerationRequest(prompt="a fox", seed=7, **fields))


def _refusal(error: InvalidOption) -> tuple[str, str, str | None]:
    return error.option, error.problem, error.other


@pytest.mark.parametrize("key", CONTROL_MODES)
def test_every_control_mode_makes_a_body_that_the_provider_takes(key: str) -> None:
    assert problems(_body(control_fields(key, image_url=URL))) == []


@pytest.mark.parametrize("key", REFERENCE_KINDS)
def test_every_reference_kind_makes_a_body_that_the_provider_takes(key: str) -> None:
    assert problems(_body(reference_fields(key, image_url=URL))) == []


def test_the_modes_are_all_that_the_provider_has_and_fit_into_one_list() -> None:
    """Discord shows 25 choices at most; EasyControl's subject is a reference, not a control."""
    by_array = {array: [key for key, mode in CONTROL_MODES.items() if mode.array is array] for array in ControlArray}
    assert tuple(by_array[ControlArray.UNION]) == UNION_MODES
    assert {CONTROL_MODES[key].model for key in by_array[ControlArray.EASY]} == {*EASYCONTROL_METHODS} - {"subject"}
    assert {CONTROL_MODES[key].model for key in by_array[ControlArray.NET]} == {*catalogue.CONTROLNET_PATHS.values()}
    assert by_array[ControlArray.LORA] == ["lora-canny", "lora-depth"]
    assert len(CONTROL_MODES) == 21
    assert not CONTROL_MODES.keys() & REFERENCE_KINDS.keys()  # a recipe keeps the key alone


def test_every_mode_either_has_its_map_made_or_says_what_it_needs() -> None:
    made = {key: mode.makes for key, mode in CONTROL_MODES.items() if mode.makes is not None}
    assert set(made.values()) == {*catalogue.MAPS}
    assert made == {
        **{kind: kind for kind in catalogue.MAPS},
        "net-canny": "canny",
        "easy-canny": "canny",
    }
    assert {key for key, mode in CONTROL_MODES.items() if mode.needs_ready_map()} == {
        *("depth", "pose", "net-depth", "net-normals", "net-lineart"),
        *("easy-depth", "easy-hedsketch", "easy-inpainting", "easy-pose", "easy-seg"),
    }
    for mode in CONTROL_MODES.values():
        assert mode.makes is None or not mode.ready_map


def test_a_control_lora_needs_a_ready_map_only_where_the_provider_draws_none() -> None:
    mode = CONTROL_MODES["lora-depth"]
    assert not mode.needs_ready_map()
    assert not mode.needs_ready_map("depth")
    assert mode.needs_ready_map("None")


def test_unions_begin_within_the_range_that_works_best() -> None:
    for mode in CONTROL_MODES.values():
        if mode.array is ControlArray.UNION:
            assert catalogue.UNION_SCALE_LOW <= mode.strength <= catalogue.UNION_SCALE_HIGH


@pytest.mark.parametrize("key", CONTROL_MODES)
def test_a_control_strength_is_taken_up_to_its_bounds(key: str) -> None:
    bounds = CONTROL_MODES[key].strength_bounds
    assert (bounds.low, bounds.high) == ((0, 2) if CONTROL_MODES[key].has_span else (0, 4))
    for strength in (bounds.low, bounds.high):
        assert problems(_body(control_fields(key, image_url=URL, strength=strength))) == []
    for strength in (-0.01, math.nextafter(bounds.high, 9), math.nan):
        with pytest.raises(InvalidOption) as caught:
            control_fields(key, image_url=URL, strength=strength)
        assert _refusal(caught.value) == ("strength", "out_of_range", None)


@pytest.mark.parametrize(("key", "low", "high"), [("style", -3, 3), ("ip-adapter", 0, 4), ("subject", 0, 4)])
def test_a_reference_strength_is_taken_up_to_its_bounds(key: str, low: float, high: float) -> None:
    for strength in (low, high):
        assert problems(_body(reference_fields(key, image_url=URL, strength=strength))) == []
    for strength in (math.nextafter(low, -9), math.nextafter(high, 9), math.nan):
        with pytest.raises(InvalidOption) as caught:
            reference_fields(key, image_url=URL, strength=strength)
        assert _refusal(caught.value) == ("strength", "out_of_range", None)


@pytest.mark.parametrize("key", CONTROL_MODES)
@pytest.mark.parametrize("option", ["start", "end"])
def test_start_and_end_are_for_controlnets_only(key: str, option: str) -> None:
    given: dict[str, Any] = {option: 0.5}
    if CONTROL_MODES[key].has_span:
        assert problems(_body(control_fields(key, image_url=URL, **given))) == []
        return
    with pytest.raises(InvalidOption) as caught:
        control_fields(key, image_url=URL, **given)
    assert _refusal(caught.value) == (option, "not_used", key)


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (0.0, 1.0, None),
        (0.2, 0.8, None),
        (0.5, 0.5, ("start", "conflict", "end")),
        (0.8, 0.2, ("start", "conflict", "end")),
        (1.0, None, ("start", "conflict", "end")),
        (None, 0.0, ("start", "conflict", "end")),
        (-0.1, None, ("start", "out_of_range", None)),
        (None, 1.1, ("end", "out_of_range", None)),
        (math.nan, None, ("start", "out_of_range", None)),
    ],
)
def test_a_control_begins_before_it_ends(
    start: float | None, end: float | None, refused: tuple[str, str, str | None] | None
) -> None:
    if refused is None:
        assert control_fields("canny", image_url=URL, start=start, end=end)
        return
    with pytest.raises(InvalidOption) as caught:
        control_fields("canny", image_url=URL, start=start, end=end)
    assert _refusal(caught.value) == refused


@pytest.mark.parametrize(
    ("key", "preprocess", "refused"),
    [
        ("lora-canny", "canny", None),
        ("lora-canny", "None", None),
        ("lora-canny", "depth", ("preprocess", "conflict", "mode")),
        ("lora-depth", "canny", ("preprocess", "conflict", "mode")),
        ("lora-depth", "pose", ("preprocess", "not_a_choice", None)),
        ("canny", "canny", ("preprocess", "not_used", "canny")),
        ("net-depth", "None", ("preprocess", "not_used", "net-depth")),
        ("easy-pose", "depth", ("preprocess", "not_used", "easy-pose")),
    ],
)
def test_the_provider_draws_a_map_for_control_loras_only(
    key: str, preprocess: str, refused: tuple[str, str, str | None] | None
) -> None:
    if refused is None:
        assert problems(_body(control_fields(key, image_url=URL, preprocess=preprocess))) == []
        assert preprocess in CONTROL_MODES[key].preprocess_choices
        return
    with pytest.raises(InvalidOption) as caught:
        control_fields(key, image_url=URL, preprocess=preprocess)
    assert _refusal(caught.value) == refused


def test_only_a_style_reference_can_end_early() -> None:
    assert reference_fields("style", image_url=URL, end=0.4)["reference_end"] == 0.4
    for key in ("ip-adapter", "subject"):
        with pytest.raises(InvalidOption) as caught:
            reference_fields(key, image_url=URL, end=0.4)
        assert _refusal(caught.value) == ("end", "not_used", key)
    with pytest.raises(InvalidOption) as caught:
        reference_fields("style", image_url=URL, end=1.5)
    assert _refusal(caught.value) == ("end", "out_of_range", None)


def test_an_unknown_mode_or_kind_is_refused() -> None:
    for key in ("", "Canny", "subject", "style"):
        with pytest.raises(InvalidOption) as caught:
            control_fields(key, image_url=URL)
        assert _refusal(caught.value) == ("mode", "not_a_choice", None)
    with pytest.raises(InvalidOption) as caught:
        reference_fields("canny", image_url=URL)
    assert _refusal(caught.value) == ("kind", "not_a_choice", None)

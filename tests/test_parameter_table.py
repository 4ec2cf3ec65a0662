"""Every parameter of the provider is reachable, sent as its page says, and described in `docs/parameters.md`."""

import dataclasses
import math
from typing import Any, Final

import pytest

from errors import InvalidOption
from models import GenerationRequest
from parameters import (
    EASYCONTROL_METHODS,
    EASYCONTROL_TYPES,
    PARAMETER_BOUNDS,
    PREPROCESSORS,
    ControlLora,
    ControlNet,
    ControlNetUnion,
    EasyControl,
    ImageSize,
    IpAdapter,
    Lora,
    OutputFormat,
    Scheduler,
    UnionControl,
)
from parameters import UNION_MODES as OUR_UNION_MODES
from provider.catalogue import CONTROL_MODES, REFERENCE_KINDS
from recipes import PresetValues
from sandbox.pixazo.validation import problems
from tests.parameter_rows import EASY_METHODS, ELEMENTS, IMAGE_URL, SIZES, TOP, UNION_MODES, Range, Row, Setter, wish
from tests.parameter_table import PAGE, at_place, mode_wishes, render, rows

# The commands and their options; a row that names another one would send members looking for nothing.
OPTIONS: Final = {
    "/imagine": "prompt size count negative seed preset lora lora_strength steps guidance format",
    "/control": "prompt image mode strength start end preprocess size count seed preset",
    "/reference": "prompt image kind strength end size count seed preset",
}
URL: Final = "https://cdn.example/a.png"

# The least that makes an element, so that one field of it can be tried at a time.
ELEMENT_TYPES: Final[dict[str, tuple[type[Any], dict[str, Any]]]] = {
    "loras[]": (Lora, {"path": "a/b"}),
    "control_loras[]": (ControlLora, {"path": "a/b", "control_image_url": URL}),
    "controlnets[]": (ControlNet, {"path": "a/b", "control_image_url": URL}),
    "controlnet_unions[]": (
        ControlNetUnion,
        {"path": "a/b", "controls": (UnionControl(control_image_url=URL, control_mode="canny"),)},
    ),
    "controlnet_unions[].controls[]": (UnionControl, {"control_image_url": URL, "control_mode": "canny"}),
    "ip_adapters[]": (IpAdapter, {"path": "a/b", "image_encoder_path": "c/d", "image_url": URL, "scale": 1.0}),
    "easycontrols[]": (
        EasyControl,
        {"control_method_url": "pose", "image_url": URL, "image_control_type": "spatial"},
    ),
}

# What every body of a square picture with seed 7 has, and then what each mode and kind adds to it.
COMMON: Final = {
    "prompt": "a fox",
    "image_size": "square_hd",
    "seed": 7,
    "num_images": 1,
    "enable_safety_checker": True,
}
UNION: Final = "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro"
CANNY_LORA: Final = (
    "https://huggingface.co/black-forest-labs/FLUX.1-Canny-dev-lora/resolve/main/flux1-canny-dev-lora.safetensors"
)
DEPTH_LORA: Final = (
    "https://huggingface.co/black-forest-labs/FLUX.1-Depth-dev-lora/resolve/main/flux1-depth-dev-lora.safetensors"
)


def _union(word: str) -> dict[str, Any]:
    control = {"control_image_url": IMAGE_URL, "control_mode": word, "conditioning_scale": 0.7}
    return {"controlnet_unions": [{"path": UNION, "controls": [control]}]}


def _net(path: str, scale: float) -> dict[str, Any]:
    return {"controlnets": [{"path": path, "control_image_url": IMAGE_URL, "conditioning_scale": scale}]}


def _lora(path: str, preprocess: str) -> dict[str, Any]:
    return {"control_loras": [{"path": path, "control_image_url": IMAGE_URL, "preprocess": preprocess}]}


def _easy(method: str, kind: str = "spatial") -> dict[str, Any]:
    return {"easycontrols": [{"control_method_url": method, "image_url": IMAGE_URL, "image_control_type": kind}]}


BODIES: Final[dict[str, dict[str, Any]]] = {
    "canny": _union("canny"),
    "tile": _union("tile"),
    "depth": _union("depth"),
    "blur": _union("blur"),
    "pose": _union("pose"),
    "gray": _union("gray"),
    "low-quality": _union("low-quality"),
    "net-canny": _net("InstantX/FLUX.1-dev-Controlnet-Canny", 0.6),
    "net-depth": _net("Shakker-Labs/FLUX.1-dev-ControlNet-Depth", 0.5),
    "net-normals": _net("jasperai/Flux.1-dev-Controlnet-Surface-Normals", 0.6),
    "net-lineart": _net("promeai/FLUX.1-controlnet-lineart-promeai", 0.6),
    "net-upscaler": _net("jasperai/Flux.1-dev-Controlnet-Upscaler", 0.6),
    "lora-canny": _lora(CANNY_LORA, "canny"),
    "lora-depth": _lora(DEPTH_LORA, "depth"),
    "easy-canny": _easy("canny"),
    "easy-depth": _easy("depth"),
    "easy-hedsketch": _easy("hedsketch"),
    "easy-inpainting": _easy("inpainting"),
    "easy-pose": _easy("pose"),
    "easy-seg": _easy("seg"),
    "easy-ghibli": _easy("ghibli"),
    "style": {"reference_image_url": IMAGE_URL},
    "ip-adapter": {
        "use_real_cfg": True,
        "ip_adapters": [
            {
                "path": "XLabs-AI/flux-ip-adapter",
                "image_encoder_path": "openai/clip-vit-large-patch14",
                "image_url": IMAGE_URL,
                "scale": 0.6,
                "weight_name": "ip_adapter.safetensors",
            }
        ],
    },
    "subject": _easy("subject", "subject"),
}


ROWS: Final = [pytest.param(place, row, id=f"{place}{row.name}") for place, row in rows()]


def test_the_document_is_what_the_code_gives() -> None:
    assert PAGE.read_text("utf-8") == render(), "run `python -m tests.parameter_table` and look at what changed"


def test_the_page_has_twenty_five_parameters_and_a_request_has_them_all() -> None:
    """The safety checker has no field, so that nothing can turn it off; what the page does not name is marked."""
    assert sum(row.on_page for row in TOP) == 25
    sent = {row.name for row in TOP if row.setter is not Setter.NOBODY}
    assert sent - {"enable_safety_checker"} == {entry.name for entry in dataclasses.fields(GenerationRequest)}
    assert {row.name for row in TOP if row.on_page} <= sent


@pytest.mark.parametrize("place", ELEMENTS)
def test_an_element_has_the_fields_of_the_page(place: str) -> None:
    kind, least = ELEMENT_TYPES[place]
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    assert fields.keys() == {row.name for row in ELEMENTS[place]}
    assert least.keys() == {row.name for row in ELEMENTS[place] if row.required}
    for row in ELEMENTS[place]:
        assert fields[row.name].default == (dataclasses.MISSING if row.required else row.default), row.name


def test_the_defaults_are_the_pages() -> None:
    """A size is always sent, so ours stands in for the page's `null`, with the value that it means."""
    defaults = {entry.name: entry.default for entry in dataclasses.fields(GenerationRequest)}
    for row in TOP:
        if row.name in defaults and not row.required and row.name != "image_size":
            assert defaults[row.name] == row.default, row.name
    assert defaults["image_size"] == "landscape_4_3"


def test_what_equals_its_default_is_left_out() -> None:
    assert wish().body() == COMMON | {"image_size": "landscape_4_3"}


def test_the_words_to_choose_from_are_the_pages() -> None:
    assert tuple(sorted(ImageSize)) == tuple(sorted(SIZES))
    assert {*OutputFormat} == {"jpeg", "png"}
    assert {*Scheduler} == {"euler", "dpmpp_2m"}
    assert OUR_UNION_MODES == UNION_MODES
    assert EASYCONTROL_METHODS == EASY_METHODS
    assert PREPROCESSORS == ("canny", "depth", "None")
    assert set(EASYCONTROL_TYPES) == {"subject", "spatial"}


def test_the_ranges_are_the_pages() -> None:
    ranges = {row.name: row.takes for row in TOP if isinstance(row.takes, Range) and row.setter is not Setter.NOBODY}
    assert ranges.keys() == PARAMETER_BOUNDS.keys()
    for name, stated in ranges.items():
        ours = PARAMETER_BOUNDS[name]
        assert (ours.low, ours.low_excluded) == (stated.low, stated.above), name
        assert stated.high is None or ours.high == stated.high, name


RANGED: Final = [
    pytest.param(place, row, id=f"{place}{row.name}")
    for place, fields in ELEMENTS.items()
    for row in fields
    if isinstance(row.takes, Range)
]


@pytest.mark.parametrize(("place", "row"), RANGED)
def test_a_field_is_taken_up_to_the_pages_bounds_and_not_beyond(place: str, row: Row) -> None:
    kind, least = ELEMENT_TYPES[place]
    stated = row.takes
    assert isinstance(stated, Range)
    assert stated.high is not None
    for value in (stated.low, stated.high):
        assert getattr(kind(**(least | {row.name: value})), row.name) == value
    for value in (math.nextafter(stated.low, -9), math.nextafter(stated.high, 9), math.nan):
        with pytest.raises(InvalidOption):
            kind(**(least | {row.name: value}))


@pytest.mark.parametrize(("place", "row"), ROWS)
def test_a_parameter_is_sent_as_its_row_says_or_never(place: str, row: Row) -> None:
    if row.setter is Setter.NOBODY:
        assert row.wish is None
        assert row.note, "say why"
        return
    assert row.wish is not None
    body = row.wish.body()
    assert at_place(body, place)[row.name] == row.sent
    assert problems(body) == []
    if row.setter is not Setter.FIXED and not row.required:
        assert row.sent != row.default  # or it would show nothing


@pytest.mark.parametrize(("place", "row"), ROWS)
def test_whoever_sets_a_parameter_exists(place: str, row: Row) -> None:
    for option in row.options:
        command, _, name = option.partition(" ")
        assert name in OPTIONS[command].split()
    if row.preset is not None:
        assert row.preset in {entry.name for entry in dataclasses.fields(PresetValues)}
    if row.setter is Setter.MEMBER:
        assert row.options or row.preset
    else:
        assert not row.options
        assert row.note


def test_everything_that_a_preset_holds_sets_a_parameter() -> None:
    assert {entry.name for entry in dataclasses.fields(PresetValues)} == {row.preset for row in TOP} - {None}


def test_what_nobody_sets_is_in_no_body() -> None:
    unset = {(place, row.name) for place, row in rows() if row.setter is Setter.NOBODY}
    assert len(unset) == 17
    for _, example in [*mode_wishes(), *((row.name, row.wish) for _, row in rows() if row.wish is not None)]:
        body = example.body()
        for place, name in unset:
            array = place.partition("[]")[0]
            if not place or array in body:
                assert name not in at_place(body, place)


def test_every_mode_and_kind_has_its_body_below() -> None:
    assert list(BODIES) == [*CONTROL_MODES, *REFERENCE_KINDS] == [key for key, _ in mode_wishes()]


@pytest.mark.parametrize(("key", "example"), [pytest.param(key, example, id=key) for key, example in mode_wishes()])
def test_the_body_of_a_mode_is_the_pages(key: str, example: Any) -> None:
    body = example.body()
    assert body == COMMON | BODIES[key]
    assert problems(body) == []

"""The body that is submitted, and the tolerant reading of answers."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import FailureReason, GenerationRequest
from parameters import (
    EASYCONTROL_METHODS,
    PARAMETER_BOUNDS,
    UNION_MODES,
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
    is_blank,
)
from provider.wire import Finished, Pending, SubmissionFailed, body_of, read_answer, read_request_id
from sandbox.pixazo import PARAMETERS
from sandbox.pixazo.validation import problems

URL = st.just("https://cdn.example/control.png")
PATH = st.sampled_from(["XLabs-AI/flux-ip-adapter", "https://models.example/a.safetensors"])
FRACTION = st.floats(0, 1)
MASK = {"mask_image_url": st.none() | URL, "mask_threshold": FRACTION}
CONTROL = {
    "control_image_url": URL,
    "conditioning_scale": st.floats(0, 2),
    "start_percentage": FRACTION,
    "end_percentage": FRACTION,
    **MASK,
}
WEIGHTS = {"path": PATH, "config_url": st.none() | URL, "variant": st.none() | st.just("fp16")}
TEXT = st.none() | st.just("model.safetensors")

EASY = st.sampled_from(EASYCONTROL_METHODS).flatmap(
    lambda method: st.builds(
        EasyControl,
        control_method_url=st.just(method),
        image_url=URL,
        image_control_type=st.just("subject" if method == "subject" else "spatial"),
        scale=st.floats(0, 4),
    )
)
UNION_CONTROL = st.builds(UnionControl, control_mode=st.sampled_from(UNION_MODES), **CONTROL)
ARRAYS = {
    "loras": st.builds(Lora, path=PATH, scale=st.floats(0, 4)),
    "control_loras": st.builds(
        ControlLora,
        path=PATH,
        control_image_url=URL,
        preprocess=st.sampled_from(["canny", "depth", "None"]),
        scale=st.floats(0, 4),
    ),
    "ip_adapters": st.builds(
        IpAdapter,
        path=PATH,
        image_encoder_path=PATH,
        image_url=URL,
        scale=st.floats(0, 4),
        subfolder=TEXT,
        weight_name=TEXT,
        image_encoder_subfolder=TEXT,
        image_encoder_weight_name=TEXT,
        mask_image_url=st.none() | URL,
        mask_threshold=st.none() | FRACTION,
    ),
    "easycontrols": EASY,
}
ONE_CONTROLNET = st.builds(ControlNet, **WEIGHTS, **CONTROL).map(lambda net: {"controlnets": (net,)})
ONE_UNION = st.builds(
    ControlNetUnion, **WEIGHTS, controls=st.lists(UNION_CONTROL, min_size=1, max_size=2).map(tuple)
).map(lambda union: {"controlnet_unions": (union,)})


def _number(name: str) -> st.SearchStrategy[float]:
    bounds = PARAMETER_BOUNDS[name]
    if name in {"num_inference_steps", "seed", "num_images"}:
        return st.integers(int(bounds.low), int(bounds.high))
    return st.floats(bounds.low, bounds.high, exclude_min=bounds.low_excluded)


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "prompt": TEXTS.filter(lambda text: not is_blank(text)),
    "negative_prompt": TEXTS,
    "image_size": st.sampled_from(ImageSize),
    "output_format": st.sampled_from(OutputFormat),
    "scheduler": st.sampled_from(Scheduler),
    "use_real_cfg": st.booleans(),
    "reference_image_url": st.none() | URL,
    **{name: _number(name) for name in PARAMETER_BOUNDS},
    **{name: st.lists(element, max_size=2).map(tuple) for name, element in ARRAYS.items()},
}
# Each member is there or left at its default, so that both come up often.
REQUESTS = st.builds(
    lambda members, control: GenerationRequest(**members, **control),
    st.fixed_dictionaries(
        {"prompt": MEMBERS["prompt"]},
        optional={name: value for name, value in MEMBERS.items() if name != "prompt"},
    ),
    st.just({}) | ONE_CONTROLNET | ONE_UNION,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=15,
)
KNOWN_NAMES = st.sampled_from(
    [
        "images", "url", "width", "height", "seed", "timings", "inference", "has_nsfw_concepts", "status", "error",
        "detail", "type", "msg", "message", "loc", "error_type", "request_id", "Images", "STATUS",
    ]
)  # fmt: skip
LIKELY = st.recursive(
    JSON | st.sampled_from(["FAILED", "in progress", "canceled", "https://a.example/b.png", 10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN_NAMES, inner, max_size=5),
    max_leaves=20,
)
ANSWERS = st.dictionaries(KNOWN_NAMES, LIKELY, max_size=6)


def test_request_strategy_covers_every_member() -> None:
    covered = {*MEMBERS, "controlnets", "controlnet_unions"}
    assert covered == {entry.name for entry in dataclasses.fields(GenerationRequest)}


@given(REQUESTS)
def test_every_body_asks_for_the_safety_checker(request: GenerationRequest) -> None:
    assert body_of(request)["enable_safety_checker"] is True


@given(REQUESTS)
def test_every_body_is_what_the_provider_takes(request: GenerationRequest) -> None:
    body = json.loads(json.dumps(body_of(request), allow_nan=False))
    assert problems(body) == []


@given(REQUESTS)
def test_body_holds_exactly_what_differs_from_the_defaults(request: GenerationRequest) -> None:
    body = json.loads(json.dumps(body_of(request)))
    always = {"enable_safety_checker", "num_images", "image_size", "seed"}
    assert body.keys() >= always
    for name, parameter in PARAMETERS.items():
        if name in always or name == "use_real_cfg":
            continue
        value = json.loads(json.dumps(getattr(request, name, parameter.default), default=dataclasses.asdict))
        assert (name in body) == (value != parameter.default), name
    switched = request.use_real_cfg or request.real_cfg_scale != 3.5
    assert body.get("use_real_cfg", False) is switched


def test_plain_request_sends_five_members() -> None:
    request = GenerationRequest(prompt=" a heron ", seed=7)
    assert body_of(request) == {
        "prompt": "a heron",
        "image_size": "landscape_4_3",
        "num_images": 1,
        "seed": 7,
        "enable_safety_checker": True,
    }


def test_elements_leave_their_defaults_out() -> None:
    control = UnionControl(control_image_url="https://cdn.example/a.png", control_mode="depth")
    request = GenerationRequest(
        prompt="x",
        loras=(Lora(path="a/b"), Lora(path="c/d", scale=0.5)),
        controlnet_unions=(ControlNetUnion(path="e/f", controls=(control,)),),
    )
    body = body_of(request)
    assert body["loras"] == [{"path": "a/b"}, {"path": "c/d", "scale": 0.5}]
    assert body["controlnet_unions"] == [
        {
            "path": "e/f",
            "controls": [{"control_image_url": "https://cdn.example/a.png", "control_mode": "depth"}],
        }
    ]


def test_real_cfg_is_switched_on_with_its_default_scale_too() -> None:
    body = body_of(GenerationRequest(prompt="x", use_real_cfg=True))
    assert body["use_real_cfg"] is True
    assert "real_cfg_scale" not in body


@given(ANSWERS | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_no_answer_raises_and_finished_always_has_images(content: dict[str, object]) -> None:
    answer = read_answer(content)
    if isinstance(answer, Finished):
        assert answer.result.images
        assert any(name.lower() == "images" and value for name, value in content.items())


@given(LIKELY)
def test_no_content_makes_the_request_id_unsafe(content: object) -> None:
    request_id = read_request_id(content)
    assert request_id is None or (request_id.isascii() and request_id.isprintable() and len(request_id) <= 200)


@pytest.mark.parametrize(
    ("content", "request_id"),
    [
        ({"request_id": "req_abc123xyz"}, "req_abc123xyz"),
        ({"Request_ID": "req_1", "status": "IN_QUEUE"}, "req_1"),
        ({"request_id": "req_1", "error": "odd, but taken on"}, "req_1"),
        ({"request_id": "r" * 200}, "r" * 200),
        ({"request_id": "r" * 201}, None),
        ({"request_id": "a b"}, None),
        ({"request_id": "a\n"}, None),
        ({"request_id": "\ud800"}, None),
        ({"request_id": True}, None),
        (None, None),
    ],
)
def test_request_id_is_read(content: object, request_id: str | None) -> None:
    assert read_request_id(content) == request_id


def test_exact_name_wins_over_another_spelling() -> None:
    flags = {"HAS_NSFW_CONCEPTS": [False], "has_nsfw_concepts": [True], "Has_Nsfw_Concepts": [False]}
    answer = read_answer({"images": [{"url": "https://a.example/1.png"}], **flags})
    assert isinstance(answer, Finished)
    assert answer.result.has_nsfw_concepts == [True]


@pytest.mark.parametrize("flags", [None, "false", 0, [0], [None, "x"], {"a": [1]}, [[]], [True, False]])
def test_flags_come_through_untouched(flags: object) -> None:
    answer = read_answer({"images": [{"url": "u"}], "has_nsfw_concepts": flags})
    assert isinstance(answer, Finished)
    assert answer.result.has_nsfw_concepts is flags


@pytest.mark.parametrize(
    ("given_value", "seed"),
    [
        (7, 7), (0, 0), (7.0, 7), ("7", 7), (2**63 - 1, 2**63 - 1),
        (2**63, None), (-1, None), (7.5, None), (True, None), (False, None), ("", None), ("7a", None), ("٣", None),
        ("9" * 5000, None), (10**400, None), (float("inf"), None), (float("nan"), None), (None, None), ([7], None),
    ],
)  # fmt: skip
def test_seed_is_a_whole_number_that_can_be_kept_or_none(given_value: object, seed: int | None) -> None:
    answer = read_answer({"images": [{"url": "u"}], "seed": given_value})
    assert isinstance(answer, Finished)
    assert answer.result.seed == seed
    assert type(answer.result.seed) is type(seed)


@pytest.mark.parametrize(
    ("given_value", "seconds"),
    [
        (1.23, 1.23), (0, 0.0), (3, 3.0), (-1, None), (True, None), ("2", None), (10**400, None), (None, None),
        (float("inf"), None), (float("nan"), None),
    ],
)  # fmt: skip
def test_inference_seconds_are_a_finite_number_or_none(given_value: object, seconds: float | None) -> None:
    answer = read_answer({"images": [{"url": "u"}], "timings": {"inference": given_value}})
    assert isinstance(answer, Finished)
    assert answer.result.inference_seconds == seconds


def test_sizes_and_types_of_an_image_are_read_where_they_make_sense() -> None:
    entries = [
        {"url": "u", "width": 1024, "height": 768.0, "content_type": "image/png"},
        {"url": "u", "width": -1, "height": True, "content_type": 5},
        {"url": "", "width": "0", "height": 10**9, "content_type": ""},
        "https://a.example/1.png",
        None,
    ]
    answer = read_answer({"images": entries})
    assert isinstance(answer, Finished)
    found = [(e.url, e.width_px, e.height_px, e.content_type) for e in answer.result.images]
    nothing = (None, None, None, None)
    assert found == [("u", 1024, 768, "image/png"), ("u", None, None, None), nothing, nothing, nothing]


@pytest.mark.parametrize("word", ["failed", "FAILED", " Error ", "errored", "failure"])
def test_failure_words_fail(word: str) -> None:
    assert read_answer({"status": word}) == SubmissionFailed(reason=FailureReason.PROVIDER_FAILED)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"status": "COMPLETED"},
        {"status": "COMPLETED", "images": []},
        {"status": None},
        {"status": ["FAILED"]},
        {"error": ""},
        {"error": None, "detail": []},
        {"error": {}},
        {"error": False},
        {"message": "Generation failed"},
        {"error": "Request is still in progress"},
        {"error": {"message": "REQUEST IS STILL IN PROGRESS"}},
        {"detail": [{"msg": "Request is in queue", "type": "x"}]},
        {"detail": "The request is not ready yet, in_progress"},
    ],
)
def test_whatever_is_neither_done_nor_failed_is_pending(content: dict[str, object]) -> None:
    assert read_answer(content) == Pending()


def test_failure_word_outweighs_a_text_about_progress() -> None:
    content = {"status": "CANCELLED", "error": "was in progress"}
    assert read_answer(content) == SubmissionFailed(reason=FailureReason.PROVIDER_CANCELLED)


def test_images_outweigh_everything_else() -> None:
    content = {"status": "FAILED", "error": "odd", "images": [{"url": "u"}]}
    assert isinstance(read_answer(content), Finished)

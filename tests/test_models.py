"""The domain's values: what a request takes, and the shape of the transition table."""

import dataclasses
import math
from typing import Any

import pytest

import models
from errors import InvalidOption
from models import (
    TRANSITIONS,
    UNDER_WAY,
    GenerationRequest,
    JobStatus,
    Verdict,
    VerdictReason,
)
from parameters import (
    PARAMETER_BOUNDS,
    ControlNet,
    ControlNetUnion,
    ImageSize,
    Lora,
    OutputFormat,
    Scheduler,
    UnionControl,
)
from tests.builders import make_job, make_origin, make_request

CONTROLNET = ControlNet(path="a/net", control_image_url="https://example.com/a.png")
UNION = ControlNetUnion(
    path="a/union",
    controls=(UnionControl(control_image_url="https://example.com/a.png", control_mode="canny"),),
)

# The provider's page, written out a second time on purpose; the two last are fal's, and the page's prompt has none.
PUBLISHED_DEFAULTS: dict[str, Any] = {
    "negative_prompt": "",
    "num_inference_steps": 28,
    "seed": None,
    "guidance_scale": 3.5,
    "real_cfg_scale": 3.5,
    "num_images": 1,
    "reference_strength": 0.65,
    "reference_end": 1,
    "base_shift": 0.5,
    "max_shift": 1.15,
    "output_format": OutputFormat.PNG,
    "scheduler": Scheduler.EULER,
    "nag_scale": 3,
    "nag_tau": 2.5,
    "nag_alpha": 0.25,
    "nag_end": 0.25,
    "loras": (),
    "control_loras": (),
    "controlnets": (),
    "controlnet_unions": (),
    "ip_adapters": (),
    "easycontrols": (),
    "reference_image_url": None,
    "use_real_cfg": False,
}


def edges_of(status: JobStatus) -> set[JobStatus]:
    return set(TRANSITIONS[status])


def test_the_defaults_are_the_providers_but_for_the_size_that_is_always_sent() -> None:
    request = make_request()
    ours = {
        field.name: getattr(request, field.name)
        for field in dataclasses.fields(GenerationRequest)
        if field.name not in {"prompt", "image_size"}
    }
    assert ours == PUBLISHED_DEFAULTS
    assert request.image_size is ImageSize.LANDSCAPE_4_3


def test_no_field_of_a_request_speaks_of_the_safety_checker() -> None:
    names = {field.name for field in dataclasses.fields(GenerationRequest)}
    assert not {name for name in names if "safety" in name or "checker" in name}


def test_the_texts_of_a_request_are_trimmed() -> None:
    request = make_request("  a fox \n", negative_prompt="\tblur ")
    assert (request.prompt, request.negative_prompt) == ("a fox", "blur")


@pytest.mark.parametrize(
    "prompt",
    ["", "   ", "\n\t ", "\u3000", "\u200b\u200d", "\ufeff \u2060", "\u202e"],
    ids=["empty", "spaces", "line breaks", "wide space", "zero width", "byte order mark", "direction mark"],
)
def test_a_prompt_that_shows_nothing_is_empty(prompt: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        make_request(prompt)
    assert (caught.value.option, caught.value.problem) == ("prompt", "empty")


def test_a_prompt_is_measured_after_trimming() -> None:
    assert len(make_request(" " * 50 + "x" * 2000).prompt) == 2000
    with pytest.raises(InvalidOption) as caught:
        make_request("x" * 2001)
    assert (caught.value.option, caught.value.problem, caught.value.high) == ("prompt", "too_long", 2000)


def test_a_negative_prompt_may_be_empty_but_not_too_long() -> None:
    assert make_request(negative_prompt="  ").negative_prompt == ""
    with pytest.raises(InvalidOption) as caught:
        make_request(negative_prompt="x" * 1001)
    assert (caught.value.option, caught.value.problem, caught.value.high) == ("negative_prompt", "too_long", 1000)


@pytest.mark.parametrize("option", ["prompt", "negative_prompt"])
def test_control_characters_are_refused_in_either_text(option: str) -> None:
    texts: dict[str, Any] = {"prompt": "a fox", option: "a\x00b"}
    with pytest.raises(InvalidOption) as caught:
        make_request(**texts)
    assert (caught.value.option, caught.value.problem) == (option, "control_characters")


@pytest.mark.parametrize("name", PARAMETER_BOUNDS)
def test_a_request_refuses_every_number_outside_its_range(name: str) -> None:
    bounds = PARAMETER_BOUNDS[name]
    for value in (bounds.low - 1, bounds.high + 1, math.nan):
        outside: dict[str, Any] = {name: value}
        with pytest.raises(InvalidOption) as caught:
            make_request(**outside)
        assert (caught.value.option, caught.value.problem) == (name, "out_of_range")
    inside: dict[str, Any] = {name: bounds.high}
    assert getattr(make_request(**inside), name) == bounds.high


@pytest.mark.parametrize("scale", [-0.1, 4.1, math.nan])
def test_a_loras_strength_has_a_range(scale: float) -> None:
    with pytest.raises(InvalidOption) as caught:
        make_request(loras=(Lora(path="a/lora"), Lora(path="b/lora", scale=scale)))
    assert caught.value.option == "lora_strength"


@pytest.mark.parametrize(
    "controls",
    [
        {"controlnets": (CONTROLNET, CONTROLNET)},
        {"controlnet_unions": (UNION, UNION)},
        {"controlnets": (CONTROLNET,), "controlnet_unions": (UNION,)},
    ],
    ids=["two nets", "two unions", "one of each"],
)
def test_only_one_controlnet_is_taken(controls: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption) as caught:
        make_request(**controls)
    assert caught.value.problem == "conflict"


def test_one_controlnet_of_either_kind_is_taken() -> None:
    assert make_request(controlnets=(CONTROLNET,)).controlnets == (CONTROLNET,)
    assert make_request(controlnet_unions=(UNION,)).controlnet_unions == (UNION,)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(models).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)],
    ids=lambda kind: kind.__name__,
)
def test_every_value_is_frozen_slotted_and_built_by_keyword(kind: Any) -> None:
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
    assert all(field.kw_only for field in dataclasses.fields(kind))


def test_every_status_has_its_row_in_the_transition_table() -> None:
    assert TRANSITIONS.keys() == set(JobStatus)


def test_the_terminal_statuses_are_those_that_nothing_leaves() -> None:
    terminal = {status for status in JobStatus if status.is_terminal}
    assert terminal == {
        JobStatus.DELIVERED,
        JobStatus.WITHHELD,
        JobStatus.UNDELIVERABLE,
        JobStatus.REJECTED,
        JobStatus.EXPIRED,
        JobStatus.FAILED,
        JobStatus.CANCELLED,
        JobStatus.WRITTEN_OFF,
    }


def test_every_status_can_be_reached_and_every_job_can_end() -> None:
    reached, ending = {JobStatus.QUEUED}, {status for status in JobStatus if status.is_terminal}
    for _ in JobStatus:
        reached |= {after for status in reached for after in edges_of(status)}
        ending |= {status for status in JobStatus if edges_of(status) & ending}
    assert reached == ending == set(JobStatus)


def test_nothing_leads_back_to_a_second_submission_but_a_proven_refusal() -> None:
    assert {status for status in JobStatus if JobStatus.QUEUED in edges_of(status)} == {JobStatus.SUBMITTING}
    assert {status for status in JobStatus if JobStatus.SUBMITTING in edges_of(status)} == {JobStatus.QUEUED}


def test_only_a_queued_job_can_be_cancelled() -> None:
    assert {status for status in JobStatus if JobStatus.CANCELLED in edges_of(status)} == {JobStatus.QUEUED}


def test_jobs_that_wait_for_people_are_not_under_way() -> None:
    waiting = {JobStatus.IN_DOUBT, JobStatus.IN_REVIEW}
    assert set(UNDER_WAY) == {status for status in JobStatus if not status.is_terminal} - waiting


def test_what_a_job_reserves_is_the_price_of_every_image_asked_for() -> None:
    assert make_job(price_micros=90_000, images_requested=4).cost_micros == 360_000


@pytest.mark.parametrize("reason", VerdictReason)
def test_only_one_reason_releases_an_image(reason: VerdictReason) -> None:
    assert Verdict(index=0, reason=reason).released is (reason is VerdictReason.RELEASED)


def test_secrets_and_prompts_stay_out_of_what_is_printed() -> None:
    job = make_job(origin=make_origin(interaction_token="aW50-secret"), request=make_request("a private wish"))
    assert "aW50-secret" not in repr(job)
    assert "a private wish" not in repr(job)
    image = models.ResultImage(url="https://example.com/secret.png")
    assert "secret.png" not in repr(image)

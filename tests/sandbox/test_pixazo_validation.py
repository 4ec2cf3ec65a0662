"""Request bodies against the parameter table of the provider's page."""

from typing import Any

import pytest

from sandbox.pixazo import PARAMETERS, SIZES, redundant
from sandbox.pixazo.validation import problems, size_of

URL = "https://cdn.example/a.png"
REPO = "XLabs-AI/flux-ip-adapter"
LORA = {"path": REPO, "scale": 0.8}
CONTROL_LORA = {"path": REPO, "control_image_url": URL, "preprocess": "canny", "scale": 1}
CONTROLNET = {"path": REPO, "control_image_url": URL, "conditioning_scale": 0.6, "end_percentage": 0.8}
UNION_CONTROL = {"control_image_url": URL, "control_mode": "low-quality", "conditioning_scale": 0.5}
UNION = {"path": REPO, "controls": [UNION_CONTROL]}
IP_ADAPTER = {"path": REPO, "image_encoder_path": "openai/clip-vit-large-patch14", "image_url": URL, "scale": 0.6}
EASY = {"control_method_url": "subject", "image_url": URL, "image_control_type": "subject", "scale": 1}


def _kinds(**body: Any) -> list[tuple[str, str]]:
    return [(problem.where, problem.kind) for problem in problems({"prompt": "a", **body})]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"negative_prompt": "", "image_size": None, "seed": None},
        {"image_size": "portrait_16_9", "num_inference_steps": 1, "seed": 0, "guidance_scale": 0},
        {"num_inference_steps": 50, "seed": 2**31 - 1, "guidance_scale": 20.0, "num_images": 10},
        {"real_cfg_scale": 5, "reference_strength": -3, "reference_end": 0, "base_shift": 0.01, "max_shift": 5},
        {"output_format": "jpeg", "scheduler": "dpmpp_2m", "enable_safety_checker": True},
        {"nag_scale": 1.0001, "nag_tau": 100, "nag_alpha": 1, "nag_end": 0.01},
        {"loras": [LORA, {"path": "https://weights.example/a.safetensors"}]},
        {"control_loras": [CONTROL_LORA, {**CONTROL_LORA, "preprocess": "None"}]},
        {"controlnets": [{**CONTROLNET, "mask_image_url": URL, "mask_threshold": 0.5, "variant": None}]},
        {"controlnet_unions": [{"path": REPO, "controls": [UNION_CONTROL, UNION_CONTROL]}]},
        {"ip_adapters": [{**IP_ADAPTER, "weight_name": "a.safetensors"}]},
        {"easycontrols": [EASY, {**EASY, "control_method_url": "canny", "image_control_type": "spatial"}]},
        {"easycontrols": [{**EASY, "control_method_url": "https://weights.example/x.safetensors"}]},
        {"reference_image_url": URL, "use_real_cfg": True, "reference_start": 0.1},
    ],
)
def test_a_body_within_the_table_is_taken(body: dict[str, Any]) -> None:
    assert _kinds(**body) == []


@pytest.mark.parametrize(
    ("body", "where", "kind"),
    [
        ({"prompt": ""}, "prompt", "string_too_short"),
        ({"prompt": " \n"}, "prompt", "string_too_short"),
        ({"prompt": None}, "prompt", "string_type"),
        ({"prompt": ["a"]}, "prompt", "string_type"),
        ({"negative_prompt": None}, "negative_prompt", "string_type"),
        ({"image_size": "huge"}, "image_size", "one_of"),
        ({"image_size": {"width": 512, "height": 512}}, "image_size", "one_of"),
        ({"num_inference_steps": 0}, "num_inference_steps", "greater_than_equal"),
        ({"num_inference_steps": 51}, "num_inference_steps", "less_than_equal"),
        ({"num_inference_steps": 28.0}, "num_inference_steps", "int_type"),
        ({"num_inference_steps": "28"}, "num_inference_steps", "int_type"),
        ({"num_inference_steps": True}, "num_inference_steps", "int_type"),
        ({"seed": -1}, "seed", "greater_than_equal"),
        ({"seed": 2**31}, "seed", "less_than_equal"),
        ({"seed": "7"}, "seed", "int_type"),
        ({"guidance_scale": -0.1}, "guidance_scale", "greater_than_equal"),
        ({"guidance_scale": 20.1}, "guidance_scale", "less_than_equal"),
        ({"guidance_scale": None}, "guidance_scale", "float_type"),
        ({"guidance_scale": float("inf")}, "guidance_scale", "finite_number"),
        ({"real_cfg_scale": 5.1}, "real_cfg_scale", "less_than_equal"),
        ({"num_images": 0}, "num_images", "greater_than_equal"),
        ({"num_images": 11}, "num_images", "less_than_equal"),
        ({"enable_safety_checker": 1}, "enable_safety_checker", "bool_type"),
        ({"reference_strength": 3.1}, "reference_strength", "less_than_equal"),
        ({"reference_end": 1.1}, "reference_end", "less_than_equal"),
        ({"base_shift": 0}, "base_shift", "greater_than_equal"),
        ({"max_shift": 5.01}, "max_shift", "less_than_equal"),
        ({"output_format": "webp"}, "output_format", "one_of"),
        ({"scheduler": "ddim"}, "scheduler", "one_of"),
        ({"nag_scale": 1}, "nag_scale", "greater_than"),
        ({"nag_scale": 10.1}, "nag_scale", "less_than_equal"),
        ({"nag_tau": 0}, "nag_tau", "greater_than"),
        ({"nag_alpha": 0}, "nag_alpha", "greater_than"),
        ({"nag_end": 1.1}, "nag_end", "less_than_equal"),
        ({"steps": 28}, "steps", "extra_forbidden"),
        ({"loras": None}, "loras", "list_type"),
        ({"loras": [REPO]}, "loras.0", "dict_type"),
        ({"loras": [{"scale": 1}]}, "loras.0.path", "missing"),
        ({"loras": [{**LORA, "scale": 4.1}]}, "loras.0.scale", "less_than_equal"),
        ({"loras": [{**LORA, "weight": 1}]}, "loras.0.weight", "extra_forbidden"),
        ({"loras": [{"path": "../../etc/passwd"}]}, "loras.0.path", "url_parsing"),
        ({"control_loras": [{"path": REPO}]}, "control_loras.0.control_image_url", "missing"),
        ({"control_loras": [{**CONTROL_LORA, "preprocess": None}]}, "control_loras.0.preprocess", "one_of"),
        ({"controlnets": [CONTROLNET, CONTROLNET]}, "controlnets", "sequence_too_long"),
        (
            {"controlnets": [{**CONTROLNET, "conditioning_scale": 2.1}]},
            "controlnets.0.conditioning_scale",
            "less_than_equal",
        ),
        ({"controlnets": [{**CONTROLNET, "end_percentage": 80}]}, "controlnets.0.end_percentage", "less_than_equal"),
        (
            {"controlnets": [{**CONTROLNET, "control_image_url": "a.png"}]},
            "controlnets.0.control_image_url",
            "url_parsing",
        ),
        ({"controlnet_unions": [UNION, UNION]}, "controlnet_unions", "sequence_too_long"),
        ({"controlnet_unions": [{**UNION, "controls": []}]}, "controlnet_unions.0.controls", "sequence_too_short"),
        (
            {"controlnet_unions": [{**UNION, "controls": [{**UNION_CONTROL, "control_mode": "lowres"}]}]},
            "controlnet_unions.0.controls.0.control_mode",
            "one_of",
        ),
        ({"ip_adapters": [{**IP_ADAPTER, "scale": 5}]}, "ip_adapters.0.scale", "less_than_equal"),
        (
            {"ip_adapters": [{"path": REPO, "image_url": URL, "scale": 1}]},
            "ip_adapters.0.image_encoder_path",
            "missing",
        ),
        (
            {"easycontrols": [{**EASY, "control_method_url": "sketch"}]},
            "easycontrols.0.control_method_url",
            "url_parsing",
        ),
        (
            {"easycontrols": [{**EASY, "image_control_type": "spatial"}]},
            "easycontrols.0.image_control_type",
            "value_error",
        ),
        (
            {"easycontrols": [{**EASY, "control_method_url": "pose"}]},
            "easycontrols.0.image_control_type",
            "value_error",
        ),
        ({"easycontrols": [{**EASY, "image_control_type": []}]}, "easycontrols.0.image_control_type", "one_of"),
    ],
)
def test_a_body_outside_the_table_is_refused_at_the_right_place(body: dict[str, Any], where: str, kind: str) -> None:
    assert (where, kind) in _kinds(**body)


def test_the_prompt_is_the_only_thing_that_must_be_there() -> None:
    assert [(problem.where, problem.kind) for problem in problems({})] == [("prompt", "missing")]


@pytest.mark.parametrize("body", [None, [], "prompt", 7])
def test_what_is_no_object_is_refused(body: object) -> None:
    assert [problem.kind for problem in problems(body)] == ["dict_type"]


def test_a_bound_is_told_in_ctx_as_the_model_host_does() -> None:
    (problem,) = problems({"prompt": "a", "num_images": 99})
    assert problem.entry() == {
        "loc": ["body", "num_images"],
        "msg": "Input should be less than or equal to 10",
        "type": "less_than_equal",
        "url": "https://docs.fal.ai/errors#less_than_equal",
        "input": 99,
        "ctx": {"le": 10},
    }


def test_every_default_of_the_table_passes_its_own_check() -> None:
    defaults = {name: entry.default for name, entry in PARAMETERS.items() if not entry.required}
    assert _kinds(**defaults) == []


def test_what_was_sent_at_its_default_is_named() -> None:
    body = {"prompt": "a", "num_inference_steps": 28, "guidance_scale": 3.6, "enable_safety_checker": True, "loras": []}
    assert redundant(body) == ["num_inference_steps", "enable_safety_checker", "loras"]


def test_a_body_without_a_size_gets_the_default_one() -> None:
    assert size_of({}) == size_of({"image_size": None}) == SIZES["landscape_4_3"] == (1024, 768)
    assert size_of({"image_size": "portrait_16_9"}) == (576, 1024)

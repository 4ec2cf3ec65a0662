"""A job becomes another one, or the words that say how it was made."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidOption, WordsForgotten
from generation.composing import check_still_listed, recipe_options, recipe_text, varied, words_of
from models import Job
from parameters import ImageSize, OutputFormat, Scheduler
from provider.wire import body_of
from recipes import LoraEntry, LoraPick, Recipe
from storage.jobs import FORGOTTEN
from tests.builders import GUILD_ID, make_job, make_request
from tests.generation.choosing import GOLD, INK, control, job_of, made, preset, reference, refusal


def painted(**choices: Any) -> Job:
    """A job with everything in its recipe: a template, trigger words, a LoRA, a preset."""
    by = preset(template="{prompt}, oil", negative_prompt="blurry", loras=(LoraPick(name="Ink"),))
    return job_of(made(by=by, seed=5, **choices), result_seed=6)


def test_a_reroll_changes_nothing_but_the_seed() -> None:
    job = painted(count=2)
    request, recipe = varied(job)
    assert request.seed is None
    assert {name: value for name, value in body_of(request).items() if name != "seed"} == {
        name: value for name, value in body_of(job.request).items() if name != "seed"
    }
    assert recipe.parent_job_id == job.job_id
    assert make_job(request=request, recipe=recipe).typed_prompt == "a fox"


def test_an_edit_works_template_and_trigger_words_into_the_new_words() -> None:
    request, recipe = varied(painted(), prompt=" a bear on paper ", negative="", seed=9, count=3, size=ImageSize.SQUARE)
    assert request.prompt == "a bear on paper, oil, ink wash"
    assert (request.negative_prompt, request.seed, request.num_images) == ("", 9, 3)
    assert request.image_size is ImageSize.SQUARE
    assert (recipe.prompt, recipe.preset, recipe.loras) == ("a bear on paper", "Painting", ("Ink",))


def test_an_edit_can_be_edited_again() -> None:
    first = job_of(varied(painted(), prompt="a bear"))
    request, recipe = varied(first, prompt="an owl")
    assert request.prompt == "an owl, oil, ink wash, paper"
    assert recipe.prompt == "an owl"


def test_a_job_of_words_alone_can_be_rerolled_and_edited() -> None:
    job = make_job(request=make_request("a fox", seed=5))
    assert varied(job) == (make_request("a fox"), Recipe(parent_job_id=job.job_id))
    assert varied(job, prompt="a bear") == (make_request("a bear"), Recipe(parent_job_id=job.job_id))


def test_a_variation_is_checked_like_any_request() -> None:
    for changes, expected in (
        ({"prompt": " "}, ("prompt", "empty")),
        ({"prompt": "x" * 2000}, ("prompt", "too_long")),
        ({"seed": -1}, ("seed", "out_of_range")),
        ({"count": 11}, ("num_images", "out_of_range")),
        ({"negative": "x" * 1001}, ("negative_prompt", "too_long")),
    ):
        with pytest.raises(InvalidOption) as caught:
            varied(painted(), **changes)
        assert refusal(caught.value) == expected


def test_a_variation_keeps_the_image_and_the_room_for_it() -> None:
    job = job_of(made(command="control", control=control("pose")))
    request, recipe = varied(job, count=9)
    assert request.controlnet_unions == job.request.controlnet_unions
    assert recipe.mode == "pose"
    with pytest.raises(InvalidOption) as caught:
        varied(job, count=10)
    assert (refusal(caught.value), caught.value.high) == (("count", "out_of_range"), 9)


def test_forgotten_words_can_be_replaced_but_not_used_again() -> None:
    job = make_job(request=make_request(FORGOTTEN, num_inference_steps=12))
    with pytest.raises(WordsForgotten):
        varied(job)
    assert varied(job, prompt="a bear")[0] == make_request("a bear", num_inference_steps=12)


def test_the_words_of_a_job_are_the_typed_ones_or_none() -> None:
    assert words_of(painted()) == "a fox"
    assert words_of(make_job(request=make_request(FORGOTTEN))) == ""


def test_a_negative_prompt_that_was_somebody_elses_is_kept_hidden_until_it_is_replaced() -> None:
    job = painted(negative="fog")
    borrowed = replace(job, recipe=replace(job.recipe, negative_borrowed=True))
    assert "fog" not in recipe_options(borrowed, with_negative=True)
    assert varied(borrowed)[1].negative_borrowed
    assert not varied(borrowed, negative="mist")[1].negative_borrowed


def test_a_lora_that_has_left_the_catalogue_is_not_used_again() -> None:
    job = painted()
    check_still_listed(job, (GOLD, INK))
    check_still_listed(make_job(), ())
    limited = LoraEntry(guild_id=GUILD_ID, name="Ink", path="a/ink", default_scale=0.1, max_scale=0.2)
    replaced = LoraEntry(guild_id=GUILD_ID, name="Ink", path="b/other")
    for loras, expected in (
        ((GOLD,), ("lora", "unknown")),
        ((limited,), ("lora_strength", "out_of_range")),
        ((replaced,), ("lora", "changed")),
    ):
        with pytest.raises(InvalidOption) as caught:
            check_still_listed(job, loras)
        assert refusal(caught.value) == expected


def test_a_lora_whose_name_was_forgotten_is_not_used_again() -> None:
    with pytest.raises(InvalidOption) as caught:
        check_still_listed(make_job(request=painted().request, recipe=Recipe()), (INK, GOLD))
    assert refusal(caught.value) == ("lora", "changed")


def test_a_plain_picture_is_made_again_by_a_short_command() -> None:
    job = make_job(request=make_request("a fox\nin the  snow", seed=5), result_seed=6)
    assert recipe_options(job) == "/imagine prompt:a fox in the snow size:landscape_4_3 seed:6"


def test_the_command_says_what_the_preset_does_not() -> None:
    by = preset(num_inference_steps=40, guidance_scale=5.0, loras=(LoraPick(name="Ink"),))
    job = job_of(made(by=by, seed=5, steps=12, lora=LoraPick(name="Gold Leaf", scale=0.75), count=2))
    assert recipe_options(job) == (
        "/imagine prompt:a fox size:landscape_4_3 count:2 seed:5 preset:Painting "
        "lora:Gold Leaf lora_strength:0.75 steps:12"
    )


def test_the_command_of_a_control_names_its_mode_and_options() -> None:
    job = job_of(made(command="control", control=control("canny", strength=0.55, start=0.1), seed=5))
    assert recipe_options(job) == ("/control prompt:a fox mode:canny strength:0.55 start:0.1 size:square_hd seed:5")
    job = job_of(made(command="control", control=control("lora-depth", preprocess="None"), seed=5))
    assert recipe_options(job) == (
        "/control prompt:a fox mode:lora-depth strength:1 preprocess:None size:square_hd seed:5"
    )


def test_the_command_of_a_reference_names_its_kind_and_options() -> None:
    job = job_of(made(command="reference", reference=reference(end=0.5), seed=5))
    assert recipe_options(job) == "/reference prompt:a fox kind:style strength:0.65 end:0.5 size:square_hd seed:5"
    for kind, strength in (("ip-adapter", "0.6"), ("subject", "1")):
        job = job_of(made(command="reference", reference=reference(kind), seed=5))
        assert f"kind:{kind} strength:{strength} size:" in recipe_options(job)


def test_a_negative_prompt_is_in_the_command_on_demand_only() -> None:
    job = job_of(made(negative="fog", seed=5))
    assert "fog" not in recipe_options(job)
    assert recipe_options(job, with_negative=True).endswith("seed:5 negative:fog")


def test_no_command_is_made_up_for_forgotten_words() -> None:
    with pytest.raises(WordsForgotten):
        recipe_options(make_job(request=make_request(FORGOTTEN)))


@given(
    steps=st.none() | st.integers(1, 50),
    guidance=st.none() | st.sampled_from([0.0, 3.5, 7.25]),
    file_format=st.none() | st.sampled_from(OutputFormat),
    lora=st.none() | st.sampled_from(["Ink", "Gold Leaf"]),
    count=st.none() | st.integers(1, 10),
    with_preset=st.booleans(),
)
def test_the_command_makes_the_very_same_request_again(with_preset: bool, lora: str | None, **choices: Any) -> None:
    by = preset(num_inference_steps=40, guidance_scale=5.0, loras=(LoraPick(name="Ink", scale=0.3),))
    pick = LoraPick(name=lora, scale=0.5) if lora else None
    first = made(by=by if with_preset else None, lora=pick, seed=5, negative="fog", **choices)
    again = _read_back(recipe_options(job_of(first), with_negative=True))
    assert made(by=by if again.pop("preset", None) else None, **again) == first


def _read_back(line: str) -> dict[str, Any]:
    """What Discord would hand over for the line: the values of its options."""
    names = (
        "prompt",
        "size",
        "count",
        "seed",
        "preset",
        "negative",
        "lora_strength",
        "lora",
        "steps",
        "guidance",
        "format",
    )
    starts = sorted((line.index(f" {name}:"), name) for name in names if f" {name}:" in line)
    ends = [at for at, _ in starts[1:]] + [len(line)]
    given_ = {name: line[at + len(name) + 2 : end] for (at, name), end in zip(starts, ends, strict=True)}
    read = {"count": int, "seed": int, "steps": int, "guidance": float, "size": ImageSize}
    values: dict[str, Any] = {name: read.get(name, str)(text) for name, text in given_.items()}
    if "lora" in values:
        values["lora"] = LoraPick(name=values["lora"], scale=float(values.pop("lora_strength")))
    if "format" in values:
        values["file_format"] = OutputFormat(values.pop("format"))
    return values


def test_the_text_in_a_file_has_the_recipe_and_no_negative_prompt() -> None:
    job = painted()
    assert recipe_text(job) == (
        "a fox, oil, ink wash, paper\n"
        "Steps: 28, Sampler: euler, CFG scale: 3.5, Seed: 6, Size: 1024x768, Model: FLUX.1-dev, "
        "LoRAs: Ink 0.8, Preset: Painting"
    )
    assert "blurry" not in recipe_text(job)


def test_the_text_in_a_file_says_whatever_is_not_as_usual() -> None:
    values = {
        "real_cfg_scale": 3.5,
        "scheduler": Scheduler.DPMPP_2M,
        "base_shift": 0.6,
        "max_shift": 1.2,
        "nag_scale": 4.0,
        "nag_tau": 3.0,
        "nag_alpha": 0.3,
        "nag_end": 0.4,
        "loras": (LoraPick(name="Ink"), LoraPick(name="Gold Leaf", scale=0.25)),
    }
    job = job_of(made(by=preset("Soft, warm", **values), command="control", control=control(end=0.5), seed=5))
    assert recipe_text(job).partition("\n")[2] == (
        "Steps: 28, Sampler: dpmpp_2m, CFG scale: 3.5, Seed: 5, Size: 1024x1024, Model: FLUX.1-dev, "
        "Real CFG scale: 3.5, Base shift: 0.6, Max shift: 1.2, NAG scale: 4, NAG tau: 3, NAG alpha: 0.3, "
        'NAG end: 0.4, LoRAs: "Ink 0.8, Gold Leaf 0.25", Control: canny, Control strength: 0.7, Control end: 0.5, '
        'Preset: "Soft, warm"'
    )
    job = job_of(made(command="reference", reference=reference("ip-adapter"), seed=5))
    assert recipe_text(job).endswith("Real CFG scale: 3.5, Reference: ip-adapter, Reference strength: 0.6")


def test_the_text_in_a_file_leaves_forgotten_words_out() -> None:
    assert recipe_text(make_job(request=make_request(FORGOTTEN, seed=5))).startswith("Steps: 28")

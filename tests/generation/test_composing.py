"""Choices, presets and LoRAs become a request and a recipe."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidOption
from generation.composing import Choices, compose, picks_of, size_like
from parameters import ImageSize, Lora, OutputFormat, Scheduler
from provider.wire import body_of
from recipes import LoraEntry, LoraPick, Preset, PresetScope, PresetValues, Recipe
from tests.builders import GUILD_ID, make_job, make_request
from tests.generation.choosing import GOLD, INK, control, made, preset, reference, refusal

FULL = PresetValues(
    template="{prompt}, oil on canvas",
    negative_prompt="blurry",
    image_size=ImageSize.PORTRAIT_4_3,
    num_inference_steps=40,
    guidance_scale=5.0,
    real_cfg_scale=2.0,
    scheduler=Scheduler.DPMPP_2M,
    base_shift=0.6,
    max_shift=1.2,
    nag_scale=4.0,
    nag_tau=3.0,
    nag_alpha=0.3,
    nag_end=0.4,
    reference_strength=0.9,
    reference_end=0.7,
    output_format=OutputFormat.JPEG,
    loras=(LoraPick(name="ink", scale=0.5),),
)


def test_words_alone_make_the_default_request_and_the_default_recipe() -> None:
    assert made("  a fox ") == (make_request("a fox"), Recipe())


def test_every_option_is_worked_in() -> None:
    request, recipe = made(
        size=ImageSize.SQUARE,
        count=3,
        negative="fog",
        seed=5,
        steps=12,
        guidance=7.5,
        file_format=OutputFormat.JPEG,
        lora=LoraPick(name="gold  LEAF", scale=1.2),
        parent_job_id="job1",
    )
    assert request == make_request(
        "a fox",
        image_size=ImageSize.SQUARE,
        num_images=3,
        negative_prompt="fog",
        seed=5,
        num_inference_steps=12,
        guidance_scale=7.5,
        output_format=OutputFormat.JPEG,
        loras=(Lora(path="a/gold", scale=1.2),),
    )
    assert recipe == Recipe(loras=("Gold Leaf",), parent_job_id="job1")


def test_every_value_of_a_preset_is_worked_in() -> None:
    full = Preset(scope=PresetScope.PERSONAL, name="Oil", owner_id=3, values=FULL)
    request, recipe = made(by=full)
    assert request == make_request(
        "a fox, oil on canvas, ink wash, paper",
        negative_prompt="blurry",
        image_size=ImageSize.PORTRAIT_4_3,
        num_inference_steps=40,
        guidance_scale=5.0,
        real_cfg_scale=2.0,
        use_real_cfg=True,
        scheduler=Scheduler.DPMPP_2M,
        base_shift=0.6,
        max_shift=1.2,
        nag_scale=4.0,
        nag_tau=3.0,
        nag_alpha=0.3,
        nag_end=0.4,
        output_format=OutputFormat.JPEG,
        loras=(Lora(path="a/ink", scale=0.5),),
    )
    assert recipe == Recipe(
        prompt="a fox",
        preset="Oil",
        preset_scope=PresetScope.PERSONAL,
        preset_values=FULL,
        template="{prompt}, oil on canvas",
        trigger_words=("ink wash, paper",),
        loras=("Ink",),
    )


def test_an_option_goes_before_the_preset() -> None:
    request, _ = made(
        by=Preset(scope=PresetScope.GUILD, name="Oil", guild_id=1, values=FULL),
        size=ImageSize.SQUARE_HD,
        negative="",
        steps=28,
        guidance=3.5,
        file_format=OutputFormat.PNG,
    )
    assert (request.image_size, request.negative_prompt) == (ImageSize.SQUARE_HD, "")
    assert (request.num_inference_steps, request.guidance_scale) == (28, 3.5)
    assert request.output_format is OutputFormat.PNG


def test_a_presets_reference_values_are_for_style_references_only() -> None:
    values: dict[str, Any] = {"reference_strength": 0.9, "reference_end": 0.7}
    for choices in ({}, {"control": control()}, {"reference": reference("subject")}):
        request, _ = made(by=preset(**values), **choices)
        assert (request.reference_strength, request.reference_end) == (0.65, 1.0)
    request, _ = made(by=preset(**values), reference=reference())
    assert (request.reference_strength, request.reference_end) == (0.9, 0.7)
    request, _ = made(by=preset(**values), reference=reference(strength=-1.0, end=0.2))
    assert (request.reference_strength, request.reference_end) == (-1.0, 0.2)


def test_choosing_the_default_real_cfg_scale_turns_real_cfg_on() -> None:
    request, _ = made(by=preset(real_cfg_scale=3.5))
    assert body_of(request)["use_real_cfg"] is True
    assert "use_real_cfg" not in body_of(made()[0])


def test_an_ip_adapter_has_real_cfg_on_with_the_presets_scale() -> None:
    request, _ = made(by=preset(real_cfg_scale=2.0), reference=reference("ip-adapter"))
    assert (request.use_real_cfg, request.real_cfg_scale) == (True, 2.0)
    assert made(reference=reference("ip-adapter"))[0].use_real_cfg


@pytest.mark.parametrize(
    ("typed", "template", "triggers", "sent"),
    [
        ("a fox", None, "", "a fox"),
        ("a fox", "{prompt}, at night", "", "a fox, at night"),
        ("a fox", None, "ink wash", "a fox, ink wash"),
        ("a fox.", None, "ink wash", "a fox. ink wash"),
        ("a fox", None, "ink wash, paper", "a fox, ink wash, paper"),
        ("an INK  wash fox", None, "ink wash, paper", "an INK  wash fox, paper"),
        ("a pinkish washing", None, "ink", "a pinkish washing, ink"),
        ("a fox", "ink wash of {prompt}", "ink wash", "ink wash of a fox"),
        ("a {prompt} fox", "{prompt}!", "", "a {prompt} fox!"),
        ("a fox", None, " , ,", "a fox"),
        ("a fox", None, "(c++", "a fox, (c++"),
    ],
)
def test_template_and_trigger_words_are_worked_into_the_prompt(
    typed: str, template: str | None, triggers: str, sent: str
) -> None:
    entry = LoraEntry(guild_id=GUILD_ID, name="Ink", path="a/ink", trigger_words=triggers)
    request, recipe = compose(
        Choices(prompt=typed, lora=LoraPick(name="Ink")), preset=preset(template=template), loras=(entry,)
    )
    assert request.prompt == sent
    assert recipe.prompt == (typed if typed != sent else None)
    assert make_job(request=request, recipe=recipe).typed_prompt == typed


@pytest.mark.parametrize("blank", ["", "   ", "\u200b\u200d"])
def test_a_template_does_not_stand_in_for_a_prompt(blank: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        made(blank, by=preset(template="{prompt} in a frame"))
    assert refusal(caught.value) == ("prompt", "empty")


@given(template=st.integers(0, 60), typed=st.integers(1, 2100))
def test_a_prompt_that_is_too_long_says_how_long_it_may_be(template: int, typed: int) -> None:
    by = preset(template="{prompt}" + "t" * template)
    choices: dict[str, Any] = {"by": by, "lora": LoraPick(name="Ink")}
    added = template + len(", ink wash, paper")
    if typed + added <= 2000:
        assert len(made("x" * typed, **choices)[0].prompt) == typed + added
        return
    with pytest.raises(InvalidOption) as caught:
        made("x" * typed, **choices)
    assert refusal(caught.value) == ("prompt", "too_long")
    assert caught.value.high == 2000 - added
    assert len(made("x" * int(caught.value.high), **choices)[0].prompt) == 2000


def test_a_prompt_without_additions_may_be_as_long_as_the_provider_takes() -> None:
    assert len(made("x" * 2000)[0].prompt) == 2000
    with pytest.raises(InvalidOption) as caught:
        made("x" * 2001)
    assert (refusal(caught.value), caught.value.high) == (("prompt", "too_long"), 2000)


def test_the_chosen_lora_joins_the_presets_and_wins_over_one_of_the_same_name() -> None:
    by = preset(loras=(LoraPick(name="Ink", scale=0.3), LoraPick(name="Gold Leaf", scale=0.4)))
    chosen = Choices(prompt="a fox", lora=LoraPick(name="INK", scale=1.0))
    assert picks_of(chosen, by) == (LoraPick(name="INK", scale=1.0), LoraPick(name="Gold Leaf", scale=0.4))
    request, recipe = compose(chosen, preset=by, loras=(GOLD, INK))
    assert request.loras == (Lora(path="a/ink", scale=1.0), Lora(path="a/gold", scale=0.4))
    assert recipe.loras == ("Ink", "Gold Leaf")


def test_a_lora_chosen_without_a_strength_keeps_the_presets() -> None:
    by = preset(loras=(LoraPick(name="Ink", scale=0.3),))
    assert made(by=by, lora=LoraPick(name="ink"))[0].loras == (Lora(path="a/ink", scale=0.3),)


def test_a_lora_without_any_strength_has_its_default() -> None:
    assert made(lora=LoraPick(name="ink"))[0].loras == (Lora(path="a/ink", scale=0.8),)


def test_a_strength_above_the_loras_own_maximum_is_refused() -> None:
    assert made(lora=LoraPick(name="Gold Leaf", scale=1.5))[0].loras[0].scale == 1.5
    with pytest.raises(InvalidOption) as caught:
        made(lora=LoraPick(name="Gold Leaf", scale=1.51))
    assert refusal(caught.value) == ("lora_strength", "out_of_range")
    assert (caught.value.low, caught.value.high, caught.value.other) == (0, 1.5, "Gold Leaf")


def test_a_lora_that_the_guild_does_not_have_is_refused_by_its_name() -> None:
    for choices in ({"lora": LoraPick(name="Neon")}, {"by": preset(loras=(LoraPick(name="Neon"),))}):
        with pytest.raises(InvalidOption) as caught:
            made(**choices)
        assert (refusal(caught.value), caught.value.other) == (("lora", "unknown"), "Neon")


def test_a_sixth_lora_is_refused() -> None:
    by = preset(loras=tuple(LoraPick(name=f"L{number}") for number in range(5)))
    assert len(picks_of(Choices(prompt="a fox", lora=LoraPick(name="l3")), by)) == 5
    with pytest.raises(InvalidOption) as caught:
        picks_of(Choices(prompt="a fox", lora=LoraPick(name="Ink")), by)
    assert (refusal(caught.value), caught.value.high) == (("lora", "too_many"), 5)


def test_a_control_image_is_named_by_its_placeholder_and_its_options_arrive() -> None:
    request, recipe = made(command="control", control=control("net-depth", strength=1.5, start=0.1, end=0.9))
    (net,) = request.controlnets
    assert net.control_image_url == "attachment://input.png"
    assert (net.conditioning_scale, net.start_percentage, net.end_percentage) == (1.5, 0.1, 0.9)
    assert (recipe.command, recipe.mode) == ("control", "net-depth")


def test_a_reference_image_is_named_by_its_placeholder() -> None:
    request, recipe = made(command="reference", reference=reference())
    assert request.reference_image_url == "attachment://input.jpg"
    assert (recipe.command, recipe.mode) == ("reference", "style")


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (1024, 1024, ImageSize.SQUARE_HD),
        (512, 512, ImageSize.SQUARE_HD),
        (64, 65, ImageSize.SQUARE_HD),
        (4000, 3000, ImageSize.LANDSCAPE_4_3),
        (3000, 4000, ImageSize.PORTRAIT_4_3),
        (1920, 1080, ImageSize.LANDSCAPE_16_9),
        (1080, 1920, ImageSize.PORTRAIT_16_9),
        (1080, 2400, ImageSize.PORTRAIT_16_9),
        (9000, 100, ImageSize.LANDSCAPE_16_9),
        (3, 2, ImageSize.LANDSCAPE_4_3),
    ],
)
def test_the_size_is_the_images_shape(width: int, height: int, size: ImageSize) -> None:
    assert size_like(width, height) is size
    assert made(control=control(width=width, height=height))[0].image_size is size
    assert made(reference=reference(width=width, height=height))[0].image_size is size


def test_a_size_that_was_chosen_goes_before_the_images_shape() -> None:
    tall = control(width=100, height=200)
    assert made(by=preset(image_size=ImageSize.SQUARE), control=tall)[0].image_size is ImageSize.SQUARE
    assert made(size=ImageSize.LANDSCAPE_16_9, control=tall)[0].image_size is ImageSize.LANDSCAPE_16_9


@pytest.mark.parametrize("image", [{"control": control()}, {"reference": reference()}])
def test_ten_pictures_do_not_fit_beside_an_image(image: dict[str, Any]) -> None:
    assert made(count=9, **image)[0].num_images == 9
    for count in (0, 10, 11):
        with pytest.raises(InvalidOption) as caught:
            made(count=count, **image)
        assert (refusal(caught.value), caught.value.low, caught.value.high) == (("count", "out_of_range"), 1, 9)
    assert made(count=10)[0].num_images == 10


def test_an_option_that_the_mode_has_no_use_for_is_refused() -> None:
    with pytest.raises(InvalidOption) as caught:
        made(control=control("lora-depth", start=0.2))
    assert (refusal(caught.value), caught.value.other) == (("start", "not_used"), "lora-depth")
    with pytest.raises(InvalidOption) as caught:
        made(reference=reference("subject", end=0.2))
    assert (refusal(caught.value), caught.value.other) == (("end", "not_used"), "subject")


def test_one_image_can_not_be_control_and_reference_at_once() -> None:
    with pytest.raises(InvalidOption) as caught:
        made(control=control("easy-pose"), reference=reference("subject"))
    assert (refusal(caught.value), caught.value.other) == (("mode", "conflict"), "kind")

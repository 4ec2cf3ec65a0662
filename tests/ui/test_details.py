"""The page about a picture: everything is on it, for the right eyes, and it always fits into a message."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pytest

from generation.composing import Choices, ControlChoice, ReferenceChoice, compose
from models import GenerationRequest, Job, JobStatus, Verdict, VerdictReason
from parameters import OutputFormat, Scheduler
from recipes import LoraEntry, LoraPick, Preset, PresetScope, PresetValues, Recipe
from storage.jobs import FORGOTTEN
from tests.builders import USER_ID, later, make_job, make_origin, make_request, make_verdict
from ui.details import card_link, details_page
from ui.language import TRANSLATED, speaking

OTHER = USER_ID + 1


def delivered(request: GenerationRequest | None = None, **changes: Any) -> Job:
    values: dict[str, Any] = {
        "status": JobStatus.DELIVERED,
        "submitted_at": later(1),
        "generated_at": later(9),
        "finished_at": later(12),
        "settled_micros": 90_000,
        "images_produced": 1,
        "images_released": 1,
        "message_id": 77,
    }
    return make_job(request=request, **(values | changes))


def texts(job: Job, verdicts: Sequence[Verdict] = (), *, reader_id: int = USER_ID) -> list[str]:
    card = details_page(job, verdicts, reader_id=reader_id)
    found = []
    components: Any = card.to_components()  # type: ignore[no-untyped-call]  # discord.py leaves it without types
    for component in components:
        found += [part["content"] for part in component["components"] if part["type"] == 10]
    return found


def page(job: Job, verdicts: Sequence[Verdict] = (), *, reader_id: int = USER_ID) -> str:
    return "\n".join(texts(job, verdicts, reader_id=reader_id))


# A value of its own for each field of a request, and how the page shows it; the elements' are below.
SHOWN = {
    "prompt": ("a blue owl", "> a blue owl"),
    "negative_prompt": ("no hats", "> no hats"),
    "num_inference_steps": (17, "17 steps"),
    "seed": (4711, "seed 4711"),
    "guidance_scale": (6.5, "guidance 6.5"),
    "real_cfg_scale": (4.5, "real CFG 4.5 (off)"),
    "use_real_cfg": (True, "real CFG 3.5 ·"),
    "num_images": (3, "3 pictures"),
    "reference_strength": (0.15, "strength 0.15"),
    "reference_end": (0.35, "end 0.35"),
    "base_shift": (0.75, "base shift 0.75"),
    "max_shift": (1.75, "max shift 1.75"),
    "output_format": (OutputFormat.JPEG, "JPEG"),
    "scheduler": (Scheduler.DPMPP_2M, "DPM++ 2M"),
    "nag_scale": (7.5, "scale 7.5"),
    "nag_tau": (3.75, "tau 3.75"),
    "nag_alpha": (0.125, "alpha 0.125"),
    "nag_end": (0.625, "end 0.625"),
}
IMAGES = {
    "image_size",
    "reference_image_url",
    "loras",
    "control_loras",
    "controlnets",
    "controlnet_unions",
    "ip_adapters",
    "easycontrols",
}


async def test_every_parameter_is_shown_by_one_of_these_tests() -> None:
    assert SHOWN.keys() | IMAGES == {entry.name for entry in fields(GenerationRequest)}


@pytest.mark.parametrize("name", SHOWN)
async def test_a_parameter_is_on_the_page(name: str) -> None:
    value, words = SHOWN[name]
    assert words in page(delivered(make_request(**dict[str, Any]({"seed": 1, name: value}))))
    assert words not in page(delivered(make_request(seed=1)))


async def test_defaults_are_shown_too() -> None:
    words = page(delivered(make_request(seed=1)))
    for part in ("28 steps", "guidance 3.5", "Euler", "base shift 0.5", "max shift 1.15", "tau 2.5", "LoRAs** · none"):
        assert part in words
    assert "Landscape 4:3 (1024×768)" in words


def with_image(**choice: Any) -> Job:
    common: dict[str, Any] = {"image_filename": "input.png", "image_width_px": 100, "image_height_px": 100}
    if "mode" in choice:
        choices = Choices(prompt="a fox", command="control", control=ControlChoice(**choice, **common))
    else:
        choices = Choices(prompt="a fox", command="reference", reference=ReferenceChoice(**choice, **common))
    request, recipe = compose(choices, preset=None, loras=())
    return delivered(replace(request, seed=1), recipe=recipe)


@pytest.mark.parametrize(
    ("choice", "parts"),
    [
        ({"mode": "canny", "strength": 0.35, "start": 0.05, "end": 0.9}, ("strength 0.35", "start 0.05", "end 0.9")),
        ({"mode": "net-lineart", "strength": 0.45}, ("`promeai/FLUX.1-controlnet-lineart-promeai`", "strength 0.45")),
        ({"mode": "lora-depth", "strength": 1.25}, ("`flux1-depth-dev-lora.safetensors`", "preprocess `depth`")),
        ({"mode": "easy-pose"}, ("EasyControl `pose`", "`spatial`", "strength 1")),
        ({"kind": "style", "strength": 0.4, "end": 0.8}, ("reference-only: strength 0.4, end 0.8",)),
        ({"kind": "ip-adapter", "strength": 0.7}, ("`XLabs-AI/flux-ip-adapter`", "strength 0.7", "real CFG 3.5 ·")),
        ({"kind": "subject"}, ("EasyControl `subject`",)),
    ],
)
async def test_what_an_image_does_is_on_the_page(choice: dict[str, Any], parts: tuple[str, ...]) -> None:
    words = page(with_image(**choice))
    for part in (f"`{choice.get('mode') or choice['kind']}`", *parts):
        assert part in words
    assert "Add the picture as `image`" in words


async def test_the_given_image_is_named_to_its_author_only() -> None:
    job = with_image(mode="canny")
    assert "`input.png`" in page(job)
    assert "`input.png`" not in page(job, reader_id=OTHER)


async def test_a_negative_prompt_is_for_its_author_only() -> None:
    job = delivered(make_request(negative_prompt="no hats"))
    assert "no hats" in page(job)
    assert "no hats" not in page(job, reader_id=OTHER)
    borrowed = replace(job, recipe=Recipe(negative_borrowed=True))
    assert "no hats" not in page(borrowed)


@pytest.mark.parametrize("status", [JobStatus.WITHHELD, JobStatus.REJECTED, JobStatus.EXPIRED])
async def test_words_of_a_hidden_picture_are_for_its_author_only(status: JobStatus) -> None:
    job = delivered(make_request("a blue owl"), status=status)
    assert "a blue owl" in page(job)
    assert "a blue owl" not in page(job, reader_id=OTHER)


async def test_a_forgotten_prompt_leaves_the_rest() -> None:
    words = page(delivered(make_request(FORGOTTEN)))
    assert FORGOTTEN not in words
    assert "forgotten" in words
    assert "28 steps" in words
    assert "/imagine" not in words


async def test_what_a_preset_and_a_lora_added_is_shown_with_their_names() -> None:
    entry = LoraEntry(guild_id=1, name="Ink_wash", path="owner/ink", trigger_words="inkwash style")
    values = PresetValues(template="woodcut of {prompt}", loras=(LoraPick(name="Ink_wash", scale=0.75),))
    preset = Preset(scope=PresetScope.GUILD, name="Woodcut", values=values)
    request, recipe = compose(Choices(prompt="a fox", parent_job_id="job-0"), preset=preset, loras=[entry])
    words = page(delivered(request, recipe=recipe))
    assert "> a fox\n" in words
    assert "> woodcut of a fox, inkwash style" in words
    assert "Woodcut · of this server" in words
    assert "Ink\\_wash 0.75" in words
    assert "**Made from** · job `job-0`" in words
    assert "/imagine prompt:a fox size:landscape_4_3 preset:Woodcut" in words


async def test_verdicts_are_counted_and_their_reasons_told_to_the_author_only() -> None:
    reasons = [VerdictReason.RELEASED, VerdictReason.FLAGGED, VerdictReason.BLANK, VerdictReason.RELEASED]
    reasons += [VerdictReason.UNDECODABLE, VerdictReason.TOO_LARGE]
    verdicts = [make_verdict(index, reason) for index, reason in enumerate(reasons)]
    job = delivered()
    mine, theirs = page(job, verdicts), page(job, verdicts, reader_id=OTHER)
    assert "2 shown · 1 flagged by the picture service · 1 plain-coloured · 2 could not be checked" in mine
    assert "2 shown · 4 held back" in theirs
    assert "flagged" not in theirs


async def test_times_cost_and_the_way_to_the_card_are_there() -> None:
    job = delivered()
    words = page(job)
    for moment in (job.created_at, job.submitted_at, job.generated_at, job.finished_at):
        assert moment is not None
        assert f"<t:{int(moment.timestamp())}:T>" in words
    assert "took 12 s" in words
    assert "**Cost** · $0.09\n" in words
    three = page(delivered(make_request(num_images=3), settled_micros=270_000, images_produced=3))
    assert "**Cost** · $0.27 · $0.09 each" in three
    assert card_link(job) == f"https://discord.com/channels/{job.origin.guild_id}/{job.origin.channel_id}/77"
    assert f"]({card_link(job)})" in words
    assert card_link(replace(job, removed_at=later(20))) is None


async def test_a_job_under_way_says_where_it_is_and_what_is_held() -> None:
    words = page(make_job(message_id=77))
    assert "waiting in line" in words
    assert "$0.09 reserved" in words
    assert "always on\n" in words


async def test_the_seed_is_the_one_that_made_it() -> None:
    words = page(delivered(make_request(seed=5), result_seed=6))
    assert "seed 6 (asked for 5)" in words
    assert "seed:6" in words


def largest(prompt: str, negative: str) -> Job:
    """Every part as long as it can be."""
    names = [f"{'w' * 31}{index}" for index in range(5)]
    loras = [LoraEntry(guild_id=1, name=name, path="o/n") for name in names]
    preset = Preset(
        scope=PresetScope.PERSONAL,
        name="p" * 32,
        values=PresetValues(loras=tuple(LoraPick(name=name, scale=0.755) for name in names)),
    )
    choices = Choices(
        prompt=prompt,
        negative=negative,
        command="control",
        seed=2**31 - 1,
        count=9,
        control=ControlChoice(
            mode="net-upscaler",
            image_filename="input.png",
            image_width_px=2,
            image_height_px=1,
            strength=0.555,
            start=0.055,
            end=0.955,
        ),
        parent_job_id="0" * 21,
    )
    request, recipe = compose(choices, preset=preset, loras=loras)
    return delivered(
        request,
        recipe=recipe,
        job_id="0" * 21,
        origin=make_origin(guild_id=10**19, channel_id=10**19, user_id=USER_ID),
        message_id=10**19,
        result_seed=2**31 - 2,
        images_produced=9,
        settled_micros=810_000,
    )


PROMPTS = {
    "plain": "w" * 2000,
    "words": "fox " * 500,
    "markup": "*" * 2000,
    "backticks": "`" * 2000,
    "Chinese": "狐" * 2000,
    "emoji": "🦊" * 2000,
    "mentions": "@everyone " * 200,
}


@pytest.mark.parametrize("locale", ["en-US", *TRANSLATED])
@pytest.mark.parametrize("name", PROMPTS)
async def test_the_longest_texts_fit_into_a_message(name: str, locale: str) -> None:
    job = largest(PROMPTS[name], ("_" * 1000) if name == "markup" else PROMPTS[name][:1000])
    reasons = [VerdictReason.RELEASED, VerdictReason.FLAGGED, VerdictReason.BLANK, *[VerdictReason.UNDECODABLE] * 6]
    verdicts = [make_verdict(index, reason) for index, reason in enumerate(reasons)]
    with speaking(locale):
        sections = texts(job, verdicts)
    assert sum(map(len, sections)) <= 4000
    assert sum(len(section.encode()) + 12 for section in sections) <= 10_000
    if name in {"plain", "words"} and locale == "en-US":
        assert PROMPTS[name].strip() in sections[-1]  # whole, or it could not be used again


async def test_backticks_do_not_end_the_block_to_copy() -> None:
    block = texts(delivered(make_request("a ```fox``` @everyone", seed=1)))[-1]
    assert block.count("```") == 2
    assert "@everyone" in block  # in a block of code nothing is a mention, and it is to be copied as it is

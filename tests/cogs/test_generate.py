"""`/imagine`, as members use it and as a modified client would."""

from typing import Any

import pytest

from models import GenerationRequest
from parameters import ImageSize, Lora, OutputFormat
from recipes import LoraPick, PresetValues
from sandbox.discord import ClientRefused, Value
from tests.cogs.preset_steps import keep, with_loras
from tests.ui.scene import Scene


async def refused(scene: Scene, **options: Any) -> str:
    """The private answer to `/imagine` with options that Discord's own client would not send."""
    run = await scene.imagine(options, raw=True)
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert await scene.jobs() == []
    return answer.message.text()


async def test_what_is_not_said_has_the_providers_defaults(scene: Scene) -> None:
    job, _ = await scene.carded({"prompt": "  a red fox  "})
    assert job.request == GenerationRequest(prompt="a red fox", seed=job.request.seed)
    assert job.request.seed is not None


async def test_every_option_reaches_the_request(scene: Scene) -> None:
    job, _ = await scene.carded(
        {
            "prompt": "a fox",
            "size": "portrait_16_9",
            "count": 4,
            "negative": "snow",
            "seed": 0,
            "steps": 12,
            "guidance": 7.25,
            "format": "jpeg",
        }
    )
    assert job.request == GenerationRequest(
        prompt="a fox",
        image_size=ImageSize.PORTRAIT_16_9,
        num_images=4,
        negative_prompt="snow",
        seed=0,
        num_inference_steps=12,
        guidance_scale=7.25,
        output_format=OutputFormat.JPEG,
    )


async def test_a_size_can_be_chosen_by_its_label(scene: Scene) -> None:
    job, _ = await scene.carded({"size": "Square, large (1024\u00d71024)"})
    assert job.request.image_size is ImageSize.SQUARE_HD


async def test_a_negative_prompt_is_not_shown(scene: Scene) -> None:
    _, card = await scene.carded({"negative": "secretword"})
    assert "secretword" not in card.text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "   "}, "`prompt` is empty"),
        ({"prompt": "x" * 2001}, "`prompt` can have 2,000 characters at most"),
        ({"prompt": "a\x00fox"}, "`prompt` contains invisible control characters"),
        ({"negative": "x" * 1001}, "`negative` can have 1,000 characters at most"),
        ({"count": 0}, "`count` must be from 1 to 10"),
        ({"count": 11}, "`count` must be from 1 to 10"),
        ({"seed": -1}, "`seed` must be from 0 to 2,147,483,647"),
        ({"seed": 2**31}, "`seed` must be from 0 to 2,147,483,647"),
        ({"steps": 51}, "`steps` must be from 1 to 50"),
        ({"guidance": 20.5}, "`guidance` must be from 0 to 20"),
        ({"size": "gigantic"}, "`size` can't be used like this"),
        ({"format": "gif"}, "`format` can't be used like this"),
        ({"count": "four"}, "`count` can't be used like this"),
    ],
)
async def test_what_discords_client_would_not_send_is_refused_all_the_same(
    scene: Scene, options: dict[str, Any], words: str
) -> None:
    assert words in await refused(scene, **options)


@pytest.mark.parametrize("options", [{"count": 11}, {"steps": 0}, {"size": "gigantic"}, {"guidance": 21}])
async def test_discords_own_client_keeps_the_ranges(scene: Scene, options: dict[str, Any]) -> None:
    with pytest.raises(ClientRefused):
        await scene.imagine(options)


async def test_a_prompt_of_two_thousand_characters_after_trimming_is_accepted(scene: Scene) -> None:
    run = await scene.imagine({"prompt": " " + "x" * 2000 + " "}, raw=True)
    answer = await run.answered()
    assert not answer.ephemeral


async def test_options_that_a_later_version_took_are_answered(scene: Scene) -> None:
    command = scene.client.tree.get_command("imagine")
    assert command is not None
    scene.client.tree.remove_command("imagine")
    run = await scene.imagine()
    answer = await run.answered()
    assert answer.message is not None
    assert "This command has changed" in answer.message.text()


LOOK = PresetValues(
    template="{prompt} in oil",
    negative_prompt="photo",
    image_size=ImageSize.SQUARE_HD,
    num_inference_steps=31,
    guidance_scale=7.25,
    output_format=OutputFormat.JPEG,
    nag_end=0.5,
    loras=(LoraPick(name="Ink", scale=0.5),),
)


async def kept_books(scene: Scene) -> list[int]:
    """How much there is in the tables that a job would leave something in."""
    tables = ("jobs", "accounts", "entries")
    return [(await scene.database.fetch_all(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


async def test_an_option_goes_before_the_preset_and_that_before_the_default(scene: Scene) -> None:
    await with_loras(scene)
    await keep(scene, values=LOOK)
    own: dict[str, Value] = {"negative": "snow", "steps": 12, "format": "png", "count": 2, "seed": 5}
    job, card = await scene.carded({"prompt": "a fox", "preset": "look", **own})
    assert job.request == GenerationRequest(
        prompt="a fox in oil, ink wash, paper",
        negative_prompt="snow",
        image_size=ImageSize.SQUARE_HD,
        num_inference_steps=12,
        guidance_scale=7.25,
        num_images=2,
        seed=5,
        nag_end=0.5,
        loras=(Lora(path="a/ink", scale=0.5),),
    )
    assert (job.recipe.prompt, job.recipe.preset, job.recipe.preset_values) == ("a fox", "Look", LOOK)
    assert "> a fox\n" in card.text()
    assert "preset Look" in card.text()
    assert "Ink 0.5" in card.text()


async def test_a_lora_has_its_own_strength_unless_another_is_chosen(scene: Scene) -> None:
    await with_loras(scene)
    choices: list[tuple[dict[str, Value], float]] = [
        ({"lora": "gold leaf"}, 0.7),
        ({"lora": "GOLD LEAF", "lora_strength": 0}, 0.0),
    ]
    for options, scale in choices:
        job, _ = await scene.carded({"prompt": "a fox", **options})
        assert job.request.loras == (Lora(path="a/gold", scale=scale),)
        assert job.recipe.loras == ("Gold Leaf",)


async def test_trigger_words_are_said_once(scene: Scene) -> None:
    await with_loras(scene)
    job, _ = await scene.carded({"prompt": "a fox on PAPER", "lora": "ink"})
    assert job.request.prompt == "a fox on PAPER, ink wash"
    assert job.recipe.prompt == "a fox on PAPER"


async def test_the_presets_and_ones_own_lora_act_together(scene: Scene) -> None:
    await with_loras(scene)
    await keep(scene, values=LOOK)
    job, _ = await scene.carded({"prompt": "a fox", "preset": "Look", "lora": "style 2", "lora_strength": 1.5})
    assert job.request.loras == (Lora(path="a/ink", scale=0.5), Lora(path="a/style", scale=1.5))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "nobody"}, "There is nothing called **nobody** for `preset`"),
        ({"preset": "guild:Look"}, "There is nothing called **Look** for `preset`"),
        ({"preset": " "}, "`preset` is empty"),
        ({"preset": "x" * 3000}, "There is nothing called **xxx"),
        ({"preset": 5}, "`preset` can't be used like this"),
        ({"lora": "nobody"}, "This server has no LoRA called **nobody**"),
        ({"lora": "a/ink"}, "This server has no LoRA called **a/ink**"),
        ({"lora": "https://example.com/x.safetensors"}, "This server has no LoRA called **https\\://"),
        ({"lora_strength": 0.5}, "**lora\\_strength** can't do without `lora`"),
        ({"preset": "Look", "lora_strength": 0.5}, "**lora\\_strength** can't do without `lora`"),
        ({"lora": "gold leaf", "lora_strength": 1.6}, "`lora_strength` must be from 0 to 1.5"),
        ({"lora": "ink", "lora_strength": 4.1}, "`lora_strength` must be from 0 to 4"),
        ({"lora": "ink", "lora_strength": -0.1}, "`lora_strength` must be from 0 to 4"),
        ({"preset": "Look", "prompt": "x" * 1990}, "`prompt` can have 1,9"),
        ({"preset": "Look", "prompt": " "}, "`prompt` is empty"),
        ({"preset": "Look", "steps": 51}, "`steps` must be from 1 to 50"),
        ({"preset": "Elsewhere"}, "This server has no LoRA called **Neon**"),
        ({"preset": "Too strong"}, "`lora_strength` must be from 0 to 1.5"),
        ({"count": 5}, "In this server, `count` can be 4 at most"),
    ],
)
async def test_what_can_not_be_is_refused_and_nothing_is_held(
    scene: Scene, options: dict[str, Any], words: str
) -> None:
    await with_loras(scene)
    await keep(scene, values=LOOK)
    await keep(scene, "Elsewhere", PresetValues(loras=(LoraPick(name="Neon"),)))
    await keep(scene, "Too strong", PresetValues(loras=(LoraPick(name="Gold Leaf", scale=2.0),)))
    before = await kept_books(scene)
    assert words in await refused(scene, **options)
    assert await kept_books(scene) == before == [0, 0, 0]


async def test_loras_are_suggested_by_their_names(scene: Scene) -> None:
    await with_loras(scene)
    run = await scene.discord.autocomplete(scene.ada, scene.channel, "imagine", focused="lora", value="I")
    choices = [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]
    assert choices == [("Ink · ink wash, paper", "Ink")]

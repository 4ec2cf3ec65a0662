"""`/imagine`, as members use it and as a modified client would."""

from typing import Any

import pytest

from models import GenerationRequest
from parameters import ImageSize, OutputFormat
from sandbox.discord import ClientRefused
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

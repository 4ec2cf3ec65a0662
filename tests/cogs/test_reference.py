"""`/reference`: the image, its checks and the card, with the real child process and files on the stand-in's CDN."""

from pathlib import Path
from typing import Any

import pytest

from models import GenerationRequest, Job
from parameters import ImageSize
from recipes import PresetScope, PresetValues
from sandbox.discord import ClientRefused, Message, Permissions, Upload, routes
from tests.builders import choose
from tests.cogs.image_steps import (
    PHOTO,
    UNUSABLE,
    card_of,
    fetched,
    nothing_is_kept,
    thumbnails,
    use,
    words_of,
)
from tests.imaging.files import drawing, encoded
from tests.ui.scene import Scene


async def referred(scene: Scene, **options: Any) -> tuple[Job, Message]:
    """A job made from a photo, with its card, once that is noted."""
    card = await card_of(await use(scene, "reference", **{"kind": "style", **options}))
    return await scene.until(lambda job: job.message_id == card.id), card


def steered(request: GenerationRequest) -> dict[str, Any]:
    """What the image sets in a request, and nothing else."""
    plain = GenerationRequest(prompt="plain")
    names = (
        "reference_image_url",
        "reference_strength",
        "reference_end",
        "ip_adapters",
        "easycontrols",
        "use_real_cfg",
    )
    return {name: getattr(request, name) for name in names if getattr(request, name) != getattr(plain, name)}


async def test_the_answer_becomes_a_card_with_the_image_beside_the_words(scene: Scene) -> None:
    run = await use(scene, "reference", kind="style", strength=0.8, end=0.5, count=3, seed=9)
    assert (await run.answered()).kind == "deferred"
    card = await card_of(run)
    [given] = card.attachments
    assert given.filename == "input.png"
    [thumbnail] = thumbnails(card)
    assert thumbnail["media"]["attachment_id"] == str(given.id)
    assert thumbnail["description"] == "The picture that this is made from"
    job = await scene.until(lambda job: job.message_id == card.id)
    assert steered(job.request) == {
        "reference_image_url": "attachment://input.png",
        "reference_strength": 0.8,
        "reference_end": 0.5,
    }
    assert (job.request.num_images, job.request.seed) == (3, 9)
    assert (job.recipe.command, job.recipe.mode) == ("reference", "style")


async def test_an_ip_adapter_brings_its_encoder_and_real_cfg(scene: Scene) -> None:
    job, _ = await referred(scene, kind="ip-adapter")
    [adapter] = job.request.ip_adapters
    assert (adapter.image_url, adapter.scale) == ("attachment://input.png", 0.6)
    assert adapter.image_encoder_path == "openai/clip-vit-large-patch14"
    assert set(steered(job.request)) == {"ip_adapters", "use_real_cfg"}


async def test_a_subject_is_an_easycontrol_of_that_type(scene: Scene) -> None:
    job, _ = await referred(scene, kind="subject", strength=1.5)
    [easy] = job.request.easycontrols
    assert (easy.control_method_url, easy.image_control_type, easy.scale) == ("subject", "subject", 1.5)
    assert easy.image_url == "attachment://input.png"
    assert set(steered(job.request)) == {"easycontrols"}


async def test_the_shape_is_the_images_and_a_jpeg_stays_one(scene: Scene) -> None:
    tall = Upload(filename="tall.jpeg", data=encoded(drawing(size=(200, 350)), "JPEG"))
    job, card = await referred(scene, image=tall)
    assert job.request.image_size is ImageSize.PORTRAIT_16_9
    assert job.request.reference_image_url == "attachment://input.jpg"
    assert [file.filename for file in card.attachments] == ["input.jpg"]


async def test_a_presets_strength_is_used_where_none_is_chosen(scene: Scene) -> None:
    await scene.parts.library.presets.save(
        guild_id=scene.guild.id,
        user_id=scene.ada.id,
        scope=PresetScope.PERSONAL,
        name="faint",
        values=PresetValues(reference_strength=0.2, num_inference_steps=12),
        may_manage_guild=False,
    )
    job, _ = await referred(scene, preset="faint")
    assert (job.request.reference_strength, job.request.num_inference_steps) == (0.2, 12)
    job, _ = await referred(scene, preset="faint", strength=0.9)
    assert job.request.reference_strength == 0.9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "ip-adapter", "end": 0.5}, "`end` has no effect with **What it shows and its look (IP-Adapter)**"),
        ({"kind": "subject", "end": 0.5}, "`end` has no effect"),
        ({"kind": "style", "strength": 3.5}, "`strength` must be from -3 to 3"),
        ({"kind": "ip-adapter", "strength": -1.0}, "`strength` must be from 0 to 4"),
        ({"kind": "style", "end": 1.5}, "`end` must be from 0 to 1"),
        ({"kind": "soul"}, "`kind` can't be used like this"),
        ({"kind": "style", "count": 10}, "`count` must be from 1 to 9"),
        ({"kind": "style", "prompt": " "}, "`prompt` is empty"),
        ({"kind": "style", "preset": "no such"}, "nothing called **no such**"),
        ({"kind": "style", "image": "123"}, "`image` can't be used like this"),
    ],
)
async def test_what_is_wrong_with_the_options_is_said_at_once_and_in_private(
    scene: Scene, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    run = await use(scene, "reference", raw=True, **options)
    answer = await run.answered()
    assert (answer.kind, answer.ephemeral) == ("message", True)
    assert words in await words_of(run)
    assert fetched(scene) == 0
    await nothing_is_kept(scene, tmp_path)


@pytest.mark.parametrize("command", ["control", "reference"])
async def test_discords_own_client_offers_no_tenth_picture_beside_an_image(scene: Scene, command: str) -> None:
    kind: dict[str, Any] = {"mode": "canny"} if command == "control" else {"kind": "style"}
    with pytest.raises(ClientRefused):
        await use(scene, command, count=10, **kind)


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_an_image_that_can_not_be_used_leaves_nothing_in_the_channel(
    scene: Scene, tmp_path: Path, kind: str
) -> None:
    image, words = UNUSABLE[kind]
    run = await use(scene, "reference", kind="style", image=image)
    told = await words_of(run)
    assert words in told
    assert "PNG, JPEG or WebP" in told
    assert (await run.message()).deleted
    await nothing_is_kept(scene, tmp_path)


async def test_an_image_deleted_before_it_is_fetched_is_said_in_private(scene: Scene, tmp_path: Path) -> None:
    held = scene.discord.faults.hold("POST", routes.CALLBACK)
    run = await use(scene, "reference", kind="style")
    await held.happened()
    run.uploads[0].delete()
    held.release()
    assert "isn't on Discord any more" in await words_of(run)
    assert (await run.message()).deleted
    await nothing_is_kept(scene, tmp_path)


async def test_a_refusal_after_the_deferral_is_taken_back_and_said_in_private(scene: Scene, tmp_path: Path) -> None:
    await scene.database.write(lambda connection: choose(connection, scene.guild.id, paused=True))
    run = await use(scene, "reference", kind="style")
    assert "paused in this server" in await words_of(run)
    assert (await run.message()).deleted
    await nothing_is_kept(scene, tmp_path)


async def test_a_channel_whose_messages_the_bot_can_not_read_again_is_refused(scene: Scene, tmp_path: Path) -> None:
    hidden = scene.guild.add_channel("hidden")
    hidden.overwrite(scene.guild.bot, deny=Permissions.READ_MESSAGE_HISTORY)
    options: dict[str, Any] = {"prompt": "a fox", "image": PHOTO, "kind": "style"}
    run = await scene.discord.slash(scene.ada, hidden, "reference", options)
    assert "**Read Message History**" in await words_of(run)
    await nothing_is_kept(scene, tmp_path)


async def test_presets_are_suggested(scene: Scene) -> None:
    run = await scene.discord.autocomplete(scene.ada, scene.channel, "reference", focused="preset")
    assert (await run.answered()).choices

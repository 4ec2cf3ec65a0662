"""The commands in the menu of a message, on messages of all kinds; who may use them is in test_results.py."""

import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generation.drafts import LIFETIME
from sandbox.discord import Message, Run, Upload, routes
from tests.cogs.gallery import finished, gallery, newest, restarted, words_of
from tests.ui.scene import Scene

SIZES = {"wide.png": (160, 90), "tall.png": (90, 160), "square.jpg": (100, 100)}


def picture(name: str = "wide.png", **changes: Any) -> Upload:
    """A file of that name as a member would upload it."""
    into = io.BytesIO()
    Image.new("RGB", SIZES.get(name, (100, 100)), "teal").save(into, format="JPEG" if "jp" in name else "PNG")
    return Upload(**({"filename": name, "data": into.getvalue()} | changes))


async def menu(scene: Scene, name: str, message: Message, **how: Any) -> Run:
    run = await scene.discord.context_menu(scene.ada, scene.channel, name, message, **how)
    await run.answered()
    return run


async def remixed(scene: Scene, message: Message, values: Mapping[str, Any] | None = None) -> Run:
    """Ada remixes the message; what the bot makes of the form."""
    run = await menu(scene, "Remix image", message)
    return await scene.discord.submit_modal(run, {"prompt": "the same at sea", **(values or {})})


async def test_anyones_picture_can_be_remixed(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, "look", [picture()])
    await remixed(scene, message, {"kind": "ip-adapter", "strength": "0.4"})
    job = await newest(scene, [])
    [adapter] = job.request.ip_adapters
    assert (adapter.image_url, adapter.scale) == ("attachment://input.png", 0.4)
    assert job.request.prompt == "the same at sea"
    assert job.request.image_size == "landscape_16_9"  # the shape of the picture
    assert (job.recipe.command, job.recipe.mode, job.recipe.parent_job_id) == ("reference", "ip-adapter", None)
    card = scene.discord.message(job.message_id or 0)
    assert [file.filename for file in card.attachments] == ["input.png"]
    assert "the same at sea" in card.text()


async def test_of_several_pictures_one_is_chosen(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture(name) for name in SIZES])
    run = await menu(scene, "Remix image", message)
    assert run.answer is not None
    options = run.answer.inputs["picture"]["options"]
    assert [option["label"] for option in options] == [
        "Picture 1 · wide.png",
        "Picture 2 · tall.png",
        "Picture 3 · square.jpg",
    ]
    await scene.discord.submit_modal(run, {"prompt": "at sea", "picture": "1"})
    assert (await newest(scene, [])).request.image_size == "portrait_16_9"


async def test_one_picture_is_not_asked_about(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    run = await menu(scene, "Remix image", message)
    assert run.answer is not None
    assert set(run.answer.inputs) == {"kind", "prompt", "strength"}


async def test_a_message_with_very_many_pictures_with_long_names_still_gets_its_form(scene: Scene) -> None:
    files = [picture("n" * 200 + f"{number}.png") for number in range(10)]
    run = await menu(scene, "Remix image", scene.discord.post(scene.bob, scene.channel, files=files))
    assert run.answer is not None
    assert len(run.answer.inputs["picture"]["options"]) == 10


async def test_a_forwarded_picture_can_be_remixed(scene: Scene) -> None:
    original = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    await remixed(scene, scene.discord.forward(scene.bob, scene.channel, original))
    assert (await newest(scene, [])).recipe.command == "reference"


async def test_a_picture_of_ones_own_bot_keeps_what_it_came_from(scene: Scene, tmp_path: Path) -> None:
    job, card = await gallery(scene, tmp_path, {"prompt": "a red fox", "count": 2})
    run = await menu(scene, "Remix image", card)
    assert run.answer is not None
    assert run.answer.inputs["prompt"]["value"] == "a red fox"
    assert len(run.answer.inputs["picture"]["options"]) == 2
    await scene.discord.submit_modal(run)
    assert (await newest(scene, [job])).recipe.parent_job_id == job.job_id


@pytest.mark.parametrize(
    "files", [[], [Upload(filename="notes.txt", data=b"notes", content_type="text/plain")]], ids=["nothing", "a text"]
)
async def test_a_message_without_a_picture_is_refused(scene: Scene, files: list[Upload]) -> None:
    message = scene.discord.post(scene.bob, scene.channel, "just words", files)
    assert "That message has no picture in it" in await words_of(await menu(scene, "Remix image", message))


async def test_a_picture_on_another_host_is_none(scene: Scene) -> None:
    app = scene.guild.add_member("app")
    embed = {"image": {"url": "https://pictures.example/fox.png"}}
    message = scene.discord.post_from_app(app, scene.channel, {"embeds": [embed]})
    assert "no picture in it" in await words_of(await menu(scene, "Remix image", message))


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (Upload(filename="fox.png", data=b"<svg/>"), "not a picture that I can read"),
        (Upload(filename="fox.png", data=b""), "That file is empty"),
    ],
)
async def test_a_file_that_only_seems_a_picture_is_refused_in_private(scene: Scene, upload: Upload, words: str) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[upload])
    assert words in await words_of(await remixed(scene, message))
    assert await scene.jobs() == []


async def test_a_picture_deleted_while_the_form_was_open_is_refused(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    run = await menu(scene, "Remix image", message)
    scene.discord.delete_message(message)
    words = await words_of(await scene.discord.submit_modal(run, {"prompt": "at sea"}))
    assert "use *Remix image* on the message again" in words
    assert await scene.jobs() == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strength": "much"}, "`strength` must be from -3 to 3"),
        ({"strength": "-0.5", "kind": "subject"}, "`strength` must be from 0 to 4"),
        ({"prompt": " \u200b "}, "`prompt` is empty"),
    ],
)
async def test_a_wrong_value_is_refused_before_the_picture_is_fetched(
    scene: Scene, values: Mapping[str, str], words: str
) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    assert words in await words_of(await remixed(scene, message, values))
    assert not scene.discord.exchanges.matching("GET", routes.ATTACHMENT)


@pytest.mark.parametrize(
    "changed", [{"kind": ["control"]}, {"kind": []}, {"picture": ["7"]}], ids=["kind", "no kind", "picture"]
)
async def test_what_a_modified_client_chooses_is_refused(scene: Scene, changed: Mapping[str, list[str]]) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    run = await menu(scene, "Remix image", message)
    chosen = {"kind": ["style"], "picture": ["0"], **changed}
    raw: list[Any] = [
        {"type": 18, "component": {"type": 3, "custom_id": name, "values": values}} for name, values in chosen.items()
    ]
    raw.append({"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}})
    words = await words_of(await scene.discord.submit_modal(run, raw=raw))
    assert f"`{next(iter(changed))}` can't be used like this" in words


async def test_a_form_that_lay_open_for_too_long_is_refused(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    run = await menu(scene, "Remix image", message)
    scene.clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())
    words = await words_of(await scene.discord.submit_modal(run, {"prompt": "at sea"}))
    assert "This panel doesn't work any more" in words


async def test_a_form_sent_off_twice_makes_one_picture(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    run = await menu(scene, "Remix image", message)
    await scene.discord.submit_modal(run, {"prompt": "at sea"})
    job = await newest(scene, [])
    words = await words_of(await scene.discord.submit_modal(run, {"prompt": "at sea"}))
    assert "This panel doesn't work any more" in words
    assert [made.job_id for made in await scene.jobs()] == [job.job_id]


async def test_pictures_of_a_message_wait_for_the_form_through_a_restart(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture(name) for name in SIZES])
    run = await menu(scene, "Remix image", message)
    async with restarted(scene):
        await scene.discord.submit_modal(run, {"prompt": "at sea", "picture": "1"})
        assert (await newest(scene, [])).request.image_size == "portrait_16_9"


async def test_a_remix_can_be_remixed_and_its_given_image_comes_last(scene: Scene, tmp_path: Path) -> None:
    await remixed(scene, scene.discord.post(scene.bob, scene.channel, files=[picture()]))
    job = await finished(scene, tmp_path, await newest(scene, []))
    run = await menu(scene, "Remix image", scene.discord.message(job.message_id or 0))
    assert run.answer is not None
    labels = [option["label"] for option in run.answer.inputs["picture"]["options"]]
    assert labels[-1] == "Picture 2 · input.png"


@pytest.mark.parametrize("name", ["Show recipe", "Report image"])
async def test_other_messages_have_no_recipe_and_are_not_ours_to_report(scene: Scene, name: str) -> None:
    message = scene.discord.post(scene.bob, scene.channel, "mine", [picture()])
    assert "I only know" in await words_of(await menu(scene, name, message))


async def test_the_recipe_of_a_waiting_request_can_be_shown(scene: Scene) -> None:
    _, card = await scene.carded({"prompt": "a red fox"})
    words = await words_of(await menu(scene, "Show recipe", card))
    assert "waiting in line" in words
    assert "/imagine prompt:a red fox" in words


@pytest.mark.parametrize("name", ["Show recipe", "Report image"])
async def test_what_only_reads_does_not_wait_for_the_disk(scene: Scene, tmp_path: Path, name: str) -> None:
    _, card = await gallery(scene, tmp_path)
    async with scene.stalled_disk():
        await menu(scene, name, card)


async def test_where_the_pictures_can_not_be_kept_in_time_the_member_is_told(scene: Scene, impatient: None) -> None:
    message = scene.discord.post(scene.bob, scene.channel, files=[picture()])
    async with scene.stalled_disk():
        assert "I can't write to my books right now" in await words_of(await menu(scene, "Remix image", message))


async def test_the_menus_are_in_guilds_only(scene: Scene) -> None:
    menus = [command for command in scene.discord.commands.everywhere() if command["type"] == 3]
    assert {command["name"] for command in menus} == {"Remix image", "Show recipe", "Report image"}
    assert all(command["contexts"] == [0] for command in menus)

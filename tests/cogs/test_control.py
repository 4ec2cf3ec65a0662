"""`/control`: the preview, its buttons and its form, with the real child process and files on the stand-in's CDN."""

import io
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation.modes import CONTROL_MODES
from models import Job
from moderation import Suspension
from parameters import ImageSize
from sandbox.discord import Attachment, Message, Run, Upload, routes
from storage import suspensions
from tests.builders import choose
from tests.cogs.image_steps import (
    PHOTO,
    PICTURE,
    UNUSABLE,
    card_of,
    fetched,
    nothing_is_kept,
    previewed,
    thumbnails,
    use,
    words_of,
)
from tests.imaging.files import drawing, encoded
from tests.ui.scene import Scene

GONE = "This panel doesn't work any more"


def pixels(attachment: Attachment) -> Any:
    with Image.open(io.BytesIO(attachment.read())) as image:
        return np.asarray(image.convert("RGB"))


def lines_in(message: Message) -> int:
    """How many pixels of the preview's edge map are on."""
    [shown] = message.gallery()
    return int(np.count_nonzero(pixels(shown)))


async def press(scene: Scene, message: Message, label: str) -> Run:
    return await scene.discord.click(scene.ada, message, label)


async def adjusted(scene: Scene, message: Message, **values: str) -> Run:
    """Ada opens the form and sends it off."""
    opened = await press(scene, message, "Adjust…")
    await opened.answered()
    return await scene.discord.submit_modal(opened, values)


async def generated(scene: Scene, message: Message) -> tuple[Job, Message]:
    """Ada presses Generate, and the card is noted."""
    card = await card_of(await press(scene, message, "Generate"))
    return await scene.until(lambda job: job.message_id == card.id), card


async def held_micros(scene: Scene) -> int:
    quota = await scene.service.quota(guild_id=scene.guild.id, user_id=scene.ada.id)
    return quota[-1].balance.pending


def forge(message: Message, label: str, custom_id: str) -> None:
    """Let a member's own button say something else, as a modified client could."""
    part = next(part for part in message.walk() if part.get("label") == label)
    part["custom_id"] = custom_id


def id_of(message: Message, label: str) -> str:
    return next(button.custom_id or "" for button in message.buttons() if button.label == label)


async def suspend(scene: Scene) -> None:
    def write(connection: sqlite3.Connection) -> None:
        suspensions.suspend(
            connection,
            Suspension(until=None, reason="spam"),
            guild_id=scene.guild.id,
            user_id=scene.ada.id,
            by_id=scene.bob.id,
            at=scene.clock.now(),
        )

    await scene.database.write(write)


async def lift(scene: Scene) -> None:
    await scene.database.write(
        lambda connection: suspensions.lift(
            connection, guild_id=scene.guild.id, user_id=scene.ada.id, by_id=scene.bob.id, now=scene.clock.now()
        )
    )


async def test_the_preview_is_private_shows_the_map_and_holds_no_money(scene: Scene) -> None:
    run = await use(scene, "control", mode="canny", count=2)
    message = await run.message()
    await message.changed(lambda changed: not changed.loading)
    assert (await run.answered()).kind == "deferred"
    assert message.ephemeral
    [shown] = message.gallery()
    assert set(np.unique(pixels(shown))) == {0, 255}
    words = message.text()
    for part in ("Edges (Union canny)", "> a red fox", "**Strength** 0.7, from beginning to end", "1024×768", "$0.18"):
        assert part in words
    assert [button.label for button in message.buttons()] == ["Generate", "Adjust…", "Cancel"]
    assert await held_micros(scene) == 0
    assert await scene.jobs() == []


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("tile", "I softened your image"),
        ("blur", "I blurred your image"),
        ("gray", "I took the colours out"),
        ("low-quality", "I made a poor copy"),
        ("pose", "must be a **pose map**"),
        ("net-normals", "must be a **normal map**"),
        ("net-upscaler", "used as it is"),
        ("lora-depth", "estimates the depth in your image by itself"),
        ("easy-ghibli", "as an animated film"),
    ],
)
async def test_each_way_to_treat_the_image_is_shown_and_said(scene: Scene, mode: str, words: str) -> None:
    message = await previewed(scene, mode)
    assert words in message.text()
    assert ("ordinary photo" in message.text()) == CONTROL_MODES[mode].ready_map
    given = np.asarray(PICTURE)
    [shown] = message.gallery()
    assert bool((pixels(shown) == given).all()) == (CONTROL_MODES[mode].makes is None)


@pytest.mark.parametrize(("preprocess", "words"), [("canny", "can't show it"), ("None", "must be an **edge map**")])
async def test_preprocess_comes_with_a_warning(scene: Scene, preprocess: str, words: str) -> None:
    message = await previewed(scene, "lora-canny", preprocess=preprocess)
    assert "⚠️" in message.text()
    assert words in message.text()


async def test_the_shape_is_the_images_unless_a_size_is_chosen(scene: Scene) -> None:
    tall = Upload(filename="tall.png", data=encoded(drawing(size=(200, 350))))
    assert "576×1024" in (await previewed(scene, "gray", image=tall)).text()
    assert "512×512" in (await previewed(scene, "gray", image=tall, size="square")).text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "lora-canny", "start": 0.2}, "`start` has no effect with **Edges, found by the service"),
        ({"mode": "easy-depth", "end": 0.5}, "`end` has no effect"),
        ({"mode": "canny", "preprocess": "canny"}, "`preprocess` has no effect"),
        ({"mode": "lora-canny", "preprocess": "depth"}, "`preprocess` and `mode` can't be used together"),
        ({"mode": "canny", "start": 0.8, "end": 0.2}, "`start` must be lower than `end`"),
        ({"mode": "canny", "strength": 2.5}, "`strength` must be from 0 to 2"),
        ({"mode": "easy-depth", "strength": 4.5}, "`strength` must be from 0 to 4"),
        ({"mode": "telepathy"}, "`mode` can't be used like this"),
        ({"mode": "canny", "count": 10}, "`count` must be from 1 to 9"),
        ({"mode": "canny", "seed": -1}, "`seed` must be from 0"),
        ({"mode": "canny", "prompt": "  "}, "`prompt` is empty"),
        ({"mode": "canny", "preset": "no such"}, "nothing called **no such**"),
        ({"mode": "canny", "image": "123"}, "`image` can't be used like this"),
    ],
)
async def test_what_is_wrong_with_the_options_is_said_before_the_image_is_fetched(
    scene: Scene, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    run = await use(scene, "control", raw=True, **options)
    assert words in await words_of(run)
    assert (await run.answered()).kind == "message"
    assert fetched(scene) == 0
    await nothing_is_kept(scene, tmp_path)


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_an_image_that_can_not_be_used_is_refused_in_private(scene: Scene, tmp_path: Path, kind: str) -> None:
    image, words = UNUSABLE[kind]
    told = await words_of(await use(scene, "control", mode="canny", image=image))
    assert words in told
    assert "PNG, JPEG or WebP" in told
    await nothing_is_kept(scene, tmp_path)


async def test_an_image_deleted_before_it_is_fetched_is_refused_in_private(scene: Scene, tmp_path: Path) -> None:
    held = scene.discord.faults.hold("POST", routes.CALLBACK)
    run = await use(scene, "control", mode="canny")
    await held.happened()
    run.uploads[0].delete()
    held.release()
    assert "isn't on Discord any more" in await words_of(run)
    await nothing_is_kept(scene, tmp_path)


async def test_generate_makes_a_public_card_with_the_map_beside_the_words(scene: Scene, tmp_path: Path) -> None:
    message = await previewed(scene, strength=0.5, start=0.1, end=0.9, count=2, seed=7)
    [shown] = message.gallery()
    sent = shown.read()
    job, card = await generated(scene, message)
    assert not card.ephemeral
    assert card.attachment("input.png").read() == sent
    [thumbnail] = thumbnails(card)
    assert thumbnail["media"]["attachment_id"] == str(card.attachment("input.png").id)
    [union] = job.request.controlnet_unions
    [control] = union.controls
    assert control.control_image_url == "attachment://input.png"
    assert (control.control_mode, control.conditioning_scale) == ("canny", 0.5)
    assert (control.start_percentage, control.end_percentage) == (0.1, 0.9)
    assert (job.request.num_images, job.request.seed) == (2, 7)
    assert job.request.image_size is ImageSize.LANDSCAPE_4_3
    assert (job.recipe.command, job.recipe.mode) == ("control", "canny")
    assert await held_micros(scene) == job.cost_micros
    await message.changed(lambda changed: not changed.buttons())
    assert "Started" in message.text()
    assert message.attachments == []
    await scene.client.tasks.close(within_seconds=5)
    assert await scene.database.fetch_all("SELECT draft_id FROM drafts") == []
    assert list((tmp_path / "drafts").iterdir()) == []


async def test_a_double_press_makes_one_job(scene: Scene) -> None:
    message = await previewed(scene)
    runs = [await press(scene, message, "Generate"), await press(scene, message, "Generate")]
    answers = [await run.answered() for run in runs]
    assert sorted(answer.ephemeral for answer in answers) == [False, True]
    [told] = [answer.message for answer in answers if answer.ephemeral]
    assert told is not None
    assert GONE in told.text()
    await message.changed(lambda changed: not changed.buttons())
    assert len(await scene.jobs()) == 1


async def test_generate_works_though_the_preview_can_not_be_changed_afterwards(scene: Scene) -> None:
    message = await previewed(scene)
    scene.discord.faults.add("PATCH", routes.WEBHOOK_MESSAGE, status=404, code=10008)
    await generated(scene, message)
    await scene.client.tasks.close(within_seconds=5)
    assert message.buttons()
    assert GONE in await words_of(await press(scene, message, "Generate"))


async def test_a_suspended_member_is_refused_at_generate_and_the_preview_stays(scene: Scene) -> None:
    message = await previewed(scene)
    await suspend(scene)
    run = await press(scene, message, "Generate")
    assert "suspended" in await words_of(run)
    assert await scene.jobs() == []
    assert message.buttons()
    await lift(scene)
    await generated(scene, message)


async def test_more_than_the_guild_allows_is_refused_at_generate_and_can_be_adjusted(scene: Scene) -> None:
    message = await previewed(scene, count=9)
    assert "`count` can be 4 at most" in await words_of(await press(scene, message, "Generate"))
    await (await adjusted(scene, message, count="3")).answered()
    job, _ = await generated(scene, message)
    assert job.images_requested == 3


async def test_a_late_refusal_takes_the_deferral_back_and_leaves_the_preview(scene: Scene, impatient: None) -> None:
    message = await previewed(scene)
    await scene.database.write(lambda connection: choose(connection, scene.guild.id, paused=True))
    async with scene.stalled_disk():
        run = await press(scene, message, "Generate")
        answer = await run.answered()
        assert (answer.kind, answer.ephemeral) == ("deferred", False)
    assert answer.message is not None
    await answer.message.changed(lambda changed: changed.deleted)
    assert "paused in this server" in await words_of(run)
    assert message.buttons()
    assert message.gallery()


async def test_a_slow_database_does_not_let_generate_fail(scene: Scene, impatient: None) -> None:
    message = await previewed(scene)
    async with scene.stalled_disk():
        run = await press(scene, message, "Generate")
        assert (await run.answered()).kind == "deferred"
        assert message.buttons()
    await card_of(run)
    await message.changed(lambda changed: not changed.buttons())


async def test_adjust_changes_the_preview_in_place(scene: Scene) -> None:
    message = await previewed(scene)
    before = message.gallery()
    run = await adjusted(scene, message, strength="0,45", start="0.1", end="0.8", count="2")
    assert (await run.answered()).kind == "update"
    for part in ("**Strength** 0.45, from 0.1 to 0.8", "2 pictures", "$0.18"):
        assert part in message.text()
    assert message.gallery() == before
    assert not before[0].deleted
    job, _ = await generated(scene, message)
    [control] = job.request.controlnet_unions[0].controls
    assert (control.conditioning_scale, control.start_percentage, control.end_percentage) == (0.45, 0.1, 0.8)


async def test_the_form_has_what_the_preview_has_and_only_what_the_mode_can_use(scene: Scene) -> None:
    message = await previewed(scene, strength=0.5, count=3)
    fields = (await (await press(scene, message, "Adjust…")).answered()).inputs
    assert list(fields) == ["strength", "start", "end", "thresholds", "count"]
    assert (fields["strength"]["value"], fields["count"]["value"]) == ("0.5", "3")
    low, high = (int(number) for number in fields["thresholds"]["value"].split())
    assert f"faint from {low}, clear from {high}" in message.text()
    other = await previewed(scene, "lora-depth")
    assert list((await (await press(scene, other, "Adjust…")).answered()).inputs) == ["strength", "count"]


async def test_other_thresholds_make_another_map_of_the_same_image(scene: Scene) -> None:
    message = await previewed(scene, "net-canny")
    before, [old] = lines_in(message), message.gallery()
    await adjusted(scene, message, thresholds="0 - 1")
    await message.changed(lambda changed: changed.gallery() != [old])
    assert lines_in(message) > before
    assert "faint from 0, clear from 1" in message.text()
    assert old.deleted
    [shown] = message.gallery()
    sent = shown.read()
    _, card = await generated(scene, message)
    assert card.attachment("input.png").read() == sent


async def test_thresholds_left_empty_are_chosen_anew(scene: Scene) -> None:
    message = await previewed(scene)
    chosen, [old] = message.text(), message.gallery()
    await adjusted(scene, message, thresholds="1 2")
    await message.changed(lambda changed: changed.gallery() != [old])
    assert message.text() != chosen
    await adjusted(scene, message, thresholds="")
    await message.changed(lambda changed: changed.text() == chosen)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strength": "2.5"}, "`strength` must be from 0 to 2"),
        ({"strength": "strong"}, "`strength` must be from 0 to 2"),
        ({"strength": "nan"}, "`strength` must be from 0 to 2"),
        ({"start": "-0.1"}, "`start` must be from 0 to 1"),
        ({"start": "0.7", "end": "0.7"}, "`start` must be lower than `end`"),
        ({"count": "10"}, "`count` must be from 1 to 9"),
        ({"count": "1.5"}, "`count` must be from 1 to 9"),
        ({"count": "inf"}, "`count` must be from 1 to 9"),
        ({"thresholds": "5"}, "`thresholds` must be from 0 to 255"),
        ({"thresholds": "10 256"}, "`thresholds` must be from 0 to 255"),
    ],
)
async def test_a_wrong_value_in_the_form_is_said_in_private_and_changes_nothing(
    scene: Scene, values: dict[str, str], words: str
) -> None:
    message = await previewed(scene)
    before, revisions = message.text(), len(message.history)
    assert words in await words_of(await adjusted(scene, message, **values))
    assert message.text() == before
    assert len(message.history) == revisions
    job, _ = await generated(scene, message)
    assert job.request.controlnet_unions[0].controls[0].conditioning_scale == 0.7


async def test_a_map_that_takes_long_does_not_let_the_form_fail(scene: Scene, impatient: None) -> None:
    message = await previewed(scene)
    [old] = message.gallery()
    async with scene.stalled_disk():
        run = await adjusted(scene, message, thresholds="1 2")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: changed.gallery() != [old])
    assert "faint from 1, clear from 2" in message.text()


async def test_cancel_says_so_in_place_and_keeps_nothing(scene: Scene, tmp_path: Path) -> None:
    message = await previewed(scene)
    assert (await (await press(scene, message, "Cancel")).answered()).kind == "update"
    assert "Nothing was spent" in message.text()
    assert message.attachments == []
    assert message.buttons() == []
    await nothing_is_kept(scene, tmp_path)


@pytest.mark.parametrize("label", ["Generate", "Adjust…", "Cancel"])
async def test_another_members_preview_is_out_of_reach(scene: Scene, label: str) -> None:
    adas, bobs = await previewed(scene), await previewed(scene, by=scene.bob)
    forge(bobs, label, id_of(adas, label))
    told = await (await scene.discord.click(scene.bob, bobs, label)).answered()
    assert told.ephemeral
    assert told.message is not None
    assert GONE in told.message.text()
    assert await scene.jobs() == []
    await generated(scene, adas)


async def test_another_members_form_is_out_of_reach(scene: Scene) -> None:
    adas, bobs = await previewed(scene), await previewed(scene, by=scene.bob)
    opened = await scene.discord.click(scene.bob, bobs, "Adjust…")
    modal = (await opened.answered()).modal
    assert modal is not None
    modal["custom_id"] = id_of(adas, "Adjust…")
    assert GONE in await words_of(await scene.discord.submit_modal(opened, {"strength": "2"}))
    job, _ = await generated(scene, adas)
    assert job.request.controlnet_unions[0].controls[0].conditioning_scale == 0.7


@pytest.mark.parametrize("draft_id", ["nothing", "../../../../etc", "x" * 64])
async def test_an_id_that_nobody_gave_out_is_answered(scene: Scene, draft_id: str) -> None:
    message = await previewed(scene)
    forge(message, "Generate", f"easel:controlgenerate:{draft_id}")
    run = await press(scene, message, "Generate")
    assert "doesn't work any more" in await words_of(run)


async def test_a_preview_of_yesterday_says_that_it_is_over(scene: Scene) -> None:
    message = await previewed(scene)
    scene.clock.advance(3601)
    assert GONE in await words_of(await press(scene, message, "Generate"))
    assert await scene.jobs() == []


async def test_presets_are_suggested_and_worked_in(scene: Scene) -> None:
    run = await scene.discord.autocomplete(
        scene.ada, scene.channel, "control", focused="preset", options={"prompt": "a fox", "mode": "canny"}
    )
    choices = (await run.answered()).choices
    assert choices
    job, _ = await generated(scene, await previewed(scene, preset=choices[0]["value"]))
    assert job.recipe.preset is not None
    assert job.recipe.preset in choices[0]["name"]


async def test_the_prompt_is_shown_letter_by_letter(scene: Scene) -> None:
    message = await previewed(scene, prompt="**bold** @everyone <@1>")
    assert "\\*\\*bold\\*\\*" in message.text()
    assert "@everyone" not in message.text()


async def test_a_preview_in_german_is_in_german(scene: Scene) -> None:
    given: dict[str, Any] = {"prompt": "ein Fuchs", "image": PHOTO, "mode": "gray", "strength": 0.5}
    message = await (await scene.discord.slash(scene.ada, scene.channel, "control", given, locale="de")).message()
    await message.changed(lambda changed: not changed.loading)
    assert "0,5" in message.text()

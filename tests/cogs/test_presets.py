"""`/preset`: the panel and its forms, whose presets are whose, and what a picture keeps of one."""

import sqlite3
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from models import GenerationRequest, Job
from parameters import Lora
from recipes import LoraPick, PresetScope, PresetValues
from sandbox.discord import Member, Run, Value
from tests.cogs.gallery import finished, gallery, newest
from tests.cogs.image_steps import PHOTO, card_of
from tests.cogs.preset_steps import (
    FULL,
    TYPED,
    fill_in,
    keep,
    kept,
    manager,
    panel,
    press,
    stored,
    told,
    use,
    with_loras,
)
from tests.ui.scene import Scene

GUILD, PERSONAL, _ = PresetScope
NOT_IN_IMAGINE = {"reference_strength", "reference_end", "template", "loras"}
BUTTON_OF = {name: button for button, typed in TYPED.items() for name in typed}


async def test_every_field_reaches_the_preset_and_then_the_request(scene: Scene) -> None:
    await with_loras(scene)
    message = await panel(scene)
    for button, typed in TYPED.items():
        await fill_in(scene, message, button, typed)
    assert await kept(scene) == [], "it is kept before Save"
    await press(scene, message, "Save")
    assert message.text() == "✅ Saved. Use it as `/imagine preset:Look`."
    assert (await stored(scene)).values == FULL

    job, _card = await scene.carded({"prompt": "a fox", "preset": "Look"})
    plain = {name: getattr(FULL, name) for name in (field.name for field in fields(FULL)) if name not in NOT_IN_IMAGINE}
    assert job.request == GenerationRequest(
        prompt="ink drawing of a fox, hatching, ink wash, paper",
        seed=job.request.seed,
        use_real_cfg=True,
        loras=(Lora(path="a/ink", scale=0.5), Lora(path="a/gold", scale=0.7)),
        **plain,
    )


async def test_reference_settings_act_in_reference(scene: Scene) -> None:
    await keep(scene, values=PresetValues(reference_strength=-1.5, reference_end=0.75))
    options: dict[str, Value] = {"prompt": "a fox", "image": PHOTO, "kind": "style", "preset": "look"}
    card = await card_of(await scene.discord.slash(scene.ada, scene.channel, "reference", options))
    job = await scene.until(lambda job: job.message_id == card.id)
    assert (job.request.reference_strength, job.request.reference_end) == (-1.5, 0.75)


@pytest.mark.parametrize("name", [field.name for field in fields(PresetValues)])
async def test_an_emptied_field_takes_its_parameter_out_and_no_other(scene: Scene, name: str) -> None:
    await with_loras(scene)
    await keep(scene, values=FULL)
    message = await panel(scene, command="edit")
    empty: Any = ["-"] if name in {"image_size", "output_format", "scheduler"} else ""
    await fill_in(scene, message, BUTTON_OF[name], {name: empty})
    await press(scene, message, "Save")
    out: dict[str, Any] = {name: () if name == "loras" else None}
    assert (await stored(scene)).values == replace(FULL, **out)


async def test_a_choice_can_be_taken_back_like_discord_does_it(scene: Scene) -> None:
    await keep(scene, values=FULL)
    message = await panel(scene, command="edit")
    await fill_in(scene, message, "Sampler…", {"scheduler": []})
    await press(scene, message, "Save")
    assert (await stored(scene)).values.scheduler is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"template": "no place for it"}, "must have `{prompt}` in it, exactly once"),
        ({"template": "{prompt} and {prompt}"}, "must have `{prompt}` in it, exactly once"),
        ({"template": "{prompt} in {style}"}, "**Prompt template** has **{style}** in it, which I can't fill in"),
        ({"template": "{prompt} {"}, "has **{** in it"),
        ({"template": "{Prompt}"}, "has **{Prompt}** in it"),
        ({"template": "{prompt}\x07"}, "contains invisible control characters"),
        ({"num_inference_steps": "51"}, "`steps` must be from 1 to 50"),
        ({"num_inference_steps": "2.5"}, "`steps` must be from 1 to 50"),
        ({"guidance_scale": "a lot"}, "`guidance` must be from 0 to 20"),
        ({"guidance_scale": "1e9"}, "`guidance` must be from 0 to 20"),
        ({"real_cfg_scale": "nan"}, "**Real CFG** must be from 0 to 5"),
        ({"base_shift": "0"}, "**Base shift** must be from 0.01 to 5"),
        ({"max_shift": "inf"}, "**Max shift** must be from 0.01 to 5"),
        ({"nag_scale": "1"}, "**NAG scale** must be above 1 and at most 10"),
        ({"nag_tau": "0"}, "**NAG tau** must be above 0 and at most 100"),
        ({"nag_alpha": "-inf"}, "**NAG alpha** must be above 0 and at most 1"),
        ({"nag_end": "1.01"}, "**NAG end** must be above 0 and at most 1"),
        ({"reference_strength": "3.1"}, "**Reference strength** must be from -3 to 3"),
        ({"reference_end": "-0.1"}, "**Reference end** must be from 0 to 1"),
        ({"loras": "nobody 0.5"}, "This server has no LoRA called **nobody 0.5**"),
        ({"loras": "**loud** @everyone"}, "This server has no LoRA called **\\*\\*loud\\*\\* @\u200beveryone**"),
        ({"loras": "ink\nINK 0.5"}, "`lora` has the same one twice"),
        ({"loras": "ink 4.5"}, "`lora_strength` must be from 0 to 4"),
        ({"loras": "gold leaf 1.6"}, "`lora_strength` must be from 0 to 1.5"),
    ],
)
async def test_a_bad_value_is_refused_and_leaves_the_preset_as_it_was(
    scene: Scene, typed: dict[str, str], words: str
) -> None:
    await with_loras(scene)
    await keep(scene, values=FULL)
    message = await panel(scene, command="edit")
    before = message.text()
    button = next(BUTTON_OF[name] for name in typed)
    assert words in await told(await fill_in(scene, message, button, typed))
    await press(scene, message, "Save")
    assert (await stored(scene)).values == FULL
    assert "Guidance** · 7.25" in before


async def test_a_choice_that_discord_would_not_offer_is_refused(scene: Scene) -> None:
    message = await panel(scene)
    opened = await press(scene, message, "Picture…")
    raw = [{"type": 18, "component": {"type": 3, "custom_id": "image_size", "values": ["gigantic"]}}]
    assert "`size` can't be used like this" in await told(await scene.discord.submit_modal(opened, raw=raw))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("**loud**", "`name` must begin with a letter or a digit"),
        ("<@1>", "`name` must begin with a letter or a digit"),
        ("@everyone", "`name` must begin with a letter or a digit"),
        ("guild:Fox", "`name` must begin with a letter or a digit"),
        ("[a](b)", "`name` must begin with a letter or a digit"),
        ("a\x00b", "`name` contains invisible control characters"),
        ("   ", "`name` is empty"),
        ("\u200b", "`name` must begin with a letter or a digit"),
        ("x" * 33, "`name` can have 32 characters at most"),
        ("LOOK", "There is a preset called **LOOK** already"),
        ("  look ", "There is a preset called **look** already"),
        ("\uff2c\uff2f\uff2f\uff2b", "There is a preset called **\uff2c\uff2f\uff2f\uff2b** already"),
    ],
)
async def test_a_name_that_can_not_be_is_refused_before_anything_is_filled_in(
    scene: Scene, name: str, words: str
) -> None:
    await keep(scene)
    assert words in await told(await use(scene, "save", name=name, raw=True))
    assert await kept(scene) == [(PERSONAL, "Look")]


async def test_a_name_may_exist_once_for_everybody(scene: Scene) -> None:
    mia = manager(scene)
    await keep(scene, by=mia)
    await keep(scene, scope=GUILD)
    for by in (scene.ada, scene.bob):
        message = await panel(scene, by)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"}, by=by)
        await press(scene, message, "Save", by=by)
        assert await kept(scene, by=by) == [(GUILD, "Look"), (PERSONAL, "Look")]


async def test_a_name_that_was_taken_while_the_panel_was_open_is_not_overwritten(scene: Scene) -> None:
    first, second = await panel(scene), await panel(scene)
    for message, guidance in ((first, "5"), (second, "9")):
        await fill_in(scene, message, "Picture…", {"guidance_scale": guidance})
    await press(scene, first, "Save")
    assert "There is a preset called **Look** already" in await told(await press(scene, second, "Save"))
    assert (await stored(scene)).values.guidance_scale == 5


async def test_edit_replaces_what_there_is(scene: Scene) -> None:
    await keep(scene, values=FULL)
    message = await panel(scene, command="edit", name="look")
    await fill_in(scene, message, "Picture…", {"guidance_scale": "9"})
    assert (await stored(scene)).values.guidance_scale == 7.25, "nothing is kept before Save"
    await press(scene, message, "Save")
    assert (await stored(scene)).values == replace(FULL, guidance_scale=9.0)
    assert await kept(scene) == [(PERSONAL, "Look")]


async def test_nothing_is_no_preset(scene: Scene) -> None:
    message = await panel(scene)
    assert "`preset` is empty" in await told(await press(scene, message, "Save"))
    assert await kept(scene) == []
    assert "Save" in [button.label for button in message.buttons()]


async def test_what_is_discarded_is_gone(scene: Scene) -> None:
    message = await panel(scene)
    await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})
    await press(scene, message, "Discard")
    assert message.text() == "Nothing was saved."
    assert message.buttons() == []
    assert await kept(scene) == []
    assert await scene.database.fetch_all("SELECT draft_id FROM drafts") == []


class TestFromTheLastPicture:
    """What it takes, and what is nobody's to take."""

    async def made(self, scene: Scene, folder: Path, by: Member | None = None) -> Job:
        await with_loras(scene)
        await keep(scene, "Frame", PresetValues(template="{prompt} in a frame", nag_end=0.5))
        options: dict[str, Value] = {
            "prompt": "a fox",
            "preset": "Frame",
            "steps": 12,
            "negative": "snow",
            "lora": "ink",
            "count": 2,
        }
        return (await gallery(scene, folder, options, by=by))[0]

    TAKEN = PresetValues(
        template="{prompt} in a frame",
        nag_end=0.5,
        num_inference_steps=12,
        negative_prompt="snow",
        loras=(LoraPick(name="Ink", scale=1.0),),
    )

    async def test_by_the_command(self, scene: Scene, tmp_path: Path) -> None:
        await self.made(scene, tmp_path)
        message = await panel(scene, source="last")
        assert "**Steps** · 12" in message.text()
        assert "a fox" not in message.text()
        await press(scene, message, "Save")
        assert (await stored(scene)).values == self.TAKEN

    async def test_by_the_button(self, scene: Scene, tmp_path: Path) -> None:
        await self.made(scene, tmp_path)
        message = await panel(scene)
        await fill_in(scene, message, "NAG…", {"nag_tau": "5"})
        await press(scene, message, "From my last picture")
        await press(scene, message, "Save")
        assert (await stored(scene)).values == self.TAKEN

    async def test_without_a_picture_it_says_so(self, scene: Scene, tmp_path: Path) -> None:
        await scene.carded()  # it is not there yet
        words = "You have no picture in this server yet"
        assert words in await told(await use(scene, "save", name="Look", source="last"))
        assert words in await told(await press(scene, await panel(scene), "From my last picture"))

    async def test_anothers_negative_prompt_is_not_taken_along(self, scene: Scene, tmp_path: Path) -> None:
        _, card = await gallery(scene, tmp_path, {"negative": "no secret hats"})
        before = await scene.jobs()
        await (await scene.discord.click(scene.bob, card, "Reroll")).answered()
        borrowed = await newest(scene, before)
        assert borrowed.request.negative_prompt == "no secret hats"
        await finished(scene, tmp_path, borrowed)
        message = await panel(scene, scene.bob, source="last")
        assert "secret" not in message.text()


async def test_a_preset_of_a_later_release_lists_and_works_as_far_as_it_is_known(scene: Scene) -> None:
    await keep(scene)
    content = (
        '{"guidance_scale": 4.5, "num_inference_steps": 999, "scheduler": "later", "style": "unknown",'
        ' "nag_scale": "much", "loras": [["Ink"]], "template": "{prompt} {later}", "reference_end": null}'
    )

    def rewrite(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE presets SET content = ?", (content,))

    await scene.database.write(rewrite)
    assert "**Look** · 1 setting" in await told(await use(scene, "list"))
    job, _ = await scene.carded({"prompt": "a fox", "preset": "Look"})
    assert job.request == GenerationRequest(prompt="a fox", seed=job.request.seed, guidance_scale=4.5)
    assert "**Guidance** · 4.5" in (await panel(scene, command="edit")).text()


@pytest.mark.parametrize("fate", ["changed", "deleted"])
async def test_a_picture_keeps_what_its_preset_was(scene: Scene, tmp_path: Path, fate: str) -> None:
    await keep(scene, values=replace(FULL, loras=()))
    job, card = await gallery(scene, tmp_path, {"prompt": "a fox", "preset": "Look", "seed": 7})
    if fate == "changed":
        message = await panel(scene, command="edit")
        await fill_in(scene, message, "Words…", {"template": "a photo of {prompt}"})
        await press(scene, message, "Save")
    else:
        await use(scene, "delete", name="Look")
    await (await scene.discord.click(scene.ada, card, "Reroll")).answered()
    again = await newest(scene, [job])
    assert again.request.prompt == "ink drawing of a fox, hatching"
    assert replace(again.request, seed=7) == job.request
    assert (again.recipe.preset, again.recipe.preset_values) == ("Look", replace(FULL, loras=()))
    edited = await scene.discord.click(scene.ada, card, "Edit…")
    await edited.answered()
    await (await scene.discord.submit_modal(edited, {"prompt": "a hare"})).answered()
    third = await newest(scene, [job, again])
    assert third.request.prompt == "ink drawing of a hare, hatching"


async def test_a_slow_database_is_waited_for_without_losing_the_panel(scene: Scene, impatient: None) -> None:
    message = await panel(scene)
    opened = await press(scene, message, "Picture…")
    async with scene.stalled_disk():
        run: Run = await scene.discord.submit_modal(opened, {"guidance_scale": "5"})
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: "**Guidance** · 5" in changed.text())
    async with scene.stalled_disk():
        run = await scene.discord.click(scene.ada, message, "Save")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: "Saved" in changed.text())


async def test_numbers_are_written_and_read_in_the_members_language(scene: Scene) -> None:
    await with_loras(scene)
    await keep(scene, values=FULL)
    run = await scene.discord.slash(scene.ada, scene.channel, "preset edit", {"name": "Look"}, locale="de")
    message = await run.message()
    assert "Quadrat" in message.text()
    assert "7,25" in message.text()
    for button in message.buttons()[:5]:
        opened = await scene.discord.click(scene.ada, message, button.custom_id or "", locale="de")
        shown = {name: field.get("value") for name, field in (await opened.answered()).inputs.items()}
        assert shown.get("guidance_scale", "7,25") == "7,25"
        assert shown.get("loras", "Ink 0,5\nGold Leaf") == "Ink 0,5\nGold Leaf"
        await (await scene.discord.submit_modal(opened, locale="de")).answered()
    saving = message.buttons()[5].custom_id or ""
    await (await scene.discord.click(scene.ada, message, saving, locale="de")).answered()
    assert (await stored(scene)).values == FULL

"""Whose presets are whose: the guild's, a member's own, the built-in ones; and whose a panel is."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from errors import DraftGone, StorageUnavailable
from generation.builtin_presets import BUILT_IN
from recipes import PresetScope, PresetValues
from sandbox.discord import Message
from tests.cogs.gallery import restarted
from tests.cogs.preset_steps import (
    FULL,
    SOFT,
    draft_id_of,
    fill_in,
    keep,
    kept,
    manager,
    panel,
    press,
    stored,
    told,
    use,
)
from tests.ui.scene import Scene
from tests.ui.test_client import with_button

GUILD, PERSONAL, _ = PresetScope


class TestTheGuilds:
    """Its presets are for those who may manage it, whichever way the wish comes."""

    async def test_its_managers_make_and_change_them(self, scene: Scene) -> None:
        mia = manager(scene)
        message = await panel(scene, mia, scope="guild")
        assert "this server's" in message.text()
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"}, by=mia)
        await press(scene, message, "Save", by=mia)
        assert await kept(scene) == [(GUILD, "Look")]
        message = await panel(scene, mia, command="edit")
        await fill_in(scene, message, "Picture…", {"guidance_scale": "6"}, by=mia)
        await press(scene, message, "Save", by=mia)
        assert (await stored(scene)).values.guidance_scale == 6

    @pytest.mark.parametrize("command", ["save", "edit", "delete"])
    async def test_no_command_lets_others_at_them(self, scene: Scene, command: str) -> None:
        await keep(scene, "Ours", scope=GUILD)
        options: dict[str, Any] = {"name": "Look", "scope": "guild"} if command == "save" else {"name": "Ours"}
        assert "**Manage Server**" in await told(await use(scene, command, **options))
        assert await kept(scene) == [(GUILD, "Ours")]
        assert await scene.database.fetch_all("SELECT draft_id FROM drafts") == []

    async def test_save_asks_again_after_the_permission_was_lost(self, scene: Scene) -> None:
        mia = manager(scene)
        message = await panel(scene, mia, scope="guild")
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"}, by=mia)
        mia.roles.clear()
        assert "**Manage Server**" in await told(await press(scene, message, "Save", by=mia))
        assert await kept(scene) == []

    async def test_so_does_undo(self, scene: Scene) -> None:
        mia = manager(scene)
        await keep(scene, scope=GUILD)
        message = (await (await use(scene, "delete", mia, name="Look")).answered()).message
        assert message is not None
        mia.roles.clear()
        assert "**Manage Server**" in await told(await press(scene, message, "Undo", by=mia))
        assert await kept(scene) == []

    async def test_a_plain_name_means_ones_own_to_whoever_may_not(self, scene: Scene) -> None:
        mia = manager(scene)
        await keep(scene, scope=GUILD)
        await keep(scene)
        await keep(scene, by=mia)
        assert "· yours" in (await panel(scene, command="edit", name="Look")).text()
        assert "· this server's" in (await panel(scene, mia, command="edit", name="Look")).text()
        assert "· yours" in (await panel(scene, mia, command="edit", name="personal:Look")).text()

    async def test_anothers_personal_one_is_out_of_reach(self, scene: Scene) -> None:
        await keep(scene, "Mine")
        for command in ("show", "edit", "delete"):
            words = await told(await use(scene, command, manager(scene), name="personal:Mine"))
            assert "There is nothing called **Mine** for `preset`" in words


class TestWhoseIsThePanel:
    """Its buttons and forms name a draft; only its owner's draft opens, for an hour, and after a restart too."""

    GONE = "This panel doesn't work any more"

    @pytest.mark.parametrize("action", ["presetsave", "presetlast", "presetdiscard", "presetundo", "presetform"])
    async def test_anothers_custom_id_opens_nothing(self, scene: Scene, action: str) -> None:
        message = await panel(scene)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})
        suffix = ".words" if action == "presetform" else ""
        forged = await with_button(scene, action, draft_id_of(message) + suffix)
        assert self.GONE in await told(await press(scene, forged, "Press", by=scene.bob))
        await press(scene, message, "Save")
        assert await kept(scene) == [(PERSONAL, "Look")]
        assert await kept(scene, by=scene.bob) == []

    async def test_anothers_form_changes_nothing(self, scene: Scene) -> None:
        message, bobs = await panel(scene), await panel(scene, scene.bob)
        opened = await press(scene, bobs, "Picture…", by=scene.bob)
        assert opened.answer is not None
        assert opened.answer.modal is not None
        opened.answer.modal["custom_id"] = f"easel:presetform:{draft_id_of(message)}.picture"
        assert self.GONE in await told(await scene.discord.submit_modal(opened, {"guidance_scale": "5"}))

    @pytest.mark.parametrize("argument", ["nothing", "nothing.words", ".words", "x.colours", "x."])
    async def test_a_made_up_argument_is_answered(self, scene: Scene, argument: str) -> None:
        forged = await with_button(scene, "presetform", argument)
        assert self.GONE in await told(await press(scene, forged, "Press"))

    @pytest.mark.parametrize("group", ["colours", "", "words.x"])
    async def test_a_form_that_there_is_not_is_answered(self, scene: Scene, group: str) -> None:
        message = await panel(scene)
        forged = await with_button(scene, "presetform", f"{draft_id_of(message)}.{group}")
        assert self.GONE in await told(await press(scene, forged, "Press"))

    async def test_an_undo_button_is_no_save_button(self, scene: Scene) -> None:
        message = await panel(scene)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})
        forged = await with_button(scene, "presetundo", draft_id_of(message))
        assert self.GONE in await told(await press(scene, forged, "Press"))

    async def test_in_another_guild_it_is_not_there(self, scene: Scene) -> None:
        draft_id = draft_id_of(await panel(scene))
        with pytest.raises(DraftGone):
            await scene.parts.library.drafts.open(draft_id, guild_id=1, user_id=scene.ada.id, kind="preset")

    async def test_after_an_hour_it_is_too_old(self, scene: Scene) -> None:
        message = await panel(scene)
        scene.clock.advance(3599)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})  # which begins the hour anew
        scene.clock.advance(3599)
        opened = await press(scene, message, "Words…")
        scene.clock.advance(2)
        assert self.GONE in await told(await scene.discord.submit_modal(opened, {"negative_prompt": "snow"}))
        for button in ("Words…", "Save", "Discard", "From my last picture"):
            assert self.GONE in await told(await press(scene, message, button))
        assert await kept(scene) == []

    async def test_a_restart_is_not_noticed(self, scene: Scene) -> None:
        message = await panel(scene)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})
        opened = await press(scene, message, "Words…")
        async with restarted(scene):
            await (await scene.discord.submit_modal(opened, {"negative_prompt": "snow"})).answered()
            await press(scene, message, "Save")
            assert (await stored(scene)).values == PresetValues(guidance_scale=5, negative_prompt="snow")

    async def test_a_second_press_of_save_makes_no_second_preset(self, scene: Scene) -> None:
        message = await panel(scene)
        await fill_in(scene, message, "Picture…", {"guidance_scale": "5"})
        runs = await asyncio.gather(*(scene.discord.click(scene.ada, message, "Save") for _ in range(2)))
        for run in runs:
            await run.answered()
        assert await kept(scene) == [(PERSONAL, "Look")]


class TestDeleting:
    async def deleted(self, scene: Scene, name: str = "Look") -> Message:
        answer = await (await use(scene, "delete", name=name)).answered()
        assert answer.ephemeral
        assert answer.message is not None
        return answer.message

    async def test_what_was_deleted_comes_back_as_it_was(self, scene: Scene) -> None:
        await keep(scene, values=FULL)
        message = await self.deleted(scene)
        assert "Deleted the preset **Look**" in message.text()
        assert await kept(scene) == []
        async with restarted(scene):
            await press(scene, message, "Undo")
        assert message.text() == "✅ The preset **Look** is back."
        assert message.buttons() == []
        assert (await stored(scene)).values == FULL

    async def test_a_new_one_of_the_name_stays(self, scene: Scene) -> None:
        await keep(scene, values=FULL)
        message = await self.deleted(scene)
        await keep(scene, values=SOFT)
        assert "There is a preset called **Look** already" in await told(await press(scene, message, "Undo"))
        assert (await stored(scene)).values == SOFT

    async def test_what_can_not_be_undone_is_not_deleted(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        await keep(scene)

        async def full_disk(**_: Any) -> None:
            raise StorageUnavailable("the disk is full")

        monkeypatch.setattr(scene.parts.library.drafts, "create", full_disk)
        assert "I can't write to my books" in await told(await use(scene, "delete", name="Look"))
        assert await kept(scene) == [(PERSONAL, "Look")]

    async def test_a_built_in_one_stays(self, scene: Scene) -> None:
        assert "**Photo** is built in" in await told(await use(scene, "delete", name="Photo"))
        assert await scene.database.fetch_all("SELECT draft_id FROM drafts") == []

    async def test_an_unknown_one_is_named(self, scene: Scene) -> None:
        assert "There is nothing called **no\\_such** for `preset`" in await told(
            await use(scene, "delete", name="no_such")
        )


async def test_to_edit_a_built_in_preset_is_to_begin_ones_own(scene: Scene) -> None:
    message = await panel(scene, command="edit", name="photo")
    assert "Preset Photo · yours" in message.text()
    await fill_in(scene, message, "Picture…", {"guidance_scale": "9"})
    await press(scene, message, "Save")
    photo = next(preset for preset in BUILT_IN if preset.name == "Photo")
    assert (await stored(scene, "Photo")).values == replace(photo.values, guidance_scale=9.0)
    assert (await stored(scene, "built_in:Photo")).values == photo.values
    assert (await stored(scene, "Photo", by=scene.bob)).values == photo.values
    words = await told(await use(scene, "edit", name="built_in:Photo"))
    assert "There is a preset called **Photo** already" in words


class TestFinding:
    async def choices(self, scene: Scene, typed: str, *, command: str = "imagine", option: str = "preset") -> list[Any]:
        run = await scene.discord.autocomplete(scene.ada, scene.channel, command, focused=option, value=typed)
        return [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]

    async def test_25_of_many_with_the_guilds_first(self, scene: Scene) -> None:
        for number in range(30):
            await keep(scene, f"Mine {number:02}")
        await keep(scene, "Zebra", scope=GUILD)
        offered = await self.choices(scene, "")
        assert len(offered) == 25
        assert offered[0] == ("Zebra · server", "guild:Zebra")
        assert offered[1] == ("Mine 00 · yours", "personal:Mine 00")
        job, _ = await scene.carded({"preset": "mine 29"})  # typed, and not among what was offered
        assert (job.recipe.preset, job.request.guidance_scale) == ("Mine 29", 2.5)

    @pytest.mark.parametrize("command", ["preset show", "preset edit", "preset delete"])
    async def test_every_command_offers_them(self, scene: Scene, command: str) -> None:
        await keep(scene, "Look")
        assert await self.choices(scene, "LOO", command=command, option="name") == [("Look · yours", "personal:Look")]
        built_in = await self.choices(scene, "photo", command=command, option="name")
        assert built_in == ([] if "delete" in command else [("Photo · built in", "built_in:Photo")])

    async def test_a_token_means_the_very_preset(self, scene: Scene) -> None:
        await keep(scene, "Photo", PresetValues(num_inference_steps=11), scope=GUILD)
        await keep(scene, "Photo", PresetValues(num_inference_steps=12))
        for token, steps in (("guild:Photo", 11), ("personal:Photo", 12), ("built_in:Photo", 32), ("photo", 11)):
            run = await scene.imagine({"preset": token, "seed": steps})
            await run.answered()
            job = (await scene.jobs())[-1]
            assert job.request.num_inference_steps == steps
            await scene.service.cancel(job.job_id, guild_id=scene.guild.id, user_id=scene.ada.id, may_manage=False)

    async def test_the_list_has_whose_each_is(self, scene: Scene) -> None:
        await keep(scene, "Our look", scope=GUILD)
        await keep(scene, "my_look", FULL)
        text = await told(await use(scene, "list"))
        assert "**This server's**\n**Our look** · 1 setting\n" in text
        assert "**Yours**, in every server\n**my\\_look** · 17 settings\n" in text
        assert "**Photo** · 4 settings" in text

    async def test_show_says_all_that_it_sets(self, scene: Scene) -> None:
        await keep(scene, values=FULL)
        text = await told(await use(scene, "show", name="look"))
        for line in (
            "**Prompt template** · ink drawing of {prompt}, hatching",
            "**Size** · Square, large (1024\u00d71024)",
            "**Guidance** · 7.25",
            "**Scheduler** · DPM++ 2M",
            "**LoRAs** · Ink 0.5 · Gold Leaf",
        ):
            assert line in text
        assert "There is nothing called **no** for" in await told(await use(scene, "show", name="no"))

    async def test_a_database_that_can_not_be_read_offers_nothing(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.database.write(lambda connection: connection.execute("ALTER TABLE presets RENAME TO elsewhere"))
        assert await self.choices(scene, "") == []

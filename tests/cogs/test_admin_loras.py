"""`/admin loras`: the server's LoRAs, from adding one to the body that is sent for a test of it."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from cogs.admin import TEST_PROMPT
from parameters import ImageSize, Lora
from recipes import LoraEntry, LoraPick, PresetScope, PresetValues
from sandbox.discord import ClientRefused, DiscordStandIn, Member, Permissions
from sandbox.pixazo import PixazoStandIn
from tests.builders import PRICE_MICROS
from tests.cogs.administration import INK, add, forged, page, use
from tests.cogs.gallery import restarted, words_of
from tests.e2e.in_process import SkippingClock, easel
from tests.ui.scene import Scene
from tests.ui.test_cards import checked
from ui import admin_panels
from ui.wording import admin as words


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def test_a_lora_is_added_and_members_can_use_it(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "loras add", INK))
    assert "`/imagine lora:Ink`" in message.text()
    assert "strength of 0.8; `lora_strength` changes that, up to 1.5" in message.text()
    assert "in ink style" in message.text()
    [kept] = await scene.parts.library.loras.list(scene.guild.id)
    assert (kept.name, kept.path, kept.trigger_words) == ("Ink", "owner/ink", "in ink style")
    assert (kept.default_scale, kept.max_scale) == (0.8, 1.5)
    assert (kept.added_by, kept.added_at) == (mia.id, scene.clock.now())
    job, _ = await scene.carded({"prompt": "a red fox", "lora": "Ink"})
    assert job.request.loras == (Lora(path="owner/ink", scale=0.8),)
    assert job.request.prompt == "a red fox, in ink style"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, (1.0, 2.0)),
        ({"default_strength": 0.5}, (0.5, 2.0)),
        ({"default_strength": 3.0}, (3.0, 3.0)),
        ({"max_strength": 0.6}, (0.6, 0.6)),
        ({"max_strength": 4.0}, (1.0, 4.0)),
        ({"default_strength": 0.0}, (0.0, 2.0)),
        ({"max_strength": 0.0}, (0.0, 0.0)),
    ],
)
async def test_a_strength_that_is_left_out_gives_way_to_the_one_that_is_said(
    scene: Scene, mia: Member, given: dict[str, float], kept: tuple[float, float]
) -> None:
    await page(await use(scene, mia, "loras add", {"name": "Ink", "path": "owner/ink", **given}))
    [entry] = await scene.parts.library.loras.list(scene.guild.id)
    assert (entry.default_scale, entry.max_scale) == kept


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"path": "http://huggingface.co/owner/ink.safetensors"}, "neither a Hugging Face repository"),
        ({"path": "https://127.0.0.1/ink.safetensors"}, "neither a Hugging Face repository"),
        ({"path": "https://10.0.0.1/ink.safetensors"}, "neither a Hugging Face repository"),
        ({"path": "https://169.254.169.254/latest/meta-data"}, "neither a Hugging Face repository"),
        ({"path": "https://[::1]/ink.safetensors"}, "neither a Hugging Face repository"),
        ({"path": "https://evil.example/ink.safetensors"}, "is on **evil.example**"),
        ({"path": "https://huggingface.co.evil.example/x"}, "is on **huggingface.co.evil.example**"),
        ({"path": "ftp://huggingface.co/ink"}, "neither a Hugging Face repository"),
        ({"path": "ink"}, "neither a Hugging Face repository"),
        ({"path": "owner/ink/file.safetensors"}, "neither a Hugging Face repository"),
        ({"path": "owner/ink.git"}, "neither a Hugging Face repository"),
        ({"path": "../ink"}, "neither a Hugging Face repository"),
        ({"path": "   "}, "neither a Hugging Face repository"),
        ({"name": "<@1>"}, "`name` must begin with a letter or a digit"),
        ({"name": "**ink**"}, "`name` must begin with a letter or a digit"),
        ({"name": "x" * 33}, "`name` can have 32 characters at most"),
        ({"trigger": "x" * 201}, "`trigger` can have 200 characters at most"),
        ({"trigger": "a\x00b"}, "`trigger` contains invisible control characters"),
        ({"max_strength": 4.5}, "`max_strength` must be from 0 to 4"),
        ({"default_strength": -1.0}, "`default_strength` must be from 0 to 4"),
        ({"default_strength": 2.0}, "`default_strength` must be from 0 to 1.5"),
    ],
)
async def test_a_bad_entry_is_refused_in_private_and_says_why(
    scene: Scene, mia: Member, changes: dict[str, Any], refusal: str
) -> None:
    assert refusal in await words_of(await use(scene, mia, "loras add", {**INK, **changes}, raw=True))
    assert await scene.parts.library.loras.list(scene.guild.id) == ()


async def test_a_name_that_is_taken_and_one_too_many_are_refused(scene: Scene, mia: Member) -> None:
    for number in range(50):
        await add(scene, name=f"Ink {number}")
    assert "a LoRA called **INK 7** already" in await words_of(
        await use(scene, mia, "loras add", {**INK, "name": "INK 7"})
    )
    assert "There are 50 LoRAs already" in await words_of(await use(scene, mia, "loras add", INK))


async def test_names_are_suggested_and_removed_by(scene: Scene, mia: Member) -> None:
    await add(scene, name="Ink")
    await add(scene, name="Grain")
    for command in ("remove", "test"):
        run = await scene.discord.autocomplete(mia, scene.channel, f"admin loras {command}", focused="name", value="in")
        assert [choice["value"] for choice in (await run.answered()).choices] == ["Ink", "Grain"]
    message = await page(await use(scene, mia, "loras remove", {"name": "ink"}))
    assert "**Ink** is gone from this server's list" in message.text()
    assert [entry.name for entry in await scene.parts.library.loras.list(scene.guild.id)] == ["Grain"]
    assert "no LoRA called **ink**" in await words_of(await use(scene, mia, "loras remove", {"name": "ink"}))


async def test_removing_names_the_presets_that_will_be_refused_and_leaves_them(scene: Scene, mia: Member) -> None:
    await add(scene)
    book = scene.parts.library.presets
    for number in range(7):
        await book.save(
            guild_id=scene.guild.id,
            user_id=mia.id,
            scope=PresetScope.GUILD,
            name=f"Look {number}",
            values=PresetValues(loras=(LoraPick(name="INK" if number else "Grain"),)),
            may_manage_guild=True,
        )
    text = (await page(await use(scene, mia, "loras remove", {"name": "Ink"}))).text()
    assert "6 presets name it: **Look 1**, **Look 2**, **Look 3**, **Look 4**, **Look 5** and 1 more" in text
    assert "refused until somebody changes them" in text
    assert "Look 0" not in text
    refusal = await words_of(await scene.imagine({"preset": "Look 1"}))
    assert "no LoRA called **INK**" in refusal
    assert len([preset for preset in await book.list(scene.guild.id, mia.id) if "Look" in preset.name]) == 7


async def test_an_empty_list_says_how_to_begin(scene: Scene, mia: Member) -> None:
    assert "`/admin loras add`" in (await page(await use(scene, mia, "loras list"))).text()


async def test_the_list_says_all_about_an_entry(scene: Scene, mia: Member) -> None:
    address = "https://huggingface.co/owner/ink/resolve/main/" + "x" * 60 + "/ink.safetensors?token=hush"
    await add(scene, name="Old_ink", path=address, trigger_words="*in* ink", default_scale=0.75, max_scale=1.5)
    text = (await page(await use(scene, mia, "loras list"))).text()
    assert "**Old\\_ink** · strength 0.75, up to 1.5" in text
    assert "`huggingface.co/owner/ink/reso…" in text
    assert "/ink.safetensors`" in text
    assert "hush" not in text
    assert "*\\*in\\* ink*" in text
    assert f"added by {scene.ada.mention} <t:{int(scene.clock.now().timestamp())}:R>" in text


async def test_a_list_of_fifty_is_paged(scene: Scene, mia: Member) -> None:
    for number in range(50):
        await add(scene, name=f"Ink {number:02}", path=f"owner/ink-{number}")
    message = await page(await use(scene, mia, "loras list"))
    seen = []
    for number in range(1, 10):
        text = message.text()
        assert f"page {number} of 9" in text
        seen += [f"Ink {n:02}" for n in range(50) if f"**Ink {n:02}**" in text]
        if number < 9:
            await (await scene.discord.click(mia, message, "Next")).answered()
    assert seen == [f"Ink {n:02}" for n in range(50)]
    with pytest.raises(ClientRefused, match="disabled"):
        await scene.discord.click(mia, message, "Next")
    for number in range(3, 50):  # meanwhile most of them are removed
        await scene.parts.library.loras.remove(
            scene.guild.id, f"Ink {number:02}", by_id=scene.ada.id, may_manage_guild=True
        )
    await (await scene.discord.click(mia, message, "Previous")).answered()
    assert "### 🧩 3 LoRAs" in message.text()
    assert [button.label for button in message.buttons()] == ["Test ($0.09)"] * 3


@pytest.mark.parametrize("argument", ["0", "999", "9" * 64, "-1", "x", "1.5"])
async def test_a_page_that_there_is_not_is_the_nearest_one(scene: Scene, mia: Member, argument: str) -> None:
    for number in range(7):
        await add(scene, name=f"Ink {number}")
    message = await forged(scene, admin_panels.LORA_PAGE_ACTION, argument)
    await (await scene.discord.click(mia, message, "Press")).answered()
    assert ("page 2 of 2" if argument.startswith("9") else "page 1 of 2") in message.text()


@pytest.mark.parametrize("trigger", ["*" * 200, "@" * 200, "🦊" * 200], ids=["stars", "ats", "foxes"])
async def test_a_list_of_the_fifty_longest_entries_is_taken_by_discord(scene: Scene, trigger: str) -> None:
    entries = [
        LoraEntry(
            guild_id=2**63 - 1,
            name=f"x{'_' * 28}{number:02}x",
            path=f"https://huggingface.co/{'_' * 900}{number}",
            trigger_words=trigger,
            default_scale=0.1234,
            max_scale=3.2345,
            added_by=2**63 - 1,
            added_at=scene.clock.now(),
        )
        for number in range(50)
    ]
    for number in range(1, 10):
        checked(admin_panels.catalogue(entries, number=number, price_micros=PRICE_MICROS))
    assert len(words.entry(entries[0])) < 600
    checked(admin_panels.added(entries[0], price_micros=PRICE_MICROS))


async def test_a_test_is_one_small_picture_and_costs_the_price_of_one(scene: Scene, mia: Member) -> None:
    await add(scene, trigger_words="in ink style", default_scale=0.8)
    run = await use(scene, mia, "loras test", {"name": "Ink", "prompt": "a heron"})
    assert not (await run.answered()).ephemeral
    [job] = await scene.jobs()
    assert job.request.prompt == "a heron, in ink style"
    assert (job.request.image_size, job.request.num_images) == (ImageSize.SQUARE, 1)
    assert job.request.loras == (Lora(path="owner/ink", scale=0.8),)
    assert (job.cost_micros, job.origin.user_id) == (PRICE_MICROS, mia.id)
    quota = await scene.service.quota(guild_id=scene.guild.id, user_id=mia.id)
    assert quota[-1].balance.pending == PRICE_MICROS


async def test_a_test_passes_the_same_gate(scene: Scene, mia: Member) -> None:
    await add(scene)
    for _ in range(3):
        await (await use(scene, mia, "loras test", {"name": "Ink"})).answered()
    refusal = await words_of(await use(scene, mia, "loras test", {"name": "Ink"}))
    assert "3 requests under way" in refusal
    assert len(await scene.jobs()) == 3
    assert "no LoRA called **Grain**" in await words_of(await use(scene, mia, "loras test", {"name": "Grain"}))


async def test_the_option_and_the_command_say_that_it_costs(scene: Scene) -> None:
    assert "charged" in words.TEST
    assert "charged" in words.OPTION_PROMPT


@pytest.mark.parametrize("name", ["Ink", "Ölfarbe & Tusche (2)", "x" * 32])
@pytest.mark.parametrize("again", [False, True], ids=["at once", "after a restart"])
@pytest.mark.parametrize("place", ["add", "list"])
async def test_the_button_beside_an_entry_does_what_the_command_does(
    scene: Scene, mia: Member, name: str, again: bool, place: str
) -> None:
    await add(scene, name="Another")
    message = await page(await use(scene, mia, "loras add", {**INK, "name": name}))
    if place == "list":
        message = await page(await use(scene, mia, "loras list"))
    custom_id = message.buttons()[-1].custom_id
    assert custom_id is not None
    async with AsyncExitStack() as stack:
        if again:
            await stack.enter_async_context(restarted(scene))
        answer = await (await scene.discord.click(mia, message, custom_id)).answered()
        assert (answer.kind, answer.ephemeral) == ("message", False)
    [job] = await scene.jobs()
    assert job.request.prompt == f"{TEST_PROMPT}, in ink style"
    assert job.recipe.loras == (name,)


async def test_the_button_of_an_entry_that_is_gone_says_so(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "loras add", INK))
    await page(await use(scene, mia, "loras remove", {"name": "Ink"}))
    refusal = await words_of(await scene.discord.click(mia, message, "Test ($0.09)"))
    assert "changed or deleted meanwhile" in refusal
    assert await scene.jobs() == []


async def test_the_body_at_the_provider_has_the_path_and_the_trigger_words(tmp_path: Path) -> None:
    async with DiscordStandIn() as stand_in, PixazoStandIn(latency=0.2) as pixazo, AsyncExitStack() as stack:
        guild = stand_in.add_guild()
        channel, mia = guild.add_channel("art"), guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)
        await stack.enter_async_context(easel(tmp_path / "easel.db", stand_in, pixazo, SkippingClock()))
        address = "https://huggingface.co/owner/ink/resolve/main/ink.safetensors"
        await (await stand_in.slash(mia, channel, "admin loras add", {**INK, "path": address})).answered()
        run = await stand_in.slash(mia, channel, "admin loras test", {"name": "Ink", "prompt": "a heron"})
        card = await run.message()
        await card.changed(lambda message: message.attachments)
        [submission] = pixazo.accepted()
    assert submission.body is not None
    assert submission.body == {
        "seed": submission.body["seed"],
        "prompt": "a heron, in ink style",
        "image_size": "square",
        "num_images": 1,
        "loras": [{"path": address, "scale": 0.8}],
        "enable_safety_checker": True,
    }

"""A blocked prompt is refused by every door, in private, and nothing of it is left where others see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from generation.filters import EVERYWHERE
from recipes import LoraEntry, PresetScope, PresetValues
from sandbox.discord import Message, Run
from tests.builders import choose
from tests.cogs.filter_steps import block
from tests.cogs.gallery import gallery, newest, words_of
from tests.cogs.image_steps import PHOTO, previewed
from tests.cogs.image_steps import use as use_image
from tests.cogs.preset_steps import keep
from tests.support import wait_until
from tests.ui.scene import Scene

BAD: Final = "a gadget on a hill"

Begin = Callable[[Scene, Path], Awaitable["Opened"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a member has open, and the step that would start the job; the words go on the list in between."""

    step: Callable[[], Awaitable[Run]]


async def imagine(scene: Scene, _: Path) -> Opened:
    return Opened(step=lambda: scene.imagine({"prompt": BAD}))


async def imagine_disguised(scene: Scene, _: Path) -> Opened:
    return Opened(step=lambda: scene.imagine({"prompt": "a g\u200ba\u200bd\u200bget"}))


async def preset_template(scene: Scene, _: Path) -> Opened:
    await keep(scene, "Style", PresetValues(template="{prompt}, gadget style"), scope=PresetScope.GUILD)
    return Opened(step=lambda: scene.imagine({"prompt": "a fox", "preset": "Style"}))


async def preset_name(scene: Scene, _: Path) -> Opened:
    await keep(scene, "Gadget")
    return Opened(step=lambda: scene.imagine({"prompt": "a fox", "preset": "Gadget"}))


async def lora_trigger(scene: Scene, _: Path) -> Opened:
    entry = LoraEntry(guild_id=scene.guild.id, name="Ink", path="owner/ink", trigger_words="gadget ink")
    await scene.parts.library.loras.add(entry, may_manage_guild=True)
    return Opened(step=lambda: scene.imagine({"prompt": "a fox", "lora": "Ink"}))


async def confirmation(scene: Scene, _: Path) -> Opened:
    await scene.database.write(lambda c: choose(c, scene.guild.id, confirm_images=1))
    question = (await (await scene.imagine({"prompt": BAD})).answered()).message
    assert question is not None
    return Opened(step=lambda: scene.discord.click(scene.ada, question, "Make it for $0.09"))


async def control(scene: Scene, _: Path) -> Opened:
    preview = await previewed(scene, prompt=BAD)
    generate = next(part for part in preview.walk() if str(part.get("label", "")).startswith("Generate"))
    return Opened(step=lambda: scene.discord.click(scene.ada, preview, generate["label"]))


async def reference(scene: Scene, _: Path) -> Opened:
    return Opened(step=lambda: use_image(scene, "reference", prompt=BAD, kind="style", image=PHOTO))


async def reroll(scene: Scene, folder: Path) -> Opened:
    _job, card = await gallery(scene, folder, {"prompt": BAD})
    return Opened(step=lambda: scene.discord.click(scene.bob, card, "Reroll"))


def form(label: str, words: str | None) -> Begin:
    """A form that a button of a finished picture opens, sent off with these words or as it is."""

    async def begin(scene: Scene, folder: Path) -> Opened:
        _job, card = await gallery(scene, folder, {"prompt": "a fox" if words else BAD})
        opened = await scene.discord.click(scene.bob, card, label)
        await opened.answered()
        return Opened(step=lambda: scene.discord.submit_modal(opened, {"prompt": words} if words else {}))

    return begin


def remix(words: str | None) -> Begin:
    """The context menu on a finished picture, its form sent off with these words or as it is."""

    async def begin(scene: Scene, folder: Path) -> Opened:
        _job, card = await gallery(scene, folder, {"prompt": "a fox" if words else BAD})
        opened = await scene.discord.context_menu(scene.bob, scene.channel, "Remix image", card)
        await opened.answered()
        return Opened(step=lambda: scene.discord.submit_modal(opened, {"prompt": words} if words else {}))

    return begin


DOORS: Final[dict[str, Begin]] = {
    "/imagine": imagine,
    "/imagine in disguise": imagine_disguised,
    "a preset's template": preset_template,
    "a preset's name": preset_name,
    "a LoRA's trigger words": lora_trigger,
    "the confirming press": confirmation,
    "/control": control,
    "/reference": reference,
    "Reroll": reroll,
    "Edit with other words": form("Edit…", BAD),
    "Edit with the old words": form("Edit…", None),
    "Use as reference with other words": form("Use as reference", BAD),
    "Use as reference with the old words": form("Use as reference", None),
    "Remix with other words": remix(BAD),
    "Remix with the old words": remix(None),
}


def public(scene: Scene) -> list[Message]:
    """What everybody sees in the channel."""
    return [message for message in scene.channel.messages if not message.deleted and not message.ephemeral]


@pytest.mark.parametrize("guild_wide", [True, False], ids=["by the guild", "by the operator"])
@pytest.mark.parametrize("door", DOORS)
async def test_blocked_words_are_refused_and_leave_nothing(
    scene: Scene, tmp_path: Path, door: str, guild_wide: bool
) -> None:
    opened = await DOORS[door](scene, tmp_path)
    before, seen = await scene.jobs(), [message.id for message in public(scene)]
    await block(scene, "gadget", guild_id=None if guild_wide else EVERYWHERE, category="hate")
    run = await opened.step()
    words = await words_of(run)
    assert "hate" in words
    assert "gadget" not in words
    await wait_until(lambda: [message.id for message in public(scene)] == seen, what="a clean channel")
    assert await scene.jobs() == before


@pytest.mark.parametrize("door", DOORS)
async def test_marked_words_pass_every_door_with_their_mark(scene: Scene, tmp_path: Path, door: str) -> None:
    opened = await DOORS[door](scene, tmp_path)
    before = await scene.jobs()
    await block(scene, "gadget", action="review")
    await (await opened.step()).answered()
    assert (await newest(scene, before)).review_mark == "prompt"


@pytest.mark.parametrize("door", DOORS)
async def test_every_door_is_shut_while_a_list_can_not_be_read(scene: Scene, tmp_path: Path, door: str) -> None:
    opened = await DOORS[door](scene, tmp_path)
    before, seen = await scene.jobs(), [message.id for message in public(scene)]
    await block(scene, "something else")

    def spoil(connection: Any) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE filter_terms SET action = 'explode'")
        connection.execute("UPDATE guild_settings SET filter_version = filter_version + 1")

    await scene.database.write(spoil)
    assert "can't read this server's prompt filter" in await words_of(await opened.step())
    await wait_until(lambda: [message.id for message in public(scene)] == seen, what="a clean channel")
    assert await scene.jobs() == before

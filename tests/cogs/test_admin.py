"""`/admin` as a whole: who may use any of it, by command and by button."""

import re
from typing import Any

import pytest

from models import Access, GuildSettings
from sandbox.discord import ClientRefused, Permissions
from tests.cogs.administration import INK, add, forged, manager, page, use
from tests.cogs.gallery import words_of
from tests.ui.scene import Scene
from ui import access_pages, admin_panels, setup_panel, setup_rows
from ui.wording import access, admin, setup

# Every action of these pages, with an argument that it would take from a manager.
ACTIONS = (
    (setup_rows.SETUP_ACTION, "spoilers.on"),
    (setup_rows.SETUP_ACTION, "channels"),
    (setup_panel.LOOK_ACTION, "start"),
    (setup_panel.ZONE_ACTION, "all"),
    (access_pages.REMOVE_ACTION, "channel"),
    (admin_panels.LORA_TEST_ACTION, "0" * 32),
    (admin_panels.LORA_PAGE_ACTION, "1"),
)


async def test_discord_does_not_offer_it_to_members_without_the_permission(scene: Scene) -> None:
    with pytest.raises(ClientRefused, match="not shown"):
        await use(scene, scene.ada, "setup")
    await page(await use(scene, manager(scene), "setup"))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("setup", {}),
        ("channels", {}),
        ("roles", {}),
        ("loras add", INK),
        ("loras add", {"name": "x", "path": "nonsense", "max_strength": 99.0}),
        ("loras remove", {"name": "Kept"}),
        ("loras list", {}),
        ("loras test", {"name": "Kept"}),
    ],
)
async def test_a_member_who_is_shown_the_command_all_the_same_is_refused(
    scene: Scene, name: str, options: dict[str, Any]
) -> None:
    kept = await add(scene, name="Kept")
    # A server's own settings can show the command to anyone; a modified client does so by itself.
    refusal = await words_of(await use(scene, scene.ada, name, options, raw=True))
    assert "**Manage Server**" in refusal
    assert await scene.parts.library.loras.list(scene.guild.id) == (kept,)
    assert await scene.jobs() == []


async def test_the_lists_are_closed_to_whoever_may_not_manage(scene: Scene) -> None:
    role = scene.guild.add_role("artists")
    for name, options in (("channels", {"add": scene.channel, "cap_images": "1"}), ("roles", {"add": role})):
        refusal = await words_of(await use(scene, scene.ada, name, options, raw=True))
        assert "**Manage Server**" in refusal
    assert await scene.parts.library.access.of(scene.guild.id) == Access()
    assert (await scene.parts.office.limits.of_guild(scene.guild.id)).subjects() == ()


@pytest.mark.parametrize(("action", "argument"), ACTIONS)
async def test_a_forged_button_is_refused(scene: Scene, action: str, argument: str) -> None:
    message = await forged(scene, action, argument)
    moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
    for member in (scene.ada, moderator):
        refusal = await words_of(await scene.discord.click(member, message, "Press"))
        assert "**Manage Server**" in refusal
    assert await scene.parts.library.guilds.of(scene.guild.id) == GuildSettings(guild_id=scene.guild.id)
    assert await scene.parts.library.access.of(scene.guild.id) == Access()
    assert await scene.jobs() == []


async def test_an_administrator_may_without_the_permission_itself(scene: Scene) -> None:
    root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
    assert "Set me up in this server" in (await page(await use(scene, root, "setup"))).text()


def test_no_description_is_longer_than_discord_allows() -> None:
    modules = (access, admin, setup)
    texts = {
        f"{module.__name__}.{name}": text
        for module in modules
        for name, text in vars(module).items()
        if re.fullmatch("[A-Z_]+", name) and isinstance(text, str)
    }
    assert len(texts) > 15
    for name, text in texts.items():
        assert 1 <= len(text) <= 100, name

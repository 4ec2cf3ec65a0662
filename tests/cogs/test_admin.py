"""`/admin setup`: who may use it and all of the group, the settings, and what the bot lacks."""

from typing import Any

import pytest

from models import GuildSettings
from sandbox.discord import ClientRefused, Member, Message, Permissions
from tests.cogs.administration import INK, add, forged, page, use
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui import admin_panels
from ui.wording import admin as words

# Every action of the pages, with an argument that it would take from a manager.
ACTIONS = (
    (admin_panels.SETUP_ACTION, "spoilers.on"),
    (admin_panels.LOOK_ACTION, "all"),
    (admin_panels.LORA_TEST_ACTION, "0" * 32),
    (admin_panels.LORA_PAGE_ACTION, "1"),
)


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def settings(scene: Scene) -> GuildSettings:
    return await scene.parts.library.guilds.of(scene.guild.id)


def menu(message: Message) -> dict[str, Any]:
    [found] = message.selects()
    return found


def chosen_in(message: Message) -> list[str]:
    return [option["value"] for option in menu(message)["options"] if option.get("default")]


async def test_discord_does_not_offer_it_to_members_without_the_permission(scene: Scene, mia: Member) -> None:
    with pytest.raises(ClientRefused, match="not shown"):
        await use(scene, scene.ada, "setup")
    await page(await use(scene, mia, "setup"))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("setup", {}),
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


@pytest.mark.parametrize(("action", "argument"), ACTIONS)
async def test_a_forged_button_is_refused(scene: Scene, action: str, argument: str) -> None:
    message = await forged(scene, action, argument)
    moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
    for member in (scene.ada, moderator):
        refusal = await words_of(await scene.discord.click(member, message, "Press"))
        assert "**Manage Server**" in refusal
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)
    assert await scene.jobs() == []


async def test_an_administrator_may_without_the_permission_itself(scene: Scene) -> None:
    root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
    assert "This server's settings" in (await page(await use(scene, root, "setup"))).text()


async def test_the_panel_shows_what_is_stored(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "setup"))
    assert "**Pictures a request** · 4 at most" in message.text()
    assert "**Recipe in the files** · on" in message.text()
    assert "**Spoilers** · off" in message.text()
    assert chosen_in(message) == ["4"]
    await scene.parts.library.guilds.change(scene.guild.id, images_per_job=1, recipe_in_files=False, spoilers=True)
    message = await page(await use(scene, mia, "setup"))
    assert "**Pictures a request** · 1 at most" in message.text()
    assert "**Recipe in the files** · off" in message.text()
    assert "**Spoilers** · on" in message.text()
    assert chosen_in(message) == ["1"]


async def test_every_setting_can_be_changed_and_the_panel_follows(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "setup"))
    run = await scene.discord.select(mia, message, menu(message)["custom_id"], ["10"])
    assert (await run.answered()).kind == "update"
    for custom_id in ("easel:setup:recipe_in_files.off", "easel:setup:spoilers.on"):
        await (await scene.discord.click(mia, message, custom_id)).answered()
    changed = GuildSettings(guild_id=scene.guild.id, images_per_job=10, recipe_in_files=False, spoilers=True)
    assert await settings(scene) == changed
    assert "10 at most" in message.text()
    assert "**Recipe in the files** · off" in message.text()
    assert "**Spoilers** · on" in message.text()
    await (await scene.discord.click(mia, message, "easel:setup:spoilers.off")).answered()
    assert not (await settings(scene)).spoilers


async def test_of_two_administrators_the_last_press_wins_and_both_see_what_is_stored(scene: Scene, mia: Member) -> None:
    noa = scene.guild.add_member("noa", permissions=Permissions.MANAGE_GUILD)
    first, second = await page(await use(scene, mia, "setup")), await page(await use(scene, noa, "setup"))
    custom_id = menu(first)["custom_id"]
    await (await scene.discord.select(mia, first, custom_id, ["2"])).answered()
    await (await scene.discord.select(noa, second, custom_id, ["7"])).answered()
    assert (chosen_in(first), chosen_in(second)) == (["2"], ["7"])
    # Both still see the button that turns spoilers on: twice on is on.
    for member, message in ((mia, first), (noa, second)):
        await (await scene.discord.click(member, message, "easel:setup:spoilers.on")).answered()
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id, images_per_job=7, spoilers=True)
    assert chosen_in(first) == ["7"]
    assert "**Spoilers** · on" in first.text()


@pytest.mark.parametrize("values", [["11"], ["0"], ["-1"], ["four"], [""], ["1", "2"], [], ["9" * 5000], ["٤"]])
async def test_a_number_that_the_menu_does_not_offer_is_refused(scene: Scene, mia: Member, values: list[str]) -> None:
    message = await page(await use(scene, mia, "setup"))
    run = await scene.discord.select(mia, message, menu(message)["custom_id"], values, raw=True)
    assert "`images_per_job` can't be used like this" in await words_of(run)
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


@pytest.mark.parametrize("argument", ["spoilers", "spoilers.maybe", "spoilers.on.on", "paused.on", "guild_id.on", "x"])
async def test_a_custom_id_that_no_panel_has_changes_nothing(scene: Scene, mia: Member, argument: str) -> None:
    message = await forged(scene, admin_panels.SETUP_ACTION, argument)
    assert "can't be used like this" in await words_of(await scene.discord.click(mia, message, "Press"))
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


async def test_the_panel_works_after_a_restart(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "setup"))
    async with restarted(scene):
        await (await scene.discord.click(mia, message, "easel:setup:spoilers.on")).answered()
        await (await scene.discord.select(mia, message, menu(message)["custom_id"], ["3"])).answered()
        await (await scene.discord.click(mia, message, "Check again")).answered()
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id, images_per_job=3, spoilers=True)
    assert chosen_in(message) == ["3"]


async def test_a_slow_database_does_not_let_the_panel_fail(scene: Scene, mia: Member, impatient: None) -> None:
    message = await page(await use(scene, mia, "setup"))
    async with scene.stalled_disk():
        run = await scene.discord.click(mia, message, "easel:setup:spoilers.on")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: "**Spoilers** · on" in changed.text())


async def test_the_guilds_limit_refuses_a_larger_count_and_names_itself(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "setup"))
    await (await scene.discord.select(mia, message, menu(message)["custom_id"], ["2 pictures at most"])).answered()
    refusal = await words_of(await scene.imagine({"count": 3}))
    assert "In this server, `count` can be 2 at most" in refusal
    assert await scene.jobs() == []
    job, _ = await scene.carded({"count": 2})
    assert job.images_requested == 2


async def test_the_panel_says_that_nothing_is_missing(scene: Scene, mia: Member) -> None:
    assert "I may do everything that I need here" in (await page(await use(scene, mia, "setup"))).text()


async def test_every_permission_that_is_missing_is_named_with_the_way_to_give_it(scene: Scene, mia: Member) -> None:
    scene.guild.set_bot_permissions(Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES, scene.channel)
    message = await page(await use(scene, mia, "setup"))
    assert "**Attach Files** to put the pictures on my cards" in message.text()
    assert "**Read Message History** to make pictures from members' own images" in message.text()
    assert "**Send Messages**" not in message.text()
    assert "*Edit Channel*" in message.text()
    scene.guild.set_bot_permissions(
        Permissions.VIEW_CHANNEL
        | Permissions.SEND_MESSAGES
        | Permissions.ATTACH_FILES
        | Permissions.READ_MESSAGE_HISTORY,
        scene.channel,
    )
    await (await scene.discord.click(mia, message, "Check again")).answered()
    assert "I may do everything that I need here" in message.text()


async def test_in_a_thread_the_threads_own_permission_is_named(scene: Scene, mia: Member) -> None:
    scene.guild.set_bot_permissions(
        Permissions.VIEW_CHANNEL
        | Permissions.SEND_MESSAGES
        | Permissions.ATTACH_FILES
        | Permissions.READ_MESSAGE_HISTORY,
        scene.channel,
    )
    thread = scene.channel.add_thread("a thread")
    run = await scene.discord.slash(mia, thread, "admin setup")
    message = await page(run)
    assert "**Send Messages In Threads** to tell members" in message.text()
    assert "A thread takes its permissions from its channel" in message.text()


def test_no_description_is_longer_than_discord_allows() -> None:
    texts = {name: text for name, text in vars(words).items() if name.isupper() and isinstance(text, str)}
    assert len(texts) > 10
    for name, text in texts.items():
        assert 1 <= len(text) <= 100, name

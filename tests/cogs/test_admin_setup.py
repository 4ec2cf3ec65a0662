"""`/admin setup`: the panel of a new server, every setting in it, and what it says is missing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models import Access, GuildSettings
from sandbox.discord import Channel, Member, Message, Permissions, Role, Run, Value
from storage import audit
from tests.cogs.administration import forged, manager, page, use
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui import setup_panel
from ui.setup_rows import SETUP_ACTION

CHANNELS = "easel:setup:channels"
ROLES = "easel:setup:roles"
MODERATORS = "easel:setup:moderators_channel_id"
IMAGES = "easel:setup:images_per_job"
LANGUAGE = "easel:setup:language"
CONFIRM = "easel:setup:confirm"
REVIEW = "easel:setup:review"
LADDER = "easel:setupladder:all"
ALL_NEEDED = (
    Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES | Permissions.ATTACH_FILES | Permissions.READ_MESSAGE_HISTORY
)


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return manager(scene)


async def settings(scene: Scene) -> GuildSettings:
    return await scene.parts.library.guilds.of(scene.guild.id)


async def lists(scene: Scene) -> Access:
    return await scene.parts.library.access.of(scene.guild.id)


async def panel(scene: Scene, mia: Member, tab: str | None = None) -> Message:
    message = await page(await use(scene, mia, "setup"))
    if tab is not None:
        await press(scene, mia, message, tab)
    return message


async def press(scene: Scene, by: Member, message: Message, wanted: str, **how: Any) -> None:
    run = await scene.discord.click(by, message, wanted, **how)
    assert (await run.answered()).kind == "update"


async def choose(scene: Scene, by: Member, message: Message, custom_id: str, *values: Value) -> None:
    run = await scene.discord.select(by, message, custom_id, values)
    assert (await run.answered()).kind == "update"


async def type_zone(scene: Scene, mia: Member, message: Message, zone: str) -> Run:
    opened = await scene.discord.click(mia, message, "Change…")
    await opened.answered()
    return await scene.discord.submit_modal(opened, {"time_zone": zone})


async def type_ladder(scene: Scene, mia: Member, message: Message, typed: str) -> Run:
    opened = await scene.discord.click(mia, message, LADDER)
    await opened.answered()
    return await scene.discord.submit_modal(opened, {"ladder": typed})


def menu(message: Message, custom_id: str) -> dict[str, Any]:
    [found] = [part for part in message.selects() if part["custom_id"] == custom_id]
    return found


def chosen_in(message: Message, custom_id: str) -> list[str]:
    part = menu(message, custom_id)
    if "options" in part:
        return [option["value"] for option in part["options"] if option.get("default")]
    return [default["id"] for default in part.get("default_values", ())]


async def test_a_new_server_sees_what_is_done_and_what_is_open(scene: Scene, mia: Member) -> None:
    words = (await panel(scene, mia)).text()
    assert "✅ **Channels** · everywhere" in words
    assert "✅ **Members** · everybody" in words
    assert "⬜ **Moderators' channel** · none yet" in words
    assert "✅ **Caps** · 100 pictures a day each, $100.00 a month for all" in words
    assert "✅ **My permissions** · complete" in words
    assert "**Ready:** members can use `/imagine`" in words


async def test_every_setting_can_be_changed_and_the_panel_follows(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    mods, artists = scene.guild.add_channel("mods"), scene.guild.add_role("artists")
    await choose(scene, mia, message, CHANNELS, scene.channel, mods)
    await choose(scene, mia, message, ROLES, artists)
    await choose(scene, mia, message, MODERATORS, mods)
    assert f"✅ **Channels** · <#{scene.channel.id}>, <#{mods.id}>" in message.text()
    assert f"✅ **Members** · <@&{artists.id}>" in message.text()
    assert f"✅ **Moderators' channel** · <#{mods.id}>" in message.text()
    assert chosen_in(message, CHANNELS) == [str(scene.channel.id), str(mods.id)]
    assert (chosen_in(message, ROLES), chosen_in(message, MODERATORS)) == ([str(artists.id)], [str(mods.id)])

    await press(scene, mia, message, "Money")
    await choose(scene, mia, message, CONFIRM, "from 3 pictures on")
    assert "**Ask before spending** · from 3 pictures on" in message.text()
    await choose(scene, mia, message, CONFIRM, "from 25 % of what the member has left")
    assert chosen_in(message, CONFIRM) == ["percent.25"]
    await (await type_zone(scene, mia, message, "europe/berlin")).answered()
    assert "From <t:1795392000:f> on: `Europe/Berlin`" in message.text()

    await press(scene, mia, message, "Pictures")
    await choose(scene, mia, message, IMAGES, "10")
    await choose(scene, mia, message, LANGUAGE, "German")
    await press(scene, mia, message, "easel:setup:recipe_in_files.off")
    await press(scene, mia, message, "easel:setup:spoilers.on")
    assert "10 at most" in message.text()
    assert "**Language of my cards** · German" in message.text()
    assert "**Recipe in the files** · off" in message.text()
    assert "**Spoilers** · on" in message.text()

    assert await lists(scene) == Access(
        channel_ids=frozenset({scene.channel.id, mods.id}), role_ids=frozenset({artists.id})
    )
    assert await settings(scene) == GuildSettings(
        guild_id=scene.guild.id,
        moderators_channel_id=mods.id,
        confirm_percent=25,
        next_time_zone="Europe/Berlin",
        next_time_zone_from=datetime(2026, 11, 23, tzinfo=UTC),
        images_per_job=10,
        language="de",
        recipe_in_files=False,
        spoilers=True,
    )


async def test_every_setting_of_moderation_can_be_changed(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    await choose(scene, mia, message, MODERATORS, scene.channel)
    await press(scene, mia, message, "Moderation")
    assert "**Who looks first?** · nobody" in message.text()
    assert "• strike 5 and more: suspended until moderators decide" in message.text()
    await choose(scene, mia, message, REVIEW, "new.14")
    await choose(scene, mia, message, "easel:setup:review_hours", "24")
    await choose(scene, mia, message, "easel:setup:reports_to_hide", "5")
    await choose(scene, mia, message, "easel:setup:strikes", "flagged")
    await choose(scene, mia, message, "easel:setup:strike_days", "90")
    await choose(scene, mia, message, "easel:setup:appeals_per_day", "0")
    await (await type_ladder(scene, mia, message, " Warn,2h ,  1 week,moderators")).answered()
    assert "**Who looks first?** · moderators, for marked prompts and members of less than 14 days" in message.text()
    assert "**Appeals** · none are taken" in message.text()
    assert "• strike 3: suspended for 1 week" in message.text()
    assert await settings(scene) == GuildSettings(
        guild_id=scene.guild.id,
        moderators_channel_id=scene.channel.id,
        review="new",
        new_member_days=14,
        review_hours=24,
        reports_to_hide=5,
        strike_flagged=True,
        strike_days=90,
        appeals_per_day=0,
        ladder=(0, 7200, 604800, -1),
    )


async def test_the_form_has_the_ladder_that_holds_and_takes_it_back(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Moderation")
    opened = await scene.discord.click(mia, message, LADDER)
    assert (await opened.answered()).inputs["ladder"]["value"] == "warn, 1h, 1d, 1w, moderators"
    run = await scene.discord.submit_modal(opened, {"ladder": "warn, 1h, 1d, 1w, moderators"})
    await run.answered()
    assert (await settings(scene)).ladder == GuildSettings(guild_id=1).ladder


@pytest.mark.parametrize("typed", ["soon", "warn,,1h", "moderators, 1h", "1h, 2 years", "-1", ",".join(["1h"] * 11)])
async def test_a_ladder_that_is_none_is_refused_and_the_old_one_stays(scene: Scene, mia: Member, typed: str) -> None:
    message = await panel(scene, mia, "Moderation")
    run = await type_ladder(scene, mia, message, typed)
    assert "`ladder`" in await words_of(run)
    assert (await settings(scene)).ladder == GuildSettings(guild_id=1).ladder


async def test_reviews_need_a_channel_and_keep_it(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Moderation")
    refused = await scene.discord.select(mia, message, REVIEW, ["always"])
    assert "choose a moderators' channel first" in await words_of(refused)
    assert (await settings(scene)).review == "never"
    await press(scene, mia, message, "Start")
    await choose(scene, mia, message, MODERATORS, scene.channel)
    await press(scene, mia, message, "Moderation")
    await choose(scene, mia, message, REVIEW, "always")
    await press(scene, mia, message, "Start")
    refused = await scene.discord.select(mia, message, MODERATORS, [])
    assert "let pictures go up at once first" in await words_of(refused)
    assert (await settings(scene)).moderators_channel_id == scene.channel.id


async def test_everything_can_be_taken_back(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    artists = scene.guild.add_role("artists")
    for custom_id, value in ((CHANNELS, scene.channel), (ROLES, artists), (MODERATORS, scene.channel)):
        await choose(scene, mia, message, custom_id, value)
    for custom_id in (CHANNELS, ROLES, MODERATORS):
        await choose(scene, mia, message, custom_id)
        assert chosen_in(message, custom_id) == []
    assert await lists(scene) == Access()
    await press(scene, mia, message, "Money")
    await choose(scene, mia, message, CONFIRM, "every time")
    await choose(scene, mia, message, CONFIRM, "never")
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)
    assert len(await audit.latest(scene.database, scene.guild.id, limit=50)) == 8


async def test_who_changed_what_is_kept(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    await choose(scene, mia, message, CHANNELS, scene.channel)
    await choose(scene, mia, message, MODERATORS, scene.channel)
    written = await audit.latest(scene.database, scene.guild.id, limit=50)
    assert [(line.what, line.by_id, line.after) for line in written] == [
        ("setting.moderators_channel_id", mia.id, str(scene.channel.id)),
        ("allowed.channel", mia.id, "allowed"),
    ]


async def test_choosing_everyone_means_everybody(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    await choose(scene, mia, message, ROLES, scene.guild.add_role("artists"))
    await choose(scene, mia, message, ROLES, scene.guild.everyone)
    assert "✅ **Members** · everybody" in message.text()
    assert await lists(scene) == Access()


async def test_of_two_administrators_the_last_press_wins_and_both_see_what_is_stored(scene: Scene, mia: Member) -> None:
    noa = manager(scene, "noa")
    first, second = await panel(scene, mia, "Pictures"), await panel(scene, noa, "Pictures")
    await choose(scene, mia, first, IMAGES, "2")
    await choose(scene, noa, second, IMAGES, "7")
    assert (chosen_in(first, IMAGES), chosen_in(second, IMAGES)) == (["2"], ["7"])
    # Both still see the button that turns spoilers on: twice on is on.
    for member, message in ((mia, first), (noa, second)):
        await press(scene, member, message, "easel:setup:spoilers.on")
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id, images_per_job=7, spoilers=True)
    assert chosen_in(first, IMAGES) == ["7"]


@pytest.mark.parametrize("values", [["11"], ["0"], ["-1"], ["four"], [""], ["1", "2"], [], ["9" * 5000], ["٤"]])
async def test_a_number_that_the_menu_does_not_offer_is_refused(scene: Scene, mia: Member, values: list[str]) -> None:
    message = await panel(scene, mia, "Pictures")
    run = await scene.discord.select(mia, message, IMAGES, values, raw=True)
    assert "`images_per_job` can't be used like this" in await words_of(run)
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


@pytest.mark.parametrize(
    "values",
    [["x"], [""], ["-5"], ["1.5"], ["٤"], ["9" * 20], ["9" * 5000], ["7", "7"], [str(n) for n in range(1, 27)]],
)
@pytest.mark.parametrize("custom_id", [CHANNELS, ROLES, MODERATORS])
async def test_what_is_no_id_is_refused(scene: Scene, mia: Member, custom_id: str, values: list[str]) -> None:
    message = await panel(scene, mia)
    run = await scene.discord.select(mia, message, custom_id, values, raw=True)
    assert "can't be used like this" in await words_of(run)
    assert (await settings(scene), await lists(scene)) == (GuildSettings(guild_id=scene.guild.id), Access())


async def test_what_is_none_of_this_servers_is_refused(scene: Scene, mia: Member) -> None:
    elsewhere = scene.discord.add_guild("Elsewhere")
    foreign: dict[str, Channel | Role] = {
        CHANNELS: elsewhere.add_channel("x"),
        ROLES: elsewhere.add_role("y"),
        MODERATORS: elsewhere.add_channel("z"),
    }
    message = await panel(scene, mia)
    for custom_id, there in foreign.items():
        run = await scene.discord.select(mia, message, custom_id, [str(there.id)], raw=True)
        assert "isn't there any more" in await words_of(run)
    voice = scene.guild.add_voice_channel("talk")
    run = await scene.discord.select(mia, message, MODERATORS, [str(voice.id)], raw=True)
    assert "can't be used like this" in await words_of(run)
    assert (await settings(scene), await lists(scene)) == (GuildSettings(guild_id=scene.guild.id), Access())


@pytest.mark.parametrize(
    "argument",
    ["spoilers", "spoilers.maybe", "spoilers.on.on", "paused.on", "guild_id.on", "review.always", "caps", "time_zone"],
)
async def test_a_custom_id_that_no_panel_has_changes_nothing(scene: Scene, mia: Member, argument: str) -> None:
    message = await forged(scene, SETUP_ACTION, argument)
    assert "can't be used like this" in await words_of(await scene.discord.click(mia, message, "Press"))
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


async def test_a_page_that_there_is_not_is_the_first(scene: Scene, mia: Member) -> None:
    message = await forged(scene, setup_panel.LOOK_ACTION, "nonsense")
    await press(scene, mia, message, "Press")
    assert "Set me up in this server" in message.text()


async def test_an_unknown_time_zone_is_refused_with_those_like_it(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Money")
    refusal = await words_of(await type_zone(scene, mia, message, "Europe/Berln"))
    assert "Did you mean one of these? `Europe/Berlin`" in refusal
    assert "such as `Europe/Berlin` or `America/New_York`" in await words_of(
        await type_zone(scene, mia, message, "qqqqqqqq")
    )
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


async def test_the_form_has_the_zone_that_will_hold(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Money")
    await (await type_zone(scene, mia, message, "Asia/Tokyo")).answered()
    opened = await scene.discord.click(mia, message, "Change…")
    assert (await opened.answered()).inputs["time_zone"]["value"] == "Asia/Tokyo"
    scene.clock.advance(86_400)
    await press(scene, mia, message, "Check again")
    assert "**Time zone** · `Asia/Tokyo`, where it is 21:00" in message.text()
    assert "From <t:" not in message.text()


async def test_a_form_opened_before_the_permission_was_lost_changes_nothing(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Money")
    opened = await scene.discord.click(mia, message, "Change…")
    await opened.answered()
    mia.roles.clear()
    refusal = await words_of(await scene.discord.submit_modal(opened, {"time_zone": "Asia/Tokyo"}))
    assert "**Manage Server**" in refusal
    assert await settings(scene) == GuildSettings(guild_id=scene.guild.id)


async def test_the_button_beside_the_caps_opens_those_of_admin_limits(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia, "Money")
    await press(scene, mia, message, "Change caps…")
    assert "Who may make how much" in message.text()


async def test_the_panel_works_after_a_restart(scene: Scene, mia: Member) -> None:
    start, pictures = await panel(scene, mia), await panel(scene, mia, "Pictures")
    money = await panel(scene, mia, "Money")
    opened = await scene.discord.click(mia, money, "Change…")
    await opened.answered()
    async with restarted(scene):
        await choose(scene, mia, start, CHANNELS, scene.channel)
        await choose(scene, mia, start, MODERATORS, scene.channel)
        await press(scene, mia, pictures, "easel:setup:spoilers.on")
        await press(scene, mia, pictures, "Check again")
        await (await scene.discord.submit_modal(opened, {"time_zone": "Asia/Tokyo"})).answered()
    assert chosen_in(start, CHANNELS) == [str(scene.channel.id)]
    stored = await settings(scene)
    assert (stored.spoilers, stored.moderators_channel_id) == (True, scene.channel.id)
    assert stored.next_time_zone == "Asia/Tokyo"


async def test_a_slow_database_does_not_let_the_panel_fail(scene: Scene, mia: Member, impatient: None) -> None:
    message = await panel(scene, mia, "Pictures")
    async with scene.stalled_disk():
        run = await scene.discord.click(mia, message, "easel:setup:spoilers.on")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: "**Spoilers** · on" in changed.text())


async def test_the_guilds_limit_refuses_a_larger_count_and_names_itself(scene: Scene, mia: Member) -> None:
    await choose(scene, mia, await panel(scene, mia, "Pictures"), IMAGES, "2 pictures at most")
    refusal = await words_of(await scene.imagine({"count": 3}))
    assert "In this server, `count` can be 2 at most" in refusal
    assert await scene.jobs() == []
    job, _ = await scene.carded({"count": 2})
    assert job.images_requested == 2


async def test_cards_speak_the_language_of_the_server_and_private_pages_that_of_the_member(
    scene: Scene, mia: Member
) -> None:
    pictures = await panel(scene, mia, "Pictures")
    await choose(scene, mia, pictures, LANGUAGE, "German")
    job, card = await scene.carded()
    assert "In der Warteschlange" in card.text()
    assert job.origin.locale == "de"
    assert "Pictures in this server" in pictures.text()
    await choose(scene, mia, pictures, LANGUAGE, "English")
    run = await scene.imagine(locale="de")
    assert "Waiting in line" in (await run.message()).text()


async def test_every_permission_that_is_missing_is_named_with_the_way_to_give_it(scene: Scene, mia: Member) -> None:
    scene.guild.set_bot_permissions(Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES, scene.channel)
    message = await panel(scene, mia)
    assert "⚠️ **My permissions** · something is missing in 1 channel" in message.text()
    assert f"• <#{scene.channel.id}> (here): **Attach Files**, **Read Message History**" in message.text()
    assert "**Attach Files** to put the pictures on my cards" in message.text()
    assert "**Read Message History** to make pictures from members' own images" in message.text()
    assert "**Send Messages**" not in message.text()
    assert "*Edit Channel*" in message.text()
    assert "Server Settings" not in message.text()
    scene.guild.set_bot_permissions(ALL_NEEDED, scene.channel)
    await press(scene, mia, message, "Check again")
    assert "I may do everything that I need here" in message.text()
    assert "**Ready:**" in message.text()


async def test_every_allowed_channel_is_checked(scene: Scene, mia: Member) -> None:
    message = await panel(scene, mia)
    blind = [scene.guild.add_channel(f"blind-{number}") for number in range(7)]
    mute, forum = scene.guild.add_channel("mute"), scene.guild.add_forum("forum")
    for channel in blind:
        channel.set_bot_permissions(ALL_NEEDED & ~Permissions.ATTACH_FILES)
    mute.set_bot_permissions(ALL_NEEDED & ~Permissions.SEND_MESSAGES)
    forum.set_bot_permissions(ALL_NEEDED)  # its posts are threads, which have a permission of their own
    await choose(scene, mia, message, CHANNELS, *blind, mute, forum)
    words = message.text()
    assert "something is missing in 9 channels" in words
    assert (
        f"• <#{blind[0].id}>, <#{blind[1].id}>, <#{blind[2].id}>, <#{blind[3].id}>, <#{blind[4].id}> and 2 more"
        in words
    )
    assert f"• <#{mute.id}>: **Send Messages**\n" in words
    assert f"• <#{forum.id}>: **Send Messages In Threads**\n" in words
    assert "*Server Settings*, *Roles*, my role" in words


async def test_a_moderators_channel_that_cannot_be_written_to_says_what_is_missing(scene: Scene, mia: Member) -> None:
    mods = scene.guild.add_channel("mods")
    mods.set_bot_permissions(Permissions.VIEW_CHANNEL)
    message = await panel(scene, mia)
    await choose(scene, mia, message, MODERATORS, mods)
    assert f"⚠️ **Moderators' channel** · <#{mods.id}>, but I can't write there" in message.text()
    lacking = f"• <#{mods.id}>: **Send Messages**, **Read Message History**, to write to the moderators"
    assert lacking in message.text()
    assert "*Edit Channel*" in message.text()
    mods.set_bot_permissions(ALL_NEEDED)
    await press(scene, mia, message, "Check again")
    assert f"✅ **Moderators' channel** · <#{mods.id}>" in message.text()
    assert "lack" not in message.text()


async def test_in_a_thread_the_threads_own_permission_is_named(scene: Scene, mia: Member) -> None:
    scene.guild.set_bot_permissions(ALL_NEEDED, scene.channel)
    thread = scene.channel.add_thread("a thread")
    message = await page(await scene.discord.slash(mia, thread, "admin setup"))
    assert f"• <#{thread.id}> (here): **Send Messages In Threads**" in message.text()
    assert "A thread takes its permissions from its channel" in message.text()


async def test_what_was_deleted_is_said(scene: Scene, mia: Member) -> None:
    gone, kept = scene.guild.add_channel("gone"), scene.guild.add_channel("kept")
    role, other = scene.guild.add_role("gone"), scene.guild.add_role("kept")
    message = await panel(scene, mia)
    await choose(scene, mia, message, CHANNELS, gone, kept)
    await choose(scene, mia, message, ROLES, role, other)
    await choose(scene, mia, message, MODERATORS, gone)
    scene.guild.remove_channel(gone)
    scene.guild.remove_role(role)
    await press(scene, mia, message, "Check again")
    assert f"✅ **Channels** · <#{kept.id}> (and 1 that was deleted)" in message.text()
    assert f"✅ **Members** · <@&{other.id}> (and 1 that was deleted)" in message.text()
    assert "⚠️ **Moderators' channel** · it was deleted: choose another" in message.text()
    assert (chosen_in(message, CHANNELS), chosen_in(message, ROLES)) == ([str(kept.id)], [str(other.id)])
    assert chosen_in(message, MODERATORS) == []
    scene.guild.remove_channel(kept)
    scene.guild.remove_role(other)
    await press(scene, mia, message, "Check again")
    assert "every one on the list was deleted, so nobody can use me anywhere" in message.text()
    assert "every role on the list was deleted, so nobody can use me" in message.text()
    # Choosing anew replaces the whole list, and what was deleted goes with it.
    await choose(scene, mia, message, CHANNELS, scene.channel)
    assert (await lists(scene)).channel_ids == {scene.channel.id}


async def test_a_pause_is_said(scene: Scene, mia: Member) -> None:
    await scene.parts.office.pauses.pause(scene.guild.id, by_id=mia.id)
    assert "⚠️ **Paused** · no new pictures until somebody uses `/admin resume`" in (await panel(scene, mia)).text()


@pytest.mark.parametrize("locale", ["en-US", "de"])
async def test_the_fullest_pages_stay_within_discords_limits(scene: Scene, mia: Member, locale: str) -> None:
    full = [Permissions.NONE, *(ALL_NEEDED & ~Permissions(1 << bit) for bit in (11, 15, 16)), Permissions.VIEW_CHANNEL]
    channels = [scene.guild.add_channel(f"{number}-{'x' * 90}") for number in range(25)]
    roles = [scene.guild.add_role(f"{number}-{'y' * 90}") for number in range(25)]
    message = await panel(scene, mia)
    await choose(scene, mia, message, CHANNELS, *channels)
    await choose(scene, mia, message, ROLES, *roles)
    await choose(scene, mia, message, MODERATORS, channels[0])
    for number, channel in enumerate(channels):
        channel.set_bot_permissions(full[number % len(full)])
    await scene.parts.office.pauses.pause(scene.guild.id, by_id=mia.id)
    thread = scene.channel.add_thread("a thread")
    scene.guild.set_bot_permissions(Permissions.VIEW_CHANNEL, scene.channel)
    message = await page(await scene.discord.slash(mia, thread, "admin setup", locale=locale))
    assert len(message.text()) < 4000
    for argument in ("money", "pictures", "start"):
        await press(scene, mia, message, f"easel:setuplook:{argument}", locale=locale)
    for name in ("channels", "roles"):
        await page(await scene.discord.slash(mia, scene.channel, f"admin {name}", locale=locale))

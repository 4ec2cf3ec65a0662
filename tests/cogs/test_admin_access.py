"""`/admin channels` and `/admin roles`, and what the lists do to those who want a picture."""

from typing import Any

import pytest

from generation.access_lists import CHANNEL, LISTED_MOST, ROLE
from limits import LimitKind, LimitName, Limits
from models import Access
from sandbox.discord import Channel, Member, Message, Run
from storage import audit
from tests.cogs.administration import forged, manager, page, use
from tests.cogs.gallery import finished, restarted, words_of
from tests.ui.scene import Scene
from ui import access_pages

OFF_CHANNELS = "easel:accessoff:channel"
OFF_ROLES = "easel:accessoff:role"


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return manager(scene)


async def lists(scene: Scene) -> Access:
    return await scene.parts.library.access.of(scene.guild.id)


async def caps(scene: Scene) -> Limits:
    return (await scene.parts.office.limits.of_guild(scene.guild.id)).limits


async def imagine_in(scene: Scene, place: Channel, *, by: Member | None = None) -> Run:
    return await scene.discord.slash(by or scene.ada, place, "imagine", {"prompt": "a fox"})


async def is_taken(run: Run) -> bool:
    answer = await run.answered()
    assert answer.message is not None
    return not answer.ephemeral and "Waiting in line" in answer.message.text()


async def choose(scene: Scene, by: Member, message: Message, custom_id: str, *values: str) -> None:
    run = await scene.discord.select(by, message, custom_id, values)
    assert (await run.answered()).kind == "update"


async def test_a_channel_is_put_on_the_list_and_taken_off(scene: Scene, mia: Member) -> None:
    words = (await page(await use(scene, mia, "channels"))).text()
    assert "Everywhere: no channel is on the list." in words
    words = (await page(await use(scene, mia, "channels", {"add": scene.channel}))).text()
    assert f"✅ <#{scene.channel.id}> is on the list." in words
    assert f"Only in this channel:\n• <#{scene.channel.id}>" in words
    other = scene.guild.add_forum("forum")
    words = (await page(await use(scene, mia, "channels", {"add": other, "remove": scene.channel}))).text()
    assert "✅ Taken off the list." in words
    assert (await lists(scene)).channel_ids == {other.id}
    words = (await page(await use(scene, mia, "channels", {"remove": scene.channel}))).text()
    assert f"<#{scene.channel.id}> was not on the list." in words
    words = (await page(await use(scene, mia, "channels", {"remove": other}))).text()
    assert "members can use me **everywhere** now" in words
    assert await lists(scene) == Access()


async def test_a_role_is_put_on_the_list_and_taken_off(scene: Scene, mia: Member) -> None:
    assert "Everybody: no role is on the list." in (await page(await use(scene, mia, "roles"))).text()
    first, second = scene.guild.add_role("first"), scene.guild.add_role("second")
    await page(await use(scene, mia, "roles", {"add": first}))
    words = (await page(await use(scene, mia, "roles", {"add": second}))).text()
    assert f"at least one of these 2 roles:\n• <@&{first.id}>\n• <@&{second.id}>" in words
    words = (await page(await use(scene, mia, "roles", {"remove": first}))).text()
    assert "✅ Taken off the list." in words
    words = (await page(await use(scene, mia, "roles", {"add": scene.guild.everyone}))).text()
    assert "**everybody** can use me now" in words
    assert await lists(scene) == Access()


async def test_several_are_taken_off_in_the_menu_deleted_ones_too(scene: Scene, mia: Member) -> None:
    gone, role = scene.guild.add_channel("gone"), scene.guild.add_role("gone")
    await scene.parts.library.access.replace(scene.guild.id, CHANNEL, [gone.id, scene.channel.id], by_id=mia.id)
    await scene.parts.library.access.replace(scene.guild.id, ROLE, [role.id], by_id=mia.id)
    scene.guild.remove_channel(gone)
    scene.guild.remove_role(role)
    message = await page(await use(scene, mia, "channels"))
    assert f"• `{gone.id}` (deleted)" in message.text()
    await choose(scene, mia, message, OFF_CHANNELS, f"{gone.id} (deleted)")
    assert f"• <#{scene.channel.id}>" in message.text()
    assert (await lists(scene)).channel_ids == {scene.channel.id}
    await choose(scene, mia, message, OFF_CHANNELS, "#art")
    assert "members can use me **everywhere** now" in message.text()
    message = await page(await use(scene, mia, "roles"))
    await choose(scene, mia, message, OFF_ROLES, f"{role.id} (deleted)")
    assert await lists(scene) == Access()


async def test_who_changed_the_lists_is_kept(scene: Scene, mia: Member) -> None:
    await page(await use(scene, mia, "channels", {"add": scene.channel}))
    message = await page(await use(scene, mia, "channels"))
    await choose(scene, mia, message, OFF_CHANNELS, "#art")
    found = await audit.latest(scene.database, scene.guild.id, limit=10)
    assert [(line.what, line.subject_id, line.by_id, line.after) for line in found] == [
        ("allowed.channel", scene.channel.id, mia.id, None),
        ("allowed.channel", scene.channel.id, mia.id, "allowed"),
    ]


async def test_an_added_channel_can_have_stricter_caps_of_its_own(scene: Scene, mia: Member) -> None:
    options = {"add": scene.channel, "cap_images": "2", "cap_usd": "$1.50"}
    words = (await page(await use(scene, mia, "channels", options))).text()
    assert f"• <#{scene.channel.id}> · at most 2 pictures a day, $1.50 a month each" in words
    assert await caps(scene) == {
        (LimitKind.CHANNEL, scene.channel.id, LimitName.MEMBER_DAILY_IMAGES): 2,
        (LimitKind.CHANNEL, scene.channel.id, LimitName.MEMBER_MONTHLY_MICROS): 1_500_000,
    }
    other = scene.guild.add_channel("other")
    await page(await use(scene, mia, "channels", {"add": other}))
    thread = scene.channel.add_thread("a thread")
    for place in (scene.channel, thread):
        assert await is_taken(await imagine_in(scene, place))
    for place in (scene.channel, thread):
        assert "of 2 pictures a day left" in await words_of(await imagine_in(scene, place))
    assert await is_taken(await imagine_in(scene, other))
    await page(await use(scene, mia, "channels", {"add": scene.channel, "cap_images": "default", "cap_usd": "default"}))
    assert await caps(scene) == {}


async def test_a_channel_with_caps_that_is_not_on_the_list_is_shown_too(scene: Scene, mia: Member) -> None:
    key = (LimitKind.CHANNEL, scene.channel.id, LimitName.MEMBER_DAILY_IMAGES)
    await scene.parts.office.limits.set(scene.guild.id, *key, 3, by_id=mia.id)
    words = (await page(await use(scene, mia, "channels"))).text()
    assert (
        f"**Not on the list, but with caps of their own**\n• <#{scene.channel.id}> · at most 3 pictures a day" in words
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cap_images": "5"}, "`add` is empty"),
        ({"cap_images": "-1"}, "`cap_images` can't be less than zero"),
        ({"cap_images": "1.5"}, "`cap_images` counts pictures, so it must be a whole number"),
        ({"cap_images": "lots"}, "`cap_images` counts pictures"),
        ({"cap_images": "99999999999999999999"}, "`cap_images` must be from 0 to"),
        ({"cap_usd": "1,000.00"}, "`cap_usd` can be read in two ways"),
        ({"cap_usd": "5 €"}, "`cap_usd` must be an amount in US dollars"),
        ({"cap_usd": "-3"}, "`cap_usd` can't be less than zero"),
        ({"cap_images": "3", "cap_usd": "999999999"}, "`cap_usd` can be $100,000.00 at most"),
    ],
)
async def test_a_cap_that_is_none_changes_nothing(
    scene: Scene, mia: Member, options: dict[str, Any], words: str
) -> None:
    given = options if "add" in words else {"add": scene.channel, **options}
    assert words in await words_of(await use(scene, mia, "channels", given))
    assert (await lists(scene), await caps(scene)) == (Access(), {})


async def test_adding_and_removing_the_same_is_refused(scene: Scene, mia: Member) -> None:
    role = scene.guild.add_role("artists")
    for name, what in (("channels", scene.channel), ("roles", role)):
        refusal = await words_of(await use(scene, mia, name, {"add": what, "remove": what}))
        assert "`add` and `remove` can't be used together" in refusal
    assert await lists(scene) == Access()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("channels", {"add": "7"}),
        ("channels", {"remove": 5}),
        ("roles", {"add": "7"}),
        ("roles", {"add": True}),
    ],
)
async def test_what_a_modified_client_makes_up_is_refused(
    scene: Scene, mia: Member, name: str, options: dict[str, Any]
) -> None:
    await words_of(await use(scene, mia, name, options, raw=True))
    assert await lists(scene) == Access()


async def test_a_thread_is_not_put_on_the_list_by_a_modified_client(scene: Scene, mia: Member) -> None:
    thread = scene.channel.add_thread("a thread")
    refusal = await words_of(await use(scene, mia, "channels", {"add": thread}, raw=True))
    assert "`add` can't be used like this" in refusal
    assert await lists(scene) == Access()


@pytest.mark.parametrize(
    ("argument", "values"), [("channel", []), ("channel", ["x"]), ("channel", ["9" * 20]), ("role", ["-1"])]
)
async def test_a_menu_with_what_is_no_id_changes_nothing(
    scene: Scene, mia: Member, argument: str, values: list[str]
) -> None:
    role = scene.guild.add_role("artists")
    await page(await use(scene, mia, "channels", {"add": scene.channel}))
    await page(await use(scene, mia, "roles", {"add": role}))
    message = await page(await use(scene, mia, f"{argument}s"))
    run = await scene.discord.select(mia, message, f"easel:accessoff:{argument}", values, raw=True)
    assert "can't be used like this" in await words_of(run)
    assert await lists(scene) == Access(channel_ids=frozenset({scene.channel.id}), role_ids=frozenset({role.id}))


async def test_a_forged_menu_for_no_list_is_refused(scene: Scene, mia: Member) -> None:
    message = await forged(scene, access_pages.REMOVE_ACTION, "limits")
    assert "can't be used like this" in await words_of(await scene.discord.click(mia, message, "Press"))


async def test_more_than_fit_are_refused(scene: Scene, mia: Member) -> None:
    await scene.parts.library.access.replace(scene.guild.id, CHANNEL, range(1, LISTED_MOST + 1), by_id=mia.id)
    refusal = await words_of(await use(scene, mia, "channels", {"add": scene.channel}))
    assert f"`channels` can hold {LISTED_MOST} at most" in refusal
    message = await page(await use(scene, mia, "channels"))
    assert message.text().count("(deleted)") == LISTED_MOST


async def test_the_menu_works_after_a_restart(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "channels", {"add": scene.channel}))
    async with restarted(scene):
        await choose(scene, mia, message, OFF_CHANNELS, "#art")
    assert await lists(scene) == Access()


async def test_an_allowed_channel_takes_its_threads_along_and_no_other(scene: Scene, mia: Member) -> None:
    forum, other = scene.guild.add_forum("forum"), scene.guild.add_channel("other")
    for channel in (scene.channel, forum):
        await page(await use(scene, mia, "channels", {"add": channel}))
    allowed = (scene.channel, scene.channel.add_thread("a thread"), forum.add_thread("a post"))
    for place in allowed:
        assert await is_taken(await imagine_in(scene, place))
    for place in (other, other.add_thread("another thread")):
        refusal = await words_of(await imagine_in(scene, place, by=scene.bob))
        assert f"in certain channels only: <#{scene.channel.id}>, <#{forum.id}>. Use me there" in refusal
    assert len(await scene.jobs()) == len(allowed)


async def test_a_thread_that_arrived_before_the_bot_follows_its_channel_too(scene: Scene, mia: Member) -> None:
    thread = scene.channel.add_thread("a thread")
    other = scene.guild.add_channel("other")
    await page(await use(scene, mia, "channels", {"add": other}))
    async with restarted(scene):
        assert "Use me there" in await words_of(await imagine_in(scene, thread))
        await page(await use(scene, mia, "channels", {"add": scene.channel}))
        assert await is_taken(await imagine_in(scene, thread))


async def test_only_members_with_one_of_the_roles_get_pictures(scene: Scene, mia: Member) -> None:
    first, second = scene.guild.add_role("first"), scene.guild.add_role("second")
    for role in (first, second):
        await page(await use(scene, mia, "roles", {"add": role}))
    refusal = await words_of(await scene.imagine())
    assert f"one of these roles, and you have none of them: <@&{first.id}>, <@&{second.id}>." in refusal
    scene.ada.roles.append(second)
    assert await is_taken(await scene.imagine())
    await page(await use(scene, mia, "roles", {"remove": first}))
    refusal = await words_of(await scene.imagine(by=mia))
    assert f"who have the role <@&{second.id}>, and you don't have it" in refusal
    assert len(await scene.jobs()) == 1


async def test_buttons_pass_the_same_lists(scene: Scene, mia: Member, tmp_path: Any) -> None:
    job, card = await scene.carded()
    await finished(scene, tmp_path, job)
    other = scene.guild.add_channel("other")
    await page(await use(scene, mia, "channels", {"add": other}))
    assert "Use me there" in await words_of(await scene.discord.click(scene.ada, card, "Reroll"))
    await page(await use(scene, mia, "channels", {"remove": other}))
    role = scene.guild.add_role("artists")
    await page(await use(scene, mia, "roles", {"add": role}))
    assert f"<@&{role.id}>" in await words_of(await scene.discord.click(scene.ada, card, "Reroll"))
    assert len(await scene.jobs()) == 1


async def test_a_refusal_names_ten_and_counts_the_rest(scene: Scene, mia: Member) -> None:
    await scene.parts.library.access.replace(scene.guild.id, CHANNEL, range(1, 14), by_id=mia.id)
    refusal = await words_of(await scene.imagine())
    assert "<#9>, <#10> and 3 more. Use me there" in refusal
    assert "<#11>" not in refusal

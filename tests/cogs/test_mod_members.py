"""`/mod suspend`, `unsuspend` and `strikes`: who may, what is said, and what happens to whom."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from models import JobStatus
from moderation import Suspension
from sandbox.discord import Member, Message, Permissions, Run
from storage import audit, suspensions
from tests.cogs.administration import forged, page
from tests.cogs.gallery import restarted
from tests.cogs.test_appeals import refused, strikes_of
from tests.ui.scene import Scene

MARKUP = "*[x](https://e.com) @everyone <@1> `y` "


@pytest.fixture
async def mod(scene: Scene) -> Member:
    """A member who may manage messages, and no more."""
    return scene.guild.add_member("mod", permissions=Permissions.MANAGE_MESSAGES)


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server as well."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_MESSAGES | Permissions.MANAGE_GUILD)


@pytest.fixture
async def filtered(scene: Scene) -> Scene:
    """The guild's filter has a word."""
    await scene.parts.desk.filters.add(scene.guild.id, "gargoyle", category="violence", by_id=scene.bob.id)
    return scene


async def use(scene: Scene, by: Member, name: str, options: Mapping[str, Any], *, raw: bool = False) -> Run:
    return await scene.discord.slash(by, scene.channel, f"mod {name}", options, raw=raw)


async def said(scene: Scene, by: Member, name: str, **options: Any) -> Message:
    return await page(await use(scene, by, name, options))


async def held(scene: Scene, member: Member) -> Suspension | None:
    return await suspensions.current(scene.database, guild_id=scene.guild.id, user_id=member.id, now=scene.clock.now())


async def pressed(scene: Scene, by: Member, message: Message, label: str) -> Message:
    """The message as a press has changed it."""
    await (await scene.discord.click(by, message, label)).answered()
    return message


async def test_a_suspension_says_what_holds_and_the_member_is_refused(scene: Scene, mod: Member) -> None:
    until = scene.clock.now() + timedelta(hours=2)
    message = await said(scene, mod, "suspend", user=scene.ada, duration="2h", reason="too *much* spam")
    text = message.text()
    assert f"Suspended: <@{scene.ada.id}>" in text
    assert f"suspended until <t:{int(until.timestamp())}:f>" in text
    assert f"by <@{mod.id}>" in text
    assert "> too \\*much\\* spam" in text
    assert await held(scene, scene.ada) == Suspension(until=until, reason="too *much* spam")
    refusal = (await page(await scene.imagine())).text()
    assert "A moderator has suspended you" in refusal
    assert "> too \\*much\\* spam" in refusal
    assert not (await (await scene.imagine(by=scene.bob)).answered()).ephemeral


async def test_without_a_duration_it_lasts_until_it_is_lifted(scene: Scene, mod: Member) -> None:
    message = await said(scene, mod, "suspend", user=scene.ada)
    assert "suspended until a moderator lifts it" in message.text()
    assert await held(scene, scene.ada) == Suspension(until=None)


async def test_it_ends_waiting_requests_and_their_cards_say_so(scene: Scene, mod: Member) -> None:
    job, card = await scene.carded()
    other, _ = await scene.carded(by=scene.bob)
    message = await said(scene, mod, "suspend", user=scene.ada, duration="1w")
    assert "1 waiting request of theirs was cancelled and costs nothing." in message.text()
    ended = await scene.until(lambda one: one.job_id == job.job_id and one.status is JobStatus.CANCELLED)
    assert ended.reason == "suspended"
    await scene.delivery.show(ended)
    assert "moderators ended it before it was started" in card.text()
    assert "Nothing was charged" in card.text()
    assert [one.status for one in await scene.jobs() if one.job_id == other.job_id] == [JobStatus.QUEUED]
    rows = await scene.database.fetch_all("SELECT DISTINCT pending FROM accounts WHERE user_id = ?", (scene.ada.id,))
    assert [row["pending"] for row in rows] == [0]


async def test_a_second_suspension_takes_the_place_of_the_first_and_says_so(scene: Scene, mod: Member) -> None:
    await said(scene, mod, "suspend", user=scene.ada, reason="first")
    message = await said(scene, mod, "suspend", user=scene.ada, duration="1d")
    assert "Before: suspended until a moderator lifts it" in message.text()
    assert "> first" not in message.text()


async def test_what_their_strikes_have_led_to_holds_where_it_is_longer(filtered: Scene, mod: Member) -> None:
    await filtered.parts.library.guilds.change(filtered.guild.id, by_id=1, ladder=(86400,))
    await refused(filtered)
    message = await said(filtered, mod, "suspend", user=filtered.ada, duration="5m")
    assert "because of strikes" in message.text()
    assert "It lasts longer than what you said" in message.text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"duration": "soon"}, "`duration` is a length of time, such as `2h`"),
        ({"duration": "400d"}, "`duration` can be a minute at least and a year at most"),
        ({"duration": "30s"}, "`duration` is a length of time"),
        ({"duration": "x" * 100}, "`duration` is a length of time"),
    ],
)
async def test_a_duration_that_is_none_is_refused_in_words(
    scene: Scene, mod: Member, options: dict[str, Any], words: str
) -> None:
    assert words in (await said(scene, mod, "suspend", user=scene.ada, **options)).text()
    assert await held(scene, scene.ada) is None


async def test_nobody_suspends_themselves_or_a_bot(scene: Scene, mod: Member) -> None:
    assert "is yourself" in (await said(scene, mod, "suspend", user=mod)).text()
    bot = scene.guild.members[scene.discord.application_id]
    assert "is a bot" in (await said(scene, mod, "suspend", user=bot)).text()
    assert await held(scene, mod) is None


@pytest.mark.parametrize("name", ["suspend", "unsuspend", "strikes"])
async def test_without_manage_messages_nothing_is_shown_or_done(scene: Scene, name: str) -> None:
    await scene.parts.desk.strikes.suspend(scene.guild.id, scene.bob.id, by_id=1, seconds=None)
    run = await use(scene, scene.ada, name, {"user": scene.bob}, raw=True)
    assert "it takes the permission **Manage Messages**" in (await page(run)).text()
    assert await held(scene, scene.bob) == Suspension(until=None)


async def test_unsuspending_says_so_and_the_second_time_that_there_is_nothing(scene: Scene, mod: Member) -> None:
    await said(scene, mod, "suspend", user=scene.ada)
    assert (
        f"<@{scene.ada.id}> can make pictures here again"
        in (await said(scene, mod, "unsuspend", user=scene.ada)).text()
    )
    assert await held(scene, scene.ada) is None
    assert "is not suspended here" in (await said(scene, mod, "unsuspend", user=scene.ada)).text()
    lines = await audit.latest(scene.database, scene.guild.id, limit=9, what="mod.unsuspend")
    assert [(line.by_id, line.subject_id) for line in lines] == [(mod.id, scene.ada.id)]


async def test_no_moderator_lifts_what_is_about_themselves_unless_they_manage_the_server(
    filtered: Scene, mod: Member, mia: Member
) -> None:
    scene = filtered
    for member in (mod, mia):
        await refused(scene, by=member)
        await scene.parts.desk.strikes.suspend(scene.guild.id, member.id, by_id=1, seconds=None)
    assert "**Manage Server**" in (await said(scene, mod, "unsuspend", user=mod)).text()
    message = await said(scene, mod, "strikes", user=mod)
    run = await scene.discord.click(mod, message, "Lift the suspension")
    assert "**Manage Server**" in (await page(run)).text()
    (strike,) = await strikes_of(scene, mod)
    run = await scene.discord.select(mod, message, f"easel:strikelift:{mod.id}.1", [str(strike.strike_id)])
    assert "**Manage Server**" in (await page(run)).text()
    assert await held(scene, mod) == Suspension(until=None)
    assert "can make pictures here again" in (await said(scene, mia, "unsuspend", user=mia)).text()


async def test_the_page_shows_what_members_are_never_told(filtered: Scene, mod: Member) -> None:
    await filtered.imagine({"prompt": "a g4rg0yle in the snow"})
    await refused(filtered, by=filtered.bob)
    message = await said(filtered, mod, "strikes", user=filtered.ada)
    text = message.text()
    assert f"Strikes of <@{filtered.ada.id}>" in text
    assert "**2** strikes count" in text
    assert "violence" in text
    assert "> a g4rg0yle in the snow" in text
    assert "Found: **gargoyle**, behind digits and signs for letters" in text
    assert "counts double" in text
    assert "because of strikes" in text
    assert "The next one: suspended for 1 day. A strike counts for 30 days." in text
    plain = (await said(filtered, mod, "strikes", user=filtered.bob)).text()
    assert "Found: **gargoyle**\n" in plain
    assert "Not suspended" in plain
    assert "The next one: suspended for 1 hour." in plain


async def test_a_member_without_strikes_has_an_empty_page(scene: Scene, mod: Member) -> None:
    message = await said(scene, mod, "strikes", user=scene.ada)
    assert "There are none, and there never were." in message.text()
    assert message.buttons() == []


async def test_a_strike_is_lifted_from_the_menu_also_after_a_restart(filtered: Scene, mod: Member) -> None:
    scene = filtered
    await refused(scene)
    await refused(scene)
    message = await said(scene, mod, "strikes", user=scene.ada)
    newest = (await strikes_of(scene, scene.ada))[0]
    async with restarted(scene):
        run = await scene.discord.select(mod, message, f"easel:strikelift:{scene.ada.id}.1", [str(newest.strike_id)])
        await run.answered()
    text = message.text()
    assert f"Strike #{newest.strike_id} is lifted." in text
    assert f"lifted by <@{mod.id}>" in text
    assert "**1** strike counts" in text
    assert "Not suspended" in text
    assert await held(scene, scene.ada) is None


async def test_of_two_moderators_with_the_same_page_the_second_is_told(filtered: Scene, mod: Member) -> None:
    scene = filtered
    noa = scene.guild.add_member("noa", permissions=Permissions.MANAGE_MESSAGES)
    await refused(scene)
    (strike,) = await strikes_of(scene, scene.ada)
    pages = {by: await said(scene, by, "strikes", user=scene.ada) for by in (mod, noa)}
    for by, message in pages.items():
        await (
            await scene.discord.select(
                by, message, f"easel:strikelift:{scene.ada.id}.1", [str(strike.strike_id)], raw=True
            )
        ).answered()
    assert f"was lifted before, by <@{mod.id}>" in pages[noa].text()
    assert len(await audit.latest(scene.database, scene.guild.id, limit=9, what="mod.strike.lift")) == 1


async def test_the_button_lifts_what_it_shows_and_no_later_suspension(scene: Scene, mod: Member) -> None:
    message = await said(scene, mod, "suspend", user=scene.ada, duration="1d")
    scene.clock.advance(5)
    noa = scene.guild.add_member("noa", permissions=Permissions.MANAGE_MESSAGES)
    await said(scene, noa, "suspend", user=scene.ada, reason="worse")
    await pressed(scene, mod, message, "Lift the suspension")
    assert "has been suspended anew since this page was made" in message.text()
    assert "> worse" in message.text()
    assert await held(scene, scene.ada) == Suspension(until=None, reason="worse")
    await pressed(scene, mod, message, "Lift the suspension")
    assert "can make pictures here again" in message.text()
    assert await held(scene, scene.ada) is None


async def test_the_answer_leads_to_the_strikes(filtered: Scene, mod: Member) -> None:
    await refused(filtered)
    message = await said(filtered, mod, "suspend", user=filtered.ada)
    await pressed(filtered, mod, message, "Show strikes")
    assert "Strikes of" in message.text()
    assert "suspended until a moderator lifts it" in message.text()


async def test_many_strikes_are_turned_over_and_stay_within_discords_limits(filtered: Scene, mod: Member) -> None:
    scene = filtered
    await scene.parts.library.guilds.change(scene.guild.id, by_id=1, ladder=(0,))
    await scene.parts.desk.filters.add(scene.guild.id, "x" * 30, category="*_~`|[" * 5, by_id=1)
    for number in range(13):
        await page(await scene.imagine({"prompt": f"{number} {MARKUP * 30} {'x' * 30}"}))
    await scene.parts.desk.strikes.suspend(
        scene.guild.id, scene.ada.id, by_id=1, seconds=None, reason=(MARKUP * 10)[:200]
    )
    message = await said(scene, mod, "strikes", user=scene.ada)
    assert "#13" in message.text()
    assert "@everyone" not in message.text()
    await pressed(scene, mod, message, "Next")
    assert "#7" in message.text()
    assert "#13" not in message.text()
    await pressed(scene, mod, message, "Next")
    assert "**#1**" in message.text()


@pytest.mark.parametrize("action", ["strikes", "strikelift", "unsuspend"])
@pytest.mark.parametrize("argument", ["x", "1", "1.2.3.4", "1.-2", "9" * 40])
async def test_a_button_that_was_made_up_is_answered(scene: Scene, mod: Member, action: str, argument: str) -> None:
    button = await forged(scene, action, argument)
    assert "This panel doesn't work any more" in (await page(await scene.discord.click(mod, button, "Press"))).text()


@pytest.mark.parametrize("action", ["strikes", "strikelift", "unsuspend"])
async def test_a_button_in_others_hands_does_nothing(scene: Scene, mod: Member, action: str) -> None:
    await scene.parts.desk.strikes.suspend(scene.guild.id, scene.ada.id, by_id=1, seconds=None)
    button = await forged(scene, action, f"{scene.ada.id}.1")
    assert "**Manage Messages**" in (await page(await scene.discord.click(scene.bob, button, "Press"))).text()
    assert await held(scene, scene.ada) == Suspension(until=None)


async def test_durations_are_suggested(scene: Scene, mod: Member) -> None:
    run = await scene.discord.autocomplete(mod, scene.channel, "mod suspend", focused="duration", value="3")
    choices = (await run.answered()).choices
    assert [(choice["name"], choice["value"]) for choice in choices] == [
        ("3 hours", "3h"),
        ("3 days", "3d"),
        ("3 weeks", "3w"),
        ("3 minutes", "3m"),
    ]

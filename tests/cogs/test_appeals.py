"""*Appeal* from the refusal to the moderators' word and the member's direct message, over the wire."""

from typing import Any

import pytest

from moderation import Case
from sandbox.discord import Member, Message, Run
from storage import cases, strikes
from storage.strikes import Strike
from tests.cogs.administration import forged
from tests.cogs.gallery import restarted
from tests.support import wait_until
from tests.ui.scene import Scene

BAD = {"prompt": "a gargoyle in the snow"}


@pytest.fixture
async def filtered(scene: Scene) -> Scene:
    """The guild's filter has a word."""
    await scene.parts.desk.filters.add(scene.guild.id, "gargoyle", category="violence", by_id=scene.bob.id)
    return scene


async def told(run: Run) -> Message:
    """The private message that a member got."""
    answer = await run.answered()
    assert answer.message is not None
    assert answer.ephemeral
    return await answer.message.changed(lambda message: not message.loading)


async def refused(scene: Scene, by: Member | None = None) -> Message:
    return await told(await scene.imagine(BAD, by=by))


async def appeal(scene: Scene, message: Message, words: str, by: Member | None = None) -> Message:
    form = await scene.discord.click(by or scene.ada, message, "Appeal")
    answer = await form.answered()
    assert answer.kind == "modal", (await told(form)).text()
    return await told(await scene.discord.submit_modal(form, {"words": words}))


async def open_cases(scene: Scene) -> list[Case]:
    return await cases.open_of(scene.database, scene.guild.id)


async def strikes_of(scene: Scene, member: Member) -> list[Strike]:
    return await strikes.page(scene.database, guild_id=scene.guild.id, user_id=member.id, offset=0, size=100)


async def test_a_refused_prompt_can_be_appealed(filtered: Scene) -> None:
    message = await refused(filtered)
    assert "gargoyle" not in message.text()
    assert "**violence**" in message.text()
    assert "you have 1 strike here now" in message.text()
    done = await appeal(filtered, message, "it stands on a cathedral")
    assert "The moderators have your appeal" in done.text()
    (case,) = await open_cases(filtered)
    (strike,) = await strikes_of(filtered, filtered.ada)
    assert (case.words, case.user_id, case.strike_id) == ("it stands on a cathedral", filtered.ada.id, strike.strike_id)
    assert strike.prompt == BAD["prompt"]
    assert await filtered.jobs() == []


async def test_the_button_works_after_a_restart_and_tells_what_was_appealed_before(filtered: Scene) -> None:
    message = await refused(filtered)
    async with restarted(filtered):
        assert "The moderators have your appeal" in (await appeal(filtered, message, "please")).text()
        again = await told(await filtered.discord.click(filtered.ada, message, "Appeal"))
    assert "You have appealed that before" in again.text()


async def test_a_form_that_was_open_all_along_is_looked_at_again(filtered: Scene) -> None:
    message = await refused(filtered)
    first = await filtered.discord.click(filtered.ada, message, "Appeal")
    second = await filtered.discord.click(filtered.ada, message, "Appeal")
    await first.answered()
    await second.answered()
    await told(await filtered.discord.submit_modal(first, {"words": "please"}))
    late = await told(await filtered.discord.submit_modal(second, {"words": "please"}))
    assert "You have appealed that before" in late.text()
    assert len(await open_cases(filtered)) == 1


async def test_nothing_in_the_form_is_no_appeal(filtered: Scene) -> None:
    message = await refused(filtered)
    form = await filtered.discord.click(filtered.ada, message, "Appeal")
    await form.answered()
    run = await filtered.discord.submit_modal(form, raw=[])
    assert "`appeal` is empty" in (await told(run)).text()
    assert await open_cases(filtered) == []


async def test_another_member_can_not_use_the_button(filtered: Scene) -> None:
    await refused(filtered)
    (strike,) = await strikes_of(filtered, filtered.ada)
    button = await forged(filtered, "appeal", str(strike.strike_id))
    run = await filtered.discord.click(filtered.bob, button, "Press")
    assert "was not yours" in (await told(run)).text()
    assert await open_cases(filtered) == []


@pytest.mark.parametrize("argument", ["x", "-1", "9" * 30, "suspension.1"])
async def test_what_is_made_up_is_answered(filtered: Scene, argument: str) -> None:
    button = await forged(filtered, "appeal", argument)
    run = await filtered.discord.click(filtered.ada, button, "Press")
    assert "This panel doesn't work any more" in (await told(run)).text()


async def test_a_suspended_member_is_refused_by_that_and_can_appeal_it(filtered: Scene) -> None:
    scene = filtered
    await scene.parts.desk.strikes.suspend(
        scene.guild.id, scene.ada.id, by_id=scene.bob.id, seconds=3600, reason="spam"
    )
    message = await refused(scene)
    assert "A moderator has suspended you" in message.text()
    assert "> spam" in message.text()
    await appeal(scene, message, "sorry")
    (case,) = await open_cases(scene)
    assert (case.words, case.strike_id) == ("sorry", None)
    assert await strikes_of(scene, scene.ada) == []


async def test_the_form_comes_also_while_the_disk_hangs(filtered: Scene, impatient: Any) -> None:
    message = await refused(filtered)
    async with filtered.stalled_disk():
        form = await filtered.discord.click(filtered.ada, message, "Appeal")
        assert (await form.answered()).kind == "modal"
    done = await told(await filtered.discord.submit_modal(form, {"words": "please"}))
    assert "The moderators have your appeal" in done.text()


async def test_the_member_gets_the_moderators_word_by_direct_message(filtered: Scene) -> None:
    await appeal(filtered, await refused(filtered), "please")
    (case,) = await open_cases(filtered)
    await filtered.parts.desk.appeals.grant(case.case_id, guild_id=filtered.guild.id, by_id=filtered.bob.id)
    inbox = filtered.discord.dms(filtered.ada)
    await wait_until(lambda: bool(inbox.messages), what="the direct message")
    text = inbox.messages[-1].text()
    assert "Your appeal was granted" in text
    assert "lifted the strike" in text
    assert "You can make pictures there." in text
    assert "gargoyle" not in text


async def test_a_denied_appeal_is_told_and_what_holds_with_it(filtered: Scene) -> None:
    scene = filtered
    await appeal(scene, await refused(scene), "please")
    (case,) = await open_cases(scene)
    await scene.parts.desk.strikes.suspend(scene.guild.id, scene.ada.id, by_id=scene.bob.id, seconds=None)
    await scene.parts.desk.appeals.deny(case.case_id, guild_id=scene.guild.id, by_id=scene.bob.id)
    inbox = scene.discord.dms(scene.ada)
    await wait_until(lambda: bool(inbox.messages), what="the direct message")
    text = inbox.messages[-1].text()
    assert "Your appeal was denied" in text
    assert "You still can't make pictures there until a moderator lifts that." in text


async def test_a_member_who_takes_no_direct_messages_is_left_alone(
    filtered: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await appeal(filtered, await refused(filtered), "please")
    (case,) = await open_cases(filtered)
    inbox = filtered.discord.dms(filtered.ada)
    filtered.ada.user.takes_direct_messages = False
    with caplog.at_level("INFO"):
        await filtered.parts.desk.appeals.grant(case.case_id, guild_id=filtered.guild.id, by_id=filtered.bob.id)
        await wait_until(lambda: "could not be told what became of an appeal" in caplog.text, what="the log line")
    assert inbox.messages == []

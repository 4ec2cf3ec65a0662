"""Reports in the moderators' channel: what their cards say, what their buttons do, and the list of all open cases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moderation import CaseKind, CaseOutcome
from sandbox.discord import Member, Message, Run
from storage import cases, suspensions
from tests.cogs.gallery import finished, gallery, suspend, words_of
from tests.cogs.reported import PROMPT, Town, picture, pixels, report, town_of
from tests.cogs.test_results import used
from tests.support import wait_until
from tests.ui.scene import Scene

HIDDEN, REMOVED = "Hidden for now", "A moderator removed this picture."
BUTTONS = ["Remove image", "Suspend author", "Dismiss", "Block a term"]


@pytest.fixture
async def town(scene: Scene) -> AsyncIterator[Town]:
    async with town_of(scene) as at_work:
        yield at_work


async def press(town: Town, by: Member, card: Message, label: str) -> str:
    return await words_of(await town.scene.discord.click(by, card, label))


async def filled(town: Town, by: Member, card: Message, label: str, form: dict[str, str]) -> str:
    opened = await town.scene.discord.click(by, card, label)
    assert (await opened.answered()).kind == "modal"
    return await words_of(await town.scene.discord.submit_modal(opened, form))


async def test_the_card_shows_moderators_all_they_need(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path, count=2)
    [run] = await town.report(card, by=[town.scene.bob], reason="not *nice* @everyone")
    assert "Your report is with the moderators of this server" in await words_of(run)
    shown = await town.case_card()
    said = shown.text()
    assert PROMPT in said
    assert f"<@{town.scene.ada.id}> in <#{town.scene.channel.id}>" in said
    assert f"https://discord.com/channels/{town.scene.guild.id}/{town.scene.channel.id}/{card.id}" in said
    assert "not \\*nice\\* @\u200beveryone" in said
    assert f"<@{town.scene.bob.id}>" in said
    assert "Still shown.** 1 of 3 reports" in said
    assert job.job_id in said
    assert [button.label for button in shown.buttons()] == BUTTONS
    assert pixels(shown) == pixels(card)
    assert not shown.mentions.users
    assert not town.scene.discord.dms(town.scene.discord.world.owner).messages, "the operator need not hear of it"


async def test_every_further_report_changes_the_card_and_the_third_hides_the_picture(
    town: Town, tmp_path: Path
) -> None:
    job, card = await picture(town.scene, tmp_path)
    before = pixels(card)
    await town.report(card, by=town.members[:2])
    shown = await town.case_card()
    await shown.changed(lambda message: "2 of 3 reports" in message.text())
    await town.report(card, by=town.members[2:3])
    await card.changed(lambda message: HIDDEN in message.text())
    assert card.attachments == []
    assert PROMPT not in card.text()
    assert [button.label for button in card.buttons()] == ["Delete"]
    await shown.changed(lambda message: "🙈 **Hidden**" in message.text())
    assert pixels(shown) == before
    assert len(town.mods.messages) == 1
    assert (await town.now(job)).hidden_at is not None


async def test_after_a_removal_no_file_of_it_is_on_any_message(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path, count=2)
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    await card.changed(lambda message: HIDDEN in message.text())
    assert town.files_anywhere(job)
    assert "is being taken off" in await press(town, town.mia, shown, "Remove image")
    await card.changed(lambda message: REMOVED in message.text())
    await shown.changed(lambda message: not message.attachments)
    assert town.files_anywhere(job) == []
    assert card.buttons() == []
    assert PROMPT not in card.text()
    assert "Removed" in shown.text()
    assert f"by <@{town.mia.id}>" in shown.text()
    assert shown.buttons() == []
    await wait_until(lambda: not list((tmp_path / "set-aside").iterdir()), what="what was kept to go")


async def test_a_picture_that_is_still_shown_is_removed_as_well(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    await press(town, town.mia, await town.case_card(), "Remove image")
    await card.changed(lambda message: REMOVED in message.text())
    await town.mods.messages[0].changed(lambda message: not message.attachments)
    assert town.files_anywhere(job) == []


async def test_a_dismissal_puts_the_same_pictures_back_in_their_order(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path, count=3)
    before, names = pixels(card), [attachment.filename for attachment in card.gallery()]
    bytes_before = [attachment.read() for attachment in card.gallery()]
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    await card.changed(lambda message: HIDDEN in message.text())
    assert "are being put back" in await press(town, town.mia, shown, "Dismiss")
    await card.changed(lambda message: message.attachments)
    assert pixels(card) == before
    assert [attachment.filename for attachment in card.gallery()] == names
    assert [attachment.read() for attachment in card.gallery()] == bytes_before
    assert "Reroll" in [button.label for button in card.buttons()]
    assert PROMPT in card.text()
    await shown.changed(lambda message: not message.attachments)
    assert "Dismissed" in shown.text()
    assert (await town.now(job)).is_shown
    await wait_until(lambda: not list((tmp_path / "set-aside").iterdir()), what="what was kept to go")


async def test_the_image_that_a_member_gave_goes_along_both_ways(town: Town, tmp_path: Path) -> None:
    _, first = await picture(town.scene, tmp_path)
    job = await finished(town.scene, tmp_path, await used(town.scene, tmp_path, first, town.scene.ada))
    card = town.scene.discord.message(job.message_id or 0)
    given = card.attachment("input.png").read()
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    await card.changed(lambda message: HIDDEN in message.text())
    assert card.attachments == []
    assert shown.attachment("input.png").read() == given
    await press(town, town.mia, shown, "Dismiss")
    await card.changed(lambda message: message.attachments)
    assert card.attachment("input.png").read() == given
    assert len(card.gallery()) == 1


async def test_two_moderators_at_once_do_it_once(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    runs = await asyncio.gather(
        town.scene.discord.click(town.mia, shown, "Remove image"),
        town.scene.discord.click(town.max, shown, "Remove image"),
    )
    said = [await words_of(run) for run in runs]
    assert sum("is being taken off" in words for words in said) == 1
    assert sum("has removed it already" in words for words in said) == 1
    found = await cases.latest_of_job(town.scene.database, job.job_id, CaseKind.REPORT)
    assert found is not None
    assert found.outcome is CaseOutcome.REMOVED
    rows = await town.scene.database.fetch_all("SELECT what FROM audit WHERE what = 'mod.remove'")
    assert len(rows) == 1


@pytest.mark.parametrize("label", BUTTONS)
async def test_the_buttons_are_for_moderators_only(town: Town, tmp_path: Path, label: str) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    for member in (town.scene.bob, town.scene.ada):
        assert "Only moderators can do that" in await press(town, member, shown, label)
    found = await town.now(job)
    assert (found.hidden_at is not None, found.removed_at) == (True, None)


@pytest.mark.parametrize(("label", "form"), [("Suspend author", {"reason": "x"}), ("Block a term", {"term": "hat"})])
async def test_a_form_that_somebody_else_sends_off_does_nothing(
    town: Town, tmp_path: Path, label: str, form: dict[str, str]
) -> None:
    _, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    shown = await town.case_card()
    opened = await town.scene.discord.click(town.mia, shown, label)
    await opened.answered()
    town.mia.roles.clear()  # is no moderator any more
    assert "Only moderators can do that" in await words_of(await town.scene.discord.submit_modal(opened, form))


async def test_an_author_is_suspended_and_the_report_stays_open(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    shown = await town.case_card()
    said = await filled(town, town.mia, shown, "Suspend author", {"duration": "3d", "reason": "not here"})
    assert f"Suspended: <@{town.scene.ada.id}>" in said
    assert "The report is still open" in said
    now = town.scene.clock.now()
    holds = await town.scene.database.write(
        lambda c: suspensions.read(c, guild_id=town.scene.guild.id, user_id=town.scene.ada.id, now=now)
    )
    assert holds is not None
    assert holds.until is not None
    assert (holds.until - now).days == 3
    await shown.changed(lambda message: "suspended until" in message.text())
    assert [button.label for button in shown.buttons()] == BUTTONS
    assert (await town.now(job)).is_shown


async def test_a_moderator_who_made_it_neither_dismisses_nor_suspends(town: Town, tmp_path: Path) -> None:
    _, card = await gallery(town.scene, tmp_path, {"prompt": PROMPT}, by=town.mia)
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    assert "Manage Server" in await press(town, town.mia, shown, "Dismiss")
    assert "yourself" in await filled(town, town.mia, shown, "Suspend author", {})
    assert "is being taken off" in await press(town, town.mia, shown, "Remove image")


async def test_a_term_is_blocked_and_the_report_stays_open(town: Town, tmp_path: Path) -> None:
    _, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    shown = await town.case_card()
    said = await filled(town, town.mia, shown, "Block a term", {"term": "awful hat", "category": "hate"})
    assert "The report is still open" in said
    assert "awful hat" in said
    run = await town.scene.imagine({"prompt": PROMPT}, by=town.scene.bob)
    assert "hate" in await words_of(run)
    assert [button.label for button in shown.buttons()] == BUTTONS


async def test_a_term_that_can_not_be_blocked_says_why(town: Town, tmp_path: Path) -> None:
    _, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    said = await filled(town, town.mia, await town.case_card(), "Block a term", {"term": "***"})
    assert "still open" not in said


@pytest.mark.parametrize("label", ["Suspend author", "Block a term", "Dismiss", "Remove image"])
async def test_a_press_on_what_is_decided_says_who_did_what(town: Town, tmp_path: Path, label: str) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    shown = await town.case_card()
    case = await cases.latest_of_job(town.scene.database, job.job_id, CaseKind.REPORT)
    assert case is not None
    await town.scene.database.write(
        lambda c: cases.decide(
            c,
            case.case_id,
            CaseOutcome.DISMISSED,
            guild_id=case.guild_id,
            by_id=town.max.id,
            at=town.scene.clock.now(),
        )
    )  # by somebody whose edit of the card is still on its way
    said = await press(town, town.mia, shown, label)
    assert f"<@{town.max.id}> has dismissed it already" in said


async def test_the_author_deletes_a_hidden_card_and_moderators_still_decide(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:3])
    shown = await town.case_card()
    await card.changed(lambda message: HIDDEN in message.text())
    assert "Deleted." in await press(town, town.scene.ada, card, "Delete")
    assert card.deleted
    assert shown.attachments, "what was reported is not destroyed by its author"
    assert "everything stays as it is" in await press(town, town.mia, shown, "Dismiss")
    await shown.changed(lambda message: not message.attachments)
    assert town.files_anywhere(job) == []
    await wait_until(lambda: not list((tmp_path / "set-aside").iterdir()), what="what was kept to go")


async def test_a_report_from_the_menu_of_the_message_counts_like_any_other(town: Town, tmp_path: Path) -> None:
    job, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:2])
    run = await town.scene.discord.context_menu(town.members[2], town.scene.channel, "Report image", card)
    await run.answered()
    await town.scene.discord.submit_modal(run, {"reason": "vile"})
    await card.changed(lambda message: HIDDEN in message.text())
    again = await town.scene.discord.context_menu(town.members[3], town.scene.channel, "Report image", card)
    await again.answered()
    assert "Thank you" in await words_of(await town.scene.discord.submit_modal(again, {"reason": "me too"}))
    assert len(await town.scene.jobs()) == 1
    assert (await town.now(job)).hidden_at is not None


async def test_a_suspended_member_may_report(town: Town, tmp_path: Path) -> None:
    _, card = await picture(town.scene, tmp_path)
    await suspend(town.scene, town.scene.bob)
    [run] = await town.report(card, by=[town.scene.bob])
    assert "Thank you" in await words_of(run)


async def test_the_eleventh_report_of_a_day_is_refused_in_words(town: Town, tmp_path: Path) -> None:
    said = []
    for _ in range(11):
        _, card = await gallery(town.scene, tmp_path, {"prompt": PROMPT}, by=town.scene.ada)
        said.append(await words_of(await report(town.scene, card, town.scene.bob)))
    assert all("Thank you" in words for words in said[:10])
    assert "You have made 10 reports today" in said[10]
    await wait_until(lambda: len(town.mods.messages) == 10, what="ten cards")


async def test_the_longest_and_oddest_words_fit_into_a_card(town: Town, tmp_path: Path) -> None:
    prompt = ("*_~`|[<@" * 250)[:2000]
    _, card = await gallery(town.scene, tmp_path, {"prompt": prompt, "count": 4})
    reasons = ["🦊" * 250, "*" * 500, "<@1> @everyone " * 33, "x" * 500, "[a](https://b.c) " * 29]
    for member, reason in zip(town.members, reasons, strict=True):
        await report(town.scene, card, member, reason)
        if HIDDEN in card.text():
            break
    for member, reason in list(zip(town.members, reasons, strict=True))[3:]:
        run = await town.scene.discord.context_menu(member, town.scene.channel, "Report image", card)
        await run.answered()
        await town.scene.discord.submit_modal(run, {"reason": reason})
    shown = await town.case_card()
    await shown.changed(lambda message: "and 1 more" in message.text())
    assert len(shown.text()) <= 4000
    assert len(list(shown.walk())) <= 40
    assert len(shown.gallery()) == 4


async def listed(town: Town, by: Member | None = None) -> Run:
    return await town.scene.discord.slash(by or town.mia, town.scene.channel, "mod reports")


async def test_the_list_leads_to_every_open_case(town: Town, tmp_path: Path) -> None:
    assert "Nothing waits for you" in await words_of(await listed(town))
    _, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    shown = await town.case_card()
    await wait_until_posted(town, 1)
    run = await listed(town)
    said = await words_of(run)
    assert "1 case waits for a moderator" in said
    assert "A picture was reported" in said
    assert f"<@{town.scene.ada.id}>" in said
    message = await run.message()
    [button] = message.buttons()
    assert (button.label, button.url) == (
        "To its card",
        f"https://discord.com/channels/{town.scene.guild.id}/{town.mods.id}/{shown.id}",
    )


async def wait_until_posted(town: Town, case_id: int) -> None:
    async with asyncio.timeout(10):
        while True:
            case = await cases.find(town.scene.database, case_id)
            if case is not None and case.message_id is not None:
                return
            await asyncio.sleep(0.005)


async def test_without_a_channel_cases_are_decided_from_the_list(scene: Scene, tmp_path: Path) -> None:
    async with town_of(scene, mods=False) as town:
        job, card = await picture(scene, tmp_path, count=2)
        before = pixels(card)
        [run, *_] = await town.report(card, by=town.members[:3])
        assert "with the people who look after this bot" in await words_of(run)
        await wait_until(lambda: len(scene.discord.dms(scene.discord.world.owner).messages) == 3)
        await card.changed(lambda message: HIDDEN in message.text())
        listing = await listed(town)
        assert "Choose a moderators' channel" in await words_of(listing)
        message, other = await listing.message(), await (await listed(town, town.max)).message()
        looked = await scene.discord.click(town.mia, message, "Look and decide")
        private = await (await looked.message()).changed(lambda changed: changed.attachments)
        assert private.ephemeral
        assert pixels(private) == before
        assert [button.label for button in private.buttons()] == BUTTONS
        assert "are being put back" in await press(town, town.mia, private, "Dismiss")
        await card.changed(lambda message: message.attachments)
        assert pixels(card) == before
        assert "Nothing waits for you" in await words_of(await listed(town))
        assert (await town.now(job)).is_shown
        assert "has dismissed it already" in await press(town, town.max, other, "Look and decide")


async def test_a_deleted_card_is_decided_from_the_list_too(town: Town, tmp_path: Path) -> None:
    _, card = await picture(town.scene, tmp_path)
    await town.report(card, by=town.members[:1])
    town.scene.discord.delete_message(await town.case_card())
    await wait_until_posted(town, 1)
    await town.report(card, by=town.members[1:2])  # so that its absence is noticed
    async with asyncio.timeout(10):
        while True:
            case = await cases.find(town.scene.database, 1)
            assert case is not None
            if case.gone_at is not None:
                break
            await asyncio.sleep(0.005)
    message = await (await listed(town)).message()
    assert [button.label for button in message.buttons()] == ["Look and decide"]


async def test_long_lists_are_turned(scene: Scene, tmp_path: Path) -> None:
    async with town_of(scene, mods=False) as town:
        for number in range(8):
            _, card = await gallery(scene, tmp_path, {"prompt": PROMPT}, by=scene.ada)
            await report(scene, card, town.members[number % 5])
        message = await (await listed(town)).message()
        assert "8 cases wait" in message.text()
        assert "page 1 of 2" in message.text()
        assert len([button for button in message.buttons() if button.label == "Look and decide"]) == 6
        await scene.discord.click(town.mia, message, "Next")
        await message.changed(lambda changed: "page 2 of 2" in changed.text())
        assert len([button for button in message.buttons() if button.label == "Look and decide"]) == 2


async def test_the_commands_are_for_moderators_only(town: Town, tmp_path: Path) -> None:
    job, _ = await picture(town.scene, tmp_path)
    discord, channel = town.scene.discord, town.scene.channel
    for name, options in (("mod reports", {}), ("mod remove", {"job": job.job_id})):
        run = await discord.slash(town.scene.bob, channel, name, options, raw=True)
        assert "Only moderators can do that" in await words_of(run)
    for command in discord.commands.everywhere() or ():
        command["default_member_permissions"] = None  # a server can show it to everybody
    typing = await discord.autocomplete(town.scene.bob, channel, "mod remove", focused="job")
    assert not (await typing.answered()).choices
    assert (await town.now(job)).is_shown


@pytest.mark.parametrize("by_link", [False, True])
async def test_a_moderator_removes_any_picture(town: Town, tmp_path: Path, by_link: bool) -> None:
    job, card = await picture(town.scene, tmp_path, count=2)
    link = f"https://discord.com/channels/{town.scene.guild.id}/{town.scene.channel.id}/{card.id}"
    options = {"job": link if by_link else job.job_id, "reason": "against our rules"}
    run = await town.scene.discord.slash(town.mia, town.scene.channel, "mod remove", options)
    assert "is being taken off" in await words_of(run)
    await card.changed(lambda message: REMOVED in message.text())
    assert town.files_anywhere(job) == []
    [row] = await town.scene.database.fetch_all("SELECT by_id, reason FROM audit WHERE what = 'mod.remove'")
    assert tuple(row) == (town.mia.id, "against our rules")
    again = await town.scene.discord.slash(town.max, town.scene.channel, "mod remove", options)
    assert "has taken them off, for good" in await words_of(again)


async def test_the_newest_pictures_are_suggested_with_their_words(town: Town, tmp_path: Path) -> None:
    fox, _ = await gallery(town.scene, tmp_path, {"prompt": "a red fox"}, by=town.scene.ada)
    owl, _ = await gallery(town.scene, tmp_path, {"prompt": "a grey owl"}, by=town.scene.bob)

    async def suggested(typed: str) -> list[str]:
        run = await town.scene.discord.autocomplete(
            town.mia, town.scene.channel, "mod remove", focused="job", value=typed
        )
        return [choice["value"] for choice in (await run.answered()).choices]

    assert await suggested("") == [owl.job_id, fox.job_id]
    assert await suggested("RED") == [fox.job_id]
    assert await suggested(owl.job_id) == [owl.job_id]
    assert await suggested("nothing like it") == []
    await town.scene.parts.desk.removal.remove(fox.job_id, guild_id=town.scene.guild.id, by_id=town.mia.id)
    assert await suggested("") == [owl.job_id]

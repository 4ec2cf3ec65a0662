"""Reviews, appeals and members at the end of the ladder, from the moderators' channel, over the wire."""

import asyncio
import hashlib
import io
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from models import Job, JobStatus, VerdictReason
from moderation import CaseKind, CaseOutcome, Review, ReviewMark
from sandbox.discord import Member, Message, Run
from storage import cases, jobs, suspensions
from tests.builders import choose, make_verdict
from tests.cogs.administration import forged
from tests.cogs.gallery import restarted, words_of
from tests.cogs.reported import Town, pixels, town_of
from tests.support import wait_until
from tests.ui.scene import Scene
from tests.ui.test_uploads import noise

PROMPT = "a fox in an *awful* hat @everyone"
ESCAPED = "a fox in an \\*awful\\* hat @\u200beveryone"
BUTTONS = ["Approve", "Reject", "Reject and suspend"]
SIZE = (64, 48)


@pytest.fixture
async def town(scene: Scene) -> AsyncIterator[Town]:
    """A guild that approves everything first."""
    async with town_of(scene) as at_work:
        await scene.database.write(lambda c: choose(c, scene.guild.id, review=Review.ALWAYS))
        yield at_work


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(SIZE[0] + seed, SIZE[1]).save(buffer, format="PNG")
    return buffer.getvalue()


async def judged(
    scene: Scene,
    job: Job,
    *,
    reasons: Sequence[VerdictReason] = (VerdictReason.RELEASED,),
    mark: ReviewMark | None = None,
) -> Job:
    """What the provider and the gate do: the job's pictures lie in the spool, and its next step shows or holds them."""
    verdicts = []
    for index, reason in enumerate(reasons):
        data = png(index)
        verdict = make_verdict(
            index,
            reason,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            width_px=SIZE[0] + index,
            height_px=SIZE[1],
        )
        verdicts.append(verdict)
        if verdict.released:
            scene.parts.spool.keep(job.job_id, verdict, io.BytesIO(data))
    now, id_ = scene.clock.now(), job.job_id

    def made(connection: sqlite3.Connection) -> Job:
        connection.execute("UPDATE jobs SET review_mark = ? WHERE job_id = ?", (mark, id_))
        jobs.move(connection, id_, JobStatus.QUEUED, JobStatus.SUBMITTING, at=now)
        jobs.move(
            connection, id_, JobStatus.SUBMITTING, JobStatus.SUBMITTED, at=now, request_id=f"r-{id_}", submitted_at=now
        )
        jobs.move(
            connection,
            id_,
            JobStatus.SUBMITTED,
            JobStatus.GENERATED,
            at=now,
            generated_at=now,
            images_produced=len(verdicts),
        )
        return jobs.store_verdicts(connection, id_, verdicts, at=now)

    generated = await scene.database.write(made)
    scene.runner.wake(id_, at_once=True)
    return generated


async def waiting(town: Town, *, count: int = 1, **how: Any) -> tuple[Job, Message, Message]:
    """A job of Ada's that waits for a moderator, its card, and the moderators' card."""
    scene = town.scene
    job, card = await scene.carded({"prompt": PROMPT, "count": count})
    await judged(scene, job, **{"reasons": [VerdictReason.RELEASED] * count, **how})
    await card.changed(lambda message: "A moderator has a look first" in message.text())
    return await town.now(job), card, await town.case_card()


async def press(town: Town, by: Member, card: Message, label: str) -> str:
    return await words_of(await town.scene.discord.click(by, card, label))


async def outcome(town: Town, number: int = 1) -> tuple[CaseOutcome | None, int | None]:
    case = await cases.find(town.scene.database, number)
    assert case is not None
    return case.outcome, case.decided_by


def uploads_to(town: Town, place: int) -> list[str]:
    """The names of the files in every request that the bot has sent about a channel, or its interactions."""
    return [
        name
        for exchange in town.scene.discord.exchanges.matching()
        if str(place) in exchange.path or "/webhooks/" in exchange.path or "/callback" in exchange.path
        for name, _ in exchange.files
    ]


async def test_moderators_see_the_picture_and_all_they_need_and_the_channel_does_not(town: Town) -> None:
    job, card, shown = await waiting(town, count=2)
    said = shown.text()
    assert said.splitlines()[0] == "### 🔎 A picture waits for your approval"
    assert f"<@{town.scene.ada.id}> in <#{town.scene.channel.id}>" in said
    assert f"> {ESCAPED}" in said
    assert "**Why:** this server approves every picture first." in said
    assert "512\u00d7384" not in said
    assert f"$0.18 · asked <t:{int(job.created_at.timestamp())}:R> · job `{job.job_id}` · expires <t:" in said
    assert [button.label for button in shown.buttons()] == BUTTONS
    assert [picture.read() for picture in shown.gallery()]
    assert len(pixels(shown)) == 2
    assert not shown.mentions.users
    assert not shown.mentions.everyone
    assert "A moderator has a look first" in card.text()
    assert "fox" not in card.text()
    assert not card.attachments
    assert not card.buttons()


async def test_nothing_of_a_marked_prompt_is_in_the_channel_before_a_moderator_has_looked(town: Town) -> None:
    scene = town.scene
    await scene.parts.desk.filters.add(scene.guild.id, "awful", category="hats", action="review", by_id=town.mia.id)
    job, card = await scene.carded({"prompt": PROMPT})
    assert (await town.now(job)).review_mark == ReviewMark.PROMPT
    assert "fox" not in card.text()
    await judged(scene, job, mark=ReviewMark.PROMPT)
    shown = await town.case_card()
    assert "**Why:** the prompt filter marks such words for review. hats · **awful**" in shown.text()
    await card.changed(lambda message: "A moderator has a look first" in message.text())
    public = [
        exchange
        for exchange in scene.discord.exchanges.matching()
        if str(town.mods.id) not in exchange.path and exchange.method in {"POST", "PATCH", "PUT"}
    ]
    assert public
    assert not [exchange.path for exchange in public if "awful" in str(exchange.request)]
    assert uploads_to(town, scene.channel.id) == []
    assert await press(town, town.mia, shown, "Approve") == "Approved: the picture is being posted."
    await card.changed(lambda message: ESCAPED in message.text() and message.attachments)


async def test_what_is_approved_becomes_the_gallery_and_the_moderators_card_says_by_whom(
    town: Town, tmp_path: Path
) -> None:
    job, card, shown = await waiting(town, count=2)
    seen = pixels(shown)
    assert await press(town, town.mia, shown, "Approve") == "Approved: the picture is being posted."
    await card.changed(lambda message: len(message.attachments) == 2)
    assert pixels(card) == seen
    assert ESCAPED in card.text()
    await shown.changed(lambda message: "✅ Approved" in message.text())
    assert f"by <@{town.mia.id}>, <t:" in shown.text()
    link = f"https://discord.com/channels/{town.scene.guild.id}/{town.scene.channel.id}/{card.id}"
    assert f"[To the picture]({link})" in shown.text()
    assert not shown.buttons()
    assert not shown.attachments
    assert await outcome(town) == (CaseOutcome.APPROVED, town.mia.id)
    await wait_until(lambda: not (tmp_path / "spool" / job.job_id).exists(), what="an empty spool")


async def test_what_is_rejected_is_gone_everywhere(town: Town) -> None:
    job, card, shown = await waiting(town)
    told = await press(town, town.mia, shown, "Reject")
    assert told == "Rejected: the picture is not shown, and its author is told."
    await card.changed(lambda message: "Not approved" in message.text())
    assert "A moderator decided against showing this here." in card.text()
    assert "fox" not in card.text()
    await shown.changed(lambda message: "Rejected" in message.text() and not message.attachments)
    assert not shown.buttons()
    assert town.files_anywhere(job) == []
    assert uploads_to(town, town.scene.channel.id) == []
    assert (await town.now(job)).status is JobStatus.REJECTED


async def test_rejecting_and_suspending_asks_for_how_long_and_why(town: Town) -> None:
    job, _, shown = await waiting(town)
    opened = await town.scene.discord.click(town.mia, shown, "Reject and suspend")
    assert (await opened.answered()).kind == "modal"
    sent = await town.scene.discord.submit_modal(opened, {"duration": "2 days", "reason": "gore\nagain"})
    assert f"Rejected, and <@{town.scene.ada.id}> is suspended until <t:" in await words_of(sent)
    suspension = await suspensions.current(
        town.scene.database,
        guild_id=town.scene.guild.id,
        user_id=town.scene.ada.id,
        now=town.scene.clock.now(),
    )
    assert suspension is not None
    assert suspension.reason == "gore again"
    assert suspension.until is not None
    assert (suspension.until - town.scene.clock.now()).total_seconds() == pytest.approx(2 * 86_400, abs=1)
    assert (await town.now(job)).status is JobStatus.REJECTED
    refused = await words_of(await town.scene.imagine())
    assert "A moderator has suspended you" in refused
    await shown.changed(lambda message: "Rejected" in message.text())


async def test_a_length_that_is_none_changes_nothing(town: Town) -> None:
    job, _, shown = await waiting(town)
    opened = await town.scene.discord.click(town.mia, shown, "Reject and suspend")
    await opened.answered()
    sent = await town.scene.discord.submit_modal(opened, {"duration": "a while", "reason": ""})
    assert "2h" in await words_of(sent)
    assert (await town.now(job)).status is JobStatus.IN_REVIEW
    assert await outcome(town) == (None, None)


async def test_an_empty_length_is_until_lifted(town: Town) -> None:
    _, _, shown = await waiting(town)
    opened = await town.scene.discord.click(town.mia, shown, "Reject and suspend")
    await opened.answered()
    sent = await town.scene.discord.submit_modal(opened, {"duration": "", "reason": ""})
    assert f"<@{town.scene.ada.id}> is suspended until a moderator lifts it." in await words_of(sent)


async def test_two_moderators_at_once_do_it_once_and_the_other_is_told_who(town: Town) -> None:
    job, _, shown = await waiting(town)
    runs = await asyncio.gather(
        town.scene.discord.click(town.mia, shown, "Approve"), town.scene.discord.click(town.max, shown, "Reject")
    )
    said = [await words_of(run) for run in runs]
    by, decided = (town.mia, "approved") if "Approved" in said[0] else (town.max, "rejected")
    late = said[1] if by is town.mia else said[0]
    assert late.startswith(f"<@{by.id}> has {decided} it already, <t:")
    rows = await town.scene.database.fetch_all("SELECT what FROM audit WHERE what LIKE 'mod.review.%'")
    assert [row["what"] for row in rows] == [f"mod.review.{decided}"]
    await town.scene.until(lambda one: one.job_id == job.job_id and one.status.is_terminal)
    wanted = JobStatus.DELIVERED if decided == "approved" else JobStatus.REJECTED
    assert (await town.now(job)).status is wanted


async def test_a_form_that_comes_after_the_decision_suspends_nobody(town: Town) -> None:
    _, _, shown = await waiting(town)
    opened = await town.scene.discord.click(town.mia, shown, "Reject and suspend")
    await opened.answered()
    assert "Approved" in await press(town, town.max, shown, "Approve")
    late = await words_of(await town.scene.discord.submit_modal(opened, {"duration": "1h", "reason": ""}))
    assert late.startswith(f"<@{town.max.id}> has approved it already")
    assert (
        await suspensions.current(
            town.scene.database,
            guild_id=town.scene.guild.id,
            user_id=town.scene.ada.id,
            now=town.scene.clock.now(),
        )
        is None
    )


async def test_nobody_fills_in_a_form_for_what_is_decided(town: Town) -> None:
    _, _, shown = await waiting(town)
    await press(town, town.max, shown, "Reject")
    late = await words_of(await forge(town, town.mia, "reviewsuspend"))
    assert late.startswith(f"<@{town.max.id}> has rejected it already")


async def forge(town: Town, by: Member, action: str, argument: str = "1") -> Run:
    """A press of a button that is on no card, or no more."""
    message = await forged(town.scene, action, argument, town.mods)
    return await town.scene.discord.click(by, message, "Press")


ACTIONS = [
    "reviewapprove",
    "reviewreject",
    "reviewsuspend",
    "appealgrant",
    "appealdeny",
    "strikeslift",
    "strikeskeep",
]


async def test_every_button_takes_manage_messages_at_every_press(town: Town) -> None:
    await waiting(town)
    for action in ACTIONS:
        said = await words_of(await forge(town, town.members[0], action))
        assert "it takes the permission **Manage Messages**" in said, action
    assert await outcome(town) == (None, None)


async def test_the_form_takes_manage_messages_too(town: Town) -> None:
    job, _, shown = await waiting(town)
    opened = await town.scene.discord.click(town.mia, shown, "Reject and suspend")
    await opened.answered()
    town.mia.roles.clear()
    sent = await town.scene.discord.submit_modal(opened, {"duration": "1h", "reason": ""})
    assert "it takes the permission **Manage Messages**" in await words_of(sent)
    assert (await town.now(job)).status is JobStatus.IN_REVIEW


async def test_a_button_that_names_no_case_of_its_kind_does_nothing(town: Town) -> None:
    job, _, _ = await waiting(town)
    for action in ACTIONS:
        for argument in ("99", "0", "x", "9" * 19, "-1", "1.2"):
            said = await words_of(await forge(town, town.mia, action, argument))
            assert "There is nothing to decide here" in said or "This panel doesn't work any more" in said, action
    for action in ("appealgrant", "appealdeny", "strikeslift", "strikeskeep"):  # these are not for reviews
        await words_of(await forge(town, town.mia, action))
    assert await outcome(town) == (None, None)
    assert (await town.now(job)).status is JobStatus.IN_REVIEW


async def test_the_buttons_work_after_a_restart(town: Town) -> None:
    job, _, shown = await waiting(town)
    async with restarted(town.scene):
        assert await press(town, town.mia, shown, "Reject") == (
            "Rejected: the picture is not shown, and its author is told."
        )
        assert (await town.now(job)).status is JobStatus.REJECTED


async def test_a_public_card_that_was_deleted_leaves_the_approved_picture_to_its_author(town: Town) -> None:
    job, card, shown = await waiting(town)
    town.scene.discord.delete_message(card)
    await press(town, town.mia, shown, "Approve")
    await shown.changed(lambda message: "only its author can still see it" in message.text())
    assert (await town.now(job)).status is JobStatus.UNDELIVERABLE
    assert len(town.scene.channel.messages) == 0
    kept = await town.scene.parts.kept.of(await town.now(job))
    assert len(kept.images) == 1


async def test_a_moderators_card_that_was_deleted_does_not_come_back_and_the_case_stays(town: Town) -> None:
    job, _, shown = await waiting(town)
    town.scene.discord.delete_message(shown)
    await town.scene.database.write(lambda c: cases.touch(c, 1))
    town.scene.keeper.notify()

    async def is_gone() -> bool:
        case = await cases.find(town.scene.database, 1)
        return case is not None and case.gone_at is not None

    for _ in range(500):
        if await is_gone():
            break
        await asyncio.sleep(0.005)
    assert await is_gone()
    assert [case.case_id for case in await cases.open_of(town.scene.database, town.scene.guild.id)] == [1]
    assert not [message for message in town.mods.messages if "case 1" in message.text()]
    assert (await town.now(job)).status is JobStatus.IN_REVIEW


async def test_pictures_that_were_lost_are_said_to_be_on_both_cards(town: Town) -> None:
    job, card, shown = await waiting(town)
    town.scene.parts.spool.drop(job.job_id)
    await press(town, town.mia, shown, "Approve")
    await card.changed(lambda message: "I lost the picture while it waited for a moderator" in message.text())
    await shown.changed(lambda message: "it was lost meanwhile, so it can't be shown" in message.text())


async def test_an_unanswered_review_ends_by_itself_on_both_cards(town: Town) -> None:
    job, card, shown = await waiting(town)
    town.scene.clock.advance(73 * 3600)
    await card.changed(lambda message: "No moderator looked at it in time" in message.text())
    await shown.changed(lambda message: "Nobody answered in time" in message.text() and not message.attachments)
    assert not shown.buttons()
    assert (await town.now(job)).status is JobStatus.EXPIRED
    said = await words_of(await forge(town, town.mia, "reviewapprove"))
    assert said.startswith("Nobody had answered in time, so it has ended by itself")


async def test_a_picture_that_was_withheld_is_shown_to_nobody(town: Town) -> None:
    _, _, shown = await waiting(town, count=2, reasons=[VerdictReason.FLAGGED, VerdictReason.RELEASED])
    assert len(shown.gallery()) == 1
    assert "1 more picture was held back by the safety check and is not shown to anybody." in shown.text()


@pytest.mark.parametrize("spoilers", [False, True])
async def test_pictures_are_hidden_behind_a_press_where_the_guild_wants_that(town: Town, spoilers: bool) -> None:
    await town.scene.database.write(lambda c: choose(c, town.scene.guild.id, spoilers=spoilers))
    _, _, shown = await waiting(town)
    [gallery] = [part for part in shown.walk() if part["type"] == 12]
    assert gallery["items"][0].get("spoiler", False) is spoilers


async def test_moderators_are_spoken_to_in_the_language_that_the_guild_has_chosen(town: Town) -> None:
    await town.scene.database.write(lambda c: choose(c, town.scene.guild.id, language="de"))
    job, _ = await town.scene.carded({"prompt": PROMPT})
    await judged(town.scene, job)
    shown = await town.case_card()
    assert "0,09\xa0$" in shown.text()
    assert shown.text().splitlines()[-1] == "-# case 1"  # by which it is found again, whatever is chosen then


class TestAppeals:
    """A refusal that a member appeals, decided in the moderators' channel."""

    async def appealed(self, town: Town) -> Message:
        scene = town.scene
        await scene.parts.desk.filters.add(scene.guild.id, "awful", category="hats", by_id=town.mia.id)
        refused = await scene.imagine({"prompt": PROMPT.replace("awful", "a w f u l")})
        answer = await refused.answered()
        assert answer.message is not None
        form = await scene.discord.click(scene.ada, answer.message, "Appeal")
        await form.answered()
        await words_of(await scene.discord.submit_modal(form, {"words": "it is a *hat* <@1>"}))
        return await town.case_card()

    async def test_moderators_see_the_words_the_term_and_the_disguise(self, town: Town) -> None:
        shown = await self.appealed(town)
        said = shown.text()
        assert said.splitlines()[:3] == [
            "### ✋ A member asks you to look again",
            f"<@{town.scene.ada.id}> appeals against a refusal:",
            "> it is a \\*hat\\* \\<@\u200b1>",
        ]
        assert "hats · **awful** · behind spaces or signs between letters" in said
        assert "a w f u l" in said
        assert "strike #1, weighs 2" in said
        assert [button.label for button in shown.buttons()] == ["Grant", "Deny"]
        assert not shown.mentions.users

    @pytest.mark.parametrize(
        ("label", "title", "ended"),
        [("Grant", "✅ Granted", CaseOutcome.GRANTED), ("Deny", "☑️ Denied", CaseOutcome.DENIED)],
    )
    async def test_it_is_decided_once(self, town: Town, label: str, title: str, ended: CaseOutcome) -> None:
        shown = await self.appealed(town)
        assert "the member is told" in await press(town, town.mia, shown, label)
        await shown.changed(lambda message: title in message.text())
        assert f"by <@{town.mia.id}>" in shown.text()
        assert await outcome(town) == (ended, town.mia.id)
        late = await words_of(await forge(town, town.max, "appealdeny"))
        assert late.startswith(f"<@{town.mia.id}> has {ended} it already")


class TestTheEndOfTheLadder:
    """A member whose strikes have led to a suspension without an end."""

    async def suspended(self, town: Town) -> Message:
        scene = town.scene
        await scene.database.write(lambda c: choose(c, scene.guild.id, ladder=(-1,)))
        await scene.parts.desk.filters.add(scene.guild.id, "awful", category="hats", by_id=town.mia.id)
        await words_of(await scene.imagine({"prompt": PROMPT}))
        return await town.case_card()

    async def test_moderators_see_the_strikes(self, town: Town) -> None:
        shown = await self.suspended(town)
        said = shown.text()
        assert said.splitlines()[0] == "### ⚖️ A member is suspended until you decide"
        assert f"<@{town.scene.ada.id}>" in said
        assert "**#1**" in said
        assert ESCAPED in said
        assert [button.label for button in shown.buttons()] == ["Lift suspension", "Keep suspended"]

    async def test_lifting_lets_the_member_go_on(self, town: Town) -> None:
        shown = await self.suspended(town)
        assert await press(town, town.mia, shown, "Lift suspension") == "The suspension is lifted."
        await shown.changed(lambda message: "Suspension lifted" in message.text() and not message.buttons())
        assert (await (await town.scene.imagine({"prompt": "a fox"})).answered()).ephemeral is False

    async def test_keeping_leaves_it_as_it_is(self, town: Town) -> None:
        shown = await self.suspended(town)
        assert "stays suspended" in await press(town, town.mia, shown, "Keep suspended")
        await shown.changed(lambda message: "Stays suspended" in message.text())
        assert await outcome(town) == (CaseOutcome.KEPT, town.mia.id)
        assert (await (await town.scene.imagine({"prompt": "a fox"})).answered()).ephemeral

    async def test_the_second_moderator_is_told_who_decided(self, town: Town) -> None:
        shown = await self.suspended(town)
        await press(town, town.mia, shown, "Keep suspended")
        late = await words_of(await forge(town, town.max, "strikeslift"))
        assert late.startswith(f"<@{town.mia.id}> has decided already that it stays")
        suspension = await suspensions.current(
            town.scene.database,
            guild_id=town.scene.guild.id,
            user_id=town.scene.ada.id,
            now=town.scene.clock.now(),
        )
        assert suspension is not None


def test_every_kind_of_case_is_of_this_file_or_that_of_reports() -> None:
    assert set(CaseKind) == {CaseKind.REVIEW, CaseKind.APPEAL, CaseKind.STRIKES, CaseKind.REPORT}

"""Pictures that wait for a moderator: who waits, what is answered, what it costs, and that nobody sees them before."""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clock import from_ms, to_ms
from errors import AlreadyDecided, CardGone, CaseGone, DeliveryUnavailable, PictureGone
from generation.cards import REPEAT_AFTER_SECONDS
from generation.drafts import Drafts
from generation.janitor import Janitor
from generation.kept_pictures import KeptPictures
from generation.spool import Spool
from generation.steps import Done, Later, Step
from models import FailureReason, Job, JobStatus, Notify, Unit
from moderation import Case, CaseKind, CaseOutcome, Review, ReviewMark, Suspension
from sandbox.pixazo import PixazoStandIn
from storage import cases, jobs, members, suspensions
from tests.builders import (
    GUILD_ID,
    MESSAGE_ID,
    NOW,
    PRICE_MICROS,
    USER_ID,
    choose,
    make_job,
    make_origin,
    make_reservations,
)
from tests.generation.assembly import Assembly, Outside, assembled
from tests.generation.recording import Channel, ChannelCard, RecordingDelivery
from tests.support import FakeClock, wait_until

S = JobStatus
MODERATOR, OTHER_MODERATOR = 501, 502
MODERATORS_CHANNEL = 71
PICTURE = b"a picture"
TWO_PICTURES = 2 * PRICE_MICROS


@pytest.fixture
async def bot(tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock) -> AsyncIterator[Assembly]:
    """In a guild that approves everything first."""
    async with assembled(tmp_path, pixazo, channel, clock) as parts:
        await parts.database.write(lambda c: choose(c, review=Review.ALWAYS, moderators_channel_id=MODERATORS_CHANNEL))
        yield parts


async def in_review(bot: Assembly, **origin: Any) -> tuple[Job, Case]:
    """A picture that waits, with its card saying so."""
    job_id = await bot.wish(origin=make_origin(**origin))
    await bot.drive(job_id, until=lambda job: job.card_status is S.IN_REVIEW)
    return await bot.job(job_id), await case_of(bot, job_id)


async def case_of(bot: Assembly, job_id: str) -> Case:
    case = await cases.latest_of_job(bot.database, job_id, CaseKind.REVIEW)
    assert case is not None
    return case


async def approve(bot: Assembly, case: Case, by_id: int = MODERATOR) -> Case:
    return await bot.case_book.approve(case.case_id, guild_id=GUILD_ID, by_id=by_id)


async def reject(bot: Assembly, case: Case, by_id: int = MODERATOR) -> Case:
    return await bot.case_book.reject(case.case_id, guild_id=GUILD_ID, by_id=by_id)


def card(bot: Assembly, job: Job) -> ChannelCard:
    return bot.channel.cards[job.job_id]


def assert_paid_once(bot: Assembly, micros: int = TWO_PICTURES) -> None:
    """Everything is settled, once, in the ledger as in the metrics."""
    assert bot.held_and_spent(Unit.MICROS) == ({0}, {micros})
    assert bot.snapshot().findings == ()
    assert bot.observer.settled_micros == micros


async def audited(bot: Assembly, what: str) -> list[tuple[int, str]]:
    rows = await bot.database.fetch_all("SELECT by_id, what FROM audit WHERE what LIKE ? ORDER BY seq", (what,))
    return [(row["by_id"], row["what"]) for row in rows]


@pytest.mark.parametrize("mark", [None, *ReviewMark])
@pytest.mark.parametrize("review", Review)
async def test_who_waits_is_what_the_guild_says(bot: Assembly, review: Review, mark: ReviewMark | None) -> None:
    await bot.database.write(lambda c: choose(c, review=review))
    job_id = await bot.generated()
    await bot.database.write(lambda c: c.execute("UPDATE jobs SET review_mark = ? WHERE job_id = ?", (mark, job_id)))
    await bot.drive(job_id, until=lambda job: job.status in {S.IN_REVIEW, S.DELIVERED})
    waits = review is Review.ALWAYS or (review is Review.NEW and mark is not None)
    assert (await bot.job(job_id)).status is (S.IN_REVIEW if waits else S.DELIVERED)
    assert bool(await cases.count_open(bot.database, GUILD_ID)) == waits


@pytest.mark.parametrize(
    ("days", "waits"),
    [(None, True), (0.0, True), (6.999, True), (7.0, False), (400.0, False)],
)
async def test_a_newcomers_pictures_wait_where_the_guild_wants_that(
    bot: Assembly, clock: FakeClock, days: float | None, waits: bool
) -> None:
    await bot.database.write(lambda c: choose(c, review=Review.NEW, new_member_days=7))
    joined_at = None if days is None else clock.now() - timedelta(days=days)
    job_id = await bot.wish(origin=make_origin(joined_at=joined_at))
    job = await bot.drive(job_id, until=lambda job: job.status in {S.IN_REVIEW, S.DELIVERED})
    assert (job.status is S.IN_REVIEW) == waits


async def test_what_waits_is_paid_for_kept_and_shown_to_nobody(bot: Assembly, clock: FakeClock) -> None:
    job, case = await in_review(bot)
    assert (case.kind, case.user_id, case.guild_id, case.is_open) == (CaseKind.REVIEW, USER_ID, GUILD_ID, True)
    assert case.expires_at == case.opened_at + timedelta(hours=72)
    assert card(bot, job).says is S.IN_REVIEW
    assert card(bot, job).gallery is None
    assert bot.delivery.calls["deliver"] == 0
    assert len(list((bot.spool_folder / job.job_id).iterdir())) == 2
    assert_paid_once(bot)
    assert bot.held_and_spent(Unit.IMAGE) == ({0}, {2})
    assert job.settled_micros == TWO_PICTURES
    assert bot.cases_told == 1
    with pytest.raises(PictureGone):
        await KeptPictures(database=bot.database, spool=bot.spool).of(job)


async def test_it_neither_asks_the_provider_nor_edits_the_card_while_it_waits(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    job, _ = await in_review(bot)
    polls, calls = len(pixazo.polls), bot.delivery.calls.total()
    for _ in range(5):
        step = await bot.step(job.job_id)
        assert isinstance(step, Later)
        assert (step.status, step.polls) == (S.IN_REVIEW, False)
        assert 0 < step.seconds <= 3600
        clock.advance(step.seconds)
    assert (len(pixazo.polls), bot.delivery.calls.total()) == (polls, calls)


async def test_what_is_approved_is_delivered_and_paid_once(bot: Assembly) -> None:
    job, case = await in_review(bot)
    await approve(bot, case)
    assert (await bot.job(job.job_id)).status is S.IN_REVIEW  # said, and not done yet
    done = await bot.drive(job.job_id)
    assert done.status is S.DELIVERED
    assert card(bot, job).says is S.DELIVERED
    assert len(card(bot, job).gallery or ()) == 2
    assert not list(bot.spool_folder.iterdir())
    assert_paid_once(bot)
    assert await audited(bot, "mod.review.%") == [(MODERATOR, "mod.review.approved")]
    assert bot.observer.counts["transition", "in_review>delivered"] == 1
    assert bot.observer.counts["latency", "picture"] == 0  # a moderator's time says nothing about the bot's


async def test_what_is_rejected_is_never_shown_and_stays_paid(bot: Assembly) -> None:
    job, case = await in_review(bot)
    await reject(bot, case)
    rejected = await bot.job(job.job_id)
    assert (rejected.status, rejected.reason) == (S.REJECTED, FailureReason.REJECTED_BY_MODERATOR)
    await bot.drive(job.job_id)
    assert card(bot, job).says is S.REJECTED
    assert card(bot, job).gallery is None
    assert not list(bot.spool_folder.iterdir())
    assert_paid_once(bot)
    assert await audited(bot, "mod.review.%") == [(MODERATOR, "mod.review.rejected")]
    assert await jobs.unfinished(bot.database) == []
    with pytest.raises(PictureGone):
        await KeptPictures(database=bot.database, spool=bot.spool).of(rejected)


@pytest.mark.parametrize("wish", Notify)
@pytest.mark.parametrize("end", ["approved", "rejected", "expired"])
async def test_the_author_is_told_as_they_want_it_and_once(
    bot: Assembly, clock: FakeClock, wish: Notify, end: str
) -> None:
    await bot.database.write(lambda c: members.set_notify(c, USER_ID, wish))
    job, case = await in_review(bot)
    assert card(bot, job).notices == 0
    clock.advance(600)
    match end:
        case "approved":
            await approve(bot, case)
        case "rejected":
            await reject(bot, case)
        case _:
            clock.advance(72 * 3600)
    await bot.drive(job.job_id)
    await bot.step(job.job_id)
    assert card(bot, job).notices == (0 if wish is Notify.NEVER else 1)


async def test_rejecting_and_suspending_is_one_thing(bot: Assembly) -> None:
    job, case = await in_review(bot)
    waiting = await bot.wish()
    done = await bot.case_book.reject_and_suspend(
        case.case_id, guild_id=GUILD_ID, by_id=MODERATOR, seconds=3600, reason="gore"
    )
    assert done.cancelled == (waiting,)
    assert (await bot.job(job.job_id)).status is S.REJECTED
    assert (await bot.job(waiting)).status is S.CANCELLED
    suspension = await suspensions.current(bot.database, guild_id=GUILD_ID, user_id=USER_ID, now=bot.clock.now())
    assert isinstance(suspension, Suspension)
    assert suspension.reason == "gore"
    assert suspension.until == from_ms(to_ms(bot.clock.now() + timedelta(hours=1)))
    await bot.drive(job.job_id)
    await bot.drive(waiting)
    assert_paid_once(bot)


async def test_who_is_too_late_suspends_nobody(bot: Assembly) -> None:
    _, case = await in_review(bot)
    await approve(bot, case)
    with pytest.raises(AlreadyDecided):
        await bot.case_book.reject_and_suspend(
            case.case_id, guild_id=GUILD_ID, by_id=OTHER_MODERATOR, seconds=None, reason=""
        )
    assert await suspensions.current(bot.database, guild_id=GUILD_ID, user_id=USER_ID, now=bot.clock.now()) is None


async def test_another_guild_and_another_kind_have_no_say(bot: Assembly) -> None:
    job, case = await in_review(bot)
    with pytest.raises(CaseGone):
        await bot.case_book.approve(case.case_id, guild_id=GUILD_ID + 1, by_id=MODERATOR)
    with pytest.raises(CaseGone):
        await bot.case_book.keep(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    with pytest.raises(CaseGone):
        await bot.case_book.approve(case.case_id + 1, guild_id=GUILD_ID, by_id=MODERATOR)
    strikes_case, _ = await bot.database.write(
        lambda c: cases.open_case(c, guild_id=GUILD_ID, kind=CaseKind.STRIKES, user_id=USER_ID, at=NOW)
    )
    with pytest.raises(CaseGone):
        await bot.case_book.reject(strikes_case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert (await bot.job(job.job_id)).status is S.IN_REVIEW
    assert (await case_of(bot, job.job_id)).is_open


@pytest.mark.parametrize("first", ["approve", "reject"])
async def test_of_two_moderators_at_once_one_does_it_and_the_other_is_told_who(bot: Assembly, first: str) -> None:
    job, case = await in_review(bot)
    calls = [approve(bot, case, MODERATOR), reject(bot, case, OTHER_MODERATOR)]
    if first == "reject":
        calls.reverse()
    results = await asyncio.gather(*calls, return_exceptions=True)
    decided = [result for result in results if isinstance(result, Case)]
    refused = [result for result in results if isinstance(result, AlreadyDecided)]
    assert (len(decided), len(refused)) == (1, 1)
    assert (refused[0].outcome, refused[0].by_id) == (decided[0].outcome, decided[0].decided_by)
    assert len(await audited(bot, "mod.review.%")) == 1
    done = await bot.drive(job.job_id)
    assert done.status is (S.DELIVERED if decided[0].outcome is CaseOutcome.APPROVED else S.REJECTED)
    assert_paid_once(bot)


class TestRunningOut:
    """A review that nobody answers ends by itself, to the second, and a moderator at that moment wins or does not."""

    async def test_it_ends_when_the_guild_says_and_not_before(self, bot: Assembly, clock: FakeClock) -> None:
        await bot.database.write(lambda c: choose(c, review_hours=2))
        job, case = await in_review(bot)
        assert case.expires_at is not None
        clock.advance((case.expires_at - clock.now()).total_seconds() - 1)
        step = await bot.step(job.job_id)
        assert isinstance(step, Later)
        assert step.seconds == pytest.approx(1.0)
        clock.advance(1)
        assert isinstance(await bot.step(job.job_id), Done)
        ended, over = await bot.job(job.job_id), await case_of(bot, job.job_id)
        assert (ended.status, ended.reason) == (S.EXPIRED, FailureReason.REVIEW_EXPIRED)
        assert (over.outcome, over.decided_by, over.decided_at) == (CaseOutcome.EXPIRED, 0, case.expires_at)
        assert card(bot, job).says is S.EXPIRED
        assert not list(bot.spool_folder.iterdir())
        assert_paid_once(bot)
        assert await audited(bot, "mod.review.%") == [(0, "mod.review.expired")]

    async def test_the_runner_ends_it_without_being_told(self, bot: Assembly, clock: FakeClock) -> None:
        await bot.runner.start()
        job_id = await bot.wish()
        await wait_until(lambda: bot.snapshot().jobs[0].status is S.EXPIRED, what="the end")
        case = await case_of(bot, job_id)
        assert case.expires_at is not None
        assert case.decided_at is not None
        assert timedelta(0) <= case.decided_at - case.expires_at < timedelta(seconds=2)
        await bot.runner.stop(within_seconds=5)

    async def test_it_ends_after_a_restart_too(
        self, tmp_path: Path, bot: Assembly, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        job, case = await in_review(bot)
        await bot.database.close()
        async with assembled(tmp_path, pixazo, channel, clock) as again:
            await again.runner.start()
            await wait_until(lambda: again.snapshot().jobs[0].status is S.EXPIRED, what="the end")
            now = await case_of(again, job.job_id)
            assert (now.case_id, now.outcome) == (case.case_id, CaseOutcome.EXPIRED)
            assert now.decided_at is not None
            assert case.expires_at is not None
            assert now.decided_at >= case.expires_at
            await again.runner.stop(within_seconds=5)

    async def test_a_later_setting_does_not_move_the_end(self, bot: Assembly, clock: FakeClock) -> None:
        job, case = await in_review(bot)
        await bot.database.write(lambda c: choose(c, review_hours=1))
        clock.advance(2 * 3600)
        assert isinstance(await bot.step(job.job_id), Later)
        assert (await case_of(bot, job.job_id)).expires_at == case.expires_at

    @pytest.mark.parametrize("moderator_first", [True, False])
    async def test_at_the_very_moment_one_of_both_wins(
        self, bot: Assembly, clock: FakeClock, moderator_first: bool
    ) -> None:
        job, case = await in_review(bot)
        assert case.expires_at is not None
        clock.advance((case.expires_at - clock.now()).total_seconds())
        calls = [approve(bot, case), bot.step(job.job_id)]
        if not moderator_first:
            calls.reverse()
        await asyncio.gather(*calls, return_exceptions=True)
        outcome = (await case_of(bot, job.job_id)).outcome
        done = await bot.drive(job.job_id)
        assert (outcome, done.status) in {(CaseOutcome.APPROVED, S.DELIVERED), (CaseOutcome.EXPIRED, S.EXPIRED)}
        assert len(await audited(bot, "mod.review.%")) == 1
        assert card(bot, job).says is done.status
        assert (card(bot, job).gallery is not None) == (done.status is S.DELIVERED)
        assert_paid_once(bot)

    async def test_a_moderator_between_the_look_and_the_end_wins(self, bot: Assembly, clock: FakeClock) -> None:
        """The step has read that the case is open; its write finds it decided, and moves nothing."""
        job, case = await in_review(bot)
        clock.advance(73 * 3600)
        reading = bot.database.fetch_one
        asked = 0

        async def approve_after_reading(*how: Any) -> Any:
            nonlocal asked
            row = await reading(*how)
            if "cases.kind" in how[0]:
                asked += 1
                if asked == 1:
                    await approve(bot, case)
            return row

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(bot.database, "fetch_one", approve_after_reading)
            step = await bot.step(job.job_id)
        assert step == Later(status=S.IN_REVIEW)
        assert (await bot.drive(job.job_id)).status is S.DELIVERED
        assert_paid_once(bot)


class TestFaults:
    async def test_an_approval_waits_for_discord_and_is_delivered(self, bot: Assembly) -> None:
        job, case = await in_review(bot)
        bot.delivery.fail("deliver", DeliveryUnavailable("away"), times=5)
        await approve(bot, case)
        assert (await bot.drive(job.job_id)).status is S.DELIVERED
        assert bot.delivery.calls["deliver"] == 6
        assert_paid_once(bot)

    async def test_an_approval_that_discord_never_takes_is_given_up_after_a_day_from_then(
        self, bot: Assembly, clock: FakeClock
    ) -> None:
        job, case = await in_review(bot)
        clock.advance(70 * 3600)
        bot.delivery.fail("deliver", DeliveryUnavailable("away"), times=10**4)
        await approve(bot, case)
        began = clock.now()
        done = await bot.drive(job.job_id)
        assert (done.status, done.reason) == (S.UNDELIVERABLE, FailureReason.CARD_GONE)
        assert clock.now() - began > timedelta(hours=24)

    async def test_a_card_that_was_deleted_leaves_the_approved_pictures_to_their_author(self, bot: Assembly) -> None:
        job, case = await in_review(bot)
        before = case.revision
        await approve(bot, case)
        bot.delivery.fail("deliver", CardGone("deleted"))
        done = await bot.drive(job.job_id)
        assert done.status is S.UNDELIVERABLE
        kept = await KeptPictures(database=bot.database, spool=bot.spool).of(done)
        assert len(kept.images) == 2
        assert_paid_once(bot)
        assert (await case_of(bot, job.job_id)).revision == before + 2  # decided, and what came of it

    async def test_a_card_that_was_deleted_while_nobody_approved_leaves_them_to_nobody(self, bot: Assembly) -> None:
        job, case = await in_review(bot)
        bot.channel.cards[job.job_id].deleted = True
        await reject(bot, case)
        done = await bot.drive(job.job_id)
        assert done.status is S.REJECTED
        assert not list(bot.spool_folder.iterdir())

    @pytest.mark.parametrize("approved", [False, True])
    async def test_pictures_that_were_lost_end_it_with_a_reason(self, bot: Assembly, approved: bool) -> None:
        job, case = await in_review(bot)
        bot.spool.drop(job.job_id)
        if approved:
            await approve(bot, case)
        done = await bot.drive(job.job_id)
        assert (done.status, done.reason) == (S.EXPIRED, FailureReason.PICTURES_LOST)
        over = await case_of(bot, job.job_id)
        assert over.outcome is (CaseOutcome.APPROVED if approved else CaseOutcome.EXPIRED)
        assert over.revision == (3 if approved else 2)  # its card has to say what became of it
        assert card(bot, job).says is S.EXPIRED
        assert bot.delivery.calls["deliver"] == 0
        assert_paid_once(bot)

    async def test_a_picture_that_was_tampered_with_is_not_shown(self, bot: Assembly) -> None:
        """Of the right size, and another picture: what is delivered is what the gate has seen."""
        job, case = await in_review(bot)
        path = next((bot.spool_folder / job.job_id).iterdir())
        path.write_bytes(b"x" * path.stat().st_size)
        await approve(bot, case)
        assert (await bot.drive(job.job_id)).reason == FailureReason.PICTURES_LOST
        assert card(bot, job).gallery is None

    async def test_a_card_that_can_not_be_changed_yet_says_later_that_it_waits(self, bot: Assembly) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("show", DeliveryUnavailable("away"), times=3)
        await bot.drive(job_id, until=lambda job: job.card_status is S.IN_REVIEW)
        assert bot.channel.cards[job_id].says is S.IN_REVIEW

    async def test_an_old_edit_that_comes_late_is_written_over(self, bot: Assembly, clock: FakeClock) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("show", DeliveryUnavailable("no answer"))
        bot.cards.announce(await bot.job(job_id))
        await asyncio.sleep(0)
        await bot.drive(job_id, until=lambda job: job.status is S.IN_REVIEW)
        step = await bot.step(job_id)
        assert isinstance(step, Later)
        assert 29 < step.seconds <= REPEAT_AFTER_SECONDS
        assert bot.channel.cards[job_id].says is S.IN_REVIEW
        shows = bot.delivery.calls["show"]
        clock.advance(step.seconds)
        await bot.step(job_id)
        await bot.step(job_id)
        assert bot.delivery.calls["show"] == shows + 1


async def test_a_removed_picture_is_not_put_before_moderators(bot: Assembly) -> None:
    job_id = await bot.generated()
    await bot.database.write(
        lambda c: c.execute("UPDATE jobs SET removed_at = ? WHERE job_id = ?", (to_ms(NOW), job_id))
    )
    assert (await bot.drive(job_id)).status is S.DELIVERED
    assert await cases.count_open(bot.database, GUILD_ID) == 0
    assert bot.channel.cards[job_id].gallery is None


async def test_removing_what_waits_refuses_it(bot: Assembly) -> None:
    job, _ = await in_review(bot)
    await bot.removal.remove(job.job_id, guild_id=GUILD_ID, by_id=MODERATOR)
    done = await bot.drive(job.job_id)
    assert done.status is S.REJECTED
    assert (await case_of(bot, job.job_id)).outcome is CaseOutcome.REJECTED
    assert not list(bot.spool_folder.iterdir())
    assert_paid_once(bot)


async def test_the_janitor_leaves_what_waits_and_takes_what_was_refused(
    bot: Assembly, clock: FakeClock, tmp_path: Path
) -> None:
    await bot.database.write(lambda c: choose(c, review_hours=144))
    job, case = await in_review(bot)
    cramped = Spool(bot.spool_folder, max_bytes=0)
    janitor = Janitor(
        database=bot.database,
        spool=cramped,
        set_aside=bot.set_aside,
        drafts=(drafts := Drafts(bot.database, tmp_path / "drafts", clock)),
        privacy=bot.privacy(drafts),
        clock=clock,
        retention=timedelta(days=1),
    )
    clock.advance(143 * 3600)
    await janitor.sweep()
    assert len(list((bot.spool_folder / job.job_id).iterdir())) == 2
    await approve(bot, case)
    assert (await bot.drive(job.job_id)).status is S.DELIVERED


async def test_a_job_in_review_takes_no_place_from_anybody(bot: Assembly, clock: FakeClock) -> None:
    clock.runs_ahead = False
    await bot.runner.start()
    job_id = await bot.wish()

    async def until(status: JobStatus) -> None:
        deadline = time.monotonic() + 10
        while (await bot.job(job_id)).status is not status:
            assert time.monotonic() < deadline
            clock.advance(0.5)
            await asyncio.sleep(0.001)

    await until(S.IN_REVIEW)
    await wait_until(lambda: bot.runner.at_work == 0, what="the end of the step")
    assert (bot.runner.in_flight, bot.runner.waiting) == (0, 1)
    assert await jobs.under_way(bot.database, guild_id=GUILD_ID, user_id=USER_ID) == []
    await approve(bot, await case_of(bot, job_id))
    await until(S.DELIVERED)


def waiting_since_before(connection: sqlite3.Connection, count: int) -> list[str]:
    """So many pictures that wait as an earlier process has left them, each with its case."""
    made = []
    for number in range(count):
        job = make_job(origin=make_origin(user_id=number + 1))
        jobs.record(connection, job, make_reservations(job), active_limit=10)
        jobs.store_card(connection, job.job_id, MESSAGE_ID + number)
        connection.execute(
            "UPDATE jobs SET status = 'in_review', request_id = ?, card_status = 'in_review' WHERE job_id = ?",
            (f"request {number}", job.job_id),
        )
        connection.execute(
            "INSERT INTO images SELECT job_no, 0, 'released', 'false', ?, ?, 1, 1, 'image/png', 0"
            " FROM jobs WHERE job_id = ?",
            (hashlib.sha256(PICTURE).hexdigest(), len(PICTURE), job.job_id),
        )
        cases.open_case(
            connection,
            guild_id=GUILD_ID,
            kind=CaseKind.REVIEW,
            user_id=number + 1,
            at=NOW,
            job_id=job.job_id,
            expires_at=NOW + timedelta(hours=72),
        )
        made.append(job.job_id)
    return made


async def left_by_an_earlier_process(bot: Assembly, count: int) -> list[str]:
    made = await bot.database.write(lambda c: waiting_since_before(c, count))
    for job_id in made:
        (bot.spool_folder / job_id).mkdir()
        (bot.spool_folder / job_id / "0.png").write_bytes(PICTURE)
    return made


async def test_a_thousand_that_wait_are_taken_up_again_at_once_and_without_a_call(
    tmp_path: Path,
    pixazo: PixazoStandIn,
    channel: Channel,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.runs_ahead = False  # nothing that has to wait, as a poll would, comes to its turn
    async with assembled(tmp_path, pixazo, channel, clock) as bot:
        made = await left_by_an_earlier_process(bot, 1000)
        looked_at: set[str] = set()
        advance = bot.pipeline.advance

        async def counted(job_id: str, *, has_turn: bool = False) -> Step:
            step = await advance(job_id, has_turn=has_turn)
            looked_at.add(job_id)
            return step

        monkeypatch.setattr(bot.pipeline, "advance", counted)
        began = time.monotonic()
        await bot.runner.start()
        await wait_until(lambda: len(looked_at) == 1000, what="a look at each of them")
        assert time.monotonic() - began < 5
        assert looked_at == set(made)
        assert (bot.runner.in_flight, bot.runner.at_work, bot.runner.waiting) == (0, 0, 1000)
        assert not pixazo.polls
        assert not bot.delivery.calls


async def test_approvals_that_discord_holds_up_hold_up_nobody_elses_submission(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    class Hanging(RecordingDelivery):
        async def deliver(self, *how: Any, **guild: Any) -> None:
            await asyncio.get_running_loop().create_future()

    async with assembled(tmp_path, pixazo, channel, clock, outside=Outside(delivery=Hanging)) as bot:
        for job_id in await left_by_an_earlier_process(bot, 40):
            await approve(bot, await case_of(bot, job_id))
        await bot.runner.start()
        await wait_until(lambda: bot.runner.at_work == 40, what="forty approvals under way")
        await bot.wish()
        await wait_until(lambda: len(pixazo.accepted()) == 1, what="the submission")

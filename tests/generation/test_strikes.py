"""Strikes and suspensions: what a refused prompt leads to, and what moderators do about a member."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from errors import AlreadyDecided, InvalidOption, NotAllowed, NothingToAppeal, PromptBlocked, Suspended
from generation.case_book import CaseBook
from models import FailureReason, JobStatus
from moderation import CaseKind, CaseOutcome, Suspension
from storage import cases
from storage.database import Database
from storage.reading import snapshot
from storage.strikes import StrikeCause
from tests.builders import GUILD_ID, USER_ID, make_origin
from tests.generation.striking import DISGUISED, MODERATOR, OTHER_MODERATOR, PROMPT, Desk
from tests.support import FakeClock


@pytest.fixture
def desk(database: Database, clock: FakeClock) -> Desk:
    return Desk(database, clock)


def over(refusal: PromptBlocked) -> tuple[int, bool, object]:
    return refusal.total, refusal.suspended, refusal.until


async def test_the_ladder_is_climbed_step_by_step(desk: Desk) -> None:
    spans = []
    for _ in range(5):
        at = desk.clock.now()
        refusal = await desk.blocked()
        held = await desk.suspension()
        spans.append(None if held is None else held.until and held.until - at)
        assert refusal.suspended == (held is not None)
        assert refusal.until == (held and held.until)
        assert refusal.weight == 1
        if held is not None and held.until is not None:
            desk.clock.advance((held.until - at).total_seconds())
    assert spans == [None, timedelta(hours=1), timedelta(days=1), timedelta(days=7), None]
    last = await desk.suspension()
    assert last is not None
    assert last.until is None
    assert last.by_strikes


async def test_the_end_of_the_ladder_is_the_moderators_to_decide(desk: Desk) -> None:
    await desk.choose(ladder=(-1,))
    assert over(await desk.blocked()) == (1, True, None)
    (case,) = await desk.open_cases()
    assert (case.kind, case.user_id, case.strike_id) == (CaseKind.STRIKES, USER_ID, None)
    assert desk.told == 1


async def test_nobody_ends_what_their_own_strikes_led_to_unless_they_manage_the_guild(desk: Desk) -> None:
    await desk.choose(ladder=(-1,))
    await desk.blocked()
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60, reason="spam")
    (case,) = await desk.open_cases()
    book = CaseBook(
        database=desk.database,
        strikes=desk.strikes,
        observer=desk.observer,
        clock=desk.clock,
        wake=desk.woken.append,
        told=lambda: None,
        answered=desk.answered.append,
    )
    with pytest.raises(NotAllowed):
        await book.lift(case.case_id, guild_id=GUILD_ID, by_id=USER_ID)
    assert await desk.open_cases() == [case]
    await book.lift(case.case_id, guild_id=GUILD_ID, by_id=USER_ID, may_manage=True)
    assert await desk.suspension() == Suspension(until=desk.clock.now() + timedelta(seconds=60), reason="spam")


async def test_what_moderators_have_decided_to_keep_is_not_asked_again(desk: Desk) -> None:
    await desk.choose(ladder=(-1,), strike_flagged=True)
    job = await desk.queued_job()
    await desk.move(job, JobStatus.QUEUED, JobStatus.SUBMITTING)
    await desk.blocked()
    (case,) = await desk.open_cases()
    await desk.database.write(
        lambda c: cases.decide(
            c, case.case_id, CaseOutcome.KEPT, guild_id=GUILD_ID, by_id=MODERATOR, at=desk.clock.now()
        )
    )
    assert await desk.flagged(job) is not None
    assert await desk.open_cases() == []


async def test_nothing_is_said_of_a_disguise_where_there_was_none(desk: Desk) -> None:
    await desk.blocked()
    assert [strike.reading for strike in await desk.all_strikes()] == [None]


async def test_the_refusal_names_the_category_and_the_strike_and_what_was_found_is_kept(desk: Desk) -> None:
    refusal = await desk.blocked(DISGUISED)
    assert isinstance(refusal, PromptBlocked)
    assert refusal.category == "violence"
    assert "badword" not in str(refusal)
    (strike,) = await desk.all_strikes()
    assert strike.strike_id == refusal.strike_id
    assert (strike.cause, strike.category, strike.term) == (StrikeCause.BLOCKED_PROMPT, "violence", "badword")
    assert (strike.reading, strike.prompt) == ("leet", PROMPT)


async def test_an_obvious_evasion_counts_double(desk: Desk) -> None:
    refusal = await desk.blocked(DISGUISED)
    assert (refusal.weight, refusal.total) == (2, 2)
    assert refusal.until == desk.clock.now() + timedelta(hours=1)
    desk.clock.advance(3600)
    refusal = await desk.blocked(DISGUISED)
    assert (refusal.total, refusal.until) == (4, desk.clock.now() + timedelta(days=7))


async def test_strikes_stop_counting_after_the_guilds_days(desk: Desk) -> None:
    await desk.choose(strike_days=10, ladder=(0, 60, 3600))
    await desk.blocked()
    desk.clock.advance(10 * 86400 - 1)
    assert (await desk.blocked()).total == 2
    desk.clock.advance(61)
    assert over(await desk.blocked()) == (2, True, desk.clock.now() + timedelta(seconds=60))
    desk.clock.advance(11 * 86400)
    assert over(await desk.blocked()) == (1, False, None)


async def test_strikes_of_others_and_elsewhere_count_for_themselves(desk: Desk) -> None:
    await desk.blocked()
    assert (await desk.blocked(user_id=USER_ID + 1)).total == 1
    assert (await desk.blocked(origin=make_origin(guild_id=GUILD_ID + 1))).total == 1
    assert (await desk.blocked()).total == 2


async def test_a_guild_without_strikes_keeps_what_weighs_nothing(desk: Desk) -> None:
    await desk.choose(strikes=False, ladder=(-1,))
    for _ in range(3):
        refusal = await desk.blocked(DISGUISED)
        assert (refusal.weight, refusal.total, refusal.suspended) == (0, 0, False)
        assert refusal.strike_id is not None
    assert await desk.suspension() is None
    assert [strike.weight for strike in await desk.all_strikes()] == [0, 0, 0]
    assert await desk.log("mod.strike") == []
    await desk.choose(strikes=True)
    assert (await desk.blocked()).total == 1


async def test_a_guild_that_takes_no_appeals_gives_nothing_to_appeal(desk: Desk) -> None:
    await desk.choose(appeals_per_day=0)
    assert (await desk.blocked()).strike_id is None


async def test_the_same_request_gets_one_strike_however_often_it_comes(desk: Desk) -> None:
    origin = make_origin()
    await desk.blocked()
    first = await desk.blocked(origin=origin)
    second = await desk.blocked(origin=origin)
    assert (second.strike_id, over(second)) == (first.strike_id, over(first))
    assert len(await desk.all_strikes()) == 2
    assert len(await desk.log("mod.strike")) == 2


async def test_the_same_request_at_once_gets_one_strike(desk: Desk) -> None:
    origin = make_origin()
    refusals = await asyncio.gather(*(desk.blocked(origin=origin) for _ in range(20)))
    assert {refusal.strike_id for refusal in refusals} == {refusals[0].strike_id}
    assert [strike.weight for strike in await desk.all_strikes()] == [1]


async def test_fifty_at_once_are_as_if_one_after_another(desk: Desk) -> None:
    refusals = await asyncio.gather(*(desk.blocked() for _ in range(50)))
    blocked = [refusal for refusal in refusals if isinstance(refusal, PromptBlocked)]
    assert [over(refusal) for refusal in blocked] == [
        (1, False, None),
        (2, True, desk.clock.now() + timedelta(hours=1)),
    ]
    assert {type(refusal) for refusal in refusals[2:]} == {Suspended}
    assert len(await desk.all_strikes()) == 2


async def test_fifty_at_once_of_warnings_are_counted_each(desk: Desk) -> None:
    await desk.choose(ladder=(0,) * 49 + (60,))
    refusals = await asyncio.gather(*(desk.blocked() for _ in range(50)))
    assert sorted(refusal.total for refusal in refusals) == list(range(1, 51))
    assert sum(refusal.suspended for refusal in refusals) == 1
    lines = await desk.log("mod.strike")
    assert [(line.before, line.after) for line in lines] == [(str(n), str(n + 1)) for n in range(50)]


async def test_each_strike_and_suspension_stands_in_the_log_without_the_prompt_or_the_term(desk: Desk) -> None:
    await desk.blocked()
    await desk.blocked()
    lines = await desk.log()
    assert [(line.what, line.by_id, line.subject_id) for line in lines] == [
        ("mod.strike", 0, USER_ID),
        ("mod.strike", 0, USER_ID),
        ("mod.suspend", 0, USER_ID),
    ]
    until = desk.clock.now() + timedelta(hours=1)
    assert (lines[2].before, lines[2].after) == (None, until.isoformat())
    assert all("badword" not in f"{line.before}{line.after}{line.reason}" for line in lines)


async def test_a_strike_never_shortens_what_a_moderator_decided(desk: Desk) -> None:
    job_ids = (await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=None, reason="spam")).cancelled
    assert job_ids == ()
    refusal = await desk.blocked(DISGUISED)
    assert isinstance(refusal, Suspended)
    assert (refusal.until, refusal.reason, refusal.by_strikes) == (None, "spam", False)


async def test_a_shorter_step_never_shortens_the_one_before(desk: Desk) -> None:
    await desk.choose(ladder=(604800, 60), strike_flagged=True)
    job = await desk.queued_job()
    await desk.move(job, JobStatus.QUEUED, JobStatus.SUBMITTING)
    first = await desk.blocked()
    assert await desk.flagged(job) is not None
    held = await desk.suspension()
    assert held == Suspension(until=first.until)
    assert len(await desk.all_strikes()) == 2


async def test_suspending_ends_the_jobs_that_wait_and_releases_their_money(desk: Desk) -> None:
    waiting = [await desk.queued_job() for _ in range(3)]
    submitting, submitted = await desk.queued_job(), await desk.queued_job()
    others = [await desk.queued_job(user_id=USER_ID + 1), await desk.queued_job(guild_id=GUILD_ID + 1)]
    await desk.move(submitting, JobStatus.QUEUED, JobStatus.SUBMITTING)
    await desk.move(submitted, JobStatus.QUEUED, JobStatus.SUBMITTING)
    await desk.move(submitted, JobStatus.SUBMITTING, JobStatus.SUBMITTED, request_id="r1")

    done = await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=3600, reason=" spam ")

    assert done.cancelled == tuple(job.job_id for job in waiting)
    assert desk.woken == list(done.cancelled)
    assert desk.observer.counts["transition", "queued>cancelled"] == 3
    for job in waiting:
        ended = await desk.job(job)
        assert (ended.status, ended.reason) == (JobStatus.CANCELLED, FailureReason.SUSPENDED)
    assert (await desk.job(submitting)).status is JobStatus.SUBMITTING
    assert (await desk.job(submitted)).status is JobStatus.SUBMITTED
    assert {(await desk.job(job)).status for job in others} == {JobStatus.QUEUED}


async def test_the_money_of_jobs_that_a_strike_ends_is_free_again(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    job, submitted = await desk.queued_job(), await desk.queued_job()
    await desk.move(submitted, JobStatus.QUEUED, JobStatus.SUBMITTING)
    held = {balance.account: balance.pending for balance in snapshot(path).balances}
    await desk.choose(ladder=(60,))
    await desk.blocked()
    after = snapshot(path)
    assert {balance.account: balance.pending * 2 for balance in after.balances} == held
    assert {balance.posted for balance in after.balances} == {0}
    assert after.findings == ()
    assert desk.woken == [job.job_id]


async def test_what_a_moderator_says_takes_the_place_of_what_moderators_said(desk: Desk) -> None:
    first = await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=None, reason="a")
    second = await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_MODERATOR, seconds=60, reason="b")
    assert first.before is None
    assert second.before == Suspension(until=None, reason="a")
    assert second.holds == Suspension(until=desk.clock.now() + timedelta(seconds=60), reason="b")
    lines = await desk.log("mod.suspend")
    assert [(line.by_id, line.before, line.after, line.reason) for line in lines] == [
        (MODERATOR, None, "until lifted", "a"),
        (OTHER_MODERATOR, "until lifted", (desk.clock.now() + timedelta(seconds=60)).isoformat(), "b"),
    ]


async def test_what_strikes_have_led_to_holds_where_it_is_longer(desk: Desk) -> None:
    await desk.choose(ladder=(86400,))
    await desk.blocked()
    done = await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60, reason="b")
    assert done.holds.by_strikes
    assert done.holds.until == desk.clock.now() + timedelta(days=1)


async def test_a_reason_that_is_too_long_is_refused_with_nothing_done(desk: Desk) -> None:
    with pytest.raises(InvalidOption):
        await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60, reason="x" * 201)
    assert await desk.suspension() is None


async def test_of_two_moderators_who_lift_it_at_once_one_does(desk: Desk) -> None:
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=None)
    lifted = await asyncio.gather(*(desk.strikes.lift(GUILD_ID, USER_ID, by_id=by) for by in (1, 2, 3)))
    assert [suspension is not None for suspension in lifted] == [True, False, False]
    assert [line.by_id for line in await desk.log("mod.unsuspend")] == [1]


async def test_lifting_ends_both_kinds_and_strikes_go_on_counting(desk: Desk) -> None:
    await desk.choose(ladder=(86400, 172800))
    await desk.blocked()
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=None)
    assert await desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR) == Suspension(until=None)
    assert await desk.suspension() is None
    assert (await desk.blocked()).until == desk.clock.now() + timedelta(days=2)


async def test_only_what_was_shown_is_lifted(desk: Desk) -> None:
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60)
    shown = await desk.suspension()
    assert shown is not None
    desk.clock.advance(1)
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_MODERATOR, seconds=None, reason="worse")
    assert await desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR, made_by=shown.at) is None
    assert await desk.suspension() == Suspension(until=None, reason="worse")


async def test_lifting_by_hand_decides_what_waited_for_it(desk: Desk) -> None:
    await desk.choose(ladder=(-1,))
    await desk.blocked()
    appeal = await desk.appeals.appeal(GUILD_ID, USER_ID, None, "it was a mistake")
    (case, _) = await desk.open_cases()
    await desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR)
    assert await desk.open_cases() == []
    decided = [await cases.find(desk.database, number) for number in (case.case_id, appeal.case_id)]
    assert [(one.outcome, one.decided_by) for one in decided if one] == [
        (CaseOutcome.LIFTED, MODERATOR),
        (CaseOutcome.GRANTED, MODERATOR),
    ]
    assert desk.answered == [case.case_id, appeal.case_id]


async def test_lifting_a_strike_ends_what_it_alone_led_to(desk: Desk) -> None:
    await desk.blocked()
    refusal = await desk.blocked()
    assert refusal.suspended
    lifted = await desk.strikes.lift_strike(GUILD_ID, refusal.strike_id, by_id=MODERATOR)
    assert lifted.strike_id == refusal.strike_id
    assert await desk.suspension() is None
    assert [strike.lifted_by for strike in await desk.all_strikes()] == [None, MODERATOR]
    assert (await desk.blocked()).total == 2


async def test_lifting_an_early_strike_leaves_what_the_others_justify(desk: Desk) -> None:
    await desk.choose(ladder=(0, 3600, 86400))
    first = await desk.blocked()
    await desk.blocked()
    await desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR)
    third_at = desk.clock.now() + timedelta(seconds=5)
    desk.clock.advance(5)
    assert (await desk.blocked()).until == third_at + timedelta(days=1)
    await desk.strikes.lift_strike(GUILD_ID, first.strike_id, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=third_at + timedelta(hours=1))


async def test_lifting_a_strike_brings_nothing_back_that_moderators_lifted(desk: Desk) -> None:
    await desk.choose(ladder=(86400, 604800))
    await desk.blocked()
    await desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR)
    desk.clock.advance(1)
    second = await desk.blocked()
    await desk.strikes.lift_strike(GUILD_ID, second.strike_id, by_id=MODERATOR)
    assert await desk.suspension() is None


async def test_lifting_a_strike_leaves_a_moderators_own_suspension(desk: Desk) -> None:
    await desk.choose(ladder=(86400,))
    refusal = await desk.blocked()
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60, reason="spam")
    await desk.strikes.lift_strike(GUILD_ID, refusal.strike_id, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=desk.clock.now() + timedelta(seconds=60), reason="spam")


async def test_a_changed_ladder_never_makes_a_suspension_longer_when_a_strike_is_lifted(desk: Desk) -> None:
    await desk.choose(ladder=(0, 3600, 3600))
    first = await desk.blocked()
    second = await desk.blocked()
    await desk.choose(ladder=(604800, 604800))
    await desk.strikes.lift_strike(GUILD_ID, first.strike_id, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=second.until)


async def test_of_two_moderators_who_lift_a_strike_at_once_one_does_and_the_other_is_told(desk: Desk) -> None:
    refusal = await desk.blocked()
    results = await asyncio.gather(
        *(desk.strikes.lift_strike(GUILD_ID, refusal.strike_id, by_id=by) for by in (1, 2)), return_exceptions=True
    )
    assert isinstance(results[1], AlreadyDecided)
    assert (results[1].outcome, results[1].by_id) == ("lifted", 1)
    lines = await desk.log("mod.strike.lift")
    assert [(line.by_id, line.before, line.after) for line in lines] == [(1, "1", "0")]


async def test_another_guilds_or_members_strike_is_none_to_lift(desk: Desk) -> None:
    refusal = await desk.blocked()
    with pytest.raises(NothingToAppeal):
        await desk.strikes.lift_strike(GUILD_ID + 1, refusal.strike_id, by_id=MODERATOR)
    with pytest.raises(NothingToAppeal):
        await desk.strikes.lift_strike(GUILD_ID, refusal.strike_id, by_id=MODERATOR, of_member=USER_ID + 1)
    assert [strike.lifted_at for strike in await desk.all_strikes()] == [None]


async def test_lifting_the_strike_that_moderators_were_to_decide_on_decides_it(desk: Desk) -> None:
    await desk.choose(ladder=(0, -1))
    await desk.blocked()
    second = await desk.blocked()
    await desk.strikes.lift_strike(GUILD_ID, second.strike_id, by_id=MODERATOR)
    assert await desk.suspension() is None
    assert await desk.open_cases() == []


async def test_a_suspension_that_ends_by_itself_after_all_is_no_longer_moderators_to_decide(desk: Desk) -> None:
    await desk.choose(ladder=(0, 3600, -1))
    first = await desk.blocked()
    await desk.blocked()
    desk.clock.advance(3600)
    await desk.blocked()
    assert len(await desk.open_cases()) == 1
    await desk.strikes.lift_strike(GUILD_ID, first.strike_id, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=desk.clock.now() + timedelta(hours=1))
    assert await desk.open_cases() == []


async def test_the_sheet_says_what_counts_and_what_comes_next(desk: Desk) -> None:
    await desk.choose(strike_days=10)
    await desk.blocked()
    desk.clock.advance(10 * 86400)
    lifted = await desk.blocked()
    await desk.strikes.lift_strike(GUILD_ID, lifted.strike_id, by_id=MODERATOR)
    await desk.blocked()
    sheet = await desk.strikes.of_member(GUILD_ID, USER_ID)
    assert [sheet.is_live(strike) for strike in sheet.strikes] == [True, False, False]
    assert (sheet.count, sheet.total, sheet.next_step, sheet.suspension) == (3, 1, 3600, None)


async def test_the_sheet_is_paged_newest_first(desk: Desk) -> None:
    await desk.choose(ladder=(0,))
    for _ in range(14):
        await desk.blocked()
    pages = [await desk.strikes.of_member(GUILD_ID, USER_ID, number=number) for number in (0, 1, 2, 3, 4)]
    assert [page.number for page in pages] == [1, 1, 2, 3, 3]
    numbers = [strike.strike_id for page in pages[1:4] for strike in page.strikes]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 14

"""Appeals: of one's own strike or suspension, once each and so many a day, and what a moderator's word does."""

import asyncio
from datetime import timedelta

import pytest

from errors import AlreadyDecided, CaseGone, InvalidOption, NotAllowed, NothingToAppeal, TooManyAppeals
from generation.appeals import AppealAnswer, AppealAnswers
from moderation import CaseKind, CaseOutcome, Suspension
from storage import strikes
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID, choose
from tests.generation.striking import MODERATOR, OTHER_MODERATOR, Desk
from tests.support import FakeClock


@pytest.fixture
def desk(database: Database, clock: FakeClock) -> Desk:
    return Desk(database, clock)


class Told:
    """Keeps what members are told."""

    def __init__(self) -> None:
        self.answers: list[AppealAnswer] = []

    async def answer(self, answer: AppealAnswer) -> None:
        self.answers.append(answer)


async def told_of(desk: Desk, case_id: int) -> list[AppealAnswer]:
    told = Told()
    await AppealAnswers(database=desk.database, delivery=told, clock=desk.clock).tell(case_id)
    return told.answers


async def struck(desk: Desk) -> int:
    """The number of a new strike of the member's."""
    refusal = await desk.blocked()
    strike_id: int = refusal.strike_id
    return strike_id


async def test_an_appeal_is_a_case_with_the_members_words(desk: Desk) -> None:
    strike_id = await struck(desk)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "  it is a bird's name\n")
    assert (case.kind, case.user_id, case.strike_id) == (CaseKind.APPEAL, USER_ID, strike_id)
    assert case.words == "it is a bird's name"
    assert desk.told == 1
    assert await desk.open_cases() == [case]


@pytest.mark.parametrize("words", ["", "  \n ", "\u200b", "x" * 1001, "a\x00b"])
async def test_words_that_are_none_or_too_many_are_refused(desk: Desk, words: str) -> None:
    strike_id = await struck(desk)
    with pytest.raises(InvalidOption):
        await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, words)
    assert await desk.open_cases() == []


async def test_each_strike_can_be_appealed_once_whatever_came_of_it(desk: Desk) -> None:
    strike_id = await struck(desk)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please")
    for _ in range(2):
        with pytest.raises(NothingToAppeal) as refused:
            await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please again")
        assert refused.value.why == "appealed"
        if not (await desk.open_cases()):
            break
        await desk.appeals.deny(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)


async def test_of_many_appeals_at_once_of_one_strike_one_is_kept(desk: Desk) -> None:
    strike_id = await struck(desk)
    results = await asyncio.gather(
        *(desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please") for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, NothingToAppeal) for result in results) == 9
    assert len(await desk.open_cases()) == 1


@pytest.mark.parametrize("whose", [(GUILD_ID, USER_ID + 1), (GUILD_ID + 1, USER_ID)])
async def test_another_members_strike_is_nobody_elses_to_appeal(desk: Desk, whose: tuple[int, int]) -> None:
    strike_id = await struck(desk)
    with pytest.raises(NothingToAppeal) as refused:
        await desk.appeals.appeal(*whose, strike_id, "please")
    assert refused.value.why == "gone"


async def test_a_strike_that_is_not_there_or_lifted_or_forgotten_can_not_be_appealed(desk: Desk) -> None:
    lifted, forgotten = await struck(desk), await struck(desk)
    await desk.strikes.lift_strike(GUILD_ID, lifted, by_id=MODERATOR)
    desk.clock.advance(60)
    await desk.database.write(lambda c: strikes.forget_prompts(c, before=desk.clock.now()))
    for strike_id, why in ((lifted, "lifted"), (forgotten, "gone"), (10**6, "gone")):
        with pytest.raises(NothingToAppeal) as refused:
            await desk.appeals.check(GUILD_ID, USER_ID, strike_id)
        assert refused.value.why == why


async def test_so_many_appeals_a_day_and_then_no_more(desk: Desk) -> None:
    await desk.choose(appeals_per_day=2, ladder=(0,))
    first_at = desk.clock.now()
    numbers = [await struck(desk) for _ in range(4)]
    await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[0], "please")
    desk.clock.advance(3600)
    await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[1], "please")
    with pytest.raises(TooManyAppeals) as refused:
        await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[2], "please")
    assert (refused.value.limit, refused.value.renews_at) == (2, first_at + timedelta(days=1))
    desk.clock.advance(23 * 3600)
    await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[2], "please")
    with pytest.raises(TooManyAppeals) as refused:
        await desk.appeals.check(GUILD_ID, USER_ID, numbers[3])
    assert refused.value.renews_at == first_at + timedelta(hours=25)


async def test_a_limit_that_was_lowered_says_when_there_is_room_again(desk: Desk) -> None:
    await desk.choose(ladder=(0,))
    numbers = [await struck(desk) for _ in range(3)]
    await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[0], "please")
    desk.clock.advance(3600)
    await desk.appeals.appeal(GUILD_ID, USER_ID, numbers[1], "please")
    await desk.choose(appeals_per_day=1)
    with pytest.raises(TooManyAppeals) as refused:
        await desk.appeals.check(GUILD_ID, USER_ID, numbers[2])
    assert refused.value.renews_at == desk.clock.now() + timedelta(days=1)


async def test_the_limit_holds_for_many_at_once(desk: Desk) -> None:
    await desk.choose(appeals_per_day=3, ladder=(0,))
    numbers = [await struck(desk) for _ in range(10)]
    results = await asyncio.gather(
        *(desk.appeals.appeal(GUILD_ID, USER_ID, number, "please") for number in numbers), return_exceptions=True
    )
    assert [type(result) for result in results[3:]] == [TooManyAppeals] * 7
    assert len(await desk.open_cases()) == 3


async def test_a_guild_that_takes_no_appeals_refuses_every_one(desk: Desk) -> None:
    strike_id = await struck(desk)
    await desk.choose(appeals_per_day=0)
    with pytest.raises(TooManyAppeals) as refused:
        await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please")
    assert refused.value.limit == 0


async def test_a_granted_appeal_lifts_the_strike_and_what_it_led_to(desk: Desk) -> None:
    await desk.choose(ladder=(3600,))
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    decided = await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert (decided.outcome, decided.decided_by) == (CaseOutcome.GRANTED, MODERATOR)
    assert await desk.suspension() is None
    assert [strike.lifted_by for strike in await desk.all_strikes()] == [MODERATOR]
    assert desk.answered == [case.case_id]
    names = [line.what for line in await desk.log()]
    assert names == ["mod.strike", "mod.suspend", "mod.appeal.granted", "mod.strike.lift", "mod.unsuspend"]


async def test_a_granted_appeal_leaves_what_a_moderator_decided(desk: Desk) -> None:
    strike_id = await struck(desk)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please")
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_MODERATOR, seconds=None, reason="spam")
    await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=None, reason="spam")
    (answer,) = await told_of(desk, case.case_id)
    assert (answer.granted, answer.of_strike, answer.suspension) == (True, True, Suspension(until=None, reason="spam"))


async def test_a_denied_appeal_leaves_everything(desk: Desk) -> None:
    await desk.choose(ladder=(3600,))
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    decided = await desk.appeals.deny(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert decided.outcome is CaseOutcome.DENIED
    assert await desk.suspension() is not None
    assert [strike.lifted_at for strike in await desk.all_strikes()] == [None]
    (answer,) = await told_of(desk, case.case_id)
    assert (answer.granted, answer.user_id) == (False, USER_ID)


async def test_of_two_moderators_at_once_one_decides_and_the_other_is_told(desk: Desk) -> None:
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    results = await asyncio.gather(
        desk.appeals.deny(case.case_id, guild_id=GUILD_ID, by_id=1),
        desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=2),
        return_exceptions=True,
    )
    assert isinstance(results[1], AlreadyDecided)
    assert (results[1].outcome, results[1].by_id) == ("denied", 1)
    assert [strike.lifted_at for strike in await desk.all_strikes()] == [None]


async def test_nobody_grants_their_own_appeal_unless_they_manage_the_guild(desk: Desk) -> None:
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    with pytest.raises(NotAllowed):
        await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=USER_ID)
    assert await desk.open_cases() == [case]
    assert [strike.lifted_at for strike in await desk.all_strikes()] == [None]
    assert desk.answered == []
    await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=USER_ID, may_manage=True)
    assert [strike.lifted_by for strike in await desk.all_strikes()] == [USER_ID]


async def test_another_guilds_case_is_none(desk: Desk) -> None:
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    with pytest.raises(CaseGone):
        await desk.appeals.grant(case.case_id, guild_id=GUILD_ID + 1, by_id=MODERATOR)
    assert await desk.open_cases() == [case]


async def test_a_suspension_can_be_appealed_once_and_a_new_one_again(desk: Desk) -> None:
    with pytest.raises(NothingToAppeal) as refused:
        await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")
    assert refused.value.why == "over"
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")
    await desk.appeals.deny(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    with pytest.raises(NothingToAppeal) as refused:
        await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")
    assert refused.value.why == "appealed"
    desk.clock.advance(60)
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=60)
    await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")


async def test_a_strikes_appeal_and_the_suspensions_are_two_cases(desk: Desk) -> None:
    await desk.choose(ladder=(3600,))
    of_strike = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "not a bad word")
    of_suspension = await desk.appeals.appeal(GUILD_ID, USER_ID, None, "too long")
    assert of_strike.case_id != of_suspension.case_id
    assert of_suspension.strike_id is None


async def test_granting_the_suspensions_appeal_leaves_what_came_after_it(desk: Desk) -> None:
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=3600)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")
    desk.clock.advance(1)
    await desk.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_MODERATOR, seconds=None, reason="worse")
    await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert await desk.suspension() == Suspension(until=None, reason="worse")


async def test_granting_the_suspensions_appeal_ends_it(desk: Desk) -> None:
    await desk.choose(ladder=(-1,))
    await struck(desk)
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, None, "please")
    await desk.appeals.grant(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert await desk.suspension() is None
    assert await desk.open_cases() == []
    assert len(desk.answered) == 2
    assert [answer.of_strike for number in desk.answered for answer in await told_of(desk, number)] == [False]


async def test_nobody_is_told_of_what_is_not_decided_or_no_appeal(desk: Desk) -> None:
    await desk.choose(ladder=(-1,))
    strike_id = await struck(desk)
    (of_strikes,) = await desk.open_cases()
    appeal = await desk.appeals.appeal(GUILD_ID, USER_ID, strike_id, "please")
    for case_id in (of_strikes.case_id, appeal.case_id, 10**6):
        assert await told_of(desk, case_id) == []


@pytest.mark.parametrize(("language", "expected"), [("auto", None), ("de", "de")])
async def test_members_are_answered_in_the_guilds_language(desk: Desk, language: str, expected: str | None) -> None:
    case = await desk.appeals.appeal(GUILD_ID, USER_ID, await struck(desk), "please")
    await desk.database.write(lambda connection: choose(connection, language=language))
    await desk.appeals.deny(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    (answer,) = await told_of(desk, case.case_id)
    assert answer.language == expected

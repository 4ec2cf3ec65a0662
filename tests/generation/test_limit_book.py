"""Setting caps and granting more: the rules, who changed what, and two who change the same at once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from errors import CapChanged, InvalidOption, StorageUnavailable
from generation import policy
from generation.limit_book import IMAGES_MAX, MICROS_MAX, LimitBook
from limits import Caps, HoldingCap, LimitKind, LimitName, holding
from models import Settlement, Unit
from storage import guilds, jobs, ledger
from storage.database import Database
from storage.limits import read
from tests.builders import GUILD_ID, NOW, PRICE_MICROS, USER_ID, make_job, make_request
from tests.support import FakeClock

DOLLAR = 1_000_000
DEFAULTS = Caps(
    user_daily_images=20,
    user_monthly_micros=5 * DOLLAR,
    guild_daily_micros=10 * DOLLAR,
    guild_monthly_micros=50 * DOLLAR,
    global_monthly_micros=200 * DOLLAR,
)
MIA, NOA = 71, 72
ROLE, CHANNEL = 81, 91
IMAGES, MONEY = LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS
DAY, MONTH = LimitName.GUILD_DAILY_MICROS, LimitName.GUILD_MONTHLY_MICROS
EVERYBODYS = LimitName.GLOBAL_MONTHLY_MICROS
G, R, C, M = LimitKind.GUILD, LimitKind.ROLE, LimitKind.CHANNEL, LimitKind.MEMBER


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def book(database: Database, clock: FakeClock) -> LimitBook:
    return LimitBook(database, DEFAULTS, clock)


async def nothing_changed(book: LimitBook) -> bool:
    view = await book.of_guild(GUILD_ID)
    return not view.limits and await book.history(GUILD_ID) == await book.history(0) == ()


@pytest.mark.parametrize(
    ("kind", "subject_id", "name", "value"),
    [
        (G, 0, IMAGES, 0),
        (G, 0, IMAGES, IMAGES_MAX),
        (G, 0, MONEY, MICROS_MAX),
        (G, 0, DAY, 10 * DOLLAR),
        (G, 0, MONTH, 0),
        (R, ROLE, IMAGES, 50),
        (R, ROLE, MONEY, 1),
        (C, CHANNEL, IMAGES, 3),
        (C, CHANNEL, MONEY, 0),
        (M, USER_ID, IMAGES, 100),
        (M, USER_ID, MONEY, 7 * DOLLAR),
    ],
)
async def test_every_cap_can_be_set_and_taken_back_and_both_are_written_down(
    book: LimitBook, kind: LimitKind, subject_id: int, name: LimitName, value: int
) -> None:
    assert await book.set(GUILD_ID, kind, subject_id, name, value, by_id=MIA, reason=" because ") == (None, value)
    view = await book.of_guild(GUILD_ID)
    assert view.own(kind, subject_id, name) == value
    [change] = await book.history(GUILD_ID)
    assert (change.by_id, change.at, change.before, change.after) == (MIA, NOW, None, str(value))
    assert change.reason == "because"
    key = (kind, subject_id, name)
    assert await book.last_changes(GUILD_ID, [key, (M, 1, IMAGES)]) == {key: change}
    assert view.subjects() == (() if kind is G else ((kind, subject_id),))
    assert await book.set(GUILD_ID, kind, subject_id, name, None, by_id=NOA) == (value, None)
    assert (await book.of_guild(GUILD_ID)).own(kind, subject_id, name) is None
    assert [(line.by_id, line.after) for line in await book.history(GUILD_ID)] == [(NOA, None), (MIA, str(value))]


async def test_a_guilds_caps_are_its_own_and_no_other_guilds(book: LimitBook) -> None:
    await book.set(GUILD_ID, G, 0, IMAGES, 3, by_id=MIA)
    other = await book.of_guild(GUILD_ID + 1)
    assert (other.limits, await book.history(GUILD_ID + 1)) == ({}, ())
    assert await book.last_changes(GUILD_ID + 1, [(G, 0, IMAGES)]) == {}


async def test_the_guilds_cap_has_no_subject_whoever_is_named(book: LimitBook) -> None:
    await book.set(GUILD_ID, G, 12345, IMAGES, 3, by_id=MIA)
    assert (await book.of_guild(GUILD_ID)).holding(IMAGES) == HoldingCap(value=3, kind=G)


@pytest.mark.parametrize(
    ("kind", "name", "option", "problem"),
    [
        (R, DAY, "cap", "only_for_server"),
        (C, MONTH, "cap", "only_for_server"),
        (M, DAY, "cap", "only_for_server"),
        (M, EVERYBODYS, "cap", "not_a_choice"),
        (G, EVERYBODYS, "cap", "not_a_choice"),
        (LimitKind.OPERATOR, EVERYBODYS, "cap", "not_a_choice"),
        (LimitKind.OPERATOR, IMAGES, "cap", "not_a_choice"),
        (LimitKind.CEILING, DAY, "cap", "not_a_choice"),
    ],
)
async def test_a_cap_that_admins_do_not_have_is_refused(
    book: LimitBook, kind: LimitKind, name: LimitName, option: str, problem: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        await book.set(GUILD_ID, kind, ROLE, name, 1, by_id=MIA)
    assert (caught.value.option, caught.value.problem) == (option, problem)
    assert await nothing_changed(book)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (IMAGES, -1, "negative"),
        (MONEY, -1, "negative"),
        (IMAGES, IMAGES_MAX + 1, "out_of_range"),
        (IMAGES, 2**70, "out_of_range"),
        (MONEY, MICROS_MAX + 1, "amount_too_high"),
        (MONTH, 2**70, "amount_too_high"),
        (IMAGES, 2.5, "not_whole"),
        (IMAGES, True, "not_whole"),
        (IMAGES, "3", "not_whole"),
        (MONEY, 2.0, "no_amount"),
        (MONEY, float("nan"), "no_amount"),
        (DAY, 10 * DOLLAR + 1, "above_ceiling"),
        (MONTH, 50 * DOLLAR + 1, "above_ceiling"),
    ],
)
async def test_a_value_that_no_cap_can_have_is_refused(
    book: LimitBook, name: LimitName, value: Any, problem: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        await book.set(GUILD_ID, G, 0, name, value, by_id=MIA)
    assert (caught.value.option, caught.value.problem) == ("value", problem)
    assert await nothing_changed(book)


@pytest.mark.parametrize(("reason", "problem"), [("x" * 201, "too_long"), ("a\x00b", "control_characters")])
async def test_a_reason_that_can_not_be_shown_is_refused(book: LimitBook, reason: str, problem: str) -> None:
    for change in (
        book.set(GUILD_ID, G, 0, IMAGES, 1, by_id=MIA, reason=reason),
        book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=1, by_id=MIA, reason=reason),
    ):
        with pytest.raises(InvalidOption, match=problem):
            await change
    assert await nothing_changed(book)


class TestCeilings:
    async def test_the_operator_moves_how_far_a_guild_may_go(self, book: LimitBook) -> None:
        await book.set_ceiling(GUILD_ID, DAY, 30 * DOLLAR, by_id=1, reason="sponsored")
        await book.set(GUILD_ID, G, 0, DAY, 30 * DOLLAR, by_id=MIA)
        with pytest.raises(InvalidOption) as caught:
            await book.set(GUILD_ID, G, 0, DAY, 30 * DOLLAR + 1, by_id=MIA)
        assert (caught.value.problem, caught.value.high) == ("above_ceiling", 30 * DOLLAR)
        with pytest.raises(InvalidOption):  # another guild's is where it was
            await book.set(GUILD_ID + 1, G, 0, DAY, 30 * DOLLAR, by_id=MIA)

    async def test_a_lowered_ceiling_holds_below_what_the_guild_has_set(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, G, 0, MONTH, 40 * DOLLAR, by_id=MIA)
        await book.set_ceiling(GUILD_ID, MONTH, 8 * DOLLAR, by_id=1)
        view = await book.of_guild(GUILD_ID)
        assert view.own(G, 0, MONTH) == 40 * DOLLAR
        assert view.holding(MONTH) == HoldingCap(value=8 * DOLLAR, kind=LimitKind.CEILING)
        assert view.ceiling(MONTH) == 8 * DOLLAR
        await book.set_ceiling(GUILD_ID, MONTH, None, by_id=1)
        assert (await book.of_guild(GUILD_ID)).holding(MONTH) == HoldingCap(value=40 * DOLLAR, kind=G)

    async def test_a_budget_can_be_taken_back_whatever_the_ceiling(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, G, 0, MONTH, 40 * DOLLAR, by_id=MIA)
        await book.set_ceiling(GUILD_ID, MONTH, 0, by_id=1)
        assert await book.set(GUILD_ID, G, 0, MONTH, None, by_id=MIA) == (40 * DOLLAR, None)

    @pytest.mark.parametrize("name", [IMAGES, MONEY, EVERYBODYS])
    async def test_only_a_guilds_budgets_have_one(self, book: LimitBook, name: LimitName) -> None:
        with pytest.raises(InvalidOption, match="not_a_choice"):
            await book.set_ceiling(GUILD_ID, name, 1, by_id=1)
        assert await nothing_changed(book)

    async def test_everybodys_budget_is_the_operators_in_every_guild(self, book: LimitBook) -> None:
        assert await book.set_global(300 * DOLLAR, by_id=1) == (None, 300 * DOLLAR)
        for guild_id in (GUILD_ID, GUILD_ID + 1):
            view = await book.of_guild(guild_id)
            assert view.holding(EVERYBODYS) == HoldingCap(value=300 * DOLLAR, kind=LimitKind.OPERATOR)
        assert await book.history(GUILD_ID) == ()
        assert [line.by_id for line in await book.history(0)] == [1]
        with pytest.raises(InvalidOption, match="amount_too_high"):
            await book.set_global(MICROS_MAX + 1, by_id=1)


class TestTwoAtOnce:
    async def test_whoever_saw_an_older_value_is_told_what_it_is_and_who_set_it(
        self, book: LimitBook, clock: FakeClock
    ) -> None:
        await book.set(GUILD_ID, G, 0, IMAGES, 5, by_id=MIA, expected=None)
        clock.advance(60)
        with pytest.raises(CapChanged) as caught:
            await book.set(GUILD_ID, G, 0, IMAGES, 9, by_id=NOA, expected=None)
        error = caught.value
        assert (error.now, error.by_id, error.at, error.is_money) == (5, MIA, NOW, False)
        assert (await book.of_guild(GUILD_ID)).own(G, 0, IMAGES) == 5
        assert len(await book.history(GUILD_ID)) == 1

    async def test_of_two_at_the_very_same_time_one_changes_it_and_the_other_is_told(self, book: LimitBook) -> None:
        outcomes = await asyncio.gather(
            book.set(GUILD_ID, R, ROLE, MONEY, 5 * DOLLAR, by_id=MIA, expected=None),
            book.set(GUILD_ID, R, ROLE, MONEY, 9 * DOLLAR, by_id=NOA, expected=None),
            return_exceptions=True,
        )
        assert outcomes[0] == (None, 5 * DOLLAR)
        assert isinstance(outcomes[1], CapChanged)
        assert (outcomes[1].now, outcomes[1].by_id, outcomes[1].is_money) == (5 * DOLLAR, MIA, True)

    async def test_back_at_the_default_counts_as_a_change(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, M, USER_ID, IMAGES, 5, by_id=MIA)
        await book.set(GUILD_ID, M, USER_ID, IMAGES, None, by_id=NOA)
        with pytest.raises(CapChanged) as caught:
            await book.set(GUILD_ID, M, USER_ID, IMAGES, 6, by_id=MIA, expected=5)
        assert (caught.value.now, caught.value.by_id) == (None, NOA)

    async def test_two_who_want_the_same_do_not_disagree(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, G, 0, IMAGES, 5, by_id=MIA, expected=None)
        assert await book.set(GUILD_ID, G, 0, IMAGES, 5, by_id=NOA, expected=None) == (5, 5)
        assert [line.by_id for line in await book.history(GUILD_ID)] == [MIA]

    async def test_without_having_seen_a_value_the_later_one_holds(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, G, 0, IMAGES, 5, by_id=MIA)
        assert await book.set(GUILD_ID, G, 0, IMAGES, 9, by_id=NOA) == (5, 9)

    async def test_the_operators_are_checked_in_the_same_way(self, book: LimitBook) -> None:
        await book.set_global(DOLLAR, by_id=1, expected=None)
        await book.set_ceiling(GUILD_ID, DAY, DOLLAR, by_id=1, expected=None)
        with pytest.raises(CapChanged):
            await book.set_global(2 * DOLLAR, by_id=2, expected=None)
        with pytest.raises(CapChanged):
            await book.set_ceiling(GUILD_ID, DAY, 2 * DOLLAR, by_id=2, expected=None)


async def test_what_was_set_is_there_after_a_restart(book: LimitBook, database: Database, clock: FakeClock) -> None:
    await book.set(GUILD_ID, R, ROLE, IMAGES, 5, by_id=MIA)
    anew = LimitBook(database, DEFAULTS, clock)
    assert await anew.of_guild(GUILD_ID) == await book.of_guild(GUILD_ID)
    with pytest.raises(CapChanged):
        await anew.set(GUILD_ID, R, ROLE, IMAGES, 6, by_id=NOA, expected=None)


async def test_a_lowered_cap_leaves_alone_what_is_held(book: LimitBook, database: Database) -> None:
    job = make_job(request=make_request(num_images=4))
    settings = await guilds.settings_of(database, GUILD_ID)
    caps = holding(DEFAULTS, {}, user_id=USER_ID)
    held = policy.reservations(settings, user_id=USER_ID, images=4, price_micros=PRICE_MICROS, caps=caps, now=NOW)
    await database.write(lambda connection: jobs.record(connection, job, held, active_limit=3))
    await book.set(GUILD_ID, M, USER_ID, IMAGES, 0, by_id=MIA)
    [row] = await database.fetch_all(*ledger.balance_query([held[0].account]))
    assert (row["pending"], row["posted"]) == (4, 0)
    bill = Settlement(images=4, micros=4 * PRICE_MICROS)
    await database.write(lambda connection: ledger.settle(connection, 1, bill, at_ms=0))
    [row] = await database.fetch_all(*ledger.balance_query([held[0].account]))
    assert (row["pending"], row["posted"]) == (0, 4)


class TestGrants:
    @pytest.mark.parametrize(
        ("unit", "when", "period", "renews_at"),
        [
            (Unit.IMAGE, "now", "2026-11-22", datetime(2026, 11, 23, tzinfo=UTC)),
            (Unit.IMAGE, "next", "2026-11-23", datetime(2026, 11, 24, tzinfo=UTC)),
            (Unit.MICROS, "now", "2026-11", datetime(2026, 12, 1, tzinfo=UTC)),
            (Unit.MICROS, "next", "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ],
    )
    async def test_a_grant_is_for_one_period_on_top_of_the_cap(
        self, book: LimitBook, unit: Unit, when: Any, period: str, renews_at: datetime
    ) -> None:
        grant = await book.grant(GUILD_ID, USER_ID, unit=unit, amount=7, by_id=MIA, when=when, reason="contest")
        account = grant.balance.account
        assert (account.unit, account.period, account.user_id) == (unit, period, USER_ID)
        cap = DEFAULTS.user_daily_images if unit is Unit.IMAGE else DEFAULTS.user_monthly_micros
        assert (grant.granted, grant.balance.cap, grant.renews_at) == (7, cap + 7, renews_at)
        [change] = await book.history(GUILD_ID)
        assert change.what == f"grant.{unit}.{period}"
        assert (change.subject_id, change.before, change.after, change.reason) == (USER_ID, "0", "7", "contest")

    async def test_the_periods_are_those_of_the_guilds_time_zone(
        self, book: LimitBook, database: Database, clock: FakeClock
    ) -> None:
        await database.write(
            lambda c: guilds.change_settings(c, GUILD_ID, by_id=1, at=clock.now(), time_zone="Pacific/Auckland")
        )
        grant = await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=1, by_id=MIA)
        assert grant.balance.account.period == "2026-11-23"  # there it is the day after already
        assert grant.renews_at == datetime(2026, 11, 23, 11, tzinfo=UTC)

    async def test_grants_add_up_and_can_be_taken_back(self, book: LimitBook) -> None:
        for amount, total in ((5, 5), (3, 8), (-6, 2), (-2, 0)):
            grant = await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=amount, by_id=MIA)
            assert (grant.amount, grant.granted) == (amount, total)
        with pytest.raises(InvalidOption) as caught:
            await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=-1, by_id=MIA)
        assert (caught.value.option, caught.value.problem, caught.value.high) == ("images", "more_than_granted", 0)
        assert len(await book.history(GUILD_ID)) == 4

    async def test_the_cap_beneath_is_that_of_the_members_roles(self, book: LimitBook) -> None:
        await book.set(GUILD_ID, R, ROLE, IMAGES, 50, by_id=MIA)
        grant = await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=5, by_id=MIA, role_ids=[ROLE])
        assert grant.balance.cap == 55

    async def test_more_is_taken_than_the_cap_allows_once_it_is_granted(
        self, book: LimitBook, database: Database
    ) -> None:
        await book.set(GUILD_ID, M, USER_ID, IMAGES, 0, by_id=MIA)
        await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=2, by_id=MIA)
        settings = await guilds.settings_of(database, GUILD_ID)

        def take(connection: Any) -> None:
            caps = holding(DEFAULTS, read(connection, guild_id=GUILD_ID, user_id=USER_ID), user_id=USER_ID)
            held = policy.reservations(
                settings, user_id=USER_ID, images=2, price_micros=PRICE_MICROS, caps=caps, now=NOW
            )
            jobs.record(connection, make_job(request=make_request(num_images=2)), held, active_limit=3)

        await database.write(take)
        grant = await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=-2, by_id=MIA)
        assert (grant.granted, grant.balance.pending, grant.balance.left) == (0, 2, 0)

    @pytest.mark.parametrize(
        ("unit", "amount", "option", "problem"),
        [
            (Unit.IMAGE, 0, "images", "zero"),
            (Unit.MICROS, 0, "usd", "zero"),
            (Unit.IMAGE, IMAGES_MAX + 1, "images", "out_of_range"),
            (Unit.MICROS, MICROS_MAX + 1, "usd", "amount_too_high"),
            (Unit.IMAGE, -(2**70), "images", "out_of_range"),
            (Unit.IMAGE, 1.5, "images", "not_whole"),
            (Unit.MICROS, -1, "usd", "more_than_granted"),
        ],
    )
    async def test_an_amount_that_can_not_be_granted_is_refused(
        self, book: LimitBook, database: Database, unit: Unit, amount: Any, option: str, problem: str
    ) -> None:
        with pytest.raises(InvalidOption) as caught:
            await book.grant(GUILD_ID, USER_ID, unit=unit, amount=amount, by_id=MIA)
        assert (caught.value.option, caught.value.problem) == (option, problem)
        assert await nothing_changed(book)
        assert await database.fetch_all("SELECT * FROM entries") == []

    async def test_many_small_grants_end_where_one_large_one_does(self, book: LimitBook) -> None:
        await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=IMAGES_MAX, by_id=MIA)
        with pytest.raises(InvalidOption, match="out_of_range"):
            await book.grant(GUILD_ID, USER_ID, unit=Unit.IMAGE, amount=1, by_id=MIA)

    async def test_two_at_once_both_count(self, book: LimitBook, database: Database) -> None:
        await asyncio.gather(
            *(book.grant(GUILD_ID, USER_ID, unit=Unit.MICROS, amount=DOLLAR, by_id=by) for by in (MIA, NOA))
        )
        grant = await book.grant(GUILD_ID, USER_ID, unit=Unit.MICROS, amount=1, by_id=MIA)
        assert grant.granted == 2 * DOLLAR + 1
        assert await database.write(ledger.audit) == ()


async def test_a_closed_database_is_said_and_nothing_is_guessed(book: LimitBook, database: Database) -> None:
    await database.close()
    with pytest.raises(StorageUnavailable):
        await book.of_guild(GUILD_ID)
    with pytest.raises(StorageUnavailable):
        await book.set(GUILD_ID, G, 0, IMAGES, 1, by_id=MIA)

"""Marks of budgets: reached at the exact micro, once an account, whoever reserves beside, and what becomes of them."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clock import to_ms
from errors import CapReached, StorageError
from models import AccountKey, Job, JobStatus, Reservation, Scope, Settlement, Unit
from storage import alerts, guilds, jobs, ledger
from storage.database import Database
from tests.builders import (
    DAY,
    GUILD_ID,
    MESSAGE_ID,
    MONTH,
    NOW,
    PRICE_MICROS,
    RENEWS_AT,
    later,
    make_account,
    make_job,
    make_request,
    make_reservation,
    make_reservations,
    with_cap,
)
from tests.storage.inline import do, move, open_inline
from tests.support import OpenDatabase

S = JobStatus
GUILD_DAY = make_account(Scope.GUILD, period=DAY)
GUILD_MONTH = make_account(Scope.GUILD)
EVERYBODY = make_account(Scope.GLOBAL)
CHANNEL = 77


def budget(account: AccountKey, *, amount: int, cap: int, each: int | None = None) -> Reservation:
    """So many micros, as if for one image unless told."""
    return replace(make_reservation(account, amount=amount, cap=cap), each=each or amount)


def accept(
    connection: sqlite3.Connection, reservations: Sequence[Reservation], *, job: Job | None = None, at: datetime = NOW
) -> Job:
    """What accepting does: the job, its reservations and the marks that they reach, in one transaction."""
    job = job or make_job(created_at=at)

    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, job, reservations, active_limit=10**6)
        alerts.note_crossings(connection, reservations, at_ms=to_ms(at))

    do(connection, operation)
    return job


def note(connection: sqlite3.Connection, reservation: Reservation) -> int:
    """What changing a cap does, and how many marks that reached."""
    return do(connection, lambda c: alerts.note_crossings(c, [reservation], at_ms=to_ms(NOW)))


def marks(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """Every mark that was noted: whose, of which period, and what share."""
    rows = connection.execute(
        "SELECT scope, period, percent FROM alerts JOIN accounts USING (account_id) ORDER BY alert_id"
    )
    return [(row["scope"], row["period"], row["percent"]) for row in rows]


def percents(connection: sqlite3.Connection, account: AccountKey = GUILD_DAY) -> list[int]:
    return [
        percent for scope, period, percent in marks(connection) if (scope, period) == (account.scope, account.period)
    ]


@pytest.mark.parametrize(
    ("cap", "each", "amounts", "expected"),
    [
        pytest.param(1000, 100, [400, 99], [], id="one micro below half"),
        pytest.param(1000, 100, [400, 100], [50], id="half"),
        pytest.param(999, 100, [499], [], id="below half of an odd cap"),
        pytest.param(999, 100, [500], [50], id="above half of an odd cap"),
        pytest.param(1000, 100, [799], [50], id="one micro below four fifths"),
        pytest.param(1000, 100, [799, 1], [50, 80], id="four fifths"),
        pytest.param(1000, 100, [900], [50, 80], id="exactly one more image fits"),
        pytest.param(1000, 100, [900, 1], [50, 80, 100], id="one micro too little for an image"),
        pytest.param(1000, 100, [1000], [50, 80, 100], id="all of it at once"),
        pytest.param(170, 90, [90], [50, 100], id="a small budget that one image uses up"),
        pytest.param(100, 90, [90], [50, 80, 100], id="a budget of one image"),
        pytest.param(100, 60, [41], [100], id="less than half, and too little for an image that costs more by now"),
        pytest.param(10**15, 90_000, [5 * 10**14 - 1], [], id="below half of the greatest cap"),
        pytest.param(10**15, 90_000, [5 * 10**14], [50], id="half of the greatest cap"),
        pytest.param(3, 1, [1], [], id="a third"),
        pytest.param(3, 1, [1, 1], [50], id="two thirds"),
    ],
)
def test_a_mark_is_reached_at_the_very_micro(
    connection: sqlite3.Connection, cap: int, each: int, amounts: list[int], expected: list[int]
) -> None:
    for amount in amounts:
        accept(connection, [budget(GUILD_DAY, amount=amount, cap=cap, each=each)])
    assert percents(connection) == expected


def test_each_budget_of_a_job_has_its_own_marks_and_members_have_none(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=4))
    cost = job.cost_micros
    reservations = make_reservations(job, image_cap=4)
    caps = ((make_account(Scope.MEMBER), cost), (GUILD_DAY, cost), (GUILD_MONTH, cost * 5 // 4), (EVERYBODY, cost * 2))
    for account, cap in caps:
        reservations = with_cap(reservations, account, cap)
    each = {Unit.IMAGE: 1, Unit.MICROS: job.price_micros}
    accept(connection, [replace(one, each=each[one.account.unit]) for one in reservations], job=job)
    assert set(marks(connection)) == {
        ("guild", DAY, 50),
        ("guild", DAY, 80),
        ("guild", DAY, 100),
        ("guild", MONTH, 50),
        ("guild", MONTH, 80),
        ("global", MONTH, 50),
    }


def test_a_mark_keeps_the_account_as_it_was_and_when_it_renews(connection: sqlite3.Connection) -> None:
    spent = accept(connection, [budget(EVERYBODY, amount=300, cap=1000, each=100)])
    settle(connection, spent, micros=200)
    accept(connection, [budget(EVERYBODY, amount=350, cap=1000, each=100)], at=later(5))
    [row] = connection.execute("SELECT * FROM alerts").fetchall()
    assert (row["posted"], row["pending"], row["cap"]) == (200, 350, 1000)
    assert (row["made_at"], row["renews_at"]) == (to_ms(later(5)), to_ms(RENEWS_AT))


def settle(connection: sqlite3.Connection, job: Job, *, micros: int) -> None:
    """Bring the job to its end, at that cost."""
    do(connection, lambda c: jobs.store_card(c, job.job_id, MESSAGE_ID))
    for expected, target in ((S.QUEUED, S.SUBMITTING), (S.SUBMITTING, S.SUBMITTED), (S.SUBMITTED, S.GENERATED)):
        move(connection, job, expected, target)
    move(connection, job, S.GENERATED, S.DELIVERED, settlement=Settlement(images=1, micros=micros))


def test_a_mark_that_was_reached_by_holding_stays_and_is_not_made_again(connection: sqlite3.Connection) -> None:
    held = accept(connection, [budget(GUILD_DAY, amount=800, cap=1000, each=100)])
    assert percents(connection) == [50, 80]
    move(connection, held, S.QUEUED, S.CANCELLED)
    accept(connection, [budget(GUILD_DAY, amount=900, cap=1000, each=100)])
    assert percents(connection) == [50, 80]


def test_a_raised_cap_repeats_no_mark_and_the_next_ones_follow_it(connection: sqlite3.Connection) -> None:
    accept(connection, [budget(GUILD_DAY, amount=500, cap=1000, each=100)])
    assert percents(connection) == [50]
    accept(connection, [budget(GUILD_DAY, amount=550, cap=2000, each=100)])  # 1050 of 2000: half of it once more
    assert percents(connection) == [50]
    accept(connection, [budget(GUILD_DAY, amount=550, cap=2000, each=100)])
    assert percents(connection) == [50, 80]
    accept(connection, [budget(GUILD_DAY, amount=400, cap=2000, each=100)])
    assert percents(connection) == [50, 80, 100]
    accept(connection, [budget(GUILD_DAY, amount=2000, cap=4000, each=100)])
    assert percents(connection) == [50, 80, 100]


def test_what_was_granted_for_the_period_counts_to_the_cap(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: ledger.grant(c, GUILD_DAY, 1000, cap=1000, at_ms=to_ms(NOW)))
    accept(connection, [budget(GUILD_DAY, amount=999, cap=1000, each=100)])
    assert percents(connection) == []
    accept(connection, [budget(GUILD_DAY, amount=1, cap=1000, each=100)])
    assert percents(connection) == [50]


def test_the_next_period_has_its_own_marks(connection: sqlite3.Connection) -> None:
    tomorrow = make_account(Scope.GUILD, period="2026-11-23")
    for account in (GUILD_DAY, tomorrow, GUILD_DAY):
        accept(connection, [budget(account, amount=1, cap=2)])
    assert marks(connection) == [
        ("guild", DAY, 50),
        ("guild", "2026-11-23", 50),
        ("guild", DAY, 80),
        ("guild", DAY, 100),
    ]


def test_two_guilds_have_their_own_marks(connection: sqlite3.Connection) -> None:
    for guild_id in (GUILD_ID, GUILD_ID + 1, GUILD_ID):
        accept(connection, [budget(make_account(Scope.GUILD, guild_id=guild_id), amount=10, cap=40)])
    rows = connection.execute("SELECT guild_id, percent FROM alerts JOIN accounts USING (account_id)").fetchall()
    assert [tuple(row) for row in rows] == [(GUILD_ID, 50)]


def test_a_refused_reservation_reaches_no_mark(connection: sqlite3.Connection) -> None:
    reservations = [budget(GUILD_DAY, amount=800, cap=1000), budget(EVERYBODY, amount=800, cap=799)]
    with pytest.raises(CapReached):
        accept(connection, reservations)
    assert marks(connection) == []


def test_an_operation_that_fails_later_takes_its_marks_back(connection: sqlite3.Connection) -> None:
    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, make_job(), [budget(GUILD_DAY, amount=9, cap=10)], active_limit=1)
        assert alerts.note_crossings(connection, [budget(GUILD_DAY, amount=9, cap=10)], at_ms=0) in (0, 3)
        raise StorageError("on second thoughts")

    with pytest.raises(StorageError):
        do(connection, operation)
    assert marks(connection) == []


def test_a_lowered_cap_reaches_the_marks_that_are_below_by_now(connection: sqlite3.Connection) -> None:
    accept(connection, [budget(GUILD_DAY, amount=400, cap=1000, each=100)])

    reached = [note(connection, budget(GUILD_DAY, amount=100, cap=cap)) for cap in (801, 800, 800, 500, 499, 300)]
    assert reached == [0, 1, 0, 1, 1, 0]
    assert percents(connection) == [50, 80, 100]


def test_a_budget_of_nothing_and_one_that_was_never_used_have_no_marks(connection: sqlite3.Connection) -> None:
    accept(connection, [budget(GUILD_DAY, amount=400, cap=10**9, each=100)])
    assert note(connection, budget(GUILD_DAY, amount=100, cap=0)) == 0
    assert note(connection, budget(GUILD_MONTH, amount=100, cap=50)) == 0
    assert do(connection, lambda c: alerts.note_crossings(c, [], at_ms=0)) == 0
    assert marks(connection) == []


@dataclass
class Model:
    """The same rules, written out with fractions and nothing else."""

    cap: int = 1000
    is_known: bool = False
    held: list[tuple[Job, int]] = field(default_factory=list)
    spent: int = 0
    reached: list[int] = field(default_factory=list)

    @property
    def used(self) -> int:
        return self.spent + sum(amount for _, amount in self.held)

    def look(self, each: int) -> None:
        if not self.is_known:
            return
        share = Fraction(self.used, self.cap)
        now = {50: share >= Fraction(1, 2), 80: share >= Fraction(4, 5), 100: self.cap - self.used < each}
        self.reached += [percent for percent in now if now[percent] and percent not in self.reached]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("rrrsxc"), st.integers(1, 400), st.integers(1, 120)), max_size=25))
def test_only_what_reserves_or_changes_the_cap_reaches_marks_and_each_once(steps: list[tuple[str, int, int]]) -> None:
    """Reservations, settlements, releases and changes of the cap in any order, against the model."""
    model = Model()
    with TemporaryDirectory() as folder, closing(open_inline(Path(folder) / "easel.db")) as connection:
        for kind, number, each in steps:
            if kind == "r" and model.used + number <= model.cap:
                reservation = budget(GUILD_DAY, amount=number, cap=model.cap, each=each)
                model.held.append((accept(connection, [reservation]), number))
                model.is_known = True
                model.look(each)
            elif kind == "s" and model.held:
                job, amount = model.held.pop(0)
                settle(connection, job, micros=min(amount, number))
                model.spent += min(amount, number)
            elif kind == "x" and model.held:
                move(connection, model.held.pop()[0], S.QUEUED, S.CANCELLED)
            elif kind == "c":
                model.cap = number * 10
                note(connection, budget(GUILD_DAY, amount=each, cap=model.cap))
                model.look(each)
            assert sorted(percents(connection)) == sorted(model.reached), (kind, number, each)


async def test_two_hundred_at_once_reach_each_mark_once_and_where_it_is(
    open_database: OpenDatabase, tmp_path: Path
) -> None:
    database = await open_database(tmp_path / "easel.db")
    reservations = [
        budget(account, amount=PRICE_MICROS, cap=200 * PRICE_MICROS) for account in (GUILD_MONTH, EVERYBODY)
    ]

    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, make_job(), reservations, active_limit=10**6)
        alerts.note_crossings(connection, reservations, at_ms=to_ms(NOW))

    await asyncio.gather(*(database.write(operation) for _ in range(200)))
    rows = await database.fetch_all(
        "SELECT scope, percent, alerts.pending / ? AS images FROM alerts JOIN accounts USING (account_id)"
        " ORDER BY scope, percent",
        (PRICE_MICROS,),
    )
    each = ((50, 100), (80, 160), (100, 200))
    assert [tuple(row) for row in rows] == [(scope, *mark) for scope in ("global", "guild") for mark in each]


async def give_channel(database: Database, channel_id: int | None = CHANNEL, guild_id: int = GUILD_ID) -> None:
    await database.write(
        lambda c: guilds.change_settings(c, guild_id, by_id=1, at=NOW, moderators_channel_id=channel_id)
    )


@pytest.fixture
async def database(open_database: OpenDatabase, tmp_path: Path) -> Database:
    """Half of a guild's day and of everybody's month are used: alerts 1 and 2."""
    opened = await open_database(tmp_path / "easel.db")
    reservations = [budget(account, amount=50, cap=100, each=10) for account in (GUILD_DAY, EVERYBODY)]

    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, make_job(), reservations, active_limit=10**6)
        alerts.note_crossings(connection, reservations, at_ms=to_ms(NOW))

    await opened.write(operation)
    return opened


async def ids(database: Database) -> list[int]:
    return [alert.alert_id for alert in await alerts.pending(database)]


async def test_a_guild_without_a_moderators_channel_has_nowhere_to_be_told(database: Database) -> None:
    [everybodys] = await alerts.pending(database)
    assert everybodys.balance.account == EVERYBODY
    await give_channel(database)
    guilds_own, again = await alerts.pending(database)
    assert again == everybodys
    assert (guilds_own.balance.account, guilds_own.percent, guilds_own.made_at) == (GUILD_DAY, 50, NOW)
    assert (guilds_own.balance.pending, guilds_own.balance.posted, guilds_own.balance.cap) == (50, 0, 100)
    assert (guilds_own.renews_at, guilds_own.sending_at, guilds_own.channel_id) == (RENEWS_AT, None, None)
    await give_channel(database, None)
    assert await alerts.pending(database) == [everybodys]


async def test_one_claim_goes_through_and_a_second_only_in_the_place_of_the_first(database: Database) -> None:
    await give_channel(database)

    async def claim(seconds: float, before: datetime | None = None) -> bool:
        return await database.write(lambda c: alerts.claim(c, 1, at=later(seconds), channel_id=CHANNEL, before=before))

    assert [await claim(1), await claim(2)] == [True, False]
    [claimed, _] = await alerts.pending(database)
    assert (claimed.sending_at, claimed.channel_id) == (later(1), CHANNEL)
    assert [await claim(3, later(2)), await claim(3, later(1)), await claim(4, later(1))] == [False, True, False]
    await database.write(lambda c: alerts.unclaim(c, 1))
    [unclaimed, _] = await alerts.pending(database)
    assert (unclaimed.sending_at, unclaimed.channel_id) == (None, None)
    assert await claim(5)


async def test_what_was_told_is_over(database: Database) -> None:
    await give_channel(database)
    await database.write(lambda c: alerts.claim(c, 1, at=NOW, channel_id=CHANNEL))
    await database.write(lambda c: alerts.told(c, 1, at=later(1)))
    assert await ids(database) == [2]
    assert not await database.write(lambda c: alerts.claim(c, 1, at=NOW, before=NOW))
    await database.write(lambda c: alerts.unclaim(c, 1))
    await database.write(lambda c: alerts.told(c, 1, at=later(2)))
    row = await database.fetch_one("SELECT sending_at, told_at FROM alerts WHERE alert_id = 1")
    assert row is not None
    assert tuple(row) == (to_ms(NOW), to_ms(later(1)))


async def test_telling_what_was_never_claimed_is_refused_by_the_schema(database: Database) -> None:
    with pytest.raises(StorageError):
        await database.write(lambda c: alerts.told(c, 1, at=NOW))


async def test_what_is_not_told_lapses_with_its_period_and_not_a_moment_before(database: Database) -> None:
    await give_channel(database)
    await database.write(lambda c: alerts.claim(c, 1, at=NOW, channel_id=CHANNEL))
    before = RENEWS_AT.replace(microsecond=0) - (later(0.001) - NOW)
    assert not await alerts.any_over(database, at=before)
    assert await database.write(lambda c: alerts.lapse(c, at=before)) == 0
    assert await alerts.any_over(database, at=RENEWS_AT)
    assert await database.write(lambda c: alerts.lapse(c, at=RENEWS_AT)) == 2
    assert not await alerts.any_over(database, at=RENEWS_AT)
    assert await ids(database) == []
    assert not await database.write(lambda c: alerts.claim(c, 1, at=RENEWS_AT, before=NOW))


async def test_what_was_told_does_not_lapse(database: Database) -> None:
    await database.write(lambda c: alerts.claim(c, 2, at=NOW))
    await database.write(lambda c: alerts.told(c, 2, at=NOW))
    assert await database.write(lambda c: alerts.lapse(c, at=RENEWS_AT)) == 1


def test_what_is_still_to_be_told_is_found_without_the_history(connection: sqlite3.Connection) -> None:
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    do(connection, lambda c: alerts.lapse(c, at=NOW))
    connection.set_trace_callback(None)
    [statement] = [one for one in seen if one.startswith("UPDATE alerts")]
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    assert [row["detail"] for row in plan] == ["SEARCH alerts USING INDEX alerts_open (renews_at<?)"]


def test_noting_looks_accounts_up_by_their_key(connection: sqlite3.Connection) -> None:
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    do(connection, lambda c: alerts.note_crossings(c, make_reservations(make_job()), at_ms=0))
    connection.set_trace_callback(None)
    [statement] = [one for one in seen if one.startswith("INSERT INTO alerts")]
    plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert not [step for step in plan if step.startswith("SCAN accounts")]
    assert [step for step in plan if step.startswith("SEARCH accounts USING INDEX")]

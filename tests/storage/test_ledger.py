"""The ledger: exact caps, one resolution for each reservation, entries that stay, an audit that finds what is wrong."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from errors import CapReached, StorageError
from models import AccountKey, AuditFinding, Job, Reservation, Scope, Settlement, Unit
from storage import jobs, ledger
from storage.database import Database
from tests.builders import (
    DAY,
    GUILD_ID,
    NOW,
    PRICE_MICROS,
    RENEWS_AT,
    USER_ID,
    make_account,
    make_job,
    make_origin,
    make_request,
    make_reservation,
    make_reservations,
    with_cap,
)
from tests.storage.inline import do, record, sums

IMAGES = make_account(Scope.MEMBER, unit=Unit.IMAGE, period=DAY)
MEMBER = make_account(Scope.MEMBER)
GUILD_DAY = make_account(Scope.GUILD, period=DAY)
GUILD_MONTH = make_account(Scope.GUILD)
GLOBAL = make_account(Scope.GLOBAL)
ACCOUNTS = (IMAGES, MEMBER, GUILD_DAY, GUILD_MONTH, GLOBAL)


def settling(number: int, *, images: int, micros: int) -> Callable[[sqlite3.Connection], None]:
    return lambda c: ledger.settle(c, number, Settlement(images=images, micros=micros), at_ms=1)


def releasing(number: int) -> Callable[[sqlite3.Connection], None]:
    return lambda c: ledger.release(c, number, at_ms=1)


def balance(connection: sqlite3.Connection, reservation: Reservation) -> tuple[int, int, int]:
    (found,) = ledger.balances(connection.execute(*ledger.balance_query([reservation.account])), [reservation])
    return found.pending, found.posted, found.left


def grant(connection: sqlite3.Connection, account: AccountKey, amount: int) -> None:
    connection.execute(
        "INSERT INTO entries (account_id, kind, pending, posted, granted, at)"
        " SELECT account_id, 'grant', 0, 0, ?, 0 FROM accounts"
        " WHERE scope = ? AND unit = ? AND period = ? AND guild_id = ? AND user_id = ?",
        (amount, account.scope, account.unit, account.period, account.guild_id, account.user_id),
    )


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: f"{account.scope} {account.unit} {account.period}")
def test_every_account_takes_up_to_its_cap_exactly_and_not_one_more(
    connection: sqlite3.Connection, account: AccountKey
) -> None:
    unit = 1 if account.unit is Unit.IMAGE else PRICE_MICROS
    for _ in range(3):
        job = make_job()
        record(connection, job, with_cap(make_reservations(job), account, 3 * unit))
    job = make_job()
    with pytest.raises(CapReached) as caught:
        record(connection, job, with_cap(make_reservations(job), account, 4 * unit - 1))
    error = caught.value
    assert (error.account, error.cap, error.left, error.amount) == (account, 4 * unit - 1, unit - 1, unit)
    assert error.renews_at == RENEWS_AT
    record(connection, job, with_cap(make_reservations(job), account, 4 * unit))


def test_the_refusal_names_the_first_account_without_room(connection: sqlite3.Connection) -> None:
    job = make_job()
    reservations = with_cap(with_cap(make_reservations(job), GUILD_MONTH, 5), GUILD_DAY, 7)
    with pytest.raises(CapReached) as caught:
        record(connection, job, reservations)
    assert (caught.value.account, caught.value.left) == (GUILD_DAY, 7)


def test_a_refusal_leaves_no_account_and_no_entry(connection: sqlite3.Connection) -> None:
    job = make_job()
    with pytest.raises(CapReached):
        record(connection, job, with_cap(make_reservations(job), GLOBAL, 0))
    for table in ("jobs", "accounts", "entries"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table


def test_pending_and_posted_both_count_towards_the_cap(connection: sqlite3.Connection) -> None:
    reservations = [make_reservation(GLOBAL, amount=4, cap=10)]
    settled, _ = (record(connection, make_job(), reservations) for _ in range(2))
    do(connection, settling(settled, images=0, micros=4))
    assert balance(connection, reservations[0]) == (4, 4, 2)
    with pytest.raises(CapReached) as caught:
        record(connection, make_job(), reservations)
    assert caught.value.left == 2


def test_a_cap_lowered_below_what_is_used_takes_nothing_and_leaves_nothing(connection: sqlite3.Connection) -> None:
    record(connection, make_job(), [make_reservation(GLOBAL, amount=8, cap=10)])
    for cap in (0, 5, 8):
        with pytest.raises(CapReached) as caught:
            record(connection, make_job(), [make_reservation(GLOBAL, amount=1, cap=cap)])
        assert (caught.value.cap, caught.value.left) == (cap, 0)
    assert balance(connection, make_reservation(GLOBAL, cap=5)) == (8, 0, 0)


def test_a_cap_moved_in_between_holds_from_the_next_reservation(connection: sqlite3.Connection) -> None:
    for cap in (5, 9, 7):
        record(connection, make_job(), [make_reservation(GLOBAL, amount=2, cap=cap)])
    with pytest.raises(CapReached):
        record(connection, make_job(), [make_reservation(GLOBAL, amount=2, cap=7)])
    caps = [row["cap"] for row in connection.execute("SELECT cap FROM entries ORDER BY entry_id")]
    assert caps == [5, 9, 7], "each entry keeps the cap under which it was made"


def test_a_grant_adds_to_its_own_account_only(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job, with_cap(make_reservations(job), IMAGES, 1))
    do(connection, lambda c: grant(c, IMAGES, 2))
    for left in (1, 0):
        job = make_job()
        record(connection, job, with_cap(make_reservations(job), IMAGES, 1))
        assert balance(connection, make_reservation(IMAGES, cap=1))[2] == left
    job = make_job()
    with pytest.raises(CapReached) as caught:
        record(connection, job, with_cap(make_reservations(job), IMAGES, 1))
    assert (caught.value.cap, caught.value.left) == (3, 0)
    tomorrow = make_job()
    reservations = with_cap(make_reservations(tomorrow), IMAGES, 1)
    reservations = (replace(reservations[0], account=replace(IMAGES, period="2026-11-23"), amount=2), *reservations[1:])
    with pytest.raises(CapReached):
        record(connection, tomorrow, reservations)


def test_periods_members_and_guilds_are_accounts_of_their_own(connection: sqlite3.Connection) -> None:
    accounts = [
        IMAGES,
        replace(IMAGES, period="2026-11-23"),
        replace(IMAGES, user_id=USER_ID + 1),
        replace(IMAGES, guild_id=GUILD_ID + 1),
        MEMBER,
    ]
    for account in accounts:
        record(connection, make_job(), [make_reservation(account, amount=1, cap=1)])
    for account in accounts:
        with pytest.raises(CapReached):
            record(connection, make_job(), [make_reservation(account, amount=1, cap=1)])


@pytest.mark.parametrize("amount", [0, -1])
def test_a_reservation_of_nothing_is_refused(connection: sqlite3.Connection, amount: int) -> None:
    with pytest.raises(StorageError):
        record(connection, make_job(), [make_reservation(GLOBAL, amount=amount)])


def test_a_job_reserves_once_on_an_account(connection: sqlite3.Connection) -> None:
    job = make_job()
    number = record(connection, job)
    with pytest.raises(StorageError):
        do(connection, lambda c: ledger.reserve(c, number, make_reservations(job), at_ms=1))
    with pytest.raises(StorageError):
        record(connection, make_job(), [make_reservation(GLOBAL), make_reservation(GLOBAL)])
    assert sums(connection)["global", "micros", "2026-11"] == (PRICE_MICROS, 0)


async def accept_at_once(database: Database, candidates: Sequence[tuple[Job, Sequence[Reservation]]]) -> list[object]:
    def operation(job: Job, reservations: Sequence[Reservation]) -> Callable[[sqlite3.Connection], None]:
        return lambda c: jobs.record(c, job, reservations, active_limit=10**6)

    writes = (database.write(operation(job, reservations)) for job, reservations in candidates)
    return await asyncio.gather(*writes, return_exceptions=True)


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: f"{account.scope} {account.unit} {account.period}")
async def test_two_hundred_at_once_against_a_cap_of_fifty_admit_exactly_fifty(
    database: Database, account: AccountKey
) -> None:
    unit = 1 if account.unit is Unit.IMAGE else PRICE_MICROS
    candidates = [
        (job, with_cap(make_reservations(job), account, 50 * unit)) for job in (make_job() for _ in range(200))
    ]
    results = await accept_at_once(database, candidates)
    assert results.count(None) == 50
    refusals = [result for result in results if result is not None]
    assert all(isinstance(result, CapReached) and result.account == account for result in refusals)
    assert {result.left for result in refusals if isinstance(result, CapReached)} == {0}
    stored = await database.fetch_one(
        "SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM entries) AS entries"
    )
    assert stored is not None
    assert tuple(stored) == (50, 250)


async def test_the_cap_is_filled_by_jobs_of_different_sizes_without_a_gap_or_an_overrun(database: Database) -> None:
    requests = [make_request(num_images=1 + n % 4) for n in range(200)]
    made = [make_job(request=request, origin=make_origin(user_id=USER_ID + n)) for n, request in enumerate(requests)]
    results = await accept_at_once(
        database, [(job, with_cap(make_reservations(job), GLOBAL, 50 * PRICE_MICROS)) for job in made]
    )
    admitted = sum(job.images_requested for job, result in zip(made, results, strict=True) if result is None)
    assert admitted == 50, "single images at the latest fill what larger jobs leave"


def test_a_settlement_posts_what_it_says_and_lets_the_rest_go(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=4))
    number = record(connection, job)
    do(connection, settling(number, images=3, micros=3 * PRICE_MICROS))
    assert set(sums(connection).values()) == {(0, 3), (0, 3 * PRICE_MICROS)}
    assert sums(connection)["member", "image", DAY] == (0, 3)


def test_a_settlement_never_posts_more_than_was_reserved(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=2))
    number = record(connection, job)
    do(connection, settling(number, images=9, micros=10**9))
    assert set(sums(connection).values()) == {(0, 2), (0, 2 * PRICE_MICROS)}


@pytest.mark.parametrize(("images", "micros"), [(-1, 0), (0, -1)])
def test_a_negative_settlement_is_refused(connection: sqlite3.Connection, images: int, micros: int) -> None:
    number = record(connection, make_job())
    before = sums(connection)
    with pytest.raises(StorageError):
        do(connection, settling(number, images=images, micros=micros))
    assert sums(connection) == before


def test_second_settle_is_refused(connection: sqlite3.Connection) -> None:
    number = record(connection, make_job())
    do(connection, settling(number, images=1, micros=PRICE_MICROS))
    before = sums(connection)
    with pytest.raises(StorageError, match="resolved before"):
        do(connection, settling(number, images=1, micros=PRICE_MICROS))
    assert sums(connection) == before


def test_release_after_settle_and_settle_after_release_are_refused(connection: sqlite3.Connection) -> None:
    settled, released = record(connection, make_job()), record(connection, make_job())
    do(connection, settling(settled, images=1, micros=PRICE_MICROS))
    do(connection, releasing(released))
    before = sums(connection)
    for operation in (
        releasing(settled),
        settling(released, images=1, micros=PRICE_MICROS),
        releasing(released),
        settling(released, images=0, micros=0),
    ):
        with pytest.raises(StorageError, match="resolved before"):
            do(connection, operation)
    assert sums(connection) == before


def test_what_was_never_reserved_is_not_resolved(connection: sqlite3.Connection) -> None:
    for operation in (settling(77, images=1, micros=1), releasing(77)):
        with pytest.raises(StorageError, match="no reservation"):
            do(connection, operation)


def test_a_release_gives_the_room_back(connection: sqlite3.Connection) -> None:
    reservations = [make_reservation(GLOBAL, amount=5, cap=5)]
    number = record(connection, make_job(), reservations)
    do(connection, releasing(number))
    assert balance(connection, reservations[0]) == (0, 0, 5)
    record(connection, make_job(), reservations)


def test_a_reservation_is_resolved_in_its_own_period(connection: sqlite3.Connection) -> None:
    today, tomorrow = (
        make_reservation(IMAGES, amount=2, cap=9),
        make_reservation(replace(IMAGES, period="2026-11-23"), amount=1),
    )
    number = record(connection, make_job(), [today])
    record(connection, make_job(), [tomorrow])
    do(connection, settling(number, images=1, micros=0))
    assert balance(connection, today)[:2] == (0, 1)
    assert balance(connection, tomorrow)[:2] == (1, 0)


@pytest.mark.parametrize("statement", ["UPDATE entries SET posted = 1", "DELETE FROM entries"])
def test_entries_can_be_neither_changed_nor_removed(connection: sqlite3.Connection, statement: str) -> None:
    record(connection, make_job())
    with pytest.raises(StorageError, match="append-only"):
        do(connection, lambda c: c.execute(statement))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("'reserve', 0, 0, 0, 9, 1", "a reservation of nothing"),
        ("'reserve', 5, 5, 0, 9, 1", "a reservation that posts"),
        ("'reserve', 5, 0, 0, NULL, 1", "a reservation without its cap"),
        ("'reserve', 5, 0, 0, 9, NULL", "a reservation without its job"),
        ("'settle', 0, 0, 0, NULL, 1", "a settlement that resolves nothing"),
        ("'settle', -5, 6, 0, NULL, 1", "a settlement of more than was reserved"),
        ("'settle', -5, -1, 0, NULL, 1", "a settlement that gives money back"),
        ("'release', -5, 1, 0, NULL, 1", "a release that posts"),
        ("'release', 5, 0, 0, NULL, 1", "a release that holds"),
        ("'present', 0, 0, 0, NULL, 1", "an unknown kind"),
        ("'adjust', -999999999, 0, 0, NULL, NULL", "pending below zero"),
        ("'adjust', 0, 999999999999, 0, NULL, NULL", "posted above the cap"),
    ],
)
def test_the_schema_refuses_an_entry_that_cannot_be(connection: sqlite3.Connection, columns: str, why: str) -> None:
    record(connection, make_job(), [make_reservation(GLOBAL)])
    record(connection, make_job(), [make_reservation(MEMBER)])
    with pytest.raises(StorageError, match="CHECK constraint"):
        do(
            connection,
            lambda c: c.execute(
                "INSERT INTO entries (account_id, at, kind, pending, posted, granted, cap, job_no)"
                f" SELECT account_id, 0, {columns} FROM accounts WHERE scope = 'member'"
            ),
        )


def test_an_entry_belongs_to_an_account_and_to_a_job_that_exist(connection: sqlite3.Connection) -> None:
    record(connection, make_job(), [make_reservation(GLOBAL)])
    for account, number in ((99, 1), (1, 99)):
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute(
                "INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)"
                " VALUES (?, ?, 'reserve', 1, 0, 1000000, 0)",
                (account, number),
            )


def test_the_audit_finds_nothing_where_all_is_well(connection: sqlite3.Connection) -> None:
    numbers = [record(connection, make_job()) for _ in range(3)]
    do(connection, settling(numbers[0], images=1, micros=PRICE_MICROS))
    do(connection, releasing(numbers[1]))
    assert ledger.audit(connection) == ()


def test_the_audit_finds_a_planted_mismatch(connection: sqlite3.Connection) -> None:
    number = record(connection, make_job())
    do(connection, settling(number, images=1, micros=PRICE_MICROS))
    connection.execute("UPDATE accounts SET pending = 7 WHERE scope = 'global'")
    connection.execute("UPDATE accounts SET posted = posted - 1 WHERE scope = 'member' AND unit = 'micros'")
    found = {finding.account: finding for finding in ledger.audit(connection)}
    expected = (
        AuditFinding(account=GLOBAL, pending=7, posted=PRICE_MICROS, entries_pending=0, entries_posted=PRICE_MICROS),
        AuditFinding(
            account=MEMBER, pending=0, posted=PRICE_MICROS - 1, entries_pending=0, entries_posted=PRICE_MICROS
        ),
    )
    assert found == {finding.account: finding for finding in expected}


def test_the_audit_finds_a_balance_without_any_entry(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO accounts (scope, guild_id, user_id, unit, period, cap, pending)"
        " VALUES ('global', 0, 0, 'micros', '2026-11', 10, 3)"
    )
    (finding,) = ledger.audit(connection)
    assert (finding.account, finding.pending, finding.entries_pending) == (GLOBAL, 3, 0)


async def test_balances_are_told_for_unused_accounts_too_and_in_the_order_asked(database: Database) -> None:
    job = make_job(request=make_request(num_images=2))
    reservations = make_reservations(job, image_cap=20)
    await database.write(lambda c: jobs.record(c, job, reservations[:2], active_limit=3))
    keys = [held.account for held in reservations]
    found = ledger.balances(await database.fetch_all(*ledger.balance_query(keys)), reservations)
    assert [each.account for each in found] == keys
    assert [(each.pending, each.posted) for each in found] == [(2, 0), (2 * PRICE_MICROS, 0), (0, 0), (0, 0), (0, 0)]
    assert found[0].left == 18
    assert found[4].left == found[4].cap


def test_an_entry_keeps_when_it_was_made(connection: sqlite3.Connection) -> None:
    number = record(connection, make_job(), [make_reservation(GLOBAL)])
    do(connection, lambda c: ledger.release(c, number, at_ms=5))
    times = [row["at"] for row in connection.execute("SELECT at FROM entries ORDER BY entry_id")]
    assert times == [round(NOW.timestamp() * 1000), 5]


def test_the_audit_finds_a_grant_that_no_entry_made(connection: sqlite3.Connection) -> None:
    ledger.grant(connection, IMAGES, 5, cap=10, at_ms=1)
    assert ledger.audit(connection) == ()
    connection.execute("UPDATE accounts SET granted = granted + 1")
    (finding,) = ledger.audit(connection)
    assert finding.account == IMAGES

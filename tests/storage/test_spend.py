"""The sums over jobs: each job where the ledger has it, split by what became of its images."""

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest

from models import JobStatus, Scope
from storage import jobs, spend
from storage.spend import GroupedBy, PartSum, Sums, Window
from tests.builders import GUILD_ID, NOW, PRICE_MICROS, USER_ID
from tests.storage import spent
from tests.storage.inline import do

S = JobStatus
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def november(guild_id: int | None = GUILD_ID) -> Window:
    first = datetime(2026, 11, 1, tzinfo=UTC)
    return Window(
        guild_id=guild_id,
        first=FIRST,
        last=LAST,
        begins_at=tuple(first + timedelta(days=number) for number in range(31)),
    )


def read(connection: sqlite3.Connection, window: Window | None = None, *, grouped_by: GroupedBy | None = None) -> Sums:
    """As `aside.read` does, with temporary tables that are gone afterwards."""
    try:
        return spend.read(connection, window or november(), grouped_by=grouped_by)
    finally:
        connection.execute("DROP TABLE IF EXISTS found")


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_is_spent_held_or_nothing_as_the_ledger_has_it(
    connection: sqlite3.Connection, status: JobStatus
) -> None:
    spent.spend(connection, NOW, status=status, images=3)
    (day,) = read(connection).days
    assert (day.day, day.status, day.jobs, day.asked) == (NOW.date(), status, 1, 3)
    assert (day.spent_micros, day.held_micros) == spent.balance(connection, Scope.GUILD, "2026-11")
    assert day.paid * PRICE_MICROS == day.spent_micros


def test_what_passed_the_gate_is_priced_by_itself(connection: sqlite3.Connection) -> None:
    spent.spend(connection, NOW, images=4, made=3, passed=2)
    (day,) = read(connection).days
    assert (day.asked, day.paid, day.passed) == (4, 3, 2)
    assert (day.spent_micros, day.passed_micros) == (3 * PRICE_MICROS, 2 * PRICE_MICROS)


def test_days_begin_where_the_window_says(connection: sqlite3.Connection) -> None:
    midnight = datetime(2026, 11, 8, tzinfo=UTC)
    for at in (midnight - timedelta(milliseconds=1), midnight, midnight + timedelta(hours=23, minutes=59)):
        spent.spend(connection, at)
    assert [(day.day.day, day.jobs) for day in spend.read(connection, november(), grouped_by=None).days] == [
        (7, 1),
        (8, 2),
    ]
    assert not connection.execute("SELECT 1 FROM temp.sqlite_master").fetchall()  # the ledger was not asked for each


def test_what_lies_outside_or_belongs_to_others_is_not_counted(connection: sqlite3.Connection) -> None:
    for at in (datetime(2026, 10, 31, 23, 59, 59, 999_000, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)):
        spent.spend(connection, at)
    spent.spend(connection, NOW, guild_id=GUILD_ID + 1, images=2)
    assert read(connection).days == ()
    (day,) = read(connection, november(None)).days
    assert day.asked == 2


def test_where_the_zone_was_changed_the_ledgers_days_hold(connection: sqlite3.Connection) -> None:
    """Half of the jobs were accepted in the zone of Auckland, and the window is asked for in UTC."""
    for number in range(40):
        at = datetime(2026, 10, 30, 7, tzinfo=UTC) + timedelta(hours=20 * number)
        spent.spend(connection, at, zone="Pacific/Auckland" if number < 20 else "UTC", images=1 + number % 3)
    sums = read(connection, grouped_by=GroupedBy.MEMBER)
    by_day: dict[str, int] = {}
    for day in sums.days:
        by_day[day.day.isoformat()] = by_day.get(day.day.isoformat(), 0) + day.spent_micros
    every_day = [(FIRST + timedelta(days=number)).isoformat() for number in range(30)]
    assert [by_day.get(day, 0) for day in every_day] == [
        spent.balance(connection, Scope.GUILD, day)[0] for day in every_day
    ]
    assert sums.parts[0].spent_micros == sum(by_day.values()) == spent.balance(connection, Scope.GUILD, "2026-11")[0]


def test_parts_come_by_what_was_spent_then_held_and_have_their_keys(connection: sqlite3.Connection) -> None:
    spent.spend(connection, NOW, user_id=1, status=S.FAILED)
    spent.spend(connection, NOW, user_id=2, images=2)
    spent.spend(connection, NOW, user_id=3, status=S.IN_DOUBT)
    spent.spend(connection, NOW, user_id=4, images=2, passed=0, status=S.WITHHELD)
    spent.spend(connection, NOW, user_id=4, status=S.QUEUED)
    parts = read(connection, grouped_by=GroupedBy.MEMBER).parts
    assert parts == (
        PartSum(key=4, jobs=2, images=2, spent_micros=2 * PRICE_MICROS, held_micros=PRICE_MICROS),
        PartSum(key=2, jobs=1, images=2, spent_micros=2 * PRICE_MICROS, held_micros=0),
        PartSum(key=3, jobs=1, images=0, spent_micros=0, held_micros=PRICE_MICROS),
        PartSum(key=1, jobs=1, images=0, spent_micros=0, held_micros=0),
    )


def test_presets_are_named_absent_or_forgotten(connection: sqlite3.Connection) -> None:
    early = datetime(2026, 11, 2, tzinfo=UTC)
    spent.spend(connection, early, preset="Ink", images=4)
    do(connection, lambda c: jobs.forget_texts(c, before=NOW))
    spent.spend(connection, NOW, preset="Ink", images=2)
    spent.spend(connection, NOW, images=3)
    parts = read(connection, grouped_by=GroupedBy.PRESET).parts
    assert [(part.key, part.images) for part in parts] == [(None, 4), ("", 3), ("Ink", 2)]


def test_lines_are_the_jobs_of_the_same_window_the_oldest_first(connection: sqlite3.Connection) -> None:
    jobs_made = [
        spent.spend(connection, NOW, images=4, made=3, passed=2, preset="Ink", mode="canny"),
        spent.spend(connection, NOW, status=S.REJECTED, images=2),
        spent.spend(connection, NOW, status=S.IN_DOUBT),
        spent.spend(connection, NOW, guild_id=GUILD_ID + 1),
    ]
    lines = list(spend.lines(connection, november()))
    assert [line.job_id for line in lines] == [job.job_id for job in jobs_made[:3]]
    first, rejected, doubt = lines
    assert (first.created_at, first.guild_id, first.user_id, first.status) == (NOW, GUILD_ID, USER_ID, S.DELIVERED)
    assert (first.images_asked, first.images_made, first.images_shown) == (4, 3, 2)
    assert (first.spent_micros, first.held_micros, first.preset, first.mode) == (3 * PRICE_MICROS, 0, "Ink", "canny")
    assert (rejected.images_made, rejected.images_shown) == (2, 0)
    assert (doubt.spent_micros, doubt.held_micros, doubt.preset, doubt.mode) == (0, PRICE_MICROS, None, None)

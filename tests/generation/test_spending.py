"""Reports on what was spent: they say what the ledger says, in any time zone, and nothing is counted twice or lost."""

import asyncio
import csv
import gzip
import io
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from clock import to_ms
from errors import InvalidOption, StorageUnavailable
from generation import spans, spend_sheets, spending
from generation.spending import Budgets, By, Others, Outcome, Part, Spending, Tally, Unnamed
from models import JobStatus, Scope
from storage.database import Database, connect
from storage.spend import Line
from tests.builders import GUILD_ID, NOW, PRICE_MICROS, USER_ID
from tests.storage import spent
from tests.support import FakeClock

S = JobStatus
# Where clocks are put back and forward, north and south, and by half an hour; and one that is a day ahead of the other.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Honolulu", "UTC")


@pytest.fixture
def connection(tmp_path: Path, database: Database) -> Iterator[sqlite3.Connection]:
    """A second connection to the open database, for the tests' own jobs."""
    with closing(connect(tmp_path / "easel.db")) as opened:
        opened.execute("PRAGMA synchronous = OFF")
        yield opened


@pytest.fixture
def money(database: Database, clock: FakeClock) -> Spending:
    return Spending(database, clock)


def settle_in(connection: sqlite3.Connection, zone: str, *, then: str | None = None, at: datetime = NOW) -> None:
    """The guild's time zone, and the one that it has changed to."""
    connection.execute(
        "INSERT OR REPLACE INTO guild_settings (guild_id, time_zone, next_time_zone, next_time_zone_from)"
        " VALUES (?, ?, ?, ?)",
        (GUILD_ID, zone, then, None if then is None else to_ms(at)),
    )


def day_balances(connection: sqlite3.Connection, report: spending.Report) -> list[tuple[int, int]]:
    return [spent.balance(connection, Scope.GUILD, day.day.isoformat()) for day in report.days]


def day_sums(report: spending.Report) -> list[tuple[int, int]]:
    return [(day.totals.spent_micros, day.totals.held_micros) for day in report.days]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", ["2026-03", "2026-04", "2026-10", "2026-11"])
async def test_a_month_is_what_the_ledger_posted_across_every_change_of_the_clocks(
    money: Spending, connection: sqlite3.Connection, clock: FakeClock, zone: str, month: str
) -> None:
    clock.advance(40 * 86_400)
    settle_in(connection, zone)
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    ways = [S.DELIVERED, S.WITHHELD, S.FAILED, S.IN_DOUBT, S.UNDELIVERABLE, S.QUEUED, S.WRITTEN_OFF, S.IN_REVIEW]
    for number in range(60):  # from a day before the month to a day after it, at every hour of the day
        at = first - timedelta(hours=30) + timedelta(hours=13, minutes=37) * number
        spent.spend(connection, at, zone=zone, status=ways[number % len(ways)], images=1 + number % 4)
    report = await money.report(GUILD_ID, month)
    assert day_sums(report) == day_balances(connection, report)
    assert (report.totals.spent_micros, report.totals.held_micros) == spent.balance(connection, Scope.GUILD, month)
    assert report.totals.spent_micros > 0 < report.totals.held_micros
    assert len(report.days) == (30 if month in {"2026-04", "2026-11"} else 31)


async def test_a_changed_zone_leaves_what_was_counted_where_it_was(
    money: Spending, connection: sqlite3.Connection
) -> None:
    settle_in(connection, "Pacific/Kiritimati", then="Pacific/Honolulu", at=NOW - timedelta(days=9))
    for number in range(120):
        at = datetime(2026, 10, 29, tzinfo=UTC) + timedelta(hours=5) * number
        zone = "Pacific/Kiritimati" if at < NOW - timedelta(days=9) else "Pacific/Honolulu"
        spent.spend(connection, at, zone=zone)
    report = await money.report(GUILD_ID, "2026-11", By.MEMBER)
    assert day_sums(report) == day_balances(connection, report)
    assert report.totals.spent_micros == spent.balance(connection, Scope.GUILD, "2026-11")[0]
    assert sum(part.spent_micros for part in report.parts) == report.totals.spent_micros


async def test_the_whole_bot_is_what_the_global_account_posted_whatever_the_guilds_zones(
    money: Spending, connection: sqlite3.Connection
) -> None:
    for number in range(40):
        at = datetime(2026, 10, 31, tzinfo=UTC) + timedelta(hours=11) * number
        spent.spend(connection, at, zone=ZONES[number % 3], guild_id=GUILD_ID + number % 3, images=1 + number % 2)
    report = await money.report(None, "2026-11", By.GUILD)
    assert (report.totals.spent_micros, report.totals.held_micros) == spent.balance(connection, Scope.GLOBAL, "2026-11")
    assert {part.key for part in report.parts} == {GUILD_ID, GUILD_ID + 1, GUILD_ID + 2}
    assert sum(part.spent_micros for part in report.parts) == report.totals.spent_micros


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            S.DELIVERED,
            {Outcome.DELIVERED: Tally(jobs=1, images=2, micros=2), Outcome.WITHHELD: Tally(images=1, micros=1)},
        ),
        (S.WITHHELD, {Outcome.WITHHELD: Tally(jobs=1, images=3, micros=3)}),
        (S.REJECTED, {Outcome.WITHHELD: Tally(jobs=1, images=3, micros=3)}),
        (S.EXPIRED, {Outcome.WITHHELD: Tally(jobs=1, images=3, micros=3)}),
        (
            S.UNDELIVERABLE,
            {Outcome.NOT_SHOWN: Tally(jobs=1, images=2, micros=2), Outcome.WITHHELD: Tally(images=1, micros=1)},
        ),
        (
            S.IN_REVIEW,
            {Outcome.NOT_SHOWN: Tally(jobs=1, images=2, micros=2), Outcome.WITHHELD: Tally(images=1, micros=1)},
        ),
        (S.WRITTEN_OFF, {Outcome.NOT_SHOWN: Tally(jobs=1, images=4, micros=4)}),
        (S.FAILED, {Outcome.FAILED: Tally(jobs=1, images=4)}),
        (S.CANCELLED, {Outcome.FAILED: Tally(jobs=1, images=4)}),
        (S.IN_DOUBT, {Outcome.IN_DOUBT: Tally(jobs=1, images=4, micros=4)}),
        *((status, {Outcome.UNDER_WAY: Tally(jobs=1, images=4, micros=4)}) for status in (S.QUEUED, S.SUBMITTING)),
        *((status, {Outcome.UNDER_WAY: Tally(jobs=1, images=4, micros=4)}) for status in (S.SUBMITTED, S.GENERATED)),
    ],
)
async def test_four_images_of_which_three_came_and_two_passed(
    money: Spending, connection: sqlite3.Connection, status: JobStatus, expected: dict[Outcome, Tally]
) -> None:
    spent.spend(connection, NOW, status=status, images=4, made=3, passed=2)
    report = await money.report(GUILD_ID)
    priced = {
        outcome: Tally(jobs=tally.jobs, images=tally.images, micros=tally.micros * PRICE_MICROS)
        for outcome, tally in expected.items()
    }
    assert report.totals.by_outcome == priced
    assert report.totals.jobs == 1


async def test_an_empty_month_has_all_its_days_and_no_forecast(money: Spending) -> None:
    report = await money.report(GUILD_ID, "2024-02", By.MEMBER)
    assert [day.day.day for day in report.days] == list(range(1, 30))
    assert (report.totals.jobs, report.totals.spent_micros, report.totals.held_micros) == (0, 0, 0)
    assert (report.parts, report.others, report.forecast) == ((), None, None)


async def test_today_is_the_guilds_own(money: Spending, connection: sqlite3.Connection) -> None:
    settle_in(connection, "Pacific/Kiritimati")  # fourteen hours ahead of noon in UTC
    spent.spend(connection, NOW, zone="Pacific/Kiritimati")
    report = await money.report(GUILD_ID, "today")
    assert report.today == date(2026, 11, 23) == await money.today(GUILD_ID)
    assert report.totals.jobs == 1
    assert (await money.report(None, "today")).today == date(2026, 11, 22)


async def test_members_beyond_the_dearest_are_summed_up(money: Spending, connection: sqlite3.Connection) -> None:
    for number in range(1, 6):
        spent.spend(connection, NOW, user_id=number, images=number)
    spent.spend(connection, NOW, user_id=1, status=S.IN_DOUBT)
    report = await money.report(GUILD_ID, by=By.MEMBER, parts_max=3, budgets=Budgets(monthly_micros=5))
    assert [(part.key, part.images, part.jobs) for part in report.parts] == [(5, 5, 1), (4, 4, 1), (3, 3, 1)]
    assert report.others == Others(count=2, jobs=3, images=3, spent_micros=3 * PRICE_MICROS, held_micros=PRICE_MICROS)
    assert report.budgets.monthly_micros == 5


async def test_a_presets_spellings_are_one(money: Spending, connection: sqlite3.Connection) -> None:
    for preset, images in (("Film noir", 4), ("FILM NOIR", 2), ("Ink", 4), (None, 1), ("film noir", 1)):
        spent.spend(connection, NOW, preset=preset, images=images)
    connection.execute("UPDATE jobs SET prompt = '(forgotten)', recipe = '{}' WHERE images_requested = 2")
    report = await money.report(GUILD_ID, by=By.PRESET)
    assert [(part.key, part.images) for part in report.parts] == [
        ("Film noir", 5),
        ("Ink", 4),
        (Unnamed.FORGOTTEN, 2),
        (Unnamed.NO_PRESET, 1),
    ]
    assert isinstance(report.parts[0], Part)


async def test_months_add_up_to_the_year(money: Spending, connection: sqlite3.Connection) -> None:
    for month in range(1, 13):
        spent.spend(connection, datetime(2025, month, 15, tzinfo=UTC), images=1 + month % 4)
    report = await money.report(GUILD_ID, "2025")
    assert [month.day for month in report.months] == [date(2025, month, 1) for month in range(1, 13)]
    assert [month.totals.spent_micros // PRICE_MICROS for month in report.months] == [
        1 + month % 4 for month in range(1, 13)
    ]
    assert sum(month.totals.spent_micros for month in report.months) == report.totals.spent_micros


async def test_the_forecast_is_of_this_month_and_begins_with_the_first_job(
    money: Spending, connection: sqlite3.Connection
) -> None:
    for day in range(18, 22):
        spent.spend(connection, datetime(2026, 11, day, 9, tzinfo=UTC), images=2)
    spent.spend(connection, NOW)
    forecast = (await money.report(GUILD_ID, "2026-11")).forecast
    assert forecast is not None
    assert forecast.per_day_micros == 2 * PRICE_MICROS
    assert forecast.spent_micros == 9 * PRICE_MICROS
    assert forecast.expected_micros == 9 * PRICE_MICROS + 17 * PRICE_MICROS  # 8½ days are left at noon of the 22nd
    assert (await money.report(GUILD_ID, "2026-10")).forecast is None
    assert (await money.report(GUILD_ID, "last 12 months")).forecast is None


@pytest.mark.parametrize("period", ["next month", "2027-01", "", "2026-99"])
async def test_a_period_that_cannot_be_is_refused(money: Spending, period: str) -> None:
    for ask in (money.report, money.export):
        with pytest.raises(InvalidOption, match="period"):
            await ask(GUILD_ID, period)


def table(file: BinaryIO) -> list[dict[str, str]]:
    data = file.read()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_the_spreadsheet_has_a_line_for_each_job_and_the_reports_sums(
    money: Spending, connection: sqlite3.Connection
) -> None:
    settle_in(connection, "Europe/Berlin")
    job = spent.spend(
        connection, NOW, zone="Europe/Berlin", images=4, made=3, passed=2, preset="Ink, „wet“", mode="canny"
    )
    spent.spend(connection, NOW, zone="Europe/Berlin", status=S.IN_DOUBT)
    spent.spend(connection, NOW, zone="Europe/Berlin", guild_id=GUILD_ID + 1)
    with (sheet := await money.export(GUILD_ID, "2026-11")).file as file:
        first, second = table(file)
        assert sheet.size_bytes == os.fstat(file.fileno()).st_size
    assert (sheet.filename, sheet.jobs) == ("easel-spend-2026-11.csv", 2)
    assert first == {
        "time": "2026-11-22T13:00:00+01:00",
        "job_id": job.job_id,
        "guild_id": str(GUILD_ID),
        "member_id": str(USER_ID),
        "status": "delivered",
        "images_asked": "4",
        "images_made": "3",
        "images_shown": "2",
        "usd_spent": "0.27",
        "usd_held": "0.00",
        "preset": "Ink, „wet“",
        "mode": "canny",
    }
    assert (second["status"], second["usd_spent"], second["usd_held"]) == ("in_doubt", "0.00", "0.09")


async def test_a_month_without_jobs_is_a_spreadsheet_without_lines(money: Spending) -> None:
    with (await money.export(None, "2020-01")).file as file:
        assert file.read().decode("utf-8-sig") == ",".join(spend_sheets.COLUMNS) + "\r\n"


async def test_whatever_a_preset_is_called_it_is_no_formula(money: Spending, connection: sqlite3.Connection) -> None:
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "a=1", 'q",=1', "\ud800"):
        job = spent.spend(connection, NOW, preset="x")
        # Stored past the gate that refuses such names.
        connection.execute(
            "UPDATE jobs SET recipe = json_set(recipe, '$.preset', CAST(? AS TEXT)) WHERE job_id = ?",
            (name.encode("utf-8", "replace"), job.job_id),
        )
    with (await money.export(GUILD_ID)).file as file:
        cells = [line["preset"] for line in table(file)]
    assert cells[-3:] == ["a=1", 'q",=1', "?"]
    assert all(cell.startswith("'") for cell in cells[:-3])


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.00"), (90_000, "0.09"), (82_500, "0.0825"), (1, "0.000001"), (1_250_000_000, "1250.00"), (500_000, "0.50")],
)
def test_money_is_written_exactly(micros: int, text: str) -> None:
    assert spend_sheets.usd(micros) == text


async def test_what_is_too_large_is_packed_and_refused_where_that_does_not_help(
    money: Spending, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    for _ in range(40):
        spent.spend(connection, NOW)
    with (plain := await money.export(GUILD_ID, "2026")).file as file:
        lines = table(file)
    with (packed := await money.export(GUILD_ID, "2026", limit_bytes=plain.size_bytes - 1)).file as file:
        assert table(file) == lines
    assert packed.filename == "easel-spend-2026.csv.gz"
    assert packed.size_bytes < plain.size_bytes
    for period, shorter in (("2026", "2026-11"), ("2026-11", "2026-11-22")):
        with pytest.raises(InvalidOption) as refusal:
            await money.export(GUILD_ID, period, limit_bytes=packed.size_bytes - 1)
        assert (refusal.value.problem, refusal.value.other) == ("too_much", shorter)
    assert not files_below(tmp_path, deleted=True)


async def test_a_spreadsheet_that_nobody_waits_for_leaves_nothing(
    money: Spending, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    for _ in range(20):
        spent.spend(connection, NOW)
    for turns in range(12):
        work = asyncio.create_task(money.export(GUILD_ID), name="export")
        for _ in range(turns):
            await asyncio.sleep(0.001)
        work.cancel()
        with suppress(asyncio.CancelledError):
            (await work).close()
        assert not files_below(tmp_path, deleted=True)


def test_what_is_far_too_large_is_given_up_before_it_fills_the_disk(tmp_path: Path) -> None:
    draw = random.Random(1)
    taken = 0

    def far_too_many() -> Iterator[Line]:
        nonlocal taken
        for taken in range(100_000):  # noqa: B007 - counted for the test
            yield Line(
                created_at=NOW,
                job_id=f"{draw.getrandbits(256):x}",
                guild_id=GUILD_ID,
                user_id=USER_ID,
                status=S.DELIVERED,
                images_asked=1,
                images_made=1,
                images_shown=1,
                spent_micros=PRICE_MICROS,
                held_micros=0,
                preset=None,
                mode=None,
            )

    span = spans.month_of(NOW.date())
    with pytest.raises(InvalidOption, match="too_much"):
        spend_sheets.write(far_too_many(), folder=tmp_path, where=UTC, span=span, shorter=span, limit_bytes=200_000)
    assert taken < 20_000


def test_a_folder_that_takes_no_file_is_the_disks_fault(tmp_path: Path) -> None:
    span = spans.day_of(NOW.date())
    with pytest.raises(StorageUnavailable):
        spend_sheets.write([], folder=tmp_path / "gone", where=UTC, span=span, shorter=span, limit_bytes=1)


def files_below(folder: Path, *, deleted: bool) -> list[str]:
    """What this process has open below the folder and without a name."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:
            continue
    return [link for link in links if link.startswith(str(folder)) and link.endswith("(deleted)") is deleted]

"""Where the money went: sums over jobs, by the period in which each was reserved.

A job counts in the period of its reservation, whenever it ended: there the ledger posted it. That is where it was made
in the guild's time zone, unless the guild has changed its zone since. So the sums of each day are held against the
guild's accounts, and where they differ the ledger is asked, job by job, which costs several times as much.
"""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from clock import from_ms, to_ms
from models import JobStatus
from storage.jobs import FORGOTTEN

# Reserved, and neither settled nor released.
HELD: Final = frozenset(
    {JobStatus.QUEUED, JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED, JobStatus.IN_DOUBT}
)
_HELD_SQL: Final = ", ".join(f"'{status}'" for status in sorted(HELD))
# As far as two time zones can be apart, so that a job's day by another zone is not missed.
_ZONES_APART_MS: Final = 26 * 3_600_000

# How many images a job's money went to: what was written off may never have been made.
_PAID: Final = (
    f"CASE WHEN status IN ({_HELD_SQL}, 'failed', 'cancelled') THEN 0"
    " WHEN status = 'written_off' THEN images_requested ELSE images_produced END"
)
_HELD_MICROS: Final = f"CASE WHEN status IN ({_HELD_SQL}) THEN price_micros * images_requested ELSE 0 END"
# Never more for what passed the gate than was settled for all.
_DAY_SUMS: Final = (
    "status, count(*) AS jobs, sum(images_requested) AS asked, sum(images_released) AS passed,"
    f" sum({_PAID}) AS paid, sum(settled_micros) AS spent,"
    f" sum(min(settled_micros, price_micros * images_released)) AS passed_micros, sum({_HELD_MICROS}) AS held"
)
_PART_SUMS: Final = (
    f"count(*) AS jobs, sum({_PAID}) AS images, sum(settled_micros) AS spent, sum({_HELD_MICROS}) AS held"
)
_LINE: Final = (
    f"created_at, job_id, guild_id, user_id, status, images_requested, images_produced, {_HELD_MICROS} AS held,"
    " CASE status WHEN 'delivered' THEN images_released ELSE 0 END AS shown, settled_micros,"
    " recipe ->> '$.preset' AS preset, recipe ->> '$.mode' AS mode"
)
_DAY_MS: Final = 86_400_000


class GroupedBy(StrEnum):
    """What the parts of a sum have in common, as an expression over a job."""

    MEMBER = "user_id"
    PRESET = (
        f"CASE WHEN recipe <> '{{}}' THEN coalesce(recipe ->> '$.preset', '') WHEN prompt <> '{FORGOTTEN}' THEN '' END"
    )
    GUILD = "guild_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is summed: one guild's jobs, or everybody's (`guild_id` None, by UTC's days), over days in a row.

    `begins_at` holds the moment at which each day begins, and then the one at which the last of them is over.
    """

    guild_id: int | None
    first: date
    last: date
    begins_at: tuple[datetime, ...]

    def __post_init__(self) -> None:
        assert len(self.begins_at) == (self.last - self.first).days + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """The jobs of one day that have this status. `passed` images were let through by the gate, `paid` ones settled."""

    day: date
    status: JobStatus
    jobs: int
    asked: int
    passed: int
    paid: int
    spent_micros: int
    passed_micros: int
    held_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSum:
    """The jobs of a member or guild (by id) or preset (by name; empty without one, None where it is forgotten)."""

    key: int | str | None
    jobs: int
    images: int
    spent_micros: int
    held_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """All sums of a window, as of one moment. `parts` come by what was spent, the largest first."""

    days: tuple[DaySum, ...]
    parts: tuple[PartSum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One job, for a list. `images_shown` are those that reached the channel."""

    created_at: datetime
    job_id: str
    guild_id: int
    user_id: int
    status: JobStatus
    images_asked: int
    images_made: int
    images_shown: int
    spent_micros: int
    held_micros: int
    preset: str | None
    mode: str | None


def read(connection: sqlite3.Connection, window: Window, *, grouped_by: GroupedBy | None) -> Sums:
    """The window's sums by day and status, and by what else is asked for; a part of `aside.read`."""
    days, chosen = _choose(connection, window)
    return Sums(days=days, parts=() if grouped_by is None else tuple(_parts(connection, chosen, grouped_by)))


def lines(connection: sqlite3.Connection, window: Window) -> Iterator[Line]:
    """The window's jobs, the oldest first; a part of `aside.read`, to be used up within it."""
    _, chosen = _choose(connection, window)
    rows = connection.execute(
        f"SELECT {_LINE} FROM jobs WHERE {chosen.condition} ORDER BY created_at, job_no",  # noqa: S608 - ours
        chosen.parameters,
    )
    for row in rows:
        yield Line(
            created_at=from_ms(row["created_at"]),
            job_id=row["job_id"],
            guild_id=row["guild_id"],
            user_id=row["user_id"],
            status=JobStatus(row["status"]),
            images_asked=row["images_requested"],
            images_made=row["images_produced"],
            images_shown=row["shown"],
            spent_micros=row["settled_micros"],
            held_micros=row["held"],
            preset=row["preset"],
            mode=row["mode"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """Which jobs are counted: a condition, with its parameters."""

    condition: str
    parameters: tuple[object, ...]


def _choose(connection: sqlite3.Connection, window: Window) -> tuple[tuple[DaySum, ...], _Chosen]:
    """The sums of the window's days, and which jobs they are of."""
    begins = [to_ms(moment) for moment in window.begins_at]
    if window.guild_id is None:
        assert begins[0] % _DAY_MS == 0
        chosen = _Chosen(condition="created_at >= ? AND created_at < ?", parameters=(begins[0], begins[-1]))
        return _days_of_all(connection, chosen), chosen
    chosen = _Chosen(
        condition="guild_id = ? AND created_at >= ? AND created_at < ?",
        parameters=(window.guild_id, begins[0], begins[-1]),
    )
    days = _days_by_time(connection, window, begins)
    if _agrees_with_ledger(connection, window, days):
        return days, chosen
    _find_by_ledger(connection, window, begins)
    return _days_found(connection), _Chosen(condition="job_no IN (SELECT job_no FROM found)", parameters=())


def _days_by_time(connection: sqlite3.Connection, window: Window, begins: Sequence[int]) -> tuple[DaySum, ...]:
    """One day at a time, since a few hundred jobs are sorted faster so often than a hundred thousand once."""
    return tuple(
        _day_sum(date.fromordinal(window.first.toordinal() + number), row)
        for number, (begin, end) in enumerate(itertools.pairwise(begins))
        for row in connection.execute(
            f"SELECT {_DAY_SUMS} FROM jobs WHERE guild_id = ? AND created_at >= ? AND created_at < ?"  # noqa: S608 - ours
            " GROUP BY status",
            (window.guild_id, begin, end),
        )
    )


def _days_of_all(connection: sqlite3.Connection, chosen: _Chosen) -> tuple[DaySum, ...]:
    """By the days of UTC, all of which are equally long; no index has everybody's jobs by time."""
    rows = connection.execute(
        f"SELECT created_at / {_DAY_MS} AS day, {_DAY_SUMS} FROM jobs WHERE {chosen.condition}"  # noqa: S608 - ours
        " GROUP BY day, status ORDER BY day, status",
        chosen.parameters,
    )
    return tuple(_day_sum(from_ms(row["day"] * _DAY_MS).date(), row) for row in rows)


def _agrees_with_ledger(connection: sqlite3.Connection, window: Window, days: Iterable[DaySum]) -> bool:
    """Whether each day's jobs add up to what the guild's account of that day holds."""
    counted: Counter[tuple[str, str]] = Counter()
    for day in days:
        counted[day.day.isoformat(), "posted"] += day.spent_micros
        counted[day.day.isoformat(), "pending"] += day.held_micros
    rows = connection.execute(
        "SELECT period, posted, pending FROM accounts WHERE scope = 'guild' AND guild_id = ? AND user_id = 0"
        "   AND unit = 'micros' AND length(period) = 10 AND period BETWEEN ? AND ?",
        (window.guild_id, window.first.isoformat(), window.last.isoformat()),
    )
    for row in rows:
        counted[row["period"], "posted"] -= row["posted"]
        counted[row["period"], "pending"] -= row["pending"]
    return not any(counted.values())


def _find_by_ledger(connection: sqlite3.Connection, window: Window, begins: Sequence[int]) -> None:
    """Fill the temporary table `found` with the jobs whose reservation is on an account of one of the days."""
    connection.execute("CREATE TEMP TABLE found (job_no INTEGER PRIMARY KEY, day TEXT NOT NULL)")
    connection.execute(
        "INSERT INTO found SELECT job_no, period"
        "  FROM jobs CROSS JOIN entries USING (job_no) CROSS JOIN accounts USING (account_id)"  # in this order
        " WHERE jobs.guild_id = ? AND created_at >= ? AND created_at < ? AND entries.kind = 'reserve'"
        "   AND accounts.scope = 'guild' AND accounts.unit = 'micros' AND length(period) = 10"
        "   AND period BETWEEN ? AND ?",
        (
            window.guild_id,
            begins[0] - _ZONES_APART_MS,
            begins[-1] + _ZONES_APART_MS,
            window.first.isoformat(),
            window.last.isoformat(),
        ),
    )


def _days_found(connection: sqlite3.Connection) -> tuple[DaySum, ...]:
    rows = connection.execute(
        f"SELECT day, {_DAY_SUMS} FROM found CROSS JOIN jobs USING (job_no)"  # noqa: S608 - a constant
        " GROUP BY day, status ORDER BY day, status"
    )
    return tuple(_day_sum(date.fromisoformat(row["day"]), row) for row in rows)


def _day_sum(day: date, row: sqlite3.Row) -> DaySum:
    return DaySum(
        day=day,
        status=JobStatus(row["status"]),
        jobs=row["jobs"],
        asked=row["asked"],
        passed=row["passed"],
        paid=row["paid"],
        spent_micros=row["spent"],
        passed_micros=row["passed_micros"],
        held_micros=row["held"],
    )


def _parts(connection: sqlite3.Connection, chosen: _Chosen, grouped_by: GroupedBy) -> Iterator[PartSum]:
    rows = connection.execute(
        f"SELECT {grouped_by} AS key, {_PART_SUMS} FROM jobs WHERE {chosen.condition}"  # noqa: S608 - ours
        " GROUP BY key ORDER BY spent DESC, held DESC, jobs DESC, key",
        chosen.parameters,
    )
    for row in rows:
        yield PartSum(
            key=row["key"],
            jobs=row["jobs"],
            images=row["images"],
            spent_micros=row["spent"],
            held_micros=row["held"],
        )

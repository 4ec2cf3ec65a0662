"""Where the money went: what a guild, or the whole bot, spent in a span of days, on what, and by whom."""

import asyncio
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Final

from clock import Clock
from generation import forecast, periods, spans, spend_sheets
from generation.forecast import Forecast
from generation.spans import Span
from generation.spend_sheets import UPLOAD_MAX_BYTES, Sheet
from models import AccountKey, Balance, JobStatus, Scope, Unit
from recipes import folded
from storage import aside, guilds, ledger, spend
from storage.database import Database
from storage.spend import DaySum, GroupedBy, PartSum, Window

# As many as a chart shows with names that can be read.
PARTS_MAX: Final = 12
_ONE_DAY: Final = timedelta(days=1)


class By(StrEnum):
    """What a report is broken down by, beside its days."""

    DAY = "day"
    MEMBER = "member"
    PRESET = "preset"
    GUILD = "guild"


_GROUPED_BY: Final = {
    By.DAY: None,
    By.MEMBER: GroupedBy.MEMBER,
    By.PRESET: GroupedBy.PRESET,
    By.GUILD: GroupedBy.GUILD,
}


class Outcome(StrEnum):
    """What became of jobs and their images: the first three were paid for, the last two are held."""

    DELIVERED = "delivered"
    WITHHELD = "withheld"
    # Paid for, and neither shown nor withheld: waits for a moderator, its card is gone, or written off after doubt.
    NOT_SHOWN = "not_shown"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNDER_WAY = "under_way"


SPENT: Final = frozenset({Outcome.DELIVERED, Outcome.WITHHELD, Outcome.NOT_SHOWN})
HELD: Final = frozenset({Outcome.IN_DOUBT, Outcome.UNDER_WAY})

_OUTCOMES: Final = {
    JobStatus.DELIVERED: Outcome.DELIVERED,
    **dict.fromkeys((JobStatus.WITHHELD, JobStatus.REJECTED, JobStatus.EXPIRED), Outcome.WITHHELD),
    **dict.fromkeys((JobStatus.IN_REVIEW, JobStatus.UNDELIVERABLE, JobStatus.WRITTEN_OFF), Outcome.NOT_SHOWN),
    **dict.fromkeys((JobStatus.FAILED, JobStatus.CANCELLED), Outcome.FAILED),
    JobStatus.IN_DOUBT: Outcome.IN_DOUBT,
    **dict.fromkeys(
        (JobStatus.QUEUED, JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED), Outcome.UNDER_WAY
    ),
}


class Unnamed(Enum):
    """Where a part has no preset's name: there was none, or it is no longer kept."""

    NO_PRESET = "no_preset"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many jobs and images came out one way, and their money: spent, held or, for what failed, none.

    A job counts once. One whose images were partly withheld counts among the delivered, the images that were withheld
    and their money among the withheld.
    """

    jobs: int = 0
    images: int = 0
    micros: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(jobs=self.jobs + other.jobs, images=self.images + other.images, micros=self.micros + other.micros)


NOTHING: Final = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What became of everything that was asked for."""

    by_outcome: Mapping[Outcome, Tally]

    def __getitem__(self, outcome: Outcome) -> Tally:
        return self.by_outcome.get(outcome, NOTHING)

    @property
    def jobs(self) -> int:
        """How many jobs there were."""
        return sum(tally.jobs for tally in self.by_outcome.values())

    @property
    def spent_micros(self) -> int:
        """What the ledger has posted."""
        return sum(self[outcome].micros for outcome in SPENT)

    @property
    def held_micros(self) -> int:
        """What the ledger holds: it will be posted or let go."""
        return sum(self[outcome].micros for outcome in HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpend:
    """One day, or of `Report.months` one month by its first day."""

    day: date
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one member or guild (by id) or one preset (by name) asked for; `images` are those that were paid for."""

    key: int | str | Unnamed
    jobs: int
    images: int
    spent_micros: int
    held_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The parts that are not listed by themselves: `count` of them, together."""

    count: int
    jobs: int
    images: int
    spent_micros: int
    held_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The caps to hold a report against, where there are any."""

    daily_micros: int | None = None
    monthly_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was spent in a span, as of one moment. `days` has every day of it, also those to come.

    `today` is the day in the guild's time zone (UTC for the whole bot); `parts` come the dearest first. The forecast is
    there for the current month only, and only once enough of its days are over.
    """

    guild_id: int | None
    span: Span
    by: By
    today: date
    totals: Totals
    days: tuple[DaySpend, ...]
    parts: tuple[Part, ...] = ()
    others: Others | None = None
    forecast: Forecast | None = None
    budgets: Budgets = Budgets()

    @property
    def months(self) -> tuple[DaySpend, ...]:
        """The same by calendar month, for spans whose days are too many to be looked at."""
        months: dict[date, list[Totals]] = defaultdict(list)
        for day in self.days:
            months[day.day.replace(day=1)].append(day.totals)
        return tuple(DaySpend(day=first, totals=_sum(totals)) for first, totals in months.items())


class Spending:
    """Reports on what was spent. Every method raises StorageUnavailable where the database can't be used.

    A job counts on the day on which it was accepted, in the guild's time zone of then: that is the period of its
    reservation, so a month's sum is exactly what the ledger posted on the guild's account of that month. Held money
    (under way, in doubt) is no part of what was spent.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self,
        guild_id: int | None,
        period: str = spans.SpanName.THIS_MONTH,
        by: By = By.DAY,
        *,
        budgets: Budgets | None = None,
        parts_max: int = PARTS_MAX,
    ) -> Report:
        """What the guild spent, or with None the whole bot, whose days are UTC's.

        `period` is what `spans.parse` takes; raises InvalidOption (`period`) for anything else. At most `parts_max`
        parts are listed one by one. `budgets` are handed through.
        """
        assert by is not By.GUILD or guild_id is None
        now, where = await self._here_and_now(guild_id)
        today = now.astimezone(where).date()
        span = spans.parse(period, today)
        sums = await aside.read(
            self._database,
            functools.partial(spend.read, window=_window(guild_id, span, where), grouped_by=_GROUPED_BY[by]),
        )
        by_day = _by_day(sums.days)
        days = tuple(DaySpend(day=day, totals=by_day.get(day, Totals(by_outcome={}))) for day in span.days)
        parts = [_part(part) for part in sums.parts]
        if by is By.PRESET:
            parts = _spellings_joined(parts)
        return Report(
            guild_id=guild_id,
            span=span,
            by=by,
            today=today,
            totals=_sum(day.totals for day in days),
            days=days,
            parts=tuple(parts[:parts_max]),
            others=_others(parts[parts_max:]),
            forecast=_forecast(days, today, now, where) if span == spans.month_of(today) else None,
            budgets=budgets or Budgets(),
        )

    async def budget_then(self, guild_id: int, period: str) -> Balance | None:
        """The guild's budget of a day or month by its key, with the cap as of its last request; None where none was."""
        key = AccountKey(scope=Scope.GUILD, unit=Unit.MICROS, period=period, guild_id=guild_id)
        row = await self._database.fetch_one(*ledger.balance_query([key]))
        if row is None:
            return None
        return Balance(account=key, pending=row["pending"], posted=row["posted"], cap=row["cap"])

    async def today(self, guild_id: int | None) -> date:
        """The day that it is in the guild's time zone, in which its periods are named."""
        now, where = await self._here_and_now(guild_id)
        return now.astimezone(where).date()

    async def export(
        self, guild_id: int | None, period: str = spans.SpanName.THIS_MONTH, *, limit_bytes: int = UPLOAD_MAX_BYTES
    ) -> Sheet:
        """A spreadsheet with a line for each job of the same report, packed where it is larger than the limit.

        Whoever asked closes it. Raises InvalidOption: `no_period` for no period, and `too_much` where it is too
        large even packed; then `other` names a shorter period.
        """
        now, where = await self._here_and_now(guild_id)
        today = now.astimezone(where).date()
        span = spans.parse(period, today)
        folder = (await aside.path_of(self._database)).parent
        made: list[Sheet] = []
        try:
            await aside.read(
                self._database,
                lambda connection: made.append(
                    spend_sheets.write(
                        spend.lines(connection, _window(guild_id, span, where)),
                        folder=folder,
                        where=where,
                        span=span,
                        shorter=span.shorter(today),
                        limit_bytes=limit_bytes,
                    )
                ),
            )
        except asyncio.CancelledError:
            for sheet in made:  # finished in the very moment in which nobody wanted it any more
                sheet.close()
            raise
        return made[0]

    async def _here_and_now(self, guild_id: int | None) -> tuple[datetime, tzinfo]:
        now = self._clock.now()
        if guild_id is None:
            return now, UTC
        settings = await guilds.settings_of(self._database, guild_id)
        return now, periods.zone(settings.zone_at(now))


def _window(guild_id: int | None, span: Span, where: tzinfo) -> Window:
    days = (span.first - _ONE_DAY, *span.days)
    return Window(
        guild_id=guild_id,
        first=span.first,
        last=span.last,
        begins_at=tuple(_day(day, where).renews_at for day in days),  # a day begins where the one before it ends
    )


def _day(day: date, where: tzinfo) -> periods.Period:
    return periods.day_of(datetime.combine(day, time(12), where), where)


def _by_day(sums: Iterable[DaySum]) -> dict[date, Totals]:
    tallies: dict[date, dict[Outcome, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for one in sums:
        for outcome, tally in _tallies(one):
            tallies[one.day][outcome] += tally
    return {day: Totals(by_outcome=dict(by_outcome)) for day, by_outcome in tallies.items()}


def _tallies(one: DaySum) -> Iterable[tuple[Outcome, Tally]]:
    """What jobs of one status come to: with some, the images that the gate withheld are one thing, the rest another."""
    outcome = _OUTCOMES[one.status]
    if outcome in HELD:
        yield outcome, Tally(jobs=one.jobs, images=one.asked, micros=one.held_micros)
    elif outcome is Outcome.FAILED:
        yield outcome, Tally(jobs=one.jobs, images=one.asked)
    elif outcome is Outcome.WITHHELD or one.status is JobStatus.WRITTEN_OFF:
        yield outcome, Tally(jobs=one.jobs, images=one.paid, micros=one.spent_micros)
    else:
        yield outcome, Tally(jobs=one.jobs, images=one.passed, micros=one.passed_micros)
        withheld = Tally(images=one.paid - one.passed, micros=one.spent_micros - one.passed_micros)
        if withheld != NOTHING:
            yield Outcome.WITHHELD, withheld


def _sum(many: Iterable[Totals]) -> Totals:
    tallies: dict[Outcome, Tally] = defaultdict(Tally)
    for totals in many:
        for outcome, tally in totals.by_outcome.items():
            tallies[outcome] += tally
    return Totals(by_outcome=dict(tallies))


def _part(part: PartSum) -> Part:
    key = Unnamed.FORGOTTEN if part.key is None else part.key or Unnamed.NO_PRESET
    return Part(
        key=key,
        jobs=part.jobs,
        images=part.images,
        spent_micros=part.spent_micros,
        held_micros=part.held_micros,
    )


def _spellings_joined(parts: Sequence[Part]) -> list[Part]:
    """Presets whose names are the same but for their case as one, by the spelling that was used for the most money."""
    joined: dict[object, Part] = {}
    for part in parts:
        name = folded(part.key) if isinstance(part.key, str) else part.key
        known = joined.get(name)
        joined[name] = part if known is None else _joined(known, part)
    return sorted(joined.values(), key=lambda part: (-part.spent_micros, -part.held_micros, -part.jobs))


def _joined(one: Part, other: Part) -> Part:
    return replace(
        one,
        jobs=one.jobs + other.jobs,
        images=one.images + other.images,
        spent_micros=one.spent_micros + other.spent_micros,
        held_micros=one.held_micros + other.held_micros,
    )


def _others(parts: Sequence[Part]) -> Others | None:
    if not parts:
        return None
    together = functools.reduce(_joined, parts)
    return Others(
        count=len(parts),
        jobs=together.jobs,
        images=together.images,
        spent_micros=together.spent_micros,
        held_micros=together.held_micros,
    )


def _forecast(days: Sequence[DaySpend], today: date, now: datetime, where: tzinfo) -> Forecast | None:
    before = [day for day in days if day.day < today]
    begun = next((number for number, day in enumerate(before) if day.totals.jobs), len(before))
    ends = _day(today, where).renews_at
    rest = Fraction(max(0, round((ends - now).total_seconds())), 86_400)
    return forecast.month_end(
        [day.totals.spent_micros for day in before[begun:]],
        today=today,
        spent_micros=sum(day.totals.spent_micros for day in days if day.day <= today),
        days_left=(days[-1].day - today).days + min(rest, Fraction(1)),
    )

"""Days and months in a guild's time zone: an account's period is named here, and when the next one begins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A day (`2026-11-22`) or a month (`2026-11`), and the aware UTC time at which the next one begins."""

    key: str
    renews_at: datetime


def zone(name: str) -> tzinfo:
    """The time zone of that IANA name; UTC needs no zone data."""
    return UTC if name == "UTC" else ZoneInfo(name)


def day_of(now: datetime, where: tzinfo) -> Period:
    """The calendar day in that zone. It begins at local midnight, whatever daylight saving makes of its length."""
    return _day(now.astimezone(where).date(), where)


def month_of(now: datetime, where: tzinfo) -> Period:
    """The calendar month in that zone."""
    return _month(now.astimezone(where).date(), where)


# Every acceptance asks for the same few periods; only the first of a day has to work them out.
@lru_cache(maxsize=128)
def _day(today: date, where: tzinfo) -> Period:
    return Period(key=today.isoformat(), renews_at=_midnight(today + timedelta(days=1), where))


@lru_cache(maxsize=128)
def _month(today: date, where: tzinfo) -> Period:
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(key=f"{today:%Y-%m}", renews_at=_midnight(following, where))


def _midnight(day: date, where: tzinfo) -> datetime:
    return datetime.combine(day, time.min, where).astimezone(UTC)

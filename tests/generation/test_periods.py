"""Days and months in a guild's time zone, across daylight saving, leap days and year ends."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import periods

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Africa/Cairo",
         "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "key", "renews_at"),
    [
        ("UTC", "2026-11-22 23:59:59.999", "2026-11-22", "2026-11-23 00:00"),
        ("UTC", "2026-11-23 00:00", "2026-11-23", "2026-11-24 00:00"),
        ("UTC", "2028-02-28 12:00", "2028-02-28", "2028-02-29 00:00"),
        ("UTC", "2026-12-31 12:00", "2026-12-31", "2027-01-01 00:00"),
        # Berlin's day of 23 hours begins at +1 and ends at +2, the one of 25 hours the other way round.
        ("Europe/Berlin", "2026-03-28 23:00", "2026-03-29", "2026-03-29 22:00"),
        ("Europe/Berlin", "2026-10-24 22:00", "2026-10-25", "2026-10-25 23:00"),
        ("America/New_York", "2026-11-23 04:59", "2026-11-22", "2026-11-23 05:00"),
        ("Asia/Kathmandu", "2026-11-22 18:15", "2026-11-23", "2026-11-23 18:15"),
        # Cairo's clocks jump at midnight itself: 2026-04-24 begins at 01:00, which is the moment of the jump.
        ("Africa/Cairo", "2026-04-23 12:00", "2026-04-23", "2026-04-23 22:00"),
        # Havana's midnight of 2026-11-01 comes twice; the day begins at the first.
        ("America/Havana", "2026-10-31 12:00", "2026-10-31", "2026-11-01 04:00"),
    ],
)
def test_the_day(zone: str, now: str, key: str, renews_at: str) -> None:
    period = periods.day_of(utc(now), periods.zone(zone))
    assert (period.key, period.renews_at) == (key, utc(renews_at))


@pytest.mark.parametrize(
    ("zone", "now", "key", "renews_at"),
    [
        ("UTC", "2026-11-30 23:59:59", "2026-11", "2026-12-01 00:00"),
        ("UTC", "2026-12-01 00:00", "2026-12", "2027-01-01 00:00"),
        ("UTC", "2026-01-31 12:00", "2026-01", "2026-02-01 00:00"),
        ("UTC", "2028-02-29 12:00", "2028-02", "2028-03-01 00:00"),
        ("Europe/Berlin", "2026-03-31 22:00", "2026-04", "2026-04-30 22:00"),
        ("Europe/Berlin", "2026-10-15 12:00", "2026-10", "2026-10-31 23:00"),
        ("Pacific/Kiritimati", "2026-10-31 10:00", "2026-11", "2026-11-30 10:00"),
    ],
)
def test_the_month(zone: str, now: str, key: str, renews_at: str) -> None:
    period = periods.month_of(utc(now), periods.zone(zone))
    assert (period.key, period.renews_at) == (key, utc(renews_at))


@given(
    days=st.floats(0, 3000),
    where=st.sampled_from(ZONES).map(periods.zone),
)
def test_a_period_ends_just_where_the_next_one_begins(days: float, where: tzinfo) -> None:
    moment = utc("2024-01-01") + timedelta(days=days)
    for period_of in (periods.day_of, periods.month_of):
        period = period_of(moment, where)
        assert period.renews_at > moment
        assert period.renews_at.tzinfo is UTC
        assert period_of(period.renews_at - timedelta(seconds=1), where) == period
        assert period_of(period.renews_at, where).key > period.key


def test_utc_needs_no_zone_data_and_an_unknown_zone_is_refused() -> None:
    assert periods.zone("UTC") is UTC
    assert periods.zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    with pytest.raises(ZoneInfoNotFoundError):
        periods.zone("Europe/Atlantis")

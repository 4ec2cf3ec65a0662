"""Spans of days that a report can be asked for: `this month`, `2026-11`, `2026`, and what else a person would type."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from errors import InvalidOption

# Discord began in 2015: no guild has a day before that, and a year typed wrongly is nonsense rather than empty.
YEAR_MIN: Final = 2015
_KEY: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
# Spans of twelve months, which have no name of their own.
_MONTHS_KEY: Final = re.compile(r"(\d{4}-\d{2})--(\d{4}-\d{2})", re.ASCII)


class SpanName(StrEnum):
    """Spans that are named by where they are from today."""

    TODAY = "today"
    THIS_MONTH = "this month"
    LAST_MONTH = "last month"
    LAST_12_MONTHS = "last 12 months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole days from `first` to `last`, both among them.

    `key` names it for good, whatever is asked for tomorrow: `2026-11-22`, `2026-11`, `2026` or `2025-12--2026-11`.
    """

    key: str
    first: date
    last: date

    @property
    def days(self) -> tuple[date, ...]:
        """Every day, the earliest first."""
        return tuple(self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    @property
    def is_month(self) -> bool:
        """Whether it is one calendar month."""
        return self == month_of(self.first)

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    @property
    def is_year(self) -> bool:
        """Whether it is one calendar year."""
        return self == year_of(self.first)

    def earlier(self) -> "Span | None":
        """The span of the same kind that ends where this one begins; None before `YEAR_MIN`."""
        last = self.first - timedelta(days=1)
        if self.is_day:
            span = day_of(last)
        elif self.is_month:
            span = month_of(last)
        else:
            span = year_of(last) if self.is_year else _twelve_months(last)
        return span if span.first.year >= YEAR_MIN else None

    def later(self, today: date) -> "Span | None":
        """The span of the same kind that begins where this one ends; None where it is wholly to come.

        Of twelve months none is to come: the latest end with this month.
        """
        first = self.last + timedelta(days=1)
        if first > today:
            return None
        if self.is_day:
            return day_of(first)
        if self.is_month:
            return month_of(first)
        return year_of(first) if self.is_year else _twelve_months(min(_plus_11_months(first), today))

    def shorter(self, today: date) -> "Span":
        """A span within this one, for when this is too much: its latest month so far, or its latest day."""
        latest = min(self.last, today)
        return day_of(latest) if month_of(latest).first <= self.first else month_of(latest)


def parse(text: str, today: date) -> Span:
    """The span that this names as seen from `today`, the guild's; case and the joints between words don't matter.

    Names are those of `SpanName`; anything else is a day, a month or a year by its number, or a span's key. Raises
    InvalidOption (`period`, `no_period`) for anything else, and for what lies wholly in the future.
    """
    words = re.sub(r"[\s_-]+", " ", text.strip().casefold())
    match words:
        case SpanName.TODAY:
            return day_of(today)
        case SpanName.THIS_MONTH:
            return month_of(today)
        case SpanName.LAST_MONTH:
            return month_of(today.replace(day=1) - timedelta(days=1))
        case SpanName.LAST_12_MONTHS:
            return _twelve_months(today)
    span = _numbered(text.strip(), today) or _keyed(text.strip(), today)
    if span is None or span.first > today:
        raise InvalidOption("period", "no_period")
    return span


def day_of(day: date) -> Span:
    """That day alone."""
    return Span(key=day.isoformat(), first=day, last=day)


def month_of(day: date) -> Span:
    """The calendar month that the day is in."""
    first = day.replace(day=1)
    return Span(key=f"{day:%Y-%m}", first=first, last=_following(first) - timedelta(days=1))


def year_of(day: date) -> Span:
    """The calendar year that the day is in."""
    return Span(key=f"{day:%Y}", first=date(day.year, 1, 1), last=date(day.year, 12, 31))


def _twelve_months(day: date) -> Span:
    """The month that the day is in and the eleven before it."""
    this = month_of(day)
    first = date(this.first.year - 1, this.first.month + 1, 1) if this.first.month < 12 else date(this.first.year, 1, 1)
    if first.month == 1:
        return year_of(first)
    return Span(key=f"{first:%Y-%m}--{this.key}", first=first, last=this.last)


def _plus_11_months(first: date) -> date:
    return date(first.year, 12, 1) if first.month == 1 else date(first.year + 1, first.month - 1, 1)


def _numbered(text: str, today: date) -> Span | None:
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (None if part is None else int(part) for part in found.groups())
    assert year is not None  # the expression has it in every match
    if not YEAR_MIN <= year <= today.year:
        return None
    try:
        if month is None:
            return year_of(date(year, 1, 1))
        first = date(year, month, day or 1)
    except ValueError:  # the thirteenth month, or the 30th of February
        return None
    return month_of(first) if day is None else day_of(first)


def _keyed(text: str, today: date) -> Span | None:
    found = _MONTHS_KEY.fullmatch(text)
    last = _numbered(found[2], today) if found else None
    if last is None or last.first > today:
        return None
    span = _twelve_months(last.first)
    return span if span.key == text and span.first.year >= YEAR_MIN else None


def _following(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)

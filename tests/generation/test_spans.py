"""Spans of days: what people type, and what it means on the day on which they type it."""

from datetime import date

import pytest

from errors import InvalidOption
from generation import spans

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "key", "first", "last"),
    [
        ("today", "2026-11-22", "2026-11-22", "2026-11-22"),
        ("this month", "2026-11", "2026-11-01", "2026-11-30"),
        ("This_Month", "2026-11", "2026-11-01", "2026-11-30"),
        ("  THIS-month ", "2026-11", "2026-11-01", "2026-11-30"),
        ("last month", "2026-10", "2026-10-01", "2026-10-31"),
        ("last 12 months", "2025-12--2026-11", "2025-12-01", "2026-11-30"),
        ("2024-03--2025-02", "2024-03--2025-02", "2024-03-01", "2025-02-28"),
        ("2026-11", "2026-11", "2026-11-01", "2026-11-30"),
        ("2026-2", "2026-02", "2026-02-01", "2026-02-28"),
        ("2024-02", "2024-02", "2024-02-01", "2024-02-29"),
        ("2026-11-22", "2026-11-22", "2026-11-22", "2026-11-22"),
        ("2026", "2026", "2026-01-01", "2026-12-31"),
        ("2015", "2015", "2015-01-01", "2015-12-31"),
    ],
)
def test_a_span_is_what_its_name_says(text: str, key: str, first: str, last: str) -> None:
    span = spans.parse(text, TODAY)
    assert (span.key, span.first.isoformat(), span.last.isoformat()) == (key, first, last)
    assert (span.days[0], span.days[-1]) == (span.first, span.last)
    assert len(span.days) == (span.last - span.first).days + 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "nonsense",
            "month",
            "yesterday",
            "2026-13",
            "2026-00",
            "2026-02-30",
            "26-11",
            "11/2026",
            "2026-11-",
        ),
        *(
            "-1",
            "0",
            "9999",
            "9999-12",
            "2014",
            "2026-12",
            "2027",
            "2026-11-23",
            "\uff12\uff10\uff12\uff16",
            "2026-11'; --",
            "1e3",
        ),
        *("2025-12--2026-12", "2026-11--2025-12", "2025-01--2025-12", "2026-12--2027-11", "2014-06--2015-05"),
    ],
)
def test_anything_else_and_the_future_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption) as refusal:
        spans.parse(text, TODAY)
    assert (refusal.value.option, refusal.value.problem) == ("period", "no_period")


@pytest.mark.parametrize(
    ("today", "last_month", "last_12_months"),
    [
        (date(2026, 1, 31), "2025-12", "2025-02--2026-01"),
        (date(2026, 12, 1), "2026-11", "2026"),
        (date(2024, 3, 31), "2024-02", "2023-04--2024-03"),
    ],
)
def test_names_cross_the_years_edge(today: date, last_month: str, last_12_months: str) -> None:
    assert spans.parse("last month", today).key == last_month
    assert spans.parse("last 12 months", today).key == last_12_months


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("last 12 months", "2026-11"),
        ("2026", "2026-11"),
        ("2025", "2025-12"),
        ("this month", "2026-11-22"),
        ("2026-10", "2026-10-31"),
        ("today", "2026-11-22"),
    ],
)
def test_a_shorter_span_is_a_part_that_can_be_asked_for(text: str, shorter: str) -> None:
    span = spans.parse(text, TODAY)
    part = span.shorter(TODAY)
    assert part == spans.parse(shorter, TODAY)
    assert span.first <= part.first <= part.last <= span.last


def test_only_a_whole_calendar_month_is_one() -> None:
    assert spans.parse("2026-11", TODAY).is_month
    assert not spans.parse("today", TODAY).is_month
    assert not spans.parse("2026", TODAY).is_month


@pytest.mark.parametrize(
    ("text", "earlier", "later"),
    [
        ("today", "2026-11-21", None),
        ("2026-11-01", "2026-10-31", "2026-11-02"),
        ("this month", "2026-10", None),
        ("2026-01", "2025-12", "2026-02"),
        ("2026", "2025", None),
        ("2025", "2024", "2026"),
        ("2015", None, "2016"),
        ("2015-01", None, "2015-02"),
        ("last 12 months", "2024-12--2025-11", None),
        ("2024-12--2025-11", "2023-12--2024-11", "2025-12--2026-11"),
        ("2025-06--2026-05", "2024-06--2025-05", "2025-12--2026-11"),
    ],
)
def test_spans_of_a_kind_follow_each_other(text: str, earlier: str | None, later: str | None) -> None:
    span = spans.parse(text, TODAY)
    before, after = span.earlier(), span.later(TODAY)
    assert (before and before.key, after and after.key) == (earlier, later)


@pytest.mark.parametrize("text", ["today", "2026-02", "2025", "last 12 months", "2024-03--2025-02"])
def test_a_key_names_its_span_for_good(text: str) -> None:
    span = spans.parse(text, TODAY)
    assert spans.parse(span.key, date(2027, 8, 1)) == span

"""The forecast: what it says where the answer is known, and that it says nothing where nothing is known."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.forecast import Forecast, month_end

TODAY = date(2026, 11, 21)


def forecast(complete_days: list[int], *, today_micros: int = 0, days_left: Fraction = Fraction(10)) -> Forecast | None:
    spent = sum(complete_days) + today_micros
    return month_end(complete_days, today=TODAY, spent_micros=spent, days_left=days_left)


@pytest.mark.parametrize("complete_days", [[], [5], [5, 5]])
def test_fewer_than_three_days_say_nothing(complete_days: list[int]) -> None:
    assert forecast(complete_days) is None


def test_days_that_are_all_alike_leave_no_doubt() -> None:
    found = forecast([100] * 20)
    assert found is not None
    assert (found.low_micros, found.expected_micros, found.high_micros) == (3000, 3000, 3000)
    assert found.per_day_micros == 100


def test_the_latest_days_say_most() -> None:
    rising, falling = forecast([100, 200, 300]), forecast([300, 200, 100])
    assert rising is not None
    assert falling is not None
    assert rising.per_day_micros == round((1 * 100 + 2 * 200 + 3 * 300) / 6)
    assert falling.per_day_micros == round((1 * 300 + 2 * 200 + 3 * 100) / 6)


def test_the_range_is_what_the_formula_gives() -> None:
    """Worked out by hand: weights 1, 2, 3; mean 2; variance (1 + 0 + 3) / (6 - 14/6); ten days left."""
    found = forecast([1_000_000, 3_000_000, 2_000_000][::-1])
    assert found is not None
    mean = (2 * 1 + 3 * 2 + 1 * 3) / 6
    variance = (1 * (2 - mean) ** 2 + 2 * (3 - mean) ** 2 + 3 * (1 - mean) ** 2) / (6 - 14 / 6)
    spread = 1.28 * (variance * (10 + 100 * 14 / 36)) ** 0.5
    assert found.expected_micros == pytest.approx((6 + 10 * mean) * 1e6)
    assert found.high_micros == pytest.approx((6 + 10 * mean + spread) * 1e6, abs=3)
    assert found.low_micros == pytest.approx((6 + 10 * mean - spread) * 1e6, abs=3)


@given(
    st.lists(st.integers(0, 10**9), min_size=3, max_size=30),
    st.integers(0, 10**9),
    st.fractions(0, 30, max_denominator=86_400),
)
def test_it_never_falls_below_what_is_spent_and_the_range_holds_the_expectation(
    complete_days: list[int], today_micros: int, days_left: Fraction
) -> None:
    found = forecast(complete_days, today_micros=today_micros, days_left=days_left)
    assert found is not None
    assert sum(complete_days) + today_micros <= found.low_micros
    assert found.low_micros - 1 <= found.expected_micros <= found.high_micros + 1


def test_a_month_that_is_over_ends_where_it_is() -> None:
    found = forecast([1, 2, 3], days_left=Fraction(0))
    assert found is not None
    assert (found.low_micros, found.expected_micros, found.high_micros) == (6, 6, 6)


@pytest.mark.parametrize(
    ("cap", "day"),
    [
        (2000, date(2026, 11, 21)),
        (1500, date(2026, 11, 21)),
        (2001, date(2026, 11, 22)),
        (2500, date(2026, 11, 26)),
        (3000, date(2026, 11, 30)),
        (3001, None),
    ],
)
def test_it_names_the_day_on_which_a_cap_is_reached(cap: int, day: date | None) -> None:
    found = forecast([100] * 20)
    assert found is not None
    assert found.reaches(cap) == day

"""Amounts on charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charting.amounts import money, tick_labels, ticks


@pytest.mark.parametrize(
    ("micros", "english", "german"),
    [
        (0, "$0.00", "0,00\u00a0$"),
        (90_000, "$0.09", "0,09\u00a0$"),
        (82_500, "$0.08", "0,08\u00a0$"),
        (999_995_000, "$1,000.00", "1.000,00\u00a0$"),
        (1_234_567_890_000, "$1,234,567.89", "1.234.567,89\u00a0$"),
    ],
)
def test_money_is_written_to_the_cent_as_the_language_does(micros: int, english: str, german: str) -> None:
    assert (money(micros, "en-US"), money(micros, "de"), money(micros, "de-AT")) == (english, german, german)


def test_without_cents_it_is_rounded_to_the_dollar() -> None:
    assert [money(micros, "en", cents=False) for micros in (0, 499_999, 500_000, 1_499_999)] == ["$0", "$0", "$1", "$1"]
    assert money(12_345_000_000, "de", cents=False) == "12.345\u00a0$"


@pytest.mark.parametrize(
    ("most", "count", "expected"),
    [
        (15_000_000, 4, ["$0", "$5", "$10", "$15"]),
        (1_600_000, 2, ["$0", "$1"]),
        (900_000, 2, ["$0.00", "$0.50"]),
        (50_000_000, 4, ["$0", "$20", "$40"]),
        (20_000, 4, ["$0.00", "$0.01", "$0.02"]),
        (1, 4, ["$0"]),
    ],
)
def test_an_axis_has_round_amounts(most: int, count: int, expected: list[str]) -> None:
    assert tick_labels(ticks(most, count=count), "en") == expected


@given(st.integers(0, 10**15), st.integers(2, 6))
def test_an_axis_has_few_amounts_that_all_differ_and_reach_far(most: int, count: int) -> None:
    amounts = ticks(most, count=count)
    labels = tick_labels(amounts, "en")
    assert amounts[0] == 0
    assert amounts[-1] <= most
    assert len(amounts) <= count + 1
    assert len(set(labels)) == len(labels)
    if most >= 10_000:  # a cent, below which there is nothing
        assert amounts[-1] * 2 >= most * 0.99

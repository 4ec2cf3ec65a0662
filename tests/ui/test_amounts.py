"""Amounts as people write them: what is clear is taken, what could mean two is refused with the reason."""

import pytest

from errors import InvalidOption
from models import Unit
from ui import amounts, text
from ui.language import speaking

DOLLAR = 1_000_000


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("5", 5 * DOLLAR),
        ("$5", 5 * DOLLAR),
        ("$ 5", 5 * DOLLAR),
        ("5$", 5 * DOLLAR),
        ("5 USD", 5 * DOLLAR),
        ("usd 5", 5 * DOLLAR),
        ("US$5.00", 5 * DOLLAR),
        ("5 dollars", 5 * DOLLAR),
        ("5.5", 5_500_000),
        ("5,50", 5_500_000),
        ("5,50 $", 5_500_000),
        ("5,50\N{NO-BREAK SPACE}$", 5_500_000),
        (" 0.09 ", 90_000),
        ("0", 0),
        ("0,00", 0),
        ("007", 7 * DOLLAR),
        ("1000.50", 1_000_500_000),
        ("-5", -5 * DOLLAR),
        ("$-5", -5 * DOLLAR),
        ("-$5", -5 * DOLLAR),
        ("\N{MINUS SIGN}0,5", -500_000),
    ],
)
def test_an_amount_of_money_is_read_as_it_is_written(typed: str, micros: int) -> None:
    assert amounts.read_micros("value", typed) == micros


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("1,000", "ambiguous"),
        ("1.000", "ambiguous"),
        ("1,000.50", "ambiguous"),
        ("1.000,50", "ambiguous"),
        ("1 000", "ambiguous"),
        ("1'000", "ambiguous"),
        ("5.505", "ambiguous"),
        ("5.", "ambiguous"),
        ("5€", "no_amount"),
        ("5 EUR", "no_amount"),
        ("£5", "no_amount"),
        ("five", "no_amount"),
        ("1e3", "no_amount"),
        ("0x10", "no_amount"),
        ("5%", "no_amount"),
        ("nan", "no_amount"),
        ("inf", "no_amount"),
        ("--5", "no_amount"),
        ("$", "no_amount"),
        (".5", "no_amount"),
        ("\N{ARABIC-INDIC DIGIT FOUR}", "no_amount"),
        ("\N{FULLWIDTH DIGIT FIVE}", "no_amount"),
        ("5 USD; 6", "no_amount"),
        ("9" * 41, "too_long"),
        ("9" * 5000, "too_long"),
    ],
)
def test_an_amount_that_is_none_or_two_is_refused_with_the_reason(typed: str, problem: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        amounts.read_micros("value", typed)
    assert (caught.value.option, caught.value.problem) == ("value", problem)


@pytest.mark.parametrize(
    ("typed", "images"), [("20", 20), (" 0 ", 0), ("-3", -3), ("\N{MINUS SIGN}3", -3), ("010", 10)]
)
def test_a_number_of_pictures_is_read_as_it_is_written(typed: str, images: int) -> None:
    assert amounts.read_images("value", typed) == images


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        ("2.5", "not_whole"),
        ("2,5", "not_whole"),
        ("-0.5", "not_whole"),
        (".5", "not_whole"),
        ("20.", "not_whole"),
        ("1,000", "ambiguous"),
        ("1 000", "ambiguous"),
        ("$5", "no_count"),
        ("5 USD", "no_count"),
        ("twenty", "no_count"),
        ("1e3", "no_count"),
        ("½", "no_count"),
        ("²", "no_count"),
        ("\N{ARABIC-INDIC DIGIT FOUR}", "no_count"),
        ("9" * 41, "too_long"),
    ],
)
def test_pictures_that_are_no_whole_number_are_refused_with_the_reason(typed: str, problem: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        amounts.read_images("value", typed)
    assert caught.value.problem == problem


@pytest.mark.parametrize("unit", list(Unit))
def test_a_cap_can_be_taken_back_to_the_default_in_words(unit: Unit) -> None:
    assert amounts.read_cap("value", " Default ", unit) is None


@pytest.mark.parametrize(("unit", "typed"), [(Unit.IMAGE, "-1"), (Unit.MICROS, "-$0.01"), (Unit.MICROS, "-5 USD")])
def test_a_cap_below_zero_is_refused(unit: Unit, typed: str) -> None:
    with pytest.raises(InvalidOption, match="negative"):
        amounts.read_cap("value", typed, unit)


@pytest.mark.parametrize("micros", [0, 10_000, 5_500_000, 1_000 * DOLLAR, 100_000 * DOLLAR])
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_stands_in_a_form_is_read_as_what_it_was(language: str, micros: int) -> None:
    with speaking(language):
        assert amounts.read_cap("value", amounts.plain(Unit.MICROS, micros), Unit.MICROS) == micros
        if micros < 1_000 * DOLLAR:  # above that the language parts the thousands
            assert amounts.read_cap("value", text.money(micros), Unit.MICROS) == micros


def test_parts_of_a_cent_are_left_to_be_typed_anew() -> None:
    assert amounts.plain(Unit.MICROS, 82_500) == ""
    assert amounts.plain(Unit.IMAGE, 20) == "20"

"""Values as Discord shows them, and members' words made harmless."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import text
from ui.language import speaking


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0.00"),
        (90_000, "$0.09"),
        (82_500, "$0.0825"),
        (1, "$0.000001"),
        (100, "$0.0001"),
        (1_000_000, "$1.00"),
        (1_250_000_000, "$1,250.00"),
        (-180_000, "-$0.18"),
        (9_007_199_254_740_993_000_000, "$9,007,199,254,740,993.00"),
    ],
)
def test_money_is_exact(micros: int, shown: str) -> None:
    assert text.money(micros) == shown


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_money_can_be_read_back_to_the_micro(micros: int) -> None:
    sign, _, amount = text.money(micros).partition("$")
    whole, _, decimals = amount.replace(",", "").partition(".")
    assert int(f"{sign}{whole}{decimals:0<6}") == micros


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (90_000, "0,09\u00a0$"),
        (82_500, "0,0825\u00a0$"),
        (1_250_000_000, "1.250,00\u00a0$"),
        (-180_000, "-0,18\u00a0$"),
        (9_007_199_254_740_993_000_000, "9.007.199.254.740.993,00\u00a0$"),
    ],
)
def test_german_money_is_as_exact(micros: int, shown: str) -> None:
    with speaking("de"):
        assert text.money(micros) == shown


@pytest.mark.parametrize(
    ("micros", "shown", "in_german"),
    [
        (12_000_000, "$12", "12\u00a0$"),
        (1_250_000_000, "$1,250", "1.250\u00a0$"),
        (12_500_000, "$12.50", "12,50\u00a0$"),
        (0, "$0", "0\u00a0$"),
    ],
)
def test_rough_money_has_cents_only_where_there_are_any(micros: int, shown: str, in_german: str) -> None:
    assert text.rough_money(micros) == shown
    with speaking("de"):
        assert text.rough_money(micros) == in_german


def test_days_and_months_are_named_in_the_readers_language() -> None:
    day = date(2026, 3, 9)
    english = (text.day(day), text.short_day(day), text.month(day), text.short_month(day))
    assert english == ("March 9, 2026", "March 9", "March 2026", "Mar")
    with speaking("de"):
        german = (text.day(day), text.short_day(day), text.month(day), text.short_month(day))
    assert german == ("9. März 2026", "9. März", "März 2026", "Mär")


@pytest.mark.parametrize(
    ("value", "shown", "in_german"),
    [
        (3.5, "3.5", "3,5"),
        (28, "28", "28"),
        (0, "0", "0"),
        (2.0, "2", "2"),
        (1234.56, "1235", "1235"),
        (0.25, "0.25", "0,25"),
    ],
)
def test_a_setting_is_written_as_a_person_would(value: float, shown: str, in_german: str) -> None:
    assert text.number(value) == shown
    with speaking("de"):
        assert text.number(value) == in_german


@pytest.mark.parametrize(
    ("value", "shown", "in_german"),
    [
        (2**31 - 1, "2,147,483,647", "2.147.483.647"),
        (1000, "1,000", "1.000"),
        (0.01, "0.01", "0,01"),
        (-3, "-3", "-3"),
        (5.0, "5", "5"),
    ],
)
def test_a_limit_is_written_out(value: float, shown: str, in_german: str) -> None:
    assert text.bound(value) == shown
    with speaking("de"):
        assert text.bound(value) == in_german


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (6.2, 10.4, "6\u201311 s"),
        (0.2, 0.9, "1 s"),
        (5.0, 5.0, "5 s"),
        (30, 90, "30\u201390 s"),
        (61, 119, "1\u20132 min"),
        (120, 120, "2 min"),
    ],
)
def test_a_span_is_short_and_never_promises_too_much(low: float, high: float, shown: str) -> None:
    assert text.time_span(low, high) == shown


@pytest.mark.parametrize(
    ("used", "cap", "filled"),
    [(0, 20, 0), (1, 20, 1), (10, 20, 5), (19, 20, 9), (20, 20, 10), (25, 20, 10), (0, 0, 10), (1, 10**9, 1)],
)
def test_the_bar_tells_used_from_unused_and_full_from_nearly_full(used: int, cap: int, filled: int) -> None:
    assert text.bar(used, cap) == "▰" * filled + "▱" * (10 - filled)


@pytest.mark.parametrize(
    "written",
    [
        "**bold** _it_ ~~gone~~ `code` ||spoiler||",
        "[click](https://evil.example)",
        "https://evil.example",
        "<https://evil.example>",
        "<@123> <@&123> <#123> </imagine:1> <:smile:1> <t:1:R> <id:customize>",
        "@everyone and @here",
        "# heading",
        "-# small",
        "- item",
        "1. item",
        "> quote",
        "```code\nblock```",
        "\\*already escaped\\*",
    ],
)
def test_no_markup_survives_escaping(written: str) -> None:
    shown = text.escaped(written)
    unescaped = _without_escapes(shown)
    for mark in ("*", "_", "~", "`", "|", "[", "]", "<", "://", "@e", "@h", "\\"):
        assert mark not in unescaped
    for line in unescaped.splitlines():
        assert not line.lstrip().startswith(("#", "-", "+", ">"))
        assert not line.partition(".")[0].isdigit()


@given(st.text(max_size=200))
def test_escaping_keeps_every_letter(written: str) -> None:
    shown = text.escaped(written)
    assert [c for c in shown if c not in "\\\u200b"] == [c for c in written if c not in "\\\u200b"]


def test_a_quote_is_one_line_of_at_most_so_many_characters() -> None:
    quote = text.quoted("a\n\n# fox\r\n" + "x" * 400, 300)
    assert "\n" not in quote
    assert quote.startswith("> a # fox xxx")
    assert quote.endswith("x…")
    assert len(quote) == len("> ") + 300


def test_a_short_text_is_not_shortened() -> None:
    assert text.shortened("fox", 3) == "fox"
    assert text.shortened("foxes", 3) == "fo…"


def test_what_has_just_happened_is_not_shown_as_still_to_come() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(milliseconds=999)
    assert text.relative_time(moment) == "<t:1795392000:R>"
    assert text.full_time(moment) == "<t:1795392000:f>"


def _without_escapes(shown: str) -> str:
    """The text with each escaped character, and the backslash before it, taken out."""
    plain, characters = [], iter(shown)
    for character in characters:
        if character == "\\":
            next(characters)
            plain.append("·")
        else:
            plain.append(character)
    return "".join(plain)

"""Lengths of time as people write them, in English and German."""

import pytest

from errors import InvalidOption
from ui import durations
from ui.durations import DAY, HOUR, MINUTE, WEEK
from ui.language import speaking


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("2h", 2 * HOUR),
        ("2 h", 2 * HOUR),
        ("3d", 3 * DAY),
        ("1w", WEEK),
        ("90m", 90 * MINUTE),
        ("90 min", 90 * MINUTE),
        ("90 Min.", 90 * MINUTE),
        ("1 hour", HOUR),
        ("2 Hours", 2 * HOUR),
        ("12 hrs", 12 * HOUR),
        ("1 day", DAY),
        ("30 days", 30 * DAY),
        ("2 weeks", 2 * WEEK),
        ("1d12h", DAY + 12 * HOUR),
        ("1d 12h", DAY + 12 * HOUR),
        ("1 day, 12 hours", DAY + 12 * HOUR),
        ("1 day and 12 hours", DAY + 12 * HOUR),
        ("1w 2d 3h 4m", WEEK + 2 * DAY + 3 * HOUR + 4 * MINUTE),
        ("2 Std", 2 * HOUR),
        ("2 Std.", 2 * HOUR),
        ("1 Stunde", HOUR),
        ("5 Stunden", 5 * HOUR),
        ("1 Tag", DAY),
        ("3 Tage", 3 * DAY),
        ("3 Tagen", 3 * DAY),
        ("1 Woche", WEEK),
        ("2 Wochen", 2 * WEEK),
        ("10 Minuten", 10 * MINUTE),
        ("1 Tag und 12 Stunden", DAY + 12 * HOUR),
        ("  7   d ", 7 * DAY),
        ("1m", MINUTE),
        ("365d", 365 * DAY),
    ],
)
def test_a_length_is_read(typed: str, seconds: int) -> None:
    assert durations.read_duration("duration", typed) == seconds


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "soon",
        "5",
        "h",
        "-2h",
        "2.5h",
        "1,5 h",
        "2 months",
        "2x",
        "2hh",
        "2h foo",
        "h2",
        "1 d 2",
        "²h",
        "٢h",
        "1d" * 30,
    ],
)
def test_what_is_no_length_is_refused(typed: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        durations.read_duration("duration", typed)
    assert (refused.value.option, refused.value.problem) == ("duration", "no_duration")


@pytest.mark.parametrize("typed", ["0m", "0 d", "366d", "53w", "999999w", "365d 1m"])
def test_a_length_out_of_bounds_is_refused(typed: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        durations.read_duration("duration", typed)
    assert refused.value.problem == "duration_range"


@pytest.mark.parametrize("seconds", [MINUTE, HOUR, 90 * MINUTE, DAY, DAY + HOUR, WEEK, 8 * DAY, 365 * DAY])
def test_what_is_suggested_can_be_read_again(seconds: int) -> None:
    assert durations.read_duration("duration", durations.plain(seconds)) == seconds


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["1 hour", "6 hours", "1 day", "3 days", "1 week", "30 days"]),
        ("3", ["3 hours", "3 days", "3 weeks", "3 minutes"]),
        ("400", ["16 days and 16 hours", "6 hours and 40 minutes"]),
        ("0", []),
        ("90 min", ["1 hour and 30 minutes"]),
        ("10d", ["10 days"]),
        ("14d", ["2 weeks"]),
        ("1 ", ["1 hour", "1 day", "1 week", "1 minute"]),
        ("nonsense", []),
        ("99999w", []),
    ],
)
def test_suggestions_go_with_what_was_typed(typed: str, expected: list[str]) -> None:
    found = durations.suggestions(typed)
    assert [label for label, _ in found] == expected
    for _, value in found:
        durations.read_duration("duration", value)


def test_suggestions_speak_the_readers_language() -> None:
    with speaking("de"):
        assert len(durations.suggestions("")) == 6

"""Lengths of time as people write them: `2h`, `3 days`, `1w 2d`, and the same in German."""

import re
from typing import Final

from errors import InvalidOption
from ui.wording import strikes as words

# Longer than any length that makes sense, and short enough to be read at once.
LONGEST: Final = 40
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
SHORTEST_SECONDS: Final = MINUTE
LONGEST_SECONDS: Final = 365 * DAY

# What is suggested where nothing was typed yet.
_USUAL: Final = (HOUR, 6 * HOUR, DAY, 3 * DAY, WEEK, 30 * DAY)
_UNITS: Final = {
    MINUTE: r"m|mins?|minutes?|minuten?",
    HOUR: r"h|hrs?|hours?|std|stunden?",
    DAY: r"d|days?|t|tage?n?",
    WEEK: r"w|wks?|weeks?|wochen?",
}
_CANONICAL: Final = {WEEK: "w", DAY: "d", HOUR: "h", MINUTE: "m"}
_PART: Final = re.compile(
    r"(?P<count>\d{1,6})\s*(?:"
    + "|".join(rf"(?P<u{seconds}>{names})" for seconds, names in _UNITS.items())
    + r")\.?(?=$|[\s\d,])(?:\s*(?:,|and|und)?\s*)",
    re.ASCII | re.IGNORECASE,
)
_COUNT: Final = re.compile(r"\d{1,6}", re.ASCII)


def read_duration(option: str, typed: str) -> int:
    """A length of time in seconds.

    Raises InvalidOption: `no_duration`, or `duration_range` where it is shorter than a minute or longer than a year.
    """
    written = " ".join(typed.split())
    if len(written) > LONGEST:
        raise InvalidOption(option, "no_duration")
    total, at = 0, 0
    while at < len(written):
        part = _PART.match(written, at)
        if part is None:
            raise InvalidOption(option, "no_duration")
        total += int(part["count"]) * next(seconds for seconds in _UNITS if part[f"u{seconds}"])
        at = part.end()
    if not written:
        raise InvalidOption(option, "no_duration")
    if not SHORTEST_SECONDS <= total <= LONGEST_SECONDS:
        raise InvalidOption(option, "duration_range")
    return total


def plain(seconds: int) -> str:
    """A length as it can be typed and read again in every language: `1w2d`."""
    parts = []
    for unit, sign in _CANONICAL.items():
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(f"{count}{sign}")
    return "".join(parts)


def suggestions(typed: str) -> list[tuple[str, str]]:
    """What somebody may mean who has typed that much: as it is said in the current language, and as it can be read."""
    written = " ".join(typed.split())
    if _COUNT.fullmatch(written):
        lengths = [int(written) * unit for unit in (HOUR, DAY, WEEK, MINUTE)]
        found = [length for length in lengths if SHORTEST_SECONDS <= length <= LONGEST_SECONDS]
    else:
        try:
            found = [read_duration("duration", written)] if written else list(_USUAL)
        except InvalidOption:
            found = [length for length in _USUAL if words.span(length).casefold().startswith(written.casefold())]
    return [(words.span(length), plain(length)) for length in found]

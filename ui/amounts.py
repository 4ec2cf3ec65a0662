"""Amounts as people write them: pictures, and US dollars with a point or a comma. What could mean two is refused."""

import re
from typing import Final

from errors import InvalidOption
from models import Unit
from ui.language import _

# Longer than any amount that makes sense, and short enough to be read at once.
LONGEST: Final = 40

_MICROS_PER_CENT: Final = 10_000
_CENTS: Final = 2
_DOLLARS: Final = r"(?:US\s?\$|\$|USD|US-Dollars?|dollars?)"
_AMOUNT: Final = re.compile(
    rf"{_DOLLARS}?\s*(?P<minus>[-\u2212]?)\s*{_DOLLARS}?\s*(?P<number>\d[\d.,'\u2019\s]*?)\s*{_DOLLARS}?",
    re.ASCII | re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"(?P<whole>\d+)(?:[.,](?P<part>\d{1,2}))?", re.ASCII)
_WHOLE: Final = re.compile(r"(?P<minus>[-\u2212]?)(?P<whole>\d+)", re.ASCII)
_PARTED: Final = re.compile(r"[-\u2212]?\d+[.,]\d*|[-\u2212]?[.,]\d+", re.ASCII)
_GROUPED: Final = re.compile(r"[-\u2212]?\d{1,3}(?:[.,'\u2019\s]\d{3})+", re.ASCII)


def read_cap(option: str, typed: str, unit: Unit) -> int | None:
    """A cap in its unit, images or micros; None where the default is to hold.

    Raises InvalidOption: `empty`, `too_long`, `negative`, and what `read_images` and `read_micros` raise.
    """
    if typed.strip().casefold() in {"default", _("default").casefold()}:
        return None
    value = read_images(option, typed) if unit is Unit.IMAGE else read_micros(option, typed)
    if value < 0:
        raise InvalidOption(option, "negative")
    return value


def read_images(option: str, typed: str) -> int:
    """A whole number of images, which may be negative. Raises InvalidOption: `not_whole`, `ambiguous`, `no_count`."""
    written = _written(option, typed)
    found = _WHOLE.fullmatch(written)
    if found is not None:
        return -int(found["whole"]) if found["minus"] else int(found["whole"])
    if _GROUPED.fullmatch(written):
        raise InvalidOption(option, "ambiguous")
    raise InvalidOption(option, "not_whole" if _PARTED.fullmatch(written) else "no_count")


def read_micros(option: str, typed: str) -> int:
    """An amount in US dollars as micros, which may be negative: `5`, `$5`, `5 USD`, `5,50`.

    Raises InvalidOption: `no_amount`, or `ambiguous` where a sign could part thousands or cents (`1,000`).
    """
    found = _AMOUNT.fullmatch(_written(option, typed))
    if found is None:
        raise InvalidOption(option, "no_amount")
    plain = _PLAIN.fullmatch(found["number"])
    if plain is None:
        raise InvalidOption(option, "ambiguous")
    cents = int(plain["whole"]) * 10**_CENTS + int((plain["part"] or "").ljust(_CENTS, "0"))
    return -cents * _MICROS_PER_CENT if found["minus"] else cents * _MICROS_PER_CENT


def plain(unit: Unit, value: int) -> str:
    """An amount as it can be typed and read again in every language; nothing where there are parts of a cent."""
    if unit is Unit.IMAGE:
        return str(value)
    cents, rest = divmod(value, _MICROS_PER_CENT)
    return "" if rest else f"{cents // 100}.{cents % 100:02}"


def _written(option: str, typed: str) -> str:
    written = " ".join(typed.split())  # the spaces that programs put between numbers and signs are of many kinds
    if not written:
        raise InvalidOption(option, "empty")
    if len(written) > LONGEST:
        raise InvalidOption(option, "too_long", high=LONGEST)
    return written

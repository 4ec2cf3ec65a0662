"""Amounts as a chart writes them, and the round ones that stand at its axis. Whole micros, no floats."""

from collections.abc import Sequence
from typing import Final

_MICROS_PER_CENT: Final = 10_000
_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
# The steps of an axis, times any power of ten; nothing below a cent.
_STEPS: Final = (1, 2, 5)


def money(micros: int, locale: str, *, cents: bool = True) -> str:
    """The amount in US dollars to the cent, or with `cents` off to the dollar: `$1,234.50`, in German `1.234,50 $`."""
    unit = _MICROS_PER_CENT if cents else 100 * _MICROS_PER_CENT
    whole, part = divmod((micros + unit // 2) // unit, 100 if cents else 1)
    if _is_german(locale):
        return f"{whole:,}".replace(",", ".") + (f",{part:02}" if cents else "") + f"{_NO_BREAK_SPACE}$"
    return f"${whole:,}" + (f".{part:02}" if cents else "")


def ticks(most: int, *, count: int) -> Sequence[int]:
    """At most `count` + 1 round amounts from 0 up to `most`, evenly apart; none is above it."""
    unit = _MICROS_PER_CENT
    while True:
        for step in _STEPS:
            if most // (unit * step) <= count:
                return range(0, most + 1, unit * step)
        unit *= 10


def tick_labels(amounts: Sequence[int], locale: str) -> list[str]:
    """The amounts in words, all with cents where one of them needs them."""
    cents = any(amount % (100 * _MICROS_PER_CENT) for amount in amounts)
    return [money(amount, locale, cents=cents) for amount in amounts]


def _is_german(locale: str) -> bool:
    return locale.partition("-")[0] == "de"

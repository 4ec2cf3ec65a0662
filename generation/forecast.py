"""What a month will have cost at its end, as far as its days so far can tell. Pure, and in whole numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

# Fewer days say nothing about how much days differ.
DAYS_MIN: Final = 3
# Of a normal distribution, the middle four fifths lie within so many standard deviations.
_DEVIATIONS: Final = Fraction(128, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The month's sum at its end: the likeliest, and a range that should hold it four times out of five.

    `per_day_micros` is what a day to come is expected to cost; `spent_micros` what the month has cost so far, `today`.
    """

    today: date
    spent_micros: int
    per_day_micros: int
    low_micros: int
    expected_micros: int
    high_micros: int

    def reaches(self, cap_micros: int) -> date | None:
        """The day on which the month's sum is expected to reach the cap; None where it is not, in this month."""
        if self.expected_micros < cap_micros:
            return None
        if self.spent_micros >= cap_micros:
            return self.today
        days = -(-(cap_micros - self.spent_micros) // max(1, self.per_day_micros))
        last = (self.today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return min(last, self.today + timedelta(days=days))


def month_end(complete_days: Sequence[int], *, today: date, spent_micros: int, days_left: Fraction) -> Forecast | None:
    """The forecast; None where fewer than `DAYS_MIN` days are complete.

    `complete_days` holds what each day before today cost, from the first on which anybody asked for a picture;
    `days_left` counts today's rest as a part of a day. A day to come is taken to cost the mean of those days, where the
    n-th counts n times: communities change, so the latest say most. The range takes days to be independent of each
    other, and grows with how much they differed, how many are left and how few were seen; it never begins below what
    is spent already. A budget may end the spending sooner: it is not looked at here.
    """
    if len(complete_days) < DAYS_MIN:
        return None
    weights = range(1, len(complete_days) + 1)
    total, squares = sum(weights), sum(weight * weight for weight in weights)
    mean = Fraction(sum(weight * cost for weight, cost in zip(weights, complete_days, strict=True)), total)
    deviations = sum(weight * (cost - mean) ** 2 for weight, cost in zip(weights, complete_days, strict=True))
    variance = deviations / (total - Fraction(squares, total))
    spread = _DEVIATIONS * _root(variance * (days_left + days_left**2 * Fraction(squares, total * total)))
    expected = spent_micros + mean * days_left
    return Forecast(
        today=today,
        spent_micros=spent_micros,
        per_day_micros=round(mean),
        low_micros=max(spent_micros, math.floor(expected - spread)),
        expected_micros=round(expected),
        high_micros=math.ceil(expected + spread),
    )


def _root(value: Fraction) -> int:
    return math.isqrt(math.floor(value))

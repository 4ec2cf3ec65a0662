"""The ladder: what so many strikes lead to, and what is still justified once some are lifted."""

from datetime import timedelta

import pytest

from generation import ladder
from generation.strikes import Strike, StrikeCause
from moderation import Suspension
from tests.builders import GUILD_ID, NOW, USER_ID

USUAL = (0, 3600, 86400, 604800, -1)


@pytest.mark.parametrize(
    ("steps", "total", "expected"),
    [
        (USUAL, 0, ladder.WARNING),
        (USUAL, 1, ladder.WARNING),
        (USUAL, 2, 3600),
        (USUAL, 3, 86400),
        (USUAL, 4, 604800),
        (USUAL, 5, ladder.UNTIL_DECIDED),
        (USUAL, 6, ladder.UNTIL_DECIDED),
        (USUAL, 10**6, ladder.UNTIL_DECIDED),
        ((60,), 1, 60),
        ((60,), 9, 60),
        ((0, 0), 9, ladder.WARNING),
        ((-1,), 1, ladder.UNTIL_DECIDED),
        ((), 1, ladder.WARNING),
    ],
)
def test_each_total_has_its_step_and_the_last_is_the_last(steps: tuple[int, ...], total: int, expected: int) -> None:
    assert ladder.step(steps, total) == expected


def test_a_step_is_a_suspension_from_then_on() -> None:
    assert ladder.consequence(USUAL, 1, NOW) is None
    assert ladder.consequence(USUAL, 2, NOW) == Suspension(until=NOW + timedelta(hours=1))
    assert ladder.consequence(USUAL, 5, NOW) == Suspension(until=None)


def strike(number: int, *, hours: float, weight: int = 1, excused: bool = False) -> Strike:
    return Strike(
        strike_id=number,
        guild_id=GUILD_ID,
        user_id=USER_ID,
        interaction_id=number,
        at=NOW + timedelta(hours=hours),
        cause=StrikeCause.BLOCKED_PROMPT,
        weight=weight,
        excused=excused,
    )


def hours(count: float) -> Suspension:
    return Suspension(until=NOW + timedelta(hours=count))


@pytest.mark.parametrize(
    ("strikes", "expected"),
    [
        ((), None),
        ((strike(1, hours=0),), None),
        ((strike(1, hours=0), strike(2, hours=1)), hours(2)),
        ((strike(1, hours=0), strike(2, hours=1), strike(3, hours=3)), hours(27)),
        ((strike(1, hours=0, weight=2),), hours(1)),
        # What came before counts, also where it was excused itself.
        ((strike(1, hours=0), strike(2, hours=1, excused=True), strike(3, hours=3)), hours(27)),
        ((strike(1, hours=0), strike(2, hours=1), strike(3, hours=3, excused=True)), hours(2)),
        # The first has decayed by the time of the second.
        ((strike(1, hours=0), strike(2, hours=24 * 30)), None),
        ((strike(1, hours=0), strike(2, hours=24 * 30 - 1)), hours(24 * 30)),
        # A long suspension that is followed by a shorter one holds.
        (
            (*(strike(n, hours=0) for n in (1, 2, 3, 4)), strike(5, hours=24 * 30), strike(6, hours=24 * 30)),
            hours(24 * 30 + 1),
        ),
        ((strike(1, hours=0, weight=2), strike(2, hours=1, weight=2), strike(3, hours=2)), Suspension(until=None)),
    ],
)
def test_what_is_justified_is_the_longest_that_the_strikes_lead_to(
    strikes: tuple[Strike, ...], expected: Suspension | None
) -> None:
    assert ladder.justified(strikes, ladder=USUAL, days=30) == expected

"""What strikes lead to. Pure: the strikes and the guild's ladder are handed in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from moderation import Suspension
from storage.strikes import Strike
from storage.suspensions import longer

# What a step of the ladder may be besides seconds of suspension.
WARNING: Final = 0
UNTIL_DECIDED: Final = -1


def step(ladder: Sequence[int], total: int) -> int:
    """What follows when the strikes add up to `total`: seconds, WARNING or UNTIL_DECIDED. The last step is the last."""
    return ladder[min(total, len(ladder)) - 1] if total > 0 and ladder else WARNING


def consequence(ladder: Sequence[int], total: int, at: datetime) -> Suspension | None:
    """The suspension that begins with a strike given then, which makes `total`; None for a warning."""
    seconds = step(ladder, total)
    if seconds == WARNING:
        return None
    return Suspension(until=None if seconds == UNTIL_DECIDED else at + timedelta(seconds=seconds))


def justified(strikes: Sequence[Strike], *, ladder: Sequence[int], days: int) -> Suspension | None:
    """The longest suspension that these strikes, the oldest first, lead to together; it may be over.

    Each counts with those of the `days` before it. What moderators have ended (`excused`) is not led to again.
    """
    longest: Suspension | None = None
    for number, strike in enumerate(strikes, start=1):
        if strike.excused:
            continue
        since = strike.at - timedelta(days=days)
        total = sum(one.weight for one in strikes[:number] if one.at > since)
        led_to = consequence(ladder, total, strike.at)
        if led_to is not None:
            longest = longer(led_to, longest)
    return longest

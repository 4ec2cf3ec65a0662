"""What may go wrong in a world, and how often: drawn for each, so that every mixture of faults comes up in time.

Most faults are away from most worlds. Where everything fails a little nothing gets far, and what needs a long way
to show would never be seen.
"""

import random
from dataclasses import dataclass, fields, replace
from typing import Final, Self

# A fault that is there at all comes as often as one of these says.
_RATES: Final = (0.03, 0.08, 0.15, 0.3)
# What lies in the submissions themselves, of which a world has a dozen and not thousands.
_RATES_OF_FEW: Final = (0.15, 0.3, 0.6)
_FEW: Final = frozenset({"unfinished", "doubtful", "forgotten", "deleted", "late", "deadly", "cancelled"})
_AWAY: Final = 0.55
_FEW_AWAY: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The share of calls, or of chances, that meet each fault."""

    slow: float = 0.0
    """Something takes seconds in place of milliseconds."""
    unreachable: float = 0.0
    """No connection to the provider comes about."""
    lost: float = 0.0
    """The provider never gets the request, or its answer never comes back."""
    broken: float = 0.0
    """The provider answers 5xx or nonsense, having done what it was asked, or not."""
    limited: float = 0.0
    """The provider answers 429."""
    rejected: float = 0.0
    """The provider refuses a request for good."""
    unfinished: float = 0.0
    """A submission fails, takes hours, or never ends."""
    doubtful: float = 0.0
    """A result has pictures that must not be shown, or can't be counted."""
    forgotten: float = 0.0
    """The provider does not know a submission yet, or any more."""
    download: float = 0.0
    """A picture can't be fetched this time."""
    discord: float = 0.0
    """Discord does not take an edit, or does and does not say so."""
    late: float = 0.0
    """An edit arrives after the bot has given it up."""
    deleted: float = 0.0
    """Somebody deletes a card."""
    answer: float = 0.0
    """The answer that makes a card is refused, lost, or comes to nothing."""
    disk: float = 0.0
    """A batch meets a full disk."""
    deadly: float = 0.0
    """The process dies soon after the provider has taken a submission."""
    cancelled: float = 0.0
    """Whoever waits for an acceptance goes away."""

    @classmethod
    def draw(cls, dice: random.Random) -> Self:
        """Some faults, away or there, each as often as chance has it."""

        def rate(name: str) -> float:
            is_away = dice.random() < (_FEW_AWAY if name in _FEW else _AWAY)
            return 0.0 if is_away else dice.choice(_RATES_OF_FEW if name in _FEW else _RATES)

        return cls(**{each.name: rate(each.name) for each in fields(cls)})

    def calm(self) -> Self:
        """No faults at all any more; some slowness stays."""
        return replace(type(self)(), slow=self.slow)

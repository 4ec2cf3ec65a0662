"""Whether anything may be submitted: the provider may refuse the operator's account, or ask everyone to slow down."""

import logging
from datetime import datetime
from typing import Final

from clock import Clock
from generation.delivery import OperatorNotices

log = logging.getLogger(__name__)

# The first probe comes soon, since a key may just have been renewed; later ones spare both sides.
_PROBE_AFTER_SECONDS: Final = 60.0
_PROBE_AFTER_MAX_SECONDS: Final = 900.0
# How long a 429 without Retry-After holds submissions back; it doubles while the 429s go on.
_HOLD_SECONDS: Final = 5.0
_HOLD_MAX_SECONDS: Final = 120.0


class Circuit:
    """Opens when the provider refuses the account; one submission from time to time probes whether it does still."""

    def __init__(self, *, clock: Clock, notices: OperatorNotices) -> None:
        self._clock = clock
        self._notices = notices
        self._probe_after_seconds = _PROBE_AFTER_SECONDS
        self._hold_seconds = _HOLD_SECONDS
        self._refused = False
        self._refused_since: datetime | None = None
        self._probing = False
        self._not_before = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the provider refused the account at the latest answer that said anything about it."""
        return self._refused

    @property
    def open_since(self) -> datetime | None:
        """When the provider began to refuse the account; None while it takes it."""
        return self._refused_since if self._refused else None

    def wait_seconds(self) -> float:
        """How long until a submission may be tried; 0 means now."""
        return max(0.0, self._not_before - self._clock.monotonic())

    def takes_commands(self) -> bool:
        """Whether a new job may be accepted: always, but while the circuit is open only when a probe is due."""
        return not self._refused or self.wait_seconds() == 0

    def claim(self) -> bool:
        """Ask leave for one submission. While the circuit is open, one caller gets it when a probe is due."""
        if self.wait_seconds() > 0:
            return False
        if self._refused:
            self._probing = True
            self._not_before = self._clock.monotonic() + self._probe_after_seconds
        return True

    def give_back(self) -> None:
        """The leave that was asked for went unused: where it was the probe's, the next caller may probe at once."""
        if self._probing:
            self._probing = False
            self._not_before = self._clock.monotonic()

    async def refused(self, status: int) -> None:
        """The provider answered 401, 402 or 403. Tells the operator where that is news.

        What else was in the air when it began, and polls, say nothing new: only a probe puts off the next one.
        """
        if self._refused and not self._probing:
            return
        if self._refused:
            self._probe_after_seconds = min(self._probe_after_seconds * 2, _PROBE_AFTER_MAX_SECONDS)
        self._probing = False
        self._not_before = self._clock.monotonic() + self._probe_after_seconds
        if not self._refused:
            self._refused = True
            self._refused_since = self._clock.now()
            log.error(
                "the provider refuses the account (HTTP %d): nothing is submitted until it takes it again", status
            )
            await self._notices.provider_refuses(status)

    def rate_limited(self, retry_after_seconds: float | None) -> None:
        """The provider answered a submission with 429: nobody submits for a while."""
        wait = retry_after_seconds or self._hold_seconds  # "after 0 seconds" would be a loop at the network's speed
        self._hold_seconds = min(self._hold_seconds * 2, _HOLD_MAX_SECONDS)
        self.hold(wait)

    def hold(self, seconds: float) -> None:
        """Submit nothing for that many seconds. Where a probe met this, it said nothing about the account."""
        self._probing = False
        self._not_before = max(self._not_before, self._clock.monotonic() + min(seconds, _PROBE_AFTER_MAX_SECONDS))

    async def accepted(self) -> None:
        """The provider took a submission. Tells the operator where that is news."""
        self._hold_seconds = _HOLD_SECONDS
        self._probe_after_seconds = _PROBE_AFTER_SECONDS
        if self._refused:
            self._refused = self._probing = False
            self._not_before = 0.0
            log.warning("the provider takes the account again")
            await self._notices.provider_is_back()

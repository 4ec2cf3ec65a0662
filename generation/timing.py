"""How long the pipeline waits for what, and how it slows down where something fails."""

from datetime import datetime, timedelta
from typing import Final

from generation import inputs
from models import GenerationRequest, Job

# How long the callback that makes the card may take to be heard of, before Discord is asked for it.
CARD_WAIT: Final = timedelta(seconds=10)
# The same where an image has to be sent along.
CARD_WAIT_WITH_IMAGE: Final = timedelta(seconds=45)
# An interaction token lives 15 minutes; past this, nobody can learn whether there was a card.
CARD_SEARCH: Final = timedelta(minutes=14)
# A job that could not be submitted for so long is nobody's wish any more.
QUEUE_PATIENCE: Final = timedelta(hours=1)
# A submission may be unknown to the poll endpoint for a moment after it was accepted.
UNKNOWN_IS_PENDING: Final = timedelta(seconds=60)
DOUBT_GAP_SECONDS: Final = 300.0
DOUBT_LASTS: Final = timedelta(hours=24)
# Polling goes on at once after one fault and slows down while they last.
FAULT_GAP_SECONDS: Final = 3.0
FAULT_GAP_MAX_SECONDS: Final = 30.0
UNREACHABLE_GAP_SECONDS: Final = 5.0
UNREACHABLE_GAP_MAX_SECONDS: Final = 120.0
REFUSED_POLL_SECONDS: Final = 60.0
# A provider that asks for more would send every job under way into doubt.
POLL_HOLD_MAX_SECONDS: Final = 300.0
PERSIST_AGAIN_SECONDS: Final = 1.0


def card_wait(request: GenerationRequest) -> timedelta:
    """How long the card of such a request may take to be heard of, before Discord is asked for it."""
    return CARD_WAIT_WITH_IMAGE if inputs.names(request) else CARD_WAIT


def seconds_of_patience(job: Job, now: datetime) -> float:
    """How long a queued job may still wait for its turn; at least a second, so that nobody asks again and again."""
    return max(1.0, (job.created_at + QUEUE_PATIENCE - now).total_seconds())


def backoff(first: float, most: float, count: int) -> float:
    """Seconds to wait before try number `count` (from 0): doubled each time, up to `most`."""
    return min(most, first * 2.0 ** min(count, 16))

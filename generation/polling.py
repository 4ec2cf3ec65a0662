"""When to ask for a submission's state: a schedule for one job, and one pace for all of them."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Final

from clock import Clock
from generation.delivery import UsualTime
from models import GenerationRequest
from parameters import ImageSize
from provider.catalogue import INFERENCE_TIME, QUEUE_TIME, REAL_CFG_FACTOR
from storage import jobs
from storage.database import Database

# A job is never polled more than once a second, whatever the schedule would like.
GAP_MIN_SECONDS: Final = 1.0
# What is given up for one poll saved: at a typical hazard a gap of about this much balances polls and waiting.
_GAP_SECONDS: Final = 1.5
# Nobody watches the second hand of a job that is this late; polls are better spent on the others.
_SLOW_AFTER_SECONDS: Final = 60.0
_SLOW_GAP_SECONDS: Final = 5.0
_FIRST_DELAY_UNKNOWN_SECONDS: Final = 2.0
# As many jobs as tell how the provider is today, and few enough to notice tomorrow.
_REMEMBERED: Final = 64
_LEARNT_FROM: Final = 500
_NEEDED_FOR_USUAL: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What a job's latency depends on: pixels, images, and whether real CFG doubles the work."""

    image_size: str
    num_images: int
    use_real_cfg: bool

    @classmethod
    def of(cls, request: GenerationRequest) -> "JobKind":
        return cls(image_size=request.image_size, num_images=request.num_images, use_real_cfg=request.use_real_cfg)


class PollSchedule:
    """A learned delay before the first poll, then a fixed gap.

    An observation is an interval: not ready at the last poll before, ready at the next. Its middle stands for it.
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[JobKind, deque[float]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))

    def observe(self, kind: JobKind, *, not_ready_seconds: float, ready_seconds: float) -> None:
        """Learn from one finished submission; both times count from its acceptance."""
        self._seconds[kind].append((not_ready_seconds + ready_seconds) / 2)

    def next_delay(self, kind: JobKind, waited_seconds: float) -> float:
        """Seconds until the next poll of a submission that was accepted `waited_seconds` ago."""
        seen = self._seconds.get(kind)
        # Bounded, or what an outage has taught would make everybody after it wait as long for the first poll.
        first = min(_quantile(seen, 0.1), _SLOW_AFTER_SECONDS) if seen else _FIRST_DELAY_UNKNOWN_SECONDS
        if waited_seconds < first - GAP_MIN_SECONDS:
            return first - waited_seconds
        return _GAP_SECONDS if waited_seconds < _SLOW_AFTER_SECONDS else _SLOW_GAP_SECONDS

    def usual(self, kind: JobKind) -> UsualTime:
        """What eight of ten recent jobs of this kind took, or what to expect while too few are known."""
        seen = self._seconds.get(kind)
        if seen is None or len(seen) < _NEEDED_FOR_USUAL:
            return _expected(kind)
        return UsualTime(low_seconds=_quantile(seen, 0.1), high_seconds=_quantile(seen, 0.9))


def _expected(kind: JobKind) -> UsualTime:
    """The provider's own range: work grows with images and pixels, and real CFG doubles it; the queue comes on top."""
    size, default = ImageSize(kind.image_size), ImageSize.LANDSCAPE_4_3
    work = kind.num_images * (size.width_px * size.height_px) / (default.width_px * default.height_px)
    if kind.use_real_cfg:
        work *= REAL_CFG_FACTOR
    return UsualTime(
        low_seconds=QUEUE_TIME.low_seconds + INFERENCE_TIME.low_seconds * work,
        high_seconds=QUEUE_TIME.high_seconds + INFERENCE_TIME.high_seconds * work,
        measured=False,
    )


async def learn_from_history(schedule: PollSchedule, database: Database) -> None:
    """Teach a new schedule what the latest finished jobs took, oldest first. Raises StorageUnavailable."""
    for request, seconds in await jobs.recent_latencies(database, limit=_LEARNT_FROM):
        schedule.observe(JobKind.of(request), not_ready_seconds=seconds, ready_seconds=seconds)


class PollPace:
    """One pace for all polls: they are sent at least a slot apart, and not at all while the provider says wait."""

    def __init__(self, *, polls_per_minute: int, clock: Clock) -> None:
        self._slot_seconds = 60 / polls_per_minute
        self._clock = clock
        self._next_slot = 0.0
        self._held_until = 0.0

    def wait_seconds(self, *, booked: bool) -> float:
        """How long a poll has to wait; 0 lets it go now.

        Whoever is told to wait has a slot booked and asks again as `booked` when it has come: then it goes, unless
        the provider has said wait in the meantime, which moves it to a new slot.
        """
        now = self._clock.monotonic()
        if booked and now >= self._held_until:
            return 0.0
        slot = max(now, self._next_slot)
        self._next_slot = slot + self._slot_seconds
        return slot - now

    def hold(self, seconds: float) -> None:
        """Let no poll go before that many seconds have passed: the provider's 429 slows everyone."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
        self._next_slot = max(self._next_slot, self._held_until)


def _quantile(values: deque[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]

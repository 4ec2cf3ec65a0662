"""When to ask for a submission's state: a learnt schedule for each kind of job, and one pace for all of them."""

import math
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clock import Clock
from generation import latency, poll_plan
from generation.delivery import UsualTime
from generation.latency import LatencyHistogram
from generation.poll_plan import GAP_MIN_SECONDS, PollPlan
from models import GenerationRequest
from parameters import PARAMETER_BOUNDS, ImageSize
from provider.catalogue import COLD_MODEL_TIME, INFERENCE_TIME, QUEUE_TIME, REAL_CFG_FACTOR
from storage import jobs
from storage.database import Database

# What a poll may cost: one that brings results forward by less than this, in the mean, is not made.
POLL_COST_SECONDS: Final = 0.25
# What is assumed of a kind counts as much as so many observed jobs, and fades as those come.
_WEIGHT_OF_PUBLISHED: Final = 1.5
_WEIGHT_OF_OTHERS: Final = 2.5
# A plan is solved anew once so large a part of what it stands on is new.
_STALE_SHARE: Final = 0.08
_NEEDED_FOR_USUAL: Final = 5
# Sizes, counts and modes make several hundred kinds; a bot meets a few dozen of them.
KINDS_MAX: Final = 256
# What one poll still to come stands for, where a job of the past is known by its end only.
_HISTORY_GAP_SECONDS: Final = 1.5
_LEARNT_FROM: Final = 500
_MEASURED_OVER_SECONDS: Final = 5.0
# A few polls that wait keep every slot in use; were there never any, slots would go by unused.
_WANTED_FOR_EACH_SLOT: Final = 1.5
# Measured: where more are wanted than this makes fit, there is hardly a poll a job, and to wait for its slot is best.
_CROWDING_MAX: Final = 32.0
_RESTART_SPREAD_SECONDS: Final = 2.0
# What floating point leaves of a second that has passed.
_ROUNDING_SECONDS: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What a job's latency depends on: pixels, images, real CFG (which doubles the work), and models to be loaded."""

    image_size: str
    num_images: int
    use_real_cfg: bool
    mode: str = "text"

    @classmethod
    def of(cls, request: GenerationRequest) -> "JobKind":
        return cls(
            image_size=request.image_size,
            num_images=request.num_images,
            use_real_cfg=request.use_real_cfg,
            mode=_mode_of(request),
        )

    @classmethod
    def named(cls, name: str) -> "JobKind":
        """The kind of that name. Raises ValueError where none has it, as where another release knew others."""
        image_size, num_images, mode, cfg = name.split(" ")
        count = int(num_images)
        if mode not in _MODES or cfg not in _CFG or not 1 <= count <= PARAMETER_BOUNDS["num_images"].high:
            raise ValueError(name)
        return cls(image_size=ImageSize(image_size), num_images=count, mode=mode, use_real_cfg=_CFG[cfg])

    @property
    def name(self) -> str:
        """The kind in four words, to keep what was learnt of it under."""
        return f"{self.image_size} {self.num_images} {self.mode} {'cfg' if self.use_real_cfg else 'plain'}"

    @property
    def expected(self) -> UsualTime:
        """The provider's own range: work grows with images and pixels, real CFG doubles it; queue and loading on top.

        An adapter, a LoRA or a control model may have to be loaded first.
        """
        size, default = ImageSize(self.image_size), ImageSize.LANDSCAPE_4_3
        work = self.num_images * (size.width_px * size.height_px) / (default.width_px * default.height_px)
        if self.use_real_cfg:
            work *= REAL_CFG_FACTOR
        loading = COLD_MODEL_TIME.high_seconds if self.mode in _LOADS_A_MODEL else 0
        return UsualTime(
            low_seconds=QUEUE_TIME.low_seconds + INFERENCE_TIME.low_seconds * work,
            high_seconds=QUEUE_TIME.high_seconds + INFERENCE_TIME.high_seconds * work + loading,
            measured=False,
        )


_CFG: Final = {"cfg": True, "plain": False}
_MODES: Final = frozenset({"text", "lora", "control", "reference"})
_LOADS_A_MODEL: Final = frozenset({"lora", "control"})


def _mode_of(request: GenerationRequest) -> str:
    if request.controlnets or request.controlnet_unions or request.control_loras:
        return "control"
    if any(control.image_control_type == "spatial" for control in request.easycontrols):
        return "control"
    if request.reference_image_url or request.ip_adapters or request.easycontrols:
        return "reference"
    return "lora" if request.loras else "text"


class _Learnt:
    """What is known of one kind, and the plan that follows from it."""

    def __init__(self, kind: JobKind) -> None:
        self.histogram = LatencyHistogram()
        # How likely each latency is: to spread an interval over, and to plan by.
        self.estimate: list[float] = []
        self.likely: list[float] = []
        self.plan: PollPlan | None = None
        self.price_seconds = 0.0
        self.jobs_in_plan = 0
        self.total_in_plan = 0.0
        expected = kind.expected
        self.published = latency.assumed(expected.low_seconds, expected.high_seconds)
        # How long such jobs should take beside others: the middle of the range, as ratios go.
        self.scale = (max(expected.low_seconds, 0.1) * expected.high_seconds) ** 0.5

    @property
    def is_stale(self) -> bool:
        fresh = self.histogram.jobs - self.jobs_in_plan
        return self.plan is None or fresh > _STALE_SHARE * self.total_in_plan


class PollSchedule:
    """When to poll jobs, by what is known of how long such jobs take; learns from every one that is done.

    `poll_cost_seconds` is what a poll may cost in waiting; while more polls are wanted than the `pace` lets go, it is
    as much higher as makes them fit.
    """

    def __init__(self, *, poll_cost_seconds: float = POLL_COST_SECONDS, pace: "PollPace | None" = None) -> None:
        self._poll_cost_seconds = poll_cost_seconds
        self._pace = pace
        self._kinds: OrderedDict[JobKind, _Learnt] = OrderedDict()
        # All kinds in one, as if each took as long as the commonest should: what a new kind begins with.
        self._everything = LatencyHistogram()
        self._everything_scale = _Learnt(_COMMONEST).scale
        self._unsaved: set[JobKind] = set()

    def observe(self, kind: JobKind, *, not_ready_seconds: float, ready_seconds: float) -> None:
        """Learn from one submission: not ready at the one time, ready at the other, both since its acceptance.

        An infinite `ready_seconds` says that nobody knows when it would have been.
        """
        if not_ready_seconds <= 0 and math.isinf(ready_seconds):
            return  # it says nothing
        learnt = self._learnt(kind)
        if not learnt.estimate:
            self._refresh(learnt)
        learnt.histogram.observe(not_ready_seconds, ready_seconds, learnt.estimate)
        factor = self._everything_scale / learnt.scale
        self._everything.observe(
            not_ready_seconds * factor, ready_seconds * factor, latency.scaled(learnt.estimate, factor)
        )
        self._kinds.move_to_end(kind)
        self._unsaved.add(kind)

    def next_delay(self, kind: JobKind, waited_seconds: float) -> float:
        """Seconds until the next poll of a submission that was accepted `waited_seconds` ago."""
        learnt = self._learnt(kind)
        price = self._poll_cost_seconds * (self._pace.crowding if self._pace is not None else 1.0)
        if learnt.plan is None or learnt.is_stale or price != learnt.price_seconds:
            self._refresh(learnt)
            learnt.price_seconds = price
            learnt.plan = poll_plan.solve(latency.EDGES, learnt.likely, price_seconds=price)
        return learnt.plan.next_delay(waited_seconds)

    def usual(self, kind: JobKind) -> UsualTime:
        """What eight of ten recent jobs of this kind took, or what to expect while too few are known."""
        learnt = self._kinds.get(kind)
        if learnt is None or learnt.histogram.jobs < _NEEDED_FOR_USUAL:
            return kind.expected
        weights = learnt.histogram.weights
        return UsualTime(low_seconds=latency.quantile(weights, 0.1), high_seconds=latency.quantile(weights, 0.9))

    def take_unsaved(self) -> dict[str, LatencyHistogram]:
        """What was learnt since the last time, by the kind's name; whoever can't keep it says so by `not_saved`."""
        taken = {kind.name: self._kinds[kind].histogram for kind in self._unsaved if kind in self._kinds}
        self._unsaved.clear()
        return taken

    def not_saved(self, names: Iterable[str]) -> None:
        """What was learnt of these kinds is still to be kept."""
        self._unsaved.update(JobKind.named(name) for name in names)

    def recall(self, kind: JobKind, histogram: LatencyHistogram) -> None:
        """Go on from what an earlier process knew of the kind."""
        learnt = self._learnt(kind)
        learnt.histogram = histogram
        learnt.plan = None
        self._everything.add(latency.scaled(histogram.weights, self._everything_scale / learnt.scale))

    def _learnt(self, kind: JobKind) -> _Learnt:
        learnt = self._kinds.get(kind)
        if learnt is None:
            while len(self._kinds) >= KINDS_MAX:
                self._kinds.popitem(last=False)
            learnt = self._kinds[kind] = _Learnt(kind)
        return learnt

    def _refresh(self, learnt: _Learnt) -> None:
        """Put together what was observed of the kind, of others, and what the provider says."""
        histogram, everything = learnt.histogram, self._everything
        of_others = min(_WEIGHT_OF_OTHERS, everything.total)
        of_published = _WEIGHT_OF_PUBLISHED + _WEIGHT_OF_OTHERS - of_others
        others = latency.scaled(latency.smoothed(everything.weights), learnt.scale / self._everything_scale)
        each = of_others / everything.total if everything.total > 0 else 0.0
        observed = latency.smoothed(histogram.weights)
        assumed = [
            each * other + of_published * published for other, published in zip(others, learnt.published, strict=True)
        ]
        # Unfaded where an interval is spread: else a provider that has become quicker would be taken for one that is
        # just a little quicker than it ever was.
        learnt.estimate = [seen + expected for seen, expected in zip(observed, assumed, strict=True)]
        fading = 1 / (1 + histogram.total / (_WEIGHT_OF_PUBLISHED + _WEIGHT_OF_OTHERS))
        learnt.likely = [seen + fading * expected for seen, expected in zip(observed, assumed, strict=True)]
        learnt.jobs_in_plan, learnt.total_in_plan = histogram.jobs, histogram.total


class Followed:
    """The jobs that this process polls, and when each was last seen not to be ready.

    Of a job that it has not seen pending, nobody knows since when its result has been there.
    """

    def __init__(self, schedule: PollSchedule) -> None:
        self._schedule = schedule
        self._not_ready: dict[str, float] = {}

    def pending(self, job_id: str, kind: JobKind, waited_seconds: float) -> float:
        """The job is not ready so long after its acceptance: the seconds until its next poll."""
        self._not_ready[job_id] = waited_seconds
        return self._schedule.next_delay(kind, waited_seconds)

    def ended(self, job_id: str, kind: JobKind, *, ready_seconds: float = math.inf) -> None:
        """The job was ready that long after its acceptance; without a time it came to nothing, or not in time."""
        if (not_ready := self._not_ready.pop(job_id, None)) is not None:
            self._schedule.observe(kind, not_ready_seconds=not_ready, ready_seconds=ready_seconds)

    def forget(self, job_id: str) -> None:
        """The job is over."""
        self._not_ready.pop(job_id, None)


class PollPace:
    """One pace for all polls: they are sent at least a slot apart, and not at all while the provider says wait.

    It is also where no job is ever polled twice within a second, whoever asked for the second poll.
    """

    def __init__(self, *, polls_per_minute: int, clock: Clock) -> None:
        self._slot_seconds = 60 / polls_per_minute
        self._clock = clock
        self._next_slot = 0.0
        self._held_until = 0.0
        self._polled: OrderedDict[str, float] = OrderedDict()
        self._crowding = 1.0
        self._asked = 0
        self._measured_at = clock.monotonic()

    @property
    def crowding(self) -> float:
        """How many times as dear a poll has to be for those that are wanted to fit; 1 while all of them do.

        Gaps grow with the root of the price, so it goes by (wanted/possible)². In steps, so that plans last.
        """
        self._measure(self._clock.monotonic())
        return math.pow(2.0, round(2 * math.log2(self._crowding)) / 2)

    def wait_seconds(self, *, booked: bool) -> float:
        """How long a poll has to wait; 0 lets it go now.

        Whoever is told to wait has a slot booked and asks again as `booked` when it has come: then it goes, unless
        the provider has said wait in the meantime, which moves it to a new slot.
        """
        now = self._clock.monotonic()
        if booked and now >= self._held_until:
            return 0.0
        if not booked:
            self._asked += 1
        slot = max(now, self._next_slot)
        self._next_slot = slot + self._slot_seconds
        return slot - now

    def claim(self, job_id: str) -> float:
        """Ask leave for a poll of this job that is about to be sent: 0 gives it, else the seconds until it may be."""
        now = self._clock.monotonic()
        while self._polled and next(iter(self._polled.values())) + GAP_MIN_SECONDS <= now + _ROUNDING_SECONDS:
            self._polled.popitem(last=False)
        if (polled_at := self._polled.get(job_id)) is not None:
            return polled_at + GAP_MIN_SECONDS - now
        self._polled[job_id] = now
        return 0.0

    def after_restart(self, job_id: str) -> float:
        """In how many seconds to look at a job that an earlier process left: not all of them in the same instant.

        Never within a second, in which that process may have polled it.
        """
        return GAP_MIN_SECONDS + _RESTART_SPREAD_SECONDS * zlib.crc32(job_id.encode()) / 2**32

    def hold(self, seconds: float) -> None:
        """Let no poll go before that many seconds have passed: the provider's 429 slows everyone."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
        self._next_slot = max(self._next_slot, self._held_until)

    def _measure(self, now: float) -> None:
        """Compare the polls that were wanted lately with those that could go.

        A job that waits for its slot does not ask for the next poll meanwhile, so those that wait count as well.
        Only the root of the change that the ratio asks for is made at once: the jobs under way follow with a delay.
        """
        elapsed = now - self._measured_at
        if elapsed < _MEASURED_OVER_SECONDS:
            return
        waiting = max(0.0, self._next_slot - max(now, self._held_until)) / self._slot_seconds
        ratio = (self._asked + waiting) * self._slot_seconds / elapsed / _WANTED_FOR_EACH_SLOT
        self._crowding = min(max(self._crowding * ratio, 1.0), _CROWDING_MAX)
        self._asked, self._measured_at = 0, now


_COMMONEST: Final = JobKind(image_size=ImageSize.LANDSCAPE_4_3, num_images=1, use_real_cfg=False)


async def learn_from_history(schedule: PollSchedule, database: Database) -> None:
    """Teach a new schedule what the latest finished jobs took, oldest first. Raises StorageUnavailable."""
    for request, seconds in await jobs.recent_latencies(database, limit=_LEARNT_FROM):
        schedule.observe(JobKind.of(request), not_ready_seconds=seconds - _HISTORY_GAP_SECONDS, ready_seconds=seconds)

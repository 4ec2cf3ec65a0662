"""How long finished results lie there unseen, and how many polls a job takes: the real schedule in virtual time.

Beside it, on the same jobs: a poll every 2 s, one every 5 s, and the best plan of whoever knew the distribution. What
is compared is the lag at equal polls, since more polls find a result sooner: the price of a poll is set for the
schedule and for the optimum so that they take as many as polling every 2 s does, or fewer where those do better.
"""

import functools
import itertools
import math
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.measure import Figure
from generation import latency, poll_plan
from generation.polling import POLL_COST_SECONDS, JobKind, PollSchedule

OBSERVED: Final = 300
_MEASURED: Final = 500
_SEEDS: Final = range(3)
_KIND: Final = JobKind(image_size="landscape_4_3", num_images=1, use_real_cfg=False)
# The optimum is solved on cells of a twentieth of a second, up to where no job of these distributions gets.
_FINE_EDGES: Final = tuple(number / 20 for number in range(20 * 150))
# A drift is looked at anew after so many jobs.
_STRETCH: Final = 50
# Of the share of fixed 2 s, in percent.
_AT_MOST_PERCENT: Final = 75
_OVER_OPTIMUM_POINTS: Final = 10
_SOLVE_MS: Final = 2

# Seconds until the next poll, from the job's number and how long it has been waited for.
Delay = Callable[[int, float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How long jobs take: `draw` gives one, `below` the share that takes less; both from the job's number."""

    draw: Callable[[random.Random, int], float]
    below: Callable[[float, int], float]
    changes: bool = False


def _normal(deviations: float) -> float:
    return math.erfc(-deviations / math.sqrt(2)) / 2


def _lognormal(seconds: float, median: float, sigma: float) -> float:
    """The share of a lognormal distribution that takes less."""
    return _normal(math.log(seconds / median) / sigma) if seconds > 0 else 0.0


def _drifted(number: int) -> float:
    """The median of a job: 8 s until the measuring begins, from then on a hundredth of that more with every job.

    In the middle of it the provider becomes as quick as it was, from one job to the next.
    """
    return 8.0 if number < OBSERVED else 8 * (1 + (number - OBSERVED) % (_MEASURED // 2) / 100)


DISTRIBUTIONS: Final[dict[str, Distribution]] = {
    "lognormal 8 s": Distribution(
        draw=lambda rng, _: 8 * math.exp(rng.gauss(0, 0.5)),
        below=lambda seconds, _: _lognormal(seconds, 8, 0.5),
    ),
    "bimodal 5 s and 30 s": Distribution(
        draw=lambda rng, _: (5 if rng.random() < 0.7 else 30) * math.exp(rng.gauss(0, 0.15)),
        below=lambda seconds, _: 0.7 * _lognormal(seconds, 5, 0.15) + 0.3 * _lognormal(seconds, 30, 0.15),
    ),
    "nearly fixed 8 s": Distribution(
        draw=lambda rng, _: max(0.1, rng.gauss(8, 0.2)),
        below=lambda seconds, _: _normal((seconds - 8) / 0.2),
    ),
    "exponential 10 s": Distribution(
        draw=lambda rng, _: rng.expovariate(0.1),
        below=lambda seconds, _: 1 - math.exp(-0.1 * seconds),
    ),
    "uniform 4 to 16 s": Distribution(
        draw=lambda rng, _: rng.uniform(4, 16),
        below=lambda seconds, _: min(max((seconds - 4) / 12, 0.0), 1.0),
    ),
    "drifting 8 to 28 s and back": Distribution(
        draw=lambda rng, number: _drifted(number) * math.exp(rng.gauss(0, 0.3)),
        below=lambda seconds, number: _lognormal(seconds, _drifted(number), 0.3),
        changes=True,
    ),
}
WITH_TARGETS: Final = ("lognormal 8 s", "bimodal 5 s and 30 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Means over the measured jobs: seconds from a result to the poll that found it, and polls."""

    lag_seconds: float
    polls: float


def jobs_of(distribution: Distribution, seed: int) -> list[float]:
    """The latencies of the jobs that are observed, then of those that are measured."""
    rng = random.Random(seed)
    return [distribution.draw(rng, number) for number in range(OBSERVED + _MEASURED)]


def polled(latencies: Sequence[float], delay: Delay, learn: Callable[[float, float], None] | None = None) -> Outcome:
    """Poll one job after the other as `delay` says; `learn` is told between which two moments each was ready."""
    lags, polls = [], 0
    for number, ready in enumerate(latencies):
        not_ready = now = 0.0
        while now < ready or now == 0:
            not_ready, now = now, now + delay(number, now)
            polls += number >= OBSERVED
        if learn is not None:
            learn(not_ready, now)
        if number >= OBSERVED:
            lags.append(now - ready)
    return Outcome(lag_seconds=statistics.fmean(lags), polls=polls / len(lags))


def fixed(latencies: Sequence[float], gap_seconds: float) -> Outcome:
    """A poll every so many seconds."""
    return polled(latencies, lambda _, __: gap_seconds)


def learnt(latencies: Sequence[float], price_seconds: float) -> Outcome:
    """The schedule that a bot has, beginning with nothing, learning throughout."""
    schedule = PollSchedule(poll_cost_seconds=price_seconds)

    def learn(not_ready: float, ready: float) -> None:
        schedule.observe(_KIND, not_ready_seconds=not_ready, ready_seconds=ready)

    return polled(latencies, lambda _, waited: schedule.next_delay(_KIND, waited), learn)


class Optimum:
    """The plans of whoever knows the distribution, also as it is at each moment of a drift."""

    def __init__(self, distribution: Distribution) -> None:
        stretches = range(0, OBSERVED + _MEASURED, _STRETCH) if distribution.changes else range(1)
        self._densities = [_density(distribution, at + _STRETCH // 2) for at in stretches]

    def polled(self, latencies: Sequence[float], price_seconds: float) -> Outcome:
        """How it would have done."""
        plans = [poll_plan.solve(_FINE_EDGES, density, price_seconds=price_seconds) for density in self._densities]
        return polled(latencies, lambda number, waited: plans[number // _STRETCH % len(plans)].next_delay(waited))


def _density(distribution: Distribution, number: int) -> list[float]:
    below = [distribution.below(edge, number) for edge in _FINE_EDGES]
    return [later - earlier for earlier, later in itertools.pairwise(below)]


def at_equal_polls(run: Callable[[float], Outcome], polls: float, *, steps: int = 9) -> Outcome:
    """What `run` gives at the price of a poll at which it takes as many polls as given.

    Plans are whole numbers of polls, so there may be no such price: then it is a mixture of the two next to it. Where
    fewer polls do better, it is those.
    """
    low, high = 0.0005, 5.0
    more, fewer = run(low), run(high)
    affordable = [outcome for outcome in (more, fewer, run(POLL_COST_SECONDS)) if outcome.polls <= polls]
    for _ in range(steps):
        price = math.sqrt(low * high)
        outcome = run(price)
        if outcome.polls > polls:
            low, more = price, outcome
        else:
            high, fewer = price, outcome
            affordable.append(outcome)
    if more.polls > polls > fewer.polls:
        part = (polls - fewer.polls) / (more.polls - fewer.polls)
        lag = fewer.lag_seconds + part * (more.lag_seconds - fewer.lag_seconds)
        affordable.append(Outcome(lag_seconds=lag, polls=polls))
    return min(affordable, key=lambda each: each.lag_seconds)


def _mean(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        lag_seconds=statistics.fmean(outcome.lag_seconds for outcome in outcomes),
        polls=statistics.fmean(outcome.polls for outcome in outcomes),
    )


def _figures(name: str, distribution: Distribution) -> list[Figure]:
    runs = [jobs_of(distribution, seed) for seed in _SEEDS]
    optimum = Optimum(distribution)
    every_2 = [fixed(latencies, 2.0) for latencies in runs]
    equal = [
        at_equal_polls(functools.partial(learnt, latencies), base.polls)
        for latencies, base in zip(runs, every_2, strict=True)
    ]
    best = [
        at_equal_polls(functools.partial(optimum.polled, latencies), base.polls)
        for latencies, base in zip(runs, every_2, strict=True)
    ]
    base = _mean(every_2)
    share = 100 * _mean(equal).lag_seconds / base.lag_seconds
    possible = 100 * _mean(best).lag_seconds / base.lag_seconds
    aimed = name in WITH_TARGETS
    results = {
        "every 2 s": base,
        "every 5 s": _mean([fixed(latencies, 5.0) for latencies in runs]),
        "learnt, equal polls": _mean(equal),
        "optimum, equal polls": _mean(best),
        "learnt, as set by default": _mean([learnt(latencies, POLL_COST_SECONDS) for latencies in runs]),
    }
    measured = [
        [
            Figure(name=f"{name}: {how}, mean lag", value=outcome.lag_seconds, unit="s"),
            Figure(name=f"{name}: {how}, polls", value=outcome.polls, unit="a job"),
        ]
        for how, outcome in results.items()
    ]
    return [
        *itertools.chain.from_iterable(measured),
        Figure(
            name=f"{name}: lag at equal polls, of that of every 2 s",
            value=share,
            unit="%",
            target=_AT_MOST_PERCENT if aimed else None,
        ),
        Figure(
            name=f"{name}: above the optimum by",
            value=share - possible,
            unit="points",
            target=_OVER_OPTIMUM_POINTS if aimed else None,
        ),
    ]


def _solving() -> Figure:
    """What a new plan costs, of which one is made for about every fourth job."""
    rng = random.Random(1)
    histogram = latency.LatencyHistogram()
    estimate = latency.assumed(2, 40)
    for number in range(OBSERVED):
        ready = DISTRIBUTIONS["lognormal 8 s"].draw(rng, number)
        histogram.observe(ready - 1, ready + 1, estimate)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        likely = [
            weight + assumed for weight, assumed in zip(latency.smoothed(histogram.weights), estimate, strict=True)
        ]
        poll_plan.solve(latency.EDGES, likely, price_seconds=POLL_COST_SECONDS)
        times.append((time.perf_counter() - began) * 1000)
    return Figure(name="a new plan, median", value=statistics.median(times), unit="ms", target=_SOLVE_MS)


async def run() -> list[Figure]:
    """Lag and polls for each distribution, and what a plan costs."""
    return [_solving(), *(figure for name, known in DISTRIBUTIONS.items() for figure in _figures(name, known))]

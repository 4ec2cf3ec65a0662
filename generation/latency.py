"""How long submissions take, as a histogram that forgets: what is learnt from polls, and what is assumed before.

A poll never sees when a result became ready, only that it was not at one moment and was at a later one. So an
observation is an interval, and its weight of one job is spread over the interval as the present estimate is (one
step of the EM algorithm for interval-censored data, made online). Pure, no I/O.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Final

# Cells grow with the time they stand for, so that a factor between two kinds of jobs is a shift by whole cells, and
# the schedule is as exact at five seconds as it has to be, and as coarse at five minutes as it may be.
_RATIO: Final = 1.025
_FIRST_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 1200.0
# A job of 35 jobs ago counts half, one of 50 a third. So what a provider was like is forgotten within some fifty
# jobs, a single outlier is a fiftieth of what is known, and there is enough to tell one shape from another.
_KEPT: Final = 0.98
# What is lost by leaving smaller weights out when a histogram is kept: a hundredth of a job, over all its cells.
_LEAST_WEIGHT: Final = 0.00005
# The sum of a geometric series, and a little for what rounding adds.
_MOST_WEIGHT: Final = 1.01 / (1 - _KEPT)
# Measured: with 1.06, Silverman's own, latencies that are nearly fixed are found a third later, others no sooner.
_SMOOTHING: Final = 0.4
# Widest smoothing, in cells on either side: beyond that modes would run into each other.
_SMOOTHING_MAX_CELLS: Final = 8
# Of a normal distribution, the shortest interval with half of its mass is so many standard deviations wide.
_HALF_IN_DEVIATIONS: Final = 1.349
# Of a normal distribution, four fifths lie within so many standard deviations of the middle.
_TENTHS_IN_DEVIATIONS: Final = 1.2816
# How much of what is assumed is spread over all times evenly (in their logarithm): nothing is impossible, and the
# longer something has not happened, the rarer it is worth a look.
_ANYWHEN: Final = 0.1


def _edges() -> tuple[float, ...]:
    edges = [0.0, _FIRST_SECONDS]
    while edges[-1] < _LAST_SECONDS:
        edges.append(edges[-1] * _RATIO)
    return tuple(edges)


# Cell n reaches from EDGES[n] to EDGES[n + 1], in seconds; the last one stands for everything later as well.
EDGES: Final = _edges()
CELLS: Final = len(EDGES) - 1


class LatencyHistogram:
    """Weights of jobs by how long they took; every new job makes all earlier ones count a little less."""

    def __init__(self) -> None:
        self.weights = [0.0] * CELLS
        # How many jobs were seen to be ready in all, however little the oldest count by now.
        self.jobs = 0

    @property
    def total(self) -> float:
        """The weights' sum: the number of jobs for the first few, never more than fifty."""
        return sum(self.weights)

    def observe(self, not_ready_seconds: float, ready_seconds: float, estimate: Sequence[float]) -> None:
        """Add a job that was not ready at the one time and ready at the other (infinite: not known to be at all).

        `estimate` says how likely each cell is by what is known so far.
        """
        shares = _spread(not_ready_seconds, ready_seconds, estimate)
        weights = [weight * _KEPT for weight in self.weights]
        for cell, share in shares:
            weights[cell] += share
        self.weights = weights
        self.jobs += ready_seconds < math.inf

    def add(self, weights: Sequence[float]) -> None:
        """Count those in as well, as if all had come at the same time."""
        summed = [mine + other for mine, other in zip(self.weights, weights, strict=True)]
        shrink = min(1.0, _MOST_WEIGHT / max(sum(summed), _LEAST_WEIGHT))
        self.weights = [weight * shrink for weight in summed]

    def restore(self, weights: Iterable[tuple[float, float]], *, jobs: int) -> None:
        """Take up what `dump` gave, also where the cells were others then. Raises ValueError for what is no such."""
        restored = [0.0] * CELLS
        for seconds, weight in weights:
            if not (0 <= seconds < math.inf and 0 <= weight <= _MOST_WEIGHT):
                raise ValueError(f"{weight} of a job at {seconds} s")
            restored[_cell_of(seconds)] += weight
        if not 0 < sum(restored) <= _MOST_WEIGHT or jobs < 1:
            raise ValueError(f"{jobs} jobs of the weight {sum(restored)}")
        self.weights, self.jobs = restored, jobs

    def dump(self) -> list[tuple[float, float]]:
        """The weights that matter, each with a time within its cell, in seconds."""
        return [
            (round((low + high) / 2, 4), round(weight, 4))
            for (low, high), weight in zip(itertools.pairwise(EDGES), self.weights, strict=True)
            if weight >= _LEAST_WEIGHT
        ]


def _spread(not_ready: float, ready: float, estimate: Sequence[float]) -> list[tuple[int, float]]:
    """The cells in which such a job may have become ready, with the share of it that each one gets."""
    end = min(max(ready, 0.0), EDGES[-1])
    start = min(max(not_ready, 0.0), end)
    first, last = _cell_of(start, opens=True), _cell_of(end)
    if first >= last:
        return [(last, 1.0)]
    likely = []
    for cell in range(first, last + 1):
        low, high = EDGES[cell], EDGES[cell + 1]
        likely.append(estimate[cell] * (min(high, end) - max(low, start)) / (high - low))
    total = sum(likely)
    if total <= 0:
        return [(cell, 1 / len(likely)) for cell in range(first, last + 1)]
    return [(first + at, share / total) for at, share in enumerate(likely)]


def _cell_of(seconds: float, *, opens: bool = False) -> int:
    """The cell that a time lies in; the upper edge belongs to it, unless an interval `opens` there."""
    if seconds < _FIRST_SECONDS or (seconds == _FIRST_SECONDS and not opens):
        return 0
    # The logarithm is right to within one cell; edges are compared exactly, since polls are made at them.
    cell = 1 + int(math.log(min(seconds, EDGES[-1]) / _FIRST_SECONDS) / math.log(_RATIO))
    cell = min(cell, CELLS - 1)
    while cell > 0 and (EDGES[cell] > seconds or (EDGES[cell] == seconds and not opens)):
        cell -= 1
    while cell < CELLS - 1 and (EDGES[cell + 1] < seconds or (EDGES[cell + 1] == seconds and opens)):
        cell += 1
    return cell


def assumed(low_seconds: float, high_seconds: float) -> list[float]:
    """A distribution (its sum is 1) of which about four fifths lie between the two, with long tails."""
    low, high = max(low_seconds, 0.1), max(high_seconds, low_seconds * _RATIO, 0.2)
    middle = (math.log(low) + math.log(high)) / 2
    deviation = (math.log(high) - math.log(low)) / 2 / _TENTHS_IN_DEVIATIONS
    below = [0.0] + [math.erfc((middle - math.log(edge)) / deviation / math.sqrt(2)) / 2 for edge in EDGES[1:]]
    below[-1] = 1.0
    return [(1 - _ANYWHEN) * (at_end - at_start) + _ANYWHEN / CELLS for at_start, at_end in itertools.pairwise(below)]


def scaled(weights: Sequence[float], factor: float) -> list[float]:
    """The same jobs, had each taken `factor` times as long; what leaves the cells at an end stays in the last one."""
    shift = round(math.log(factor) / math.log(_RATIO))
    moved = [0.0] * CELLS
    for cell, weight in enumerate(weights):
        moved[min(max(cell + shift, 0), CELLS - 1)] += weight
    return moved


def smoothed(weights: Sequence[float]) -> list[float]:
    """The weights, each shared with its neighbours as far as few jobs can't tell the one from the other.

    The width goes by Silverman's rule for as many jobs as the weights stand for, and is less than half of it: jobs are
    spread over intervals, which smooths as well. The rule's deviation is taken from the shortest interval with half
    of the weights, which several modes far apart do not widen.
    """
    total = sum(weights)
    if total <= 0:
        return list(weights)
    deviation = _shortest_half(weights, total) / _HALF_IN_DEVIATIONS
    width = _SMOOTHING * deviation * max(1.0, total) ** -0.2
    # Two boxes of 2n + 1 cells, one after the other, have a variance of 2n(n + 1)/3.
    reach = min(_SMOOTHING_MAX_CELLS, round((math.sqrt(1 + 6 * width**2) - 1) / 2))
    return _boxed(_boxed(weights, reach), reach) if reach > 0 else list(weights)


def _shortest_half(weights: Sequence[float], total: float) -> int:
    """How many cells the shortest run has that holds half of the weights."""
    best, held, start = len(weights), 0.0, 0
    for end, weight in enumerate(weights):
        held += weight
        while start < end and held - weights[start] >= total / 2:
            held -= weights[start]
            start += 1
        if held >= total / 2:
            best = min(best, end - start + 1)
    return best


def _boxed(weights: Sequence[float], reach: int) -> list[float]:
    """A moving mean over `reach` cells on either side; what would fall out at an end is folded back."""
    folded = [0.0, *reversed(weights[:reach]), *weights, *reversed(weights[-reach:])]
    sums = list(itertools.accumulate(folded))
    width = 2 * reach + 1
    return [(upper - lower) / width for upper, lower in zip(sums[width:], sums[:-width], strict=True)]


def quantile(weights: Sequence[float], share: float) -> float:
    """The time, in seconds, by which that share of the weights was ready; there must be some."""
    wanted, so_far = share * sum(weights), 0.0
    for cell, weight in enumerate(weights):
        if weight > 0 and so_far + weight >= wanted:
            low, high = EDGES[cell], EDGES[cell + 1]
            return low + (high - low) * max(0.0, wanted - so_far) / weight
        so_far += weight
    return EDGES[-1]

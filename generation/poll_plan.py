"""When to poll a submission, solved for what is known of how long such ones take. Pure, no I/O.

Waiting for a poll costs the member time, polling costs polls: the plan makes the mean of `lag + price × polls` least.
Where results come at a rate h, gaps of about √(2 × price / h) do that; where they come at certain times only, it is a
matter of which times. So it is solved exactly, from the last possible moment back to the first.
"""

import bisect
import itertools
from collections.abc import Sequence
from typing import Final

# A job is never polled more than once a second, whatever the schedule would like.
GAP_MIN_SECONDS: Final = 1.0
# What an outage has taught must not make everybody after it wait for minutes; and somebody may be waiting still.
GAP_MAX_SECONDS: Final = 30.0


class PollPlan:
    """For every time that a job may have been waited for, the time of its next poll."""

    def __init__(self, edges: Sequence[float], following: Sequence[int]) -> None:
        self._edges = edges
        self._following = following

    def next_delay(self, waited_seconds: float) -> float:
        """Seconds until the next poll of a submission that was accepted `waited_seconds` ago and is not ready."""
        edges = self._edges
        above = bisect.bisect_left(edges, waited_seconds)
        if above >= len(edges) - 1:
            return GAP_MAX_SECONDS
        # Polls come late by some milliseconds: what counts is the edge that was meant.
        below = max(0, above - 1)
        nearest = below if waited_seconds - edges[below] < edges[above] - waited_seconds else above
        delay = edges[self._following[nearest]] - waited_seconds
        return min(max(delay, GAP_MIN_SECONDS), GAP_MAX_SECONDS)


def solve(edges: Sequence[float], likely: Sequence[float], *, price_seconds: float) -> PollPlan:
    """The best plan where `likely[n]` of the results come between `edges[n]` and `edges[n + 1]`.

    `price_seconds` is what a poll may cost: it is made where it saves that much of waiting, in the mean.
    """
    last = len(edges) - 1
    # Up to each edge: how many results there are, and the sum of their times.
    counts = list(itertools.accumulate(likely, initial=0.0))
    middles = ((low + high) / 2 for low, high in itertools.pairwise(edges))
    sums = list(itertools.accumulate((part * at for part, at in zip(likely, middles, strict=True)), initial=0.0))
    everything = counts[last]
    costs = [0.0] * (last + 1)
    following = [last] * (last + 1)
    earliest = last
    for start in range(last - 1, -1, -1):
        moment, count, total = edges[start], counts[start], sums[start]
        while earliest > start + 1 and edges[earliest - 1] >= moment + GAP_MIN_SECONDS:
            earliest -= 1
        latest = moment + GAP_MAX_SECONDS
        best, chosen = float("inf"), earliest
        for end in range(earliest, last + 1):
            # The last edge may be nearer than a second: then that poll comes after it.
            at = edges[end] if end < last else max(edges[end], moment + GAP_MIN_SECONDS)
            lag = at * (counts[end] - count) - (sums[end] - total)
            # A later end only makes the lag longer, so it can't get better any more.
            if lag >= best or (edges[end] > latest and end > earliest):
                break
            cost = lag + costs[end]
            if cost < best:
                best, chosen = cost, end
        costs[start] = best + price_seconds * (everything - count)
        following[start] = chosen
    return PollPlan(edges, following)

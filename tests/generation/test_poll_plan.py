"""The best times to poll, against all others on small grids, and as what they have to be on the real one."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import latency, poll_plan
from generation.latency import CELLS, EDGES
from generation.poll_plan import GAP_MAX_SECONDS, GAP_MIN_SECONDS

# Lists of so many numbers are slow to make one by one: a seed, and how many of the cells hold anything.
WEIGHTS = st.builds(
    lambda seed, share: [
        rng.expovariate(1) * (rng.random() < share) for rng in [random.Random(seed)] for _ in EDGES[1:]
    ],
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.01, 0.1, 1.0]),
)


def cost_of(times: tuple[float, ...], edges: list[float], likely: list[float], price: float) -> float:
    """Lag and polls of a fixed row of times, results being spread evenly within each cell."""
    cost = 0.0
    for low, high, part in zip(edges, edges[1:], likely, strict=False):
        found = next(number for number, moment in enumerate(times) if moment >= high - 1e-9)
        cost += part * (times[found] - (low + high) / 2 + price * (found + 1))
    return cost


def followed(plan: poll_plan.PollPlan, end: float) -> tuple[float, ...]:
    times = [plan.next_delay(0.0)]
    while times[-1] < end - 1e-9:
        times.append(times[-1] + plan.next_delay(times[-1]))
    return tuple(times)


@given(
    likely=st.lists(st.floats(0.01, 5), min_size=8, max_size=8),
    price=st.sampled_from([0.05, 0.25, 1.0, 5.0]),
    cell=st.sampled_from([0.5, 1.0, 1.7]),
)
def test_no_other_times_are_better(likely: list[float], price: float, cell: float) -> None:
    edges = [cell * number for number in range(9)]
    plan = poll_plan.solve(edges, likely, price_seconds=price)
    mine = cost_of(followed(plan, edges[-1]), edges, likely, price)
    for chosen in itertools.chain.from_iterable(itertools.combinations(edges[1:-1], n) for n in range(8)):
        last = max(edges[-1], chosen[-1] + GAP_MIN_SECONDS) if chosen else edges[-1]
        times = (*chosen, last)
        if all(after - before >= GAP_MIN_SECONDS for before, after in itertools.pairwise((0.0, *times))):
            assert mine <= cost_of(times, edges, likely, price) + 1e-9


def test_at_a_steady_rate_the_gap_is_the_root_of_twice_the_price_over_the_rate() -> None:
    edges = [number / 20 for number in range(20 * 200)]
    for rate, price in [(0.1, 0.25), (0.05, 0.25), (0.1, 1.0)]:
        likely = [math.exp(-rate * low) - math.exp(-rate * high) for low, high in itertools.pairwise(edges)]
        plan = poll_plan.solve(edges, likely, price_seconds=price)
        # The exact gap is a little longer: while one waits, the rate goes on.
        assert plan.next_delay(0.0) == pytest.approx(math.sqrt(2 * price / rate), rel=0.15)


def test_where_nothing_comes_nothing_is_asked() -> None:
    likely = [0.001 / CELLS] * CELLS
    for cell, edge in enumerate(EDGES[:-1]):
        likely[cell] += (4.5 < edge < 5.5) * 0.7 / 8 + (27 < edge < 33) * 0.3 / 8
    times = followed(poll_plan.solve(EDGES, likely, price_seconds=0.25), 60)
    assert not [moment for moment in times if moment < 4.5 or 7.5 < moment < 26]
    assert [moment for moment in times if 4.5 < moment < 6]


@given(likely=WEIGHTS, price=st.floats(0.01, 60 * 32), waited=st.floats(0, 100_000))
def test_every_wait_is_a_second_at_least_and_finite(likely: list[float], price: float, waited: float) -> None:
    plan = poll_plan.solve(EDGES, likely, price_seconds=price)
    assert GAP_MIN_SECONDS <= plan.next_delay(waited) <= GAP_MAX_SECONDS


def test_a_poll_that_comes_late_does_not_bring_the_next_within_a_second() -> None:
    plan = poll_plan.solve(EDGES, latency.assumed(5, 15), price_seconds=0.01)
    delays = [plan.next_delay(hundredths / 100) for hundredths in range(0, 150_000, 7)]
    assert min(delays) == GAP_MIN_SECONDS
    assert max(delays) == GAP_MAX_SECONDS


@given(likely=WEIGHTS, price=st.floats(0.01, 10), waited=st.floats(0, 1000))
def test_who_has_waited_longer_is_not_polled_much_earlier(likely: list[float], price: float, waited: float) -> None:
    """A poll that comes late by a moment must not lead to another schedule."""
    plan = poll_plan.solve(EDGES, likely, price_seconds=price)
    cell = max(0.03 * waited, 1.0)
    for late in (0.001, 0.01):
        now, later = plan.next_delay(waited) + waited, plan.next_delay(waited + late) + waited + late
        assert later >= now - 2 * cell


def test_a_dearer_poll_is_made_less_often() -> None:
    rng = random.Random(4)
    histogram = latency.LatencyHistogram()
    for _ in range(100):
        seconds = 8 * math.exp(rng.gauss(0, 0.5))
        histogram.observe(seconds, seconds, [1.0] * CELLS)
    likely = [
        mine + assumed
        for mine, assumed in zip(latency.smoothed(histogram.weights), latency.assumed(2, 40), strict=True)
    ]
    counts = [
        len(followed(poll_plan.solve(EDGES, likely, price_seconds=price), 60)) for price in (0.05, 0.25, 1.0, 4.0, 16.0)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 3 * counts[-1]


def test_beyond_what_was_ever_seen_polls_go_on_at_the_longest_gap() -> None:
    plan = poll_plan.solve(EDGES, latency.assumed(2, 40), price_seconds=0.25)
    assert {plan.next_delay(waited) for waited in (EDGES[-1], 5_000.0, 86_400.0)} == {GAP_MAX_SECONDS}


def test_of_an_unknown_job_the_gaps_grow_gently() -> None:
    times = followed(poll_plan.solve(EDGES, latency.assumed(2, 40), price_seconds=0.25), 900)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) < 120
    assert max(gaps[:10]) < 5
    assert all(after < 2 * before + 1 for before, after in itertools.pairwise(gaps[:-1]))

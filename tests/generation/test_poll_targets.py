"""What the schedule is for: results are seen sooner than by polling at fixed times, for as many polls."""

import functools

import pytest

from benchmarks import polling


@pytest.mark.parametrize("name", polling.WITH_TARGETS)
def test_after_300_jobs_the_lag_is_a_quarter_less_than_every_two_seconds_and_near_the_optimum(name: str) -> None:
    distribution = polling.DISTRIBUTIONS[name]
    latencies = polling.jobs_of(distribution, seed=11)
    fixed = polling.fixed(latencies, 2.0)
    learnt = polling.at_equal_polls(functools.partial(polling.learnt, latencies), fixed.polls, steps=6)
    best = polling.at_equal_polls(
        functools.partial(polling.Optimum(distribution).polled, latencies), fixed.polls, steps=6
    )
    assert learnt.polls <= fixed.polls + 1e-9
    assert learnt.lag_seconds <= 0.75 * fixed.lag_seconds
    assert learnt.lag_seconds - best.lag_seconds <= 0.10 * fixed.lag_seconds


def test_what_it_is_compared_with_is_what_it_says() -> None:
    latencies = [1.5, 2.0, 9.0] * 300
    outcome = polling.fixed(latencies, 2.0)
    assert outcome.polls == pytest.approx((1 + 1 + 5) / 3)
    assert outcome.lag_seconds == pytest.approx((0.5 + 0.0 + 1.0) / 3)


def test_without_a_memory_nothing_is_better_than_a_steady_gap() -> None:
    """Of an exponential distribution the optimum is known: the root of the price says which gap."""
    distribution = polling.DISTRIBUTIONS["exponential 10 s"]
    latencies = polling.jobs_of(distribution, seed=11)
    fixed = polling.fixed(latencies, 2.0)
    best = polling.at_equal_polls(
        functools.partial(polling.Optimum(distribution).polled, latencies), fixed.polls, steps=6
    )
    assert best.lag_seconds == pytest.approx(fixed.lag_seconds, rel=0.01)

"""What is learnt from polls about how long submissions take, and what is assumed before."""

import itertools
import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import latency
from generation.latency import CELLS, EDGES, LatencyHistogram

# Times with a day's and an outage's, and what a clock that jumps may give.
SECONDS = st.floats(-10, 100_000) | st.just(math.inf)
EVENLY = [1.0] * CELLS


def observed(*seconds: float) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for value in seconds:
        histogram.observe(value, value, EVENLY)
    return histogram


def between(weights: list[float], low: float, high: float) -> float:
    """The share of the weights in the cells that lie between the two."""
    inside = sum(
        weight for weight, (a, b) in zip(weights, itertools.pairwise(EDGES), strict=True) if low <= a < b <= high
    )
    return inside / sum(weights)


class TestObserving:
    def test_a_moment_goes_into_the_cell_it_lies_in(self) -> None:
        for cell, (low, high) in enumerate(itertools.pairwise(EDGES)):
            for seconds in ((low + high) / 2, high):
                weights = observed(seconds).weights
                assert weights[cell] == 1.0
                assert sum(weights) == 1.0

    def test_an_interval_is_spread_as_the_estimate_is(self) -> None:
        histogram = LatencyHistogram()
        low, middle, high = EDGES[50], EDGES[51], EDGES[52]
        estimate = [0.0] * CELLS
        estimate[50], estimate[51] = 3.0, 1.0
        histogram.observe(low, high, estimate)
        assert histogram.weights[50:52] == [0.75, 0.25]
        histogram.observe((low + middle) / 2, high, estimate)  # half of the first cell was not ready
        assert histogram.weights[50] == pytest.approx(0.75 * 0.98 + 0.6)

    def test_nothing_is_learnt_outside_of_the_interval(self) -> None:
        histogram = LatencyHistogram()
        histogram.observe(EDGES[30], EDGES[40], EVENLY)
        assert sum(histogram.weights[30:40]) == pytest.approx(1.0)
        assert histogram.total == pytest.approx(1.0)

    def test_what_was_never_ready_lies_beyond_the_last_look(self) -> None:
        histogram = LatencyHistogram()
        histogram.observe(EDGES[100], math.inf, EVENLY)
        assert sum(histogram.weights[100:]) == pytest.approx(1.0)
        assert histogram.jobs == 0

    @given(st.lists(st.tuples(SECONDS, SECONDS), max_size=20))
    def test_each_job_weighs_one_and_earlier_ones_less(self, intervals: list[tuple[float, float]]) -> None:
        histogram = LatencyHistogram()
        for number, (not_ready, ready) in enumerate(intervals):
            before = histogram.total
            histogram.observe(not_ready, ready, EVENLY)
            assert histogram.total == pytest.approx(0.98 * before + 1)
            assert histogram.total <= min(50.1, number + 1.001)
            assert all(math.isfinite(weight) and weight >= 0 for weight in histogram.weights)

    def test_a_provider_that_changed_is_mostly_forgotten_after_fifty_jobs(self) -> None:
        histogram = observed(*[30.0] * 200)
        for _ in range(50):
            histogram.observe(8.0, 8.0, EVENLY)
        assert between(histogram.weights, 7, 9) > 0.6

    def test_one_outlier_is_a_fiftieth(self) -> None:
        histogram = observed(*[8.0] * 200, 900.0)
        assert between(histogram.weights, 800, 1000) == pytest.approx(0.02, rel=0.1)

    @pytest.mark.parametrize("gap", [1.0, 2.5, 6.0])
    def test_intervals_do_not_bend_the_quantiles(self, gap: float) -> None:
        """Jobs of 8 s are seen through polls at intervals, with each interval somewhere else."""
        rng = random.Random(3)
        latencies = [8 * math.exp(rng.gauss(0, 0.4)) for _ in range(3000)]
        histogram = LatencyHistogram()
        estimate = latency.assumed(2, 40)
        means = []
        for number, seconds in enumerate(latencies):
            start = rng.uniform(0, gap)
            not_ready = start + gap * math.floor((seconds - start) / gap)
            histogram.observe(max(0.0, not_ready), not_ready + gap, estimate)
            if number % 4 == 0:
                smooth = latency.smoothed(histogram.weights)
                estimate = [mine + 2 * assumed for mine, assumed in zip(smooth, latency.assumed(2, 40), strict=True)]
            if number >= 300:
                means.append([latency.quantile(histogram.weights, share) for share in (0.25, 0.5, 0.75)])
        seen = [statistics.fmean(column) for column in zip(*means, strict=True)]
        true = [sorted(latencies)[round(share * 3000)] for share in (0.25, 0.5, 0.75)]
        assert seen == pytest.approx(true, rel=0.06)


class TestKeeping:
    @given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 30)), min_size=1, max_size=60))
    def test_what_is_dumped_is_restored(self, intervals: list[tuple[float, float]]) -> None:
        histogram = LatencyHistogram()
        for start, length in intervals:
            histogram.observe(start, start + length, EVENLY)
        restored = LatencyHistogram()
        restored.restore(histogram.dump(), jobs=histogram.jobs)
        assert restored.weights == pytest.approx(histogram.weights, abs=0.0001)
        assert restored.jobs == histogram.jobs

    @pytest.mark.parametrize(
        ("weights", "jobs"),
        [
            ([], 5),
            ([(8.0, 0.0)], 5),
            ([(8.0, 1.0)], 0),
            ([(8.0, -1.0), (9.0, 3.0)], 5),
            ([(-1.0, 1.0)], 5),
            ([(math.nan, 1.0)], 5),
            ([(8.0, math.nan)], 5),
            ([(math.inf, 1.0)], 5),
            ([(8.0, math.inf)], 5),
            ([(8.0, 30.0), (9.0, 30.0)], 5),
        ],
    )
    def test_what_is_no_histogram_is_refused(self, weights: list[tuple[float, float]], jobs: int) -> None:
        histogram = observed(3.0)
        with pytest.raises(ValueError, match="job"):
            histogram.restore(weights, jobs=jobs)
        assert histogram.weights == observed(3.0).weights

    def test_adding_never_makes_more_than_fifty_jobs(self) -> None:
        histogram = observed(*[8.0] * 100)
        histogram.add(observed(*[30.0] * 100).weights)
        assert histogram.total <= 50.6
        assert between(histogram.weights, 25, 35) == pytest.approx(0.5, abs=0.01)


class TestShapes:
    @given(st.floats(0, 100), st.floats(0, 1000))
    def test_what_is_assumed_is_a_distribution_without_a_gap(self, low: float, width: float) -> None:
        weights = latency.assumed(low, low + width)
        assert sum(weights) == pytest.approx(1.0)
        assert min(weights) >= 0.1 / CELLS * 0.999

    def test_three_quarters_of_what_is_assumed_lie_in_the_range(self) -> None:
        assert between(latency.assumed(2, 40), 1.98, 41) == pytest.approx(0.78, abs=0.03)

    def test_scaling_multiplies_every_quantile(self) -> None:
        weights = observed(6.0, 8.0, 11.0).weights
        for factor in (0.25, 0.5, 1.0, 3.0, 10.0):
            scaled = latency.scaled(weights, factor)
            assert sum(scaled) == pytest.approx(sum(weights))
            for share in (0.2, 0.5, 0.9):
                wanted = factor * latency.quantile(weights, share)
                assert latency.quantile(scaled, share) == pytest.approx(wanted, rel=0.02)

    @given(st.dictionaries(st.integers(0, CELLS - 1), st.floats(0, 5), max_size=30))
    def test_smoothing_loses_nothing(self, cells: dict[int, float]) -> None:
        weights = [cells.get(cell, 0.0) for cell in range(CELLS)]
        smooth = latency.smoothed(weights)
        assert sum(smooth) == pytest.approx(sum(weights))
        assert min(smooth) >= -1e-9

    def test_smoothing_fills_what_few_jobs_leave_open(self) -> None:
        rng = random.Random(1)
        weights = observed(*[8 * math.exp(rng.gauss(0, 0.5)) for _ in range(50)]).weights
        smooth = latency.smoothed(weights)
        middle = [weight for weight, edge in zip(smooth, EDGES, strict=False) if 6 < edge < 10]
        assert min(middle) > max(middle) / 6

    def test_modes_far_apart_stay_apart_and_a_sharp_one_sharp(self) -> None:
        sharp = latency.smoothed(observed(*[8.0] * 50).weights)
        assert between(sharp, 7.5, 8.5) > 0.95
        two = latency.smoothed(observed(*[5.0, 5.2, 4.8, 30.0] * 20).weights)
        assert between(two, 8, 20) < 0.001

    @pytest.mark.parametrize(("share", "seconds"), [(0.0, 5), (0.1, 5), (0.5, 7), (0.9, 9), (1.0, 9)])
    def test_a_quantile_is_where_that_share_was_ready(self, share: float, seconds: float) -> None:
        assert latency.quantile(observed(5, 6, 7, 8, 9).weights, share) == pytest.approx(seconds, rel=0.03)

"""How fast all polls together are, and what a poll costs where they are short."""

import heapq
import itertools
import math
import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.polling import JobKind, PollPace, PollSchedule
from tests.builders import make_job
from tests.generation.test_polling import times
from tests.support import FakeClock

KIND = JobKind(image_size="square", num_images=1, use_real_cfg=False)


class TestPace:
    @pytest.fixture
    def pace(self, clock: FakeClock) -> PollPace:
        return PollPace(polls_per_minute=60, clock=clock)

    def test_the_first_goes_at_once_and_the_next_wait_a_slot_each(self, pace: PollPace) -> None:
        assert [pace.wait_seconds(booked=False) for _ in range(4)] == [0, 1, 2, 3]

    def test_whoever_has_booked_goes_when_the_slot_has_come(self, pace: PollPace, clock: FakeClock) -> None:
        waits = [pace.wait_seconds(booked=False) for _ in range(3)]
        clock.advance(waits[2])
        assert pace.wait_seconds(booked=True) == 0

    def test_idle_time_is_not_saved_up(self, pace: PollPace, clock: FakeClock) -> None:
        clock.advance(3600)
        assert [pace.wait_seconds(booked=False) for _ in range(3)] == [0, 1, 2]

    def test_a_hold_stops_the_booked_ones_too_and_spaces_them_again(self, pace: PollPace, clock: FakeClock) -> None:
        for _ in range(3):
            pace.wait_seconds(booked=False)
        pace.hold(10)
        clock.advance(2)
        assert [pace.wait_seconds(booked=True) for _ in range(3)] == [8, 9, 10]
        assert pace.wait_seconds(booked=False) == 11

    def test_a_shorter_hold_does_not_end_a_longer_one(self, pace: PollPace, clock: FakeClock) -> None:
        pace.hold(10)
        pace.hold(1)
        assert pace.wait_seconds(booked=False) == 10

    def test_no_job_is_given_two_polls_within_a_second(self, pace: PollPace, clock: FakeClock) -> None:
        assert pace.claim("a") == 0
        clock.advance(0.4)
        assert pace.claim("b") == 0
        assert pace.claim("a") == pytest.approx(0.6)
        clock.advance(pace.claim("a"))
        assert pace.claim("a") == 0
        assert pace.claim("b") == pytest.approx(0.4)

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1.5)), max_size=40))
    def test_whoever_asks_whenever_a_second_lies_between(self, asked: list[tuple[str, float]]) -> None:
        clock = FakeClock()
        pace = PollPace(polls_per_minute=60_000, clock=clock)
        sent: dict[str, float] = {}
        for job_id, pause in asked:
            clock.advance(pause)
            wait = pace.claim(job_id)
            since = clock.monotonic() - sent.get(job_id, -math.inf)
            assert 0 <= wait <= 1
            if wait == 0:
                assert since >= 1 - 2e-6
                sent[job_id] = clock.monotonic()
            else:
                assert since < 1

    def test_jobs_of_an_earlier_process_are_spread_and_not_asked_within_a_second(self, pace: PollPace) -> None:
        delays = [pace.after_restart(make_job().job_id) for _ in range(300)]
        assert min(delays) >= 1
        assert max(delays) <= 3
        assert len({round(delay, 1) for delay in delays}) >= 19

    @given(
        arrivals=st.lists(st.tuples(st.floats(0, 5), st.booleans(), st.floats(0, 20)), min_size=1, max_size=60),
    )
    def test_never_more_than_a_slots_worth(self, arrivals: list[tuple[float, bool, float]]) -> None:
        """Jobs come at any time, holds too: each goes when it is told to, and no two within a slot."""
        clock = FakeClock()
        pace = PollPace(polls_per_minute=60, clock=clock)
        held_until = 0.0
        waiting: list[float] = []
        sent: list[float] = []

        def run_until(moment: float) -> None:
            while waiting and min(waiting) <= moment:
                due = min(waiting)
                waiting.remove(due)
                clock.advance(max(0.0, due - clock.monotonic()))
                wait = pace.wait_seconds(booked=True)
                if wait > 0:
                    waiting.append(clock.monotonic() + wait)
                else:
                    assert clock.monotonic() >= held_until - 1e-6
                    sent.append(clock.monotonic())

        for pause, held, hold in arrivals:
            moment = clock.monotonic() + pause
            run_until(moment)
            clock.advance(max(0.0, moment - clock.monotonic()))
            if held:
                pace.hold(hold)
                held_until = max(held_until, clock.monotonic() + hold)
            wait = pace.wait_seconds(booked=False)
            if wait > 0:
                waiting.append(clock.monotonic() + wait)
            else:
                sent.append(clock.monotonic())
        run_until(float("inf"))
        assert len(sent) == len(arrivals)
        assert all(after - before >= 1 - 1e-6 for before, after in itertools.pairwise(sent))


def in_flight(
    count: int, *, crowding: bool, seconds: float = 240.0, latency: Callable[[random.Random], float]
) -> tuple[float, float, float]:
    """So many jobs at the provider at every moment, 300 polls a minute: mean lag, polls a job, the last crowding."""
    clock, rng = FakeClock(), random.Random(7)
    pace = PollPace(polls_per_minute=300, clock=clock)
    schedule = PollSchedule(pace=pace if crowding else None)
    began, sequence, polls = clock.monotonic(), itertools.count(), 0
    lags: list[float] = []
    heap: list[tuple[float, int, bool, tuple[float, float], float]] = []

    def accept() -> None:
        job = (clock.monotonic(), latency(rng))
        heapq.heappush(heap, (clock.monotonic() + schedule.next_delay(KIND, 0.0), next(sequence), False, job, 0.0))

    for _ in range(count):
        accept()
    while clock.monotonic() < began + seconds:
        due, _, booked, job, not_ready = heapq.heappop(heap)
        clock.advance(max(0.0, due - clock.monotonic()))
        now = clock.monotonic()
        if (wait := pace.wait_seconds(booked=booked)) > 0:
            heapq.heappush(heap, (now + wait, next(sequence), True, job, not_ready))
            continue
        polls, waited = polls + 1, now - job[0]
        if waited < job[1]:
            heapq.heappush(heap, (now + schedule.next_delay(KIND, waited), next(sequence), False, job, waited))
            continue
        schedule.observe(KIND, not_ready_seconds=not_ready, ready_seconds=waited)
        lags.append(waited - job[1])
        accept()
    return statistics.fmean(lags[len(lags) // 3 :]), polls / len(lags), pace.crowding


def two_modes(rng: random.Random) -> float:
    return (5 if rng.random() < 0.7 else 30) * math.exp(rng.gauss(0, 0.15))


class TestCrowding:
    def test_few_jobs_pay_the_usual_price(self) -> None:
        assert in_flight(5, crowding=True, latency=two_modes)[2] == 1.0

    def test_where_polls_are_short_each_is_dearer_and_results_come_sooner(self) -> None:
        lag, polls, crowding = in_flight(60, crowding=True, latency=two_modes)
        careless, _, _ = in_flight(60, crowding=False, latency=two_modes)
        assert crowding > 4
        assert polls < 2
        assert lag < 0.9 * careless

    def test_the_price_falls_again_once_there_is_room(self, clock: FakeClock) -> None:
        pace = PollPace(polls_per_minute=60, clock=clock)
        for _ in range(100):
            pace.wait_seconds(booked=False)
        clock.advance(5)
        crowded = pace.crowding
        clock.advance(100)
        assert crowded > pace.crowding == 1.0

    def test_it_grows_with_what_is_wanted_and_has_an_end(self, clock: FakeClock) -> None:
        found = []
        for wanted in (1, 10, 100, 10_000):
            pace = PollPace(polls_per_minute=60, clock=clock)
            for _ in range(wanted):
                pace.wait_seconds(booked=False)
            clock.advance(5)
            found.append(pace.crowding)
        assert found == sorted(found)
        assert found[0] == 1.0
        assert found[-1] == 32.0

    def test_a_hold_is_no_crowd(self, clock: FakeClock) -> None:
        pace = PollPace(polls_per_minute=60, clock=clock)
        pace.wait_seconds(booked=False)
        pace.hold(300)
        clock.advance(5)
        assert pace.crowding == 1.0

    def test_the_plan_follows_the_price(self, clock: FakeClock) -> None:
        pace = PollPace(polls_per_minute=60, clock=clock)
        schedule = PollSchedule(pace=pace)
        before = len(times(schedule, 60))
        for _ in range(1000):
            pace.wait_seconds(booked=False)
        clock.advance(5)
        assert len(times(schedule, 60)) < before

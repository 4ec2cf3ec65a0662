"""When a job is polled next, and how fast all jobs together are."""

import itertools
import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.polling import GAP_MIN_SECONDS, JobKind, PollPace, PollSchedule, learn_from_history
from models import JobStatus
from parameters import ImageSize
from storage import jobs
from storage.database import Database
from tests.builders import later, make_job, make_request, make_reservations
from tests.support import FakeClock

S = JobStatus
KIND = JobKind(image_size="square", num_images=1, use_real_cfg=False)
OTHER = JobKind(image_size="square", num_images=4, use_real_cfg=False)


def taught(*seconds: float) -> PollSchedule:
    schedule = PollSchedule()
    for value in seconds:
        schedule.observe(KIND, not_ready_seconds=value, ready_seconds=value)
    return schedule


class TestSchedule:
    def test_the_first_poll_of_an_unknown_kind_comes_soon(self) -> None:
        assert PollSchedule().next_delay(KIND, 0.0) == 2.0

    def test_the_first_poll_comes_when_the_quickest_tenth_is_ready(self) -> None:
        assert taught(*range(10, 21)).next_delay(KIND, 0.0) == 11

    def test_kinds_are_learnt_apart(self) -> None:
        assert taught(30.0).next_delay(OTHER, 0.0) == 2.0

    def test_what_is_learnt_is_the_middle_of_the_interval(self) -> None:
        schedule = PollSchedule()
        schedule.observe(KIND, not_ready_seconds=8.0, ready_seconds=10.0)
        assert schedule.next_delay(KIND, 0.0) == 9.0

    def test_who_waits_already_is_polled_at_the_remaining_time_then_at_the_gap(self) -> None:
        schedule = taught(20.0)
        assert schedule.next_delay(KIND, 5.0) == 15.0
        assert schedule.next_delay(KIND, 19.5) == 1.5
        assert schedule.next_delay(KIND, 30.0) == 1.5

    def test_a_job_that_is_late_is_polled_less_often(self) -> None:
        assert PollSchedule().next_delay(KIND, 60.0) == 5.0

    def test_an_old_provider_is_forgotten(self) -> None:
        schedule = taught(*[50.0] * 64, *[5.0] * 64)
        assert schedule.next_delay(KIND, 0.0) == 5.0

    def test_an_outage_does_not_make_everybody_wait_for_minutes(self) -> None:
        assert taught(*[600.0] * 64).next_delay(KIND, 0.0) <= 60.0

    @given(
        seen=st.lists(st.floats(0, 10_000), max_size=80),
        waited=st.floats(0, 100_000),
    )
    def test_no_job_is_ever_polled_twice_within_a_second(self, seen: list[float], waited: float) -> None:
        delay = taught(*seen).next_delay(KIND, waited)
        assert GAP_MIN_SECONDS <= delay <= 60.0

    def test_the_usual_time_is_said_once_five_are_known(self) -> None:
        assert not taught(1, 2, 3, 4).usual(KIND).measured
        usual = taught(5, 6, 7, 8, 9, 10, 11, 12, 13, 90, 4).usual(KIND)
        assert (usual.low_seconds, usual.high_seconds) == (5, 13)
        assert usual.measured

    @pytest.mark.parametrize(
        ("changes", "low", "high"),
        [
            ({}, 2, 40),
            ({"num_images": 4}, 8, 70),
            ({"use_real_cfg": True}, 4, 50),
            ({"image_size": ImageSize.SQUARE}, 0.7, 33),
        ],
    )
    def test_until_then_it_is_the_providers_own_range(self, changes: dict[str, Any], low: float, high: float) -> None:
        kind = JobKind.of(make_request(**changes))
        usual = PollSchedule().usual(kind)
        assert (round(usual.low_seconds, 1), round(usual.high_seconds)) == (low, high)
        assert not usual.measured

    async def test_a_new_schedule_learns_from_the_jobs_that_were(self, database: Database) -> None:
        def generated(connection: sqlite3.Connection) -> None:
            for number in range(6):
                job = make_job(request=make_request(image_size=ImageSize.SQUARE))
                jobs.record(connection, job, make_reservations(job), active_limit=100)
                jobs.store_card(connection, job.job_id, 1)
                jobs.move(connection, job.job_id, S.QUEUED, S.SUBMITTING, at=later(0))
                jobs.move(
                    connection,
                    job.job_id,
                    S.SUBMITTING,
                    S.SUBMITTED,
                    at=later(0),
                    request_id="r",
                    submitted_at=later(0),
                )
                jobs.move(
                    connection, job.job_id, S.SUBMITTED, S.GENERATED, at=later(0), generated_at=later(10 + number)
                )

        await database.write(generated)
        schedule = PollSchedule()
        await learn_from_history(schedule, database)
        usual = schedule.usual(KIND)
        assert (usual.low_seconds, usual.high_seconds) == (10, 14)


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

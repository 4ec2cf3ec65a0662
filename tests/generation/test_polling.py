"""When a job is polled next, and how long such jobs are said to take."""

import itertools
import math
import random
import sqlite3
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.poll_plan import GAP_MAX_SECONDS, GAP_MIN_SECONDS
from generation.polling import KINDS_MAX, Followed, JobKind, PollSchedule, learn_from_history
from models import JobStatus
from parameters import (
    ControlLora,
    ControlNet,
    ControlNetUnion,
    EasyControl,
    ImageSize,
    IpAdapter,
    Lora,
    UnionControl,
)
from storage import jobs
from storage.database import Database
from tests.builders import later, make_job, make_request, make_reservations

S = JobStatus
KIND = JobKind(image_size="square", num_images=1, use_real_cfg=False)
OTHER = JobKind(image_size="square", num_images=4, use_real_cfg=False)
URL = "attachment://input.png"


def taught(*seconds: float, **settings: Any) -> PollSchedule:
    schedule = PollSchedule(**settings)
    for value in seconds:
        schedule.observe(KIND, not_ready_seconds=max(0.0, value - 1), ready_seconds=value)
    return schedule


def times(schedule: PollSchedule, end: float, kind: JobKind = KIND) -> list[float]:
    """When a job is polled that takes so long, in seconds since its acceptance."""
    moments = [schedule.next_delay(kind, 0.0)]
    while moments[-1] < end:
        moments.append(moments[-1] + schedule.next_delay(kind, moments[-1]))
    return moments


def poll_and_learn(schedule: PollSchedule, ready: float) -> tuple[float, int]:
    """How long the job's result lay there unseen, and how many polls that took."""
    moments = times(schedule, ready)
    not_ready = moments[-2] if len(moments) > 1 else 0.0
    schedule.observe(KIND, not_ready_seconds=not_ready, ready_seconds=moments[-1])
    return moments[-1] - ready, len(moments)


class TestKinds:
    @pytest.mark.parametrize(
        ("changes", "mode"),
        [
            ({}, "text"),
            ({"use_real_cfg": True}, "text"),
            ({"loras": (Lora(path="a/b"),)}, "lora"),
            (
                {"control_loras": (ControlLora(path="a/b", control_image_url=URL),), "loras": (Lora(path="a/b"),)},
                "control",
            ),
            ({"controlnets": (ControlNet(path="a/b", control_image_url=URL),)}, "control"),
            (
                {
                    "controlnet_unions": (
                        ControlNetUnion(
                            path="a/b", controls=(UnionControl(control_image_url=URL, control_mode="canny"),)
                        ),
                    )
                },
                "control",
            ),
            ({"reference_image_url": URL}, "reference"),
            (
                {"ip_adapters": (IpAdapter(path="a/b", image_encoder_path="c/d", image_url=URL, scale=0.6),)},
                "reference",
            ),
            (
                {
                    "easycontrols": (
                        EasyControl(control_method_url="subject", image_url=URL, image_control_type="subject"),
                    )
                },
                "reference",
            ),
            (
                {
                    "easycontrols": (
                        EasyControl(control_method_url="pose", image_url=URL, image_control_type="spatial"),
                    )
                },
                "control",
            ),
        ],
    )
    def test_what_a_request_is_made_from_tells_its_kind(self, changes: dict[str, Any], mode: str) -> None:
        kind = JobKind.of(make_request(**changes))
        assert kind.mode == mode
        assert JobKind.named(kind.name) == kind

    def test_every_size_and_count_has_its_name(self) -> None:
        kinds = [
            JobKind(image_size=size, num_images=count, use_real_cfg=cfg)
            for size in ImageSize
            for count in range(1, 11)
            for cfg in (False, True)
        ]
        assert len({kind.name for kind in kinds}) == len(kinds)
        assert [JobKind.named(kind.name) for kind in kinds] == kinds

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "square",
            "square 1 text",
            "circle 1 text plain",
            "square 0 text plain",
            "square 11 text plain",
            "square one text plain",
            "square 1 film plain",
            "square 1 text fast",
            "square 1 text plain more",
        ],
    )
    def test_a_name_of_no_kind_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            JobKind.named(name)


class TestSchedule:
    def test_the_first_poll_of_an_unknown_kind_comes_soon_and_the_next_ones_slow_down(self) -> None:
        moments = times(PollSchedule(), 60)
        assert 1.0 <= moments[0] < 4.0
        assert len(moments) < 25
        assert moments[-1] - moments[-2] > moments[1] - moments[0]

    def test_the_first_poll_of_a_known_kind_comes_where_its_results_begin(self) -> None:
        schedule = taught(*[20.0, 20.5, 21.0, 22.0] * 15)
        moments = times(schedule, 22)
        assert 18 < moments[0] < 21
        assert len(moments) <= 4

    def test_kinds_are_learnt_apart(self) -> None:
        schedule = taught(*[20.0] * 60)
        for _ in range(60):
            schedule.observe(OTHER, not_ready_seconds=5.0, ready_seconds=6.0)
        assert times(schedule, 6, OTHER)[0] < 7
        assert times(schedule, 20)[0] > 17

    def test_a_new_kind_begins_with_what_is_known_of_others(self) -> None:
        """A provider that takes three times as long as it says takes that for four pictures as well."""
        schedule = taught(*[60.0] * 60)
        larger = JobKind(image_size="landscape_4_3", num_images=1, use_real_cfg=False)
        assert len(times(schedule, 50, larger)) < len(times(PollSchedule(), 50, larger))

    def test_who_has_waited_is_polled_at_what_is_left(self) -> None:
        schedule = taught(*[20.0] * 60)
        first = schedule.next_delay(KIND, 0.0)
        assert schedule.next_delay(KIND, 5.0) == pytest.approx(first - 5.0, abs=0.5)

    def test_a_job_that_is_late_is_polled_less_and_less_often_but_never_forgotten(self) -> None:
        schedule = taught(*[8.0] * 100)
        gaps = [after - before for before, after in itertools.pairwise(times(schedule, 900))]
        assert gaps[-2] > 3 * gaps[0]
        assert max(gaps) <= GAP_MAX_SECONDS
        assert len(gaps) < 120

    @pytest.mark.parametrize(("before", "after"), [(30, 8), (8, 30), (60, 5), (600, 8), (5, 60)])
    def test_a_provider_that_changed_is_learnt_within_fifty_jobs(self, before: float, after: float) -> None:
        rng = random.Random(2)
        schedule = taught(*(before * math.exp(rng.gauss(0, 0.2)) for _ in range(200)))
        for _ in range(50):
            poll_and_learn(schedule, after * math.exp(rng.gauss(0, 0.2)))
        outcomes = [poll_and_learn(schedule, after * math.exp(rng.gauss(0, 0.2))) for _ in range(40)]
        assert statistics.fmean(lag for lag, _ in outcomes) < 2.2
        assert statistics.fmean(polls for _, polls in outcomes) < 13

    def test_one_job_of_a_quarter_of_an_hour_changes_next_to_nothing(self) -> None:
        rng = random.Random(2)
        usual = [8 * math.exp(rng.gauss(0, 0.3)) for _ in range(100)]
        calm, shaken = taught(*usual), taught(*usual, 900.0)
        assert times(shaken, 12)[:4] == pytest.approx(times(calm, 12)[:4], abs=0.5)
        assert shaken.usual(KIND).high_seconds == pytest.approx(calm.usual(KIND).high_seconds, rel=0.2)

    def test_an_outage_does_not_make_everybody_wait_for_minutes(self) -> None:
        schedule = taught(*[600.0] * 64)
        assert times(schedule, 8)[0] <= GAP_MAX_SECONDS
        assert statistics.fmean(poll_and_learn(schedule, 8.0)[0] for _ in range(20)) < 6

    @given(
        seen=st.lists(st.tuples(st.floats(-5, 10_000), st.floats(-5, 10_000) | st.just(math.inf)), max_size=40),
        waited=st.floats(0, 100_000),
        cost=st.floats(0.01, 60),
    )
    def test_no_job_is_ever_polled_twice_within_a_second(
        self, seen: list[tuple[float, float]], waited: float, cost: float
    ) -> None:
        schedule = PollSchedule(poll_cost_seconds=cost)
        for not_ready, ready in seen:
            schedule.observe(KIND, not_ready_seconds=not_ready, ready_seconds=ready)
            assert GAP_MIN_SECONDS <= schedule.next_delay(KIND, waited) <= GAP_MAX_SECONDS
        usual = schedule.usual(KIND)
        assert 0 <= usual.low_seconds <= usual.high_seconds < math.inf

    def test_a_dearer_poll_means_fewer(self) -> None:
        rng = random.Random(2)
        seen = [8 * math.exp(rng.gauss(0, 0.5)) for _ in range(100)]
        counts = [len(times(taught(*seen, poll_cost_seconds=cost), 30)) for cost in (0.05, 0.25, 2.0)]
        assert counts[0] > counts[1] > counts[2]

    def test_what_was_given_up_at_once_says_nothing(self) -> None:
        schedule = PollSchedule()
        for _ in range(10):
            schedule.observe(KIND, not_ready_seconds=0.0, ready_seconds=math.inf)
        assert not schedule.usual(KIND).measured
        assert schedule.take_unsaved() == {}

    def test_jobs_that_never_came_move_the_estimate_behind_what_they_waited(self) -> None:
        schedule = taught(*[8.0] * 20)
        for _ in range(30):
            schedule.observe(KIND, not_ready_seconds=60.0, ready_seconds=math.inf)
        assert schedule.usual(KIND).high_seconds > 60

    def test_no_more_kinds_are_kept_than_the_limit_and_the_latest_stay(self) -> None:
        schedule = PollSchedule()
        kinds = [
            JobKind(image_size=size, num_images=count, use_real_cfg=cfg, mode=mode)
            for mode in ("text", "control", "lora")
            for cfg in (False, True)
            for size in ImageSize
            for count in range(1, 11)
        ]
        assert len(kinds) > KINDS_MAX
        for kind in kinds:
            schedule.observe(kind, not_ready_seconds=1.0, ready_seconds=2.0)
        assert set(schedule.take_unsaved()) == {kind.name for kind in kinds[-KINDS_MAX:]}


class TestUsualTime:
    def test_it_is_said_once_five_are_known(self) -> None:
        assert not taught(1, 2, 3, 4).usual(KIND).measured
        schedule = PollSchedule()
        for value in (5, 6, 7, 8, 9, 10, 11, 12, 13, 90, 4):
            schedule.observe(KIND, not_ready_seconds=value, ready_seconds=value)
        usual = schedule.usual(KIND)
        assert 3.9 < usual.low_seconds < 5.1
        assert 11.9 < usual.high_seconds < 13.1
        assert usual.measured

    def test_eight_of_ten_jobs_to_come_take_as_long_as_it_says(self) -> None:
        rng = random.Random(5)
        schedule = PollSchedule()
        held = []
        for number in range(1500):
            ready = 8 * math.exp(rng.gauss(0, 0.5))
            if number > 100:
                usual = schedule.usual(KIND)
                held.append(usual.low_seconds <= ready <= usual.high_seconds)
            poll_and_learn(schedule, ready)
        assert 0.74 < statistics.fmean(held) < 0.86

    @pytest.mark.parametrize(
        ("changes", "low", "high"),
        [
            ({}, 2, 40),
            ({"num_images": 4}, 8, 70),
            ({"use_real_cfg": True}, 4, 50),
            ({"image_size": ImageSize.SQUARE}, 0.7, 33),
            ({"loras": (Lora(path="a/b"),)}, 2, 100),
        ],
    )
    def test_until_then_it_is_the_providers_own_range(self, changes: dict[str, Any], low: float, high: float) -> None:
        kind = JobKind.of(make_request(**changes))
        usual = PollSchedule().usual(kind)
        assert (round(usual.low_seconds, 1), round(usual.high_seconds)) == (low, high)
        assert not usual.measured

    async def test_a_new_schedule_learns_from_the_jobs_that_were(self, database: Database) -> None:
        await finished_jobs(database, 6)
        schedule = PollSchedule()
        await learn_from_history(schedule, database)
        usual = schedule.usual(KIND)
        assert 8.5 <= usual.low_seconds <= 10.5
        assert 13 <= usual.high_seconds <= 15
        assert usual.measured


async def finished_jobs(database: Database, count: int) -> None:
    """Jobs of the past that took 10 s, 11 s, and so on."""

    def generated(connection: sqlite3.Connection) -> None:
        for number in range(count):
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
            jobs.move(connection, job.job_id, S.SUBMITTED, S.GENERATED, at=later(0), generated_at=later(10 + number))

    await database.write(generated)


class TestFollowed:
    def test_a_job_is_learnt_between_its_last_two_polls(self) -> None:
        followed, schedule = _followed()
        followed.pending("a", KIND, 0.0)
        followed.pending("a", KIND, 7.0)
        followed.ended("a", KIND, ready_seconds=9.0)
        (histogram,) = schedule.take_unsaved().values()
        assert {6.8 < at < 9.2 for at, _ in histogram.dump()} == {True}

    def test_a_job_of_an_earlier_process_is_not_taken_for_one_that_was_just_ready(self) -> None:
        followed, schedule = _followed()
        followed.ended("a", KIND, ready_seconds=600.0)
        assert schedule.take_unsaved() == {}

    def test_a_job_that_is_forgotten_or_learnt_is_not_learnt_again(self) -> None:
        followed, schedule = _followed()
        for end in (followed.forget, lambda job_id: followed.ended(job_id, KIND, ready_seconds=9.0)):
            followed.pending("a", KIND, 5.0)
            end("a")
            schedule.take_unsaved()
            followed.ended("a", KIND, ready_seconds=9.0)
            assert schedule.take_unsaved() == {}


def _followed() -> tuple[Followed, PollSchedule]:
    schedule = PollSchedule()
    return Followed(schedule), schedule

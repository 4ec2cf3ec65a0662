"""The numbers as Prometheus reads them."""

import asyncio
import contextlib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from generation.observer import NullObserver, Observer
from models import JobStatus, VerdictReason
from ops.metrics import Metrics, Reading, heartbeat
from tests.support import FakeClock, wait_until


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample of the text that is served, as a real parser reads it: `name{label=value}` to number."""
    return {
        f"{sample.name}{''.join(f'[{value}]' for value in sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_each_report_is_counted_under_its_outcome() -> None:
    metrics = Metrics()
    metrics.submission("accepted")
    metrics.submission("accepted")
    metrics.poll("pending")
    metrics.download("ok")
    metrics.verdict(VerdictReason.FLAGGED)
    metrics.delivery("delivered", 0.3)
    metrics.refusal("CapReached")
    metrics.settled(90_000)
    metrics.settled(180_000)
    found = samples(metrics)
    assert found["easel_submissions_total[accepted]"] == 2
    assert found["easel_polls_total[pending]"] == 1
    assert found["easel_downloads_total[ok]"] == 1
    assert found["easel_verdicts_total[flagged]"] == 1
    assert found["easel_deliveries_total[delivered]"] == 1
    assert found["easel_delivery_seconds_count"] == 1
    assert found["easel_delivery_seconds_sum"] == pytest.approx(0.3)
    assert found["easel_refusals_total[CapReached]"] == 1
    assert found["easel_settled_micros_total"] == 270_000


def test_jobs_are_counted_by_status_from_what_the_database_held_at_the_start() -> None:
    metrics = Metrics()
    metrics.jobs_at_start({JobStatus.QUEUED: 2, JobStatus.IN_DOUBT: 1, JobStatus.DELIVERED: 400})
    metrics.transition(None, JobStatus.QUEUED)
    metrics.transition(JobStatus.QUEUED, JobStatus.SUBMITTING)
    metrics.transition(JobStatus.IN_DOUBT, JobStatus.WRITTEN_OFF)
    found = samples(metrics)
    assert found["easel_jobs[queued]"] == 2
    assert found["easel_jobs[submitting]"] == 1
    assert found["easel_jobs[in_doubt]"] == 0
    assert "easel_jobs[delivered]" not in found
    assert found["easel_job_transitions_total[queued]"] == 1
    assert found["easel_job_transitions_total[written_off]"] == 1


def test_every_status_that_is_not_the_end_is_shown_before_there_is_a_job() -> None:
    found = samples(Metrics())
    for status in JobStatus:
        assert (f"easel_jobs[{status}]" in found) is not status.is_terminal


def test_waits_go_into_the_histogram_of_their_kind() -> None:
    metrics = Metrics()
    metrics.latency("acceptance", 0.02)
    metrics.latency("generation", 7)
    metrics.latency("generation", 9)
    metrics.latency("picture", 8)
    found = samples(metrics)
    assert found["easel_acceptance_seconds_bucket[0.025]"] == 1
    assert found["easel_acceptance_seconds_bucket[0.01]"] == 0
    assert found["easel_generation_seconds_count"] == 2
    assert found["easel_generation_seconds_sum"] == 16
    assert found["easel_picture_seconds_count"] == 1


def test_a_gauge_shows_what_is_so_when_it_is_asked_for() -> None:
    metrics = Metrics()
    waiting = [1, 2]
    metrics.watch(Reading.QUEUE_LENGTH, lambda: len(waiting))
    assert samples(metrics)["easel_queue_length"] == 2
    waiting.append(3)
    assert samples(metrics)["easel_queue_length"] == 3


def test_outcomes_without_end_do_not_make_series_without_end() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.submission(f"HTTP {number}")
    metrics.submission("HTTP 0")
    totals = {name: value for name, value in samples(metrics).items() if name.startswith("easel_submissions_total")}
    assert len(totals) <= 33
    assert sum(totals.values()) == 1001
    assert totals["easel_submissions_total[HTTP 0]"] == 2


def test_two_bots_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.poll("pending")
    assert "easel_polls_total[pending]" not in samples(second)


def test_the_process_tells_its_memory() -> None:
    assert samples(Metrics())["process_resident_memory_bytes"] > 1_000_000


@pytest.mark.parametrize("observer", [Metrics(), NullObserver()])
def test_whoever_observes_takes_every_report(observer: Observer) -> None:
    observer.submission("accepted")
    observer.poll("pending")
    observer.download("ok")
    observer.verdict(VerdictReason.RELEASED)
    observer.delivery("delivered", 1.0)
    observer.transition(None, JobStatus.QUEUED)
    observer.latency("picture", 1.0)
    observer.settled(1)
    observer.refusal("CapReached")


async def test_the_heartbeat_measures_how_late_it_wakes() -> None:
    metrics, clock = Metrics(), FakeClock()
    beating = asyncio.create_task(heartbeat(metrics, clock), name="heartbeat")
    await wait_until(lambda: clock.sleeping == 1)
    clock.advance(0.25 + 0.04)
    await wait_until(lambda: samples(metrics)["easel_event_loop_lag_seconds_count"] == 1)
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    found = samples(metrics)
    assert found["easel_event_loop_lag_seconds_sum"] == pytest.approx(0.04)
    assert found["easel_event_loop_lag_seconds_bucket[0.025]"] == 0
    assert found["easel_event_loop_lag_seconds_bucket[0.05]"] == 1

"""What Prometheus may ask: counters and histograms of the pipeline's work, and gauges read when asked.

Everything is in a registry of its own, so that two bots in one process (as in tests) don't share numbers. No
label holds an id, and outcomes are limited in number, so the series stay few whatever happens.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from clock import Clock
from generation.observer import LatencyKind
from models import JobStatus, VerdictReason

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

# Outcomes are words from the code, a dozen at most; any more would be a mistake, and are counted as one.
_MOST_OUTCOMES: Final = 32
_OTHER: Final = "other"

# Discord waits three seconds for the first answer, so that is where the buckets are close.
_ACCEPTANCE_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
# An image takes some seconds, with a cold model and a queue a minute, and 900 s is the usual deadline.
_GENERATION_BUCKETS: Final = (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 300, 900)
_DELIVERY_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_HEARTBEAT_SECONDS: Final = 0.25


class Reading(StrEnum):
    """The gauges whose value is asked for at each scrape."""

    QUEUE_LENGTH = "queue_length"
    IN_FLIGHT = "in_flight"
    DUE = "due"
    POLL_CROWDING = "poll_crowding"
    GATEWAY_LATENCY_SECONDS = "gateway_latency_seconds"


_READING_HELP: Final[Mapping[Reading, str]] = {
    Reading.QUEUE_LENGTH: "Jobs that wait to be submitted.",
    Reading.IN_FLIGHT: "Jobs that the provider has or may have.",
    Reading.DUE: "Entries in the runner's schedule.",
    Reading.POLL_CROWDING: "How many times as dear polls are for fitting into the allowed rate; 1 while all fit.",
    Reading.GATEWAY_LATENCY_SECONDS: "From the gateway's last heartbeat to its acknowledgement.",
}


class Metrics:
    """Counts what the pipeline reports; an Observer as `generation/observer.py` defines it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._jobs = Gauge("easel_jobs", "Jobs that have not ended, by status.", ["status"], registry=self.registry)
        self._transitions = self._counter("job_transitions", "Jobs that came into a status.", "status")
        self._submissions = self._counter("submissions", "Submissions to the provider, by outcome.", "outcome")
        self._polls = self._counter("polls", "Polls of the provider, by outcome.", "outcome")
        self._downloads = self._counter("downloads", "Downloads of result images, by outcome.", "outcome")
        self._verdicts = self._counter("verdicts", "Images judged by the safety gate, by reason.", "reason")
        self._deliveries = self._counter("deliveries", "Deliveries to Discord, by outcome.", "outcome")
        self._refusals = self._counter("refusals", "Wishes of members that were refused, by kind.", "kind")
        self._blocked = self._counter(
            "prompts_blocked", "Wishes that the prompt filter refused, by category.", "category"
        )
        self._settled = Counter(
            "easel_settled_micros", "Money posted, in millionths of a US dollar.", registry=self.registry
        )
        self._latencies: Mapping[LatencyKind, Histogram] = {
            "acceptance": self._histogram("acceptance_seconds", "From the command to its card.", _ACCEPTANCE_BUCKETS),
            "generation": self._histogram(
                "generation_seconds", "From the submission to its result.", _GENERATION_BUCKETS
            ),
            "picture": self._histogram(
                "picture_seconds", "From the submission to the delivered card.", _GENERATION_BUCKETS
            ),
        }
        self._delivery = self._histogram("delivery_seconds", "One delivery to Discord.", _DELIVERY_BUCKETS)
        self._lag = self._histogram("event_loop_lag_seconds", "How late the event loop runs what is due.", _LAG_BUCKETS)
        self._outcomes: dict[Counter, set[str]] = {}
        for status in JobStatus:
            if not status.is_terminal:
                self._jobs.labels(status)

    def submission(self, outcome: str) -> None:
        self._count(self._submissions, outcome)

    def poll(self, outcome: str) -> None:
        self._count(self._polls, outcome)

    def download(self, outcome: str) -> None:
        self._count(self._downloads, outcome)

    def verdict(self, reason: VerdictReason) -> None:
        self._verdicts.labels(reason).inc()

    def delivery(self, outcome: str, seconds: float) -> None:
        self._count(self._deliveries, outcome)
        self._delivery.observe(seconds)

    def transition(self, before: JobStatus | None, after: JobStatus) -> None:
        if before is not None and not before.is_terminal:
            self._jobs.labels(before).dec()
        if not after.is_terminal:
            self._jobs.labels(after).inc()
        self._transitions.labels(after).inc()

    def latency(self, kind: LatencyKind, seconds: float) -> None:
        self._latencies[kind].observe(seconds)

    def settled(self, micros: int) -> None:
        self._settled.inc(micros)

    def refusal(self, kind: str) -> None:
        self._count(self._refusals, kind)

    def blocked(self, category: str) -> None:
        self._count(self._blocked, category)

    def loop_lag(self, seconds: float) -> None:
        """The event loop ran something `seconds` after it was due."""
        self._lag.observe(max(0.0, seconds))

    def jobs_at_start(self, counts: Mapping[JobStatus, int]) -> None:
        """Begin from the jobs that the database holds; transitions count on from there."""
        for status in JobStatus:
            if not status.is_terminal:
                self._jobs.labels(status).set(counts.get(status, 0))

    def watch(self, reading: Reading, read: Callable[[], float]) -> None:
        """Show what `read` returns whenever the metrics are asked for; it must neither wait nor raise."""
        gauge = Gauge(f"easel_{reading}", _READING_HELP[reading], registry=self.registry)
        gauge.set_function(read)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format, to be served as CONTENT_TYPE."""
        return generate_latest(self.registry)

    def _count(self, counter: Counter, outcome: str) -> None:
        known = self._outcomes.setdefault(counter, set())
        if outcome not in known:
            if len(known) >= _MOST_OUTCOMES:
                outcome = _OTHER
            else:
                known.add(outcome)
        counter.labels(outcome).inc()

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(f"easel_{name}", text, [label], registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"easel_{name}", text, buckets=buckets, registry=self.registry)


async def heartbeat(metrics: Metrics, clock: Clock) -> None:
    """Measure the event loop's lag four times a second, until cancelled."""
    while True:
        due = clock.monotonic() + _HEARTBEAT_SECONDS
        await clock.sleep(_HEARTBEAT_SECONDS)
        metrics.loop_lag(clock.monotonic() - due)

"""What the pipeline reports about its work as it happens; `ops/metrics.py` counts it."""

from typing import Literal, Protocol

from models import JobStatus, VerdictReason

# From the command to its card; from the submission to the result; from the submission to the delivered card.
LatencyKind = Literal["acceptance", "generation", "picture"]


class Observer(Protocol):
    """Told of each step once it is done. Methods neither wait nor raise; outcomes are short fixed words."""

    def submission(self, outcome: str) -> None:
        """A submission was answered, or was not: `accepted`, `rejected`, `unreachable`, `in_doubt`, …"""

    def poll(self, outcome: str) -> None:
        """A poll was answered: `pending`, `finished`, `failed`, `inconclusive`, …"""

    def download(self, outcome: str) -> None:
        """A result image was fetched (`ok`) or not (the verdict's reason)."""

    def verdict(self, reason: VerdictReason) -> None:
        """The gate has decided on one image."""

    def delivery(self, outcome: str, seconds: float) -> None:
        """A delivery took `seconds`: `delivered`, `gone`, `unavailable`."""

    def transition(self, before: JobStatus | None, after: JobStatus) -> None:
        """A job's new status is committed; `before` is None for a job just accepted."""

    def latency(self, kind: LatencyKind, seconds: float) -> None:
        """A wait that somebody notices has ended after `seconds`."""

    def settled(self, micros: int) -> None:
        """So much money was posted for a job that ended."""

    def refusal(self, kind: str) -> None:
        """A wish was refused; `kind` is the name of the exception's class."""

    def blocked(self, category: str) -> None:
        """The prompt filter has refused a wish, counted as a refusal too; `category` is one of those that are known."""


class NullObserver:
    """Takes every report and keeps none."""

    def submission(self, outcome: str) -> None:
        pass

    def poll(self, outcome: str) -> None:
        pass

    def download(self, outcome: str) -> None:
        pass

    def verdict(self, reason: VerdictReason) -> None:
        pass

    def delivery(self, outcome: str, seconds: float) -> None:
        pass

    def transition(self, before: JobStatus | None, after: JobStatus) -> None:
        pass

    def latency(self, kind: LatencyKind, seconds: float) -> None:
        pass

    def settled(self, micros: int) -> None:
        pass

    def refusal(self, kind: str) -> None:
        pass

    def blocked(self, category: str) -> None:
        pass

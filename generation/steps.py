"""What a step of a job leaves to be done: the pipeline says it, the runner does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from generation.timing import seconds_of_patience
from models import Job, JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Advance the job again in `seconds`; `polls` where that asks the provider, and so needs a slot."""

    status: JobStatus
    seconds: float = 0.0
    polls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitTurn:
    """The job may be submitted when its turn comes, no sooner than in `seconds`; `first` where it had its turn.

    Where it has waited for that for `patience_seconds`, it is advanced without.
    """

    guild_id: int
    user_id: int
    patience_seconds: float
    seconds: float = 0.0
    first: bool = False

    @classmethod
    def of(cls, job: Job, now: datetime) -> Self:
        """What a queued job waits for."""
        wait = job.not_before - now if job.not_before else timedelta(0)
        return cls(
            guild_id=job.origin.guild_id,
            user_id=job.origin.user_id,
            patience_seconds=seconds_of_patience(job, now),
            seconds=max(0.0, wait.total_seconds()),
            first=job.submit_attempts > 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do."""

    status: JobStatus


Step = Later | AwaitTurn | Done

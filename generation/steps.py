"""What a step of a job leaves to be done: the pipeline says it, the runner does it."""

from dataclasses import dataclass

from models import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Advance the job again in `seconds`; `polls` where that asks the provider, and so needs a slot."""

    status: JobStatus
    seconds: float = 0.0
    polls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitTurn:
    """The job may be submitted when its turn comes, no sooner than in `seconds`; `first` where it had its turn."""

    guild_id: int
    user_id: int
    seconds: float = 0.0
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do."""

    status: JobStatus


Step = Later | AwaitTurn | Done

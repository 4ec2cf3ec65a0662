"""What the ledger should do, in plain Python: the other half of the comparison, sharing no code with storage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from errors import CapReached, EaselError, StorageError, TooManyActiveJobs, TransitionRefused
from models import AccountKey, JobStatus, Reservation, Unit
from tests.storage.editions import Move
from tests.storage.inline import RELEASING, SETTLING

UNDER_WAY = {JobStatus.QUEUED, JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a wish should end: `refusal` is None where it is carried out; a full cap also says which and how full."""

    refusal: type[EaselError] | None = None
    account: AccountKey | None = None
    left: int | None = None

    @classmethod
    def of(cls, error: BaseException | None) -> "Answer":
        """The answer that a real outcome amounts to."""
        if isinstance(error, CapReached):
            return cls(refusal=CapReached, account=error.account, left=error.left)
        for kind in (TooManyActiveJobs, TransitionRefused, StorageError):
            if isinstance(error, kind):
                return cls(refusal=kind)
        assert error is None, f"not an answer of the ledger: {error!r}"
        return cls()


@dataclass(slots=True, kw_only=True)
class ModelJob:
    """A job that was admitted: what it holds on which account under which cap, and what was posted in the end."""

    number: int
    job_id: str
    member: tuple[int, int]
    cost_micros: int
    held: dict[AccountKey, int]
    caps: dict[AccountKey, int]
    status: JobStatus = JobStatus.QUEUED
    posted: dict[AccountKey, int] | None = None
    settled_micros: int = 0


@dataclass(slots=True)
class Model:
    """Every job that was admitted, in order, and every grant."""

    jobs: dict[str, ModelJob] = field(default_factory=dict)
    grants: Counter[AccountKey] = field(default_factory=Counter)

    def balance(self, account: AccountKey) -> tuple[int, int]:
        """(pending, posted) of the account."""
        jobs = [job for job in self.jobs.values() if account in job.held]
        pending = sum(job.held[account] for job in jobs if job.posted is None)
        return pending, sum(job.posted[account] for job in jobs if job.posted is not None)

    def accept(
        self,
        job_id: str,
        member: tuple[int, int],
        cost_micros: int,
        reservations: Sequence[Reservation],
        active_limit: int,
    ) -> Answer:
        active = sum(job.member == member and job.status in UNDER_WAY for job in self.jobs.values())
        if active >= active_limit:
            return Answer(refusal=TooManyActiveJobs)
        for reservation in reservations:
            cap = reservation.cap + self.grants[reservation.account]
            used = sum(self.balance(reservation.account))
            if used + reservation.amount > cap:
                return Answer(refusal=CapReached, account=reservation.account, left=max(0, cap - used))
        self.jobs[job_id] = ModelJob(
            number=len(self.jobs) + 1,
            job_id=job_id,
            member=member,
            cost_micros=cost_micros,
            held={held.account: held.amount for held in reservations},
            caps={held.account: held.cap + self.grants[held.account] for held in reservations},
        )
        return Answer()

    def move(self, move: Move) -> Answer:
        job = self.jobs[move.job_id]
        if job.status is not move.expected:
            return Answer(refusal=TransitionRefused)
        if move.settlement is not None and move.settlement.micros > job.cost_micros:
            return Answer(refusal=StorageError)
        job.status = move.target
        if (move.expected, move.target) in SETTLING:
            assert move.settlement is not None
            said = {Unit.IMAGE: move.settlement.images, Unit.MICROS: move.settlement.micros}
            job.posted = {account: min(amount, said[account.unit]) for account, amount in job.held.items()}
            job.settled_micros = move.settlement.micros
        elif move.target in RELEASING:
            job.posted = dict.fromkeys(job.held, 0)
        return Answer()

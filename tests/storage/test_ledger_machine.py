"""Hypothesis looks for a life of the ledger that goes wrong, and would hand back the shortest one."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models import TRANSITIONS, JobStatus, Scope, Settlement, Unit
from tests.storage.editions import released
from tests.storage.inline import WAYS
from tests.storage.ledger_model import ModelJob
from tests.storage.ledger_world import CAPS, DAYS, PRICE_MICROS, World

# Which of the jobs, wishes or accounts that there are: taken modulo their number, so that shrinking stays possible.
PICKS = st.integers(0, 30)


class LedgerMachine(RuleBasedStateMachine):
    """Reserve, settle, release, move, grant, other caps, batches of any order and a crash after any statement."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.world = World(released(), Path(self._folder.name) / "easel.db")

    def teardown(self) -> None:
        self.world.close()
        self._folder.cleanup()

    @rule(
        guild_id=st.sampled_from((1, 2)),
        user_id=st.sampled_from((11, 12)),
        images=st.integers(1, 3),
        day=st.sampled_from(DAYS),
        times=st.integers(1, 5),
    )
    def accept(self, guild_id: int, user_id: int, images: int, day: str, times: int) -> None:
        for _ in range(times):
            self.world.ask_to_accept(guild_id=guild_id, user_id=user_id, images=images, day=day)

    @precondition(lambda self: self.unfinished())
    @rule(pick=PICKS, onto=PICKS, images=st.integers(0, 5), micros=st.integers(0, 5 * PRICE_MICROS))
    def move(self, pick: int, onto: int, images: int, micros: int) -> None:
        jobs = self.unfinished()
        job = jobs[pick % len(jobs)]
        targets = sorted(TRANSITIONS[job.status])
        if job.status is JobStatus.SUBMITTING:
            targets.remove(JobStatus.QUEUED)
        settlement = Settlement(images=images, micros=micros)
        self.world.ask_to_move(job, targets[onto % len(targets)], settlement)

    @precondition(lambda self: self.unfinished())
    @rule(
        pick=PICKS,
        end=st.sampled_from((JobStatus.DELIVERED, JobStatus.IN_REVIEW, JobStatus.IN_DOUBT)),
        images=st.integers(0, 5),
        micros=st.integers(0, 5 * PRICE_MICROS),
    )
    def go_all_the_way(self, pick: int, end: JobStatus, images: int, micros: int) -> None:
        """Several moves at a stretch: far from the start is where money is posted, and chance seldom gets there."""
        jobs = self.unfinished()
        job = jobs[pick % len(jobs)]
        for target in WAYS[end]:
            if target in TRANSITIONS[job.status]:
                self.world.ask_to_move(job, target, Settlement(images=images, micros=micros))
                self.world.run(self.world.wishes[-1:])

    @precondition(lambda self: self.resolved())
    @rule(pick=PICKS, settle=st.booleans())
    def resolve_again(self, pick: int, settle: bool) -> None:
        jobs = self.resolved()
        self.world.ask_to_resolve_again(jobs[pick % len(jobs)], settle=settle)

    @precondition(lambda self: self.world.model.jobs)
    @rule(pick=PICKS, account=PICKS, amount=st.integers(1, 5))
    def grant(self, pick: int, account: int, amount: int) -> None:
        jobs = list(self.world.model.jobs.values())
        accounts = list(jobs[pick % len(jobs)].held)
        self.world.ask_to_grant(accounts[account % len(accounts)], amount)

    @rule(kind=st.sampled_from(sorted(CAPS)), cap=st.integers(0, 40))
    def set_cap(self, kind: tuple[Scope, Unit], cap: int) -> None:
        self.world.caps[kind] = cap

    @precondition(lambda self: self.world.wishes)
    @rule(data=st.data())
    def run_some(self, data: st.DataObject) -> None:
        order = data.draw(st.permutations(range(len(self.world.wishes))))
        count = data.draw(st.integers(1, len(order)))
        self.world.run([self.world.wishes[index] for index in order[:count]])

    @precondition(lambda self: self.world.wishes)
    @rule()
    def run_all(self) -> None:
        self.world.run(self.world.wishes[:])

    @precondition(lambda self: self.world.wishes)
    @rule(statement=st.integers(1, 60))
    def crash(self, statement: int) -> None:
        """Inside the batch after that statement, or behind the batch where it has fewer."""
        self.world.run(self.world.wishes[:], crash_after=statement)
        self.world.crash()

    @invariant()
    def what_is_committed_is_right(self) -> None:
        self.world.check()

    def unfinished(self) -> list[ModelJob]:
        return [job for job in self.world.model.jobs.values() if not job.status.is_terminal]

    def resolved(self) -> list[ModelJob]:
        return [job for job in self.world.model.jobs.values() if job.posted is not None]


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)

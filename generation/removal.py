"""Hiding, showing again and removing pictures: the decision is one transaction, the card follows it.

A decision on a report and what it does to the job are written together, so of two moderators one does it, and a process
that ends right after the commit leaves nothing undecided: the card is behind, and whoever runs next brings it up to
date (`generation/withdrawing.py`).
"""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import Clock
from errors import CaseGone
from generation.cards import CardKeeper
from generation.runner import Runner
from generation.set_aside import SetAside
from models import Job
from moderation import Case, CaseKind, CaseOutcome
from storage import cases, withdrawals
from storage.database import Database

log = logging.getLogger(__name__)

_ANSWERED_BY_REMOVAL: Final = {CaseKind.REPORT: CaseOutcome.REMOVED, CaseKind.REVIEW: CaseOutcome.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decided report, the job as it is since, and whether that has changed what its card shows."""

    case: Case
    job: Job
    changed: bool


class Removal:
    """What is done to pictures that members reported. Every method raises StorageUnavailable where it can't be kept."""

    def __init__(
        self,
        *,
        database: Database,
        runner: Runner,
        cards: CardKeeper,
        set_aside: SetAside,
        clock: Clock,
        case_changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._runner = runner
        self._cards = cards
        self._set_aside = set_aside
        self._clock = clock
        self._case_changed = case_changed

    async def remove(self, job_id: str, *, guild_id: int, by_id: int, reason: str = "") -> Job:
        """Take the job's pictures off Discord for good, and return it as it is since.

        That answers an open report, and refuses what waits for a review; a job that still waits in line is cancelled.
        Raises JobNotFound, or PictureRemoved where they are off already.
        """
        now = self._clock.now()

        def operation(connection: sqlite3.Connection) -> Job:
            job = withdrawals.read_shown(connection, job_id, guild_id=guild_id)
            _remove(connection, job, by_id=by_id, at=now, reason=reason)
            return withdrawals.read(connection, job_id, guild_id=guild_id)

        job = await self._database.write(operation)
        log.info("removed by %d", by_id, extra={"job_id": job_id})
        self.show(job)
        return job

    async def remove_reported(self, case_id: int, *, guild_id: int, by_id: int) -> Decided:
        """Answer a report by removing the pictures. Raises AlreadyDecided or CaseGone."""
        now = self._clock.now()

        def operation(connection: sqlite3.Connection) -> Decided:
            case = _decide(connection, case_id, CaseOutcome.REMOVED, guild_id=guild_id, by_id=by_id, at=now)
            job = withdrawals.read(connection, _job_of(case), guild_id=guild_id)
            changed = _remove(connection, job, by_id=by_id, at=now)
            job = withdrawals.read(connection, job.job_id, guild_id=guild_id)
            return Decided(case=case, job=job, changed=changed)

        return await self._settle(await self._database.write(operation))

    async def dismiss(self, case_id: int, *, guild_id: int, by_id: int) -> Decided:
        """Answer a report by leaving the pictures where they are, or showing them again.

        Reports count anew from then on. Raises AlreadyDecided or CaseGone.
        """
        now = self._clock.now()

        def operation(connection: sqlite3.Connection) -> Decided:
            case = _decide(connection, case_id, CaseOutcome.DISMISSED, guild_id=guild_id, by_id=by_id, at=now)
            changed = withdrawals.restore(connection, _job_of(case), by_id=by_id, at=now)
            job = withdrawals.read(connection, _job_of(case), guild_id=guild_id)
            return Decided(case=case, job=job, changed=changed)

        return await self._settle(await self._database.write(operation))

    async def latest(self, guild_id: int, *, limit: int) -> list[Job]:
        """The guild's newest jobs with pictures that can be removed."""
        return await withdrawals.latest(self._database, guild_id, limit=limit)

    def show(self, job: Job) -> None:
        """The job was hidden, shown again or removed: have its card say so, and tell whoever keeps cards of cases."""
        if job.status.is_terminal:
            self._runner.take_up(job)
        else:
            self._cards.announce(job)
            self._runner.wake(job.job_id)
        self._case_changed()

    def reported(self) -> None:
        """A report was made: the card of its case shows another one."""
        self._case_changed()

    async def _settle(self, decided: Decided) -> Decided:
        log.info(
            "case %d was decided: %s", decided.case.case_id, decided.case.outcome, extra={"job_id": decided.job.job_id}
        )
        if decided.changed:
            self.show(decided.job)
        else:  # its card is as it was, so nobody else lets go of what was kept for the moderators
            self._case_changed()
            await self._set_aside.drop(decided.job.job_id)
        return decided


def _decide(
    connection: sqlite3.Connection, case_id: int, outcome: CaseOutcome, *, guild_id: int, by_id: int, at: datetime
) -> Case:
    """Decide it where it is a report: a button of one kind says nothing about another."""
    if cases.read(connection, case_id).kind is not CaseKind.REPORT:
        raise CaseGone(f"no report {case_id}")
    return cases.decide(connection, case_id, outcome, guild_id=guild_id, by_id=by_id, at=at)


def _remove(connection: sqlite3.Connection, job: Job, *, by_id: int, at: datetime, reason: str = "") -> bool:
    """Remove the job, which answers everything that moderators were still asked about it; False where it is removed."""
    for kind, outcome in _ANSWERED_BY_REMOVAL.items():
        case = cases.open_of_job(connection, job.job_id, kind)
        if case is not None:
            cases.decide(connection, case.case_id, outcome, guild_id=job.origin.guild_id, by_id=by_id, at=at)
    return withdrawals.remove(connection, job, by_id=by_id, at=at, reason=reason)


def _job_of(case: Case) -> str:
    assert case.job_id is not None  # the schema gives every report one
    return case.job_id

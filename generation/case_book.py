"""What moderators decide on cases: each once, whoever presses at the same time, with everything that it leads to.

A decision and what it does to jobs, money and suspensions are one transaction; whoever is told is told afterwards.
"""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from clock import Clock
from errors import CaseGone, NotAllowed
from generation.observer import Observer
from generation.strikes import REASON_MAX_CHARACTERS, Strikes
from models import FailureReason, JobStatus
from moderation import Case, CaseKind, CaseOutcome, Suspension
from parameters import check_text
from storage import cases, jobs, suspensions
from storage.database import Database
from storage.suspensions import Cause

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedAndSuspended:
    """What rejecting and suspending came to: the suspension that holds now, and the jobs that it ended."""

    case: Case
    holds: Suspension
    cancelled: tuple[str, ...]


class CaseBook:
    """What moderators decide: reviews, and what becomes of a member at the end of the ladder.

    `wake` hears of jobs that are to be looked at at once, `told` that cards have changed, `answered` of appeals that
    are decided along with something. Methods raise AlreadyDecided, CaseGone (also for a case of another guild or kind)
    or StorageUnavailable.
    """

    def __init__(
        self,
        *,
        database: Database,
        strikes: Strikes,
        observer: Observer,
        clock: Clock,
        wake: Callable[[str], None],
        told: Callable[[], None],
        answered: Callable[[int], None],
    ) -> None:
        self._database = database
        self._strikes = strikes
        self._observer = observer
        self._clock = clock
        self._wake = wake
        self._told = told
        self._answered = answered

    async def find(self, case_id: int, *, guild_id: int, kind: CaseKind | None = None) -> Case:
        """The guild's case of that number and kind, or of any, as of the latest commit."""
        case = await cases.find(self._database, case_id)
        if case is None or case.guild_id != guild_id or kind not in {None, case.kind}:
            raise CaseGone(f"no case {case_id}")
        return case

    async def open_of(
        self, guild_id: int, kinds: tuple[CaseKind, ...] = (), *, offset: int = 0, size: int = 100
    ) -> list[Case]:
        """The guild's open cases of these kinds, or of all, the oldest first."""
        return await cases.open_of(self._database, guild_id, kinds, offset=offset, size=size)

    async def count_open(self, guild_id: int) -> int:
        """How many cases of any kind are open in the guild."""
        return await cases.count_open(self._database, guild_id)

    async def approve(self, case_id: int, *, guild_id: int, by_id: int) -> Case:
        """Let the picture be shown: that is written down, and the job's own step shows it."""
        now = self._clock.now()

        def approve(connection: sqlite3.Connection) -> Case:
            return _decide(connection, case_id, CaseOutcome.APPROVED, guild_id=guild_id, by_id=by_id, at=now)

        case = await self._database.write(approve)
        log.info("approved by %d", by_id, extra={"job_id": case.job_id})
        self._follow(case)
        return case

    async def reject(self, case_id: int, *, guild_id: int, by_id: int) -> Case:
        """Don't let the picture be shown, which ends its job. What it cost stays paid."""
        now = self._clock.now()
        case = await self._database.write(
            lambda connection: _reject(connection, case_id, guild_id=guild_id, by_id=by_id, at=now)
        )
        self._rejected(case, by_id)
        return case

    async def reject_and_suspend(
        self, case_id: int, *, guild_id: int, by_id: int, seconds: int | None, reason: str
    ) -> RejectedAndSuspended:
        """The same, and suspend the author for so many seconds, or with None until somebody lifts it.

        Raises InvalidOption for a reason that is too long.
        """
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()

        def reject(connection: sqlite3.Connection) -> RejectedAndSuspended:
            case = _reject(connection, case_id, guild_id=guild_id, by_id=by_id, at=now, reason=reason.strip())
            cancelled = self._strikes.suspend_in(
                connection, guild_id, case.user_id, by_id=by_id, seconds=seconds, reason=reason, at=now
            )
            holds = suspensions.read(connection, guild_id=guild_id, user_id=case.user_id, now=now)
            assert holds is not None  # it has just been written
            return RejectedAndSuspended(case=case, holds=holds, cancelled=cancelled)

        done = await self._database.write(reject)
        self._rejected(done.case, by_id)
        self._strikes.ended(done.cancelled)
        return done

    async def lift(self, case_id: int, *, guild_id: int, by_id: int, may_manage: bool = False) -> Case:
        """End the suspension that a member's strikes have led to, as it was when moderators were asked.

        Nobody lifts their own unless they manage the guild (`may_manage`): raises NotAllowed.
        """
        now = self._clock.now()

        def lift(connection: sqlite3.Connection) -> tuple[Case, tuple[int, ...]]:
            case = _decide(connection, case_id, CaseOutcome.LIFTED, guild_id=guild_id, by_id=by_id, at=now)
            if case.user_id == by_id and not may_manage:
                raise NotAllowed("manage_guild")  # which undoes the above
            _, decided = self._strikes.lift_in(
                connection, guild_id, case.user_id, by_id=by_id, at=now, cause=Cause.STRIKES
            )
            return case, decided

        case, decided = await self._database.write(lift)
        self._told()
        for other in decided:
            self._answered(other)
        return case

    async def keep(self, case_id: int, *, guild_id: int, by_id: int) -> Case:
        """Let the member stay suspended until a moderator says otherwise."""
        now = self._clock.now()

        def keep(connection: sqlite3.Connection) -> Case:
            return _decide(connection, case_id, CaseOutcome.KEPT, guild_id=guild_id, by_id=by_id, at=now)

        case = await self._database.write(keep)
        self._told()
        return case

    def _rejected(self, case: Case, by_id: int) -> None:
        self._observer.transition(JobStatus.IN_REVIEW, JobStatus.REJECTED)
        log.info("%s to %s by %d", JobStatus.IN_REVIEW, JobStatus.REJECTED, by_id, extra={"job_id": case.job_id})
        self._follow(case)

    def _follow(self, case: Case) -> None:
        assert case.job_id is not None  # reviews are of jobs
        self._wake(case.job_id)
        self._told()


def _reject(
    connection: sqlite3.Connection, case_id: int, *, guild_id: int, by_id: int, at: datetime, reason: str = ""
) -> Case:
    case = _decide(connection, case_id, CaseOutcome.REJECTED, guild_id=guild_id, by_id=by_id, at=at, reason=reason)
    assert case.job_id is not None  # reviews are of jobs
    jobs.move(
        connection,
        case.job_id,
        JobStatus.IN_REVIEW,
        JobStatus.REJECTED,
        at=at,
        reason=FailureReason.REJECTED_BY_MODERATOR,
    )
    return case


def _decide(
    connection: sqlite3.Connection,
    case_id: int,
    outcome: CaseOutcome,
    *,
    guild_id: int,
    by_id: int,
    at: datetime,
    reason: str = "",
) -> Case:
    """Decide it where the outcome goes with its kind; a button of one kind says nothing about another."""
    kind = CaseKind.REVIEW if outcome in {CaseOutcome.APPROVED, CaseOutcome.REJECTED} else CaseKind.STRIKES
    if cases.read(connection, case_id).kind is not kind:
        raise CaseGone(f"no {kind} {case_id}")
    return cases.decide(connection, case_id, outcome, guild_id=guild_id, by_id=by_id, at=at, reason=reason)

"""Strikes and suspensions: what a refused prompt or a flagged picture leads to, and what moderators do about a member.

A strike, what follows from it and the line of the log are one transaction. So of fifty refused prompts at once each is
counted as if they had come one after another: as soon as one suspends the member, the others are refused for that.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clock import Clock
from errors import AlreadyDecided, NothingToAppeal, PromptBlocked, Suspended
from generation import ladder, policy
from generation.observer import Observer
from models import GuildSettings, Job, JobStatus, Origin, Verdict, VerdictReason
from moderation import CaseKind, CaseOutcome, Suspension
from parameters import check_text
from safety.prompts import PromptVerdict
from storage import audit, cases, guilds, strikes, suspensions
from storage.database import Database
from storage.strikes import Strike, StrikeCause
from storage.suspensions import BY_STRIKES, Cause

__all__ = ["PAGE", "Noted", "Strike", "StrikeCause", "StrikeSheet", "Strikes", "SuspendedMember"]

log = logging.getLogger(__name__)

REASON_MAX_CHARACTERS: Final = 200
GIVEN: Final = "mod.strike"
LIFTED: Final = "mod.strike.lift"
# What an obvious evasion weighs: nobody writes in disguise by accident.
_EVASION_WEIGHT: Final = 2
# The provider's own word that a picture is unsafe, as the gate keeps it.
_EXPLICIT: Final = "true"
# Entries of a page of strikes.
PAGE: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A strike that was given: what it led to, which waiting jobs that ended, and whether moderators must decide."""

    strike: Strike
    total: int
    suspension: Suspension | None
    cancelled: tuple[str, ...] = ()
    case_opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedMember:
    """What a moderator's suspension came to: what holds now and what held before, and the jobs that it ended."""

    holds: Suspension
    before: Suspension | None
    cancelled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeSheet:
    """A member's strikes in a guild, the newest first, a page of them.

    Those after `counts_from` count, and add up to `total`; `next_step` is what one more would lead to, as
    `generation.ladder.step` says it. `gives` is False where the guild gives none at present.
    """

    user_id: int
    strikes: tuple[Strike, ...]
    number: int
    pages: int
    count: int
    total: int
    counts_from: datetime
    days: int
    next_step: int
    gives: bool
    suspension: Suspension | None

    def is_live(self, strike: Strike) -> bool:
        """Whether the strike counts at present."""
        return strike.weight > 0 and strike.lifted_at is None and strike.at > self.counts_from


class Strikes:
    """Gives strikes and lifts them, suspends members and lifts that.

    `wake` is told of every job that ended, `told` of cases that moderators have to decide, and `answered` of appeals
    that were granted along with what they were about; each once it is on disk, and none may wait or raise.
    """

    def __init__(
        self,
        *,
        database: Database,
        observer: Observer,
        clock: Clock,
        wake: Callable[[str], None],
        told: Callable[[], None],
        answered: Callable[[int], None] = lambda _case_id: None,
    ) -> None:
        self._database = database
        self._observer = observer
        self._clock = clock
        self._wake = wake
        self._told = told
        self._answered = answered

    async def note_blocked(self, origin: Origin, verdict: PromptVerdict, prompt: str) -> PromptBlocked | Suspended:
        """Give the strike for a prompt that the filter refuses, and return the refusal to be raised.

        The same request gets one strike, however often it comes. Somebody who is suspended by now, by the strike of
        another request, is refused for that instead. Raises StorageUnavailable, with nothing kept.
        """
        now = self._clock.now()
        done = await self._database.write(lambda connection: self._blocked(connection, origin, verdict, prompt, at=now))
        if isinstance(done, Suspended):
            return done
        noted, refusal = done
        self.follow(noted)
        return refusal

    def note_flagged(
        self, connection: sqlite3.Connection, job: Job, verdicts: Iterable[Verdict], *, at: datetime
    ) -> Noted | None:
        """Give the strike for a job with a picture that the provider calls unsafe; None where there is none to give.

        Only for its explicit `true`: a blank picture, a missing or odd answer and a fault say nothing of the member. A
        part of the transaction that ends the job, after which the caller hands what this returns to `follow`.
        """
        if not any(verdict.reason is VerdictReason.FLAGGED and verdict.raw_flag == _EXPLICIT for verdict in verdicts):
            return None
        guild = guilds.read_settings(connection, job.origin.guild_id)
        if not (guild.strikes and guild.strike_flagged):
            return None
        strike, is_new = strikes.add(
            connection,
            guild_id=job.origin.guild_id,
            user_id=job.origin.user_id,
            interaction_id=job.origin.interaction_id,
            at=at,
            cause=StrikeCause.FLAGGED_IMAGE,
            weight=1,
            job_id=job.job_id,
        )
        return self._consequences(connection, guild, strike) if is_new else None

    def follow(self, noted: Noted | None) -> None:
        """Tell everybody of a strike that is on disk now."""
        if noted is None:
            return
        log.info("strike %d weighs %d", noted.strike.strike_id, noted.strike.weight)
        self.ended(noted.cancelled)
        if noted.case_opened:
            self._told()

    def ended(self, job_ids: Iterable[str]) -> None:
        """Tell everybody of waiting jobs that a suspension has ended; that is on disk now."""
        for job_id in job_ids:
            self._observer.transition(JobStatus.QUEUED, JobStatus.CANCELLED)
            log.info("%s to %s: suspended", JobStatus.QUEUED, JobStatus.CANCELLED, extra={"job_id": job_id})
            self._wake(job_id)

    async def suspend(
        self, guild_id: int, user_id: int, *, by_id: int, seconds: int | None, reason: str = ""
    ) -> SuspendedMember:
        """Suspend a member for so many seconds, or with None until somebody lifts it.

        It takes the place of what moderators decided before; what strikes have led to stays, and holds where it is
        longer. Jobs that wait end, and their money is released; those that the provider has go on. Raises
        InvalidOption for a reason that is too long, or StorageUnavailable.
        """
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()

        def suspend(connection: sqlite3.Connection) -> SuspendedMember:
            before = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=now)
            cancelled = self.suspend_in(
                connection, guild_id, user_id, by_id=by_id, seconds=seconds, reason=reason, at=now
            )
            holds = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=now)
            assert holds is not None  # it has just been written
            return SuspendedMember(holds=holds, before=before, cancelled=cancelled)

        suspended = await self._database.write(suspend)
        self.ended(suspended.cancelled)
        return suspended

    def suspend_in(
        self,
        connection: sqlite3.Connection,
        guild_id: int,
        user_id: int,
        *,
        by_id: int,
        seconds: int | None,
        reason: str = "",
        at: datetime,
    ) -> tuple[str, ...]:
        """The same as a part of somebody else's transaction: the jobs that it ends, for `ended` afterwards."""
        until = None if seconds is None else at + timedelta(seconds=seconds)
        return suspensions.suspend(
            connection,
            Suspension(until=until, reason=reason.strip()),
            guild_id=guild_id,
            user_id=user_id,
            by_id=by_id,
            at=at,
        )

    async def lift(
        self, guild_id: int, user_id: int, *, by_id: int, made_by: datetime | None = None, reason: str = ""
    ) -> Suspension | None:
        """End a member's suspensions, whatever they are for, or only those made by then; None where there was none.

        What waits for moderators' word on them is decided with that. Raises InvalidOption for a reason that is too
        long, or StorageUnavailable.
        """
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()
        lifted, answered = await self._database.write(
            lambda connection: self.lift_in(
                connection, guild_id, user_id, by_id=by_id, made_by=made_by, reason=reason.strip(), at=now
            )
        )
        self._decided(answered)
        return lifted

    def lift_in(
        self,
        connection: sqlite3.Connection,
        guild_id: int,
        user_id: int,
        *,
        by_id: int,
        at: datetime,
        made_by: datetime | None = None,
        cause: Cause | None = None,
        reason: str = "",
    ) -> tuple[Suspension | None, tuple[int, ...]]:
        """The same as a part of somebody else's transaction, or for one cause only.

        Returns what was lifted, and the cases that this decided: those are to be answered once it is on disk.
        """
        lifted = suspensions.lift(
            connection,
            guild_id=guild_id,
            user_id=user_id,
            by_id=by_id,
            now=at,
            made_by=made_by,
            cause=cause,
            reason=reason,
        )
        if lifted is None:
            return None, ()
        return lifted, _decide_what_is_over(connection, guild_id, user_id, by_id=by_id, at=at)

    async def lift_strike(self, guild_id: int, strike_id: int, *, by_id: int, of_member: int | None = None) -> Strike:
        """Lift a strike, and let the suspension that it led to be what the others still justify; the strike as it was.

        An appeal of it that waits is granted with that. Raises AlreadyDecided (`lifted`) where it was lifted before,
        NothingToAppeal where the guild, or the member who is named, has no such strike, or StorageUnavailable.
        """
        now = self._clock.now()
        lifted, answered = await self._database.write(
            lambda connection: self.lift_strike_in(
                connection, guild_id, strike_id, by_id=by_id, of_member=of_member, at=now
            )
        )
        self._decided(answered)
        return lifted

    def lift_strike_in(
        self,
        connection: sqlite3.Connection,
        guild_id: int,
        strike_id: int,
        *,
        by_id: int,
        at: datetime,
        of_member: int | None = None,
    ) -> tuple[Strike, tuple[int, ...]]:
        """The same as a part of somebody else's transaction: the strike, and the cases that this decided."""
        strike = strikes.read(connection, strike_id, guild_id=guild_id)
        if strike is None or of_member not in {None, strike.user_id}:
            raise NothingToAppeal("gone")
        if not strikes.lift(connection, strike_id, by_id=by_id, at=at):
            assert strike.lifted_at is not None  # or it had been lifted now
            raise AlreadyDecided(CaseOutcome.LIFTED, by_id=strike.lifted_by, at=strike.lifted_at)
        audit.note(
            connection,
            guild_id=guild_id,
            by_id=by_id,
            at=at,
            what=LIFTED,
            subject_id=strike.user_id,
            job_id=strike.job_id,
            before=strike.weight,
            after=0,
        )
        self._shorten(connection, strike, by_id=by_id, at=at)
        decided = [
            case.case_id
            for case in cases.open_about(connection, guild_id=guild_id, user_id=strike.user_id, kind=CaseKind.APPEAL)
            if case.strike_id == strike_id
        ]
        for case_id in decided:
            cases.decide(connection, case_id, CaseOutcome.GRANTED, guild_id=guild_id, by_id=by_id, at=at)
        return strike, (*decided, *_decide_what_is_over(connection, guild_id, strike.user_id, by_id=by_id, at=at))

    async def of_member(self, guild_id: int, user_id: int, *, number: int = 1) -> StrikeSheet:
        """A page of the member's strikes, the nearest there is. Raises StorageUnavailable."""
        guild = await guilds.settings_of(self._database, guild_id)
        now = self._clock.now()
        count = await strikes.count(self._database, guild_id=guild_id, user_id=user_id)
        pages = max(1, -(-count // PAGE))
        number = min(max(1, number), pages)
        counts_from = _counts_from(guild, now)
        total = await strikes.total_of(self._database, guild_id=guild_id, user_id=user_id, after=counts_from)
        return StrikeSheet(
            user_id=user_id,
            strikes=tuple(
                await strikes.page(
                    self._database, guild_id=guild_id, user_id=user_id, offset=(number - 1) * PAGE, size=PAGE
                )
            ),
            number=number,
            pages=pages,
            count=count,
            total=total,
            counts_from=counts_from,
            days=guild.strike_days,
            next_step=ladder.step(guild.ladder, total + 1),
            gives=guild.strikes,
            suspension=await suspensions.current(self._database, guild_id=guild_id, user_id=user_id, now=now),
        )

    def _blocked(
        self, connection: sqlite3.Connection, origin: Origin, verdict: PromptVerdict, prompt: str, *, at: datetime
    ) -> tuple[Noted | None, PromptBlocked] | Suspended:
        guild_id, user_id = origin.guild_id, origin.user_id
        guild = guilds.read_settings(connection, guild_id)
        suspension = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=at)
        before = strikes.of_interaction(connection, origin.interaction_id)
        if before is not None:
            total = strikes.total(connection, guild_id=guild_id, user_id=user_id, after=_counts_from(guild, at))
            return None, _refusal(guild, before, total, suspension if before.weight else None)
        if suspension is not None:
            return policy.suspended(guild, suspension)
        strike, _ = strikes.add(
            connection,
            guild_id=guild_id,
            user_id=user_id,
            interaction_id=origin.interaction_id,
            at=at,
            cause=StrikeCause.BLOCKED_PROMPT,
            weight=_weight(guild, verdict),
            category=verdict.category,
            term=verdict.term,
            reading=verdict.view if verdict.disguised else None,
            prompt=prompt,
        )
        noted = self._consequences(connection, guild, strike)
        return noted, _refusal(guild, strike, noted.total, noted.suspension)

    def _consequences(self, connection: sqlite3.Connection, guild: GuildSettings, strike: Strike) -> Noted:
        """What a new strike leads to, with the line of the log; one that weighs nothing leads to nothing."""
        guild_id, user_id, at = strike.guild_id, strike.user_id, strike.at
        total = strikes.total(connection, guild_id=guild_id, user_id=user_id, after=_counts_from(guild, at))
        if not strike.weight:
            return Noted(strike=strike, total=total, suspension=None)
        audit.note(
            connection,
            guild_id=guild_id,
            by_id=BY_STRIKES,
            at=at,
            what=GIVEN,
            subject_id=user_id,
            job_id=strike.job_id,
            before=total - strike.weight,
            after=total,
            reason=strike.category or strike.cause,
        )
        led_to = ladder.consequence(guild.ladder, total, at)
        if led_to is None:
            return Noted(strike=strike, total=total, suspension=None)
        before = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=at, cause=Cause.STRIKES)
        cancelled = suspensions.suspend(connection, led_to, guild_id=guild_id, user_id=user_id, by_id=BY_STRIKES, at=at)
        opened = False
        if led_to.until is None and (before is None or before.until is not None):
            _, opened = cases.open_case(connection, guild_id=guild_id, kind=CaseKind.STRIKES, user_id=user_id, at=at)
        holds = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=at)
        return Noted(strike=strike, total=total, suspension=holds, cancelled=cancelled, case_opened=opened)

    def _shorten(self, connection: sqlite3.Connection, strike: Strike, *, by_id: int, at: datetime) -> None:
        guild = guilds.read_settings(connection, strike.guild_id)
        left: Sequence[Strike] = strikes.counting(connection, guild_id=strike.guild_id, user_id=strike.user_id)
        suspensions.shorten(
            connection,
            ladder.justified(left, ladder=guild.ladder, days=guild.strike_days),
            guild_id=strike.guild_id,
            user_id=strike.user_id,
            by_id=by_id,
            now=at,
        )

    def _decided(self, case_ids: Sequence[int]) -> None:
        for case_id in case_ids:
            self._answered(case_id)
        if case_ids:
            self._told()


def _decide_what_is_over(
    connection: sqlite3.Connection, guild_id: int, user_id: int, *, by_id: int, at: datetime
) -> tuple[int, ...]:
    """Decide the open cases about suspensions that somebody has ended otherwise, and return their numbers."""
    over = []
    by_strikes = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=at, cause=Cause.STRIKES)
    if by_strikes is None or by_strikes.until is not None:
        over.append((CaseKind.STRIKES, CaseOutcome.LIFTED))
    if suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=at) is None:
        over.append((CaseKind.APPEAL, CaseOutcome.GRANTED))
    decided = []
    for kind, outcome in over:
        for case in cases.open_about(connection, guild_id=guild_id, user_id=user_id, kind=kind):
            if case.strike_id is None:
                cases.decide(connection, case.case_id, outcome, guild_id=guild_id, by_id=by_id, at=at)
                decided.append(case.case_id)
    return tuple(decided)


def _weight(guild: GuildSettings, verdict: PromptVerdict) -> int:
    if not guild.strikes:
        return 0
    return _EVASION_WEIGHT if verdict.evasion else 1


def _counts_from(guild: GuildSettings, now: datetime) -> datetime:
    return now - timedelta(days=guild.strike_days)


def _refusal(guild: GuildSettings, strike: Strike, total: int, suspension: Suspension | None) -> PromptBlocked:
    return PromptBlocked(
        strike.category or "",
        strike_id=strike.strike_id if guild.appeals_per_day else None,
        weight=strike.weight,
        total=total,
        suspended=suspension is not None,
        until=None if suspension is None else suspension.until,
    )

"""Hypothesis looks for a life of a member's strikes that ends otherwise than a few lines of arithmetic say.

The real services on a real database file, beside a list of strikes and two moments.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from errors import AlreadyDecided, PromptBlocked, Suspended
from models import Job, JobStatus, Origin
from moderation import CaseKind
from storage.database import Database
from storage.reading import snapshot
from tests.builders import GUILD_ID, USER_ID, make_origin
from tests.generation.striking import DISGUISED, MODERATOR, PLAINLY, Desk
from tests.support import FakeClock

# Where there is a disk in memory, nothing waits for a real one.
IN_MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
LADDERS: Final = ((0, 3600, 86400, 604800, -1), (60,), (0,), (3600, 60, -1), (-1,), (604800, 3600, 0, 60))


@dataclass
class Mark:
    """A strike as the model has it."""

    strike_id: int
    at: datetime
    weight: int
    lifted: bool = False
    excused: bool = False


class Life(RuleBasedStateMachine):
    """One member of one guild."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.loop = asyncio.Runner()
        self.clock = FakeClock()
        self.database = self.run(Database.open(Path(self.folder.name) / "easel.db", clock=self.clock))
        self.desk = Desk(self.database, self.clock)
        self.ladder: tuple[int, ...] = LADDERS[0]
        self.days, self.gives = 30, True
        self.run(self.desk.choose(strike_flagged=True))
        self.marks: list[Mark] = []
        # When each kind of suspension ends, in the model.
        self.by_strikes: datetime | None = None
        self.by_moderator: datetime | None = None
        self.last_origin: Origin | None = None
        self.queued: list[Job] = []

    def run(self, work: Any) -> Any:
        return self.loop.run(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        left = snapshot(Path(self.folder.name) / "easel.db")
        assert left.findings == ()
        released = {entry.job_id for entry in left.entries if entry.kind == "release"}
        assert released == set(self.desk.woken)
        self.loop.close()
        self.folder.cleanup()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def lasts(self, until: datetime | None) -> bool:
        return until is not None and until > self.now

    def total_at(self, moment: datetime, marks: list[Mark]) -> int:
        since = moment - timedelta(days=self.days)
        return sum(mark.weight for mark in marks if not mark.lifted and mark.at > since)

    def led_to(self, total: int, at: datetime) -> datetime | None:
        seconds = self.ladder[min(total, len(self.ladder)) - 1]
        return None if seconds == 0 else FOR_EVER if seconds == -1 else at + timedelta(seconds=seconds)

    def give(self, strike_id: int, weight: int) -> None:
        self.marks.append(Mark(strike_id=strike_id, at=self.now, weight=weight))
        if not weight:
            return
        until = self.led_to(self.total_at(self.now, self.marks), self.now)
        if until is not None:
            self.by_strikes = max(until, self.by_strikes or until)

    @rule(disguised=st.booleans())
    def ask_for_what_is_blocked(self, disguised: bool) -> None:
        self.last_origin = make_origin()
        refusal = self.run(self.desk.blocked(DISGUISED if disguised else PLAINLY, origin=self.last_origin))
        if self.lasts(self.by_strikes) or self.lasts(self.by_moderator):
            assert isinstance(refusal, Suspended)
            self.last_origin = None
            return
        assert isinstance(refusal, PromptBlocked)
        assert refusal.strike_id is not None
        self.give(refusal.strike_id, (2 if disguised else 1) if self.gives else 0)
        assert refusal.total == self.total_at(self.now, self.marks)
        assert refusal.suspended == self.lasts(self.by_strikes)

    @precondition(lambda self: not (self.lasts(self.by_strikes) or self.lasts(self.by_moderator)))
    @rule()
    def ask_for_what_is_allowed(self) -> None:
        self.queued.append(self.run(self.desk.queued_job()))

    @precondition(lambda self: self.last_origin is not None)
    @rule()
    def the_same_comes_again(self) -> None:
        refusal = self.run(self.desk.blocked(origin=self.last_origin))
        assert refusal.strike_id == max(mark.strike_id for mark in self.marks)

    @rule()
    def a_picture_is_flagged(self) -> None:
        job = self.run(self.desk.queued_job())
        self.run(self.desk.move(job, JobStatus.QUEUED, JobStatus.SUBMITTING))
        noted = self.run(self.desk.flagged(job))
        assert (noted is not None) == self.gives
        if noted is not None:
            self.give(noted.strike.strike_id, 1)
        self.last_origin = None

    @rule(seconds=st.sampled_from((60, 7200, 10**6, None)))
    def a_moderator_suspends(self, seconds: int | None) -> None:
        self.run(self.desk.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=seconds))
        self.by_moderator = FOR_EVER if seconds is None else self.now + timedelta(seconds=seconds)

    @rule()
    def a_moderator_lifts_it(self) -> None:
        lasted = self.lasts(self.by_strikes) or self.lasts(self.by_moderator)
        lifted = self.run(self.desk.strikes.lift(GUILD_ID, USER_ID, by_id=MODERATOR))
        assert (lifted is not None) == lasted
        if lasted:
            for mark in self.marks:
                mark.excused = True
        self.by_strikes = self.by_moderator = None

    @precondition(lambda self: self.marks)
    @rule(pick=st.integers(0, 100))
    def a_moderator_lifts_a_strike(self, pick: int) -> None:
        mark = self.marks[pick % len(self.marks)]
        try:
            self.run(self.desk.strikes.lift_strike(GUILD_ID, mark.strike_id, by_id=MODERATOR))
        except AlreadyDecided:
            assert mark.lifted
            return
        assert not mark.lifted
        mark.lifted = True
        left = [
            until
            for number, one in enumerate(self.marks)
            if one.weight and not one.lifted and not one.excused
            if (until := self.led_to(self.total_at(one.at, self.marks[: number + 1]), one.at)) is not None
        ]
        if self.by_strikes is not None:
            self.by_strikes = min(self.by_strikes, max(left)) if left else None

    @rule(seconds=st.sampled_from((1, 59, 3600, 86400, 20 * 86400)))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.by_strikes = self.by_strikes if self.lasts(self.by_strikes) else None

    @rule(ladder=st.sampled_from(LADDERS), days=st.sampled_from((1, 30)), gives=st.booleans())
    def the_guild_chooses(self, ladder: tuple[int, ...], days: int, gives: bool) -> None:
        self.run(self.desk.choose(ladder=ladder, strike_days=days, strikes=gives))
        self.ladder, self.days, self.gives = ladder, days, gives

    @invariant()
    def what_holds_is_the_longer(self) -> None:
        lasting = [until for until in (self.by_strikes, self.by_moderator) if self.lasts(until)]
        held = self.run(self.desk.suspension())
        if not lasting:
            assert held is None
            return
        until = max(until for until in lasting if until is not None)
        assert held is not None
        assert (FOR_EVER if held.until is None else held.until) == until

    @invariant()
    def the_sheet_adds_up(self) -> None:
        sheet = self.run(self.desk.strikes.of_member(GUILD_ID, USER_ID))
        assert sheet.total == self.total_at(self.now, self.marks)
        assert sheet.count == len(self.marks)

    @invariant()
    def moderators_are_asked_only_while_they_have_to_decide(self) -> None:
        open_cases = [case for case in self.run(self.desk.open_cases()) if case.kind is CaseKind.STRIKES]
        assert len(open_cases) <= 1
        if open_cases:
            assert self.by_strikes == FOR_EVER

    @invariant()
    def nothing_of_somebody_suspended_waits_in_line_or_holds_money(self) -> None:
        waiting = [self.run(self.desk.job(job)).status for job in self.queued]
        if self.lasts(self.by_strikes) or self.lasts(self.by_moderator):
            assert set(waiting) <= {JobStatus.CANCELLED}
            assert self.desk.woken == [job.job_id for job in self.queued]
        else:
            assert waiting.count(JobStatus.CANCELLED) == len(self.desk.woken)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

"""What the tests of strikes and appeals work with: the real services on a real database, and what they told others."""

from dataclasses import dataclass, field
from typing import Any, Final

from generation.appeals import Appeals
from generation.strikes import Noted, Strikes
from models import Job, JobStatus, Origin, Verdict, VerdictReason
from moderation import Suspension
from safety.prompts import PromptVerdict, View
from storage import cases, jobs, strikes, suspensions
from storage.audit import Line, latest
from storage.database import Database
from storage.strikes import Strike
from tests.builders import GUILD_ID, USER_ID, choose, make_job, make_origin, make_reservations, make_verdict
from tests.generation.recording import RecordingObserver
from tests.support import FakeClock

MODERATOR: Final = 901
OTHER_MODERATOR: Final = 902
PLAINLY: Final = PromptVerdict(
    blocked=True, term="badword", category="violence", view=View.PLAIN, views=(View.PLAIN,), found="badword"
)
DISGUISED: Final = PromptVerdict(
    blocked=True, term="badword", category="violence", view=View.LEET, views=(View.LEET,), found="b4dw0rd"
)
PROMPT: Final = "a badword in the snow"


@dataclass
class Desk:
    """A guild's desk, with one member whom it is about unless told."""

    database: Database
    clock: FakeClock
    observer: RecordingObserver = field(default_factory=RecordingObserver)
    woken: list[str] = field(default_factory=list)
    told: int = 0
    answered: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.strikes = Strikes(
            database=self.database,
            observer=self.observer,
            clock=self.clock,
            wake=self.woken.append,
            told=self._tell,
            answered=self.answered.append,
        )
        self.appeals = Appeals(
            database=self.database,
            strikes=self.strikes,
            clock=self.clock,
            told=self._tell,
            answered=self.answered.append,
        )

    def _tell(self) -> None:
        self.told += 1

    async def choose(self, **changes: Any) -> None:
        """Set what the guild has chosen."""
        await self.database.write(lambda connection: choose(connection, **changes))

    async def blocked(
        self, verdict: PromptVerdict = PLAINLY, *, origin: Origin | None = None, user_id: int = USER_ID
    ) -> Any:
        """What the member is told whose prompt was refused."""
        return await self.strikes.note_blocked(origin or make_origin(user_id=user_id), verdict, PROMPT)

    async def flagged(self, job: Job, *verdicts: Verdict) -> Noted | None:
        """What the job's end leads to, with a picture that is flagged unless told."""
        judged = verdicts or (make_verdict(reason=VerdictReason.FLAGGED, raw_flag="true"),)
        now = self.clock.now()
        noted = await self.database.write(lambda c: self.strikes.note_flagged(c, job, judged, at=now))
        self.strikes.follow(noted)
        return noted

    async def suspension(self, user_id: int = USER_ID) -> Suspension | None:
        """What holds now."""
        return await suspensions.current(self.database, guild_id=GUILD_ID, user_id=user_id, now=self.clock.now())

    async def all_strikes(self, user_id: int = USER_ID) -> list[Strike]:
        """Every strike, the oldest first."""
        found = await strikes.page(self.database, guild_id=GUILD_ID, user_id=user_id, offset=0, size=1000)
        return found[::-1]

    async def open_cases(self) -> list[Any]:
        """What waits for moderators, the oldest first."""
        return await cases.open_of(self.database, GUILD_ID)

    async def log(self, what: str = "mod.") -> list[Line]:
        """What was written down, the oldest first."""
        return (await latest(self.database, GUILD_ID, limit=1000, what=what))[::-1]

    async def queued_job(self, *, user_id: int = USER_ID, guild_id: int = GUILD_ID) -> Job:
        """A job of the member's that waits in line, with its money held."""
        now = self.clock.now()
        job = make_job(origin=make_origin(user_id=user_id, guild_id=guild_id), created_at=now, changed_at=now)
        await self.database.write(lambda c: jobs.record(c, job, make_reservations(job), active_limit=1000))
        message_id = job.origin.interaction_id + 1
        return await self.database.write(lambda c: jobs.store_card(c, job.job_id, message_id))

    async def move(self, job: Job, expected: JobStatus, target: JobStatus, **changes: Any) -> Job:
        """Take the job on."""
        now = self.clock.now()
        return await self.database.write(lambda c: jobs.move(c, job.job_id, expected, target, at=now, **changes))

    async def job(self, job: Job) -> Job:
        """The job as it is now."""
        return await jobs.find(self.database, job.job_id)

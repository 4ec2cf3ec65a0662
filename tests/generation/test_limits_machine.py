"""Hypothesis looks for a life of a few guilds, their caps, grants, jobs, restarts and doubts that goes wrong.

The real gate, limit book, pauses and database file, beside `limits_model`, which says how everything should end.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from errors import (
    CancelRefused,
    CapReached,
    EaselError,
    GenerationPaused,
    InvalidOption,
    JobNotFound,
    TooManyActiveJobs,
)
from generation import policy
from limits import HoldingCap, LimitKind, LimitName
from models import AccountKey, JobStatus, Scope, Unit, VerdictReason
from ops.report import as_object
from storage import jobs
from storage.reading import snapshot
from tests.builders import make_origin, make_verdict
from tests.generation.assembly import small_request
from tests.generation.limits_model import (
    ACTIVE_LIMIT,
    OF_GUILDS,
    OF_MEMBERS,
    PRICE,
    QUARTER,
    Almanac,
    Held,
    Model,
    ModelJob,
    Wish,
    in_units,
)
from tests.generation.limits_world import START, World

S = JobStatus
K = LimitKind

GUILDS, USERS, ROLES, CHANNELS = (1, 2), (11, 12), (21, 22), (31, 32)
# Nobody's, one, or both; one channel or the other, or a thread in it.
WITH_ROLES: Final = ((), ROLES[:1], ROLES)
IN_PLACES: Final = (CHANNELS[:1], CHANNELS[1:], CHANNELS)
ADMIN: Final = 77
ZONES: Final = ("UTC", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Pago_Pago")
# Where there is a disk in memory, nothing waits for a real one.
IN_MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None

PICKS = st.integers(0, 30)
Key = tuple[int, LimitKind, int, LimitName]
OF_SUBJECTS: Final = {K.GUILD: (0,), K.ROLE: ROLES, K.MEMBER: USERS, K.CHANNEL: CHANNELS}
KEYS: Final[list[Key]] = [
    (0, K.OPERATOR, 0, LimitName.GLOBAL_MONTHLY_MICROS),
    *((guild_id, kind, 0, name) for guild_id in GUILDS for kind in (K.CEILING, K.GUILD) for name in OF_GUILDS),
    *(
        (guild_id, kind, subject_id, name)
        for guild_id in GUILDS
        for kind, subject_ids in OF_SUBJECTS.items()
        for subject_id in subject_ids
        for name in OF_MEMBERS
    ),
]
CAPS = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 12) | st.none()), min_size=1, max_size=8)
# What the pictures of a result turn out to be: released, withheld but made, not usable; fewer than asked for or none.
V = VerdictReason
OUTCOMES: Final = (V.RELEASED, V.RELEASED, V.FLAGGED, V.BLANK, V.DOWNLOAD_FAILED)


class LimitsMachine(RuleBasedStateMachine):
    """Caps of everybody, grants, wishes of several members, every end of a job, pauses, restarts, zones and time."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.world = World(Path(self._folder.name))
        self.model = Model(almanacs={guild_id: Almanac(START) for guild_id in (0, *GUILDS)})
        self._looks = 0

    def teardown(self) -> None:
        self.world.close()
        self._folder.cleanup()

    @initialize(caps=CAPS)
    def begin_with_caps(self, caps: list[tuple[Key, int | None]]) -> None:
        self.set_caps(caps)

    @rule(caps=CAPS)
    def set_caps(self, caps: list[tuple[Key, int | None]]) -> None:
        """Set a few caps or take them back to the default, as admins do, or the operator."""
        for (guild_id, kind, subject_id, name), images in caps:
            value = None if images is None else cap_of(name, images)
            book = self.world.book
            if kind is LimitKind.OPERATOR:
                self.world.run(book.set_global(value, by_id=ADMIN))
            elif kind is LimitKind.CEILING:
                self.world.run(book.set_ceiling(guild_id, name, value, by_id=ADMIN))
            else:
                error = self._error_of(book.set(guild_id, kind, subject_id, name, value, by_id=ADMIN))
                too_much = name in OF_GUILDS and value is not None and value > self.model.ceiling(guild_id, name)
                assert isinstance(error, InvalidOption if too_much else type(None))
                if too_much:
                    continue
            self._note(guild_id, kind, subject_id, name, value)

    @precondition(lambda self: self.model.limits)
    @rule(pick=PICKS)
    def take_back_a_cap(self, pick: int) -> None:
        keys = sorted(self.model.limits)
        self.set_caps([(keys[pick % len(keys)], None)])

    @rule(
        guild_id=st.sampled_from(GUILDS),
        user_id=st.sampled_from(USERS),
        name=st.sampled_from(OF_MEMBERS),
        images=st.integers(-4, 6).filter(bool),
        is_next=st.booleans(),
        wishes=st.integers(0, 3),
    )
    def grant(self, guild_id: int, user_id: int, name: LimitName, images: int, is_next: bool, wishes: int) -> None:
        """Give a member more, or take it back; they are eager to use it."""
        unit = Unit.IMAGE if name is LimitName.MEMBER_DAILY_IMAGES else Unit.MICROS
        amount = in_units(name, images)
        account = self._granted_to(guild_id, user_id, unit, is_next=is_next)
        granting = self.world.book.grant(
            guild_id, user_id, unit=unit, amount=amount, by_id=ADMIN, when="next" if is_next else "now"
        )
        error = self._error_of(granting)
        if self.model.grants[account] + amount < 0:
            assert isinstance(error, InvalidOption)
            return
        assert error is None
        self.model.grants[account] += amount
        for _ in range(wishes):
            self._ask(Wish(guild_id=guild_id, user_id=user_id, images=4, place_ids=CHANNELS[:1]))

    @rule(
        guild_id=st.sampled_from(GUILDS),
        user_id=st.sampled_from(USERS),
        images=st.integers(1, 4),
        role_ids=st.sampled_from(WITH_ROLES),
        place_ids=st.sampled_from(IN_PLACES),
        times=st.integers(1, 3),
    )
    def ask(
        self,
        guild_id: int,
        user_id: int,
        images: int,
        role_ids: tuple[int, ...],
        place_ids: tuple[int, ...],
        times: int,
    ) -> None:
        for _ in range(times):
            self._ask(Wish(guild_id=guild_id, user_id=user_id, images=images, role_ids=role_ids, place_ids=place_ids))

    @rule(
        guild_id=st.sampled_from(GUILDS),
        user_id=st.sampled_from(USERS),
        images=st.integers(1, 4),
        outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4) | st.none(),
    )
    def ask_and_get(self, guild_id: int, user_id: int, images: int, outcomes: list[VerdictReason] | None) -> None:
        """All the way to pictures, or to where nobody knows: chance seldom gets there a step at a time."""
        job = self._ask(Wish(guild_id=guild_id, user_id=user_id, images=images, role_ids=ROLES, place_ids=CHANNELS[:1]))
        if job is None:
            return
        self._submit(job, S.IN_DOUBT if outcomes is None else S.SUBMITTED)
        if outcomes is not None:
            self._finish(job, outcomes)

    @precondition(lambda self: self.in_status(S.QUEUED))
    @rule(pick=PICKS, by_author=st.booleans())
    def cancel(self, pick: int, by_author: bool) -> None:
        job = self.one_of(pick, S.QUEUED)
        service, wish = self.world.bot.service, job.wish
        if by_author:
            ending: Coroutine[Any, Any, Any] = service.cancel(
                job.job_id, guild_id=wish.guild_id, user_id=wish.user_id, may_manage=False
            )
        else:
            ending = service.card_refused(job.job_id)
        self.world.run(ending)
        job.status = S.CANCELLED
        job.settle(images=0, micros=0)

    @precondition(lambda self: self.in_status(S.QUEUED))
    @rule(pick=PICKS, end=st.sampled_from((S.SUBMITTED, S.FAILED, S.IN_DOUBT)))
    def submit(self, pick: int, end: JobStatus) -> None:
        """On to the provider, which takes it, refuses it, or leaves it in doubt."""
        self._submit(self.one_of(pick, S.QUEUED), end)

    def _submit(self, job: ModelJob, end: JobStatus) -> None:
        self._move(job, S.SUBMITTING)
        self._move(job, end, **({"request_id": f"r-{job.job_id}"} if end is S.SUBMITTED else {}))
        if end is S.FAILED:
            job.settle(images=0, micros=0)

    @precondition(lambda self: self.in_status(S.SUBMITTED))
    @rule(pick=PICKS, end=st.sampled_from((S.FAILED, S.IN_DOUBT)))
    def go_wrong(self, pick: int, end: JobStatus) -> None:
        job = self.one_of(pick, S.SUBMITTED)
        self._move(job, end)
        if end is S.FAILED:
            job.settle(images=0, micros=0)

    @precondition(lambda self: self.in_status(S.SUBMITTED, S.IN_DOUBT))
    @rule(pick=PICKS, outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=4))
    def finish(self, pick: int, outcomes: list[VerdictReason]) -> None:
        """A result, also a late one: whole or in part, shown or withheld, and settled for what was made."""
        self._finish(self.one_of(pick, S.SUBMITTED, S.IN_DOUBT), outcomes)

    def _finish(self, job: ModelJob, outcomes: list[VerdictReason]) -> None:
        reasons = outcomes[: job.wish.images]
        changes = {} if job.status is S.SUBMITTED else {"request_id": f"r-{job.job_id}"}
        self._move(job, S.GENERATED, images_produced=len(reasons), **changes)
        self._judge(job, reasons)
        made = sum(reason is not V.DOWNLOAD_FAILED for reason in reasons)
        job.settle(images=made, micros=len(reasons) * PRICE)

    @precondition(lambda self: self.in_status(S.IN_DOUBT))
    @rule(pick=PICKS, paid=st.booleans(), by_operator=st.booleans())
    def resolve(self, pick: int, paid: bool, by_operator: bool) -> None:
        job = self.one_of(pick, S.IN_DOUBT)
        resolve, guild_id = self.world.bot.service.resolve, job.wish.guild_id
        another = 3 - guild_id
        error = self._error_of(resolve(job.job_id, paid=paid, guild_id=another, by_id=ADMIN))
        assert isinstance(error, JobNotFound)
        self.world.run(resolve(job.job_id, paid=paid, guild_id=None if by_operator else guild_id, by_id=ADMIN))
        job.status = S.WRITTEN_OFF if paid else S.FAILED
        job.settle(images=job.wish.images if paid else 0, micros=job.cost if paid else 0)

    @precondition(lambda self: self.resolved())
    @rule(pick=PICKS, paid=st.booleans())
    def resolve_what_is_over(self, pick: int, paid: bool) -> None:
        over = self.resolved()
        job = over[pick % len(over)]
        error = self._error_of(self.world.bot.service.resolve(job.job_id, paid=paid, guild_id=None, by_id=ADMIN))
        assert isinstance(error, CancelRefused)

    @precondition(lambda self: self.in_status(S.IN_DOUBT))
    @rule(pick=PICKS)
    def write_off(self, pick: int) -> None:
        """As the pipeline does after a day in doubt."""
        job = self.one_of(pick, S.IN_DOUBT)

        def end(connection: sqlite3.Connection) -> None:
            stored = self._stored(connection, job)
            settlement = jobs.full_settlement(stored)
            now = self.world.clock.now()
            jobs.move(connection, job.job_id, S.IN_DOUBT, S.WRITTEN_OFF, at=now, settlement=settlement)

        self.world.run(self.world.bot.database.write(end))
        job.status = S.WRITTEN_OFF
        job.settle(images=job.wish.images, micros=job.cost)

    @rule(guild_id=st.sampled_from((0, *GUILDS)), paused=st.sampled_from((True, False, False)))
    def pause(self, guild_id: int, paused: bool) -> None:
        pauses = self.world.pauses
        if paused:
            self.world.run(pauses.pause(guild_id, by_id=ADMIN))
            self.model.paused.add(guild_id)
        else:
            self.world.run(pauses.resume(guild_id, by_id=ADMIN))
            self.model.paused.discard(guild_id)

    @rule(guild_id=st.sampled_from(GUILDS), zone=st.sampled_from(ZONES))
    def choose_zone(self, guild_id: int, zone: str) -> None:
        almanac = self.model.almanacs[guild_id]
        if almanac.is_between_zones:  # more than one change in a day has its own test
            return
        self.world.run(self.world.choices.change(guild_id, by_id=ADMIN, time_zone=zone))
        almanac.choose(zone)

    @rule(quarters=st.integers(1, 40))
    def pass_time(self, quarters: int) -> None:
        self._pass(quarters)

    @rule(guild_id=st.sampled_from((0, *GUILDS)), to_month=st.booleans(), before=st.booleans())
    def pass_to_an_edge(self, guild_id: int, to_month: bool, before: bool) -> None:
        """To where a day or month begins, or to the quarter of an hour before."""
        almanac = self.model.almanacs[guild_id]
        period = almanac.month() if to_month else f"{almanac.today():%Y-%m-%d}"
        quarters = (almanac.end_of(period) - almanac.now) // QUARTER
        self._pass(max(0, quarters - before))

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @invariant()
    def the_books_are_as_the_model_says(self) -> None:
        state = snapshot(self.world.bot.path)
        assert state.findings == ()
        stored = {job.job_id: (job.status, job.settled_micros) for job in state.jobs}
        assert stored == {job.job_id: (job.status, settled(job)) for job in self.model.jobs.values()}
        known = {account for job in self.model.jobs.values() for account in job.held} | self.model.grants.keys()
        assert {balance.account for balance in state.balances} == known
        for balance in state.balances:
            assert (balance.pending, balance.posted) == self.model.balance(balance.account), balance
            assert balance.pending + balance.posted <= balance.cap
        self._check_entries(state.entries)
        self._check_report(as_object(state))

    def _check_report(self, report: Any) -> None:
        sums: Counter[tuple[Any, ...]] = Counter()
        names = ("scope", "guild_id", "user_id", "unit", "period")
        for entry in report["entries"]:
            for part in ("pending", "posted"):
                sums[*(entry[name] for name in names), part] += entry[part]
        for account in report["accounts"]:
            for part in ("pending", "posted"):
                assert account[part] == sums[*(account[name] for name in names), part]

    @invariant()
    def every_members_quota_is_as_the_model_says(self) -> None:
        """Of members with every choice of roles, in every kind of place, in turn."""
        self._looks, look = self._looks + 1, self._looks
        user_id, roles = USERS[look % 2], WITH_ROLES[look // 2 % 3]
        for guild_id in GUILDS:
            self._look(
                Wish(guild_id=guild_id, user_id=user_id, images=1, role_ids=roles, place_ids=IN_PLACES[look // 6 % 3])
            )

    def _look(self, wish: Wish) -> None:
        quota = self.world.bot.service.quota(
            guild_id=wish.guild_id, user_id=wish.user_id, role_ids=wish.role_ids, place_ids=wish.place_ids
        )
        lines = self.world.run(quota)
        for line, held in zip(lines, self.model.held_by(wish), strict=True):
            balance = line.balance
            assert (balance.account, line.each) == (held.account, held.amount)
            assert (balance.pending, balance.posted) == self.model.balance(held.account)
            assert balance.cap == held.cap + self.model.grants[held.account]
            assert line.holding == HoldingCap(value=held.cap, kind=held.kind, subject_id=held.subject_id)
            assert line.renews_at == self.model.renews_at(held)
        rooms = [max(0, self.model.room(held)) for held in self.model.held_by(wish)]
        assert [line.fitting for line in lines] == rooms
        assert [line.binds for line in lines] == [room == min(rooms) for room in rooms]

    def _check_entries(self, entries: Any) -> None:
        used: Counter[AccountKey] = Counter()
        granted: Counter[AccountKey] = Counter()
        resolved: Counter[tuple[str, AccountKey]] = Counter()
        for entry in entries:
            used[entry.account] += entry.pending + entry.posted
            granted[entry.account] += entry.granted
            if entry.kind == "reserve":
                job = self.model.jobs[entry.job_id]
                assert entry.pending == job.held[entry.account]
                assert entry.cap == job.caps[entry.account]
                assert used[entry.account] <= entry.cap
            elif entry.kind in {"settle", "release"}:
                job = self.model.jobs[entry.job_id]
                assert job.posted is not None
                assert entry.posted == job.posted[entry.account]
                resolved[entry.job_id, entry.account] += 1
        assert set(resolved.values()) <= {1}
        assert +granted == +self.model.grants

    def _ask(self, wish: Wish) -> ModelJob | None:
        origin = make_origin(
            guild_id=wish.guild_id,
            user_id=wish.user_id,
            role_ids=wish.role_ids,
            channel_id=wish.place_ids[0],
            parent_id=wish.place_ids[1] if len(wish.place_ids) > 1 else None,
        )
        service = self.world.bot.service
        try:
            acceptance = self.world.run(service.accept(origin, small_request(num_images=wish.images)))
        except EaselError as error:
            self._expect(error, wish)
            return None
        self._expect(None, wish)
        job_id = acceptance.job.job_id
        self.model.take(job_id, wish)
        self.world.run(service.card_sent(job_id, 1000 + len(self.model.jobs)))
        assert acceptance.left == min(self.model.room(held) for held in self.model.held_by(wish))
        return self.model.jobs[job_id]

    def _expect(self, error: EaselError | None, wish: Wish) -> None:
        model = self.model
        if model.paused & {0, wish.guild_id}:
            assert isinstance(error, GenerationPaused)
            assert error.by == ("operator" if 0 in model.paused else "guild")
        elif model.active(wish) >= ACTIVE_LIMIT:
            assert isinstance(error, TooManyActiveJobs)
        elif (refusing := model.refusing(wish)) is not None:
            assert isinstance(error, CapReached), f"{refusing} should refuse {wish}"
            self._compare(error, refusing)
        else:
            assert error is None, f"{wish} should pass: {error!r}"

    def _compare(self, error: CapReached, held: Held) -> None:
        cap = held.cap + self.model.grants[held.account]
        assert (error.account, error.amount, error.cap) == (held.account, held.amount, cap)
        assert error.left == max(0, cap - sum(self.model.balance(held.account)))
        assert error.holding == HoldingCap(value=held.cap, kind=held.kind, subject_id=held.subject_id)
        assert error.renews_at == self.model.renews_at(held)

    def _granted_to(self, guild_id: int, user_id: int, unit: Unit, *, is_next: bool) -> AccountKey:
        almanac = self.model.almanacs[guild_id]
        period = f"{almanac.today():%Y-%m-%d}" if unit is Unit.IMAGE else almanac.month()
        if is_next:
            period = almanac.named_after(period)
        return AccountKey(scope=Scope.MEMBER, guild_id=guild_id, user_id=user_id, unit=unit, period=period)

    def _note(self, guild_id: int, kind: LimitKind, subject_id: int, name: LimitName, value: int | None) -> None:
        key = (guild_id, kind, subject_id, name)
        if value is None:
            self.model.limits.pop(key, None)
        else:
            self.model.limits[key] = value

    def _move(self, job: ModelJob, target: JobStatus, **changes: Any) -> None:
        expected, now = job.status, self.world.clock.now()
        self.world.run(
            self.world.bot.database.write(
                lambda connection: jobs.move(connection, job.job_id, expected, target, at=now, **changes)
            )
        )
        job.status = target

    def _judge(self, job: ModelJob, reasons: list[VerdictReason]) -> None:
        """Keep the verdicts and end the job as the pipeline does."""
        verdicts = [make_verdict(index, reason) for index, reason in enumerate(reasons)]
        target = S.DELIVERED if V.RELEASED in reasons else S.WITHHELD
        now = self.world.clock.now()

        def end(connection: sqlite3.Connection) -> None:
            judged = jobs.store_verdicts(connection, job.job_id, verdicts, at=now)
            bill = policy.settlement(judged, verdicts)
            jobs.move(connection, job.job_id, S.GENERATED, target, at=now, settlement=bill)

        self.world.run(self.world.bot.database.write(end))
        job.status = target

    def _stored(self, connection: sqlite3.Connection, job: ModelJob) -> Any:
        row = connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone()
        return jobs.job_of(row)

    def _error_of(self, work: Coroutine[Any, Any, Any]) -> EaselError | None:
        try:
            self.world.run(work)
        except EaselError as error:
            return error
        return None

    def _pass(self, quarters: int) -> None:
        for _ in range(quarters):
            self.model.pass_quarter()
        self.world.clock.advance(quarters * QUARTER.total_seconds())

    def in_status(self, *statuses: JobStatus) -> list[ModelJob]:
        return [job for job in self.model.jobs.values() if job.status in statuses]

    def one_of(self, pick: int, *statuses: JobStatus) -> ModelJob:
        found = self.in_status(*statuses)
        return found[pick % len(found)]

    def resolved(self) -> list[ModelJob]:
        return [job for job in self.model.jobs.values() if job.posted is not None]


def cap_of(name: LimitName, images: int) -> int:
    """A cap with room for so many images; of money sometimes a little more, so that it is not always met exactly."""
    return in_units(name, images) + (images % 2 if name is not LimitName.MEMBER_DAILY_IMAGES else 0)


def settled(job: ModelJob) -> int:
    """What the job's own row says that it cost."""
    return (
        0 if job.posted is None else max(job.posted[account] for account in job.posted if account.unit is Unit.MICROS)
    )


TestLimitsMachine = LimitsMachine.TestCase
TestLimitsMachine.settings = settings(max_examples=25, stateful_step_count=35, deadline=None)

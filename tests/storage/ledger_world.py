"""A database under an edition of the storage code, beside the model of what it should hold.

Wishes are asked for, then run in batches by the edition's own group commit. A crash can come after any single
statement of a batch: the connection is dropped as it is, wishes half way are gone, and what was committed must
be exactly what the model says.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from errors import StorageError, StorageUnavailable
from models import AccountKey, JobStatus, Reservation, Scope, Settlement, Unit
from storage.database import Operation, connect
from tests.builders import make_job, make_origin, make_request, make_reservation
from tests.storage.editions import Edition, Move
from tests.storage.inline import SETTLING
from tests.storage.ledger_model import Answer, Model, ModelJob

# Two days of two months, so that every period has a neighbour to be mistaken for.
DAYS: Final = ("2026-11-30", "2026-12-01")
# Not a round number, so that a cap is sometimes met exactly and sometimes missed by a little.
PRICE_MICROS: Final = 3
ACTIVE_LIMIT: Final = 3
CAPS: Final = {
    (Scope.MEMBER, Unit.IMAGE): 6,
    (Scope.MEMBER, Unit.MICROS): 25,
    (Scope.GUILD, Unit.MICROS): 34,
    (Scope.GLOBAL, Unit.MICROS): 60,
}


class Violation(AssertionError):
    """What the database holds or answered is not what it should; `rule` says in a word which rule is broken."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


class Crash(BaseException):
    """The process ends here; nothing in it may catch this."""


@dataclass(slots=True)
class Wish:
    """What is asked of storage: the transactions still to run, and how it should end by the model."""

    steps: list[Operation[Any]]
    foresee: Callable[[], Answer]
    begun: bool = False


class World:
    """One database and its model. `check` raises Violation where they differ."""

    def __init__(self, edition: Edition, path: Path) -> None:
        self.edition = edition
        self.model = Model()
        self.wishes: list[Wish] = []
        self.caps = dict(CAPS)
        self._path = path
        self._asked = 0
        self.seen: Counter[str] = Counter()
        self.connection = _connect(path)
        self.connection.executescript(edition.schema)

    def close(self) -> None:
        self.connection.close()

    def ask_to_accept(self, *, guild_id: int, user_id: int, images: int, day: str) -> None:
        self._asked += 1
        origin = make_origin(guild_id=guild_id, user_id=user_id, interaction_id=self._asked)
        job = make_job(
            job_id=f"job{self._asked}",
            origin=origin,
            request=make_request(num_images=images),
            price_micros=PRICE_MICROS,
        )
        reservations = self._reservations(guild_id=guild_id, user_id=user_id, images=images, day=day)
        steps = self.edition.accept(self.edition, job, reservations, ACTIVE_LIMIT)
        member = (guild_id, user_id)
        foresee = partial(self.model.accept, job.job_id, member, job.cost_micros, reservations, ACTIVE_LIMIT)
        self.wishes.append(Wish(list(steps), foresee))

    def ask_to_move(self, job: ModelJob, target: JobStatus, settlement: Settlement) -> None:
        """Move the job from where it is as this is asked; by the time it is run it may be elsewhere."""
        settles = (job.status, target) in SETTLING
        move = Move(job_id=job.job_id, expected=job.status, target=target, settlement=settlement if settles else None)
        self.wishes.append(Wish(list(self.edition.move(self.edition, move)), partial(self.model.move, move)))

    def ask_to_resolve_again(self, job: ModelJob, *, settle: bool) -> None:
        """Settle or release what is resolved already, as a step run twice would."""
        assert job.posted is not None
        ledger, settlement = self.edition.ledger, Settlement(images=1, micros=PRICE_MICROS)
        again: Operation[None] = (
            (lambda c: ledger.settle(c, job.number, settlement, at_ms=0))
            if settle
            else (lambda c: ledger.release(c, job.number, at_ms=0))
        )
        self.wishes.append(Wish([again], lambda: Answer(refusal=StorageError)))

    def ask_to_grant(self, account: AccountKey, amount: int) -> None:
        """Add to an account's room by an entry, as an administrator's grant would."""

        def operation(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO entries (account_id, kind, pending, posted, granted, at)"
                " SELECT account_id, 'grant', 0, 0, ?, 0 FROM accounts WHERE (scope, unit, period, guild_id, user_id)"
                " = (?, ?, ?, ?, ?)",
                (amount, account.scope, account.unit, account.period, account.guild_id, account.user_id),
            )

        def foresee() -> Answer:
            self.model.grants[account] += amount
            return Answer()

        self.wishes.append(Wish([operation], foresee))

    def run(self, wishes: Sequence[Wish], *, crash_after: int | None = None) -> None:
        """Run the next transaction of each wish as one batch; crash after that many statements, if told."""
        guarded = _Connection(self.connection, crash_after)
        try:
            outcomes = self.edition.database.run_batch(guarded, [wish.steps[0] for wish in wishes])
        except Crash:
            # Nobody was answered. Where the commit had happened the wishes are carried out all the same.
            self.seen["crash behind the commit" if guarded.committed else "crash before the commit"] += 1
            if guarded.committed:
                for wish in wishes:
                    if len(wish.steps) == 1:
                        wish.foresee()
            self.crash()
            return
        for wish, outcome in zip(wishes, outcomes, strict=True):
            wish.begun = True
            wish.steps.pop(0)
            if outcome.error is None and wish.steps:
                continue
            self.wishes.remove(wish)
            self._compare(outcome.error, wish.foresee())
        self.check()

    def crash(self) -> None:
        """The process ends without a word and starts again on the same file."""
        self.connection.close()
        self.wishes.clear()
        self.connection = _connect(self._path)
        self.check()

    def check(self) -> None:
        """Compare what is committed with the model, unless a wish is between two of its transactions."""
        if any(wish.begun for wish in self.wishes):
            return
        self._check_jobs()
        self._check_sums()
        self._check_entries()

    def _reservations(self, *, guild_id: int, user_id: int, images: int, day: str) -> tuple[Reservation, ...]:
        month, micros = day[:7], images * PRICE_MICROS
        image_day = AccountKey(scope=Scope.MEMBER, unit=Unit.IMAGE, period=day, guild_id=guild_id, user_id=user_id)
        accounts = (
            replace(image_day, unit=Unit.MICROS, period=month),
            AccountKey(scope=Scope.GUILD, unit=Unit.MICROS, period=day, guild_id=guild_id),
            AccountKey(scope=Scope.GUILD, unit=Unit.MICROS, period=month, guild_id=guild_id),
            AccountKey(scope=Scope.GLOBAL, unit=Unit.MICROS, period=month),
        )
        money = [make_reservation(each, amount=micros, cap=self.caps[each.scope, each.unit]) for each in accounts]
        return make_reservation(image_day, amount=images, cap=self.caps[Scope.MEMBER, Unit.IMAGE]), *money

    def _compare(self, error: BaseException | None, expected: Answer) -> None:
        if isinstance(error, StorageUnavailable):  # no answer at all: the code under test is broken, not wrong
            raise error
        answered = Answer.of(error)
        self.seen["done" if answered.refusal is None else answered.refusal.__name__] += 1
        if answered.account is not None:
            self.seen[f"no room: {answered.account.scope} {answered.account.unit}"] += 1
        if answered != expected:
            raise Violation("answer", f"{answered} where {expected} is right ({error!r})")

    def _check_jobs(self) -> None:
        rows = self.connection.execute("SELECT job_id, status, settled_micros FROM jobs")
        stored = {row["job_id"]: (row["status"], row["settled_micros"]) for row in rows}
        expected = {job.job_id: (job.status, job.settled_micros) for job in self.model.jobs.values()}
        if stored != expected:
            raise Violation("jobs", f"{stored.items() ^ expected.items()}")

    def _check_sums(self) -> None:
        rows = self.connection.execute(
            "SELECT accounts.*, total(entries.pending) AS held, total(entries.posted) AS spent,"
            "       total(entries.granted) AS given"
            "  FROM accounts LEFT JOIN entries USING (account_id) GROUP BY account_id"
        )
        for row in rows:
            account, balance = _account(row), (row["pending"], row["posted"], row["granted"])
            if balance != (row["held"], row["spent"], row["given"]):
                raise Violation("sums", f"{account} has {balance}, its entries say otherwise")
            expected = (*self.model.balance(account), self.model.grants[account])
            if balance != expected:
                raise Violation("balance", f"{account} has {balance} where {expected} is right")
        known = {account for job in self.model.jobs.values() for account in job.held}
        stored = {_account(row) for row in self.connection.execute("SELECT * FROM accounts")}
        if stored != known:
            raise Violation("accounts", f"{stored ^ known}")

    def _check_entries(self) -> None:
        reserved: dict[str, dict[AccountKey, int]] = defaultdict(dict)
        resolved: dict[str, dict[AccountKey, int]] = defaultdict(dict)
        used: dict[AccountKey, int] = defaultdict(int)
        rows = self.connection.execute(
            "SELECT accounts.*, entries.kind, entries.pending AS held, entries.posted AS spent, jobs.job_id"
            "  FROM entries JOIN accounts USING (account_id) LEFT JOIN jobs USING (job_no) ORDER BY entry_id"
        )
        for row in rows:
            account, job_id = _account(row), row["job_id"]
            used[account] += row["held"] + row["spent"]
            if row["kind"] == "reserve":
                reserved[job_id][account] = row["held"]
                cap = self.model.jobs[job_id].caps.get(account, 0)
                if used[account] > cap:
                    raise Violation("cap", f"{account} was at {used[account]} of {cap} after {job_id}")
            elif row["kind"] in {"settle", "release"}:
                if account in resolved[job_id]:
                    raise Violation("once", f"{job_id} was resolved twice on {account}")
                resolved[job_id][account] = row["spent"]
        if reserved != {job.job_id: job.held for job in self.model.jobs.values()}:
            raise Violation("reservations", f"{reserved}")
        expected = {job.job_id: job.posted for job in self.model.jobs.values() if job.posted is not None}
        if resolved != expected:
            raise Violation("resolutions", f"{dict(resolved)} where {expected} is right")


class _Connection:
    """The connection as the edition sees it, able to end the process after its n-th statement."""

    def __init__(self, connection: sqlite3.Connection, crash_after: int | None) -> None:
        self._connection = connection
        self._left = crash_after
        self.committed = False

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        cursor = self._connection.execute(sql, parameters)
        self.committed = self.committed or sql == "COMMIT"
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise Crash
        return cursor


def _connect(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA synchronous = OFF")  # processes end here, machines do not
    return connection


def _account(row: sqlite3.Row) -> AccountKey:
    return AccountKey(
        scope=Scope(row["scope"]),
        unit=Unit(row["unit"]),
        period=row["period"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
    )

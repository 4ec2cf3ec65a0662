"""Planted ledger bugs. Each is one mistake that someone could make; the simulator has to notice every one.

Where the schema alone would refuse what the bug does, a second mutant takes that defence away as well: then the
comparison with the model has to notice. `noticed_as` are the rules of which one must be the first to be found broken.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from errors import CapReached, TransitionRefused
from models import Job, Reservation
from storage import ledger as released_ledger
from storage.database import Operation
from tests.storage.editions import (
    DATABASE,
    JOBS,
    LEDGER,
    SCHEMA,
    Edit,
    Edition,
    Move,
    accept_at_once,
    edition_with,
    move_at_once,
)
from tests.storage.inline import RELEASING

# What was wrongly taken shows in the answer, or in the job itself where a crash swallowed the answer.
WRONG_ANSWER: Final = ("answer", "jobs")
ANY_DIFFERENCE: Final = ("answer", "jobs", "balance")

ROOM: Final = '"  WHERE pending + posted + amount <= wanted.cap + granted"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The storage code with one bug, and by which rule it is noticed."""

    name: str
    edits: tuple[Edit, ...]
    noticed_as: tuple[str, ...]
    accept: Callable[[Edition, Job, Sequence[Reservation], int], Sequence[Operation[Any]]] = accept_at_once
    move: Callable[[Edition, Move], Sequence[Operation[Any]]] = move_at_once

    def edition(self) -> Edition:
        return edition_with(self.edits, accept=self.accept, move=self.move)


def drop_line(file: str, line: str) -> Edit:
    """Take a line out of a file."""
    return Edit(file, line + "\n", "")


NO_CAP_CHECK: Final = Edit(SCHEMA, ",\n    CHECK (pending + posted <= cap)\n", "\n")
NO_NEGATIVE_CHECK: Final = Edit(SCHEMA, "DEFAULT 0 CHECK (pending >= 0)", "DEFAULT 0")
NO_RESOLVED_ONCE: Final = Edit(
    SCHEMA,
    "(CASE WHEN kind = 'reserve' THEN 0 WHEN kind IN ('settle', 'release') THEN 1 END)",
    "(CASE WHEN kind = 'reserve' THEN 0 END)",
)
NO_SETTLE_CHECK: Final = drop_line(
    SCHEMA,
    "    CHECK (kind <> 'settle'  OR (pending < 0 AND posted BETWEEN 0 AND -pending AND job_no IS NOT NULL)),",
)
NO_RELEASE_CHECK: Final = Edit(
    SCHEMA,
    ",\n    CHECK (kind <> 'release' OR (pending < 0 AND posted = 0 AND job_no IS NOT NULL))\n",
    "\n",
)
NO_APPEND_ONLY: Final = Edit(
    SCHEMA,
    "CREATE TRIGGER entries_are_append_only_delete BEFORE DELETE ON entries BEGIN\n"
    "    SELECT RAISE(ABORT, 'ledger entries are append-only');\n"
    "END;\n",
    "",
)


def accept_after_a_look(
    edition: Edition, job: Job, reservations: Sequence[Reservation], active_limit: int
) -> list[Operation[Any]]:
    """Look for room in one transaction, and hold the reservations in the next without looking again."""

    def look(connection: sqlite3.Connection) -> None:
        rows = connection.execute(*released_ledger.balance_query([held.account for held in reservations])).fetchall()
        for reservation, balance in zip(reservations, released_ledger.balances(rows, reservations), strict=True):
            if balance.left < reservation.amount:
                raise CapReached(
                    reservation.account,
                    cap=balance.cap,
                    left=balance.left,
                    amount=reservation.amount,
                    each=reservation.each,
                    renews_at=reservation.renews_at,
                )

    return [look, *accept_at_once(edition, job, reservations, active_limit)]


def accept_in_two(
    edition: Edition, job: Job, reservations: Sequence[Reservation], active_limit: int
) -> list[Operation[Any]]:
    """Record the job in one transaction and hold its reservations in the next."""

    def hold(connection: sqlite3.Connection) -> None:
        number = connection.execute("SELECT job_no FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone()["job_no"]
        edition.ledger.reserve(connection, number, reservations, at_ms=0)

    return [*accept_at_once(edition, job, reservations, active_limit), hold]


def move_in_two(edition: Edition, move: Move) -> list[Operation[Any]]:
    """Move the job in one transaction and its money in the next."""

    def money(connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT job_no FROM jobs WHERE job_id = ?", (move.job_id,)).fetchone()
        if move.settlement is not None:
            edition.ledger.settle(connection, row["job_no"], move.settlement, at_ms=0)
        elif move.target in RELEASING:
            edition.ledger.release(connection, row["job_no"], at_ms=0)

    return [*move_at_once(edition, move), money]


def move_after_a_look(edition: Edition, move: Move) -> list[Operation[Any]]:
    """Look where the job is in one transaction, and move it in the next whatever it is by then."""

    def look(connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT status FROM jobs WHERE job_id = ?", (move.job_id,)).fetchone()
        if row["status"] != move.expected:
            raise TransitionRefused(move.job_id, expected=move.expected, target=move.target)

    return [look, *move_at_once(edition, move)]


_BLIND_RESERVE: Final = Edit(LEDGER, ROOM, '"  WHERE true"')
_BLIND_MOVE: Final = Edit(
    JOBS, '" WHERE job_id = ? AND status = ? RETURNING *",', "\" WHERE job_id = ? AND ? <> '' RETURNING *\","
)
_IGNORED_PENDING: Final = Edit(LEDGER, ROOM, '"  WHERE posted + amount <= wanted.cap + granted"')
_RELEASE_POSTS: Final = Edit(
    LEDGER, '"release", Settlement(images=0, micros=0)', '"release", Settlement(images=10**9, micros=10**9)'
)
_UNBOUNDED: Final = Edit(
    LEDGER,
    "min(reserved.pending, CASE unit WHEN 'image' THEN ? ELSE ? END)",
    "CASE unit WHEN 'image' THEN ? ELSE ? END",
)
_LATEST_PERIOD: Final = Edit(
    LEDGER,
    '" SELECT account_id, job_no, ?, -reserved.pending,"',
    '" SELECT (SELECT max(other.account_id) FROM accounts AS other"'
    '"          WHERE (other.scope, other.unit, other.guild_id, other.user_id)"'
    '"              = (accounts.scope, accounts.unit, accounts.guild_id, accounts.user_id)),"'
    '"        job_no, ?, -reserved.pending,"',
)

MUTANTS: Final = (
    # The gate.
    Mutant(
        name="the cap ignores what is pending",
        edits=(_IGNORED_PENDING, NO_CAP_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="the cap ignores what is pending, and the schema notices",
        edits=(_IGNORED_PENDING,),
        noticed_as=("answer",),
    ),
    Mutant(
        name="the cap ignores what is posted",
        edits=(Edit(LEDGER, ROOM, '"  WHERE pending + amount <= wanted.cap + granted"'), NO_CAP_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="the cap ignores the amount",
        edits=(Edit(LEDGER, ROOM, '"  WHERE pending + posted < wanted.cap + granted"'), NO_CAP_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="the last unit of a cap can't be used",
        edits=(Edit(LEDGER, ROOM, '"  WHERE pending + posted + amount < wanted.cap + granted"'),),
        noticed_as=("answer",),
    ),
    Mutant(
        name="a grant is ignored",
        edits=(Edit(LEDGER, ROOM, '"  WHERE pending + posted + amount <= wanted.cap"'),),
        noticed_as=("answer",),
    ),
    Mutant(
        name="yesterday's cap holds",
        edits=(Edit(LEDGER, ROOM, '"  WHERE pending + posted + amount <= accounts.cap + granted"'), NO_CAP_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="some of the accounts are enough",
        edits=(Edit(LEDGER, "if cursor.rowcount != len(reservations):", "if cursor.rowcount < 1:"),),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="the cap is checked in one transaction and used in the next",
        edits=(_BLIND_RESERVE, NO_CAP_CHECK),
        accept=accept_after_a_look,
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="the cap is checked in one transaction and used in the next, and the schema notices",
        edits=(_BLIND_RESERVE,),
        accept=accept_after_a_look,
        noticed_as=("answer",),
    ),
    Mutant(
        name="the job is recorded in one transaction and its reservations held in the next",
        edits=(drop_line(JOBS, "    ledger.reserve(connection, job_no, reservations, at_ms=created_ms)"),),
        accept=accept_in_two,
        noticed_as=("jobs",),
    ),
    # The number of jobs at once.
    Mutant(
        name="jobs in doubt count as under way",
        edits=(Edit(JOBS, "for status in UNDER_WAY)", "for status in (*UNDER_WAY, 'in_doubt'))"),),
        noticed_as=("answer",),
    ),
    Mutant(
        name="one job too many at once",
        edits=(Edit(JOBS, "if active >= active_limit:", "if active > active_limit:"),),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="a guild's members share their limit",
        edits=(
            Edit(
                JOBS,
                "SELECT count(*) FROM jobs WHERE guild_id = ? AND user_id = ?",
                "SELECT count(*) FROM jobs WHERE guild_id = ? AND user_id <> -?",
            ),
        ),
        noticed_as=("answer",),
    ),
    # Settling and releasing.
    Mutant(
        name="a reservation is settled twice",
        edits=(NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="a reservation is settled twice, and only a balance below zero is refused",
        edits=(NO_RESOLVED_ONCE,),
        noticed_as=("answer",),
    ),
    Mutant(
        name="a release posts",
        edits=(_RELEASE_POSTS, NO_RELEASE_CHECK),
        noticed_as=("balance",),
    ),
    Mutant(
        name="a release posts, and the schema notices",
        edits=(_RELEASE_POSTS,),
        noticed_as=("answer",),
    ),
    Mutant(
        name="a release goes into the newest period",
        edits=(_LATEST_PERIOD, NO_NEGATIVE_CHECK, NO_RESOLVED_ONCE),
        noticed_as=("balance",),
    ),
    Mutant(
        name="a release goes into the newest period, and the schema notices",
        edits=(_LATEST_PERIOD,),
        noticed_as=("answer",),
    ),
    Mutant(
        name="more is settled than was reserved",
        edits=(_UNBOUNDED, NO_SETTLE_CHECK, NO_CAP_CHECK),
        noticed_as=("balance",),
    ),
    Mutant(
        name="more is settled than was reserved, and the schema notices",
        edits=(_UNBOUNDED,),
        noticed_as=("answer",),
    ),
    Mutant(
        name="images are counted as money",
        edits=(Edit(LEDGER, "CASE unit WHEN 'image' THEN ? ELSE ? END", "CASE unit WHEN 'micros' THEN ? ELSE ? END"),),
        noticed_as=("balance",),
    ),
    Mutant(
        name="what was not used stays held",
        edits=(
            Edit(LEDGER, "job_no, ?, -reserved.pending,", "job_no, ?, -(reserved.pending + 1) / 2,"),
            NO_SETTLE_CHECK,
        ),
        noticed_as=("balance",),
    ),
    Mutant(
        name="only one account is resolved",
        edits=(
            Edit(
                LEDGER,
                "\"  WHERE job_no = ? AND kind = 'reserve'\",",
                "\"  WHERE job_no = ? AND kind = 'reserve' LIMIT 1\",",
            ),
        ),
        noticed_as=("balance",),
    ),
    # The job and its money.
    Mutant(
        name="the job moves in one transaction and its money in the next",
        edits=(
            Edit(JOBS, 'ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))', "pass"),
            Edit(JOBS, 'ledger.release(connection, rows[0]["job_no"], at_ms=to_ms(at))', "pass"),
        ),
        move=move_in_two,
        noticed_as=ANY_DIFFERENCE,
    ),
    Mutant(
        name="where a job is, is checked in one transaction and used in the next",
        edits=(_BLIND_MOVE, NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        move=move_after_a_look,
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="a job moves from wherever it is",
        edits=(_BLIND_MOVE, NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        noticed_as=WRONG_ANSWER,
    ),
    Mutant(
        name="a cancelled job keeps its reservation",
        edits=(Edit(JOBS, "frozenset({JobStatus.CANCELLED, JobStatus.FAILED})", "frozenset({JobStatus.FAILED})"),),
        noticed_as=("balance",),
    ),
    Mutant(
        name="a timeout gives the money back",
        edits=(
            Edit(
                JOBS,
                "frozenset({JobStatus.CANCELLED, JobStatus.FAILED})",
                "frozenset({JobStatus.CANCELLED, JobStatus.FAILED, JobStatus.IN_DOUBT})",
            ),
        ),
        noticed_as=("balance",),
    ),
    Mutant(
        name="what a job settled is not what the ledger posted",
        edits=(
            Edit(
                JOBS,
                'columns["settled_micros"] = settlement.micros',
                'columns["settled_micros"] = settlement.micros // 2',
            ),
        ),
        noticed_as=WRONG_ANSWER,
    ),
    # Entries and balances.
    Mutant(
        name="an entry without its balance",
        edits=(Edit(SCHEMA, "pending + NEW.pending", "pending"),),
        noticed_as=("sums",),
    ),
    Mutant(
        name="a balance without its entry",
        edits=(
            Edit(
                LEDGER,
                "    wanted: list[object] = []\n",
                '    connection.execute("UPDATE accounts SET posted = posted + 1 WHERE pending + posted < cap")\n'
                "    wanted: list[object] = []\n",
            ),
        ),
        noticed_as=("sums",),
    ),
    Mutant(
        name="entries are rewritten",
        edits=(
            NO_APPEND_ONLY,
            Edit(
                LEDGER,
                "    if cursor.rowcount < 1:\n        raise",
                "    connection.execute(\"DELETE FROM entries WHERE job_no = ? AND kind = 'reserve'\", (job_no,))\n"
                "    if cursor.rowcount < 1:\n        raise",
            ),
        ),
        noticed_as=("sums",),
    ),
    # Transactions.
    Mutant(
        name="a refused operation is kept",
        edits=(drop_line(DATABASE, '        connection.execute("ROLLBACK TO operation")'),),
        noticed_as=("jobs",),
    ),
    Mutant(
        name="answers come without a commit",
        edits=(Edit(DATABASE, 'connection.execute("COMMIT")', 'connection.execute("ROLLBACK")'),),
        noticed_as=("jobs",),
    ),
    Mutant(
        name="every operation commits by itself, before the batch is done",
        edits=(
            Edit(DATABASE, 'connection.execute("SAVEPOINT operation")', "pass"),
            Edit(
                DATABASE,
                '    connection.execute("RELEASE operation")\n    return Outcome(value=value)',
                '    connection.execute("COMMIT TRANSACTION")\n'
                '    connection.execute("BEGIN IMMEDIATE")\n    return Outcome(value=value)',
            ),
            Edit(
                DATABASE,
                '        connection.execute("ROLLBACK TO operation")\n'
                '        connection.execute("RELEASE operation")\n',
                '        connection.execute("ROLLBACK")\n        connection.execute("BEGIN IMMEDIATE")\n',
            ),
        ),
        noticed_as=("jobs",),
    ),
)

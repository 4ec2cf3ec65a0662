"""What moderators have to decide: opening a case and deciding it once, and what became of its card.

The functions that take a connection are parts of a transaction. A case is decided by one conditional update, and the
line of the log that says by whom is written with it, so of two who press at once one does it and the other is told.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from errors import AlreadyDecided, CaseGone, JobNotFound, StorageError
from moderation import OUTCOMES, Case, CaseKind, CaseOutcome
from storage import audit
from storage.database import Database

# By whom something is decided that nobody decided: the bot itself.
NOBODY: Final = 0

_COLUMNS: Final = (
    "case_id, cases.guild_id, cases.kind, cases.user_id, jobs.job_id, cases.strike_id, cases.words, cases.opened_at,"
    " cases.expires_at, cases.revision, cases.card_revision, cases.sending_at, cases.channel_id, cases.message_id,"
    " cases.gone_at, cases.outcome, cases.decided_by, cases.decided_at"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM cases LEFT JOIN jobs USING (job_no)"  # noqa: S608 - a constant
# What a card has to be sent for, or edited. A case that ended before its card was sent needs none, and one that waits
# for its guild to have a moderators' channel has nowhere to go.
_TO_SHOW: Final = (
    "cases.card_revision < cases.revision AND cases.gone_at IS NULL"
    " AND (cases.message_id IS NOT NULL OR cases.sending_at IS NOT NULL"
    " OR (cases.outcome IS NULL AND moderators_channel_id IS NOT NULL))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A guild that has cards to be sent or edited, and the moderators' channel that it has now."""

    guild_id: int
    channel_id: int | None


def open_case(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    kind: CaseKind,
    user_id: int,
    at: datetime,
    job_id: str | None = None,
    strike_id: int | None = None,
    words: str = "",
    expires_at: datetime | None = None,
) -> tuple[Case, bool]:
    """Open a case about the member `user_id`, and say that it is new; or, with False, the one that is open already.

    That is one of the same kind about the same thing: the job, else the strike, else the member. Its words stay as
    they were. Raises JobNotFound.
    """
    job_no = None if job_id is None else _job_no(connection, job_id)
    thing, which = next(
        (
            (column, value)
            for column, value in (("job_no", job_no), ("strike_id", strike_id), ("user_id", user_id))
            if value is not None
        )
    )
    about_all = " AND cases.strike_id IS NULL" if thing == "user_id" else ""  # a case about a strike is another one
    there = connection.execute(
        f"{_SELECT} WHERE cases.guild_id = ? AND cases.kind = ? AND cases.{thing} = ? AND outcome IS NULL{about_all}",
        (guild_id, kind, which),
    ).fetchone()
    if there is not None:
        return case_of(there), False
    cursor = connection.execute(
        "INSERT INTO cases (guild_id, kind, user_id, job_no, strike_id, words, opened_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            guild_id,
            kind,
            user_id,
            job_no,
            strike_id,
            words,
            to_ms(at),
            None if expires_at is None else to_ms(expires_at),
        ),
    )
    case_id = cursor.lastrowid
    assert case_id is not None  # an INSERT that raised nothing made a row
    return read(connection, case_id), True


def touch(connection: sqlite3.Connection, case_id: int) -> None:
    """What the card shows has changed: it is edited again. Nothing where there is no such case."""
    connection.execute("UPDATE cases SET revision = revision + 1 WHERE case_id = ?", (case_id,))


def decide(
    connection: sqlite3.Connection,
    case_id: int,
    outcome: CaseOutcome,
    *,
    guild_id: int,
    by_id: int,
    at: datetime,
    reason: str = "",
) -> Case:
    """End the case, write down who did it (`mod.<kind>.<outcome>`), and return it.

    Raises AlreadyDecided where somebody was faster, CaseGone where the guild has no such case.
    """
    case = _of_guild(connection, case_id, guild_id)
    if outcome not in OUTCOMES[case.kind]:
        raise StorageError(f"no {case.kind} ends {outcome}")
    cursor = connection.execute(
        # A case without a card on its way needs none any more.
        "UPDATE cases SET outcome = ?, decided_by = ?, decided_at = ?, revision = revision + 1,"
        " card_revision = iif(sending_at IS NULL AND message_id IS NULL, revision + 1, card_revision)"
        " WHERE case_id = ? AND outcome IS NULL",
        (outcome, by_id, to_ms(at), case_id),
    )
    if cursor.rowcount == 0:
        assert case.outcome is not None  # or the update had found it open
        assert case.decided_at is not None  # the schema sets both or none
        raise AlreadyDecided(case.outcome, by_id=case.decided_by, at=case.decided_at)
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=at,
        what=f"mod.{case.kind}.{outcome}",
        subject_id=case.user_id,
        job_id=case.job_id,
        reason=reason,
    )
    return read(connection, case_id)


def read(connection: sqlite3.Connection, case_id: int) -> Case:
    """The case as a part of a transaction. Raises CaseGone."""
    row = connection.execute(f"{_SELECT} WHERE case_id = ?", (case_id,)).fetchone()
    if row is None:
        raise CaseGone(f"no case {case_id}")
    return case_of(row)


def open_of_job(connection: sqlite3.Connection, job_id: str, kind: CaseKind) -> Case | None:
    """The open case of that kind about the job, as a part of a transaction."""
    row = connection.execute(
        f"{_SELECT} WHERE jobs.job_id = ? AND cases.kind = ? AND outcome IS NULL", (job_id, kind)
    ).fetchone()
    return None if row is None else case_of(row)


def open_about(connection: sqlite3.Connection, *, guild_id: int, user_id: int, kind: CaseKind) -> list[Case]:
    """The member's open cases of that kind in the guild, as a part of a transaction, the oldest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE cases.guild_id = ? AND cases.user_id = ? AND cases.kind = ? AND outcome IS NULL"
        " ORDER BY case_id",
        (guild_id, user_id, kind),
    )
    return [case_of(row) for row in rows]


def opened_since(
    connection: sqlite3.Connection, *, guild_id: int, user_id: int, kind: CaseKind, after: datetime
) -> list[Case]:
    """The member's cases of that kind opened in the guild after then, open or not, the oldest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE cases.guild_id = ? AND cases.user_id = ? AND cases.kind = ? AND cases.opened_at > ?"
        " ORDER BY cases.opened_at, case_id",
        (guild_id, user_id, kind, to_ms(after)),
    )
    return [case_of(row) for row in rows]


def claim(
    connection: sqlite3.Connection, case_id: int, *, at: datetime, channel_id: int, before: datetime | None = None
) -> Case | None:
    """Mark that the card is about to be sent to the channel, and return the case as it is now; None for all but one.

    `before` is the claim of an earlier try that is known not to have got through, which this one takes the place of.
    A case that has ended, or whose card is there, can't be claimed.
    """
    cursor = connection.execute(
        "UPDATE cases SET sending_at = ?, channel_id = ? WHERE case_id = ? AND sending_at IS ?"
        " AND message_id IS NULL AND outcome IS NULL",
        (to_ms(at), channel_id, case_id, None if before is None else to_ms(before)),
    )
    return read(connection, case_id) if cursor.rowcount == 1 else None


def unclaim(connection: sqlite3.Connection, case_id: int) -> None:
    """No card was sent, for certain: whoever comes next may claim it without looking. An ended case needs none."""
    connection.execute(
        "UPDATE cases SET sending_at = NULL, channel_id = NULL,"
        " card_revision = iif(outcome IS NULL, card_revision, revision) WHERE case_id = ? AND message_id IS NULL",
        (case_id,),
    )


def posted(connection: sqlite3.Connection, case_id: int, message_id: int, *, revision: int) -> None:
    """The card is there, and shows that revision; 0 where nobody knows which. The first message stays."""
    connection.execute(
        "UPDATE cases SET message_id = ?, card_revision = max(card_revision, ?)"
        " WHERE case_id = ? AND message_id IS NULL",
        (message_id, revision, case_id),
    )


def shown(connection: sqlite3.Connection, case_id: int, *, revision: int) -> None:
    """The card shows that revision for certain; a newer one stays."""
    connection.execute("UPDATE cases SET card_revision = max(card_revision, ?) WHERE case_id = ?", (revision, case_id))


def gone(connection: sqlite3.Connection, case_id: int, *, at: datetime) -> None:
    """The card was deleted, or can't be reached any more: there is no further one. The case stays as it is."""
    connection.execute("UPDATE cases SET gone_at = ? WHERE case_id = ? AND gone_at IS NULL", (to_ms(at), case_id))


async def find(database: Database, case_id: int) -> Case | None:
    """The case of that id, or None. Raises StorageUnavailable."""
    row = await database.fetch_one(f"{_SELECT} WHERE case_id = ?", (case_id,))
    return None if row is None else case_of(row)


async def latest_of_job(database: Database, job_id: str, kind: CaseKind) -> Case | None:
    """The newest case of that kind about the job, open or not, or None. Raises StorageUnavailable."""
    row = await database.fetch_one(
        f"{_SELECT} WHERE jobs.job_id = ? AND cases.kind = ? ORDER BY case_id DESC LIMIT 1", (job_id, kind)
    )
    return None if row is None else case_of(row)


async def open_of(
    database: Database, guild_id: int, kinds: Iterable[CaseKind] = (), *, offset: int = 0, size: int = 100
) -> list[Case]:
    """A guild's open cases of these kinds, or of all, the oldest first. Raises StorageUnavailable."""
    where, values = _open_where(guild_id, kinds)
    rows = await database.fetch_all(
        f"{_SELECT} WHERE {where} ORDER BY case_id LIMIT ? OFFSET ?", (*values, size, offset)
    )
    return [case_of(row) for row in rows]


async def count_open(database: Database, guild_id: int, kinds: Iterable[CaseKind] = ()) -> int:
    """How many cases of these kinds, or of all, are open in the guild. Raises StorageUnavailable."""
    where, values = _open_where(guild_id, kinds)
    row = await database.fetch_one(f"SELECT count(*) AS cases FROM cases WHERE {where}", values)  # noqa: S608 - question marks and constants only
    assert row is not None  # a count has a row always
    return int(row["cases"])


async def guilds_to_show(database: Database) -> list[Waiting]:
    """The guilds that have cards to be sent or edited. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT DISTINCT cases.guild_id, moderators_channel_id"  # noqa: S608 - constants
        f" FROM cases LEFT JOIN guild_settings USING (guild_id) WHERE {_TO_SHOW}"
    )
    return [Waiting(guild_id=row["guild_id"], channel_id=row["moderators_channel_id"]) for row in rows]


async def to_show(database: Database, guild_id: int, *, after: int = 0, size: int = 20) -> list[Case]:
    """Some of the guild's cases whose cards are to be sent or edited: the oldest after the case of that number.

    Raises StorageUnavailable.
    """
    rows = await database.fetch_all(
        f"{_SELECT} LEFT JOIN guild_settings ON guild_settings.guild_id = cases.guild_id"
        f" WHERE cases.guild_id = ? AND case_id > ? AND {_TO_SHOW} ORDER BY case_id LIMIT ?",
        (guild_id, after, size),
    )
    return [case_of(row) for row in rows]


def case_of(row: sqlite3.Row) -> Case:
    """A row of this module's selection as the domain's value."""
    return Case(
        case_id=row["case_id"],
        guild_id=row["guild_id"],
        kind=CaseKind(row["kind"]),
        user_id=row["user_id"],
        job_id=row["job_id"],
        strike_id=row["strike_id"],
        words=row["words"],
        opened_at=from_ms(row["opened_at"]),
        expires_at=_time(row["expires_at"]),
        revision=row["revision"],
        card_revision=row["card_revision"],
        sending_at=_time(row["sending_at"]),
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        gone_at=_time(row["gone_at"]),
        outcome=None if row["outcome"] is None else CaseOutcome(row["outcome"]),
        decided_by=row["decided_by"],
        decided_at=_time(row["decided_at"]),
    )


def _of_guild(connection: sqlite3.Connection, case_id: int, guild_id: int) -> Case:
    case = read(connection, case_id)
    if case.guild_id != guild_id:  # another guild's is none that anybody here may know of
        raise CaseGone(f"no case {case_id}")
    return case


def _open_where(guild_id: int, kinds: Iterable[CaseKind]) -> tuple[str, tuple[int | str, ...]]:
    wanted = tuple(kinds)
    of_kinds = f" AND cases.kind IN ({', '.join('?' for _ in wanted)})" if wanted else ""
    return f"cases.guild_id = ? AND cases.outcome IS NULL{of_kinds}", (guild_id, *wanted)


def _job_no(connection: sqlite3.Connection, job_id: str) -> int:
    row = connection.execute("SELECT job_no FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFound(job_id)
    return int(row["job_no"])


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)

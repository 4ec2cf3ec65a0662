"""Who may not start jobs in a guild for now. A suspension that has run out is none.

A member has two of them at most: one that a moderator decided on, and one that strikes have led to. The longer one
holds, so neither shortens the other. The functions that take a connection are parts of a transaction.
"""

import sqlite3
from datetime import datetime
from enum import StrEnum
from typing import Final

from clock import from_ms, to_ms
from models import FailureReason, JobStatus
from moderation import Suspension
from storage import audit, jobs
from storage.database import Database

# Whoever strikes suspend is suspended by the bot itself.
BY_STRIKES: Final = 0
SUSPENDED: Final = "mod.suspend"
UNSUSPENDED: Final = "mod.unsuspend"
# How the log says that there is no end, or that there was no suspension: else it has a moment as ISO 8601.
UNTIL_LIFTED: Final = "until lifted"

_READ: Final = (
    "SELECT until, reason, by_id, at FROM suspensions"
    " WHERE guild_id = ? AND user_id = ? AND (until IS NULL OR until > ?) AND cause = coalesce(?, cause)"
    " ORDER BY until IS NULL DESC, until DESC LIMIT 1"
)


class Cause(StrEnum):
    """Whose word a suspension is."""

    MODERATOR = "moderator"
    STRIKES = "strikes"

    @classmethod
    def of(cls, by_id: int) -> "Cause":
        """The cause of what somebody does; 0 is the bot, and it acts on strikes only."""
        return cls.STRIKES if by_id == BY_STRIKES else cls.MODERATOR


def read(
    connection: sqlite3.Connection, *, guild_id: int, user_id: int, now: datetime, cause: Cause | None = None
) -> Suspension | None:
    """The member's suspension, or that of one cause; None where there is none that still lasts."""
    row = connection.execute(_READ, (guild_id, user_id, to_ms(now), cause)).fetchone()
    return None if row is None else _suspension_of(row)


async def current(database: Database, *, guild_id: int, user_id: int, now: datetime) -> Suspension | None:
    """The member's suspension, as of the latest commit. Raises StorageUnavailable."""
    row = await database.fetch_one(_READ, (guild_id, user_id, to_ms(now), None))
    return None if row is None else _suspension_of(row)


def suspend(
    connection: sqlite3.Connection, suspension: Suspension, *, guild_id: int, user_id: int, by_id: int, at: datetime
) -> tuple[str, ...]:
    """Suspend the member, and end those of their jobs that wait: the ids of these.

    A moderator's word takes the place of what moderators said before; what strikes lead to (`by_id` is BY_STRIKES)
    only makes longer what they led to before. Whoever calls tells the runner of the jobs, once this is on disk.
    """
    cause = Cause.of(by_id)
    before = read(connection, guild_id=guild_id, user_id=user_id, now=at, cause=cause)
    if cause is Cause.STRIKES and before is not None and longer(before, suspension) is before:
        return _cancel_queued(connection, guild_id=guild_id, user_id=user_id, at=at)
    _put(connection, suspension, guild_id=guild_id, user_id=user_id, by_id=by_id, at=at)
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=at,
        what=SUSPENDED,
        subject_id=user_id,
        before=_ending(before),
        after=_ending(suspension),
        reason=suspension.reason,
    )
    return _cancel_queued(connection, guild_id=guild_id, user_id=user_id, at=at)


def lift(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    user_id: int,
    by_id: int,
    now: datetime,
    made_by: datetime | None = None,
    cause: Cause | None = None,
    reason: str = "",
) -> Suspension | None:
    """End the member's suspensions, or only that of one cause, or those made by that moment.

    Returns the longest that lasted, or None. The strikes behind them go on counting, and suspend nobody any more.
    """
    as_of = to_ms(now if made_by is None else made_by)
    rows = connection.execute(
        "DELETE FROM suspensions WHERE guild_id = ? AND user_id = ? AND at <= ? AND cause = coalesce(?, cause)"
        " RETURNING until, reason, by_id, at",
        (guild_id, user_id, as_of, cause),
    ).fetchall()
    lifted: Suspension | None = None
    for row in rows:
        if row["until"] is None or row["until"] > to_ms(now):
            lifted = longer(_suspension_of(row), lifted)
    if lifted is None:
        return None
    connection.execute(
        "UPDATE strikes SET excused = 1 WHERE guild_id = ? AND user_id = ? AND at <= ? AND excused = 0",
        (guild_id, user_id, as_of),
    )
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=now,
        what=UNSUSPENDED,
        subject_id=user_id,
        before=_ending(lifted),
        reason=reason,
    )
    return lifted


def shorten(
    connection: sqlite3.Connection,
    justified: Suspension | None,
    *,
    guild_id: int,
    user_id: int,
    by_id: int,
    now: datetime,
) -> Suspension | None:
    """Let what strikes have led to be no longer than what is still `justified`; the one that it was before.

    None where nothing was changed: it is never made longer, and none comes about here.
    """
    before = read(connection, guild_id=guild_id, user_id=user_id, now=now, cause=Cause.STRIKES)
    if before is None or (justified is not None and longer(justified, before) is justified):
        return None
    connection.execute(
        "DELETE FROM suspensions WHERE guild_id = ? AND user_id = ? AND cause = ?", (guild_id, user_id, Cause.STRIKES)
    )
    after = justified if justified is not None and (justified.until is None or justified.until > now) else None
    if after is not None:
        _put(connection, after, guild_id=guild_id, user_id=user_id, by_id=BY_STRIKES, at=before.at or now)
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=now,
        what=UNSUSPENDED,
        subject_id=user_id,
        before=_ending(before),
        after=_ending(after),
    )
    return before


def forget_over(connection: sqlite3.Connection, *, now: datetime) -> int:
    """Forget suspensions that have run out, and return how many."""
    return connection.execute("DELETE FROM suspensions WHERE until <= ?", (to_ms(now),)).rowcount


def of_guild(connection: sqlite3.Connection, guild_id: int, *, now: datetime) -> dict[int, Suspension]:
    """Every member who is suspended in the guild, with the suspension that holds."""
    rows = connection.execute(
        "SELECT user_id, until, reason, by_id, at FROM suspensions"
        " WHERE guild_id = ? AND (until IS NULL OR until > ?) ORDER BY user_id",
        (guild_id, to_ms(now)),
    )
    found: dict[int, Suspension] = {}
    for row in rows:
        found[row["user_id"]] = longer(_suspension_of(row), found.get(row["user_id"]))
    return found


def longer(one: Suspension, other: Suspension | None) -> Suspension:
    """Whichever of the two ends later; the first where they end together."""
    if other is None or one.until is None:
        return one
    return other if other.until is None or other.until > one.until else one


def _put(
    connection: sqlite3.Connection, suspension: Suspension, *, guild_id: int, user_id: int, by_id: int, at: datetime
) -> None:
    until = None if suspension.until is None else to_ms(suspension.until)
    connection.execute(
        "INSERT INTO suspensions (guild_id, user_id, cause, until, reason, by_id, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET until = excluded.until, reason = excluded.reason, by_id = excluded.by_id,"
        " at = excluded.at",
        (guild_id, user_id, Cause.of(by_id), until, suspension.reason, by_id, to_ms(at)),
    )


def _cancel_queued(connection: sqlite3.Connection, *, guild_id: int, user_id: int, at: datetime) -> tuple[str, ...]:
    """End the member's jobs that wait, which releases their money; what the provider has goes on."""
    rows = connection.execute(
        "SELECT job_id FROM jobs WHERE guild_id = ? AND user_id = ? AND status = 'queued' ORDER BY job_no",
        (guild_id, user_id),
    ).fetchall()
    for row in rows:
        jobs.move(
            connection, row["job_id"], JobStatus.QUEUED, JobStatus.CANCELLED, at=at, reason=FailureReason.SUSPENDED
        )
    return tuple(row["job_id"] for row in rows)


def _suspension_of(row: sqlite3.Row) -> Suspension:
    return Suspension(
        until=None if row["until"] is None else from_ms(row["until"]),
        reason=row["reason"],
        by_id=row["by_id"],
        at=from_ms(row["at"]),
    )


def _ending(suspension: Suspension | None) -> str | None:
    if suspension is None:
        return None
    return UNTIL_LIFTED if suspension.until is None else suspension.until.isoformat()

"""Marks that budgets reach: written with the entry that reaches them, and what became of telling them.

A mark is of one account, and so of one period, and is made once: what is spent and what is held both count, and a
mark that was reached by holding stays, also where the job gives its money back. A settlement posts at most what was
held and a release gives it back, so only a reservation reaches a mark, and a cap that is lowered.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from models import Alert, Balance, Reservation, Scope
from storage import ledger
from storage.database import Database

_OPEN: Final = "told_at IS NULL AND lapsed_at IS NULL"
_USED: Final = "pending + posted"
_CAP: Final = "wanted.cap + granted"
# The last mark is not a share: a budget of which not one more image can be paid is used up, whatever is left.
_USED_UP: Final = f"{_USED} + each > {_CAP}"
_REACHED: Final = f"CASE percent WHEN 100 THEN {_USED_UP} ELSE ({_USED}) * 100 >= percent * ({_CAP}) END"


def note_crossings(connection: sqlite3.Connection, reservations: Sequence[Reservation], *, at_ms: int) -> int:
    """Write down the marks that these budgets have reached and that were not noted before; returns how many.

    Part of the transaction that reserves, after `ledger.reserve`, or of the one that lowers a cap, with the
    reservations of one image under the new caps. Members' accounts are nobody's budget, and one of 0 has no marks.
    """
    budgets = [reservation for reservation in reservations if reservation.account.scope is not Scope.MEMBER]
    if not budgets:
        return 0
    cursor = connection.execute(  # INSERT before WITH, or sqlite3 does not count the rows
        "INSERT INTO alerts (account_id, percent, pending, posted, cap, made_at, renews_at)"  # noqa: S608 - question marks and constants only
        " WITH wanted (guild_id, period, cap, each, renews_at)"
        f" AS (VALUES {', '.join(['(?, ?, ?, ?, ?)'] * len(budgets))})"
        f" SELECT account_id, percent, pending, posted, {_CAP}, ?, renews_at"
        "   FROM wanted CROSS JOIN accounts USING (guild_id, period)"
        "   CROSS JOIN (SELECT 50 AS percent UNION ALL SELECT 80 UNION ALL SELECT 100)"
        # Most reservations reach nothing: the marks are not even looked at then.
        " WHERE scope = iif(guild_id = 0, 'global', 'guild') AND user_id = 0 AND unit = 'micros'"
        f"  AND {_CAP} > 0 AND (({_USED}) * 2 >= {_CAP} OR {_USED_UP}) AND {_REACHED}"
        " ON CONFLICT DO NOTHING",
        [
            value
            for budget in budgets
            for value in (
                budget.account.guild_id,
                budget.account.period,
                budget.cap,
                budget.each,
                to_ms(budget.renews_at),
            )
        ]
        + [at_ms],
    )
    return cursor.rowcount


async def pending(database: Database) -> list[Alert]:
    """What is to be told and has somewhere to go, oldest first: a guild without a moderators' channel has not.

    Raises StorageUnavailable.
    """
    rows = await database.fetch_all(
        "SELECT alerts.*, scope, guild_id, user_id, unit, period"  # noqa: S608 - a constant
        "  FROM alerts JOIN accounts USING (account_id) LEFT JOIN guild_settings USING (guild_id)"
        f" WHERE {_OPEN} AND (scope = 'global' OR moderators_channel_id IS NOT NULL)"
        " ORDER BY alert_id"
    )
    return [_alert_of(row) for row in rows]


async def any_over(database: Database, *, at: datetime) -> bool:
    """Whether there is anything for `lapse` to end. Raises StorageUnavailable."""
    row = await database.fetch_one(
        f"SELECT 1 FROM alerts WHERE {_OPEN} AND renews_at <= ? LIMIT 1",  # noqa: S608 - a constant
        (to_ms(at),),
    )
    return row is not None


def lapse(connection: sqlite3.Connection, *, at: datetime) -> int:
    """End what was not told before its period was over, and return how many that were."""
    cursor = connection.execute(
        f"UPDATE alerts SET lapsed_at = ? WHERE {_OPEN} AND renews_at <= ?",  # noqa: S608 - a constant
        (to_ms(at), to_ms(at)),
    )
    return cursor.rowcount


def claim(
    connection: sqlite3.Connection,
    alert_id: int,
    *,
    at: datetime,
    channel_id: int | None = None,
    before: datetime | None = None,
) -> bool:
    """Mark that it is about to be sent, and to which channel; True for the first caller only.

    `before` is the claim of an earlier try that is known not to have got through, which this one takes the place of.
    """
    cursor = connection.execute(
        "UPDATE alerts SET sending_at = ?, channel_id = ?"  # noqa: S608 - a constant
        f" WHERE alert_id = ? AND sending_at IS ? AND {_OPEN}",
        (to_ms(at), channel_id, alert_id, None if before is None else to_ms(before)),
    )
    return cursor.rowcount == 1


def unclaim(connection: sqlite3.Connection, alert_id: int) -> None:
    """Nothing of it was sent, for certain: whoever comes next may claim it without looking."""
    connection.execute(
        f"UPDATE alerts SET sending_at = NULL, channel_id = NULL WHERE alert_id = ? AND {_OPEN}",  # noqa: S608 - a constant
        (alert_id,),
    )


def told(connection: sqlite3.Connection, alert_id: int, *, at: datetime) -> None:
    """It is there for certain; the first time stays."""
    connection.execute(
        f"UPDATE alerts SET told_at = ? WHERE alert_id = ? AND {_OPEN}",  # noqa: S608 - a constant
        (to_ms(at), alert_id),
    )


def _alert_of(row: sqlite3.Row) -> Alert:
    return Alert(
        alert_id=row["alert_id"],
        balance=Balance(account=ledger.key_of(row), pending=row["pending"], posted=row["posted"], cap=row["cap"]),
        percent=row["percent"],
        made_at=from_ms(row["made_at"]),
        renews_at=from_ms(row["renews_at"]),
        sending_at=None if row["sending_at"] is None else from_ms(row["sending_at"]),
        channel_id=row["channel_id"],
    )

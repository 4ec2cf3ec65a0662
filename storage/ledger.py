"""The ledger: accounts with caps, and append-only entries that alone move their balances.

Every function is one part of a transaction: it takes the writer's connection and never commits. Reserving is
the only gate: an account takes an amount only where `pending + posted + amount <= cap`, for every account of the
job or for none. A reservation is resolved once, by a settlement or a release, always on the accounts, and so
in the periods, on which it was made.
"""

import functools
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from errors import CapReached, StorageError
from models import AccountKey, AuditFinding, Balance, Reservation, Scope, Settlement, Unit

_TEXTS: Final[dict[str, str]] = {member: member.value for kind in (Scope, Unit) for member in kind}
_KEY_COLUMNS: Final = "scope, guild_id, user_id, unit, period"


def reserve(connection: sqlite3.Connection, job_no: int, reservations: Sequence[Reservation], *, at_ms: int) -> None:
    """Hold every reservation for the job.

    Raises CapReached for the account that binds, which is, of those without room, the one with room for the fewest
    images, and of several such the one that renews last. The caller's transaction part must then be undone, since
    the other accounts may have been moved.
    """
    ensure, hold = _statements(len(reservations))
    keys = [(*_key(reservation.account), reservation.cap) for reservation in reservations]
    connection.execute(ensure, [value for key in keys for value in key])
    wanted: list[object] = []
    for key, reservation in zip(keys, reservations, strict=True):
        wanted += key
        wanted.append(reservation.amount)
    cursor = connection.execute(hold, (*wanted, job_no, at_ms))
    if cursor.rowcount != len(reservations):
        raise _refusal(connection, job_no, reservations)


def _refusal(connection: sqlite3.Connection, job_no: int, reservations: Sequence[Reservation]) -> CapReached:
    took = {
        key_of(row)
        for row in connection.execute(
            f"SELECT {_KEY_COLUMNS} FROM entries JOIN accounts USING (account_id) WHERE job_no = ?",  # noqa: S608 - a constant
            (job_no,),
        )
    }
    refused = [reservation for reservation in reservations if reservation.account not in took]
    rows = connection.execute(*balance_query([reservation.account for reservation in refused]))
    standing = zip(refused, balances(rows, refused), strict=True)
    held, balance = min(standing, key=lambda one: (one[1].left // one[0].each, -one[0].renews_at.timestamp()))
    return CapReached(
        held.account,
        cap=balance.cap,
        left=balance.left,
        amount=held.amount,
        each=held.each,
        renews_at=held.renews_at,
        holding=held.holding,
    )


def settle(connection: sqlite3.Connection, job_no: int, settlement: Settlement, *, at_ms: int) -> None:
    """Post what the job cost and let the rest of its reservation go, in one entry an account.

    Never posts more than was reserved. Raises StorageError where the job has no open reservation.
    """
    _resolve(connection, job_no, "settle", settlement, at_ms)


def release(connection: sqlite3.Connection, job_no: int, *, at_ms: int) -> None:
    """Let the whole reservation go. Raises StorageError where the job has no open reservation."""
    _resolve(connection, job_no, "release", Settlement(images=0, micros=0), at_ms)


def _resolve(connection: sqlite3.Connection, job_no: int, kind: str, settlement: Settlement, at_ms: int) -> None:
    try:
        cursor = connection.execute(
            "INSERT INTO entries (account_id, job_no, kind, pending, posted, at)"
            " SELECT account_id, job_no, ?, -reserved.pending,"
            "        min(reserved.pending, CASE unit WHEN 'image' THEN ? ELSE ? END), ?"
            "   FROM entries AS reserved JOIN accounts USING (account_id)"
            "  WHERE job_no = ? AND kind = 'reserve'",
            (kind, settlement.images, settlement.micros, at_ms, job_no),
        )
    except sqlite3.IntegrityError as error:
        raise StorageError(f"the reservation of job number {job_no} was resolved before") from error
    if cursor.rowcount < 1:
        raise StorageError(f"job number {job_no} has no reservation")


def grant(connection: sqlite3.Connection, account: AccountKey, amount: int, *, cap: int, at_ms: int) -> Balance:
    """Let the account's period have `amount` more than `cap`, or less where it is negative, and return its balance.

    A grant can be taken back: what is held and spent by then stays, and the next reservation is refused. Raises
    StorageError where more would be taken back than was granted.
    """
    connection.execute(
        f"INSERT INTO accounts ({_KEY_COLUMNS}, cap) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 - a constant
        (*_key(account), cap),
    )
    cursor = connection.execute(
        "INSERT INTO entries (account_id, kind, pending, posted, granted, cap, at)"
        " SELECT account_id, 'grant', 0, 0, ?, max(? + granted + ?, pending + posted), ? FROM accounts"
        "  WHERE scope = ? AND guild_id = ? AND user_id = ? AND unit = ? AND period = ? AND granted + ? >= 0",
        (amount, cap, amount, at_ms, *_key(account), amount),
    )
    if cursor.rowcount != 1:
        raise StorageError("more would be taken back than was granted")
    row = connection.execute(
        "SELECT pending, posted, granted FROM accounts"
        " WHERE scope = ? AND guild_id = ? AND user_id = ? AND unit = ? AND period = ?",
        _key(account),
    ).fetchone()
    return Balance(account=account, pending=row["pending"], posted=row["posted"], cap=cap + row["granted"])


def audit(connection: sqlite3.Connection) -> tuple[AuditFinding, ...]:
    """The accounts whose balance is not the sum of their entries: empty when all is well. Reads every entry."""
    rows = connection.execute(
        "SELECT accounts.*, coalesce(sum(entries.pending), 0) AS entries_pending,"
        "       coalesce(sum(entries.posted), 0) AS entries_posted"
        "  FROM accounts LEFT JOIN entries USING (account_id)"
        " GROUP BY account_id"
        " HAVING accounts.pending <> entries_pending OR accounts.posted <> entries_posted"
        "     OR accounts.granted <> coalesce(sum(entries.granted), 0)"
    )
    return tuple(
        AuditFinding(
            account=key_of(row),
            pending=row["pending"],
            posted=row["posted"],
            entries_pending=row["entries_pending"],
            entries_posted=row["entries_posted"],
        )
        for row in rows
    )


def balance_query(keys: Sequence[AccountKey]) -> tuple[str, list[object]]:
    """The statement that reads these accounts, and its parameters; accounts never used have no row."""
    wanted = ", ".join("(?, ?, ?, ?, ?)" for _ in keys)
    sql = (
        f"WITH wanted ({_KEY_COLUMNS}) AS (VALUES {wanted})"  # noqa: S608 - question marks only
        f" SELECT accounts.* FROM wanted JOIN accounts USING ({_KEY_COLUMNS})"
    )
    return sql, [value for key in keys for value in _key(key)]


def balances(rows: Iterable[sqlite3.Row], reservations: Sequence[Reservation]) -> tuple[Balance, ...]:
    """The balance of each reservation's account under today's cap, zero where the account was never used."""
    found = {key_of(row): row for row in rows}
    result = []
    for reservation in reservations:
        row = found.get(reservation.account)
        result.append(
            Balance(
                account=reservation.account,
                pending=row["pending"] if row else 0,
                posted=row["posted"] if row else 0,
                cap=reservation.cap + (row["granted"] if row else 0),
            )
        )
    return tuple(result)


def key_of(row: sqlite3.Row) -> AccountKey:
    """The account that a row with the key's columns names."""
    return AccountKey(
        scope=Scope(row["scope"]),
        unit=Unit(row["unit"]),
        period=row["period"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
    )


@functools.cache
def _statements(accounts: int) -> tuple[str, str]:
    """What makes sure that so many accounts are there, and what holds an amount of each that has room for it."""
    values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * accounts)
    wanted = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * accounts)
    ensure = f"INSERT INTO accounts ({_KEY_COLUMNS}, cap) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608 - question marks only
    hold = (  # INSERT before WITH, or sqlite3 does not count the rows
        "INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)"  # noqa: S608 - question marks only
        f" WITH wanted ({_KEY_COLUMNS}, cap, amount) AS (VALUES {wanted})"
        " SELECT account_id, ?, 'reserve', amount, 0, wanted.cap + granted, ?"
        f"   FROM wanted JOIN accounts USING ({_KEY_COLUMNS})"
        "  WHERE pending + posted + amount <= wanted.cap + granted"
    )
    return ensure, hold


def _key(account: AccountKey) -> tuple[str, int, int, str, str]:
    # Plain texts from a table: an enum's own `value` is slow, and sqlite3 looks twice at what is no plain text.
    return _TEXTS[account.scope], account.guild_id, account.user_id, _TEXTS[account.unit], account.period

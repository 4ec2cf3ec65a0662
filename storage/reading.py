"""Read-only views over a whole database, for the report: they work beside a running bot."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from clock import from_ms
from errors import StorageUnavailable
from models import AuditFinding, Balance, Entry, Job
from storage import audit_chain, ledger
from storage.audit import Head
from storage.audit_chain import AuditTrail
from storage.database import BUSY_TIMEOUT_SECONDS
from storage.jobs import job_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a report shows, as of one moment."""

    balances: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    jobs: tuple[Job, ...]
    findings: tuple[AuditFinding, ...]
    trail: AuditTrail


def snapshot(path: Path, *, noted: Head | None = None) -> Snapshot:
    """Read accounts, entries and jobs, audit the books and verify the log, in one transaction.

    `noted` is a head of the log that was printed before, and must still be in it. Raises StorageUnavailable.
    """
    if not path.is_file():
        raise StorageUnavailable(f"there is no database at {path}: start the bot once, or set DATABASE_URL")
    try:
        with closing(
            sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
            )
        ) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            return Snapshot(
                balances=tuple(
                    _balance(row) for row in connection.execute("SELECT * FROM accounts ORDER BY account_id")
                ),
                entries=tuple(
                    _entry(row)
                    for row in connection.execute(
                        "SELECT entries.*, job_id, scope, unit, period, accounts.guild_id, accounts.user_id"
                        "  FROM entries JOIN accounts USING (account_id) LEFT JOIN jobs USING (job_no)"
                        " ORDER BY entry_id"
                    )
                ),
                jobs=tuple(job_of(row) for row in connection.execute("SELECT * FROM jobs ORDER BY job_no")),
                findings=ledger.audit(connection),
                trail=audit_chain.verify(connection, noted=noted),
            )
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path} could not be read: {error}") from error


def _balance(row: sqlite3.Row) -> Balance:
    return Balance(account=ledger.key_of(row), pending=row["pending"], posted=row["posted"], cap=row["cap"])


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        entry_id=row["entry_id"],
        account=ledger.key_of(row),
        kind=row["kind"],
        pending=row["pending"],
        posted=row["posted"],
        granted=row["granted"],
        cap=row["cap"],
        job_id=row["job_id"],
        at=from_ms(row["at"]),
    )

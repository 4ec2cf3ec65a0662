"""The log of who did what as tests make it, verify it and tamper with it."""

import sqlite3
from datetime import datetime, timedelta
from typing import Any, Final

from storage import audit, audit_chain
from storage.audit import Head
from storage.audit_chain import AuditTrail, Problem
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.storage.inline import do

MIA: Final = USER_ID + 1
ADA: Final = USER_ID + 2
BOB: Final = USER_ID + 3
LINES: Final = 6


def note(connection: sqlite3.Connection, **changes: Any) -> int:
    """Mia suspends Ada, or what is said instead; the number of the line."""
    given: dict[str, Any] = {
        "guild_id": GUILD_ID,
        "by_id": MIA,
        "at": NOW,
        "what": "mod.suspend",
        "subject_id": ADA,
        "after": "until lifted",
        "reason": "spam",
    }
    return do(connection, lambda writer: audit.note(writer, **(given | changes)))


def verified(connection: sqlite3.Connection, noted: Head | None = None) -> AuditTrail:
    """What verifying finds."""
    return audit_chain.verify(connection, noted=noted)


def problems(connection: sqlite3.Connection, noted: Head | None = None) -> list[tuple[int, Problem]]:
    """The same as lines and what is wrong with them."""
    return [(flaw.seq, flaw.problem) for flaw in verified(connection, noted).findings]


def written_in_the_file(connection: sqlite3.Connection, *statements: str) -> None:
    """What somebody does who opens the file with a shell of their own: no trigger holds them."""
    for name in ("audit_is_append_only", "audit_is_cut_at_checkpoints"):
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    connection.execute("BEGIN")
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")


def swap(one: int, other: int) -> tuple[str, str, str]:
    """Two lines in each other's place."""
    return (
        f"UPDATE audit SET seq = -1 WHERE seq = {one}",
        f"UPDATE audit SET seq = {one} WHERE seq = {other}",
        f"UPDATE audit SET seq = {other} WHERE seq = -1",
    )


def copied(seq: int, of: int) -> str:
    """A line once more, under another number."""
    columns = (
        "guild_id, at, what, job_id, by_id, subject_id, before, after, reason, salt, by_mark, subject_mark,"
        " words_mark, digest"
    )
    return f"INSERT INTO audit (seq, {columns}) SELECT {seq}, {columns} FROM audit WHERE seq = {of}"


def cut(connection: sqlite3.Connection, before: datetime, **how: Any) -> audit_chain.Cut:
    """One step of cutting what is older, a year and more after the lines were written."""
    return do(connection, lambda writer: audit_chain.cut(writer, before=before, at=NOW + timedelta(days=400), **how))


def fill(connection: sqlite3.Connection) -> None:
    """Six lines by Mia, a minute apart, about Ada and Bob in turn."""
    for number in range(LINES):
        note(
            connection, subject_id=BOB if number % 2 else ADA, at=NOW + timedelta(minutes=number), job_id=f"job{number}"
        )

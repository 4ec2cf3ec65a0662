"""Who did what, when and why: append-only lines, chained, that the action itself is written with.

Each line's digest is of the digest before it and of the line. People's ids and all words are covered by marks: digests
with a salt, one a person and one a line. So a changed, removed or reordered line shows, and a person can be forgotten
all the same: without the salt a mark is noise. The head is kept in `meta` as well, so that a missing tail shows.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from storage.database import Database

HEAD_KEY: Final = "audit_head"
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One action. `what` is a dotted name such as `limit.guild.guild_daily_micros` or `mod.suspend`.

    `before` and `after` are None for a default. `by_id` 0 is the bot itself; a person who was erased is None.
    """

    seq: int
    guild_id: int
    by_id: int | None
    at: datetime
    what: str
    subject_id: int | None
    job_id: str | None
    before: str | None
    after: str | None
    reason: str


def note(
    connection: sqlite3.Connection,
    *,
    guild_id: int,
    by_id: int,
    at: datetime,
    what: str,
    subject_id: int = 0,
    job_id: str | None = None,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> int:
    """Write an action down, in the transaction that does it, and return the line's number."""
    seq, previous = _head(connection)
    seq += 1
    texts = (_text(before), _text(after), reason)
    salt = os.urandom(_SALT_BYTES)
    marks = (
        _mark(_salt_of(connection, by_id), by_id),
        _mark(_salt_of(connection, subject_id), subject_id),
        _mark(salt, texts),
    )
    digest = chained(previous, seq=seq, guild_id=guild_id, at_ms=to_ms(at), what=what, job_id=job_id, marks=marks)
    connection.execute(
        "INSERT INTO audit (seq, guild_id, at, what, job_id, by_id, subject_id, before, after, reason, salt,"
        " by_mark, subject_mark, words_mark, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, guild_id, to_ms(at), what, job_id, by_id, subject_id, *texts, salt, *marks, digest),
    )
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (HEAD_KEY, f"{seq}:{digest.hex()}"),
    )
    return seq


def chained(
    previous: bytes,
    *,
    seq: int,
    guild_id: int,
    at_ms: int,
    what: str,
    job_id: str | None,
    marks: Sequence[bytes],
) -> bytes:
    """The digest of a line: SHA-256 over the digest before it and everything in it that is never erased."""
    line = json.dumps([seq, guild_id, at_ms, what, job_id, [mark.hex() for mark in marks]], separators=(",", ":"))
    return hashlib.sha256(previous + line.encode("utf-8")).digest()


async def latest(database: Database, guild_id: int, *, limit: int, what: str | tuple[str, ...] = "") -> list[Line]:
    """The guild's latest lines, newest first; `what` is the beginning of their names, or several such.

    Raises StorageUnavailable.
    """
    beginnings = (what,) if isinstance(what, str) else what
    wanted = " OR ".join("substr(what, 1, length(?)) = ?" for _ in beginnings)
    rows = await database.fetch_all(
        f"SELECT * FROM audit WHERE guild_id = ? AND ({wanted}) ORDER BY seq DESC LIMIT ?",  # noqa: S608 - question marks only
        (guild_id, *(beginning for beginning in beginnings for _ in range(2)), limit),
    )
    return [line_of(row) for row in rows]


async def last_of_each(database: Database, guild_id: int, things: Sequence[tuple[str, int]]) -> list[Line]:
    """The latest line of each of these, by name and subject; those never changed have none.

    Raises StorageUnavailable.
    """
    wanted = ", ".join("(?, ?)" for _ in things)
    rows = await database.fetch_all(
        f"WITH wanted (what, subject_id) AS (VALUES {wanted})"  # noqa: S608 - question marks only
        " SELECT * FROM audit WHERE seq IN ("
        "  SELECT (SELECT max(seq) FROM audit"
        "           WHERE guild_id = ? AND what = wanted.what AND subject_id = wanted.subject_id) FROM wanted)",
        (*(value for thing in things for value in thing), guild_id),
    )
    return [line_of(row) for row in rows]


def last_of(connection: sqlite3.Connection, guild_id: int, *, what: str, subject_id: int) -> Line | None:
    """The latest line of exactly that, as a part of a transaction."""
    row = connection.execute(
        "SELECT * FROM audit WHERE guild_id = ? AND what = ? AND subject_id = ? ORDER BY seq DESC LIMIT 1",
        (guild_id, what, subject_id),
    ).fetchone()
    return None if row is None else line_of(row)


def line_of(row: sqlite3.Row) -> Line:
    """A row of the table as a line."""
    return Line(
        seq=row["seq"],
        guild_id=row["guild_id"],
        by_id=row["by_id"],
        at=from_ms(row["at"]),
        what=row["what"],
        subject_id=row["subject_id"],
        job_id=row["job_id"],
        before=row["before"],
        after=row["after"],
        reason=row["reason"] or "",
    )


def _head(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """The number and the digest of the newest line, or of the checkpoint where there is none after it."""
    row = connection.execute("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None or row["digest"] is None:
        row = connection.execute("SELECT seq, digest FROM audit_checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    return int(row["seq"]), bytes(row["digest"])


def _salt_of(connection: sqlite3.Connection, user_id: int) -> bytes:
    row = connection.execute("SELECT salt FROM audit_salts WHERE user_id = ?", (user_id,)).fetchone()
    if row is not None:
        return bytes(row["salt"])
    salt = os.urandom(_SALT_BYTES)
    connection.execute("INSERT INTO audit_salts (user_id, salt) VALUES (?, ?)", (user_id, salt))
    return salt


def _mark(salt: bytes, value: object) -> bytes:
    return hashlib.sha256(salt + json.dumps(value, separators=(",", ":")).encode("utf-8")).digest()


def _text(value: object) -> str | None:
    return None if value is None else str(value)

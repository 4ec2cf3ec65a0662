"""Who did what, when and why: append-only lines, chained, that the action itself is written with.

Each line's digest is of the digest before it and of the line. People's ids and all words are covered by marks: digests
with a salt, one a person and one a line. So a changed, removed or reordered line shows, and a person can be forgotten
all the same: without the salt a mark is noise. The head is kept in `meta` as well, so that a missing tail shows.
`storage/audit_chain.py` verifies and cuts the chain.
"""

import hashlib
import itertools
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from clock import from_ms, to_ms
from storage.database import Database

HEAD_KEY: Final = "audit_head"
_SALT_BYTES: Final = 16
# What a line follows where the head was lost: no line has such a digest.
_LOST: Final = b"lost"
# An export reads so many at once; a number of a line is never higher than the second.
_LINES_AT_ONCE: Final = 1000
_HIGHEST: Final = 2**63 - 1
_EARLIEST: Final = "SELECT seq FROM audit WHERE at >= ? ORDER BY at, seq LIMIT 1"
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class Kind(StrEnum):
    """The first word of a line's name: what the log can be asked for."""

    MOD = "mod"
    FILTER = "filter"
    SETTING = "setting"
    LIMIT = "limit"
    GRANT = "grant"
    ALLOWED = "allowed"
    JOB = "job"
    PRESET = "preset"
    LORA = "lora"
    PRIVACY = "privacy"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One action. `what` is a dotted name such as `limit.guild.guild_daily_micros` or `mod.suspend`.

    `before` and `after` are None for a default. `by_id` 0 is the bot itself. Where somebody was erased, their id is
    None, and so are the line's words.
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

    @property
    def erased(self) -> bool:
        """Whether its words were erased with somebody: `before` and `after` say nothing then."""
        return self.by_id is None or self.subject_id is None


@dataclass(frozen=True, slots=True)
class Head:
    """The number and the digest of a line, which stand for it and for every line before it."""

    seq: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head | None":
        """What `str` gave; None for anything else."""
        number, colon, digest = text.partition(":")
        if not colon or not (number.isascii() and number.isdigit()):
            return None
        try:
            return cls(int(number), bytes.fromhex(digest))
        except ValueError:
            return None


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
    """Write an action down, in the transaction that does it, and return the line's number.

    Raises ValueError for a name that begins with none of `Kind`.
    """
    Kind(what.partition(".")[0])
    seq, previous = _next(connection)
    texts = (_text(before), _text(after), reason)
    salt = os.urandom(_SALT_BYTES)
    marks = (
        mark(_salt_of(connection, by_id), by_id),
        mark(_salt_of(connection, subject_id), subject_id),
        mark(salt, texts),
    )
    digest = chained(previous, seq=seq, guild_id=guild_id, at_ms=to_ms(at), what=what, job_id=job_id, marks=marks)
    connection.execute(
        "INSERT INTO audit (seq, guild_id, at, what, job_id, by_id, subject_id, before, after, reason, salt,"
        " by_mark, subject_mark, words_mark, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, guild_id, to_ms(at), what, job_id, by_id, subject_id, *texts, salt, *marks, digest),
    )
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (HEAD_KEY, str(Head(seq, digest))),
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
    line = _encode([seq, guild_id, at_ms, what, job_id, *(one.hex() for one in marks)])
    return hashlib.sha256(previous + line.encode("ascii")).digest()


def mark(salt: bytes, value: object) -> bytes:
    """What stands in the chain for something that may be erased: a digest that says nothing without the salt."""
    return hashlib.sha256(salt + _encode(value).encode("ascii")).digest()


def kept_head(connection: sqlite3.Connection) -> Head | None:
    """The head as it is kept beside the table; None where it is gone or unreadable."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (HEAD_KEY,)).fetchone()
    return None if row is None else Head.parse(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a guild's lines is asked for: by or about a member, of some kinds (none: of any), since a time."""

    guild_id: int
    member_id: int | None = None
    kinds: tuple[Kind, ...] = ()
    since: datetime | None = None


async def page(
    database: Database, wanted: Wanted, *, size: int, before: int | None = None, after: int | None = None
) -> list[Line]:
    """The newest `size` lines, or those next below the number `before`; always the newest first.

    With `after` those next above that number. Takes some milliseconds for any number of lines: each kind and part
    is a look into an index. Raises StorageUnavailable.
    """
    earliest: int | None = 0
    if wanted.since is not None:
        row = await database.fetch_one(_EARLIEST, (to_ms(wanted.since),))
        earliest = None if row is None else int(row["seq"])
    if earliest is None:
        return []
    rows = await database.fetch_all(*_page_query(wanted, earliest, size=size, before=before, after=after))
    return [line_of(row) for row in rows]


def lines(connection: sqlite3.Connection, wanted: Wanted, *, at_most: int) -> Iterator[Line]:
    """The newest lines, `at_most` of them, read little by little, the newest first."""
    earliest = 0
    if wanted.since is not None:
        row = connection.execute(_EARLIEST, (to_ms(wanted.since),)).fetchone()
        if row is None:
            return
        earliest = row["seq"]
    before, left = None, at_most
    while left > 0:
        query = _page_query(wanted, earliest, size=min(left, _LINES_AT_ONCE), before=before, after=None)
        found = [line_of(row) for row in connection.execute(*query)]
        if not found:
            return
        yield from found
        before, left = found[-1].seq, left - len(found)


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


def _page_query(
    wanted: Wanted, earliest: int, *, size: int, before: int | None, after: int | None
) -> tuple[str, tuple[object, ...]]:
    """One look into an index for each kind, by and about the member, and the newest of what they find."""
    low = max(earliest, 0 if after is None else after + 1)
    high = _HIGHEST if before is None else before - 1
    columns = ("by_id", "subject_id") if wanted.member_id is not None else ()
    # The indexes of people have the kind before the number, so without a wish for any all kinds are looked at.
    kinds: Sequence[Kind | None] = wanted.kinds or (tuple(Kind) if columns else (None,))
    order = "ASC" if before is None and after is not None else "DESC"
    looks: list[str] = []
    parameters: list[object] = []
    for column, kind in itertools.product(columns or (None,), kinds):
        conditions = ["guild_id = ?"]
        parameters.append(wanted.guild_id)
        if column is not None:
            conditions.append(f"{column} = ?")
            parameters.append(wanted.member_id)
        if kind is not None:
            conditions.append("kind = ?")
            parameters.append(kind)
        looks.append(
            f"SELECT seq FROM (SELECT seq FROM audit WHERE {' AND '.join(conditions)} AND seq BETWEEN ? AND ?"  # noqa: S608 - constants
            f" ORDER BY seq {order} LIMIT ?)"
        )
        parameters += [low, high, size]
    found = f"SELECT seq FROM ({' UNION '.join(looks)}) ORDER BY seq {order} LIMIT ?"  # noqa: S608 - as above
    return f"SELECT * FROM audit WHERE seq IN ({found}) ORDER BY seq DESC", (*parameters, size)  # noqa: S608 - as above


def _next(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """The number of the next line, and the digest that it follows.

    That is the head kept in `meta`, not what the table ends with: a tail that somebody has removed, or a line that
    they have put behind the head, must not become a part of the chain. Where the head was lost the next
    line follows nothing, which shows for as long as it is there.
    """
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(seq) FROM audit), 0), coalesce((SELECT max(seq) FROM audit_checkpoints), 0))"
    ).fetchone()
    head = kept_head(connection) or Head(0, _LOST)
    return max(head.seq, last) + 1, head.digest


def _salt_of(connection: sqlite3.Connection, user_id: int) -> bytes:
    row = connection.execute("SELECT salt FROM audit_salts WHERE user_id = ?", (user_id,)).fetchone()
    if row is not None:
        return bytes(row["salt"])
    salt = os.urandom(_SALT_BYTES)
    connection.execute("INSERT INTO audit_salts (user_id, salt) VALUES (?, ?)", (user_id, salt))
    return salt


def _text(value: object) -> str | None:
    return None if value is None else str(value)

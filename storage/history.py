"""Members' histories: pages of past jobs, and the search for what was typed.

The schema keeps them: a job enters `history` and `job_texts` when it ends, and leaves them when its card is removed;
its words leave `job_texts` when they are forgotten. Nothing here writes either table, except to purge what has left.
"""

import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clock import to_ms
from errors import JobNotFound
from models import Job
from recipes import folded
from storage import audit
from storage.database import Database
from storage.jobs import job_of

# A search is a few words. Words past these say nothing more, and each one costs a look into the index.
SEARCH_MAX_WORDS: Final = 12
_WORD_MAX_CHARACTERS: Final = 64
# So many pages of the index are rewritten in one transaction; others wait for a few milliseconds at most.
_PURGE_PAGES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a member's past is asked for: by words in the prompt, by preset, only their favourites.

    Favourites may be anyone's jobs in the guild, all others are the member's own. `search` without a single word in
    it finds nothing.
    """

    guild_id: int
    user_id: int
    search: str | None = None
    preset: str | None = None
    favourites: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """A reading statement that gives numbers of jobs, with its parameters."""

    sql: str
    parameters: tuple[object, ...]


async def count(database: Database, wanted: Wanted) -> int:
    """How many jobs there are. Raises StorageUnavailable."""
    query = await _query(database, wanted)
    if query is None:
        return 0
    row = await database.fetch_one(f"SELECT count(*) AS jobs FROM ({query.sql})", query.parameters)  # noqa: S608 - ours
    assert row is not None  # a count is one row
    return int(row["jobs"])


async def page(database: Database, wanted: Wanted, *, offset: int, size: int) -> list[Job]:
    """`size` of the jobs from `offset` on, the newest first. Raises StorageUnavailable."""
    query = await _query(database, wanted)
    if query is None:
        return []
    rows = await database.fetch_all(
        f"SELECT * FROM jobs WHERE job_no IN ({query.sql} ORDER BY job_no DESC LIMIT ? OFFSET ?)"  # noqa: S608 - ours
        " ORDER BY job_no DESC",
        (*query.parameters, size, offset),
    )
    return [job_of(row) for row in rows]


async def preset_names(database: Database, *, guild_id: int, user_id: int) -> list[str]:
    """The names of the presets in the member's history, as they were at that time. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT DISTINCT preset FROM history INDEXED BY history_by_preset"
        " WHERE user_id = ? AND guild_id = ? AND preset IS NOT NULL ORDER BY preset",
        (user_id, guild_id),
    )
    return [row["preset"] for row in rows]


async def latest_delivered(database: Database, *, guild_id: int, user_id: int) -> Job | None:
    """The member's newest job here that was delivered and is still shown, or None. Raises StorageUnavailable."""
    row = await database.fetch_one(
        "SELECT jobs.* FROM history CROSS JOIN jobs USING (job_no)"
        " WHERE history.user_id = ? AND history.guild_id = ? AND status = 'delivered'"
        " ORDER BY history.job_no DESC LIMIT 1",
        (user_id, guild_id),
    )
    return None if row is None else job_of(row)


def mark_removed(connection: sqlite3.Connection, job_id: str, *, by_id: int, at: datetime, reason: str = "") -> bool:
    """The job's card is being taken off Discord; True for the first caller only. Raises JobNotFound.

    It leaves its author's history, and everybody's favourites, at once. Anybody's doing but the author's is written
    down.
    """
    rows = connection.execute(
        "UPDATE jobs SET removed_at = ? WHERE job_id = ? AND removed_at IS NULL RETURNING guild_id, user_id",
        (to_ms(at), job_id),
    ).fetchall()
    if rows:
        [job] = rows
        if job["user_id"] != by_id:
            audit.note(
                connection,
                guild_id=job["guild_id"],
                by_id=by_id,
                at=at,
                what="mod.remove",
                subject_id=job["user_id"],
                job_id=job_id,
                reason=reason,
            )
        return True
    if connection.execute("SELECT 1 FROM jobs WHERE job_id = ?", (job_id,)).fetchone() is None:
        raise JobNotFound(job_id)
    return False


def purge_texts(connection: sqlite3.Connection, *, first: bool) -> bool:
    """Rewrite a part of the search index without the words that left it; True where more is left to do.

    FTS5 only marks what is deleted, and drops it when it merges. The first call begins a merge of everything, every
    further one goes on with it.
    """
    before = connection.total_changes
    connection.execute(
        "INSERT INTO job_texts (job_texts, rank) VALUES ('merge', ?)", (-_PURGE_PAGES if first else _PURGE_PAGES,)
    )
    return connection.total_changes - before >= 2  # FTS5's own sign of a merge that did something


def match_of(text: str) -> str | None:
    """What a member typed as an FTS5 expression on the prompt, each word as the beginning of one; None without words.

    Every word is a quoted string, so nothing in it is syntax.
    """
    # A zero byte would end the expression, and a lone surrogate is no text to SQLite.
    tidy = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    # A string without a letter or digit has no word in it for FTS5, and would make the whole search find nothing.
    words = [word for word in tidy.split() if any(c.isalnum() for c in word)][:SEARCH_MAX_WORDS]
    quoted = [f'"{word[:_WORD_MAX_CHARACTERS].replace(chr(34), chr(34) * 2)}"*' for word in words]
    return f"prompt : ({' AND '.join(quoted)})" if quoted else None


async def _query(database: Database, wanted: Wanted) -> _Query | None:
    """The numbers of the jobs wanted, in no order yet; None where there can't be any."""
    names: Sequence[str] | None = None
    if wanted.preset is not None:
        names = await _spellings(database, wanted)
        if not names:
            return None
    shelf = _of_shelf(wanted, names)
    if wanted.search is None:
        return shelf
    match = match_of(wanted.search)
    if match is None:
        return None
    owner = f"g{wanted.guild_id}" if wanted.favourites else f"m{wanted.guild_id}x{wanted.user_id}"
    found = "SELECT rowid AS job_no FROM job_texts WHERE job_texts MATCH ?"
    expression = f"owner : {owner} AND {match}"
    if not wanted.favourites and names is None:  # the index holds nothing but the history
        return _Query(sql=found, parameters=(expression,))
    # The plus sign keeps SQLite from asking the index anew for every number on the shelf.
    return _Query(sql=f"{found} AND +rowid IN ({shelf.sql})", parameters=(expression, *shelf.parameters))


def _of_shelf(wanted: Wanted, names: Sequence[str] | None) -> _Query:
    member = (wanted.user_id, wanted.guild_id)
    marks = ", ".join("?" for _ in names or ())
    if not wanted.favourites:
        if names is None:
            return _Query(sql="SELECT job_no FROM history WHERE user_id = ? AND guild_id = ?", parameters=member)
        return _Query(
            sql="SELECT job_no FROM history INDEXED BY history_by_preset"  # noqa: S608 - question marks only
            f" WHERE user_id = ? AND guild_id = ? AND preset IN ({marks})",
            parameters=(*member, *names),
        )
    if names is None:
        return _Query(sql="SELECT job_no FROM favourites WHERE user_id = ? AND guild_id = ?", parameters=member)
    return _Query(
        sql="SELECT job_no FROM favourites JOIN jobs USING (job_no)"  # noqa: S608 - question marks only
        f" WHERE favourites.user_id = ? AND favourites.guild_id = ? AND recipe ->> '$.preset' IN ({marks})",
        parameters=(*member, *names),
    )


async def _spellings(database: Database, wanted: Wanted) -> list[str]:
    """The preset's name in every spelling that the jobs have: names are the same whatever their case."""
    if not wanted.favourites:
        names = await preset_names(database, guild_id=wanted.guild_id, user_id=wanted.user_id)
    else:
        rows = await database.fetch_all(
            "SELECT DISTINCT recipe ->> '$.preset' AS preset FROM favourites JOIN jobs USING (job_no)"
            " WHERE favourites.user_id = ? AND favourites.guild_id = ? AND preset IS NOT NULL",
            (wanted.user_id, wanted.guild_id),
        )
        names = [row["preset"] for row in rows]
    wanted_name = folded(wanted.preset or "")
    return [name for name in names if folded(name) == wanted_name]

"""The prompt filters: what each guild's list holds, and the operator's, which lies beneath all of them (guild 0).

Every change bumps `guild_settings.filter_version` in its own transaction, so whoever judged by an older list can tell.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from clock import from_ms, to_ms
from errors import StorageError, TermRefused
from storage import audit
from storage.database import Database
from storage.guilds import EVERYWHERE

# What one list may hold: blocked and allowed words and phrases together, and patterns, each of which costs more.
TERMS_MAX: Final = 1000
PATTERNS_MAX: Final = 50
# The audit line of an import names so much of what came; the rest is in the list itself, with who added it and when.
_IMPORT_CHARACTERS: Final = 1000
_STARTER_KEY: Final = "filter_starter_list"
_BUMP: Final = (
    "INSERT INTO guild_settings (guild_id, filter_version) VALUES (?, 1)"
    " ON CONFLICT (guild_id) DO UPDATE SET filter_version = filter_version + 1"
)


class TermKind(StrEnum):
    """What an entry is: words that are blocked or marked, words that excuse themselves, or a pattern."""

    BLOCK = "block"
    ALLOW = "allow"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterTerm:
    """One entry of a list. Entries of the same kind and `folded` form are the same entry.

    `action` is `block` or `review` and, like `category`, says nothing for an allowed phrase. It is kept as it was
    stored: whoever makes a policy of it refuses what it can't read.
    """

    kind: TermKind
    folded: str
    text: str
    category: str = ""
    action: str = "block"
    added_by: int = 0
    added_at: datetime | None = None

    @property
    def shown(self) -> str:
        """The entry as moderators write it: a pattern between slashes."""
        return f"/{self.text}/" if self.kind is TermKind.PATTERN else self.text

    def says_the_same(self, other: "FilterTerm | None") -> bool:
        """Whether another entry has the same effect, whoever added it."""
        return other is not None and replace(other, added_by=self.added_by, added_at=self.added_at) == self


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterList:
    """A whole list as of one moment, with its version then."""

    version: int
    terms: tuple[FilterTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    added: int = 0
    changed: int = 0
    same: int = 0


def put(connection: sqlite3.Connection, guild_id: int, term: FilterTerm) -> FilterTerm | None:
    """Store the entry in place of the one like it, if there is one, and return that.

    Nothing changes where it says the same. Raises TermRefused where one more doesn't fit.
    """
    before = _find(connection, guild_id, term)
    if not term.says_the_same(before):
        _store(connection, guild_id, [term])
        _check_room(connection, guild_id)
        _changed(connection, guild_id, "filter.add", before=before, after=term, by_id=term.added_by, at=_when(term))
    return before


def put_all(
    connection: sqlite3.Connection, guild_id: int, terms: Sequence[FilterTerm], *, by_id: int, at: datetime
) -> Imported:
    """Store all of them, as `put` does, with one line in the audit. Raises TermRefused, with none of them stored."""
    known = {(term.kind, term.folded): term for term in _of(connection, guild_id)}
    wanted = {(term.kind, term.folded): replace(term, added_by=by_id, added_at=at) for term in terms}
    new = [term for key, term in wanted.items() if key not in known]
    changed = [term for key, term in wanted.items() if key in known and not term.says_the_same(known[key])]
    done = Imported(added=len(new), changed=len(changed), same=len(wanted) - len(new) - len(changed))
    if not new and not changed:
        return done
    _store(connection, guild_id, [*new, *changed])
    _check_room(connection, guild_id)
    named = ", ".join(_in_words(term) for term in (*new, *changed))
    words = f"{done.added} added, {done.changed} changed: {named}"
    connection.execute(_BUMP, (guild_id,))
    audit.note(
        connection, guild_id=guild_id, by_id=by_id, at=at, what="filter.import", after=words[:_IMPORT_CHARACTERS]
    )
    return done


def drop(
    connection: sqlite3.Connection, guild_id: int, kind: TermKind, folded: str, *, by_id: int, at: datetime
) -> FilterTerm | None:
    """Take the entry off the list and return it, or None where there is none like that."""
    rows = connection.execute(
        "DELETE FROM filter_terms WHERE guild_id = ? AND kind = ? AND folded = ? RETURNING *", (guild_id, kind, folded)
    ).fetchall()
    if not rows:
        return None
    dropped = _term(rows[0])
    _changed(connection, guild_id, "filter.remove", before=dropped, after=None, by_id=by_id, at=at)
    return dropped


def install(connection: sqlite3.Connection, terms: Sequence[FilterTerm], *, at: datetime) -> int:
    """Put the starter list on the operator's, unless that was done before; how many entries came of it."""
    done = connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (_STARTER_KEY, str(to_ms(at)))
    )
    if done.rowcount == 0:
        return 0
    return put_all(connection, EVERYWHERE, terms, by_id=0, at=at).added


async def of_guild(database: Database, guild_id: int) -> FilterList:
    """The guild's own list with its version, read as of one moment.

    Raises StorageUnavailable, and StorageError for an entry of a kind that there isn't.
    """
    rows = await database.fetch_all(
        "SELECT coalesce(filter_version, 0) AS version, filter_terms.*"
        "  FROM (SELECT ? AS wanted)"
        "  LEFT JOIN guild_settings ON guild_settings.guild_id = wanted"
        "  LEFT JOIN filter_terms ON filter_terms.guild_id = wanted"
        " ORDER BY kind, folded",
        (guild_id,),
    )
    return FilterList(version=rows[0]["version"], terms=tuple(_term(row) for row in rows if row["kind"] is not None))


def _find(connection: sqlite3.Connection, guild_id: int, term: FilterTerm) -> FilterTerm | None:
    row = connection.execute(
        "SELECT * FROM filter_terms WHERE guild_id = ? AND kind = ? AND folded = ?", (guild_id, term.kind, term.folded)
    ).fetchone()
    return None if row is None else _term(row)


def _of(connection: sqlite3.Connection, guild_id: int) -> Iterable[FilterTerm]:
    return map(_term, connection.execute("SELECT * FROM filter_terms WHERE guild_id = ?", (guild_id,)).fetchall())


def _store(connection: sqlite3.Connection, guild_id: int, terms: Iterable[FilterTerm]) -> None:
    connection.executemany(
        "INSERT INTO filter_terms (guild_id, kind, folded, text, category, action, added_by, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (guild_id, kind, folded) DO UPDATE SET text = excluded.text, category = excluded.category,"
        " action = excluded.action, added_by = excluded.added_by, added_at = excluded.added_at",
        [
            (
                guild_id,
                term.kind,
                term.folded,
                term.text,
                term.category,
                term.action,
                term.added_by,
                to_ms(_when(term)),
            )
            for term in terms
        ],
    )


def _check_room(connection: sqlite3.Connection, guild_id: int) -> None:
    """Raise TermRefused, which undoes what was stored, where a list has grown beyond what it may hold."""
    patterns, all_of_them = connection.execute(
        "SELECT count(*) FILTER (WHERE kind = 'pattern'), count(*) FROM filter_terms WHERE guild_id = ?", (guild_id,)
    ).fetchone()
    if patterns > PATTERNS_MAX:
        raise TermRefused("too_many_patterns", limit=PATTERNS_MAX)
    if all_of_them - patterns > TERMS_MAX:
        raise TermRefused("too_many_terms", limit=TERMS_MAX)


def _changed(
    connection: sqlite3.Connection,
    guild_id: int,
    what: str,
    *,
    before: FilterTerm | None,
    after: FilterTerm | None,
    by_id: int,
    at: datetime,
) -> None:
    connection.execute(_BUMP, (guild_id,))
    audit.note(
        connection,
        guild_id=guild_id,
        by_id=by_id,
        at=at,
        what=what,
        before=None if before is None else _in_words(before),
        after=None if after is None else _in_words(after),
    )


def _in_words(term: FilterTerm) -> str:
    if term.kind is TermKind.ALLOW:
        return f"{term.text} (allow)"
    return f"{term.shown} ({term.action}, {term.category})"


def _when(term: FilterTerm) -> datetime:
    assert term.added_at is not None  # whoever adds one says when
    return term.added_at


def _term(row: sqlite3.Row) -> FilterTerm:
    try:
        kind = TermKind(row["kind"])
    except ValueError as error:
        raise StorageError(f"the filter has an entry of no known kind: {row['kind']!r}") from error
    return FilterTerm(
        kind=kind,
        folded=row["folded"],
        text=row["text"],
        category=row["category"],
        action=row["action"],
        added_by=row["added_by"],
        added_at=from_ms(row["added_at"]),
    )

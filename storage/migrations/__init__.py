"""Numbered, forward-only schema changes: each runs in one transaction with the row that records it."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clock import to_ms
from errors import StorageError

_FOLDER: Final = Path(__file__).parent
_NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of this folder."""

    number: int
    name: str
    sql: str


def available() -> tuple[Migration, ...]:
    """The migrations that this release ships, in order. Raises StorageError where numbers repeat or skip."""
    found = []
    for path in sorted(_FOLDER.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise StorageError(f"{path.name} is not named like 0001_what_it_does.sql")
        number = int(match["number"])
        found.append(Migration(number=number, name=match["name"], sql=path.read_text("utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise StorageError("the migrations are not numbered 1, 2, 3 …")
    return tuple(found)


def applied(connection: sqlite3.Connection) -> int:
    """The number of the newest migration that the database has; 0 for an empty file."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").fetchone()
    if known is None:
        return 0
    (newest,) = connection.execute("SELECT coalesce(max(number), 0) FROM schema_migrations").fetchone()
    return int(newest)


def migrate(connection: sqlite3.Connection, *, now: datetime) -> int:
    """Bring the database to this release's schema and return how many migrations that took.

    The connection is in autocommit mode. Raises StorageError for a database of a newer release, which this
    one must not touch. A process killed in between leaves whole migrations only.
    """
    migrations = available()
    newest = applied(connection)
    if newest > len(migrations):
        raise StorageError(
            f"the database has schema {newest}, this release knows {len(migrations)}: start the newer release"
        )
    for migration in migrations[newest:]:
        _apply(connection, migration, now)
    return len(migrations) - newest


def _apply(connection: sqlite3.Connection, migration: Migration, now: datetime) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        )
        for statement in _statements(migration.sql):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)",
            (migration.number, migration.name, to_ms(now)),
        )
    except BaseException:  # raised again below: a cancellation must clean up as well
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """Split a script where SQLite says a statement is complete: `executescript` would commit half-way."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in current.splitlines()):
        raise StorageError("a migration ends inside a statement")
    return statements

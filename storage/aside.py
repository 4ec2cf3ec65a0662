"""Long reads: on a connection and a thread of their own, so that nothing else that is read waits for them."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Final, TypeVar

from errors import StorageUnavailable
from storage.database import BUSY_TIMEOUT_SECONDS, Database, Operation

T = TypeVar("T")

# Of SQLite's virtual machine, between two looks at whether anybody still waits for the answer: a millisecond or less.
_STEPS_BETWEEN_LOOKS: Final = 10_000


async def read(database: Database, operation: Operation[T]) -> T:
    """Run a reading `operation` as one transaction, as of the latest commit, and return its value.

    It may make temporary tables, which are its own. A caller who is cancelled interrupts it, and goes on only once it
    has ended: files that it writes are nobody's else until then. Raises whatever it raised, or StorageUnavailable.
    """
    path = await path_of(database)
    nobody_waits = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(_run, path, operation, nobody_waits))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        nobody_waits.set()
        await asyncio.gather(work, return_exceptions=True)
        raise


async def path_of(database: Database) -> Path:
    """Where the database's file lies. Raises StorageUnavailable."""
    row = await database.fetch_one("SELECT file FROM pragma_database_list WHERE name = 'main'")
    assert row is not None  # every connection has its main database
    return Path(row["file"])


def _run(path: Path, operation: Operation[T], nobody_waits: threading.Event) -> T:
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        ) as connection:
            connection.row_factory = sqlite3.Row
            connection.set_progress_handler(nobody_waits.is_set, _STEPS_BETWEEN_LOOKS)
            connection.execute("BEGIN")
            return operation(connection)
    except sqlite3.Error as error:
        raise StorageUnavailable(f"the database could not be read: {error}") from error

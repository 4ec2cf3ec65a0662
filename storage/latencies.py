"""What was learnt of how long submissions take, one row for each kind of job."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clock import to_ms
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLatencies:
    """A histogram as it is kept: each time in seconds with the weight of the jobs that took about so long.

    `jobs` is how many there were in all. Nothing here is checked when it is read: whoever uses it does that.
    """

    kind: str
    jobs: int
    weights: tuple[tuple[float, float], ...]


def store(connection: sqlite3.Connection, rows: Sequence[StoredLatencies], *, at: datetime, most: int) -> None:
    """Keep these rows in place of what was known of their kinds; of all kinds only the `most` latest stay."""
    connection.executemany(
        "INSERT INTO latencies (kind, jobs, weights, changed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET jobs = excluded.jobs, weights = excluded.weights, changed_at = excluded.changed_at",
        [(row.kind, row.jobs, json.dumps(row.weights, separators=(",", ":")), to_ms(at)) for row in rows],
    )
    connection.execute(
        "DELETE FROM latencies WHERE kind NOT IN (SELECT kind FROM latencies ORDER BY changed_at DESC, kind LIMIT ?)",
        (most,),
    )


async def load(database: Database, *, limit: int) -> list[StoredLatencies]:
    """The latest kinds, the one that changed longest ago first; a row that can't be read has no weights.

    Raises StorageUnavailable.
    """
    rows = await database.fetch_all(
        "SELECT kind, jobs, weights FROM latencies ORDER BY changed_at DESC, kind LIMIT ?", (limit,)
    )
    return [
        StoredLatencies(kind=row["kind"], jobs=row["jobs"], weights=_weights(row["weights"])) for row in reversed(rows)
    ]


def _weights(text: str) -> tuple[tuple[float, float], ...]:
    try:
        return tuple((float(seconds), float(weight)) for seconds, weight in json.loads(text))
    except (TypeError, ValueError, OverflowError):
        return ()

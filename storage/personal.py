"""What is kept about one member, counted and read: long reads, so they belong on a connection of their own."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from storage.jobs import FORGOTTEN

# What is never part of an export: secrets, and what a member is not told (the term that a prompt was refused for).
_TABLES: Final[dict[str, str]] = {
    "preferences": "SELECT notify FROM members WHERE user_id = ?",
    "presets": "SELECT name, content, changed_at FROM presets WHERE owner_id = ? ORDER BY preset_id",
    "favourites": (
        "SELECT favourites.guild_id, job_id, at FROM favourites JOIN jobs USING (job_no)"
        " WHERE favourites.user_id = ? ORDER BY at"
    ),
    "accounts": (
        "SELECT guild_id, unit, period, cap, granted, pending, posted FROM accounts"
        " WHERE scope = 'member' AND user_id = ? ORDER BY guild_id, unit, period"
    ),
    "own_caps": "SELECT guild_id, name, value FROM limits WHERE kind = 'member' AND subject_id = ? ORDER BY guild_id",
    "reports": (
        "SELECT job_id, reports.reason, at FROM reports JOIN jobs USING (job_no) WHERE reporter_id = ? ORDER BY at"
    ),
    "strikes": (
        "SELECT strikes.guild_id, job_id, at, cause, weight, category, strikes.prompt, lifted_at"
        " FROM strikes LEFT JOIN jobs USING (job_no) WHERE strikes.user_id = ? ORDER BY at"
    ),
    "suspensions": "SELECT guild_id, cause, until, reason, at FROM suspensions WHERE user_id = ? ORDER BY at",
    "appeals": (
        "SELECT guild_id, words, opened_at, outcome, decided_at FROM cases"
        " WHERE kind = 'appeal' AND user_id = ? ORDER BY opened_at"
    ),
}
_JOBS: Final = (
    "SELECT job_no, job_id, guild_id, channel_id, message_id, created_at, finished_at, status, reason, prompt,"
    " iif(recipe ->> '$.negative_borrowed', '', negative_prompt) AS negative_prompt, parameters, recipe, price_micros,"
    " images_requested, images_produced, images_released, settled_micros, result_seed, removed_at, hidden_at"
    " FROM jobs WHERE user_id = ? ORDER BY job_no"
)
_IMAGES: Final = (
    "SELECT position, reason, raw_flag, sha256, size_bytes, width_px, height_px, media_type FROM images"
    " WHERE job_no = ? ORDER BY position"
)
_JSON: Final = frozenset({"content", "parameters", "recipe"})
_IDS: Final = frozenset({"guild_id", "channel_id", "message_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How much is kept about a member, in every guild together."""

    jobs: int
    jobs_with_words: int
    presets: int
    favourites: int
    reports: int
    strikes: int
    suspensions: int
    appeals: int
    accounts: int


def holdings(connection: sqlite3.Connection, user_id: int) -> Holdings:
    """Count what is kept about the member."""

    def count(sql: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM ({sql})", (user_id,)).fetchone()[0])  # noqa: S608 - ours

    jobs, with_words = connection.execute(
        "SELECT count(*), coalesce(sum(prompt <> ?), 0) FROM jobs WHERE user_id = ?", (FORGOTTEN, user_id)
    ).fetchone()
    kept = {name: count(_TABLES[name]) for name in Holdings.__dataclass_fields__ if name in _TABLES}
    return Holdings(jobs=jobs, jobs_with_words=with_words, **kept)


def as_json(connection: sqlite3.Connection, user_id: int) -> Iterator[str]:
    """Everything that is kept about the member as one JSON object, in pieces. Times are milliseconds since 1970."""
    yield f'{{\n"user_id": "{user_id}"'
    for name, sql in _TABLES.items():
        rows = [_plain(row) for row in connection.execute(sql, (user_id,))]
        yield f',\n"{name}": {json.dumps(rows, ensure_ascii=False)}'
    yield ',\n"jobs": ['
    for number, row in enumerate(connection.execute(_JOBS, (user_id,))):
        job = _plain(row)
        images = connection.execute(_IMAGES, (job.pop("job_no"),))
        job["images"] = [_plain(image) for image in images]
        yield f"{',' if number else ''}\n{json.dumps(job, ensure_ascii=False)}"
    yield "\n]}\n"


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name in row.keys():  # noqa: SIM118 - a row is no mapping: iterating over it gives values
        value = row[name]
        if name in _JSON and value is not None:
            value = json.loads(value)
        elif name in _IDS and value is not None:
            value = str(value)  # too large for the numbers of many JSON readers
        plain[name] = value
    return plain

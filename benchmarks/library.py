"""Finding things again: pages of a long history, its search, and autocompletion among thousands of presets."""

import asyncio
import functools
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Figure, percentile
from clock import SystemClock, to_ms
from generation.history import History
from generation.presets import PresetBook
from models import JobStatus
from storage import jobs
from storage.database import Database, connect

JOBS: Final = 100_000
PRESETS: Final = 10_000
GUILD_ID: Final = 1_100_000_000_000_000_002
USER_ID: Final = 1_100_000_000_000_000_004
OTHER_ID: Final = 1_100_000_000_000_000_005
# In every prompt: the worst that a search can be for.
COMMON: Final = "lighthouse"
_WORDS: Final = 20
_NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)


async def run() -> list[Figure]:
    """Times of one call each, of the service's methods that the commands call."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        path = Path(folder) / "easel.db"
        database = await Database.open(path, clock=SystemClock())
        try:
            await asyncio.to_thread(fill, path, history=JOBS, presets=PRESETS)
            history, book = History(database, SystemClock()), PresetBook(database, SystemClock())
            mine: dict[str, Any] = {"guild_id": GUILD_ID, "user_id": USER_ID}
            figures = [
                await _figure(name, 150, functools.partial(history.page, **mine, **asked))
                for name, asked in PAGES.items()
            ]
            typed = itertools.cycle(["", "p", "preset 7", "77", "nothing like it", "Preset 12"])
            figures.append(
                await _figure(
                    f"autocompletion of {PRESETS} presets",
                    100,
                    lambda: book.complete(GUILD_ID, USER_ID, next(typed)),
                    times=300,
                )
            )
            figures += await _ends(database, path)
        finally:
            await database.close()
    return figures


# What is asked of the history, by what it is called in the results.
PAGES: Final[dict[str, dict[str, Any]]] = {
    "history, first page": {},
    "history, last page": {"number": JOBS},
    "history, by preset": {"preset": "Photo"},
    "history, favourites": {"favourites": True},
    "search, a word in every prompt": {"search": COMMON},
    "search, its beginning, last page": {"search": "lighth", "number": JOBS},
    "search, one letter": {"search": "l"},
    "search, two words and a preset": {"search": f"{COMMON} red", "preset": "Photo"},
    "search, nothing found": {"search": "zebra crossing"},
    "search among favourites": {"search": COMMON, "favourites": True},
}


def fill(path: Path, *, history: int, presets: int = 0) -> None:
    """Give one member that many delivered jobs, another a tenth of it, and the guild and the member presets."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO jobs (job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,"
            " negative_prompt, parameters, recipe, status, message_id, request_id, price_micros, images_requested,"
            " created_at, changed_at, finished_at, card_status)"
            " VALUES (?, ?, 1, ?, 1, ?, 'en-US', ?, '', '{}', ?, 'delivered', 1, 'r', 90000, 1, ?, ?, ?, 'delivered')",
            _rows(history),
        )
        connection.execute(
            "INSERT INTO history (user_id, guild_id, job_no, preset)"
            " SELECT user_id, guild_id, job_no, recipe ->> '$.preset' FROM jobs"
        )
        connection.execute(
            "INSERT INTO job_texts (rowid, owner, prompt)"
            " SELECT job_no, 'g' || guild_id || ' m' || guild_id || 'x' || user_id, prompt FROM jobs"
        )
        connection.execute(
            "INSERT INTO favourites (user_id, guild_id, job_no, at) SELECT ?, guild_id, job_no, 0 FROM jobs"
            " WHERE job_no % 10 = 0",
            (USER_ID,),
        )
        connection.executemany(
            "INSERT INTO presets (guild_id, owner_id, name, folded, content, changed_by, changed_at)"
            " VALUES (?, ?, ?, ?, '{\"guidance_scale\":2.5}', 1, 0)",
            [(GUILD_ID if n % 2 else 0, 0 if n % 2 else USER_ID, f"Preset {n}", f"preset {n}") for n in range(presets)],
        )
        connection.execute("COMMIT")


def _rows(history: int) -> Iterator[tuple[object, ...]]:
    draw = random.Random(1)
    letters = ["".join(pair) for pair in itertools.product("bdfgklmnprst", "aeiou")]
    rare = ["".join(draw.choices(letters, k=3)) for _ in range(3000)]
    frequent = ["red", "blue", "snow", "forest", "portrait", "watercolour", "cinematic", "light", "night", "of", "a"]
    at = to_ms(_NOW)
    for number in range(1, history + history // 10 + 1):
        words = [draw.choice(frequent if draw.random() < 0.6 else rare) for _ in range(_WORDS - 1)]
        recipe = '{"preset":"Photo"}' if number % 20 == 0 else "{}"
        user_id = USER_ID if number % 11 else OTHER_ID
        yield f"past{number}", number, GUILD_ID, user_id, " ".join([COMMON, *words]), recipe, at, at, at


async def _figure(name: str, target: float, call: Callable[[], Awaitable[object]], *, times: int = 60) -> Figure:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        await call()
        took.append((time.perf_counter() - started) * 1000)
    return Figure(name=f"{name}, p99", value=percentile(took, 0.99), unit="ms", target=target)


async def _ends(database: Database, path: Path) -> list[Figure]:
    """What the index adds to the writer's work where a job ends: jobs are made ready first, then ended one by one."""
    numbers = range(10_000_000, 10_000_500)
    with closing(connect(path)) as connection:
        connection.executemany(
            "INSERT INTO jobs (job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,"
            " negative_prompt, parameters, status, message_id, request_id, price_micros, images_requested,"
            " created_at, changed_at)"
            " VALUES (?, ?, 1, ?, 1, ?, 'en-US', ?, '', '{}', 'generated', 1, 'r', 90000, 1, 0, 0)",
            [(f"end{n}", n, GUILD_ID, USER_ID, " ".join([COMMON, f"word{n}"] * (_WORDS // 2))) for n in numbers],
        )

    def end(connection: sqlite3.Connection, job_id: str) -> None:
        connection.execute(
            f"UPDATE jobs SET status = '{JobStatus.DELIVERED}', finished_at = 1 WHERE job_id = ?", (job_id,)
        )

    took = []
    for number in numbers:
        started = time.perf_counter()
        await database.write(functools.partial(end, job_id=f"end{number}"))
        took.append((time.perf_counter() - started) * 1000)
    forgetting = time.perf_counter()
    await database.write(lambda connection: jobs.forget_texts(connection, before=datetime.fromtimestamp(1, UTC)))
    forgot_ms = (time.perf_counter() - forgetting) * 1000
    return [
        Figure(name="a job's end with its words indexed, p50", value=statistics.median(took), unit="ms"),
        Figure(name="a job's end with its words indexed, p99", value=percentile(took, 0.99), unit="ms"),
        Figure(name=f"forgetting {len(numbers)} texts at once", value=forgot_ms, unit="ms"),
    ]

"""Jobs that are over, made beside an open database by a connection of the test's own."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from models import GenerationRequest, Job, JobStatus
from recipes import Recipe
from storage.database import connect
from tests.builders import make_job, make_origin, make_request
from tests.storage.inline import bring_to, record

Finish = Callable[..., Job]


def finished(
    connection: sqlite3.Connection,
    prompt: str = "a red fox in the snow",
    *,
    status: JobStatus = JobStatus.DELIVERED,
    recipe: Recipe | None = None,
    request: GenerationRequest | None = None,
    **origin: Any,
) -> Job:
    """A job at `status`, of the builders' member unless `origin` names another."""
    job = make_job(request=request or make_request(prompt), origin=make_origin(**origin), recipe=recipe or Recipe())
    record(connection, job)
    return bring_to(connection, job, status)


def finisher(path: Path) -> Finish:
    """`finished` on the database file at `path`, which may be open elsewhere."""

    def finish(prompt: str = "a red fox in the snow", **changes: Any) -> Job:
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            return finished(connection, prompt, **changes)

    return finish

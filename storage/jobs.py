"""The job table: recording a job with its reservation, and moving it along the transition table.

`record` and the functions that change a job are parts of a transaction on the writer's connection. A move names
the status it expects and takes the ledger along: which statuses settle and which release is one table, so no
caller can forget it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from clock import from_ms, to_ms
from errors import DuplicateInteraction, JobNotFound, StorageError, TooManyActiveJobs, TransitionRefused
from models import (
    TRANSITIONS,
    UNDER_WAY,
    FailureReason,
    GenerationRequest,
    Job,
    JobStatus,
    Origin,
    Reservation,
    Settlement,
    Verdict,
    VerdictReason,
)
from storage import ledger
from storage.codec import decode_recipe, decode_request, encode_parameters, encode_recipe
from storage.database import Database

# What reaching a status does to the reservation; from `in_review` on it has been settled before.
_SETTLES: Final = frozenset(
    {
        JobStatus.DELIVERED,
        JobStatus.WITHHELD,
        JobStatus.UNDELIVERABLE,
        JobStatus.IN_REVIEW,
        JobStatus.WRITTEN_OFF,
    }
)
_RELEASES: Final = frozenset({JobStatus.CANCELLED, JobStatus.FAILED})

# What stands in the place of a prompt that is no longer kept.
FORGOTTEN: Final = "(forgotten)"
_UNDER_WAY_SQL: Final = ", ".join(f"'{status}'" for status in UNDER_WAY)
_CHANGEABLE: Final = frozenset(
    {
        "reason",
        "request_id",
        "not_before",
        "submitted_at",
        "generated_at",
        "images_produced",
        "images_released",
        "result_seed",
        "submit_attempts",
        "card_status",
    }
)


def record(
    connection: sqlite3.Connection,
    job: Job,
    reservations: Sequence[Reservation],
    *,
    active_limit: int,
) -> None:
    """Store the queued job and hold its reservations, together or not at all.

    Raises DuplicateInteraction, TooManyActiveJobs or CapReached.
    """
    origin = job.origin
    if connection.execute("SELECT 1 FROM jobs WHERE interaction_id = ?", (origin.interaction_id,)).fetchone():
        raise DuplicateInteraction(f"interaction {origin.interaction_id} has its job")
    active = connection.execute(
        f"SELECT count(*) FROM jobs WHERE guild_id = ? AND user_id = ? AND status IN ({_UNDER_WAY_SQL})",  # noqa: S608 - constants
        (origin.guild_id, origin.user_id),
    ).fetchone()[0]
    if active >= active_limit:
        raise TooManyActiveJobs(active=active, limit=active_limit)
    created_ms = to_ms(job.created_at)
    cursor = connection.execute(
        "INSERT INTO jobs (job_id, interaction_id, interaction_token, application_id, guild_id, channel_id,"
        " user_id, locale, prompt, negative_prompt, parameters, recipe, status, price_micros, images_requested,"
        " created_at, changed_at, review_mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)",
        (
            job.job_id,
            origin.interaction_id,
            origin.interaction_token,
            origin.application_id,
            origin.guild_id,
            origin.channel_id,
            origin.user_id,
            origin.locale,
            job.request.prompt,
            job.request.negative_prompt,
            encode_parameters(job.request),
            encode_recipe(job.recipe),
            job.price_micros,
            job.images_requested,
            created_ms,
            created_ms,
            job.review_mark,
        ),
    )
    job_no = cursor.lastrowid
    assert job_no is not None  # an INSERT that raised nothing made a row
    ledger.reserve(connection, job_no, reservations, at_ms=created_ms)


def move(
    connection: sqlite3.Connection,
    job_id: str,
    expected: JobStatus,
    target: JobStatus,
    *,
    at: datetime,
    settlement: Settlement | None = None,
    **changes: object,
) -> Job:
    """Move the job from `expected` to `target`, resolve its reservation where that ends it, and return it.

    `settlement` goes with the statuses that settle, and only with those; `changes` sets further columns. Where the job
    was hidden or removed meanwhile, its card is behind whatever it shows. Raises TransitionRefused where the job is
    elsewhere by now, and then changes nothing.
    """
    if target not in TRANSITIONS[expected]:
        raise StorageError(f"no job goes from {expected} to {target}")
    settles = target in _SETTLES and expected is not JobStatus.IN_REVIEW
    if settles is (settlement is None):
        raise StorageError(f"a settlement goes with the statuses that settle, not with {expected} to {target}")
    columns: dict[str, object] = {"status": target, "changed_at": at, **_checked(changes)}
    if target.is_terminal:
        columns["finished_at"] = at
    if settlement is not None:
        columns["settled_micros"] = settlement.micros
    cursor = connection.execute(
        f"UPDATE jobs SET {', '.join(map(_assignment, columns))}"  # noqa: S608 - checked names only
        " WHERE job_id = ? AND status = ? RETURNING *",
        (*map(_stored, columns.values()), job_id, expected),
    )
    rows = cursor.fetchall()
    if not rows:
        raise TransitionRefused(job_id, expected=expected, target=target)
    if settlement is not None:
        ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))
    elif target in _RELEASES:
        ledger.release(connection, rows[0]["job_no"], at_ms=to_ms(at))
    return job_of(rows[0])


def store_card(connection: sqlite3.Connection, job_id: str, message_id: int) -> Job:
    """Keep the message id of the job's card; the first one stays. Raises JobNotFound."""
    rows = connection.execute(
        "UPDATE jobs SET message_id = coalesce(message_id, ?) WHERE job_id = ? RETURNING *",
        (message_id, job_id),
    ).fetchall()
    if not rows:
        raise JobNotFound(job_id)
    return job_of(rows[0])


def note_card(connection: sqlite3.Connection, job: Job) -> None:
    """The card shows for certain what the job is; nothing where it was hidden, restored or removed meanwhile."""
    connection.execute(
        "UPDATE jobs SET card_status = ? WHERE job_id = ? AND hidden_at IS ? AND removed_at IS ?",
        (job.status, job.job_id, _stored(job.hidden_at), _stored(job.removed_at)),
    )


def claim_notification(connection: sqlite3.Connection, job_id: str, *, at: datetime) -> bool:
    """Mark that the author is being told; True for the first caller only."""
    cursor = connection.execute(
        "UPDATE jobs SET notified_at = ? WHERE job_id = ? AND notified_at IS NULL", (to_ms(at), job_id)
    )
    return cursor.rowcount == 1


def store_verdicts(connection: sqlite3.Connection, job_id: str, verdicts: Iterable[Verdict], *, at: datetime) -> Job:
    """Keep the verdicts and the count they give, and return the job; a repeated run replaces the one before.

    Only while the job is `generated`: raises TransitionRefused otherwise.
    """
    verdicts = tuple(verdicts)
    rows = connection.execute(
        "UPDATE jobs SET images_released = ? WHERE job_id = ? AND status = 'generated' RETURNING *",
        (sum(verdict.released for verdict in verdicts), job_id),
    ).fetchall()
    if not rows:
        raise TransitionRefused(job_id, expected=JobStatus.GENERATED, target=JobStatus.GENERATED)
    job_no = rows[0]["job_no"]
    connection.execute("DELETE FROM images WHERE job_no = ?", (job_no,))
    connection.executemany(
        "INSERT INTO images (job_no, position, reason, raw_flag, sha256, size_bytes, width_px, height_px,"
        " media_type, judged_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                job_no,
                verdict.index,
                verdict.reason,
                verdict.raw_flag,
                verdict.sha256,
                verdict.size_bytes,
                verdict.width_px,
                verdict.height_px,
                verdict.media_type,
                to_ms(at),
            )
            for verdict in verdicts
        ],
    )
    return job_of(rows[0])


def resolve_in_doubt(connection: sqlite3.Connection, job_id: str, *, paid: bool, at: datetime) -> Job:
    """End a job in doubt as the operator says: paid settles everything it reserved, not paid releases it.

    Raises JobNotFound, or TransitionRefused where the job is not in doubt.
    """
    row = connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFound(job_id)
    target = JobStatus.WRITTEN_OFF if paid else JobStatus.FAILED
    return move(
        connection,
        job_id,
        JobStatus.IN_DOUBT,
        target,
        at=at,
        settlement=full_settlement(job_of(row)) if paid else None,
        reason=FailureReason.OPERATOR_SETTLED if paid else FailureReason.OPERATOR_RELEASED,
    )


def full_settlement(job: Job) -> Settlement:
    """Everything the job reserved."""
    return Settlement(images=job.images_requested, micros=job.cost_micros)


def forget_tokens(connection: sqlite3.Connection, *, before: datetime) -> None:
    """Drop the interaction tokens of jobs made before then: they are dead, and a secret not kept can't leak."""
    connection.execute(
        "UPDATE jobs SET interaction_token = NULL WHERE interaction_token IS NOT NULL AND created_at < ?",
        (to_ms(before),),
    )


def forget_texts(connection: sqlite3.Connection, *, before: datetime) -> int:
    """Forget the texts of jobs that finished before then, and return how many: the ledger stays as it is."""
    cursor = connection.execute(
        f"UPDATE jobs SET prompt = '{FORGOTTEN}', negative_prompt = '', recipe = '{{}}'"  # noqa: S608 - a constant, as in the index
        f" WHERE finished_at < ? AND (prompt <> '{FORGOTTEN}' OR negative_prompt <> '')",
        (to_ms(before),),
    )
    return cursor.rowcount


async def find(database: Database, job_id: str) -> Job:
    """The job of that id. Raises JobNotFound."""
    row = await database.fetch_one("SELECT * FROM jobs WHERE job_id = ?", (job_id,))
    if row is None:
        raise JobNotFound(job_id)
    return job_of(row)


async def find_by_message(database: Database, message_id: int) -> Job | None:
    """The job whose card this message is, or None."""
    row = await database.fetch_one("SELECT * FROM jobs WHERE message_id = ?", (message_id,))
    return None if row is None else job_of(row)


async def unfinished(database: Database) -> list[Job]:
    """What recovery has to look at, oldest first: jobs not at their end, and cards that are behind their job."""
    rows = await database.fetch_all(
        "SELECT * FROM jobs WHERE finished_at IS NULL OR card_status IS NOT status ORDER BY job_no"
    )
    return [job_of(row) for row in rows]


async def under_way(database: Database, *, guild_id: int, user_id: int) -> list[Job]:
    """The member's jobs that count towards the limit at once, oldest first."""
    rows = await database.fetch_all(
        f"SELECT * FROM jobs WHERE guild_id = ? AND user_id = ? AND status IN ({_UNDER_WAY_SQL}) ORDER BY job_no",  # noqa: S608 - constants
        (guild_id, user_id),
    )
    return [job_of(row) for row in rows]


async def count_by_status(database: Database) -> dict[JobStatus, int]:
    """How many jobs have not ended, by status. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT status, count(*) AS jobs FROM jobs WHERE finished_at IS NULL OR card_status IS NOT status"
        " GROUP BY status"
    )
    counted = {JobStatus(row["status"]): int(row["jobs"]) for row in rows}
    return {status: count for status, count in counted.items() if not status.is_terminal}


async def recent_latencies(database: Database, *, limit: int) -> list[tuple[GenerationRequest, float]]:
    """What the latest submissions took from the provider's acceptance to their result, in seconds, oldest first."""
    rows = await database.fetch_all(
        "SELECT prompt, negative_prompt, parameters, generated_at - submitted_at AS took_ms FROM jobs"
        " WHERE generated_at IS NOT NULL AND submitted_at IS NOT NULL ORDER BY job_no DESC LIMIT ?",
        (limit,),
    )
    return [
        (decode_request(row["prompt"], row["negative_prompt"], row["parameters"]), row["took_ms"] / 1000)
        for row in reversed(rows)
    ]


async def verdicts(database: Database, job_id: str) -> tuple[Verdict, ...]:
    """The verdicts on the job's images, in the provider's order."""
    rows = await database.fetch_all(
        "SELECT images.* FROM images JOIN jobs USING (job_no) WHERE job_id = ? ORDER BY position", (job_id,)
    )
    return tuple(
        Verdict(
            index=row["position"],
            reason=VerdictReason(row["reason"]),
            raw_flag=row["raw_flag"],
            sha256=row["sha256"],
            size_bytes=row["size_bytes"],
            width_px=row["width_px"],
            height_px=row["height_px"],
            media_type=row["media_type"],
        )
        for row in rows
    )


def job_of(row: sqlite3.Row) -> Job:
    """A row of the table as the domain's value."""
    return Job(
        job_id=row["job_id"],
        origin=Origin(
            interaction_id=row["interaction_id"],
            interaction_token=row["interaction_token"] or "",
            application_id=row["application_id"],
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            user_id=row["user_id"],
            locale=row["locale"],
        ),
        request=decode_request(row["prompt"], row["negative_prompt"], row["parameters"]),
        status=JobStatus(row["status"]),
        price_micros=row["price_micros"],
        created_at=from_ms(row["created_at"]),
        changed_at=from_ms(row["changed_at"]),
        reason=row["reason"],
        message_id=row["message_id"],
        request_id=row["request_id"],
        not_before=_time(row["not_before"]),
        submitted_at=_time(row["submitted_at"]),
        generated_at=_time(row["generated_at"]),
        finished_at=_time(row["finished_at"]),
        images_requested=row["images_requested"],
        images_produced=row["images_produced"],
        images_released=row["images_released"],
        settled_micros=row["settled_micros"],
        result_seed=row["result_seed"],
        submit_attempts=row["submit_attempts"],
        card_status=JobStatus(row["card_status"]) if row["card_status"] else None,
        notified_at=_time(row["notified_at"]),
        removed_at=_time(row["removed_at"]),
        hidden_at=_time(row["hidden_at"]),
        review_mark=row["review_mark"],
        recipe=decode_recipe(row["recipe"]),
    )


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise StorageError(f"a move does not set {', '.join(sorted(unknown))}")
    return changes


def _assignment(name: str) -> str:
    # What was just shown is not what a hidden or removed job shows.
    return (
        "card_status = iif(hidden_at IS NULL AND removed_at IS NULL, ?, NULL)"
        if name == "card_status"
        else f"{name} = ?"
    )


def _stored(value: object) -> object:
    return to_ms(value) if isinstance(value, datetime) else value

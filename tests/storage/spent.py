"""Jobs that were accepted at some moment in some time zone, made with the ledger's own reservations."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from generation import periods
from models import AccountKey, Job, JobStatus, Reservation, Scope, Settlement, Unit
from recipes import Recipe
from storage import jobs
from tests.builders import GUILD_ID, MESSAGE_ID, USER_ID, make_job, make_origin, make_request
from tests.storage.inline import WAYS, do, move, record

SETTLES = frozenset({JobStatus.DELIVERED, JobStatus.WITHHELD, JobStatus.UNDELIVERABLE, JobStatus.IN_REVIEW})


def reservations(job: Job, zone: str) -> tuple[Reservation, ...]:
    """What the job holds on its five accounts, in the periods of its moment in that zone."""
    where = periods.zone(zone)
    day, month = periods.day_of(job.created_at, where), periods.month_of(job.created_at, where)
    member: dict[str, Any] = {"guild_id": job.origin.guild_id, "user_id": job.origin.user_id}
    guild: dict[str, Any] = {"guild_id": job.origin.guild_id}

    def reservation(scope: Scope, unit: Unit, period: periods.Period, **ids: int) -> Reservation:
        each = 1 if unit is Unit.IMAGE else job.price_micros
        return Reservation(
            account=AccountKey(scope=scope, unit=unit, period=period.key, **ids),
            amount=each * job.images_requested,
            each=each,
            cap=10**12,
            renews_at=period.renews_at,
        )

    return (
        reservation(Scope.MEMBER, Unit.IMAGE, day, **member),
        reservation(Scope.MEMBER, Unit.MICROS, month, **member),
        reservation(Scope.GUILD, Unit.MICROS, day, **guild),
        reservation(Scope.GUILD, Unit.MICROS, month, **guild),
        reservation(Scope.GLOBAL, Unit.MICROS, periods.month_of(job.created_at, UTC)),
    )


def spend(
    connection: sqlite3.Connection,
    at: datetime,
    *,
    zone: str = "UTC",
    status: JobStatus = JobStatus.DELIVERED,
    images: int = 1,
    made: int | None = None,
    passed: int | None = None,
    preset: str | None = None,
    mode: str | None = None,
    guild_id: int = GUILD_ID,
    user_id: int = USER_ID,
) -> Job:
    """A job accepted at that moment that has come to `status`; all its images were made and passed unless told."""
    job = make_job(
        origin=make_origin(guild_id=guild_id, user_id=user_id),
        request=make_request(num_images=images),
        recipe=Recipe(preset=preset, mode=mode),
        created_at=at,
        changed_at=at,
    )
    record(connection, job, reservations(job, zone))
    do(connection, lambda c: jobs.store_card(c, job.job_id, MESSAGE_ID))
    made = images if made is None else made
    passed = made if passed is None else passed
    here = JobStatus.QUEUED
    for target in WAYS[status]:
        changes: dict[str, Any] = {"at": at}
        if target is JobStatus.GENERATED:
            changes["images_produced"] = made
        if target in SETTLES and here is JobStatus.GENERATED:
            changes["images_released"] = 0 if target is JobStatus.WITHHELD else passed
            changes["settlement"] = Settlement(images=made, micros=made * job.price_micros)
        job, here = move(connection, job, here, target, **changes), target
    return job


def balance(connection: sqlite3.Connection, scope: Scope, period: str, guild_id: int = GUILD_ID) -> tuple[int, int]:
    """(posted, pending) of a guild's account of that period, or of the global one; zero where it was never used."""
    row = connection.execute(
        "SELECT posted, pending FROM accounts WHERE scope = ? AND guild_id = ? AND user_id = 0 AND unit = 'micros'"
        " AND period = ?",
        (scope, 0 if scope is Scope.GLOBAL else guild_id, period),
    ).fetchone()
    return (0, 0) if row is None else (row["posted"], row["pending"])

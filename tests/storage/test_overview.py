"""The whole bot's numbers."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from models import Job, JobStatus, Settlement
from storage import aside, jobs, overview
from storage.database import Database
from storage.overview import Spend, SpendNow
from tests.builders import MONTH, NOW, PRICE_MICROS, make_job, make_origin, make_request, make_reservations

MIDNIGHT = NOW.replace(hour=0, minute=0)


async def made(database: Database, *, guild_id: int, at: datetime, images: int = 1, paid: bool = True) -> Job:
    """A job of that time: posted, or still held."""
    job = make_job(
        origin=make_origin(guild_id=guild_id), request=make_request(num_images=images), created_at=at, changed_at=at
    )

    def write(connection: sqlite3.Connection) -> Job:
        jobs.record(connection, job, make_reservations(job), active_limit=100)
        jobs.store_card(connection, job.job_id, 1)
        moved = jobs.move(connection, job.job_id, JobStatus.QUEUED, JobStatus.SUBMITTING, at=at)
        if not paid:
            return moved
        jobs.move(connection, job.job_id, JobStatus.SUBMITTING, JobStatus.IN_DOUBT, at=at)
        bill = Settlement(images=images, micros=job.cost_micros)
        return jobs.move(connection, job.job_id, JobStatus.IN_DOUBT, JobStatus.WRITTEN_OFF, at=at, settlement=bill)

    return await database.write(write)


async def spend(database: Database, guilds: int = 10) -> SpendNow:
    return await aside.read(database, lambda c: overview.read_spend(c, day_begins=MIDNIGHT, month=MONTH, guilds=guilds))


async def test_nothing_was_spent_at_first(database: Database) -> None:
    nothing = Spend(spent_micros=0, held_micros=0)
    assert await spend(database) == SpendNow(day=nothing, month=nothing, guilds=())


async def test_the_day_the_month_and_the_guilds_add_up(database: Database) -> None:
    price = PRICE_MICROS
    await made(database, guild_id=5, at=MIDNIGHT - timedelta(milliseconds=1), images=4)
    await made(database, guild_id=5, at=MIDNIGHT, images=2)
    await made(database, guild_id=6, at=NOW)
    await made(database, guild_id=7, at=NOW, images=10, paid=False)
    found = await spend(database)
    assert found.day == Spend(spent_micros=3 * price, held_micros=10 * price)
    assert found.month == Spend(spent_micros=7 * price, held_micros=10 * price)
    assert found.guilds == (
        Spend(guild_id=7, spent_micros=0, held_micros=10 * price),
        Spend(guild_id=5, spent_micros=6 * price, held_micros=0),
        Spend(guild_id=6, spent_micros=price, held_micros=0),
    )
    assert (await spend(database, guilds=1)).guilds == found.guilds[:1]


async def test_another_month_is_not_counted(database: Database) -> None:
    await made(database, guild_id=5, at=NOW)
    found = await aside.read(
        database, lambda c: overview.read_spend(c, day_begins=NOW + timedelta(days=30), month="2026-12", guilds=3)
    )
    nothing = Spend(spent_micros=0, held_micros=0)
    assert found == SpendNow(day=nothing, month=nothing, guilds=())


async def test_the_size_counts_what_is_not_folded_in_yet(database: Database, tmp_path: Path) -> None:
    await made(database, guild_id=5, at=NOW)
    path = await aside.path_of(database)
    files = [path, path.with_name("easel.db-wal")]
    assert overview.size_bytes(path) == sum(file.stat().st_size for file in files)
    assert overview.size_bytes(tmp_path / "none.db") == 0

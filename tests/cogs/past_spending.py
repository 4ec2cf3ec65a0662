"""Money that was spent before a test begins, on the days, by the members and with the presets that it names."""

import sqlite3
from datetime import UTC, date, datetime, time
from typing import Final

from generation import policy
from limits import holding
from models import GuildSettings, Job, JobStatus, Settlement, VerdictReason
from recipes import Recipe
from sandbox.discord import Member
from storage import jobs
from tests.builders import MESSAGE_ID, PRICE_MICROS, make_job, make_origin, make_request, make_verdict
from tests.storage.inline import SETTLING, WAYS
from tests.ui.scene import GENEROUS, Scene

# The scene's clock stands still in the middle of it.
TODAY: Final = date(2026, 11, 22)


async def asked(
    scene: Scene,
    by: Member | int,
    day: date = TODAY,
    *,
    images: int = 1,
    withheld: int = 0,
    status: JobStatus = JobStatus.DELIVERED,
    preset: str | None = None,
) -> Job:
    """A job of that day at `status`, by the books as the bot itself would keep them; its zone is UTC."""
    user_id, at = by if isinstance(by, int) else by.id, datetime.combine(day, time(11), UTC)
    job = make_job(
        origin=make_origin(guild_id=scene.guild.id, channel_id=scene.channel.id, user_id=user_id),
        request=make_request(num_images=images),
        recipe=Recipe(preset=preset),
        created_at=at,
    )
    held = policy.reservations(
        GuildSettings(guild_id=scene.guild.id),
        user_id=user_id,
        images=images,
        price_micros=PRICE_MICROS,
        caps=holding(GENEROUS, {}, user_id=user_id),
        now=at,
    )
    verdicts = [
        make_verdict(index, VerdictReason.FLAGGED if index < withheld else VerdictReason.RELEASED)
        for index in range(images)
    ]

    def put(connection: sqlite3.Connection) -> Job:
        jobs.record(connection, job, held, active_limit=10**6)
        here, moved = JobStatus.QUEUED, jobs.store_card(connection, job.job_id, MESSAGE_ID)
        for target in WAYS[status]:
            changes: dict[str, object] = {}
            if target is JobStatus.SUBMITTED:
                changes["request_id"] = f"request of {job.job_id}"
            if target is JobStatus.GENERATED:
                changes["images_produced"] = images
            bill = Settlement(images=images, micros=job.cost_micros) if (here, target) in SETTLING else None
            moved = jobs.move(connection, job.job_id, here, target, at=at, settlement=bill, **changes)
            if target is JobStatus.GENERATED:
                moved = jobs.store_verdicts(connection, job.job_id, verdicts, at=at)
            here = target
        return moved

    return await scene.database.write(put)

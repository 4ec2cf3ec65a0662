"""Finished pictures to press buttons on, and a bot that was started anew."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cogs import add_cogs
from models import GuildSettings, Job, JobStatus, Settlement, VerdictReason
from moderation import Suspension
from sandbox.discord import Member, Message, Run, Value
from storage import jobs, suspensions
from storage.meta import Meta
from tests.builders import make_verdict
from tests.ui.scene import Scene
from tests.ui.test_uploads import stored
from ui.acceptance import Acceptor
from ui.client import EaselClient
from ui.delivery import DiscordDelivery
from ui.notices import OwnerNotices

# Large enough for an image to work from.
SIZE = (128, 96)


async def finished(
    scene: Scene, folder: Path, job: Job, *, reasons: Sequence[VerdictReason] | None = None, seed: int | None = None
) -> Job:
    """The job as it is once its card has become the gallery, with a verdict for each picture."""
    reasons = reasons or [VerdictReason.RELEASED] * job.images_requested
    verdicts = [make_verdict(index, reason) for index, reason in enumerate(reasons)]
    now = scene.clock.now()

    def made(connection: sqlite3.Connection) -> Job:
        id_ = job.job_id
        jobs.move(connection, id_, JobStatus.QUEUED, JobStatus.SUBMITTING, at=now)
        jobs.move(
            connection, id_, JobStatus.SUBMITTING, JobStatus.SUBMITTED, at=now, request_id=f"r-{id_}", submitted_at=now
        )
        jobs.move(
            connection,
            id_,
            JobStatus.SUBMITTED,
            JobStatus.GENERATED,
            at=now,
            generated_at=now,
            images_produced=len(verdicts),
            result_seed=seed,
        )
        return jobs.store_verdicts(connection, id_, verdicts, at=now)

    generated = await scene.database.write(made)
    images = [stored(folder, verdict.index, size=SIZE) for verdict in verdicts if verdict.released]
    target = JobStatus.DELIVERED if images else JobStatus.WITHHELD
    if images:
        await scene.delivery.deliver(generated, images, verdicts, guild=GuildSettings(guild_id=scene.guild.id))
    else:
        await scene.delivery.show(replace(generated, status=target))

    def end(connection: sqlite3.Connection) -> Job:
        bill = Settlement(images=len(verdicts), micros=job.price_micros * len(verdicts))
        return jobs.move(
            connection,
            job.job_id,
            JobStatus.GENERATED,
            target,
            at=scene.clock.now(),
            settlement=bill,
            card_status=target,
        )

    return await scene.database.write(end)


async def gallery(
    scene: Scene,
    folder: Path,
    options: Mapping[str, Value] | None = None,
    *,
    by: Member | None = None,
    reasons: Sequence[VerdictReason] | None = None,
) -> tuple[Job, Message]:
    """A delivered job of Ada's, or of the member named, and its card."""
    job, card = await scene.carded(options, by=by)
    return await finished(scene, folder, job, reasons=reasons), card


async def newest(scene: Scene, before: Sequence[Job]) -> Job:
    """The job that came after those, once its card is noted."""
    known = {job.job_id for job in before}
    return await scene.until(lambda job: job.job_id not in known and job.message_id is not None)


async def suspend(scene: Scene, member: Member) -> None:
    """A moderator suspends the member for good."""
    await scene.database.write(
        lambda connection: suspensions.suspend(
            connection,
            Suspension(until=None),
            guild_id=scene.guild.id,
            user_id=member.id,
            by_id=1,
            at=scene.clock.now(),
        )
    )


async def words_of(run: Run) -> str:
    """What the member was told in private: by the answer itself, or after a public one was taken back."""
    answer = await run.answered()
    if answer.kind == "deferred":
        assert answer.message is not None
        if answer.ephemeral:
            return (await answer.message.changed(lambda message: not message.loading)).text()
        await answer.message.changed(lambda message: message.deleted)
        for _ in range(1000):
            if run.followups:
                break
            await asyncio.sleep(0.005)
        [message] = run.followups
        assert message.ephemeral
        return message.text()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message.text()


@asynccontextmanager
async def restarted(scene: Scene) -> AsyncIterator[None]:
    """Another bot in the place of the scene's, on the same database: nothing in memory is left of the one before."""
    await scene.client.close()
    await scene.discord.disconnected()
    client = EaselClient(
        meta=Meta(scene.database),
        api_url=scene.discord.api_url,
        gateway_url=scene.discord.gateway_url,
        operator_guild_ids=scene.client.operator_guild_ids,
    )
    parts = replace(
        scene.parts,
        client=client,
        acceptor=Acceptor(
            scene.service,
            drafts=scene.parts.library.drafts,
            tasks=client.tasks,
            turnstile=client.turnstile,
            clock=scene.clock,
        ),
        delivery=DiscordDelivery(client, clock=scene.clock),
        notices=OwnerNotices(client, owner_ids=()),
    )
    await add_cogs(parts)
    await client.login(scene.discord.token)
    connection = asyncio.create_task(client.connect(), name="connection of the second bot")
    try:
        await scene.discord.ready()
        yield
    finally:
        await client.close()
        await connection

"""Takes the pictures of hidden and removed jobs off their cards, and brings them back.

What was decided is in the database before anything is done about it, and the card is behind until it shows that, so a
process that is killed anywhere here leaves a card that the next one brings up to date.
"""

import asyncio
import logging

from errors import CardGone, DeliveryUnavailable
from generation.pipeline_parts import Parts
from models import Job
from moderation import CaseKind
from storage import cases, guilds, jobs

log = logging.getLogger(__name__)


class Withdrawing:
    """Brings cards up to date with what members reported and moderators decided. Every method may be repeated."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take_off(self, job: Job) -> float | None:
        """Make the card of a hidden or removed job show nothing: None once it does, or is gone.

        Otherwise the seconds until it is worth another try. A hidden job's files are set aside before they go.
        """
        if job.removed_at is None:
            await self._parts.set_aside.of(job)
        else:  # while the card is still behind, so that a process killed in between does it again
            await self._let_go(job)
        return await self._parts.cards.show(job)

    async def bring_back(self, job: Job) -> float | None:
        """Make the card of a delivered job its gallery again, or say that the pictures could not be kept.

        None once that is done, or can't be; otherwise the seconds until it is worth another try.
        """
        parts = self._parts
        verdicts = await jobs.verdicts(parts.database, job.job_id)
        pictures = await parts.set_aside.of(job)
        if pictures is None:
            return await parts.cards.show(job)
        again = parts.cards.repeat_seconds(job)
        try:
            guild = await guilds.settings_of(parts.database, job.origin.guild_id)
            await parts.delivery.deliver(job, pictures.images, verdicts, guild=guild, given=pictures.given)
        except DeliveryUnavailable as error:
            parts.cards.gave_up(job.job_id)
            return parts.cards.retry_seconds(job, error)
        except CardGone:
            log.info("the card is gone", extra={"job_id": job.job_id})
        else:
            if again > 0:
                return again
        await parts.database.write(lambda connection: jobs.note_card(connection, job))
        await self._let_go(job)
        return None

    async def _let_go(self, job: Job) -> None:
        """Keep the job's pictures no longer, unless moderators are still to look at them."""
        case = await cases.latest_of_job(self._parts.database, job.job_id, CaseKind.REPORT)
        if case is not None and case.is_open:
            return
        await asyncio.to_thread(self._parts.spool.drop, job.job_id)
        await self._parts.set_aside.drop(job.job_id)

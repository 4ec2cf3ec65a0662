"""The pictures of a job that could not be posted, for its author, while the spool still has them."""

import asyncio
from dataclasses import dataclass

from errors import PictureGone
from generation.delivery import ReleasedImage
from generation.spool import Spool
from models import GuildSettings, Job, JobStatus
from moderation import check_shown
from storage import guilds, jobs
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Pictures in their order, and how their guild wants files to be."""

    images: tuple[ReleasedImage, ...]
    guild: GuildSettings


class KeptPictures:
    """Finds released pictures in the spool again."""

    def __init__(self, *, database: Database, spool: Spool) -> None:
        self._database = database
        self._spool = spool

    async def of(self, job: Job) -> Kept:
        """The released pictures of an undeliverable job, in their order. Raises StorageUnavailable.

        Raises PictureGone for any other job: what waits for a moderator, or was refused by one, lies in the spool as
        well and is for nobody else's eyes. Also where the pictures' days are over, or their card was removed.
        """
        check_shown(job)
        if job.status is not JobStatus.UNDELIVERABLE:
            raise PictureGone
        verdicts = await jobs.verdicts(self._database, job.job_id)
        images = await asyncio.to_thread(self._spool.find, job.job_id, verdicts)
        if not images:
            raise PictureGone
        return Kept(images=images, guild=await guilds.settings_of(self._database, job.origin.guild_id))

"""Addresses of the pictures on cards, for pages that show many cards small.

Discord signs an address for about a day and serves it until the message is gone, so addresses are asked for anew
and kept for a few minutes only: what a moderator removed disappears from everybody's pages soon.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import discord

from clock import Clock
from errors import DeliveryError
from generation import inputs
from models import Job, JobStatus
from ui.answers import CALL_FAILURES

# A page waits so long for all of its pictures together, then does without those that are missing.
PAGE_SECONDS: Final = 2.0
# Whoever turns pages to and fro needs no further call to Discord.
KEPT_FOR: Final = timedelta(minutes=10)
# The reader's client loads the picture some time after the page was made.
_MARGIN: Final = timedelta(minutes=1)
_KEPT_AT_MOST: Final = 500

# The files on a job's card; may raise DeliveryError or CALL_FAILURES.
FilesOf = Callable[[Job], Awaitable[Sequence[discord.Attachment]]]


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    until: datetime


class Thumbnails:
    """Asks Discord for the first picture of each card, and remembers the latest few hundred answers."""

    def __init__(self, files_of: FilesOf, *, clock: Clock) -> None:
        self._files_of = files_of
        self._clock = clock
        self._kept: OrderedDict[str, _Address] = OrderedDict()

    async def of(self, jobs: Sequence[Job]) -> dict[str, str]:
        """The address of the first picture of each job, by job id, where it can be had in time.

        A job without a gallery, a card that is gone and a Discord that fails are all the same here: no picture.
        """
        shown = [job for job in jobs if _has_gallery(job)]
        known = {job.job_id: url for job in shown if (url := self._remembered(job.job_id)) is not None}
        wanted = [job for job in shown if job.job_id not in known]
        found = await asyncio.gather(*(self._ask(job) for job in wanted))
        return known | {job.job_id: url for job, url in zip(wanted, found, strict=True) if url is not None}

    async def _ask(self, job: Job) -> str | None:
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                files = await self._files_of(job)
        except (DeliveryError, *CALL_FAILURES):
            return None
        picture = next(iter(pictures_among(files, job)), None)
        if picture is None:
            return None
        self._remember(job.job_id, picture.url)
        return picture.url

    def _remembered(self, job_id: str) -> str | None:
        address = self._kept.get(job_id)
        if address is None or address.until <= self._clock.now():
            return None
        self._kept.move_to_end(job_id)
        return address.url

    def _remember(self, job_id: str, url: str) -> None:
        latest = self._clock.now() + KEPT_FOR
        expires = _expiry(url)
        until = latest if expires is None else min(latest, expires - _MARGIN)
        self._kept[job_id] = _Address(url, until)
        self._kept.move_to_end(job_id)
        while len(self._kept) > _KEPT_AT_MOST:
            self._kept.popitem(last=False)


def pictures_among(files: Sequence[discord.Attachment], job: Job) -> list[discord.Attachment]:
    """The files on a delivered job's card that were made for it: all but the image that the member gave."""
    given = inputs.names(job.request)
    return [file for file in files if file.filename not in given]


def _has_gallery(job: Job) -> bool:
    return job.status is JobStatus.DELIVERED and job.message_id is not None and job.is_shown


def _expiry(url: str) -> datetime | None:
    """When Discord stops serving a signed address: its parameter `ex`, hexadecimal seconds. None where it has none."""
    values = parse_qs(urlsplit(url).query).get("ex", [])
    try:
        return datetime.fromtimestamp(int(values[0], 16), UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        return None

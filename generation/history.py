"""Finding things again: a member's past jobs, what they typed, and the pictures they like."""

from dataclasses import dataclass
from typing import Final

from clock import Clock
from errors import JobNotFound
from models import Job, Verdict
from storage import favourites, history, jobs
from storage.database import Database
from storage.history import Wanted

PAGE_SIZE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """One page of jobs, the newest first. `number` counts from 1; `total` is of all pages together."""

    jobs: tuple[Job, ...]
    number: int
    pages: int
    total: int

    @property
    def has_more(self) -> bool:
        """Whether there are older ones on a page after this."""
        return self.number < self.pages


class History:
    """What members may see again. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self,
        *,
        guild_id: int,
        user_id: int,
        search: str | None = None,
        preset: str | None = None,
        favourites: bool = False,
        number: int = 1,
        size: int = PAGE_SIZE,
    ) -> HistoryPage:
        """A page of the member's own jobs in this guild, or of their favourites there, which may be anyone's.

        Jobs under way, cancelled ones and those whose card was removed are not among them. `search` is any text: a
        job is found where each of its words begins one of the prompt as typed. `preset` is a name, in any case. A
        `number` past the end gives the last page.
        """
        wanted = Wanted(
            guild_id=guild_id,
            user_id=user_id,
            search=search if search and search.strip() else None,
            preset=preset,
            favourites=favourites,
        )
        total = await history.count(self._database, wanted)
        pages = max(1, -(-total // size))
        number = min(max(1, number), pages)
        found = await history.page(self._database, wanted, offset=(number - 1) * size, size=size)
        return HistoryPage(jobs=tuple(found), number=number, pages=pages, total=total)

    async def preset_names(self, *, guild_id: int, user_id: int) -> list[str]:
        """The presets that the member's history can be asked for, by the names they had."""
        return await history.preset_names(self._database, guild_id=guild_id, user_id=user_id)

    async def job_for(self, guild_id: int, job_id: str) -> Job:
        """The guild's job of that id. Raises JobNotFound, also where it is another guild's."""
        job = await jobs.find(self._database, job_id)
        if job.origin.guild_id != guild_id:
            raise JobNotFound(job_id)
        return job

    async def job_of_message(self, guild_id: int, message_id: int) -> Job | None:
        """The guild's job whose card this message is; None for any other message."""
        job = await jobs.find_by_message(self._database, message_id)
        return job if job is not None and job.origin.guild_id == guild_id else None

    async def verdicts_on(self, job: Job) -> tuple[Verdict, ...]:
        """What the image gate said of each of the job's pictures, in their order."""
        return await jobs.verdicts(self._database, job.job_id)

    async def latest_recipe(self, guild_id: int, user_id: int) -> Job | None:
        """The member's newest job with a picture here, whose request and recipe can be used again; None without one."""
        return await history.latest_delivered(self._database, guild_id=guild_id, user_id=user_id)

    async def toggle_favourite(self, job_id: str, *, guild_id: int, user_id: int) -> bool:
        """Make the job a favourite, or none any more; returns whether it is one now.

        Raises JobNotFound, or PictureGone for a job that shows no pictures.
        """
        now = self._clock.now()
        return await self._database.write(
            lambda connection: favourites.toggle(connection, job_id, guild_id=guild_id, user_id=user_id, at=now)
        )

    async def set_favourite(self, job_id: str, *, guild_id: int, user_id: int, on: bool) -> bool:
        """Make the job a favourite or none; returns whether that changed something. Raises as `toggle_favourite`."""
        now = self._clock.now()
        return await self._database.write(
            lambda connection: favourites.put(connection, job_id, guild_id=guild_id, user_id=user_id, on=on, at=now)
        )

    async def is_favourite(self, job_id: str, *, user_id: int) -> bool:
        """Whether the job is one of the member's favourites."""
        return await favourites.contains(self._database, job_id, user_id=user_id)

    async def mark_removed(self, job_id: str, *, by_id: int) -> bool:
        """The job's card is being taken off Discord; True for the first caller only. Raises JobNotFound.

        It leaves its author's history and everybody's favourites. Anybody's doing but the author's is written down.
        """
        now = self._clock.now()
        return await self._database.write(
            lambda connection: history.mark_removed(connection, job_id, by_id=by_id, at=now)
        )

"""What the card of a report shows, read when it is made: always of now, and what was forgotten stays forgotten."""

from dataclasses import dataclass

from errors import JobNotFound
from generation.delivery import GivenFile, ReleasedImage
from generation.set_aside import SetAside
from generation.strikes import Strikes
from models import Job, Verdict
from moderation import Case, Suspension
from storage import jobs, reports
from storage.database import Database
from storage.reports import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSheet:
    """A reported job, the first report first. `images` and `given` are there while the case is open and they are had.

    `suspension` is what keeps its author from making others, if anything does.
    """

    job: Job
    reports: tuple[Report, ...]
    verdicts: tuple[Verdict, ...]
    images: tuple[ReleasedImage, ...]
    given: GivenFile | None
    suspension: Suspension | None

    @property
    def counted(self) -> int:
        """How many members other than the author have reported it."""
        return sum(report.counts for report in self.reports)


class ReportSheets:
    """Reads them."""

    def __init__(self, *, database: Database, set_aside: SetAside, strikes: Strikes) -> None:
        self._database = database
        self._set_aside = set_aside
        self._strikes = strikes

    async def of(self, case: Case) -> ReportSheet:
        """What a report is about. Its pictures are fetched from its card where nobody has done that yet.

        Raises JobNotFound or StorageUnavailable.
        """
        if case.job_id is None:
            raise JobNotFound("")
        job = await jobs.find(self._database, case.job_id)
        pictures = await self._set_aside.of(job) if case.is_open else None
        job = await jobs.find(self._database, case.job_id)  # fetching takes a while, in which it may have been hidden
        return ReportSheet(
            job=job,
            reports=tuple(await reports.of_case(self._database, case)),
            verdicts=await jobs.verdicts(self._database, job.job_id),
            images=() if pictures is None else pictures.images,
            given=None if pictures is None else pictures.given,
            suspension=(await self._strikes.of_member(case.guild_id, case.user_id)).suspension,
        )

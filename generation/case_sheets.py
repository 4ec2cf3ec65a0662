"""What the cards of cases show, read when a card is made: always of now, and what was forgotten stays forgotten."""

import asyncio
from dataclasses import dataclass

from errors import FilterUnreadable, JobNotFound
from generation.delivery import ReleasedImage
from generation.filters import FilterBook
from generation.screening import PromptVerdict
from generation.spool import Spool
from generation.strikes import Strikes, StrikeSheet
from models import Job, JobStatus, Verdict
from moderation import Case, ReviewMark, Suspension
from storage import jobs, strikes
from storage.database import Database
from storage.jobs import FORGOTTEN
from storage.strikes import Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSheet:
    """A picture that waits, or waited. `images` are for moderators only, and none once the case is decided.

    `marked` is what the prompt filter says of a prompt that was marked, None where it says nothing any more.
    """

    job: Job
    verdicts: tuple[Verdict, ...]
    images: tuple[ReleasedImage, ...]
    marked: PromptVerdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealSheet:
    """What a member appeals: a strike, or with None a suspension. `prompt` is what was refused, while it is kept."""

    strike: Strike | None
    prompt: str | None
    suspension: Suspension | None


class CaseSheets:
    """Reads them. Every method raises StorageUnavailable."""

    def __init__(self, *, database: Database, spool: Spool, filters: FilterBook, strikes: Strikes) -> None:
        self._database = database
        self._spool = spool
        self._filters = filters
        self._strikes = strikes

    async def review(self, case: Case) -> ReviewSheet:
        """What a review is about. Raises JobNotFound."""
        job = await self._job(case)
        verdicts = await jobs.verdicts(self._database, job.job_id)
        images: tuple[ReleasedImage, ...] | None = None
        if case.is_open and job.status is JobStatus.IN_REVIEW:
            images = await asyncio.to_thread(self._spool.find, job.job_id, verdicts)
        return ReviewSheet(job=job, verdicts=verdicts, images=images or (), marked=await self._marked(job))

    async def appeal(self, case: Case) -> AppealSheet:
        """What an appeal is about."""
        sheet = await self._strikes.of_member(case.guild_id, case.user_id)
        if case.strike_id is None:
            return AppealSheet(strike=None, prompt=None, suspension=sheet.suspension)
        strike = await strikes.find(self._database, case.strike_id)
        prompt = strike.prompt if strike is not None else None
        if strike is not None and strike.job_id is not None:
            job = await jobs.find(self._database, strike.job_id)
            prompt = None if job.request.prompt == FORGOTTEN else job.typed_prompt
        return AppealSheet(strike=strike, prompt=prompt, suspension=sheet.suspension)

    async def strikes(self, case: Case) -> StrikeSheet:
        """The member's latest strikes, and what they have led to."""
        return await self._strikes.of_member(case.guild_id, case.user_id)

    async def _job(self, case: Case) -> Job:
        if case.job_id is None:
            raise JobNotFound("")
        return await jobs.find(self._database, case.job_id)

    async def _marked(self, job: Job) -> PromptVerdict | None:
        """Only the mark is kept with a job, so the filter is asked again for what it was."""
        if job.review_mark != ReviewMark.PROMPT or job.request.prompt == FORGOTTEN:
            return None
        texts = [job.request.prompt, job.typed_prompt, job.recipe.preset or ""]
        try:
            screening = await self._filters.screen(job.origin.guild_id, texts)
        except FilterUnreadable:
            return None
        return screening.verdict if screening.verdict.category else None

"""One job, one step at a time: `advance` looks where the job is, does what comes next, and says when to come back.

Every step is safe to run twice, and a crash between any two of its lines leaves a job from which the next
`advance` goes on: recovery is not a second code path. The one thing never done twice is the POST that submits,
so `submitting` is on disk before it is sent, and whoever finds a job there later knows only that it is in doubt.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from errors import (
    AcceptanceUnknown,
    AccountRefused,
    CardGone,
    DeliveryUnavailable,
    PictureGone,
    PollInconclusive,
    RateLimited,
    RequestRejected,
    RequestUnknown,
    TransitionRefused,
    Unreachable,
)
from generation import inputs, policy
from generation.finishing import Finishing
from generation.pipeline_parts import Parts
from generation.poll_plan import GAP_MIN_SECONDS
from generation.polling import Followed, JobKind
from generation.reviewing import Reviewing
from generation.steps import AwaitTurn, Done, Later, Step
from generation.timing import (
    DOUBT_GAP_SECONDS,
    DOUBT_LASTS,
    FAULT_GAP_MAX_SECONDS,
    FAULT_GAP_SECONDS,
    POLL_HOLD_MAX_SECONDS,
    QUEUE_PATIENCE,
    REFUSED_POLL_SECONDS,
    UNKNOWN_IS_PENDING,
    UNREACHABLE_GAP_MAX_SECONDS,
    UNREACHABLE_GAP_SECONDS,
    backoff,
    card_wait,
)
from models import FailureReason, GenerationRequest, GenerationResult, Job, JobStatus
from provider.wire import Finished, Pending, PollAnswer, SubmissionFailed
from storage import guilds, jobs

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_OUTCOMES: Final = {Pending: "pending", Finished: "finished", SubmissionFailed: "failed"}


class Pipeline:
    """Advances jobs. One job must not be advanced twice at the same time; the runner sees to that."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._started_at = parts.clock.now()
        self._finishing = Finishing(parts)
        self._reviewing = Reviewing(parts, self._finishing)
        # Result URLs are never stored: a result is remembered here until it is judged, or polled for again.
        self._results: dict[str, GenerationResult] = {}
        self._followed = Followed(parts.schedule)
        self._asked_again_since: dict[str, float] = {}
        self._faults: dict[str, int] = {}

    def take_over(self, job_ids: Iterable[str]) -> None:
        """These jobs are of the process before this one: what it sent to their cards last may still arrive."""
        for job_id in job_ids:
            self._parts.cards.gave_up(job_id)

    async def advance(self, job_id: str, *, has_turn: bool = False) -> Step:
        """Do the job's next step. `has_turn` says that the fair queue chose it to be submitted.

        Raises StorageUnavailable where the database can't be used now, JobNotFound for an unknown id.
        """
        job = await jobs.find(self._parts.database, job_id)
        if has_turn and job.status is not JobStatus.QUEUED:
            self._parts.circuit.give_back()
        try:
            step = await self._advance(job, has_turn=has_turn)
        except TransitionRefused as refused:
            # A member, a moderator or the operator moved it in the meantime: look again.
            log.info("%s", refused, extra={"job_id": job_id})
            if refused.expected is JobStatus.QUEUED and has_turn:
                self._parts.circuit.give_back()
            return Later(status=job.status)
        if isinstance(step, Done):
            self._forget(job_id)
        return step

    async def _advance(self, job: Job, *, has_turn: bool) -> Step:
        match job.status:
            case JobStatus.QUEUED:
                return await self._queued(job, has_turn=has_turn)
            case JobStatus.SUBMITTING:
                return await self._to_doubt(job, FailureReason.INTERRUPTED_SUBMISSION)
            case JobStatus.SUBMITTED:
                return await self._submitted(job)
            case JobStatus.GENERATED:
                return await self._generated(job)
            case JobStatus.IN_DOUBT:
                return await self._in_doubt(job)
            case JobStatus.IN_REVIEW:
                return await self._reviewing.advance(job)
            case _:
                return await self._finishing.over(job)

    async def _queued(self, job: Job, *, has_turn: bool) -> Step:
        if job.message_id is None:
            return await self._look_for_card(job)
        if self._age(job) >= QUEUE_PATIENCE:
            if has_turn:
                self._parts.circuit.give_back()
            return await self._finishing.end(job, JobStatus.CANCELLED, FailureReason.NOT_SUBMITTED_IN_TIME)
        return await self._submit(job) if has_turn else self._await_turn(job)

    async def _look_for_card(self, job: Job) -> Step:
        age = self._age(job)
        # A job of a process before this one has nobody left who could still be sending its card.
        orphaned = job.created_at < self._started_at
        wait = card_wait(job.request)
        if age < wait and not orphaned:
            return Later(status=job.status, seconds=(wait - age).total_seconds())
        message_id = await self._finishing.find_card(job)
        if isinstance(message_id, Later):
            return message_id
        if message_id is not None:
            return await self._card_found(job, message_id)
        if age < wait:  # what the dead process sent last may still be on its way
            return Later(status=job.status, seconds=(wait - age).total_seconds())
        log.warning("the job's card never came about", extra={"job_id": job.job_id})
        await self._finishing.move(
            job, JobStatus.CANCELLED, reason=FailureReason.NO_CARD, card_status=JobStatus.CANCELLED
        )
        return Done(status=JobStatus.CANCELLED)

    async def _card_found(self, job: Job, message_id: int) -> Step:
        job = await self._finishing.store_card(job, message_id)
        if not inputs.names(job.request):  # the member's image can't be shown where it never arrived
            self._parts.cards.announce(job)  # what was found may be no more than "thinking …"
        return Later(status=job.status)

    async def _submit(self, job: Job) -> Step:
        request = await self._addressed(job)
        if not isinstance(request, GenerationRequest):
            return request
        job = await self._finishing.move(job, JobStatus.SUBMITTING, submit_attempts=job.submit_attempts + 1)
        try:
            request_id = await self._parts.provider.submit(request)
        except Unreachable:
            self._parts.observer.submission("unreachable")
            seconds = backoff(UNREACHABLE_GAP_SECONDS, UNREACHABLE_GAP_MAX_SECONDS, job.submit_attempts - 1)
            self._parts.circuit.hold(UNREACHABLE_GAP_SECONDS)
            return await self._back_to_queue(job, seconds)
        except RateLimited as error:
            self._parts.observer.submission("rate_limited")
            self._parts.circuit.rate_limited(error.retry_after)
            return await self._back_to_queue(job, self._parts.circuit.wait_seconds())
        except AccountRefused as error:
            self._parts.observer.submission("account_refused")
            # Telling the operator takes a while; a process that ended meanwhile would leave a doubt that there isn't.
            step = await self._back_to_queue(job, 0.0)
            await self._parts.circuit.refused(error.status)
            return step
        except RequestRejected as error:
            self._parts.observer.submission("rejected")
            log.warning("the provider refused the request: %s %s", error, error.detail, extra={"job_id": job.job_id})
            return await self._finishing.end(job, JobStatus.FAILED, error.reason)
        except AcceptanceUnknown as error:
            self._parts.observer.submission("in_doubt")
            log.warning("the submission is in doubt: %s", error, extra={"job_id": job.job_id})
            return await self._to_doubt(job, FailureReason.ACCEPTANCE_UNKNOWN)
        except Exception:  # whatever it was came after `submitting`: only doubt is safe
            self._parts.observer.submission("in_doubt")
            log.exception("the submission failed in an unforeseen way", extra={"job_id": job.job_id})
            return await self._to_doubt(job, FailureReason.ACCEPTANCE_UNKNOWN)
        return await self._accepted(job, request_id)

    async def _addressed(self, job: Job) -> GenerationRequest | Step:
        """The request with addresses that the provider can read the member's image at; it lies on the card.

        Without it (the card deleted, or never finished) the job ends: nothing was submitted, so nothing is owed.
        """
        if not inputs.names(job.request):
            return job.request
        try:
            return inputs.with_addresses(job.request, await self._parts.delivery.image_addresses(job))
        except DeliveryUnavailable as error:
            self._parts.circuit.give_back()
            seconds = self._parts.cards.retry_seconds(job, error)
            return replace(self._await_turn(job), seconds=seconds, first=True)
        except (CardGone, PictureGone) as error:
            self._parts.circuit.give_back()
            reason = FailureReason.CARD_GONE if isinstance(error, CardGone) else FailureReason.IMAGE_GONE
            return await self._finishing.end(job, JobStatus.CANCELLED, reason)

    async def _accepted(self, job: Job, request_id: str) -> Step:
        log.info("accepted as request %s", request_id, extra={"job_id": job.job_id})
        self._parts.observer.submission("accepted")
        job = await self._finishing.move(
            job, JobStatus.SUBMITTED, request_id=request_id, submitted_at=self._clock.now()
        )
        delay = self._followed.pending(job.job_id, JobKind.of(job.request), 0.0)
        await self._parts.circuit.accepted()
        self._parts.cards.announce(job)
        return Later(status=job.status, seconds=max(0.0, delay - self._waited(job)), polls=True)

    async def _back_to_queue(self, job: Job, seconds: float) -> Step:
        not_before = self._clock.now() + timedelta(seconds=seconds)
        return self._await_turn(await self._finishing.move(job, JobStatus.QUEUED, not_before=not_before))

    def _await_turn(self, job: Job) -> AwaitTurn:
        return AwaitTurn.of(job, self._clock.now())

    async def _submitted(self, job: Job) -> Step:
        answer = await self._poll(job)  # also past the deadline: after a long time down the result may be there
        waited, kind = self._waited(job), JobKind.of(job.request)
        match answer:
            case Later(status=JobStatus.SUBMITTED) | Pending() if waited > self._parts.deadline.total_seconds():
                self._followed.ended(job.job_id, kind)
                return await self._to_doubt(job, FailureReason.DEADLINE)
            case Later():
                return answer
            case Pending():
                delay = self._followed.pending(job.job_id, kind, waited)
                return Later(status=job.status, seconds=delay, polls=True)
            case Finished(result=result):
                self._parts.observer.latency("generation", waited)
                self._followed.ended(job.job_id, kind, ready_seconds=waited)
                return await self._finished(job, result)
            case SubmissionFailed(reason=reason, detail=detail):
                self._followed.ended(job.job_id, kind)
                log.info("the provider failed on it: %s", detail or reason, extra={"job_id": job.job_id})
                return await self._finishing.end(job, JobStatus.FAILED, reason)

    async def _poll(self, job: Job) -> PollAnswer | Later:
        """The provider's answer, or when to ask again where it said nothing."""
        parts = self._parts
        if (wait := parts.pace.claim(job.job_id)) > 0:  # it has been polled within the last second
            return self._poll_later(job, wait)
        try:
            answer = await parts.provider.poll(_known(job.request_id))
        except RequestUnknown:
            parts.observer.poll("unknown")
            if job.status is JobStatus.SUBMITTED and self._clock.now() - _known(job.submitted_at) > UNKNOWN_IS_PENDING:
                return await self._to_doubt(job, FailureReason.RESULT_UNKNOWN)
            return self._poll_later(job, FAULT_GAP_SECONDS)
        except RateLimited as error:
            parts.observer.poll("rate_limited")
            seconds = min(error.retry_after or self._fault_gap(job), POLL_HOLD_MAX_SECONDS)
            parts.pace.hold(seconds)
            return self._poll_later(job, seconds)
        except AccountRefused as error:
            parts.observer.poll("account_refused")
            await parts.circuit.refused(error.status)
            return self._poll_later(job, REFUSED_POLL_SECONDS)
        except PollInconclusive as error:
            parts.observer.poll("inconclusive")
            log.info("a poll said nothing: %s", error, extra={"job_id": job.job_id})
            return self._poll_later(job, min(error.retry_after or self._fault_gap(job), POLL_HOLD_MAX_SECONDS))
        self._faults.pop(job.job_id, None)
        parts.observer.poll(_POLL_OUTCOMES[type(answer)])
        return answer

    def _poll_later(self, job: Job, seconds: float) -> Later:
        least = DOUBT_GAP_SECONDS if job.status is JobStatus.IN_DOUBT else GAP_MIN_SECONDS
        return Later(status=job.status, seconds=max(seconds, least), polls=True)

    def _fault_gap(self, job: Job) -> float:
        return self._gap(job, FAULT_GAP_SECONDS, FAULT_GAP_MAX_SECONDS)

    async def _finished(self, job: Job, result: GenerationResult) -> Step:
        self._results[job.job_id] = result
        job = await self._finishing.move(
            job,
            JobStatus.GENERATED,
            generated_at=self._clock.now(),
            # What can't be counted may be billed in full.
            images_produced=job.images_requested if result.malformed else min(len(result.images), job.images_requested),
            result_seed=result.seed,
            reason=None,
        )
        return Later(status=job.status)

    async def _in_doubt(self, job: Job) -> Step:
        if job.card_status is not JobStatus.IN_DOUBT:
            await self._parts.cards.show(job)
        match await self._poll(job) if job.request_id else Pending():
            case Finished(result=result):
                return await self._finished(job, result)
            case SubmissionFailed(reason=reason):
                return await self._finishing.end(job, JobStatus.FAILED, reason)
            case Later() | Pending() if self._clock.now() - job.changed_at > DOUBT_LASTS:
                log.warning("written off after a day in doubt", extra={"job_id": job.job_id})
                return await self._finishing.end(job, JobStatus.WRITTEN_OFF, job.reason)
            case Later() as later:
                return later
            case Pending():
                return Later(status=job.status, seconds=DOUBT_GAP_SECONDS, polls=job.request_id is not None)

    async def _generated(self, job: Job) -> Step:
        parts = self._parts
        verdicts = await jobs.verdicts(parts.database, job.job_id)
        images = await asyncio.to_thread(parts.spool.find, job.job_id, verdicts) if verdicts else None
        if images is None:
            result = self._results.get(job.job_id) or await self._result_again(job)
            if isinstance(result, Later):
                return result
            verdicts, images = await parts.judge.judge(job, result)
            for verdict in verdicts:
                parts.observer.verdict(verdict.reason)
            judged = verdicts
            job = await self._finishing.persist(
                lambda connection: jobs.store_verdicts(connection, job.job_id, judged, at=self._clock.now())
            )
            self._results.pop(job.job_id, None)
        if not images:
            return await self._finishing.end(job, JobStatus.WITHHELD, FailureReason.ALL_WITHHELD, verdicts=verdicts)
        guild = await guilds.settings_of(parts.database, job.origin.guild_id)
        if job.is_shown and policy.needs_review(guild, job):
            return await self._reviewing.hold(job, verdicts, guild)
        return await self._finishing.deliver(job, images, verdicts, guild=guild, since=_known(job.generated_at))

    async def _result_again(self, job: Job) -> GenerationResult | Later:
        """The result after a restart; one that can't be had again within the deadline is unavailable for good.

        The deadline counts from the first time it is asked for: the bot may have been down for longer than that.
        """
        since = self._asked_again_since.setdefault(job.job_id, self._clock.monotonic())
        answer = await self._poll(job)
        if isinstance(answer, Finished):
            return answer.result
        if self._clock.monotonic() - since > self._parts.deadline.total_seconds():
            return GenerationResult(images=(), has_nsfw_concepts=None)
        if isinstance(answer, Later):
            return answer
        return Later(status=job.status, seconds=FAULT_GAP_SECONDS, polls=True)

    async def _to_doubt(self, job: Job, reason: FailureReason) -> Later:
        job = await self._finishing.move(job, JobStatus.IN_DOUBT, reason=reason)
        await self._parts.cards.show(job)
        return Later(status=job.status, seconds=DOUBT_GAP_SECONDS, polls=job.request_id is not None)

    def _gap(self, job: Job, first: float, most: float) -> float:
        self._faults[job.job_id] = count = self._faults.get(job.job_id, -1) + 1
        return backoff(first, most, count)

    def _age(self, job: Job) -> timedelta:
        return self._clock.now() - job.created_at

    def _waited(self, job: Job) -> float:
        return max(0.0, (self._clock.now() - _known(job.submitted_at)).total_seconds())

    def _forget(self, job_id: str) -> None:
        self._parts.cards.forget(job_id)
        self._results.pop(job_id, None)
        self._followed.forget(job_id)
        self._asked_again_since.pop(job_id, None)
        self._faults.pop(job_id, None)


def _known(value: T | None) -> T:
    """A value that the schema guarantees in this status."""
    assert value is not None
    return value

"""Planted bugs on the way from a wish to its pictures."""

from typing import Final

from tests.simulation.planting import GENERATION, STORAGE, Edit, Mutant

NO_REQUEST_CHECK: Final = ("    CHECK (status NOT IN ('queued', 'cancelled') OR request_id IS NULL),\n", "")

PIPELINE: Final = (
    Mutant(
        name="a submission is sent again after a timeout",
        edits=(
            Edit(
                GENERATION,
                'log.warning("the submission is in doubt: %s", error, extra={"job_id": job.job_id})\n'
                "            return await self._to_doubt(job, FailureReason.ACCEPTANCE_UNKNOWN)",
                'log.warning("the submission is in doubt: %s", error, extra={"job_id": job.job_id})\n'
                "            return await self._back_to_queue(job, 1.0)",
            ),
        ),
        noticed_as=("one post",),
    ),
    Mutant(
        name="the intent is written down after the submission",
        edits=(
            Edit(
                GENERATION,
                "        job = await self._finishing.move(job, JobStatus.SUBMITTING,",
                "        pending = dict(",
            ),
            Edit(
                GENERATION,
                "            request_id = await self._parts.provider.submit(request)\n",
                "            request_id = await self._parts.provider.submit(request)\n"
                "            job = await self._finishing.move(job, JobStatus.SUBMITTING, **pending)\n",
            ),
        ),
        noticed_as=("intent",),
    ),
    Mutant(
        name="a process that died while it submitted submits again",
        edits=(
            Edit(
                GENERATION,
                "return await self._to_doubt(job, FailureReason.INTERRUPTED_SUBMISSION)",
                "return await self._back_to_queue(job, 0.0)",
            ),
        ),
        noticed_as=("one post",),
    ),
    Mutant(
        name="a 429 leaves the submission in doubt",
        edits=(
            Edit(
                GENERATION,
                "return await self._back_to_queue(job, self._parts.circuit.wait_seconds())",
                "return await self._to_doubt(job, FailureReason.ACCEPTANCE_UNKNOWN)",
            ),
        ),
        noticed_as=("doubt",),
    ),
    Mutant(
        name="a refused account loses the job",
        edits=(
            Edit(
                GENERATION,
                "step = await self._back_to_queue(job, 0.0)\n",
                "step = self._await_turn(job)\n",
            ),
        ),
        noticed_as=("doubt", "in flight"),
    ),
    Mutant(
        name="a full disk after the submission is not waited out",
        edits=(
            Edit(
                GENERATION,
                "                await self._clock.sleep(PERSIST_AGAIN_SECONDS)\n",
                "                raise\n",
            ),
        ),
        noticed_as=("doubt", "one post"),
    ),
    Mutant(
        name="the deadline fails the job",
        edits=(
            Edit(
                GENERATION,
                "return await self._to_doubt(job, FailureReason.DEADLINE)",
                "return await self._finishing.end(job, JobStatus.FAILED, FailureReason.GENERATION_TIMEOUT)",
            ),
        ),
        noticed_as=("bill",),
    ),
    Mutant(
        name="a submission that is not known yet has failed",
        edits=(
            Edit(
                GENERATION,
                "            return self._poll_later(job, FAULT_GAP_SECONDS)\n        except RateLimited",
                "            return SubmissionFailed(reason=FailureReason.RESULT_UNKNOWN)\n        except RateLimited",
            ),
        ),
        noticed_as=("bill", "unforeseen"),
    ),
    Mutant(
        name="a late result is dropped",
        edits=(Edit(GENERATION, "match await self._poll(job) if job.request_id else Pending():", "match Pending():"),),
        noticed_as=("late result",),
        weather={"unfinished": 0.6},
    ),
    Mutant(
        name="a job can be cancelled at any time",
        edits=(
            Edit(
                GENERATION,
                "JobStatus.QUEUED, JobStatus.CANCELLED, at=now, reason=reason",
                "job.status, JobStatus.CANCELLED, at=now, reason=reason",
            ),
            Edit(STORAGE, "    if target not in TRANSITIONS[expected]:", "    if target is expected:"),
        ),
        schema=(NO_REQUEST_CHECK,),
        noticed_as=("transition",),
    ),
    Mutant(
        name="the flags of the provider are not asked",
        edits=(
            Edit(
                GENERATION,
                "        if by_flag is not None or image is None:\n"
                "            return by_flag or _unavailable(index), None\n",
                "        if image is None:\n            return _unavailable(index), None\n",
            ),
        ),
        noticed_as=("safety", "unforeseen"),
    ),
    Mutant(
        name="a blank picture is shown",
        edits=(Edit("safety", "VerdictReason.BLANK if blank else VerdictReason.RELEASED", "VerdictReason.RELEASED"),),
        noticed_as=("safety",),
    ),
    Mutant(
        name="a job whose card is gone counts as delivered",
        edits=(
            Edit(
                GENERATION,
                '            observer.delivery("gone", self._clock.monotonic() - started)\n'
                "            return await self._undeliverable(",
                '            observer.delivery("gone", self._clock.monotonic() - started)\n'
                "            return await self._delivered(job, verdicts) or (",
            ),
        ),
        noticed_as=("card",),
        weather={"deleted": 0.6},
    ),
    Mutant(
        name="a picture goes up before a moderator has seen it",
        edits=(
            Edit(GENERATION, "        if job.is_shown and policy.needs_review(guild, job):\n", "        if False:\n"),
        ),
        noticed_as=("review",),
    ),
    Mutant(
        name="an older edit stands over the newest",
        edits=(
            Edit(
                GENERATION,
                "self._arrives_until[job_id] = self._clock.monotonic() + REPEAT_AFTER_SECONDS",
                "self._arrives_until[job_id] = 0.0",
            ),
        ),
        noticed_as=("card",),
    ),
    Mutant(
        name="what a process before this one sent to a card is forgotten",
        edits=(
            Edit(
                GENERATION,
                "        for job_id in job_ids:\n            self._parts.cards.gave_up(job_id)\n",
                "        pass\n",
            ),
        ),
        noticed_as=("card",),
        weather={"late": 0.6, "deadly": 0.6, "deleted": 0.0},
    ),
    Mutant(
        name="recovery leaves out what was submitted",
        edits=(
            Edit(
                STORAGE,
                'WHERE finished_at IS NULL OR card_status IS NOT status ORDER BY job_no"',
                "WHERE (finished_at IS NULL OR card_status IS NOT status) AND status <> 'submitted' ORDER BY job_no\"",
            ),
        ),
        noticed_as=("followed", "end", "in flight"),
    ),
    Mutant(
        name="a caller who goes away takes the acceptance along",
        edits=(Edit(GENERATION, "return await asyncio.shield(accepting)", "return await accepting"),),
        noticed_as=("followed", "end"),
        weather={"cancelled": 0.6},
    ),
    Mutant(
        name="a pause holds nothing back",
        edits=(Edit(GENERATION, "        self._held.add(guild_id)\n", "        pass\n"),),
        noticed_as=("pause",),
    ),
    Mutant(
        name="a pause does not wait for what is on its way",
        edits=(
            Edit(
                GENERATION,
                "        while not under_way.isdisjoint(self._with_turn):\n",
                "        while False:\n",
            ),
        ),
        noticed_as=("pause",),
    ),
    Mutant(
        name="one too many at the provider",
        edits=(
            Edit(
                GENERATION,
                "            len(self._in_flight) < self._max_in_flight\n            and",
                "            len(self._in_flight) <= self._max_in_flight\n            and",
            ),
        ),
        noticed_as=("in flight",),
    ),
)

"""The provider's side of the work: which submissions were taken on, when they are ready, what they cost."""

import heapq
import json
import random
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sandbox.pixazo.faults import Body, Context, ResultFault
from sandbox.pixazo.pictures import CONTENT_TYPES
from sandbox.pixazo.records import Job, Submission
from sandbox.pixazo.validation import SEED_MAX, size_of

Latency = float | Callable[[Body], float]
"""Seconds from the start of the work to the result, fixed or by the submission's body; infinity never ends."""

FlagWhen = Callable[[str], bool | Collection[int]]
"""Which pictures of a prompt the safety checker flags: all or none of them, or those with the given indexes."""


class JobBook:
    """Every submission and what became of it."""

    def __init__(self, *, now: Callable[[], float], workers: int | None) -> None:
        self.submissions: list[Submission] = []
        self._by_request_id: dict[str, Submission] = {}
        self._now = now
        self._free_at = None if workers is None else [float("-inf")] * workers

    def find(self, request_id: str | None) -> Submission | None:
        """The accepted submission of that id."""
        return None if request_id is None else self._by_request_id.get(request_id)

    def accept(self, submission: Submission, *, latency: Latency, flag_when: FlagWhen | None) -> str:
        """Take a valid submission on and give its new request_id."""
        body = submission.body
        assert body is not None
        seconds = latency(body) if callable(latency) else latency
        request_id = f"req_{uuid.uuid4().hex}"
        width, height = size_of(body)
        started_at = self._start_time(seconds)
        seed = body.get("seed")
        submission.job = Job(
            started_at=started_at,
            ready_at=started_at + seconds,
            width=width,
            height=height,
            seed=random.Random(request_id).randint(0, SEED_MAX) if seed is None else seed,
            file_format=body.get("output_format", "png"),
            flagged=_flagged(submission, flag_when),
        )
        submission.accepted = True
        submission.request_id = request_id
        self._by_request_id[request_id] = submission
        return request_id

    def finish(self, request_id: str | None) -> int:
        """Have one job (None: every job) ready now. Gives how many were not ready before."""
        now = self._now()
        finished = 0
        for submission in self._by_request_id.values():
            job = submission.job
            if job is not None and request_id in (None, submission.request_id) and job.ready_at > now:
                job.started_at, job.ready_at = min(job.started_at, now), now
                finished += 1
        return finished

    def place_in_line(self, job: Job) -> int:
        """How many jobs start before this one does; 0 once it has started."""
        now = self._now()
        waiting = (entry.job for entry in self._by_request_id.values())
        return sum(1 for other in waiting if other is not None and now < other.started_at < job.started_at)

    def billed_images(self, *, bill_failed: bool) -> int:
        """The pictures that the provider would bill.

        Flagged ones count. An unfinished job counts as asked for. One that delivered fewer pictures counts with these,
        one whose body lost them all counts in full: they were made.
        """
        return sum(_billed(submission, bill_failed=bill_failed) for submission in self._by_request_id.values())

    def _start_time(self, seconds: float) -> float:
        now = self._now()
        if self._free_at is None:
            return now
        started_at = max(now, self._free_at[0])
        heapq.heapreplace(self._free_at, started_at + seconds)
        return started_at


def finished_body(submission: Submission, fault: ResultFault | None, context: Context) -> bytes:
    """The finished body of an accepted submission, bent by `fault`. Sets what was produced and flagged."""
    job = submission.job
    assert job is not None
    count = submission.images_asked
    if fault is not None:
        job.flagged |= fault.flagged(count)
    result: Any = _plain_result(submission, job, context)
    if fault is not None:
        result = fault.edit(result, context)
    images = result.get("images") if isinstance(result, Mapping) else None
    job.produced = min(len(images), count) if isinstance(images, list) and images else count
    return json.dumps(result).encode()


def _plain_result(submission: Submission, job: Job, context: Context) -> dict[str, Any]:
    count = submission.images_asked
    checked = context.body.get("enable_safety_checker", True)
    address = f"{context.origin}/results/{submission.request_id}"
    extension = job.file_format
    return {
        "images": [
            {
                "url": f"{address}/{index}.{extension}",
                "width": job.width,
                "height": job.height,
                "content_type": CONTENT_TYPES[extension],
            }
            for index in range(count)
        ],
        "timings": {"inference": round(job.ready_at - job.started_at, 3)},
        "seed": job.seed,
        "has_nsfw_concepts": [index in job.flagged for index in range(count)] if checked else None,
        "prompt": submission.prompt,
    }


def _flagged(submission: Submission, flag_when: FlagWhen | None) -> frozenset[int]:
    checked = (submission.body or {}).get("enable_safety_checker", True)
    if flag_when is None or not checked:
        return frozenset()
    which = flag_when(submission.prompt)
    if isinstance(which, bool):
        return frozenset(range(submission.images_asked)) if which else frozenset()
    return frozenset(which)


def _billed(submission: Submission, *, bill_failed: bool) -> int:
    job = submission.job
    if job is None or (job.failure is not None and not bill_failed):
        return 0
    return submission.images_asked if job.produced is None else job.produced

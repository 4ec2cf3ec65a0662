"""`python bot.py resolve JOB settle|release`: the operator's word on a job in doubt, also while the bot runs."""

from pathlib import Path
from typing import Literal, TextIO

from clock import Clock
from errors import JobNotFound, StorageError, TransitionRefused
from ops.report import usd
from storage import maintenance, reading

Outcome = Literal["settle", "release"]


def resolve(database: Path, job_id: str, outcome: Outcome, *, clock: Clock, out: TextIO) -> int:
    """Settle the job (it was paid for) or release it (it was not), say so in one line, and return 0.

    Raises StorageError in words for the operator, and then has changed nothing.
    """
    try:
        job = maintenance.resolve(database, job_id, paid=outcome == "settle", at=clock.now())
    except JobNotFound as error:
        raise StorageError(f"there is no job {job_id}: `python bot.py report` lists the jobs") from error
    except TransitionRefused as error:
        status = next(job.status for job in reading.snapshot(database).jobs if job.job_id == job_id)
        raise StorageError(f"job {job_id} is {status}, not in doubt: nothing was changed") from error
    images = f"{job.images_requested} image{'' if job.images_requested == 1 else 's'}"
    money = (
        f"{usd(job.settled_micros)} for {images} posted"
        if outcome == "settle"
        else (f"{usd(job.cost_micros)} for {images} given back")
    )
    out.write(f"Job {job.job_id} is {job.status} now: {money}.\n")
    return 0

"""What is kept beside a job's way: its card, the mention, verdicts, what is forgotten, what is found again."""

import sqlite3
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from errors import JobNotFound, StorageError, TransitionRefused
from models import Job, JobStatus, VerdictReason
from storage import jobs, ledger
from storage.database import Database
from tests.builders import (
    MESSAGE_ID,
    NOW,
    USER_ID,
    later,
    make_job,
    make_origin,
    make_request,
    make_reservations,
    make_verdict,
)
from tests.storage.inline import accepting, bring_to, do, move, moving, record, sums


def stored(connection: sqlite3.Connection, job: Job) -> Job:
    return jobs.job_of(connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone())


def test_the_first_card_stays(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    assert do(connection, lambda c: jobs.store_card(c, job.job_id, 5)).message_id == 5
    assert do(connection, lambda c: jobs.store_card(c, job.job_id, 6)).message_id == 5
    with pytest.raises(JobNotFound):
        do(connection, lambda c: jobs.store_card(c, "nobody", 6))


def test_the_author_is_told_by_one_caller_only(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    claims = [partial(jobs.claim_notification, job_id=job.job_id, at=later(n)) for n in range(3)]
    assert [do(connection, claim) for claim in claims] == [True, False, False]
    assert stored(connection, job).notified_at == NOW
    assert not do(connection, lambda c: jobs.claim_notification(c, "nobody", at=NOW))


def test_the_cards_status_is_kept(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    do(connection, lambda c: jobs.note_card(c, job))
    assert stored(connection, job).card_status is JobStatus.QUEUED


async def test_verdicts_come_back_in_order_and_a_second_run_replaces_them(database: Database) -> None:
    job = make_job(request=make_request(num_images=3))
    await database.write(lambda c: record_generated(c, job))
    first = (make_verdict(0), make_verdict(1), make_verdict(2))
    await database.write(lambda c: jobs.store_verdicts(c, job.job_id, first, at=NOW))
    assert await jobs.verdicts(database, job.job_id) == first
    assert (await jobs.find(database, job.job_id)).images_released == 3
    second = (
        make_verdict(2, VerdictReason.BLANK),
        make_verdict(0),
        make_verdict(1, VerdictReason.FLAGGED, raw_flag="true", sha256=None, size_bytes=None, width_px=None),
    )
    await database.write(lambda c: jobs.store_verdicts(c, job.job_id, second, at=NOW))
    assert await jobs.verdicts(database, job.job_id) == tuple(sorted(second, key=lambda verdict: verdict.index))
    assert (await jobs.find(database, job.job_id)).images_released == 1


def record_generated(connection: sqlite3.Connection, job: Job) -> None:
    jobs.record(connection, job, make_reservations(job), active_limit=10)
    jobs.store_card(connection, job.job_id, MESSAGE_ID)
    jobs.move(connection, job.job_id, JobStatus.QUEUED, JobStatus.SUBMITTING, at=NOW)
    jobs.move(connection, job.job_id, JobStatus.SUBMITTING, JobStatus.SUBMITTED, at=NOW, request_id="req_1")
    jobs.move(
        connection,
        job.job_id,
        JobStatus.SUBMITTED,
        JobStatus.GENERATED,
        at=NOW,
        images_produced=job.images_requested,
    )


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.GENERATED])
def test_verdicts_are_taken_only_for_a_generated_job(connection: sqlite3.Connection, status: JobStatus) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, status)
    with pytest.raises(TransitionRefused):
        do(connection, lambda c: jobs.store_verdicts(c, job.job_id, [make_verdict()], at=NOW))


def test_no_more_images_are_released_than_were_produced(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, JobStatus.GENERATED)
    with pytest.raises(StorageError, match="CHECK constraint"):
        do(connection, lambda c: jobs.store_verdicts(c, job.job_id, [make_verdict(0), make_verdict(1)], at=NOW))
    assert connection.execute("SELECT count(*) FROM images").fetchone()[0] == 0


def test_texts_are_forgotten_some_time_after_the_end_and_the_ledger_stays(connection: sqlite3.Connection) -> None:
    old, young, running = (make_job(request=make_request("a wish", negative_prompt="blur")) for _ in range(3))
    for job in (old, young, running):
        record(connection, job)
    move(connection, old, JobStatus.QUEUED, JobStatus.CANCELLED, at=later(1))
    move(connection, young, JobStatus.QUEUED, JobStatus.CANCELLED, at=later(2))
    held = sums(connection)
    assert do(connection, lambda c: jobs.forget_texts(c, before=later(2))) == 1
    assert do(connection, lambda c: jobs.forget_texts(c, before=later(2))) == 0
    forgotten = stored(connection, old).request
    assert (forgotten.prompt, forgotten.negative_prompt) == (jobs.FORGOTTEN, "")
    assert stored(connection, young).request.prompt == stored(connection, running).request.prompt == "a wish"
    assert sums(connection) == held
    assert not ledger.audit(connection)


def test_a_prompt_that_looks_forgotten_does_not_save_its_negative_prompt(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(jobs.FORGOTTEN, negative_prompt="blur"))
    record(connection, job)
    move(connection, job, JobStatus.QUEUED, JobStatus.CANCELLED)
    assert do(connection, lambda c: jobs.forget_texts(c, before=later(1))) == 1
    assert stored(connection, job).request.negative_prompt == ""


def test_tokens_are_forgotten_once_they_are_dead(connection: sqlite3.Connection) -> None:
    old, young = make_job(created_at=later(0), changed_at=NOW), make_job(created_at=later(1), changed_at=NOW)
    record(connection, old)
    record(connection, young)
    do(connection, lambda c: jobs.forget_tokens(c, before=later(1)))
    assert stored(connection, old).origin.interaction_token == ""
    assert stored(connection, young).origin.interaction_token == "interaction-token"


async def test_a_job_is_found_by_its_id(database: Database) -> None:
    job = make_job()
    await database.write(accepting(job))
    assert await jobs.find(database, job.job_id) == job
    with pytest.raises(JobNotFound):
        await jobs.find(database, "nobody")


async def test_recovery_sees_jobs_not_at_their_end_and_cards_that_are_behind(database: Database) -> None:
    waiting, ended, shown = make_job(), make_job(), make_job()
    for job in (waiting, ended, shown):
        await database.write(accepting(job))
    for job in (ended, shown):
        await database.write(moving(job, JobStatus.QUEUED, JobStatus.CANCELLED))
    await database.write(lambda c: jobs.note_card(c, ended))  # as it was: in line
    await database.write(lambda c: jobs.note_card(c, replace(shown, status=JobStatus.CANCELLED)))
    assert [job.job_id for job in await jobs.unfinished(database)] == [waiting.job_id, ended.job_id]


async def test_a_members_jobs_under_way_are_listed_oldest_first(database: Database) -> None:
    mine, other = [make_job() for _ in range(3)], make_job(origin=make_origin(user_id=USER_ID + 1))
    for job in (*mine, other):
        await database.write(accepting(job))
    await database.write(moving(mine[1], JobStatus.QUEUED, JobStatus.CANCELLED))
    origin = mine[0].origin
    listed = await jobs.under_way(database, guild_id=origin.guild_id, user_id=origin.user_id)
    assert [job.job_id for job in listed] == [mine[0].job_id, mine[2].job_id]


@pytest.mark.parametrize(
    ("index", "sql"),
    [
        (
            "jobs_under_way",
            f"SELECT count(*) FROM jobs WHERE guild_id = 1 AND user_id = 2 AND status IN ({jobs._UNDER_WAY_SQL})",
        ),
        (
            "jobs_unfinished",
            "SELECT * FROM jobs WHERE finished_at IS NULL OR card_status IS NOT status ORDER BY job_no",
        ),
    ],
)
def test_a_long_history_does_not_slow_what_is_asked_often(connection: sqlite3.Connection, index: str, sql: str) -> None:
    plan = " ".join(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    assert index in plan


async def test_the_latest_latencies_come_oldest_first(database: Database) -> None:
    for seconds in (7, 8, 9):
        job = make_job(request=make_request(num_images=seconds))
        steps: tuple[tuple[JobStatus, JobStatus, dict[str, Any]], ...] = (
            (JobStatus.QUEUED, JobStatus.SUBMITTING, {}),
            (JobStatus.SUBMITTING, JobStatus.SUBMITTED, {"request_id": "req_1", "submitted_at": later(100)}),
            (JobStatus.SUBMITTED, JobStatus.GENERATED, {"generated_at": later(100 + seconds)}),
        )
        await database.write(accepting(job))
        await database.write(partial(jobs.store_card, job_id=job.job_id, message_id=MESSAGE_ID))
        for before, after, changes in steps:
            await database.write(moving(job, before, after, **changes))
    await database.write(accepting(make_job()))
    latest = await jobs.recent_latencies(database, limit=2)
    assert [(request.num_images, seconds) for request, seconds in latest] == [(8, 8.0), (9, 9.0)]

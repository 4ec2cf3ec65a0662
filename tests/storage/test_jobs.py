"""The job table: recording, every move of the transition table and none besides, cards, verdicts, forgetting."""

import dataclasses
import sqlite3
from functools import partial
from itertools import product
from typing import Any

import pytest

from errors import CapReached, DuplicateInteraction, JobNotFound, StorageError, TooManyActiveJobs, TransitionRefused
from models import TRANSITIONS, UNDER_WAY, FailureReason, Job, JobStatus, Scope, Settlement, Unit
from storage import jobs
from tests.builders import (
    DAY,
    MONTH,
    NOW,
    PRICE_MICROS,
    USER_ID,
    later,
    make_account,
    make_job,
    make_origin,
    make_request,
    make_reservations,
    with_cap,
)
from tests.storage.inline import RELEASING, SETTLING, WAYS, accepting, bring_to, do, move, record, sums

IMAGES = ("member", "image", DAY)
MONEY = [("member", "micros", MONTH), ("guild", "micros", DAY), ("guild", "micros", MONTH), ("global", "micros", MONTH)]
PAIRS = list(product(JobStatus, JobStatus))
ALLOWED = [(before, after) for before, after in PAIRS if after in TRANSITIONS[before]]


def stored(connection: sqlite3.Connection, job: Job) -> Job:
    return jobs.job_of(connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone())


def dump(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


def every_account(job: Job, *, pending: int, posted: int) -> dict[tuple[str, str, str], tuple[int, int]]:
    """All five accounts, where `pending` and `posted` are counts of images and as many prices."""
    images = {IMAGES: (pending, posted)}
    return images | dict.fromkeys(MONEY, (pending * job.price_micros, posted * job.price_micros))


def test_a_recorded_job_comes_back_as_it_was(connection: sqlite3.Connection) -> None:
    request = make_request(num_images=4, seed=7, negative_prompt="blur", guidance_scale=2.5)
    job = make_job(request=request, origin=make_origin(locale="de"))
    record(connection, job)
    assert stored(connection, job) == job


def test_recording_holds_every_reservation(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=3))
    record(connection, job)
    assert sums(connection) == every_account(job, pending=3, posted=0)


def test_a_refused_acceptance_leaves_nothing(connection: sqlite3.Connection) -> None:
    job = make_job()
    before = dump(connection)
    guild = make_account(Scope.GUILD, guild_id=job.origin.guild_id)
    with pytest.raises(CapReached) as caught:
        record(connection, job, with_cap(make_reservations(job), guild, job.cost_micros - 1))
    assert caught.value.account == guild
    assert dump(connection) == before


def test_the_same_interaction_makes_one_job(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    before = dump(connection)
    with pytest.raises(DuplicateInteraction):
        record(connection, make_job(origin=job.origin))
    assert dump(connection) == before


@pytest.mark.parametrize("status", JobStatus)
def test_only_jobs_under_way_count_towards_the_limit(connection: sqlite3.Connection, status: JobStatus) -> None:
    first, second = make_job(), make_job()
    record(connection, first)
    bring_to(connection, first, status)

    attempt = accepting(second, active_limit=1)
    if status not in UNDER_WAY:
        do(connection, attempt)
        return
    with pytest.raises(TooManyActiveJobs) as caught:
        do(connection, attempt)
    assert (caught.value.active, caught.value.limit) == (1, 1)


def test_the_limit_is_for_each_member_in_each_guild(connection: sqlite3.Connection) -> None:
    here = make_job()
    record(connection, here)
    for origin in (make_origin(user_id=USER_ID + 1), make_origin(guild_id=77)):
        other = make_job(origin=origin)
        do(connection, accepting(other, active_limit=1))
    with pytest.raises(TooManyActiveJobs):
        do(connection, accepting(make_job(), active_limit=1))


def test_there_is_a_way_to_every_status() -> None:
    assert WAYS.keys() == set(JobStatus)


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_every_transition_of_the_table_is_taken(
    connection: sqlite3.Connection, before: JobStatus, after: JobStatus
) -> None:
    job = make_job(request=make_request(num_images=2))
    record(connection, job)
    bring_to(connection, job, before)
    moved = move(connection, job, before, after, at=later(5))
    assert moved.status is after
    assert moved.changed_at == later(5)
    assert moved.finished_at == (later(5) if after.is_terminal else None)
    assert stored(connection, job) == moved


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair not in ALLOWED])
def test_every_other_transition_is_refused(connection: sqlite3.Connection, before: JobStatus, after: JobStatus) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, before)
    unchanged = dump(connection)
    for settlement in (None, Settlement(images=1, micros=PRICE_MICROS)):
        with pytest.raises(StorageError, match="no job goes from"):
            move(connection, job, before, after, settlement=settlement)
    assert dump(connection) == unchanged


@pytest.mark.parametrize(("here", "claimed"), [pair for pair in PAIRS if pair[0] != pair[1]])
def test_a_move_from_where_the_job_is_not_changes_nothing(
    connection: sqlite3.Connection, here: JobStatus, claimed: JobStatus
) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, here)
    unchanged = dump(connection)
    for target in TRANSITIONS[claimed]:
        with pytest.raises(TransitionRefused) as caught:
            move(connection, job, claimed, target)
        assert (caught.value.expected, caught.value.target) == (claimed, target)
    assert dump(connection) == unchanged


def test_a_move_of_no_job_is_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(TransitionRefused):
        move(connection, make_job(), JobStatus.QUEUED, JobStatus.CANCELLED)


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_a_move_does_to_the_money_what_its_status_means(
    connection: sqlite3.Connection, before: JobStatus, after: JobStatus
) -> None:
    job = make_job(request=make_request(num_images=3))
    record(connection, job)
    bring_to(connection, job, before)
    held = sums(connection)
    move(connection, job, before, after)
    if (before, after) in SETTLING:
        assert sums(connection) == every_account(job, pending=0, posted=3)
        assert stored(connection, job).settled_micros == 3 * PRICE_MICROS
    elif after in RELEASING:
        assert sums(connection) == every_account(job, pending=0, posted=0)
        assert stored(connection, job).settled_micros == 0
    else:
        assert sums(connection) == held


@pytest.mark.parametrize("status", JobStatus)
def test_a_job_holds_money_exactly_until_it_is_decided(connection: sqlite3.Connection, status: JobStatus) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, status)
    holding = {*UNDER_WAY, JobStatus.IN_DOUBT}
    pending = {value[0] > 0 for value in sums(connection).values()}
    assert pending == {status in holding}


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_a_settlement_goes_with_the_moves_that_settle_and_no_other(
    connection: sqlite3.Connection, before: JobStatus, after: JobStatus
) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, before)
    unchanged = dump(connection)
    wrong = None if (before, after) in SETTLING else Settlement(images=1, micros=PRICE_MICROS)
    with pytest.raises(StorageError, match="a settlement goes with"):
        move(connection, job, before, after, settlement=wrong)
    assert dump(connection) == unchanged


def test_what_never_came_is_given_back(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=4))
    record(connection, job)
    bring_to(connection, job, JobStatus.GENERATED)
    settlement = Settlement(images=3, micros=3 * PRICE_MICROS)
    moved = move(connection, job, JobStatus.GENERATED, JobStatus.DELIVERED, settlement=settlement)
    assert moved.settled_micros == 3 * PRICE_MICROS
    assert sums(connection) == every_account(job, pending=0, posted=3)


def test_an_unusable_result_costs_money_but_none_of_the_members_images(connection: sqlite3.Connection) -> None:
    job = make_job(request=make_request(num_images=2))
    record(connection, job)
    bring_to(connection, job, JobStatus.GENERATED)
    settlement = Settlement(images=0, micros=2 * PRICE_MICROS)
    move(connection, job, JobStatus.GENERATED, JobStatus.WITHHELD, settlement=settlement)
    assert sums(connection) == every_account(job, pending=0, posted=2) | {IMAGES: (0, 0)}


def test_a_settlement_beyond_the_reservation_is_refused_whole(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, JobStatus.GENERATED)
    unchanged = dump(connection)
    settlement = Settlement(images=1, micros=PRICE_MICROS + 1)
    with pytest.raises(StorageError):
        move(connection, job, JobStatus.GENERATED, JobStatus.DELIVERED, settlement=settlement)
    assert dump(connection) == unchanged


def test_a_move_takes_further_columns_along(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, JobStatus.SUBMITTING)
    back = move(connection, job, JobStatus.SUBMITTING, JobStatus.QUEUED, not_before=later(30), submit_attempts=1)
    assert (back.not_before, back.submit_attempts) == (later(30), 1)
    move(connection, job, JobStatus.QUEUED, JobStatus.SUBMITTING)
    sent = move(connection, job, JobStatus.SUBMITTING, JobStatus.SUBMITTED, request_id="req_1", submitted_at=later(31))
    assert (sent.request_id, sent.submitted_at) == ("req_1", later(31))
    done = move(
        connection, job, JobStatus.SUBMITTED, JobStatus.GENERATED, generated_at=later(40), result_seed=9, reason=None
    )
    assert (done.generated_at, done.result_seed, done.reason) == (later(40), 9, None)
    doubt = move(
        connection,
        job,
        JobStatus.GENERATED,
        JobStatus.WITHHELD,
        reason=FailureReason.ALL_WITHHELD,
        card_status=JobStatus.WITHHELD,
    )
    assert (doubt.reason, doubt.card_status) == ("all_withheld", JobStatus.WITHHELD)


@pytest.mark.parametrize("column", ["status", "price_micros", "settled_micros", "guild_id", "prompt", "job_no = 1, x"])
def test_a_move_sets_no_other_column(connection: sqlite3.Connection, column: str) -> None:
    job = make_job()
    record(connection, job)
    changes: dict[str, Any] = {column: 1}
    with pytest.raises(StorageError, match="does not set"):
        move(connection, job, JobStatus.QUEUED, JobStatus.CANCELLED, **changes)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (JobStatus.SUBMITTING, JobStatus.SUBMITTED, {"request_id": None}),
        (JobStatus.SUBMITTED, JobStatus.GENERATED, {"images_produced": 2}),
        (JobStatus.GENERATED, JobStatus.DELIVERED, {"images_released": 2}),
        (JobStatus.QUEUED, JobStatus.CANCELLED, {"request_id": "req_1"}),
    ],
    ids=["submitted without its request", "more than asked for", "more shown than made", "cancelled yet sent"],
)
def test_the_schema_refuses_what_cannot_be(
    connection: sqlite3.Connection, before: JobStatus, after: JobStatus, changes: dict[str, Any]
) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, before)
    with pytest.raises(StorageError, match="CHECK constraint"):
        move(connection, job, before, after, **changes)
    assert stored(connection, job).status is before


def test_nothing_is_submitted_without_its_card(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    with pytest.raises(StorageError, match="CHECK constraint"):
        move(connection, job, JobStatus.QUEUED, JobStatus.SUBMITTING)


@pytest.mark.parametrize(
    ("paid", "status", "reason", "posted"),
    [
        (True, JobStatus.WRITTEN_OFF, FailureReason.OPERATOR_SETTLED, 2),
        (False, JobStatus.FAILED, FailureReason.OPERATOR_RELEASED, 0),
    ],
)
def test_an_operator_ends_a_doubt(
    connection: sqlite3.Connection, paid: bool, status: JobStatus, reason: FailureReason, posted: int
) -> None:
    job = make_job(request=make_request(num_images=2))
    record(connection, job)
    bring_to(connection, job, JobStatus.IN_DOUBT)
    ended = do(connection, lambda c: jobs.resolve_in_doubt(c, job.job_id, paid=paid, at=later(9)))
    assert (ended.status, ended.reason, ended.finished_at) == (status, reason, later(9))
    assert sums(connection) == every_account(job, pending=0, posted=posted)
    for again in (True, False):
        with pytest.raises(TransitionRefused):
            do(connection, partial(jobs.resolve_in_doubt, job_id=job.job_id, paid=again, at=NOW))


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.IN_DOUBT])
def test_only_a_job_in_doubt_is_ended_by_hand(connection: sqlite3.Connection, status: JobStatus) -> None:
    job = make_job()
    record(connection, job)
    bring_to(connection, job, status)
    unchanged = dump(connection)
    for paid in (True, False):
        with pytest.raises(TransitionRefused):
            do(connection, partial(jobs.resolve_in_doubt, job_id=job.job_id, paid=paid, at=NOW))
    with pytest.raises(JobNotFound):
        do(connection, lambda c: jobs.resolve_in_doubt(c, "nobody", paid=True, at=NOW))
    assert dump(connection) == unchanged


def test_every_column_of_a_job_has_its_field(connection: sqlite3.Connection) -> None:
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(jobs)")}
    fields = {field.name for field in dataclasses.fields(Job)} | {
        field.name for field in dataclasses.fields(make_origin())
    }
    apart = {"job_no", "prompt", "negative_prompt", "parameters"}
    of_the_moment = {"missing_permissions", "role_ids", "parent_id", "joined_at"}
    assert columns - apart == fields - {"origin", "request"} - of_the_moment


def test_units_and_scopes_are_those_of_the_domain(connection: sqlite3.Connection) -> None:
    record(connection, make_job())
    rows = connection.execute("SELECT DISTINCT scope, unit FROM accounts").fetchall()
    assert {row["scope"] for row in rows} == set(Scope)
    assert {row["unit"] for row in rows} == set(Unit)

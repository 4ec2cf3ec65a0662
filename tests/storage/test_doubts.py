"""Jobs in doubt as they are listed and ended by a person's word."""

import sqlite3
from functools import partial

import pytest

from errors import JobNotFound, TransitionRefused
from models import FailureReason, Job, JobStatus
from storage import audit, doubts, jobs, ledger
from storage.database import Database
from storage.doubts import COMMAND_LINE, Doubts
from tests.builders import (
    GUILD_ID,
    MESSAGE_ID,
    NOW,
    PRICE_MICROS,
    later,
    make_job,
    make_origin,
    make_request,
    make_reservations,
)

OTHER_GUILD = 5
ADMIN = 77


async def in_doubt(database: Database, *, guild_id: int = GUILD_ID, images: int = 1, seconds: float = 0.0) -> Job:
    """A job that has been in doubt since so many seconds after NOW."""
    job = make_job(origin=make_origin(guild_id=guild_id), request=make_request(num_images=images))

    def write(connection: sqlite3.Connection) -> Job:
        jobs.record(connection, job, make_reservations(job), active_limit=100)
        jobs.store_card(connection, job.job_id, MESSAGE_ID)
        jobs.move(connection, job.job_id, JobStatus.QUEUED, JobStatus.SUBMITTING, at=NOW)
        return jobs.move(
            connection,
            job.job_id,
            JobStatus.SUBMITTING,
            JobStatus.IN_DOUBT,
            at=later(seconds),
            reason=FailureReason.ACCEPTANCE_UNKNOWN,
        )

    return await database.write(write)


async def test_nothing_is_in_doubt_at_first(database: Database) -> None:
    assert await doubts.totals(database, None) == Doubts(count=0, held_micros=0, oldest_at=None)
    assert await doubts.page(database, None, offset=0, size=5) == []


async def test_a_guild_has_its_own_and_the_operator_all(database: Database) -> None:
    newer = await in_doubt(database, images=2, seconds=60)
    older = await in_doubt(database, images=3)
    others = await in_doubt(database, guild_id=OTHER_GUILD, seconds=30)
    await database.write(lambda c: jobs.record(c, job := make_job(), make_reservations(job), active_limit=100))

    assert await doubts.totals(database, GUILD_ID) == Doubts(count=2, held_micros=5 * PRICE_MICROS, oldest_at=NOW)
    assert await doubts.totals(database, None) == Doubts(count=3, held_micros=6 * PRICE_MICROS, oldest_at=NOW)
    assert await doubts.page(database, GUILD_ID, offset=0, size=5) == [newer, older]
    assert await doubts.page(database, None, offset=0, size=5) == [newer, older, others]
    assert await doubts.page(database, None, offset=2, size=2) == [others]


@pytest.mark.parametrize(
    ("paid", "status", "posted"), [(True, JobStatus.WRITTEN_OFF, 2 * PRICE_MICROS), (False, JobStatus.FAILED, 0)]
)
async def test_a_word_ends_the_job_and_is_written_down(
    database: Database, paid: bool, status: JobStatus, posted: int
) -> None:
    job = await in_doubt(database, images=2)
    ended = await database.write(
        lambda c: doubts.resolve(c, job.job_id, paid=paid, by_id=ADMIN, at=later(10), reason="seen on the bill")
    )
    assert (ended.status, ended.settled_micros) == (status, posted)
    [line] = await audit.latest(database, GUILD_ID, limit=5)
    assert (line.what, line.by_id, line.at, line.reason) == (doubts.RESOLVED, ADMIN, later(10), "seen on the bill")
    assert (line.before, line.after) == ("in_doubt", status)
    assert await database.write(ledger.audit) == ()
    assert (await doubts.totals(database, None)).count == 0


async def test_of_two_words_the_second_changes_nothing(database: Database) -> None:
    job = await in_doubt(database)
    await database.write(lambda c: doubts.resolve(c, job.job_id, paid=True, by_id=ADMIN, at=NOW))
    with pytest.raises(TransitionRefused):
        await database.write(lambda c: doubts.resolve(c, job.job_id, paid=False, by_id=ADMIN, at=NOW))
    assert (await jobs.find(database, job.job_id)).status is JobStatus.WRITTEN_OFF
    assert len(await audit.latest(database, GUILD_ID, limit=5)) == 1


async def test_a_job_that_there_is_not_is_said_to_be_unknown(database: Database) -> None:
    with pytest.raises(JobNotFound):
        await database.write(lambda c: doubts.resolve(c, "nonsense", paid=True, by_id=ADMIN, at=NOW))


async def test_only_what_the_command_line_resolved_since_is_followed(database: Database) -> None:
    found = [await in_doubt(database) for _ in range(4)]
    resolve = partial(doubts.resolve, at=NOW)
    await database.write(lambda c: resolve(c, found[0].job_id, paid=True, by_id=COMMAND_LINE))
    seen = await doubts.latest_change(database)
    await database.write(lambda c: resolve(c, found[1].job_id, paid=True, by_id=ADMIN))
    await database.write(lambda c: resolve(c, found[2].job_id, paid=False, by_id=COMMAND_LINE))
    await database.write(lambda c: resolve(c, found[3].job_id, paid=True, by_id=COMMAND_LINE))
    followed = await doubts.resolved_at_command_line(database, after=seen)
    assert [(one.job_id, one.status, one.settled_micros) for one in followed] == [
        (found[2].job_id, JobStatus.FAILED, 0),
        (found[3].job_id, JobStatus.WRITTEN_OFF, PRICE_MICROS),
    ]
    assert await doubts.resolved_at_command_line(database, after=followed[-1].seq) == []


async def test_the_newest_line_is_none_at_first(database: Database) -> None:
    assert await doubts.latest_change(database) == 0

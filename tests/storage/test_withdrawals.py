"""Taking pictures off their cards: what each transaction leaves, and that none undoes another."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from errors import JobNotFound, PictureRemoved
from models import FailureReason, Job, JobStatus
from moderation import CaseKind
from storage import cases, favourites, jobs, withdrawals
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID, later, make_job
from tests.storage.inline import bring_to, do, record
from tests.storage.past import finished, finisher

MODERATOR = USER_ID + 50


def now(connection: sqlite3.Connection, job: Job) -> Job:
    return withdrawals.read(connection, job.job_id, guild_id=GUILD_ID)


def hide(connection: sqlite3.Connection, job: Job, at: float = 3) -> bool:
    return do(connection, lambda c: withdrawals.hide(c, job.job_id, at=later(at)))


def restore(connection: sqlite3.Connection, job: Job, at: float = 4) -> bool:
    return do(connection, lambda c: withdrawals.restore(c, job.job_id, by_id=MODERATOR, at=later(at)))


def remove(connection: sqlite3.Connection, job: Job, at: float = 5, reason: str = "") -> bool:
    return do(connection, lambda c: withdrawals.remove(c, now(c, job), by_id=MODERATOR, at=later(at), reason=reason))


def lines(connection: sqlite3.Connection) -> list[str]:
    return [row["what"] for row in connection.execute("SELECT what FROM audit ORDER BY seq")]


def test_each_is_done_once_and_a_removal_is_for_good(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    assert [hide(connection, job), hide(connection, job, 9)] == [True, False]
    assert now(connection, job).hidden_at == later(3)
    assert [restore(connection, job), restore(connection, job)] == [True, False]
    assert [remove(connection, job), remove(connection, job, 9)] == [True, False]
    assert now(connection, job).removed_at == later(5)
    assert [hide(connection, job), restore(connection, job)] == [False, False]
    assert lines(connection) == ["mod.hide", "mod.restore", "mod.remove"]


def test_what_is_removed_while_hidden_does_not_come_back(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    hide(connection, job)
    assert remove(connection, job)
    assert not restore(connection, job)
    assert not now(connection, job).is_shown


@pytest.mark.parametrize("action", [hide, restore, remove])
def test_the_card_is_behind_after_each(connection: sqlite3.Connection, action: object) -> None:
    job = finished(connection)
    if action is restore:
        hide(connection, job)
    do(connection, lambda c: jobs.note_card(c, now(c, job)))
    assert now(connection, job).card_status is JobStatus.DELIVERED
    assert callable(action)
    assert action(connection, job)
    assert now(connection, job).card_status is None


@pytest.mark.parametrize("meanwhile", [hide, remove])
def test_a_card_that_showed_what_was_so_before_is_still_behind(
    connection: sqlite3.Connection, meanwhile: object
) -> None:
    before = finished(connection)
    before = now(connection, before)
    assert callable(meanwhile)
    meanwhile(connection, before)
    do(connection, lambda c: jobs.note_card(c, before))
    assert now(connection, before).card_status is None
    do(connection, lambda c: jobs.note_card(c, now(c, before)))
    assert now(connection, before).card_status is JobStatus.DELIVERED


def test_a_card_hidden_again_is_not_taken_for_the_one_that_was_restored(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    hide(connection, job)
    hidden = now(connection, job)
    restore(connection, job)
    do(connection, lambda c: jobs.note_card(c, hidden))
    assert now(connection, job).card_status is None
    restored = now(connection, job)
    hide(connection, job, 9)
    for stale in (hidden, restored):
        do(connection, partial(jobs.note_card, job=stale))
        assert now(connection, job).card_status is None


def test_a_gallery_that_arrives_after_it_was_hidden_does_not_count_as_shown(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    generated = bring_to(connection, job, JobStatus.GENERATED)
    hide(connection, generated)
    settlement = jobs.full_settlement(generated)
    moved = do(
        connection,
        lambda c: jobs.move(
            c,
            job.job_id,
            JobStatus.GENERATED,
            JobStatus.DELIVERED,
            at=later(8),
            settlement=settlement,
            card_status=JobStatus.DELIVERED,
        ),
    )
    assert moved.card_status is None
    assert moved.hidden_at == later(3)


def test_a_removal_takes_it_out_of_history_and_favourites_and_keeps_the_evidence(
    connection: sqlite3.Connection,
) -> None:
    job = finished(connection)
    connection.execute(
        "INSERT INTO images (job_no, position, reason, raw_flag, sha256, judged_at)"
        " SELECT job_no, 0, 'released', 'false', 'abc', 7 FROM jobs"
    )
    do(connection, lambda c: favourites.put(c, job.job_id, guild_id=GUILD_ID, user_id=9, on=True, at=later(1)))
    assert connection.execute("SELECT count(*) FROM history").fetchone()[0] == 1
    remove(connection, job, reason="not here")
    for table in ("history", "favourites", "job_texts"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
    [image] = connection.execute("SELECT reason, raw_flag, sha256, judged_at FROM images")
    assert tuple(image) == ("released", "false", "abc", 7)
    [line] = connection.execute("SELECT by_id, subject_id, job_id, reason FROM audit")
    assert tuple(line) == (MODERATOR, USER_ID, job.job_id, "not here")


def test_removing_what_waits_in_line_cancels_it_and_gives_its_money_back(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    assert remove(connection, job)
    cancelled = now(connection, job)
    assert (cancelled.status, cancelled.reason) == (JobStatus.CANCELLED, FailureReason.CANCELLED_BY_MODERATOR)
    pending = connection.execute("SELECT sum(pending) FROM accounts").fetchone()[0]
    assert pending == 0


def test_another_guilds_job_is_unknown_and_a_removed_one_is_refused(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    with pytest.raises(JobNotFound):
        withdrawals.read(connection, job.job_id, guild_id=GUILD_ID + 1)
    assert withdrawals.read_shown(connection, job.job_id, guild_id=GUILD_ID).job_id == job.job_id
    remove(connection, job)
    with pytest.raises(PictureRemoved):
        withdrawals.read_shown(connection, job.job_id, guild_id=GUILD_ID)


async def test_pictures_are_kept_while_somebody_has_to_decide_or_the_card_is_behind(
    database: Database, tmp_path: Path
) -> None:
    finish = finisher(tmp_path / "easel.db")
    made = {name: finish() for name in ("plain", "hidden", "open", "decided", "removed", "behind")}

    def make(connection: sqlite3.Connection) -> dict[str, str]:
        for job in made.values():
            jobs.note_card(connection, now(connection, job))
        withdrawals.hide(connection, made["hidden"].job_id, at=later(3))
        for name in ("open", "decided"):
            case, _ = cases.open_case(
                connection,
                guild_id=GUILD_ID,
                kind=CaseKind.REPORT,
                user_id=USER_ID,
                at=later(3),
                job_id=made[name].job_id,
            )
            if name == "decided":
                connection.execute(
                    "UPDATE cases SET outcome = 'dismissed', decided_by = 1, decided_at = 1 WHERE case_id = ?",
                    (case.case_id,),
                )
        withdrawals.hide(connection, made["removed"].job_id, at=later(3))
        withdrawals.remove(connection, now(connection, made["removed"]), by_id=1, at=later(4))
        for name in ("hidden", "removed"):
            jobs.note_card(connection, now(connection, made[name]))
        withdrawals.hide(connection, made["behind"].job_id, at=later(3))
        withdrawals.restore(connection, made["behind"].job_id, by_id=1, at=later(4))
        return {job.job_id: name for name, job in made.items()}

    names = await database.write(make)
    kept = await withdrawals.kept_back(database, [*names, "nobody's"])
    assert {names[job_id] for job_id in kept} == {"hidden", "open", "behind"}
    assert {names[job_id] for job_id in await withdrawals.hidden(database)} == {"hidden"}
    assert await withdrawals.kept_back(database, []) == frozenset()

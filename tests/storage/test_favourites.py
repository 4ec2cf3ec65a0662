"""Favourites: anyone's picture in the guild, as long as it is shown."""

import sqlite3

import pytest

from errors import JobNotFound, PictureGone
from models import JobStatus
from storage import favourites, history
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.storage.inline import do
from tests.storage.past import finished

FAN_ID = USER_ID + 1


def toggle(connection: sqlite3.Connection, job_id: str, *, guild_id: int = GUILD_ID) -> bool:
    return do(connection, lambda c: favourites.toggle(c, job_id, guild_id=guild_id, user_id=FAN_ID, at=NOW))


def test_a_second_press_takes_it_back(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    assert [toggle(connection, job.job_id) for _ in range(3)] == [True, False, True]
    assert connection.execute("SELECT count(*) FROM favourites").fetchone()[0] == 1


def test_putting_it_twice_changes_nothing_the_second_time(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    answers = [
        do(connection, lambda c, on=on: favourites.put(c, job.job_id, guild_id=GUILD_ID, user_id=FAN_ID, on=on, at=NOW))  # type: ignore[misc]  # mypy can't infer a lambda with a default
        for on in (True, True, False, False)
    ]
    assert answers == [True, False, True, False]


def test_another_guilds_job_is_none(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    with pytest.raises(JobNotFound):
        toggle(connection, job.job_id, guild_id=GUILD_ID + 1)
    with pytest.raises(JobNotFound):
        toggle(connection, "nobody")


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.DELIVERED])
def test_only_what_was_delivered_can_be_one(connection: sqlite3.Connection, status: JobStatus) -> None:
    job = finished(connection, status=status)
    with pytest.raises(PictureGone):
        toggle(connection, job.job_id)


def test_a_removed_picture_is_nobodys_favourite_any_more(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    toggle(connection, job.job_id)
    do(connection, lambda c: history.mark_removed(c, job.job_id, by_id=USER_ID, at=NOW))
    assert connection.execute("SELECT count(*) FROM favourites").fetchone()[0] == 0
    with pytest.raises(PictureGone):
        toggle(connection, job.job_id)

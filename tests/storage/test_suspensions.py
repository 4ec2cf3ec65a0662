"""Suspensions: for a while or until lifted, in one guild, and over by themselves."""

import sqlite3
from datetime import datetime

from models import Suspension
from storage import suspensions
from tests.builders import GUILD_ID, NOW, USER_ID, later
from tests.storage.inline import do

FOR_A_MINUTE = Suspension(until=later(60), reason="spam")
FOR_GOOD = Suspension(until=None, reason="again")


def suspend(connection: sqlite3.Connection, suspension: Suspension) -> None:
    do(
        connection,
        lambda c: suspensions.suspend(c, suspension, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, at=NOW),
    )


def read(
    connection: sqlite3.Connection, now: datetime = NOW, *, guild_id: int = GUILD_ID, user_id: int = USER_ID
) -> Suspension | None:
    return suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=now)


def test_it_lasts_to_its_end_and_not_a_moment_longer(connection: sqlite3.Connection) -> None:
    suspend(connection, FOR_A_MINUTE)
    assert read(connection) == read(connection, later(59.999)) == FOR_A_MINUTE
    assert read(connection, later(60)) is None


def test_it_is_one_members_in_one_guild(connection: sqlite3.Connection) -> None:
    suspend(connection, FOR_GOOD)
    assert read(connection, later(10**9)) == FOR_GOOD
    assert read(connection, guild_id=GUILD_ID + 1) is None
    assert read(connection, user_id=USER_ID + 1) is None


def test_the_last_word_counts(connection: sqlite3.Connection) -> None:
    suspend(connection, FOR_GOOD)
    suspend(connection, FOR_A_MINUTE)
    assert read(connection) == FOR_A_MINUTE


def test_lifting_says_whether_there_was_one(connection: sqlite3.Connection) -> None:
    def lift(now: datetime) -> bool:
        return do(connection, lambda c: suspensions.lift(c, guild_id=GUILD_ID, user_id=USER_ID, now=now))

    assert not lift(NOW)
    suspend(connection, FOR_A_MINUTE)
    assert lift(NOW)
    assert read(connection) is None
    suspend(connection, FOR_A_MINUTE)
    assert not lift(later(60))


def test_the_gate_reads_one_row_by_its_key(connection: sqlite3.Connection) -> None:
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT until, reason FROM suspensions WHERE guild_id = 1 AND user_id = 2 AND until > 3"
    ).fetchall()
    assert [row["detail"] for row in plan] == ["SEARCH suspensions USING PRIMARY KEY (guild_id=? AND user_id=?)"]

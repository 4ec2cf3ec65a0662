"""Suspensions: for a while or until lifted, in one guild, and over by themselves."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from moderation import Suspension
from storage import migrations, suspensions
from storage.database import connect
from storage.suspensions import Cause
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
        return do(
            connection, lambda c: suspensions.lift(c, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=now) is not None
        )

    assert not lift(NOW)
    suspend(connection, FOR_A_MINUTE)
    assert lift(NOW)
    assert read(connection) is None
    suspend(connection, FOR_A_MINUTE)
    assert not lift(later(60))


def test_the_gate_reads_two_rows_at_most_by_their_key(connection: sqlite3.Connection) -> None:
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT until, reason FROM suspensions WHERE guild_id = 1 AND user_id = 2 AND until > 3"
    ).fetchall()
    assert [row["detail"] for row in plan] == ["SEARCH suspensions USING PRIMARY KEY (guild_id=? AND user_id=?)"]


BY_STRIKES = suspensions.BY_STRIKES


def suspend_by(connection: sqlite3.Connection, until: datetime | None, *, by_id: int, at: datetime = NOW) -> None:
    suspension = Suspension(until=until)
    do(
        connection,
        lambda c: suspensions.suspend(c, suspension, guild_id=GUILD_ID, user_id=USER_ID, by_id=by_id, at=at),
    )


def test_the_longer_of_the_two_kinds_holds(connection: sqlite3.Connection) -> None:
    suspend_by(connection, later(60), by_id=1)
    suspend_by(connection, later(120), by_id=BY_STRIKES)
    held = read(connection)
    assert held is not None
    assert (held.until, held.by_strikes) == (later(120), True)
    suspend_by(connection, None, by_id=1)
    held = read(connection)
    assert held is not None
    assert (held.until, held.by_id) == (None, 1)


def test_what_strikes_lead_to_is_only_made_longer(connection: sqlite3.Connection) -> None:
    suspend_by(connection, later(120), by_id=BY_STRIKES)
    suspend_by(connection, later(60), by_id=BY_STRIKES)
    assert read(connection) == Suspension(until=later(120))
    suspend_by(connection, None, by_id=BY_STRIKES)
    suspend_by(connection, later(10**6), by_id=BY_STRIKES)
    assert read(connection) == Suspension(until=None)
    lines = connection.execute("SELECT after FROM audit WHERE what = 'mod.suspend' ORDER BY seq").fetchall()
    assert [row["after"] for row in lines] == [later(120).isoformat(), "until lifted"]


@pytest.mark.parametrize(
    ("justified", "expected"),
    [
        (None, None),
        (Suspension(until=later(-1)), None),
        (Suspension(until=later(60)), Suspension(until=later(60))),
        (Suspension(until=later(120)), Suspension(until=later(120))),
        (Suspension(until=later(240)), Suspension(until=later(120))),
        (Suspension(until=None), Suspension(until=later(120))),
    ],
)
def test_shortening_never_makes_it_longer(
    connection: sqlite3.Connection, justified: Suspension | None, expected: Suspension | None
) -> None:
    suspend_by(connection, later(120), by_id=BY_STRIKES)
    before = do(
        connection,
        lambda c: suspensions.shorten(c, justified, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=NOW),
    )
    assert read(connection) == expected
    assert (before is None) == (expected == Suspension(until=later(120)))


def test_shortening_leaves_a_moderators_word_and_makes_nothing(connection: sqlite3.Connection) -> None:
    suspend_by(connection, later(60), by_id=1)
    do(connection, lambda c: suspensions.shorten(c, None, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=NOW))
    assert read(connection) == Suspension(until=later(60))


def test_everybody_suspended_in_a_guild_is_listed_with_what_holds(connection: sqlite3.Connection) -> None:
    suspend_by(connection, later(60), by_id=1)
    suspend_by(connection, later(120), by_id=BY_STRIKES)
    assert suspensions.of_guild(connection, GUILD_ID, now=NOW) == {USER_ID: Suspension(until=later(120))}
    assert suspensions.of_guild(connection, GUILD_ID, now=later(120)) == {}
    assert suspensions.of_guild(connection, GUILD_ID + 1, now=NOW) == {}


def test_what_has_run_out_is_forgotten(connection: sqlite3.Connection) -> None:
    suspend_by(connection, later(60), by_id=1)
    suspend_by(connection, None, by_id=BY_STRIKES)
    assert do(connection, lambda c: suspensions.forget_over(c, now=later(59))) == 0
    assert do(connection, lambda c: suspensions.forget_over(c, now=later(60))) == 1
    assert read(connection) == Suspension(until=None)


def test_suspensions_of_an_older_release_are_moderators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = migrations.available()
    with closing(connect(tmp_path / "older.db")) as older:
        monkeypatch.setattr(migrations, "available", lambda: everything[:3])
        migrations.migrate(older, now=NOW)
        older.execute(
            "INSERT INTO suspensions (guild_id, user_id, until, reason, by_id, at) VALUES (?, ?, NULL, 'spam', 9, 1)",
            (GUILD_ID, USER_ID),
        )
        monkeypatch.setattr(migrations, "available", lambda: everything)
        migrations.migrate(older, now=NOW)
        held = suspensions.read(older, guild_id=GUILD_ID, user_id=USER_ID, now=NOW, cause=Cause.MODERATOR)
    assert held == Suspension(until=None, reason="spam")
    assert held is not None
    assert held.by_id == 9

"""The table of strikes: one for each request, weighed once, and forgotten in parts."""

import sqlite3
from typing import Any

import pytest

from moderation import Suspension
from storage import strikes, suspensions
from storage.strikes import Strike, StrikeCause
from storage.suspensions import BY_STRIKES
from tests.builders import GUILD_ID, NOW, USER_ID, later, make_job
from tests.storage.inline import do, record


def add(connection: sqlite3.Connection, number: int, **changes: Any) -> tuple[Strike, bool]:
    values: dict[str, Any] = {
        "guild_id": GUILD_ID,
        "user_id": USER_ID,
        "interaction_id": number,
        "at": NOW,
        "cause": StrikeCause.BLOCKED_PROMPT,
        "weight": 1,
        "category": "violence",
        "term": "badword",
        "reading": "leet",
        "prompt": "a b4dw0rd",
    }
    return do(connection, lambda c: strikes.add(c, **(values | changes)))


def total(connection: sqlite3.Connection, **changes: Any) -> int:
    values: dict[str, Any] = {"guild_id": GUILD_ID, "user_id": USER_ID, "after": later(-1)}
    return strikes.total(connection, **(values | changes))


def test_a_strike_comes_back_as_it_was_given(connection: sqlite3.Connection) -> None:
    strike, is_new = add(connection, 7)
    assert is_new
    assert strike == Strike(
        strike_id=strike.strike_id,
        guild_id=GUILD_ID,
        user_id=USER_ID,
        interaction_id=7,
        at=NOW,
        cause=StrikeCause.BLOCKED_PROMPT,
        weight=1,
        category="violence",
        term="badword",
        reading="leet",
        prompt="a b4dw0rd",
    )
    assert strikes.read(connection, strike.strike_id, guild_id=GUILD_ID) == strike
    assert strikes.of_interaction(connection, 7) == strike
    assert "b4dw0rd" not in repr(strike)


def test_the_second_of_a_request_is_the_first(connection: sqlite3.Connection) -> None:
    first, _ = add(connection, 7)
    second, is_new = add(connection, 7, weight=2, prompt="another")
    assert (second, is_new) == (first, False)


def test_a_job_goes_by_its_id(connection: sqlite3.Connection) -> None:
    job = make_job()
    record(connection, job)
    strike, _ = add(connection, 7, job_id=job.job_id, cause=StrikeCause.FLAGGED_IMAGE)
    assert strike.job_id == job.job_id


def test_another_guild_does_not_see_it(connection: sqlite3.Connection) -> None:
    strike, _ = add(connection, 7)
    assert strikes.read(connection, strike.strike_id, guild_id=GUILD_ID + 1) is None


def test_the_total_is_of_what_counts(connection: sqlite3.Connection) -> None:
    add(connection, 1, at=later(-1))
    add(connection, 2, weight=2)
    add(connection, 3, weight=0)
    lifted, _ = add(connection, 4)
    add(connection, 5, user_id=USER_ID + 1)
    add(connection, 6, guild_id=GUILD_ID + 1)
    assert do(connection, lambda c: strikes.lift(c, lifted.strike_id, by_id=9, at=NOW))
    assert total(connection) == 2
    assert total(connection, after=later(-2)) == 3
    assert [strike.interaction_id for strike in strikes.counting(connection, guild_id=GUILD_ID, user_id=USER_ID)] == [
        1,
        2,
    ]


def test_a_strike_is_lifted_once(connection: sqlite3.Connection) -> None:
    strike, _ = add(connection, 7)
    assert do(connection, lambda c: strikes.lift(c, strike.strike_id, by_id=9, at=later(5)))
    assert not do(connection, lambda c: strikes.lift(c, strike.strike_id, by_id=10, at=later(6)))
    found = strikes.read(connection, strike.strike_id, guild_id=GUILD_ID)
    assert found is not None
    assert (found.lifted_by, found.lifted_at) == (9, later(5))


def test_prompts_are_forgotten_and_strikes_stay(connection: sqlite3.Connection) -> None:
    add(connection, 1, at=later(-60))
    add(connection, 2, at=NOW)
    assert do(connection, lambda c: strikes.forget_prompts(c, before=NOW)) == 1
    assert do(connection, lambda c: strikes.forget_prompts(c, before=NOW)) == 0
    prompts = [strike.prompt for strike in strikes.counting(connection, guild_id=GUILD_ID, user_id=USER_ID)]
    assert prompts == [None, "a b4dw0rd"]
    assert total(connection, after=later(-61)) == 2


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT sum(weight) FROM strikes WHERE guild_id = 1 AND user_id = 2 AND at > 3", "strikes_of_member"),
        ("UPDATE strikes SET prompt = NULL WHERE prompt IS NOT NULL AND at < 3", "strikes_with_prompts"),
        ("SELECT max(case_id) FROM cases WHERE cases.strike_id = 1 AND cases.kind = 'appeal'", "cases_of_strike"),
    ],
)
def test_what_is_looked_up_has_an_index(connection: sqlite3.Connection, sql: str, index: str) -> None:
    plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert any(index in step for step in plan), plan


def test_lifting_a_suspension_excuses_the_strikes_before_it(connection: sqlite3.Connection) -> None:
    add(connection, 1)
    do(
        connection,
        lambda c: suspensions.suspend(
            c, Suspension(until=None), guild_id=GUILD_ID, user_id=USER_ID, by_id=BY_STRIKES, at=NOW
        ),
    )
    do(connection, lambda c: suspensions.lift(c, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=later(5)))
    add(connection, 2, at=later(10))
    found = strikes.counting(connection, guild_id=GUILD_ID, user_id=USER_ID)
    assert [strike.excused for strike in found] == [True, False]

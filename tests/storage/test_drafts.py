"""Drafts' rows: whose they are, that each is used up once, and that nobody has too many."""

import sqlite3
from typing import Any, Final

import pytest

from errors import DraftGone
from storage import drafts
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID, later
from tests.storage.inline import do

ASKED: Final[dict[str, Any]] = {"guild_id": GUILD_ID, "user_id": USER_ID, "kind": "control", "since": NOW}


def put(connection: sqlite3.Connection, draft_id: str, seconds: float = 0, **changes: Any) -> list[str]:
    given: dict[str, Any] = {"guild_id": GUILD_ID, "user_id": USER_ID, "kind": "control", "content": {"n": [1, None]}}
    return drafts.put(connection, draft_id, at=later(seconds), **(given | changes))


async def test_a_draft_is_found_by_its_member_only_and_only_while_it_is_young(database: Database) -> None:
    await database.write(lambda c: put(c, "draft"))
    assert await drafts.find(database, "draft", **ASKED) == {"n": [1, None]}
    others: list[dict[str, Any]] = [
        {"guild_id": GUILD_ID + 1},
        {"user_id": USER_ID + 1},
        {"kind": "preset"},
        {"since": later(0.001)},
    ]
    for other in others:
        with pytest.raises(DraftGone):
            await drafts.find(database, "draft", **(ASKED | other))
    with pytest.raises(DraftGone):
        await drafts.find(database, "nobody's", **ASKED)


async def test_a_change_renews_it(database: Database) -> None:
    await database.write(lambda c: put(c, "draft"))
    await database.write(lambda c: drafts.change(c, "draft", {"n": 2}, at=later(60)))
    assert await drafts.find(database, "draft", **(ASKED | {"since": later(60)})) == {"n": 2}
    with pytest.raises(DraftGone):
        await database.write(lambda c: drafts.change(c, "nobody's", {}, at=NOW))


def test_a_draft_is_used_up_once(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: put(c, "draft"))
    do(connection, lambda c: drafts.take(c, "draft"))
    with pytest.raises(DraftGone):
        do(connection, lambda c: drafts.take(c, "draft"))


def test_what_undoes_the_transaction_gives_the_draft_back(connection: sqlite3.Connection) -> None:
    def take_and_fail(c: sqlite3.Connection) -> None:
        drafts.take(c, "draft")
        raise ZeroDivisionError

    do(connection, lambda c: put(c, "draft"))
    with pytest.raises(ZeroDivisionError):
        do(connection, take_and_fail)
    do(connection, lambda c: drafts.take(c, "draft"))


async def test_a_new_one_takes_the_place_of_the_members_oldest(database: Database) -> None:
    await database.write(lambda c: put(c, "another's", -99, user_id=USER_ID + 1))
    for number in range(drafts.PER_MEMBER_MAX):
        assert await database.write(lambda c, n=number: put(c, f"draft {n}", n)) == []  # type: ignore[misc]  # mypy can't infer a lambda with a default
    await database.write(lambda c: drafts.change(c, "draft 0", {}, at=later(100)))
    assert await database.write(lambda c: put(c, "one more", 50)) == ["draft 1"]
    # Also where the clock was set back in between.
    assert await database.write(lambda c: put(c, "of the past", -50)) == ["draft 2"]
    kept = await drafts.existing(database, ["another's", "draft 0", "draft 1", "draft 2", "draft 3", "of the past"])
    assert kept == {"another's", "draft 0", "draft 3", "of the past"}


async def test_the_old_ones_go(database: Database) -> None:
    await database.write(lambda c: put(c, "old"))
    await database.write(lambda c: put(c, "young", 1))
    assert await database.write(lambda c: drafts.drop_older(c, before=later(1))) == ["old"]
    assert await drafts.existing(database, ["old", "young"]) == {"young"}
    assert await drafts.existing(database, []) == set()

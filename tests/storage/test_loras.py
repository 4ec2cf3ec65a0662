"""The guilds' catalogues as stored."""

import sqlite3
from typing import Any

import pytest

from errors import NameTaken
from recipes import LoraEntry
from storage import loras
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.storage.inline import do


def entry(name: str, **changes: Any) -> LoraEntry:
    given: dict[str, Any] = {"guild_id": GUILD_ID, "path": "owner/repo", "added_by": 7, "added_at": NOW}
    return LoraEntry(name=name, **(given | changes))


async def test_what_was_put_comes_back_equal_by_name(database: Database) -> None:
    kept = [entry("Grain"), entry("Ink", trigger_words="in ink", default_scale=0.5, max_scale=1.5)]
    for each in reversed([*kept, entry("Ink", guild_id=GUILD_ID + 1)]):
        await database.write(lambda c, each=each: loras.put(c, each))  # type: ignore[misc]  # mypy can't infer a lambda with a default
    assert await loras.of_guild(database, GUILD_ID) == kept
    assert await loras.named(database, ["INK", "Nobody"], guild_id=GUILD_ID) == {"ink": kept[1]}
    assert await loras.named(database, [], guild_id=GUILD_ID) == {}


def test_a_name_is_taken_in_any_case_in_its_guild(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: loras.put(c, entry("Ink")))
    with pytest.raises(NameTaken) as caught:
        do(connection, lambda c: loras.put(c, entry("iNK")))
    assert (caught.value.what, caught.value.limit) == ("lora", None)
    do(connection, lambda c: loras.put(c, entry("Ink", guild_id=GUILD_ID + 1)))


def test_a_guild_has_so_many_at_most(connection: sqlite3.Connection) -> None:
    for number in range(loras.GUILD_MAX):
        do(connection, lambda c, n=number: loras.put(c, entry(f"Ink {n}")))  # type: ignore[misc]  # as above
    with pytest.raises(NameTaken) as caught:
        do(connection, lambda c: loras.put(c, entry("One more")))
    assert caught.value.limit == loras.GUILD_MAX


def test_dropping_gives_it_back_once(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: loras.put(c, entry("Ink")))
    assert do(connection, lambda c: loras.drop(c, guild_id=GUILD_ID + 1, name="ink", by_id=USER_ID, at=NOW)) is None
    assert do(connection, lambda c: loras.drop(c, guild_id=GUILD_ID, name=" INK", by_id=USER_ID, at=NOW)) == entry(
        "Ink"
    )
    assert do(connection, lambda c: loras.drop(c, guild_id=GUILD_ID, name="ink", by_id=USER_ID, at=NOW)) is None

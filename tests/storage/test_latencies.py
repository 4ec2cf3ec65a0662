"""Histograms of latencies on disk: one row a kind, and no more of them than wanted."""

import sqlite3

import pytest

from storage import latencies
from storage.database import Database
from storage.latencies import StoredLatencies
from tests.builders import later


def row(kind: str, jobs: int = 3) -> StoredLatencies:
    return StoredLatencies(kind=kind, jobs=jobs, weights=((4.125, 0.98), (8.5, 1.0)))


async def keep(database: Database, *rows: StoredLatencies, seconds: float = 0, most: int = 10) -> None:
    await database.write(lambda connection: latencies.store(connection, rows, at=later(seconds), most=most))


async def test_what_is_stored_is_loaded(database: Database) -> None:
    assert await latencies.load(database, limit=10) == []
    await keep(database, row("a"))
    await keep(database, row("b"), seconds=1)
    assert await latencies.load(database, limit=10) == [row("a"), row("b")]


async def test_a_kind_has_one_row(database: Database) -> None:
    await keep(database, row("a", jobs=3))
    await keep(database, row("a", jobs=4))
    assert await latencies.load(database, limit=10) == [row("a", jobs=4)]


async def test_the_kinds_that_changed_longest_ago_make_room(database: Database) -> None:
    for number, kind in enumerate("abcd"):
        await keep(database, row(kind), seconds=number, most=3)
    assert [found.kind for found in await latencies.load(database, limit=10)] == ["b", "c", "d"]
    await keep(database, row("b"), seconds=10, most=2)
    assert [found.kind for found in await latencies.load(database, limit=10)] == ["d", "b"]
    assert [found.kind for found in await latencies.load(database, limit=1)] == ["b"]


@pytest.mark.parametrize("text", ["", "no json", "{}", "[1, 2]", "[[1, 2, 3]]", '[["a", "b"]]', "null"])
async def test_a_row_that_cannot_be_read_has_no_weights(database: Database, text: str) -> None:
    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO latencies VALUES ('a', 3, ?, 0)", (text,))

    await database.write(damage)
    (found,) = await latencies.load(database, limit=10)
    assert found.weights == ()

"""The prompt filters as stored: each list for itself, a version that goes up with every change, and who made it."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from errors import StorageError, TermRefused
from models import GuildSettings
from storage import audit, filters, guilds
from storage.database import Database
from storage.filters import FilterList, FilterTerm, Imported, TermKind
from storage.guilds import EVERYWHERE
from tests.builders import GUILD_ID, NOW, USER_ID, choose
from tests.storage.inline import do

LATER = NOW + timedelta(hours=1)


def entry(text: str, **changes: Any) -> FilterTerm:
    given: dict[str, Any] = {
        "kind": TermKind.BLOCK,
        "folded": text.casefold(),
        "category": "hate",
        "added_by": USER_ID,
        "added_at": NOW,
    }
    return FilterTerm(text=text, **(given | changes))


def version(connection: sqlite3.Connection, guild_id: int = GUILD_ID) -> int:
    return guilds.read_settings(connection, guild_id).filter_version


def lines(connection: sqlite3.Connection, guild_id: int = GUILD_ID) -> list[tuple[str, str | None, str | None]]:
    rows = connection.execute("SELECT * FROM audit WHERE guild_id = ? ORDER BY seq", (guild_id,))
    return [(line.what, line.before, line.after) for line in map(audit.line_of, rows)]


async def test_a_list_comes_back_whole_with_its_version(database: Database) -> None:
    kept = [
        entry("naked mole-rat", kind=TermKind.ALLOW, category=""),
        entry("Wort"),
        entry("c.t", kind=TermKind.PATTERN, folded="c.t", action="review"),
    ]
    for number, term in enumerate(reversed(kept), start=1):
        await database.write(lambda c, term=term: filters.put(c, GUILD_ID, term))  # type: ignore[misc]  # mypy can't infer a lambda with a default
        assert (await filters.of_guild(database, GUILD_ID)).version == number
    await database.write(lambda c: filters.put(c, EVERYWHERE, entry("elsewhere")))
    assert await filters.of_guild(database, GUILD_ID) == FilterList(version=3, terms=tuple(kept))
    assert (await filters.of_guild(database, EVERYWHERE)).terms == (entry("elsewhere"),)
    assert await filters.of_guild(database, GUILD_ID + 1) == FilterList(version=0, terms=())


async def test_a_guild_with_settings_and_no_entry_has_a_version(database: Database) -> None:
    await database.write(lambda c: choose(c, spoilers=True))
    assert await filters.of_guild(database, GUILD_ID) == FilterList(version=0, terms=())


def test_a_change_replaces_and_says_what_was_before(connection: sqlite3.Connection) -> None:
    assert do(connection, lambda c: filters.put(c, GUILD_ID, entry("Wort"))) is None
    changed = entry("WORT", folded="wort", action="review", category="drugs", added_by=8, added_at=LATER)
    assert do(connection, lambda c: filters.put(c, GUILD_ID, changed)) == entry("Wort")
    assert version(connection) == 2
    assert lines(connection) == [
        ("filter.add", None, "Wort (block, hate)"),
        ("filter.add", "Wort (block, hate)", "WORT (review, drugs)"),
    ]
    [row] = connection.execute("SELECT * FROM filter_terms").fetchall()
    assert (row["text"], row["action"], row["category"], row["added_by"]) == ("WORT", "review", "drugs", 8)


def test_the_same_again_changes_nothing(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("Wort")))
    again = entry("Wort", added_by=9, added_at=LATER)
    assert do(connection, lambda c: filters.put(c, GUILD_ID, again)) == entry("Wort")
    assert version(connection) == 1
    assert len(lines(connection)) == 1
    assert connection.execute("SELECT added_by FROM filter_terms").fetchone()[0] == USER_ID


def test_removing_gives_it_back_once(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("Wort")))

    def drop(c: sqlite3.Connection, guild_id: int = GUILD_ID, kind: TermKind = TermKind.BLOCK) -> FilterTerm | None:
        return filters.drop(c, guild_id, kind, "wort", by_id=7, at=LATER)

    assert do(connection, lambda c: drop(c, EVERYWHERE)) is None
    assert do(connection, lambda c: drop(c, kind=TermKind.ALLOW)) is None
    assert version(connection) == 1
    assert do(connection, drop) == entry("Wort")
    assert do(connection, drop) is None
    assert version(connection) == 2
    assert lines(connection)[1:] == [("filter.remove", "Wort (block, hate)", None)]


def test_the_version_leaves_the_other_settings_alone(connection: sqlite3.Connection) -> None:
    before = do(connection, lambda c: choose(c, spoilers=True, review_hours=5))
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("Wort")))
    found = guilds.read_settings(connection, GUILD_ID)
    assert found == GuildSettings(guild_id=GUILD_ID, spoilers=True, review_hours=5, filter_version=1)
    assert before.filter_version == 0


def test_a_list_holds_so_many_and_the_one_too_many_changes_nothing(connection: sqlite3.Connection) -> None:
    terms = [entry(f"wort{n}") for n in range(filters.TERMS_MAX - 1)]
    do(connection, lambda c: filters.put_all(c, GUILD_ID, terms, by_id=7, at=NOW))
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("an allowed one", kind=TermKind.ALLOW)))
    for one_more in (entry("one more"), entry("one more", kind=TermKind.ALLOW)):
        with pytest.raises(TermRefused) as caught:
            do(connection, lambda c, one_more=one_more: filters.put(c, GUILD_ID, one_more))  # type: ignore[misc]  # as above
        assert (caught.value.problem, caught.value.limit) == ("too_many_terms", filters.TERMS_MAX)
    assert version(connection) == 2
    # One that is there can be changed, patterns have a limit of their own, and other lists are not concerned.
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("wort5", action="review")))
    do(connection, lambda c: filters.put(c, GUILD_ID, entry("c.t", kind=TermKind.PATTERN)))
    do(connection, lambda c: filters.put(c, EVERYWHERE, entry("one more")))


def test_a_list_holds_fewer_patterns(connection: sqlite3.Connection) -> None:
    patterns = [entry(f"c{n}.t", kind=TermKind.PATTERN) for n in range(filters.PATTERNS_MAX + 1)]
    with pytest.raises(TermRefused) as caught:
        do(connection, lambda c: filters.put_all(c, GUILD_ID, patterns, by_id=7, at=NOW))
    assert (caught.value.problem, caught.value.limit) == ("too_many_patterns", filters.PATTERNS_MAX)
    assert connection.execute("SELECT count(*) FROM filter_terms").fetchone()[0] == 0
    assert (version(connection), lines(connection)) == (0, [])
    do(connection, lambda c: filters.put_all(c, GUILD_ID, patterns[1:], by_id=7, at=NOW))


def test_an_import_counts_what_it_did_in_one_line(connection: sqlite3.Connection) -> None:
    for text in ("kept", "same", "changed"):
        do(connection, lambda c, text=text: filters.put(c, GUILD_ID, entry(text)))  # type: ignore[misc]  # as above
    wanted = [entry("same"), entry("changed", action="review"), entry("new"), entry("a phrase", kind=TermKind.ALLOW)]
    done = do(connection, lambda c: filters.put_all(c, GUILD_ID, wanted, by_id=7, at=LATER))
    assert done == Imported(added=2, changed=1, same=1)
    assert version(connection) == 4
    assert lines(connection)[3:] == [
        ("filter.import", None, "2 added, 1 changed: new (block, hate), a phrase (allow), changed (review, hate)")
    ]
    rows = connection.execute("SELECT text, added_by FROM filter_terms ORDER BY text").fetchall()
    assert [tuple(row) for row in rows] == [
        ("a phrase", 7),
        ("changed", 7),
        ("kept", USER_ID),
        ("new", 7),
        ("same", USER_ID),
    ]
    assert do(connection, lambda c: filters.put_all(c, GUILD_ID, wanted, by_id=7, at=LATER)) == Imported(same=4)
    assert version(connection) == 4


def test_the_line_of_a_long_import_is_bounded(connection: sqlite3.Connection) -> None:
    terms = [entry(f"{n} " + "x" * 50) for n in range(500)]
    do(connection, lambda c: filters.put_all(c, GUILD_ID, terms, by_id=7, at=NOW))
    [(_, _, words)] = lines(connection)
    assert words is not None
    assert words.startswith("500 added, 0 changed: 0 xxx")
    assert len(words) == 1000


def test_the_starter_list_is_installed_once_in_a_lifetime(connection: sqlite3.Connection) -> None:
    starter = [entry("first"), entry("second")]
    assert do(connection, lambda c: filters.install(c, starter, at=NOW)) == 2
    do(connection, lambda c: filters.drop(c, EVERYWHERE, TermKind.BLOCK, "first", by_id=7, at=NOW))
    assert do(connection, lambda c: filters.install(c, [*starter, entry("third")], at=LATER)) == 0
    assert [row["text"] for row in connection.execute("SELECT text FROM filter_terms")] == ["second"]
    assert lines(connection, EVERYWHERE)[0] == (
        "filter.import",
        None,
        "2 added, 0 changed: first (block, hate), second (block, hate)",
    )


async def test_an_entry_of_no_known_kind_is_an_error(database: Database) -> None:
    def spoil(c: sqlite3.Connection) -> None:
        filters.put(c, GUILD_ID, entry("Wort"))
        c.execute("PRAGMA ignore_check_constraints = ON")
        c.execute("UPDATE filter_terms SET kind = 'mystery'")

    await database.write(spoil)
    with pytest.raises(StorageError, match="no known kind"):
        await filters.of_guild(database, GUILD_ID)

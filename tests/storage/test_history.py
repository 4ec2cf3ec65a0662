"""The history's tables: what enters and leaves them, what a search means, and that forgotten words are gone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from errors import JobNotFound
from models import JobStatus
from recipes import Recipe
from storage import history, jobs
from storage.database import Database
from storage.history import Wanted, match_of
from tests.builders import GUILD_ID, NOW, USER_ID, later
from tests.storage.inline import bring_to, do, open_inline
from tests.storage.past import Finish, finished, finisher

OTHER_ID = USER_ID + 1
OTHER_GUILD_ID = GUILD_ID + 1


@pytest.fixture
def finish(tmp_path: Path, database: Database) -> Finish:
    return finisher(tmp_path / "easel.db")


async def found(database: Database, **asked: object) -> list[str]:
    """The prompts of all that is found, the newest first."""
    wanted = Wanted(**({"guild_id": GUILD_ID, "user_id": USER_ID} | asked))  # type: ignore[arg-type]  # a test's table
    listed = await history.page(database, wanted, offset=0, size=100)
    assert await history.count(database, wanted) == len(listed)
    return [job.typed_prompt for job in listed]


@pytest.mark.parametrize("status", list(JobStatus))
async def test_what_ended_is_history_unless_it_was_cancelled(
    database: Database, finish: Finish, status: JobStatus
) -> None:
    finish("a fox", status=status)
    expected = ["a fox"] if status.is_terminal and status is not JobStatus.CANCELLED else []
    assert await found(database) == expected
    assert await found(database, search="fox") == expected


async def test_the_newest_come_first_and_pages_follow_on(database: Database, finish: Finish) -> None:
    for number in range(7):
        finish(f"fox {number}")
    wanted = Wanted(guild_id=GUILD_ID, user_id=USER_ID, search="fox")
    pages = [await history.page(database, wanted, offset=offset, size=3) for offset in (0, 3, 6, 9)]
    assert [[job.request.prompt for job in page] for page in pages] == [
        ["fox 6", "fox 5", "fox 4"],
        ["fox 3", "fox 2", "fox 1"],
        ["fox 0"],
        [],
    ]


async def test_nobody_finds_what_others_did_or_what_they_did_elsewhere(database: Database, finish: Finish) -> None:
    finish("a fox of mine")
    finish("a fox of another's", user_id=OTHER_ID)
    finish("a fox of mine elsewhere", guild_id=OTHER_GUILD_ID)
    for search in (None, "fox"):
        assert await found(database, search=search) == ["a fox of mine"]
        assert await found(database, search=search, user_id=OTHER_ID) == ["a fox of another's"]
        assert await found(database, search=search, guild_id=OTHER_GUILD_ID) == ["a fox of mine elsewhere"]


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("lighthouse", True),
        ("LIGHT", True),
        ("storm light", True),
        ("  storm \t light ", True),
        ("cafe", True),
        ("café", True),
        ("sea-side", True),
        ("side", True),
        ("house", False),  # the beginning of a word, not its inside
        ("lighthouse zebra", False),
        ("light*", True),
        ('"lighthouse"', True),
        ("lighthouse 🦊 !!!", True),
        ("🦊", False),
        ("!!! *** --", False),
        ("lighthouse AND", False),
        ("NOT storm", False),
        ("owner", False),
        (f"m{GUILD_ID}x{USER_ID}", False),
        ("prompt:lighthouse", False),
        ("NEAR(light storm)", False),
        ("light\0house", False),
        ("light\0", True),
        ("\ud800light", True),
        ("灯台", True),
    ],
)
async def test_a_search_finds_jobs_that_have_a_word_beginning_with_each_of_its_words(
    database: Database, finish: Finish, search: str, finds: bool
) -> None:
    finish("A lighthouse by the Café, sea-side storm, 灯台の夜")
    assert bool(await found(database, search=search)) is finds


SYNTAX = ['"', "*", "AND", "OR", "NOT", "NEAR(", ")", "(", ":", "^", "+", "{", "}", "-", "\0", "prompt", "a", "é", "🦊"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(SYNTAX), max_size=20).map(" ".join))
@example('"')
@example("a" * 5000)
@example(" a" * 500)
def test_no_text_is_a_syntax_error(text: str) -> None:
    match = match_of(text)
    if match is not None:
        _index().execute("SELECT rowid FROM job_texts WHERE job_texts MATCH ?", (f"owner : g1 AND {match}",)).fetchall()


_indexes: list[sqlite3.Connection] = []


def _index() -> sqlite3.Connection:
    if not _indexes:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE job_texts USING fts5 (owner, prompt, prefix = '1 2 3')")
        _indexes.append(connection)
    return _indexes[0]


@pytest.fixture(scope="module", autouse=True)
def _close_the_index() -> object:
    yield
    while _indexes:
        _indexes.pop().close()


async def test_the_words_as_typed_are_searched_not_what_a_preset_added(database: Database, finish: Finish) -> None:
    finish("a photograph of a fox, film grain", recipe=Recipe(prompt="a fox", preset="Photo"))
    assert await found(database, search="fox") == ["a fox"]
    assert await found(database, search="photograph") == []


async def test_a_preset_is_found_by_its_name_in_any_case_and_with_a_search(database: Database, finish: Finish) -> None:
    finish("a fox", recipe=Recipe(preset="Film Noir"))
    finish("a hare", recipe=Recipe(preset="film noir"))
    finish("a hare in ink", recipe=Recipe(preset="Ink"))
    finish("a plain hare")
    finish("a hare of another's", recipe=Recipe(preset="Film Noir"), user_id=OTHER_ID)
    assert await found(database, preset="FILM  noir") == ["a hare", "a fox"]
    assert await found(database, preset="film noir", search="hare") == ["a hare"]
    assert await found(database, preset="film") == []
    assert await found(database, preset="' OR 1 = 1 --") == []
    names = await history.preset_names(database, guild_id=GUILD_ID, user_id=USER_ID)
    assert names == ["Film Noir", "Ink", "film noir"]


async def test_a_removed_job_leaves_the_history_once(database: Database, finish: Finish) -> None:
    job = finish("a fox", recipe=Recipe(preset="Ink"))
    assert await database.write(lambda c: history.mark_removed(c, job.job_id, by_id=USER_ID, at=later(5)))
    assert not await database.write(lambda c: history.mark_removed(c, job.job_id, by_id=USER_ID, at=later(9)))
    assert (await jobs.find(database, job.job_id)).removed_at == later(5)
    for asked in ({}, {"search": "fox"}, {"preset": "ink"}):
        assert await found(database, **asked) == []
    with pytest.raises(JobNotFound):
        await database.write(lambda c: history.mark_removed(c, "nobody", by_id=USER_ID, at=NOW))


def test_a_job_that_was_removed_before_its_end_never_enters(connection: sqlite3.Connection) -> None:
    job = finished(connection, status=JobStatus.GENERATED)
    do(connection, lambda c: history.mark_removed(c, job.job_id, by_id=USER_ID, at=NOW))
    connection.execute("UPDATE jobs SET status = 'delivered', finished_at = 1 WHERE job_id = ?", (job.job_id,))
    assert connection.execute("SELECT count(*) FROM history").fetchone()[0] == 0
    assert connection.execute("SELECT count(*) FROM job_texts").fetchone()[0] == 0


def test_accepting_a_job_does_not_touch_the_index(connection: sqlite3.Connection) -> None:
    indexed = "SELECT count(*) FROM job_texts_content"
    job = finished(connection, status=JobStatus.QUEUED)
    assert connection.execute(indexed).fetchone()[0] == 0
    bring_to(connection, job, JobStatus.FAILED)
    assert connection.execute(indexed).fetchone()[0] == 1


def test_forgotten_texts_are_not_found_and_purging_leaves_none_of_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    with closing(open_inline(path)) as connection:
        finished(connection, "a quagmire of xylophones", recipe=Recipe(prompt="zyzzyva", preset="Mysterious"))
        finished(connection, "a quagmire alone")
        do(connection, lambda c: jobs.forget_texts(c, before=later(1)))
        finished(connection, "a fox that stays")
        for word in ("quagmire", "zyzzyva", "quag", "z"):
            match = match_of(word)
            assert not connection.execute("SELECT 1 FROM job_texts WHERE job_texts MATCH ?", (match,)).fetchall()
        assert _bytes_in_index(connection, b"uagmire")  # marked as deleted only
        assert not connection.execute("SELECT 1 FROM history WHERE preset IS NOT NULL").fetchall()
        first = True
        while do(connection, lambda c, first=first: history.purge_texts(c, first=first)):  # type: ignore[misc]  # mypy can't infer a lambda with a default
            first = False
        assert not _bytes_in_index(connection, b"uagmire")
        assert not _bytes_in_index(connection, b"yzzyva")
        assert _bytes_in_index(connection, b"fox")
        connection.execute("INSERT INTO job_texts (job_texts) VALUES ('integrity-check')")


def _bytes_in_index(connection: sqlite3.Connection, text: bytes) -> bool:
    tables = [row["name"] for row in connection.execute("PRAGMA table_list") if row["name"].startswith("job_texts_")]
    assert "job_texts_data" in tables
    return any(
        text in (value.encode() if isinstance(value, str) else value)
        for table in tables
        for row in connection.execute(f"SELECT * FROM {table}")
        for value in tuple(row)
        if isinstance(value, str | bytes)
    )


def test_purging_ends_where_there_is_nothing_to_purge(connection: sqlite3.Connection) -> None:
    for number in range(20):
        finished(connection, f"fox {number}")
    steps = [do(connection, lambda c, n=n: history.purge_texts(c, first=n == 0)) for n in range(5)]  # type: ignore[misc]  # as above
    assert steps[-1] is False


def test_a_row_that_is_deleted_takes_everything_along(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    number = connection.execute("SELECT job_no FROM history").fetchone()[0]
    connection.execute("INSERT INTO favourites VALUES (1, 2, ?, 0)", (number,))
    connection.execute("INSERT INTO reports (job_no, reporter_id, reason, at) VALUES (?, 1, '', 0)", (number,))
    connection.execute("PRAGMA foreign_keys = OFF")  # of its ledger entries, which stay
    connection.execute("DELETE FROM jobs WHERE job_id = ?", (job.job_id,))
    for table in ("history", "job_texts", "favourites", "reports"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table


async def test_the_latest_delivered_job_is_found_among_others(database: Database, finish: Finish) -> None:
    mine = {"guild_id": GUILD_ID, "user_id": USER_ID}
    assert await history.latest_delivered(database, **mine) is None
    finish("the first")
    latest = finish("the latest", recipe=Recipe(preset="Ink"))
    finish("a failure", status=JobStatus.FAILED)
    finish("another's", user_id=OTHER_ID)
    assert await history.latest_delivered(database, **mine) == await jobs.find(database, latest.job_id)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT job_no FROM history WHERE user_id = 1 AND guild_id = 2 ORDER BY job_no DESC LIMIT 5",
        "SELECT job_no FROM favourites WHERE user_id = 1 AND guild_id = 2 ORDER BY job_no DESC LIMIT 5",
        "SELECT rowid AS job_no FROM job_texts WHERE job_texts MATCH 'a' ORDER BY job_no DESC LIMIT 5",
    ],
)
def test_pages_come_in_order_without_sorting_a_history(connection: sqlite3.Connection, sql: str) -> None:
    plan = " ".join(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    assert "TEMP B-TREE" not in plan
    assert "SCAN history" not in plan

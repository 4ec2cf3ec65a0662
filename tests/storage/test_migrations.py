"""Migrations: whole or not at all, forward only, and never on a newer release's database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clock import to_ms
from errors import StorageError
from storage import migrations
from storage.database import connect
from tests.builders import NOW, later
from tests.storage.children import child
from tests.support import OpenDatabase


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations in the place of the release's own."""
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "0001_first.sql").write_text("CREATE TABLE first (a INTEGER) STRICT;\nINSERT INTO first VALUES (1);\n")
    monkeypatch.setattr(migrations, "_FOLDER", made)
    return made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "empty.db")) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_the_release_ships_an_unbroken_row_of_migrations() -> None:
    numbers = [migration.number for migration in migrations.available()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


def test_an_empty_file_gets_them_all_and_a_second_run_does_nothing(empty: sqlite3.Connection) -> None:
    count = len(migrations.available())
    assert migrations.applied(empty) == 0
    assert migrations.migrate(empty, now=NOW) == count
    assert migrations.applied(empty) == count
    assert migrations.migrate(empty, now=later(60)) == 0
    rows = [tuple(row) for row in empty.execute("SELECT number, name, applied_at FROM schema_migrations")]
    assert rows == [(each.number, each.name, to_ms(NOW)) for each in migrations.available()]


def test_every_table_of_ours_is_strict(connection: sqlite3.Connection) -> None:
    """FTS5 makes its own tables, which can't be."""
    ours = [row for row in connection.execute("PRAGMA table_list") if row["type"] == "table"]
    assert {row["name"] for row in ours if not row["strict"]} <= {"sqlite_schema", "sqlite_temp_schema"}
    assert {"jobs", "history"} < {row["name"] for row in ours if row["strict"]}


def test_jobs_of_an_older_release_come_into_their_authors_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: sqlite3.Connection
) -> None:
    everything = migrations.available()
    monkeypatch.setattr(migrations, "available", lambda: everything[:1])
    migrations.migrate(empty, now=NOW)
    for status, prompt, finished_at in [
        ("delivered", "a red fox", 1),
        ("delivered", "(forgotten)", 1),
        ("cancelled", "a red fox", 1),
        ("queued", "a red fox", None),
    ]:
        empty.execute(
            "INSERT INTO jobs (job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,"
            " negative_prompt, parameters, status, price_micros, images_requested, created_at, changed_at, finished_at)"
            " VALUES (?, abs(random()), 1, 2, 3, 4, 'de', ?, '', '{}', ?, 1, 1, 0, 0, ?)",
            (f"{status} {prompt}", prompt, status, finished_at),
        )
    monkeypatch.setattr(migrations, "available", lambda: everything)
    assert migrations.migrate(empty, now=NOW) == len(everything) - 1
    kept = [row["job_id"] for row in empty.execute("SELECT job_id FROM history JOIN jobs USING (job_no)")]
    assert kept == ["delivered a red fox", "delivered (forgotten)"]
    found = empty.execute(
        "SELECT rowid FROM job_texts WHERE job_texts MATCH 'owner : m2x4 AND prompt : fox'"
    ).fetchall()
    assert [row["rowid"] for row in found] == [1]


def test_a_later_release_adds_only_what_is_new(folder: Path, empty: sqlite3.Connection) -> None:
    assert migrations.migrate(empty, now=NOW) == 1
    (folder / "0002_second.sql").write_text("-- more\nCREATE TABLE second (a INTEGER);\n\n-- the end\n\n-- really\n")
    assert migrations.migrate(empty, now=NOW) == 1
    assert {"first", "second"} <= tables(empty)
    assert empty.execute("SELECT count(*) FROM first").fetchone()[0] == 1


def test_a_migration_that_fails_half_way_leaves_nothing_of_itself(folder: Path, empty: sqlite3.Connection) -> None:
    bad = folder / "0002_second.sql"
    bad.write_text("CREATE TABLE second (a INTEGER);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrations.migrate(empty, now=NOW)
    assert not empty.in_transaction
    assert migrations.applied(empty) == 1
    assert "second" not in tables(empty)
    bad.write_text("CREATE TABLE second (a INTEGER);\n")
    assert migrations.migrate(empty, now=NOW) == 1


def test_a_trigger_is_one_statement(folder: Path, empty: sqlite3.Connection) -> None:
    (folder / "0002_trigger.sql").write_text(
        "CREATE TRIGGER doubled AFTER INSERT ON first WHEN NEW.a < 10 BEGIN\n"
        "    INSERT INTO first VALUES (NEW.a + 100); -- a comment; with a semicolon\n"
        "    SELECT 1;\n"
        "END;\n"
    )
    migrations.migrate(empty, now=NOW)
    empty.execute("INSERT INTO first VALUES (2)")
    assert [row["a"] for row in empty.execute("SELECT a FROM first")] == [1, 2, 102]


def test_a_script_that_ends_inside_a_statement_is_refused(folder: Path, empty: sqlite3.Connection) -> None:
    (folder / "0002_second.sql").write_text("CREATE TABLE second (a INTEGER);\nCREATE TABLE third (a INTEGER)\n")
    with pytest.raises(StorageError, match="ends inside a statement"):
        migrations.migrate(empty, now=NOW)
    assert tables(empty) == {"schema_migrations", "first"}


@pytest.mark.parametrize("name", ["0003_gap.sql", "0001_again.sql", "2_short.sql", "0002_Capital.sql", "notes.sql"])
def test_a_file_out_of_line_stops_the_release(folder: Path, empty: sqlite3.Connection, name: str) -> None:
    (folder / name).write_text("CREATE TABLE second (a INTEGER);")
    with pytest.raises(StorageError, match=r"numbered|named"):
        migrations.migrate(empty, now=NOW)
    assert not tables(empty)


async def test_a_newer_releases_database_is_refused_and_left_alone(tmp_path: Path, open_database: OpenDatabase) -> None:
    path = tmp_path / "easel.db"
    await (await open_database(path)).close()
    newer = len(migrations.available()) + 1
    with closing(connect(path)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (?, 'of_tomorrow', 0)", (newer,))
    before = path.read_bytes()
    with pytest.raises(StorageError, match=f"schema {newer}, this release knows {newer - 1}: start the newer release"):
        await open_database(path)
    assert path.read_bytes() == before


def test_a_process_killed_inside_a_migration_leaves_whole_ones_only(folder: Path, tmp_path: Path) -> None:
    (folder / "0002_second.sql").write_text(
        "CREATE TABLE second (a INTEGER);\nSELECT stop_here();\nCREATE TABLE third (a INTEGER);\n"
    )
    script = """
    from datetime import UTC, datetime
    from storage import migrations
    from storage.database import connect
    migrations._FOLDER = Path(sys.argv[2])
    connection = connect(path)
    def stop_here():
        say("inside")
        threading.Event().wait()
    connection.create_function("stop_here", 0, stop_here)
    migrations.migrate(connection, now=datetime.now(UTC))
    """
    path = tmp_path / "easel.db"
    with child(script, path, folder) as victim:
        assert victim.line() == "inside"
        victim.kill()
    with closing(connect(path)) as connection:
        assert migrations.applied(connection) == 1
        assert tables(connection) == {"schema_migrations", "first"}
        connection.create_function("stop_here", 0, lambda: None)
        assert migrations.migrate(connection, now=NOW) == 1
        assert tables(connection) == {"schema_migrations", "first", "second", "third"}

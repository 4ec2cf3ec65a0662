"""Forgetting somebody in the log and cutting it leave the chain whole; what was there before it is taken over."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from storage import audit, audit_chain, migrations
from storage.audit import Head
from storage.audit_chain import CUT, Flaw, Problem
from storage.database import connect
from tests.builders import GUILD_ID, NOW
from tests.storage.inline import do
from tests.storage.tampering import ADA, BOB, MIA, copied, cut, fill, note, problems, verified, written_in_the_file

P: Final = Problem


@pytest.fixture
def log(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A log of six lines."""
    fill(connection)
    return connection


class TestErasing:
    def test_a_person_is_gone_and_the_chain_is_whole(self, log: sqlite3.Connection) -> None:
        note(log, by_id=ADA, subject_id=BOB, reason="by Ada")
        head = verified(log).head
        assert do(log, lambda c: audit_chain.erase_person(c, ADA)) == 4
        trail = verified(log)
        assert (trail.sound, trail.lines, trail.head) == (True, 7, head)
        assert log.execute("SELECT 1 FROM audit_salts WHERE user_id = ?", (ADA,)).fetchone() is None
        for row in log.execute("SELECT * FROM audit"):
            line = audit.line_of(row)
            assert ADA not in (line.by_id, line.subject_id)
            assert line.erased is (line.seq in {1, 3, 5, 7})
            assert (line.reason, line.after) == (("", None) if line.erased else ("spam", "until lifted"))
            assert (row["salt"] is None) is line.erased
        assert audit.line_of(log.execute("SELECT * FROM audit WHERE seq = 7").fetchone()).subject_id == BOB

    def test_nothing_that_is_left_can_be_tied_to_the_person(self, log: sqlite3.Connection) -> None:
        """Also by somebody who knows the id and the reason and tries them out."""
        do(log, lambda c: audit_chain.erase_person(c, ADA))
        row = log.execute("SELECT * FROM audit WHERE seq = 1").fetchone()
        kept = [value["salt"] for value in log.execute("SELECT salt FROM audit_salts")]
        for salt in (b"", *kept):
            assert audit.mark(salt, ADA) != row["subject_mark"]
            assert audit.mark(salt, (None, "until lifted", "spam")) != row["words_mark"]
        assert hashlib.sha256(str(ADA).encode()).digest() != row["subject_mark"]

    def test_who_comes_back_is_somebody_else_to_the_log(self, log: sqlite3.Connection) -> None:
        do(log, lambda c: audit_chain.erase_person(c, ADA))
        note(log)
        marks = {row["subject_mark"] for row in log.execute("SELECT subject_mark FROM audit WHERE seq IN (1, 7)")}
        assert len(marks) == 2
        assert problems(log) == []
        assert do(log, lambda c: audit_chain.erase_person(c, ADA)) == 1
        assert problems(log) == []

    def test_both_people_of_a_line_can_be_erased(self, log: sqlite3.Connection) -> None:
        for person in (ADA, MIA, BOB):
            do(log, lambda c, person=person: audit_chain.erase_person(c, person))  # type: ignore[misc]  # mypy can't infer a lambda with a default
        assert problems(log) == []
        assert log.execute("SELECT count(*) FROM audit_salts").fetchone()[0] == 0
        assert do(log, lambda c: audit_chain.erase_person(c, ADA)) == 0

    def test_what_was_erased_can_not_be_filled_in_again(self, log: sqlite3.Connection) -> None:
        do(log, lambda c: audit_chain.erase_person(c, ADA))
        written_in_the_file(
            log, f"UPDATE audit SET subject_id = {ADA} WHERE seq = 1", "UPDATE audit SET reason = 'x' WHERE seq = 3"
        )
        assert problems(log) == [(1, P.SUBJECT), (1, P.WORDS), (3, P.WORDS)]

    def test_a_guild_is_forgotten_whole_with_the_salts_that_nothing_else_needs(self, log: sqlite3.Connection) -> None:
        note(log, guild_id=GUILD_ID + 1, by_id=BOB, subject_id=0)
        assert do(log, lambda c: audit_chain.erase_guild(c, GUILD_ID)) == 6
        assert problems(log) == []
        rows = log.execute("SELECT * FROM audit WHERE guild_id = ?", (GUILD_ID,)).fetchall()
        for name in ("by_id", "subject_id", "before", "after", "reason", "salt"):
            assert {row[name] for row in rows} == {None}
        assert {row["user_id"] for row in log.execute("SELECT user_id FROM audit_salts")} == {BOB, 0}

    def test_the_bot_is_nobody_to_be_erased(self, log: sqlite3.Connection) -> None:
        with pytest.raises(ValueError, match="nobody"):
            do(log, lambda c: audit_chain.erase_person(c, 0))


class TestCutting:
    def test_old_lines_go_and_the_chain_is_whole(self, log: sqlite3.Connection) -> None:
        (digest,) = log.execute("SELECT digest FROM audit WHERE seq = 3").fetchone()
        assert cut(log, NOW + timedelta(minutes=3)) == audit_chain.Cut(lines=3, more=False)
        trail = verified(log)
        assert (trail.sound, trail.checkpoint, trail.lines) == (True, 3, 4)
        assert [row["seq"] for row in log.execute("SELECT seq FROM audit ORDER BY seq")] == [4, 5, 6, 7]
        last = audit.line_of(log.execute("SELECT * FROM audit WHERE seq = 7").fetchone())
        assert (last.what, last.by_id, last.before, last.after) == (CUT, 0, "3", str(Head(3, digest)))

    def test_it_goes_by_steps_and_can_end_with_everything_cut(self, log: sqlite3.Connection) -> None:
        after = NOW + timedelta(days=1)
        assert cut(log, after, at_most=4) == audit_chain.Cut(lines=4, more=True)
        assert problems(log) == []
        assert cut(log, after, at_most=4) == audit_chain.Cut(lines=2, more=False)
        assert cut(log, after, at_most=4) == audit_chain.Cut(lines=0, more=False)
        assert [row["what"] for row in log.execute("SELECT what FROM audit")] == [CUT, CUT]
        assert problems(log) == []
        note(log)
        assert (problems(log), verified(log).lines) == ([], 3)
        assert log.execute("SELECT count(*) FROM audit_checkpoints").fetchone()[0] == 1

    def test_nothing_old_means_nothing_done(self, log: sqlite3.Connection) -> None:
        assert cut(log, NOW) == audit_chain.Cut(lines=0, more=False)
        assert verified(log).lines == 6

    def test_a_line_that_only_looks_old_behind_a_newer_one_stays(self, log: sqlite3.Connection) -> None:
        """A clock that was set back is no reason to make a hole."""
        note(log, at=NOW - timedelta(days=1))
        assert cut(log, NOW + timedelta(minutes=2)).lines == 2
        assert verified(log).lines == 6

    def test_salts_of_people_without_a_line_go_along(self, log: sqlite3.Connection) -> None:
        note(log, by_id=MIA, subject_id=BOB, at=NOW + timedelta(hours=1))
        cut(log, NOW + timedelta(minutes=30))
        kept = {row["user_id"] for row in log.execute("SELECT user_id FROM audit_salts")}
        assert kept == {MIA, BOB, 0}

    def test_erased_lines_are_cut_like_others(self, log: sqlite3.Connection) -> None:
        do(log, lambda c: audit_chain.erase_person(c, ADA))
        assert cut(log, NOW + timedelta(minutes=4)).lines == 4
        assert problems(log) == []

    @pytest.mark.parametrize(
        ("statement", "lines", "flaw"),
        [
            ("UPDATE audit SET at = 0 WHERE seq = 5", 4, Flaw(5, P.CHANGED)),
            ("DELETE FROM audit WHERE seq = 3", 2, Flaw(3, P.MISSING)),
            ("UPDATE audit SET reason = 'x' WHERE seq = 2", 1, Flaw(2, P.WORDS)),
            (f"UPDATE audit SET by_id = {BOB} WHERE seq = 1", 0, Flaw(1, P.BY)),
            (copied(0, 1), 0, Flaw(0, P.INSERTED)),
        ],
    )
    def test_evidence_is_not_cut_away(self, log: sqlite3.Connection, statement: str, lines: int, flaw: Flaw) -> None:
        written_in_the_file(log, statement)
        assert cut(log, NOW + timedelta(days=1)) == audit_chain.Cut(lines=lines, more=False, flaw=flaw)
        assert not verified(log).sound
        assert cut(log, NOW + timedelta(days=1)) == audit_chain.Cut(lines=0, more=False, flaw=flaw)

    def test_a_cut_that_nobody_wrote_down_shows(self, log: sqlite3.Connection) -> None:
        cut(log, NOW + timedelta(minutes=2))
        written_in_the_file(
            log,
            "INSERT INTO audit_checkpoints SELECT seq, digest, at FROM audit WHERE seq = 5",
            "DELETE FROM audit WHERE seq <= 5",
        )
        assert problems(log) == [(5, P.CHECKPOINT)]

    def test_lines_put_in_where_all_were_cut_show(self, log: sqlite3.Connection) -> None:
        cut(log, NOW + timedelta(minutes=2))
        written_in_the_file(log, copied(1, 5), "UPDATE audit SET digest = NULL WHERE seq = 1")
        assert problems(log) == [(1, P.INSERTED)]


OLD: Final = """
INSERT INTO changes (guild_id, by_id, at, what, subject_id, before, after, reason) VALUES
    (7, 8, 1000, 'setting.paused', 0, NULL, '1', 'rest'),
    (7, 9, 2000, 'limit.role.member_daily_images', 5, '1', '2', '');
"""


class TestBefore:
    """A log from before there was a chain."""

    @pytest.fixture
    def older(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
        """A database of the schema before, with two changes, brought to this release's."""
        every = migrations.available()
        with closing(connect(tmp_path / "older.db")) as connection:
            monkeypatch.setattr(migrations, "available", lambda: every[:3])
            migrations.migrate(connection, now=NOW)
            connection.executescript(OLD)
            monkeypatch.undo()
            assert migrations.migrate(connection, now=NOW) == len(every) - 3
            yield connection

    def test_its_lines_are_taken_over_and_the_chain_begins_after_them(self, older: sqlite3.Connection) -> None:
        lines = [audit.line_of(row) for row in older.execute("SELECT * FROM audit ORDER BY seq")]
        assert [(line.seq, line.guild_id, line.by_id, line.what, line.subject_id) for line in lines] == [
            (1, 7, 8, "setting.paused", 0),
            (2, 7, 9, "limit.role.member_daily_images", 5),
        ]
        assert [(line.before, line.after, line.reason) for line in lines] == [(None, "1", "rest"), ("1", "2", "")]
        assert [row["kind"] for row in older.execute("SELECT kind FROM audit ORDER BY seq")] == ["setting", "limit"]
        assert note(older) == 3
        assert verified(older).sound
        assert (verified(older).unchained, verified(older).lines) == (2, 1)
        assert "changes" not in {row["name"] for row in older.execute("SELECT name FROM sqlite_schema")}

    def test_they_can_be_erased_and_cut_as_well(self, older: sqlite3.Connection) -> None:
        note(older)
        do(older, lambda c: audit_chain.erase_person(c, 8))
        assert problems(older) == []
        assert cut(older, NOW).lines == 2
        assert (problems(older), verified(older).unchained) == ([], 0)
        assert [row["seq"] for row in older.execute("SELECT seq FROM audit")] == [3]
        assert cut(older, NOW + timedelta(days=1)).lines == 1
        assert problems(older) == []

    def test_one_that_pretends_to_be_from_then_shows_by_its_digest(self, older: sqlite3.Connection) -> None:
        note(older)
        written_in_the_file(older, copied(0, 3))
        assert problems(older) == [(0, P.INSERTED)]

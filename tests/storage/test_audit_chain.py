"""The chain of the log: every way to tamper with it shows, and what can't show is known."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import audit, audit_chain, maintenance
from storage.audit import Head
from storage.audit_chain import AuditTrail, Problem
from tests.builders import NOW
from tests.storage.inline import do, open_inline
from tests.storage.tampering import (
    ADA,
    BOB,
    MIA,
    copied,
    cut,
    fill,
    note,
    problems,
    swap,
    verified,
    written_in_the_file,
)
from tests.support import FakeClock

P: Final = Problem

# Every column of a line, and every place where one could be taken out, put in or moved.
TAMPERINGS: Final[dict[str, tuple[tuple[str, ...], list[tuple[int, Problem]]]]] = {
    "guild": (("UPDATE audit SET guild_id = 1 WHERE seq = 3",), [(3, P.CHANGED)]),
    "time": (("UPDATE audit SET at = at + 1 WHERE seq = 3",), [(3, P.CHANGED)]),
    "name": (("UPDATE audit SET what = 'mod.unsuspend' WHERE seq = 3",), [(3, P.CHANGED)]),
    "job": (("UPDATE audit SET job_id = 'other' WHERE seq = 3",), [(3, P.CHANGED)]),
    "by whom": ((f"UPDATE audit SET by_id = {BOB} WHERE seq = 3",), [(3, P.BY)]),
    "about whom": ((f"UPDATE audit SET subject_id = {MIA} WHERE seq = 3",), [(3, P.SUBJECT)]),
    "before": (("UPDATE audit SET before = '1' WHERE seq = 3",), [(3, P.WORDS)]),
    "after": (("UPDATE audit SET after = NULL WHERE seq = 3",), [(3, P.WORDS)]),
    "reason": (("UPDATE audit SET reason = 'no reason' WHERE seq = 3",), [(3, P.WORDS)]),
    "words and their salt": (("UPDATE audit SET reason = 'x', salt = NULL WHERE seq = 3",), [(3, P.WORDS)]),
    "words as if erased": (
        ("UPDATE audit SET before = NULL, after = NULL, reason = NULL, salt = NULL WHERE seq = 3",),
        [(3, P.WORDS)],
    ),
    "author as if erased": (("UPDATE audit SET by_id = NULL WHERE seq = 3",), [(3, P.WORDS)]),
    "by whom, with a mark that fits": (
        (f"UPDATE audit SET by_id = {BOB}, by_mark = (SELECT subject_mark FROM audit WHERE seq = 2) WHERE seq = 3",),
        [(3, P.CHANGED)],
    ),
    "about whom, with a mark that fits": (
        (
            (
                f"UPDATE audit SET subject_id = {MIA}, subject_mark = (SELECT by_mark FROM audit WHERE seq = 2)"
                " WHERE seq = 3"
            ),
        ),
        [(3, P.CHANGED)],
    ),
    "words, with a mark that fits": (
        (
            (
                "UPDATE audit SET (before, after, reason, salt, words_mark) ="
                " (SELECT before, after, reason, salt, words_mark FROM audit WHERE seq = 2) WHERE seq = 3"
            ),
        ),
        [(3, P.CHANGED)],
    ),
    "salt of a line": (("UPDATE audit SET salt = x'00' WHERE seq = 3",), [(3, P.WORDS)]),
    "mark of the author": (("UPDATE audit SET by_mark = x'00' WHERE seq = 3",), [(3, P.BY), (3, P.CHANGED)]),
    "mark that is none": (("UPDATE audit SET by_mark = NULL WHERE seq = 3",), [(3, P.BY), (3, P.CHANGED)]),
    "salt of somebody": (
        (f"UPDATE audit_salts SET salt = x'00' WHERE user_id = {BOB}",),
        [(2, P.SUBJECT), (4, P.SUBJECT), (6, P.SUBJECT)],
    ),
    "salt taken away": (
        (f"DELETE FROM audit_salts WHERE user_id = {BOB}",),
        [(2, P.SUBJECT), (4, P.SUBJECT), (6, P.SUBJECT)],
    ),
    "digest": (("UPDATE audit SET digest = x'00' WHERE seq = 3",), [(3, P.CHANGED), (4, P.CHANGED)]),
    "no digest": (("UPDATE audit SET digest = NULL WHERE seq = 3",), [(3, P.CHANGED), (4, P.CHANGED)]),
    "first taken out": (("DELETE FROM audit WHERE seq = 1",), [(1, P.MISSING)]),
    "one taken out": (("DELETE FROM audit WHERE seq = 3",), [(3, P.MISSING)]),
    "some taken out": (("DELETE FROM audit WHERE seq IN (2, 3, 5)",), [(2, P.MISSING), (5, P.MISSING)]),
    "taken out and closed up": (
        (
            "DELETE FROM audit WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 5",
            "UPDATE audit SET seq = 5 WHERE seq = 6",
        ),
        [(4, P.CHANGED), (5, P.CHANGED), (6, P.TAIL_MISSING)],
    ),
    "neighbours swapped": (swap(3, 4), [(3, P.REORDERED), (4, P.REORDERED)]),
    "last two swapped": (swap(5, 6), [(5, P.REORDERED), (6, P.REORDERED)]),
    "others swapped": (swap(2, 5), [(2, P.CHANGED), (3, P.CHANGED), (5, P.CHANGED), (6, P.CHANGED)]),
    "one put in before the first": ((copied(0, 1),), [(0, P.INSERTED)]),
    "one put in behind the last": ((copied(7, 6),), [(7, P.CHANGED), (7, P.HEAD_DIFFERS)]),
    "one moved behind the last": (
        ("UPDATE audit SET seq = 7 WHERE seq = 3",),
        [(3, P.MISSING), (7, P.CHANGED), (7, P.HEAD_DIFFERS)],
    ),
    "tail": (("DELETE FROM audit WHERE seq > 4",), [(5, P.TAIL_MISSING)]),
    "everything": (("DELETE FROM audit",), [(1, P.TAIL_MISSING)]),
    "everything and the head": (
        ("DELETE FROM audit", "DELETE FROM meta WHERE key = 'audit_head'"),
        [(0, P.HEAD_MISSING)],
    ),
    "head": (("DELETE FROM meta WHERE key = 'audit_head'",), [(6, P.HEAD_MISSING)]),
    "unreadable head": (("UPDATE meta SET value = 'x' WHERE key = 'audit_head'",), [(6, P.HEAD_MISSING)]),
    "head of an earlier line": (("UPDATE meta SET value = '4:00' WHERE key = 'audit_head'",), [(6, P.HEAD_DIFFERS)]),
    "checkpoint": (("DELETE FROM audit_checkpoints",), [(0, P.CHECKPOINT)]),
    "checkpoint moved on": (
        ("DELETE FROM audit WHERE seq < 4", "INSERT INTO audit_checkpoints SELECT 3, x'00', 0"),
        [(4, P.CHANGED), (3, P.CHECKPOINT)],
    ),
    "checkpoint moved on with the right digest": (
        (
            "INSERT INTO audit_checkpoints SELECT seq, digest, at FROM audit WHERE seq = 3",
            "DELETE FROM audit WHERE seq < 4",
        ),
        [(3, P.CHECKPOINT)],
    ),
    "checkpoint as if there had been no chain before": (
        ("UPDATE audit_checkpoints SET seq = 3", "UPDATE audit SET digest = NULL WHERE seq <= 3"),
        [(4, P.CHANGED)],
    ),
}


@pytest.fixture
def log(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A log of six lines."""
    fill(connection)
    return connection


def test_an_untouched_log_is_sound(log: sqlite3.Connection) -> None:
    (digest,) = log.execute("SELECT digest FROM audit WHERE seq = 6").fetchone()
    trail = verified(log)
    assert trail == AuditTrail(lines=6, unchained=0, checkpoint=0, head=Head(6, digest))
    assert trail.sound


def test_a_log_without_a_line_is_sound(connection: sqlite3.Connection) -> None:
    assert verified(connection) == AuditTrail(lines=0, unchained=0, checkpoint=0, head=Head(0, b""))


@pytest.mark.parametrize(("statements", "found"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_shows_where_it_was_done(
    log: sqlite3.Connection, statements: tuple[str, ...], found: list[tuple[int, Problem]]
) -> None:
    written_in_the_file(log, *statements)
    assert problems(log) == found
    assert not verified(log).sound


@pytest.mark.parametrize(("statements", "found"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_still_shows_once_the_log_goes_on(
    log: sqlite3.Connection, statements: tuple[str, ...], found: list[tuple[int, Problem]]
) -> None:
    """The next line is chained to the head that was kept, not to what somebody has left behind."""
    written_in_the_file(log, *statements)
    for _ in range(2):
        note(log, by_id=ADA, subject_id=MIA)
    assert not verified(log).sound, found


def test_numbers_of_a_tail_that_was_taken_out_are_not_given_again(log: sqlite3.Connection) -> None:
    written_in_the_file(log, "DELETE FROM audit WHERE seq > 4")
    assert note(log) == 7
    assert problems(log) == [(5, P.MISSING)]


def test_every_column_of_a_line_is_tampered_with_above(connection: sqlite3.Connection) -> None:
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(audit)")}
    written = " ".join(" ".join(statements) for statements, _ in TAMPERINGS.values())
    for column in columns - {"subject_mark", "words_mark"}:  # as `by_mark`
        assert f" {column} = " in written, column


def test_findings_past_the_first_hundred_are_counted(connection: sqlite3.Connection) -> None:
    for _ in range(150):
        note(connection)
    written_in_the_file(connection, "UPDATE audit SET reason = 'x'")
    trail = verified(connection)
    assert (len(trail.findings), trail.total) == (100, 150)


class TestRewriting:
    """Nothing in the chain is secret: who can write the file can compute all of it anew."""

    @staticmethod
    def rewritten(connection: sqlite3.Connection, *, fix_head: bool) -> None:
        """Take a line out, then compute every digest after it, and the head as well where `fix_head`."""
        rows = connection.execute("SELECT * FROM audit WHERE seq <> 3 ORDER BY seq").fetchall()
        statements, previous = ["DELETE FROM audit"], b""
        for seq, row in enumerate(rows, start=1):
            marks = (row["by_mark"], row["subject_mark"], row["words_mark"])
            digest = audit.chained(
                previous,
                seq=seq,
                guild_id=row["guild_id"],
                at_ms=row["at"],
                what=row["what"],
                job_id=row["job_id"],
                marks=marks,
            )
            values = ", ".join(
                "NULL"
                if row[name] is None
                else f"x'{row[name].hex()}'"
                if isinstance(row[name], bytes)
                else repr(row[name])
                for name in (
                    "guild_id",
                    "at",
                    "what",
                    "job_id",
                    "by_id",
                    "subject_id",
                    "before",
                    "after",
                    "reason",
                    "salt",
                    "by_mark",
                    "subject_mark",
                    "words_mark",
                )
            )
            statements.append(
                "INSERT INTO audit (seq, guild_id, at, what, job_id, by_id, subject_id, before, after, reason, salt,"
                f" by_mark, subject_mark, words_mark, digest) VALUES ({seq}, {values}, x'{digest.hex()}')"
            )
            previous = digest
        if fix_head:
            statements.append(f"UPDATE meta SET value = '{Head(len(rows), previous)}' WHERE key = 'audit_head'")
        written_in_the_file(connection, *statements)

    def test_it_shows_by_the_head_beside_the_table(self, log: sqlite3.Connection) -> None:
        self.rewritten(log, fix_head=False)
        assert problems(log) == [(6, P.TAIL_MISSING)]

    def test_with_that_head_fixed_it_shows_by_one_that_was_noted_elsewhere_only(self, log: sqlite3.Connection) -> None:
        noted = verified(log).head
        self.rewritten(log, fix_head=True)
        assert problems(log) == []
        assert problems(log, noted) == [(6, P.NOTED)]

    def test_a_noted_head_is_found_again_while_the_log_goes_on(self, log: sqlite3.Connection) -> None:
        noted = verified(log).head
        for _ in range(3):
            note(log)
        assert problems(log, noted) == []
        assert problems(log, Head(noted.seq, b"\x00")) == [(6, P.NOTED)]
        assert problems(log, Head(99, noted.digest)) == [(99, P.NOTED)]


class TestReading:
    def test_a_read_only_connection_beside_the_bot_is_enough(self, tmp_path: Path) -> None:
        path = tmp_path / "easel.db"
        with closing(open_inline(path)) as connection:
            note(connection)
            trail = maintenance.audit_trail(path, clock=FakeClock(), seconds=60)
            assert (trail.lines, trail.sound) == (1, True)

    def test_a_hundred_thousand_lines_take_about_a_second_and_little_memory(self, tmp_path: Path) -> None:
        """A twentieth of that here; findings are bounded, and marks of people are remembered for a thousand of them."""
        with closing(open_inline(tmp_path / "easel.db")) as connection:
            do(
                connection,
                lambda c: [
                    audit.note(c, guild_id=1, by_id=number % 9, at=NOW, what="mod.hide", subject_id=number)
                    for number in range(5_000)
                ],
            )
            began = time.process_time()
            assert verified(connection).sound
            assert time.process_time() - began < 0.5  # takes 0.05 s


STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("note"), st.sampled_from([0, MIA, ADA]), st.sampled_from([0, MIA, ADA, BOB])),
        st.tuples(st.just("erase"), st.sampled_from([MIA, ADA, BOB]), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 20), st.integers(1, 5)),
    ),
    max_size=30,
)
# What may be done to the line that is drawn, where it really changes something.
CHANGES: Final = (
    "DELETE FROM audit WHERE seq = {seq}",
    "UPDATE audit SET at = at + 1 WHERE seq = {seq}",
    "UPDATE audit SET what = what || '.x' WHERE seq = {seq}",
    "UPDATE audit SET job_id = coalesce(job_id, '') || 'x' WHERE seq = {seq}",
    "UPDATE audit SET digest = x'00' WHERE seq = {seq}",
    "UPDATE audit SET words_mark = x'00' WHERE seq = {seq}",
    "UPDATE audit SET by_id = coalesce(by_id, 0) + 1 WHERE seq = {seq}",
    "UPDATE audit SET subject_id = coalesce(subject_id, 0) + 1 WHERE seq = {seq}",
    "UPDATE audit SET reason = coalesce(reason, '') || 'x' WHERE seq = {seq}",
    "UPDATE audit SET before = coalesce(before, '') || 'x' WHERE seq = {seq}",
    "UPDATE audit SET seq = seq + 1000 WHERE seq = {seq}",
    "DELETE FROM audit WHERE seq >= {seq}",
)


def carried_out(connection: sqlite3.Connection, steps: list[tuple[str, int, int]]) -> None:
    doing: dict[str, Callable[[int, int, int], object]] = {
        "note": lambda number, by_id, subject_id: note(
            connection, by_id=by_id, subject_id=subject_id, at=NOW + timedelta(days=number)
        ),
        "erase": lambda _number, person, _: do(connection, lambda c: audit_chain.erase_person(c, person)),
        "cut": lambda _number, days, at_most: cut(connection, NOW + timedelta(days=days), at_most=at_most),
    }
    for number, (what, one, other) in enumerate(steps):
        doing[what](number, one, other)
        assert problems(connection) == [], f"after step {number}: {what}"


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, which=st.integers(0, 10**6), change=st.sampled_from(CHANGES), more=STEPS)
def test_whatever_happens_the_chain_is_whole_until_somebody_tampers_with_it(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int, int]],
    which: int,
    change: str,
    more: list[tuple[str, int, int]],
) -> None:
    with closing(open_inline(tmp_path_factory.mktemp("chain") / "easel.db")) as connection:
        carried_out(connection, steps)
        numbers = [row["seq"] for row in connection.execute("SELECT seq FROM audit ORDER BY seq")]
        if not numbers:
            return
        written_in_the_file(connection, change.format(seq=numbers[which % len(numbers)]))
        assert problems(connection)
        for what, one, other in more:
            if what == "note":
                note(connection, by_id=one, subject_id=other)
            if what == "cut":
                cut(connection, NOW + timedelta(days=1000), at_most=other)
        assert problems(connection)

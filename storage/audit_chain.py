"""The chain of the audit log as a whole: verifying it, forgetting somebody in it, and cutting what is old.

What verifying can't see: somebody who can write the file can compute the whole chain anew, since nothing in it is
secret. Against that helps only a head that was noted elsewhere. Nor can a forged erasure be told from a real one: it
can take a name and a reason away, but not put others in their place, and the line itself stays.
"""

import functools
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from clock import to_ms
from storage import audit
from storage.audit import Head

# Under this name a cut is written down, with the checkpoint that it made: one that nobody wrote down is forged.
CUT: Final = "audit.cut"
# So many lines are cut in one transaction, which takes some tens of milliseconds with their entries in the indexes.
CUT_LINES: Final = 500
# So many findings are kept: who needs more than these to be alarmed has them all counted.
FINDINGS_KEPT: Final = 100
# Marks of so many people are remembered while verifying; a few moderators write most of the lines.
_MARKS_REMEMBERED: Final = 1024

_LINES: Final = (
    "SELECT seq, guild_id, at, what, job_id, by_id, subject_id, before, after, reason, audit.salt, by_mark,"
    " subject_mark, words_mark, digest, author.salt, subject.salt"
    "  FROM audit LEFT JOIN audit_salts AS author ON author.user_id = by_id"
    "  LEFT JOIN audit_salts AS subject ON subject.user_id = subject_id"
)


class Problem(StrEnum):
    """What is wrong with a line, or at its place."""

    CHANGED = "changed"  # it does not follow from the line before, so one of the two is not as it was
    REORDERED = "reordered"  # it stands in the place of the line beside it
    MISSING = "missing"  # this number, and perhaps some after it, is not there
    INSERTED = "inserted"  # it stands where all lines have been cut
    BY = "by"  # by somebody else than when it was written
    SUBJECT = "subject"  # about somebody else
    WORDS = "words"  # with other words
    TAIL_MISSING = "tail_missing"  # the head kept beside the table is a line further on
    HEAD_MISSING = "head_missing"  # no head is kept beside the table, or none that can be read
    HEAD_DIFFERS = "head_differs"  # the head kept beside the table is not the last line
    CHECKPOINT = "checkpoint"  # lines before it were taken out, but not by a cut that was written down
    NOTED = "noted"  # the head that was noted elsewhere is not in the chain any more


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line by its number, and what is wrong with it."""

    seq: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """What verifying has found: the first findings of all that there are, in the order of the lines.

    `lines` were followed from the one after `checkpoint` on; `unchained` lines are from before there was a chain.
    """

    lines: int
    unchained: int
    checkpoint: int
    head: Head
    findings: tuple[Flaw, ...] = ()
    total: int = 0

    @property
    def sound(self) -> bool:
        return not self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a step of cutting has done. With a `flaw` it stopped there: what may be evidence is not cut away."""

    lines: int
    more: bool
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it is stored, with the salts of whom it is by and about."""

    seq: int
    guild_id: int
    at_ms: int
    what: str
    job_id: str | None
    by_id: int | None
    subject_id: int | None
    before: str | None
    after: str | None
    reason: str | None
    salt: bytes | None
    by_mark: bytes | None
    subject_mark: bytes | None
    words_mark: bytes | None
    digest: bytes | None
    by_salt: bytes | None
    subject_salt: bytes | None

    def follows(self, previous: bytes, *, seq: int | None = None) -> bool:
        """Whether its digest is that of this line after that one, with its own number or another."""
        if self.digest is None or self.by_mark is None or self.subject_mark is None or self.words_mark is None:
            return False
        return self.digest == audit.chained(
            previous,
            seq=self.seq if seq is None else seq,
            guild_id=self.guild_id,
            at_ms=self.at_ms,
            what=self.what,
            job_id=self.job_id,
            marks=(self.by_mark, self.subject_mark, self.words_mark),
        )

    def mismatches(self, mark_of: Callable[[bytes, int], bytes]) -> Iterator[Problem]:
        """What of the part that can be erased is neither erased nor as it was."""
        if not _is_person(self.by_id, self.by_salt, self.by_mark, mark_of):
            yield Problem.BY
        if not _is_person(self.subject_id, self.subject_salt, self.subject_mark, mark_of):
            yield Problem.SUBJECT
        texts = (self.before, self.after, self.reason)
        # Words are erased with a person and never otherwise, all of them, with their salt.
        if self.by_id is None or self.subject_id is None:
            if self.salt is not None or any(text is not None for text in texts):
                yield Problem.WORDS
        elif self.salt is None or audit.mark(self.salt, texts) != self.words_mark:
            yield Problem.WORDS


def verify(connection: sqlite3.Connection, *, noted: Head | None = None) -> AuditTrail:
    """Follow the chain from its checkpoint to its head, as a part of a transaction that reads.

    Takes about a second for 100 000 lines and the same memory for any number. `noted` is a head that was printed
    before: it must still be a line of the chain. Raises sqlite3.Error where the table can't be read.
    """
    checkpoint = _checkpoint(connection)
    start = checkpoint or Head(0, b"")
    walk = _Walk(start, noted)
    if checkpoint is None:
        walk.find(0, Problem.CHECKPOINT)
    unchained = 0
    for row in connection.execute("SELECT seq, digest FROM audit WHERE seq <= ? ORDER BY seq", (start.seq,)):
        if start.digest or row[1] is not None:
            walk.find(row[0], Problem.INSERTED)
        else:
            unchained += 1
    for values in connection.execute(f"{_LINES} WHERE seq > ? ORDER BY seq", (start.seq,)):
        walk.take(_Row(*values))
    walk.end(audit.kept_head(connection))
    return AuditTrail(
        lines=walk.lines,
        unchained=unchained,
        checkpoint=start.seq,
        head=walk.last,
        findings=tuple(walk.findings),
        total=walk.total,
    )


def erase_person(connection: sqlite3.Connection, user_id: int) -> int:
    """Forget somebody, as a part of a transaction: what lines say of them and by them, and their salt.

    The lines stay, with when and what, and so does the chain: what is erased was covered by marks that say nothing any
    more. Words are erased with the line's salt, since a short reason could be guessed with it. Returns how many lines
    that were. Raises ValueError for the bot itself.
    """
    if user_id == 0:
        raise ValueError("the bot itself is nobody to be forgotten")
    cursor = connection.execute(
        "UPDATE audit SET by_id = nullif(by_id, ?), subject_id = nullif(subject_id, ?), before = NULL, after = NULL,"
        " reason = NULL, salt = NULL WHERE by_id = ? OR subject_id = ?",
        (user_id,) * 4,
    )
    connection.execute("DELETE FROM audit_salts WHERE user_id = ?", (user_id,))
    return cursor.rowcount


def erase_guild(connection: sqlite3.Connection, guild_id: int) -> int:
    """Forget everybody in a guild's lines, and salts that no other line needs, as a part of a transaction.

    Otherwise as `erase_person`; returns how many lines that were.
    """
    people = {
        row[0]
        for column in ("by_id", "subject_id")
        for row in connection.execute(
            f"SELECT DISTINCT {column} FROM audit WHERE guild_id = ? AND {column} IS NOT NULL",  # noqa: S608 - constants
            (guild_id,),
        )
    }
    cursor = connection.execute(
        "UPDATE audit SET by_id = NULL, subject_id = NULL, before = NULL, after = NULL, reason = NULL, salt = NULL"
        " WHERE guild_id = ?",
        (guild_id,),
    )
    _drop_salts(connection, people)
    return cursor.rowcount


def cut(connection: sqlite3.Connection, *, before: datetime, at: datetime, at_most: int = CUT_LINES) -> Cut:
    """Take out the oldest lines, all from before a time, and put a checkpoint in their place: one step of it.

    A step is a transaction of its own and takes `at_most` lines; it is written down as a line itself. Lines that the
    chain does not prove are left, and everything after them: somebody may have made them look old.
    """
    checkpoint = _checkpoint(connection) or Head(0, b"")
    rows = [_Row(*values) for values in connection.execute(f"{_LINES} ORDER BY seq LIMIT ?", (at_most,))]
    old = list(itertools.takewhile(lambda row: row.at_ms < to_ms(before), rows))
    good, flaw = _proven(old, checkpoint)
    if not good:
        return Cut(lines=0, more=False, flaw=flaw)
    last = good[-1]
    if last.seq > checkpoint.seq:
        assert last.digest is not None  # the chain has proven it
        checkpoint = Head(last.seq, last.digest)
        connection.execute(
            "INSERT INTO audit_checkpoints (seq, digest, at) VALUES (?, ?, ?)", (last.seq, last.digest, to_ms(at))
        )
        connection.execute("DELETE FROM audit_checkpoints WHERE seq < ?", (last.seq,))
    connection.execute("DELETE FROM audit WHERE seq <= ?", (last.seq,))
    people = {one for row in good for one in (row.by_id, row.subject_id) if one is not None}
    _drop_salts(connection, people)
    if checkpoint.digest:
        audit.note(connection, guild_id=0, by_id=0, at=at, what=CUT, before=len(good), after=checkpoint)
    return Cut(lines=len(good), more=len(good) == at_most, flaw=flaw)


class _Walk:
    """Follows the lines one by one, and remembers no more of them than the last, or the last two."""

    def __init__(self, start: Head, noted: Head | None) -> None:
        self.last = start
        self.lines = 0
        self.findings: list[Flaw] = []
        self.total = 0
        self._start = start
        self._noted = noted if noted != start else None
        # A line that does not follow waits for the next one: they may only have changed places.
        self._odd: _Row | None = None
        self._cut_at: str | None = None
        self._mark_of = functools.lru_cache(maxsize=_MARKS_REMEMBERED)(audit.mark)

    def find(self, seq: int, problem: Problem) -> None:
        """Something is wrong with that line, or at its place."""
        self.total += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(Flaw(seq, problem))

    def take(self, row: _Row) -> None:
        """Compare the next line with the one before and with its own marks."""
        self.lines += 1
        expected = (self.last if self._odd is None else self._odd).seq + 1
        is_next = row.seq == expected
        if self._odd is not None:
            odd, self._odd = self._odd, None
            if is_next and row.follows(self.last.digest, seq=odd.seq) and odd.follows(row.digest or b"", seq=row.seq):
                self.find(odd.seq, Problem.REORDERED)
                self.find(row.seq, Problem.REORDERED)
                self._check(row, Head(row.seq, odd.digest or b""))
                return
            self.find(odd.seq, Problem.CHANGED)
            self.last = Head(odd.seq, odd.digest or b"")
        if not is_next:  # what it follows is gone, so only the line after it can prove it
            self.find(expected, Problem.MISSING)
        elif not row.follows(self.last.digest):
            self._odd = row
            self._check(row, self.last)
            return
        self._check(row, Head(row.seq, row.digest or b""))

    def end(self, kept: Head | None) -> None:
        """Compare the last line with the head that is kept beside the table, and the checkpoint with its cut."""
        if self._odd is not None:
            self.find(self._odd.seq, Problem.CHANGED)
            self.last = Head(self._odd.seq, self._odd.digest or b"")
        if self._start.digest and self._cut_at != str(self._start):
            self.find(self._start.seq, Problem.CHECKPOINT)
        if kept is None:
            self.find(self.last.seq, Problem.HEAD_MISSING)
        elif kept.seq > self.last.seq:
            self.find(self.last.seq + 1, Problem.TAIL_MISSING)
        elif kept != self.last:
            self.find(self.last.seq, Problem.HEAD_DIFFERS)
        if self._noted is not None:
            self.find(self._noted.seq, Problem.NOTED)

    def _check(self, row: _Row, last: Head) -> None:
        for problem in row.mismatches(self._mark_of):
            self.find(row.seq, problem)
        if row.what == CUT:
            self._cut_at = row.after
        if self._noted is not None and row.digest == self._noted.digest and row.seq == self._noted.seq:
            self._noted = None
        self.last = last


def _proven(rows: list[_Row], checkpoint: Head) -> tuple[list[_Row], Flaw | None]:
    """The first of these lines, up to the first that is not proven by the chain, and what is wrong with that."""
    expected = checkpoint
    for index, row in enumerate(rows):
        if row.seq <= checkpoint.seq:  # from before there was a chain
            if checkpoint.digest or row.digest is not None:
                return rows[:index], Flaw(row.seq, Problem.INSERTED)
            continue
        if row.seq != expected.seq + 1:
            return rows[:index], Flaw(expected.seq + 1, Problem.MISSING)
        if not row.follows(expected.digest):
            return rows[:index], Flaw(row.seq, Problem.CHANGED)
        for problem in row.mismatches(audit.mark):
            return rows[:index], Flaw(row.seq, problem)
        assert row.digest is not None  # it follows
        expected = Head(row.seq, row.digest)
    return rows, None


def _drop_salts(connection: sqlite3.Connection, people: Iterable[int]) -> None:
    """Forget the salts of those whom no line names any more."""
    connection.executemany(
        "DELETE FROM audit_salts WHERE user_id = :id AND NOT EXISTS (SELECT 1 FROM audit WHERE by_id = :id)"
        " AND NOT EXISTS (SELECT 1 FROM audit WHERE subject_id = :id)",
        [{"id": one} for one in people],
    )


def _is_person(
    user_id: int | None, salt: bytes | None, known: bytes | None, mark_of: Callable[[bytes, int], bytes]
) -> bool:
    """Whether that is who was meant when the line was written; somebody who was erased is nobody to be compared."""
    return user_id is None or (salt is not None and mark_of(salt, user_id) == known)


def _checkpoint(connection: sqlite3.Connection) -> Head | None:
    row = connection.execute("SELECT seq, digest FROM audit_checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else Head(row[0], bytes(row[1]))

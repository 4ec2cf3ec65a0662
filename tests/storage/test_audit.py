"""Writing the log of who did what, and reading it by pages: members, kinds and times, whatever its length."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import StorageError
from storage import audit, audit_chain
from storage.audit import Head, Kind, Line, Wanted
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID, later
from tests.storage.inline import do, open_inline

MIA: Final = USER_ID + 1
ADA: Final = USER_ID + 2
BOB: Final = USER_ID + 3


def noting(**changes: Any) -> Any:
    """An operation that writes down that Mia suspended Ada, or what is said instead."""
    given: dict[str, Any] = {
        "guild_id": GUILD_ID,
        "by_id": MIA,
        "at": NOW,
        "what": "mod.suspend",
        "subject_id": ADA,
        "reason": "spam",
    }
    return lambda connection: audit.note(connection, **(given | changes))


def row_of(connection: sqlite3.Connection, seq: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute("SELECT * FROM audit WHERE seq = ?", (seq,)).fetchone()
    return row


def test_a_line_says_all_of_it_and_numbers_follow_each_other(connection: sqlite3.Connection) -> None:
    assert [do(connection, noting()) for _ in range(2)] == [1, 2]
    assert do(connection, noting(before=1, after=None, job_id="job7", reason="")) == 3
    assert audit.line_of(row_of(connection, 3)) == Line(
        seq=3,
        guild_id=GUILD_ID,
        by_id=MIA,
        at=NOW,
        what="mod.suspend",
        subject_id=ADA,
        job_id="job7",
        before="1",
        after=None,
        reason="",
    )


def test_an_action_that_is_undone_leaves_no_gap(connection: sqlite3.Connection) -> None:
    def failing(writer: sqlite3.Connection) -> None:
        noting()(writer)
        raise StorageError("undone")

    do(connection, noting())
    with pytest.raises(StorageError):
        do(connection, failing)
    assert do(connection, noting()) == 2
    assert audit_chain.verify(connection).sound


async def test_those_who_write_at_once_make_one_chain(database: Database) -> None:
    numbers = await asyncio.gather(*(database.write(noting(by_id=MIA + number % 7)) for number in range(300)))
    assert sorted(numbers) == list(range(1, 301))
    trail = await database.write(audit_chain.verify)
    assert (trail.sound, trail.lines) == (True, 300)


def test_the_same_words_and_people_leave_different_traces(connection: sqlite3.Connection) -> None:
    """A mark that could be computed from a guess would give away what was erased."""
    do(connection, noting())
    do(connection, noting(by_id=ADA, subject_id=MIA))
    first, second = row_of(connection, 1), row_of(connection, 2)
    assert first["words_mark"] != second["words_mark"]
    assert first["by_mark"] == second["subject_mark"]
    salts = connection.execute("SELECT salt FROM audit_salts").fetchall()
    assert len({salt["salt"] for salt in salts}) == 2


def test_what_is_erased_later_is_not_in_the_chained_part(connection: sqlite3.Connection) -> None:
    marks = (b"1", b"2", b"3")
    chained = audit.chained(b"", seq=1, guild_id=2, at_ms=3, what="mod.suspend", job_id=None, marks=marks)
    do(connection, noting())
    row = row_of(connection, 1)
    again = audit.chained(
        b"",
        seq=1,
        guild_id=GUILD_ID,
        at_ms=row["at"],
        what="mod.suspend",
        job_id=None,
        marks=(row["by_mark"], row["subject_mark"], row["words_mark"]),
    )
    assert row["digest"] == again != chained


def test_the_head_is_kept_beside_the_table(connection: sqlite3.Connection) -> None:
    assert audit.kept_head(connection) == Head(0, b"")
    do(connection, noting())
    assert audit.kept_head(connection) == Head(1, row_of(connection, 1)["digest"])


@pytest.mark.parametrize("text", ["", "1", ":", "x:00", "1:xyz", "-1:00", "1:0", "٣:00"])
def test_what_is_no_head_is_none(text: str) -> None:
    assert Head.parse(text) is None


def test_a_head_is_read_as_it_was_written() -> None:
    assert Head.parse(str(Head(12, b"\x00\xff"))) == Head(12, b"\x00\xff")


@pytest.mark.parametrize("what", ["", "mods.suspend", "Mod.suspend", "access.channel"])
def test_a_name_of_no_kind_is_a_mistake_of_ours(connection: sqlite3.Connection, what: str) -> None:
    """It would be on no page of the log."""
    with pytest.raises(ValueError, match="is not a valid Kind"):
        do(connection, noting(what=what))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET what = 'mod.remove'",
        "UPDATE audit SET at = at + 1",
        "UPDATE audit SET guild_id = 1",
        "UPDATE audit SET job_id = 'x'",
        "UPDATE audit SET by_id = 1",
        "UPDATE audit SET subject_id = 1",
        "UPDATE audit SET reason = 'x'",
        "UPDATE audit SET before = 'x'",
        "UPDATE audit SET salt = x'00'",
        "UPDATE audit SET by_mark = x'00'",
        "UPDATE audit SET words_mark = NULL",
        "UPDATE audit SET digest = x'00'",
        "UPDATE audit SET seq = seq + 1",
        "DELETE FROM audit",
    ],
)
def test_the_schema_lets_no_line_be_changed_or_taken_out(connection: sqlite3.Connection, change: str) -> None:
    do(connection, noting())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change)


class TestPages:
    async def filled(self, database: Database) -> list[Line]:
        """Twelve lines an hour apart in one guild, with one of another between them; the newest first."""
        whats = ("mod.suspend", "setting.review", "limit.guild.guild_daily_micros")
        for number in range(12):
            by_id, subject_id = (MIA, ADA) if number % 2 else (ADA, ADA if number == 8 else BOB)
            await database.write(
                noting(by_id=by_id, subject_id=subject_id, what=whats[number % 3], at=later(3600 * number))
            )
            if number == 5:
                await database.write(noting(guild_id=GUILD_ID + 1, at=later(3600 * number)))
        return await audit.page(database, Wanted(guild_id=GUILD_ID), size=100)

    async def test_the_newest_come_first_and_other_guilds_do_not(self, database: Database) -> None:
        lines = await self.filled(database)
        assert [line.seq for line in lines] == [13, 12, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1]

    async def test_pages_go_on_below_and_above_a_line(self, database: Database) -> None:
        lines, wanted = await self.filled(database), Wanted(guild_id=GUILD_ID)
        below = await audit.page(database, wanted, size=3, before=9)
        assert below == lines[5:8]
        assert await audit.page(database, wanted, size=3, after=below[0].seq) == lines[2:5]
        assert await audit.page(database, wanted, size=3, before=1) == []

    @pytest.mark.parametrize(
        ("asked", "fits"),
        [
            ({"member_id": MIA}, lambda line: line.by_id == MIA),
            ({"member_id": ADA}, lambda line: ADA in (line.by_id, line.subject_id)),
            ({"member_id": BOB}, lambda line: line.subject_id == BOB),
            ({"member_id": USER_ID}, lambda line: False),
            ({"kinds": (Kind.MOD,)}, lambda line: line.what == "mod.suspend"),
            ({"kinds": (Kind.MOD, Kind.LIMIT)}, lambda line: not line.what.startswith("setting")),
            ({"kinds": (Kind.FILTER,)}, lambda line: False),
            ({"member_id": BOB, "kinds": (Kind.SETTING,)}, lambda line: line.what[0] == "s" and line.subject_id == BOB),
            ({"since": later(3600 * 7)}, lambda line: line.at >= later(3600 * 7)),
            ({"since": later(3600 * 20)}, lambda line: False),
            ({"since": later(3600 * 4), "kinds": (Kind.MOD,)}, lambda line: line.what[0] == "m" and line.seq > 4),
        ],
    )
    async def test_a_page_has_exactly_what_is_asked_for(
        self, database: Database, tmp_path: Path, asked: dict[str, Any], fits: Any
    ) -> None:
        lines = await self.filled(database)
        wanted = Wanted(guild_id=GUILD_ID, **asked)
        expected = [line for line in lines if fits(line)]
        assert await audit.page(database, wanted, size=100) == expected
        for size in (2, 5):
            assert await audit.page(database, wanted, size=size) == expected[:size]
        exported = await database.write(lambda connection: list(audit.lines(connection, wanted, at_most=3)))
        assert exported == expected[:3]

    async def test_an_export_goes_on_past_what_is_read_at_once(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "_LINES_AT_ONCE", 2)
        lines = await self.filled(database)
        read = await database.write(lambda c: list(audit.lines(c, Wanted(guild_id=GUILD_ID), at_most=100)))
        assert read == lines

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"member_id": MIA},
            {"member_id": MIA, "kinds": (Kind.MOD,)},
            {"kinds": (Kind.MOD, Kind.FILTER)},
        ],
    )
    def test_a_page_looks_into_indexes_only(self, connection: sqlite3.Connection, asked: dict[str, Any]) -> None:
        query, parameters = audit._page_query(Wanted(guild_id=GUILD_ID, **asked), 5, size=9, before=900, after=None)
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
        looks = [step for step in plan if step.startswith(("SEARCH", "SCAN")) and " audit " in f"{step} "]
        assert len(looks) > 1
        for step in looks:
            assert step.startswith("SEARCH audit USING"), plan
        assert all("seq>? AND seq<?" in step for step in looks if "guild_id" in step), plan
        if "member_id" in asked:
            assert all("_id=? AND guild_id=? AND kind=?" in step for step in looks if "guild_id" in step), plan
        earliest = connection.execute(f"EXPLAIN QUERY PLAN {audit._EARLIEST}", (0,)).fetchone()["detail"]
        assert "COVERING INDEX audit_since" in earliest


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([MIA, ADA, 0]), st.sampled_from([MIA, ADA, BOB]), st.sampled_from(["mod.hide", "job.x"])
        ),
        max_size=25,
    ),
    size=st.integers(1, 6),
    member_id=st.sampled_from([None, MIA, ADA]),
    kinds=st.sampled_from([(), (Kind.MOD,), (Kind.MOD, Kind.JOB)]),
)
def test_turning_the_pages_down_and_up_shows_every_line_once(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, str]],
    size: int,
    member_id: int | None,
    kinds: tuple[Kind, ...],
) -> None:
    connection = open_inline(tmp_path_factory.mktemp("pages") / "easel.db")
    try:
        for number, (by_id, subject_id, what) in enumerate(steps):
            do(connection, noting(by_id=by_id, subject_id=subject_id, what=what, at=NOW + timedelta(minutes=number)))
        wanted = Wanted(guild_id=GUILD_ID, member_id=member_id, kinds=kinds)

        def page(**where: int) -> list[int]:
            query = audit._page_query(wanted, 0, size=size, before=where.get("before"), after=where.get("after"))
            return [row["seq"] for row in connection.execute(*query)]

        expected = [
            number
            for number, (by_id, subject_id, what) in reversed(list(enumerate(steps, start=1)))
            if (member_id is None or member_id in (by_id, subject_id))
            and (not kinds or what.partition(".")[0] in kinds)
        ]
        down = found = page()
        while found:
            found = page(before=found[-1])
            down = down + found
        assert down == expected
        up = found = page(after=0)
        while found:
            found = page(after=found[0])
            up = found + up
        assert up == expected
    finally:
        connection.close()

"""The book of filters: fast for members, exact after every change, closed where it can't be read."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from errors import FilterUnreadable, InvalidOption, StorageUnavailable, TermRefused
from generation import filter_files
from generation import filters as book_of_filters
from generation.filter_files import FileLine
from generation.filter_terms import CATEGORIES
from generation.filters import EVERYWHERE, PATTERNS_MAX, TERMS_MAX, Added, FilterBook, TermKind
from generation.screening import NO_POLICY, Whose
from safety import starter_list
from safety.prompts import Action, Term, View
from storage import audit, filters
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID, choose
from tests.support import FakeClock, OpenDatabase

OTHER_GUILD = GUILD_ID + 1


@pytest.fixture
def book(database: Database, clock: FakeClock) -> FilterBook:
    return FilterBook(database, clock)


async def add(book: FilterBook, *typed: str, guild_id: int = GUILD_ID, **given: Any) -> Added:
    """Put these on a list; what came of the last one."""
    for text in typed:
        added = await book.add(guild_id, text, by_id=USER_ID, **given)
    return added


async def blocked(book: FilterBook, text: str, guild_id: int = GUILD_ID) -> str | None:
    """The entry that blocks the text, if one does."""
    verdict = (await book.screen(guild_id, [text])).verdict
    return verdict.term if verdict.blocked else None


async def change_behind(database: Database, sql: str) -> None:
    """Change rows as no code of the bot's would."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(sql)

    await database.write(change)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The guilds whose lists are read from the database, in order."""
    seen: list[int] = []
    read = filters.of_guild

    async def counted(database: Database, guild_id: int) -> filters.FilterList:
        seen.append(guild_id)
        return await read(database, guild_id)

    monkeypatch.setattr(filters, "of_guild", counted)
    return seen


class TestScreen:
    async def test_nothing_on_any_list_says_nothing(self, book: FilterBook) -> None:
        screening = await book.screen(GUILD_ID, ["anything"])
        assert not screening.verdict.blocked
        assert (screening.guild_version, screening.operator_version) == (0, 0)

    async def test_it_says_what_whose_and_behind_which_disguise(self, book: FilterBook) -> None:
        await add(book, "gadget", category="hate")
        screening = await book.screen(GUILD_ID, ["a g.a.d.g.e.t", "and more"])
        verdict = screening.verdict
        assert (verdict.term, verdict.category, verdict.view) == ("gadget", "hate", View.SPACING)
        assert verdict.evasion
        assert (screening.whose, screening.guild_version, screening.operator_version) == (Whose.GUILD, 1, 0)

    async def test_every_change_holds_at_once(self, book: FilterBook) -> None:
        assert await blocked(book, "a gadget") is None
        await add(book, "gadget")
        assert await blocked(book, "a gadget") == "gadget"
        await add(book, "gadget", action="review")
        assert await blocked(book, "a gadget") is None
        await add(book, "gadget")
        await book.remove(GUILD_ID, "GADGET", by_id=USER_ID)
        assert await blocked(book, "a gadget") is None
        plan = await book.plan(GUILD_ID, [FileLine(number=1, text="gadget")])
        await book.take(GUILD_ID, plan.terms, by_id=USER_ID)
        assert await blocked(book, "a gadget") == "gadget"

    async def test_lists_are_each_guilds_own(self, book: FilterBook) -> None:
        await add(book, "gadget")
        assert await blocked(book, "a gadget", OTHER_GUILD) is None

    async def test_the_operators_list_holds_everywhere_and_can_not_be_excused(self, book: FilterBook) -> None:
        await add(book, "naked", guild_id=EVERYWHERE)
        await add(book, "naked mole-rat", "naked", action="allow")
        for guild_id in (GUILD_ID, OTHER_GUILD, EVERYWHERE):
            assert await blocked(book, "a naked mole-rat", guild_id) == "naked"
        await add(book, "naked mole-rat", guild_id=EVERYWHERE, action="allow")
        assert await blocked(book, "a naked mole-rat") is None

    async def test_it_is_read_once_however_many_come(self, book: FilterBook, reads: list[int]) -> None:
        await add(book, "gadget")
        reads.clear()
        found = await asyncio.gather(*(blocked(book, f"gadget {number}") for number in range(1000)))
        assert found == ["gadget"] * 1000
        assert reads == [GUILD_ID]  # the operator's was read to say what the new entry means

    async def test_a_change_elsewhere_is_seen_once_somebody_says_so(self, book: FilterBook, database: Database) -> None:
        await add(book, "gadget")
        assert await blocked(book, "a gizmo") is None
        second = FilterBook(database, FakeClock())
        await add(second, "gizmo")
        assert await blocked(book, "a gizmo") is None
        book.forget_older(GUILD_ID, 2)
        assert await blocked(book, "a gizmo") == "gizmo"

    async def test_what_is_of_that_version_is_kept(self, book: FilterBook, reads: list[int]) -> None:
        await add(book, "gadget")
        await blocked(book, "anything")
        reads.clear()
        book.forget_older(GUILD_ID, 1)
        book.forget_older(OTHER_GUILD, 7)
        await blocked(book, "anything")
        assert reads == []

    async def test_long_texts_do_not_hold_up_the_event_loop(self, book: FilterBook) -> None:
        terms = [FileLine(number=number, text=f"wort{number:04d}x") for number in range(TERMS_MAX)]
        await book.take(GUILD_ID, (await book.plan(GUILD_ID, terms)).terms, by_id=USER_ID)
        text = "a red fox sits in a forest clearing " * 55
        await blocked(book, text)
        done, gaps = asyncio.Event(), [0.0]

        async def beat() -> None:
            while not done.is_set():
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                gaps.append(time.perf_counter() - before)

        beating = asyncio.create_task(beat())
        started = time.perf_counter()
        await asyncio.gather(*(blocked(book, text) for _ in range(400)))
        took = time.perf_counter() - started
        done.set()
        await beating
        assert max(gaps) < took / 2  # inline it would be all of it


class TestMemory:
    async def test_guilds_without_a_list_share_one_policy(self, book: FilterBook) -> None:
        for guild_id in range(1, 2001):
            await book.screen(guild_id, ["text"])
        assert {id(held.policy) for held in book._held.values()} == {id(NO_POLICY)}
        assert len(book._held) == 2001

    async def test_only_so_much_is_held_and_the_latest_used_stays(
        self, book: FilterBook, reads: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(book_of_filters, "_HELD_WEIGHT", 20)
        for guild_id in (1, 2, 3):
            lines = [FileLine(number=number, text=f"wort{number}") for number in range(7)]
            await book.take(guild_id, (await book.plan(guild_id, lines)).terms, by_id=USER_ID)
        for guild_id in (1, 2, 1, 3):
            assert await blocked(book, "wort5", guild_id) == "wort5"
        reads.clear()
        assert await blocked(book, "wort5", 1) == "wort5"
        assert reads == []
        assert await blocked(book, "wort5", 2) == "wort5"
        assert reads == [2]
        assert book._weight == sum(held.weight for held in book._held.values()) <= 20

    async def test_patterns_weigh_what_they_take(self, book: FilterBook) -> None:
        await add(book, "/c.t/", "word")
        await blocked(book, "text")
        assert book._held[GUILD_ID].weight > 600


class TestUnreadable:
    @pytest.mark.parametrize(("guild_id", "whose"), [(GUILD_ID, Whose.GUILD), (EVERYWHERE, Whose.OPERATOR)])
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE filter_terms SET action = 'explode'",
            "UPDATE filter_terms SET text = '...'",
            "UPDATE filter_terms SET kind = 'mystery'",
            "UPDATE filter_terms SET kind = 'pattern', text = '('",
        ],
    )
    async def test_a_row_that_can_not_be_read_closes_the_filter(
        self, book: FilterBook, database: Database, guild_id: int, whose: Whose, sql: str
    ) -> None:
        await add(book, "gadget", guild_id=guild_id)
        await change_behind(database, sql)
        for _ in range(3):
            with pytest.raises(FilterUnreadable) as caught:
                await book.screen(GUILD_ID, ["innocent"])
            assert caught.value.whose == whose

    async def test_it_is_logged_once_and_once_when_it_is_over(
        self, book: FilterBook, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        await add(book, "gadget")
        await change_behind(database, "UPDATE filter_terms SET action = 'explode'")
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                with pytest.raises(FilterUnreadable):
                    await book.screen(GUILD_ID, ["innocent"])
            assert len(caplog.records) == 1
            assert str(GUILD_ID) in caplog.text
            assert "gadget" not in caplog.text
            await change_behind(database, "UPDATE filter_terms SET action = 'block'")
            assert await blocked(book, "a gadget") == "gadget"
        assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]

    async def test_a_moderator_can_still_see_and_remove_it(self, book: FilterBook, database: Database) -> None:
        await add(book, "gadget", "gizmo")
        await change_behind(database, "UPDATE filter_terms SET text = '...' WHERE folded = 'gizmo'")
        assert [term.text for term in await book.list(GUILD_ID)] == ["gadget", "..."]
        await add(book, "more")
        await book.remove(GUILD_ID, "gizmo", by_id=USER_ID)
        assert await blocked(book, "a gadget") == "gadget"

    async def test_a_database_that_is_gone_closes_the_filter(
        self, open_database: OpenDatabase, tmp_path: Any, clock: FakeClock
    ) -> None:
        database = await open_database(tmp_path / "other.db")
        book = FilterBook(database, clock)
        await database.close()
        with pytest.raises(FilterUnreadable):
            await book.screen(GUILD_ID, ["innocent"])
        with pytest.raises(StorageUnavailable):
            await book.list(GUILD_ID)


class TestAdd:
    async def test_it_is_kept_with_who_and_when(self, book: FilterBook, database: Database, clock: FakeClock) -> None:
        added = await add(book, "Gadget", category="hate")
        assert await book.list(GUILD_ID) == (added.term,)
        assert (added.term.added_by, added.term.added_at) == (USER_ID, clock.now())
        assert added.before is None
        [line] = await audit.latest(database, GUILD_ID, limit=5)
        assert (line.what, line.by_id, line.after) == ("filter.add", USER_ID, "Gadget (block, hate)")

    async def test_adding_again_changes_it_and_says_so(self, book: FilterBook) -> None:
        first = await add(book, "gadget")
        changed = await add(book, "GADGET", action="review")
        assert changed.before == first.term
        assert not changed.is_same
        assert len(await book.list(GUILD_ID)) == 1
        assert (await add(book, "GADGET", action="review")).is_same

    async def test_what_is_refused_changes_nothing(self, book: FilterBook) -> None:
        with pytest.raises(TermRefused):
            await add(book, "c*t")
        assert await book.list(GUILD_ID) == ()

    async def test_what_is_covered_already_is_said(self, book: FilterBook) -> None:
        await add(book, "gad*")
        covered = (await add(book, "gadget")).covered
        assert covered is not None
        assert (covered.verdict.term, covered.whose) == ("gad*", Whose.GUILD)
        await add(book, "gizmo", guild_id=EVERYWHERE)
        covered = (await add(book, "gizmo")).covered
        assert covered is not None
        assert covered.whose is Whose.OPERATOR
        assert (await add(book, "widget")).covered is None

    async def test_blocking_is_not_covered_by_a_mark(self, book: FilterBook) -> None:
        await add(book, "gad*", action="review")
        assert (await add(book, "gadget")).covered is None
        assert (await add(book, "gadgets", action="review")).covered is not None

    async def test_an_entry_that_an_allowed_phrase_excuses_has_no_effect(self, book: FilterBook) -> None:
        await add(book, "gadget", action="allow")
        added = await add(book, "gadget")
        assert added.excused
        assert added.exceptions == ("gadget",)
        assert await blocked(book, "a gadget") is None

    async def test_allowed_phrases_that_have_it_in_them_are_named(self, book: FilterBook) -> None:
        await add(book, "naked mole-rat", "something else", action="allow")
        added = await add(book, "naked")
        assert (added.excused, added.exceptions) == (False, ("naked mole-rat",))

    async def test_an_allowed_phrase_says_whether_it_excuses_anything(self, book: FilterBook) -> None:
        assert (await add(book, "naked mole-rat", action="allow")).idle
        await add(book, "naked", "/gi.mo/")
        assert not (await add(book, "a naked cat", action="allow")).idle
        assert not (await add(book, "gizmo", action="allow")).idle

    async def test_an_allowed_phrase_that_the_operator_blocks_is_said(self, book: FilterBook) -> None:
        await add(book, "naked", guild_id=EVERYWHERE)
        covered = (await add(book, "naked mole-rat", action="allow")).covered
        assert covered is not None
        assert (covered.verdict.term, covered.whose) == ("naked", Whose.OPERATOR)
        assert (await add(book, "naked mole-rat", action="allow", guild_id=EVERYWHERE)).covered is None

    @pytest.mark.parametrize(("review", "off"), [("never", True), ("new", False), ("always", False)])
    async def test_a_mark_that_nobody_heeds_is_said(
        self, book: FilterBook, database: Database, review: str, off: bool
    ) -> None:
        await database.write(lambda c: choose(c, review=review, moderators_channel_id=5))
        assert (await add(book, "gadget", action="review")).review_is_off is off
        assert (await add(book, "/gi.mo/", action="review")).review_is_off is off
        assert not (await add(book, "widget")).review_is_off
        assert not (await add(book, "widget", action="allow")).review_is_off
        assert not (await add(book, "gadget", action="review", guild_id=EVERYWHERE)).review_is_off


class TestRemove:
    async def test_it_is_found_however_it_is_written(self, book: FilterBook) -> None:
        await add(book, "Some Word", "/C.t/")
        assert (await book.remove(GUILD_ID, "  SOME  word", by_id=USER_ID)).text == "Some Word"
        assert (await book.remove(GUILD_ID, "/C.t/", by_id=USER_ID)).kind is TermKind.PATTERN
        assert await book.list(GUILD_ID) == ()

    async def test_what_blocks_goes_before_what_is_allowed(self, book: FilterBook) -> None:
        await add(book, "gadget", action="allow")
        await add(book, "gadget")
        assert (await book.remove(GUILD_ID, "gadget", by_id=USER_ID)).kind is TermKind.BLOCK
        assert (await book.remove(GUILD_ID, "gadget", by_id=USER_ID)).kind is TermKind.ALLOW

    async def test_what_is_not_there_is_said(self, book: FilterBook) -> None:
        await add(book, "gadget", guild_id=EVERYWHERE)
        with pytest.raises(InvalidOption) as caught:
            await book.remove(GUILD_ID, "gadget", by_id=USER_ID)
        assert (caught.value.problem, caught.value.other) == ("unknown", "gadget")


def numbered(texts: Sequence[str], **given: Any) -> list[FileLine]:
    return [FileLine(number=number, text=text, **given) for number, text in enumerate(texts, start=1)]


class TestImport:
    async def test_a_plan_counts_and_refuses_line_by_line(self, book: FilterBook) -> None:
        await add(book, "same", "changed", "kept")
        lines = [
            *numbered(["same", "changed"], action="block", category="other"),
            FileLine(number=3, text="changed", action="review"),
            FileLine(number=4, text="new", kind="allow"),
            FileLine(number=5, text="c*t"),
            FileLine(number=6, text="/(/"),
        ]
        lines[1] = replace(lines[1], action="review")
        plan = await book.plan(GUILD_ID, lines)
        assert (plan.new, plan.changed, plan.same) == (1, 1, 1)
        assert [(line.number, line.why.problem) for line in plan.refused] == [
            (3, "twice"),
            (5, "wildcard_inside"),
            (6, "pattern_not_re2"),
        ]
        assert len(await book.list(GUILD_ID)) == 3  # nothing is done yet

    async def test_a_category_is_for_the_lines_without_one(self, book: FilterBook) -> None:
        lines = [FileLine(number=1, text="one"), FileLine(number=2, text="two", category="drugs")]
        plan = await book.plan(GUILD_ID, lines, category="hate")
        assert [term.category for term in plan.terms] == ["hate", "drugs"]

    async def test_what_has_no_room_is_refused_and_the_rest_can_be_taken(self, book: FilterBook) -> None:
        await add(book, "first", "second")
        words = numbered(["first", *(f"wort{number}" for number in range(TERMS_MAX))])
        patterns = numbered([f"/c{number}.t/" for number in range(PATTERNS_MAX + 2)])
        plan = await book.plan(GUILD_ID, [*words, *patterns])
        assert (plan.new, plan.changed, plan.same) == (TERMS_MAX - 2 + PATTERNS_MAX, 0, 1)
        problems = [line.why.problem for line in plan.refused]
        assert problems == ["too_many_terms"] * 2 + ["too_many_patterns"] * 2
        await book.take(GUILD_ID, plan.terms, by_id=USER_ID)
        assert len(await book.list(GUILD_ID)) == TERMS_MAX + PATTERNS_MAX

    async def test_a_list_that_has_grown_meanwhile_takes_nothing(self, book: FilterBook) -> None:
        plan = await book.plan(GUILD_ID, numbered([f"wort{number}" for number in range(TERMS_MAX)]))
        await add(book, "meanwhile")
        with pytest.raises(TermRefused, match="too_many_terms"):
            await book.take(GUILD_ID, plan.terms, by_id=USER_ID)
        assert [term.text for term in await book.list(GUILD_ID)] == ["meanwhile"]

    async def test_what_is_exported_is_imported_the_same(self, book: FilterBook) -> None:
        await add(book, "gadget", "*izmo*", '/c[ao]t, "x"/', category="Rule 4")
        await add(book, "naked", category="sexual", action="review")
        await add(book, "naked mole-rat", action="allow")
        data, count = await book.export(GUILD_ID)
        assert count == 5
        plan = await book.plan(OTHER_GUILD, filter_files.read(data))
        assert (plan.new, plan.refused) == (5, ())
        await book.take(OTHER_GUILD, plan.terms, by_id=USER_ID)
        assert all(
            there.says_the_same(here)
            for here, there in zip(await book.list(GUILD_ID), await book.list(OTHER_GUILD), strict=True)
        )
        again = await book.plan(GUILD_ID, filter_files.read(data))
        assert (again.new, again.changed, again.same) == (0, 0, 5)


class TestStarterList:
    STARTER = ((Term("first", "sexual"), Term("second", "minors", Action.REVIEW)), ("the second",))

    async def test_it_is_the_operators_from_the_first_start_on(self, book: FilterBook, database: Database) -> None:
        assert await blocked(book, "a first") is None
        assert await book.install_starter_list(*self.STARTER) == 3
        assert await blocked(book, "a first") == "first"
        assert [(term.kind, term.text, term.category, term.action) for term in await book.list(EVERYWHERE)] == [
            (TermKind.ALLOW, "the second", "", "block"),
            (TermKind.BLOCK, "first", "sexual", "block"),
            (TermKind.BLOCK, "second", "minors", "review"),
        ]
        [line] = await audit.latest(database, EVERYWHERE, limit=5)
        assert (line.what, line.by_id) == ("filter.import", 0)

    async def test_what_an_operator_removed_stays_removed_after_a_restart(
        self, book: FilterBook, database: Database, clock: FakeClock
    ) -> None:
        await book.install_starter_list(*self.STARTER)
        for text in ("first", "second", "the second"):
            await book.remove(EVERYWHERE, text, by_id=USER_ID)
        restarted = FilterBook(database, clock)
        assert await restarted.install_starter_list(*self.STARTER) == 0
        assert await restarted.list(EVERYWHERE) == ()

    async def test_the_real_one_fits_into_a_list(self, book: FilterBook) -> None:
        whole = len(starter_list.TERMS) + len(starter_list.ALLOWED)
        assert await book.install_starter_list(starter_list.TERMS, starter_list.ALLOWED) == whole
        assert await blocked(book, "a fox in the snow, watercolour") is None
        assert {term.category for term in await book.list(EVERYWHERE)} <= {*CATEGORIES, ""}

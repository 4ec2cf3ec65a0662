"""The prompt filter in the one gate: what is screened, that nobody slips through a change, and who is to blame."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from errors import (
    FilterUnreadable,
    GenerationPaused,
    PromptBlocked,
    Refusal,
    StorageUnavailable,
)
from generation.composing import varied
from generation.filters import EVERYWHERE, FilterBook
from generation.prompt_check import PromptCheck
from generation.screening import PromptVerdict, Screening
from models import GenerationRequest, Job, Origin
from recipes import Recipe
from tests.builders import GUILD_ID, USER_ID, choose, make_origin
from tests.generation.assembly import Assembly, small_request

BAD = "a gadget on a hill"
PLAIN = Recipe()


class Struck:
    """Keeps what it is told of; `fails` where it can't."""

    def __init__(self, *, fails: bool = False) -> None:
        self.noted: list[tuple[int, str | None, str]] = []
        self._fails = fails

    async def note_blocked(self, origin: Origin, verdict: PromptVerdict, prompt: str) -> PromptBlocked:
        if self._fails:
            raise StorageUnavailable("the disk is full")
        self.noted.append((origin.interaction_id, verdict.term, prompt))
        return PromptBlocked(verdict.category or "", strike_id=7, weight=1, total=3)


@pytest.fixture
def struck(bot: Assembly) -> Struck:
    return strike(bot, Struck())


def strike(bot: Assembly, struck: Struck) -> Struck:
    """Have blocked prompts noted there."""
    bot.service._prompts = PromptCheck(
        filters=bot.filters, database=bot.database, observer=bot.observer, blocked=struck
    )
    return struck


async def block(bot: Assembly, *typed: str, guild_id: int = GUILD_ID, **given: Any) -> None:
    for text in typed:
        await bot.filters.add(guild_id, text, by_id=USER_ID, **given)


async def accept(
    bot: Assembly,
    prompt: str = "a fox",
    recipe: Recipe = PLAIN,
    *,
    origin: Origin | None = None,
    request: GenerationRequest | None = None,
    **request_changes: Any,
) -> Job:
    wanted = request or small_request(prompt, **request_changes)
    return (await bot.service.accept(origin or make_origin(), wanted, recipe=recipe)).job


async def refused(bot: Assembly, prompt: str = BAD, recipe: Recipe = PLAIN, **given: Any) -> Refusal:
    """The refusal of a wish, which leaves nothing behind."""
    before = len(bot.snapshot().jobs)
    with pytest.raises(Refusal) as caught:
        await accept(bot, prompt, recipe, **given)
    found = bot.snapshot()
    assert len(found.jobs) == before
    assert found.findings == ()
    return caught.value


class TestScreened:
    async def test_a_blocked_prompt_leaves_nothing_and_names_its_category(self, bot: Assembly) -> None:
        await block(bot, "gadget", category="hate")
        refusal = await refused(bot)
        assert isinstance(refusal, PromptBlocked)
        assert refusal.category == "hate"
        assert bot.snapshot().entries == ()
        assert bot.observer.counts["refusal", "PromptBlocked"] == 1
        assert bot.observer.counts["blocked", "hate"] == 1
        assert (await accept(bot)).review_mark == "new_member"

    async def test_a_category_that_a_moderator_made_up_is_counted_among_the_others(self, bot: Assembly) -> None:
        await block(bot, "gadget", category="Rule 4")
        assert (await refused(bot)).category == "Rule 4"  # type: ignore[attr-defined]  # the class is checked above
        assert bot.observer.counts["blocked", "other"] == 1

    @pytest.mark.parametrize(
        ("prompt", "recipe"),
        [
            (BAD, PLAIN),
            ("a fox, gadget style", Recipe(prompt="a fox", template="{prompt}, gadget style", preset="Style")),
            ("a fox, gadget", Recipe(prompt="a fox", trigger_words=("gadget",), loras=("Ink",))),
            ("a fox", Recipe(preset="Gadget")),
            ("a fox", Recipe(prompt=BAD)),
            ("a g a d g e t", PLAIN),
        ],
    )
    async def test_everything_that_is_sent_or_shown_is_screened(
        self, bot: Assembly, prompt: str, recipe: Recipe
    ) -> None:
        await block(bot, "gadget")
        assert isinstance(await refused(bot, prompt, recipe), PromptBlocked)

    async def test_negative_prompts_are_not_filtered(self, bot: Assembly) -> None:
        await block(bot, "gadget")
        assert (await accept(bot, negative_prompt="gadget")).request.negative_prompt == "gadget"

    async def test_the_operators_list_holds_in_every_guild(self, bot: Assembly) -> None:
        await block(bot, "naked", guild_id=EVERYWHERE)
        await block(bot, "naked mole-rat", action="allow")
        assert isinstance(await refused(bot, "a naked mole-rat"), PromptBlocked)

    async def test_who_may_not_at_all_is_told_that_instead(self, bot: Assembly, struck: Struck) -> None:
        await block(bot, "gadget")
        await bot.database.write(lambda c: choose(c, paused=True))
        assert isinstance(await refused(bot), GenerationPaused)
        assert struck.noted == []

    async def test_it_costs_the_accepting_transaction_no_statement(self, bot: Assembly) -> None:
        await block(bot, "gadget")
        await accept(bot)
        statements: list[str] = []
        await bot.database.write(lambda c: c.set_trace_callback(statements.append))
        await accept(bot)
        await bot.database.write(lambda c: c.set_trace_callback(None))
        assert any("INSERT INTO jobs" in statement for statement in statements)
        assert not any("filter_terms" in statement for statement in statements)
        assert (
            sum("FROM guild_settings" in statement for statement in statements) == 2
        )  # the guild's and the operator's

    async def test_a_thousand_members_are_each_judged(self, bot: Assembly) -> None:
        await block(bot, "gadget")
        prompts = [BAD if number % 2 else "a fox" for number in range(1000)]
        found = await asyncio.gather(
            *(
                accept(bot, prompt, origin=make_origin(user_id=number))
                for number, prompt in enumerate(prompts, start=1)
            ),
            return_exceptions=True,
        )
        assert [isinstance(outcome, PromptBlocked) for outcome in found] == [prompt is BAD for prompt in prompts]
        assert len(bot.snapshot().jobs) == 500


class TestMarked:
    @pytest.mark.parametrize(
        ("prompt", "days", "mark"),
        [("a fox", 8, None), ("a fox", 1, "new_member"), (BAD, 8, "prompt"), (BAD, 1, "prompt")],
    )
    async def test_the_job_keeps_why_it_may_have_to_wait(
        self, bot: Assembly, prompt: str, days: int, mark: str | None
    ) -> None:
        await block(bot, "gadget", action="review")
        job = await accept(bot, prompt, origin=make_origin(joined_at=bot.clock.now() - timedelta(days=days)))
        assert job.review_mark == mark
        assert (await bot.job(job.job_id)).review_mark == mark

    async def test_the_guild_says_who_is_new(self, bot: Assembly) -> None:
        joined_at = bot.clock.now() - timedelta(days=8)
        await bot.database.write(lambda c: choose(c, new_member_days=9))
        assert (await accept(bot, origin=make_origin(joined_at=joined_at))).review_mark == "new_member"


def after_screening(
    monkeypatch: pytest.MonkeyPatch, bot: Assembly, then: Callable[[], Awaitable[object]], *, times: int = 1
) -> list[Screening]:
    """Do that between a screening and its transaction, the first few times; the screenings that there were."""
    screenings: list[Screening] = []
    screen = FilterBook.screen

    async def screened(book: FilterBook, guild_id: int, texts: Sequence[str]) -> Screening:
        screening = await screen(book, guild_id, texts)
        screenings.append(screening)
        if len(screenings) <= times:
            await then()
        return screening

    monkeypatch.setattr(FilterBook, "screen", screened)
    return screenings


class TestRaces:
    @pytest.mark.parametrize("guild_id", [GUILD_ID, EVERYWHERE])
    @pytest.mark.parametrize("behind", [False, True], ids=["by the same book", "behind its back"])
    async def test_a_term_that_comes_between_screening_and_accepting_is_obeyed(
        self, bot: Assembly, monkeypatch: pytest.MonkeyPatch, guild_id: int, behind: bool
    ) -> None:
        book = FilterBook(bot.database, bot.clock) if behind else bot.filters
        screenings = after_screening(monkeypatch, bot, lambda: book.add(guild_id, "gadget", by_id=USER_ID))
        assert isinstance(await refused(bot), PromptBlocked)
        assert not screenings[0].verdict.blocked
        assert screenings[1].verdict.blocked

    async def test_a_term_that_goes_meanwhile_refuses_nobody(
        self, bot: Assembly, monkeypatch: pytest.MonkeyPatch, struck: Struck
    ) -> None:
        await block(bot, "gadget")
        after_screening(monkeypatch, bot, lambda: bot.filters.remove(GUILD_ID, "gadget", by_id=USER_ID))
        assert (await accept(bot, BAD)).request.prompt == BAD
        assert struck.noted == []

    async def test_a_list_that_never_holds_still_refuses_in_the_end(
        self, bot: Assembly, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = iter(range(1000))
        after_screening(
            monkeypatch, bot, lambda: bot.filters.add(GUILD_ID, f"wort{next(words)}", by_id=USER_ID), times=1000
        )
        assert isinstance(await refused(bot, "a fox"), FilterUnreadable)
        assert next(words) < 10


class TestUnreadable:
    async def test_nothing_passes_while_the_list_can_not_be_read(self, bot: Assembly, struck: Struck) -> None:
        await block(bot, "gadget")

        def spoil(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute("UPDATE filter_terms SET action = 'explode'")
            connection.execute("UPDATE guild_settings SET filter_version = filter_version + 1")

        await bot.database.write(spoil)
        for prompt in ("a fox", BAD):
            assert isinstance(await refused(bot, prompt), FilterUnreadable)
        assert struck.noted == []
        assert bot.observer.counts["refusal", "FilterUnreadable"] == 2
        await bot.database.write(lambda c: choose(c, paused=True))
        assert isinstance(await refused(bot, "a fox"), GenerationPaused)


class TestConsequences:
    async def test_a_blocked_prompt_is_noted_with_what_was_typed(self, bot: Assembly, struck: Struck) -> None:
        await block(bot, "gadget", category="hate")
        origin = make_origin()
        recipe = Recipe(prompt=BAD, template="{prompt}, oil")
        refusal = await refused(bot, f"{BAD}, oil", recipe, origin=origin)
        assert struck.noted == [(origin.interaction_id, "gadget", BAD)]
        assert isinstance(refusal, PromptBlocked)
        assert (refusal.strike_id, refusal.total) == (7, 3)

    @pytest.mark.parametrize(
        ("prompt", "recipe"),
        [
            ("a fox, gadget style", Recipe(prompt="a fox", template="{prompt}, gadget style")),
            ("a fox, gadget", Recipe(prompt="a fox", trigger_words=("gadget",))),
            ("a fox", Recipe(preset="Gadget")),
        ],
    )
    async def test_words_that_the_member_did_not_choose_have_none(
        self, bot: Assembly, struck: Struck, prompt: str, recipe: Recipe
    ) -> None:
        await block(bot, "gadget")
        assert isinstance(await refused(bot, prompt, recipe), PromptBlocked)
        assert struck.noted == []

    async def test_making_an_old_picture_again_has_none(self, bot: Assembly, struck: Struck) -> None:
        old = await accept(bot, BAD)
        await block(bot, "gadget")
        request, recipe = varied(old)
        assert isinstance(await refused(bot, recipe=recipe, request=request), PromptBlocked)
        assert struck.noted == []
        request, recipe = varied(old, prompt=f"{BAD}, again")
        assert isinstance(await refused(bot, recipe=recipe, request=request), PromptBlocked)
        assert [prompt for _, _, prompt in struck.noted] == [f"{BAD}, again"]

    async def test_a_parent_that_is_made_up_excuses_nothing(self, bot: Assembly, struck: Struck) -> None:
        await block(bot, "gadget")
        other = await accept(bot, "a fox")
        for parent in ("nosuchjob", other.job_id):
            await refused(bot, BAD, replace(PLAIN, parent_job_id=parent))
        assert len(struck.noted) == 2

    async def test_a_prompt_that_can_not_be_noted_is_refused_all_the_same(self, bot: Assembly) -> None:
        strike(bot, Struck(fails=True))
        await block(bot, "gadget", category="hate")
        refusal = await refused(bot)
        assert isinstance(refusal, PromptBlocked)
        assert (refusal.category, refusal.strike_id) == ("hate", None)

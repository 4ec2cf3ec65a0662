"""What two lists together say of a wish's words."""

from typing import Any

import pytest

from generation.filter_terms import term_of
from generation.screening import NO_POLICY, Whose, judged, policy_of
from safety.prompts import CompiledPolicy
from storage.filters import FilterTerm, TermKind


def policy(*typed: str, allow: tuple[str, ...] = (), **given: Any) -> CompiledPolicy:
    return policy_of([*(term_of(text, **given) for text in typed), *(term_of(text, action="allow") for text in allow)])


def said(operator: CompiledPolicy, guild: CompiledPolicy, *texts: str) -> tuple[str, str | None, Whose]:
    verdict, whose = judged(operator, guild, texts)
    return ("block" if verdict.blocked else "review" if verdict.review else "nothing"), verdict.term, whose


def test_an_empty_list_is_the_one_that_all_share() -> None:
    assert policy_of([]) is NO_POLICY
    assert said(NO_POLICY, NO_POLICY, "anything")[0] == "nothing"


def test_each_list_is_asked() -> None:
    operator, guild = policy("alpha"), policy("beta")
    assert said(operator, guild, "an alpha") == ("block", "alpha", Whose.OPERATOR)
    assert said(operator, guild, "a beta") == ("block", "beta", Whose.GUILD)
    assert said(operator, guild, "gamma")[0] == "nothing"


def test_every_text_is_looked_at() -> None:
    guild = policy("beta")
    assert said(NO_POLICY, guild, "innocent", "", "so is this", "beta")[1] == "beta"


def test_what_a_guild_allows_excuses_its_own_entries_only() -> None:
    phrase = "naked mole-rat"
    assert said(NO_POLICY, policy("naked", allow=(phrase,)), f"a {phrase}")[0] == "nothing"
    assert said(policy("naked"), policy(allow=(phrase,)), f"a {phrase}") == ("block", "naked", Whose.OPERATOR)
    assert said(policy("naked", allow=(phrase,)), policy("naked"), f"a {phrase}") == ("block", "naked", Whose.GUILD)
    assert said(policy("naked", allow=(phrase,)), NO_POLICY, f"a naked {phrase}")[0] == "block"


@pytest.mark.parametrize("swap", [False, True])
def test_blocking_goes_before_review_wherever_each_is(swap: bool) -> None:
    lists = [policy("alpha", action="review"), policy("beta")]
    operator, guild = reversed(lists) if swap else lists
    for texts in (("alpha and beta",), ("alpha", "beta"), ("beta", "alpha")):
        assert said(operator, guild, *texts)[:2] == ("block", "beta")
    assert said(operator, guild, "alpha")[:2] == ("review", "alpha")


def test_patterns_are_asked_with_their_actions() -> None:
    guild = policy("/c[ao]t/", action="review")
    assert said(NO_POLICY, guild, "a cot")[:2] == ("review", "c[ao]t")


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "explode"},
        {"action": ""},
        {"text": "c*t"},
        {"text": "..."},
        {"kind": TermKind.PATTERN, "text": "(", "action": "block"},
        {"kind": TermKind.PATTERN, "text": "c.t", "action": "allow"},
        {"kind": TermKind.ALLOW, "text": "..."},
    ],
)
def test_an_entry_that_can_not_be_read_spoils_the_whole_list(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"kind": TermKind.BLOCK, "folded": "x", "text": "word", "category": "hate"}
    with pytest.raises(ValueError):  # noqa: PT011 - whichever kind of it, all of them spoil the list
        policy_of([term_of("fine"), FilterTerm(**(given | changes))])

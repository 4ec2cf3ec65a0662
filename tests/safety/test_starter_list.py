"""The starter list can be used, finds what is on it, and leaves ordinary prompts alone."""

from safety.prompts import Action, compile_policy
from safety.starter_list import ALLOWED, TERMS, Category
from tests.safety.prompts import held_out

POLICY = compile_policy(TERMS, ALLOWED)


def test_every_term_is_found_with_its_category() -> None:
    for term in TERMS:
        verdict = POLICY.screen(f"a picture of {term.text}, oil")
        assert verdict.blocked or verdict.review, term
        assert verdict.category in set(Category)
    assert len({term.text for term in TERMS}) == len(TERMS)


def test_what_concerns_minors_always_blocks_and_is_named_first() -> None:
    minors = [term for term in TERMS if term.category == Category.MINORS]
    assert len(minors) > 30
    assert all(term.action is Action.BLOCK for term in minors)
    assert POLICY.screen("naked woman, and a naked child").category == Category.MINORS


def test_allowed_phrases_are_excused_and_nothing_beside_them() -> None:
    for phrase in ALLOWED:
        assert not POLICY.screen(f"a photo of {phrase} at noon").blocked, phrase
    assert POLICY.screen("nude lipstick on a nude woman").term == "nude"


def test_ordinary_prompts_pass() -> None:
    prompts = [sample.text for sample in held_out.samples() if sample.kind == "innocent"]
    accused = [text for text in prompts if POLICY.screen(text).blocked]
    assert [text for text in accused if "pussy riot" not in text.lower()] == []

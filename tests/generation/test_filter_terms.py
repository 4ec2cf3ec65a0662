"""What may be put on a list, and how it is written."""

import pytest

from errors import TermRefused
from generation.filter_terms import (
    CATEGORIES,
    CATEGORY_MAX_CHARACTERS,
    OTHER,
    category_of,
    keys_of,
    known_category,
    term_of,
)
from storage.filters import FilterTerm, TermKind


@pytest.mark.parametrize(
    ("typed", "given", "term"),
    [
        ("  Some   Word ", {}, FilterTerm(kind=TermKind.BLOCK, folded="some word", text="Some Word", category=OTHER)),
        ("*cat*", {}, FilterTerm(kind=TermKind.BLOCK, folded="*cat*", text="*cat*", category=OTHER)),
        (
            "word",
            {"category": "HATE", "action": "Review"},
            FilterTerm(kind=TermKind.BLOCK, folded="word", text="word", category="hate", action="review"),
        ),
        (
            "/c[ao]t/",
            {"action": "review"},
            FilterTerm(kind=TermKind.PATTERN, folded="c[ao]t", text="c[ao]t", category=OTHER, action="review"),
        ),
        ("/C.T/", {}, FilterTerm(kind=TermKind.PATTERN, folded="C.T", text="C.T", category=OTHER)),
        (
            "Naked Mole-Rat",
            {"action": "allow", "category": "hate"},
            FilterTerm(kind=TermKind.ALLOW, folded="naked mole-rat", text="Naked Mole-Rat"),
        ),
        ("word", {"kind": "allow"}, FilterTerm(kind=TermKind.ALLOW, folded="word", text="word")),
        ("c.t", {"kind": "Pattern"}, FilterTerm(kind=TermKind.PATTERN, folded="c.t", text="c.t", category=OTHER)),
        ("/c.t/", {"kind": "pattern"}, FilterTerm(kind=TermKind.PATTERN, folded="c.t", text="c.t", category=OTHER)),
        ("/w/", {"kind": "block"}, FilterTerm(kind=TermKind.BLOCK, folded="/w/", text="/w/", category=OTHER)),
        ("w/o", {}, FilterTerm(kind=TermKind.BLOCK, folded="w/o", text="w/o", category=OTHER)),
    ],
)
def test_what_is_written_becomes_an_entry(typed: str, given: dict[str, str], term: FilterTerm) -> None:
    assert term_of(typed, **given) == term


@pytest.mark.parametrize(
    ("typed", "given", "problem", "limit"),
    [
        ("", {}, "empty", 60),
        ("   ", {}, "empty", 60),
        ("...", {}, "empty", 60),
        ("x" * 61, {}, "too_long", 60),
        ("wo\x00rd", {}, "control_characters", None),
        ("/wo\ud800rd/", {}, "control_characters", None),
        ("c*t", {}, "wildcard_inside", 60),
        ("*a*", {}, "wildcard_too_short", 60),
        ("/ /", {}, "pattern_empty", 260),
        (f"/{'x' * 261}/", {}, "pattern_too_long", 260),
        ("/(/", {}, "pattern_not_re2", 260),
        ("/(?=a)b/", {}, "pattern_not_re2", 260),
        ("/a*/", {}, "pattern_matches_nothing", 260),
        ("/c.t/", {"action": "allow"}, "allowed_pattern", None),
        ("c.t", {"kind": "pattern", "action": "allow"}, "allowed_pattern", None),
        ("word", {"action": "explode"}, "unknown_action", None),
        ("word", {"kind": "mystery"}, "unknown_kind", None),
        ("word", {"category": "x" * 33}, "category_too_long", CATEGORY_MAX_CHARACTERS),
        ("word", {"category": "a\x07b"}, "category_control_characters", CATEGORY_MAX_CHARACTERS),
    ],
)
def test_what_can_not_be_used_is_refused_by_a_code(
    typed: str, given: dict[str, str], problem: str, limit: int | None
) -> None:
    with pytest.raises(TermRefused) as caught:
        term_of(typed, **given)
    assert (caught.value.problem, caught.value.limit) == (problem, limit)


def test_re2_says_what_is_wrong_with_a_pattern() -> None:
    with pytest.raises(TermRefused) as caught:
        term_of("/(?=a)b/")
    assert caught.value.detail


def test_categories_are_known_in_any_case_or_kept_as_written() -> None:
    assert [category_of(name.upper()) for name in CATEGORIES] == list(CATEGORIES)
    assert category_of("  Rule   4 ") == "Rule 4"
    assert (category_of(None), category_of("  ")) == (OTHER, OTHER)
    assert (known_category("hate"), known_category("Rule 4")) == ("hate", OTHER)


def test_what_is_to_be_removed_is_looked_for_under_every_kind() -> None:
    assert keys_of("/C.t/") == ((TermKind.PATTERN, "C.t"),)
    assert keys_of(" Some  Word ") == (
        (TermKind.BLOCK, "some word"),
        (TermKind.ALLOW, "some word"),
        (TermKind.PATTERN, "Some  Word"),
    )

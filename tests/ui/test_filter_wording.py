"""What is said about lists: every code has words, and nothing that somebody wrote can do harm."""

import re
from pathlib import Path

import pytest

from errors import FilterUnreadable, TermRefused
from generation.filter_files import RefusedLine
from generation.filter_terms import CATEGORIES, term_of
from generation.filters import Added, Plan
from generation.screening import PromptVerdict, View, Whose
from safety.prompts import PatternFault, TermFault
from tests.builders import make_screening
from ui import wording
from ui.wording import categories
from ui.wording import filters as words

ROOT = Path(__file__).resolve().parent.parent.parent
HARM = "__@everyone__ [x](https://e.vil) <@1>"


def raised() -> set[str]:
    """Every code that the code raises a TermRefused with, as far as it is written out there."""
    found = {*TermFault, *(f"pattern_{fault}" for fault in PatternFault)}
    for package in ("generation", "storage", "ui", "cogs"):
        for path in (ROOT / package).rglob("*.py"):
            found |= set(re.findall(r'TermRefused\(\s*"([a-z_0-9]+)"', path.read_text("utf-8")))
    return found | {"control_characters", "category_too_long", "category_control_characters", "file_gone"}


def test_every_code_has_words_of_its_own() -> None:
    unspecific = words.refused(TermRefused("a code of a later version"))
    for code in raised() - {"empty"}:
        said = words.refused(TermRefused(code, limit=4096, detail="a detail"))
        assert said != unspecific, code
        assert "{" not in said.replace('{"term"', ""), code
        assert wording.refusal(TermRefused(code, limit=4096)), code


def test_limits_are_said_in_what_they_count() -> None:
    assert "60 characters" in words.refused(TermRefused("too_long", limit=60))
    assert "256 KB" in words.refused(TermRefused("too_large", limit=256 * 1024))
    assert "1,000 words" in words.refused(TermRefused("too_many_terms", limit=1000))


@pytest.mark.parametrize(("whose", "said"), [("guild", "this server's"), ("operator", "my prompt filter")])
def test_whose_list_can_not_be_read_is_said(whose: str, said: str) -> None:
    assert said in wording.refusal(FilterUnreadable(whose))


def test_every_known_category_has_a_name_and_any_other_is_as_written() -> None:
    assert set(categories.CATEGORIES) == set(CATEGORIES)
    assert categories.category_name("self_harm") == "self-harm"
    assert categories.category_name("Rule *4*") == r"Rule \*4\*"
    assert categories.category_name("") == categories.category_name(None) == "this server's rules"
    assert len(categories.category_name("x" * 500)) == 40


def test_what_somebody_wrote_does_no_harm() -> None:
    term = term_of(HARM)
    verdict = PromptVerdict(blocked=True, term=HARM, category=HARM, view=View.LEET, views=(View.LEET,))
    plan = Plan(
        terms=(),
        new=0,
        changed=0,
        refused=(RefusedLine(number=1, text=HARM, why=TermRefused("unknown_action", detail=HARM)),),
    )
    said = [
        words.added(Added(term=term, before=None, exceptions=(HARM,)), everywhere=False),
        words.removed(term),
        words.entry_line(term),
        words.verdict(make_screening(verdict, whose=Whose.GUILD), HARM),
        words.plan(plan, words.source_file(HARM)),
    ]
    for text in said:
        assert "@everyone" not in text
        assert "<@1>" not in text.replace("\\<@", "")
        assert "](https://e.vil)" not in text.replace("\\](", "")


def test_an_evasion_is_told_from_an_accident() -> None:
    def said(*views: View) -> str:
        verdict = PromptVerdict(blocked=True, term="word", category="hate", view=views[0], views=views)
        return words.verdict(make_screening(verdict), "a text")

    assert "would count as two strikes" in said(View.INVISIBLE, View.LEET)
    assert "Seen through** invisible characters, digits and signs for letters" in said(View.INVISIBLE, View.LEET)
    assert "two strikes" not in said(View.DIACRITICS)
    assert "Seen through** accents" in said(View.DIACRITICS)
    assert "Seen through" not in said(View.PLAIN)


def test_every_disguise_has_words() -> None:
    for view in View:
        if view is not View.PLAIN:
            verdict = PromptVerdict(blocked=True, term="word", category="hate", view=view, views=(view,))
            shown = words.verdict(make_screening(verdict), "a text").partition("Seen through** ")[2].splitlines()[0]
            assert shown
            assert "_" not in shown
            assert shown != view.value

"""Lists as files: every shape that moderators bring along, and one that comes back as it went."""

import codecs
import contextlib
import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import TermRefused
from generation.filter_files import FILE_MAX_BYTES, LINES_MAX, FileLine, read, write
from generation.filter_terms import OTHER, term_of
from storage.filters import FilterTerm


def line(number: int, text: str, **changes: Any) -> FileLine:
    return FileLine(number=number, text=text, **changes)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\n\n  two words \r\n/c.t/\n", [line(1, "one"), line(3, "two words"), line(4, "/c.t/")]),
        (codecs.BOM_UTF8 + "schön".encode(), [line(1, "schön")]),
        ("zwei\nWörter".encode("utf-16"), [line(1, "zwei"), line(2, "Wörter")]),
        (b"a, b and c\n", [line(1, "a, b and c")]),
        (
            b"term,kind,category,action\nword,block,hate,review\nother,allow,,\n",
            [line(2, "word", kind="block", category="hate", action="review"), line(3, "other", kind="allow")],
        ),
        (b"Action;TERM\r\nreview;one\r\n;two\r\n", [line(2, "one", action="review"), line(3, "two")]),
        (b"category\tterm\nhate\tone\n", [line(2, "one", category="hate")]),
        (
            b'term\n"a, ""quoted"" one"\n"over\ntwo lines"\nlast\n',
            [line(2, 'a, "quoted" one'), line(3, "over\ntwo lines"), line(5, "last")],
        ),
        (b"term,category\n\none\n,hate\n", [line(3, "one")]),
        (b'["one", " ", "two"]', [line(1, "one"), line(3, "two")]),
        (
            b' {"terms": [{"term": "one", "category": "hate", "action": "review", "weight": 3}]}',
            [line(1, "one", category="hate", action="review")],
        ),
    ],
)
def test_every_shape_is_read(data: bytes, lines: list[FileLine]) -> None:
    assert read(data) == lines


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no_terms"),
        (b"  \n\n", "no_terms"),
        (b"term,category\n", "no_terms"),
        (b"[]", "no_terms"),
        (b"\xff\xfe\x00", "not_text"),
        (b"caf\xe9", "not_text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
        (b"with\x00zero", "not_text"),
        (b"[1, 2]", "bad_json"),
        (b'[{"word": "one"}]', "bad_json"),
        (b'{"words": []}', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'["one"', "bad_json"),
        (b"x" * (FILE_MAX_BYTES + 1), "too_large"),
        (b"x\n" * (LINES_MAX + 1), "too_many_lines"),
        (b'term\n"' + b"x" * 200_000, "bad_csv"),
    ],
)
def test_what_is_no_list_is_refused_by_a_code(data: bytes, problem: str) -> None:
    with pytest.raises(TermRefused) as caught:
        read(data)
    assert caught.value.problem == problem


def taken(found: FileLine) -> FilterTerm:
    return term_of(found.text, category=found.category, action=found.action, kind=found.kind)


def test_what_is_written_is_read_back_the_same() -> None:
    terms = [
        term_of("word", category="hate"),
        term_of("*cat*", action="review"),
        term_of("naked mole-rat", action="allow"),
        term_of('/c[ao]t,"x"/', category="Rule 4; really"),
        term_of("=HYPERLINK", category="=2+2"),
        term_of("-nude"),
        term_of("'=quoted"),
        term_of("''@quoted"),
        term_of("'tis"),
        term_of("/w/", kind="block"),
        term_of("größe"),
        term_of("🍆🍑"),
    ]
    data = write(terms)
    assert data.startswith(codecs.BOM_UTF8)
    assert [taken(found) for found in read(data)] == terms


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    data = write([term_of("=HYPERLINK", category="+1"), term_of("@here"), term_of("-x1")])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [
        ["term", "kind", "category", "action"],
        ["'=HYPERLINK", "block", "'+1", "block"],
        ["'@here", "block", OTHER, "block"],
        ["'-x1", "block", OTHER, "block"],
    ]


@given(st.lists(st.text(min_size=1, max_size=60), max_size=20), st.text(max_size=32))
def test_whatever_can_be_on_a_list_survives_the_file(texts: list[str], category: str) -> None:
    terms = {}
    for text in texts:
        for action in ("block", "allow"):
            try:
                term = term_of(text, category=category, action=action)
            except TermRefused:
                continue
            terms[term.kind, term.folded] = term
    kept = list(terms.values())
    if kept:
        assert [taken(found) for found in read(write(kept))] == kept


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found: list[FileLine] = []
    with contextlib.suppress(TermRefused):
        found = read(data)
        assert found
    assert all(each.text == each.text.strip() for each in found)

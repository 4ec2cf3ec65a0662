"""The automaton is held against a plain regular expression for each term."""

import re

from hypothesis import given
from hypothesis import strategies as st

from safety.automaton import Automaton, Shape
from safety.words import BEGIN, EITHER_GAP, END, EXACT, PASS, Stream

_LETTERS = st.text(alphabet="abo", min_size=1, max_size=4)
_SHAPES = st.builds(
    Shape,
    letters=st.lists(_LETTERS, min_size=1, max_size=3).map(" ".join),
    any_begin=st.booleans(),
    any_end=st.booleans(),
)


def _stream(text: str) -> Stream:
    flags = bytearray(len(text))
    for at, item in enumerate(text):
        if item != " ":
            flags[at] |= BEGIN if at == 0 or text[at - 1] == " " else 0
            flags[at] |= END if at + 1 == len(text) or text[at + 1] == " " else 0
    return Stream(items=text, flags=bytes(flags), where=range(len(text)))


def _ends(shape: Shape, text: str, *, held: str) -> set[int]:
    letters = "".join(" +" if c == " " else f"[{c}0]{held}" if c == "o" else c + held for c in shape.letters)
    begin = "" if shape.any_begin else r"(?<![^ ])"
    found = set()
    for end in range(1, len(text) + 1):
        whole = end == len(text) or text[end] == " "
        if (whole and text[end - 1] != " ") or shape.any_end:
            found |= {end for start in range(end) if re.compile(begin + letters).fullmatch(text[:end], start)}
    return found


@given(st.lists(_SHAPES, min_size=1, max_size=8), st.text(alphabet="abo0 ", max_size=24), st.booleans())
def test_it_finds_what_an_expression_for_each_term_finds(shapes: list[Shape], text: str, may_be_held: bool) -> None:
    automaton = Automaton(shapes, may_be_held=may_be_held)
    found = set(automaton.hits(_stream(text)))
    held = "+" if may_be_held else ""
    assert found == {(number, end) for number, shape in enumerate(shapes) for end in _ends(shape, text, held=held)}


@given(st.lists(_SHAPES, min_size=1, max_size=4), st.text(alphabet="abo0 ", max_size=24))
def test_it_knows_where_a_hit_began(shapes: list[Shape], text: str) -> None:
    automaton = Automaton(shapes)
    stream = _stream(text)
    for number, end in automaton.hits(stream):
        begin = automaton.begin(stream, number, end)
        assert end in {begin + inner for inner in _ends(shapes[number], text[begin:], held="+")}
        assert shapes[number].any_begin or begin == 0 or text[begin - 1] == " "


def test_what_may_be_passed_over_parts_and_joins() -> None:
    stream = Stream(
        items=f"ab{EITHER_GAP}ba",
        flags=bytes((BEGIN, END, PASS, BEGIN, END)),
        where=range(5),
    )
    shapes = [Shape(letters=letters) for letters in ("ab", "ba", "ab ba", "abba", "aba", "bb")]
    assert sorted(number for number, _ in Automaton(shapes).hits(stream)) == [0, 1, 2, 3, 4]


def test_an_exact_word_is_not_held() -> None:
    flags = bytes((BEGIN | EXACT, EXACT, EXACT, EXACT | END))
    stream = Stream(items="aoob", flags=flags, where=range(4))
    found = Automaton([Shape(letters="aob"), Shape(letters="aoob")]).hits(stream)
    assert [number for number, _ in found] == [1]


def test_no_term_runs_into_the_next() -> None:
    shapes = [Shape(letters="ab"), Shape(letters="ba"), Shape(letters="a")]
    assert [number for number, _ in Automaton(shapes).hits(_stream("abb abba aba ab"))] == [0, 0]


def test_without_terms_nothing_is_found() -> None:
    assert list(Automaton([]).hits(_stream("ab"))) == []

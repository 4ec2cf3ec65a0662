"""Where words begin and end, as they are written and joined."""

import pytest

from safety.reading import readings
from safety.rows import joined
from safety.words import BEGIN, EITHER_GAP, END, EXACT, as_written


def _words(text: str) -> list[str]:
    """What lies between each beginning and each next end of the words as written."""
    stream = as_written(readings(text)[0])
    begins = [at for at, flags in enumerate(stream.flags) if flags & BEGIN]
    ends = [at + 1 for at, flags in enumerate(stream.flags) if flags & END]
    return [stream.items[begin : min(end for end in ends if end > begin)] for begin in begins if max(ends) > begin]


def _joined(text: str) -> str | None:
    """The joined stream, with a bar where words may be one or two."""
    reading = readings(text)[0]
    stream = joined(reading, as_written(reading))
    return None if stream is None else " ".join(stream.items.replace(EITHER_GAP, "|").split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a red_car, half-lit", ["a", "red", "car", "half", "lit"]),
        ("cl@ss a$$et", ["cl@ss", "a$$et"]),
        ("(word:1.2)", ["word", "\uff11", "\uff12"]),
        ("red|blue", ["red", "blue"]),
        ("@name", ["@name", "name"]),
        ("2girls", ["2girls", "girls"]),
        ("裸の", ["裸", "の"]),
        ("x🍆y", ["x", "🍆", "y"]),
    ],
)
def test_words_begin_and_end_where_letters_do(text: str, words: list[str]) -> None:
    assert _words(text) == words


@pytest.mark.parametrize(
    ("text", "sign_is_letter"),
    [
        ("|ick", True),
        ("cun+", True),
        ("henta!", True),
        ("lol!", False),
        ("(lit by candles)", False),
        ("(lit by candles", True),
        ("(0ld)", True),
        ("spi( x", True),
        ("a ( b", False),
        ("b!t", True),
        ("c*t", True),
        ("*cat*", False),
    ],
)
def test_a_sign_is_a_letter_where_it_can_hardly_be_a_sign(text: str, sign_is_letter: bool) -> None:
    stream = as_written(readings(text)[0])
    assert any(sign in stream.items for sign in "|+!(*") is sign_is_letter


def test_numbers_are_no_letters_and_doubled_words_are_not_held() -> None:
    assert as_written(readings("455")[0]).items == "\uff14\uff15\uff15"
    assert as_written(readings("a55")[0]).items == "a55"
    assert all(flags & EXACT for flags in as_written(readings("good")[0]).flags)
    assert not any(flags & EXACT for flags in as_written(readings("gooood")[0]).flags)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("n u d e", "nude"),
        ("a n u d e man", "a|nude man"),
        ("n u d e  m a n", "nude|man"),
        ("n.u.d.e m.a.n", "nude|man"),
        ("n u d e 2", "nude|2"),
        ("n u d e, m a n", "nude|man"),
        ("nu-de", "nude"),
        ("big-nu_de", "big|nu|de"),
        ("red,nu-de", "red|nude"),
        ("nn uuu d eee", "nnuuudeee"),
        ("s h ! t", "sh!t"),
        ("5 h 1 7", "5h17"),
        ("bl o c k", "bl|ock"),
        ("bl o ck", None),
        ("U.S. army", None),
        ("B.J. Thomas", None),
        ("plain words only, twice", None),
        ("she'll, don't, it's", None),
        ("u'n'd'o", "undo"),
        ("it is on", None),
        ("x (s:1.3)", "x s|\uff11\uff13"),
    ],
)
def test_rows_and_cut_words_are_joined(text: str, result: str | None) -> None:
    got = _joined(text)
    assert (None if got is None or got == text else got) == result

"""How a prompt becomes plain text, and where each character of it came from."""

# ruff: noqa: RUF001 - look-alike characters are what this file is about
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety import glyphs
from safety.reading import fold_term, plain_letter, readings


def _plain(prompt: str) -> list[str]:
    return ["".join(map(plain_letter, reading.text)) for reading in readings(prompt)]


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        ("Nude WOMAN", "nude woman"),
        ("a\u200bb\u00adc", "abc"),
        ("tab\tline\nnext\u2028x\u00a0y", "tab line\nnext\nx y"),
        ("ｆｕｌｌ ①② ﬁ ½", "full 12 fi 1⁄2"),
        ("Ångström é̄ ø đ ł ħ", "angstrom e o d i h"),
        ("ⓐⓑ 🅐🅑 🅰🅱 ⒜⒝ 🄰🄱 🇦🇧", "ab ab ab ab ab ab"),
        ("ᴀʙᴄ ᵃᵇᶜ 𝐚𝐛𝐜 𝓪𝓫𝓬", "abc abc abc abc"),
        ("bIocked", "biocked"),
        ("ٱ٣", "ٱ3"),
        ("**bl**ocked n**u**de, **bold** text", "blocked nude, **bold** text"),
        ("n*u*d*e", "n*u*d*e"),
    ],
)
def test_a_prompt_is_folded(prompt: str, plain: str) -> None:
    assert _plain(prompt)[0] == plain


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("a \u202ecba\u202c b", "a abc b"),
        ("\u202ecba", "abc"),
        ("\u202ec\u202dab\u202c\u202c", "abc"),
        ("\u202ecba\nabc", "abc\nabc"),
        ("\u202bab\u202c", "ab"),
        ("\u2067ab\u2069 \u202edc", "ab cd"),
    ],
)
def test_text_under_an_override_is_read_as_it_is_shown(prompt: str, shown: str) -> None:
    assert shown in {text.strip() for text in _plain(prompt)}


def test_drawn_letters_make_a_reading_of_their_own() -> None:
    assert _plain("bloc|<ed \\/ s") == ["bloc|<ed \\/ s", "blocked v s"]
    assert _plain("phuck a fvck vvoman") == ["phuck a fvck vvoman", "fuck a fuck woman"]
    assert len(readings("a photo, very vivid")) == 1


def test_only_the_surroundings_of_drawn_letters_are_read_again() -> None:
    prompt = "start " * 60 + "f()o " + "word " * 200 + "phat " + "rest " * 100
    (_, drawn) = readings(prompt)
    assert len(drawn.text) < len(prompt) / 2
    assert set(drawn.text.split()) == {"start", "foo", "word", "fat", "rest"}


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        ("a nudе woman", "a nude woman"),
        ("a сосо here", "a coco here"),
        ("кот и сосо, масло, холст", "кот и сосо, масло, холст"),
        ("красивая картина маслом, nudе", "красивая картина маслом, nude"),
        ("пυdе", "nude"),
    ],
)
def test_look_alikes_are_letters_unless_they_are_at_home(prompt: str, plain: str) -> None:
    assert _plain(prompt)[0] == plain


def test_a_term_of_another_script_stays_what_it_is() -> None:
    assert fold_term("СОСО") == "сосо"
    assert fold_term("ｎüdе") == "nude"
    assert fold_term("I ❤ ∪") == "i ❤ ∪"


@given(st.text(max_size=80))
def test_every_character_knows_where_it_came_from(prompt: str) -> None:
    for reading in readings(prompt):
        assert len(reading.text) == len(reading.where) == len(reading.shape)
        assert all(0 <= place < len(prompt) for place in reading.where)
    first = readings(prompt)[0]
    for character, place in zip(first.text, first.where, strict=True):
        assert character in glyphs.FOLDED[prompt[place]] or prompt[place] in "Il" or not prompt[place].isascii()


def test_every_styled_latin_letter_of_unicode_is_a_letter() -> None:
    """Whatever Unicode calls a mathematical, fullwidth, circled, squared … Latin letter folds to that letter."""
    kinds = ("MATHEMATICAL", "FULLWIDTH LATIN", "CIRCLED LATIN", "SQUARED LATIN", "PARENTHESIZED LATIN", "REGIONAL")
    counted = 0
    for point in range(0x80, 0x1F200):
        name = unicodedata.name(chr(point), "")
        words = name.split()
        greek = any(word in name for word in ("GREEK", "ALPHA", "PARTIAL", "NABLA", "DIGIT", "DOTLESS"))
        if not greek and any(kind in name for kind in kinds) and len(words[-1]) == 1:
            assert glyphs.FOLDED[chr(point)] == words[-1].lower(), name
            counted += 1
    assert counted > 900

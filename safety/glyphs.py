"""What a single character may be read as: its plain form, the letters it looks like, or nothing at all.

A *look-alike* is a character that may stand for one of several Latin letters, or for itself where it is at home. In
folded text each has a *twin*, a private code point, so that nothing is decided before the words around it are known.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

# Letters that digits and signs stand for. A digit or a STRONG sign may be a letter anywhere in a word; a WEAK one
# ends words as well, as in (word:1.2) or red|blue.
LEET: Final = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "bg",
    "7": "tl",
    "8": "b",
    "9": "gq",
    "@": "a",
    "$": "s",
    "€": "ec",
    "£": "le",
    "¢": "c",
    "¥": "y",
    "§": "s",
    "!": "il",
    "|": "il",
    "+": "t",
    "(": "c",
    "<": "c",
    "{": "c",
    "[": "c",
    "#": "h",
    "^": "a",
    "*": "aeiou",
    "¡": "i",
    "¦": "il",
}
STRONG: Final = "@$€£¢¥§"
WEAK: Final = "!|+(<{[#^*¡¦"

# Digits that stand for themselves alone are wide ones: in folded text none is left that anybody wrote.
HARD_DIGITS: Final = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
SOFT_DIGITS: Final = {hard: soft for soft, hard in HARD_DIGITS.items()}

# Seen as a gap, though no white space to Unicode: braille blank and the fillers of Hangul.
_BLANK: Final = frozenset("\u2800\u3164\uffa0\u115f\u1160")
GAP: Final = "·"

# Twins of letters, and twins of signs, which end words as WEAK signs do.
_TWINS_START: Final = 0xF0000
_SIGNS_START: Final = 0xF8000
_MARK_BLOCKS: Final = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05BD),  # points and vowel signs that Hebrew and Arabic may leave out
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x2DE0, 0x2DFF),
    (0xA66F, 0xA67D),
    (0xFE20, 0xFE2F),
)
_INVISIBLE_BLOCKS: Final = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
# Marks of Indic and South-East Asian scripts are parts of words, though no letters.
_WORD_MARK_BLOCKS: Final = ((0x0900, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17D3))
_MOST_KEPT: Final = 20_000
# Where letters are that are Latin by name: extensions, phonetics, modifiers, enclosed and regional letters.
_LATIN_BLOCKS: Final = (
    (0x0080, 0x02FF),
    (0x1D00, 0x1DBF),
    (0x1E00, 0x1EFF),
    (0x2070, 0x209F),
    (0x2100, 0x218F),
    (0x2460, 0x24FF),
    (0x2C60, 0x2C7F),
    (0xA700, 0xA7FF),
    (0xAB30, 0xAB6F),
    (0x10780, 0x107BF),
    (0x1DF00, 0x1DFFF),
    (0x1F100, 0x1F1FF),
)
_EAST_ASIAN_BLOCKS: Final = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_NAMED = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER |LATIN LETTER SMALL CAPITAL |MODIFIER LETTER (?:SMALL |CAPITAL )|"
    r"LATIN SUBSCRIPT SMALL LETTER |REGIONAL INDICATOR SYMBOL LETTER |"
    r"(?:SQUARED|NEGATIVE CIRCLED|NEGATIVE SQUARED|CROSSED NEGATIVE SQUARED|CIRCLED|PARENTHESIZED|"
    r"TORTOISE SHELL BRACKETED|CIRCLED ITALIC) LATIN (?:SMALL|CAPITAL) LETTER )"
    r"(?:TURNED |REVERSED |DOTLESS |LONG |SIDEWAYS )?([A-Z])(?: WITH .*)?"
)
_SPELLED: Final = {"🆎": "ab", "🆑": "cl", "🆒": "cool", "🆓": "free", "🆔": "id", "🆕": "new", "🆖": "ng", "🆗": "ok"}


def _look_alikes() -> tuple[dict[str, str], frozenset[str]]:
    """The letters each character looks like, and the characters that Unicode itself says so of."""
    letters: dict[str, str] = {}
    strict: set[str] = set()
    for line in (Path(__file__).parent / "confusables.txt").read_text("ascii").splitlines():
        letter, *points = line.split(" ")
        if letter != "#":
            characters = [chr(int(point, 16)) for point in points]
            for character in characters:
                letters[character] = letters.get(character, "") + letter[0]
            strict.update(characters if len(letter) == 1 else ())
    return letters, frozenset(strict)


def _is_letter(character: str) -> bool:
    """Whether it is part of a word: a letter, or a currency's sign, which is one with strokes."""
    return character.isalpha() or unicodedata.category(character) == "Sc"


# A capital I among small letters is made to pass for an l, and the other way round; both get a twin of their own.
I_AS_L: Final = chr(_TWINS_START)
L_AS_I: Final = chr(_TWINS_START + 1)
_LOOKS, _STRICT = _look_alikes()
_TWIN_OF: Final = {
    character: chr((_TWINS_START + 2 if _is_letter(character) else _SIGNS_START) + at)
    for at, character in enumerate(_LOOKS)
}
# What each twin may be read as, and what it is where it is at home.
OPTIONS: Final = {I_AS_L: "il", L_AS_I: "li", **{_TWIN_OF[character]: letters for character, letters in _LOOKS.items()}}
# Twins that only resemble their letter: people write with them, but words of their own script are full of them.
LOOSE: Final = frozenset(twin for character, twin in _TWIN_OF.items() if character not in _STRICT)
AT_HOME: Final = {I_AS_L: "i", L_AS_I: "l", **{twin: character.casefold() for character, twin in _TWIN_OF.items()}}


def _within(point: int, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= point <= last for first, last in blocks)


def is_invisible(character: str) -> bool:
    """Whether nothing is seen of it: zero-width, tag, filler or control character, variation selector."""
    point = ord(character)
    if _within(point, _INVISIBLE_BLOCKS):
        return True
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} and not character.isspace()


def is_blank(character: str) -> bool:
    """Whether it is seen as a gap without being white space."""
    return character in _BLANK


def is_mark(character: str) -> bool:
    """Whether it is a mark on the letter before it that reading goes without."""
    return _within(ord(character), _MARK_BLOCKS)


def is_enclosed(character: str) -> bool:
    """Whether it is a letter in a circle, square or brackets, or a regional letter."""
    name = unicodedata.name(character, "")
    return any(word in name for word in ("CIRCLED", "SQUARED", "PARENTHESIZED", "REGIONAL INDICATOR", "BRACKETED"))


def looks_like_others(character: str) -> bool:
    """Whether it is a look-alike."""
    return character in _TWIN_OF


@lru_cache(maxsize=_MOST_KEPT)
def script(character: str) -> str:
    """The script a letter belongs to, as the first word of its name; those of East Asia count as one."""
    if _within(ord(character), _EAST_ASIAN_BLOCKS):
        return "EAST ASIAN"
    return unicodedata.name(character, "").partition(" ")[0]


class _Folds(dict[str, str]):
    """Folded forms by character, found out when first needed; there are at most as many as Unicode has characters."""

    def __missing__(self, character: str) -> str:
        folded = _fold(character)
        if len(self) < _MOST_KEPT:
            self[character] = folded
        return folded


def _fold(character: str) -> str:
    if character.isspace():
        return "\n" if character in "\n\r\u2028\u2029\x0b\x0c\x85" else " "
    if character in _BLANK:
        return GAP
    if is_invisible(character):
        return ""
    if character in _SPELLED:
        return _SPELLED[character]
    if (letter := _letter_by_name(character)) is not None:
        return letter
    decomposed = "".join(c for c in unicodedata.normalize("NFKD", character) if not is_mark(c))
    return "".join(_plain(c) for c in unicodedata.normalize("NFC", decomposed))


def _plain(character: str) -> str:
    if character in _TWIN_OF:
        return _TWIN_OF[character]
    if (letter := _letter_by_name(character)) is not None:
        return letter
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    return "".join(_TWIN_OF.get(c, c) for c in character.casefold())


def _letter_by_name(character: str) -> str | None:
    if character in _TWIN_OF or not _within(ord(character), _LATIN_BLOCKS):
        return None
    found = _NAMED.fullmatch(unicodedata.name(character, ""))
    return None if found is None else found[1].lower()


# The plain form of a character: folded in case, decomposed, without marks; a look-alike as its twin; nothing for what
# nobody sees.
FOLDED: Final = _Folds()


class _Shapes(dict[int, str]):
    """For `str.translate`: of what kind each character of folded text is."""

    def __missing__(self, point: int) -> str:
        shape = _shape(chr(point))
        if len(self) < _MOST_KEPT:
            self[point] = shape
        return shape


def _shape(character: str) -> str:
    if character in LEET and not character.isdigit():
        return "$" if character in STRONG else "!"
    if character.isascii():
        return "0" if character.isdigit() else "a" if character.isalpha() else " " if character.isspace() else "."
    point = ord(character)
    if _SIGNS_START <= point < _SIGNS_START + len(_LOOKS):
        return "!"
    is_word = character.isalnum() or _within(point, _WORD_MARK_BLOCKS) or _TWINS_START <= point < _SIGNS_START
    return "a" if is_word else "?"


# The shape of folded text, character by character: a letter, 0 digit, $ strong sign, ! weak sign, a space, . what parts
# words, ? what parts words and may be looked for itself, as an emoji.
SHAPES: Final = _Shapes()

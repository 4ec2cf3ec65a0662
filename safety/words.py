"""The words of a reading as they are written, as a stream of characters with what may begin and end where.

Words end where letters end. A digit, and a sign like $, may be a letter of the word it is in; a sign like ! or ( may be
one too, but ends words as well, so that red|blue and (word:1.2) are what they seem.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from safety import glyphs
from safety.reading import Reading

# What may be the case at a character: a term may begin there, or end; the character may be passed over; a letter of
# the term may not be held down here.
BEGIN: Final = 1
END: Final = 2
PASS: Final = 4
EXACT: Final = 8

# A separator that may be passed over.
EITHER_GAP: Final = "\x1f"

# Of shapes, as glyphs.SHAPES has them.
# A word with plain separators after it, or a gap with anything else in it.
_TOKEN = re.compile(r"([a0$]++)(?:[ .]++(?![!?]))?+|[^a0$]++")
# A number before a word, or after it, is none of its letters: 2girls, girl2. Nor is the @ of @girl.
_NUMBERED = re.compile(r"(0*+|\$)(a{3,})0{0,4}")

_WORD_SHAPES: Final = "a0$"
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_DIGITS_BESIDE_SIGNS: Final = 2
_WORDS_KEPT: Final = 8192

# Signs that may be a word's first or last letter.
_EDGE_SIGNS: Final = frozenset("!|+([{<¡¦")
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_BRACKET_REACH: Final = 100
_SHORT_WORD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Characters to match against, with their flags; `where` are their positions in the reading's text."""

    items: str
    flags: bytes
    where: Sequence[int]
    joined: bool = False


@cache
def _doubled() -> frozenset[str]:
    lines = (Path(__file__).parent / "doubled.txt").read_text("ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def as_written(reading: Reading) -> Stream:
    """The words as they stand, each item at the position of its character."""
    text, shape = reading.text, reading.shape
    items: list[str] = []
    flags: list[bytes] = []
    for match in _TOKEN.finditer(shape):
        start, end = match.span()
        if match[1]:
            word_end = match.end(1)
            beside = _signs_beside(shape, start, word_end) if "!" in shape[max(0, start - 1) : word_end + 1] else 0
            new_items, new_flags = _word_and_gap(text[start:word_end], end - word_end, beside)
        else:
            new_items, new_flags = _gap(text, shape, start, end)
        items.append(new_items)
        flags.append(new_flags)
    return Stream(items="".join(items), flags=b"".join(flags), where=range(len(text)))


def _signs_beside(shape: str, start: int, end: int) -> int:
    """On how many sides of a word there are signs, and nothing else, up to another word."""
    before, after = start - 1, end
    while before >= 0 and shape[before] == "!":
        before -= 1
    while after < len(shape) and shape[after] == "!":
        after += 1
    from_left = 0 <= before < start - 1 and shape[before] in _WORD_SHAPES
    from_right = end < after < len(shape) and shape[after] in _WORD_SHAPES
    return from_left + from_right


@lru_cache(maxsize=_WORDS_KEPT)
def _word_and_gap(text: str, gap: int, beside_signs: int) -> tuple[str, bytes]:
    """A word and so many separators after it."""
    items, flags = word(text, beside_signs)
    return items + " " * gap, flags + bytes(gap)


@lru_cache(maxsize=_WORDS_KEPT)
def word(text: str, beside_signs: int = 0) -> tuple[str, bytes]:
    """A word's items and flags, with signs on none, one or both of its sides.

    The digits of a number become such as match themselves only.
    """
    items = text
    size = len(text)
    shape = text.translate(glyphs.SHAPES)
    if "a" not in shape and "$" not in shape and (size > _DIGITS_BESIDE_SIGNS or not beside_signs):
        items = text.translate(glyphs.HARD_DIGITS)
    flags = bytearray(size)
    if text in _doubled():
        flags = bytearray((EXACT,)) * size
    for match in _UNSPACED.finditer(text):
        flags[match.start()] |= BEGIN | END
    if size > 1 or beside_signs < 2:  # t|i|t|a|n has signs between its letters, not for them
        flags[0] |= BEGIN
        flags[-1] |= END
    if not beside_signs and (numbered := _NUMBERED.fullmatch(shape)) and ("$" not in shape or text[0] == "@"):
        flags[numbered.start(2)] |= BEGIN
        flags[numbered.end(2) - 1] |= END
    return items, bytes(flags)


def _gap(text: str, shape: str, start: int, end: int) -> tuple[str, bytes]:
    """What stands between words, as separators; signs that may be letters of a word they touch stay signs."""
    size = end - start
    kinds = shape[start:end]
    flags = bytearray(size)
    if "!" not in kinds and "?" not in kinds:
        return " " * size, bytes(flags)
    inside = start > 0 and end < len(text) and " " not in kinds
    after = 0 if inside or not start else _letters_after(text, start, end)
    before = size if inside or end == len(text) else _letters_before(text, start + after, end) - start
    items = []
    for at, kind in enumerate(kinds):
        character = text[start + at]
        if kind == "!":
            is_letter = (inside and (character != "*" or size == 1)) or at < after or at >= before
            if not is_letter and character in glyphs.OPTIONS:
                flags[at] = BEGIN | END  # a symbol that may be looked for itself
            items.append(character if is_letter or flags[at] else " ")
        elif kind == "?":
            flags[at] = BEGIN | END
            items.append(character)
        else:
            items.append(" ")
    for at in range(after):
        flags[at] |= END
    for at in range(before, size):
        flags[at] |= BEGIN
    return "".join(items), bytes(flags)


def _may_edge(sign: str) -> bool:
    return sign in _EDGE_SIGNS or sign in glyphs.OPTIONS


def _letters_after(text: str, start: int, end: int) -> int:
    """How many signs right after a word may be its last letters. After a short word ! is what it seems: Ana!, lol!!"""
    at = start
    while at < end and _may_edge(text[at]):
        at += 1
    only_shouts = set(text[start:at]) == {"!"}
    return 0 if only_shouts and _is_short(text, start) else at - start


def _is_short(text: str, end: int) -> bool:
    before = text[max(0, end - _SHORT_WORD - 1) : end]
    return len(before) <= _SHORT_WORD or not before.isalnum()


def _letters_before(text: str, start: int, end: int) -> int:
    """From where on signs right before a word may be its first letters.

    Brackets open before words all the time, as in (lit by candles): they begin a word only if nothing closes them, or
    if it has other signs and digits.
    """
    at = end
    while at > start and _may_edge(text[at - 1]):
        at -= 1
    if at < end and not _has_leet(text, end):
        while at < end and text[at] in _BRACKETS and _is_closed(text, at):
            at += 1
    return at


def _has_leet(text: str, start: int) -> bool:
    """Whether the word that begins here has digits or signs in it."""
    for character in text[start : start + _BRACKET_REACH]:
        if character in glyphs.LEET and character not in glyphs.WEAK:
            return True
        if not character.isalnum() and character not in glyphs.OPTIONS:
            return False
    return False


def _is_closed(text: str, at: int) -> bool:
    """Whether a bracket is closed nearby."""
    opens, closes = text[at], _BRACKETS[text[at]]
    depth = 0
    for character in text[at : at + _BRACKET_REACH]:
        depth += (character == opens) - (character == closes)
        if not depth:
            return True
    return False

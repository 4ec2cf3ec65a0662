"""Which disguises a match had on: told from the part of the prompt that it was found in."""

import unicodedata
from enum import StrEnum
from itertools import pairwise
from typing import Final

from safety import glyphs
from safety.reading import Reading
from safety.words import PASS, Stream


class View(StrEnum):
    """A disguise that was undone, the most deliberate first; stable codes, worded by the interface."""

    BIDI = "bidi_override"
    INVISIBLE = "invisible_characters"
    HOMOGLYPHS = "look_alikes"
    ENCLOSED = "enclosed_letters"
    STYLED = "styled_letters"
    LEET = "leet"
    SPACING = "spaced_out"
    STRETCHED = "stretched"
    DIACRITICS = "diacritics"
    MARKDOWN = "markdown"
    PLAIN = "plain"


# Nobody writes these by accident in the middle of a blocked word.
EVASIVE: Final = frozenset(
    {View.BIDI, View.INVISIBLE, View.HOMOGLYPHS, View.ENCLOSED, View.STYLED, View.LEET, View.SPACING}
)
_MARKERS: Final = frozenset("*_~|`")


# Two markers part a word in three at most; more gaps are spelling.
_MARKUP_GAPS_MAX: Final = 2


def undone(prompt: str, reading: Reading, stream: Stream, begin: int, end: int, letters: str) -> tuple[View, ...]:
    """The disguises of the items from `begin` up to `end`, the most deliberate first; PLAIN alone if there is none.

    `letters` are those of the term that matched, or those in which a pattern did.
    """
    within = range(begin, end)
    places = [reading.where[stream.where[at]] for at in within]
    low, high = min(places), max(places)
    written = prompt[low : high + 1]
    found = {_of_character(character) for character in written}
    if places != sorted(places):
        found.add(View.BIDI)
        if not any(map(glyphs.is_invisible, written.replace("\u202e", ""))):
            found.discard(View.INVISIBLE)
    items = [item for item in stream.items[begin:end] if not item.isspace()]
    as_listed = "".join(items) == letters.replace(" ", "")
    if reading.drawn or (not as_listed and _has_leet(items, letters)):
        found.add(View.LEET)
    if not as_listed and sum(item.isalnum() or item in glyphs.OPTIONS for item in items) > len(
        letters.replace(" ", "")
    ):
        found.add(View.STRETCHED)
    gaps = _gaps(prompt, reading, stream, within)
    if gaps:
        markup = len(gaps) <= _MARKUP_GAPS_MAX and all(_MARKERS.issuperset(gap) for gap in gaps)
        found.add(View.MARKDOWN if markup else View.SPACING)
    return tuple(view for view in View if view in found and view is not View.PLAIN) or (View.PLAIN,)


def _has_leet(items: list[str], letters: str) -> bool:
    """Whether a digit or sign was read as a letter."""
    if any(item in glyphs.LEET and item not in glyphs.WEAK and item not in letters for item in items):
        return True
    signs = any(item in glyphs.WEAK for item in items)
    return signs and sum(item not in glyphs.WEAK for item in items) < len(letters.replace(" ", ""))


def _gaps(prompt: str, reading: Reading, stream: Stream, within: range) -> list[str]:
    """What was left out between the letters of words, apart from characters that nobody sees."""
    gaps = []
    letters = [at for at in within if not stream.flags[at : at + 1] or not stream.flags[at] & PASS]
    for one, other in pairwise(letters):
        if not (stream.items[one].isspace() or stream.items[other].isspace()):
            first, last = sorted((reading.where[stream.where[one]], reading.where[stream.where[other]]))
            between = prompt[first + 1 : last]
            gaps.append("".join(c for c in between if glyphs.is_blank(c) or glyphs.FOLDED[c]))
    return [gap for gap in gaps if gap]


def _of_character(character: str) -> View:
    if glyphs.is_invisible(character) or glyphs.is_blank(character):
        return View.INVISIBLE
    if character.isascii():
        return View.PLAIN
    if glyphs.is_mark(character):
        return View.DIACRITICS
    if glyphs.is_enclosed(character):
        return View.ENCLOSED
    if unicodedata.normalize("NFKC", character) != character:
        return View.STYLED
    decomposed = unicodedata.normalize("NFD", character)
    if len(decomposed) > 1 and decomposed[0].isascii():
        return View.DIACRITICS
    folded = glyphs.FOLDED[character]
    if folded != character.casefold():
        return View.STYLED if "SMALL CAPITAL" in unicodedata.name(character, "") else View.HOMOGLYPHS
    return View.PLAIN

"""Terms of a block or allow list: what they may be, and the plain shapes they are looked for in."""

import re
from enum import StrEnum
from typing import Final

from safety import glyphs
from safety.automaton import SEPARATOR, Shape
from safety.reading import fold_term

# As long as a keyword of Discord's own AutoMod.
TERM_MAX_CHARACTERS: Final = 60
# `*a*` would block nearly everything.
_FEWEST_BESIDE_WILDCARD: Final = 2
# A phrase spelled out without a wider gap between its words is looked for if it is this long.
_FEWEST_RUN_TOGETHER: Final = 6
# Of shapes, as glyphs.SHAPES has them: words, and what may be looked for itself.
_PARTS = re.compile(r"[a0$?]+")


class TermFault(StrEnum):
    """What is wrong with a term, as a code for the interface to word."""

    EMPTY = "empty"
    """Nothing is left of it that could be looked for: no letter, digit or symbol."""
    TOO_LONG = "too_long"
    WILDCARD_INSIDE = "wildcard_inside"
    """A `*` stands elsewhere than at an end."""
    WILDCARD_TOO_SHORT = "wildcard_too_short"
    """A wildcard with a single letter would match nearly everything."""


class BadTerm(ValueError):
    """A term that can't be used; `fault` says why."""

    def __init__(self, fault: TermFault, term: str) -> None:
        super().__init__(f"{fault}: {term[:TERM_MAX_CHARACTERS]!r}")
        self.fault = fault
        self.term = term


def shapes_of(term: str) -> tuple[Shape, ...]:
    """The shapes of a term: itself and, for a phrase, its words run together. Raises BadTerm."""
    text = term.strip()
    if len(text) > TERM_MAX_CHARACTERS:
        raise BadTerm(TermFault.TOO_LONG, term)
    any_begin, any_end = text.startswith("*"), text.endswith("*")
    text = text.strip("*")
    if "*" in text:
        raise BadTerm(TermFault.WILDCARD_INSIDE, term)
    parts = _parts(fold_term(text))
    if not parts:
        raise BadTerm(TermFault.EMPTY, term)
    letters = SEPARATOR.join(parts)
    if (any_begin or any_end) and len(letters) < _FEWEST_BESIDE_WILDCARD:
        raise BadTerm(TermFault.WILDCARD_TOO_SHORT, term)
    shape = Shape(letters=letters, any_begin=any_begin, any_end=any_end)
    run_together = "".join(parts)
    if len(parts) == 1 or len(run_together) < _FEWEST_RUN_TOGETHER:
        return (shape,)
    return shape, Shape(letters=run_together, any_begin=any_begin, any_end=any_end, run_together=True)


def _parts(folded: str) -> list[str]:
    """Words; symbols are parts of them, as in a text, where nothing stands between a word and a symbol beside it."""
    return [folded[match.start() : match.end()] for match in _PARTS.finditer(folded.translate(glyphs.SHAPES))]

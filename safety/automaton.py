"""All terms looked for at once, in a time that depends on the text's length and on nothing in it.

The terms lie side by side in one large integer, a bit for each of their letters; a set bit says that the text so far
ends with the term up to that letter. One character of the text moves all of them on by a shift, and keeps those that
it may stand for (the Shift-And method of Baeza-Yates and Gonnet). A letter may be held down: its bit may stay.
"""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from safety import glyphs
from safety.words import BEGIN, EITHER_GAP, END, EXACT, PASS, Stream

SEPARATOR: Final = " "
_LEAD: Final = 4
_BEGINS: Final = re.compile(b"[" + b"".join(re.escape(bytes((flags,))) for flags in range(16) if flags & BEGIN) + b"]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A term as it is looked for: its plain letters, words parted by a space, and where it may go on."""

    letters: str
    any_begin: bool = False
    any_end: bool = False
    run_together: bool = False
    """A phrase without the spaces between its words."""


class _Masks(dict[str, int]):
    """For each character, the bits of the letters it may stand for; made when the character is first met."""

    _MOST_KEPT: Final = 4096

    def __init__(self, letters: dict[str, int]) -> None:
        super().__init__()
        self._letters = letters

    def __missing__(self, character: str) -> int:
        mask = 0
        for letter in _may_be(character):
            mask |= self._letters.get(letter, 0)
        if len(self) < self._MOST_KEPT:
            self[character] = mask
        return mask


class _Leads(dict[str, bool]):
    """Whether a shape may begin with some characters; found out when they are first met."""

    _MOST_KEPT: Final = 20_000

    def __init__(self, find_out: Callable[[str], bool]) -> None:
        super().__init__()
        self._find_out = find_out

    def __missing__(self, lead: str) -> bool:
        leads_on = self._find_out(lead)
        if len(self) < self._MOST_KEPT:
            self[lead] = leads_on
        return leads_on


def _may_be(character: str) -> str:
    """The letters of terms that a character of a stream may stand for."""
    if character in glyphs.OPTIONS:
        home = glyphs.AT_HOME[character]
        return glyphs.OPTIONS[character] + home + ("" if home[0].isalnum() else SEPARATOR)
    if ord(character) in glyphs.SOFT_DIGITS:
        return chr(glyphs.SOFT_DIGITS[ord(character)])
    if character == EITHER_GAP:
        return SEPARATOR
    if character in glyphs.WEAK:
        return glyphs.LEET[character] + SEPARATOR
    if character in glyphs.LEET:
        return glyphs.LEET[character] + character
    return character if character.isalnum() or character == SEPARATOR else character + SEPARATOR


class Automaton:
    """Looks for many shapes at once. It holds no state between calls, so threads may share it."""

    shapes: tuple[Shape, ...]

    def __init__(self, shapes: Sequence[Shape], *, may_be_held: bool = True) -> None:
        self.shapes = tuple(shapes)
        self._starts: list[int] = []
        first, last, begins_anywhere, ends_anywhere = [], [], [], []
        places: dict[str, list[int]] = {}
        size = 0
        for shape in self.shapes:
            self._starts.append(size)
            first.append(size)
            if shape.any_begin:
                begins_anywhere.append(size)
            for letter in shape.letters:
                places.setdefault(letter, []).append(size)
                size += 1
            last.append(size - 1)
            if shape.any_end:
                ends_anywhere.append(size - 1)
            size += 1  # a bit that is never set parts a term from the next
        self._first = _bits(first, size)
        self._last = _bits(last, size)
        self._begins_anywhere = _bits(begins_anywhere, size)
        self._ends_anywhere = _bits(ends_anywhere, size)
        # Where a bit may stay: at any letter, or between words alone.
        self._holds = (1 << size) - 1 if may_be_held else _bits(places.get(SEPARATOR, []), size)
        self._masks = _Masks({letter: _bits(found, size) for letter, found in places.items()})
        self._leads = _Leads(self._leads_on)
        self._shape_at = {bit: number for number, bit in enumerate(last)}

    def hits(self, stream: Stream) -> Iterator[tuple[int, int]]:
        """The number of a shape and the place where it ends, for every such place, in the order of the text."""
        if not self.shapes:
            return
        flags = stream.flags
        begins = range(len(flags)) if self._begins_anywhere else (match.start() for match in _BEGINS.finditer(flags))
        done = 0
        for at in begins:
            if at >= done and self._leads[stream.items[at : at + _LEAD]]:
                done = yield from self._hits_from(stream, at)

    def _hits_from(self, stream: Stream, begin: int) -> Generator[tuple[int, int], None, int]:
        """The hits from a beginning on, up to where nothing is under way any more; returns that place."""
        items, flags, masks = stream.items, stream.flags, self._masks
        first, anywhere, holds, last = self._first, self._begins_anywhere, self._holds, self._last
        state = 0
        for at in range(begin, len(items)):
            flag = flags[at]
            moved = state << 1 | (first if flag & BEGIN else anywhere)
            if not flag & EXACT:
                moved |= state & holds
            moved &= masks[items[at]]
            state = moved | state if flag & PASS else moved
            if not state:
                return at + 1
            ended = state & (last if flag & END else self._ends_anywhere)
            while ended:
                bit = (ended & -ended).bit_length() - 1
                ended ^= 1 << bit
                yield self._shape_at[bit], at + 1
        return len(items)

    def _leads_on(self, lead: str) -> bool:
        """Whether a shape may begin with these characters; looked up by the first few, since most words can't."""
        if EITHER_GAP in lead or "!" in lead.translate(glyphs.SHAPES):
            return True  # these may be passed over
        state = self._first & self._masks[lead[0]]
        ended = state & self._last
        for item in lead[1:]:
            state = (state << 1 | state) & self._masks[item]
            ended |= state & (self._last | self._ends_anywhere)
        return bool(state or ended)

    def begin(self, stream: Stream, number: int, end: int) -> int:
        """Where a shape that ends there began; of several beginnings the nearest."""
        at = end - 1
        shape = self.shapes[number]
        start, size = self._starts[number], len(shape.letters)
        within = (1 << size) - 1
        holds = self._holds >> start
        state = 1 << (size - 1)
        while True:
            mask = (self._masks[stream.items[at]] >> start) & within
            flags = stream.flags[at]
            taken = state & mask
            if taken & 1 and (flags & BEGIN or shape.any_begin):
                return at
            # What comes before may be the letter before it or the same one, held down.
            before = taken >> 1 if flags & EXACT else taken >> 1 | taken & holds
            state = before | state if flags & PASS else before
            at -= 1
            assert state, "a shape that ended has begun somewhere"


def _bits(places: Sequence[int], size: int) -> int:
    """An integer with these bits set, made in one go: setting them one by one would copy it each time."""
    buffer = bytearray(size // 8 + 1)
    for place in places:
        buffer[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(buffer, "little")

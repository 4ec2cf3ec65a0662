"""The words of a reading with what belongs together joined.

Joined are single letters in a row (`n u d e`, `n.u.d.e`), and parts of a word that only signs cut (`nu-de`). Other
words never lose the space between them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby, pairwise
from typing import Final

from safety import glyphs
from safety.reading import Reading
from safety.words import EITHER_GAP, PASS, Stream, word

# Of shapes, as glyphs.SHAPES has them. A word, or a sign on its own, which may be a letter in a row: `s h ! t`.
_PIECE = re.compile(r"[a0$]++|(?<![a0$!])!(?![a0$!])")
# Where there may be something to join: words that only signs part, short words that follow each other.
_CUT = re.compile(r"(?<![a0$])[a0$]++(?:[^a0$ ]++[a0$]++)++")
_SHORT = re.compile(r"(?:(?<![a0$])[a0$]{1,2}(?![a0$])|(?<![a0$!])!(?![a0$!]))(?:[^a0$]{1,9}+[a0$]{1,2}(?![a0$]))++")
# In the text itself: one letter held down, which is as good as a short word.
_HELD = re.compile(r"(?<![^\W_])([^\W_])\1++(?![^\W_])")
_NEAR: Final = 9

# What is a contraction, and no word cut in two.
_CONTRACTIONS = re.compile(
    r"..+'s|..+n't|(?:i|you|he|she|it|we|they|who|what|that|this|there|here|how|where|when|why|y|ya)'(?:d|ll|re|ve|m|all)"
)
_APOSTROPHES: Final = frozenset("'\u2019\u02bc")
# Signs that part things rather than join them.
_PARTING: Final = frozenset(',;:/|()[]{}<>"&=+\u3001')
_MARKERS: Final = frozenset("*_~|`")
_FEWEST_PIECES: Final = 3
_FEWEST_SINGLES: Final = 2
_LONGEST_SHORT: Final = 2
_WIDEST_GAP: Final = 4
# Short clusters are the same ones in most prompts: `of a`, `f/1.8`.
_OFTEN_SEEN_CHARACTERS: Final = 48
_CLUSTERS_KEPT: Final = 8192

# How two neighbouring words meet: as two, as two or as one, as one.
_APART: Final = 0
_EITHER: Final = 1
_GLUED: Final = 2


@dataclass(slots=True, kw_only=True)
class _Word:
    text: str
    shape: str
    at: int
    gap: str = ""  # what follows it, up to the next word
    listed: bool = False  # belongs to a row of single letters
    soft: bool = False  # its digits may be letters, since there are letters in the row
    stands_alone: bool = False  # at an edge of a row it may be no part of it: the only digit, a sign

    @property
    def single(self) -> bool:
        return len(self.text) == 1 or len(set(self.text)) == 1

    @property
    def parted(self) -> bool:
        """Whether there is white space after it."""
        return any(map(str.isspace, self.gap))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """A cluster's part of a joined stream, in place of what is as written from `start` up to `end`."""

    start: int
    end: int
    items: str
    flags: bytes
    where: tuple[int, ...]


def joined(reading: Reading, written: Stream) -> Stream | None:
    """The stream of words as written with what belongs together joined; None if there is nothing to join."""
    items: list[str] = []
    flags: list[bytes] = []
    where: list[int] = []
    copied = 0
    for start, end in _clusters(reading):
        # A sign on its own may stand before the first word, or after the last.
        low, high = max(0, start - _WIDEST_GAP), end + _WIDEST_GAP
        join = _join_often_seen if high - low <= _OFTEN_SEEN_CHARACTERS else _join
        cluster = join(reading.text[low:high], start - low, end - low)
        if cluster is not None:
            until = low + cluster.start
            items += written.items[copied:until], cluster.items
            flags += written.flags[copied:until], cluster.flags
            where += range(copied, until)
            where += [low + place for place in cluster.where]
            copied = low + cluster.end
    if not where:
        return None
    items.append(written.items[copied:])
    flags.append(written.flags[copied:])
    where += range(copied, len(written.items))
    return Stream(items="".join(items), flags=b"".join(flags), where=where, joined=True)


def _clusters(reading: Reading) -> Iterator[tuple[int, int]]:
    """The stretches of text where something may have to be joined, from a word's beginning to a word's end."""
    finders = (_CUT.finditer(reading.shape), _SHORT.finditer(reading.shape), _HELD.finditer(reading.text))
    spans = sorted(match.span() for finder in finders for match in finder)
    if not spans:
        return
    start, end = spans[0]
    for next_start, next_end in spans[1:]:
        if next_start > end + _NEAR:
            yield start, end
            start = next_start
        end = max(end, next_end)
    yield start, end


def _join(text: str, start: int, end: int) -> _Joined | None:
    """Join what is to be joined of the words from `start` up to `end`; None if that is nothing."""
    words = _words(text, start, end)
    _find_rows(words)
    joints = _joints(words)
    if not any(joints):
        return None
    pieces: list[tuple[str, bytes, Sequence[int]]] = []
    first = 0
    gap = " "
    for last, joint in enumerate([*joints, _APART], start=1):
        if joint != _GLUED:
            pieces += _glued(words[first:last], joint, gap)
            gap = words[last - 1].gap
            first = last
    items, flags, where = zip(*pieces, strict=True)
    return _Joined(
        start=words[0].at,
        end=words[-1].at + len(words[-1].text),
        items="".join(items),
        flags=b"".join(flags),
        where=tuple(chain.from_iterable(where)),
    )


_join_often_seen = lru_cache(maxsize=_CLUSTERS_KEPT)(_join)


def _glued(group: list[_Word], joint: int, gap_before: str) -> Iterator[tuple[str, bytes, Sequence[int]]]:
    """The items of words that are one, of the signs between them that may be letters, and of the gap after them."""
    text = "".join(one.text for one in group)
    sides = (gap.translate(glyphs.SHAPES) for gap in (gap_before, group[-1].gap))
    items, flags = word(text, sum(side.strip("!") == "" and side != "" for side in sides))
    if group[0].soft:
        items = text
    at = 0
    for one in group:
        end = at + len(one.text)
        yield items[at:end], flags[at:end], range(one.at, one.at + len(one.text))
        at = end
        if one is not group[-1] or joint != _APART:
            for place, character in enumerate(one.gap, start=one.at + len(one.text)):
                if glyphs.SHAPES[ord(character)] == "!":
                    yield character, bytes((PASS,)), (place,)
    last = group[-1].at + len(group[-1].text) - 1
    yield (EITHER_GAP, bytes((PASS,)), (last,)) if joint == _EITHER else (" ", b"\x00", (last,))


def _words(text: str, start: int, end: int) -> list[_Word]:
    words: list[_Word] = []
    last = 0
    for match in _PIECE.finditer(text.translate(glyphs.SHAPES)):
        if match[0] == "!" or start <= match.start() < end:
            if words:
                words[-1].gap = text[last : match.start()]
            last = match.end()
            words.append(_Word(text=text[match.start() : last], shape=match[0], at=match.start()))
    return words


def _contracts(words: list[_Word], at: int) -> bool:
    """Whether a word and the next are one, as don't and she'll; u'n'd'o'n'e is none."""
    before, after = words[at], words[at + 1]
    if before.gap not in _APOSTROPHES or after.gap in _APOSTROPHES or (at and words[at - 1].gap in _APOSTROPHES):
        return False
    return _CONTRACTIONS.fullmatch(f"{before.text}'{after.text}") is not None


def _find_rows(words: list[_Word]) -> None:
    """Mark the rows: three or more short pieces, at least two of them single letters."""
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and _may_be_in_row(words, end):
            end += 1
            if len(words[end - 1].gap) > _WIDEST_GAP:
                break
        _mark_row(words[start:end])
        start = max(end, start + 1)


def _may_be_in_row(words: list[_Word], at: int) -> bool:
    one = words[at]
    if len(one.text) > _LONGEST_SHORT and not one.single:
        return False
    if (at and _contracts(words, at - 1)) or (at + 1 < len(words) and _contracts(words, at)):
        return False
    return not (_is_weight(words, at) or (at and _is_weight(words, at - 1)))


def _is_weight(words: list[_Word], at: int) -> bool:
    """Whether a number begins here as a prompt's weights are written: (word:1.2)."""
    if not 0 < at < len(words) - 1 or words[at].gap != "." or words[at - 1].gap != ":":
        return False
    return words[at].text.isdigit() and words[at + 1].text.isdigit()


def _mark_row(row: list[_Word]) -> None:
    singles = sum(one.single for one in row)
    if len(row) < _FEWEST_PIECES or singles < _FEWEST_SINGLES:
        return
    soft = any("a" in one.shape or "$" in one.shape for one in row)
    digits_and_signs = [one for one in row if not one.text.isalpha()]
    for one in row:
        one.listed = True
        one.soft = soft
        one.stands_alone = one.shape == "!" or (digits_and_signs == [one] and one.text.isdigit())


def _joints(words: list[_Word]) -> list[int]:
    """How each word meets the next."""
    joints = []
    usual = _usual_gaps(words)
    for at, (before, after) in enumerate(pairwise(words)):
        if _contracts(words, at):
            joints.append(_APART)
        elif before.listed and after.listed and len(before.gap) <= _WIDEST_GAP:
            joints.append(_joint_in_row(words, at, usual[at]))
        elif before.parted or (before.single and after.single and _are_initials(words, at)):
            joints.append(_APART)
        elif before.listed != after.listed or _parts(before.gap):
            joints.append(_EITHER)
        else:
            joints.append(_GLUED)
    return _with_mixed_signs(words, joints)


def _are_initials(words: list[_Word], at: int) -> bool:
    """Whether these two letters are all there is between white space, as in B.J. or U.S., and no markup."""
    if _MARKERS.issuperset(words[at].gap):
        return False
    return (at == 0 or words[at - 1].parted) and (at + 2 == len(words) or words[at + 1].parted)


def _parts(gap: str) -> bool:
    return not _PARTING.isdisjoint(gap)


def _usual_gaps(words: list[_Word]) -> list[str]:
    """For each word, the gap that is most frequent in the row it is in."""
    usual = [""] * len(words)
    for listed, row in groupby(range(len(words)), key=lambda at: words[at].listed):
        if listed:
            places = [*row]
            pairs = ((words[at], words[at + 1]) for at in places[:-1])
            gaps = Counter(one.gap for one, other in pairs if one.single and other.single)
            if gaps:
                usual[places[0] : places[-1] + 1] = [max(gaps, key=gaps.__getitem__)] * len(places)
    return usual


def _joint_in_row(words: list[_Word], at: int, usual: str) -> int:
    """Within a row a word may end where the gap is wider than usual, and beside a leading article or a number."""
    before, after = words[at], words[at + 1]
    starts = at == 0 or not words[at - 1].listed or not words[at - 1].single
    ends = at + 2 == len(words) or not words[at + 2].listed or not words[at + 2].single
    if not (before.single and after.single):
        return _EITHER
    if (starts and before.stands_alone) or (ends and after.stands_alone):
        return _EITHER
    if starts and before.text == "a" and before.parted:
        return _EITHER
    if sum(map(str.isspace, before.gap)) > sum(map(str.isspace, usual)) or ("\n" in before.gap and "\n" not in usual):
        return _EITHER
    joining = "".join(c for c in before.gap if glyphs.SHAPES[ord(c)] != "!")
    return _EITHER if _parts(joining) and not _parts(usual) else _GLUED


def _with_mixed_signs(words: list[_Word], joints: list[int]) -> list[int]:
    """Where several kinds of sign join the parts of a word, it may end at any of them: big-co_ck."""
    for glued, run in groupby(range(len(joints)), key=lambda at: joints[at] == _GLUED and not words[at].listed):
        places = [*run] if glued else []
        if len({words[at].gap for at in places}) > 1:
            joints[places[0] : places[-1] + 1] = [_EITHER] * len(places)
    return joints

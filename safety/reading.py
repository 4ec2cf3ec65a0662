"""From a prompt to plain text: what is shown backwards is turned, markup and invisible characters go, letters fold.

A `Reading` keeps for each of its characters where in the prompt it came from, so that what was found can be shown.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from safety import glyphs

# Of shapes, as glyphs.SHAPES has them.
_WORD = re.compile(r"[a0$]++")

_RLO: Final = "\u202e"
_ENDS_OVERRIDE: Final = frozenset("\u202c\u2069")
_STARTS: Final = {"\u202a": False, "\u202b": True, "\u202d": False, "\u202e": True, "\u2066": False, "\u2067": True}
_OVERRIDES: Final = frozenset("\u202d\u202e")
# Deeper nesting than anybody needs is read as if it ended here; Unicode's own limit is 125.
_DEEPEST: Final = 12

# Discord's markup in the middle of a word shows one word; around a word it is punctuation like any other.
_MARKUP = re.compile(r"(\*{1,3}|__|~~|\|\||`{1,3})([^\s*_~|`]{1,40})\1")
_NEAR: Final = 2

# Letters drawn with several characters, the longest first.
_DRAWN: Final = {
    "/\\/\\": "m",
    r"\/\/": "w",
    r"|\/|": "m",
    r"|\|": "n",
    "/-\\": "a",
    r"/\/": "n",
    r"|-|": "h",
    r"}-{": "h",
    r"|_|": "u",
    r"(_)": "u",
    r"\_/": "u",
    r"-|-": "t",
    r"|)": "d",
    r"[)": "d",
    r"|>": "d",
    r"|3": "b",
    r"!3": "b",
    r"|=": "f",
    r"|<": "k",
    r"|{": "k",
    r"|_": "l",
    r"_|": "j",
    r"|°": "p",
    r"|*": "p",
    r"|2": "r",
    r"()": "o",
    r"[]": "o",
    "/\\": "a",
    r"\/": "v",
    r"><": "x",
    r"}{": "x",
    r"`/": "y",
    r"'/": "y",
    "vv": "w",
    "phu": "fu",
    "pha": "fa",
    "ß": "b",
}
_DRAWING = re.compile("|".join(map(re.escape, sorted(_DRAWN, key=len, reverse=True))))
# Of the text around drawn letters so much is read again: more than the longest term.
_AROUND_DRAWING: Final = 120
_V_AS_U = re.compile(r"v(?=[bcdfghjklmnpqrstwxz])")
_CONSONANTS: Final = frozenset("bcdfghjklmnpqrstwxz")

# A shorter word that may be a disguise says nothing of the text's language: it may be a letter of one spelled out.
_FEWEST_OF_EVIDENCE: Final = 3

_CAPITAL_I = re.compile(r"I(?=I*[a-z])|(?<=[a-z])I|(?<=[a-z]I)I")
_SMALL_L = re.compile(r"(?<=[A-Z])l(?![a-z])|(?<![A-Za-z])l(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Folded text: `where[i]` is the position in the prompt of the character that `text[i]` was made of."""

    text: str
    where: Sequence[int]
    shape: str
    """The kinds of its characters, as `glyphs.SHAPES` has them."""
    reordered: bool = False
    drawn: bool = False


def readings(prompt: str) -> list[Reading]:
    """The prompt as it is written and, where that may differ, as an override shows it and with drawn letters read."""
    ways: list[tuple[str, Sequence[int], bool]] = [(prompt, range(len(prompt)), False)]
    if _RLO in prompt:
        shown = _shown_order(prompt)
        ways.append(("".join(map(prompt.__getitem__, shown)), shown, True))
    found = []
    for written, where, reordered in ways:
        found.append(_read(written, where, reordered=reordered))
        drawn, drawn_where = _with_letters_drawn(written, where)
        if drawn != written:
            found.append(_read(drawn, drawn_where, reordered=reordered, drawn=True))
    return found


def fold_term(term: str) -> str:
    """The plain form of a term: as that of a prompt, but words of another script stay what they are."""
    folded = "".join(map(glyphs.FOLDED.__getitem__, term))
    folded = _in_context(folded, at_home=True)
    return "".join(map(_listed_letter, _without_markup(folded, range(len(folded)))[0]))


def _listed_letter(character: str) -> str:
    home = glyphs.AT_HOME.get(character, character)
    return plain_letter(character) if home.isalpha() else home


def plain_letter(character: str) -> str:
    """The letter that a look-alike most likely stands for; other characters are what they are."""
    return glyphs.OPTIONS.get(character, character)[0]


def _read(written: str, where: Sequence[int], *, reordered: bool, drawn: bool = False) -> Reading:
    if not written.isascii() or not written.isprintable():  # control characters count as invisible
        folded, where = _folded(written, where)
        folded = _in_context(folded, at_home=False)
    else:
        folded = _with_i_and_l(written, written.lower())
    folded, where = _without_markup(folded, where)
    shape = folded.translate(glyphs.SHAPES)
    return Reading(text=folded, where=where, shape=shape, reordered=reordered, drawn=drawn)


def _folded(written: str, where: Sequence[int]) -> tuple[str, Sequence[int]]:
    forms = list(map(glyphs.FOLDED.__getitem__, written))
    for match in _CAPITAL_I.finditer(written):
        forms[match.start()] = glyphs.I_AS_L
    for match in _SMALL_L.finditer(written):
        forms[match.start()] = glyphs.L_AS_I
    folded = "".join(forms)
    if len(folded) == len(written) and all(forms):
        return folded, where
    return folded, [place for place, form in zip(where, forms, strict=True) for _ in form]


def _with_i_and_l(written: str, folded: str) -> str:
    places = [(match.start(), glyphs.I_AS_L) for match in _CAPITAL_I.finditer(written)]
    places += [(match.start(), glyphs.L_AS_I) for match in _SMALL_L.finditer(written)]
    if not places:
        return folded
    letters = list(folded)
    for place, twin in places:
        letters[place] = twin
    return "".join(letters)


def _in_context(folded: str, *, at_home: bool) -> str:
    """Decide for each word what its look-alikes are: Latin letters, or at home in a word of their own script.

    A word of more than one script is a disguise. One of nothing but look-alikes is too, unless the other words that
    can hardly be of another script than it have more letters than the Latin ones.
    """
    if folded.isascii():
        return folded
    undecided: list[tuple[int, str, int]] = []
    own: Counter[str] = Counter()
    pieces: list[str] = []
    last = 0
    for match in _WORD.finditer(folded.translate(glyphs.SHAPES)):
        word = folded[match.start() : match.end()]
        script = None if word.isascii() else _only_script(word)
        if script is None:
            continue
        pieces.append(folded[last : match.start()])
        last = match.end()
        genuine = at_home or any(c.isalpha() and c not in glyphs.AT_HOME for c in word)
        is_evidence = genuine or (len(word) >= _FEWEST_OF_EVIDENCE and not glyphs.LOOSE.isdisjoint(word))
        weight = len(word) if is_evidence else 0
        own[script] += weight
        if not genuine:
            undecided.append((len(pieces), script, weight))
        pieces.append(_at_home(word) if genuine else word)
    pieces.append(folded[last:])
    if undecided:
        latin = sum(map(str.isascii, filter(str.isalpha, folded)))
        for at, script, weight in undecided:
            if own[script] - weight > latin:
                pieces[at] = _at_home(pieces[at])
    return "".join(pieces)


def _at_home(word: str) -> str:
    return "".join(glyphs.AT_HOME.get(c, c) for c in word)


def _only_script(word: str) -> str | None:
    """The script of all of a word's letters; None for Latin and for a mixture."""
    scripts = {glyphs.script(home) for home in _at_home(word) if home.isalpha()}
    return scripts.pop() if len(scripts) == 1 and scripts != {"LATIN"} else None


def _without_markup(written: str, where: Sequence[int]) -> tuple[str, Sequence[int]]:
    """The text without the pairs of markers that stand in the middle of a word."""
    cuts = []
    for match in _MARKUP.finditer(written):
        marked = match[2].translate(glyphs.SHAPES)
        if _WORD.fullmatch(marked) is None:
            continue
        # One letter alone may be one of a row, n*u*d*e, which is not for here.
        beside = max(
            _letters(written[max(0, match.start() - _NEAR) : match.start()][::-1]),
            _letters(written[match.end() : match.end() + _NEAR]),
        )
        if beside >= (_NEAR if len(marked) == 1 else 1):
            size = len(match[1])
            cuts += [(match.start(), match.start() + size), (match.end() - size, match.end())]
    if not cuts:
        return written, where
    keep = bytearray(b"\x01") * len(written)
    for start, end in cuts:
        keep[start:end] = bytes(end - start)
    kept = [at for at, stays in enumerate(keep) if stays]
    return "".join(written[at] for at in kept), [where[at] for at in kept]


def _letters(text: str) -> int:
    """How many letters and digits it begins with."""
    begins = _WORD.match(text.translate(glyphs.SHAPES))
    return 0 if begins is None else begins.end()


def _with_letters_drawn(written: str, where: Sequence[int]) -> tuple[str, Sequence[int]]:
    """The text with letters for what draws them, and a v that can only be a u as one: fvck."""
    lower = written.lower()
    found = [(match.start(), match.end(), _DRAWN[match[0]]) for match in _DRAWING.finditer(lower)]
    found += [
        (at, at + 1, "u") for at in map(re.Match.start, _V_AS_U.finditer(lower)) if lower[at - 1 : at] in _CONSONANTS
    ]
    pieces: list[str] = []
    places: list[int] = []
    last = until = 0  # what is kept of the text so far ends there
    for start, end, letters in sorted(found):
        if start < last:
            continue
        begin = max(last, written.rfind(" ", 0, max(0, start - _AROUND_DRAWING)) + 1)
        if begin > until:
            pieces += [written[last:until], "\n"]
            places += [*where[last:until], where[until]]
        else:
            begin = last
        pieces += [written[begin:start], letters]
        places += [*where[begin:start], *(where[start] for _ in letters)]
        last = end
        until = written.find(" ", end + _AROUND_DRAWING)
        until = len(written) if until < 0 else until
    if not pieces:
        return written, where
    return "".join([*pieces, written[last:until]]), [*places, *where[last:until]]


def _shown_order(written: str) -> list[int]:
    """The positions of the characters in the order an override shows them in (UAX #9, reduced to what matters here)."""
    levels = []
    stack = [(0, False)]
    for character in written:
        if character in _STARTS:
            level, override = stack[-1]
            if len(stack) <= _DEEPEST:
                backwards = _STARTS[character]
                next_level = level + 1 + (level % 2 == int(backwards))
                stack.append((next_level, character in _OVERRIDES))
        elif character in _ENDS_OVERRIDE:
            if len(stack) > 1:
                stack.pop()
        elif character == "\n":
            stack = [(0, False)]
        level, override = stack[-1]
        # Latin letters run forwards at whatever level, unless they are overridden.
        levels.append(level if override or level % 2 == 0 else level + 1)
    order = list(range(len(written)))
    for level in range(max(levels, default=0), 0, -1):
        start = None
        for at in range(len(levels) + 1):
            inside = at < len(levels) and levels[at] >= level
            if inside and start is None:
                start = at
            elif not inside and start is not None:
                order[start:at] = order[start:at][::-1]
                start = None
    return order

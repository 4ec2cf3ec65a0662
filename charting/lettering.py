"""What people call themselves, as letters that the chart's one font has."""

import unicodedata
from collections.abc import Set
from typing import Final

_ELLIPSIS: Final = "…"
# Long before this a name is cut to its place; it only keeps a monstrous one from being measured.
_LENGTH_MAX: Final = 80
# Letters and digits carry a name; whatever else is missing, emoji first of all, is not missed.
_CARRYING: Final = frozenset("LN")
# Of accents on one letter: languages need no more, and a pile of them grows out of the line.
_MARKS_MAX: Final = 2


def legible(name: str, stand_in: str, known: Set[int]) -> str:
    """A name in characters that are `known` (code points), on one line; the stand-in where too little is left of it.

    Half of its letters must be there. Letters in fancy forms count as what they stand for.
    """
    plain = unicodedata.normalize("NFKC", name)[:_LENGTH_MAX]
    letters = [character for character in plain if unicodedata.category(character)[0] in _CARRYING]
    missing = sum(ord(character) not in known for character in letters)
    text = cleaned(plain, known)
    return text if text.strip(f"{_ELLIPSIS} ") and missing * 2 <= len(letters) else stand_in


def cleaned(text: str, known: Set[int]) -> str:
    """The text on one line, without what the font lacks: emoji and ornaments are dropped, letters leave an ellipsis.

    Nothing is left that turns text around or hides in it.
    """
    kept: list[str] = []
    marks = 0
    for character in map(_shown, unicodedata.normalize("NFC", text)):
        marks = marks + 1 if unicodedata.category(character or " ")[0] == "M" else 0
        if marks > _MARKS_MAX:
            continue
        if not character or ord(character) in known:
            kept.append(character)
        elif unicodedata.category(character)[0] in _CARRYING and kept[-1:] != [_ELLIPSIS]:
            kept.append(_ELLIPSIS)
    return " ".join("".join(kept).split())


def _shown(character: str) -> str:
    if unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc"}:
        return " "
    hidden = unicodedata.category(character) in {"Cf", "Cs", "Co", "Cn"} or "\ufe00" <= character <= "\ufe0f"
    return "" if hidden else character

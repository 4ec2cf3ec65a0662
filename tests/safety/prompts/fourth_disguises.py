"""Disguises that the sets before the fourth did not have."""

import random
from typing import Final

from tests.safety.prompts import third_disguises
from tests.safety.prompts.second_disguises import Disguise


def _circumflexed(text: str, drawn: random.Random) -> str:
    return "".join(c + drawn.choice("\u0302\u0324\u0330\u0359\u0334") * drawn.randint(1, 2) for c in text)


def _joined_emoji(text: str, drawn: random.Random) -> str:
    return drawn.choice("🔥💦🍑❤✨").join(text.replace(" ", ""))


def _newlines(text: str, drawn: random.Random) -> str:
    return "\n".join(text.replace(" ", ""))


def _mixed_styles(text: str, drawn: random.Random) -> str:
    starts = (0x1D400 + 26, 0x1D68A, 0xFF41, 0x24D0, 0x1D5BA)
    return "".join(chr(drawn.choice(starts) + ord(c) - ord("a")) if c.isalpha() else c for c in text)


def _tagged(text: str, drawn: random.Random) -> str:
    return "".join(c + chr(0xE0000 + ord(drawn.choice(text.replace(" ", "")))) for c in text)


def _one_digit(text: str, drawn: random.Random) -> str:
    table = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "l": "1", "b": "8", "g": "9"}
    places = [at for at, c in enumerate(text) if c in table]
    if not places:
        return text
    at = drawn.choice(places)
    return text[:at] + table[text[at]] + text[at + 1 :]


DISGUISES: Final[dict[str, Disguise]] = {
    "marks above and below": _circumflexed,
    "emoji between letters": _joined_emoji,
    "a letter a line": _newlines,
    "several styles": _mixed_styles,
    "tag characters": _tagged,
    "one digit": _one_digit,
    "one digit, spaced": lambda text, drawn: "  ".join(" ".join(word) for word in _one_digit(text, drawn).split()),
    "case and markup": lambda text, drawn: third_disguises.DISGUISES["markup"](text.title(), drawn),
}

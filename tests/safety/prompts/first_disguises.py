"""The tuning set's disguises, by rule where the held-out set's are by hand."""

# ruff: noqa: RUF001 - look-alike characters are what this file is about
import random
import unicodedata
from collections.abc import Callable
from typing import Final

Disguise = Callable[[str, random.Random], str]

_LOOKS: Final = {
    "a": "а@Δᗩ",
    "b": "вЬᗷ",
    "c": "сⅽ¢ᑕ",
    "d": "ԁđ",
    "e": "еєëℯ",
    "f": "ƒϝ",
    "g": "ɡġ",
    "h": "һн",
    "i": "іїι",
    "j": "ј",
    "k": "ｋκ",
    "l": "ⅼℓ",
    "m": "ｍм",
    "n": "ռη",
    "o": "оοøσ",
    "p": "рρ",
    "q": "ԛ",
    "r": "гя",
    "s": "ѕš",
    "t": "тτ",
    "u": "υц",
    "v": "ѵν",
    "w": "ѡш",
    "x": "хχ",
    "y": "уý",
    "z": "ʐž",
}
_LEET: Final = {
    "a": "4@",
    "b": "8",
    "e": "3€",
    "g": "69",
    "i": "1!",
    "l": "1|",
    "o": "0",
    "s": "5$",
    "t": "7+",
    "z": "2",
}
_ZERO: Final = ("\u200b", "\u200d", "\u2060", "\u00ad", "\ufe0e", "\U000e0020", "\u2064", "\u200f")
_NAMES: Final = (
    "MATHEMATICAL SANS-SERIF BOLD SMALL {}",
    "MATHEMATICAL BOLD ITALIC CAPITAL {}",
    "MATHEMATICAL DOUBLE-STRUCK SMALL {}",
    "MATHEMATICAL SANS-SERIF ITALIC SMALL {}",
)
_ROUND: Final = (
    "CIRCLED LATIN CAPITAL LETTER {}",
    "NEGATIVE SQUARED LATIN CAPITAL LETTER {}",
    "PARENTHESIZED LATIN SMALL LETTER {}",
    "SQUARED LATIN CAPITAL LETTER {}",
)


def _named(text: str, name: str) -> str:
    return "".join(unicodedata.lookup(name.format(c.upper())) if "a" <= c <= "z" else c for c in text)


def _some(text: str, drawn: random.Random, table: dict[str, str], least: int = 1) -> str:
    can = [at for at, c in enumerate(text) if c in table]
    if not can:
        return text
    chosen = set(drawn.sample(can, min(len(can), max(least, drawn.randint(1, len(can))))))
    return "".join(drawn.choice(table[c]) if at in chosen else c for at, c in enumerate(text))


def _parted(text: str, drawn: random.Random, signs: str, wide: str) -> str:
    sign = drawn.choice(signs)
    return wide.join(sign.join(word) for word in text.split())


def _leet(text: str, drawn: random.Random) -> str:
    while True:
        changed = _some(text, drawn, _LEET)
        if sum(c.isalpha() for c in changed) >= 2 or len(text) < 4:
            return changed


def _held(text: str, drawn: random.Random) -> str:
    at = drawn.randrange(len(text))
    return text[:at] + text[at] * drawn.randint(2, 9) + text[at:]


def _marked(text: str, drawn: random.Random) -> str:
    mark = drawn.choice(("**", "__", "~~", "||", "`", "*"))
    at = drawn.randrange(1, len(text))
    return drawn.choice((mark + text[:at] + mark + text[at:], text[:at] + mark + text[at:] + mark))


def _drawn_letters(text: str, drawn: random.Random) -> str:
    table = {"k": ["|<"], "v": ["\\/"], "o": ["()"], "d": ["|)"], "h": ["|-|"], "u": ["|_|"], "w": ["vv"]}
    return "".join(drawn.choice(table.get(c, [c])) for c in text)


DISGUISES: Final[dict[str, Disguise]] = {
    "none": lambda text, _: text,
    "case": lambda text, drawn: drawn.choice((text.title(), text.upper(), text.swapcase())),
    "invisible": lambda text, drawn: drawn.choice(_ZERO).join(text),
    "fullwidth": lambda text, drawn: "".join(
        chr(ord(c) + 0xFEE0) if c.isalpha() and drawn.random() < 0.8 else c for c in text
    ),
    "styled": lambda text, drawn: _named(text, drawn.choice(_NAMES)),
    "homoglyphs": lambda text, drawn: _some(text, drawn, _LOOKS),
    "marks": lambda text, drawn: "".join(c + drawn.choice(("\u0301", "\u0336", "\u20dd", "\u0489")) for c in text),
    "enclosed": lambda text, drawn: _named(text, drawn.choice(_ROUND)),
    "leet": _leet,
    "drawn letters": _drawn_letters,
    "spaced": lambda text, drawn: _parted(text, drawn, " \u2003\u2800", "   "),
    "dotted": lambda text, drawn: _parted(text, drawn, ".-_*·•:~", "  "),
    "split": lambda text, drawn: text[:2] + drawn.choice("-._'~") + text[2:],
    "held": _held,
    "marked up": _marked,
    "backwards": lambda text, drawn: "\u202e" + text[::-1] + "\u202c",
    "I for l": lambda text, drawn: text.replace("l", "I"),
    "leet, dotted": lambda text, drawn: _parted(_leet(text, drawn), drawn, ".-_", "  "),
    "held, homoglyphs": lambda text, drawn: _some(_held(text, drawn), drawn, _LOOKS),
    "invisible, marked up": lambda text, drawn: drawn.choice(_ZERO).join(_marked(text, drawn)),
    "enclosed, spaced": lambda text, drawn: _parted(_named(text, _ROUND[0]), drawn, " ", "   "),
    "backwards, leet": lambda text, drawn: "\u202e" + _leet(text, drawn)[::-1] + "\u202c",
}

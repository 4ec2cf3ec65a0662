"""The third set's disguises, written in one go before the filter had seen them."""

# ruff: noqa: RUF001 - look-alike characters are what this file is about
import random
import unicodedata
from collections.abc import Callable
from typing import Final

Disguise = Callable[[str, random.Random], str]

_CYRILLIC: Final = str.maketrans("aceiopsxyhkmtbr", "асеіорѕхуһкмтьг")
_GREEK: Final = str.maketrans("aeiknoptuvxyb", "αεικησρτυνχγβ")
_CAPITALS: Final = str.maketrans("abcehikmnoptxyz", "ΑВСЕНІКМΝОРТХҮΖ")
_CHEROKEE: Final = str.maketrans("abcdeghijklmprstvwyz", "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎩᏃ")
_ARMENIAN: Final = str.maketrans("noushgqlpj", "ոօսѕհցզլքյ")
_EXTENDED: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ɑƀƈɖɇƒɠħɨʝƙłɱɲøƥʠɾʂŧʉʋⱳẋɏƶ")
_SMALL_CAPITALS: Final = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")
_LOUD_LEET: Final = str.maketrans("aeiost", "@3!0$7")
_QUIET_LEET: Final = str.maketrans("aeiolst", "4310157")
_SECRET: Final = "\u200b\u200c\u200d\u2060\u2061\ufeff\u00ad\u034f\u180b\u206a\ufe01\U000e0067\U000e01ef"
_FILLERS: Final = "\u2800\u3164\uffa0"


def _mathematical(start: int) -> Disguise:
    return lambda text, _: "".join(chr(start + ord(c) - ord("a")) if c.isalpha() else c for c in text)


def _one(text: str, drawn: random.Random, change: Callable[[str], str], least: int = 0) -> str:
    """Change the letter at one place, which is not before `least`."""
    places = [at for at, c in enumerate(text) if at >= least and c.isalpha()]
    at = drawn.choice(places)
    return text[:at] + change(text[at]) + text[at + 1 :]


def _translated(*tables: dict[int, int], always: bool = False) -> Disguise:
    """A part of the letters, or all that the table has, taken from another alphabet."""

    def disguise(text: str, drawn: random.Random) -> str:
        table = drawn.choice(tables)
        if always or drawn.random() < 0.5:
            return text.translate(table)
        return "".join(c.translate(table) if drawn.random() < 0.5 else c for c in text)

    return disguise


def _invisible(text: str, drawn: random.Random) -> str:
    how = drawn.randrange(3)
    if how == 0:
        return _one(text[:-1], drawn, lambda c: c + drawn.choice(_SECRET) * drawn.randint(1, 3)) + text[-1]
    if how == 1:
        return "".join(c + drawn.choice(_SECRET) for c in text)
    return drawn.choice(_SECRET) + text[: len(text) // 2] + "\u200b\u200d" + text[len(text) // 2 :]


def _filler(text: str, drawn: random.Random) -> str:
    return drawn.choice(_FILLERS).join(text.replace(" ", ""))


def _accents(text: str, drawn: random.Random) -> str:
    marks = ("GRAVE", "ACUTE", "TILDE", "DIAERESIS", "CARON", "DOT ABOVE", "MACRON", "DOT BELOW")
    letters = []
    for c in text:
        try:
            letters.append(unicodedata.lookup(f"LATIN SMALL LETTER {c.upper()} WITH {drawn.choice(marks)}"))
        except KeyError:
            letters.append(c + "\u0307" if c.isalpha() else c)
    return "".join(letters)


def _glitch(text: str, drawn: random.Random) -> str:
    up = "\u030d\u030e\u0310\u0312\u033f\u0346\u035b\u0489\u20e0\u1dc4"
    return "".join(c + "".join(drawn.choices(up, k=drawn.randint(3, 14))) for c in text)


def _boxed(text: str, drawn: random.Random) -> str:
    start, gap = drawn.choice(
        ((0x1F1E6, " "), (0x24B6, ""), (0x24D0, ""), (0x1F170, ""), (0x1F150, ""), (0x1F130, " "))
    )
    words = [gap.join(chr(start + ord(c) - ord("a")) for c in word) for word in text.split()]
    return ("   " if gap else " ").join(words)


def _bracketed(text: str, drawn: random.Random) -> str:
    left, right = drawn.choice(("()", "[]", "{}"))
    return " ".join("".join(f"{left}{c}{right}" for c in word) for word in text.split())


def _leet(table: dict[int, int]) -> Disguise:
    def disguise(text: str, drawn: random.Random) -> str:
        first = drawn.randrange(2)  # most people leave the first letter or two
        return text[:first] + text[first:].translate(table)

    return disguise


def _currency(text: str, drawn: random.Random) -> str:
    table = str.maketrans("ecsyl", drawn.choice(("€¢$¥£", "€¢§¥|")))
    return text.translate(table) if text.translate(table) != text else text.translate(_QUIET_LEET)


def _wide_gaps(text: str, drawn: random.Random) -> str:
    gap = drawn.choice((" ", "  ", "\u00a0", "\u2009", "\u3000", "\t"))
    return (gap * 3).join(gap.join(word) for word in text.split())


def _signs(text: str, drawn: random.Random) -> str:
    gap = drawn.choice((".", "-", "_", "*", "…", "·", "•", "/", "\\", "~", "=", "'", "^", "° ", " . ", " - ", "♥"))
    return drawn.choice(("    ", "\n")).join(gap.join(word) for word in text.split())


def _any_signs(text: str, drawn: random.Random) -> str:
    return "  ".join(
        "".join(c + drawn.choice((".", "-", "_", " ", "*")) for c in word).strip(" .-_*") for word in text.split()
    )


def _hyphenated(text: str, drawn: random.Random) -> str:
    return " ".join(word[: len(word) // 2] + drawn.choice("-._") + word[len(word) // 2 :] for word in text.split())


def _held(text: str, drawn: random.Random) -> str:
    if drawn.random() < 0.5:
        return _one(text, drawn, lambda c: c * drawn.randint(3, 12))
    return "".join(c * drawn.randint(1, 4) for c in text[:-1]) + text[-1] * 3


def _markup(text: str, drawn: random.Random) -> str:
    mark = drawn.choice(("**", "*", "~~", "||", "__", "`", "***"))
    how = drawn.randrange(4)
    if how == 0:
        return mark + text + mark
    cut = drawn.randrange(1, len(text) - 1) if len(text) > 2 else 1
    while " " in text[cut - 1 : cut + 1]:
        cut -= 1
    if how == 1:
        return mark + text[:cut] + mark + text[cut:]
    if how == 2:
        return text[:cut] + mark + text[cut:] + mark
    return text[:cut] + mark + text[cut] + mark + text[cut + 1 :]


def _backwards(text: str, drawn: random.Random) -> str:
    if drawn.random() < 0.3 and " " not in text:
        half = len(text) // 2
        return text[:half] + "\u202e" + text[half:][::-1] + "\u202c"
    return "\u202e" + text[::-1] + "\u202c"


def _of(*disguises: Disguise) -> Disguise:
    """One of these."""
    return lambda text, drawn: drawn.choice(disguises)(text, drawn)


def _after(*disguises: Disguise) -> Disguise:
    """One upon the other."""

    def disguise(text: str, drawn: random.Random) -> str:
        for one in disguises:
            text = one(text, drawn)
        return text

    return disguise


_styled = _of(*map(_mathematical, (0x1D41A, 0x1D482, 0x1D4EA, 0x1D586, 0x1D5BA, 0x1D5EE, 0x1D622, 0x1D656, 0x1D68A)))
_scripts = _of(
    _translated(_CYRILLIC), _translated(_GREEK), _translated(_CAPITALS), _translated(_CHEROKEE), _translated(_ARMENIAN)
)

DISGUISES: Final[dict[str, Disguise]] = {
    "as it is": lambda text, _: text,
    "case": lambda text, drawn: "".join(drawn.choice((c, c.upper())) for c in text),
    "invisible characters": _invisible,
    "fillers and blanks": _filler,
    "fullwidth": _mathematical(0xFF41),
    "styled": _of(_styled, _translated(_SMALL_CAPITALS, always=True)),
    "other scripts": _scripts,
    "Latin extended": _translated(_EXTENDED),
    "accents": _accents,
    "zalgo": _glitch,
    "enclosed": _boxed,
    "in brackets": _bracketed,
    "leet, signs": _leet(_LOUD_LEET),
    "leet, digits": _leet(_QUIET_LEET),
    "leet, currencies": _currency,
    "spaces": _wide_gaps,
    "signs": _signs,
    "any signs": _any_signs,
    "hyphen": _hyphenated,
    "held": _held,
    "markup": _markup,
    "bidi": _backwards,
    "scripts and leet": _after(_leet(_QUIET_LEET), _scripts),
    "held and accents": _after(_held, _accents),
    "spaces and leet": _after(_leet(_LOUD_LEET), _wide_gaps),
    "styled and signs": _after(_styled, _signs),
    "markup and invisible": _after(_markup, _invisible),
    "bidi and scripts": _after(_scripts, _backwards),
    "held, scripts, invisible": _after(_held, _scripts, _invisible),
}

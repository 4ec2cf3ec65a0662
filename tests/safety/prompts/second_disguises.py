"""The second set's disguises: written before the filter, by hand where the first set's are by rule."""

# ruff: noqa: RUF001 - look-alike characters are what this file is about
import random
import re
import unicodedata
from collections.abc import Callable
from typing import Final

Disguise = Callable[[str, random.Random], str]

_PLAIN: Final = "abcdefghijklmnopqrstuvwxyz"
_STYLES: Final = (
    "𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯𝐰𝐱𝐲𝐳",
    "𝒶𝒷𝒸𝒹𝑒𝒻𝑔𝒽𝒾𝒿𝓀𝓁𝓂𝓃𝑜𝓅𝓆𝓇𝓈𝓉𝓊𝓋𝓌𝓍𝓎𝓏",
    "𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔩𝔪𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷",
    "𝚊𝚋𝚌𝚍𝚎𝚏𝚐𝚑𝚒𝚓𝚔𝚕𝚖𝚗𝚘𝚙𝚚𝚛𝚜𝚝𝚞𝚟𝚠𝚡𝚢𝚣",
    "𝕬𝕭𝕮𝕯𝕰𝕱𝕲𝕳𝕴𝕵𝕶𝕷𝕸𝕹𝕺𝕻𝕼𝕽𝕾𝕿𝖀𝖁𝖂𝖃𝖄𝖅",
    "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡxʏᴢ",
    "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖqʳˢᵗᵘᵛʷˣʸᶻ",
)
_ENCLOSED: Final = (
    "ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ",
    "🄰🄱🄲🄳🄴🄵🄶🄷🄸🄹🄺🄻🄼🄽🄾🄿🅀🅁🅂🅃🅄🅅🅆🅇🅈🅉",
    "🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩",
    "🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉",
    "⒜⒝⒞⒟⒠⒡⒢⒣⒤⒥⒦⒧⒨⒩⒪⒫⒬⒭⒮⒯⒰⒱⒲⒳⒴⒵",
    "🇦🇧🇨🇩🇪🇫🇬🇭🇮🇯🇰🇱🇲🇳🇴🇵🇶🇷🇸🇹🇺🇻🇼🇽🇾🇿",
)
_FANCY: Final = (
    "αв¢∂єfgнιנкℓмησρqяѕтυνωχуz",
    "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘զཞʂɬų۷ῳҳყʑ",
    "ᏗᏰፈᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮᎤᏒᏕᏖᏬᏉᏇጀᎩፚ",
)
_HOMOGLYPHS: Final = {
    "a": "аɑα",
    "b": "Ьƅ",
    "c": "сϲⅽ",
    "d": "ԁժ",
    "e": "еҽ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıɩι",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏⅼ",
    "m": "мⅿ",
    "n": "ոп",
    "o": "оοօ",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υս",
    "v": "ѵν",
    "w": "ԝѡ",
    "x": "хχ",
    "y": "уγ",
    "z": "ᴢ",
}
_LEET: Final = {
    "a": "4@",
    "b": "8",
    "c": "(",
    "e": "3€",
    "g": "9",
    "i": "1!|",
    "l": "1|£",
    "o": "0",
    "s": "5$",
    "t": "7+",
}
_INVISIBLE: Final = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u2062\u2063\u061c\u200e\ufe0f\ufe00\U000e0061\U000e0100"
)
_ACCENTS: Final = "\u0300\u0301\u0302\u0303\u0304\u0308\u030a\u030c\u0323\u0327\u0331"


def _each(text: str, random_: random.Random, share: float, change: Callable[[str], str | None]) -> str:
    """Change a share of the letters that can be changed, at least one."""
    can = [at for at, character in enumerate(text) if change(character) is not None]
    chosen = {at for at in can if random_.random() < share} or set(random_.sample(can, min(1, len(can))))
    return "".join(change(character) or character if at in chosen else character for at, character in enumerate(text))


def _alphabet(text: str, letters: str) -> str:
    return "".join(letters[_PLAIN.index(c)] if c in _PLAIN else c for c in text.lower())


def upper(text: str, random_: random.Random) -> str:
    """Case, which is no disguise."""
    return "".join(random_.choice((c.upper(), c)) for c in text)


def invisible(text: str, random_: random.Random) -> str:
    """Characters that nobody sees, between the letters."""
    return (
        "".join(c + random_.choice(("", *_INVISIBLE)) for c in text[:-1]).replace(
            text[:2], text[0] + random_.choice(_INVISIBLE) + text[1], 1
        )
        + text[-1]
    )


def fullwidth(text: str, random_: random.Random) -> str:
    """Letters as wide as a Chinese character."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in random_.choice((text, text.upper())))


def styled(text: str, random_: random.Random) -> str:
    """Mathematical letters, small capitals, superscripts."""
    return _alphabet(text, random_.choice(_STYLES))


def fancy(text: str, random_: random.Random) -> str:
    """What fancy-text generators make."""
    return _alphabet(text, random_.choice(_FANCY))


def homoglyphs(text: str, random_: random.Random) -> str:
    """Letters of other scripts that look alike."""
    share = random_.choice((0.3, 0.6, 1.0))
    return _each(text, random_, share, lambda c: random_.choice(_HOMOGLYPHS[c]) if c in _HOMOGLYPHS else None)


def diacritics(text: str, random_: random.Random) -> str:
    """An accent on some letters, composed where Unicode has such a letter."""
    accented = _each(text, random_, 0.6, lambda c: c + random_.choice(_ACCENTS) if c.isalpha() else None)
    return unicodedata.normalize(random_.choice(("NFC", "NFD")), accented)


def zalgo(text: str, random_: random.Random) -> str:
    """Heaps of marks."""
    marks = [chr(point) for point in range(0x300, 0x370)]
    return "".join(c + "".join(random_.choices(marks, k=random_.randint(1, 8))) if c != " " else c for c in text)


def enclosed(text: str, random_: random.Random) -> str:
    """Letters in circles, squares and brackets, and regional letters."""
    letters = random_.choice(_ENCLOSED)
    disguised = _alphabet(text, letters)
    if letters.startswith("🇦"):  # without a gap two of them make a flag
        disguised = re.sub(r"([🇦-🇿])(?=[🇦-🇿])", random_.choice((r"\1", "\\1\u200b", r"\1 ")), disguised)
    return disguised


def leet(text: str, random_: random.Random) -> str:
    """Digits and signs for letters; one letter is left."""
    kept = random_.randrange(len(text.split(maxsplit=1)[0]))
    share = random_.choice((0.4, 0.7))
    head, rest = text[: kept + 1], text[kept + 1 :]
    change: Callable[[str], str | None] = lambda c: random_.choice(_LEET[c]) if c in _LEET else None  # noqa: E731 - once
    if any(c in _LEET for c in rest):
        return head + _each(rest, random_, share, change)
    return _each(head, random_, share, change) + rest


def spaced(text: str, random_: random.Random) -> str:
    """A space between the letters, more between the words."""
    gap = random_.choice((" ", " ", "  "))
    return (gap + "  ").join(gap.join(word) for word in text.split())


def punctuated(text: str, random_: random.Random) -> str:
    """Signs between the letters."""
    sign = random_.choice((".", "-", "_", "*", "/", "·", "~", ",", "|", "'", " - ", ". "))
    return random_.choice((" ", "  ") if sign.strip() == sign else ("   ",)).join(
        sign.join(word) for word in text.split()
    )


def mixed_signs(text: str, random_: random.Random) -> str:
    """Different signs between the letters."""
    return " ".join("".join(c + random_.choice("._-*~") for c in word[:-1]) + word[-1] for word in text.split())


def cut(text: str, random_: random.Random) -> str:
    """One or two signs within the word."""
    word = max(text.split(), key=len)
    at = random_.randrange(1, len(word))
    return text.replace(word, word[:at] + random_.choice((".", "-", "_", "*", "~", "..", "·")) + word[at:])


def stretched(text: str, random_: random.Random) -> str:
    """Letters held down."""
    return _each(text, random_, 0.3, lambda c: c * random_.randint(3, 6) if c.isalpha() else None)


def markdown(text: str, random_: random.Random) -> str:
    """Discord's markup around a part of the word."""
    word = max(text.split(), key=len)
    mark = random_.choice(("**", "*", "__", "_", "||", "~~", "`", "***"))
    start = random_.randrange(len(word) - 1)
    end = random_.randrange(start + 1, len(word))
    return text.replace(word, word[:start] + mark + word[start:end] + mark + word[end:])


def bidi(text: str, random_: random.Random) -> str:
    """Written backwards under an override that shows it forwards."""
    return "\u202e" + text[::-1] + random_.choice(("\u202c", "\u202c", ""))


def _then(*disguises: Disguise) -> Disguise:
    def both(text: str, random_: random.Random) -> str:
        for disguise in disguises:
            text = disguise(text, random_)
        return text

    return both


DISGUISES: Final[dict[str, Disguise]] = {
    "none": lambda text, _: text,
    "case": upper,
    "invisible characters": invisible,
    "fullwidth letters": fullwidth,
    "styled letters": styled,
    "fancy alphabets": fancy,
    "homoglyphs": homoglyphs,
    "diacritics": diacritics,
    "zalgo": zalgo,
    "enclosed and regional letters": enclosed,
    "leet": leet,
    "spaces between letters": spaced,
    "signs between letters": punctuated,
    "different signs between letters": mixed_signs,
    "a sign in the word": cut,
    "stretched letters": stretched,
    "markdown": markdown,
    "bidi override": bidi,
    "homoglyphs and invisible": _then(homoglyphs, invisible),
    "leet and stretched": _then(stretched, leet),
    "leet and spaces": _then(leet, spaced),
    "diacritics and markdown": _then(markdown, diacritics),
    "homoglyphs and signs": _then(homoglyphs, punctuated),
    "styled and spaces": _then(styled, spaced),
    "bidi and homoglyphs": _then(homoglyphs, bidi),
    "stretched, homoglyphs and zalgo": _then(stretched, homoglyphs, zalgo),
}

"""Writes `safety/confusables.txt` from Unicode's document: `python -m tests.safety.make_confusables confusables.txt`.

What Unicode (https://www.unicode.org/Public/security/latest/confusables.txt) lists as looking like one Latin letter
is taken over; what compatibility decomposition already turns into a letter is left out. Unicode is strict about what
looks alike, people who dodge filters are not: a list of our own adds what the usual fancy-text generators write.
"""

# ruff: noqa: RUF001, T201 - look-alikes are what this file is about; a command-line program prints
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from string import ascii_letters, ascii_lowercase
from typing import Final

from safety.glyphs import LEET

TARGET: Final = Path(__file__).resolve().parent.parent.parent / "safety" / "confusables.txt"
_LINE_CHARACTERS: Final = 100

# A character may stand for several letters.
_OURS: Final = {
    "a": "ΛΔДдλ∀₳ᗩคム卂Ꮧꍏɐαаɑ∧ልԹձəաձԱ",
    "b": "ცвВьЬъЪбБƀɃ฿βΒᗷ๒乃ᏰꌃხɓƄƅቬեԵԲ",
    "c": "₵ςᑕ匚ፈꉓↄɔᄃϲс⊂ͼċᏣ",
    "d": "∂đĐðÐɖծժᗪ๔りᏎꀸძԃԁⅾᎴձժԺԴ",
    "e": "єЄэЭεƐɛξΞΣ∑ǝɆзЗᗴ乇Ꮛꍟ∈ҽеℯέעҿե",
    "f": "ƒʄғҒ₣ᖴŦ千ᎦꎇϝʃɟቻֆֆքՖ",
    "g": "ɠց₲ɢﻮ۝ᎶꁅងɡğցԍցջգՑ",
    "h": "нНħĦɧհђЂћЋ卄ᏂんꃅⱨɦɥዘከĥһհիՀ",
    "i": "ιıɨίїіเ丨ノᎥꀤłƗɩاןΙІիւՒ",
    "j": "נʝﻝﾌフᏠꀭʆɉјןʲϳյՅ",
    "k": "кКκΚ₭ƙҡҚズҝᏦꀘʞқҟկԿ",
    "l": "ƖℓɭﾚレㄥᏝꒉιƖłŁⱠ꒒ӀӏןլԼ",
    "m": "мМɱ๓爪Ꮇ₥ꎭᗰლϺɯጠՊՄ",
    "n": "ηпПиИղภ几刀Ꮑ₦ꈤᑎŋŊռրחлЛɲ∩ՈոຖղըռրպՈՂ",
    "o": "ᎾσøØ๏のㄖᎧ⊙◯○●⭕ΘθФфφΦӨөꂦტ◎ơ∅⌀օοоםסօծջՕՓփ",
    "p": "ρрþƿק卩Ꭾ₱ꉣᑭքƤ℘ዋքթբՔԲ",
    "q": "գզϙɋϘゐɊꆰᑫҩԛᎤգզԳ",
    "r": "гГяЯɾཞɹ尺Ꮢꋪᖇ₹ⱤʁրᴦΓրԻ",
    "s": "ѕЅ§₴ร丂ᏕꌗᔕʂƨഗՏԾ",
    "t": "ɬтТτΤ†₮ŧէㄒイᏖ꓄ᖶꋖʇՇ✝⊥₸էտեԷ",
    "u": "υцЦμนㄩひᏬꀎᑌɄʉມ∪սųՍยʊսպմՄՍ",
    "v": "ʋν√שᐯᏉꏝ۷∨ѵงעվՎ",
    "w": "ωшШщЩฬ山ᏇᏔꅏᗯ₩ʍῳաψΨพผѡԝաԱ",
    "x": "χхХжЖӿӾא乂メጀꉧ᙭×✕✖❌❎✗✘ҳϰճՃ",
    "y": "уУγΥчЧүҮҰץㄚリᎩყʎɏɎꌩყΨվՎ",
    "z": "ʑჳፚⱫⱬ乙չꁴᘔƶƵζʐẕɀչշ",
}


def _of_unicode(document: str) -> dict[str, set[str]]:
    likeness = {}
    for line in document.splitlines():
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) == 3:
            source, target = ("".join(chr(int(point, 16)) for point in field.split()) for field in fields[:2])
            likeness[source] = target
    letters = defaultdict(set)
    for letter in ascii_letters:
        letters[likeness.get(letter, letter)].add(letter.lower())
    letters[likeness["0"]].add("o")
    return {
        source: letters[target]
        for source, target in likeness.items()
        if len(source) == 1 and target in letters and unicodedata.normalize("NFKD", source) == source
    }


def main() -> None:
    """Write them, one letter after the other; those of our own after a question mark."""
    strict: dict[str, set[str]] = {letter: set() for letter in ascii_lowercase}
    for source, letters in _of_unicode(Path(sys.argv[1]).read_text("utf-8-sig")).items():
        for letter in letters:
            strict[letter].add(source)
    lines = [
        "# Characters that look like a Latin letter, as code points. Made by tests/safety/make_confusables.py from",
        "# Unicode's confusables.txt 17.0.0, Copyright 2025 Unicode, Inc. (https://www.unicode.org/terms_of_use.html),",
        "# and, on the lines with a question mark, from a list of our own, which is less strict.",
    ]
    count = 0
    for letter, found in strict.items():
        ours = set(unicodedata.normalize("NFKC", _OURS.get(letter, ""))) - found - set(LEET)
        for name, sources in ((letter, found), (f"{letter}?", ours)):
            count += len(sources)
            line = name
            for source in sorted(character for character in sources if not character.isascii()):
                if len(line) > _LINE_CHARACTERS:
                    lines.append(line)
                    line = name
                line += f" {ord(source):X}"
            if line != name:
                lines.append(line)
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{count} look-alikes")


if __name__ == "__main__":
    main()

"""What patterns are run on: the prompt itself and its readings, as strings."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from safety import glyphs
from safety.reading import Reading, plain_letter
from safety.words import EITHER_GAP, Stream

_SOFTENED: Final[dict[int, int | str]] = {**glyphs.SOFT_DIGITS, ord(EITHER_GAP): " "}
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def rendered(prompt: str, reading: Reading, streams: Sequence[Stream]) -> Iterator[tuple[Reading, Stream, str]]:
    """Each different string to run patterns on, with what says where its characters came from.

    First the prompt as written, then in plain letters with its signs, joined, and both with leet read as letters.
    """
    seen = set()
    for source, stream, text in _strings(prompt, reading, streams):
        if text not in seen:
            seen.add(text)
            yield source, stream, text


def _strings(prompt: str, reading: Reading, streams: Sequence[Stream]) -> Iterator[tuple[Reading, Stream, str]]:
    whole = range(len(prompt))
    yield (
        Reading(text=prompt, where=whole, shape=""),
        Stream(items=prompt, flags=b"", where=whole),
        _HALF_PAIR.sub("?", prompt),
    )
    for stream in streams:
        letters = stream.items if stream.joined else reading.text
        yield reading, stream, "".join(map(plain_letter, letters)).translate(_SOFTENED)
    for stream in streams:
        read = "".join(glyphs.LEET[item][0] if _is_leet(item) else plain_letter(item) for item in stream.items)
        yield reading, stream, read.translate(_SOFTENED)


def _is_leet(item: str) -> bool:
    return item in glyphs.LEET and (item in glyphs.STRONG or item.isdigit())

"""An Exif block with the few texts that Easel has for it (Exif 2.32, TIFF 6.0)."""

import struct
from typing import Final

_ASCII: Final = 2
_LONG: Final = 4
_UNDEFINED: Final = 7

_IMAGE_DESCRIPTION: Final = 0x010E
_SOFTWARE: Final = 0x0131
_EXIF_IFD: Final = 0x8769
_EXIF_VERSION: Final = 0x9000
_USER_COMMENT: Final = 0x9286

_HEADER: Final = b"MM\0*" + struct.pack(">I", 8)
_ENTRY_BYTES: Final = 12

_Entry = tuple[int, int, bytes]
"""A tag, its type, and its value as bytes."""


def exif_block(*, software: str, description: str | None = None, comment: str | None = None) -> bytes:
    """The block, big-endian, from its TIFF header on.

    The user comment is marked as Unicode and written in UTF-16; the other texts may hold ASCII only, so a
    description that does not is left out.
    """
    entries: list[_Entry] = []
    if description is not None and description.isascii():
        entries.append((_IMAGE_DESCRIPTION, _ASCII, _text(description)))
    entries.append((_SOFTWARE, _ASCII, _text(software)))
    if comment is None:
        return _HEADER + _directory(entries, len(_HEADER))
    further: list[_Entry] = [
        (_EXIF_VERSION, _UNDEFINED, b"0232"),
        (_USER_COMMENT, _UNDEFINED, b"UNICODE\0" + comment.encode("utf-16-be", "replace")),
    ]
    # The place of the second directory is a value of the first, of a size that does not depend on it.
    place = len(_HEADER) + len(_directory([*entries, (_EXIF_IFD, _LONG, bytes(4))], 0))
    first = _directory([*entries, (_EXIF_IFD, _LONG, struct.pack(">I", place))], len(_HEADER))
    return _HEADER + first + _directory(further, place)


def _directory(entries: list[_Entry], place: int) -> bytes:
    """An IFD that stands at `place`, with the values that have no room in it behind it. Tags must ascend."""
    table = struct.pack(">H", len(entries))
    values = b""
    values_at = place + 2 + _ENTRY_BYTES * len(entries) + 4
    for tag, kind, value in entries:
        count = len(value) // 4 if kind == _LONG else len(value)
        if len(value) <= 4:
            content = value.ljust(4, b"\0")
        else:
            content = struct.pack(">I", values_at + len(values))
            values += value + bytes(len(value) % 2)
        table += struct.pack(">HHI", tag, kind, count) + content
    return table + bytes(4) + values


def _text(text: str) -> bytes:
    return text.replace("\0", "").encode("ascii") + b"\0"

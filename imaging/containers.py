"""Where metadata is in a PNG, a JPEG or a WebP file, and how it is put there. Bytes only: nothing is decoded.

Each function reads a file's structure and returns the parts of a new one: spans of the old file, and new bytes. Old
metadata is left out. What is not as the format's specification has it raises OddFile.
"""

import os
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

# A picture has some dozens; more would only cost time and memory.
_PIECES_MAX: Final = 20_000

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# Text, Exif and the time of the last change. XMP is a text, too.
_PNG_METADATA: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_PNG_CREDENTIALS: Final = b"caBX"

_SEGMENT_MAX_BYTES: Final = 0xFFFF - 2
_JPEG_APP0: Final = 0xE0
_JPEG_APP1: Final = 0xE1
_JPEG_APP2: Final = 0xE2
_JPEG_APP11: Final = 0xEB
_JPEG_APP13: Final = 0xED
_JPEG_COMMENT: Final = 0xFE
_JPEG_SCAN: Final = 0xDA
_JPEG_END: Final = 0xD9
_JPEG_METADATA: Final = frozenset({_JPEG_APP1, _JPEG_APP13, _JPEG_COMMENT})

_WEBP_METADATA: Final = frozenset({b"EXIF", b"XMP "})
_WEBP_CREDENTIALS: Final = b"C2PA"
_VP8X_BYTES: Final = 10
_WEBP_EXIF_FLAG: Final = 0x08
_WEBP_XMP_FLAG: Final = 0x04
_WEBP_ALPHA_FLAG: Final = 0x10


class OddFile(Exception):
    """The file's structure is not one to be changed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the old file, from `start` up to `end`."""

    start: int
    end: int


Part = Span | bytes


def png_parts(file: BinaryIO, *, xmp: bytes, recipe: str | None) -> list[Part]:
    """A PNG with this XMP packet, and this text as its `parameters`. What follows the picture's end is left out."""
    texts = [_png_text(b"XML:com.adobe.xmp", xmp)]
    if recipe is not None:
        texts.append(_png_text(b"parameters", _encoded(recipe)))
    reader = _Reader(file)
    if reader.take(len(_PNG_SIGNATURE)) != _PNG_SIGNATURE:
        raise OddFile("no PNG")
    parts: list[Part] = []
    with_data = False
    for _ in range(_PIECES_MAX):
        start = reader.position
        length, kind = struct.unpack(">I4s", reader.take(8))
        reader.skip(length + 4)
        if not parts:
            if kind != b"IHDR":
                raise OddFile("no header")
            parts += [Span(0, reader.position), *texts]
        elif kind == _PNG_CREDENTIALS:
            raise OddFile("signed")
        elif kind not in _PNG_METADATA:
            parts.append(Span(start, reader.position))
        with_data = with_data or kind == b"IDAT"
        if kind == b"IEND" and with_data:
            return parts
    raise OddFile("too many chunks")


def jpeg_parts(file: BinaryIO, *, xmp: bytes, exif: bytes) -> list[Part]:
    """A JPEG with this XMP packet and this Exif block. Also odd is what would not fit into a segment."""
    segments = [_jpeg_segment(b"Exif\0\0" + exif), _jpeg_segment(b"http://ns.adobe.com/xap/1.0/\0" + xmp)]
    reader = _Reader(file)
    if reader.take(2) != b"\xff\xd8":
        raise OddFile("no JPEG")
    parts: list[Part] = [Span(0, 2)]
    pending = True
    for _ in range(_PIECES_MAX):
        start = reader.position
        marker = _jpeg_marker(reader)
        if pending and marker not in _JPEG_METADATA | {_JPEG_APP0}:  # JFIF's own segments come first
            parts += segments
            pending = False
        if marker == _JPEG_SCAN:
            return [*parts, Span(start, reader.size_bytes)]
        (length,) = struct.unpack(">H", reader.take(2))
        label = reader.take(min(4, max(0, length - 2)))
        reader.skip(length - 2 - len(label))
        # The first is a signed manifest's, the second holds the places of further pictures, which would move.
        if marker == _JPEG_APP11 or (marker == _JPEG_APP2 and label == b"MPF\0"):
            raise OddFile("signed, or of several pictures")
        if marker not in _JPEG_METADATA:
            parts.append(Span(start, reader.position))
    raise OddFile("too many segments")


def webp_parts(file: BinaryIO, *, xmp: bytes, exif: bytes) -> list[Part]:
    """A WebP with this XMP packet and this Exif block; one in the simple layout gets the extended one."""
    reader = _Reader(file)
    riff, length, webp = struct.unpack("<4sI4s", reader.take(12))
    end = length + 8
    if (riff, webp) != (b"RIFF", b"WEBP") or end > reader.size_bytes:
        raise OddFile("no WebP")
    header: bytes | None = None
    kept: list[Part] = []
    for _ in range(_PIECES_MAX):
        if reader.position >= end:
            break
        start = reader.position
        kind, length = struct.unpack("<4sI", reader.take(8))
        head = reader.take(min(_VP8X_BYTES, length))
        reader.skip(length + length % 2 - len(head))
        if kind == _WEBP_CREDENTIALS:
            raise OddFile("signed")
        if header is None:
            header = _webp_header(kind, head)
        if kind != b"VP8X" and kind not in _WEBP_METADATA:
            kept.append(Span(start, reader.position))
    if header is None or reader.position != end:
        raise OddFile("no whole WebP")
    body: list[Part] = [
        _webp_chunk(b"VP8X", header),
        *kept,
        _webp_chunk(b"EXIF", exif),
        _webp_chunk(b"XMP ", xmp),
    ]
    return [struct.pack("<4sI4s", b"RIFF", 4 + sum(map(_length, body)), b"WEBP"), *body]


class _Reader:
    """Reads forward, and takes a file that ends too early for odd."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size_bytes = file.seek(0, os.SEEK_END)
        self.position = file.seek(0)

    def take(self, count: int) -> bytes:
        data = self._file.read(count)
        self.position += count
        if len(data) != count:
            raise OddFile("cut off")
        return data

    def skip(self, count: int) -> None:
        self.position += count
        if count < 0 or self.position > self.size_bytes:
            raise OddFile("cut off")
        self._file.seek(self.position)


def _png_text(keyword: bytes, text: bytes) -> bytes:
    """An iTXt chunk: not compressed, of no language."""
    body = b"iTXt" + keyword + b"\0\0\0\0\0" + text
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _encoded(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")


def _jpeg_segment(body: bytes) -> bytes:
    if len(body) > _SEGMENT_MAX_BYTES:
        raise OddFile("too long for a segment")
    return struct.pack(">BBH", 0xFF, _JPEG_APP1, len(body) + 2) + body


def _jpeg_marker(reader: _Reader) -> int:
    """The next segment's marker; raises OddFile where none with a length or a scan can follow."""
    if reader.take(1) != b"\xff":
        raise OddFile("no marker")
    marker = 0xFF
    while marker == 0xFF:  # any number of these may stand before a marker
        marker = reader.take(1)[0]
    if marker < 0xC0 or 0xD0 <= marker <= _JPEG_END:
        raise OddFile("no segment")
    return marker


def _webp_header(kind: bytes, head: bytes) -> bytes:
    """The VP8X chunk's content for a file whose first chunk begins like this."""
    if len(head) < _VP8X_BYTES:
        raise OddFile("no picture")
    flags = _WEBP_EXIF_FLAG | _WEBP_XMP_FLAG
    if kind == b"VP8X":
        return bytes((head[0] | flags,)) + head[1:]
    width: int
    height: int
    if kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 6)
        width, height = width & 0x3FFF, height & 0x3FFF
    elif kind == b"VP8L" and head[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", head, 1)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags |= _WEBP_ALPHA_FLAG if bits >> 28 & 1 else 0
    else:
        raise OddFile("no picture")
    return struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)


def _length(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part.end - part.start

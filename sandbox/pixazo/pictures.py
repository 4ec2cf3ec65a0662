"""The files that the stand-in serves as results: paintings, black replacements, and heavy ones for measuring.

Everything here is a pure function of its arguments, so that a picture fetched twice is the same to the byte; the
costly ones are remembered.
"""

import hashlib
import io
import random
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from sandbox.pixazo.files import png_chunk
from sandbox.pixazo.scenes import paint

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
JPEG_QUALITY = 92
PNG_LEVEL = 3
"""Paintings carry a fine grain that no level packs well, and higher ones take several times as long."""

REMEMBERED = 48
"""Paintings kept: about 1 MB each."""

_PADDING_CHUNK = b"eaSl"
"""A private, ancillary, safe-to-copy PNG chunk, which every reader skips."""

_JPEG_SEGMENT_BYTES = 65_533


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKey:
    """Everything that a picture depends on."""

    prompt: str
    seed: int
    index: int
    width: int
    height: int
    file_format: str
    """`png` or `jpeg`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


@lru_cache(maxsize=REMEMBERED)
def painting(key: PictureKey) -> bytes:
    """The file of a painting, different for each prompt, seed and index."""
    digest = hashlib.sha256(f"{key.seed}\0{key.index}\0{key.prompt}".encode("utf-8", "surrogatepass")).digest()
    return _file(paint(key.prompt, int.from_bytes(digest[:8]), key.size), key.file_format)


@lru_cache(maxsize=16)
def black(size: tuple[int, int], file_format: str) -> bytes:
    """The all-black file that replaces a flagged picture."""
    return _file(Image.new("RGB", size), file_format)


@lru_cache(maxsize=8)
def heavy(size: tuple[int, int], file_format: str, size_bytes: int) -> bytes:
    """A sound picture of exactly `size_bytes`, or a little more where so few don't hold one: noise and padding.

    One file serves all who ask for that size, so that a benchmark measures its subject and not the drawing.
    """
    width, height = size
    noise_rows = min(height, max(1, (size_bytes - 40_000) // (3 * width)))
    image = Image.new("RGB", size, "#336699")
    noise = random.Random(size_bytes).randbytes(3 * width * noise_rows)
    image.paste(Image.frombytes("RGB", (width, noise_rows), noise), (0, 0))
    data = _file(image, file_format)
    return _padded(data, file_format, size_bytes)


def _file(image: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    if file_format == "jpeg":
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


def _padded(data: bytes, file_format: str, size_bytes: int) -> bytes:
    """The same picture, made longer by parts that readers skip."""
    missing = size_bytes - len(data)
    if file_format == "png":
        if missing < 12:
            return data
        end = len(data) - 12
        return data[:end] + png_chunk(_PADDING_CHUNK, bytes(missing - 12)) + data[end:]
    segments = bytearray()
    while missing - len(segments) >= 4:
        length = min(missing - len(segments) - 4, _JPEG_SEGMENT_BYTES)
        segments += b"\xff\xfe" + (length + 2).to_bytes(2) + bytes(length)
    return data[:2] + bytes(segments) + data[2:]

"""Files that are not the picture they claim to be: other formats, animations, bombs, blanks, torn ones."""

import io
import struct
import zlib
from functools import cache

from PIL import Image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><script>alert(1)</script>
<rect width="64" height="64" fill="teal"/></svg>"""

HTML = b"<!DOCTYPE html><html><body><h1>This file has expired</h1></body></html>"


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encoded(image: Image.Image, file_format: str) -> bytes:
    """The file of a still picture."""
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


@cache
def bomb(side: int) -> bytes:
    """A sound one-bit PNG of `side`² pixels: a few kB that unpack to side²/8 bytes, and side² bytes in Pillow."""
    row = bytes(1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return PNG_MAGIC + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


@cache
def gzip_bomb(size_bytes: int) -> bytes:
    """A gzip stream that unpacks to `size_bytes` zeros, in whole MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = bytes(1024 * 1024)
    return b"".join(packer.compress(block) for _ in range(size_bytes // len(block))) + packer.flush()


@cache
def animation(file_format: str, size: tuple[int, int]) -> bytes:
    """Three plain frames as an animated GIF, PNG or WebP."""
    frames = [Image.new("RGB", size, colour) for colour in ("#c0392b", "#f1c40f", "#2980b9")]
    buffer = io.BytesIO()
    frames[0].save(buffer, file_format, save_all=True, append_images=frames[1:], duration=200, loop=0)
    return buffer.getvalue()


@cache
def plain(size: tuple[int, int], colour: str) -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new("RGB", size, colour), "PNG")


@cache
def grey_span(size: tuple[int, int], span: int) -> bytes:
    """A grey PNG whose brightest and darkest pixels lie exactly `span` apart."""
    ramp = Image.linear_gradient("L").resize(size)
    low, high = ramp.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    grey = ramp.point([100 + round(max(0, level - low) * span / (high - low)) for level in range(256)])
    return encoded(Image.merge("RGB", (grey, grey, grey)), "PNG")


def with_broken_checksum(png: bytes) -> bytes:
    """The same PNG with the checksum of its header spoiled."""
    end_of_header = len(PNG_MAGIC) + 8 + 13
    spoiled = bytearray(png)
    spoiled[end_of_header] ^= 0xFF
    return bytes(spoiled)


def with_broken_data(png: bytes) -> bytes:
    """The same PNG with a hole in the middle of its packed pixels."""
    middle = len(png) // 2
    return png[:middle] + b"\xff" * 256 + png[middle + 256 :]


def as_format(data: bytes, file_format: str) -> bytes:
    """The picture in `data` as a file of another format."""
    with Image.open(io.BytesIO(data)) as image:
        return encoded(image.convert("RGB"), file_format)

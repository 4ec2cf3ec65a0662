"""Image files of every kind that members may try, as bytes."""

import io
import struct
import tempfile
import zlib
from typing import Any, BinaryIO

from PIL import Image, ImageDraw

SIZE = (96, 72)


def drawing(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture with plenty of contrast, different in each corner."""
    image = Image.new("RGB", size, "#204060")
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, size[0] // 2, size[1] - 4), fill="#f0e0c0")
    draw.rectangle((size[0] * 3 // 4, 0, size[0], size[1] // 4), fill="#c02020")
    return image.convert(mode)


def encoded(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def source(data: bytes) -> BinaryIO:
    """An open file with the bytes, its position at the end, as a download leaves it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    file.write(data)
    return file


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(data: bytes, *chunks: bytes) -> bytes:
    """The PNG with further chunks after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def claiming(width: int, height: int) -> bytes:
    """A sound little PNG whose header says that it is another size."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + encoded(drawing())[33:]


def plain_png(width: int, height: int) -> bytes:
    """A whole PNG of any size in a few bytes: black, one bit a pixel."""
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def animation(image_format: str) -> bytes:
    frames = [drawing(), drawing().rotate(90), drawing().rotate(180)]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


def heic() -> bytes:
    """The beginning of a phone's photo: the box by which everybody tells the format."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic") + bytes(2000)


def located(image: Image.Image, orientation: int = 1) -> bytes:
    """A JPEG as a phone makes it: with a place, a camera's name, a comment and an orientation."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return encoded(image, "JPEG", quality=95, exif=exif, comment=b"SecretComment")

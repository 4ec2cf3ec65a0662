"""Every odd answer that a provider could give for three pictures, and what is to become of each of them.

Beside the stand-in's own table of faults (`sandbox/pixazo`), which has what real services are known to do, this one
has what could be imagined: flags of every kind, lists of pictures that are none, addresses, files.
"""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from PIL import Image

from models import VerdictReason
from sandbox.pixazo.result_faults import FLAGS
from tests.imaging.files import animation, chunk, claiming, drawing, encoded, heic, located, plain_png, png_with

V = VerdictReason
ASKED: Final = 3
GOOD: Final = (V.RELEASED,) * ASKED

Edit = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished body as `edit` makes it of the plain one, and the pictures' verdicts: none where it says nothing.

    `raw` is what is kept of the flags, where that is not each picture's own.
    """

    edit: Edit
    reasons: tuple[VerdictReason, ...]
    struck: bool = False
    raw: str | None = ""


def _flags(value: Any) -> Edit:
    return lambda body: {**body, FLAGS: value}


def _each(*flags: Any) -> Answer:
    """A flag for each picture: `false` lets it pass, `true` strikes, and nothing else does either."""
    kinds = {True: V.FLAGGED, False: V.RELEASED}
    reasons = tuple(kinds[flag] if isinstance(flag, bool) else V.UNCHECKED for flag in flags)
    return Answer(edit=_flags(list(flags)), reasons=reasons, struck=V.FLAGGED in reasons)


def _no_list(value: Any, raw: str | None) -> Answer:
    return Answer(edit=_flags(value), reasons=(V.FLAGS_MISSING,) * ASKED, raw=raw)


def _other_length(value: list[Any], raw: str) -> Answer:
    return Answer(edit=_flags(value), reasons=(V.FLAGS_MISMATCH,) * ASKED, raw=raw)


def _entries(change: Callable[[list[dict[str, Any]]], Any], *reasons: VerdictReason, **more: Any) -> Answer:
    """Another list of pictures, with flags that would let all three pass."""
    return Answer(edit=lambda body: {**body, "images": change(body["images"])}, reasons=reasons, **more)


def _address(make: Callable[[str], Any], reason: VerdictReason) -> Answer:
    """Another address for the first picture."""
    return _entries(lambda found: [{**found[0], "url": make(found[0]["url"])}, *found[1:]], reason, *GOOD[1:])


def _says_nothing(images: Any) -> Answer:
    return Answer(edit=lambda body: {**body, "images": images, "status": "COMPLETED"}, reasons=())


ANSWERS: Final[Mapping[str, Answer]] = {
    "flags as they should be": _each(False, False, False),
    "flags of all kinds of truth": _each(False, True, None),
    "flags all true": _each(True, True, True),
    "flags as words": _each("false", "False", "FALSE"),
    "flags as other words": _each("true", "no", ""),
    "flags as numbers": _each(0, 1, -1),
    "flags as fractions": _each(0.0, 1.0, 0.02),
    "flags that are no numbers": Answer(
        edit=_flags([float("nan"), float("inf"), False]), reasons=(V.UNCHECKED, V.UNCHECKED, V.RELEASED)
    ),
    "flags in lists": _each([False], [], [[False]]),
    "flags in objects": _each({}, {"nsfw": False}, {"value": True}),
    "flags beside a true word": _each("true", False, 1),
    "a huge flag": _each("x" * 5000, 10**400, False),
    "no flags": Answer(
        edit=lambda body: {name: body[name] for name in body if name != FLAGS},
        reasons=(V.FLAGS_MISSING,) * ASKED,
        raw=None,
    ),
    "flags null": _no_list(None, None),
    "a flag for all": _no_list(False, "false"),
    "a true flag for all": _no_list(True, "true"),
    "a number for all": _no_list(0, "0"),
    "a word for all": _no_list("false", '"false"'),
    "as many letters as pictures": _no_list("nnn", '"nnn"'),
    "an object for all": _no_list({}, "{}"),
    "an object by position": _no_list({"0": False, "1": False, "2": False}, '{"0": false, "1": false, "2": false}'),
    "no flag at all": _other_length([], "[]"),
    "one flag too few": _other_length([False, False], "[false, false]"),
    "one flag too many": _other_length([False] * 4, "[false, false, false, false]"),
    "true flags, one too few": _other_length([True, True], "[true, true]"),
    "true flags, one too many": _other_length([True] * 4, "[true, true, true, true]"),
    "the flags within a list": _other_length([[False, False, False]], "[[false, false, false]]"),
    "true for a picture that is not there": Answer(
        edit=lambda body: {**body, "images": [None, *body["images"][1:]], FLAGS: [True, False, False]},
        reasons=(V.FLAGGED, V.RELEASED, V.RELEASED),
        struck=True,
    ),
    "images null": _says_nothing(None),
    "images an empty object": _says_nothing({}),
    "images an empty text": _says_nothing(""),
    "images true": _says_nothing(True),
    "images a number": _says_nothing(3),
    "images within a list": _entries(lambda found: [found], V.FLAGS_MISMATCH, raw="[false, false, false]"),
    "images as lists": _entries(lambda found: [[entry] for entry in found], *(V.RESULT_UNAVAILABLE,) * ASKED),
    "images as numbers": _entries(lambda found: [1, 2, 3], *(V.RESULT_UNAVAILABLE,) * ASKED),
    "the same picture three times": _entries(lambda found: [found[0]] * ASKED, *GOOD),
    "an address in a list": _address(lambda url: [url], V.RESULT_UNAVAILABLE),
    "an address in an object": _address(lambda url: {"url": url}, V.RESULT_UNAVAILABLE),
    "an address that is true": _address(lambda _: True, V.RESULT_UNAVAILABLE),
    "an address of one space": _address(lambda _: " ", V.FORBIDDEN_URL),
    "an address after a space": _address(lambda url: f" {url}", V.FORBIDDEN_URL),
    "an address before a line break": _address(lambda url: f"{url}\n", V.FORBIDDEN_URL),
    "an address without a scheme": _address(lambda url: url.partition("://")[2], V.FORBIDDEN_URL),
    "an address without a host": _address(lambda _: "https:///a.png", V.FORBIDDEN_URL),
    "a picture as an address": _address(lambda _: "data:image/png;base64,iVBORw0KGgo=", V.FORBIDDEN_URL),
    "an address of a private network": _address(lambda _: "https://192.168.1.1/a.png", V.FORBIDDEN_URL),
    "a file of this machine": _address(lambda _: "file:///etc/passwd", V.FORBIDDEN_URL),
    "an address with a name and a password": _address(lambda url: url.replace("://", "://user:pass@"), V.FORBIDDEN_URL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is served in the first picture's place; nobody looks into it unless it `counts` as a download."""

    data: Callable[[], bytes]
    reason: VerdictReason
    content_type: str = "image/png"
    status: int = 200
    counts: bool = True


def _png(image: Image.Image, **options: Any) -> Callable[[], bytes]:
    return lambda: encoded(image, "PNG", **options)


def _jpeg(image: Image.Image, **options: Any) -> Callable[[], bytes]:
    return lambda: encoded(image, "JPEG", **options)


def _webp(image: Image.Image, **options: Any) -> Callable[[], bytes]:
    return lambda: encoded(image, "WEBP", **options)


def _spanning(span: int) -> Image.Image:
    """Black, but for a square that is that much brighter."""
    image = Image.new("L", (64, 48))
    image.paste(span, (8, 8, 40, 40))
    return image.convert("RGB")


def _with_alpha(image: Image.Image, alpha: int) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(alpha)
    return image


def _deep(low: int, high: int, *, colours: int) -> bytes:
    """A PNG of 16 bits for each of one or three colours, of two levels."""
    width, height = 32, 24
    pixel = [struct.pack(">H", level) * colours for level in (low, high)]
    rows = b"".join(b"\x00" + b"".join(pixel[(x + y) % 2] for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if colours == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _equally_bright() -> Image.Image:
    """Red and green of one brightness: a picture to an eye, and none to a measure of grey."""
    image = Image.new("RGB", (64, 48), (255, 0, 0))
    image.paste((0, 130, 0), (0, 0, 32, 48))
    return image


def _inks(black: int) -> Image.Image:
    return Image.new("CMYK", (64, 48), (0, 0, 0, black))


def _with_wrong_sum() -> bytes:
    """The pixels are whole; only what says so of them is not."""
    data = bytearray(encoded(drawing()))
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    data[start + 4 + length] ^= 0xFF
    return bytes(data)


def _half(make: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: make()[: len(make()) // 2]


def _box(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", brand, 0, b"mif1", brand) + bytes(2000)


def _one_frame_webp() -> bytes:
    """An animation that never moves."""
    file = io.BytesIO()
    drawing().save(file, "WEBP", save_all=True, append_images=[drawing()], duration=100, minimize_size=False)
    return file.getvalue()


@cache
def _noise() -> Image.Image:
    return Image.effect_noise((160, 120), 90).convert("RGB")


HTML: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Your session has expired</body></html>"
FILES: Final[Mapping[str, File]] = {
    "a PNG": File(data=_png(drawing()), reason=V.RELEASED),
    "a JPEG that says it is a PNG": File(data=_jpeg(drawing()), reason=V.RELEASED),
    "a PNG that says it is a video": File(data=_png(drawing()), reason=V.RELEASED, content_type="video/mp4"),
    "a palette": File(data=_png(drawing("P")), reason=V.RELEASED),
    "a palette of blacks": File(data=_png(Image.new("P", (64, 48)), optimize=False), reason=V.BLANK),
    "one bit a pixel": File(data=_png(drawing("1")), reason=V.RELEASED),
    "one black bit a pixel": File(data=lambda: plain_png(64, 48), reason=V.BLANK),
    "sixteen grey bits": File(data=lambda: _deep(0, 40_000, colours=1), reason=V.RELEASED),
    "sixteen grey bits, nearly black": File(data=lambda: _deep(0, 8 * 256, colours=1), reason=V.BLANK),
    "sixteen bits a colour": File(data=lambda: _deep(0, 40_000, colours=3), reason=V.RELEASED),
    "sixteen bits a colour, nearly black": File(data=lambda: _deep(0, 8 * 256, colours=3), reason=V.BLANK),
    "four inks": File(data=_jpeg(drawing("CMYK")), reason=V.RELEASED),
    "four inks, all black": File(data=_jpeg(_inks(255)), reason=V.BLANK),
    "four inks, all white": File(data=_jpeg(_inks(0)), reason=V.BLANK),
    "all black": File(data=_png(_spanning(0)), reason=V.BLANK),
    "all black as a JPEG": File(data=_jpeg(_spanning(0)), reason=V.BLANK, content_type="image/jpeg"),
    "all black as a WebP": File(data=_webp(_spanning(0)), reason=V.BLANK, content_type="image/webp"),
    "black with eight levels": File(data=_png(_spanning(8)), reason=V.BLANK),
    "black with nine levels": File(data=_png(_spanning(9)), reason=V.RELEASED),
    "black, progressive, with six levels": File(data=_jpeg(_spanning(6), progressive=True), reason=V.BLANK),
    "two colours of one brightness": File(data=_png(_equally_bright()), reason=V.BLANK),
    "a single pixel": File(data=_png(Image.new("RGB", (1, 1), "white")), reason=V.BLANK),
    "wholly transparent": File(data=_png(_with_alpha(drawing(), 0)), reason=V.BLANK),
    "nearly transparent": File(data=_png(_with_alpha(drawing(), 4)), reason=V.BLANK),
    "half transparent": File(data=_png(_with_alpha(drawing(), 128)), reason=V.RELEASED),
    "transparent as a WebP": File(data=_webp(_with_alpha(drawing(), 0), lossless=True, exact=True), reason=V.BLANK),
    "turned by its metadata": File(data=lambda: located(drawing(), orientation=6), reason=V.RELEASED),
    "black, and turned": File(data=lambda: located(_spanning(0), orientation=8), reason=V.BLANK),
    "metadata that can't be read": File(
        data=_jpeg(drawing(), exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"), reason=V.RELEASED
    ),
    "half of a PNG": File(data=_half(_png(_noise())), reason=V.UNDECODABLE),
    "half of a JPEG": File(data=_half(_jpeg(_noise())), reason=V.UNDECODABLE, content_type="image/jpeg"),
    "half of a progressive JPEG": File(data=_half(_jpeg(_noise(), progressive=True)), reason=V.UNDECODABLE),
    "half of a WebP": File(data=_half(_webp(_noise())), reason=V.UNDECODABLE, content_type="image/webp"),
    "a PNG without its end": File(data=lambda: encoded(drawing())[:-12], reason=V.UNDECODABLE),
    "a PNG with a wrong sum": File(data=_with_wrong_sum, reason=V.UNDECODABLE),
    "no bytes": File(data=lambda: b"", reason=V.NOT_AN_IMAGE),
    "one byte": File(data=lambda: b"\x89", reason=V.NOT_AN_IMAGE),
    "a web page": File(data=lambda: HTML, reason=V.NOT_AN_IMAGE),
    "a web page that says so": File(data=lambda: HTML, reason=V.NOT_AN_IMAGE, content_type="text/html", counts=False),
    "a picture that is said to be a fault": File(
        data=_png(drawing()), reason=V.DOWNLOAD_FAILED, status=500, counts=False
    ),
    "a picture that is said to be gone": File(
        data=_png(drawing()), reason=V.RESULT_UNAVAILABLE, status=410, counts=False
    ),
    "a part of a picture that is said to be one": File(
        data=_half(_png(_noise())), reason=V.DOWNLOAD_FAILED, status=206, counts=False
    ),
    "an answer in JSON": File(data=lambda: b'{"error": "expired"}', reason=V.NOT_AN_IMAGE),
    "an AVIF": File(data=lambda: _box(b"avif"), reason=V.NOT_AN_IMAGE, content_type="image/avif"),
    "a HEIC": File(data=heic, reason=V.NOT_AN_IMAGE),
    "a JPEG XL": File(data=lambda: b"\xff\x0a" + bytes(500), reason=V.NOT_AN_IMAGE),
    "a film": File(data=lambda: _box(b"isom"), reason=V.NOT_AN_IMAGE),
    "an archive": File(data=lambda: b"PK\x03\x04" + bytes(500), reason=V.NOT_AN_IMAGE),
    "a picture after other bytes": File(data=lambda: HTML + encoded(drawing()), reason=V.NOT_AN_IMAGE),
    "a picture before other bytes": File(data=lambda: encoded(drawing()) + HTML, reason=V.RELEASED),
    "a PNG that moves": File(data=lambda: animation("PNG"), reason=V.ANIMATED),
    "a WebP that moves": File(data=lambda: animation("WEBP"), reason=V.ANIMATED, content_type="image/webp"),
    "a WebP that never moves": File(data=_one_frame_webp, reason=V.RELEASED, content_type="image/webp"),
    "a GIF": File(data=lambda: encoded(drawing(), "GIF"), reason=V.NOT_AN_IMAGE),
    "no width": File(data=lambda: claiming(0, 64), reason=V.UNDECODABLE),
    "another size than it has": File(data=lambda: claiming(4000, 4000), reason=V.UNDECODABLE),
    "giant sides": File(data=lambda: claiming(2**31 - 1, 2**31 - 1), reason=V.TOO_MANY_PIXELS),
    "a bomb of pixels": File(data=lambda: plain_png(13_000, 13_000), reason=V.TOO_MANY_PIXELS),
    "a bomb of text": File(
        data=lambda: png_with(
            encoded(drawing()), chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(64 * 1024 * 1024), 9))
        ),
        reason=V.UNDECODABLE,
    ),
}

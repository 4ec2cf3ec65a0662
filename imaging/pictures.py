"""Foreign image files into plain pictures, and plain pictures into files. For the worker's process only.

What comes out has no metadata (a photo's holds where it was taken), no transparency, no colour profile other than
sRGB, the right way up, and is no larger than a model can use.
"""

import io
import struct
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, WebPImagePlugin

from errors import UnusableImage
from imaging.protocol import JPEG, PNG

PIXELS_MAX: Final = 4096 * 4096
ORIGINAL_SIDE_MAX_PX: Final = 16384
# The provider's largest picture has a side of 1024 px; half as much again leaves it something to scale down.
SIDE_MAX_PX: Final = 1536
# Maps are made at that very size: lines one pixel wide would turn grey if they were scaled down afterwards.
MAP_SIDE_MAX_PX: Final = 1024
SIDE_MIN_PX: Final = 64
# A PNG may be this large before a JPEG serves better: the file is uploaded to Discord and fetched by the provider.
PNG_MAX_BYTES: Final = 4_000_000
# On photos at 1536 px this costs a quarter of the default level's time for a tenth more bytes.
_PNG_LEVEL: Final = 3
_JPEG_QUALITY: Final = 92

# As in the image gate: a progressive JPEG has some ten scans, and each of a million costs the decoder as much.
_JPEG_SCANS_MAX: Final = 200
_SCAN_MARK: Final = b"\xff\xda"

# Importing the plugin is what registers the format; Pillow would otherwise import all of its formats for this one.
_WEBP: Final = str(WebPImagePlugin.WebPImageFile.format)

_ORIENTATION_TAG: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = frozenset({5, 6, 7, 8})  # orientations that swap width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A checked picture in RGB; `original_size` is its width and height as seen, before it was scaled down."""

    image: Image.Image
    lossless: bool
    original_size: tuple[int, int]


def read(data: bytes, *, side_max_px: int = SIDE_MAX_PX) -> Picture:
    """Check what a member gave, and normalise it to at most `side_max_px` on the longer side.

    Raises UnusableImage, and MemoryError where the process may have no more.
    """
    if not data:
        raise UnusableImage("empty")
    image_format = _format_of(data)
    if image_format is None:
        raise UnusableImage("not_an_image")
    if image_format == "JPEG" and data.count(_SCAN_MARK) > _JPEG_SCANS_MAX:
        raise UnusableImage("undecodable")
    # Pillow refuses what has more than twice this before it allocates anything.
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=(image_format,)) as image:
            _check(image)
            return _normalised(image, side_max_px, lossless=image_format == "PNG" or _is_lossless_webp(data))
    except Image.DecompressionBombError as error:
        raise UnusableImage("too_many_pixels") from error
    except (UnusableImage, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever damaged data makes them raise
        raise UnusableImage("undecodable") from error


def encode(image: Image.Image, *, lossless: bool) -> tuple[str, bytes]:
    """The media type and the file of an RGB picture: a PNG if that is wanted and not too large, else a JPEG."""
    file = io.BytesIO()
    if lossless:
        image.save(file, "PNG", compress_level=_PNG_LEVEL)
        if file.tell() <= PNG_MAX_BYTES:
            return PNG, file.getvalue()
        file = io.BytesIO()
    # Colours at full resolution: what is made from the picture shows every smear of a line's edge.
    image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return JPEG, file.getvalue()


def _format_of(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    return None


def _is_lossless_webp(data: bytes) -> bool:
    position = 12
    while data.startswith(b"RIFF") and position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in {b"VP8L", b"VP8 "}:
            return bool(kind == b"VP8L")
        position += 8 + length + length % 2
    return False


def _check(image: Image.Image) -> None:
    """Refuse by what the header says, before anything is decoded."""
    width, height = image.size
    if width * height > PIXELS_MAX or max(width, height) > ORIGINAL_SIDE_MAX_PX:
        raise UnusableImage("too_many_pixels")
    if min(width, height) < SIDE_MIN_PX:
        raise UnusableImage("too_small")
    # A JPEG may hold further pictures (a depth or gain map, as phones add them): the first is what everybody sees.
    if image.format in {"PNG", _WEBP} and getattr(image, "is_animated", False):
        raise UnusableImage("animated")


def _normalised(image: Image.Image, side_max_px: int, *, lossless: bool) -> Picture:
    """The picture of an opened and checked file; raises what Pillow raises."""
    width, height = image.size
    scale = min(1.0, side_max_px / max(width, height))
    target = (round(width * scale), round(height * scale))
    if min(target) < SIDE_MIN_PX:  # a strip, of which scaling down leaves too little
        raise UnusableImage("too_small")
    image.draft(None, target)  # lets a JPEG be decoded at a half, a quarter or an eighth of its size
    image.load()
    plain = _in_srgb(_scaled(image, target), image.info.get("icc_profile"))
    orientation = _orientation(image)
    if orientation in _TURNS:
        plain = plain.transpose(_TURNS[orientation])
    plain.info.clear()  # or Pillow would write a comment or a profile into the new file
    return Picture(
        image=plain, lossless=lossless, original_size=(height, width) if orientation in _LYING else (width, height)
    )


def _scaled(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Scaled down in a mode that can be, and on white where it is transparent: L, RGB or CMYK."""
    if image.mode.startswith("I"):
        # 16 bits a pixel: Pillow's own conversion cuts off at 255.
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "RGB", "CMYK"}:
        image = image.convert("L" if image.mode == "1" else "RGB")
    if image.size != target:
        image = image.resize(target, Image.Resampling.LANCZOS)
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """In sRGB, which is what a file without a profile is taken for. A profile that makes no sense is left aside."""
    if isinstance(profile, bytes):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """As Exif counts them: 1 is upright."""
    try:
        found = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 - damaged metadata is no reason to refuse a sound picture
        return 1
    return found if isinstance(found, int) else 1

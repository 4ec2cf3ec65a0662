"""The image gate: an image is released only if all that can be checked was checked, and is well.

Two steps, since a flagged image is not even downloaded: `flag_verdicts` judges the provider's own flags for every
image of a result, `examine` judges a downloaded file. Whatever they can't make sense of is withheld. `examine`
decodes, so it belongs on a worker thread.
"""

import hashlib
import json
import threading
import warnings
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO, Final

from PIL import Image, ImageChops, WebPImagePlugin

from models import GenerationResult, ResultImage, Verdict, VerdictReason

# A decoded image takes three to four bytes a pixel, and some again for the blank test: 200 MB at this size.
PIXELS_MAX: Final = 4096 * 4096

# The provider replaces a flagged picture by a black one. JPEG's rounding leaves such a picture some grey levels.
BLANK_GREY_SPAN: Final = 8

# The flag of every image that `flag_verdicts` lets pass, as `examine` takes it.
PASSED_FLAG: Final = "false"

RAW_FLAG_MAX_CHARACTERS: Final = 200  # a flag is a word; what is longer is kept to show that it was odd
READ_BYTES: Final = 1 << 18

# A progressive JPEG has some ten scans, but may hold a million of 33 bytes, each of which takes the decoder 6 ms
# at the pixel limit. Within the image's data the mark can't occur otherwise.
JPEG_SCANS_MAX: Final = 200
_SCAN_MARK: Final = b"\xff\xda"

# Importing the plugin is what registers the format: Pillow brings PNG and JPEG along by itself, and would otherwise
# import all forty of its formats for this one.
_WEBP: Final = str(WebPImagePlugin.WebPImageFile.format)

MEDIA_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", _WEBP: "image/webp"}
_FEWEST_MAGIC_BYTES: Final = 12


def flag_verdicts(result: GenerationResult) -> tuple[Verdict | None, ...]:
    """Judge the provider's flags, one entry for each image in order: None passes so far and may be downloaded.

    Only an element that is `true` gives FLAGGED, and only one that is `false` passes. If the flags are no list, or
    not one for each image, nobody knows which belongs to what, and no image passes.
    """
    flags = result.has_nsfw_concepts
    count = len(result.images)
    if not isinstance(flags, list):
        raw = None if flags is None else _as_json(flags)
        return _for_all(count, VerdictReason.FLAGS_MISSING, raw)
    if len(flags) != count:
        return _for_all(count, VerdictReason.FLAGS_MISMATCH, _as_json(flags))
    return tuple(
        _flag_verdict(index, image, flag) for index, (image, flag) in enumerate(zip(result.images, flags, strict=True))
    )


def examine(file: BinaryIO, *, index: int, raw_flag: str | None) -> Verdict:
    """Judge a downloaded file, whatever bytes are in it; the position in `file` is lost.

    Released are PNG, JPEG and WebP files, told by their first bytes, that hold one still image of at most
    PIXELS_MAX pixels, decode to the end and are not blank. Bytes after the image's end are no reason to withhold:
    no reader shows them, so what was judged is what is seen. Raises OSError only where `file` can't be read.
    """
    digest, size_bytes, scans = _measure(file)
    verdict = Verdict(
        index=index,
        reason=VerdictReason.UNDECODABLE,
        raw_flag=raw_flag,
        sha256=digest,
        size_bytes=size_bytes,
    )
    image_format = _format_by_magic(file)
    if image_format is None:
        return replace(verdict, reason=VerdictReason.NOT_AN_IMAGE)
    verdict = replace(verdict, media_type=MEDIA_TYPES[image_format])
    if image_format == "JPEG" and scans > JPEG_SCANS_MAX:
        return verdict
    try:
        with _quiet_pillow:
            return _look(file, image_format, verdict)
    except Image.DecompressionBombError:
        return replace(verdict, reason=VerdictReason.TOO_MANY_PIXELS)
    except Exception:  # noqa: BLE001 - decoders raise whatever damaged data makes them raise; all of it withholds
        return verdict


def _for_all(count: int, reason: VerdictReason, raw_flag: str | None) -> tuple[Verdict, ...]:
    return tuple(Verdict(index=index, reason=reason, raw_flag=raw_flag) for index in range(count))


def _flag_verdict(index: int, image: ResultImage, flag: object) -> Verdict | None:
    if flag is True:
        reason = VerdictReason.FLAGGED
    elif flag is not False:
        reason = VerdictReason.UNCHECKED
    elif not image.url:
        reason = VerdictReason.RESULT_UNAVAILABLE
    else:
        return None
    return Verdict(index=index, reason=reason, raw_flag=_as_json(flag))


def _as_json(value: object) -> str:
    """The provider's answer as JSON text; a long one as a JSON string of its beginning."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return '"unreadable"'
    return text if len(text) <= RAW_FLAG_MAX_CHARACTERS else json.dumps(text[: RAW_FLAG_MAX_CHARACTERS // 2])


def _measure(file: BinaryIO) -> tuple[str, int, int]:
    """The SHA-256, the size in bytes and how often JPEG's mark of a scan occurs."""
    digest = hashlib.sha256()
    size_bytes = scans = 0
    file.seek(0)
    while chunk := file.read(READ_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        scans += chunk.count(_SCAN_MARK)  # one cut in two by a chunk's end is missed, which matters to no limit
    return digest.hexdigest(), size_bytes, scans


def _format_by_magic(file: BinaryIO) -> str | None:
    file.seek(0)
    head = file.read(_FEWEST_MAGIC_BYTES)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _WEBP
    return None


def _look(file: BinaryIO, image_format: str, verdict: Verdict) -> Verdict:
    """Open and decode; raises what Pillow raises."""
    file.seek(0)
    with Image.open(file, formats=(image_format,)) as image:
        verdict = replace(verdict, width_px=image.width, height_px=image.height)
        if image.width * image.height > PIXELS_MAX:
            return replace(verdict, reason=VerdictReason.TOO_MANY_PIXELS)
        if getattr(image, "n_frames", 1) != 1:  # an animation, or a JPEG of several images
            return replace(verdict, reason=VerdictReason.ANIMATED)
        image.verify()  # a PNG's checksums and its end, which decoding alone does not look at
    file.seek(0)
    with Image.open(file, formats=(image_format,)) as image:  # Pillow can't decode what it has verified
        image.load()
        blank = _is_blank(image)
    return replace(verdict, reason=VerdictReason.BLANK if blank else VerdictReason.RELEASED)


def _is_blank(image: Image.Image) -> bool:
    """Whether the image has no contrast on a black or on a white ground.

    The ground matters for transparent pixels only. Easel asks for pictures without any, so one that would vanish
    in the dark or in the light theme counts as blank.
    """
    grey, alpha = _grey_and_alpha(image)
    if alpha is None:
        return _span(grey) <= BLANK_GREY_SPAN
    on_black = ImageChops.multiply(grey, alpha)
    on_white = ImageChops.multiply(ImageChops.invert(grey), alpha)  # as a negative, with the same span
    return min(_span(on_black), _span(on_white)) <= BLANK_GREY_SPAN


def _grey_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.mode.startswith("I"):
        # 16 bits a pixel: Pillow's own conversion cuts off at 255, which makes a near-black image look white.
        if image.has_transparency_data:
            raise ValueError("Pillow does not apply the transparent level of a 16-bit image")
        return image.convert("I").point(lambda level: level * (1 / 256)).convert("L"), None
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        return colours.convert("RGB").convert("L"), colours.getchannel("A")
    return (image if image.mode == "L" else image.convert("RGB").convert("L")), None


def _span(band: Image.Image) -> float:
    low, high = band.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return high - low


class _QuietPillow:
    """Keeps Pillow's warnings (damaged metadata, size) from stderr, and from becoming errors where those are.

    The warning filters belong to the process: the first thread that comes in sets them and the last one that
    leaves restores them, or two threads at once would each restore what the other one had set.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._filters = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._threads == 0:
                self._filters.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._threads += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                self._filters.close()


_quiet_pillow = _QuietPillow()

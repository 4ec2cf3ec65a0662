"""Makes pictures ready for sending: named after what they show, marked as made by a model, and within Discord's limits.

What is too large is re-encoded until it fits, never dropped: first the quality of a JPEG goes down, then its scale.
The work runs in threads, and what it makes lies in unlinked files beside the originals, so that no crash leaves
anything behind.
"""

import asyncio
import contextlib
import io
import logging
import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, ParamSpec, cast

import discord
from PIL import Image

from generation.composing import recipe_text, words_of
from generation.delivery import ReleasedImage
from imaging.metadata import write_metadata
from models import Job

log = logging.getLogger(__name__)

MIB: Final = 1024 * 1024
# What Discord takes: a file by default (boosted guilds more), and a whole request.
FILE_BYTES: Final = 10 * MIB
REQUEST_BYTES: Final = 25 * MIB
# The card itself and the boundaries between the parts are in the request too.
_ENVELOPE_BYTES: Final = 128 * 1024

_QUALITIES: Final = (92, 85, 75, 65)
_SCALES: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1)
# Decoded, a picture may take 64 MiB, and the machine has few cores anyway.
_WORKED_ON_AT_ONCE: Final = 2

_JPEG: Final = "image/jpeg"

_SLUG_CHARACTERS: Final = 40
_ID_CHARACTERS: Final = 6
_NAMELESS: Final = "picture"
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
# Letters that have no decomposition, and apostrophes, which are inside of words.
_SPELLED_OUT: Final = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "'": "",
        "\N{RIGHT SINGLE QUOTATION MARK}": "",
    }
)


_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many bytes one file and a whole message with all of its files may have."""

    file_bytes: int = FILE_BYTES
    request_bytes: int = REQUEST_BYTES - _ENVELOPE_BYTES

    def halved(self) -> "Limits":
        """The next try where Discord found these too large."""
        return Limits(file_bytes=self.file_bytes // 2, request_bytes=self.request_bytes // 2)

    def targets(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The most bytes that each file may have: small files keep theirs, the large share what is left."""
        allowed = [0] * len(sizes)
        rest = self.request_bytes
        by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
        for done, index in enumerate(by_size):
            share = rest // (len(sizes) - done)
            allowed[index] = min(self.file_bytes, share)
            rest -= min(allowed[index], sizes[index])
        return tuple(allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture as it will be sent."""

    filename: str
    file: io.BufferedIOBase

    def as_file(self, alt_text: str) -> discord.File:
        """A file for one request, from its beginning: each try needs a new one."""
        self.file.seek(0)
        return discord.File(self.file, filename=self.filename, description=alt_text)


class Uploads:
    """Prepares pictures for sending, a few at a time."""

    def __init__(self) -> None:
        self._working = asyncio.Semaphore(_WORKED_ON_AT_ONCE)

    @contextlib.asynccontextmanager
    async def fitted(
        self, job: Job, images: Sequence[ReleasedImage], limits: Limits, *, recipe: bool
    ) -> AsyncIterator[tuple[Upload, ...]]:
        """The job's images as they may be sent under `limits`, in their order; their bytes live in this context.

        Each says in its metadata that a model made it, and with `recipe` also how. Raises OSError where an original
        is gone or the disk is full.
        """
        text = recipe_text(job) if recipe else None
        with ExitStack() as opened:
            marked = [
                _Marked(job.job_id, image, opened.enter_context(_unlinked(image.path.parent)), text) for image in images
            ]
            for picture in marked:
                await self._in_thread(picture.write)
            targets = limits.targets([picture.size_bytes for picture in marked])
            for picture, target in zip(marked, targets, strict=True):
                if picture.size_bytes > target:
                    await self._in_thread(picture.shrink, target)
            yield tuple(
                Upload(filename=filename(job, picture.index, picture.suffix), file=picture.file) for picture in marked
            )

    async def _in_thread(self, work: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
        async with self._working:
            await asyncio.to_thread(work, *args, **kwargs)


class _Marked:
    """A released image with its metadata, in a file without a name. Every method blocks and raises OSError."""

    def __init__(self, job_id: str, image: ReleasedImage, file: io.BufferedRandom, recipe: str | None) -> None:
        self.index = image.index
        self.suffix = image.path.suffix
        self.file = file
        self.size_bytes = 0
        self._job_id = job_id
        self._image = image
        self._recipe = recipe

    def write(self) -> None:
        """The original with its metadata."""
        with self._image.path.open("rb") as original:
            self._mark(original, self._image.media_type)

    def shrink(self, target_bytes: int) -> None:
        """A JPEG of at most `target_bytes`, the metadata counted in."""
        with _unlinked(self._image.path.parent) as smaller:
            shrink(self._image.path, target_bytes, smaller)
            bare_bytes = smaller.seek(0, os.SEEK_END)
            self._mark(smaller, _JPEG)
            if self.size_bytes > target_bytes:
                # What the metadata takes shows once it is there, and is the same for every picture.
                shrink(self._image.path, target_bytes - (self.size_bytes - bare_bytes), smaller)
                self._mark(smaller, _JPEG)
        self.suffix = ".jpg"

    def _mark(self, source: io.BufferedIOBase, media_type: str) -> None:
        self.file.seek(0)
        self.file.truncate()
        source.seek(0)
        into = cast("BinaryIO", self.file)
        if not write_metadata(cast("BinaryIO", source), into, media_type, recipe=self._recipe):
            log.warning(
                "picture %d could not be marked as made by a model", self.index + 1, extra={"job_id": self._job_id}
            )
        self.size_bytes = self.file.tell()


def filename(job: Job, index: int, suffix: str) -> str:
    """What the file of the job's picture at `index` is called: `a-red-fox-in-the-snow-1a2b3c-1.png`."""
    return f"{slug(words_of(job))}-{job.job_id[-_ID_CHARACTERS:]}-{index + 1}{suffix}"


def slug(words: str) -> str:
    """The words as the beginning of a file name: small letters, digits and hyphens, 40 at most, never none.

    Letters with marks lose these, some others become those that stand for them elsewhere: ü u, ß ss, æ ae. What is
    left out are other scripts: Discord would do that as well.
    """
    plain = unicodedata.normalize("NFKD", words).casefold().translate(_SPELLED_OUT)
    joined = _OTHERS.sub("-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
    if len(joined) > _SLUG_CHARACTERS:
        joined = joined[: _SLUG_CHARACTERS + 1]
        whole_words, _, rest = joined.rpartition("-")
        joined = (whole_words if len(rest) < _SLUG_CHARACTERS // 2 else joined[:_SLUG_CHARACTERS]).strip("-")
    return joined or _NAMELESS


def shrink(path: Path, target_bytes: int, into: io.BufferedIOBase) -> None:
    """Write the picture to `into` as a JPEG of at most `target_bytes`, as good as that allows.

    Even the smallest step is written where nothing fits: a picture is never dropped. Blocks; raises OSError.
    """
    with Image.open(path) as original:
        picture = _flattened(original)
    for scale in _SCALES:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        scaled = picture if scale == 1.0 else picture.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            into.seek(0)
            into.truncate()
            scaled.save(cast("IO[bytes]", into), format="JPEG", quality=quality, optimize=True)
            if into.tell() <= target_bytes:
                return


def _unlinked(folder: Path) -> io.BufferedRandom:
    return tempfile.TemporaryFile(dir=folder)


def _flattened(picture: Image.Image) -> Image.Image:
    """The picture on white, since JPEG knows no transparency."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")

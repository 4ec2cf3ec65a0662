"""Makes pictures fit Discord's upload limits: what is too large is re-encoded until it fits, never dropped.

First the quality of a JPEG goes down, then its scale. The work runs in threads, and what it makes lies in
unlinked files beside the originals, so that no crash leaves anything behind.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import discord
from PIL import Image

from generation.delivery import ReleasedImage

MIB: Final = 1024 * 1024
# What Discord takes: a file by default (boosted guilds more), and a whole request.
FILE_BYTES: Final = 10 * MIB
REQUEST_BYTES: Final = 25 * MIB
# The card itself and the boundaries between the parts are in the request too.
_ENVELOPE_BYTES: Final = 128 * 1024

_QUALITIES: Final = (92, 85, 75, 65)
_SCALES: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1)
# Decoded, a picture may take 64 MiB, and the machine has few cores anyway.
_ENCODED_AT_ONCE: Final = 2


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
    """A picture as it will be sent: the original by its path, or the file with the re-encoded bytes."""

    filename: str
    source: Path | io.BufferedIOBase

    def as_file(self, alt_text: str) -> discord.File:
        """A file for one request; discord.py closes what it opened itself, and each try needs a new one."""
        if isinstance(self.source, io.BufferedIOBase):
            self.source.seek(0)
        return discord.File(self.source, filename=self.filename, description=alt_text)


class Uploads:
    """Prepares pictures for sending, a few at a time."""

    def __init__(self) -> None:
        self._encoding = asyncio.Semaphore(_ENCODED_AT_ONCE)

    @contextlib.asynccontextmanager
    async def fitted(
        self, job_id: str, images: Sequence[ReleasedImage], limits: Limits
    ) -> AsyncIterator[tuple[Upload, ...]]:
        """The images as they may be sent under `limits`, in their order; re-encoded bytes live in this context.

        Raises OSError where an original is gone or the disk is full.
        """
        targets = limits.targets([image.size_bytes for image in images])
        with ExitStack() as opened:
            uploads = []
            for image, target in zip(images, targets, strict=True):
                name = f"easel-{job_id}-{image.index + 1}"
                if image.size_bytes <= target:
                    upload = Upload(filename=f"{name}{image.path.suffix}", source=image.path)
                else:
                    async with self._encoding:
                        smaller = opened.enter_context(tempfile.TemporaryFile(dir=image.path.parent))
                        await asyncio.to_thread(shrink, image.path, target, smaller)
                    upload = Upload(filename=f"{name}.jpg", source=smaller)
                uploads.append(upload)
            yield tuple(uploads)


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


def _flattened(picture: Image.Image) -> Image.Image:
    """The picture on white, since JPEG knows no transparency."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")

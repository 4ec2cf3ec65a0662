"""Fetching images that members give: only from Discord, within limits, and without looking into them."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from errors import DownloadFailed, StorageUnavailable, UnusableImage
from models import VerdictReason
from parameters import INPUT_MAX_BYTES
from provider.safe_download import SafeDownloader

# Each may take the whole of its limit on the disk, and holds a connection for as long as the download may last.
_FETCHED_AT_ONCE: Final = 8

# Discord's answers once an attachment was deleted, or the signature of its address has run out.
_GONE: Final = frozenset({403, 404, 410})
_WHY: Final = {VerdictReason.TOO_LARGE: "too_large", VerdictReason.NOT_AN_IMAGE: "not_an_image"}


class AttachmentFetcher:
    """Fetches attachments through a downloader whose list holds Discord's hosts, started by whoever made it."""

    def __init__(self, downloader: SafeDownloader, *, folder: Path | None = None) -> None:
        """The files of `fetched` lie in `folder`, or where the system has its temporary ones."""
        self._downloader = downloader
        self._folder = folder
        self._slots = asyncio.Semaphore(_FETCHED_AT_ONCE)

    def admits(self, url: str) -> bool:
        """Whether an image at this address can be used: it is one of Discord's own."""
        return self._downloader.admits(url)

    @contextlib.asynccontextmanager
    async def fetched(self, url: str, size_bytes: int | None) -> AsyncIterator[BinaryIO]:
        """`fetch` into a file without a name, open at its start, which is gone with this context."""
        try:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the context below
        except OSError as error:
            raise StorageUnavailable(f"no temporary file: {error}") from error
        with file:
            into = cast("BinaryIO", file)
            await self.fetch(url, size_bytes, into)
            into.seek(0)
            yield into

    async def fetch(self, url: str, size_bytes: int | None, into: BinaryIO) -> None:
        """Write the attachment into `into`, from its start; `size_bytes` is what Discord says of it, if it does.

        Raises UnusableImage with `empty`, `too_large`, `gone`, `not_an_image` (a web page) or `not_fetched`, the
        first two before anything is downloaded where the size is known, and StorageUnavailable where `into` can't be
        written. What is in the file is not looked at.
        """
        _check_size(size_bytes)
        async with self._slots:
            try:
                written_bytes = await self._downloader.fetch(url, into)
            except DownloadFailed as error:
                why = "gone" if error.status in _GONE else _WHY.get(error.reason, "not_fetched")
                raise UnusableImage(why) from error
            except OSError as error:
                raise StorageUnavailable(f"an image could not be written: {error}") from error
        _check_size(written_bytes)


def _check_size(size_bytes: int | None) -> None:
    if size_bytes == 0:
        raise UnusableImage("empty")
    if size_bytes is not None and size_bytes > INPUT_MAX_BYTES:
        raise UnusableImage("too_large")

"""Images that members give: fetched within limits, then checked and made ready in a child process."""

from dataclasses import dataclass
from typing import BinaryIO

from generation.attachments import AttachmentFetcher
from imaging.protocol import THRESHOLD_MAX
from imaging.workshop import Prepared, Workshop

__all__ = ["THRESHOLD_MAX", "InputImages", "MapSettings", "Prepared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSettings:
    """Which control map to make of an image (a `map_method` of the catalogue), with canny's two thresholds."""

    method: str
    low: int | None = None
    high: int | None = None


class InputImages:
    """From an address on Discord's CDN to an image that the provider can take."""

    def __init__(self, fetcher: AttachmentFetcher, workshop: Workshop) -> None:
        self._fetcher = fetcher
        self._workshop = workshop

    def admits(self, url: str) -> bool:
        """Whether an image at this address can be used: it is on Discord's own hosts."""
        return self._fetcher.admits(url)

    async def fetch(self, url: str, *, size_bytes: int | None = None) -> Prepared:
        """The image at `url`, checked and made small. The caller closes its file.

        `size_bytes` is what Discord says of it, where it does. Raises UnusableImage or StorageUnavailable.
        """
        async with self._fetcher.fetched(url, size_bytes) as raw:
            return await self._workshop.check(raw)

    async def map_of(self, image: BinaryIO, settings: MapSettings) -> Prepared:
        """The control map of an image that was fetched before. Raises UnusableImage or StorageUnavailable."""
        return await self._workshop.make_map(image, settings.method, low=settings.low, high=settings.high)

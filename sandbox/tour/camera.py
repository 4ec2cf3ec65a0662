"""Takes pictures of pages with a headless Chromium, and makes them small enough for a repository."""

import asyncio
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageStat

WIDTH_PX: Final = 720
SCALE: Final = 1.2
"""With the width, the most that a document shows without shrinking it: 864 pixels."""
BYTES_AT_MOST: Final = 150_000

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
# Longer than any page; what is below the last message is cut off.
_WINDOW_HEIGHT_PX: Final = 2600
_SHOT_SECONDS: Final = 60.0
# Each takes a whole browser.
_SHOTS_AT_ONCE: Final = 2
_COLOURS: Final = (256, 192)
_SMALLER: Final = 0.85
# Of 255, on average over the picture.
_UNSEEN_ERROR: Final = 0.5
_MARGIN_PX: Final = 16
_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


class CameraMissing(Exception):
    """There is no browser to take pictures with, or it took none."""


class Camera:
    """Photographs pages. Raises CameraMissing where no Chromium is on the PATH."""

    def __init__(self) -> None:
        found = next(filter(None, map(shutil.which, _BROWSERS)), None)
        if found is None:
            raise CameraMissing(f"none of {', '.join(_BROWSERS)} is on the PATH")
        self._browser = found
        self._working = asyncio.Semaphore(_SHOTS_AT_ONCE)

    async def photograph(self, page: str) -> bytes:
        """The page as a PNG file of at most `BYTES_AT_MOST`, cut off below its last message."""
        async with self._working:
            with tempfile.TemporaryDirectory(prefix="easel-camera-") as folder:
                shot = await self._shoot(page, Path(folder))
                return await asyncio.to_thread(_developed, shot)

    async def _shoot(self, page: str, folder: Path) -> bytes:
        source, target = folder / "page.html", folder / "page.png"
        source.write_text(page, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            self._browser,
            *_FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--force-device-scale-factor={SCALE}",
            f"--window-size={WIDTH_PX},{_WINDOW_HEIGHT_PX}",
            f"--screenshot={target}",
            source.as_uri(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_SHOT_SECONDS):
                await process.wait()
            return target.read_bytes()
        except (TimeoutError, FileNotFoundError) as error:
            raise CameraMissing(f"{self._browser} took no picture") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _developed(shot: bytes) -> bytes:
    """The picture without the empty part below, in as many colours as its size allows."""
    with Image.open(io.BytesIO(shot)) as image:
        whole = image.convert("RGB")
    ground = whole.getpixel((whole.width - 1, whole.height - 1))
    assert isinstance(ground, tuple)
    box = ImageChops.difference(whole, Image.new("RGB", whole.size, ground)).getbbox()
    bottom = min(whole.height, (box[3] if box else whole.height) + round(_MARGIN_PX * SCALE))
    cut = whole.crop((0, 0, whole.width, bottom))
    return next(data for data in _packings(cut) if len(data) <= BYTES_AT_MOST)


def _packings(image: Image.Image) -> Iterator[bytes]:
    """The picture as a file, the best first. What is mostly text loses nothing in a palette, paintings do."""
    plain = _plain(image)
    if max(ImageStat.Stat(ImageChops.difference(image, plain.convert("RGB"))).mean) <= _UNSEEN_ERROR:
        yield _packed(plain)
    yield _packed(image)
    while True:
        for colours in _COLOURS:
            palette = image.quantize(colours, method=Image.Quantize.FASTOCTREE)
            yield _packed(image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        image = image.resize((round(image.width * _SMALLER), round(image.height * _SMALLER)))


def _plain(image: Image.Image) -> Image.Image:
    return image.quantize(256, method=Image.Quantize.MEDIANCUT)


def _packed(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()

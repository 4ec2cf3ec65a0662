"""The private preview of `/control`: a canny map of the largest picture that may be given, in its child process."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageChops

from benchmarks.measure import Figure, heartbeat, percentile
from imaging.workshop import Workshop
from sandbox.pixazo.scenes import paint

_SIDE_PX = 4096
_ROUNDS = 7
_FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {"compress_level": 3}),
    "JPEG": ("JPEG", {"quality": 92}),
    "lossless WebP": ("WEBP", {"lossless": True, "method": 0}),
}


async def run() -> list[Figure]:
    """The slowest preview of each kind of file, the process's start included, and the event loop's lateness."""
    figures = []
    lateness: list[float] = []
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        workshop = Workshop(Path(folder))
        picture = await asyncio.to_thread(_picture)
        for name, (image_format, options) in _FILES.items():
            with tempfile.TemporaryFile(dir=folder) as file:
                await asyncio.to_thread(picture.save, file, image_format, **options)
                async with heartbeat(lateness):
                    times = [await _preview(workshop, file) for _ in range(_ROUNDS)]
            figures.append(Figure(name=f"canny preview of a 4096² {name}", value=max(times), unit="s", target=2))
        await workshop.close()
    return [
        *figures,
        Figure(name="heartbeat p99.9 meanwhile", value=percentile(lateness, 0.999), unit="ms", target=50),
        Figure(name="longest hold-up of the event loop", value=max(lateness), unit="ms"),
    ]


async def _preview(workshop: Workshop, file: BinaryIO) -> float:
    loop = asyncio.get_running_loop()
    started = loop.time()
    prepared = await workshop.make_map(file, "canny")
    took = loop.time() - started
    prepared.close()
    return took


def _picture() -> Image.Image:
    """A painting with the grain of a photo, which no format packs well."""
    size = (_SIDE_PX, _SIDE_PX)
    painting = paint("a lighthouse at dusk", 1, (1024, 1024)).resize(size)
    grain = Image.effect_noise(size, 6).point(lambda level: max(0, level - 122))
    return ImageChops.add(painting, Image.merge("RGB", [grain] * 3))

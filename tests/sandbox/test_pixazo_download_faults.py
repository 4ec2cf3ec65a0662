"""Every download fault serves what its name says."""

import asyncio
import io
import warnings
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from PIL import Image

from sandbox.pixazo import FAULTS, Stage
from sandbox.pixazo.download_faults import DRIP_BYTES, GZIP_BOMB_BYTES, HUGE_CLAIM
from tests.sandbox.pixazo_visitor import PATIENCE_SECONDS, Seen, Visitor, open_house

STATUSES = {
    "download_401": 401,
    "download_403": 403,
    "download_404": 404,
    "download_410": 410,
    "download_429": 429,
    "download_500": 500,
    "download_503": 503,
    "download_204": 204,
    "download_206": 206,
}

FAILURES = {
    "download_timeout": "timeout",
    "download_dropped": "disconnected",
    "download_cut": "broken",
    "download_claims_more": "broken",
    "download_claims_terabytes": "broken",
    "download_drip": "timeout",
    "download_endless": "timeout",
}

LOCATIONS = {
    "download_redirect_off_list": (302, "TRAP/results/ID/0.png"),
    "download_redirect_off_list_307": (307, "TRAP/results/ID/0.png"),
    "download_redirect_private": (302, "http://169.254.169.254/latest/meta-data/"),
    "download_redirect_file": (302, "file:///etc/hostname"),
    "download_redirect_same_origin": (302, "HOME/results/ID/0.png"),
    "download_redirect_nowhere": (302, ""),
}


def _decoded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _span(data: bytes) -> int:
    low, high = _decoded(data).convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return round(high - low)


def _is_whole(*, file_format: str, frames: int = 1, span: int | None = None) -> Callable[[bytes], bool]:
    """A file that decodes, in that format, with so many frames and that spread of grey."""

    def check(data: bytes) -> bool:
        picture = _decoded(data)
        whole = (picture.format, getattr(picture, "n_frames", 1)) == (file_format, frames)
        return whole and (span is None or _span(data) == span)

    return check


def _fails(*errors: type[Exception]) -> Callable[[bytes], bool]:
    """A file that Pillow refuses with one of these errors."""

    def check(data: bytes) -> bool:
        try:
            _decoded(data)
        except errors:
            return True
        return False

    return check


def _has_pixels(side: int, *, at_most_bytes: int) -> Callable[[bytes], bool]:
    """A small file whose header tells a square of that side."""

    def check(data: bytes) -> bool:
        told = (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
        return told == (side, side) and len(data) <= at_most_bytes

    return check


PNG, JPEG = "image/png", "image/jpeg"

FILES: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "download_empty": (PNG, lambda data: data == b""),
    "download_html": (PNG, lambda data: data.startswith(b"<!DOCTYPE html>")),
    "download_text": (PNG, lambda data: data == b"not a picture\n"),
    "download_magic_only": (PNG, lambda data: data == b"\x89PNG\r\n\x1a\n"),
    "download_wrong_magic": (PNG, lambda data: data[:4] == b"\x88PNG" and _span(b"\x89" + data[1:]) > 50),
    "download_junk_after_magic": (PNG, _fails(OSError, SyntaxError)),
    "download_gif": ("image/gif", _is_whole(file_format="GIF")),
    "download_gif_as_png": (PNG, _is_whole(file_format="GIF")),
    "download_bmp": (PNG, _is_whole(file_format="BMP")),
    "download_tiff": (PNG, _is_whole(file_format="TIFF")),
    "download_svg": ("image/svg+xml", lambda data: data.startswith(b"<svg")),
    "download_svg_as_png": (PNG, lambda data: data.startswith(b"<svg")),
    "download_animated_gif": ("image/gif", _is_whole(file_format="GIF", frames=3)),
    "download_animated_png": (PNG, _is_whole(file_format="PNG", frames=3)),
    "download_animated_webp": ("image/webp", _is_whole(file_format="WEBP", frames=3)),
    "download_truncated_png": (PNG, _fails(OSError)),
    "download_truncated_jpeg": (JPEG, _fails(OSError)),
    "download_broken_checksum": (PNG, _fails(OSError, SyntaxError)),
    "download_broken_data": (PNG, _fails(OSError, SyntaxError)),
    "download_pixel_bomb": (PNG, _has_pixels(30_000, at_most_bytes=200_000)),
    "download_pixel_bomb_modest": (PNG, _has_pixels(13_000, at_most_bytes=50_000)),
    "download_pixels_over_cap": (PNG, _has_pixels(4_097, at_most_bytes=10_000)),
    "download_black": (PNG, _is_whole(file_format="PNG", span=0)),
    "download_white": (PNG, _is_whole(file_format="PNG", span=0)),
    "download_uniform": (PNG, _is_whole(file_format="PNG", span=0)),
    "download_span_8": (PNG, _is_whole(file_format="PNG", span=8)),
    "download_span_9": (PNG, _is_whole(file_format="PNG", span=9)),
    "download_webp": ("image/webp", _is_whole(file_format="WEBP")),
    "download_jpeg_as_png": (PNG, _is_whole(file_format="JPEG")),
    "download_binary_type": ("application/octet-stream", _is_whole(file_format="PNG")),
    "download_html_type": ("text/html", _is_whole(file_format="PNG")),
}

OTHERS = {"download_claims_less", "download_gzip_bomb"}


async def _strike(visitor: Visitor, name: str) -> Seen:
    """What a visitor sees of the fault. It strikes always, since aiohttp repeats a GET by itself if it is dropped."""
    rule = visitor.pixazo.on_download(name, times=None)
    result = await visitor.result()
    seen = await visitor.fetch(result["images"][0]["url"])
    assert rule.fired >= 1
    assert visitor.pixazo.downloads[0].fault == name
    assert not visitor.pixazo.intruders
    return seen


@pytest.mark.parametrize("name", sorted(STATUSES))
async def test_the_status_is_the_one_in_the_name(name: str) -> None:
    async with open_house() as visitor:
        assert (await _strike(visitor, name)).status == STATUSES[name]


@pytest.mark.parametrize("name", sorted(FAILURES))
async def test_the_download_never_comes_to_its_end(name: str) -> None:
    async with open_house() as visitor:
        result = await visitor.result()
        await visitor.fetch(result["images"][0]["url"])
    patience = PATIENCE_SECONDS if FAILURES[name] == "timeout" else 10.0
    async with open_house(patience=patience) as visitor:
        assert (await _strike(visitor, name)).failure == FAILURES[name]


@pytest.mark.parametrize("name", sorted(LOCATIONS))
async def test_a_redirect_leads_where_the_name_says(name: str) -> None:
    async with open_house() as visitor:
        seen = await _strike(visitor, name)
        location = seen.headers["Location"].replace(visitor.pixazo.foreign_origin, "TRAP")
        location = location.replace(visitor.pixazo.origin, "HOME")
        request_id = visitor.pixazo.submissions[0].request_id or ""
        assert (seen.status, location.replace(request_id, "ID")) == LOCATIONS[name]


@pytest.mark.parametrize("name", sorted(FILES))
async def test_the_file_is_what_the_name_says(name: str) -> None:
    async with open_house() as visitor:
        seen = await _strike(visitor, name)
    kind, check = FILES[name]
    assert (seen.status, seen.kind, seen.failure) == (200, kind, None)
    assert check(seen.body)


async def test_a_fault_passes_and_the_next_download_is_sound() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_download("download_truncated_png")
        result = await visitor.result()
        bodies = [(await visitor.fetch(result["images"][0]["url"])).body for _ in range(2)]
        assert len(bodies[0]) < len(bodies[1])
        assert _span(bodies[1]) > 50


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("download_claims_more", lambda length: 2 * length),
        ("download_claims_less", lambda length: length // 2),
        ("download_claims_terabytes", lambda length: HUGE_CLAIM),
        ("download_cut", lambda length: length),
    ],
)
async def test_a_lying_length_is_a_lie(name: str, claimed: Callable[[int], int]) -> None:
    async with open_house() as visitor:
        result = await visitor.result()
        address = result["images"][0]["url"]
        picture = (await visitor.fetch(address)).body
        visitor.pixazo.on_download(name)
        head, _, body = (await _bytes_on_the_wire(address)).partition(b"\r\n\r\n")
    assert f"Content-Length: {claimed(len(picture))}".encode() in head
    assert body == (picture[: len(picture) // 2] if name == "download_cut" else picture)


async def _bytes_on_the_wire(address: str) -> bytes:
    """All that comes back on a connection of its own, head included, until the other side ends it."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


async def test_the_gzip_bomb_is_small_on_the_wire_and_unpacks_to_what_it_says() -> None:
    async with open_house() as visitor:
        seen = await _strike(visitor, "download_gzip_bomb")
    assert seen.headers["Content-Encoding"] == "gzip"
    assert len(seen.body) < 200_000
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacked, rest = 0, seen.body
    while rest:
        unpacked += len(unpacker.decompress(rest, 1024 * 1024))
        rest = unpacker.unconsumed_tail
    assert unpacked + len(unpacker.flush()) == GZIP_BOMB_BYTES


async def test_the_slow_drip_sends_a_little_at_a_time() -> None:
    async with open_house() as visitor:
        await visitor.fetch((await visitor.result())["images"][0]["url"])
    async with open_house(patience=PATIENCE_SECONDS) as visitor:
        assert len((await _strike(visitor, "download_drip")).body) == DRIP_BYTES


async def test_the_endless_body_begins_with_the_picture_and_outgrows_it() -> None:
    async with open_house() as visitor:
        picture = (await visitor.fetch((await visitor.result())["images"][0]["url"])).body
    async with open_house(patience=PATIENCE_SECONDS) as visitor:
        seen = await _strike(visitor, "download_endless")
        assert seen.body.startswith(picture)
        assert len(seen.body) > 2 * len(picture)


async def test_the_bombs_are_sound_files_that_pillow_judges_by_their_pixels() -> None:
    async with open_house() as visitor:
        large, modest = [(await _strike_fresh_file(visitor, name)).body for name in ("pixel_bomb", "pixel_bomb_modest")]
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(large))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(modest)) as picture:
            assert picture.size == (13_000, 13_000)


async def _strike_fresh_file(visitor: Visitor, name: str) -> Seen:
    visitor.pixazo.on_download(f"download_{name}")
    result = await visitor.result()
    return await visitor.fetch(result["images"][0]["url"])


def test_these_tables_describe_every_download_fault() -> None:
    described = {*STATUSES, *FAILURES, *LOCATIONS, *FILES, *OTHERS}
    assert described == {name for name, fault in FAULTS.items() if fault.stage is Stage.DOWNLOAD}

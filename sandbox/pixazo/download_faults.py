"""What may go wrong when a finished file is fetched, and what the file may turn out to be."""

import itertools
from collections.abc import Callable, Iterator

from sandbox.pixazo import files
from sandbox.pixazo.bodies import challenge_page, host_page
from sandbox.pixazo.faults import DownloadFault, HostedPicture, Means
from sandbox.pixazo.wire import Answer, Cut, Pieces, Reply, Silence, json_answer, raw_head

PNG = "image/png"
DRIP_SECONDS = 1.0
"""Pause of the slow drip after every few bytes: never silent for long, never done in time."""

DRIP_BYTES = 16
HUGE_CLAIM = 10 * 1024**4
GZIP_BOMB_BYTES = 128 * 1024 * 1024


def _fault(
    name: str,
    says: str,
    reply: Callable[[HostedPicture], Reply],
    means: Means = Means.UNFIT,
) -> DownloadFault:
    return DownloadFault(name=f"download_{name}", says=says, means=means, reply=reply)


def _file(
    name: str,
    says: str,
    make: Callable[[HostedPicture], bytes],
    *,
    content_type: str = PNG,
    means: Means = Means.UNFIT,
) -> DownloadFault:
    """A download that works, of a file that `make` makes."""
    return _fault(
        name,
        says,
        lambda p: Answer(headers={"Content-Type": content_type}, body=make(p)),
        means,
    )


def _redirect(name: str, says: str, location: Callable[[HostedPicture], str], status: int = 302) -> DownloadFault:
    return _fault(
        f"redirect_{name}",
        says,
        lambda p: Answer(status=status, headers={"Location": location(p)}),
    )


def _cut(p: HostedPicture, *, sent: int, claimed: int) -> Cut:
    """A head that claims `claimed` bytes, `sent` bytes of the picture, and the end of the connection."""
    head = raw_head(200, {"Content-Type": p.content_type, "Content-Length": str(claimed)})
    return Cut(sent=head + p.data[:sent], reset=False)


def _claims_less(p: HostedPicture) -> Cut:
    head = raw_head(
        200,
        {"Content-Type": p.content_type, "Content-Length": str(len(p.data) // 2), "Connection": "close"},
    )
    return Cut(sent=head + p.data, reset=False)


def _endless(p: HostedPicture) -> Pieces:
    def pieces() -> Iterator[bytes]:
        yield p.data
        yield from itertools.repeat(bytes(65536))

    return Pieces(headers={"Content-Type": p.content_type}, pieces=pieces)


def _drip(p: HostedPicture) -> Pieces:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(p.data), DRIP_BYTES):
            yield p.data[start : start + DRIP_BYTES]

    return Pieces(headers={"Content-Type": p.content_type}, pieces=pieces, pause_seconds=DRIP_SECONDS)


def _gzip_bomb(p: HostedPicture) -> Answer:
    headers = {"Content-Type": p.content_type, "Content-Encoding": "gzip"}
    return Answer(headers=headers, body=files.gzip_bomb(GZIP_BOMB_BYTES))


_ANSWERS = (
    _fault("401", "401 in HTML.", lambda _: host_page(401, "Unauthorized")),
    _fault("403", "403 in HTML.", lambda _: challenge_page()),
    _fault("404", "404 in HTML: the file is gone.", lambda _: host_page(404, "Not Found")),
    _fault("410", "410 in HTML: the file is gone.", lambda _: host_page(410, "Gone")),
    _fault("429", "429 with Retry-After: 1.", lambda _: json_answer({}, status=429, headers={"Retry-After": "1"})),
    _fault("500", "500 in HTML.", lambda _: host_page(500, "Internal Server Error")),
    _fault("503", "503 in HTML.", lambda _: host_page(503, "Service Temporarily Unavailable")),
    _fault("204", "204 without a body.", lambda _: Answer(status=204)),
    _fault(
        "206",
        "206 with the first half of the file.",
        lambda p: Answer(status=206, headers={"Content-Type": p.content_type}, body=p.data[: len(p.data) // 2]),
    ),
    _fault("timeout", "No answer.", lambda _: Silence()),
    _fault("dropped", "The connection is reset without an answer.", lambda _: Cut()),
    _fault("cut", "The connection ends half way.", lambda p: _cut(p, sent=len(p.data) // 2, claimed=len(p.data))),
    _fault(
        "claims_more",
        "Content-Length is twice the file's length.",
        lambda p: _cut(p, sent=len(p.data), claimed=2 * len(p.data)),
    ),
    _fault("claims_less", "Content-Length is half the file's length; all of it is sent.", _claims_less),
    _fault(
        "claims_terabytes",
        "Content-Length is 10 TiB.",
        lambda p: _cut(p, sent=len(p.data), claimed=HUGE_CLAIM),
    ),
    _fault("endless", "The picture, followed by zeros without end.", _endless),
    _fault("drip", "16 bytes a second.", _drip),
    _fault("gzip_bomb", "A compressed body that unpacks to 128 MiB.", _gzip_bomb),
    _redirect("off_list", "302 to another origin.", lambda p: p.foreign_origin + p.path),
    _redirect("off_list_307", "307 to another origin.", lambda p: p.foreign_origin + p.path, 307),
    _redirect("private", "302 to a private address.", lambda _: "http://169.254.169.254/latest/meta-data/"),
    _redirect("file", "302 to a file on the client's disk.", lambda _: "file:///etc/hostname"),
    _redirect("same_origin", "302 to the same address: a redirect, if not a bad one.", lambda p: p.origin + p.path),
    _redirect("nowhere", "302 with an empty Location.", lambda _: ""),
)

_FILES = (
    _file("empty", "Zero bytes.", lambda _: b""),
    _file("html", "A web page with a picture's type.", lambda _: files.HTML),
    _file("text", "A line of text with a picture's type.", lambda _: b"not a picture\n"),
    _file("magic_only", "A PNG's first eight bytes and no more.", lambda _: files.PNG_MAGIC),
    _file("wrong_magic", "A PNG whose first byte is wrong.", lambda p: b"\x88" + files.as_format(p.data, "PNG")[1:]),
    _file("junk_after_magic", "A PNG's first bytes, then junk.", lambda _: files.PNG_MAGIC + b"\x5a" * 4096),
    _file("gif", "A GIF.", lambda p: files.as_format(p.data, "GIF"), content_type="image/gif"),
    _file("gif_as_png", "A GIF with a PNG's type.", lambda p: files.as_format(p.data, "GIF")),
    _file("bmp", "A BMP with a PNG's type.", lambda p: files.as_format(p.data, "BMP")),
    _file("tiff", "A TIFF with a PNG's type.", lambda p: files.as_format(p.data, "TIFF")),
    _file("svg", "An SVG with a script in it.", lambda _: files.SVG, content_type="image/svg+xml"),
    _file("svg_as_png", "An SVG with a PNG's type.", lambda _: files.SVG),
    _file("animated_gif", "An animated GIF.", lambda p: files.animation("GIF", p.size), content_type="image/gif"),
    _file("animated_png", "An animated PNG.", lambda p: files.animation("PNG", p.size)),
    _file("animated_webp", "An animated WebP.", lambda p: files.animation("WEBP", p.size), content_type="image/webp"),
    _file("truncated_png", "The first half of a PNG.", lambda p: _half(files.as_format(p.data, "PNG"))),
    _file(
        "truncated_jpeg",
        "The first half of a JPEG.",
        lambda p: _half(files.as_format(p.data, "JPEG")),
        content_type="image/jpeg",
    ),
    _file(
        "broken_checksum",
        "A PNG whose header has a wrong checksum.",
        lambda p: files.with_broken_checksum(files.as_format(p.data, "PNG")),
    ),
    _file(
        "broken_data",
        "A PNG with a hole in its packed pixels.",
        lambda p: files.with_broken_data(files.as_format(p.data, "PNG")),
    ),
    _file("pixel_bomb", "A PNG of 30 000² pixels in a file of about 110 kB.", lambda _: files.bomb(30_000)),
    _file("pixel_bomb_modest", "A PNG of 13 000² pixels, which Pillow opens by default.", lambda _: files.bomb(13_000)),
    _file("pixels_over_cap", "A PNG of 4 097² pixels.", lambda _: files.bomb(4_097)),
    _file("black", "A black picture of the right size.", lambda p: files.plain(p.size, "#000000")),
    _file("white", "A white picture of the right size.", lambda p: files.plain(p.size, "#ffffff")),
    _file("uniform", "A picture of one colour.", lambda p: files.plain(p.size, "#2a7f8e")),
    _file("span_8", "Grey, brightest and darkest pixel 8 apart.", lambda p: files.grey_span(p.size, 8)),
    _file(
        "span_9", "Grey, brightest and darkest pixel 9 apart.", lambda p: files.grey_span(p.size, 9), means=Means.FIT
    ),
    _file(
        "webp",
        "A sound WebP.",
        lambda p: files.as_format(p.data, "WEBP"),
        content_type="image/webp",
        means=Means.FIT,
    ),
    _file("jpeg_as_png", "A sound JPEG with a PNG's type.", lambda p: files.as_format(p.data, "JPEG"), means=Means.FIT),
    _file(
        "binary_type",
        "A sound picture with the type application/octet-stream.",
        lambda p: p.data,
        content_type="application/octet-stream",
        means=Means.FIT,
    ),
    _file(
        "html_type",
        "A sound picture with the type text/html.",
        lambda p: p.data,
        content_type="text/html",
        means=Means.FIT,
    ),
)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


DOWNLOAD_FAULTS: tuple[DownloadFault, ...] = (*_ANSWERS, *_FILES)
"""Every fault of a download."""

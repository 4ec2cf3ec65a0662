"""Fetching within limits; what odd servers do to it is in the walk."""

import asyncio
import errno
import io
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from errors import DownloadFailed
from models import VerdictReason
from provider.safe_download import SafeDownloader

PATIENT = aiohttp.ClientTimeout(total=5, connect=2, sock_connect=2, sock_read=2)
LIMIT_BYTES = 300_000


class Server:
    """Serves one body, whole or in chunks, and notes who came."""

    def __init__(self) -> None:
        self.body = b"picture"
        self.status = 200
        self.announced = True
        self.requests: list[web.BaseRequest] = []
        self.origin = ""
        self.stalls = False
        self.stalled = asyncio.Event()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        if self.stalls:
            self.stalled.set()
            await asyncio.Event().wait()
        if self.announced:
            return web.Response(body=self.body, status=self.status, content_type="image/png")
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for start in range(0, len(self.body), 10_000):
            await response.write(self.body[start : start + 10_000])
        return response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    serving = Server()
    runner = web.ServerRunner(web.Server(serving.answer, handler_cancellation=True), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    serving.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield serving
    await runner.cleanup()


@asynccontextmanager
async def downloader(*hosts: str) -> AsyncIterator[SafeDownloader]:
    made = SafeDownloader(hosts, timeout=PATIENT, max_bytes=LIMIT_BYTES)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def failure_of(made: SafeDownloader, url: str | None) -> DownloadFailed:
    with pytest.raises(DownloadFailed) as raised:
        await made.fetch(url, io.BytesIO())
    return raised.value


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("size_bytes", [0, 1, 65_536, LIMIT_BYTES])
async def test_file_is_written_whole(server: Server, announced: bool, size_bytes: int) -> None:
    server.body, server.announced = bytes(range(256)) * 2000, announced
    server.body = server.body[:size_bytes]
    async with downloader(server.origin) as made:
        with tempfile.TemporaryFile() as file:
            assert await made.fetch(server.origin + "/a.png", file) == size_bytes
            file.seek(0)
            assert file.read() == server.body


@pytest.mark.parametrize("announced", [True, False])
async def test_one_byte_over_the_limit_is_refused_for_good(server: Server, announced: bool) -> None:
    server.body, server.announced = bytes(LIMIT_BYTES + 1), announced
    async with downloader(server.origin) as made:
        file = io.BytesIO()
        with pytest.raises(DownloadFailed) as raised:
            await made.fetch(server.origin + "/a.png", file)
    assert (raised.value.reason, raised.value.passing) == (VerdictReason.TOO_LARGE, False)
    assert len(file.getvalue()) <= (0 if announced else LIMIT_BYTES)


async def test_second_try_overwrites_what_the_first_one_left(server: Server) -> None:
    async with downloader(server.origin) as made:
        file = io.BytesIO(b"left over from a longer file")
        assert await made.fetch(server.origin + "/a.png", file) == 7
    assert file.getvalue() == b"picture"


async def test_no_key_cookie_or_compression_is_asked_with(server: Server) -> None:
    async with downloader(server.origin) as made:
        await made.fetch(server.origin + "/a.png", io.BytesIO())
    headers = server.requests[0].headers
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Ocp-Apim-Subscription-Key", "Cookie", "Authorization", "Referer"} & set(headers)


async def test_address_is_asked_for_as_it_was_given(server: Server) -> None:
    path = "/a%2Fb%7E/c.png?X-Amz-Signature=%2b%3D+a&b=%C3%A9"
    async with downloader(server.origin) as made:
        await made.fetch(server.origin + path, io.BytesIO())
    assert server.requests[0].raw_path == path


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254"])
async def test_listed_host_with_an_address_of_this_network_is_refused(host: str) -> None:
    async with downloader(host) as made:
        failure = await failure_of(made, f"https://{host}/a.png")
    assert (failure.reason, failure.passing) == (VerdictReason.FORBIDDEN_URL, False)
    assert "not public" in str(failure)


async def test_origin_exempts_itself_alone(server: Server) -> None:
    """The same machine by its name is another origin, and by another scheme too."""
    port = server.origin.rpartition(":")[2]
    async with downloader(server.origin, "localhost", "127.0.0.1") as made:
        for url in (f"http://localhost:{port}/", f"https://127.0.0.1:{port}/", "https://127.0.0.1/"):
            assert (await failure_of(made, url)).reason is VerdictReason.FORBIDDEN_URL
    assert server.requests == []


async def test_host_that_is_not_listed_is_named_but_nothing_else_of_its_address() -> None:
    async with downloader("storage.pixazo.ai") as made:
        failure = await failure_of(made, "https://v4.fal.media/secret.png?token=secret")
    assert str(failure) == "forbidden_url: not listed: v4.fal.media"


def test_what_may_be_fetched_can_be_asked_beforehand() -> None:
    made = SafeDownloader(["cdn.discordapp.com", "http://127.0.0.1:9"])
    assert made.admits("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1")
    assert made.admits("http://127.0.0.1:9/a.png")
    for url in ("http://cdn.discordapp.com/a.png", "https://example.org/a.png", "https://127.0.0.1/", "nonsense"):
        assert not made.admits(url)


@pytest.mark.parametrize("status", [302, 403, 404, 410, 500])
async def test_failure_tells_the_status_that_it_comes_of(server: Server, status: int) -> None:
    server.status = status
    async with downloader(server.origin) as made:
        assert (await failure_of(made, server.origin + "/a.png")).status == status


async def test_result_without_an_address_is_not_available() -> None:
    async with downloader() as made:
        failure = await failure_of(made, None)
    assert (failure.reason, failure.passing) == (VerdictReason.RESULT_UNAVAILABLE, False)


async def test_host_that_refuses_connections_may_be_tried_again(server: Server) -> None:
    async with downloader("http://127.0.0.1:9") as made:
        failure = await failure_of(made, "http://127.0.0.1:9/secret-name.png")
    assert (failure.reason, failure.passing) == (VerdictReason.DOWNLOAD_FAILED, True)
    assert failure.__cause__ is None
    assert failure.__suppress_context__
    assert "secret-name" not in str(failure)


class FullDisk(io.BytesIO):
    """A file whose writes fail from some byte on, as they do when the disk is full."""

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class FullAtTheEnd(io.BytesIO):
    """A file whose buffered bytes find no room when they are flushed."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("file", [FullDisk(), FullAtTheEnd()])
async def test_full_disk_is_no_failure_of_the_result(server: Server, file: io.BytesIO) -> None:
    async with downloader(server.origin) as made:
        with pytest.raises(OSError, match="No space left") as raised:
            await made.fetch(server.origin + "/a.png", file)
        assert raised.value.errno == errno.ENOSPC
        assert await made.fetch(server.origin + "/a.png", io.BytesIO()) == 7


async def test_read_only_file_is_no_failure_of_the_result(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    async with downloader(server.origin) as made:
        with path.open("rb") as file, pytest.raises(OSError, match=r"not writable|truncate"):
            await made.fetch(server.origin + "/a.png", file)


async def test_cancelled_download_is_cancelled_at_once(server: Server) -> None:
    server.stalls = True
    async with downloader(server.origin) as made:
        task = asyncio.create_task(made.fetch(server.origin + "/a.png", io.BytesIO()))
        await asyncio.wait_for(server.stalled.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_downloader_that_was_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        await SafeDownloader(["storage.pixazo.ai"]).fetch("https://storage.pixazo.ai/a.png", io.BytesIO())


def test_entry_that_means_nothing_is_named() -> None:
    with pytest.raises(ValueError, match=r"'\*\.com' is not"):
        SafeDownloader(["storage.pixazo.ai", "*.com"])

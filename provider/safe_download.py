"""Fetching a file from an address that somebody else chose, within limits.

Only listed hosts, no redirects, no network address that is not public, no more bytes and no more time than allowed, no
cookies, no proxy, no key. Nothing that leaves this module holds more of an address than its host: the whole of it
opens the file to whoever has it, also where the image is withheld.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

import aiohttp

from errors import DownloadFailed
from models import VerdictReason
from provider.addresses import ForbiddenAddress, open_public_socket
from provider.file_writer import FileWriter
from provider.host_list import HostList

# A 1024² PNG has some 2 MB, a noisy one of 4096² 50 MB: beyond 32 MiB nothing that was asked for comes.
FILE_MAX_BYTES: Final = 32 * 1024 * 1024

CHUNK_BYTES: Final = 64 * 1024

# What is gathered before a thread writes it: the hop costs some 0.1 ms, the memory is held once a download.
BATCH_BYTES: Final = 256 * 1024

# The total holds for the body too: 32 MiB need half a megabyte a second.
DOWNLOAD_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, connect=15, sock_connect=10, sock_read=15)

# What the pipeline fetches at once is bounded there; this only bounds the sockets.
CONNECTIONS_MAX: Final = 32

# A timeout is an OSError; UnicodeError comes of a host's name that can't be encoded for DNS. They are translated
# `from None`, since the texts of these exceptions hold the address.
NETWORK_FAULTS: Final = (aiohttp.ClientError, OSError, UnicodeError)

_HEADERS: Final = {"Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What a started downloader holds. A connection made for an exempt origin serves nothing else, so that each
    kind has a session of its own.
    """

    guarded: aiohttp.ClientSession
    exempt: aiohttp.ClientSession
    writer: FileWriter


class SafeDownloader:
    """Fetches files from the listed hosts. `start` before use, `close` after it."""

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        timeout: aiohttp.ClientTimeout = DOWNLOAD_TIMEOUT,
        max_bytes: int = FILE_MAX_BYTES,
    ) -> None:
        """Raises ValueError for an entry of `hosts` that can't be read."""
        self._hosts = HostList(hosts)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._opened: _Opened | None = None

    async def start(self) -> None:
        """Make the sessions. No connection is opened yet."""
        self._opened = _Opened(
            guarded=self._session(aiohttp.TCPConnector(limit=CONNECTIONS_MAX, socket_factory=open_public_socket)),
            exempt=self._session(aiohttp.TCPConnector(limit=CONNECTIONS_MAX)),
            writer=FileWriter(),
        )

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.guarded.close()
            await opened.exempt.close()
            opened.writer.close()

    def admits(self, url: str) -> bool:
        """Whether the list lets this address be fetched at all."""
        return self._hosts.admit(url) is not None

    async def fetch(self, url: str | None, into: BinaryIO) -> int:
        """Write the file at `url` into `into`, from its start, and give its size in bytes.

        Raises DownloadFailed, where `reason` is the verdict and `passing` says whether another try may succeed, and
        OSError where `into` could not be written: that says nothing about the result.
        """
        if url is None:
            raise DownloadFailed(VerdictReason.RESULT_UNAVAILABLE, passing=False)
        admitted = self._hosts.admit(url)
        if admitted is None:
            # The host alone gives nothing away, and without it nobody learns that results come from a new one.
            detail = f"not listed: {self._hosts.host_of(url) or 'no plain address'}"
            raise DownloadFailed(VerdictReason.FORBIDDEN_URL, passing=False, detail=detail)
        opened = self._opened
        if opened is None:
            raise RuntimeError("the downloader was not started")
        session = opened.exempt if admitted.exempt else opened.guarded
        try:
            response = await session.get(admitted.url, headers=_HEADERS, allow_redirects=False)
        except NETWORK_FAULTS as error:
            raise _translated(error) from None
        async with response:
            self._check_head(response)
            return await self._save(response, into, opened.writer)

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a picture does not come compressed, a bomb does
            read_bufsize=CHUNK_BYTES,
            trust_env=False,
        )

    def _check_head(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        detail = f"HTTP {status}"
        if 300 <= status < 400:
            raise DownloadFailed(VerdictReason.FORBIDDEN_URL, passing=False, detail=detail, status=status)
        if status in {404, 410}:
            raise DownloadFailed(VerdictReason.RESULT_UNAVAILABLE, passing=status == 404, detail=detail, status=status)
        if status != 200:
            # Also 401 and 403: an address whose signature ran out is made anew by the next poll.
            raise DownloadFailed(VerdictReason.DOWNLOAD_FAILED, passing=True, detail=detail, status=status)
        if response.content_type == "text/html":
            # A maintenance or "not yet there" page; the file's own bytes decide about every other type.
            raise DownloadFailed(VerdictReason.NOT_AN_IMAGE, passing=True, detail="a web page")
        if (response.content_length or 0) > self._max_bytes:
            raise DownloadFailed(VerdictReason.TOO_LARGE, passing=False)

    async def _save(self, response: aiohttp.ClientResponse, into: BinaryIO, writer: FileWriter) -> int:
        size_bytes = 0
        batch = bytearray()
        await writer.rewind(into)
        while chunk := await _receive(response):
            size_bytes += len(chunk)
            if size_bytes > self._max_bytes:
                raise DownloadFailed(VerdictReason.TOO_LARGE, passing=False)
            batch += chunk
            if len(batch) >= BATCH_BYTES:
                await writer.append(into, batch)
                batch = bytearray()
        await writer.append(into, batch)
        return size_bytes


async def _receive(response: aiohttp.ClientResponse) -> bytes:
    """Some more of the body, nothing at its end."""
    try:
        return await response.content.read(CHUNK_BYTES)
    except NETWORK_FAULTS as error:
        raise _translated(error) from None


def _translated(error: Exception) -> DownloadFailed:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ForbiddenAddress):
        return DownloadFailed(VerdictReason.FORBIDDEN_URL, passing=False, detail="the address is not public")
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):
        return DownloadFailed(VerdictReason.FORBIDDEN_URL, passing=False, detail="the address is malformed")
    detail = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
    return DownloadFailed(VerdictReason.DOWNLOAD_FAILED, passing=True, detail=detail)

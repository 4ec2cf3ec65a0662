"""The client of the image API: submit, poll, download, probe.

What matters here is what an answer proves. A submission that was or may have been accepted is paid for, so
`submit` says NotAccepted, RateLimited or AccountRefused only where it is proven that nothing was taken: no
connection came about, or the server itself said no. Everything else is AcceptanceUnknown.
"""

import json
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Final, NoReturn, Self

import aiohttp
from yarl import URL

from clock import Clock
from errors import (
    AcceptanceUnknown,
    AccountRefused,
    PollInconclusive,
    RateLimited,
    RequestRejected,
    RequestUnknown,
    Unreachable,
)
from models import FailureReason, GenerationRequest
from provider.exchange import Reply, is_success, read_reply, retry_after
from provider.failures import means_in_progress, read_error
from provider.safe_download import DOWNLOAD_TIMEOUT, SafeDownloader
from provider.wire import Pending, PollAnswer, body_of, read_answer, read_request_id

# The wait is generous, since giving up on an answer puts money in doubt: a queueing endpoint answers in a second,
# a gateway gives up after 60 to 100. Connecting is different: failing there is free and proven, so it fails soon,
# and so much earlier than `total` that the two can't be confused.
SUBMIT_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, connect=15, sock_connect=10, sock_read=90)

# The provider's samples use 10 s. A poll that is given up costs nothing but another poll.
POLL_TIMEOUT: Final = aiohttp.ClientTimeout(total=20, connect=10, sock_connect=5, sock_read=10)

# More sockets than the runner has workers only wait in the connector.
CONNECTIONS_MAX: Final = 32

# Longer than the gap between two polls of a slow job, so that most polls find a connection open; a third of a
# poll's cost is its TLS handshake otherwise.
KEEPALIVE_SECONDS: Final = 75

# aiohttp's faults of an unusable address and of making a connection (name, address, TLS): no byte of the request
# was sent. Its SocketTimeoutError, ServerDisconnectedError and plain ClientOSError come later, with bytes on the way.
NOTHING_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

# Polled to see whether the key is taken: an id that was never given out, so nothing is spent.
PROBE_REQUEST_ID: Final = "easel-key-check"

ACCOUNT_STATUSES: Final = frozenset({401, 402, 403})

# 408 and 499 are the words of a proxy that lost one side: the other may have been served.
UNCLEAR_STATUSES: Final = frozenset({408, 499})

# 400 and 422 are about the request's own values, by the provider's page and the model host's schema.
INVALID_STATUSES: Final = frozenset({400, 422})

# A poll answered with one of these was itself wrong or in the way; that says nothing about its submission.
POLL_MISHAPS: Final = frozenset({405, 406, 407, 408, 411, 413, 414, 415, 417, 421, 425, 426, 431, 499})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each kind of exchange may take; every one bounds connecting, silence and the whole."""

    submit: aiohttp.ClientTimeout = SUBMIT_TIMEOUT
    poll: aiohttp.ClientTimeout = POLL_TIMEOUT
    download: aiohttp.ClientTimeout = DOWNLOAD_TIMEOUT


class PixazoClient:
    """The image API behind one key. An async context manager, or `start` and `close`.

    `result_hosts` are the entries of PIXAZO_RESULT_HOSTS; raises ValueError for one that can't be read. Every
    method lets CancelledError through at once; a cancelled `submit` may have been accepted.
    """

    def __init__(
        self,
        *,
        submit_url: str,
        status_url: str,
        api_key: str,
        result_hosts: tuple[str, ...],
        clock: Clock,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._submit_url = URL(submit_url)
        self._status_url = URL(status_url)
        self._headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache",
            "Ocp-Apim-Subscription-Key": api_key,
        }
        self._clock = clock
        self._timeouts = timeouts or Timeouts()
        self._downloader = SafeDownloader(result_hosts, timeout=self._timeouts.download)
        self._submissions: aiohttp.ClientSession | None = None
        self._polls: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make the sessions. No connection is opened yet."""
        # A kept-alive connection that the server closes just then would look like a submission in doubt.
        self._submissions = self._session(
            aiohttp.TCPConnector(limit=CONNECTIONS_MAX, force_close=True), self._timeouts.submit
        )
        self._polls = self._session(
            aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEPALIVE_SECONDS),
            self._timeouts.poll,
        )
        await self._downloader.start()

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        for session in (self._submissions, self._polls):
            if session is not None:
                await session.close()
        await self._downloader.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def submit(self, request: GenerationRequest) -> str:
        """Send a submission, once, and give the `request_id` to poll.

        Raises Unreachable, RequestRejected, RateLimited and AccountRefused where it is proven that nothing was
        accepted, and AcceptanceUnknown in every other case.
        """
        try:
            reply = await self._post(self._submissions, self._submit_url, body_of(request))
        except NOTHING_SENT as error:
            raise Unreachable(_connect_fault(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            # The connection stood, so the request may have arrived in full, whatever broke after that.
            raise AcceptanceUnknown(_transport_fault(error)) from error
        request_id = read_request_id(reply.content) if is_success(reply.status) else None
        if request_id is None:
            self._refuse_submission(reply)
        return request_id

    async def poll(self, request_id: str) -> PollAnswer:
        """Ask once for a submission's state.

        Raises AccountRefused, RateLimited, RequestUnknown (404), and PollInconclusive for everything that says
        nothing about the submission.
        """
        try:
            reply = await self._post(self._polls, self._status_url, {"request_id": request_id})
        except (aiohttp.ClientError, OSError) as error:
            connected = not isinstance(error, NOTHING_SENT)
            why = _transport_fault(error) if connected else _connect_fault(error)
            raise PollInconclusive(why) from error
        return self._read_poll(reply)

    async def download(self, url: str | None, into: BinaryIO) -> int:
        """Fetch a result into a file and give its size in bytes.

        The file is emptied first, so that a second try may use the same one. Raises DownloadFailed, and OSError
        where the file could not be written.
        """
        return await self._downloader.fetch(url, into)

    async def probe(self) -> None:
        """Return if the provider takes the key. Spends nothing.

        Raises AccountRefused where it does not, RateLimited and PollInconclusive where it can't be told.
        """
        try:
            await self.poll(PROBE_REQUEST_ID)
        except RequestUnknown:
            return

    @staticmethod
    def _session(connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # no proxy from the environment ever sees the key
        )

    async def _post(self, session: aiohttp.ClientSession | None, url: URL, body: dict[str, object]) -> Reply:
        if session is None:
            raise RuntimeError("the client was not started")
        data = json.dumps(body, allow_nan=False).encode()
        # Redirects are not followed: they would carry the key, and the submission, elsewhere.
        async with session.post(url, data=data, headers=self._headers, allow_redirects=False) as response:
            return await read_reply(response)

    def _refuse_submission(self, reply: Reply) -> NoReturn:
        """Raise what an answer without a usable request_id proves about the submission."""
        status = reply.status
        if status == 429:
            raise RateLimited(retry_after(reply, now=self._clock.now()))
        if status in ACCOUNT_STATUSES:
            raise AccountRefused(status, _account_detail(reply))
        if 300 <= status < 500 and status not in UNCLEAR_STATUSES:
            error = read_error(reply.content or {})
            about_values = status in INVALID_STATUSES and error.given
            fallback = FailureReason.INVALID_PARAMETER if about_values else FailureReason.REQUEST_REFUSED
            raise RequestRejected(error.reason or fallback, status=status, detail=error.words)
        if not is_success(status):
            raise AcceptanceUnknown(f"http_{status}")
        raise AcceptanceUnknown(reply.flaw or "no_request_id")

    def _read_poll(self, reply: Reply) -> PollAnswer:
        status = reply.status
        if status == 429:
            raise RateLimited(retry_after(reply, now=self._clock.now()))
        if status in ACCOUNT_STATUSES:
            raise AccountRefused(status, _account_detail(reply))
        if is_success(status) and reply.content is not None:
            return read_answer(reply.content)
        if 400 <= status < 500 and status not in POLL_MISHAPS:
            return self._read_refused_poll(reply)
        why = reply.flaw if is_success(status) else None
        raise PollInconclusive(why or f"http_{status}", retry_after=retry_after(reply, now=self._clock.now()))

    @staticmethod
    def _read_refused_poll(reply: Reply) -> PollAnswer:
        """A 4xx may be the provider's way to say that a submission is not done, or that it failed."""
        error = read_error(reply.content or {})
        if means_in_progress(error.text):
            return Pending()
        if reply.status == 404:
            raise RequestUnknown("HTTP 404")
        answer = read_answer(reply.content or {})
        if isinstance(answer, Pending):  # a gateway's own message, or a web page
            raise PollInconclusive(f"http_{reply.status}")
        return answer


def _connect_fault(error: Exception) -> str:
    """A short code for why no connection came about, without the host's name."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "connect_timeout"
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientConnectorError():
            return "connect"
        case _:
            return "address"


def _transport_fault(error: Exception) -> str:
    """A short code for how an exchange broke off once the connection stood."""
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ServerDisconnectedError():
            return "disconnected"
        case aiohttp.ClientOSError() | aiohttp.ClientConnectionResetError():
            return "connection_lost"
        case aiohttp.ClientResponseError():
            return "not_http"
        case _:
            return type(error).__name__


def _account_detail(reply: Reply) -> str:
    """Which of the refusals an account may meet, as a code: the text itself may hold parts of the key."""
    if reply.content is None:
        return "web_page" if reply.flaw == "not_json" else ""
    text = read_error(reply.content).text
    for word in ("quota", "credit", "subscription key"):
        if word in text:
            return word.replace(" ", "_")
    return ""

"""The client's own conduct on the wire: connections, headers, timeouts, cancellation. Faults are in the walk."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from errors import (
    AcceptanceUnknown,
    AccountRefused,
    PollInconclusive,
    ProviderError,
    RateLimited,
    RequestRejected,
    Unreachable,
)
from models import FailureReason, GenerationRequest
from parameters import ImageSize
from provider import client as client_module
from provider.client import PROBE_REQUEST_ID, PixazoClient, Timeouts
from provider.wire import Finished, Pending
from sandbox.pixazo import PixazoStandIn
from tests.provider.conftest import client_of
from tests.support import FakeClock

REQUEST = GenerationRequest(prompt="a heron in the reeds", image_size=ImageSize.SQUARE, seed=7)
HASTY = aiohttp.ClientTimeout(total=5, connect=0.5, sock_connect=0.3, sock_read=0.3)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def started(
    url: str, *, clock: FakeClock | None = None, timeout: aiohttp.ClientTimeout = HASTY
) -> AsyncIterator[PixazoClient]:
    """An impatient client whose two endpoints are both `url`."""
    client = PixazoClient(
        submit_url=url,
        status_url=url,
        api_key="key",
        result_hosts=(),
        clock=clock or FakeClock(),
        timeouts=Timeouts(submit=timeout, poll=timeout),
    )
    async with client:
        yield client


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that speaks as `talk` does; gives its origin. Whoever is still there at the end is cut off."""
    callers: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers[asyncio.current_task()] = writer
        # A client that leaves is often what a test is about.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.transport.abort()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    finally:
        listening.close()
        for writer in callers.values():
            writer.transport.abort()
        await asyncio.wait_for(asyncio.gather(*(task for task in callers if task)), 5)
        await listening.wait_closed()


def answering(answer: bytes) -> Talk:
    """Reads a request in full and gives this answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(answer)
        await writer.drain()

    return talk


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes whatever comes and never answers."""
    while await reader.read(65536):
        pass


async def test_submit_poll_and_probe_speak_as_the_page_says(pixazo: PixazoStandIn, client: PixazoClient) -> None:
    request_id = await client.submit(REQUEST)
    answer = await client.poll(request_id)
    assert isinstance(answer, Finished)
    assert [image.width_px for image in answer.result.images] == [512]
    assert answer.result.seed == 7
    headers = {name.lower(): value for name, value in pixazo.submissions[0].headers.items()}
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-cache"
    assert headers["ocp-apim-subscription-key"] == pixazo.key
    assert pixazo.submissions[0].body is not None
    assert pixazo.submissions[0].body["enable_safety_checker"] is True


async def test_job_under_way_is_pending(pixazo: PixazoStandIn, client: PixazoClient) -> None:
    pixazo.latency = float("inf")
    assert await client.poll(await client.submit(REQUEST)) == Pending()


async def test_every_submission_has_a_connection_of_its_own_and_polls_share_one() -> None:
    connections: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        while True:
            answer = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"request_id": "r"}'
            await answering(answer)(reader, writer)
            connections[-1] += 1

    async with server(talk) as url, started(url) as client:
        for _ in range(3):
            await client.submit(REQUEST)
        assert connections == [1, 1, 1]
        for _ in range(3):
            await client.poll("r")
        assert connections == [1, 1, 1, 3]


async def test_wrong_key_is_an_account_refused_everywhere(pixazo: PixazoStandIn) -> None:
    async with client_of(pixazo, key="wrong") as client:
        for call in (client.submit(REQUEST), client.poll("req_1"), client.probe()):
            with pytest.raises(AccountRefused) as raised:
                await call
            assert raised.value.status == 401
    assert pixazo.accepted() == []


async def test_probe_asks_for_an_id_that_was_never_given_out_and_spends_nothing(
    pixazo: PixazoStandIn, client: PixazoClient
) -> None:
    await client.probe()
    assert [poll.request_id for poll in pixazo.polls] == [PROBE_REQUEST_ID]
    assert pixazo.submissions == []


async def test_probe_that_reaches_nobody_says_so(pixazo: PixazoStandIn, client: PixazoClient) -> None:
    await pixazo.stop()
    with pytest.raises(PollInconclusive, match="connect"):
        await client.probe()


async def test_refused_connection_proves_that_nothing_was_accepted(pixazo: PixazoStandIn) -> None:
    async with client_of(pixazo, submit_url=pixazo.refused_origin) as client:
        with pytest.raises(Unreachable, match=r"^connect$"):
            await client.submit(REQUEST)


async def test_unknown_name_proves_that_nothing_was_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # A real query would leave this machine.
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with started("http://nowhere.invalid/") as client:
        with pytest.raises(Unreachable, match=r"^dns$"):
            await client.submit(REQUEST)
        with pytest.raises(PollInconclusive, match=r"^dns$"):
            await client.poll("r")


async def test_failed_tls_handshake_proves_that_nothing_was_accepted(pixazo: PixazoStandIn) -> None:
    https = pixazo.submit_url.replace("http:", "https:")  # a TLS greeting for a server that expects plain HTTP
    async with client_of(pixazo, submit_url=https) as client:
        with pytest.raises(Unreachable, match=r"^tls$") as raised:
            await client.submit(REQUEST)
    assert isinstance(raised.value.__cause__, ssl.SSLError)
    assert pixazo.submissions == []


async def test_tls_handshake_without_end_proves_that_nothing_was_accepted() -> None:
    async with server(silent) as url, started(url.replace("http:", "https:")) as client:
        with pytest.raises(Unreachable, match=r"^connect_timeout$"):
            await client.submit(REQUEST)


async def test_connection_that_never_comes_about_proves_that_nothing_was_accepted() -> None:
    # Once the queue of a listener that accepts nobody is full, Linux lets further callers wait.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        callers = [socket.socket() for _ in range(8)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        async with started(f"http://127.0.0.1:{listener.getsockname()[1]}/") as client:
            with pytest.raises(Unreachable, match=r"^connect_timeout$"):
                await client.submit(REQUEST)
        for caller in callers:
            caller.close()


async def test_waiting_in_vain_for_a_free_connection_proves_that_nothing_was_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "CONNECTIONS_MAX", 1)
    patient = aiohttp.ClientTimeout(total=5, connect=0.3, sock_connect=0.3, sock_read=5)
    arrived = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await silent(reader, writer)

    async with server(talk) as url, started(url, timeout=patient) as client:
        first = asyncio.create_task(client.submit(REQUEST))
        await asyncio.wait_for(arrived.wait(), 5)
        with pytest.raises(Unreachable, match=r"^connect_timeout$"):
            await client.submit(REQUEST)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_silence_after_the_request_stays_in_doubt() -> None:
    async with server(silent) as url, started(url) as client:
        with pytest.raises(AcceptanceUnknown, match=r"^timeout$"):
            await client.submit(REQUEST)


async def test_total_timeout_while_the_answer_drips_stays_in_doubt() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    short = aiohttp.ClientTimeout(total=0.4, connect=0.3, sock_connect=0.3, sock_read=0.3)
    async with server(drip) as url, started(url, timeout=short) as client:
        with pytest.raises(AcceptanceUnknown, match=r"^timeout$"):
            await client.submit(REQUEST)


async def test_connection_that_breaks_while_the_request_is_written_stays_in_doubt() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
        writer.transport.abort()

    async with server(reset) as url, started(url) as client:
        with pytest.raises(AcceptanceUnknown, match=r"^connection_lost$"):
            await client.submit(REQUEST)
        with pytest.raises(PollInconclusive, match=r"^connection_lost$"):
            await client.poll("r")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46" * 10,
    ],
)
async def test_answer_that_is_no_http_stays_in_doubt(answer: bytes) -> None:
    async with server(answering(answer)) as url, started(url) as client:
        with pytest.raises(AcceptanceUnknown, match=r"^not_http$"):
            await client.submit(REQUEST)
        with pytest.raises(PollInconclusive, match=r"^not_http$"):
            await client.poll("r")


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (402, AccountRefused)])
async def test_status_counts_where_its_body_is_lost(status: int, kind: type[ProviderError]) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 500\r\n\r\n".encode() + b'{"error": "'
    async with server(answering(answer)) as url, started(url) as client:
        with pytest.raises(kind):
            await client.submit(REQUEST)
        with pytest.raises(kind):
            await client.poll("r")


async def test_answer_that_falls_silent_after_its_head_stays_in_doubt() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"req')(reader, writer)
        await silent(reader, writer)

    async with server(talk) as url, started(url) as client:
        with pytest.raises(AcceptanceUnknown, match=r"^body_lost$"):
            await client.submit(REQUEST)
        with pytest.raises(PollInconclusive, match=r"^body_lost$"):
            await client.poll("r")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error": "No"}', FailureReason.INVALID_PARAMETER),
        (422, b'{"detail": "No"}', FailureReason.INVALID_PARAMETER),
        (400, b"<html>Bad Request</html>", FailureReason.REQUEST_REFUSED),
        (400, b"", FailureReason.REQUEST_REFUSED),
        (413, b'{"error": "No"}', FailureReason.REQUEST_REFUSED),
    ],
)
async def test_only_a_400_that_says_so_is_about_the_values(status: int, body: bytes, reason: FailureReason) -> None:
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with server(answering(head + body)) as url, started(url) as client:
        with pytest.raises(RequestRejected) as raised:
            await client.submit(REQUEST)
    assert raised.value.reason is reason


@pytest.mark.parametrize("status", [500, 503, 529])
async def test_server_error_says_nothing_about_the_job_whatever_its_body_says(status: int) -> None:
    body = b'{"status": "FAILED", "detail": "Runner has crashed", "error_type": "runner_disconnected"}'
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with server(answering(head + body)) as url, started(url) as client:
        with pytest.raises(PollInconclusive, match=rf"^http_{status}$"):
            await client.poll("r")


async def test_compressed_bomb_is_cut_off() -> None:
    packed = gzip.compress(bytes(64 * 1024 * 1024))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with server(answering(head.encode() + packed)) as url, started(url) as client:
        with pytest.raises(PollInconclusive, match=r"^(too_large|body_lost)$"):
            await client.poll("r")


async def test_date_in_retry_after_is_measured_by_the_clock() -> None:
    clock = FakeClock()
    date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    answer = f"HTTP/1.1 503 No\r\nRetry-After: {date}\r\nContent-Length: 0\r\n\r\n".encode()
    async with server(answering(answer)) as url, started(url, clock=clock) as client:
        with pytest.raises(PollInconclusive) as raised:
            await client.poll("r")
    assert raised.value.retry_after == 0.0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b'{"statusCode": 400, "message": "Malformed"}', "http_400"),
        (b"<html>Bad Request</html>", "http_400"),
        (b"[]", "http_400"),
        (b"", "http_400"),
    ],
)
async def test_gateways_own_400_says_nothing_about_the_job(answer: bytes, why: str) -> None:
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
    async with server(answering(head + answer)) as url, started(url) as client:
        with pytest.raises(PollInconclusive, match=rf"^{why}$"):
            await client.poll("r")


@pytest.mark.parametrize("status", [405, 413, 415, 431])
async def test_poll_that_was_itself_wrong_fails_no_job(status: int) -> None:
    body = b'{"detail": "Method Not Allowed"}'
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with server(answering(head + body)) as url, started(url) as client:
        with pytest.raises(PollInconclusive, match=rf"^http_{status}$"):
            await client.poll("r")


async def test_404_that_speaks_of_progress_is_pending() -> None:
    body = b'{"message": "Request is still in progress"}'
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with server(answering(head + body)) as url, started(url) as client:
        assert await client.poll("r") == Pending()


async def test_cancelled_submission_is_cancelled_at_once_and_not_sent_again(
    pixazo: PixazoStandIn, client: PixazoClient
) -> None:
    pixazo.on_submit("submit_timeout_after_accepting")
    task = asyncio.create_task(client.submit(REQUEST))
    await pixazo.until(lambda: bool(pixazo.submissions))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pixazo.submissions) == 1


async def test_proxies_from_the_environment_are_not_used(
    pixazo: PixazoStandIn, client: PixazoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, pixazo.foreign_origin)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    await client.poll(await client.submit(REQUEST))
    assert not pixazo.intruders


async def test_cookies_are_neither_kept_nor_sent() -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await reader.readexactly(len(b'{"request_id": "r"}'))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}")

    async with server(talk) as url, started(url.replace("127.0.0.1", "localhost")) as client:
        await client.poll("r")
        await client.poll("r")
    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


async def test_client_that_was_not_started_says_so(pixazo: PixazoStandIn) -> None:
    with pytest.raises(RuntimeError, match="not started"):
        await client_of(pixazo).submit(REQUEST)


async def test_client_may_be_closed_twice(pixazo: PixazoStandIn) -> None:
    client = client_of(pixazo)
    await client.close()
    await client.start()
    await client.close()
    await client.close()


def test_key_is_not_shown_by_the_client(pixazo: PixazoStandIn) -> None:
    assert "secret-key" not in repr(client_of(pixazo, key="secret-key"))


def test_connecting_is_given_up_long_before_the_whole() -> None:
    """Otherwise aiohttp's one timeout for the whole could strike while connecting, and leave it in doubt."""
    for timeout in (Timeouts().submit, Timeouts().poll, Timeouts().download):
        assert timeout.total
        assert timeout.connect
        assert timeout.sock_connect
        assert timeout.sock_read
        assert timeout.sock_connect <= timeout.connect <= timeout.total / 2

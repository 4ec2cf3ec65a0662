"""What the stand-in puts on the wire: whole answers, silence, cut connections and slow or endless bodies.

A reply is a value that says what happens; `send` performs it. Nothing here knows about jobs or pictures.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"
SLOW_BODY_SECONDS = 3.0
"""How long a slow body takes: no trouble for a patient client, too long for a hasty one."""

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, sent at once."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No answer at all: the connection stays open until the client gives up or the stand-in stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection ends, after `sent` (raw bytes, head included) has gone out.

    `reset` ends it with a TCP reset; otherwise it is closed in good order, as a server that believes itself done does.
    """

    sent: bytes = b""
    reset: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """A chunked answer made piece by piece, with `pause_seconds` between two pieces; it may never end."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterator[bytes]]
    pause_seconds: float = 0.0


Reply = Answer | Silence | Cut | Pieces


def json_answer(value: Any, *, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """An answer whose body is `value` as JSON."""
    body = json.dumps(value).encode()
    return Answer(status=status, headers={"Content-Type": JSON_TYPE, **headers}, body=body)


def html_answer(html: str, *, status: int, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """An answer that is a web page, as gateways and challenge pages give."""
    return Answer(status=status, headers={"Content-Type": HTML_TYPE, **headers}, body=html.encode())


def raw_head(status: int, headers: Mapping[str, str]) -> bytes:
    """The bytes of a response head, for replies that lie about what follows."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def slowly(answer: Answer) -> Pieces:
    """The same answer in ten parts with a pause after each."""
    step = max(1, -(-len(answer.body) // 10))

    def parts() -> Iterator[bytes]:
        for start in range(0, len(answer.body), step):
            yield answer.body[start : start + step]

    return Pieces(status=answer.status, headers=answer.headers, pieces=parts, pause_seconds=SLOW_BODY_SECONDS / 10)


async def send(request: web.Request, reply: Reply, *, stopping: asyncio.Event) -> web.StreamResponse:
    """Perform `reply` for `request`. A reply without end is cut short when `stopping` is set."""
    match reply:
        case Answer():
            return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
        case Silence():
            await stopping.wait()
            return _end(request, reset=True)
        case Cut():
            if request.transport is not None:
                request.transport.write(reply.sent)
            return _end(request, reset=reply.reset)
        case Pieces():
            return await _send_pieces(request, reply, stopping)


def _end(request: web.Request, *, reset: bool) -> web.Response:
    """End the connection; the response returned only satisfies aiohttp, it is never sent."""
    transport = request.transport
    if transport is not None:
        if reset:
            # Only with a linger time of zero does closing a socket send a reset rather than a plain end.
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
    response = web.Response()
    response.force_close()
    return response


async def _send_pieces(request: web.Request, reply: Pieces, stopping: asyncio.Event) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    try:
        await response.prepare(request)
        for piece in reply.pieces():
            if stopping.is_set():
                return _end(request, reset=True)
            await response.write(piece)
            if await _stopped_within(stopping, reply.pause_seconds):
                return _end(request, reset=True)
        await response.write_eof()
    except ConnectionError:
        # The client left in the middle, which is what such a reply is meant to make it do.
        return _end(request, reset=True)
    return response


async def _stopped_within(stopping: asyncio.Event, seconds: float) -> bool:
    if seconds <= 0:
        return stopping.is_set()
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True

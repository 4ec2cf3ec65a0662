"""The HTTP side: takes requests in, applies faults, checks the bot's token, answers in Discord's form, keeps count."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import content_disposition_filename, hdrs, parse_content_disposition, web

from sandbox.discord.bodies import Upload
from sandbox.discord.errors import (
    INVALID_JSON,
    METHOD_NOT_ALLOWED,
    TOO_LARGE,
    UNAUTHORIZED,
    UNKNOWN_ROUTE,
    ApiError,
    Json,
)
from sandbox.discord.exchanges import Exchange, ExchangeLog
from sandbox.discord.faults import Call, Fault, Faults
from sandbox.discord.form import read_snowflake, refuse
from sandbox.discord.places import MIB
from sandbox.discord.world import World

API_PREFIX: Final = "/api/v10"
REQUEST_LIMIT_BYTES: Final = 25 * MIB
"""The largest request (API reference, "Uploading Files")."""
READ_LIMIT_BYTES: Final = 256 * MIB
"""What is read before a request counts as too large, so that the client gets to see the 413."""
RATE_LIMIT: Final = 50
FILE_FIELD: Final = re.compile(r"files\[(\d+)\]")
QUOTED_PARAMETER: Final = re.compile(r';\s*(\w+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request as a handler sees it."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: Mapping[int, Upload]

    def id(self, name: str) -> int:
        """The snowflake in the path. Raises `ApiError` 50035 where it is none."""
        value = read_snowflake(self.params[name])
        if value is None:
            raise refuse((name,), "NUMBER_TYPE_COERCE", f'Value "{self.params[name]}" is not snowflake.')
        return value

    def object(self) -> Json:
        """The body, which has to be an object. Raises `ApiError` 50035 otherwise."""
        if not isinstance(self.body, dict):
            raise refuse((), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return self.body

    def flag(self, name: str) -> bool:
        """A yes or no in the query."""
        return self.query.get(name, "").lower() in {"1", "true"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer: JSON, or bytes of a content type, or nothing."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A route with its template as the OpenAPI document writes it."""

    method: str
    template: str
    handler: Handler
    needs_token: bool
    limited: bool
    bucket: str


class Server:
    """Serves routes, with faults before and after, and a log of all that passed."""

    def __init__(self, world: World, faults: Faults, log: ExchangeLog) -> None:
        self._world = world
        self._faults = faults
        self._log = log
        self._routes: list[tuple[re.Pattern[str], Route]] = []
        self.app = web.Application(client_max_size=READ_LIMIT_BYTES)

    def add(
        self,
        method: str,
        template: str,
        handler: Handler,
        *,
        prefix: str = API_PREFIX,
        needs_token: bool = True,
        limited: bool = True,
    ) -> None:
        """Serve a route; `limited` ones carry rate limit headers."""
        bucket = hashlib.sha256(f"{method} {template}".encode()).hexdigest()[:32]
        route = Route(
            method=method,
            template=template,
            handler=handler,
            needs_token=needs_token,
            limited=limited,
            bucket=bucket,
        )
        path = prefix + template
        pattern = "".join(
            r"[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path)
        )
        self._routes.append((re.compile(pattern), route))

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        self.app.router.add_route(method, path, serve)

    def seal(self) -> None:
        """Answer everything else with 404 or 405."""

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(None, request)

        self.app.router.add_route("*", "/{rest:.*}", serve)

    async def _serve(self, route: Route | None, request: web.Request) -> web.StreamResponse:
        started = asyncio.get_running_loop().time()
        try:
            raw = await request.read()
        except (ConnectionError, web.RequestPayloadError):
            # The client died while it was sending: nobody is left to answer.
            return web.Response(status=499)
        except web.HTTPRequestEntityTooLarge:
            raw = bytes(REQUEST_LIMIT_BYTES + 1)
        parsed = _parse(request, raw)
        call = self._call(route, request, parsed)
        struck: Fault | None = None
        reply: Reply | None = None
        try:
            struck = self._faults.take(call, "before") if self._faults.any else None
            if struck is not None:
                await struck.strike(call)
                reply = _faulty(struck)
            if reply is None and not (struck and struck.drop):
                reply = await self._answer(route, request, parsed, len(raw))
                late = self._faults.take(call, "after") if self._faults.any else None
                if late is not None:
                    struck = late
                    await late.strike(call)
                    reply = None if late.drop else _faulty(late) or reply
        finally:
            if self._log.wanted:
                self._note(route, request, parsed, len(raw), reply, struck, started)
        if reply is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        return self._response(route, reply)

    @staticmethod
    def _call(route: Route | None, request: web.Request, parsed: "_Parsed") -> Call:
        return Call(
            method=request.method,
            route=route.template if route else None,
            path=request.path,
            body=parsed.body,
            files=tuple(upload.filename for upload in parsed.files.values()),
        )

    async def _answer(self, route: Route | None, request: web.Request, parsed: "_Parsed", size: int) -> Reply:
        try:
            if route is None:
                raise self._unknown(request)
            if route.needs_token and request.headers.get(hdrs.AUTHORIZATION) != f"Bot {self._world.token}":
                raise ApiError(UNAUTHORIZED)
            if size > REQUEST_LIMIT_BYTES:
                raise ApiError(TOO_LARGE)
            if parsed.error is not None:
                raise parsed.error
            return await route.handler(
                Request(params=request.match_info, query=request.query, body=parsed.body, files=parsed.files)
            )
        except ApiError as error:
            return Reply(status=error.refusal.status, body=error.body())

    def _unknown(self, request: web.Request) -> ApiError:
        self._log.unknown_routes.append(f"{request.method} {request.path}")
        known = any(pattern.fullmatch(request.path) for pattern, _ in self._routes)
        return ApiError(METHOD_NOT_ALLOWED if known else UNKNOWN_ROUTE)

    def _note(
        self,
        route: Route | None,
        request: web.Request,
        parsed: "_Parsed",
        size: int,
        reply: Reply | None,
        struck: Fault | None,
        started: float,
    ) -> None:
        self._log.add(
            Exchange(
                method=request.method,
                path=request.path,
                route=route.template if route else None,
                query=dict(request.query),
                request=parsed.body,
                multipart=parsed.multipart,
                files=tuple((upload.filename, len(upload.data)) for upload in parsed.files.values()),
                request_bytes=size,
                status=reply.status if reply else None,
                answer=reply.body if reply and not isinstance(reply.body, bytes) else None,
                at=self._world.now(),
                seconds=asyncio.get_running_loop().time() - started,
                fault=str(struck) if struck else None,
            )
        )

    def _response(self, route: Route | None, reply: Reply) -> web.Response:
        headers = {"Via": "1.1 google", **reply.headers}
        if not headers["Via"]:
            del headers["Via"]
        if route is not None and route.limited:
            headers.update(self._rate_limit_headers(route, exhausted=reply.status == 429))
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        if isinstance(reply.body, bytes):
            body = reply.body
        elif isinstance(reply.body, str):
            body = reply.body.encode()
        else:
            body = json.dumps(reply.body, separators=(",", ":")).encode()
        # Exactly this content type: with a charset behind it, clients would not take the body for JSON.
        return web.Response(status=reply.status, body=body, headers={**headers, hdrs.CONTENT_TYPE: reply.content_type})

    def _rate_limit_headers(self, route: Route, *, exhausted: bool) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(RATE_LIMIT),
            "X-RateLimit-Remaining": "0" if exhausted else str(RATE_LIMIT - 1),
            "X-RateLimit-Reset": f"{self._world.now().timestamp() + 1:.3f}",
            "X-RateLimit-Reset-After": "1.000",
            "X-RateLimit-Bucket": route.bucket,
        }


def _faulty(fault: Fault) -> Reply | None:
    """The answer a fault prescribes, if it prescribes one."""
    if fault.status is None or fault.drop:
        return None
    content_type = "text/html; charset=utf-8" if isinstance(fault.body, str) else "application/json"
    return Reply(status=fault.status, body=fault.body, content_type=content_type, headers=fault.headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parsed:
    body: Any = None
    files: Mapping[int, Upload] = field(default_factory=dict)
    multipart: bool = False
    error: ApiError | None = None


def _parse(request: web.Request, raw: bytes) -> _Parsed:
    """The JSON and the files of a request; what is wrong with them is kept for the answer."""
    if not raw or len(raw) > REQUEST_LIMIT_BYTES:
        return _Parsed()
    if request.content_type == "application/json":
        return _parse_json(raw)
    if request.content_type == "multipart/form-data":
        return _parse_multipart(request, raw)
    text = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}."
    return _Parsed(error=refuse((), "CONTENT_TYPE_INVALID", text))


def _parse_json(raw: bytes) -> _Parsed:
    try:
        return _Parsed(body=json.loads(raw))
    except ValueError:
        return _Parsed(error=ApiError(INVALID_JSON))


def _parse_multipart(request: web.Request, raw: bytes) -> _Parsed:
    match = re.search(r'boundary="?([^";]+)"?', request.headers[hdrs.CONTENT_TYPE])
    if match is None:
        return _Parsed(error=ApiError(INVALID_JSON), multipart=True)
    body: Any = {}
    files: dict[int, Upload] = {}
    delimiter = b"\r\n--" + match.group(1).encode()
    # Splitting the whole body at once is several times faster than a streaming reader for large pictures.
    for part in (b"\r\n" + raw).split(delimiter)[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        by_name = {name.lower(): value for name, value in headers.items()}
        name, filename = _disposition(by_name.get("content-disposition", ""))
        numbered = FILE_FIELD.fullmatch(name)
        if name == "payload_json":
            parsed = _parse_json(data)
            if parsed.error is not None:
                return _Parsed(error=parsed.error, multipart=True)
            body = parsed.body
        elif numbered is not None:
            files[int(numbered.group(1))] = Upload(
                filename=filename or "unknown",
                data=data,
                content_type=by_name.get("content-type"),
            )
    return _Parsed(body=body, files=files, multipart=True)


def _disposition(header: str) -> tuple[str, str | None]:
    """The field's name and the file's name. aiohttp's full parser is ten times slower, and seldom needed."""
    if "*=" in header or "\\" in header:
        _, params = parse_content_disposition(header)
        return params.get("name", ""), content_disposition_filename(params)
    plain: dict[str, str] = dict(QUOTED_PARAMETER.findall(header))
    return plain.get("name", ""), plain.get("filename")

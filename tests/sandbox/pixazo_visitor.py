"""A plain aiohttp client of the Pixazo stand-in, which shares nothing with the bot's own."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.pixazo import PixazoStandIn

PATIENCE_SECONDS = 0.25
"""How long the visitor waits for an answer that is not expected to come."""

PROMPT = "a lighthouse at dusk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came back: an answer, or how it failed to come."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str | None = None
    """`timeout`, `disconnected` (before the head), `broken` (inside the body); None for a whole answer."""

    @property
    def kind(self) -> str:
        """The answer's media type without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Visitor:
    """Talks to one stand-in as its documentation asks."""

    def __init__(self, pixazo: PixazoStandIn, session: aiohttp.ClientSession) -> None:
        self.pixazo = pixazo
        self._session = session

    @property
    def headers(self) -> dict[str, str]:
        """The three headers that both endpoints want."""
        return {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache",
            "Ocp-Apim-Subscription-Key": self.pixazo.key,
        }

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Seen:
        """One POST, redirects not followed."""
        return await self._ask("POST", url, body, self.headers if headers is None else headers)

    async def submit(self, **body: Any) -> Seen:
        """Submit with a prompt, a small size and a fixed seed unless told otherwise."""
        whole = {"prompt": PROMPT, "image_size": "square", "seed": 7, **body}
        return await self.post(self.pixazo.submit_url, json.dumps(whole).encode())

    async def poll(self, request_id: str) -> Seen:
        """Ask for a job's state."""
        return await self.post(self.pixazo.status_url, json.dumps({"request_id": request_id}).encode())

    async def job(self, **body: Any) -> str:
        """Submit what must be accepted, and give the request_id that the stand-in chose."""
        await self.submit(**body)
        request_id = self.pixazo.submissions[-1].request_id
        assert request_id is not None
        return request_id

    async def result(self, **body: Any) -> dict[str, Any]:
        """The finished body of a new job."""
        value = (await self.poll(await self.job(**body))).value
        assert isinstance(value, dict)
        return value

    async def fetch(self, url: str) -> Seen:
        """Download a file."""
        return await self._ask("GET", url, b"", {})

    async def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Seen:
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                received = bytearray()
                try:
                    async for part in answer.content.iter_any():
                        received += part
                except TimeoutError:
                    failure: str | None = "timeout"
                except aiohttp.ClientError:
                    failure = "broken"
                else:
                    failure = None
                return Seen(status=answer.status, headers=answer.headers, body=bytes(received), failure=failure)
        except TimeoutError:
            return Seen(failure="timeout")
        except aiohttp.ClientError:
            return Seen(failure="disconnected")


@asynccontextmanager
async def visiting(pixazo: PixazoStandIn, *, patience: float = 10.0) -> AsyncIterator[Visitor]:
    """A visitor of a running stand-in. Bodies arrive as sent: nothing is unpacked."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=patience),
        auto_decompress=False,
        connector=aiohttp.TCPConnector(force_close=True),
    ) as session:
        yield Visitor(pixazo, session)


@asynccontextmanager
async def open_house(*, patience: float = 10.0, **settings: Any) -> AsyncIterator[Visitor]:
    """A stand-in with these settings, and a visitor of it."""
    async with PixazoStandIn(**settings) as pixazo, visiting(pixazo, patience=patience) as visitor:
        yield visitor

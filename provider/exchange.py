"""One answer of the provider as a value: read within its limits, whatever the server sends.

Statuses and headers are facts once they have arrived; a body that is then lost, endless or no JSON is a flaw of
the answer, not an exception.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from provider.failures import read_error

# A finished body with ten images is some 5 kB. A megabyte leaves room for logs and traces in it.
JSON_MAX_BYTES: Final = 1 << 20
READ_BYTES: Final = 1 << 16

# A gateway's word is not obeyed for longer than this: an absurd value would stop the bot for days.
RETRY_AFTER_MAX_SECONDS: Final = 3600.0

_AGAIN_IN: Final = re.compile(r"again in ([0-9]{1,6}) ?(second|minute|hour)?")
_UNIT_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, None: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: `content` is the decoded body if it was a JSON object, else None and `flaw` says why.

    Flaws: `body_lost`, `too_large`, `not_json`, `not_an_object`.
    """

    status: int
    content: Mapping[str, object] | None = field(repr=False)
    flaw: str | None
    retry_after_header: str | None = None


async def read_reply(response: aiohttp.ClientResponse) -> Reply:
    """Read an answer whose headers have arrived. Raises nothing but CancelledError."""
    content, flaw = await _read_object(response)
    return Reply(
        status=response.status,
        content=content,
        flaw=flaw,
        retry_after_header=response.headers.get("Retry-After"),
    )


def retry_after(reply: Reply, *, now: datetime) -> float | None:
    """The seconds that the answer asks to wait, by its header or its text; None where it names none."""
    seconds = _from_header(reply.retry_after_header or "", now=now)
    if seconds is None and reply.content is not None:
        found = _AGAIN_IN.search(read_error(reply.content).text)
        seconds = int(found[1]) * _UNIT_SECONDS[found[2]] if found else None
    return None if seconds is None else min(max(0.0, seconds), RETRY_AFTER_MAX_SECONDS)


def _from_header(text: str, *, now: datetime) -> float | None:
    """RFC 9110 allows a count of seconds or a date. Some gateways give fractions."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip()):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # "-0000" and a missing zone give a time without one; HTTP dates are UTC by definition.
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()


async def _read_object(response: aiohttp.ClientResponse) -> tuple[Mapping[str, object] | None, str | None]:
    raw = bytearray()
    try:
        async for chunk in response.content.iter_chunked(READ_BYTES):
            raw += chunk
            if len(raw) > JSON_MAX_BYTES:
                return None, "too_large"
    except (aiohttp.ClientError, OSError):  # a timeout is an OSError
        return None, "body_lost"
    try:
        content = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None, "not_json"
    if not isinstance(content, dict):
        return None, "not_an_object"
    return content, None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names all differ: of two flags for one picture, nobody can say which one holds."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name occurs twice")
    return content


def is_success(status: int) -> bool:
    """Whether the status is of the 2xx family."""
    return 200 <= status < 300

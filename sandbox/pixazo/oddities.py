"""Bodies made to hurt a careless reader: huge, deep, not text. Each is built once."""

from functools import cache

from sandbox.pixazo.wire import JSON_TYPE, Answer

HUGE_BYTES = 32 * 1024 * 1024
DEEP_LEVELS = 200_000

_HEADERS = {"Content-Type": JSON_TYPE}


def huge_json(*, request_id: str) -> Answer:
    """A valid object with a request_id, behind 32 MiB of padding."""
    return Answer(headers=_HEADERS, body=_padding() + b'"request_id": "' + request_id.encode() + b'"}')


def deep_json() -> Answer:
    """Valid JSON nested so deeply that a recursive reader fails."""
    return Answer(headers=_HEADERS, body=b"[" * DEEP_LEVELS + b"]" * DEEP_LEVELS)


@cache
def _padding() -> bytes:
    return b'{"padding": "' + b"x" * HUGE_BYTES + b'", '

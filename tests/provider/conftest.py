"""The real client, and the stand-in of the image API that it talks to over loopback."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from clock import SystemClock
from provider.client import PixazoClient, Timeouts
from sandbox.pixazo import DEFAULT_KEY, PixazoStandIn

# Short enough to wait out, long enough for the stand-in's slow bodies, which pause 0.3 s between their pieces.
IMPATIENT = aiohttp.ClientTimeout(total=8, connect=2, sock_connect=2, sock_read=1.5)
TIMEOUTS = Timeouts(
    submit=IMPATIENT,
    poll=IMPATIENT,
    download=aiohttp.ClientTimeout(total=2.5, connect=2, sock_connect=2, sock_read=1.5),
)


def client_of(pixazo: PixazoStandIn, *, key: str = DEFAULT_KEY, submit_url: str = "") -> PixazoClient:
    """A client that is set up for the stand-in, not yet started."""
    return PixazoClient(
        submit_url=submit_url or pixazo.submit_url,
        status_url=pixazo.status_url,
        api_key=key,
        result_hosts=("storage.pixazo.ai", pixazo.origin),
        clock=SystemClock(),
        timeouts=TIMEOUTS,
    )


@pytest.fixture
async def pixazo() -> AsyncIterator[PixazoStandIn]:
    async with PixazoStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def client(pixazo: PixazoStandIn) -> AsyncIterator[PixazoClient]:
    async with client_of(pixazo) as started:
        yield started

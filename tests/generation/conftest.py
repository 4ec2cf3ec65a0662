"""The stand-in of the image API, the channel, and one process's parts on both, in a time that costs nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.pixazo import PixazoStandIn
from tests.generation.assembly import Assembly, assembled
from tests.generation.quick_clock import QuickClock
from tests.generation.recording import Channel
from tests.generation.town import RATE, Town
from tests.support import FakeClock

IMAGE_BYTES = 20_000


@pytest.fixture
def clock() -> FakeClock:
    """Whoever sleeps moves the time: there is one job at work, or none."""
    return FakeClock(runs_ahead=True)


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
async def pixazo(clock: FakeClock) -> AsyncIterator[PixazoStandIn]:
    """It lives in the bot's time, and serves one noisy picture to all: painting is not the subject."""
    async with PixazoStandIn(now=clock.monotonic, latency=5.0, image_bytes=IMAGE_BYTES) as stand_in:
        yield stand_in


@pytest.fixture
async def bot(tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock) -> AsyncIterator[Assembly]:
    async with assembled(tmp_path, pixazo, channel, clock) as parts:
        yield parts


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    quick = QuickClock(rate=RATE)
    async with PixazoStandIn(now=quick.monotonic, latency=3.0, image_bytes=IMAGE_BYTES) as pixazo:
        yield Town(tmp_path, pixazo, quick)

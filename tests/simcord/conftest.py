"""The stage on which SimCord's tests play."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.pixazo import PixazoStandIn
from tests.simcord.stage import Stage, open_stage


@pytest.fixture
async def pixazo() -> AsyncIterator[PixazoStandIn]:
    """A provider of this test's own."""
    async with PixazoStandIn(latency=0.02, image_bytes=50_000) as stand_in:
        yield stand_in
        assert stand_in.intruders == []


@pytest.fixture
async def stage(request: pytest.FixtureRequest, tmp_path: Path, pixazo: PixazoStandIn) -> AsyncIterator[Stage]:
    """The bot in a guild; a test's indirect parameter holds settings that differ from the defaults."""
    async with open_stage(tmp_path, pixazo, getattr(request, "param", {})) as opened:
        yield opened

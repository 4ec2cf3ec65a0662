"""The scene in which the user interface's own tests play."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.support import FakeClock
from tests.ui.scene import Scene, open_scene
from ui import answers


@pytest.fixture
def discord_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards discord.py's classes hold the addresses that they held before."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock, discord_addresses: None) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer at once counts as slow, so that a test of slowness is quick."""
    monkeypatch.setattr(answers, "FIRST_ANSWER_SECONDS", 0.05)

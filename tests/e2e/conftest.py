"""The stand-ins and the real bot, for tests of the whole way."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from tests.e2e.bot_process import BotProcess
from tests.openapi import new_checker


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    """A Discord of this test's own; what goes over the wire is held against Discord's OpenAPI document, if there."""
    checker = new_checker()
    async with DiscordStandIn() as stand_in:
        if checker is not None:
            stand_in.exchanges.observe(checker)
        yield stand_in
        assert stand_in.unknown_routes == []
        if checker is not None:
            checker.assert_clean()


@pytest.fixture
async def pixazo() -> AsyncIterator[PixazoStandIn]:
    """A provider of this test's own."""
    async with PixazoStandIn(latency=0.2) as stand_in:
        yield stand_in
        assert stand_in.intruders == []


@pytest.fixture
async def make_bot(
    tmp_path: Path, discord: DiscordStandIn, pixazo: PixazoStandIn
) -> AsyncIterator[Callable[..., BotProcess]]:
    """Makes bots that are ended with the test."""
    made: list[BotProcess] = []

    def make(**settings: str) -> BotProcess:
        made.append(BotProcess(tmp_path, discord, pixazo, **settings))
        return made[-1]

    yield make
    for bot in made:
        await bot.close()

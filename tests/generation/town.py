"""A whole town in quick time: what outlives a process, processes one after the other, and what to wait for there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from tests.generation.assembly import Assembly, Options, assembled
from tests.generation.quick_clock import QuickClock
from tests.generation.recording import Channel
from tests.support import wait_until

RATE: Final = 50.0


class Town:
    """A stand-in, a channel and a folder in quick time, where one process after the other may run."""

    def __init__(self, folder: Path, pixazo: PixazoStandIn, clock: QuickClock) -> None:
        self.folder = folder
        self.pixazo = pixazo
        self.clock = clock
        self.channel = Channel()

    @asynccontextmanager
    async def process(self, options: Options | None = None, *, start: bool = True) -> AsyncIterator[Assembly]:
        async with assembled(self.folder, self.pixazo, self.channel, self.clock, options) as bot:
            if start:
                await bot.runner.start()
            yield bot
            assert not bot.runner.failed.done() or bot.runner.failed.exception() is None


def all_say(channel: Channel, status: JobStatus, count: int) -> Callable[[], bool]:
    return lambda: sum(card.says is status for card in channel.cards.values()) == count


async def ended_well(bot: Assembly) -> None:
    """Every job comes to its end, and then nothing is held and every account is the sum of its entries."""
    await wait_until(lambda: all(job.status.is_terminal for job in bot.snapshot().jobs))
    snapshot = bot.snapshot()
    assert snapshot.findings == ()
    assert {balance.pending for balance in snapshot.balances} <= {0}


def assert_pace(town: Town, *, per_second: float) -> None:
    """Over any ten seconds no more polls than the pace allows, and six for what a busy machine held up.

    A tenth of a second is five in quick time. Without a pace it would be several times as many.
    """
    moments = [poll.at for poll in town.pixazo.polls]
    assert len(moments) > 10
    for start in moments:
        within = sum(start <= moment < start + 10 for moment in moments)
        assert within <= 10 * per_second + 6

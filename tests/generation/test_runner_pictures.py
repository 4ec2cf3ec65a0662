"""A Discord that takes no pictures, however many there are, holds up nothing but pictures."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from generation.delivery import GivenFile, ReleasedImage
from models import GuildSettings, Job, JobStatus, Verdict
from tests.generation.assembly import Assembly, Outside, assembled, small_request
from tests.generation.recording import RecordingDelivery
from tests.generation.town import Town, all_say, ended_well
from tests.support import wait_until

S = JobStatus
# More than the runner has workers of all kinds.
MANY = 45


class NoPictures(RecordingDelivery):
    """Takes no gallery before its gate is opened; what is only words goes through."""

    gate: asyncio.Event

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        given: GivenFile | None = None,
    ) -> None:
        self.calls["hanging"] += 1
        await self.gate.wait()
        await super().deliver(job, images, verdicts, guild=guild, given=given)


@asynccontextmanager
async def process(town: Town, *, goes_on: bool = True) -> AsyncIterator[Assembly]:
    """A bot whose Discord takes no pictures, and takes them in the end if it `goes_on`."""
    outside = Outside(delivery=NoPictures)
    async with assembled(town.folder, town.pixazo, town.channel, town.clock, outside=outside) as bot:
        assert isinstance(bot.delivery, NoPictures)
        bot.delivery.gate = asyncio.Event()
        await bot.runner.start()
        yield bot
        if goes_on:
            bot.delivery.gate.set()
            await ended_well(bot)
            await wait_until(lambda: not (bot.runner.in_flight or bot.runner.at_work or bot.runner.waiting))


async def wishes(bot: Assembly, count: int) -> None:
    for _ in range(count):
        await bot.wish(small_request(num_images=1))


async def made(bot: Assembly, count: int) -> None:
    """So many pictures are made by the provider, and nobody was shown one."""
    await wait_until(lambda: sum(job.status is S.GENERATED for job in bot.snapshot().jobs) == count)


async def test_others_are_submitted_and_polled_all_the_same(town: Town) -> None:
    async with process(town) as bot:
        await wishes(bot, MANY)
        await made(bot, MANY)
        assert 8 < bot.delivery.calls["hanging"] < MANY
        await wishes(bot, 3)
        await made(bot, MANY + 3)
    assert all_say(town.channel, S.DELIVERED, MANY + 3)()
    assert len(town.pixazo.submissions) == MANY + 3


async def test_after_a_restart_too(town: Town) -> None:
    async with process(town, goes_on=False) as bot:
        await wishes(bot, MANY)
        await made(bot, MANY)
    async with process(town) as bot:
        await wait_until(lambda: bot.delivery.calls["hanging"] > 8)
        await wishes(bot, 3)
        await made(bot, MANY + 3)
    assert all_say(town.channel, S.DELIVERED, MANY + 3)()
    assert len(town.pixazo.submissions) == MANY + 3


async def test_a_card_that_is_only_words_is_changed_all_the_same(town: Town) -> None:
    async with process(town) as bot:
        await wishes(bot, MANY)
        await made(bot, MANY)
        bot.circuit.hold(3600)
        job_id = await bot.wish()
        origin = (await bot.job(job_id)).origin
        await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
        await wait_until(lambda: town.channel.cards[job_id].says is S.CANCELLED)

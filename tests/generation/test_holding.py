"""What the runner does while a guild or everything is held: who waits for whom, and for how long."""

import asyncio
from pathlib import Path

import pytest

from generation.pauses import EVERYWHERE, Pauses
from generation.timing import QUEUE_PATIENCE
from models import FailureReason, JobStatus
from sandbox.pixazo import PixazoStandIn
from tests.builders import GUILD_ID, make_origin
from tests.generation.assembly import Assembly, Options, assembled
from tests.generation.recording import Channel
from tests.generation.town import Town, all_say, ended_well
from tests.support import FakeClock, wait_until

ADMIN = 77
ANOTHER_GUILD = GUILD_ID + 1
S = JobStatus


def pauses_of(bot: Assembly) -> Pauses:
    return Pauses(database=bot.database, runner=bot.runner, clock=bot.clock)


async def some_turns_of_the_loop() -> None:
    """Time for whatever is about to happen, where nothing must."""
    for _ in range(50):
        await asyncio.sleep(0)


async def on_disk(bot: Assembly) -> None:
    """Until the pause of the guild is written down, and the runner has been told of it."""
    while not await pauses_of(bot).of(GUILD_ID):
        await asyncio.sleep(0)
    await some_turns_of_the_loop()


class TestOnTheWay:
    async def test_a_pause_returns_only_once_a_submission_without_an_answer_is_through(self, town: Town) -> None:
        town.pixazo.on_submit("submit_timeout")  # nobody knows until the client gives up
        async with town.process() as bot:
            hanging = await bot.wish()
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            pausing = asyncio.create_task(pauses_of(bot).pause(GUILD_ID, by_id=ADMIN))
            await on_disk(bot)
            assert not pausing.done()
            assert (await bot.job(hanging)).status is S.SUBMITTING
            await pausing
            assert (await bot.job(hanging)).status is S.IN_DOUBT
            other = await bot.wish(origin=make_origin(guild_id=ANOTHER_GUILD))
            await wait_until(lambda: town.channel.cards[other].says is S.DELIVERED)
            assert len(town.pixazo.submissions) == 2

    async def test_a_pause_of_one_guild_does_not_wait_for_anothers_submission(self, town: Town) -> None:
        town.pixazo.on_submit("submit_timeout")
        async with town.process() as bot:
            hanging = await bot.wish(origin=make_origin(guild_id=ANOTHER_GUILD))
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
            assert (await bot.job(hanging)).status is S.SUBMITTING
            await pauses_of(bot).pause(EVERYWHERE, by_id=ADMIN)
            assert (await bot.job(hanging)).status is S.IN_DOUBT

    async def test_a_pause_that_is_taken_back_while_it_waits_does_not_wait_for_those_after_it(self, town: Town) -> None:
        town.pixazo.submit_delay = 0.05
        async with town.process() as bot:
            pauses = pauses_of(bot)
            await bot.wish()
            await wait_until(lambda: bool(town.pixazo.submissions))
            pausing = asyncio.create_task(pauses.pause(GUILD_ID, by_id=ADMIN))
            await on_disk(bot)
            await pauses.resume(GUILD_ID, by_id=ADMIN)
            while not pausing.done():  # so there is always one on its way
                await bot.wish()
                await asyncio.sleep(0.01)
                assert len(town.channel.cards) < 50
            await ended_well(bot)

    async def test_the_end_of_the_process_ends_a_pause_that_waits(self, town: Town) -> None:
        town.pixazo.on_submit("submit_timeout")
        async with town.process() as bot:
            await bot.wish()
            await wait_until(lambda: bool(town.pixazo.submissions))
            pausing = asyncio.create_task(pauses_of(bot).pause(GUILD_ID, by_id=ADMIN))
            await on_disk(bot)
            assert not pausing.done()
            await bot.runner.stop(within_seconds=0)
            await asyncio.wait_for(pausing, 1)

    async def test_what_was_said_last_of_a_hundred_pauses_and_resumes_at_once_holds(self, town: Town) -> None:
        async with town.process() as bot:
            pauses = pauses_of(bot)
            for last in (pauses.pause, pauses.resume):
                both = (pauses.pause, pauses.resume) if last == pauses.resume else (pauses.resume, pauses.pause)
                await asyncio.gather(*(act(GUILD_ID, by_id=ADMIN) for _ in range(50) for act in both))
                paused = await pauses.of(GUILD_ID)
                assert paused == (last == pauses.pause)
                bot.queue.put("one that waits", guild_id=GUILD_ID, user_id=1, arriving=True)
                bot.queue.put("another", guild_id=GUILD_ID, user_id=2)
                assert (bot.queue.next_guild() is None) == paused
                bot.queue.remove("one that waits")
                bot.queue.remove("another")


@pytest.fixture
def clock() -> FakeClock:
    """It stands still until the test moves it: an hour is no time at all, and nothing comes a second too soon."""
    return FakeClock()


class TestPatience:
    """A job that waits for its turn for an hour is nobody's wish any more, whatever keeps the turn from it."""

    async def test_while_it_is_held_its_money_comes_back_to_the_second(self, bot: Assembly, clock: FakeClock) -> None:
        await bot.runner.start()
        job_id = await self.wait_held(bot)
        clock.advance(QUEUE_PATIENCE.total_seconds() - 1)
        await some_turns_of_the_loop()
        assert bot.queue.place(job_id) == 1
        assert (await bot.job(job_id)).status is S.QUEUED
        clock.advance(1)
        await wait_until(all_say(bot.channel, S.CANCELLED, 1))
        job = await bot.job(job_id)
        assert job.reason == FailureReason.NOT_SUBMITTED_IN_TIME
        await ended_well(bot)
        await wait_until(lambda: bot.runner.waiting == 0 and bot.runner.at_work == 0)
        assert job_id not in bot.queue

    async def test_the_hour_goes_on_through_a_restart(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        async with assembled(tmp_path, pixazo, channel, clock) as first:
            await pauses_of(first).pause(EVERYWHERE, by_id=ADMIN)
            await first.wish_directly()
        clock.advance(QUEUE_PATIENCE.total_seconds() / 2)
        async with assembled(tmp_path, pixazo, channel, clock) as second:
            await second.runner.start()
            await wait_until(lambda: len(second.queue) == 1)
            clock.advance(QUEUE_PATIENCE.total_seconds() / 2 - 1)
            await some_turns_of_the_loop()
            assert len(second.queue) == 1
            clock.advance(1)
            await wait_until(all_say(channel, S.CANCELLED, 1))
        assert pixazo.submissions == []

    async def test_one_that_got_its_turn_in_time_is_left_alone(
        self, bot: Assembly, clock: FakeClock, pixazo: PixazoStandIn
    ) -> None:
        pixazo.submit_delay = 0.3
        await bot.runner.start()
        await self.wait_held(bot)
        clock.advance(QUEUE_PATIENCE.total_seconds() - 1)
        await pauses_of(bot).resume(GUILD_ID, by_id=ADMIN)
        await wait_until(lambda: len(pixazo.submissions) == 1)
        clock.advance(1)  # while it is being handed to the provider
        await wait_until(lambda: bot.snapshot().jobs[0].status is not S.SUBMITTING)
        for _ in range(200):  # until the pictures are there, a poll at a time
            assert bot.snapshot().jobs[0].status in {S.SUBMITTED, S.GENERATED, S.DELIVERED}
            if all_say(bot.channel, S.DELIVERED, 1)():
                break
            clock.advance(2)
            await asyncio.sleep(0.01)
        await ended_well(bot)

    async def test_it_is_the_same_where_the_provider_has_no_place_free(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        pixazo.latency = float("inf")
        options = Options(max_in_flight=1, deadline=QUEUE_PATIENCE * 2)
        async with assembled(tmp_path, pixazo, channel, clock, options) as bot:
            await bot.runner.start()
            first = await bot.wish()
            await wait_until(lambda: bot.snapshot().jobs[0].status is S.SUBMITTED)
            second = await bot.wish()
            await some_turns_of_the_loop()
            clock.advance(QUEUE_PATIENCE.total_seconds())
            await wait_until(lambda: channel.cards[second].says is S.CANCELLED)
            assert (await bot.job(first)).status is S.SUBMITTED
        assert len(pixazo.submissions) == 1

    async def wait_held(self, bot: Assembly) -> str:
        """A job that was accepted just before its guild was paused."""
        bot.queue.hold(GUILD_ID)
        job_id = await bot.wish()
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        await wait_until(lambda: bot.queue.place(job_id) == 1)
        return job_id

"""What the runner does while a guild or everything is held: who waits for whom, and for how long."""

import asyncio
from datetime import timedelta

from generation.pauses import EVERYWHERE, Pauses
from generation.timing import QUEUE_PATIENCE
from models import FailureReason, JobStatus
from tests.builders import GUILD_ID, make_origin
from tests.generation.assembly import Assembly, Options
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


class TestOnTheWay:
    async def test_a_pause_returns_only_once_a_submission_without_an_answer_is_through(self, town: Town) -> None:
        town.pixazo.on_submit("submit_timeout")  # nobody knows until the client gives up
        async with town.process() as bot:
            hanging = await bot.wish()
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            pausing = asyncio.create_task(pauses_of(bot).pause(GUILD_ID, by_id=ADMIN))
            waiting = await bot.database.fetch_one("SELECT 1")  # the pause is on disk before the next write is
            assert waiting is not None
            other = await bot.wish(origin=make_origin(guild_id=ANOTHER_GUILD))
            await wait_until(lambda: town.channel.cards[other].says is S.DELIVERED)
            assert not pausing.done()
            assert (await bot.job(hanging)).status is S.SUBMITTING
            await pausing
            assert (await bot.job(hanging)).status is S.IN_DOUBT
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
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            pausing = asyncio.create_task(pauses.pause(GUILD_ID, by_id=ADMIN))
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
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            pausing = asyncio.create_task(pauses_of(bot).pause(GUILD_ID, by_id=ADMIN))
            await some_turns_of_the_loop()
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


class TestPatience:
    async def test_a_job_that_is_held_for_an_hour_is_cancelled_and_its_money_released(self, town: Town) -> None:
        async with town.process() as bot:
            await pauses_of(bot).pause(EVERYWHERE, by_id=ADMIN)
            job_id = await bot.wish_directly()
            bot.runner.wake(job_id)
            await wait_until(all_say(town.channel, S.CANCELLED, 1))
            await wait_until(lambda: bot.runner.waiting == 0 and bot.runner.at_work == 0)
            job = await bot.job(job_id)
            assert job.reason == FailureReason.NOT_SUBMITTED_IN_TIME
            assert job.finished_at is not None
            assert QUEUE_PATIENCE <= job.finished_at - job.created_at < QUEUE_PATIENCE + timedelta(minutes=5)
            await ended_well(bot)
        assert town.pixazo.submissions == []

    async def test_so_is_one_that_was_held_before_a_restart(self, town: Town) -> None:
        async with town.process(start=False) as bot:
            job_id = await bot.wish_directly()
            await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        await bot.clock.sleep(1200)
        async with town.process() as bot:
            await wait_until(all_say(town.channel, S.CANCELLED, 1))
            job = await bot.job(job_id)
            assert job.finished_at is not None
            assert QUEUE_PATIENCE <= job.finished_at - job.created_at < QUEUE_PATIENCE + timedelta(minutes=5)

    async def test_one_that_is_let_go_before_is_made(self, bot: Assembly, clock: FakeClock) -> None:
        """On a clock that only the test moves: a second before the hour is over."""
        clock.runs_ahead = False
        await bot.runner.start()
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        job_id = await bot.wish_directly()
        job = await bot.job(job_id)
        bot.runner.line_up(job)
        clock.advance(QUEUE_PATIENCE.total_seconds() - 1)
        await some_turns_of_the_loop()
        assert (await bot.job(job_id)).status is S.QUEUED
        assert bot.queue.place(job_id) == 1
        await pauses_of(bot).resume(GUILD_ID, by_id=ADMIN)
        await wait_until(lambda: bot.runner.in_flight == 1)
        clock.advance(2)  # the hour is over, which is nothing to a job on its way
        await wait_until(lambda: bot.snapshot().jobs[0].status is S.SUBMITTED)
        assert bot.runner.in_flight == 1

    async def test_one_that_waits_for_a_place_at_the_provider_gives_up_as_well(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        options = Options(max_in_flight=1, deadline=timedelta(hours=3))
        async with town.process(options) as bot:
            first = await bot.wish()
            await wait_until(lambda: len(town.pixazo.accepted()) == 1)
            second = await bot.wish()
            await wait_until(lambda: town.channel.cards[second].says is S.CANCELLED, what="the end of its patience")
            assert (await bot.job(first)).status is S.SUBMITTED
        assert len(town.pixazo.submissions) == 1

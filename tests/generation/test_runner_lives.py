"""The runner's end and its next beginning: the stop within its bounds, and taking up what was left."""

import asyncio
from datetime import timedelta

import pytest

from errors import DeliveryUnavailable
from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from storage import jobs
from tests.builders import make_origin
from tests.generation.assembly import Assembly, Options, small_request
from tests.generation.town import Town, all_say, assert_pace
from tests.support import FakeClock, wait_until

S = JobStatus


class TestStop:
    async def test_it_is_quick_where_nothing_is_under_way(self, town: Town) -> None:
        async with town.process() as bot:
            town.pixazo.latency = float("inf")
            await bot.wish()
            await wait_until(lambda: len(town.pixazo.polls) > 1)
            began = bot.clock.monotonic()
            await bot.runner.stop(within_seconds=10)
            assert bot.clock.monotonic() - began < 9
            assert not bot.runner.alive
            assert bot.runner.stopping

    async def test_a_step_under_way_is_finished(self, town: Town) -> None:
        town.pixazo.submit_delay = 0.1  # real seconds: five of the bot's
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            await bot.runner.stop(within_seconds=20)
            assert (await bot.job(job_id)).status is S.SUBMITTED
        async with town.process():
            await wait_until(all_say(town.channel, S.DELIVERED, 1))
        assert len(town.pixazo.submissions) == 1

    async def test_nothing_new_is_started(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process() as bot:
            await bot.wish(small_request("being polled"))
            await wait_until(lambda: len(town.pixazo.polls) > 1)
            town.pixazo.submit_delay = 0.3  # real seconds: fifteen of the bot's, in which ten polls would be due
            await bot.wish(small_request("being submitted"))
            await wait_until(lambda: len(town.pixazo.submissions) == 2)
            polls = len(town.pixazo.polls)
            stopping = asyncio.create_task(bot.runner.stop(within_seconds=60), name="runner's end")
            await asyncio.sleep(0)
            bot.runner.wake(await bot.wish_directly())
            await stopping
            assert len(town.pixazo.submissions) == 2
            assert len(town.pixazo.polls) <= polls + 1  # one may have been on its way
        town.pixazo.finish()
        town.pixazo.latency = 1.0
        async with town.process():
            await wait_until(all_say(town.channel, S.DELIVERED, 3))
        assert len(town.pixazo.accepted()) == 3

    async def test_a_step_that_does_not_end_is_cut_in_time_and_recovered(self, town: Town) -> None:
        town.pixazo.on_submit("submit_timeout_after_accepting")
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(lambda: len(town.pixazo.submissions) == 1)
            began = bot.clock.monotonic()
            await bot.runner.stop(within_seconds=5)
            assert 5 <= bot.clock.monotonic() - began < 15
            assert (await bot.job(job_id)).status is S.SUBMITTING
        async with town.process() as bot:
            await wait_until(all_say(town.channel, S.IN_DOUBT, 1))
            assert (await bot.job(job_id)).reason == "interrupted_submission"
        assert len(town.pixazo.submissions) == 1

    async def test_a_wish_that_comes_during_the_stop_is_found_by_the_next_process(self, town: Town) -> None:
        async with town.process() as bot:
            acceptance = await bot.service.accept(make_origin(), small_request())
            await bot.runner.stop(within_seconds=5)
            job_id = acceptance.job.job_id
            await bot.service.card_sent(job_id, town.channel.answer(job_id))
        async with town.process():
            await wait_until(all_say(town.channel, S.DELIVERED, 1))


class TestRecovery:
    async def test_every_unfinished_job_is_taken_up(self, town: Town) -> None:
        """Jobs at every stage, as a process leaves them that is cut off in the middle of its work."""
        town.pixazo.latency = lambda body: 0.0 if "quick" in str(body["prompt"]) else 30.0
        async with town.process(Options(max_in_flight=30)) as bot:
            bot.delivery.fail("deliver", DeliveryUnavailable("503"), times=10_000)
            for number in range(40):
                await bot.wish(small_request(f"{'quick' if number % 2 else 'slow'} {number}"))
            for number in range(5):  # accepted, and no card yet
                acceptance = await bot.service.accept(make_origin(), small_request(f"carded {number}"))
                town.channel.answer(acceptance.job.job_id)
            await wait_until(lambda: bot.observer.counts["submission", "accepted"] >= 30)
            statuses = {job.status for job in bot.snapshot().jobs}
            assert {S.QUEUED, S.SUBMITTED, S.GENERATED} & statuses == {S.QUEUED, S.SUBMITTED, S.GENERATED}
        async with town.process(Options(max_in_flight=30)) as bot:
            # Those that were being submitted at that moment are in doubt, and stay so.
            ends = {S.DELIVERED, S.IN_DOUBT}
            await wait_until(lambda: {job.status for job in bot.snapshot().jobs} <= ends)
            await wait_until(lambda: {card.says for card in town.channel.cards.values()} <= ends)
            found = bot.snapshot()
            assert len(found.jobs) == 45
            assert sum(job.status is S.DELIVERED for job in found.jobs) >= 15
            assert found.findings == ()
        sent = [submission.prompt for submission in town.pixazo.submissions]
        assert len(set(sent)) == len(sent)

    async def test_jobs_at_the_provider_count_before_anything_new_goes_there(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process(Options(max_in_flight=4)) as bot:
            for _ in range(6):
                await bot.wish()
            await wait_until(lambda: len(town.pixazo.accepted()) == 4)
            await wait_until(lambda: [job.status for job in bot.snapshot().jobs].count(S.SUBMITTED) == 4)
        async with town.process(Options(max_in_flight=4)) as bot:
            assert bot.runner.in_flight == 4
            await wait_until(lambda: len(bot.queue) == 2)
            polls = len(town.pixazo.polls)
            await wait_until(lambda: len(town.pixazo.polls) > polls + 8)
            assert len(town.pixazo.submissions) == 4
            town.pixazo.finish()
            town.pixazo.latency = 1.0
            await wait_until(all_say(town.channel, S.DELIVERED, 6))

    @pytest.mark.parametrize("status", [S.SUBMITTED, S.IN_DOUBT, S.GENERATED])
    async def test_the_polls_of_a_recovery_keep_the_pace_too(self, town: Town, status: JobStatus) -> None:
        town.pixazo.latency = 1e9
        async with town.process(start=False) as bot:
            ids = [await bot.wish() for _ in range(16)]
            for job_id in ids:
                step = await bot.step(job_id)
                step = await bot.step(job_id, has_turn=True)
                assert step.status is S.SUBMITTED
            if status is not S.SUBMITTED:
                now = town.clock.now()
                await bot.database.write(
                    lambda c: [jobs.move(c, job_id, S.SUBMITTED, status, at=now, generated_at=now) for job_id in ids]
                )
        assert town.pixazo.polls == []
        async with town.process(Options(polls_per_minute=60)):
            await wait_until(lambda: len(town.pixazo.polls) >= 16)
        assert_pace(town, per_second=1.0)

    async def test_a_thousand_unfinished_jobs_are_taken_up_at_once(self, town: Town) -> None:
        async with town.process(start=False) as bot:
            await asyncio.gather(*(bot.service.accept(make_origin(), small_request()) for _ in range(1000)))
        async with town.process(start=False) as bot:
            loop = asyncio.get_running_loop()
            began = loop.time()
            await bot.runner.start()
            assert loop.time() - began < 2.0
            assert bot.runner.waiting == 1000


async def test_the_wait_for_a_card_ends_although_nobody_wakes_the_job(
    bot: Assembly, clock: FakeClock, pixazo: PixazoStandIn
) -> None:
    await bot.runner.start()
    job_id = (await bot.service.accept(make_origin(), small_request())).job.job_id
    await wait_until(lambda: bot.snapshot().jobs[0].status is S.CANCELLED)
    assert (await bot.job(job_id)).finished_at is not None
    assert clock.now() - (await bot.job(job_id)).created_at < timedelta(minutes=1)
    assert pixazo.submissions == []

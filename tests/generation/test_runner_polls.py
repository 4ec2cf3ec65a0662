"""Polls of whole processes: never two of a job within a second, and after a restart not all in one instant."""

import itertools

from errors import DeliveryUnavailable
from generation.polling import JobKind
from generation.steps import Later
from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from tests.generation.assembly import Assembly, Options, small_request
from tests.generation.town import Town, all_say
from tests.support import FakeClock, wait_until

S = JobStatus
KIND = JobKind.of(small_request())


async def test_jobs_of_an_earlier_process_are_not_all_polled_at_once(town: Town) -> None:
    town.pixazo.latency = 1e9
    async with town.process(Options(polls_per_minute=60_000), start=False) as bot:
        for _ in range(16):
            job_id = await bot.wish()
            await bot.step(job_id)
            assert (await bot.step(job_id, has_turn=True)).status is S.SUBMITTED
    async with town.process(Options(polls_per_minute=60_000)) as bot:
        began = bot.clock.monotonic()
        await wait_until(lambda: len({poll.request_id for poll in town.pixazo.polls}) == 16)
    first = {poll.request_id: poll.at - began for poll in reversed(town.pixazo.polls)}
    # A busy machine may hold some up, but makes none of them earlier.
    assert min(first.values()) >= 0.9
    assert max(first.values()) - min(first.values()) > 1


async def test_a_job_that_is_looked_at_again_at_once_is_not_polled_again(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    pixazo.latency = 100.0
    job_id = await bot.submitted()
    clock.advance(5)
    await bot.step(job_id)
    clock.advance(0.4)
    step = await bot.step(job_id)
    assert step == Later(status=S.SUBMITTED, seconds=1.0, polls=True)
    assert len(pixazo.polls) == 1
    clock.advance(step.seconds)
    await bot.step(job_id)
    assert len(pixazo.polls) == 2


async def test_faults_do_not_bring_a_poll_within_a_second(town: Town) -> None:
    town.pixazo.latency = 30.0
    town.pixazo.on_poll("poll_503", times=4)
    town.pixazo.on_poll("poll_429", times=2)
    async with town.process() as bot:
        for _ in range(4):
            await bot.wish()
        await wait_until(all_say(town.channel, S.DELIVERED, 4))
    for submission in town.pixazo.accepted():
        moments = [poll.at for poll in submission.polls]
        assert len(moments) > 2
        assert all(after - before >= 0.95 for before, after in itertools.pairwise(moments))


async def test_a_result_after_a_fault_is_learnt_as_the_interval_it_was_ready_in(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    pixazo.latency = 20.0
    job_id = await bot.submitted()
    clock.advance(10)
    await bot.step(job_id)
    pixazo.on_poll("poll_503", times=1)
    clock.advance(15)
    await bot.step(job_id)
    clock.advance(15)
    await bot.step(job_id)
    (histogram,) = bot.schedule.take_unsaved().values()
    moments = [at for at, _ in histogram.dump()]
    assert min(moments) > 9.5
    assert 35 < max(moments) < 41


async def test_a_job_past_its_deadline_is_learnt_to_take_longer(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    pixazo.latency = float("inf")
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
    (histogram,) = bot.schedule.take_unsaved().values()
    assert min(at for at, _ in histogram.dump()) > 800
    assert not bot.schedule.usual(KIND).measured


async def test_a_job_that_failed_is_learnt_not_to_have_been_ready(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    pixazo.latency = 100.0
    job_id = await bot.submitted()
    clock.advance(10)
    await bot.step(job_id)
    pixazo.on_poll("failed_error_string", times=None)
    clock.advance(10)
    assert (await bot.drive(job_id)).status is S.FAILED
    (histogram,) = bot.schedule.take_unsaved().values()
    assert min(at for at, _ in histogram.dump()) > 9.5


async def test_the_time_on_the_card_is_that_of_the_jobs_before(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.latency = 7.0
    for _ in range(8):
        await bot.drive(await bot.wish())
    usual = (await bot.service.standings(guild_id=1, user_id=1), bot.schedule.usual(KIND))[1]
    assert usual.measured
    assert 4 < usual.low_seconds <= 7.1
    assert 6.5 < usual.high_seconds < 12


async def test_what_could_not_be_delivered_does_not_change_what_was_learnt(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
) -> None:
    job_id = await bot.generated()
    bot.schedule.take_unsaved()
    bot.delivery.fail("deliver", DeliveryUnavailable("503"))
    await bot.drive(job_id)
    assert bot.schedule.take_unsaved() == {}

"""Suspending while the runner works: what waits in line ends with its card, and what was handed over goes on."""

from models import FailureReason, JobStatus
from tests.builders import GUILD_ID, USER_ID, make_origin
from tests.generation.assembly import Options
from tests.generation.striking import MODERATOR
from tests.generation.town import Town, all_say, ended_well
from tests.support import wait_until

S = JobStatus


async def test_jobs_in_line_end_and_those_at_the_provider_are_delivered(town: Town) -> None:
    town.pixazo.latency = 60.0
    async with town.process(Options(max_in_flight=2)) as bot:
        wishes = [await bot.wish() for _ in range(6)]
        other = await bot.wish(origin=make_origin(user_id=USER_ID + 1))
        await wait_until(lambda: len(town.pixazo.submissions) == 2)
        done = await bot.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=3600)
        assert set(done.cancelled) < set(wishes)
        assert len(done.cancelled) >= 4
        await wait_until(all_say(town.channel, S.CANCELLED, len(done.cancelled)))
        assert all(bot.queue.place(job_id) is None for job_id in done.cancelled)
        assert {(await bot.job(job_id)).reason for job_id in done.cancelled} == {FailureReason.SUSPENDED}
        town.pixazo.latency = 1.0
        await ended_well(bot)
        assert (await bot.job(other)).status is S.DELIVERED
        went_on = set(wishes) - set(done.cancelled)
        assert {(await bot.job(job_id)).status for job_id in went_on} == {S.DELIVERED}
    assert len(town.pixazo.submissions) == len(went_on) + 1


async def test_cards_that_a_dead_process_left_behind_are_mended_by_the_next(town: Town) -> None:
    async with town.process(start=False) as bot:
        job_id = await bot.wish()
        await bot.strikes.suspend(GUILD_ID, USER_ID, by_id=MODERATOR, seconds=None)
        assert town.channel.cards[job_id].says is S.QUEUED
    async with town.process() as bot:
        await wait_until(all_say(town.channel, S.CANCELLED, 1))
        await ended_well(bot)
    assert town.pixazo.submissions == []

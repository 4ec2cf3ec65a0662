"""A pause: who is refused, what waits, what is finished, and that nothing is submitted once it is said to hold."""

import asyncio

import pytest

from errors import GenerationPaused, InvalidOption
from generation.pauses import EVERYWHERE, Pauses
from models import JobStatus
from tests.builders import GUILD_ID, make_origin
from tests.generation.assembly import Assembly, Options
from tests.generation.town import Town, all_say, ended_well
from tests.support import wait_until

ADMIN = 77
BURST = 100
S = JobStatus


def pauses_of(bot: Assembly) -> Pauses:
    return Pauses(database=bot.database, runner=bot.runner, clock=bot.clock)


async def tried(bot: Assembly, number: int, guild_id: int = GUILD_ID) -> str | None:
    """A command of a member of its own: the id of its job, or None where the pause refused it."""
    try:
        return await bot.wish(origin=make_origin(guild_id=guild_id, user_id=1000 + number))
    except GenerationPaused:
        return None


async def statuses(bot: Assembly) -> list[JobStatus]:
    return [job.status for job in bot.snapshot().jobs]


@pytest.mark.parametrize("guild_id", [GUILD_ID, EVERYWHERE], ids=["guild", "everywhere"])
async def test_of_a_burst_not_one_submission_follows_the_pause(town: Town, guild_id: int) -> None:
    town.pixazo.submit_delay = 0.02  # real seconds: so there are always some on their way
    town.pixazo.latency = 1.0
    async with town.process(Options(max_in_flight=4)) as bot:
        pauses = pauses_of(bot)
        burst = [asyncio.create_task(tried(bot, number)) for number in range(BURST // 2)]
        await wait_until(lambda: len(town.pixazo.submissions) >= 3)
        pausing = asyncio.create_task(pauses.pause(guild_id, by_id=ADMIN, reason="too much"))
        burst += [asyncio.create_task(tried(bot, number)) for number in range(BURST // 2, BURST)]
        await pausing
        submitted = len(town.pixazo.submissions)
        accepted = [job_id for job_id in await asyncio.gather(*burst) if job_id is not None]
        assert 3 <= submitted < len(accepted) < BURST  # some went, some wait, some were refused

        # What the provider has is finished; all of it ends, and so places become free for those that wait.
        await wait_until(all_say(town.channel, S.DELIVERED, submitted))
        await wait_until(lambda: bot.runner.in_flight == 0)
        until = bot.clock.monotonic() + 30
        await wait_until(lambda: bot.clock.monotonic() > until)
        assert len(town.pixazo.submissions) == submitted
        assert (await statuses(bot)).count(S.QUEUED) == len(accepted) - submitted

        await pauses.resume(guild_id, by_id=ADMIN)
        await wait_until(all_say(town.channel, S.DELIVERED, len(accepted)))
        await ended_well(bot)
    assert len(town.pixazo.submissions) == len(accepted)


async def test_a_pause_waits_for_the_submission_that_is_on_its_way(town: Town) -> None:
    town.pixazo.submit_delay = 0.3
    async with town.process() as bot:
        job_id = await bot.wish()
        await wait_until(lambda: len(town.pixazo.submissions) == 1)
        assert (await bot.job(job_id)).status is S.SUBMITTING
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        assert (await bot.job(job_id)).status is not S.SUBMITTING
        await wait_until(all_say(town.channel, S.DELIVERED, 1))


async def test_a_submission_that_was_put_off_is_not_made_during_the_pause(town: Town) -> None:
    town.pixazo.on_submit("submit_429")
    async with town.process() as bot:
        job_id = await bot.wish()
        await wait_until(lambda: len(town.pixazo.submissions) == 1)
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        until = bot.clock.monotonic() + 60  # long after the provider would have taken it
        await wait_until(lambda: bot.clock.monotonic() > until)
        assert len(town.pixazo.submissions) == 1
        assert (await bot.job(job_id)).status is S.QUEUED
        await pauses_of(bot).resume(GUILD_ID, by_id=ADMIN)
        await wait_until(all_say(town.channel, S.DELIVERED, 1))


async def test_other_guilds_go_on(town: Town) -> None:
    async with town.process(start=False) as bot:
        held, free = await tried(bot, 1, GUILD_ID), await tried(bot, 2, 5)
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN)
        await bot.runner.start()
        assert held is not None
        assert free is not None
        await wait_until(lambda: any(job.status is S.DELIVERED for job in bot.snapshot().jobs))
        assert (await bot.job(free)).status is S.DELIVERED
        assert (await bot.job(held)).status is S.QUEUED
        assert await tried(bot, 3, GUILD_ID) is None


async def test_a_pause_outlives_the_process(town: Town) -> None:
    async with town.process(start=False) as bot:
        await bot.wish()
        await pauses_of(bot).pause(EVERYWHERE, by_id=ADMIN)
    async with town.process() as bot:
        with pytest.raises(GenerationPaused) as refused:
            await bot.wish()
        assert refused.value.by == "operator"
        until = bot.clock.monotonic() + 30
        await wait_until(lambda: bot.clock.monotonic() > until)
        assert town.pixazo.submissions == []
        await pauses_of(bot).resume(EVERYWHERE, by_id=ADMIN)
        await wait_until(all_say(town.channel, S.DELIVERED, 1))


async def test_the_end_of_the_operators_pause_leaves_a_guilds_own(bot: Assembly) -> None:
    pauses = pauses_of(bot)
    await pauses.pause(GUILD_ID, by_id=ADMIN)
    await pauses.pause(EVERYWHERE, by_id=ADMIN)
    await pauses.resume(EVERYWHERE, by_id=ADMIN)
    with pytest.raises(GenerationPaused) as refused:
        await bot.wish()
    assert refused.value.by == "guild"


async def test_who_paused_when_and_why_is_known_until_it_ends(bot: Assembly) -> None:
    pauses = pauses_of(bot)
    assert await pauses.current(GUILD_ID) is None
    await pauses.pause(GUILD_ID, by_id=ADMIN, reason="a raid")
    paused_at = bot.clock.now()
    await pauses.pause(GUILD_ID, by_id=ADMIN + 1, reason="me too")  # which holds already
    found = await pauses.current(GUILD_ID)
    assert found is not None
    assert (found.by_id, found.at, found.reason) == (ADMIN, paused_at, "a raid")
    assert await pauses.current(EVERYWHERE) is None
    await pauses.resume(GUILD_ID, by_id=ADMIN)
    assert await pauses.current(GUILD_ID) is None


@pytest.mark.parametrize("reason", ["x" * 201, "a\x00b"])
async def test_a_reason_that_can_not_be_kept_changes_nothing(bot: Assembly, reason: str) -> None:
    with pytest.raises(InvalidOption):
        await pauses_of(bot).pause(GUILD_ID, by_id=ADMIN, reason=reason)
    assert await pauses_of(bot).current(GUILD_ID) is None
    await bot.wish()

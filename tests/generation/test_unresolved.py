"""Jobs in doubt before the people who decide: pages, decisions against late results, and the command line's word."""

import asyncio
import io
from datetime import timedelta

import pytest

from errors import CancelRefused, JobNotFound, StorageUnavailable
from generation.unresolved import ResolvedOutside, Unresolved
from models import JobStatus
from ops.resolve import resolve
from sandbox.pixazo import PixazoStandIn
from storage import audit
from tests.builders import GUILD_ID, PRICE_MICROS, USER_ID, make_origin
from tests.generation.assembly import Assembly
from tests.generation.town import Town, all_say, ended_well
from tests.support import wait_until

ADMIN = 77
S = JobStatus
DAY = timedelta(hours=24)


async def doubtful(bot: Assembly, *, guild_id: int = GUILD_ID, user_id: int = USER_ID) -> str:
    """A wish of which nobody knows whether it was taken: no request id."""
    job_id = await bot.wish(origin=make_origin(guild_id=guild_id, user_id=user_id))
    await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
    return job_id


class TestPages:
    async def test_a_guild_without_any_has_an_empty_page(self, bot: Assembly) -> None:
        page = await Unresolved(bot.database).page(GUILD_ID)
        assert (page.doubts, page.number, page.pages, page.total, page.held_micros) == ((), 1, 1, 0, 0)

    async def test_it_is_said_when_each_is_written_off(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.on_submit("submit_504_after_accepting", times=None)
        job_id = await doubtful(bot)
        [doubt] = (await Unresolved(bot.database).page(GUILD_ID)).doubts
        job = await bot.job(job_id)
        assert (doubt.job, doubt.since, doubt.written_off_at) == (job, job.changed_at, job.changed_at + DAY)

    async def test_pages_are_the_guilds_own_and_the_operator_sees_all(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        pixazo.on_submit("submit_504_after_accepting", times=None)
        mine = [await doubtful(bot) for _ in range(3)]
        others = await doubtful(bot, guild_id=5)
        unresolved = Unresolved(bot.database)
        last = await unresolved.page(GUILD_ID, number=99, size=2)
        assert (last.number, last.pages, last.total, last.held_micros) == (2, 2, 3, 6 * PRICE_MICROS)
        assert [doubt.job.job_id for doubt in last.doubts] == mine[2:]
        everywhere = await unresolved.page(None)
        assert [doubt.job.job_id for doubt in everywhere.doubts] == [*mine, others]
        assert (await unresolved.page(GUILD_ID, number=-3)).number == 1


class TestDecisions:
    @pytest.mark.parametrize(
        ("paid", "status", "posted"), [(True, S.WRITTEN_OFF, 2 * PRICE_MICROS), (False, S.FAILED, 0)]
    )
    async def test_a_decision_ends_the_job_its_card_and_its_money(
        self, town: Town, paid: bool, status: JobStatus, posted: int
    ) -> None:
        town.pixazo.on_submit("submit_504_after_accepting")
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(all_say(town.channel, S.IN_DOUBT, 1))
            began = bot.clock.monotonic()
            job = await bot.service.resolve(job_id, paid=paid, guild_id=GUILD_ID, by_id=ADMIN)
            assert (job.status, job.settled_micros) == (status, posted)
            await wait_until(all_say(town.channel, status, 1))
            assert bot.clock.monotonic() - began < 60  # not with the next poll, which may be minutes away
            await ended_well(bot)
            [line] = await audit.latest(bot.database, GUILD_ID, limit=5)
            assert (line.by_id, line.before, line.after) == (ADMIN, "in_doubt", status)
            assert bot.observer.settled_micros == posted

    async def test_the_card_of_a_job_that_is_polled_for_changes_at_once_as_well(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(all_say(town.channel, S.SUBMITTED, 1))
            town.pixazo.on_poll("poll_404", times=None)
            await wait_until(all_say(town.channel, S.IN_DOUBT, 1))
            assert (await bot.job(job_id)).request_id is not None
            began = bot.clock.monotonic()
            await bot.service.resolve(job_id, paid=False, guild_id=None, by_id=ADMIN)
            await wait_until(all_say(town.channel, S.FAILED, 1))
            assert bot.clock.monotonic() - began < 60

    async def test_a_decision_during_a_poll_is_on_the_card_right_after_it(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(all_say(town.channel, S.SUBMITTED, 1))
            town.pixazo.on_poll("poll_404", times=None)
            await wait_until(all_say(town.channel, S.IN_DOUBT, 1))
            town.pixazo.poll_delay = 0.2  # real seconds
            polls = len(town.pixazo.polls)
            bot.runner.wake(job_id, at_once=True)  # it need not be waited for five minutes
            await wait_until(lambda: len(town.pixazo.polls) > polls)
            began = bot.clock.monotonic()
            await bot.service.resolve(job_id, paid=False, guild_id=GUILD_ID, by_id=ADMIN)
            await wait_until(all_say(town.channel, S.FAILED, 1))
            assert bot.clock.monotonic() - began < 60

    async def test_another_guilds_job_can_not_be_decided(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.on_submit("submit_504_after_accepting", times=None)
        job_id = await doubtful(bot, guild_id=5)
        with pytest.raises(JobNotFound):
            await bot.service.resolve(job_id, paid=True, guild_id=GUILD_ID, by_id=ADMIN)
        assert (await bot.job(job_id)).status is S.IN_DOUBT
        assert (await bot.service.resolve(job_id, paid=True, guild_id=None, by_id=ADMIN)).status is S.WRITTEN_OFF

    async def test_what_nobody_decides_is_written_off_after_a_day_and_then_it_is_too_late(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        pixazo.on_submit("submit_504_after_accepting", times=None)
        job_id = await doubtful(bot)
        since = (await bot.job(job_id)).changed_at
        ended = await bot.drive(job_id, steps=2000)
        assert ended.status is S.WRITTEN_OFF
        assert ended.finished_at is not None
        assert timedelta(0) <= ended.finished_at - since - DAY < timedelta(minutes=6)
        with pytest.raises(CancelRefused) as refused:
            await bot.service.resolve(job_id, paid=False, guild_id=GUILD_ID, by_id=ADMIN)
        assert (refused.value.why, refused.value.status) == ("too_late", S.WRITTEN_OFF)
        assert (await Unresolved(bot.database).page(None)).total == 0

    @pytest.mark.parametrize("paid", [True, False])
    async def test_of_a_late_result_and_a_decision_at_the_same_moment_one_counts(
        self, bot: Assembly, pixazo: PixazoStandIn, paid: bool
    ) -> None:
        job_id = await bot.submitted()
        pixazo.on_poll("poll_404", times=None)
        await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        pixazo.all_well()
        pixazo.finish()
        decision, _ = await asyncio.gather(
            bot.service.resolve(job_id, paid=paid, guild_id=GUILD_ID, by_id=ADMIN),
            bot.step(job_id),
            return_exceptions=True,
        )
        job = await bot.job(job_id)
        if isinstance(decision, CancelRefused):
            assert decision.status is S.GENERATED
            job = await bot.drive(job_id)
            assert job.status is S.DELIVERED
        else:
            assert not isinstance(decision, BaseException)
            assert job.status is (S.WRITTEN_OFF if paid else S.FAILED)
        snapshot = bot.snapshot()
        assert snapshot.findings == ()
        assert {balance.pending for balance in snapshot.balances} == {0}
        kinds = [entry.kind for entry in snapshot.entries]
        assert sorted(set(kinds)) == sorted({"reserve", "release" if job.status is S.FAILED else "settle"})
        assert len(kinds) == 10

    async def test_a_decision_that_comes_after_the_result_changes_nothing(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.submitted()
        pixazo.on_poll("poll_404", times=None)
        await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        pixazo.all_well()
        pixazo.finish()
        await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
        with pytest.raises(CancelRefused):
            await bot.service.resolve(job_id, paid=False, guild_id=GUILD_ID, by_id=ADMIN)
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert await audit.latest(bot.database, GUILD_ID, limit=5) == []

    async def test_a_result_that_comes_after_the_decision_is_not_shown(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.submitted()
        pixazo.on_poll("poll_404", times=None)
        await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        pixazo.all_well()
        pixazo.finish()
        await bot.service.resolve(job_id, paid=False, guild_id=GUILD_ID, by_id=ADMIN)
        assert (await bot.drive(job_id)).status is S.FAILED
        assert bot.channel.cards[job_id].says is S.FAILED
        assert bot.channel.cards[job_id].gallery is None


class TestCommandLine:
    async def test_its_word_reaches_the_card_and_the_metrics_of_the_running_bot(self, town: Town) -> None:
        town.pixazo.on_submit("submit_504_after_accepting", times=2)
        async with town.process() as bot:
            paid, free = await bot.wish(), await bot.wish()
            await wait_until(all_say(town.channel, S.IN_DOUBT, 2))
            outside = ResolvedOutside(database=bot.database, runner=bot.runner, observer=bot.observer, clock=bot.clock)
            looking = asyncio.create_task(outside.run())
            try:
                await asyncio.sleep(0.1)  # real seconds: it has looked once
                began = bot.clock.monotonic()
                resolve(bot.path, paid, "settle", clock=bot.clock, out=io.StringIO())
                resolve(bot.path, free, "release", clock=bot.clock, out=io.StringIO())
                await wait_until(all_say(town.channel, S.WRITTEN_OFF, 1))
                await wait_until(all_say(town.channel, S.FAILED, 1))
                assert bot.clock.monotonic() - began < 60
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
            assert bot.observer.counts["transition", "in_doubt>written_off"] == 1
            assert bot.observer.counts["transition", "in_doubt>failed"] == 1
            assert bot.observer.settled_micros == 2 * PRICE_MICROS
            await ended_well(bot)

    async def test_a_database_that_can_not_be_read_is_looked_at_again(
        self, bot: Assembly, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[int] = []

        async def unreadable(_: object) -> int:
            looks.append(1)
            raise StorageUnavailable("no way")

        monkeypatch.setattr("generation.unresolved.doubts.latest_change", unreadable)
        outside = ResolvedOutside(database=bot.database, runner=bot.runner, observer=bot.observer, clock=bot.clock)
        looking = asyncio.create_task(outside.run())
        await wait_until(lambda: len(looks) > 2)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

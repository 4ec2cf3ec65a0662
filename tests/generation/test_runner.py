"""The runner at work on real parts: limits, turns, pace, wakes and failures."""

import asyncio
import itertools
import sqlite3
from collections.abc import Sequence
from typing import TypeVar

import pytest

from errors import DeliveryUnavailable, StorageUnavailable
from models import JobStatus
from sandbox.pixazo import DEFAULT_KEY
from storage.database import Operation
from tests.builders import make_origin
from tests.generation.assembly import Assembly, Options, assembled, small_request
from tests.generation.town import RATE, Town, all_say, assert_pace, ended_well
from tests.support import wait_until

T = TypeVar("T")
S = JobStatus


class TestAtWork:
    async def test_wishes_become_galleries(self, town: Town) -> None:
        async with town.process() as bot:
            assert bot.runner.alive
            for _ in range(6):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 6))
            await wait_until(lambda: bot.runner.in_flight == 0 and bot.runner.waiting == 0)
            await ended_well(bot)
        assert len(town.pixazo.accepted()) == 6

    async def test_the_provider_never_has_more_than_the_limit(self, town: Town) -> None:
        at_once: list[int] = []

        def latency(_: object) -> float:
            running = [job.job for job in town.pixazo.accepted() if job.job and not any(p.finished for p in job.polls)]
            at_once.append(len(running) + 1)
            return 2.0

        town.pixazo.latency = latency
        async with town.process(Options(max_in_flight=3)) as bot:
            for _ in range(12):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 12))
        assert max(at_once) == 3
        assert len(at_once) == 12

    async def test_a_job_in_doubt_makes_room_for_the_next(self, town: Town) -> None:
        town.pixazo.on_submit("submit_504_after_accepting")
        async with town.process(Options(max_in_flight=1)) as bot:
            for _ in range(3):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 2))
            assert all_say(town.channel, S.IN_DOUBT, 1)()

    async def test_guilds_and_members_take_turns_to_the_provider(self, town: Town) -> None:
        async with town.process(Options(max_in_flight=1)) as bot:
            wishes = [(1, 1, name) for name in "abcd"] + [(1, 2, "e"), (2, 3, "f"), (2, 3, "g")]
            bot.circuit.hold(20)  # so that all stand in line before the first goes
            for guild_id, user_id, prompt in wishes:
                await bot.wish(small_request(prompt), origin=make_origin(guild_id=guild_id, user_id=user_id))
            await wait_until(all_say(town.channel, S.DELIVERED, len(wishes)))
        assert "".join(submission.prompt for submission in town.pixazo.accepted()) == "afegbcd"

    async def test_places_come_true(self, town: Town) -> None:
        async with town.process(Options(max_in_flight=1)) as bot:
            bot.circuit.hold(20)
            for number, (guild_id, user_id) in enumerate([(1, 1), (1, 1), (1, 2), (2, 3), (1, 1), (2, 4)]):
                origin = make_origin(guild_id=guild_id, user_id=user_id)
                await bot.wish(small_request(str(number)), origin=origin)
            await wait_until(lambda: len(bot.queue) == 6)
            expected = {}
            for guild_id, user_id in [(1, 1), (1, 2), (2, 3), (2, 4)]:
                for standing in await bot.service.standings(guild_id=guild_id, user_id=user_id):
                    assert standing.place is not None
                    expected[standing.place] = standing.job.request.prompt
            await wait_until(lambda: len(town.pixazo.accepted()) == 6)
        assert [submission.prompt for submission in town.pixazo.accepted()] == [expected[n] for n in range(1, 7)]

    async def test_no_job_is_polled_twice_within_a_second(self, town: Town) -> None:
        town.pixazo.latency = 20.0
        town.pixazo.on_poll("poll_dropped", times=6)
        async with town.process() as bot:
            for _ in range(5):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 5))
        for submission in town.pixazo.accepted():
            moments = [poll.at for poll in submission.polls]
            assert len(moments) > 4
            assert all(after - before >= 0.95 for before, after in itertools.pairwise(moments))

    async def test_all_polls_together_keep_the_pace(self, town: Town) -> None:
        town.pixazo.latency = 20.0
        async with town.process(Options(polls_per_minute=60)) as bot:
            for _ in range(8):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 8))
        assert_pace(town, per_second=1.0)

    async def test_a_429_to_one_poll_slows_everyone(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process() as bot:
            for _ in range(5):
                await bot.wish()
            await wait_until(lambda: len(town.pixazo.polls) > 10)
            rule = town.pixazo.on_poll("poll_429")  # Retry-After: 2
            await wait_until(lambda: rule.fired == 1)
            told = next(poll.at for poll in town.pixazo.polls if poll.fault == "poll_429")
            count = len(town.pixazo.polls)
            await wait_until(lambda: len(town.pixazo.polls) > count + 5)
        # Those in the air when it was said may still arrive.
        early = [poll.at - told for poll in town.pixazo.polls if 0.4 < poll.at - told < 1.9]
        assert early == []

    async def test_a_429_to_one_submission_holds_the_others(self, town: Town) -> None:
        town.pixazo.on_submit("submit_429")  # Retry-After: 2
        async with town.process(Options(max_in_flight=1)) as bot:
            for _ in range(3):
                await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 3))
        first, second, *_ = (submission.at for submission in town.pixazo.submissions)
        assert second - first >= 1.95
        assert len(town.pixazo.accepted()) == 3

    async def test_an_account_that_is_refused_is_probed_once_and_then_all_go_on(self, town: Town) -> None:
        async with town.process(start=False) as bot:
            ids = [await bot.wish_directly() for _ in range(4)]
            town.pixazo.key = "another key"
            await bot.runner.start()
            await wait_until(lambda: bot.circuit.is_open and bot.runner.in_flight == 0)
            refused = len(town.pixazo.submissions)
            town.pixazo.key = DEFAULT_KEY
            town.pixazo.submit_delay = 0.05
            await wait_until(lambda: len(town.pixazo.submissions) > refused, what="the probe")
            await wait_until(all_say(town.channel, S.DELIVERED, 4))
            await ended_well(bot)
            assert {(await bot.job(job_id)).status for job_id in ids} == {S.DELIVERED}
            assert bot.notices.said == [401, "back"]
        moments = [submission.at for submission in town.pixazo.submissions]
        assert moments[refused] - moments[0] >= 60
        assert moments[refused + 1] - moments[refused] >= 0.05 * RATE  # nobody else went before the probe was back
        assert len(town.pixazo.accepted()) == 4

    async def test_jobs_that_waited_too_long_in_line_do_not_use_up_the_probes(self, town: Town) -> None:
        async with town.process(start=False) as bot:
            await bot.circuit.refused(402)
            old = [await bot.wish_directly() for _ in range(6)]
            await bot.runner.start()
            await wait_until(lambda: len(bot.queue) == len(old))
            await bot.database.write(lambda c: c.execute("UPDATE jobs SET created_at = created_at - 4000000"))
            new = await bot.wish_directly()
            bot.runner.wake(new)
            began = town.clock.monotonic()
            await wait_until(lambda: town.channel.cards[new].says is S.DELIVERED)
            assert town.clock.monotonic() - began < 110  # the first probe comes after 60 s, the second 60 s later
            await wait_until(all_say(town.channel, S.CANCELLED, len(old)))
            assert len(town.pixazo.submissions) == 1


async def some_turns_of_the_loop() -> None:
    """Time for whatever is about to happen, where nothing must."""
    for _ in range(50):
        await asyncio.sleep(0)


class SlowLook:
    """The runner's first look at a job takes until the test lets it end: what it has read is old by then."""

    def __init__(self, bot: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self._fetch_one = bot.database.fetch_one
        monkeypatch.setattr(bot.database, "fetch_one", self._first_is_slow)

    async def _first_is_slow(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        row = await self._fetch_one(sql, parameters)
        if "FROM jobs" in sql and not self.has_begun.is_set():
            self.has_begun.set()
            await self.may_end.wait()
        return row


class TestWakes:
    async def test_a_job_woken_while_it_stands_in_line_is_worked_on_once(self, town: Town) -> None:
        """The answer to a callback may come long after the runner has found the card by itself."""
        async with town.process(Options(max_in_flight=1)) as bot:
            bot.circuit.hold(10)
            ids = [await bot.wish() for _ in range(6)]
            await wait_until(lambda: len(bot.queue) == 6)
            while len(bot.queue) or bot.runner.in_flight:
                for job_id in ids:
                    bot.runner.wake(job_id)
                await asyncio.sleep(0.001)
            await wait_until(all_say(town.channel, S.DELIVERED, 6))
            assert bot.runner.alive
            await ended_well(bot)
        assert len(town.pixazo.submissions) == 6

    async def test_a_card_that_is_heard_of_in_the_middle_of_a_look_is_not_missed(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with town.process() as bot:
            look = SlowLook(bot, monkeypatch)
            bot.delivery.fail("find_card", DeliveryUnavailable("429", retry_after=3600.0))
            job_id = (await bot.service.accept(make_origin(), small_request())).job.job_id
            await look.has_begun.wait()  # the runner has read that there is no card
            assert bot.runner.at_work == 1
            await bot.service.card_sent(job_id, town.channel.answer(job_id))
            await some_turns_of_the_loop()
            assert (bot.runner.at_work, bot.runner.in_flight) == (1, 0)  # nobody else works on it meanwhile
            look.may_end.set()
            await wait_until(all_say(town.channel, S.DELIVERED, 1))

    async def test_a_cancellation_in_the_middle_of_a_look_is_not_missed(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with town.process(start=False) as bot:
            job_id = await bot.wish_directly()
            origin = (await bot.job(job_id)).origin
            bot.circuit.hold(900)
            look = SlowLook(bot, monkeypatch)
            await bot.runner.start()
            await look.has_begun.wait()  # the runner has read that the job is queued
            await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
            look.may_end.set()
            await wait_until(all_say(town.channel, S.CANCELLED, 1))
            assert len(bot.queue) == 0

    async def test_waking_takes_nobodys_place(self, town: Town) -> None:
        async with town.process() as bot:
            bot.circuit.hold(3600)
            first = await bot.wish(small_request("first"))
            await bot.wish(small_request("second"))
            await wait_until(lambda: len(bot.queue) == 2)
            bot.runner.wake(first)
            await some_turns_of_the_loop()
            assert bot.queue.place(first) == 1

    async def test_waking_a_submitted_job_does_not_poll_it_early(self, town: Town) -> None:
        town.pixazo.latency = float("inf")
        async with town.process() as bot:
            job_id = await bot.wish()
            await wait_until(lambda: len(town.pixazo.polls) == 1)
            while len(town.pixazo.polls) < 6:
                bot.runner.wake(job_id)
                await asyncio.sleep(0.001)
        moments = [poll.at for poll in town.pixazo.polls]
        assert all(after - before >= 0.95 for before, after in itertools.pairwise(moments))


class TestFailures:
    async def test_an_unforeseen_failure_costs_the_job_a_pause_and_nobody_else_anything(
        self, town: Town, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with town.process() as bot:
            bot.delivery.fail("deliver", ZeroDivisionError("a bug"), times=2)
            ids = [await bot.wish() for _ in range(3)]
            await wait_until(all_say(town.channel, S.DELIVERED, 3))
            await ended_well(bot)
            assert bot.runner.alive
            assert {(await bot.job(job_id)).status for job_id in ids} == {S.DELIVERED}
        assert "a step failed in an unforeseen way" in caplog.text
        assert len(town.pixazo.downloads) == 6

    async def test_a_database_that_can_not_be_read_for_a_while_loses_nothing(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with town.process() as bot:
            await bot.books.check()  # without which no wish is taken
            await bot.filters.screen(make_origin().guild_id, [])  # nor without the filter, which is kept in memory
            fetch_all, failures = bot.database.fetch_all, itertools.count()

            async def fails_at_first(sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
                if next(failures) < 5:
                    raise StorageUnavailable("the disk has gone")
                return await fetch_all(sql, parameters)

            monkeypatch.setattr(bot.database, "fetch_all", fails_at_first)
            await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 1))
            assert bot.runner.in_flight == 0

    async def test_a_database_that_is_back_does_not_let_every_poll_go_at_once(
        self, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        town.pixazo.latency = float("inf")
        async with town.process(Options(polls_per_minute=60)) as bot:
            for _ in range(15):
                await bot.wish()
            await wait_until(lambda: len(town.pixazo.polls) > 3)
            fetch_all, back_at = bot.database.fetch_all, bot.clock.monotonic() + 60

            async def fails_for_a_while(sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
                if bot.clock.monotonic() < back_at:
                    raise StorageUnavailable("the disk has gone")
                return await fetch_all(sql, parameters)

            monkeypatch.setattr(bot.database, "fetch_all", fails_for_a_while)
            polls = len(town.pixazo.polls)
            await wait_until(lambda: len(town.pixazo.polls) > polls + 10)
        assert_pace(town, per_second=1.0)
        # Once, not once a job; twice where a step that had begun before still came to its end in between.
        assert 1 <= caplog.text.count("the disk has gone") <= 2
        assert caplog.text.count("the database works again") == caplog.text.count("the disk has gone")

    async def test_an_answer_is_kept_until_it_can_be_written_down(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with town.process() as bot:
            job_id = await bot.wish()
            write = bot.database.write

            async def full_disk(operation: Operation[T]) -> T:
                if town.pixazo.accepted() and bot.clock.monotonic() < full_until:
                    raise StorageUnavailable("the disk is full")
                return await write(operation)

            full_until = bot.clock.monotonic() + 15
            monkeypatch.setattr(bot.database, "write", full_disk)
            await wait_until(all_say(town.channel, S.DELIVERED, 1))
            await ended_well(bot)
            assert (await bot.job(job_id)).status is S.DELIVERED
        assert len(town.pixazo.submissions) == 1

    async def test_a_part_that_dies_is_told(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        async with assembled(town.folder, town.pixazo, town.channel, town.clock) as bot:
            await bot.runner.start()

            def broken() -> str:
                raise ZeroDivisionError("a bug in the queue")

            monkeypatch.setattr(bot.queue, "take", broken)
            await bot.wish()
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(bot.runner.failed, 5)
            assert not bot.runner.alive

    async def test_a_job_that_is_gone_is_let_go(self, town: Town, caplog: pytest.LogCaptureFixture) -> None:
        async with town.process() as bot:
            bot.runner.wake("nobody")
            await wait_until(lambda: "not in the database any more" in caplog.text)
            assert bot.runner.alive
            assert bot.runner.waiting == 0

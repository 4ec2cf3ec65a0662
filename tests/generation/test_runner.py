"""The runner at work on real parts: limits, turns, pace, failures, the stop and the recovery."""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from errors import DeliveryUnavailable, StorageUnavailable
from models import JobStatus
from sandbox.pixazo import DEFAULT_KEY, PixazoStandIn
from storage import jobs
from storage.database import Operation
from tests.builders import make_origin
from tests.generation.assembly import Assembly, Options, assembled, small_request
from tests.generation.conftest import IMAGE_BYTES
from tests.generation.quick_clock import QuickClock
from tests.generation.recording import Channel
from tests.support import FakeClock, wait_until

T = TypeVar("T")
S = JobStatus
RATE = 50.0


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


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    quick = QuickClock(rate=RATE)
    async with PixazoStandIn(now=quick.monotonic, latency=3.0, image_bytes=IMAGE_BYTES) as pixazo:
        yield Town(tmp_path, pixazo, quick)


def all_say(channel: Channel, status: JobStatus, count: int) -> Callable[[], bool]:
    return lambda: sum(card.says is status for card in channel.cards.values()) == count


async def ended_well(bot: Assembly) -> None:
    """Every job comes to its end, and then nothing is held and every account is the sum of its entries."""
    await wait_until(lambda: all(job.status.is_terminal for job in bot.snapshot().jobs))
    snapshot = bot.snapshot()
    assert snapshot.findings == ()
    assert {balance.pending for balance in snapshot.balances} <= {0}


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


def assert_pace(town: Town, *, per_second: float) -> None:
    """Over any ten seconds no more polls than the pace allows, and two for what the network held up."""
    moments = [poll.at for poll in town.pixazo.polls]
    assert len(moments) > 10
    for start in moments:
        within = sum(start <= moment < start + 10 for moment in moments)
        assert within <= 10 * per_second + 2


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
        if not self.has_begun.is_set():
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
            fetch_all, failures = bot.database.fetch_all, itertools.count()

            async def fails_at_first(sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
                if next(failures) < 5:
                    raise StorageUnavailable("the disk has gone")
                return await fetch_all(sql, parameters)

            monkeypatch.setattr(bot.database, "fetch_all", fails_at_first)
            await bot.wish()
            await wait_until(all_say(town.channel, S.DELIVERED, 1))
            assert bot.runner.in_flight == 0

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

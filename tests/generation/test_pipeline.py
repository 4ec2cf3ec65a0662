"""One job through its statuses, step by step: the flow, the state diagram, and what each step writes down."""

import itertools
from datetime import timedelta

import pytest

from errors import CardGone, DeliveryUnavailable, JobNotFound, PollInconclusive
from generation.cards import NOTIFY_AFTER
from generation.steps import AwaitTurn, Done, Later
from generation.timing import CARD_SEARCH, CARD_WAIT, DOUBT_LASTS, QUEUE_PATIENCE
from models import FailureReason, GenerationRequest, Job, JobStatus, Unit
from provider.wire import PollAnswer
from sandbox.pixazo import PixazoStandIn
from storage import jobs, maintenance
from storage.database import Database
from tests.builders import PRICE_MICROS, make_origin
from tests.generation.assembly import Assembly, small_request
from tests.support import FakeClock

S = JobStatus


async def test_a_wish_becomes_a_gallery_in_its_card(bot: Assembly, pixazo: PixazoStandIn) -> None:
    job_id = await bot.wish()
    assert bot.held_and_spent(Unit.MICROS) == ({2 * PRICE_MICROS}, {0})
    job = await bot.drive(job_id)
    assert (job.status, job.reason, job.settled_micros) == (S.DELIVERED, None, 2 * PRICE_MICROS)
    assert (job.images_produced, job.images_released, job.result_seed) == (2, 2, 7)
    assert bot.channel.cards[job_id].shown == [S.QUEUED, S.SUBMITTED, S.DELIVERED]
    assert bot.held_and_spent(Unit.MICROS) == ({0}, {2 * PRICE_MICROS})
    assert bot.held_and_spent(Unit.IMAGE) == ({0}, {2})
    assert bot.snapshot().findings == ()
    assert len(pixazo.accepted()) == 1
    assert pixazo.accepted()[0].body == {
        "prompt": "a heron in the reeds",
        "image_size": "square",
        "num_images": 2,
        "seed": 7,
        "enable_safety_checker": True,
    }
    assert list(bot.spool_folder.iterdir()) == []
    assert await jobs.unfinished(bot.database) == []


async def test_submitting_is_on_disk_before_the_provider_hears_of_it(
    bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await bot.wish()
    seen: list[str] = []
    submit = bot.provider.submit

    async def look_first(request: GenerationRequest) -> str:
        seen.extend(job.status for job in bot.snapshot().jobs)
        return await submit(request)

    monkeypatch.setattr(bot.provider, "submit", look_first)
    await bot.drive(job_id, until=lambda job: job.status is S.SUBMITTED)
    assert seen == [S.SUBMITTING]


async def test_a_job_waits_for_its_turn_whatever_else_is_due(bot: Assembly, pixazo: PixazoStandIn) -> None:
    job_id = await bot.wish()
    step = await bot.step(job_id)
    assert isinstance(step, AwaitTurn)
    assert (step.seconds, step.first) == (0.0, False)
    assert pixazo.submissions == []


async def test_an_unknown_job_is_not_found(bot: Assembly) -> None:
    with pytest.raises(JobNotFound):
        await bot.step("nobody")


class TestTheCard:
    """Nothing is submitted before the card is known to exist."""

    async def accepted(self, bot: Assembly) -> str:
        return (await bot.service.accept(make_origin(), small_request())).job.job_id

    async def test_a_job_without_a_card_waits_ten_seconds_without_asking(self, bot: Assembly) -> None:
        step = await bot.step(await self.accepted(bot))
        assert isinstance(step, Later)
        assert step.seconds == CARD_WAIT.total_seconds()
        assert bot.delivery.calls["find_card"] == 0

    async def test_a_card_that_is_there_is_found_and_the_job_goes_on(self, bot: Assembly) -> None:
        job_id = await self.accepted(bot)
        message_id = bot.channel.answer(job_id)  # the process did not hear that Discord took it
        job = await bot.drive(job_id)
        assert (job.status, job.message_id) == (S.DELIVERED, message_id)

    async def test_no_card_ends_the_job_and_releases_its_money(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job = await bot.drive(await self.accepted(bot))
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.NO_CARD)
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {0})
        assert pixazo.submissions == []
        assert await jobs.unfinished(bot.database) == []

    async def test_discord_is_asked_again_while_it_does_not_answer(self, bot: Assembly) -> None:
        job_id = await self.accepted(bot)
        bot.channel.answer(job_id)
        bot.delivery.fail("find_card", DeliveryUnavailable("503", retry_after=7.0), times=3)
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert bot.delivery.calls["find_card"] == 4

    async def test_a_card_that_was_deleted_at_once_ends_the_job(self, bot: Assembly) -> None:
        job_id = await self.accepted(bot)
        bot.delivery.fail("find_card", CardGone("deleted"))
        assert (await bot.drive(job_id)).status is S.CANCELLED

    async def test_a_dead_token_is_not_asked_with(self, bot: Assembly, clock: FakeClock) -> None:
        job_id = await self.accepted(bot)
        bot.channel.answer(job_id)
        clock.advance(CARD_SEARCH.total_seconds())
        assert (await bot.drive(job_id)).status is S.CANCELLED
        assert bot.delivery.calls["find_card"] == 0

    async def test_cancelled_before_its_card_was_heard_of_the_card_says_so_all_the_same(self, bot: Assembly) -> None:
        acceptance = await bot.service.accept(make_origin(), small_request())
        job_id, origin = acceptance.job.job_id, acceptance.job.origin
        await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
        step = await bot.step(job_id)  # the runner looks at once, while the card is on its way
        message_id = bot.channel.answer(job_id)
        assert bot.channel.cards[job_id].says is S.QUEUED
        assert not isinstance(step, Done)
        await bot.service.card_sent(job_id, message_id)
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].says is S.CANCELLED


class TestCancelled:
    async def test_a_cancelled_job_is_shown_as_such_and_never_submitted(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.wish()
        job = await bot.job(job_id)
        await bot.service.cancel(job_id, guild_id=job.origin.guild_id, user_id=job.origin.user_id, may_manage=False)
        assert isinstance(await bot.step(job_id, has_turn=True), Done)
        assert bot.channel.cards[job_id].says is S.CANCELLED
        assert pixazo.submissions == []
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {0})

    async def test_cancelled_between_the_look_and_the_submission_nothing_is_sent(
        self, bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = await bot.wish()
        find = jobs.find

        async def find_then_cancel(database: Database, wanted: str) -> Job:
            found = await find(database, wanted)
            monkeypatch.undo()
            await bot.service.cancel(
                job_id, guild_id=found.origin.guild_id, user_id=found.origin.user_id, may_manage=False
            )
            return found

        monkeypatch.setattr(jobs, "find", find_then_cancel)
        step = await bot.step(job_id, has_turn=True)
        assert isinstance(step, Later)
        assert pixazo.submissions == []
        assert (await bot.drive(job_id)).status is S.CANCELLED

    async def test_what_could_not_be_submitted_for_an_hour_is_nobodys_wish_any_more(
        self, bot: Assembly, clock: FakeClock, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.wish()
        clock.advance(QUEUE_PATIENCE.total_seconds() + 1)
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.NOT_SUBMITTED_IN_TIME)
        assert bot.channel.cards[job_id].says is S.CANCELLED
        assert pixazo.submissions == []


class TestInDoubt:
    async def in_doubt(self, bot: Assembly, pixazo: PixazoStandIn) -> str:
        """A job that the provider has taken on, past its deadline."""
        pixazo.latency = 3 * 3600
        job_id = await bot.wish()
        job = await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        assert (job.reason, bool(job.request_id)) == (FailureReason.DEADLINE, True)
        return job_id

    async def test_past_its_deadline_the_card_says_so_and_the_money_stays_held(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        assert bot.channel.cards[job_id].says is S.IN_DOUBT
        assert bot.held_and_spent(Unit.MICROS) == ({2 * PRICE_MICROS}, {0})

    async def test_it_is_polled_every_five_minutes_and_a_late_result_is_delivered(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        before = len(pixazo.polls)
        job = await bot.drive(job_id)
        assert (job.status, job.reason, job.settled_micros) == (S.DELIVERED, None, 2 * PRICE_MICROS)
        moments = [poll.at for poll in pixazo.polls[before:]]
        gaps = {round(later - earlier) for earlier, later in itertools.pairwise(moments)}
        assert gaps == {300}
        assert len(pixazo.submissions) == 1

    async def test_what_says_nothing_does_not_bring_the_next_poll_any_sooner(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        for fault in ("poll_503", "poll_429", "poll_401", "poll_404", "poll_dropped"):
            clock.advance(300)
            pixazo.on_poll(fault, times=None)
            step = await bot.step(job_id)
            assert isinstance(step, Later)
            assert (step.seconds, step.polls) == (300.0, True)
            pixazo.all_well()

    async def test_a_late_failure_releases_the_money(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        pixazo.on_poll("failed_error_string", times=None)
        job = await bot.drive(job_id)
        assert (job.status, job.settled_micros) == (S.FAILED, 0)
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {0})

    async def test_after_a_day_it_is_written_off_and_settled(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        pixazo.latency = float("inf")
        pixazo.on_poll("pending_in_progress", times=None)
        since = (await bot.job(job_id)).changed_at
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.WRITTEN_OFF, FailureReason.DEADLINE)
        assert DOUBT_LASTS < clock.now() - since < DOUBT_LASTS + timedelta(minutes=6)
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {2 * PRICE_MICROS})
        assert bot.held_and_spent(Unit.IMAGE) == ({0}, {2})
        assert bot.channel.cards[job_id].says is S.WRITTEN_OFF

    @pytest.mark.parametrize(("paid", "status", "posted"), [(True, S.WRITTEN_OFF, 2), (False, S.FAILED, 0)])
    async def test_what_the_operator_resolves_from_outside_is_noticed(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock, paid: bool, status: JobStatus, posted: int
    ) -> None:
        pixazo.on_submit("submit_504")
        job_id = await bot.wish()
        await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        maintenance.resolve(bot.path, job_id, paid=paid, at=clock.now())
        job = await bot.drive(job_id)
        assert job.status is status
        assert bot.channel.cards[job_id].says is status
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {posted * PRICE_MICROS})

    async def test_resolved_while_it_is_polled_the_operators_word_stands(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        pixazo.finish()
        poll = bot.provider.poll

        async def poll_while_resolving(request_id: str) -> PollAnswer:
            maintenance.resolve(bot.path, job_id, paid=False, at=clock.now())
            return await poll(request_id)

        monkeypatch.setattr(bot.provider, "poll", poll_while_resolving)
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.FAILED, FailureReason.OPERATOR_RELEASED)
        assert bot.channel.cards[job_id].says is S.FAILED
        assert bot.channel.cards[job_id].gallery is None

    async def test_a_card_that_could_not_say_so_is_tried_until_it_does(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        pixazo.on_submit("submit_504")
        job_id = await bot.wish()
        bot.delivery.fail("show", DeliveryUnavailable("503"), times=3)
        await bot.drive(job_id, until=lambda job: job.card_status is S.IN_DOUBT)
        assert bot.channel.cards[job_id].says is S.IN_DOUBT

    async def test_a_job_found_submitting_is_in_doubt_and_not_sent_again(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
    ) -> None:
        job_id = await bot.wish()
        await bot.database.write(
            lambda connection: jobs.move(connection, job_id, S.QUEUED, S.SUBMITTING, at=clock.now())
        )
        job = await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        assert job.reason == FailureReason.INTERRUPTED_SUBMISSION
        assert (await bot.drive(job_id)).status is S.WRITTEN_OFF
        assert pixazo.submissions == []

    async def test_a_result_that_came_while_the_bot_was_down_for_days_is_still_delivered(
        self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock
    ) -> None:
        job_id = await self.in_doubt(bot, pixazo)
        clock.advance(2 * DOUBT_LASTS.total_seconds())
        assert (await bot.drive(job_id)).status is S.DELIVERED


class TestRefusedAccount:
    async def test_that_nothing_was_accepted_is_on_disk_before_the_operator_is_told(
        self, bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Telling takes a while: a process that ends meanwhile must not leave a doubt where there is none."""
        told: list[JobStatus] = []

        async def look(_: int) -> None:
            told.extend(job.status for job in bot.snapshot().jobs)

        monkeypatch.setattr(bot.notices, "provider_refuses", look)
        pixazo.on_submit("submit_402")
        assert (await bot.drive(await bot.wish())).status is S.DELIVERED
        assert told == [S.QUEUED]

    async def test_a_poll_that_is_refused_keeps_the_job_and_opens_the_circuit(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.submitted()
        pixazo.on_poll("poll_403", times=3)
        job = await bot.drive(job_id, until=lambda _: bot.circuit.is_open)
        assert job.status is S.SUBMITTED
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert bot.notices.said == [403]

    @pytest.mark.parametrize("when", ["before its step", "in its step"])
    async def test_a_probe_whose_job_was_cancelled_is_there_for_the_next(
        self, bot: Assembly, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        job_id = await bot.wish()
        origin = (await bot.job(job_id)).origin

        async def cancel() -> None:
            await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)

        find = jobs.find

        async def find_then_cancel(database: Database, wanted: str) -> Job:
            found = await find(database, wanted)
            monkeypatch.undo()
            await cancel()
            return found

        await bot.circuit.refused(402)
        clock.advance(bot.circuit.wait_seconds())
        assert bot.circuit.claim()
        if when == "before its step":
            await cancel()
        else:
            monkeypatch.setattr(jobs, "find", find_then_cancel)
        await bot.step(job_id, has_turn=True)
        assert (await bot.job(job_id)).status is S.CANCELLED
        assert bot.circuit.claim()


class TestAPollThatSaysNothing:
    async def test_an_absurd_wait_is_not_obeyed(self, bot: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
        job_id = await bot.submitted()

        async def unavailable(_: str) -> PollAnswer:
            raise PollInconclusive("http_503", retry_after=3600.0)

        monkeypatch.setattr(bot.provider, "poll", unavailable)
        step = await bot.step(job_id)
        assert isinstance(step, Later)
        assert step.seconds == 300.0


class TestUnknownToThePoll:
    async def test_a_404_within_a_minute_means_not_yet(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.on_poll("poll_404", times=5)
        job_id = await bot.wish()
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert S.IN_DOUBT not in bot.channel.cards[job_id].shown

    async def test_a_404_after_a_minute_is_in_doubt(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.on_poll("poll_404", times=None)
        job_id = await bot.wish()
        job = await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
        assert job.reason == FailureReason.RESULT_UNKNOWN
        assert job.submitted_at is not None
        assert timedelta(seconds=60) < job.changed_at - job.submitted_at < timedelta(seconds=70)
        pixazo.all_well()
        assert (await bot.drive(job_id)).status is S.DELIVERED


class TestDelivery:
    async def test_a_card_that_is_gone_keeps_the_pictures_for_their_author(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.generated()
        bot.channel.cards[job_id].deleted = True
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.UNDELIVERABLE, FailureReason.CARD_GONE)
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {2 * PRICE_MICROS})
        found = bot.spool.find(job_id, await jobs.verdicts(bot.database, job_id))
        assert found is not None
        assert len(found) == 2
        assert await jobs.unfinished(bot.database) == []

    async def test_discords_outage_is_waited_out_without_fetching_again(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("deliver", DeliveryUnavailable("503"), times=6)
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert len(pixazo.downloads) == 2
        assert bot.delivery.calls["deliver"] == 7

    async def test_the_wait_that_discord_asks_for_is_kept(self, bot: Assembly) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("deliver", DeliveryUnavailable("429", retry_after=77.0))
        step = await bot.step(job_id)
        assert isinstance(step, Later)
        assert step.seconds == 77.0

    async def test_an_outage_of_discord_is_in_the_log_once_for_each_job(
        self, bot: Assembly, caplog: pytest.LogCaptureFixture
    ) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("deliver", DeliveryUnavailable("Discord answered 503, code 0"), times=3)
        await bot.drive(job_id)
        lines = [record for record in caplog.records if "Discord answered 503" in record.getMessage()]
        assert [vars(line)["job_id"] for line in lines] == [job_id]

    async def test_a_day_without_discord_makes_it_undeliverable(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.generated()
        bot.delivery.fail("deliver", DeliveryUnavailable("503"), times=1000)
        job = await bot.drive(job_id)
        assert job.status is S.UNDELIVERABLE
        assert job.finished_at is not None
        assert job.generated_at is not None
        assert job.finished_at - job.generated_at > timedelta(hours=24)

    async def test_a_withheld_jobs_card_is_mended_until_it_says_so(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.flag_when = lambda _: True
        job_id = await bot.submitted()
        bot.delivery.fail("show", DeliveryUnavailable("503"), times=4)
        job = await bot.drive(job_id)
        assert (job.status, job.card_status) == (S.WITHHELD, S.WITHHELD)
        assert bot.channel.cards[job_id].says is S.WITHHELD
        assert bot.channel.cards[job_id].gallery is None
        assert list(bot.spool_folder.iterdir()) == []

    async def test_a_flagged_picture_is_not_even_downloaded(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.flag_when = lambda _: {0}
        job_id = await bot.wish()
        job = await bot.drive(job_id)
        assert (job.status, job.reason, job.images_released) == (S.DELIVERED, FailureReason.SOME_WITHHELD, 1)
        assert [download.picture for download in pixazo.downloads] == [1]
        assert bot.held_and_spent(Unit.MICROS) == ({0}, {2 * PRICE_MICROS})
        assert bot.held_and_spent(Unit.IMAGE) == ({0}, {2})


class TestTheLateNotice:
    async def test_a_quick_job_mentions_nobody(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].notices == 0

    async def test_a_slow_job_mentions_its_author_once(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.latency = NOTIFY_AFTER.total_seconds() + 5
        job_id = await bot.wish()
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].notices == 1

    async def test_a_slow_failure_is_told_too(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.on_poll("pending_in_progress", times=60)
        job_id = await bot.submitted()
        pixazo.on_poll("failed_error_string", times=None)
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].notices == 1

    async def test_it_is_marked_before_it_is_sent(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        pixazo.latency = NOTIFY_AFTER.total_seconds() + 5
        bot.delivery.fail("notify", DeliveryUnavailable("503"))
        job_id = await bot.wish()
        job = await bot.drive(job_id)
        assert job.notified_at is not None
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert bot.delivery.calls["notify"] == 1

    async def test_cancelling_after_a_long_wait_mentions_nobody(self, bot: Assembly, clock: FakeClock) -> None:
        job_id = await bot.wish()
        clock.advance(QUEUE_PATIENCE.total_seconds() + 1)
        await bot.drive(job_id)
        assert bot.delivery.calls["notify"] == 0

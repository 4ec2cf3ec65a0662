"""What the next process makes of the jobs that the one before left behind, each by the same steps as ever."""

from pathlib import Path

from errors import DeliveryUnavailable
from generation.polling import JobKind
from generation.steps import Later
from models import JobStatus, Unit
from sandbox.pixazo import PixazoStandIn
from storage import jobs
from tests.builders import PRICE_MICROS, make_origin
from tests.generation.assembly import assembled, small_request
from tests.generation.recording import Channel
from tests.support import FakeClock

S = JobStatus


async def test_a_generated_job_polls_for_its_result_again(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.generated()
    polls = len(pixazo.polls)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert (await second.drive(job_id)).status is S.DELIVERED
    assert len(pixazo.polls) == polls + 1


async def test_pictures_in_the_spool_are_delivered_without_the_provider(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.generated()
        first.delivery.fail("deliver", DeliveryUnavailable("503"))
        await first.step(job_id)
    polls, downloads = len(pixazo.polls), len(pixazo.downloads)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert (await second.drive(job_id)).status is S.DELIVERED
    assert (len(pixazo.polls), len(pixazo.downloads)) == (polls, downloads)


async def test_a_damaged_spool_is_fetched_and_judged_again(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.generated()
        first.delivery.fail("deliver", DeliveryUnavailable("503"))
        await first.step(job_id)
        next((first.spool_folder / job_id).iterdir()).write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert (await second.drive(job_id)).status is S.DELIVERED
    assert len(pixazo.downloads) == 4


async def test_a_result_that_the_provider_has_lost_is_settled_and_the_quota_given_back(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.generated()
    pixazo.on_poll("poll_404", times=None)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        job = await second.drive(job_id)
        assert job.status is S.WITHHELD
        assert second.held_and_spent(Unit.MICROS) == ({0}, {2 * PRICE_MICROS})
        assert second.held_and_spent(Unit.IMAGE) == ({0}, {0})


async def test_one_bad_answer_after_a_long_time_down_does_not_lose_the_result(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.generated()
    clock.advance(3600)
    pixazo.on_poll("poll_503", times=2)  # the network is not quite up yet
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert (await second.drive(job_id)).status is S.DELIVERED


async def test_a_job_that_finished_while_the_bot_was_down_is_delivered_without_a_doubt(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = await first.submitted()
    clock.advance(3600)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert (await second.drive(job_id)).status is S.DELIVERED
    assert S.IN_DOUBT not in channel.cards[job_id].shown


async def test_how_long_it_was_down_is_not_taken_for_how_long_the_provider_takes(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        ids = [await first.submitted() for _ in range(6)]
    clock.advance(600)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        kind = JobKind.of(small_request())
        for job_id in ids:
            await second.drive(job_id)
        assert second.schedule.take_unsaved() == {}
        await second.drive(await second.wish())
        assert second.schedule.take_unsaved().keys() == {kind.name}


async def test_a_card_that_was_behind_is_mended(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        pixazo.on_submit("submit_400")
        job_id = await first.wish()
        first.delivery.fail("show", DeliveryUnavailable("503"))
        await first.drive(job_id, until=lambda job: job.status is S.FAILED)
    assert channel.cards[job_id].says is S.QUEUED
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert [job.job_id for job in await jobs.unfinished(second.database)] == [job_id]
        await second.drive(job_id)
        assert await jobs.unfinished(second.database) == []
    assert channel.cards[job_id].says is S.FAILED


async def test_a_card_that_a_dead_process_sent_is_looked_for_at_once(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = (await first.service.accept(make_origin(), small_request())).job.job_id
        message_id = channel.answer(job_id)
    clock.advance(1)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert await second.step(job_id) == Later(status=S.QUEUED)
        assert (await second.job(job_id)).message_id == message_id


async def test_a_card_that_a_dead_process_may_just_have_sent_gets_its_ten_seconds(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock) as first:
        job_id = (await first.service.accept(make_origin(), small_request())).job.job_id
    clock.advance(1)
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        assert await second.step(job_id) == Later(status=S.QUEUED, seconds=9.0)
        channel.answer(job_id)  # it was on its way
        assert (await second.drive(job_id)).status is S.DELIVERED

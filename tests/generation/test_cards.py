"""Cards whose edits hang, come too late, or are refused: the last thing a card says is the truth."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from errors import CardGone, DeliveryUnavailable
from generation.cards import REPEAT_AFTER_SECONDS
from generation.delivery import UsualTime
from generation.steps import Done, Later
from models import FailureReason, Job
from models import JobStatus as S
from sandbox.pixazo import PixazoStandIn
from storage import jobs
from tests.generation.assembly import Assembly, Outside, assembled
from tests.generation.recording import Channel, RecordingDelivery
from tests.support import FakeClock, wait_until


class HangingDelivery(RecordingDelivery):
    """Its edits to "being made" get no answer; what becomes of them is the test's to say."""

    async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
        if job.status is S.SUBMITTED:
            self.calls["hanging"] += 1
            await asyncio.Event().wait()
        await super().show(job, usual=usual)


@pytest.fixture
async def slow(tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock) -> AsyncIterator[Assembly]:
    """A bot to which Discord answers late."""
    async with assembled(tmp_path, pixazo, channel, clock, outside=Outside(delivery=HangingDelivery)) as parts:
        yield parts


async def test_an_edit_that_arrives_late_does_not_stand_over_the_gallery(slow: Assembly) -> None:
    job_id = await slow.wish()
    await slow.drive(job_id, until=lambda job: job.status is S.DELIVERED)
    card = slow.channel.cards[job_id]
    assert card.says is S.DELIVERED
    card.shown.append(S.SUBMITTED)  # what was given up long ago is taken by Discord now
    await slow.drive(job_id)
    assert card.says is S.DELIVERED
    assert slow.delivery.calls["deliver"] == 2
    assert not any(slow.spool_folder.iterdir())


async def test_an_edit_that_arrives_late_does_not_stand_over_a_failure(slow: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_poll("failed_error_string")
    job_id = await slow.wish()
    await slow.drive(job_id, until=lambda job: job.status is S.FAILED)
    card = slow.channel.cards[job_id]
    card.shown.append(S.SUBMITTED)
    await slow.drive(job_id)
    assert card.says is S.FAILED


async def test_the_repeat_comes_after_the_old_edit_must_have_come_or_gone(slow: Assembly) -> None:
    job_id = await slow.generated()
    step = await slow.step(job_id)
    assert step == Later(status=S.DELIVERED, seconds=REPEAT_AFTER_SECONDS)
    assert await slow.step(job_id) == Done(status=S.DELIVERED)


async def test_a_repeat_that_discord_does_not_take_is_tried_again(slow: Assembly) -> None:
    job_id = await slow.generated()
    await slow.step(job_id)
    slow.delivery.fail("deliver", DeliveryUnavailable("503"))
    step = await slow.step(job_id)
    assert isinstance(step, Later)
    assert await slow.step(job_id) == Done(status=S.DELIVERED)


async def test_a_card_deleted_before_the_repeat_ends_it(slow: Assembly) -> None:
    job_id = await slow.generated()
    await slow.step(job_id)
    slow.channel.cards[job_id].deleted = True
    assert await slow.step(job_id) == Done(status=S.DELIVERED)


async def test_a_gallery_after_an_edit_that_went_well_is_made_once(bot: Assembly) -> None:
    job_id = await bot.wish()
    assert (await bot.drive(job_id)).status is S.DELIVERED
    assert bot.delivery.calls["deliver"] == 1
    assert bot.channel.cards[job_id].shown == [S.QUEUED, S.SUBMITTED, S.DELIVERED]


async def test_a_job_does_not_wait_for_the_card_that_says_it_is_being_made(
    slow: Assembly, pixazo: PixazoStandIn
) -> None:
    job_id = await slow.submitted()
    await wait_until(lambda: slow.delivery.calls["hanging"] == 1)
    await slow.drive(job_id, until=lambda job: job.status is S.GENERATED)
    assert len(pixazo.polls) >= 1


async def test_a_card_that_takes_no_pictures_says_that_they_could_not_be_posted(bot: Assembly) -> None:
    job_id = await bot.generated()
    bot.delivery.fail("deliver", CardGone("the bot may not attach files any more"))
    job = await bot.drive(job_id)
    assert (job.status, job.reason) == (S.UNDELIVERABLE, FailureReason.CARD_GONE)
    assert bot.channel.cards[job_id].says is S.UNDELIVERABLE
    assert await jobs.unfinished(bot.database) == []


async def test_an_announcement_is_overtaken_by_the_next_one_too(bot: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that was found is told first that it waits; that edit may still hang when the next one is through."""
    job = await bot.job(await bot.wish())
    hanging, show = asyncio.Event(), bot.delivery.show

    async def first_hangs(its_job: Job, *, usual: UsualTime | None = None) -> None:
        if its_job.status is S.QUEUED:
            hanging.set()
            await asyncio.Event().wait()
        await show(its_job, usual=usual)

    monkeypatch.setattr(bot.delivery, "show", first_hangs)
    bot.cards.announce(job)
    await hanging.wait()
    assert (await bot.drive(job.job_id, until=lambda job: job.status is S.DELIVERED)).status is S.DELIVERED
    bot.channel.cards[job.job_id].shown.append(S.QUEUED)  # Discord takes the oldest edit last
    await bot.drive(job.job_id)
    assert bot.channel.cards[job.job_id].says is S.DELIVERED


async def test_closing_gives_up_what_hangs(slow: Assembly) -> None:
    job_id = await slow.submitted()
    await wait_until(lambda: slow.delivery.calls["hanging"] == 1)
    await slow.cards.close()
    assert slow.cards.must_repeat(job_id)

"""Cards whose edits hang, come too late, or are refused: the last thing a card says is the truth."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from errors import CardGone, DeliveryUnavailable, StorageUnavailable
from generation.cards import REPEAT_AFTER_SECONDS
from generation.delivery import UsualTime
from generation.steps import Done, Later
from models import FailureReason, Job, Notify
from models import JobStatus as S
from sandbox.pixazo import PixazoStandIn
from storage import jobs, members
from tests.builders import USER_ID, make_origin
from tests.generation.assembly import Assembly, Outside, assembled, small_request
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


async def test_an_edit_that_arrives_late_does_not_stand_over_the_gallery(slow: Assembly, clock: FakeClock) -> None:
    job_id = await slow.wish()
    await slow.drive(job_id, until=lambda job: job.status is S.DELIVERED)
    card = slow.channel.cards[job_id]
    assert card.says is S.DELIVERED
    card.shown.append(S.SUBMITTED)  # what was given up long ago is taken by Discord now
    clock.advance(REPEAT_AFTER_SECONDS)
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


async def test_the_repeat_comes_after_the_old_edit_must_have_come_or_gone(slow: Assembly, clock: FakeClock) -> None:
    job_id = await slow.generated()
    step = await slow.step(job_id)
    assert step == Later(status=S.DELIVERED, seconds=REPEAT_AFTER_SECONDS)
    clock.advance(step.seconds)
    assert await slow.step(job_id) == Done(status=S.DELIVERED)


async def test_a_repeat_too_soon_is_repeated_again(slow: Assembly, clock: FakeClock) -> None:
    job_id = await slow.generated()
    await slow.step(job_id)
    clock.advance(10.0)
    assert await slow.step(job_id) == Later(status=S.DELIVERED, seconds=REPEAT_AFTER_SECONDS - 10.0)


async def test_the_next_process_makes_the_repeat_that_this_one_can_not(
    tmp_path: Path, slow: Assembly, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    job_id = await slow.generated()
    await slow.step(job_id)
    assert [job.job_id for job in await jobs.unfinished(slow.database)] == [job_id]
    await slow.database.close()
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        channel.cards[job_id].shown.append(S.SUBMITTED)
        await second.drive(job_id)
        assert channel.cards[job_id].says is S.DELIVERED
        assert await jobs.unfinished(second.database) == []


async def test_what_a_process_before_this_one_sent_does_not_stand_over_the_gallery(
    tmp_path: Path, bot: Assembly, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    job_id = await bot.generated()
    await bot.database.close()
    async with assembled(tmp_path, pixazo, channel, clock) as second:
        second.pipeline.take_over([job_id])  # as the runner does when it starts
        await second.drive(job_id, until=lambda job: job.status is S.DELIVERED)
        channel.cards[job_id].shown.append(S.SUBMITTED)
        await second.drive(job_id)
        assert channel.cards[job_id].says is S.DELIVERED


async def test_a_job_cancelled_before_its_card_was_heard_of_says_so_on_it(bot: Assembly) -> None:
    acceptance = await bot.service.accept(origin := make_origin(), small_request())
    job_id = acceptance.job.job_id
    bot.channel.answer(job_id)  # and nobody hears of it
    await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
    await bot.drive(job_id)
    assert bot.channel.cards[job_id].says is S.CANCELLED


async def test_a_repeat_that_discord_does_not_take_is_tried_again(slow: Assembly) -> None:
    job_id = await slow.generated()
    await slow.step(job_id)
    slow.delivery.fail("deliver", DeliveryUnavailable("503"))
    assert isinstance(await slow.step(job_id), Later)
    await slow.drive(job_id)
    assert slow.delivery.calls["deliver"] >= 3
    assert await jobs.unfinished(slow.database) == []


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
    assert slow.cards.repeat_seconds(await slow.job(job_id)) == REPEAT_AFTER_SECONDS


class TestTellingTheAuthor:
    async def notices(self, bot: Assembly, wanted: Notify | None, *, slow: bool) -> int:
        """How often the author was told of the end of a job, after going through its last step twice."""
        if wanted is not None:
            await bot.database.write(lambda connection: members.set_notify(connection, USER_ID, wanted))
        job_id = await bot.wish()
        assert isinstance(bot.clock, FakeClock)
        bot.clock.advance(121 if slow else 0)
        await bot.drive(job_id)
        await bot.cards.notify(await bot.job(job_id))
        return bot.channel.cards[job_id].notices

    @pytest.mark.parametrize("fault", [None, "failed_error_string"], ids=["delivered", "failed"])
    @pytest.mark.parametrize(
        ("wanted", "slow", "told"),
        [
            (None, False, 0),
            (None, True, 1),
            (Notify.AUTO, False, 0),
            (Notify.AUTO, True, 1),
            (Notify.ALWAYS, False, 1),
            (Notify.ALWAYS, True, 1),
            (Notify.NEVER, False, 0),
            (Notify.NEVER, True, 0),
        ],
    )
    async def test_is_as_the_author_wants_it_and_once_at_most(
        self, bot: Assembly, pixazo: PixazoStandIn, wanted: Notify | None, slow: bool, told: int, fault: str | None
    ) -> None:
        if fault is not None:
            pixazo.on_poll(fault)
        assert await self.notices(bot, wanted, slow=slow) == told

    async def test_is_each_members_own_choice(self, bot: Assembly) -> None:
        await bot.database.write(lambda connection: members.set_notify(connection, USER_ID + 1, Notify.ALWAYS))
        assert await self.notices(bot, None, slow=False) == 0

    async def test_is_left_out_for_what_was_cancelled(self, bot: Assembly) -> None:
        await bot.database.write(lambda connection: members.set_notify(connection, USER_ID, Notify.ALWAYS))
        job_id = await bot.wish()
        origin = (await bot.job(job_id)).origin
        await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].notices == 0

    async def test_that_fails_is_not_tried_again(self, bot: Assembly) -> None:
        bot.delivery.fail("notify", DeliveryUnavailable("503"))
        assert await self.notices(bot, Notify.ALWAYS, slow=False) == 0

    async def test_is_not_worth_failing_for(self, bot: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
        async def unreadable(*_: object) -> Notify:
            raise StorageUnavailable("the disk has gone")

        monkeypatch.setattr(members, "notify_of", unreadable)
        assert await self.notices(bot, Notify.ALWAYS, slow=False) == 0
        assert not any(bot.spool_folder.iterdir())

"""Jobs made from an image that a member gave: it lies on the card, and the provider is told where at that moment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from errors import CardGone, DeliveryUnavailable
from generation import inputs
from generation.modes import CONTROL_MODES, REFERENCE_KINDS
from generation.steps import AwaitTurn, Later
from generation.timing import CARD_WAIT, CARD_WAIT_WITH_IMAGE, QUEUE_PATIENCE, card_wait
from models import FailureReason, GenerationRequest, Job, JobStatus, Unit
from sandbox.pixazo import PixazoStandIn
from tests.builders import PRICE_MICROS, make_origin, make_request
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.choosing import control, made, reference
from tests.generation.recording import Channel
from tests.generation.town import Town
from tests.support import FakeClock, wait_until

S = JobStatus
ADDRESS = "https://cdn.discordapp.com/attachments/1/2/{name}?asked={asked}"


def with_image(**changes: Any) -> GenerationRequest:
    return small_request(reference_image_url=inputs.placeholder("input.png"), **changes)


def address(asked: int = 1, name: str = "input.png") -> str:
    return ADDRESS.format(name=name, asked=asked)


async def probing(bot: Assembly, clock: FakeClock) -> None:
    """The provider refuses the account, and the job's turn is the probe."""
    await bot.circuit.refused(402)
    clock.advance(bot.circuit.wait_seconds())
    assert bot.circuit.claim()


def nothing_was_paid(bot: Assembly, pixazo: PixazoStandIn) -> bool:
    return pixazo.submissions == [] and all(bot.held_and_spent(unit) == ({0}, {0}) for unit in Unit)


async def test_the_provider_is_told_the_address_and_the_book_keeps_the_name(
    bot: Assembly, pixazo: PixazoStandIn
) -> None:
    job_id = await bot.wish(with_image())
    job = await bot.drive(job_id)
    assert (job.status, job.settled_micros) == (S.DELIVERED, 2 * PRICE_MICROS)
    [submission] = pixazo.accepted()
    assert submission.body is not None
    assert submission.body["reference_image_url"] == address()
    assert job.request == with_image()
    assert "attachment://" not in submission.raw.decode()


MODES = {mode: {"control": control(mode)} for mode in CONTROL_MODES}
KINDS = {kind: {"reference": reference(kind)} for kind in REFERENCE_KINDS}


@pytest.mark.parametrize("name", [*MODES, *KINDS])
async def test_no_placeholder_leaves_the_house_in_any_mode(bot: Assembly, pixazo: PixazoStandIn, name: str) -> None:
    choices: Mapping[str, Any] = MODES.get(name) or KINDS[name]
    request, _ = made(**choices)
    [filename] = inputs.names(request)
    assert (await bot.drive(await bot.wish(replace(request, seed=7)))).status is S.DELIVERED
    sent = pixazo.accepted()[0].raw.decode()
    assert sent.count(address(name=filename)) == 1
    assert "attachment://" not in sent


async def test_without_an_image_discord_is_not_asked(bot: Assembly) -> None:
    await bot.drive(await bot.wish(small_request("attachment://input.png")))
    assert bot.delivery.calls["image_addresses"] == 0


async def test_every_try_has_the_address_of_its_moment(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_submit("submit_429", times=2)
    assert (await bot.drive(await bot.wish(with_image()))).status is S.DELIVERED
    told = [(submission.body or {})["reference_image_url"] for submission in pixazo.submissions]
    assert told == [address(asked) for asked in (1, 2, 3)]


class TestGone:
    """What the picture is to be made from is not there: nothing is submitted, and nothing is owed."""

    async def test_a_card_that_was_deleted(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.wish(with_image())
        bot.channel.cards[job_id].deleted = True
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.CARD_GONE)
        assert nothing_was_paid(bot, pixazo)

    async def test_a_card_without_the_image(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.wish(with_image())
        bot.channel.cards[job_id].has_image = False
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.IMAGE_GONE)
        assert bot.channel.cards[job_id].says is S.CANCELLED
        assert bot.channel.cards[job_id].notices == 0
        assert nothing_was_paid(bot, pixazo)

    async def test_another_file_on_the_card(
        self, bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def another(_: Job) -> Mapping[str, str]:
            return {"input.jpg": address()}

        monkeypatch.setattr(bot.delivery, "image_addresses", another)
        assert (await bot.drive(await bot.wish(with_image()))).reason == FailureReason.IMAGE_GONE
        assert nothing_was_paid(bot, pixazo)

    @pytest.mark.parametrize("gone", ["the card", "the image"])
    async def test_the_probe_is_there_for_the_next(self, bot: Assembly, clock: FakeClock, gone: str) -> None:
        job_id = await bot.wish(with_image())
        bot.channel.cards[job_id].deleted = gone == "the card"
        bot.channel.cards[job_id].has_image = False
        await probing(bot, clock)
        await bot.step(job_id, has_turn=True)
        assert (await bot.job(job_id)).status is S.CANCELLED
        assert bot.circuit.claim()


class TestDiscordIsAway:
    async def test_it_is_asked_again_later_and_nothing_is_sent_meanwhile(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await bot.wish(with_image())
        bot.delivery.fail("image_addresses", DeliveryUnavailable("503"), times=3)
        job = await bot.drive(job_id)
        assert (job.status, job.submit_attempts) == (S.DELIVERED, 1)
        assert bot.delivery.calls["image_addresses"] == 4
        assert len(pixazo.submissions) == 1

    async def test_it_keeps_its_turn_for_as_long_as_discord_says(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.wish(with_image())
        bot.delivery.fail("image_addresses", DeliveryUnavailable("429", retry_after=7.0))
        step = await bot.step(job_id, has_turn=True)
        assert isinstance(step, AwaitTurn)
        assert (step.seconds, step.first) == (7.0, True)
        job = await bot.job(job_id)
        assert (job.status, job.submit_attempts) == (S.QUEUED, 0)
        assert pixazo.submissions == []

    async def test_the_probe_is_there_for_the_next(self, bot: Assembly, clock: FakeClock) -> None:
        job_id = await bot.wish(with_image())
        bot.delivery.fail("image_addresses", DeliveryUnavailable("503"))
        await probing(bot, clock)
        await bot.step(job_id, has_turn=True)
        assert bot.circuit.claim()

    async def test_an_hour_of_it_is_enough(self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock) -> None:
        job_id = await bot.wish(with_image())
        bot.delivery.fail("image_addresses", DeliveryUnavailable("503"), times=1000)
        began = clock.now()
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.NOT_SUBMITTED_IN_TIME)
        assert clock.now() - began > QUEUE_PATIENCE
        assert nothing_was_paid(bot, pixazo)

    async def test_others_go_before_it_only_while_it_waits(self, town: Town) -> None:
        async with town.process() as bot:
            bot.circuit.hold(10)
            bot.delivery.fail("image_addresses", DeliveryUnavailable("503", retry_after=20.0))
            first = await bot.wish(with_image(prompt="first"), origin=make_origin(user_id=1))
            await bot.wish(small_request("second"), origin=make_origin(user_id=1))
            await wait_until(lambda: len(town.pixazo.accepted()) == 2)
            assert bot.runner.in_flight <= 2
            assert [submission.prompt for submission in town.pixazo.accepted()] == ["second", "first"]
            await wait_until(lambda: town.channel.cards[first].says is S.DELIVERED)


async def test_cancelled_while_discord_is_asked_nothing_is_sent(
    bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await bot.wish(with_image())
    origin = (await bot.job(job_id)).origin
    image_addresses = bot.delivery.image_addresses

    async def cancel_meanwhile(job: Job) -> Mapping[str, str]:
        await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
        return await image_addresses(job)

    monkeypatch.setattr(bot.delivery, "image_addresses", cancel_meanwhile)
    await probing(bot, clock)
    assert isinstance(await bot.step(job_id, has_turn=True), Later)
    assert bot.circuit.claim()
    assert (await bot.drive(job_id)).reason == FailureReason.CANCELLED_BY_AUTHOR
    assert nothing_was_paid(bot, pixazo)


class TestTheCard:
    """It takes longer with a file, and what was found of it may lack the image still."""

    async def accepted(self, bot: Assembly) -> str:
        return (await bot.service.accept(make_origin(), with_image())).job.job_id

    async def test_it_is_waited_for_three_quarters_of_a_minute(self, bot: Assembly, clock: FakeClock) -> None:
        assert card_wait(make_request()) == CARD_WAIT
        job_id = await self.accepted(bot)
        assert await bot.step(job_id) == Later(status=S.QUEUED, seconds=CARD_WAIT_WITH_IMAGE.total_seconds())
        clock.advance(44)
        assert await bot.step(job_id) == Later(status=S.QUEUED, seconds=1.0)
        assert bot.delivery.calls["find_card"] == 0
        clock.advance(1)
        await bot.step(job_id)
        assert bot.delivery.calls["find_card"] == 1

    async def test_no_card_ends_the_job(self, bot: Assembly, pixazo: PixazoStandIn, clock: FakeClock) -> None:
        began = clock.now()
        job = await bot.drive(await self.accepted(bot))
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.NO_CARD)
        assert clock.now() - began == CARD_WAIT_WITH_IMAGE
        assert nothing_was_paid(bot, pixazo)

    async def test_the_runner_waits_as_long(self, town: Town) -> None:
        async with town.process() as bot:
            job_id = await self.accepted(bot)
            began = town.clock.now()
            await wait_until(lambda: bot.snapshot().jobs[0].status is S.CANCELLED)
            assert town.clock.now() - began >= CARD_WAIT_WITH_IMAGE
            assert (await bot.job(job_id)).reason == FailureReason.NO_CARD

    async def test_one_that_was_found_is_not_drawn_over(self, bot: Assembly) -> None:
        """Its upload may be under way: an edit now would take the image's place from it."""
        job_id = await self.accepted(bot)
        bot.channel.answer(job_id)
        assert (await bot.drive(job_id)).status is S.DELIVERED
        assert bot.channel.cards[job_id].shown == [S.QUEUED, S.SUBMITTED, S.DELIVERED]
        plain = (await bot.service.accept(make_origin(), small_request())).job.job_id
        bot.channel.answer(plain)
        await bot.drive(plain)
        assert bot.channel.cards[plain].shown[:2] == [S.QUEUED, S.QUEUED]

    async def test_one_that_was_found_without_the_image_says_why_it_ends(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        job_id = await self.accepted(bot)
        bot.channel.answer(job_id)
        bot.channel.cards[job_id].has_image = False
        job = await bot.drive(job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.IMAGE_GONE)
        assert bot.channel.cards[job_id].says is S.CANCELLED
        assert nothing_was_paid(bot, pixazo)

    async def test_after_a_restart_it_is_looked_for_at_once_and_waited_for_as_long(
        self, bot: Assembly, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock, tmp_path: Any
    ) -> None:
        job_id = await self.accepted(bot)
        await bot.database.close()
        clock.advance(5)
        async with assembled(tmp_path, pixazo, channel, clock) as second:
            assert await second.step(job_id) == Later(status=S.QUEUED, seconds=40.0)
            assert second.delivery.calls["find_card"] == 1
            channel.answer(job_id)  # what the dead process sent last comes through
            clock.advance(40)
            assert (await second.drive(job_id)).status is S.DELIVERED

    async def test_cancelled_before_its_card_was_heard_of_it_says_so_all_the_same(self, bot: Assembly) -> None:
        acceptance = await bot.service.accept(make_origin(), with_image())
        job_id, origin = acceptance.job.job_id, acceptance.job.origin
        await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)
        step = await bot.step(job_id)
        assert step == Later(status=S.CANCELLED, seconds=CARD_WAIT_WITH_IMAGE.total_seconds())
        await bot.service.card_sent(job_id, bot.channel.answer(job_id))
        await bot.drive(job_id)
        assert bot.channel.cards[job_id].says is S.CANCELLED


async def test_a_card_that_goes_while_the_picture_is_made_makes_it_undeliverable(bot: Assembly) -> None:
    job_id = await bot.wish(with_image())
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    bot.delivery.fail("deliver", CardGone("deleted"))
    assert (await bot.drive(job_id)).status is S.UNDELIVERABLE

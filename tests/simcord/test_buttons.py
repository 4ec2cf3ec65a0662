"""Cancel, on the card and in the list, by whom it may be pressed and by whom not, and after a restart."""

import pytest
import simcord

from models import FailureReason, JobStatus
from tests.simcord.stage import Stage, buttons, message_of, texts

# With one place at the provider, taken by Bob's endless job, Ada's waits in line for as long as the test likes.
one_at_a_time = pytest.mark.parametrize("stage", [{"MAX_IN_FLIGHT": "1"}], indirect=True)


async def waiting(stage: Stage) -> simcord.InteractionResult:
    """Ada's card, which waits in line."""
    stage.pixazo.latency = 3600.0
    await stage.imagine(by=stage.bob)
    await stage.pixazo.until(lambda: bool(stage.pixazo.accepted()))
    return await stage.imagine()


def pending(stage: Stage) -> int:
    """What is held of the whole bot's money, in micros."""
    return stage.books().balances[-1].pending


@one_at_a_time
async def test_the_author_cancels(stage: Stage) -> None:
    card = await waiting(stage)
    held = pending(stage)
    await stage.ada.click(message_of(card), label="Cancel")
    assert "Cancelled by the member who asked" in texts(card)
    assert "Nothing was charged" in texts(card)
    assert buttons(card) == []
    assert pending(stage) == held - 90_000


@one_at_a_time
async def test_another_member_is_refused_in_private(stage: Stage) -> None:
    card = await waiting(stage)
    refused = await stage.bob.click(message_of(card), label="Cancel")
    assert refused.ephemeral
    assert "**Manage Messages**" in texts(refused)
    assert buttons(card) == ["Cancel"]
    assert stage.books().jobs[-1].status is JobStatus.QUEUED


@one_at_a_time
async def test_a_moderator_cancels(stage: Stage) -> None:
    card = await waiting(stage)
    await stage.mia.click(message_of(card), label="Cancel")
    assert "Cancelled by a moderator" in texts(card)
    assert stage.books().jobs[-1].reason == FailureReason.CANCELLED_BY_MODERATOR


@one_at_a_time
async def test_the_button_in_the_list_cancels_the_card_as_well(stage: Stage) -> None:
    card = await waiting(stage)
    listed = await stage.ada.slash(stage.channel, "queue")
    assert listed.ephemeral
    assert "in line" in texts(listed)
    await stage.ada.click(message_of(listed), label="Cancel")
    assert "nothing under way" in texts(listed)
    await stage.becomes(card, lambda _: "Cancelled by the member who asked" in texts(card))


@one_at_a_time
async def test_the_button_works_after_a_restart(stage: Stage) -> None:
    card = await waiting(stage)
    await stage.restart()
    await stage.ada.click(message_of(card), label="Cancel")
    assert "Cancelled by the member who asked" in texts(card)
    assert stage.books().jobs[-1].status is JobStatus.CANCELLED


async def test_the_job_goes_on_after_a_restart(stage: Stage) -> None:
    stage.pixazo.latency = 3600.0
    card = await stage.imagine()
    await stage.pixazo.until(lambda: bool(stage.pixazo.accepted()))
    await stage.restart()
    stage.pixazo.finish()
    await stage.becomes(card, lambda message: message.attachments)
    assert len(stage.public()) == 1
    assert len(stage.pixazo.accepted()) == 1


async def test_a_deleted_card_is_not_posted_again(stage: Stage) -> None:
    stage.pixazo.latency = 3600.0
    card = await stage.imagine()
    await stage.becomes(card, lambda _: "Being made" in texts(card))
    await stage.mia.delete(message_of(card))
    stage.pixazo.finish()
    await stage.ends(JobStatus.UNDELIVERABLE)
    assert stage.public() == []

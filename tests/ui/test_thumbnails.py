"""Addresses of small pictures: how long and how many of them are remembered, and what stands in for them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from errors import CardGone, DeliveryUnavailable
from models import Job, JobStatus
from tests.builders import MESSAGE_ID, make_job, make_request
from tests.support import FakeClock
from ui import thumbnails
from ui.thumbnails import KEPT_FOR, Thumbnails


def file(name: str, *, expires: datetime | None = None) -> discord.Attachment:
    query = "" if expires is None else f"?ex={int(expires.timestamp()):x}&is=0&hm=00&"
    address = f"https://cdn.discordapp.com/attachments/1/2/{name}{query}"
    return discord.Attachment(
        data={"id": 2, "filename": name, "size": 1, "url": address, "proxy_url": address},
        state=cast("Any", SimpleNamespace(http=None)),  # it is never downloaded
    )


def delivered(**changes: Any) -> Job:
    values: dict[str, Any] = {"status": JobStatus.DELIVERED, "message_id": MESSAGE_ID}
    return make_job(**(values | changes))


class Cards:
    """What lies on every card, and how often that was asked."""

    def __init__(self, files: Callable[[Job], Sequence[discord.Attachment]]) -> None:
        self.asked: list[str] = []
        self._files = files

    async def __call__(self, job: Job) -> Sequence[discord.Attachment]:
        self.asked.append(job.job_id)
        return self._files(job)


async def test_an_address_is_kept_for_some_minutes(clock: FakeClock) -> None:
    cards, job = Cards(lambda _: [file("fox.png", expires=clock.now() + timedelta(days=1))]), delivered()
    small = Thumbnails(cards, clock=clock)
    first = await small.of([job])
    assert first[job.job_id].startswith("https://cdn.discordapp.com/attachments/1/2/fox.png?ex=")
    clock.advance(KEPT_FOR.total_seconds() - 1)
    assert await small.of([job]) == first
    assert len(cards.asked) == 1
    clock.advance(1)
    await small.of([job])
    assert len(cards.asked) == 2


async def test_an_address_is_not_kept_until_it_runs_out(clock: FakeClock) -> None:
    cards, job = Cards(lambda _: [file("fox.png", expires=clock.now() + timedelta(minutes=3))]), delivered()
    small = Thumbnails(cards, clock=clock)
    await small.of([job])
    clock.advance(timedelta(minutes=2, seconds=1).total_seconds())
    await small.of([job])
    assert len(cards.asked) == 2


@pytest.mark.parametrize("query", ["", "?ex=", "?ex=fox", "?ex=fffffffffffffff"])
async def test_an_address_that_does_not_say_when_it_runs_out_is_kept_as_long(clock: FakeClock, query: str) -> None:
    cards, job = Cards(lambda _: [file(f"fox.png{query}")]), delivered()
    small = Thumbnails(cards, clock=clock)
    await small.of([job])
    await small.of([job])
    assert len(cards.asked) == 1


async def test_only_the_latest_few_hundred_are_kept(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_KEPT_AT_MOST", 3)
    cards, made = Cards(lambda _: [file("fox.png")]), [delivered() for _ in range(4)]
    small = Thumbnails(cards, clock=clock)
    await small.of(made[:3])
    await small.of(made[:1])  # used again, so it is not the oldest
    await small.of(made[3:])
    cards.asked.clear()
    await small.of([made[0], made[2], made[3]])
    assert cards.asked == []
    await small.of([made[1]])
    assert cards.asked == [made[1].job_id]


async def test_the_first_picture_is_the_first_that_was_made(clock: FakeClock) -> None:
    request = make_request(reference_image_url="attachment://input.png")
    small = Thumbnails(Cards(lambda _: [file("input.png"), file("fox-1.png"), file("fox-2.png")]), clock=clock)
    job = delivered(request=request)
    assert (await small.of([job]))[job.job_id].endswith("/fox-1.png")


async def test_what_shows_no_pictures_is_not_asked_for(clock: FakeClock) -> None:
    cards = Cards(lambda _: [file("fox.png")])
    others = [delivered(message_id=None), delivered(removed_at=clock.now())]
    others += [delivered(status=status) for status in JobStatus if status is not JobStatus.DELIVERED]
    assert await Thumbnails(cards, clock=clock).of(others) == {}
    assert cards.asked == []


@pytest.mark.parametrize("error", [CardGone("gone"), DeliveryUnavailable("busy"), OSError("cut off")])
async def test_a_card_that_can_not_be_read_has_no_picture_and_the_others_have(
    clock: FakeClock, error: Exception
) -> None:
    bad, good = delivered(), delivered()

    def files(job: Job) -> Sequence[discord.Attachment]:
        if job.job_id == bad.job_id:
            raise error
        return [file("fox.png")]

    small = Thumbnails(Cards(files), clock=clock)
    assert list(await small.of([bad, good])) == [good.job_id]


async def test_a_card_without_files_has_no_picture(clock: FakeClock) -> None:
    assert await Thumbnails(Cards(lambda _: []), clock=clock).of([delivered()]) == {}


async def test_all_are_asked_at_once_and_waited_for_together(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "PAGE_SECONDS", 0.05)
    waiting = 0

    async def hang(_: Job) -> Sequence[discord.Attachment]:
        nonlocal waiting
        waiting += 1
        await asyncio.Event().wait()
        return []

    async with asyncio.timeout(5):
        assert await Thumbnails(hang, clock=clock).of([delivered() for _ in range(5)]) == {}
    assert waiting == 5


async def test_every_job_has_its_own(clock: FakeClock) -> None:
    one, two = delivered(), delivered()
    small = Thumbnails(Cards(lambda job: [file(f"{job.job_id}.png")]), clock=clock)
    for found in (await small.of([one, two]), await small.of([two, one])):
        assert found[one.job_id].endswith(f"/{one.job_id}.png")
        assert found[two.job_id].endswith(f"/{two.job_id}.png")

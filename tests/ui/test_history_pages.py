"""Pages of past pictures within Discord's limits, in both languages."""

from typing import Any

import discord
import pytest

from generation.history import HistoryPage
from models import Job, JobStatus
from recipes import Recipe
from tests.builders import MESSAGE_ID, USER_ID, make_job, make_origin, make_request
from ui import history_pages
from ui.cards import Card
from ui.history_pages import Asked
from ui.language import speaking

LONG = "*" * 2000
ADDRESS = "https://cdn.discordapp.com/" + "a" * 400


def past(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "request": make_request(LONG, num_images=10),
        "origin": make_origin(user_id=USER_ID + 1),
        "recipe": Recipe(preset="_" * 32),
        "status": JobStatus.DELIVERED,
        "message_id": MESSAGE_ID,
        "images_produced": 10,
        "images_released": 9,
        "settled_micros": 1_234_567,
    }
    return make_job(**(values | changes))


def words_on(card: Card) -> str:
    return "\n".join(item.content for item in card.walk_children() if isinstance(item, discord.ui.TextDisplay))


def links_on(card: Card) -> list[str | None]:
    return [item.url for item in card.walk_children() if isinstance(item, discord.ui.Button)]


@pytest.mark.parametrize("locale", ["en-US", "de"])
async def test_the_longest_page_stays_within_discords_limits(locale: str) -> None:
    jobs = tuple(past() for _ in range(5))
    ids = {job.job_id for job in jobs}
    page = HistoryPage(jobs=jobs, number=123_456, pages=1_234_567, total=12_345_678)
    asked = Asked(search=LONG, preset="_" * 32, favourites=True, draft_id="x" * 16)
    with speaking(locale):
        card = history_pages.history(
            page, asked, reader_id=USER_ID, favourites=ids, thumbnails=dict.fromkeys(ids, ADDRESS)
        )
    assert card.content_length() < 4000
    assert sum(1 for _ in card.walk_children()) <= 40


@pytest.mark.parametrize("locale", ["en-US", "de"])
async def test_what_is_shown_again_stays_within_discords_limits(locale: str) -> None:
    with speaking(locale):
        cards = [history_pages.shown(past(), [ADDRESS] * 10, kept=kept) for kept in (False, True)]
        cards += [history_pages.state(past(status=status)) for status in JobStatus]
    for card in cards:
        assert card.content_length() < 4000
        assert sum(1 for _ in card.walk_children()) <= 40


async def test_some_of_the_pictures_are_said_to_be_some() -> None:
    page = HistoryPage(jobs=(past(request=make_request("a fox", num_images=10)),), number=1, pages=1, total=1)
    card = history_pages.history(page, Asked(), reader_id=USER_ID, favourites=(), thumbnails={})
    assert "9 of 10 pictures" in words_on(card)


async def test_a_card_that_was_removed_has_no_way_to_it() -> None:
    job = past()
    gone = past(removed_at=job.created_at, status=JobStatus.FAILED)
    place = f"{job.origin.guild_id}/{job.origin.channel_id}/{MESSAGE_ID}"
    assert links_on(history_pages.state(job)) == [f"https://discord.com/channels/{place}"]
    assert links_on(history_pages.state(gone)) == []

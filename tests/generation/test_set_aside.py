"""Pictures that are taken back from cards: whole or not at all, from the right card, and no longer than needed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from errors import CardGone, DeliveryUnavailable
from generation import inputs, set_aside
from generation.attachments import AttachmentFetcher
from generation.drafts import Drafts
from generation.janitor import Janitor
from generation.set_aside import SetAside
from models import Job
from models import JobStatus as S
from sandbox.pixazo import PixazoStandIn
from storage import withdrawals
from tests.builders import GUILD_ID, USER_ID
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.card_files import GIVEN, CardFiles, serving
from tests.generation.recording import Channel
from tests.support import FakeClock


@pytest.fixture
async def files(channel: Channel) -> AsyncIterator[CardFiles]:
    async with serving(channel) as served:
        yield served


@pytest.fixture
async def bot(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock, files: CardFiles
) -> AsyncIterator[Assembly]:
    async with assembled(tmp_path, pixazo, channel, clock) as parts:
        yield parts


async def delivered(bot: Assembly, *, image: bool = False) -> Job:
    url = inputs.placeholder("input.png") if image else None
    return await bot.drive(await bot.wish(small_request(reference_image_url=url)))


def folder_of(bot: Assembly, job: Job) -> Path:
    return bot.spool_folder.parent / "set_aside" / job.job_id


async def test_pictures_are_fetched_once_and_then_had_from_the_disk(bot: Assembly, files: CardFiles) -> None:
    job = await delivered(bot)
    card = bot.channel.cards[job.job_id]
    first = await bot.set_aside.of(job)
    assert first is not None
    assert [image.path.read_bytes() for image in first.images] == list(card.files.values())
    assert [image.index for image in first.images] == [0, 1]
    assert {image.media_type for image in first.images} == {"image/png"}
    files.broken = True
    assert await bot.set_aside.of(job) == first
    assert len(files.asked) == 2


async def test_originals_that_are_still_in_the_spool_are_taken_from_there(bot: Assembly, files: CardFiles) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    bot.delivery.fail("deliver", CardGone("404"))
    job = await bot.drive(job_id)
    kept = await bot.set_aside.of(job)
    assert kept is not None
    assert {image.path.parent.parent for image in kept.images} == {bot.spool_folder}
    assert files.asked == []


async def test_the_members_own_image_is_kept_with_them(bot: Assembly) -> None:
    job = await delivered(bot, image=True)
    kept = await bot.set_aside.of(job)
    assert kept is not None
    assert kept.given is not None
    assert (kept.given.filename, kept.given.path.read_bytes()) == ("input.png", GIVEN)
    assert len(kept.images) == 2


@pytest.mark.parametrize("damage", ["changed", "gone", "no manifest", "another manifest"])
async def test_what_is_not_whole_is_fetched_anew(bot: Assembly, files: CardFiles, damage: str) -> None:
    job = await delivered(bot)
    first = await bot.set_aside.of(job)
    assert first is not None
    before = [image.path.read_bytes() for image in first.images]
    path, manifest = first.images[1].path, folder_of(bot, job) / "manifest.json"
    if damage == "changed":
        path.write_bytes(b"not that")
    elif damage == "gone":
        path.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(json.dumps({"0": {"name": "../../easel.db", "sha256": "x"}}))
    again = await bot.set_aside.of(job)
    assert again is not None
    assert [image.path.read_bytes() for image in again.images] == before
    assert len(files.asked) == 4


@pytest.mark.parametrize("case", ["one is missing", "one too many", "a strange name", "the card is gone", "no answer"])
async def test_a_card_that_has_not_exactly_its_pictures_gives_none(bot: Assembly, case: str) -> None:
    job = await delivered(bot)
    card = bot.channel.cards[job.job_id]
    match case:
        case "one is missing":
            card.files.pop("picture-2.png")
        case "one too many":
            card.files["picture-3.png"] = b"more"
        case "a strange name":
            card.files = {"../escape.png": b"x", "picture-2.png": b"y"}
        case "the card is gone":
            card.deleted = True
        case _:
            bot.delivery.fail("image_addresses", DeliveryUnavailable("503"))
    assert await bot.set_aside.of(job) is None
    assert not list((bot.spool_folder.parent / "set_aside").iterdir()), "what was fetched in part stays behind"


async def test_half_of_the_pictures_is_none(bot: Assembly, files: CardFiles) -> None:
    job = await delivered(bot)
    bot.channel.cards[job.job_id].files["picture-2.png"] = b""  # Discord hands over nothing
    assert await bot.set_aside.of(job) is None
    assert not list((bot.spool_folder.parent / "set_aside").iterdir())


async def test_nobody_waits_for_longer_than_is_said(
    bot: Assembly, files: CardFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "FETCH_SECONDS", 0.0)
    assert await bot.set_aside.of(await delivered(bot)) is None


async def test_a_full_folder_takes_no_more(bot: Assembly) -> None:
    job, other = await delivered(bot), await delivered(bot)
    assert await bot.set_aside.of(job) is not None
    full = SetAside(
        bot.spool_folder.parent / "set_aside",
        database=bot.database,
        delivery=bot.delivery,
        fetcher=AttachmentFetcher(bot.downloader),
        spool=bot.spool,
        max_bytes=1,
    )
    assert await full.of(other) is None
    assert await full.of(job) is not None, "what is there is still had"


async def test_a_job_without_pictures_has_none(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("flagged_all")
    assert await bot.set_aside.of(await delivered(bot)) is None


async def test_what_a_killed_process_left_unfinished_goes_at_the_next_start(bot: Assembly) -> None:
    unfinished = bot.spool_folder.parent / "set_aside" / "unfinished-x"
    unfinished.mkdir()
    assert bot.set_aside.kept() == frozenset()
    bot.set_aside.prepare()
    assert not unfinished.exists()


async def test_housekeeping_lets_go_of_what_nobody_decides_about_any_more(
    bot: Assembly, clock: FakeClock, tmp_path: Path
) -> None:
    asked, decided, hidden = [await delivered(bot) for _ in range(3)]
    for job in (asked, decided, hidden):
        await bot.set_aside.of(job)
    for job in (asked, decided):
        await bot.reports.file(GUILD_ID, job.job_id, USER_ID + 1)
    await bot.database.write(
        lambda c: c.execute(
            "UPDATE cases SET outcome = 'dismissed', decided_by = 1, decided_at = 1 WHERE job_no ="
            " (SELECT job_no FROM jobs WHERE job_id = ?)",
            (decided.job_id,),
        )
    )
    await bot.database.write(lambda c: withdrawals.hide(c, hidden.job_id, at=clock.now()))
    drafts = Drafts(bot.database, tmp_path / "drafts", clock)
    janitor = Janitor(
        database=bot.database,
        spool=bot.spool,
        set_aside=bot.set_aside,
        drafts=drafts,
        privacy=bot.privacy(drafts),
        clock=clock,
        retention=timedelta(days=30),
    )
    await janitor.sweep()
    assert bot.set_aside.kept() == {asked.job_id, hidden.job_id}


async def test_originals_of_hidden_jobs_outlast_the_days_of_the_spool(
    bot: Assembly, clock: FakeClock, tmp_path: Path
) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    await bot.database.write(lambda c: withdrawals.hide(c, job_id, at=clock.now()))
    await bot.drive(job_id)
    clock.advance(30 * 86_400)
    active = await withdrawals.hidden(bot.database)
    assert bot.spool.sweep(now=clock.now(), active=active) == 0
    assert await bot.set_aside.of(await bot.job(job_id)) is not None

"""Reported pictures: hidden at once, shown again or removed as moderators say, whatever Discord does meanwhile."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from errors import AlreadyDecided, CardGone, CaseGone, DeliveryUnavailable, JobNotFound, PictureRemoved
from generation import inputs
from generation.cards import PATIENCE
from generation.removal import Decided
from generation.steps import Done
from models import FailureReason, Job
from models import JobStatus as S
from moderation import Case, CaseKind, CaseOutcome
from sandbox.pixazo import PixazoStandIn
from storage import cases, history, jobs
from tests.builders import GUILD_ID, USER_ID
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.card_files import CardFiles, serving
from tests.generation.recording import Channel, ChannelCard
from tests.support import FakeClock

MODERATOR, OTHER = USER_ID + 50, USER_ID + 51


@pytest.fixture
async def files(channel: Channel) -> AsyncIterator[CardFiles]:
    async with serving(channel) as served:
        yield served


@pytest.fixture
async def bot(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock, files: CardFiles
) -> AsyncIterator[Assembly]:
    """A bot that can fetch what lies on its cards."""
    async with assembled(tmp_path, pixazo, channel, clock) as parts:
        yield parts


async def delivered(bot: Assembly, *, image: bool = False) -> tuple[str, ChannelCard]:
    url = inputs.placeholder("input.png") if image else None
    job_id = await bot.wish(small_request(reference_image_url=url))
    await bot.drive(job_id)
    assert (await bot.job(job_id)).status is S.DELIVERED
    return job_id, bot.channel.cards[job_id]


async def report(bot: Assembly, job_id: str, *, members: int = 3) -> Case:
    filed = [await bot.reports.file(GUILD_ID, job_id, USER_ID + number, "rude") for number in range(1, members + 1)]
    return filed[-1].case


def withdrawn(card: ChannelCard) -> str | None:
    """What stands in the place of the pictures at present."""
    return card.withdrawn


def has_image(card: ChannelCard) -> bool:
    """Whether the member's own image lies on it."""
    return card.has_image


def put_back(card: ChannelCard, gallery: tuple[str, ...] | None, files: dict[str, bytes]) -> None:
    card.gallery, card.files, card.withdrawn = gallery, files, None


def everything_kept(bot: Assembly) -> list[str]:
    """Every file in the spool and among what was set aside."""
    folders = (bot.spool_folder, bot.spool_folder.parent / "set_aside")
    return sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())


async def audited(bot: Assembly) -> list[tuple[str, int]]:
    rows = await bot.database.fetch_all("SELECT what, by_id FROM audit ORDER BY seq")
    return [(row["what"], row["by_id"]) for row in rows]


async def test_the_last_report_needed_takes_the_pictures_off_and_keeps_them(bot: Assembly, files: CardFiles) -> None:
    job_id, card = await delivered(bot)
    before = dict(card.files)
    await report(bot, job_id, members=2)
    assert withdrawn(card) is None
    await report(bot, job_id)
    job = await bot.drive(job_id)
    assert (withdrawn(card), card.files, card.gallery) == ("hidden", {}, None)
    assert job.card_status is S.DELIVERED
    assert not job.is_shown
    assert everything_kept(bot) == ["manifest.json", *before]
    assert files.asked == list(before)


async def test_a_dismissal_puts_the_same_pictures_back_in_their_order(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    before, gallery = dict(card.files), card.gallery
    case = await report(bot, job_id)
    await bot.drive(job_id)
    decided = await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert decided.case.outcome is CaseOutcome.DISMISSED
    job = await bot.drive(job_id)
    assert (withdrawn(card), card.gallery, card.files) == (None, gallery, before)
    assert list(card.files) == list(before)
    assert job.is_shown
    assert job.card_status is S.DELIVERED
    assert everything_kept(bot) == []
    assert await audited(bot) == [("mod.hide", 0), ("mod.report.dismissed", MODERATOR), ("mod.restore", MODERATOR)]


async def test_a_removal_leaves_no_picture_anywhere_and_all_that_is_known_of_it(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    verdicts = await jobs.verdicts(bot.database, job_id)
    before = await bot.job(job_id)
    case = await report(bot, job_id)
    await bot.drive(job_id)
    await bot.removal.remove_reported(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    job = await bot.drive(job_id)
    assert (withdrawn(card), card.files) == ("removed", {})
    assert everything_kept(bot) == []
    assert await jobs.verdicts(bot.database, job_id) == verdicts
    assert (job.settled_micros, job.request, job.images_released) == (
        before.settled_micros,
        before.request,
        before.images_released,
    )
    assert await audited(bot) == [("mod.hide", 0), ("mod.report.removed", MODERATOR), ("mod.remove", MODERATOR)]


async def test_what_was_never_hidden_is_dismissed_without_touching_its_card(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    case = await report(bot, job_id, members=1)
    assert await bot.set_aside.of(await bot.job(job_id)) is not None  # as the card for moderators has it
    edits = bot.delivery.calls.total()
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert isinstance(await bot.step(job_id), Done)
    assert bot.delivery.calls.total() == edits
    assert card.gallery is not None
    assert everything_kept(bot) == []


async def test_of_two_moderators_one_decides_and_the_other_learns_what_was_done(bot: Assembly) -> None:
    job_id, _ = await delivered(bot)
    case = await report(bot, job_id)
    ways = (bot.removal.dismiss, bot.removal.remove_reported, bot.removal.dismiss, bot.removal.remove_reported)
    outcomes = await asyncio.gather(
        *(way(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR + n) for n, way in enumerate(ways)),
        return_exceptions=True,
    )
    [done] = [outcome.case for outcome in outcomes if isinstance(outcome, Decided)]
    late = [outcome for outcome in outcomes if isinstance(outcome, AlreadyDecided)]
    assert len(late) == 3
    assert {(error.outcome, error.by_id) for error in late} == {(done.outcome, done.decided_by)}
    assert (await bot.job(job_id)).removed_at is None, "the first one dismissed it"


async def test_members_at_once_hide_it_once(bot: Assembly) -> None:
    job_id, _ = await delivered(bot)
    filed = await asyncio.gather(
        *(bot.reports.file(GUILD_ID, job_id, USER_ID + number % 12) for number in range(1, 37))
    )
    assert sum(report.hides for report in filed) == 1
    assert sum(report.is_new for report in filed) == 12
    assert len({report.case.case_id for report in filed}) == 1
    assert [what for what, _ in await audited(bot)] == ["mod.hide"]


async def test_another_guilds_moderators_decide_nothing(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    case = await report(bot, job_id, members=1)
    for decide in (bot.removal.dismiss, bot.removal.remove_reported):
        with pytest.raises(CaseGone):
            await decide(case.case_id, guild_id=GUILD_ID + 1, by_id=MODERATOR)
    with pytest.raises(JobNotFound):
        await bot.removal.remove(job_id, guild_id=GUILD_ID + 1, by_id=MODERATOR)
    assert card.gallery is not None
    assert (await bot.job(job_id)).is_shown


async def test_pictures_that_could_not_be_fetched_are_hidden_all_the_same_and_said_to_be_lost(
    bot: Assembly, files: CardFiles
) -> None:
    job_id, card = await delivered(bot)
    files.broken = True
    case = await report(bot, job_id)
    await bot.drive(job_id)
    assert (withdrawn(card), card.files) == ("hidden", {})
    assert everything_kept(bot) == []
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    job = await bot.drive(job_id)
    assert withdrawn(card) == "lost"
    assert job.card_status is S.DELIVERED


async def test_a_dismissal_before_the_card_was_changed_leaves_the_gallery_where_it_is(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    before = dict(card.files)
    case = await report(bot, job_id)  # nobody has looked at the card yet
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    await bot.drive(job_id)
    assert (withdrawn(card), card.files) == (None, before)
    assert everything_kept(bot) == []


async def test_the_members_own_image_goes_and_comes_back_with_the_pictures(bot: Assembly) -> None:
    job_id, card = await delivered(bot, image=True)
    case = await report(bot, job_id)
    await bot.drive(job_id)
    assert not has_image(card)
    assert "input.png" in everything_kept(bot)
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    await bot.drive(job_id)
    assert has_image(card)
    assert card.gallery is not None


async def test_a_card_that_discord_does_not_change_is_tried_until_it_does(bot: Assembly, clock: FakeClock) -> None:
    job_id, card = await delivered(bot)
    clock.advance(3 * PATIENCE.total_seconds())  # it has been there for days, and so has the bot
    await report(bot, job_id)
    bot.delivery.fail("show", DeliveryUnavailable("503"), times=400)  # for more than a day
    started = clock.now()
    await bot.drive(job_id)
    assert clock.now() - started > PATIENCE
    assert withdrawn(card) == "hidden"


async def test_what_was_given_up_and_still_arrives_does_not_stand_over_a_hidden_card(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    gallery, before = card.gallery, dict(card.files)
    await report(bot, job_id)
    bot.delivery.fail("show", DeliveryUnavailable("no answer"))
    await bot.drive(job_id, until=lambda _: withdrawn(card) == "hidden")
    put_back(card, gallery, before)  # as by a gallery that was on its way for long
    await bot.drive(job_id)
    assert withdrawn(card) == "hidden"
    assert card.files == {}


async def test_a_deleted_card_is_left_alone_and_what_was_kept_of_it_goes(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    case = await report(bot, job_id)
    await bot.drive(job_id)
    card.deleted = True
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    job = await bot.drive(job_id)
    assert job.card_status is S.DELIVERED
    assert everything_kept(bot) == []


async def test_a_card_deleted_before_it_was_hidden_is_no_reason_to_go_on_for_ever(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    card.deleted = True
    await report(bot, job_id)
    assert (await bot.drive(job_id)).card_status is S.DELIVERED


@pytest.mark.parametrize("status", [S.SUBMITTED, S.GENERATED])
async def test_what_is_reported_while_it_is_made_never_comes_up_until_a_moderator_has_looked(
    bot: Assembly, status: S
) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is status)
    case = await report(bot, job_id)
    job = await bot.drive(job_id)
    card = bot.channel.cards[job_id]
    assert job.status is S.DELIVERED
    assert job.settled_micros > 0
    assert (withdrawn(card), card.files, card.notices) == ("hidden", {}, 0)
    assert bot.delivery.calls["deliver"] == 0
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    await bot.drive(job_id)
    assert (withdrawn(card), len(card.files)) == (None, 2)
    assert everything_kept(bot) == []


async def test_what_is_hidden_during_its_upload_does_not_stay_up(
    bot: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    deliver = bot.delivery.deliver

    async def deliver_slowly(job: Job, *args: Any, **kwargs: Any) -> None:
        await deliver(job, *args, **kwargs)
        await report(bot, job_id)

    monkeypatch.setattr(bot.delivery, "deliver", deliver_slowly)
    await bot.drive(job_id)
    card = bot.channel.cards[job_id]
    assert (withdrawn(card), card.files) == ("hidden", {})


async def test_removing_a_job_that_waits_in_line_ends_it_and_it_is_never_submitted(
    bot: Assembly, pixazo: PixazoStandIn
) -> None:
    job_id = await bot.wish()
    removed = await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=MODERATOR, reason="vile")
    assert (removed.status, removed.reason) == (S.CANCELLED, FailureReason.CANCELLED_BY_MODERATOR)
    await bot.drive(job_id)
    assert bot.channel.cards[job_id].withdrawn == "removed"
    assert pixazo.submissions == []
    assert bot.snapshot().findings == ()


async def test_a_removal_answers_an_open_report_and_can_not_be_repeated(bot: Assembly) -> None:
    job_id, _ = await delivered(bot)
    case = await report(bot, job_id, members=1)
    await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=MODERATOR)
    decided = await cases.find(bot.database, case.case_id)
    assert decided is not None
    assert (decided.outcome, decided.decided_by) == (CaseOutcome.REMOVED, MODERATOR)
    with pytest.raises(PictureRemoved):
        await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=OTHER)
    with pytest.raises(AlreadyDecided):
        await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=OTHER)


async def test_pictures_kept_for_their_author_alone_go_as_well(bot: Assembly) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    bot.delivery.fail("deliver", CardGone("404"))
    job = await bot.drive(job_id)
    assert job.status is S.UNDELIVERABLE
    assert everything_kept(bot)
    await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=MODERATOR)
    await bot.drive(job_id)
    assert everything_kept(bot) == []


async def test_whoever_shows_cases_is_told_of_every_change(bot: Assembly) -> None:
    job_id, _ = await delivered(bot)
    told = bot.cases_told
    case = await report(bot, job_id)
    assert bot.cases_told == told + 3
    await bot.reports.file(GUILD_ID, job_id, USER_ID + 1)
    assert bot.cases_told == told + 3
    await bot.removal.dismiss(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert bot.cases_told == told + 4


async def test_the_review_of_a_removed_job_is_refused_with_it(bot: Assembly) -> None:
    job_id = await bot.wish()
    await bot.drive(job_id, until=lambda job: job.status is S.GENERATED)
    await bot.database.write(
        lambda c: c.execute("INSERT INTO guild_settings (guild_id, review) VALUES (?, 'always')", (GUILD_ID,))
    )
    await bot.drive(job_id, until=lambda job: job.status is S.IN_REVIEW)
    await bot.removal.remove(job_id, guild_id=GUILD_ID, by_id=MODERATOR)
    job = await bot.drive(job_id)
    review = await cases.latest_of_job(bot.database, job_id, CaseKind.REVIEW)
    assert review is not None
    assert (job.status, review.outcome) == (S.REJECTED, CaseOutcome.REJECTED)
    assert bot.channel.cards[job_id].withdrawn == "removed"
    assert everything_kept(bot) == []


async def test_a_button_of_a_report_says_nothing_about_another_kind_of_case(bot: Assembly) -> None:
    def appeal(connection: sqlite3.Connection) -> Case:
        return cases.open_case(
            connection, guild_id=GUILD_ID, kind=CaseKind.APPEAL, user_id=USER_ID, at=bot.clock.now(), words="please"
        )[0]

    case = await bot.database.write(appeal)
    for decide in (bot.removal.dismiss, bot.removal.remove_reported):
        with pytest.raises(CaseGone):
            await decide(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert (await cases.find(bot.database, case.case_id)) == case


async def test_an_author_who_deletes_the_card_does_not_destroy_what_moderators_are_to_see(bot: Assembly) -> None:
    job_id, card = await delivered(bot)
    case = await report(bot, job_id)
    await bot.set_aside.of(await bot.job(job_id))
    card.deleted = True  # before it could be changed
    await bot.database.write(lambda c: history.mark_removed(c, job_id, by_id=USER_ID, at=bot.clock.now()))
    await bot.drive(job_id)
    assert len(everything_kept(bot)) == 3
    await bot.removal.remove_reported(case.case_id, guild_id=GUILD_ID, by_id=MODERATOR)
    assert everything_kept(bot) == []

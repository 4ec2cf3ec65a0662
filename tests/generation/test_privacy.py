"""Forgetting: what goes at once, what keeps an id until it ends, and that the file itself holds no word any more."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from errors import Suspended
from generation.drafts import Drafts
from generation.presets import PresetBook
from generation.privacy import GRACE, Privacy
from models import Job, JobStatus, Unit
from recipes import PresetScope, PresetValues, Recipe
from storage import audit_chain, erasure
from storage.jobs import FORGOTTEN
from tests.builders import GUILD_ID, USER_ID, make_origin
from tests.generation.assembly import Assembly, small_request
from tests.support import FakeClock

OTHER_ID = USER_ID + 1
DAY = 86_400
# Words that nothing else in the file holds.
SECRETS = ("quixotic", "zephyrine", "wistfulness", "borborygmus", "gobbledegook")


@pytest.fixture
def drafts(bot: Assembly, clock: FakeClock, tmp_path: Path) -> Drafts:
    return Drafts(bot.database, tmp_path / "drafts", clock)


@pytest.fixture
def privacy(bot: Assembly, drafts: Drafts) -> Privacy:
    return bot.privacy(drafts)


def on_disk(bot: Assembly) -> bytes:
    """Every byte of the database's file and of those beside it."""
    return b"".join(path.read_bytes() for path in sorted(bot.path.parent.glob("easel.db*")))


def words_left(bot: Assembly) -> list[str]:
    # Also as FTS5 keeps them, cut into tokens: every secret is one word.
    return [word for word in SECRETS if word.encode() in on_disk(bot)]


async def picture(bot: Assembly, prompt: str, *, user_id: int = USER_ID, guild_id: int = GUILD_ID) -> str:
    job_id = await bot.wish(
        small_request(prompt, negative_prompt="borborygmus"), origin=make_origin(user_id=user_id, guild_id=guild_id)
    )
    await bot.drive(job_id)
    return job_id


async def jobs_of(bot: Assembly, user_id: int) -> list[Job]:
    return [job for job in bot.snapshot().jobs if job.origin.user_id == user_id]


async def test_no_word_of_the_member_is_left_in_the_file(
    bot: Assembly, privacy: Privacy, drafts: Drafts, clock: FakeClock
) -> None:
    for number in range(30):
        await picture(bot, f"a quixotic heron number {number}")
    await bot.service.accept(
        make_origin(), small_request("zephyrine reeds in oil"), recipe=Recipe(prompt="zephyrine reeds")
    )
    other = await bot.wish(small_request("a plain heron"), origin=make_origin(user_id=OTHER_ID))
    await bot.drive(other)
    await bot.reports.file(GUILD_ID, other, USER_ID, "wistfulness all over")
    await drafts.create(guild_id=GUILD_ID, user_id=USER_ID, kind="remix", content={"words": "gobbledegook"})
    presets = PresetBook(bot.database, clock)
    await presets.save(
        guild_id=GUILD_ID,
        user_id=USER_ID,
        scope=PresetScope.PERSONAL,
        name="mine",
        values=PresetValues(negative_prompt="gobbledegook"),
        may_manage_guild=False,
    )
    assert words_left(bot) == list(SECRETS)  # or the test proves nothing

    await privacy.forget(USER_ID, guild_id=GUILD_ID)

    assert words_left(bot) == []
    assert b"plain heron" in on_disk(bot)  # somebody else's
    assert bot.snapshot().findings == ()


async def test_the_ledger_stays_whole_under_a_pseudonym(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    await picture(bot, "a heron")
    before = bot.held_and_spent(Unit.MICROS)
    done = await privacy.forget(USER_ID, guild_id=GUILD_ID)
    assert done.jobs == 1
    assert done.kept.accounts == 2
    assert await jobs_of(bot, USER_ID) == []
    assert bot.held_and_spent(Unit.MICROS) == before
    [job] = bot.snapshot().jobs
    assert job.origin.user_id < 0
    assert (job.request.prompt, job.message_id, job.settled_micros) == (FORGOTTEN, None, 2 * job.price_micros)
    # The caps of the running periods hold as before: deleting evades nothing.
    assert USER_ID in {balance.account.user_id for balance in bot.snapshot().balances}
    clock.advance(40 * DAY)
    await privacy.go_on()
    assert USER_ID not in {balance.account.user_id for balance in bot.snapshot().balances}
    assert str(USER_ID).encode() not in b"".join(str(row).encode() for row in await erasure.asked(bot.database))
    assert bot.held_and_spent(Unit.MICROS) == before
    assert bot.snapshot().findings == ()


async def test_the_same_member_later_is_somebody_new(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    await picture(bot, "a heron")
    await privacy.forget(USER_ID, guild_id=GUILD_ID)
    clock.advance(1)
    later = await picture(bot, "another heron")
    clock.advance(40 * DAY)
    await privacy.go_on()
    assert [job.job_id for job in await jobs_of(bot, USER_ID)] == [later]
    assert (await bot.job(later)).request.prompt == "another heron"
    assert await erasure.asked(bot.database) == []


async def test_what_waits_in_line_is_cancelled_and_its_money_released(
    bot: Assembly, privacy: Privacy, clock: FakeClock
) -> None:
    job_id = await bot.wish()
    await privacy.forget(USER_ID, guild_id=GUILD_ID)
    job = await bot.job(job_id)
    assert job.status is JobStatus.CANCELLED
    assert bot.held_and_spent(Unit.MICROS) == ({0}, {0})
    # Its card still has to say so, by the id of the member; with that, the id goes.
    assert job.origin.user_id == USER_ID
    await bot.drive(job_id)
    await privacy.go_on()
    assert (await bot.job(job_id)).origin.user_id < 0


async def test_what_the_provider_has_goes_on_without_its_words(bot: Assembly, privacy: Privacy) -> None:
    job_id = await bot.submitted()
    await privacy.forget(USER_ID, guild_id=GUILD_ID)
    assert (await bot.job(job_id)).request.prompt == FORGOTTEN
    assert (await bot.drive(job_id)).status is JobStatus.DELIVERED
    assert (await bot.job(job_id)).origin.user_id == USER_ID
    await privacy.go_on()
    assert (await bot.job(job_id)).origin.user_id < 0
    assert bot.snapshot().findings == ()


async def test_a_suspension_is_not_evaded(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    await bot.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_ID, seconds=3 * DAY, reason="wistfulness")
    done = await privacy.forget(USER_ID, guild_id=GUILD_ID)
    assert done.kept.suspensions == 1
    with pytest.raises(Suspended):
        await bot.wish()
    clock.advance(4 * DAY)
    await privacy.go_on()
    await bot.wish()
    assert await erasure.asked(bot.database) == []


async def test_the_log_forgets_the_member_and_stays_proven(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    await bot.strikes.suspend(GUILD_ID, USER_ID, by_id=OTHER_ID, seconds=DAY, reason="wistfulness")
    clock.advance(2 * DAY)
    await privacy.forget(USER_ID, guild_id=GUILD_ID)
    rows = await bot.database.fetch_all("SELECT * FROM audit WHERE by_id = ? OR subject_id = ?", (USER_ID, USER_ID))
    assert rows == []
    assert words_left(bot) == []
    trail = await bot.database.write(audit_chain.verify)
    assert trail.findings == ()
    assert trail.lines >= 2


async def test_an_erasure_that_was_cut_short_goes_on(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    await picture(bot, "a quixotic heron")
    await bot.database.write(lambda c: erasure.ask(c, USER_ID, pseudonym=erasure.new_pseudonym(), at=clock.now()))
    await privacy.go_on()
    assert words_left(bot) == []


async def test_the_export_has_everything_of_the_member_and_nothing_of_others(
    bot: Assembly, privacy: Privacy, clock: FakeClock
) -> None:
    mine = await picture(bot, "a quixotic heron")
    theirs = await picture(bot, "a plain heron", user_id=OTHER_ID)
    await bot.reports.file(GUILD_ID, theirs, USER_ID, "wistfulness")
    export = await privacy.export(USER_ID, limit_bytes=10**7)
    with export.file as file:
        found = json.load(file)
    assert export.filename == "easel-my-data.json"
    [job] = found["jobs"]
    assert (job["job_id"], job["prompt"], job["negative_prompt"]) == (mine, "a quixotic heron", "borborygmus")
    assert [image["reason"] for image in job["images"]] == ["released", "released"]
    assert job["guild_id"] == str(GUILD_ID)
    assert found["reports"][0]["reason"] == "wistfulness"
    assert len(found["accounts"]) == 2
    assert "plain heron" not in json.dumps(found)
    assert "token" not in json.dumps(found)


async def test_a_large_export_is_packed(bot: Assembly, privacy: Privacy) -> None:
    await picture(bot, "a heron " * 100)
    export = await privacy.export(USER_ID, limit_bytes=1500)
    with export.file as file:
        assert export.filename.endswith(".gz")
        assert file.read(2) == b"\x1f\x8b"


async def test_a_guild_that_was_left_is_forgotten_after_the_grace_and_not_before(
    bot: Assembly, privacy: Privacy, clock: FakeClock
) -> None:
    there = GUILD_ID + 1
    job_id = await picture(bot, "a quixotic heron", guild_id=there)
    await picture(bot, "a plain heron")
    await privacy.left(there)
    clock.advance(GRACE.total_seconds() - 60)
    await privacy.go_on()
    assert words_left(bot) == ["quixotic", "borborygmus"]
    clock.advance(120)
    await privacy.go_on()
    assert words_left(bot) == ["borborygmus"]  # of the other guild's
    job = await bot.job(job_id)
    assert job.origin.user_id < 0
    assert {balance.account.user_id for balance in bot.snapshot().balances if balance.account.guild_id == there} == {
        0,
        job.origin.user_id,
    }
    assert bot.snapshot().findings == ()
    assert (await bot.database.write(audit_chain.verify)).findings == ()


async def test_a_guild_that_comes_back_in_time_keeps_everything(
    bot: Assembly, privacy: Privacy, clock: FakeClock
) -> None:
    await picture(bot, "a quixotic heron")
    await privacy.look_at(frozenset({1}))
    assert await erasure.departed(bot.database, before=clock.now() + timedelta(seconds=1)) == [GUILD_ID]
    clock.advance(DAY)
    await privacy.look_at(frozenset({1, GUILD_ID}))
    clock.advance(2 * GRACE.total_seconds())
    await privacy.go_on()
    assert words_left(bot) == ["quixotic", "borborygmus"]


async def test_what_is_kept_is_counted(bot: Assembly, privacy: Privacy) -> None:
    await picture(bot, "a heron")
    await picture(bot, "a heron", user_id=OTHER_ID)
    held = await privacy.holdings(USER_ID)
    assert (held.jobs, held.jobs_with_words, held.accounts) == (1, 1, 2)
    await privacy.forget(USER_ID, guild_id=GUILD_ID)
    assert (await privacy.holdings(USER_ID)).jobs == 0


async def test_cards_that_show_the_members_words_are_edited(bot: Assembly, privacy: Privacy, clock: FakeClock) -> None:
    job_id = await picture(bot, "a quixotic heron")
    await bot.reports.file(GUILD_ID, job_id, OTHER_ID, "why not")
    await bot.database.write(
        lambda c: c.execute("UPDATE cases SET message_id = 7, channel_id = 5, card_revision = revision")
    )
    told = bot.cases_told
    assert (await privacy.forget(USER_ID, guild_id=GUILD_ID)).kept.cases == 1
    [case] = await bot.database.fetch_all("SELECT * FROM cases")
    assert case["revision"] == case["card_revision"] + 1
    assert bot.cases_told > told
    await privacy.go_on()
    [again] = await bot.database.fetch_all("SELECT * FROM cases")
    assert again["revision"] == case["revision"]

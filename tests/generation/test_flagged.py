"""Strikes for flagged pictures: for the provider's explicit word alone, one a request, where the guild wants it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from models import JobStatus, VerdictReason
from sandbox.pixazo import FAULTS, PixazoStandIn, Stage
from storage import strikes, suspensions
from storage.database import Database
from storage.strikes import Strike, StrikeCause
from tests.builders import GUILD_ID, USER_ID, choose, make_origin, make_verdict
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.conftest import IMAGE_BYTES
from tests.generation.recording import Channel
from tests.generation.striking import Desk
from tests.support import FakeClock

S = JobStatus
# The only answers with a `true` for a picture in a list of one flag each.
EXPLICIT = {"flagged_all", "flagged_mixed", "flagged_last", "flagged_but_not_black"}
# Faults that end a job by what the provider says of it, or of its pictures.
JUDGED = sorted(
    name
    for name, fault in FAULTS.items()
    if fault.stage in {Stage.RESULT, Stage.DOWNLOAD} or "content_policy" in name or name.startswith("failed_")
)


@pytest.fixture
def desk(database: Database, clock: FakeClock) -> Desk:
    return Desk(database, clock)


async def given(bot: Assembly, user_id: int = USER_ID) -> list[Strike]:
    return await strikes.page(bot.database, guild_id=GUILD_ID, user_id=user_id, offset=0, size=100)


async def strict(bot: Assembly, **changes: Any) -> None:
    await bot.database.write(lambda connection: choose(connection, strike_flagged=True, **changes))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def walker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Assembly, PixazoStandIn]]:
    clock = FakeClock(runs_ahead=True)
    folder: Path = tmp_path_factory.mktemp("flagged")
    async with (
        PixazoStandIn(now=clock.monotonic, latency=3.0, image_bytes=IMAGE_BYTES) as pixazo,
        assembled(folder, pixazo, Channel(), clock) as bot,
    ):
        await strict(bot, ladder=(0,))
        yield bot, pixazo


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", JUDGED)
async def test_of_all_that_can_be_wrong_with_a_result_only_an_explicit_true_strikes(
    walker: tuple[Assembly, PixazoStandIn], name: str
) -> None:
    bot, pixazo = walker
    user_id = USER_ID + JUDGED.index(name)
    pixazo.all_well()
    match FAULTS[name].stage:
        case Stage.SUBMIT:
            pixazo.on_submit(name)
        case Stage.POLL:
            pixazo.on_poll(name)
        case Stage.RESULT:
            pixazo.on_result(name)
        case Stage.DOWNLOAD:
            pixazo.on_download(name, times=None, picture=0)
    job = await bot.drive(
        await bot.wish(small_request(num_images=3), origin=make_origin(user_id=user_id)),
        until=lambda job: job.status is S.IN_DOUBT,
    )
    found = await given(bot, user_id)
    assert len(found) == (1 if name in EXPLICIT else 0)
    for strike in found:
        assert (strike.cause, strike.job_id, strike.weight) == (StrikeCause.FLAGGED_IMAGE, job.job_id, 1)
        assert (strike.interaction_id, strike.prompt) == (job.origin.interaction_id, None)


async def test_a_guild_that_has_not_asked_for_it_gives_none(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("flagged_all", times=None)
    assert (await bot.drive(await bot.wish())).status is S.WITHHELD
    await strict(bot, strikes=False)
    assert (await bot.drive(await bot.wish())).status is S.WITHHELD
    assert await given(bot) == []


async def test_the_suspension_comes_with_the_end_of_the_job_and_ends_what_waits(
    bot: Assembly, pixazo: PixazoStandIn
) -> None:
    await strict(bot, ladder=(3600,))
    pixazo.on_result("flagged_all", times=None)
    first, waiting = await bot.wish(), await bot.wish()
    assert (await bot.drive(first)).status is S.WITHHELD
    assert (await bot.job(waiting)).status is S.CANCELLED
    held = await suspensions.current(bot.database, guild_id=GUILD_ID, user_id=USER_ID, now=bot.clock.now())
    assert held is not None
    assert held.by_strikes
    assert bot.snapshot().findings == ()
    entries = [entry for entry in bot.snapshot().entries if entry.job_id == waiting]
    assert {entry.kind for entry in entries} == {"reserve", "release"}
    await bot.drive(waiting)
    assert bot.channel.cards[waiting].says is S.CANCELLED


async def test_a_picture_that_waits_for_a_moderator_strikes_at_once_and_once(
    bot: Assembly, pixazo: PixazoStandIn
) -> None:
    await strict(bot, review="always", ladder=(0,))
    pixazo.on_result("flagged_mixed", times=None)
    job_id = await bot.wish()
    job = await bot.drive(job_id, until=lambda job: job.status is S.IN_REVIEW)
    assert job.status is S.IN_REVIEW
    assert len(await given(bot)) == 1


async def test_the_end_of_the_ladder_tells_moderators(bot: Assembly, pixazo: PixazoStandIn) -> None:
    await strict(bot, ladder=(-1,))
    pixazo.on_result("flagged_last", times=None)
    assert (await bot.drive(await bot.wish())).status is S.DELIVERED
    assert bot.cases_told == 1


class TestVerdicts:
    """Verdicts as the gate gives them, and as it never should."""

    @pytest.mark.parametrize(
        ("reason", "raw_flag", "expected"),
        [
            (VerdictReason.FLAGGED, "true", True),
            (VerdictReason.FLAGGED, "True", False),
            (VerdictReason.FLAGGED, '"true"', False),
            (VerdictReason.FLAGGED, "1", False),
            (VerdictReason.FLAGGED, None, False),
            (VerdictReason.BLANK, "true", False),
            (VerdictReason.FLAGS_MISMATCH, "true", False),
            *((reason, "true", False) for reason in VerdictReason if reason is not VerdictReason.FLAGGED),
        ],
    )
    async def test_it_takes_the_reason_and_the_word(
        self, desk: Desk, reason: VerdictReason, raw_flag: str | None, expected: bool
    ) -> None:
        await desk.choose(strike_flagged=True)
        noted = await desk.flagged(await desk.queued_job(), make_verdict(reason=reason, raw_flag=raw_flag))
        assert (noted is not None) is expected

    async def test_however_many_pictures_and_however_often_it_is_one(self, desk: Desk) -> None:
        await desk.choose(strike_flagged=True)
        job = await desk.queued_job()
        flagged = [make_verdict(index, VerdictReason.FLAGGED, raw_flag="true") for index in range(4)]
        assert await desk.flagged(job, *flagged) is not None
        assert await desk.flagged(job, *flagged) is None
        assert [strike.weight for strike in await desk.all_strikes()] == [1]

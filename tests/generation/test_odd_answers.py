"""The image gate on the whole way: every odd answer that could be imagined, from the poll to the card and the books.

Whatever the answer: nothing is shown without a release verdict, the evidence is kept, of what is withheld neither
bytes nor address are, and only the provider's explicit `true` strikes.
"""

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from models import Job, JobStatus, Unit, Verdict, VerdictReason
from sandbox.pixazo import PixazoStandIn
from sandbox.pixazo.faults import DownloadFault, Means, ResultFault
from sandbox.pixazo.result_faults import FLAGS
from sandbox.pixazo.wire import Answer as Reply
from storage import jobs, strikes
from tests.builders import GUILD_ID, PRICE_MICROS, USER_ID, choose, make_origin
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.conftest import IMAGE_BYTES
from tests.generation.odd_answers import ANSWERS, ASKED, FILES, Answer
from tests.generation.recording import Channel
from tests.support import FakeClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

S = JobStatus
V = VerdictReason
# Judged by the flags or the address: there was no file to look at.
NOT_FETCHED = {
    V.FLAGGED, V.UNCHECKED, V.FLAGS_MISSING, V.FLAGS_MISMATCH, V.FORBIDDEN_URL, V.RESULT_UNAVAILABLE, V.DOWNLOAD_FAILED,
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def walker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Assembly, PixazoStandIn]]:
    clock = FakeClock(runs_ahead=True)
    folder: Path = tmp_path_factory.mktemp("odd")
    async with (
        PixazoStandIn(now=clock.monotonic, latency=3.0, image_bytes=IMAGE_BYTES) as pixazo,
        assembled(folder, pixazo, Channel(), clock) as bot,
    ):
        await bot.database.write(lambda connection: choose(connection, strike_flagged=True, ladder=(0,)))
        yield bot, pixazo


async def walked(bot: Assembly, user_id: int) -> tuple[Job, tuple[Verdict, ...]]:
    """A job of that member's for three pictures as far as it goes, and the verdicts that are kept."""
    job_id = await bot.wish(small_request(num_images=ASKED), origin=make_origin(user_id=user_id))
    job = await bot.drive(job_id, until=lambda job: job.status is S.IN_DOUBT)
    return job, await jobs.verdicts(bot.database, job_id)


def nothing_is_left(bot: Assembly, pixazo: PixazoStandIn, logged: str, withheld: Sequence[bytes] = ()) -> None:
    """No address of a picture is stored or logged, and of what was withheld no bytes lie anywhere."""
    assert pixazo.origin not in logged
    assert not list(bot.spool_folder.iterdir())
    for path in bot.path.parent.rglob("*"):
        kept = path.read_bytes() if path.is_file() else b""
        assert pixazo.origin.encode() not in kept, path
        assert not [data for data in withheld if len(data) > 20 and data in kept], path


def only_the_released_are_shown(bot: Assembly, job: Job, verdicts: Sequence[Verdict]) -> None:
    """The card has what was released and nothing else, and says how it went."""
    card = bot.channel.cards[job.job_id]
    released = tuple(verdict.sha256 for verdict in verdicts if verdict.released)
    assert card.gallery == (released or None)
    assert job.images_released == len(released)
    assert job.status is (S.DELIVERED if released else S.WITHHELD)
    assert card.says is job.status


def settled(bot: Assembly, job: Job) -> int:
    """What was paid for the job; nothing of it is held any more."""
    found = bot.snapshot()
    assert found.findings == ()
    entries = [entry for entry in found.entries if entry.job_id == job.job_id]
    assert not any(sum(e.pending for e in entries if e.account == entry.account) for entry in entries)
    return max(entry.posted for entry in entries if entry.account.unit is Unit.MICROS)


def raw_flags(answer: Answer, body_flags: object) -> list[str | None]:
    """What is to be kept of the provider's flags, for each picture."""
    if answer.raw != "":
        return [answer.raw] * len(answer.reasons)
    assert isinstance(body_flags, list)
    return [json.dumps(flag) for flag in body_flags]


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_body(walker: tuple[Assembly, PixazoStandIn], name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bot, pixazo = walker
    answer, user_id = ANSWERS[name], USER_ID + list(ANSWERS).index(name)
    sent: list[object] = []

    def edit(body: dict[str, object], _: object) -> object:
        bent = answer.edit(body)
        sent.append(bent.get(FLAGS))
        return bent

    pixazo.all_well()
    pixazo.on_result(ResultFault(name="odd", says=name, means=Means.UNFIT, edit=edit), times=None)
    job, verdicts = await walked(bot, user_id)
    assert tuple(verdict.reason for verdict in verdicts) == answer.reasons
    struck = await strikes.page(bot.database, guild_id=GUILD_ID, user_id=user_id, offset=0, size=9)
    assert len(struck) == answer.struck
    nothing_is_left(bot, pixazo, caplog.text)
    if not answer.reasons:  # it may be paid for, so it stays in doubt until somebody knows
        assert (job.status, job.images_produced, bot.channel.cards[job.job_id].gallery) == (S.IN_DOUBT, 0, None)
        return
    only_the_released_are_shown(bot, job, verdicts)
    assert settled(bot, job) == job.images_produced * PRICE_MICROS > 0
    for verdict, raw in zip(verdicts, raw_flags(answer, sent[-1]), strict=True):
        assert (verdict.sha256 is None) == (verdict.reason in NOT_FETCHED)
        if raw is None or (len(raw) <= 200 and "NaN" not in raw and "Infinity" not in raw):
            assert verdict.raw_flag == raw
        else:
            assert isinstance(json.loads(verdict.raw_flag or ""), str)  # that it was odd, in short


@pytest.mark.parametrize("name", FILES)
async def test_a_file(walker: tuple[Assembly, PixazoStandIn], name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bot, pixazo = walker
    file, user_id = FILES[name], USER_ID + len(ANSWERS) + list(FILES).index(name)
    data = file.data()
    served = DownloadFault(
        name="odd",
        says=name,
        means=Means.UNFIT,
        reply=lambda _: Reply(status=file.status, headers={"Content-Type": file.content_type}, body=data),
    )
    pixazo.all_well()
    pixazo.on_download(served, times=None, picture=0)
    job, verdicts = await walked(bot, user_id)
    assert tuple(verdict.reason for verdict in verdicts) == (file.reason, V.RELEASED, V.RELEASED)
    assert await strikes.page(bot.database, guild_id=GUILD_ID, user_id=user_id, offset=0, size=9) == []
    nothing_is_left(bot, pixazo, caplog.text, [data] if file.reason is not V.RELEASED else [])
    only_the_released_are_shown(bot, job, verdicts)
    assert settled(bot, job) == ASKED * PRICE_MICROS
    assert verdicts[0].raw_flag == "false"
    looked_at = (hashlib.sha256(data).hexdigest(), len(data)) if file.counts else (None, None)
    assert (verdicts[0].sha256, verdicts[0].size_bytes) == looked_at


async def test_the_table_has_every_verdict_that_an_answer_can_get() -> None:
    tried = {reason for answer in ANSWERS.values() for reason in answer.reasons} | {f.reason for f in FILES.values()}
    assert tried == set(VerdictReason) - {V.TOO_LARGE}  # of 40 MB and more: tests/provider/test_safe_download.py

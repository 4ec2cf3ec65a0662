"""From a result to verdicts on real downloads: order, limits, tries, and a disk that is full."""

import asyncio
import os
from typing import BinaryIO, cast

import pytest

from errors import StorageUnavailable
from models import GenerationResult, Job, VerdictReason
from provider.wire import Finished
from sandbox.pixazo import PixazoStandIn
from tests.builders import make_job
from tests.generation.assembly import Assembly, small_request

V = VerdictReason


async def result_of(bot: Assembly, pixazo: PixazoStandIn, count: int = 3) -> tuple[Job, GenerationResult]:
    """A finished submission at the provider, and the job it belongs to."""
    pixazo.latency = 0.0
    request = small_request(num_images=count)
    answer = await bot.provider.poll(await bot.provider.submit(request))
    assert isinstance(answer, Finished)
    return make_job(request=request, images_produced=count), answer.result


async def reasons_of(bot: Assembly, job: Job, result: GenerationResult) -> list[VerdictReason]:
    verdicts, images = await bot.judge.judge(job, result)
    assert [verdict.index for verdict in verdicts] == list(range(job.images_produced))
    assert [image.index for image in images] == [verdict.index for verdict in verdicts if verdict.released]
    assert all(image.path.is_file() for image in images)
    return [verdict.reason for verdict in verdicts]


async def test_released_pictures_lie_in_the_spool_in_order(bot: Assembly, pixazo: PixazoStandIn) -> None:
    job, result = await result_of(bot, pixazo)
    assert await reasons_of(bot, job, result) == [V.RELEASED] * 3
    assert sorted(path.name for path in (bot.spool_folder / job.job_id).iterdir()) == ["0.png", "1.png", "2.png"]
    assert bot.observer.counts["download", "ok"] == 3


async def test_withheld_bytes_leave_nothing_behind(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("black_but_not_flagged")
    job, result = await result_of(bot, pixazo)
    assert await reasons_of(bot, job, result) == [V.BLANK] * 3
    assert list(bot.spool_folder.iterdir()) == []


async def test_flagged_pictures_are_not_downloaded(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("flagged_mixed")
    job, result = await result_of(bot, pixazo)
    assert await reasons_of(bot, job, result) == [V.FLAGGED, V.RELEASED, V.FLAGGED]
    assert [download.picture for download in pixazo.downloads] == [1]


async def test_no_more_than_were_asked_for_are_looked_at(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("images_thousand")
    job, result = await result_of(bot, pixazo, count=2)
    assert len(result.images) == 1000
    assert await reasons_of(bot, job, result) == [V.RELEASED] * 2
    assert len(pixazo.downloads) == 2


async def test_pictures_that_a_later_answer_lacks_are_unavailable(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_result("images_fewer")
    job, result = await result_of(bot, pixazo)
    assert await reasons_of(bot, job, result) == [V.RELEASED, V.RELEASED, V.RESULT_UNAVAILABLE]


async def test_nothing_at_all_is_unavailable(bot: Assembly) -> None:
    job = make_job(request=small_request(), images_produced=2)
    nothing = GenerationResult(images=(), has_nsfw_concepts=None)
    assert await reasons_of(bot, job, nothing) == [V.RESULT_UNAVAILABLE] * 2


@pytest.mark.parametrize(("times", "reason"), [(2, V.RELEASED), (3, V.DOWNLOAD_FAILED)])
async def test_a_download_gets_three_tries(
    bot: Assembly, pixazo: PixazoStandIn, times: int, reason: VerdictReason
) -> None:
    pixazo.on_download("download_503", times=times)
    job, result = await result_of(bot, pixazo, count=1)
    assert await reasons_of(bot, job, result) == [reason]
    assert len(pixazo.downloads) == 3


async def test_what_is_gone_for_good_is_asked_for_once(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_download("download_410", times=None)
    job, result = await result_of(bot, pixazo, count=1)
    assert await reasons_of(bot, job, result) == [V.RESULT_UNAVAILABLE]
    assert len(pixazo.downloads) == 1


async def test_one_bad_picture_does_not_spoil_the_others(bot: Assembly, pixazo: PixazoStandIn) -> None:
    pixazo.on_download("download_truncated_png", times=None, picture=1)
    job, result = await result_of(bot, pixazo)
    assert await reasons_of(bot, job, result) == [V.RELEASED, V.UNDECODABLE, V.RELEASED]


async def test_eight_downloads_at_once_for_all_jobs_together(
    bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0
    download = bot.provider.download

    async def counted(url: str | None, into: BinaryIO) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        try:
            return await download(url, into)
        finally:
            running -= 1

    monkeypatch.setattr(bot.provider, "download", counted)
    lots = [await result_of(bot, pixazo, count=5) for _ in range(4)]
    await asyncio.gather(*(bot.judge.judge(job, result) for job, result in lots))
    assert most == 8


async def test_a_full_disk_while_keeping_decides_nothing(
    bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> object:
        raise StorageUnavailable("an image could not be kept: No space left on device")

    job, result = await result_of(bot, pixazo)
    monkeypatch.setattr(bot.spool, "keep", full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        await bot.judge.judge(job, result)
    monkeypatch.undo()
    assert await reasons_of(bot, job, result) == [V.RELEASED] * 3


async def test_a_full_disk_while_downloading_decides_nothing(
    bot: Assembly, pixazo: PixazoStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real file on a device that is always full."""

    def on_a_full_device() -> BinaryIO:
        return cast("BinaryIO", os.fdopen(os.open("/dev/full", os.O_RDWR), "r+b", buffering=0))

    job, result = await result_of(bot, pixazo)
    monkeypatch.setattr(bot.spool, "scratch", on_a_full_device)
    with pytest.raises(StorageUnavailable):
        await bot.judge.judge(job, result)
    monkeypatch.undo()
    assert await reasons_of(bot, job, result) == [V.RELEASED] * 3

"""From a result to verdicts: flags first, then a bounded download of what may pass, then the look at the bytes.

An image whose flag alone withholds it is never downloaded. Bytes lie in an unlinked file until the gate has
released them, so a withheld picture leaves nothing behind, whatever happens to the process.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from clock import Clock
from errors import DownloadFailed, StorageUnavailable
from generation.delivery import ReleasedImage
from generation.observer import Observer
from generation.spool import Spool
from models import GenerationResult, Job, ResultImage, Verdict, VerdictReason
from provider.client import PixazoClient
from safety import gate

log = logging.getLogger(__name__)

# Enough to keep the line busy; each may hold a connection and an open file.
_DOWNLOADS_AT_ONCE: Final = 8
# A decoded picture takes up to 64 MiB, and the machine has few cores anyway.
_EXAMINED_AT_ONCE: Final = 2
_DOWNLOAD_PAUSES_SECONDS: Final = (1.0, 3.0)


class Judge:
    """Downloads and judges results, for all jobs together within its limits."""

    def __init__(self, *, provider: PixazoClient, spool: Spool, observer: Observer, clock: Clock) -> None:
        self._provider = provider
        self._spool = spool
        self._observer = observer
        self._clock = clock
        self._downloads = asyncio.Semaphore(_DOWNLOADS_AT_ONCE)
        self._examiners = ThreadPoolExecutor(_EXAMINED_AT_ONCE, thread_name_prefix="image gate")

    def close(self) -> None:
        """Let the threads go once they are done."""
        self._examiners.shutdown(wait=False, cancel_futures=True)

    async def judge(self, job: Job, result: GenerationResult) -> tuple[tuple[Verdict, ...], tuple[ReleasedImage, ...]]:
        """A verdict for each image the job counts as produced, and the released ones as they lie in the spool.

        Images beyond those asked for are left alone; ones that the result no longer has are unavailable. Raises
        StorageUnavailable where the spool can't take them: nothing is decided then, and it may be tried again.
        """
        by_flag = gate.flag_verdicts(result)
        lots = [
            self._judge_one(
                job,
                index,
                by_flag[index] if index < len(by_flag) else _unavailable(index),
                result.images[index] if index < len(result.images) else None,
            )
            for index in range(job.images_produced)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(lot, name=f"judge {job.job_id}") for lot in lots]
        except* StorageUnavailable as errors:
            raise StorageUnavailable(str(errors.exceptions[0])) from errors
        judged = [task.result() for task in tasks]
        return tuple(verdict for verdict, _ in judged), tuple(image for _, image in judged if image is not None)

    async def _judge_one(
        self, job: Job, index: int, by_flag: Verdict | None, image: ResultImage | None
    ) -> tuple[Verdict, ReleasedImage | None]:
        if by_flag is not None or image is None:
            return by_flag or _unavailable(index), None
        for pause in (*_DOWNLOAD_PAUSES_SECONDS, None):
            try:
                return await self._fetch(job, index, image)
            except DownloadFailed as error:
                self._observer.download(error.reason)
                # Names the host where that is the reason: a provider that moves its files must be noticed.
                log.warning("image %d was not fetched: %s", index, error, extra={"job_id": job.job_id})
                if pause is None or not error.passing:
                    return Verdict(index=index, reason=error.reason, raw_flag=gate.PASSED_FLAG), None
                await self._clock.sleep(pause)
        raise AssertionError("the last try returns")

    async def _fetch(self, job: Job, index: int, image: ResultImage) -> tuple[Verdict, ReleasedImage | None]:
        loop = asyncio.get_running_loop()
        async with self._downloads:
            with self._spool.scratch() as file:
                try:
                    await self._provider.download(image.url, file)
                except OSError as error:
                    raise StorageUnavailable(f"a download could not be written: {error.strerror}") from error
                self._observer.download("ok")
                verdict = await loop.run_in_executor(
                    self._examiners, lambda: gate.examine(file, index=index, raw_flag=gate.PASSED_FLAG)
                )
                if not verdict.released:
                    return verdict, None
                return verdict, await loop.run_in_executor(None, self._spool.keep, job.job_id, verdict, file)


def _unavailable(index: int) -> Verdict:
    return Verdict(index=index, reason=VerdictReason.RESULT_UNAVAILABLE)

"""Writing to files without holding up the event loop."""

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

# Two threads keep a disk busy, and a stalled disk then takes none of the loop's own threads with it (DNS, decoding).
THREADS: Final = 2

# A disk that takes longer for a few hundred kilobytes is broken or swamped; the download may be tried again.
WRITE_SECONDS: Final = 30.0


class FileWriter:
    """Writes on threads of its own.

    A write into the page cache takes 0.1 ms, but as long as the disk likes once the cache is full of what is not
    written yet: 12 ms were seen on a fast one, and a memory card takes far longer.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="download-writer")

    def close(self) -> None:
        """End the threads; a write that is under way still ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def rewind(self, file: BinaryIO) -> None:
        """Empty the file. Raises OSError."""
        await self._run(_rewind, file, b"")

    async def append(self, file: BinaryIO, data: bytes | bytearray) -> None:
        """Write `data` at the file's position, through its buffers. Raises OSError."""
        await self._run(_append, file, data)

    async def _run(
        self, action: Callable[[BinaryIO, bytes | bytearray], None], file: BinaryIO, data: bytes | bytearray
    ) -> None:
        """Run `action`; when this ends, by cancellation too, the thread has let go of the file."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, action, file, data)
        try:
            await asyncio.wait({running}, timeout=WRITE_SECONDS)
        except asyncio.CancelledError:
            await asyncio.wait({running}, timeout=WRITE_SECONDS)
            _settle(running)
            raise
        if not _settle(running):
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        running.result()


def _settle(running: asyncio.Future[None]) -> bool:
    """Whether the thread is done; marks its exception as seen, which asyncio would otherwise report as lost."""
    if running.done() and not running.cancelled():
        running.exception()
    return running.done()


def _rewind(file: BinaryIO, _: bytes | bytearray) -> None:
    file.seek(0)
    file.truncate()


def _append(file: BinaryIO, data: bytes | bytearray) -> None:
    file.write(data)
    file.flush()

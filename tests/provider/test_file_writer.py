"""Writing off the loop: what the disk refuses, and that nobody writes on once a call has ended."""

import asyncio
import errno
import gc
import io
import threading
from collections.abc import AsyncIterator

import pytest

from provider import file_writer
from provider.file_writer import FileWriter


@pytest.fixture
async def writer() -> AsyncIterator[FileWriter]:
    made = FileWriter()
    yield made
    made.close()


class SlowDisk(io.BytesIO):
    """A file whose writes wait until they are let go, and then may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.thread = ""
        self.fails = fails

    def write(self, data: object) -> int:
        self.thread = threading.current_thread().name
        self.entered.set()
        assert self.let_go.wait(10)
        if self.fails:
            raise OSError(errno.ENOSPC, "No space left on device")
        assert isinstance(data, bytes | bytearray)
        return super().write(data)


async def test_file_is_emptied_and_written_in_order(writer: FileWriter) -> None:
    file = io.BytesIO(b"left over")
    await writer.rewind(file)
    await writer.append(file, b"one ")
    await writer.append(file, bytearray(b"two"))
    assert file.getvalue() == b"one two"


async def test_loop_goes_on_while_the_disk_is_slow(writer: FileWriter) -> None:
    disk = SlowDisk()
    writing = asyncio.create_task(writer.append(disk, b"data"))
    while not disk.entered.is_set():
        await asyncio.sleep(0.001)
    assert disk.thread != threading.current_thread().name
    assert not writing.done()
    disk.let_go.set()
    await asyncio.wait_for(writing, 5)
    assert disk.getvalue() == b"data"


@pytest.mark.parametrize("fails", [False, True])
async def test_cancelled_write_ends_before_its_call_does(writer: FileWriter, fails: bool) -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    disk = SlowDisk(fails=fails)
    writing = asyncio.create_task(writer.append(disk, b"data"))
    while not disk.entered.is_set():
        await asyncio.sleep(0.001)
    writing.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not writing.done(), "the thread still has the file"
    disk.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(writing, 5)
    assert disk.getvalue() == (b"" if fails else b"data")
    del writing
    gc.collect()
    assert reports == [], "asyncio reports an exception that nobody looked at"


async def test_disk_that_never_answers_is_given_up(writer: FileWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_writer, "WRITE_SECONDS", 0.05)
    disk = SlowDisk(fails=True)
    with pytest.raises(TimeoutError):
        await writer.append(disk, b"data")
    disk.let_go.set()


async def test_refusal_of_the_disk_comes_through(writer: FileWriter) -> None:
    class Broken(io.BytesIO):
        def truncate(self, size: int | None = None) -> int:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error") as raised:
        await writer.rewind(Broken())
    assert raised.value.errno == errno.EIO


async def test_closed_file_is_a_mistake_of_the_caller(writer: FileWriter) -> None:
    file = io.BytesIO()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        await writer.append(file, b"data")

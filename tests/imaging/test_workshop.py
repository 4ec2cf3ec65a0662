"""The workshop with its real child processes: whatever ends them, nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from errors import InvalidOption, ProviderClosed, StorageUnavailable, UnusableImage
from imaging.protocol import METHODS
from imaging.workshop import Workshop
from tests.imaging.files import decoded, drawing, encoded, plain_png, source
from tests.imaging.watch import files_in, stopped_workers, workers

# So that a worker is still at it when the test gets to it.
LARGE = plain_png(4096, 4096)
ROOT = Path(__file__).resolve().parent.parent.parent


async def test_a_source_may_stand_anywhere_and_be_read_by_two_at_once(workshop: Workshop) -> None:
    with source(encoded(drawing())) as file:
        first, second = await asyncio.gather(workshop.check(file), workshop.make_map(file, "gray"))
        third = await workshop.check(file)
        assert file.tell() == len(encoded(drawing()))
    assert first.file.read() == third.file.read()
    for prepared in (first, second, third):
        prepared.close()


@pytest.mark.parametrize("method", METHODS)
async def test_a_map_has_the_pictures_size_unless_that_is_over_the_providers(workshop: Workshop, method: str) -> None:
    scaled = (1536, 768) if method == "none" else (1024, 512)
    for size, expected in (((200, 130), (200, 130)), ((1600, 800), scaled)):
        with source(encoded(drawing(size=size), "JPEG")) as file:
            prepared = await workshop.make_map(file, method)
        with prepared.file as result:
            image = decoded(result.read())
        assert image.size == expected
        assert image.mode == "RGB"
        assert prepared.media_type == ("image/jpeg" if method == "none" else "image/png")
        assert (prepared.low is None) == (method != "canny")


async def test_a_map_of_what_cannot_be_used_is_refused_too(workshop: Workshop) -> None:
    with source(b"no picture") as file, pytest.raises(UnusableImage) as refusal:
        await workshop.make_map(file, "canny")
    assert refusal.value.why == "not_an_image"


@pytest.mark.parametrize(
    ("low", "high", "option", "problem"),
    [(-1, None, "low", "out_of_range"), (None, 256, "high", "out_of_range"), (120, 100, "low", "conflict")],
)
async def test_thresholds_that_cannot_be_are_refused(
    workshop: Workshop, low: int | None, high: int | None, option: str, problem: str
) -> None:
    with source(encoded(drawing())) as file, pytest.raises(InvalidOption) as refusal:
        await workshop.make_map(file, "canny", low=low, high=high)
    assert (refusal.value.option, refusal.value.problem) == (option, problem)


async def test_given_thresholds_are_used_and_told(workshop: Workshop) -> None:
    with source(encoded(drawing())) as file:
        given = await workshop.make_map(file, "canny", low=30, high=60)
        chosen = await workshop.make_map(file, "canny")
    assert (given.low, given.high) == (30, 60)
    assert chosen.low is not None
    assert chosen.high is not None
    assert 0 < chosen.low < chosen.high <= 255
    given.close()
    chosen.close()


async def test_a_worker_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, time_limit_seconds=0.3)
    with source(LARGE) as file:
        work = asyncio.create_task(workshop.check(file), name="check")
        await stopped_workers()
        with pytest.raises(UnusableImage) as refusal:
            await work
    assert refusal.value.why == "too_hard"
    assert not workers()
    assert not files_in(tmp_path)


async def test_a_worker_that_is_killed_makes_the_image_unusable_and_is_logged(
    workshop: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with source(LARGE) as file:
        work = asyncio.create_task(workshop.check(file), name="check")
        (pid,) = await stopped_workers()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(UnusableImage) as refusal:
            await work
    assert refusal.value.why == "undecodable"
    assert "ended by signal 9" in caplog.text
    assert not files_in(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGXCPU, signal.SIGALRM])
async def test_a_worker_that_used_up_its_time_was_given_something_too_hard(
    workshop: Workshop, number: signal.Signals
) -> None:
    with source(LARGE) as file:
        work = asyncio.create_task(workshop.check(file), name="check")
        (pid,) = await stopped_workers()
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(UnusableImage) as refusal:
            await work
    assert refusal.value.why == "too_hard"


async def test_a_cancelled_caller_leaves_no_process_and_no_file(workshop: Workshop, tmp_path: Path) -> None:
    with source(LARGE) as file:
        work = asyncio.create_task(workshop.make_map(file, "canny"), name="map")
        await stopped_workers()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert not workers()
        assert not files_in(tmp_path)
        (await workshop.check(file)).close()  # and its turn is free again


async def test_a_caller_cancelled_at_any_moment_leaves_nothing(workshop: Workshop, tmp_path: Path) -> None:
    with source(encoded(drawing())) as file:
        for turns in range(8):
            work = asyncio.create_task(workshop.check(file), name="check")
            for _ in range(turns):
                await asyncio.sleep(0)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert not workers()
            assert not files_in(tmp_path)


async def test_two_work_at_once_and_the_others_wait_for_their_turn(workshop: Workshop) -> None:
    with source(LARGE) as file:
        works = [asyncio.create_task(workshop.check(file), name="check") for _ in range(4)]
        pids = await stopped_workers(2)
        for _ in range(50):
            await asyncio.sleep(0.002)
            assert len(workers()) == 2
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        for prepared in await asyncio.gather(*works):
            prepared.close()


async def test_closing_ends_what_is_under_way_and_takes_nothing_more(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    with source(LARGE) as file:
        works = [asyncio.create_task(workshop.check(file), name="check") for _ in range(3)]
        await stopped_workers(2)
        await workshop.close()
        assert not workers()
        for outcome in await asyncio.gather(*works, return_exceptions=True):
            assert isinstance(outcome, ProviderClosed)
        with pytest.raises(ProviderClosed):
            await workshop.check(file)
    assert not files_in(tmp_path)


async def test_a_folder_that_is_not_there_is_the_disks_fault(tmp_path: Path) -> None:
    with source(encoded(drawing())) as file, pytest.raises(StorageUnavailable):
        await Workshop(tmp_path / "missing").check(file)


def test_a_folder_that_cannot_be_made_is_the_disks_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        Workshop(tmp_path / "file" / "folder").prepare()


async def test_a_worker_sees_nothing_of_the_bots_environment_and_files(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-token-that-is-nobodys-business")
    with source(LARGE) as file, (tmp_path / "other").open("wb"):
        work = asyncio.create_task(workshop.check(file), name="check")
        (pid,) = await stopped_workers()
        process = Path(f"/proc/{pid}")
        assert b"nobodys-business" not in (process / "environ").read_bytes()
        opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
        assert str(tmp_path / "other") not in opened
        os.kill(pid, signal.SIGCONT)
        (await work).close()
    (tmp_path / "other").unlink()


def test_the_bots_process_never_loads_a_decoder() -> None:
    code = (
        "import sys, imaging.workshop, imaging.metadata\n"
        "print([name for name in ('cv2', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"

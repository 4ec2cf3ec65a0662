"""The studio with its real child processes: whatever ends them, nothing is left behind."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from charting.studio import Studio
from errors import Failure, ProviderClosed, StorageUnavailable
from tests.charting.charts import HOSTILE, ranking, timeline
from tests.charting.watch import files_without_names, stopped_worker, workers

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, since the first chart of a folder has to look for fonts."""
    return tmp_path_factory.mktemp("charts")


@pytest.fixture
async def studio(folder: Path) -> AsyncIterator[Studio]:
    """With its folder; after the test there must be no worker and no file of it."""
    studio = Studio(folder)
    studio.prepare()
    yield studio
    await studio.close()
    assert not workers()
    assert not files_without_names(folder)
    assert [path.name for path in folder.iterdir()] == ["matplotlib"]


@pytest.mark.parametrize("spec", [timeline(), ranking(*HOSTILE)], ids=["timeline", "ranking"])
async def test_a_chart_is_an_open_picture_without_a_name(studio: Studio, spec: object) -> None:
    with await studio.draw(spec) as file:  # type: ignore[arg-type]  # a table of both kinds
        image = Image.open(io.BytesIO(file.read()))
    assert (image.format, image.size) == ("PNG", (2000, 1120))


async def test_the_same_chart_is_the_same_picture(studio: Studio) -> None:
    with await studio.draw(timeline()) as first, await studio.draw(timeline()) as second:
        assert first.read() == second.read()


async def test_they_are_drawn_one_after_the_other(studio: Studio) -> None:
    works = [asyncio.create_task(studio.draw(timeline()), name="chart") for _ in range(2)]
    pid = await stopped_worker()
    for _ in range(50):
        await asyncio.sleep(0.002)
        assert workers() == [pid]
    os.kill(pid, signal.SIGCONT)
    for file in await asyncio.gather(*works):
        file.close()


async def test_a_worker_that_takes_too_long_is_ended(folder: Path) -> None:
    studio = Studio(folder, time_limit_seconds=0.3)
    studio.prepare()
    work = asyncio.create_task(studio.draw(timeline()), name="chart")
    await stopped_worker()
    with pytest.raises(Failure, match="too long"):
        await work
    assert not workers()
    assert not files_without_names(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGXCPU, signal.SIGSEGV])
async def test_a_worker_that_dies_is_a_failure_of_ours(studio: Studio, number: signal.Signals) -> None:
    work = asyncio.create_task(studio.draw(timeline()), name="chart")
    os.kill(pid := await stopped_worker(), number)
    if number is not signal.SIGKILL:
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(Failure, match=f"ended with -{number.value}"):
        await work


async def test_a_cancelled_caller_leaves_no_process_and_no_file(studio: Studio, folder: Path) -> None:
    work = asyncio.create_task(studio.draw(timeline()), name="chart")
    await stopped_worker()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not workers()
    assert not files_without_names(folder)
    (await studio.draw(timeline())).close()  # and its turn is free again


async def test_a_caller_cancelled_at_any_moment_leaves_nothing(studio: Studio, folder: Path) -> None:
    for turns in range(8):
        work = asyncio.create_task(studio.draw(timeline()), name="chart")
        for _ in range(turns):
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert not workers()
        assert not files_without_names(folder)


async def test_closing_ends_what_is_under_way_and_takes_nothing_more(folder: Path) -> None:
    studio = Studio(folder)
    studio.prepare()
    works = [asyncio.create_task(studio.draw(timeline()), name="chart") for _ in range(2)]
    await stopped_worker()
    await studio.close()
    assert not workers()
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        assert isinstance(outcome, ProviderClosed)
    with pytest.raises(ProviderClosed):
        await studio.draw(timeline())
    assert not files_without_names(folder)


async def test_a_folder_that_is_not_there_is_the_disks_fault(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await Studio(tmp_path / "missing").draw(timeline())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        Studio(tmp_path / "file").prepare()


async def test_a_worker_sees_nothing_of_the_bots_environment(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-token-that-is-nobodys-business")
    work = asyncio.create_task(studio.draw(timeline()), name="chart")
    pid = await stopped_worker()
    assert b"nobodys-business" not in Path(f"/proc/{pid}/environ").read_bytes()
    os.kill(pid, signal.SIGCONT)
    (await work).close()


def test_the_bots_process_never_loads_matplotlib() -> None:
    code = (
        "import sys, charting.studio\nprint([name for name in ('matplotlib', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"

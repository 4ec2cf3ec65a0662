"""The loop that worlds run in: its own time, an order that can be relied on, and an end at any moment."""

import asyncio

import pytest

from tests.simulation.loop import ProcessLoop
from tests.simulation.timeline import BEGINNING, Timeline


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


@pytest.fixture
def loop(timeline: Timeline) -> ProcessLoop:
    return ProcessLoop(timeline, lambda: 0.5)


def run(loop: ProcessLoop, timeline: Timeline) -> None:
    """Everything that is left to do."""
    while loop.has_work or timeline.go_on():
        if loop.has_work:
            loop.step()


def test_sleeping_takes_no_time_but_the_timelines(loop: ProcessLoop, timeline: Timeline) -> None:
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(asyncio.get_running_loop().time() - BEGINNING)

    for seconds in (86_400.0, 1.0, 0.0):
        loop.create_task(sleeper(seconds))
    run(loop, timeline)
    assert woken == [0.0, 1.0, 86_400.0]
    loop.kill()


def test_what_would_go_to_a_thread_is_done_later_and_in_one_go(loop: ProcessLoop, timeline: Timeline) -> None:
    async def asks() -> tuple[int, float]:
        return await asyncio.to_thread(lambda: 7), asyncio.get_running_loop().time()

    task = loop.create_task(asks())
    run(loop, timeline)
    assert task.result() == (7, BEGINNING + 0.5)
    loop.kill()


def test_an_error_on_a_thread_is_its_callers(loop: ProcessLoop, timeline: Timeline) -> None:
    async def asks() -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            await asyncio.to_thread(int, "seven")

    task = loop.create_task(asks())
    run(loop, timeline)
    task.result()
    loop.kill()


def test_nothing_of_a_killed_process_goes_on(loop: ProcessLoop, timeline: Timeline) -> None:
    done: list[str] = []

    async def works() -> None:
        try:
            await asyncio.sleep(1.0)
            done.append("work")
        finally:
            asyncio.get_running_loop().call_soon(done.append, "an afterthought")

    loop.create_task(works())
    loop.step()
    loop.kill()
    run(loop, timeline)
    assert done == []


def test_an_exception_that_nobody_looks_at_is_complained_about(loop: ProcessLoop, timeline: Timeline) -> None:
    async def fails() -> None:
        raise ValueError("lost")

    loop.create_task(fails())
    run(loop, timeline)
    assert "lost" in loop.complaints[0]
    loop.kill()

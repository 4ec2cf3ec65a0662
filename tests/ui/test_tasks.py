"""Tasks with an owner."""

import asyncio
import logging

import pytest

from ui.tasks import OwnedTasks


async def test_whoever_awaits_a_started_task_gets_its_result() -> None:
    async def work() -> int:
        return 7

    assert await OwnedTasks().start(work(), name="work") == 7


async def test_a_failure_that_nobody_awaits_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("broken")

    tasks = OwnedTasks()
    tasks.launch(work(), name="late answer 1")
    await tasks.close(within_seconds=1)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "late answer 1" in record.getMessage()
    assert record.exc_info is not None


async def test_closing_lets_work_finish_in_time() -> None:
    finished = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        finished.set()

    tasks = OwnedTasks()
    tasks.launch(work(), name="work")
    await tasks.close(within_seconds=5)
    assert finished.is_set()


async def test_closing_cancels_what_does_not_end_and_waits_for_that() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cancelled.set()

    tasks = OwnedTasks()
    tasks.launch(work(), name="work")
    await tasks.close(within_seconds=0.01)
    assert cancelled.is_set()


async def test_closing_without_tasks_does_nothing() -> None:
    await OwnedTasks().close(within_seconds=1)

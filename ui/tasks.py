"""Background tasks with an owner: named, held while they run, waited for at the end, their failures logged."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class OwnedTasks:
    """Holds tasks that outlive the call that started them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
        """Run `work` as a task of this owner. Whoever awaits the task sees its exception."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def launch(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run `work` as a task that nobody awaits; an exception is logged with its traceback."""
        task = self.start(work, name=name)
        task.add_done_callback(_log_failure)
        return task

    async def close(self, *, within_seconds: float) -> None:
        """Let what runs come to its end for so long, then cancel the rest and wait for that."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended with a fault", task.get_name(), exc_info=error)

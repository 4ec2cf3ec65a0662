"""An event loop without threads, sockets or real time: one callback is one step, and between two a process may die.

Callbacks keep the order in which they were asked for, as asyncio promises. All chance comes from outside: from how
long the disk, a thread, the network or the provider take, which is drawn from the seed.
"""

import asyncio
import contextlib
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, Final, TypeVar, TypeVarTuple

from tests.simulation.timeline import Timeline

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# Ended tasks are forgotten from time to time, so that a long life does not collect them.
_TASKS_KEPT: Final = 400


class ProcessLoop(asyncio.BaseEventLoop):
    """The loop of one process. `complaints` are exceptions that nobody has looked after."""

    def __init__(self, timeline: Timeline, thread_seconds: Callable[[], float]) -> None:
        super().__init__()
        self._timeline = timeline
        self._thread_seconds = thread_seconds
        self._due: deque[asyncio.Handle] = deque()
        # Weakly: a task that nobody holds any more complains of what nobody has looked at.
        self._made: list[weakref.ref[asyncio.Task[Any]]] = []
        self.dead = False
        self.complaints: list[str] = []

    @property
    def has_work(self) -> bool:
        """Whether a callback can be run at this very moment."""
        return bool(self._due)

    def step(self) -> None:
        """Run one callback."""
        handle = self._due.popleft()
        if handle.cancelled():
            return
        asyncio._set_running_loop(self)
        try:
            handle._run()
        finally:
            asyncio._set_running_loop(None)

    def kill(self) -> None:
        """The process is gone: nothing it had under way goes on, and nothing that its code still tries has an effect.

        Its coroutines are closed here, in the order of their making, rather than whenever the collector finds them.
        """
        self.dead = True
        tasks = [task for made in self._made if (task := made()) is not None and not task.done()]
        self._due.clear()
        for task in tasks:
            if isinstance(coroutine := task.get_coro(), Coroutine):
                with contextlib.suppress(RuntimeError):  # one that wants to wait while it is closed
                    coroutine.close()
        self._made.clear()
        self.close()

    def time(self) -> float:
        return self._timeline.now

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dead:
            self._due.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        raise AssertionError("a thread that should not be there")

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self.dead:
            self._timeline.at(when, self._mature, handle)
        return handle

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run `func` in one go at some later moment: a thread's work as the loop sees it."""
        answer: asyncio.Future[T] = self.create_future()
        self.call_later(self._thread_seconds(), self._work, answer, func, args)
        return answer

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task = super().create_task(coro, name=name, context=context)
        if len(self._made) > _TASKS_KEPT:
            self._made = [made for made in self._made if (kept := made()) is not None and not kept.done()]
        self._made.append(weakref.ref(task))
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.dead:
            self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to do: a cancelled one is passed over when its time comes."""

    def _mature(self, handle: asyncio.TimerHandle) -> None:
        if not self.dead and not handle.cancelled():
            self._due.append(handle)

    @staticmethod
    def _work(answer: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]) -> None:
        try:
            value = func(*args)
        except Exception as error:  # noqa: BLE001 - whatever it was, it belongs to whoever waits
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(value)

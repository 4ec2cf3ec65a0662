"""Waiting for something to become true, without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Signal:
    """Lets tasks wait for a condition that is looked at again after every change."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        """Say that something changed."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], T | None], timeout: float, what: Callable[[], str]) -> T:
        """The condition's first true value.

        Raises `TimeoutError` with the text of `what()` when that takes longer than `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (value := condition()):
                    future = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    try:
                        await future
                    finally:
                        self._waiting.discard(future)
                return value
        except TimeoutError:
            raise TimeoutError(f"after {timeout:g} s: {what()}") from None

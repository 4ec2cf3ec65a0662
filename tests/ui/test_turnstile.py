"""The turnstile: a burst is spread over turns of the event loop, in order."""

import asyncio
from collections import Counter

from ui.turnstile import Turnstile

AT_ONCE = 4


class Turns:
    """Counts the turns of the event loop."""

    def __init__(self) -> None:
        self.number = 0
        self._running = True
        asyncio.get_running_loop().call_soon(self._count)

    def _count(self) -> None:
        self.number += 1
        if self._running:
            asyncio.get_running_loop().call_soon(self._count)

    def stop(self) -> None:
        self._running = False


async def test_a_burst_passes_in_order_and_a_few_in_each_turn() -> None:
    turnstile, turns = Turnstile(AT_ONCE), Turns()
    passed: list[tuple[int, int]] = []

    async def visitor(number: int) -> None:
        await turnstile.passed()
        passed.append((number, turns.number))

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(visitor(number))
    turns.stop()
    assert [number for number, _ in passed] == list(range(50))
    assert max(Counter(turn for _, turn in passed).values()) <= AT_ONCE


async def test_a_single_visitor_does_not_wait() -> None:
    turnstile = Turnstile(AT_ONCE)
    for _ in range(3 * AT_ONCE):
        passing = asyncio.ensure_future(turnstile.passed())
        await asyncio.sleep(0)
        assert passing.done()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_who_gives_up_waiting_takes_nobodys_place() -> None:
    turnstile = Turnstile(1)
    passed: list[int] = []

    async def visitor(number: int) -> None:
        await turnstile.passed()
        passed.append(number)

    tasks = [asyncio.ensure_future(visitor(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert passed == [0, 2, 4]


async def test_it_rests_while_nobody_comes() -> None:
    turnstile = Turnstile(AT_ONCE)
    await turnstile.passed()
    for _ in range(3):
        await asyncio.sleep(0)
    loop_is_idle = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, loop_is_idle.set_result, None)
    await loop_is_idle
    assert not turnstile.turning

"""Spreads a burst over many turns of the event loop, so that no single turn is long.

Discord hands over a thousand interactions at once, and one commit completes hundreds of jobs at once. All that
then runs back to back in one turn of the loop, and meanwhile nothing else does: no heartbeat, no answer that
has arrived. A turnstile lets a few through in each turn; the others wait in line, not in the way.
"""

import asyncio
from collections import deque


class Turnstile:
    """Lets at most `each_turn` tasks through in one turn of the event loop, first come, first served."""

    def __init__(self, each_turn: int) -> None:
        self._each_turn = each_turn
        self._left = each_turn
        self._waiting: deque[asyncio.Future[None]] = deque()
        # Whether it counts the loop's turns; with nobody there it rests, so that an idle loop can sleep.
        self.turning = False

    async def passed(self) -> None:
        """Wait for one's turn; at once where nobody waits and few have passed in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self.turning:
            self.turning = True
            loop.call_soon(self._turn)
        if self._left and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _turn(self) -> None:
        self._left = self._each_turn
        while self._left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else the task was cancelled while it waited
                turn.set_result(None)
                self._left -= 1
        self.turning = bool(self._waiting) or self._left < self._each_turn
        if self.turning:
            asyncio.get_running_loop().call_soon(self._turn)

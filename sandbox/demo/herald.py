"""Tells the console what happens in the channel, as it happens and in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

from sandbox.demo.channel import State, states
from sandbox.demo.console import Console
from sandbox.demo.markdown import plain
from sandbox.discord import Channel, Message

_WATCH_SECONDS: Final = 3600.0
"""Longer than any demo."""


class Herald:
    """Watches a channel, and speaks for whoever else has something to say."""

    def __init__(self, channel: Channel, console: Console) -> None:
        self._channel = channel
        self._console = console
        self._told: dict[int, int] = {}

    def say(self, who: str, what: str, *styles: str) -> None:
        """Tell of something that happened just now, after everything that the channel saw before."""
        self.catch_up()
        self._console.event(who, what, *styles)

    def catch_up(self) -> None:
        """Tell what appeared or changed in the channel since the last time."""
        for message, news in list(self._news()):
            self._told[message.id] = self._told.get(message.id, 0) + len(news)
            who = message.run.member.name if message.run else message.author.name
            private = f" (only {who} sees it)" if message.visible_to else ""
            for state in news:
                style = "green" if state.pictures else "dim"
                self._console.event(who, f"  {plain(state.headline, now=state.at)}{private}", style)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While inside, changes are told as they come."""
        task = asyncio.create_task(self._watch(), name="demo herald")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _watch(self) -> None:
        while True:
            await self._channel.changed.until(lambda: any(self._news()), _WATCH_SECONDS, lambda: "nothing happened")
            self.catch_up()

    def _news(self) -> Iterator[tuple[Message, tuple[State, ...]]]:
        for message in self._channel.messages:
            news = states(message)[self._told.get(message.id, 0) :]
            if news:
                yield message, news

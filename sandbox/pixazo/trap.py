"""A listener at which no client should ever turn up: the target of foreign, private and redirected addresses."""

import asyncio
from collections.abc import Callable

from sandbox.pixazo.files import HTML
from sandbox.pixazo.records import Intruder
from sandbox.pixazo.wire import HTML_TYPE, raw_head

FIRST_BYTES = 65_536
READ_SECONDS = 5.0


class Trap:
    """Notes every connection and answers whatever it is asked with a harmless page.

    `noticed` is called at each connection, and again at its first bytes.
    """

    def __init__(self, *, now: Callable[[], float], noticed: Callable[[], None]) -> None:
        self.intruders: list[Intruder] = []
        self._now = now
        self._noticed = noticed
        self._server: asyncio.Server | None = None
        self._port = 0
        self._meetings: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen, at the former port if there was one."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop whoever is there."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._meetings:
            writer.transport.abort()
        await asyncio.gather(*self._meetings.values())
        await self._server.wait_closed()
        self._server = None

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        intruder = Intruder(at=self._now())
        self.intruders.append(intruder)
        meeting = asyncio.current_task()
        assert meeting is not None
        self._meetings[writer] = meeting
        self._noticed()
        try:
            async with asyncio.timeout(READ_SECONDS):
                intruder.received = await reader.read(FIRST_BYTES)
                self._noticed()
                headers = {"Content-Type": HTML_TYPE, "Content-Length": str(len(HTML)), "Connection": "close"}
                writer.write(raw_head(200, headers) + HTML)
                await writer.drain()
        except (ConnectionError, TimeoutError):
            # Gone or silent: that it came is all there is to know.
            pass
        finally:
            del self._meetings[writer]
            writer.close()

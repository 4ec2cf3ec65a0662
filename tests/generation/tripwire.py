"""Cutting a process short at any of its steps to the outside, before or after the step has had its effect.

Everything that a process does to the world goes through one `Tripwire`: each commit, each call of the provider, each
change of a card. The wire counts them; at the chosen one the process is dead: neither that call nor any other ever
returns, so nothing more can happen, as after `kill -9`. Reads and polls are not counted: whoever dies at one has done
just what they had done at the effect before it.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

from clock import Clock
from generation.delivery import GivenFile, ReleasedImage, UsualTime
from models import GenerationRequest, GuildSettings, Job, Verdict
from provider.client import PixazoClient
from provider.wire import PollAnswer
from storage.database import Database, Operation
from tests.generation.assembly import Outside
from tests.generation.recording import RecordingDelivery

T = TypeVar("T")


class Cut(Enum):
    """Whether the fatal call still has its effect."""

    BEFORE = "before"
    AFTER = "after"


class Tripwire:
    """Counts the calls; the one with the number `at` (from 1) is fatal. With None the process lives."""

    def __init__(self, at: int | None, cut: Cut) -> None:
        self._at = at
        self._cut = cut
        self.calls: list[str] = []
        self.dead = asyncio.Event()

    async def through(self, name: str, call: Awaitable[T], *, counts: bool = True) -> T:
        if self.dead.is_set():
            _discard(call)
            await _for_ever()
        if not counts:
            return await call
        self.calls.append(name)
        if len(self.calls) != self._at:
            return await call
        self.dead.set()
        if self._cut is Cut.AFTER:
            # In a task of its own: whoever ends the process's tasks must not undo what has gone out.
            await asyncio.gather(asyncio.create_task(_ignoring_errors(call), name="the last effect"))
        else:
            _discard(call)
        return await _for_ever()

    def outside(self) -> Outside:
        """The parts of a process whose every effect goes through this wire."""
        wire = self

        class WiredDatabase(Database):
            async def write(self, operation: Operation[T]) -> T:
                return await wire.through("write", super().write(operation))

        class WiredClient(PixazoClient):
            async def submit(self, request: GenerationRequest) -> str:
                return await wire.through("submit", super().submit(request))

            async def poll(self, request_id: str) -> PollAnswer:
                return await wire.through("poll", super().poll(request_id), counts=False)

            async def download(self, url: str | None, into: BinaryIO) -> int:
                return await wire.through("download", super().download(url, into))

        class WiredDelivery(RecordingDelivery):
            async def find_card(self, job: Job) -> int | None:
                return await wire.through("find_card", super().find_card(job))

            async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
                await wire.through("show", super().show(job, usual=usual))

            async def image_addresses(self, job: Job) -> Mapping[str, str]:
                return await wire.through("image_addresses", super().image_addresses(job))

            async def deliver(
                self,
                job: Job,
                images: Sequence[ReleasedImage],
                verdicts: Sequence[Verdict],
                *,
                guild: GuildSettings,
                given: GivenFile | None = None,
            ) -> None:
                await wire.through("deliver", super().deliver(job, images, verdicts, guild=guild, given=given))

            async def notify(self, job: Job) -> None:
                await wire.through("notify", super().notify(job))

        async def open_database(path: Path, clock: Clock) -> Any:
            return await WiredDatabase.open(path, clock=clock)

        return Outside(database=open_database, provider=WiredClient, delivery=WiredDelivery)


async def _for_ever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody wakes the dead")


async def _ignoring_errors(call: Awaitable[object]) -> None:
    await asyncio.gather(call, return_exceptions=True)


def _discard(call: Awaitable[object]) -> None:
    """Let a coroutine go that is never to run, without its complaint."""
    assert isinstance(call, Coroutine)
    call.close()

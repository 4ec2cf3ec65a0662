"""The real bot on SimCord's stage: `bot.Easel` as in production, with SimCord where discord.py meets Discord.

SimCord was written by others, so it doesn't share what our own stand-in may have misunderstood. It takes the place of
discord.py's HTTP client and feeds its gateway parsers; everything above is real, and so are the database, the runner
and the provider's client. What it lets through is why it doesn't replace our stand-in: command schemas that Discord
refuses, eleven files a message, files of 30 MiB; and it has no rate limits and no lost answers.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import discord
import pytest
import simcord
from discord import app_commands

import assembly
import bot
import config
from config import Settings
from errors import Refusal
from models import JobStatus
from sandbox.pixazo import PixazoStandIn
from storage.reading import Snapshot, snapshot
from tests.builders import NOW
from tests.support import wait_until
from ui.client import EaselClient

# The bot waits a second between polls; its time passes this many times as fast.
RATE: Final = 20.0
TOKEN: Final = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.Gstage.made-up-and-never-looked-at-by-simcord"
_TEXT_DISPLAY: Final = 10
_BUTTON: Final = 2


class StageClock:
    """The machine's time, faster. Not by `time.monotonic`: for the bot SimCord replaces that by a time of its own."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.perf_counter() - self._began) * RATE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / RATE)


class StageClient(EaselClient):
    """Easel's client without a gateway of its own: SimCord hands it every event."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._disconnected = asyncio.Event()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Be connected until the client is closed."""
        await self._disconnected.wait()

    async def close(self) -> None:
        self._disconnected.set()
        await super().close()


class StageEasel(bot.Easel):
    """Easel, which logs in to SimCord; with an `env` it is a later start in the same world."""

    def __init__(self, settings: Settings, env: simcord.Env | None) -> None:
        super().__init__(settings, clock=StageClock())
        self._env = env

    @property
    def env(self) -> simcord.Env:
        assert self._env is not None
        return self._env

    async def _log_in(self) -> None:
        if self._env is None:
            self._env = simcord.Env(self.client, shard_count=1)
            await self._env.start()
        else:
            await self._env.restart_bot(self.client)


class Stage:
    """A guild with a channel, two members and a moderator, and the bot in it."""

    def __init__(self, easel: StageEasel, settings: Settings, pixazo: PixazoStandIn) -> None:
        self._easel = easel
        self._settings = settings
        self.pixazo = pixazo
        self.env = easel.env
        self.guild = self.env.create_guild("Studio")
        self.channel = self.guild.create_text_channel("art")
        moderates = self.guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
        self.ada = self.guild.add_member(self.env.create_user("ada"))
        self.bob = self.guild.add_member(self.env.create_user("bob"))
        self.mia = self.guild.add_member(self.env.create_user("mia"), roles=[moderates])

    async def imagine(
        self, prompt: str = "a lighthouse at dusk", *, by: simcord.MemberActor | None = None, **options: Any
    ) -> simcord.InteractionResult:
        """Ada, or the member named, uses `/imagine`."""
        return await (by or self.ada).slash(self.channel, "imagine", prompt=prompt, **options)

    async def becomes(self, result: simcord.InteractionResult, holds: Callable[[simcord.ResponseMessage], Any]) -> None:
        """Wait until the message that answered is as wanted."""
        await wait_until(lambda: bool(holds(message_of(result))), what=f"the change of {texts(result)!r}")

    async def ends(self, status: JobStatus) -> None:
        """Wait until the latest job has this status."""
        await wait_until(lambda: self.books().jobs[-1].status is status, what=f"a job that is {status}")

    async def restart(self) -> None:
        """End the bot and start it anew, in the same world and on the same database."""
        await self._easel.stop()
        self._easel = StageEasel(self._settings, self.env)
        await self._easel.start()

    async def close(self) -> None:
        await self._easel.stop()
        await self.env.shutdown()

    def books(self) -> Snapshot:
        return snapshot(self._settings.database_path)

    def public(self) -> list[discord.Message]:
        """What everybody in the channel sees."""
        return [message for message in self.channel.history() if not message.flags.ephemeral]

    def faults(self) -> list[BaseException]:
        """What the bot raised, but for refusals: discord.py hands those to the error map as exceptions too."""
        return [error for error in self.env.errors if not isinstance(_cause(error), Refusal)]


def message_of(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """The message that answered an interaction, as it is now."""
    assert result.response is not None, "the answer is no message, or was deleted"
    return result.response


def texts(result: simcord.InteractionResult) -> str:
    """All that the answer's message says now."""
    shown = [part["content"] for part in parts(message_of(result).components) if part["type"] == _TEXT_DISPLAY]
    return "\n".join(shown)


def buttons(result: simcord.InteractionResult) -> list[str]:
    """The labels of the buttons on the answer's message."""
    return [part["label"] for part in parts(message_of(result).components) if part["type"] == _BUTTON]


def parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, at whatever depth."""
    for component in components:
        yield component
        yield from parts(component.get("components", []))
        if "accessory" in component:
            yield component["accessory"]


def _cause(error: BaseException) -> BaseException | None:
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error.__cause__ or error


@asynccontextmanager
async def open_stage(folder: Path, pixazo: PixazoStandIn, options: Mapping[str, str]) -> AsyncIterator[Stage]:
    """The stage with the bot on it; `options` are settings by their names. Everything is ended afterwards."""
    settings = config.load(
        {
            "DISCORD_TOKEN": TOKEN,
            "PIXAZO_API_KEY": pixazo.key,
            "DATABASE_URL": f"sqlite:///{folder}/data/easel.db",
            "PIXAZO_SUBMIT_URL": pixazo.submit_url,
            "PIXAZO_STATUS_URL": pixazo.status_url,
            "PIXAZO_RESULT_HOSTS": pixazo.origin,
            "HTTP_PORT": "0",
            **options,
        },
        None,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "EaselClient", StageClient)
        easel = StageEasel(settings, None)
        await easel.start()
        stage = Stage(easel, settings, pixazo)
        try:
            yield stage
        finally:
            await stage.close()
        assert stage.faults() == []

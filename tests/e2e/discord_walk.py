"""Many members of many guilds use one bot at once while Discord fails each of them in a way of their own.

What Discord does wrong takes its time (a card is looked for after ten seconds, an edit is tried again after ten), so
the rows of a table are walked together. A fault strikes only the guild that it was ordered for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from models import JobStatus
from sandbox.discord import Call, DiscordStandIn, Fault, Message, Run
from sandbox.pixazo import PixazoStandIn
from storage.reading import snapshot
from tests.e2e.bot_process import BotProcess

PRICE_MICROS: Final = 90_000
# Everything at once: neither the polls nor the places at the provider may hold rows back.
SETTINGS: Final = {"POLLS_PER_MINUTE": "6000", "MAX_IN_FLIGHT": "200"}
_WALK_SECONDS: Final = 70.0
_PATIENCE_SECONDS: Final = 30.0


class At(Enum):
    """The call that a fault strikes."""

    CALLBACK = "the first answer"
    LOOKUP = "the question for the first answer"
    SHOW = "a change of the card's words, by the interaction's token"
    UPLOAD = "the gallery, by the interaction's token"
    OWN_UPLOAD = "the gallery, as the bot's own message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one wish came to, for the member, in the books and at the provider."""

    status: str
    reason: str | None
    sees: str
    """`gallery`, the headline of the card, or `nothing`: what the channel shows."""
    money: str
    """`settled`, `released` or `held`, in every account alike."""
    accepted: int
    """Submissions that the provider took."""


DELIVERED: Final = Outcome(status="delivered", reason=None, sees="gallery", money="settled", accepted=1)
NO_CARD: Final = Outcome(status="cancelled", reason="no_card", sees="nothing", money="released", accepted=0)
GONE: Final = Outcome(status="undeliverable", reason="card_gone", sees="nothing", money="settled", accepted=1)


class Scene:
    """One member in a guild of their own."""

    def __init__(self, name: str, discord: DiscordStandIn, pixazo: PixazoStandIn) -> None:
        self.discord = discord
        self.pixazo = pixazo
        self.guild = discord.add_guild(name)
        self.channel = self.guild.add_channel("art")
        self.ada = self.guild.add_member("ada")
        self.run: Run | None = None
        self.faults: list[Fault] = []
        self.seconds = 0.0

    @property
    def prompt(self) -> str:
        """Tells this member's submissions from the others'."""
        return f"a lighthouse, {self.guild.name}"

    def order(self, at: At, **fault: Any) -> Fault:
        """Have a call of this scene's struck."""
        method = {At.CALLBACK: "POST", At.LOOKUP: "GET"}.get(at, "PATCH")
        self.faults.append(self.discord.faults.add(method, where=lambda call: self._is(at, call), **fault))
        return self.faults[-1]

    async def imagine(self, **options: str | int) -> Run:
        """Ada asks for a picture."""
        given = {"prompt": self.prompt, "size": "square", **options}
        self.run = await self.discord.slash(self.ada, self.channel, "imagine", given)
        return self.run

    async def card(self) -> Message:
        """Ask for a picture, and the card that answers."""
        return await (await self.imagine()).message()

    def repeat(self) -> None:
        """Discord delivers the interaction a second time."""
        assert self.run is not None
        command = self.discord.commands.find(self.guild.id, "imagine", 1)
        assert command is not None
        option = {"name": "prompt", "type": 3, "value": self.prompt}
        data = {"id": command["id"], "name": "imagine", "type": 1, "options": [option]}
        payload = {**self.run.payload(data), "locale": "en-US"}
        self.discord.world.emit(self.guild.id, "INTERACTION_CREATE", payload, 0)

    def work_for(self, seconds: float) -> None:
        """How long the provider takes for this scene's picture."""
        self.seconds = seconds

    def finish(self) -> None:
        """The provider is done with this scene's picture."""
        for submission in self.pixazo.accepted(match=self._mine):
            self.pixazo.finish(submission.request_id)

    def outcome(self, books: dict[str, Any]) -> Outcome:
        """What it came to, after it was checked that there never was a second message."""
        everything = [message for message in self.channel.all_messages if not message.ephemeral]
        assert len(everything) <= 1, everything
        unstruck = [str(fault) for fault in self.faults if not fault.hits]
        assert not unstruck, f"never struck, so nothing is proven: {unstruck}"
        [job] = [job for job in books["jobs"] if job["guild_id"] == str(self.guild.id)]
        return Outcome(
            status=job["status"],
            reason=job["reason"],
            sees=_seen(everything),
            money=self._money(books),
            accepted=len(self.pixazo.accepted(match=self._mine)),
        )

    def _money(self, books: dict[str, Any]) -> str:
        amounts = set()
        for account in books["accounts"]:
            if account["guild_id"] == str(self.guild.id):
                unit = 1 if account["unit"] == "image" else PRICE_MICROS
                amounts.add((account["pending"] / unit, account["posted"] / unit))
        assert len(amounts) == 1, f"the accounts disagree: {amounts}"
        return {(0, 0): "released", (0, 1): "settled", (1, 0): "held"}[amounts.pop()]

    def _mine(self, body: Any) -> bool:
        return bool(body["prompt"] == self.prompt)

    def _is(self, at: At, call: Call) -> bool:
        if at is At.OWN_UPLOAD:
            return bool(call.files) and f"/channels/{self.channel.id}/" in call.path
        # The interaction's token is in the path of every other call.
        if self.run is None or self.run.token not in call.path:
            return False
        return at is At.CALLBACK or at is At.LOOKUP or bool(call.files) is (at is At.UPLOAD)


Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What happens to a member's wish, and what has to come of it."""

    name: str
    act: Act
    comes_to: Outcome


async def walk(
    rows: Sequence[Row], discord: DiscordStandIn, pixazo: PixazoStandIn, bot: BotProcess
) -> dict[str, Outcome | str]:
    """Walk all rows at once, then stop the bot and look: each row's outcome by its name, or what went wrong."""
    scenes = {row.name: Scene(row.name, discord, pixazo) for row in rows}
    seconds = {scene.prompt: scene for scene in scenes.values()}
    pixazo.latency = lambda body: seconds[body["prompt"]].seconds
    await bot.start()
    acts = [asyncio.create_task(_acted(row, scenes[row.name]), name=row.name) for row in rows]
    await asyncio.wait(acts)
    await _all_at_rest(bot, len(rows))
    assert await bot.stop() == 0
    books = bot.books()
    found: dict[str, Outcome | str] = {}
    for row, act in zip(rows, acts, strict=True):
        try:
            act.result()
            found[row.name] = scenes[row.name].outcome(books)
        except (AssertionError, TimeoutError, ValueError, KeyError) as error:
            found[row.name] = f"{type(error).__name__}: {error}"
    return found


async def _acted(row: Row, scene: Scene) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await row.act(scene)


async def _all_at_rest(bot: BotProcess, jobs: int) -> None:
    """Wait until every job has ended or is in doubt, and its card was told, or until that takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _WALK_SECONDS
    while loop.time() < deadline:
        found = snapshot(bot.folder / "data" / "easel.db").jobs
        resting = [job for job in found if job.status.is_terminal or job.status is JobStatus.IN_DOUBT]
        if len(resting) == jobs and all(job.card_status is job.status for job in resting):
            return
        await asyncio.sleep(0.2)


def _seen(messages: Sequence[Message]) -> str:
    shown = [message for message in messages if not message.deleted]
    if not shown:
        return "nothing"
    if shown[0].attachment_used():
        return "gallery"
    return "thinking" if shown[0].loading else shown[0].text().splitlines()[0].removeprefix("### ")

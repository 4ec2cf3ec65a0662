"""What happens in the demo, act by act."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.demo import books, wishes
from sandbox.demo.bot_process import BotProcess
from sandbox.demo.channel import Mark, pictures_in
from sandbox.demo.console import Console
from sandbox.demo.herald import Herald
from sandbox.demo.record import Record
from sandbox.demo.studio import Studio
from sandbox.demo.wishes import Played, Wish
from sandbox.discord import DiscordStandIn, Member, Message, Permissions, Run
from sandbox.pixazo import PixazoStandIn
from sandbox.settings import settings_for

GUILD: Final = "Riverside Studio"
CHANNEL: Final = "art"

_CARD_SECONDS: Final = 20.0
"""How long a card may take to come to its end: some ten times of what it takes."""
_ANSWER_SECONDS: Final = 5.0
_SUBMIT_SECONDS: Final = 10.0
_DARK_SECONDS: Final = 0.8


def stage(discord: DiscordStandIn, pixazo: PixazoStandIn) -> Record:
    """Set the scene: a guild with a channel and its members, and how the provider behaves. Both must be running."""
    guild = discord.add_guild(GUILD)
    channel = guild.add_channel(CHANNEL)
    for name in dict.fromkeys(wish.member for wish in wishes.ALL):
        guild.add_member(name)
    guild.add_member(wishes.MANAGER, permissions=Permissions.MANAGE_GUILD)
    pixazo.latency = _latency
    pixazo.flag_when = wishes.flagged_by_prompt
    return Record(discord=discord, pixazo=pixazo, guild=guild, channel=channel)


def settings(discord: DiscordStandIn, pixazo: PixazoStandIn) -> dict[str, str]:
    """The only settings of the bot that differ from its defaults: whom it talks to, a free port, two small limits."""
    return {
        **settings_for(discord, pixazo),
        "DATABASE_URL": "sqlite:///easel.db",
        "USER_DAILY_IMAGES": str(wishes.DAILY_IMAGES),
        "MAX_IN_FLIGHT": str(wishes.AT_ONCE),
    }


async def perform(record: Record, folder: Path, console: Console) -> None:
    """Run the whole programme with the bot in `folder`; no process of it outlives the call.

    Raises TimeoutError, BotFailed, ClientRefused and the like where something does not come about.
    """
    herald = Herald(record.channel, console)
    async with BotProcess(folder, settings(record.discord, record.pixazo)) as bot, herald.watching():
        try:
            await Programme(record, bot, console, herald).run()
        finally:
            record.bot_log = tuple(bot.log)
            record.starts = bot.starts


class Programme:
    """The acts."""

    def __init__(self, record: Record, bot: BotProcess, console: Console, herald: Herald) -> None:
        self._record = record
        self._bot = bot
        self._console = console
        self._herald = herald
        self._discord = record.discord
        self._pixazo = record.pixazo
        self._members = {member.name: member for member in record.guild.members.values()}

    async def run(self) -> None:
        """All of it, in order."""
        await self._start("ready")
        self._act("A picture")
        await self._all_ended([await self._utter(wishes.FIRST)])

        self._act("A busy minute, and then the power goes out")
        under_way = await self._busy_minute()
        await self._power_cut()
        await self._all_ended(under_way)

        self._act("Everything else in the studio")
        await Studio(self._record, self._herald, self._console).run()

        self._act("Money is finite")
        await self._over_quota()
        await self._look_at_quota()

        self._act("Closing time")
        await self._close()

    def _act(self, title: str) -> None:
        self._herald.catch_up()
        self._console.heading(title)

    def _mark(self, text: str) -> None:
        self._record.marks.append(Mark(at=self._discord.world.now(), text=text))

    async def _start(self, words: str) -> None:
        async with self._console.waiting("the bot starts"):
            await self._bot.start()
            await self._discord.ready()
            await self._discord.commands_synced()
        self._herald.say("bot", f"{words} (process {self._bot.pid})")

    async def _busy_minute(self) -> list[Played]:
        """Three jobs at the provider, which is slow, two in line, of which one is cancelled."""
        self._pixazo.latency = float("inf")
        at_work = [await self._utter(wish) for wish in (wishes.FOUR, wishes.FLAGGED, wishes.MIXED)]
        async with self._console.waiting("the provider takes them on"):
            for one in at_work:
                # Its Cancel button goes as soon as a job is with the provider and that is on disk.
                await one.message.changed(lambda card: not card.buttons(), _SUBMIT_SECONDS)
        waiting = await self._utter(wishes.WAITING)
        cancelled = await self._utter(wishes.CANCELLED)
        self._herald.say(cancelled.member.name, "presses Cancel")
        run = await self._discord.click(cancelled.member, cancelled.message, "Cancel")
        await run.answered(_ANSWER_SECONDS)
        await self._all_ended([cancelled])
        # Asked before the lights go out, it also proves that the waiting job's card is in the books.
        await self._ask_privately(waiting.member, "queue")
        return [*at_work, waiting]

    async def _power_cut(self) -> None:
        """SIGKILL, a look at the books in the dark, and the bot's next start. The provider works on meanwhile."""
        self._herald.say("power", "⚡ goes out: the bot is killed (SIGKILL)", "yellow", "bold")
        await self._bot.kill()
        self._mark("⚡ Here the bot was killed, with four of these requests under way, and started again")
        await self._discord.disconnected()
        _, report = await self._bot.ask("report", "--json")
        self._record.books_in_the_dark = books.read(report)
        held = sum(account.pending for account in self._record.books_in_the_dark.accounts if account.scope == "global")
        counts = ", ".join(f"{count} {status}" for status, count in self._record.books_in_the_dark.statuses().items())
        self._herald.say("books", f"on disk: {counts}; {books.usd(held)} reserved")
        self._pixazo.latency = _latency
        self._pixazo.finish()
        async with self._console.waiting("dark"):
            await asyncio.sleep(_DARK_SECONDS)
        self._herald.say("power", "comes back", "yellow", "bold")
        await self._start("ready again")

    async def _over_quota(self) -> None:
        run = await self._slash(wishes.TOO_MANY)
        answer = await run.answered(_ANSWER_SECONDS)
        message = await run.message()
        self._record.refused.append(Played(wish=wishes.TOO_MANY, member=run.member, answer=answer, message=message))

    async def _look_at_quota(self) -> None:
        self._record.quota = await self._ask_privately(self._members[wishes.TOO_MANY.member], "quota")

    async def _ask_privately(self, member: Member, command: str) -> Message:
        self._herald.say(member.name, f"/{command}")
        run = await self._discord.slash(member, self._record.channel, command)
        return await run.message(_ANSWER_SECONDS)

    async def _close(self) -> None:
        record = self._record
        self._herald.say("bot", "is told to stop (SIGTERM)")
        async with self._console.waiting("the bot stops"):
            record.exit_code, record.stop_seconds = await self._bot.stop()
        self._herald.say("bot", f"stopped after {record.stop_seconds:.1f} s with exit code {record.exit_code}")
        async with self._console.waiting("reading the books"):
            (code, report), (_, record.report) = await asyncio.gather(
                self._bot.ask("report", "--json"), self._bot.ask("report")
            )
        record.books, record.balanced = books.read(report), code == 0

    async def _utter(self, wish: Wish) -> Played:
        """Let a member wish for something, and see the card."""
        run = await self._slash(wish)
        answer = await run.answered(_ANSWER_SECONDS)
        played = Played(wish=wish, member=run.member, answer=answer, message=await run.message())
        self._record.played.append(played)
        return played

    async def _slash(self, wish: Wish) -> Run:
        self._herald.say(wish.member, wish.said)
        return await self._discord.slash(
            self._members[wish.member], self._record.channel, "imagine", {"prompt": wish.prompt, **wish.options}
        )

    async def _all_ended(self, played: list[Played]) -> None:
        async with self._console.waiting("pictures are being made"):
            for one in played:
                await one.message.changed(has_ended, _CARD_SECONDS)


def has_ended(card: Message) -> bool:
    """Whether a card says how its job ended: with pictures, or with what was (not) charged for it."""
    return bool(pictures_in(card)) or "charged" in card.text()


def _latency(body: Mapping[str, Any]) -> float:
    """Seconds that the provider takes: 1.5 for one picture, and more for more."""
    return 1.2 + 0.3 * int(body.get("num_images", 1))

"""The real bot in the hands of those who steer it: pauses, requests in doubt, the operator's commands, the audit."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import aiohttp
import pytest

from models import JobStatus
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Message, Permissions, Run
from sandbox.pixazo import PixazoStandIn
from tests.e2e.bot_process import BotProcess
from ui import wording

MakeBot = Callable[..., BotProcess]
BURST = 100
# Long enough for many polls and submissions, had there been any.
_QUIET_SECONDS = 1.5


class Town:
    """A guild whose owner, and mia, may manage it."""

    def __init__(self, discord: DiscordStandIn) -> None:
        self.discord = discord
        self.guild: Guild = discord.add_guild()
        self.channel: Channel = self.guild.add_channel("art")
        self.ada: Member = self.guild.add_member("ada")
        self.mia: Member = self.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)
        self.owner: Member = self.guild.members[discord.owner_id]

    async def use(self, by: Member, name: str) -> Message:
        """A command with a private answer, and that answer."""
        run = await self.discord.slash(by, self.channel, name)
        return await (await run.message()).changed(lambda message: not message.loading)

    async def wish(self, by: Member | None = None) -> Run:
        return await self.discord.slash(by or self.ada, self.channel, "imagine", {"prompt": "a lighthouse"})

    def own_commands(self) -> set[str]:
        return {command["name"] for command in self.discord.commands.in_scope(self.guild.id)}


@pytest.fixture
def town(discord: DiscordStandIn) -> Town:
    return Town(discord)


async def endpoint(bot: BotProcess, path: str) -> tuple[int, str]:
    match = re.findall(r"served on (http://[\d.:]+)", bot.log)
    async with aiohttp.ClientSession() as session, session.get(match[-1] + path) as response:
        return response.status, await response.text()


async def test_of_a_burst_of_commands_none_is_submitted_after_the_answer_to_pause(
    town: Town, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    pixazo.submit_delay = 0.05
    bot = make_bot(MAX_IN_FLIGHT="4", POLLS_PER_MINUTE="6000")
    await bot.start()
    members = [town.guild.add_member(f"member{number}") for number in range(BURST)]

    async def answered(member: Member) -> Message:
        return await (await town.wish(member)).message()

    async with asyncio.timeout(60):
        burst = [asyncio.create_task(answered(member)) for member in members[: BURST // 2]]
        await pixazo.until(lambda: len(pixazo.submissions) > 3)
        pausing = asyncio.create_task(town.use(town.mia, "admin pause"))
        burst += [asyncio.create_task(answered(member)) for member in members[BURST // 2 :]]
        said = await pausing
        submitted = len(pixazo.submissions)
        answers = await asyncio.gather(*burst)
    assert "New pictures are paused in this server" in said.text()
    refused = [answer for answer in answers if answer.ephemeral]
    assert 3 < submitted < BURST - len(refused) < BURST
    assert all("New pictures are paused in this server" in answer.text() for answer in refused)

    cards = [answer for answer in answers if not answer.ephemeral]
    async with asyncio.timeout(30):
        while sum(bool(card.attachments) for card in cards) < submitted:
            await asyncio.sleep(0.05)
    await asyncio.sleep(_QUIET_SECONDS)
    assert len(pixazo.submissions) == submitted
    waiting = [job for job in bot.books()["jobs"] if job["status"] == "queued"]
    assert len(waiting) == len(cards) - submitted
    assert await bot.stop() == 0


async def test_an_admin_and_the_command_line_decide_and_the_cards_say_so_at_once(
    town: Town, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    pixazo.on_submit("submit_504_after_accepting", times=2)
    bot = make_bot()
    await bot.start()
    first, second = [await (await town.wish()).message() for _ in range(2)]
    for card in (first, second):
        await card.changed(lambda message: wording.card_title(JobStatus.IN_DOUBT) in message.text())
    [one, two] = [job["job_id"] for job in bot.books()["jobs"]]
    page = await town.use(town.mia, "admin unresolved")
    assert "2 requests in doubt · $0.18 held" in page.text()
    await (await town.discord.click(town.mia, page, f"easel:doubt:free.1.{one}")).answered()
    code, said, _ = await bot.command("resolve", two, "settle")
    assert (code, "posted" in said) == (0, True)
    by_job = {job: card for card in (first, second) for job in (one, two) if job in card.text()}
    await by_job[one].changed(lambda message: wording.card_title(JobStatus.FAILED) in message.text())
    await by_job[two].changed(lambda message: wording.card_title(JobStatus.WRITTEN_OFF) in message.text())
    _, metrics = await endpoint(bot, "/metrics")
    assert 'easel_jobs{status="in_doubt"} 0.0' in metrics
    assert "easel_settled_micros_total 90000.0" in metrics
    assert await bot.stop() == 0


async def test_the_operators_commands_come_and_go_with_the_setting(town: Town, make_bot: MakeBot) -> None:
    bot = make_bot(OPERATOR_GUILD_IDS=f"{town.guild.id},12")
    await bot.start()
    await town.discord.commands.changed.until(town.own_commands, 10, lambda: "no commands for the guild")
    assert town.own_commands() == {"operator"}
    assert "guild 12 has no commands of its own" in bot.log
    text = (await town.use(town.owner, "operator status")).text()
    assert "**Budget of the whole bot** · $200.00 a month" in text
    assert "✅ audited" in text
    assert "Only the operator" in (await town.use(town.mia, "operator status")).text()
    assert await bot.stop() == 0

    bot = make_bot(OPERATOR_GUILD_IDS="", OWNER_IDS=str(town.mia.id))
    await bot.start()
    await town.discord.commands.changed.until(
        lambda: not town.own_commands(), 10, lambda: "the guild still has commands of its own"
    )
    assert await bot.stop() == 0


async def test_named_owners_go_before_the_applications_owner(town: Town, make_bot: MakeBot) -> None:
    bot = make_bot(OPERATOR_GUILD_IDS=str(town.guild.id), OWNER_IDS=str(town.mia.id))
    await bot.start()
    await town.discord.commands.changed.until(town.own_commands, 10, lambda: "no commands for the guild")
    assert "New pictures are paused in every server" in (await town.use(town.mia, "operator pause")).text()
    assert "Only the operator" in (await town.use(town.owner, "operator resume")).text()
    assert "paused everywhere by the operator" in (await (await town.wish()).message()).text()
    assert await bot.stop() == 0


async def test_books_that_do_not_add_up_at_the_start_stop_new_requests_and_the_operator_is_told(
    town: Town, make_bot: MakeBot
) -> None:
    bot = make_bot()
    await bot.start()
    card = await (await town.wish()).message()
    await card.changed(lambda message: bool(message.attachments))
    assert await bot.stop() == 0
    with closing(sqlite3.connect(bot.folder / "data" / "easel.db")) as database:
        database.execute("UPDATE accounts SET posted = posted - 1 WHERE scope = 'global'")
        database.commit()
    await bot.start()
    assert "My books don't add up" in (await (await town.wish()).message()).text()
    await town.discord.dms(town.owner).arrived()
    [told] = town.discord.dms(town.owner).messages
    assert "1 balance is not the sum of its entries" in told.text()
    status, body = await endpoint(bot, "/readyz")
    assert (status, "balances that are not the sums of their entries: 1" in body) == (503, True)
    assert "balances that are not the sums of their entries: 1; no new job is taken" in bot.log
    assert len(bot.books()["jobs"]) == 1
    assert await bot.stop() == 0

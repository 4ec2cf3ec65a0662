"""What the bot asks of the people who run it: an account that the provider takes, and permissions in the channel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from errors import ProviderClosed
from models import JobStatus
from sandbox.discord import Channel, DirectMessages, DiscordStandIn, Guild, Message, Permissions, routes
from sandbox.discord.permissions import BOT
from sandbox.pixazo import PixazoStandIn
from storage.reading import snapshot
from tests.e2e.bot_process import BotProcess
from tests.e2e.in_process import SkippingClock, easel
from ui import wording

MakeBot = Callable[..., BotProcess]
# When a probe is due: a minute after the refusal, and twice as much after a probe in vain (`generation.circuit`).
PROBE_SECONDS = 60.0
NEXT_PROBE_SECONDS = 120.0


class Town:
    """A guild with a channel, in which every wish is a new member's, so that only the account can be refused."""

    def __init__(self, discord: DiscordStandIn) -> None:
        self.discord = discord
        self.guild: Guild = discord.add_guild()
        self.channel: Channel = self.guild.add_channel("art")
        self._members = 0

    @property
    def operator(self) -> DirectMessages:
        """What the bot writes to the application's owner."""
        return self.discord.dms(self.discord.world.owner)

    @property
    def told(self) -> list[str]:
        """What the operator was told so far."""
        return [message.text() for message in self.operator.messages]

    async def wish(self, channel: Channel | None = None) -> Message:
        """The answer to `/imagine`: a public card or a private refusal."""
        self._members += 1
        member = self.guild.add_member(f"member{self._members}")
        run = await self.discord.slash(member, channel or self.channel, "imagine", {"prompt": "a lighthouse"})
        return await run.message()

    async def two_wishes(self) -> tuple[Message, Message]:
        """Two cards, of wishes that were taken before the operator is told.

        Only the first is submitted before that: the other's card is too slow.
        """
        callback = self.discord.faults.hold("POST", routes.CALLBACK)
        wishing = asyncio.create_task(self.wish())
        await callback.happened()
        first = await self.wish()
        await self.operator.arrived()
        callback.release()
        return first, await wishing

    async def refused_for(self, words: str, channel: Channel | None = None) -> None:
        """A wish is answered with these words, which nobody else sees."""
        answer = await self.wish(channel)
        assert answer.ephemeral
        assert words in answer.text()


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
async def pixazo(clock: SkippingClock) -> AsyncIterator[PixazoStandIn]:
    """A provider that goes by the same time as the bot, and so can tell when it was tried."""
    async with PixazoStandIn(latency=0.2, now=clock.monotonic) as stand_in:
        yield stand_in
        assert stand_in.intruders == []


@pytest.fixture
def town(discord: DiscordStandIn) -> Town:
    return Town(discord)


CLOSED = wording.refusal(ProviderClosed())


def attempts(path: Path) -> list[int]:
    """How often each job in line was tried so far."""
    waiting = (job.submit_attempts for job in snapshot(path).jobs if job.status is JobStatus.QUEUED)
    return sorted(waiting, reverse=True)


def is_done(card: Message) -> bool:
    return bool(card.attachments)


@pytest.mark.parametrize(
    ("refusal", "status"), [("submit_401_gateway", 401), ("submit_402", 402), ("submit_403_quota", 403)]
)
async def test_refused_account_is_told_once_and_keeps_the_jobs(
    town: Town, pixazo: PixazoStandIn, make_bot: MakeBot, refusal: str, status: int
) -> None:
    bot = make_bot()
    await bot.start()
    pixazo.on_submit(refusal, times=None)
    cards = await town.two_wishes()
    for _ in range(2):
        await town.refused_for(CLOSED)
    assert await bot.stop() == 0

    assert town.told == [wording.provider_refuses(status)]
    assert len(pixazo.submissions) == 1
    assert [message for message in town.channel.messages if not message.ephemeral] == list(cards)
    for card in cards:
        assert wording.card_title(JobStatus.QUEUED) in card.text()
        assert [button.label for button in card.buttons()] == [wording.CANCEL]
    books = bot.books()
    assert [job["status"] for job in books["jobs"]] == ["queued", "queued"]
    (everybodys,) = [account for account in books["accounts"] if account["scope"] == "global"]
    assert (everybodys["pending"], everybodys["posted"]) == (180_000, 0)


async def test_one_probe_brings_everything_back(
    town: Town, pixazo: PixazoStandIn, clock: SkippingClock, tmp_path: Path
) -> None:
    path = tmp_path / "easel.db"
    async with easel(path, town.discord, pixazo, clock):
        pixazo.on_submit("submit_402", times=2)
        cards = await town.two_wishes()
        await clock.run_until(lambda: sum(attempts(path)) == 2, what="a probe in vain")
        await town.refused_for(CLOSED)
        assert town.told == [wording.provider_refuses(402)]

        await clock.run_until(lambda: all(map(is_done, cards)), what="every picture")
        assert town.told == [wording.provider_refuses(402), wording.PROVIDER_IS_BACK]
        assert not (await town.wish()).ephemeral
    refused, in_vain, probe, rest, *_ = pixazo.submissions
    assert in_vain.at - refused.at >= PROBE_SECONDS
    assert probe.at - in_vain.at >= NEXT_PROBE_SECONDS
    assert (rest.accepted, probe.accepted, in_vain.accepted) == (True, True, False)
    found = snapshot(path)
    assert [job.status for job in found.jobs[:2]] == [JobStatus.DELIVERED] * 2
    assert found.findings == ()


async def test_refused_poll_keeps_the_job_until_the_key_works_again(
    town: Town, pixazo: PixazoStandIn, clock: SkippingClock, tmp_path: Path
) -> None:
    async with easel(tmp_path / "easel.db", town.discord, pixazo, clock):
        pixazo.on_poll("poll_401")
        card = await town.wish()
        await town.operator.arrived()
        assert town.told == [wording.provider_refuses(401)]
        assert wording.card_title(JobStatus.SUBMITTED) in card.text()
        await town.refused_for(CLOSED)

        clock.skip(PROBE_SECONDS)
        await card.changed(is_done)
        assert len(pixazo.submissions) == 1
        await town.wish()  # nobody waits in line, so a new wish is the probe
        await town.operator.arrived(lambda message: message.text() == wording.PROVIDER_IS_BACK)
        assert len(town.told) == 2
    assert len(pixazo.accepted()) == 2


async def test_thread_is_as_good_as_a_channel_where_the_bot_may_post_in_it(
    town: Town, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    thread = town.channel.add_thread("lighthouses")
    bot = make_bot()
    await bot.start()
    for missing, name in (
        (Permissions.ATTACH_FILES, "Attach Files"),
        (Permissions.SEND_MESSAGES_IN_THREADS, "Send Messages In Threads"),
    ):
        thread.set_bot_permissions(BOT & ~missing)
        await town.refused_for(f"I lack **{name}**", thread)
    assert bot.books()["jobs"] == []
    thread.set_bot_permissions(BOT & ~Permissions.SEND_MESSAGES)  # which has no effect in threads
    card = await town.wish(thread)
    post = town.guild.add_forum("gallery").add_thread("more lighthouses")
    card_in_forum = await town.wish(post)
    for message in (card, card_in_forum):
        await message.changed(is_done)
    assert await bot.stop() == 0
    assert [message for message in thread.messages if not message.ephemeral] == [card]
    assert post.messages == [card_in_forum]
    assert town.channel.messages == []
    assert pixazo.billed_images() == 2

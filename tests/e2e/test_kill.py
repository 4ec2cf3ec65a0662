"""The process is killed, as by a power cut, at every step of a job's life; then it is started again.

Each moment is caught on the wire: a stand-in holds the request in question, either before it took effect or
after, and the process dies while it waits. Afterwards: at most one accepted POST, one card that tells the truth,
and books that agree with the provider's bill.
"""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.discord import Channel, DiscordStandIn, Fault, Member, Message, routes
from sandbox.pixazo import PixazoStandIn
from storage import ledger
from tests.e2e.bot_process import BotProcess

MakeBot = Callable[..., BotProcess]
PRICE_MICROS = 90_000
# An answer to an interaction can be edited under two names; which of them is used makes no difference here.
CARD = re.compile(r"/webhooks/\d+/[^/]+/messages/")


class Scene:
    """One member who asks for two pictures, and the bot's death at some moment."""

    def __init__(self, discord: DiscordStandIn, pixazo: PixazoStandIn, bot: BotProcess) -> None:
        self.discord = discord
        self.pixazo = pixazo
        self.bot = bot
        guild = discord.add_guild()
        self.channel: Channel = guild.add_channel("art")
        self.ada: Member = guild.add_member("ada")

    async def imagine(self) -> None:
        await self.discord.slash(self.ada, self.channel, "imagine", {"prompt": "a lighthouse", "count": 2})

    async def die(self) -> None:
        await self.bot.kill()

    async def die_at(self, held: Fault) -> None:
        """Ask for the pictures and die where Discord holds a request, which is cut off with the process."""
        await self.imagine()
        await held.happened()
        await self.die()
        held.release(drop=True)

    @property
    def card(self) -> Message:
        """The only public message there is."""
        (card,) = [message for message in self.channel.all_messages if not message.ephemeral]
        return card

    async def ends(self) -> dict[str, Any]:
        """The job once it has ended or is in doubt, after it was checked that the books balance."""
        job = await self.bot.job_until(lambda job: job["status"] in ENDS)
        report = self.bot.books()
        for account in report["accounts"]:
            assert account["posted"] + account["pending"] <= account["cap"]
            assert account["pending"] == (_amount(account, 2) if job["status"] == "in_doubt" else 0)
            if job["status"] != "in_doubt":
                assert account["posted"] == _amount(account, self.pixazo.billed_images())
        assert len(self.pixazo.accepted()) <= 1
        return job


ENDS = frozenset({"delivered", "withheld", "undeliverable", "failed", "cancelled", "in_doubt"})


def _amount(account: dict[str, Any], images: int) -> int:
    return images * (1 if account["unit"] == "image" else PRICE_MICROS)


async def _callback_not_taken(scene: Scene) -> None:
    held = scene.discord.faults.hold("POST", routes.CALLBACK)
    await scene.die_at(held)


async def _callback_taken(scene: Scene) -> None:
    held = scene.discord.faults.hold("POST", routes.CALLBACK, when="after")
    await scene.die_at(held)


async def _back_in_line(scene: Scene) -> None:
    """The card is there and the job waits for its next turn, since the provider had too much to do at the first."""
    scene.pixazo.on_submit("submit_429")
    await scene.imagine()
    await scene.pixazo.until(lambda: len(scene.pixazo.submissions) == 1)
    await scene.bot.job_until(lambda job: job["status"] == "queued")
    await scene.die()


async def _post_not_accepted(scene: Scene) -> None:
    scene.pixazo.on_submit("submit_timeout")
    await scene.imagine()
    await scene.pixazo.until(lambda: len(scene.pixazo.submissions) == 1)
    await scene.die()


async def _post_accepted_without_answer(scene: Scene) -> None:
    scene.pixazo.on_submit("submit_timeout_after_accepting")
    await scene.imagine()
    await scene.pixazo.until(lambda: len(scene.pixazo.accepted()) == 1)
    await scene.die()


async def _answer_arrived(scene: Scene) -> None:
    """The request id is on disk; the card's change to "being made" hangs."""
    scene.pixazo.latency = 3600.0
    held = scene.discord.faults.hold("PATCH", CARD)
    await scene.die_at(held)


async def _while_polling(scene: Scene) -> None:
    scene.pixazo.on_poll("poll_timeout")
    await scene.imagine()
    await scene.pixazo.until(lambda: len(scene.pixazo.polls) == 1)
    await scene.die()


async def _while_downloading(scene: Scene) -> None:
    scene.pixazo.on_download("download_timeout", picture=1)
    await scene.imagine()
    await scene.pixazo.until(lambda: len(scene.pixazo.downloads) == 2)
    await scene.die()


async def _delivery_not_taken(scene: Scene) -> None:
    held = scene.discord.faults.hold("PATCH", CARD, where=lambda call: bool(call.files))
    await scene.die_at(held)


async def _delivery_taken(scene: Scene) -> None:
    held = scene.discord.faults.hold("PATCH", CARD, where=lambda call: bool(call.files), when="after")
    await scene.die_at(held)


@pytest.mark.parametrize(
    "moment",
    [
        _callback_taken,
        _back_in_line,
        _answer_arrived,
        _while_polling,
        _while_downloading,
        _delivery_not_taken,
        _delivery_taken,
    ],
)
async def test_a_killed_job_goes_on_to_its_one_gallery(
    moment: Callable[[Scene], Awaitable[None]],
    discord: DiscordStandIn,
    pixazo: PixazoStandIn,
    make_bot: MakeBot,
) -> None:
    scene = Scene(discord, pixazo, make_bot())
    await scene.bot.start()
    await moment(scene)
    pixazo.finish()
    pixazo.latency = 0.2
    await scene.bot.start()
    job = await scene.ends()
    assert job["status"] == "delivered"
    assert job["settled_micros"] == 2 * PRICE_MICROS
    assert len(pixazo.accepted()) == 1
    assert len(scene.card.attachments) == 2
    assert await scene.bot.stop() == 0


@pytest.mark.parametrize("moment", [_post_not_accepted, _post_accepted_without_answer])
async def test_a_job_killed_in_its_submission_is_in_doubt_and_never_submitted_again(
    moment: Callable[[Scene], Awaitable[None]],
    discord: DiscordStandIn,
    pixazo: PixazoStandIn,
    make_bot: MakeBot,
) -> None:
    scene = Scene(discord, pixazo, make_bot())
    await scene.bot.start()
    await moment(scene)
    await scene.bot.start()
    job = await scene.ends()
    assert job["status"] == "in_doubt"
    assert len(pixazo.submissions) == 1
    await scene.card.changed(lambda card: "Not sure yet" in card.text())
    assert not scene.card.buttons()
    assert await scene.bot.stop() == 0


async def test_a_job_killed_before_its_card_came_about_is_cancelled_and_costs_nothing(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    scene = Scene(discord, pixazo, make_bot())
    await scene.bot.start()
    await _callback_not_taken(scene)
    await scene.bot.start()
    job = await scene.ends()
    assert (job["status"], job["reason"]) == ("cancelled", "no_card")
    assert pixazo.submissions == []
    assert scene.channel.all_messages == []
    assert await scene.bot.stop() == 0


async def test_a_member_is_served_at_once_by_the_bot_that_was_killed_and_started_again(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot, tmp_path: Path
) -> None:
    scene = Scene(discord, pixazo, make_bot())
    await scene.bot.start()
    await _while_polling(scene)
    await scene.bot.start()
    run = await discord.slash(scene.ada, scene.channel, "imagine", {"prompt": "a second lighthouse"})
    answer = await run.answered()
    assert answer.message is not None
    await answer.message.changed(lambda card: card.attachments)
    assert await scene.bot.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "easel.db")) as connection:
        connection.row_factory = sqlite3.Row
        assert ledger.audit(connection) == ()

"""Whatever Discord does wrong: at most one submission, one message, one gallery, and books that are right."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from sandbox.pixazo.pictures import PictureKey, painting
from tests.e2e.bot_process import BotProcess
from tests.e2e.discord_walk import DELIVERED, GONE, NO_CARD, SETTINGS, Act, At, Outcome, Row, Scene, walk
from tests.support import wait_until

MakeBot = Callable[..., BotProcess]
# The limit of 10 MiB, halved as often as Discord finds a picture too large.
HALVED_FOUR_TIMES = 640 * 1024


def struck(at: At, **fault: Any) -> Act:
    """A member's wish, one of whose calls is struck."""

    async def act(scene: Scene) -> None:
        scene.order(at, **fault)
        await scene.imagine()

    return act


def limited(retry_after: float, *, everywhere: bool = False, cloudflare: bool = False) -> dict[str, Any]:
    """A 429 of Discord's own, the one for all routes, or that of the proxy before it."""
    if cloudflare:
        return {"status": 429, "body": "<!doctype html>", "headers": {"Retry-After": f"{retry_after:g}", "Via": ""}}
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": everywhere}
    return {"status": 429, "body": body, "headers": {"Retry-After": f"{retry_after:g}"}}


def dead_token(**fault: Any) -> Act:
    """The token died before the delivery; what strikes then strikes the bot's own edit."""

    async def act(scene: Scene) -> None:
        scene.order(At.UPLOAD, status=401, code=50027, times=None)
        if fault:
            scene.order(At.OWN_UPLOAD, **fault)
        await scene.imagine()

    return act


async def unharmed(scene: Scene) -> None:
    await scene.imagine()


async def deleted_while_queued(scene: Scene) -> None:
    """The card is there, but the bot has not heard of it when it is deleted."""
    held = scene.order(At.CALLBACK, delay_seconds=float("inf"), when="after")
    run = await scene.imagine()
    await held.happened()
    scene.discord.delete_message(await run.message())
    held.release()


async def deleted_before_it_was_found(scene: Scene) -> None:
    scene.order(At.CALLBACK, drop=True, when="after")
    scene.discord.delete_message(await scene.card())


async def lost_and_looked_for_in_vain(scene: Scene) -> None:
    scene.order(At.CALLBACK, drop=True, when="after")
    scene.order(At.LOOKUP, status=503, times=2)
    await scene.imagine()


async def deleted_while_being_made(scene: Scene) -> None:
    scene.work_for(3600.0)
    card = await scene.card()
    await card.changed(lambda message: "Being made" in message.text())
    scene.discord.delete_message(card)
    scene.finish()


async def deleted_at_the_delivery(scene: Scene) -> None:
    held = scene.order(At.UPLOAD, delay_seconds=float("inf"))
    card = await scene.card()
    await held.happened()
    scene.discord.delete_message(card)
    held.release()


async def deleted_after_the_delivery(scene: Scene) -> None:
    card = await scene.card()
    await card.changed(lambda message: message.attachments)
    scene.discord.delete_message(card)


async def channel_deleted(scene: Scene) -> None:
    scene.work_for(3600.0)
    scene.order(At.UPLOAD, status=404, code=10008)
    card = await scene.card()
    await card.changed(lambda message: "Being made" in message.text())
    scene.guild.remove_channel(scene.channel)
    scene.finish()


def seed_of_a_large_picture(prompt: str) -> int:
    """A seed whose picture is over the smallest limit that is tried: many are, and many are not."""
    pictures = (
        PictureKey(prompt=prompt, seed=seed, index=0, width=1024, height=1024, file_format="png") for seed in range(200)
    )
    return next(key.seed for key in pictures if len(painting(key)) > HALVED_FOUR_TIMES)


async def too_large(scene: Scene) -> None:
    """Discord finds four sizes too large; the fifth is smaller than any of them."""
    uploads = scene.order(At.UPLOAD, status=413, code=40005, times=4)
    run = await scene.imagine(size="square_hd", seed=seed_of_a_large_picture(scene.prompt))
    card = await (await run.message()).changed(lambda message: message.attachments, timeout=25)
    assert uploads.calls[0].files[0].endswith(".png")
    assert card.attachments[0].filename.endswith(".jpg")
    assert card.attachments[0].size_bytes <= HALVED_FOUR_TIMES


async def repeated_at_once(scene: Scene) -> None:
    await scene.imagine()
    scene.repeat()


async def repeated_after_the_delivery(scene: Scene) -> None:
    card = await scene.card()
    await card.changed(lambda message: message.attachments)
    scene.repeat()


UNPOSTED = replace(GONE, sees="📭 Could not be posted")

ROWS = [
    *(
        Row(name=f"{status} {when} {at.name}", act=struck(at, status=status, when=when), comes_to=DELIVERED)
        for at in (At.CALLBACK, At.SHOW, At.UPLOAD)
        for status in (500, 502, 503)
        for when in ("before", "after")
    ),
    Row(name="503 on every CALLBACK", act=struck(At.CALLBACK, status=503, times=None), comes_to=NO_CARD),
    Row(name="503 on every SHOW", act=struck(At.SHOW, status=503, times=None), comes_to=DELIVERED),
    Row(name="503 on four UPLOADs", act=struck(At.UPLOAD, status=503, times=4), comes_to=DELIVERED),
    Row(name="CALLBACK lost on its way", act=struck(At.CALLBACK, drop=True), comes_to=NO_CARD),
    Row(name="CALLBACK's answer lost", act=struck(At.CALLBACK, drop=True, when="after"), comes_to=DELIVERED),
    Row(name="CALLBACK's answer lost, then looked for in vain", act=lost_and_looked_for_in_vain, comes_to=DELIVERED),
    Row(name="SHOW lost on its way", act=struck(At.SHOW, drop=True), comes_to=DELIVERED),
    Row(name="UPLOAD lost on its way", act=struck(At.UPLOAD, drop=True), comes_to=DELIVERED),
    Row(name="UPLOAD's answer lost", act=struck(At.UPLOAD, drop=True, when="after"), comes_to=DELIVERED),
    *(
        Row(name=f"{name} on {at.name}", act=struck(at, **fault), comes_to=comes_to)
        for at, on_cloudflare in ((At.CALLBACK, NO_CARD), (At.SHOW, DELIVERED), (At.UPLOAD, DELIVERED))
        for name, fault, comes_to in (
            ("429", limited(1), DELIVERED),
            ("429 everywhere", limited(1, everywhere=True), DELIVERED),
            ("429 by Cloudflare", limited(2, cloudflare=True), on_cloudflare),
        )
    ),
    Row(name="429 for longer than the CALLBACK can wait", act=struck(At.CALLBACK, **limited(60)), comes_to=NO_CARD),
    Row(name="429 for longer than the SHOW can wait", act=struck(At.SHOW, **limited(60)), comes_to=DELIVERED),
    Row(name="CALLBACK unknown", act=struck(At.CALLBACK, status=404, code=10062), comes_to=NO_CARD),
    Row(name="CALLBACK refused", act=struck(At.CALLBACK, status=403, code=50001), comes_to=NO_CARD),
    Row(name="CALLBACK after 4 s, too late", act=struck(At.CALLBACK, delay_seconds=4.0), comes_to=NO_CARD),
    Row(
        name="CALLBACK answered after 4 s",
        act=struck(At.CALLBACK, delay_seconds=4.0, when="after"),
        comes_to=DELIVERED,
    ),
    Row(
        name="CALLBACK answered after 6 s",
        act=struck(At.CALLBACK, delay_seconds=6.0, when="after"),
        comes_to=DELIVERED,
    ),
    Row(
        name="CALLBACK already acknowledged",
        act=struck(At.CALLBACK, status=400, code=40060, when="after"),
        comes_to=DELIVERED,
    ),
    Row(
        name="CALLBACK already acknowledged by nobody knows what",
        act=struck(At.CALLBACK, status=400, code=40060),
        comes_to=NO_CARD,
    ),
    Row(name="UPLOAD answered after 12 s", act=struck(At.UPLOAD, delay_seconds=12.0), comes_to=DELIVERED),
    Row(name="token dead at the SHOW", act=struck(At.SHOW, status=401, code=50027, times=None), comes_to=DELIVERED),
    Row(name="token dead at the UPLOAD", act=dead_token(), comes_to=DELIVERED),
    Row(name="token dead, then 503", act=dead_token(status=503), comes_to=DELIVERED),
    Row(name="token dead, then 429", act=dead_token(**limited(1)), comes_to=DELIVERED),
    Row(name="token dead, then 429 everywhere", act=dead_token(**limited(1, everywhere=True)), comes_to=DELIVERED),
    Row(name="token dead, then no access", act=dead_token(status=403, code=50001), comes_to=UNPOSTED),
    Row(name="token dead, then no permission", act=dead_token(status=403, code=50013), comes_to=UNPOSTED),
    Row(name="UPLOAD without access", act=struck(At.UPLOAD, status=403, code=50001), comes_to=UNPOSTED),
    Row(name="UPLOAD without permission", act=struck(At.UPLOAD, status=403, code=50013), comes_to=UNPOSTED),
    Row(name="UPLOAD too large", act=struck(At.UPLOAD, status=413, code=0), comes_to=DELIVERED),
    Row(name="UPLOAD too large, four times", act=too_large, comes_to=DELIVERED),
    Row(name="UPLOAD too large by code", act=struck(At.UPLOAD, status=400, code=40005), comes_to=DELIVERED),
    Row(name="card deleted while queued", act=deleted_while_queued, comes_to=GONE),
    Row(name="card deleted before it was found", act=deleted_before_it_was_found, comes_to=NO_CARD),
    Row(name="card deleted while being made", act=deleted_while_being_made, comes_to=GONE),
    Row(name="card deleted at the delivery", act=deleted_at_the_delivery, comes_to=GONE),
    Row(
        name="card deleted after the delivery",
        act=deleted_after_the_delivery,
        comes_to=replace(DELIVERED, sees="nothing"),
    ),
    Row(name="channel deleted", act=channel_deleted, comes_to=GONE),
    Row(name="interaction repeated at once", act=repeated_at_once, comes_to=DELIVERED),
    Row(name="interaction repeated after the delivery", act=repeated_after_the_delivery, comes_to=DELIVERED),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome | str]:
    """Every row's outcome: they are walked together, once, since each of them is mostly waiting."""

    async def walk_all() -> dict[str, Outcome | str]:
        async with DiscordStandIn() as discord, PixazoStandIn() as pixazo:
            bot = BotProcess(tmp_path_factory.mktemp("walk"), discord, pixazo, **SETTINGS)
            try:
                return await walk(ROWS, discord, pixazo, bot)
            finally:
                await bot.close()

    return asyncio.run(walk_all())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_of_discord_comes_to(row: Row, outcomes: dict[str, Outcome | str]) -> None:
    assert outcomes[row.name] == row.comes_to


async def test_a_burst_of_commands_in_an_outage_loses_nothing(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    first_answers = (struck(At.CALLBACK, status=503), struck(At.CALLBACK, status=502, when="after"), unharmed)
    rows = [Row(name=f"member {number}", act=act, comes_to=DELIVERED) for number, act in enumerate(first_answers * 10)]
    outage = discord.faults.add("PATCH", status=503, times=None)
    walking = asyncio.create_task(walk(rows, discord, pixazo, make_bot(**SETTINGS)))
    await outage.happened()
    await wait_until(lambda: outage.hits > 2 * len(rows), what="an outage that every card meets more than once")
    discord.faults.remove(outage)
    found = await walking
    assert found == {row.name: DELIVERED for row in rows}
    assert pixazo.billed_images() == len(rows)


@pytest.mark.parametrize("resumable", [True, False], ids=["resumed", "begun anew"])
async def test_a_gateway_that_drops_in_the_middle_loses_no_job(
    resumable: bool, discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot
) -> None:
    before, meanwhile, after = (Scene(name, discord, pixazo) for name in ("before", "meanwhile", "after"))
    pixazo.latency = 3600.0
    bot = make_bot(**SETTINGS)
    await bot.start()
    first = await before.card()
    await first.changed(lambda message: "Being made" in message.text())
    discord.drop_gateway(resumable=resumable)
    await discord.disconnected()
    run = await meanwhile.imagine()  # Discord keeps it for a session that resumes, and only for such a one
    await discord.ready()
    second = await run.message() if resumable else None
    third = await after.card()
    await pixazo.until(lambda: len(pixazo.accepted()) == (3 if resumable else 2))
    pixazo.finish()
    for card in filter(None, (first, second, third)):
        await card.changed(lambda message: message.attachments)
    assert await bot.stop() == 0
    books = bot.books()
    assert before.outcome(books) == after.outcome(books) == DELIVERED
    assert len(books["jobs"]) == (3 if resumable else 2)
    assert discord.gateway.resumes == int(resumable)

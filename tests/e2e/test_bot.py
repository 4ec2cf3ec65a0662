"""The whole way, as members and the operator go it: the real process, its commands and its endpoints."""

import asyncio
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from sandbox.discord import Channel, DiscordStandIn, Member, Message
from sandbox.pixazo import PixazoStandIn
from tests.e2e.bot_process import ROOT, BotProcess

MakeBot = Callable[..., BotProcess]


@pytest.fixture
def art(discord: DiscordStandIn) -> tuple[Member, Channel]:
    """A member in a channel."""
    guild = discord.add_guild()
    return guild.add_member("ada"), guild.add_channel("art")


async def _card(discord: DiscordStandIn, art: tuple[Member, Channel], **options: str | int) -> Message:
    run = await discord.slash(*art, "imagine", {"prompt": "a lighthouse at dusk", **options})
    answer = await run.answered()
    assert answer.message is not None
    return answer.message


async def _endpoint(bot: BotProcess, path: str) -> tuple[int, str]:
    match = re.search(r"served on (http://[\d.:]+)", bot.log)
    assert match is not None, bot.log
    async with aiohttp.ClientSession() as session, session.get(match[1] + path) as response:
        return response.status, await response.text()


async def test_a_wish_becomes_a_picture_in_the_message_that_answered_it(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot, art: tuple[Member, Channel]
) -> None:
    bot = make_bot()
    await bot.start()
    card = await _card(discord, art, count=2, size="square", seed=7)
    await card.changed(lambda message: len(message.attachments) == 2)
    (submission,) = pixazo.accepted()
    assert submission.body == {
        "prompt": "a lighthouse at dusk",
        "image_size": "square",
        "num_images": 2,
        "seed": 7,
        "enable_safety_checker": True,
    }
    assert all("lighthouse" in (attachment.description or "") for attachment in card.attachments)
    assert "512×512" in card.text()
    assert "seed 7" in card.text()
    assert "$0.18" in card.text()
    assert await bot.stop() == 0


async def test_the_endpoints_tell_how_the_bot_is(
    discord: DiscordStandIn, make_bot: MakeBot, art: tuple[Member, Channel]
) -> None:
    bot = make_bot()
    await bot.start()
    card = await _card(discord, art)
    await card.changed(lambda message: message.attachments)
    assert (await _endpoint(bot, "/healthz"))[0] == 200
    status, body = await _endpoint(bot, "/readyz")
    assert status == 200, body
    _, metrics = await _endpoint(bot, "/metrics")
    assert 'easel_submissions_total{outcome="accepted"} 1.0' in metrics
    assert "easel_settled_micros_total 90000.0" in metrics
    discord.drop_gateway(resumable=False)
    await discord.disconnected()
    assert await bot.stop() == 0


async def test_the_operators_commands_work_beside_the_running_bot(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot, art: tuple[Member, Channel], tmp_path: Path
) -> None:
    bot = make_bot()
    await bot.start()
    pixazo.on_submit("submit_500_after_accepting")
    card = await _card(discord, art)
    await card.changed(lambda message: "Not sure yet" in message.text())
    job_id = bot.job()["job_id"]

    code, out, err = await bot.command("report")
    assert (code, err) == (0, "")
    assert "in_doubt" in out
    code, out, err = await bot.command("backup", str(tmp_path / "copy.db"))
    assert (code, err) == (0, "")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT status FROM jobs").fetchall() == [("in_doubt",)]
    code, out, err = await bot.command("resolve", job_id, "release")
    assert (code, err) == (0, "")
    assert "$0.09" in out
    assert bot.job()["status"] == "failed"
    code, _, err = await bot.command("resolve", job_id, "settle")
    assert code == 1
    assert "not in doubt" in err
    assert await bot.stop() == 0

    await bot.start()  # the new start at the latest makes the card say what the operator decided
    await card.changed(lambda message: "Not sure yet" not in message.text())
    code, out, _ = await bot.command("doctor")
    assert code == 0, out
    assert await bot.stop() == 0
    assert len(pixazo.submissions) == 1


async def test_a_stop_finishes_what_is_at_a_step_and_leaves_the_rest_to_the_next_start(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot, art: tuple[Member, Channel]
) -> None:
    bot = make_bot(MAX_IN_FLIGHT="1")
    await bot.start()
    pixazo.submit_delay = 1.0
    cards = [await _card(discord, art) for _ in range(3)]
    await pixazo.until(lambda: len(pixazo.submissions) == 1 or len(pixazo.accepted()) == 1)
    started = asyncio.get_running_loop().time()
    assert await bot.stop() == 0
    assert asyncio.get_running_loop().time() - started < 15
    statuses = sorted(job["status"] for job in bot.books()["jobs"])
    assert "in_doubt" not in statuses
    assert "submitting" not in statuses
    pixazo.submit_delay = 0.0
    await bot.start()
    for card in cards:
        await card.changed(lambda message: message.attachments, timeout=30)
    assert len(pixazo.accepted()) == 3
    assert await bot.stop() == 0


async def test_a_second_process_on_the_same_database_says_who_has_it(make_bot: MakeBot) -> None:
    first, second = make_bot(), make_bot()
    await first.start()
    code, _, err = await second.command()
    assert code == 1
    assert f"pid {first.pid}" in err
    assert len(err.strip().splitlines()) <= 3
    assert await first.stop() == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN"),
        ({"GUILD_DAILY_USD": "ten"}, "GUILD_DAILY_USD"),
        ({"DATABASE_URL": "postgres://db/easel"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////proc/nowhere/easel.db"}, "/proc/nowhere"),
        ({"DISCORD_TOKEN": "MTA.wrong.token-that-nobody-has-ever-been-given"}, "DISCORD_TOKEN"),
    ],
)
async def test_what_keeps_the_bot_from_starting_is_said_in_one_line(
    settings: dict[str, str], named: str, make_bot: MakeBot
) -> None:
    bot = make_bot(**settings)
    code, _, err = await bot.command()
    assert code == 1
    assert "Traceback" not in err
    assert named in err.strip().splitlines()[-1]


async def test_a_port_that_is_taken_is_named(make_bot: MakeBot) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        code, _, err = await make_bot(HTTP_PORT=str(port)).command()
    finally:
        server.close()
        await server.wait_closed()
    assert code == 1
    assert "HTTP_PORT" in err.strip().splitlines()[-1]


async def test_a_database_that_another_program_locks_for_a_while_loses_nothing(
    discord: DiscordStandIn, make_bot: MakeBot, art: tuple[Member, Channel], tmp_path: Path
) -> None:
    bot = make_bot()
    await bot.start()
    with closing(sqlite3.connect(tmp_path / "data" / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = await discord.slash(*art, "imagine", {"prompt": "a lighthouse"})
        answer = await run.answered()
        assert answer.kind == "deferred"  # the card can't be made yet, and Discord's three seconds don't wait
        other.execute("ROLLBACK")
    assert answer.message is not None
    await answer.message.changed(lambda message: message.attachments, timeout=20)
    await bot.job_until(lambda job: job["status"] == "delivered")
    assert await bot.stop() == 0


async def test_a_thread_that_hangs_does_not_keep_the_process_alive() -> None:
    hanging = (
        "import threading, bot\n"
        "bot._end_for_certain(within_seconds=0.2)\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", hanging, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(15):
            assert await process.wait() == 1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_no_prompt_and_no_secret_is_logged_at_any_level(
    discord: DiscordStandIn, pixazo: PixazoStandIn, make_bot: MakeBot, art: tuple[Member, Channel]
) -> None:
    bot = make_bot(LOG_LEVEL="DEBUG", LOG_FORMAT="json")
    await bot.start()
    pixazo.on_poll("poll_500")
    card = await _card(discord, art)
    await card.changed(lambda message: message.attachments)
    run = await discord.slash(*art, "imagine", {"prompt": "a lighthouse\x00"}, raw=True)
    await run.answered()
    assert await bot.stop() == 0
    assert "lighthouse" not in bot.log
    assert discord.token not in bot.log
    assert pixazo.key not in bot.log
    assert run.token not in bot.log

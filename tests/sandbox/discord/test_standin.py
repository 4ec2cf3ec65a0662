"""The stand-in under the real discord.py: it connects, works, recovers, and maps every refusal."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator

import discord
import pytest

from sandbox.discord import DiscordStandIn, Permissions, Upload, routes
from tests.openapi import new_checker
from tests.sandbox.discord.bots import Bot, Card, running
from tests.sandbox.discord.wire import Scene, Wire, png


@pytest.fixture
async def bot(scene: Scene) -> AsyncIterator[Bot]:
    """A connected bot that has replaced the scene's command by its own."""
    async with running(scene.standin) as connected:
        yield connected


async def test_card_becomes_the_picture_and_the_button_works(scene: Scene, bot: Bot) -> None:
    synced = await scene.standin.commands_synced()
    assert {command["name"] for command in synced} == {"imagine", "edit", "Remix image"}
    run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox", "count": 2})
    message = await run.message()
    await message.changed(lambda found: found.attachments)
    assert message.text() == "fox: done x2 none"
    assert message.history[0].text() == "fox: working"
    assert message.attachments[0].read() == png()
    click = await scene.standin.click(scene.ada, message, "Cancel")
    assert (await click.answered()).kind == "update"
    assert (message.text(), message.attachments) == ("cancelled", [])
    assert scene.standin.unknown_routes == []


async def test_modals_suggestions_and_menus_work(scene: Scene, bot: Bot) -> None:
    standin = scene.standin
    run = await standin.slash(scene.ada, scene.channel, "edit")
    await run.answered()
    submission = await standin.submit_modal(run, {"Prompt": "a fox"})
    assert (await submission.message()).text() == "You wrote a fox"
    typed = await standin.autocomplete(scene.ada, scene.channel, "imagine", focused="preset", value="wa")
    assert [choice["name"] for choice in (await typed.answered()).choices] == ["watercolour"]
    picture = standin.post(scene.ada, scene.channel, "look", [Upload(filename="a.png", data=png())])
    menu = await standin.context_menu(scene.ada, scene.channel, "Remix image", picture)
    answer = await menu.answered()
    assert (answer.kind, answer.ephemeral) == ("deferred", True)
    message = await (await menu.message()).changed(lambda found: not found.loading)
    assert message.text() == "look: ['a.png']"


async def test_interaction_missed_in_a_gap_is_answered_after_resuming(scene: Scene, bot: Bot) -> None:
    scene.standin.drop_gateway()
    await scene.standin.disconnected()
    run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
    await run.answered(timeout=10)
    assert (scene.standin.gateway.resumes, scene.standin.gateway.identifies) == (1, 1)


async def test_request_to_reconnect_is_followed(scene: Scene, bot: Bot) -> None:
    scene.standin.reconnect()
    await scene.standin.gateway.until(lambda: scene.standin.gateway.resumes, 10, "not resumed")


async def test_next_bot_finds_everything_as_it_was(scene: Scene) -> None:
    async with running(scene.standin):
        run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
        message = await (await run.message()).changed(lambda found: found.attachments)
    async with running(scene.standin) as second:
        channel = second.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
        await channel.get_partial_message(message.id).edit(view=Card("after the restart"))
        assert message.text() == "after the restart"
        by_token = discord.Webhook.partial(scene.standin.application_id, run.token, client=second)
        await by_token.edit_message(message.id, view=Card("by token"))
        assert message.text() == "by token"


async def test_bot_may_be_killed_in_the_middle_of_a_request(scene: Scene) -> None:
    standin = scene.standin
    hold = standin.faults.hold("PATCH", routes.ORIGINAL)

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.sandbox.discord.bots",
            standin.api_url,
            standin.gateway_url,
            standin.token,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    first = await start()
    await standin.ready()
    run = await standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
    await hold.happened()
    first.kill()
    await first.wait()
    await standin.disconnected()
    hold.release(drop=True)
    lost = await standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "nobody is there"})
    second = await start()
    try:
        await standin.ready()
        again = await standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
        await (await again.message()).changed(lambda found: found.attachments)
    finally:
        second.kill()
        await second.wait()
    assert (await run.message()).text() == "fox: working"
    assert lost.answer is None


async def test_wrong_token_cannot_log_in(scene: Scene) -> None:
    with pytest.raises(discord.LoginFailure):
        async with running(scene.standin, token="wrong"):
            pass


class TestRefusals:
    """Discord's refusals arrive as the exceptions that discord.py has for them."""

    async def test_second_answer(self, scene: Scene, bot: Bot) -> None:
        scene.standin.faults.drop("POST", routes.CALLBACK, when="after")
        run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
        await run.answered()
        failure = await asyncio.wait_for(bot.failure(), 5)
        assert not isinstance(failure, discord.DiscordException)
        assert run.original is not None

    async def test_unknown_interaction(self, scene: Scene, bot: Bot) -> None:
        scene.standin.faults.add("POST", routes.CALLBACK, status=404, code=10062)
        await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
        failure = await asyncio.wait_for(bot.failure(), 5)
        assert isinstance(failure, discord.NotFound)
        assert failure.code == 10062

    async def test_forbidden_channel(self, scene: Scene, bot: Bot) -> None:
        channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
        scene.channel.set_bot_permissions(Permissions.VIEW_CHANNEL)
        with pytest.raises(discord.Forbidden) as caught:
            await channel.send("x")
        assert caught.value.code == 50013
        scene.channel.set_bot_permissions(Permissions.NONE)
        with pytest.raises(discord.Forbidden) as caught:
            await channel.send("x")
        assert caught.value.code == 50001

    async def test_deleted_message(self, scene: Scene, bot: Bot) -> None:
        message = scene.bot_message({"type": 10, "content": "x"})
        scene.standin.delete_message(message)
        channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
        with pytest.raises(discord.NotFound) as caught:
            await channel.get_partial_message(message.id).edit(content="x")
        assert caught.value.code == 10008

    async def test_oversized_file(self, scene: Scene, bot: Bot) -> None:
        channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
        with pytest.raises(discord.HTTPException) as caught:
            await channel.send(file=discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "a.bin"))
        assert (caught.value.status, caught.value.code) == (413, 40005)

    async def test_form_fault_names_its_field(self, scene: Scene, bot: Bot) -> None:
        channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
        with pytest.raises(discord.HTTPException, match=r"In content: Must be 2000 or fewer in length\.") as caught:
            await channel.send("x" * 2001)
        assert caught.value.code == 50035

    async def test_dead_token(self, scene: Scene, bot: Bot) -> None:
        webhook = discord.Webhook.partial(scene.standin.application_id, "dead", client=bot)
        with pytest.raises(discord.HTTPException) as caught:
            await webhook.send("x")
        assert (caught.value.status, caught.value.code) == (401, 50027)


async def test_rate_limit_is_waited_for(scene: Scene, bot: Bot) -> None:
    channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
    fault = scene.standin.faults.rate_limit("POST", routes.MESSAGES, retry_after=0.05)
    await channel.send("x")
    assert fault.hits == 1
    assert [message.text() for message in scene.channel.messages] == ["x"]


async def test_cloudflares_rate_limit_is_no_discord_answer(scene: Scene, bot: Bot) -> None:
    channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
    scene.standin.faults.rate_limit("POST", routes.MESSAGES, retry_after=60, cloudflare=True)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("x")
    assert caught.value.status == 429


async def test_lost_reply_makes_one_message_with_a_nonce_and_two_without(scene: Scene, bot: Bot) -> None:
    channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
    scene.standin.faults.add("POST", routes.MESSAGES, status=502, when="after")
    await channel.send("x", nonce="job-1")
    assert len(scene.channel.messages) == 1
    run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
    await run.answered()
    scene.standin.faults.add("POST", routes.FOLLOWUP, status=502, when="after")
    webhook = discord.Webhook.partial(scene.standin.application_id, run.token, client=bot)
    await webhook.send("y")
    assert [message.text() for message in run.followups] == ["y", "y"]


async def test_own_message_is_fetched_with_its_pictures_in_the_components(scene: Scene, bot: Bot, wire: Wire) -> None:
    run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox"})
    message = await (await run.message()).changed(lambda found: found.attachments)
    channel = bot.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
    fetched = await channel.fetch_message(message.id)
    assert fetched.attachments == []
    box = fetched.components[0]
    assert isinstance(box, discord.Container)
    shown = box.children[1]
    assert isinstance(shown, discord.MediaGalleryComponent)
    assert (await wire.send("GET", shown.items[0].media.url)).body == png()


async def test_burst_is_answered_within_discords_three_seconds() -> None:
    checker = new_checker()
    async with DiscordStandIn() as standin:
        if checker is not None:
            standin.exchanges.observe(checker)
        guild = standin.add_guild()
        channel, ada = guild.add_channel("art"), guild.add_member("ada")
        async with running(standin):
            await standin.commands_synced()
            runs = [await standin.slash(ada, channel, "imagine", {"prompt": f"fox {n}"}) for n in range(100)]
            for run in runs:
                await (await run.message()).changed(lambda found: found.attachments)
        assert max(run.answer.latency_seconds for run in runs if run.answer) < 3
    if checker is not None:
        checker.assert_clean()

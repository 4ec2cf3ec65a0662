"""The hello in a new server: once, in its system channel, where the bot may write there."""

import pytest

from sandbox.discord import Guild, Message, Permissions
from tests.cogs.gallery import restarted
from tests.support import wait_until
from tests.ui.scene import Scene


async def hello_in(guild: Guild) -> Message:
    assert guild.system_channel is not None
    return await guild.system_channel.arrived()


def written_in(guild: Guild) -> list[Message]:
    return [message for channel in guild.channels.values() for message in channel.all_messages]


async def until_logged(caplog: pytest.LogCaptureFixture, words: str) -> None:
    await wait_until(lambda: any(words in record.getMessage() for record in caplog.records), what=words)


@pytest.fixture(autouse=True)
async def connected(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The bot has been told the servers it was in; from now on it hears of new ones."""
    caplog.set_level("INFO", "ui.greeting")
    await scene.client.wait_until_ready()


async def test_a_new_server_is_told_where_to_begin(scene: Scene) -> None:
    message = await hello_in(scene.discord.add_guild("New", system_channel="general"))
    assert not message.ephemeral
    assert "Hello, I'm Easel" in message.text()
    assert "`/admin setup`" in message.text()


async def test_a_german_server_is_greeted_in_german_or_not_at_all_in_another_tongue(scene: Scene) -> None:
    german = await hello_in(scene.discord.add_guild("Neu", locale="de", system_channel="general"))
    french = await hello_in(scene.discord.add_guild("Nouveau", locale="fr", system_channel="general"))
    assert "Easel" in german.text()
    assert "Hello, I'm Easel" in french.text()


async def test_it_is_said_once_also_to_a_server_that_invites_it_anew(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    guild = scene.discord.add_guild("New", system_channel="general")
    await hello_in(guild)
    scene.discord.remove_guild(guild)
    async with restarted(scene):
        scene.discord.readmit(guild)
        await until_logged(caplog, "where I said hello before")
    assert len(written_in(guild)) == 1


async def test_a_server_that_comes_back_or_was_there_at_the_start_is_not_new(scene: Scene) -> None:
    channel = scene.guild.add_channel("general")
    scene.guild.set_system_channel(channel)
    scene.clock.advance(86_400)
    async with restarted(scene):
        scene.discord.outage(scene.guild)
        # Whatever came of the outage came before what comes of a join after it.
        await hello_in(scene.discord.add_guild("New", system_channel="general"))
    assert written_in(scene.guild) == []
    assert (await scene.parts.library.guilds.of(scene.guild.id)).greeted_at is None


async def test_a_server_that_invited_it_before_it_was_started_is_greeted_once(scene: Scene) -> None:
    await scene.client.close()
    await scene.discord.disconnected()
    guild = scene.discord.add_guild("New", system_channel="general")
    for _ in range(2):
        async with restarted(scene):
            await hello_in(guild)
            scene.discord.outage(guild)
            await hello_in(scene.discord.add_guild("Other", system_channel="general"))
    assert len(written_in(guild)) == 1


@pytest.mark.parametrize("lacking", [Permissions.SEND_MESSAGES, Permissions.VIEW_CHANNEL])
async def test_where_it_may_not_write_it_says_nothing_until_it_may(
    scene: Scene, caplog: pytest.LogCaptureFixture, lacking: Permissions
) -> None:
    guild = scene.discord.add_guild("Quiet")  # no system channel
    await until_logged(caplog, f"joined server {guild.id}, and may not say hello")
    scene.discord.remove_guild(guild)
    channel = guild.add_channel("general")
    guild.set_system_channel(channel)
    channel.overwrite(guild.bot_role, deny=lacking)
    caplog.clear()
    scene.discord.readmit(guild)
    await until_logged(caplog, f"joined server {guild.id}, and may not say hello")
    assert written_in(guild) == []
    scene.discord.remove_guild(guild)
    channel.overwrite(guild.bot_role)
    scene.discord.readmit(guild)
    await hello_in(guild)


async def test_a_refused_hello_is_logged_and_not_tried_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    refusing = scene.discord.faults.add("POST", "/channels/{channel_id}/messages", status=403, code=50013)
    guild = scene.discord.add_guild("New", system_channel="general")
    await until_logged(caplog, "the hello was not taken")
    assert refusing.hits == 1
    scene.discord.faults.clear()
    scene.discord.remove_guild(guild)
    scene.discord.readmit(guild)
    await until_logged(caplog, "where I said hello before")
    assert written_in(guild) == []


async def test_a_hello_whose_answer_is_lost_is_there_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    lost = scene.discord.faults.add("POST", "/channels/{channel_id}/messages", status=502, when="after")
    guild = scene.discord.add_guild("New", system_channel="general")
    await until_logged(caplog, f"joined server {guild.id} and said hello")  # discord.py has asked again
    assert lost.hits == 1
    assert len(written_in(guild)) == 1

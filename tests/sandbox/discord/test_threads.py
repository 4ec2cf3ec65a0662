"""Threads and a forum's posts: how a bot hears of them, and who may write in them."""

from typing import Any

import discord
import pytest

from sandbox.discord import Channel, ClientRefused, Json, Permissions, Thread
from tests.sandbox.discord.bots import Bot, running
from tests.sandbox.discord.wire import Scene, Wire

P = Permissions
IN_THREADS = P.VIEW_CHANNEL | P.SEND_MESSAGES_IN_THREADS


@pytest.fixture(params=["text channel", "forum"])
def parent(scene: Scene, request: pytest.FixtureRequest) -> Channel:
    """What can have threads."""
    return scene.channel if request.param == "text channel" else scene.guild.add_forum("gallery")


def path(channel: Channel) -> str:
    return f"/channels/{channel.id}/messages"


def listen(scene: Scene) -> list[tuple[str, Json]]:
    """What the bot would be told from now on."""
    told: list[tuple[str, Json]] = []
    scene.standin.world.emit = lambda guild_id, event, payload, intent: told.append((event, payload))
    return told


async def test_thread_is_a_channel_with_a_parent(scene: Scene, wire: Wire, parent: Channel) -> None:
    thread = parent.add_thread("foxes", owner=scene.ada)
    first, second = [(await wire.send("POST", path(thread), {"content": word})).body for word in ("one", "two")]
    assert (await wire.send("DELETE", f"{path(thread)}/{first['id']}")).status == 204
    body = (await wire.send("GET", f"/channels/{thread.id}")).body
    assert body == thread.payload()
    assert (body["type"], body["parent_id"], body["owner_id"]) == (11, str(parent.id), str(scene.ada.id))
    assert (body["message_count"], body["total_message_sent"]) == (1, 2)
    assert body["thread_metadata"]["archived"] is False
    assert [message.id for message in thread.messages] == [int(second["id"])]
    assert parent.messages == []
    listed = (await wire.send("GET", f"/guilds/{scene.guild.id}/channels")).body
    assert str(thread.id) not in {channel["id"] for channel in listed}


async def test_forum_itself_has_no_messages(scene: Scene, wire: Wire) -> None:
    forum = scene.guild.add_forum("gallery")
    assert (await wire.send("GET", f"/channels/{forum.id}")).body["type"] == 15
    answer = await wire.send("POST", path(forum), {"content": "x"})
    assert (answer.status, answer.code) == (400, 40058)
    with pytest.raises(ClientRefused):
        await scene.standin.slash(scene.ada, forum, "imagine", {"prompt": "fox"})


@pytest.mark.parametrize(
    ("granted", "code"),
    [(IN_THREADS, None), (P.VIEW_CHANNEL | P.SEND_MESSAGES, 50013), (P.SEND_MESSAGES_IN_THREADS, 50001)],
)
async def test_writing_needs_its_own_permission_from_the_parent(
    scene: Scene, wire: Wire, parent: Channel, granted: P, code: int | None
) -> None:
    thread = parent.add_thread("foxes")
    parent.set_bot_permissions(granted)
    assert (await wire.send("POST", path(thread), {"content": "x"})).code == code


def test_permissions_set_for_a_thread_are_its_parents(scene: Scene) -> None:
    one, other = scene.channel.add_thread("one"), scene.channel.add_thread("other")
    one.set_bot_permissions(IN_THREADS)
    one.overwrite(scene.ada, deny=P.SEND_MESSAGES_IN_THREADS)
    assert other.bot_permissions == scene.channel.bot_permissions == IN_THREADS
    assert not scene.ada.permissions_in(other) & P.SEND_MESSAGES_IN_THREADS


def test_thread_has_no_threads(scene: Scene) -> None:
    with pytest.raises(ValueError, match="threads have no threads"):
        scene.channel.add_thread("one").add_thread("two")


async def test_interaction_says_in_which_thread_it_is(scene: Scene, parent: Channel) -> None:
    thread = parent.add_thread("foxes")
    parent.set_bot_permissions(IN_THREADS)
    told = listen(scene)
    await scene.standin.slash(scene.ada, thread, "imagine", {"prompt": "fox"})
    ((_, payload),) = told
    assert payload["channel_id"] == payload["channel"]["id"] == str(thread.id)
    assert (payload["channel"]["type"], payload["channel"]["parent_id"]) == (11, str(parent.id))
    assert "thread_metadata" in payload["channel"]
    assert int(payload["channel"]["permissions"]) == int(scene.ada.permissions_in(parent))
    assert int(payload["app_permissions"]) == IN_THREADS


def test_thread_that_the_bot_may_not_see_is_kept_from_it(scene: Scene) -> None:
    told = listen(scene)
    seen = scene.channel.add_thread("seen")
    scene.channel.set_bot_permissions(P.SEND_MESSAGES_IN_THREADS)
    scene.channel.add_thread("unseen")
    assert [payload["name"] for event, payload in told if event == "THREAD_CREATE"] == ["seen"]
    assert scene.guild.create_payload()["threads"] == []
    scene.channel.set_bot_permissions(IN_THREADS)
    assert seen.payload() in scene.guild.create_payload()["threads"]


async def test_removed_threads_are_gone_with_their_messages(scene: Scene, wire: Wire) -> None:
    threads = [scene.channel.add_thread(name) for name in ("one", "two")]
    messages = [scene.standin.post(scene.ada, thread, "hi") for thread in threads]
    told = listen(scene)
    scene.guild.remove_channel(threads[0])
    gone = {"id": str(threads[0].id), "guild_id": str(scene.guild.id), "parent_id": str(scene.channel.id), "type": 11}
    assert told[-1] == ("THREAD_DELETE", gone)
    assert [message.deleted for message in messages] == [True, False]
    scene.guild.remove_channel(scene.channel)
    assert [message.deleted for message in messages] == [True, True]
    for thread in threads:
        assert (await wire.send("GET", f"/channels/{thread.id}")).code == 10003


async def test_guild_is_left_with_its_threads(scene: Scene, wire: Wire) -> None:
    thread = scene.channel.add_thread("one")
    scene.standin.remove_guild(scene.guild)
    assert (await wire.send("GET", f"/channels/{thread.id}")).code == 10003


async def interaction_in(scene: Scene, bot: Bot, thread: Thread) -> discord.Interaction[Any]:
    """What the library makes of a command used there, once it is carried out."""
    waiting = bot.wait_for("interaction", timeout=5)
    run = await scene.standin.slash(scene.ada, thread, "imagine", {"prompt": "fox"})
    await (await run.message()).changed(lambda message: message.attachments)
    interaction: discord.Interaction[Any] = await waiting
    return interaction


async def test_library_knows_the_thread_it_is_used_in(scene: Scene, parent: Channel) -> None:
    secret = scene.guild.add_channel("secret")
    secret.set_bot_permissions(P.NONE)
    before, hidden = parent.add_thread("before"), secret.add_thread("hidden")
    async with running(scene.standin) as bot:
        await scene.standin.commands_synced()
        secret.set_bot_permissions(IN_THREADS | P.ATTACH_FILES)
        for thread in (before, parent.add_thread("after"), hidden):
            interaction = await interaction_in(scene, bot, thread)
            assert isinstance(interaction.channel, discord.Thread)
            assert (interaction.channel.id, interaction.channel.parent_id) == (thread.id, thread.parent.id)
            assert (bot.get_channel(thread.id) is None) == (thread is hidden)
            assert interaction.app_permissions.send_messages_in_threads
            await interaction.channel.send("hello")
            assert thread.messages[-1].text() == "hello"

"""The bot writes to users: who can be written to, and what becomes of the messages."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from sandbox.discord import ClientRefused, Json, routes
from tests.sandbox.discord.bots import Bot, running
from tests.sandbox.discord.wire import Scene, Wire, button, card, png, row, text


@pytest.fixture
async def bot(scene: Scene) -> AsyncIterator[Bot]:
    """A connected bot."""
    async with running(scene.standin) as connected:
        yield connected


async def opened(wire: Wire, user_id: int) -> str:
    """The path of the messages that the bot and a user write to each other."""
    answer = await wire.send("POST", routes.DIRECT_CHANNELS, {"recipient_id": str(user_id)})
    assert (answer.status, answer.body["type"]) == (200, 1)
    assert [user["id"] for user in answer.body["recipients"]] == [str(user_id)]
    return f"/channels/{answer.body['id']}/messages"


async def test_message_is_sent_fetched_edited_and_deleted(scene: Scene, wire: Wire) -> None:
    path = await opened(wire, scene.ada.id)
    sent = await wire.send("POST", path, {"content": f"hi {scene.ada.mention}"}, files={"a.png": png()})
    (message,) = scene.standin.dms(scene.ada).messages
    assert sent.body == message.payload()
    assert message.mentions.users == (scene.ada.user,)
    assert "guild_id" not in (await wire.send("GET", path.removesuffix("/messages"))).body
    one = f"{path}/{message.id}"
    assert (await wire.send("PATCH", one, {"content": "bye"})).status == 200
    assert (await wire.send("GET", one)).body["content"] == "bye"
    assert [found["id"] for found in (await wire.send("GET", path)).body] == [str(message.id)]
    assert (await wire.send("DELETE", one)).status == 204
    assert scene.standin.dms(scene.ada).messages == []
    assert scene.channel.all_messages == []


async def test_conversation_with_a_user_is_one_for_all_time(scene: Scene, wire: Wire) -> None:
    assert await opened(wire, scene.ada.id) == await opened(wire, scene.ada.id)
    assert await opened(wire, scene.ada.id) != await opened(wire, scene.standin.owner_id)


async def test_reply_refers_to_a_message_of_no_guild(scene: Scene, wire: Wire) -> None:
    path = await opened(wire, scene.ada.id)
    first = (await wire.send("POST", path, {"content": "one"})).body
    reply = await wire.send("POST", path, {"content": "two", "message_reference": {"message_id": first["id"]}})
    assert reply.body["message_reference"] == {"type": 0, "channel_id": first["channel_id"], "message_id": first["id"]}


async def test_user_decides_whether_to_be_written_to(scene: Scene, wire: Wire) -> None:
    scene.ada.user.takes_direct_messages = False
    answer = await wire.send("POST", await opened(wire, scene.ada.id), {"content": "hi"})
    assert (answer.status, answer.code) == (403, 50007)
    assert scene.standin.dms(scene.ada).messages == []


async def test_user_without_a_common_guild_is_out_of_reach(scene: Scene, wire: Wire) -> None:
    scene.guild.remove_member(scene.ada)
    answer = await wire.send("POST", await opened(wire, scene.ada.id), {"content": "hi"})
    assert (answer.status, answer.code) == (403, 50278)


@pytest.mark.parametrize(
    ("recipient", "code"), [({}, 50035), ({"recipient_id": "x"}, 50035), ({"recipient_id": "1"}, 50033)]
)
async def test_nobody_is_no_recipient(scene: Scene, wire: Wire, recipient: Json, code: int) -> None:
    answer = await wire.send("POST", routes.DIRECT_CHANNELS, recipient)
    assert (answer.status, answer.code) == (400, code)


async def test_bot_can_not_write_to_itself(scene: Scene, wire: Wire) -> None:
    answer = await wire.send("POST", routes.DIRECT_CHANNELS, {"recipient_id": str(scene.standin.application_id)})
    assert (answer.status, answer.code) == (400, 50007)


async def test_first_shard_is_told_without_a_guild(scene: Scene, wire: Wire) -> None:
    told: list[tuple[Any, ...]] = []

    def listen(guild_id: int, event: str, payload: Json, intent: int) -> None:
        told.append((guild_id, event, intent, "guild_id" in payload))

    scene.standin.world.emit = listen
    await wire.send("POST", await opened(wire, scene.ada.id), {"content": "hi"})
    assert told == [(0, "MESSAGE_CREATE", 1 << 12, False)]


async def test_buttons_of_direct_messages_can_not_be_pressed_here(scene: Scene, wire: Wire) -> None:
    await wire.send("POST", await opened(wire, scene.ada.id), card(row(button()), text()))
    (message,) = scene.standin.dms(scene.ada).messages
    with pytest.raises(ClientRefused):
        await scene.standin.click(scene.ada, message, "Press")


async def test_library_writes_to_a_user(scene: Scene, bot: Bot) -> None:
    conversation = await bot.create_dm(discord.Object(scene.ada.id))
    sent = await conversation.send("hi")
    assert (await scene.standin.dms(scene.ada).arrived()).text() == "hi"
    await sent.edit(content="bye")
    assert (await conversation.fetch_message(sent.id)).content == "bye"
    await sent.delete()
    assert scene.standin.dms(scene.ada).messages == []
    scene.ada.user.takes_direct_messages = False
    with pytest.raises(discord.Forbidden) as caught:
        await conversation.send("hi again")
    assert caught.value.code == 50007

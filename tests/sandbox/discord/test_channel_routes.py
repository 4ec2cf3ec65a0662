"""The bot's own messages in a channel: permissions, nonces, replies, and what it may see."""

from typing import Any

import pytest

from sandbox.discord import Permissions, Upload
from tests.sandbox.discord.wire import MovableTime, Scene, Wire, card, container, gallery, png, text

P = Permissions
FULL = P.VIEW_CHANNEL | P.SEND_MESSAGES | P.READ_MESSAGE_HISTORY | P.ATTACH_FILES | P.EMBED_LINKS


def messages(scene: Scene, rest: Any = "") -> str:
    return f"/channels/{scene.channel.id}/messages{f'/{rest}' if rest else ''}"


async def test_message_is_sent_fetched_edited_and_deleted(scene: Scene, wire: Wire) -> None:
    sent = await wire.send("POST", messages(scene), card(text("one")))
    message = scene.channel.messages[0]
    assert sent.body == message.payload()
    path = messages(scene, message.id)
    edited = await wire.send("PATCH", path, {"components": [text("two")]})
    assert edited.body["edited_timestamp"] is not None
    assert (await wire.send("GET", path)).body["components"][0]["content"] == "two"
    assert [revision.text() for revision in message.history] == ["one", "two"]
    assert (await wire.send("DELETE", path)).status == 204
    assert (await wire.send("GET", path)).code == 10008
    assert scene.channel.messages == []


@pytest.mark.parametrize(
    ("missing", "code"),
    [(P.VIEW_CHANNEL, 50001), (P.SEND_MESSAGES, 50013), (P.ATTACH_FILES, None), (P.READ_MESSAGE_HISTORY, None)],
)
async def test_sending_needs_its_permissions(scene: Scene, wire: Wire, missing: P, code: int | None) -> None:
    scene.channel.set_bot_permissions(FULL & ~missing)
    answer = await wire.send("POST", messages(scene), {"content": "x"})
    assert answer.code == code
    assert answer.status == (200 if code is None else 403)


@pytest.mark.parametrize(
    ("missing", "body", "files"),
    [(P.ATTACH_FILES, {}, {"a.png": png()}), (P.EMBED_LINKS, {"embeds": [{"title": "t"}]}, None)],
)
async def test_files_and_embeds_need_their_permissions(
    scene: Scene, wire: Wire, missing: P, body: Any, files: Any
) -> None:
    assert (await wire.send("POST", messages(scene), body, files=files)).status == 200
    scene.channel.set_bot_permissions(FULL & ~missing)
    assert (await wire.send("POST", messages(scene), body, files=files)).code == 50013


async def test_without_history_nothing_is_fetched_and_no_reply_made(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(text())
    scene.channel.set_bot_permissions(FULL & ~P.READ_MESSAGE_HISTORY)
    assert (await wire.send("GET", messages(scene))).body == []
    assert (await wire.send("GET", messages(scene, message.id))).code == 50001
    reply = {"content": "x", "message_reference": {"message_id": str(message.id)}}
    assert (await wire.send("POST", messages(scene), reply)).code == 160002


async def test_view_channel_is_needed_to_edit_an_own_message(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(text())
    scene.channel.set_bot_permissions(P.NONE)
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert (await wire.send(method, messages(scene, message.id), body)).code == 50001
    assert (await wire.send("GET", f"/channels/{scene.channel.id}")).code == 50001


async def test_others_messages_are_deleted_with_manage_messages_only(scene: Scene, wire: Wire) -> None:
    message = scene.standin.post(scene.ada, scene.channel, "hi")
    path = messages(scene, message.id)
    assert (await wire.send("PATCH", path, {"content": "x"})).code == 50005
    assert (await wire.send("DELETE", path)).code == 50013
    scene.channel.set_bot_permissions(FULL | P.MANAGE_MESSAGES)
    assert (await wire.send("DELETE", path)).status == 204


async def test_others_messages_come_without_their_content(scene: Scene, wire: Wire) -> None:
    file = Upload(filename="a.png", data=png())
    message = scene.standin.post(scene.ada, scene.channel, "hi", [file])
    fetched = (await wire.send("GET", messages(scene, message.id))).body
    assert (fetched["content"], fetched["attachments"]) == ("", [])
    seen = scene.standin.post(scene.ada, scene.channel, "hi bot", [file], mention_bot=True)
    fetched = (await wire.send("GET", messages(scene, seen.id))).body
    assert (fetched["content"], len(fetched["attachments"])) == ("hi bot", 1)


async def test_enforced_nonce_makes_one_message(scene: Scene, wire: Wire, time: MovableTime) -> None:
    body = {"content": "x", "nonce": "job-1", "enforce_nonce": True}
    first, second = [await wire.send("POST", messages(scene), body) for _ in range(2)]
    assert first.body["id"] == second.body["id"]
    assert len(scene.channel.messages) == 1
    await wire.send("POST", messages(scene), {**body, "enforce_nonce": False})
    time.advance(minutes=5)
    await wire.send("POST", messages(scene), body)
    assert len(scene.channel.messages) == 3


async def test_overlong_nonce_is_refused(scene: Scene, wire: Wire) -> None:
    answer = await wire.send("POST", messages(scene), {"content": "x", "nonce": "n" * 26})
    assert answer.code == 50035


async def test_reply_points_to_its_message(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(text())
    body = {"content": "x", "message_reference": {"message_id": str(message.id)}}
    await wire.send("POST", messages(scene), body)
    assert scene.channel.messages[-1].reply_to is message


async def test_reply_to_nothing_is_refused_unless_allowed(scene: Scene, wire: Wire) -> None:
    body: Any = {"content": "x", "message_reference": {"message_id": "1"}}
    answer = await wire.send("POST", messages(scene), body)
    assert answer.fault_codes() == ["MESSAGE_REFERENCE_UNKNOWN_MESSAGE"]
    body["message_reference"]["fail_if_not_exists"] = False
    assert (await wire.send("POST", messages(scene), body)).status == 200


async def test_unknown_places_and_broken_ids(scene: Scene, wire: Wire) -> None:
    assert (await wire.send("GET", "/channels/1")).code == 10003
    assert (await wire.send("GET", messages(scene, 1))).code == 10008
    answer = await wire.send("GET", "/channels/nonsense")
    assert (answer.code, answer.fault_codes()) == (50035, ["NUMBER_TYPE_COERCE"])


async def test_messages_are_listed_newest_first_in_pages(scene: Scene, wire: Wire) -> None:
    made = [scene.bot_message(text(str(number))) for number in range(5)]
    scene.bot_message(text("psst"), visible_to=scene.ada)

    async def page(query: str) -> list[str]:
        found = (await wire.send("GET", f"{messages(scene)}?{query}")).body
        return [message["components"][0]["content"] for message in found]

    assert await page("") == ["4", "3", "2", "1", "0"]
    assert await page("limit=2") == ["4", "3"]
    assert await page(f"limit=2&before={made[3].id}") == ["2", "1"]
    assert await page(f"limit=2&after={made[1].id}") == ["3", "2"]
    assert await page(f"limit=3&around={made[2].id}") == ["3", "2", "1"]
    assert (await wire.send("GET", f"{messages(scene)}?limit=101")).code == 50035


async def test_refetched_picture_has_a_fresh_address(scene: Scene, wire: Wire, time: MovableTime) -> None:
    body = card(container(gallery("attachment://a.png")))
    await wire.send("POST", messages(scene), body, files={"a.png": png()})
    path = messages(scene, scene.channel.messages[0].id)

    async def address() -> str:
        media = (await wire.send("GET", path)).body["components"][0]["components"][0]["items"][0]["media"]
        return str(media["url"])

    old = await address()
    assert (await wire.send("GET", old)).body == png()
    time.advance(hours=24)
    assert (await wire.send("GET", old)).status == 404
    assert (await wire.send("GET", await address())).body == png()


async def test_large_files_come_back_whole(scene: Scene, wire: Wire) -> None:
    data = bytes(range(256)) * (8 * 4096)
    await wire.send("POST", messages(scene), {}, files={"a.bin": data})
    address = scene.channel.messages[0].payload()["attachments"][0]["url"]
    assert (await wire.send("GET", address)).body == data


async def test_files_leave_the_cdn_with_their_message(scene: Scene, wire: Wire) -> None:
    await wire.send("POST", messages(scene), {}, files={"a.png": png()})
    message = scene.channel.messages[0]
    address = message.payload()["attachments"][0]["url"]
    forged = address.replace("hm=", "hm=0")
    assert [(await wire.send("GET", url)).status for url in (address, forged, address.split("?")[0])] == [
        200,
        404,
        404,
    ]
    scene.standin.delete_message(message)
    assert (await wire.send("GET", address)).status == 404
    assert message.attachments[0].read() == png()

"""Files on messages that are fetched and edited: what stays, what is shown, and under which address."""

from typing import Any

import pytest

from sandbox.discord import Json, Message, Run
from tests.sandbox.discord.wire import (
    EPHEMERAL,
    V2,
    MovableTime,
    Scene,
    Wire,
    button,
    card,
    container,
    gallery,
    png,
    row,
    text,
)

INPUT = png(9, 9)


def shown(name: str) -> Json:
    """Some text beside a small picture."""
    return {"type": 9, "components": [text()], "accessory": {"type": 11, "media": {"url": f"attachment://{name}"}}}


async def carded(scene: Scene, wire: Wire, *, flags: int = 0) -> tuple[Run, Message]:
    """A card that shows the file that it was made from."""
    run = await scene.imagine()
    body = {**card(container(shown("input.png"))), "flags": V2 | flags}
    assert (await wire.answer(run, {"type": 4, "data": body}, files={"input.png": INPUT})).status == 200
    return run, await run.message()


def thumbnail_url(body: Json) -> str:
    return str(body["components"][0]["components"][0]["accessory"]["media"]["url"])


async def test_edit_keeps_a_file_by_its_id_and_shows_it_by_its_name(scene: Scene, wire: Wire) -> None:
    _, message = await carded(scene, wire)
    kept = message.attachment("input.png")
    body = card(container(shown("input.png"), gallery("attachment://fox.png")), attachments=[{"id": str(kept.id)}])
    path = f"/channels/{scene.channel.id}/messages/{message.id}"
    edited = await wire.send("PATCH", path, body, files={"fox.png": png()})
    assert edited.status == 200
    assert message.attachments[0] is kept
    assert [file.filename for file in message.gallery()] == ["fox.png"]
    assert (await wire.send("GET", thumbnail_url(edited.body))).body == INPUT


async def test_edit_that_speaks_of_no_files_keeps_them_all(scene: Scene, wire: Wire) -> None:
    run, message = await carded(scene, wire)
    body = card(container(shown("input.png"), text("done")))
    assert (await wire.send("PATCH", wire.webhook(run, "/messages/@original"), body)).status == 200
    assert [file.filename for file in message.attachments] == ["input.png"]


@pytest.mark.parametrize("attachments", [[], [{"id": "1"}]])
async def test_file_that_does_not_stay_cannot_be_shown(scene: Scene, wire: Wire, attachments: Any) -> None:
    run, message = await carded(scene, wire)
    body = card(container(shown("input.png")), attachments=attachments)
    assert (await wire.send("PATCH", wire.webhook(run, "/messages/@original"), body)).code == 50035
    assert not message.attachment("input.png").deleted


async def test_fetched_message_has_a_fresh_address_either_way(scene: Scene, wire: Wire, time: MovableTime) -> None:
    run, message = await carded(scene, wire)
    path = f"/channels/{scene.channel.id}/messages/{message.id}"
    for way in (path, wire.webhook(run, "/messages/@original")):
        time.advance(minutes=5)
        url = thumbnail_url((await wire.send("GET", way)).body)
        assert url == scene.standin.url_of(message.attachment("input.png"))
    time.advance(hours=24)
    assert (await wire.send("GET", url)).status == 404
    assert (await wire.send("GET", thumbnail_url((await wire.send("GET", path)).body))).body == INPUT


async def test_private_message_with_a_file_is_edited_and_deleted_by_its_token(scene: Scene, wire: Wire) -> None:
    run, message = await carded(scene, wire, flags=EPHEMERAL)
    original = wire.webhook(run, "/messages/@original")
    first = message.attachment("input.png")
    body = card(container(shown("other.png"), row(button("easel:generate:1", "Generate"))), attachments=[])
    edited = await wire.send("PATCH", original, body, files={"other.png": png()})
    assert "/ephemeral-attachments/" in thumbnail_url(edited.body)
    assert (first.deleted, message.ephemeral) == (True, True)
    pressed = await scene.standin.click(scene.ada, message, "Generate")
    assert (await wire.answer(pressed, {"type": 4, "data": card(text("public"))})).status == 200
    assert pressed.original is not None
    assert not pressed.original.ephemeral
    assert (await wire.send("DELETE", original)).status == 204
    assert (await wire.send("GET", thumbnail_url(edited.body))).status == 404


async def test_unknown_file_of_a_message_is_named(scene: Scene, wire: Wire) -> None:
    _, message = await carded(scene, wire)
    with pytest.raises(LookupError, match=r"has no fox\.png"):
        message.attachment("fox.png")

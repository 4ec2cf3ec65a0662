"""Which pictures a command in a message's menu finds, in messages as Discord's payload carries them."""

from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox.discord import Json, Message, Upload
from tests.sandbox.discord.wire import card, container, gallery, png, row, text
from tests.ui.scene import Scene
from ui.pictures_in_messages import ShownPicture, images_in

FOREIGN = "https://example.org/fox.png"


async def found(scene: Scene, message: Message) -> list[str]:
    """The names of the pictures that a command in the menu of this message finds."""
    return [picture.filename for picture in await pictures(scene, message)]


async def pictures(scene: Scene, message: Message) -> tuple[ShownPicture, ...]:
    seen: list[tuple[ShownPicture, ...]] = []

    async def look(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        seen.append(images_in(message, admits=lambda url: url.startswith(scene.discord.origin)))
        await interaction.response.defer(ephemeral=True)

    scene.client.tree.add_command(app_commands.ContextMenu(name="Look", callback=look), override=True)
    await scene.client.tree.sync()
    run = await scene.discord.context_menu(scene.ada, scene.channel, "Look", message)
    await run.answered()
    return seen[0]


def file(name: str, content_type: str | None = None) -> Upload:
    return Upload(filename=name, data=png(), content_type=content_type)


def thumbnail(url: str) -> Json:
    accessory = {"type": 11, "media": {"url": url}}
    return {"type": 9, "components": [text()], "accessory": accessory}


async def test_attachments_of_a_member_are_found_by_type_or_name(scene: Scene) -> None:
    files = [
        file("fox.png"),
        file("notes.txt"),
        file("clip.mp4"),
        file("photo.HEIC", "image/heic"),
        file("screen.unknown", "image/png"),
        file("fake.png", "text/plain"),
        file("old scan.bmp"),
    ]
    message = scene.discord.post(scene.bob, scene.channel, "look", files)
    assert await found(scene, message) == ["fox.png", "photo.HEIC", "screen.unknown", "old scan.bmp"]


async def test_attachment_comes_with_its_address_and_size(scene: Scene) -> None:
    message = scene.discord.post(scene.bob, scene.channel, "look", [file("a b.png")])
    (picture,) = await pictures(scene, message)
    assert picture.url == scene.discord.url_of(message.attachments[0])
    assert (picture.filename, picture.size_bytes) == ("a b.png", len(png()))
    assert picture.url not in repr(picture)


async def test_large_pictures_of_a_card_come_before_the_small_one(scene: Scene) -> None:
    names = ["input.png", "one.png", "two.png"]
    shown = container(thumbnail("attachment://input.png"), gallery("attachment://one.png", "attachment://two.png"))
    app = scene.guild.add_member("app")
    message = scene.discord.post_from_app(app, scene.channel, card(shown), [file(name) for name in names])
    assert await found(scene, message) == ["one.png", "two.png", "input.png"]


async def test_files_outside_of_containers_are_found_as_well(scene: Scene) -> None:
    shown = [{"type": 13, "file": {"url": f"attachment://{name}"}} for name in ("a.png", "b.pdf")]
    button = {"type": 2, "style": 5, "label": "Open", "url": FOREIGN}
    app = scene.guild.add_member("app")
    message = scene.discord.post_from_app(app, scene.channel, card(*shown, row(button)), [file("a.png"), file("b.pdf")])
    (picture,) = await pictures(scene, message)
    assert (picture.filename, picture.size_bytes) == ("a.png", len(png()))


async def test_pictures_of_foreign_hosts_are_left_out(scene: Scene) -> None:
    app = scene.guild.add_member("app")
    shown = card(thumbnail(FOREIGN), gallery(FOREIGN, "attachment://own.png"))
    message = scene.discord.post_from_app(app, scene.channel, shown, [file("own.png")])
    assert await found(scene, message) == ["own.png"]
    embedded = {"embeds": [{"title": "Fox", "image": {"url": FOREIGN}, "thumbnail": {"url": FOREIGN}}]}
    assert await found(scene, scene.discord.post_from_app(app, scene.channel, embedded)) == []


async def test_embeds_show_what_lies_on_the_cdn(scene: Scene) -> None:
    linked = scene.discord.post(scene.bob, scene.channel, "look", [file("linked.png")])
    url = scene.discord.url_of(linked.attachments[0])
    app = scene.guild.add_member("app")
    embeds = [{"image": {"url": "attachment://own.png"}}, {"thumbnail": {"url": url}}]
    message = scene.discord.post_from_app(app, scene.channel, {"embeds": embeds}, [file("own.png")])
    assert await found(scene, message) == ["own.png", "linked.png"]


async def test_picture_that_is_shown_twice_is_found_once(scene: Scene) -> None:
    app = scene.guild.add_member("app")
    shown = card(thumbnail("attachment://a.png"), gallery("attachment://a.png"))
    message = scene.discord.post_from_app(app, scene.channel, shown, [file("a.png")])
    assert await found(scene, message) == ["a.png"]


async def test_forwarded_pictures_are_found(scene: Scene) -> None:
    app = scene.guild.add_member("app")
    message = scene.discord.post_from_app(app, scene.channel, card(gallery("attachment://a.png")), [file("a.png")])
    assert await found(scene, scene.discord.forward(scene.bob, scene.channel, message)) == ["a.png"]


@pytest.mark.parametrize("content", ["no picture", FOREIGN])
async def test_message_without_pictures_has_none(scene: Scene, content: str) -> None:
    assert await found(scene, scene.discord.post(scene.bob, scene.channel, content)) == []

"""Files on the bot's own messages, wherever Discord lists them."""

import io
from collections.abc import Sequence

import discord

from sandbox.discord import Message
from tests.ui.scene import Scene
from ui.card_files import files_on

Part = discord.ui.Item[discord.ui.LayoutView]


async def sent(scene: Scene, names: Sequence[str], *parts: Part) -> tuple[discord.Message, Message]:
    """A message of the bot's with these files, as the bot reads it, and as it is."""
    channel = scene.client.get_partial_messageable(scene.channel.id, guild_id=scene.guild.id)
    files = [discord.File(io.BytesIO(name.encode()), filename=name) for name in names]
    if parts:
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.Container(*parts))
        view.stop()
        made = await channel.send(view=view, files=files)
    else:
        made = await channel.send("look", files=files)
    return await channel.fetch_message(made.id), scene.channel.messages[-1]


def gallery(*names: str) -> Part:
    return discord.ui.MediaGallery(*(discord.MediaGalleryItem(f"attachment://{name}") for name in names))


def beside(name: str) -> Part:
    return discord.ui.Section("words", accessory=discord.ui.Thumbnail(f"attachment://{name}"))


async def test_files_that_components_show_are_found_with_their_ids_those_of_galleries_first(scene: Scene) -> None:
    message, real = await sent(scene, ["input.png", "b.png", "a.png"], beside("input.png"), gallery("b.png", "a.png"))
    found = files_on(message)
    assert [file.filename for file in found] == ["b.png", "a.png", "input.png"]
    assert [file.id for file in found] == [real.attachment(file.filename).id for file in found]
    assert all(real.attachment(file.filename).path in file.url for file in found)


async def test_files_that_nothing_shows_are_found_where_discord_lists_them(scene: Scene) -> None:
    message, _ = await sent(scene, ["a.png", "b.png"])
    assert [file.filename for file in files_on(message)] == ["a.png", "b.png"]


async def test_a_file_is_found_once_where_discord_lists_it_twice(scene: Scene) -> None:
    message, _ = await sent(scene, ["a.png"], gallery("a.png"))
    message.attachments = files_on(message)
    assert [file.filename for file in files_on(message)] == ["a.png"]


async def test_an_image_from_elsewhere_is_no_file(scene: Scene) -> None:
    shown: Part = discord.ui.MediaGallery(discord.MediaGalleryItem("https://pictures.example/a.png"))
    message, _ = await sent(scene, [], shown)
    assert files_on(message) == []

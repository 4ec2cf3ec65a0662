"""`/help` and `/about`."""

import discord

from tests.ui.scene import FACTS, Scene


async def page(scene: Scene, command: str) -> str:
    answer = await (await scene.discord.slash(scene.ada, scene.channel, command)).answered()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message.text()


async def test_help_names_every_command(scene: Scene) -> None:
    words = await page(scene, "help")
    for command in scene.client.tree.get_commands(type=discord.AppCommandType.chat_input):
        assert command.name == "help" or f"`/{command.name}`" in words


async def test_about_says_version_price_retention_and_what_safety_means(scene: Scene) -> None:
    words = await page(scene, "about")
    for fact in (FACTS.version, "$0.09 a picture", "30 days", "safety check", "charged all the same"):
        assert fact in words

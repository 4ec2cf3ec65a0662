"""A small bot on the real discord.py, to try the stand-in with; as a program of its own it can be killed."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import yarl
from discord import app_commands, ui
from discord.ext import commands

from sandbox.discord import DiscordStandIn
from tests.sandbox.discord.wire import png


class Card(ui.LayoutView):
    """Text, pictures by file name, and a button."""

    def __init__(self, content: str, *pictures: str) -> None:
        super().__init__(timeout=None)
        box: ui.Container[Card] = ui.Container(ui.TextDisplay(content))
        if pictures:
            items = [discord.MediaGalleryItem(f"attachment://{name}", description="alt") for name in pictures]
            box.add_item(ui.MediaGallery(*items))
        box.add_item(ui.ActionRow(ui.Button(label="Cancel", custom_id="cancel")))
        self.add_item(box)


class PromptModal(ui.Modal, title="Edit"):
    """One text input."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt: ui.TextInput[PromptModal] = ui.TextInput(custom_id="prompt", max_length=20)
        self.add_item(ui.Label(text="Prompt", component=self.prompt))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"You wrote {self.prompt.value}", ephemeral=True)


class Bot(commands.AutoShardedBot):
    """Makes a card, then shows a picture on it."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            "!",
            intents=intents,
            connector=aiohttp.TCPConnector(limit=100),
            guild_ready_timeout=0.1,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.failures: list[Exception] = []
        self.tree.add_command(_imagine)
        self.tree.add_command(_edit)
        self.tree.add_command(_remix)
        self.tree.error(self._failed)

    async def _failed(self, _interaction: discord.Interaction, error: Exception) -> None:
        self.failures.append(error.__cause__ if isinstance(error.__cause__, Exception) else error)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            await interaction.response.edit_message(view=Card("cancelled"), attachments=[])

    async def failure(self) -> Exception:
        """The next thing that went wrong in a command."""
        while not self.failures:
            await asyncio.sleep(0.002)
        return self.failures.pop()


@app_commands.command(name="imagine", description="Make a picture")
@app_commands.describe(prompt="What to show", count="How many", preset="Which preset")
async def _imagine(
    interaction: discord.Interaction,
    prompt: str,
    count: app_commands.Range[int, 1, 4] = 1,
    preset: str = "none",
) -> None:
    await interaction.response.send_message(view=Card(f"{prompt}: working"))
    picture = discord.File(io.BytesIO(png()), "a.png")
    view = Card(f"{prompt}: done x{count} {preset}", "a.png")
    await interaction.edit_original_response(view=view, attachments=[picture])


@_imagine.autocomplete("preset")
async def _presets(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}tercolour", value="w")]


@app_commands.command(name="edit", description="Open a form")
async def _edit(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(PromptModal())


@app_commands.context_menu(name="Remix image")
async def _remix(interaction: discord.Interaction, message: discord.Message) -> None:
    names = [attachment.filename for attachment in message.attachments]
    await interaction.response.defer(ephemeral=True)
    await interaction.followup.send(f"{message.content}: {names}")


def point_at(api_url: str, gateway_url: str) -> None:
    """Let discord.py take the stand-in for Discord."""
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


@asynccontextmanager
async def running(standin: DiscordStandIn, token: str | None = None) -> AsyncIterator[Bot]:
    """A connected bot, closed afterwards; discord.py points to Discord again in the end."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    point_at(standin.api_url, standin.gateway_url)
    try:
        bot = Bot()
        task = asyncio.create_task(bot.start(token or standin.token), name="bot")
        try:
            ready = asyncio.create_task(standin.ready(), name="ready")
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                ready.cancel()
                task.result()
            await ready
            yield bot
        finally:
            await bot.close()
            await asyncio.wait({task}, timeout=5)
    finally:
        discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


async def main(api_url: str, gateway_url: str, token: str) -> None:
    """Run until killed."""
    point_at(api_url, gateway_url)
    await Bot().start(token)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

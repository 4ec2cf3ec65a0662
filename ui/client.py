"""The connection to Discord: a lean sharded bot that keeps no members, no messages and no views in memory."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from ui import answers, buttons, wording
from ui.command_translator import CommandTranslator
from ui.forms import FormValues
from ui.gateway_events import tolerant
from ui.language import speak
from ui.sync import Meta, sync_commands, sync_guilds
from ui.tasks import OwnedTasks
from ui.tree import EaselTree
from ui.turnstile import Turnstile

log = logging.getLogger(__name__)

# discord.py's own default is no limit: a thousand interactions at once would open a thousand sockets.
CONNECTIONS: Final = 100
# How long the stream of guilds may pause before the bot counts as ready; commands work before that anyway.
GUILD_READY_SECONDS: Final = 0.5
# Longer waits for a rate limit are an error instead. discord.py takes no less than this.
LONGEST_RATE_LIMIT_SECONDS: Final = 30.0
# A command's start and its card take about half a millisecond each: together some 10 ms in a turn of the loop.
_EACH_TURN: Final = 16
# What members were promised an answer to may finish while the bot goes down.
_CLOSING_SECONDS: Final = 3.0

ActionHandler = Callable[[discord.Interaction[Any], str], Awaitable[None]]
FormHandler = Callable[[discord.Interaction[Any], str, FormValues], Awaitable[None]]


class EaselClient(commands.AutoShardedBot):
    """Easel's user on Discord. Must be made inside of the event loop that it runs on.

    `api_url` and `gateway_url` point at something other than Discord; None means Discord's own. The guilds of
    `operator_guild_ids` are given the operator's commands. Add the cogs, then `start`; `wait_until_ready` returns once
    every shard has been told its guilds.
    """

    def __init__(
        self,
        *,
        meta: Meta,
        api_url: str | None = None,
        gateway_url: str | None = None,
        operator_guild_ids: Sequence[int] = (),
    ) -> None:
        # Easel joins no voice channel, so what is missing for that need not be announced at every start.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=EaselTree,
            intents=intents,
            allowed_contexts=discord.app_commands.AppCommandContext(guild=True),
            allowed_installs=discord.app_commands.AppInstallationType(guild=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=GUILD_READY_SECONDS,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SECONDS,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        )
        self.tasks = OwnedTasks()
        self.turnstile = Turnstile(_EACH_TURN)
        self.operator_guild_ids = tuple(operator_guild_ids)
        self._meta = meta
        self._own_gateway = gateway_url is not None
        # A table of discord.py's own, since it has no other way to keep one bad payload from ending the connection.
        parsers = self._connection.parsers
        parsers["INTERACTION_CREATE"] = tolerant(parsers["INTERACTION_CREATE"])
        self._actions: dict[str, ActionHandler] = {}
        self._forms: dict[str, FormHandler] = {}
        # discord.py keeps both addresses in its classes; it offers no way to set them for one client.
        if api_url is not None:
            Route.BASE = api_url
        if gateway_url is not None:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)

    @property
    def is_available(self) -> bool:
        """Whether interactions reach the bot: it has been ready, and every shard is connected now."""
        shards = self.shards.values()
        return self.is_ready() and bool(shards) and not any(shard.is_closed() for shard in shards)

    def add_action(self, action: str, handler: ActionHandler) -> None:
        """Have `handler(interaction, argument)` called for every press of a button, or choice, with this action."""
        self._actions[action] = handler

    def add_form(self, action: str, handler: FormHandler) -> None:
        """Have `handler(interaction, argument, values)` called for every form with this action that is sent off."""
        self._forms[action] = handler

    async def press(self, interaction: discord.Interaction[Any], action: str, argument: str) -> None:
        """Answer the press of a button: the gate, the handler, the error map. Raises nothing but cancellation."""
        handler = self._actions.get(action)
        await self._handle(interaction, handler and partial(handler, interaction, argument), wording.button_gone)

    async def submit(self, interaction: discord.Interaction[Any], action: str, argument: str) -> None:
        """Answer a form that was sent off, in the same way. Raises nothing but cancellation."""
        handler = self._forms.get(action)
        call = handler and partial(handler, interaction, argument, FormValues(interaction.data))
        await self._handle(interaction, call, wording.form_gone)

    async def _handle(
        self, interaction: discord.Interaction[Any], call: Callable[[], Awaitable[None]] | None, gone: Callable[[], str]
    ) -> None:
        if not await self.tree.interaction_check(interaction):
            return
        if call is None:
            await answers.tell(interaction, gone())
            return
        try:
            await call()
        except Exception as error:  # noqa: BLE001 - the error map knows what to do with each
            await answers.report(interaction, error)

    async def setup_hook(self) -> None:
        """Once logged in, before connecting: give Discord the commands, in every language."""
        assert self.application_id is not None  # known from the login on
        await self.tree.set_translator(CommandTranslator())
        await sync_commands(self.tree, self._meta, application_id=self.application_id)
        await self.sync_guilds()

    async def sync_guilds(self) -> None:
        """Give the guilds that are the operator's the commands that only they have."""
        assert self.application_id is not None  # known from the login on
        await sync_guilds(self.tree, self._meta, application_id=self.application_id, guild_ids=self.operator_guild_ids)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Hand what was pressed, chosen or sent off to its handler, and answer what nothing here handles."""
        speak(str(interaction.locale))
        custom_id = interaction.custom_id
        if custom_id is None:
            return
        is_form = interaction.type is discord.InteractionType.modal_submit
        ours = buttons.pressed(custom_id)
        if ours is None:
            await answers.tell(interaction, wording.form_gone() if is_form else wording.button_gone())
        elif is_form:
            await self.submit(interaction, *ours)
        else:
            await self.press(interaction, *ours)

    async def launch_shards(self) -> None:
        """Connect every shard; with a gateway of our own only the number of shards comes from Discord."""
        if self._own_gateway:
            self.shard_count, _, _ = await self.http.get_bot_gateway()
        await super().launch_shards()

    async def close(self) -> None:
        """Let answers under way finish, for a few seconds at most, then disconnect."""
        if not self.is_closed():
            await self.tasks.close(within_seconds=_CLOSING_SECONDS)
        await super().close()

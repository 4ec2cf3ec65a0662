"""The stand-in as tests, the demo and the benchmark use it."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from sandbox.discord.application_routes import ApplicationRoutes
from sandbox.discord.bodies import MessageRequest, Upload, read_message
from sandbox.discord.cdn import CdnRoutes
from sandbox.discord.channel_routes import ChannelRoutes
from sandbox.discord.channels import Channel, Conversation
from sandbox.discord.client import (
    ClientRefused,
    Resolved,
    Value,
    check_may_use,
    check_sees,
    command_options,
    find_component,
    focused_option,
    modal_components,
    select_values,
)
from sandbox.discord.command_schema import CHAT_INPUT, MESSAGE_COMMAND, USER_COMMAND
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.direct import DirectMessages
from sandbox.discord.errors import Json
from sandbox.discord.exchanges import ExchangeLog
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.interaction_routes import InteractionRoutes
from sandbox.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interactions,
    Run,
)
from sandbox.discord.messages import Attachment, Draft, Mentions, Message
from sandbox.discord.places import Guild, Member, User
from sandbox.discord.server import API_PREFIX, Server
from sandbox.discord.transcript import TranscriptEntry, entry
from sandbox.discord.world import Clock, World, system_clock

SHUTDOWN_SECONDS = 1.0
"""How long running requests get to end when the stand-in closes."""


class DiscordStandIn:
    """Discord on a loopback port: REST, gateway and CDN for one application, and hands for its members.

    Use it as an async context manager. Bots may come and go; guilds, messages and commands stay.
    """

    def __init__(
        self,
        *,
        now: Clock | None = None,
        record: bool = True,
        keep_files: bool = True,
        name: str = "Easel",
    ) -> None:
        """`now` gives aware UTC times (ids, token lifetimes, URL expiry follow it).

        `record=False` keeps no exchanges and `keep_files=False` no uploaded bytes: for benchmarks.
        """
        self.world = World(now=now or system_clock, keep_files=keep_files, name=name)
        self.gateway = Gateway(self.world)
        self.world.emit = self.gateway.emit
        self.faults = Faults()
        self.exchanges = ExchangeLog(record=record)
        self.commands = CommandRegistry(self.world)
        self.interactions = Interactions(self.world)
        self._server = Server(self.world, self.faults, self.exchanges)
        for routes in (
            ApplicationRoutes(self.world, self.gateway, self.commands),
            InteractionRoutes(self.world, self.interactions),
            ChannelRoutes(self.world),
            CdnRoutes(self.world),
        ):
            routes.mount(self._server)
        self._server.app.router.add_get("/", self.gateway.handle)
        self._server.app.router.add_get("/resume", self.gateway.handle)
        self._server.seal()
        self._runner = web.AppRunner(self._server.app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.world.origin = f"http://{host}:{port}"
        self.gateway.url = f"ws://{host}:{port}/"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.faults.clear()
        await self.gateway.close()
        await self._runner.cleanup()

    # Where it is and who it is.

    @property
    def origin(self) -> str:
        """Scheme, host and port: the CDN's origin."""
        return self.world.origin

    @property
    def api_url(self) -> str:
        """The REST base, to be put where a client has `https://discord.com/api/v10`."""
        return self.world.origin + API_PREFIX

    @property
    def gateway_url(self) -> str:
        """The gateway's address."""
        return self.gateway.url

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def application_id(self) -> int:
        """The application's id, which is also the bot's user id."""
        return self.world.application_id

    @property
    def owner_id(self) -> int:
        """The user who owns the application."""
        return self.world.owner.id

    @property
    def unknown_routes(self) -> list[str]:
        """Requests that no route took, as "METHOD /path"."""
        return self.exchanges.unknown_routes

    @property
    def guilds(self) -> list[Guild]:
        """The guilds the bot is in."""
        return list(self.world.guilds.values())

    # Setting the scene.

    def add_guild(
        self,
        name: str = "Studio",
        *,
        locale: str = "en-US",
        owner: User | None = None,
        system_channel: str | None = None,
    ) -> Guild:
        """Make a guild with the bot in it, and with a channel of that name for the system's messages."""
        return self.world.add_guild(name, locale=locale, owner=owner, system_channel=system_channel)

    def remove_guild(self, guild: Guild) -> None:
        """Throw the bot out of a guild."""
        self.world.remove_guild(guild)

    def readmit(self, guild: Guild) -> None:
        """Let the bot into a guild again that it was thrown out of."""
        self.world.let_in(guild)

    def outage(self, guild: Guild) -> None:
        """Make a guild unavailable for a moment, as when Discord's servers fail, and available again."""
        guild.announce("GUILD_DELETE", {"id": str(guild.id), "unavailable": True})
        guild.announce("GUILD_CREATE", guild.create_payload())

    # The bot's side.

    async def ready(self, timeout: float = 15.0) -> None:
        """Wait until a bot is connected and has been sent READY and its guilds."""
        await self.gateway.until(lambda: bool(self.gateway.connected), timeout, "no bot is connected")

    async def disconnected(self, timeout: float = 15.0) -> None:
        """Wait until no bot is connected."""
        await self.gateway.until(lambda: not self.gateway.connected, timeout, "a bot is still connected")

    async def commands_synced(self, timeout: float = 15.0) -> list[Json]:
        """Wait until commands are registered, by this bot or one before it, and give them."""
        return await self.commands.changed.until(
            self.commands.everywhere, timeout, lambda: "no commands were registered"
        )

    # What members do.

    async def slash(
        self,
        member: Member,
        channel: Channel,
        name: str,
        options: Mapping[str, Value] | None = None,
        *,
        locale: str = "en-US",
        raw: bool = False,
    ) -> Run:
        """Use a slash command; subcommands are further words of the name ("preset save").

        Raises `ClientRefused` for what Discord's client would not offer or let through. With `raw=True` values
        and options are sent unchecked, as a modified client could.
        """
        word, *words = name.removeprefix("/").split()
        command = self._command(member, channel, word, CHAT_INPUT, locale, raw=raw)
        resolved = Resolved(self.world, channel)
        data = self._command_data(command)
        chosen = command_options(command, words, options or {}, resolved, locale=locale, raw=raw)
        if chosen:
            data["options"] = chosen
        return self._command_run(member, channel, f"/{' '.join((word, *words))}", data, resolved, locale)

    async def context_menu(
        self, member: Member, channel: Channel, name: str, target: Message | Member, *, locale: str = "en-US"
    ) -> Run:
        """Use a command from the menu of a message or a member, by its name, also the one in the member's locale."""
        kind = MESSAGE_COMMAND if isinstance(target, Message) else USER_COMMAND
        command = self._command(member, channel, name, kind, locale, raw=False)
        if isinstance(target, Message):
            check_sees(member, target)
            if target.channel is not channel:
                raise ClientRefused(f"the message is not in #{channel.name}")
        resolved = Resolved(self.world, channel)
        data = {**self._command_data(command), "target_id": resolved.add(target)}
        return self._command_run(member, channel, command["name"], data, resolved, locale, target_id=target.id)

    async def autocomplete(
        self,
        member: Member,
        channel: Channel,
        name: str,
        *,
        focused: str,
        value: str = "",
        options: Mapping[str, Value] | None = None,
        locale: str = "en-US",
    ) -> Run:
        """Type into an option: its answer holds the suggestions."""
        word, *words = name.removeprefix("/").split()
        command = self._command(member, channel, word, CHAT_INPUT, locale, raw=False)
        resolved = Resolved(self.world, channel)
        given: dict[str, Value] = {**(options or {}), focused: value}
        chosen = command_options(command, words, given, resolved, locale=locale, raw=True)
        typed = focused_option(chosen, words, command, focused)
        typed["focused"] = True
        run = Run(self.world, kind=AUTOCOMPLETE, member=member, channel=channel, name=name)
        run.focused_type = typed["type"]
        data = {**self._command_data(command), "options": chosen, "resolved": resolved.payload()}
        return self._send(run, data, locale)

    async def click(self, member: Member, message: Message, wanted: str, *, locale: str = "en-US") -> Run:
        """Press the button with this custom id or label."""
        part = find_component(message, member, wanted, selects=False)
        return self._component_run(member, message, part, {}, locale)

    async def select(
        self,
        member: Member,
        message: Message,
        wanted: str,
        values: Sequence[Value],
        *,
        locale: str = "en-US",
        raw: bool = False,
    ) -> Run:
        """Choose in the select with this custom id: option values or labels, members, roles or channels.

        With `raw=True` the values are sent unchecked, as from a message that has changed since.
        """
        part = find_component(message, member, wanted, selects=True)
        resolved = Resolved(self.world, _guild_channel(message))
        data: Json = {"values": select_values(part, values, resolved, raw=raw)}
        if resolved.payload():
            data["resolved"] = resolved.payload()
        return self._component_run(member, message, part, data, locale)

    async def submit_modal(
        self,
        run: Run,
        values: Mapping[str, Any] | None = None,
        *,
        locale: str = "en-US",
        raw: Sequence[Any] | None = None,
    ) -> Run:
        """Send off the modal that answered `run`; inputs are named by custom id or label.

        With `raw` that is sent for its components, as a modified client could.
        """
        if run.answer is None or run.answer.modal is None:
            raise ClientRefused(f"{run!r} was not answered with a modal")
        modal = run.answer.modal
        resolved = Resolved(self.world, run.channel)
        data: Json = {
            "custom_id": modal["custom_id"],
            "components": modal_components(modal, values or {}, resolved) if raw is None else list(raw),
        }
        if resolved.payload():
            data["resolved"] = resolved.payload()
        submission = Run(
            self.world,
            kind=MODAL_SUBMIT,
            member=run.member,
            channel=run.channel,
            name=modal["custom_id"],
            source=run.source,
            parent=run,
        )
        submission.uploads = tuple(resolved.uploads)
        return self._send(submission, data, locale)

    def post(
        self,
        member: Member,
        channel: Channel,
        content: str = "",
        files: Sequence[Upload] = (),
        *,
        mention_bot: bool = False,
    ) -> Message:
        """Let a member write a message."""
        attachments = [
            Attachment(
                self.world.next_id(),
                channel.id,
                file.filename,
                file.data,
                content_type=file.content_type,
                description=file.description,
                keep=self.world.keep_files,
            )
            for file in files
        ]
        self.world.attachments.update((attachment.id, attachment) for attachment in attachments)
        mentions = Mentions(users=(self.world.bot,) if mention_bot else ())
        draft = Draft(content=content, attachments=attachments, mentions=mentions)
        message = Message(self.world, channel, member.user, draft)
        message.publish()
        return message

    def post_from_app(self, app: Member, channel: Channel, body: Json, files: Sequence[Upload] = ()) -> Message:
        """Let another application write a message: its body is checked as the bot's own are."""
        request = MessageRequest(body=body, files=dict(enumerate(files)), channel=channel)
        message = Message(self.world, channel, app.user, read_message(self.world, request))
        message.publish()
        return message

    def forward(self, member: Member, channel: Channel, message: Message) -> Message:
        """Let a member forward a message into a channel: it is carried as it is at that moment."""
        forwarded = Message(self.world, channel, member.user, Draft(), forwards=message)
        forwarded.publish()
        return forwarded

    def delete_message(self, message: Message) -> None:
        """Let a moderator delete a message, or a member dismiss an ephemeral one."""
        message.delete()

    # Looking at what happened.

    def message(self, message_id: int) -> Message:
        """The message of that id, also if it was deleted. Raises `LookupError`."""
        for channel in self.world.channels.values():
            for message in channel.all_messages:
                if message.id == message_id:
                    return message
        raise LookupError(f"there never was a message {message_id}")

    def url_of(self, attachment: Attachment) -> str:
        """A signed address of a file, as it would be shown now; it opens the file for a day."""
        return self.world.attachment_url(attachment)

    def dms(self, user: User | Member) -> DirectMessages:
        """What the bot and this user have written to each other: its `messages`, and `arrived()` to wait for one."""
        return self.world.direct_messages(user.user if isinstance(user, Member) else user)

    def transcript(self, channel: Conversation | None = None) -> list[TranscriptEntry]:
        """All messages of a channel, or of every place, oldest first, deleted and ephemeral ones included."""
        channels = [channel] if channel is not None else list(self.world.channels.values())
        messages = [message for place in channels for message in place.all_messages]
        return [entry(message) for message in sorted(messages, key=lambda message: message.id)]

    # Breaking the gateway.

    def drop_gateway(self, *, resumable: bool = True) -> None:
        """Cut every gateway connection; the sessions can be resumed, or are gone."""
        self.gateway.drop(resumable=resumable)

    def reconnect(self) -> None:
        """Ask every bot to reconnect and resume (opcode 7)."""
        self.gateway.ask_to_reconnect()

    # How an interaction leaves.

    def _command(self, member: Member, channel: Channel, name: str, kind: int, locale: str, *, raw: bool) -> Json:
        command = self.commands.find(channel.guild.id, name, kind, locale)
        if command is None:
            known = sorted(found["name"] for found in self.commands.everywhere() if found["type"] == kind)
            raise ClientRefused(f"there is no command {name!r}; there is: {', '.join(known) or 'nothing'}")
        if not raw:
            check_may_use(member, channel, command)
        return command

    @staticmethod
    def _command_data(command: Json) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return data

    def _command_run(
        self,
        member: Member,
        channel: Channel,
        name: str,
        data: Json,
        resolved: Resolved,
        locale: str,
        *,
        target_id: int | None = None,
    ) -> Run:
        if resolved.payload():
            data["resolved"] = resolved.payload()
        run = Run(self.world, kind=COMMAND, member=member, channel=channel, name=name)
        run.target_id = target_id
        run.uploads = tuple(resolved.uploads)
        return self._send(run, data, locale)

    def _component_run(self, member: Member, message: Message, part: Json, data: Json, locale: str) -> Run:
        run = Run(
            self.world,
            kind=COMPONENT,
            member=member,
            channel=_guild_channel(message),
            name=part["custom_id"],
            source=message,
        )
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"], **data}
        return self._send(run, data, locale)

    def _send(self, run: Run, data: Json, locale: str) -> Run:
        """Dispatch the interaction; with nobody connected it goes nowhere and expires."""
        self.interactions.add(run)
        payload = {**run.payload(data), "locale": locale}
        self.world.emit(run.channel.guild.id, "INTERACTION_CREATE", payload, 0)
        return run


def _guild_channel(message: Message) -> Channel:
    if not isinstance(message.channel, Channel):
        raise ClientRefused("components of direct messages are beyond the stand-in")
    return message.channel

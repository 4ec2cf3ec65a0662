"""REST routes of channels, threads and direct messages, with the bot's permissions checked."""

from datetime import timedelta
from typing import Final

from sandbox.discord.bodies import MessageRequest, read_message
from sandbox.discord.channels import Conversation
from sandbox.discord.errors import (
    CANNOT_EDIT_OTHERS,
    CANNOT_REPLY_WITHOUT_HISTORY,
    INVALID_RECIPIENTS,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_MESSAGES_TO_BOTS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    ApiError,
    Json,
)
from sandbox.discord.faults import DIRECT_CHANNELS, MESSAGE, MESSAGES
from sandbox.discord.form import Form, Problems, refuse
from sandbox.discord.messages import REPLY, Message
from sandbox.discord.permissions import Permissions
from sandbox.discord.server import Reply, Request, Server
from sandbox.discord.world import World

NONCE_WINDOW: Final = timedelta(minutes=3)
"""How long an enforced nonce stands for the message it made ("the past few minutes", says the reference)."""
NO_BODY: Final = Reply(status=204)


class ChannelRoutes:
    """What a bot does in a channel with its own token."""

    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, server: Server) -> None:
        """Serve the routes."""
        server.add("POST", DIRECT_CHANNELS, self.open_direct_messages)
        server.add("GET", "/channels/{channel_id}", self.get_channel)
        server.add("POST", "/channels/{channel_id}/typing", self.typing)
        server.add("GET", MESSAGES, self.list_messages)
        server.add("POST", MESSAGES, self.create_message)
        server.add("GET", MESSAGE, self.get_message)
        server.add("PATCH", MESSAGE, self.edit_message)
        server.add("DELETE", MESSAGE, self.delete_message)

    async def open_direct_messages(self, request: Request) -> Reply:
        """The conversation with a user. That they take no messages shows only when one is sent."""
        problems = Problems()
        recipient_id = Form(request.object(), problems).snowflake("recipient_id", required=True)
        problems.refuse_if_any()
        user = self._world.users.get(recipient_id or 0)
        if user is None:
            raise ApiError(INVALID_RECIPIENTS)
        if user.bot:
            raise ApiError(NO_MESSAGES_TO_BOTS)
        return Reply(body=self._world.direct_messages(user).payload())

    def _channel(self, request: Request) -> tuple[Conversation, Permissions]:
        channel = self._world.channels.get(request.id("channel_id"))
        if channel is None:
            raise ApiError(UNKNOWN_CHANNEL)
        permissions = channel.bot_permissions
        if not permissions & Permissions.VIEW_CHANNEL:
            raise ApiError(MISSING_ACCESS)
        return channel, permissions

    def _channel_to_send_to(self, request: Request) -> tuple[Conversation, Permissions]:
        channel, permissions = self._channel(request)
        if not permissions & channel.needed_to_send:
            raise ApiError(MISSING_PERMISSIONS)
        refusal = channel.refusal()
        if refusal is not None:
            raise ApiError(refusal)
        return channel, permissions

    def _message(self, request: Request) -> tuple[Message, Permissions]:
        channel, permissions = self._channel(request)
        message = channel.find(request.id("message_id"))
        # Nobody but the interaction's webhook reaches an ephemeral message.
        if message is None or message.ephemeral:
            raise ApiError(UNKNOWN_MESSAGE)
        return message, permissions

    async def get_channel(self, request: Request) -> Reply:
        """The channel object."""
        return Reply(body=self._channel(request)[0].payload())

    async def typing(self, request: Request) -> Reply:
        """The typing indicator."""
        self._channel_to_send_to(request)
        return NO_BODY

    async def list_messages(self, request: Request) -> Reply:
        """Messages, newest first; nothing at all without Read Message History."""
        channel, permissions = self._channel(request)
        problems = Problems()
        query: Json = {key: int(value) if value.isdigit() else value for key, value in request.query.items()}
        form = Form(query, problems)
        limit = form.integer("limit", minimum=1, maximum=100) or 50
        bounds = {key: form.snowflake(key) for key in ("before", "after", "around")}
        problems.refuse_if_any()
        if not permissions & Permissions.READ_MESSAGE_HISTORY:
            return Reply(body=[])
        found = [message for message in channel.messages if not message.ephemeral]
        found = _page(found, limit, **bounds)
        return Reply(body=[message.payload() for message in reversed(found)])

    async def get_message(self, request: Request) -> Reply:
        """One message."""
        message, permissions = self._message(request)
        if not permissions & Permissions.READ_MESSAGE_HISTORY:
            raise ApiError(MISSING_ACCESS)
        return Reply(body=message.payload())

    async def create_message(self, request: Request) -> Reply:
        """Send a message; an enforced nonce that was used a moment ago gives the message it made then."""
        channel, permissions = self._channel_to_send_to(request)
        body = request.object()
        self._require_for_content(body, request, permissions)
        problems = Problems()
        nonce = _read_nonce(Form(body, problems))
        problems.refuse_if_any()
        if nonce is not None and body.get("enforce_nonce"):
            earlier = self._sent_with(channel, nonce)
            if earlier is not None:
                return Reply(body=earlier.payload())
        reply_to = _read_reference(body, channel, permissions)
        draft = read_message(self._world, MessageRequest(body=body, files=request.files, channel=channel))
        draft.nonce, draft.reply_to = nonce, reply_to
        message = Message(self._world, channel, self._world.bot, draft, kind=REPLY if reply_to else 0)
        message.publish()
        return Reply(body=message.payload())

    @staticmethod
    def _require_for_content(body: Json, request: Request, permissions: Permissions) -> None:
        needed = Permissions.ATTACH_FILES if request.files else Permissions.NONE
        if body.get("embeds"):
            needed |= Permissions.EMBED_LINKS
        if permissions & needed != needed:
            raise ApiError(MISSING_PERMISSIONS)

    def _sent_with(self, channel: Conversation, nonce: str | int) -> Message | None:
        oldest = self._world.now() - NONCE_WINDOW
        for message in reversed(channel.messages):
            if message.created_at < oldest:
                break
            if message.nonce == nonce and message.author is self._world.bot:
                return message
        return None

    async def edit_message(self, request: Request) -> Reply:
        """Edit one of the bot's own messages."""
        message, permissions = self._message(request)
        if message.author is not self._world.bot:
            raise ApiError(CANNOT_EDIT_OTHERS)
        body = request.object()
        self._require_for_content(body, request, permissions)
        message.apply(
            read_message(
                self._world,
                MessageRequest(body=body, files=request.files, channel=message.channel, base=message),
            )
        )
        return Reply(body=message.payload())

    async def delete_message(self, request: Request) -> Reply:
        """Delete a message: the bot's own, or with Manage Messages any."""
        message, permissions = self._message(request)
        if message.author is not self._world.bot and not permissions & Permissions.MANAGE_MESSAGES:
            raise ApiError(MISSING_PERMISSIONS)
        message.delete()
        return NO_BODY


def _page(
    messages: list[Message],
    limit: int,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
) -> list[Message]:
    """At most `limit` messages, oldest first, on the asked side of a message."""
    if around is not None:
        older = [message for message in messages if message.id < around][-(limit // 2) :]
        newer = [message for message in messages if message.id >= around]
        return [*older, *newer][:limit]
    if before is not None:
        messages = [message for message in messages if message.id < before]
    if after is not None:
        return [message for message in messages if message.id > after][:limit]
    return messages[-limit:]


def _read_nonce(form: Form) -> str | int | None:
    nonce = form.body.get("nonce")
    form.boolean("enforce_nonce")
    if isinstance(nonce, int) and not isinstance(nonce, bool):
        return nonce
    return form.text("nonce", maximum=25)


def _read_reference(body: Json, channel: Conversation, permissions: Permissions) -> Message | None:
    problems = Problems()
    reference = Form(body, problems).object("message_reference")
    wanted = reference.snowflake("message_id", required=True) if reference else None
    elsewhere = reference.snowflake("channel_id") if reference else None
    problems.refuse_if_any()
    if reference is None or wanted is None:
        return None
    if not permissions & Permissions.READ_MESSAGE_HISTORY:
        raise ApiError(CANNOT_REPLY_WITHOUT_HISTORY)
    found = channel.find(wanted) if elsewhere in {None, channel.id} else None
    if found is None or found.ephemeral:
        if reference.body.get("fail_if_not_exists") is False:
            return None
        raise refuse(("message_reference",), "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
    return found

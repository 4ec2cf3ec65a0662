"""Interactions from the moment a member acts until their token dies."""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from sandbox.discord.channels import Channel
from sandbox.discord.errors import (
    INVALID_WEBHOOK_TOKEN,
    UNKNOWN_INTERACTION,
    UNKNOWN_WEBHOOK,
    ApiError,
    Json,
)
from sandbox.discord.messages import Attachment, Message, walk_components
from sandbox.discord.places import Member

if TYPE_CHECKING:
    from sandbox.discord.world import World

COMMAND: Final = 2
COMPONENT: Final = 3
AUTOCOMPLETE: Final = 4
MODAL_SUBMIT: Final = 5

FIRST_ANSWER_WITHIN: Final = timedelta(seconds=3)
TOKEN_LIFETIME: Final = timedelta(minutes=15)
KEPT_RUNS: Final = 20_000
"""Interactions remembered at once; the oldest are forgotten, as if their token had died."""

AnswerKind = Literal["message", "deferred", "deferred_update", "update", "autocomplete", "modal"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The application's first answer to an interaction."""

    kind: AnswerKind
    ephemeral: bool
    latency_seconds: float
    """From sending the interaction to having dealt with its answer."""
    message: Message | None = None
    modal: Json | None = None
    choices: tuple[Json, ...] = ()

    @property
    def inputs(self) -> dict[str, Json]:
        """The inputs of the modal by custom id, with what they show: `value`, or `options` with their `default`."""
        parts = walk_components(self.modal["components"]) if self.modal else ()
        return {part["custom_id"]: part for part in parts if "custom_id" in part}


class Run:
    """One interaction: what a member did, and all that the application made of it."""

    def __init__(
        self,
        world: "World",
        *,
        kind: int,
        member: Member,
        channel: Channel,
        name: str,
        source: Message | None = None,
        parent: "Run | None" = None,
    ) -> None:
        self._world = world
        self.id = world.next_id()
        self.token = secrets.token_urlsafe(48)
        self.kind = kind
        self.member = member
        self.channel = channel
        self.name = name
        """The command's name, or the custom id of what was used."""
        self.source = source
        """The message whose component was used, if one was."""
        self.parent = parent
        """The interaction that opened the modal, if this is its submission."""
        self.target_id: int | None = None
        """What a context menu was opened on."""
        self.focused_type: int | None = None
        """The type of the option that autocompletion is asked for."""
        self.uploads: tuple[Attachment, ...] = ()
        """The files that the member gave, in their order."""
        self.created_at = world.now()
        self.sent_at = asyncio.get_running_loop().time()
        self.answer: Answer | None = None
        self.followups: list[Message] = []
        self._answered = asyncio.Event()

    def __repr__(self) -> str:
        state = self.answer.kind if self.answer else "unanswered"
        return f"<Run {self.name!r} by {self.member.name}: {state}>"

    @property
    def original(self) -> Message | None:
        """The message of the first answer, while it is there."""
        message = self.answer.message if self.answer else None
        return None if message is None or message.deleted else message

    @property
    def expired(self) -> bool:
        """Whether the member by now reads that the application did not respond."""
        return self.answer is None and self._world.now() - self.created_at > FIRST_ANSWER_WITHIN

    @property
    def token_alive(self) -> bool:
        """Whether the token still opens the interaction's webhook."""
        return self._world.now() - self.created_at < TOKEN_LIFETIME

    async def answered(self, timeout: float = 5.0) -> Answer:
        """Wait for the first answer. Raises `TimeoutError` without one after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._answered.wait()
        except TimeoutError:
            raise TimeoutError(f"no answer to {self!r} after {timeout:g} s") from None
        assert self.answer is not None
        return self.answer

    async def message(self, timeout: float = 5.0) -> Message:
        """Wait for the first answer and give its message.

        Raises `TimeoutError` without an answer, `LookupError` for one that is no message (a modal, suggestions).
        """
        answer = await self.answered(timeout)
        if answer.message is None:
            raise LookupError(f"{self!r} was not answered with a message")
        return answer.message

    def close(self, answer: Answer) -> None:
        """Take the first answer; there is no second."""
        self.answer = answer
        self._answered.set()

    def latency(self) -> float:
        """Seconds since the interaction was sent."""
        return asyncio.get_running_loop().time() - self.sent_at

    def metadata(self, message: Message) -> Json:
        """The interaction metadata of a message that answers it."""
        body: Json = {
            "id": str(self.id),
            "type": self.kind,
            "user": self.member.user.payload(),
            "authorizing_integration_owners": {"0": str(self.channel.guild.id)},
        }
        original = self.answer.message if self.answer else None
        if original is not None and original is not message:
            body["original_response_message_id"] = str(original.id)
        if self.kind == COMPONENT and self.source is not None:
            body["interacted_message_id"] = str(self.source.id)
        if self.kind == MODAL_SUBMIT and self.parent is not None:
            body["triggering_interaction_metadata"] = self.parent.metadata(message)
        if self.target_id is not None:
            is_member = self.target_id in self.channel.guild.members
            key = "target_user" if is_member else "target_message_id"
            body[key] = self.channel.guild.members[self.target_id].user.payload() if is_member else str(self.target_id)
        return body

    def payload(self, data: Json) -> Json:
        """INTERACTION_CREATE with everything that Discord sends along."""
        guild = self.channel.guild
        body: Json = {
            "id": str(self.id),
            "application_id": str(self._world.application_id),
            "type": self.kind,
            "data": data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "channel_id": str(self.channel.id),
            "channel": self.channel.partial_payload(self.member),
            "member": {
                **self.member.payload(),
                "permissions": str(int(self.member.permissions_in(self.channel))),
            },
            "token": self.token,
            "version": 1,
            "app_permissions": str(int(guild.bot.permissions_in(self.channel))),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": guild.attachment_size_limit,
        }
        if self.source is not None:
            body["message"] = self.source.payload()
        return body


class Interactions:
    """The interactions whose tokens the stand-in knows."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._runs: OrderedDict[str, Run] = OrderedDict()

    def add(self, run: Run) -> None:
        """Remember a new interaction."""
        self._runs[run.token] = run
        while len(self._runs) > KEPT_RUNS:
            self._runs.popitem(last=False)

    def all(self) -> list[Run]:
        """Every remembered interaction, oldest first."""
        return list(self._runs.values())

    def for_callback(self, interaction_id: int, token: str) -> Run:
        """The interaction to answer first. Raises `ApiError` 10062 if there is none or it took too long."""
        run = self._runs.get(token)
        if run is None or run.id != interaction_id or run.expired:
            raise ApiError(UNKNOWN_INTERACTION)
        return run

    def for_webhook(self, application_id: int, token: str) -> Run:
        """The answered interaction behind a webhook token.

        Raises `ApiError` 50027 for a token that died or never was, 10015 before the first answer.
        """
        run = self._runs.get(token)
        if run is None or not run.token_alive:
            raise ApiError(INVALID_WEBHOOK_TOKEN)
        if application_id != self._world.application_id or run.answer is None:
            raise ApiError(UNKNOWN_WEBHOOK)
        return run

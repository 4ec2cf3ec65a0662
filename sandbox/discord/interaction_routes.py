"""REST routes of interactions: the first answer, the original answer, follow-ups."""

from typing import Final

from sandbox.discord.bodies import MessageRequest, read_message
from sandbox.discord.command_schema import STRING, check_choice_value
from sandbox.discord.errors import ALREADY_ACKNOWLEDGED, UNKNOWN_MESSAGE, ApiError, Json
from sandbox.discord.faults import CALLBACK, FOLLOWUP, ORIGINAL, WEBHOOK_MESSAGE
from sandbox.discord.form import Form, Problems, refuse
from sandbox.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Answer,
    Interactions,
    Run,
)
from sandbox.discord.messages import (
    CHAT_INPUT_REPLY,
    CONTEXT_MENU_REPLY,
    EPHEMERAL,
    LOADING,
    REPLY,
    Draft,
    Message,
)
from sandbox.discord.modals import read_modal
from sandbox.discord.server import Reply, Request, Server
from sandbox.discord.world import World

MESSAGE: Final = 4
DEFERRED: Final = 5
DEFERRED_UPDATE: Final = 6
UPDATE: Final = 7
CHOICES: Final = 8
MODAL: Final = 9

MAX_CHOICES: Final = 25
NO_BODY: Final = Reply(status=204)


def allowed_answers(run: Run) -> tuple[int, ...]:
    """The answer types that this interaction can take."""
    updates = (DEFERRED_UPDATE, UPDATE) if run.source is not None else ()
    return {
        COMMAND: (MESSAGE, DEFERRED, MODAL),
        COMPONENT: (MESSAGE, DEFERRED, *updates, MODAL),
        AUTOCOMPLETE: (CHOICES,),
        MODAL_SUBMIT: (MESSAGE, DEFERRED, *updates),
    }[run.kind]


class InteractionRoutes:
    """Answers to interactions. Permissions of the bot in the channel do not matter here, as with Discord."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    def mount(self, server: Server) -> None:
        """Serve the routes; their token is in the path."""
        # Libraries expect no rate limit bucket on the callback: it is outside of the limits.
        server.add("POST", CALLBACK, self.callback, needs_token=False, limited=False)
        server.add("POST", FOLLOWUP, self.follow_up, needs_token=False)
        for template in (ORIGINAL, WEBHOOK_MESSAGE):
            server.add("GET", template, self.get_message, needs_token=False)
            server.add("PATCH", template, self.edit_message, needs_token=False)
            server.add("DELETE", template, self.delete_message, needs_token=False)

    async def callback(self, request: Request) -> Reply:
        """The first answer."""
        run = self._interactions.for_callback(request.id("interaction_id"), request.params["interaction_token"])
        body = request.object()
        if run.answer is not None:
            raise ApiError(ALREADY_ACKNOWLEDGED)
        kind = body.get("type")
        allowed = allowed_answers(run)
        if kind not in allowed:
            raise refuse(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
        data = body.get("data") or {}
        if not isinstance(data, dict):
            raise refuse(("data",), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        answer = self._answer(run, kind, data, request)
        run.close(answer)
        if kind in {MESSAGE, DEFERRED} and answer.message is not None:
            answer.message.publish()
        if not request.flag("with_response"):
            return NO_BODY
        return Reply(body=_callback_response(run, answer, kind))

    def _answer(self, run: Run, kind: int, data: Json, request: Request) -> Answer:
        if kind == CHOICES:
            choices = _read_choices(data, run)
            return Answer(kind="autocomplete", ephemeral=True, latency_seconds=run.latency(), choices=tuple(choices))
        if kind == MODAL:
            modal = read_modal(data, ("data",))
            return Answer(kind="modal", ephemeral=True, latency_seconds=run.latency(), modal=modal)
        if kind in {DEFERRED_UPDATE, UPDATE}:
            assert run.source is not None
            if kind == UPDATE:
                self._edit(run.source, data, request, path=("data",))
            return Answer(
                kind="update" if kind == UPDATE else "deferred_update",
                ephemeral=run.source.ephemeral,
                latency_seconds=run.latency(),
                message=run.source,
            )
        message = self._create(run, data, request, deferred=kind == DEFERRED)
        return Answer(
            kind="deferred" if kind == DEFERRED else "message",
            ephemeral=message.ephemeral,
            latency_seconds=run.latency(),
            message=message,
        )

    def _create(self, run: Run, data: Json, request: Request, *, deferred: bool) -> Message:
        ephemeral = bool(_flags(data) & EPHEMERAL)
        if deferred:
            draft = Draft(flags=LOADING)
        else:
            draft = read_message(
                self._world,
                MessageRequest(
                    body=data,
                    files=request.files,
                    channel=run.channel,
                    may_be_ephemeral=True,
                    ephemeral=ephemeral,
                    path=("data",),
                ),
            )
        if run.kind == COMPONENT or (run.kind == MODAL_SUBMIT and run.source is not None):
            kind = REPLY
            draft.reply_to = run.source
        else:
            kind = CHAT_INPUT_REPLY if run.target_id is None else CONTEXT_MENU_REPLY
        return self._message(run, draft, kind, ephemeral)

    def _message(self, run: Run, draft: Draft, kind: int, ephemeral: bool) -> Message:
        return Message(
            self._world,
            run.channel,
            self._world.bot,
            draft,
            kind=kind,
            run=run,
            visible_to=run.member if ephemeral else None,
        )

    async def follow_up(self, request: Request) -> Reply:
        """A further message; right after a deferred answer it takes that answer's place."""
        run = self._run(request)
        body = request.object()
        original = run.original
        if original is not None and original.loading:
            self._edit(original, body, request)
            return Reply(body=original.payload())
        ephemeral = bool(_flags(body) & EPHEMERAL)
        draft = read_message(
            self._world,
            MessageRequest(
                body=body,
                files=request.files,
                channel=run.channel,
                may_be_ephemeral=True,
                ephemeral=ephemeral,
            ),
        )
        draft.reply_to = original
        message = self._message(run, draft, REPLY if original else CHAT_INPUT_REPLY, ephemeral)
        run.followups.append(message)
        message.publish()
        return Reply(body=message.payload())

    async def get_message(self, request: Request) -> Reply:
        """One of the interaction's own messages."""
        return Reply(body=self._own_message(request).payload())

    async def edit_message(self, request: Request) -> Reply:
        """Edit one of the interaction's own messages."""
        message = self._own_message(request)
        self._edit(message, request.object(), request)
        return Reply(body=message.payload())

    async def delete_message(self, request: Request) -> Reply:
        """Delete one of the interaction's own messages."""
        self._own_message(request).delete()
        return NO_BODY

    def _edit(self, message: Message, body: Json, request: Request, path: tuple[str | int, ...] = ()) -> None:
        if message.deleted:
            raise ApiError(UNKNOWN_MESSAGE)
        message.apply(
            read_message(
                self._world,
                MessageRequest(
                    body=body,
                    files=request.files,
                    channel=message.channel,
                    base=message,
                    ephemeral=message.ephemeral,
                    path=path,
                ),
            )
        )

    def _run(self, request: Request) -> Run:
        return self._interactions.for_webhook(request.id("webhook_id"), request.params["webhook_token"])

    def _own_message(self, request: Request) -> Message:
        run = self._run(request)
        if "message_id" not in request.params:
            message = run.original
        else:
            wanted = request.id("message_id")
            # A press also opens the message that its button is on, ephemeral ones included.
            own = [*run.followups, *(found for found in (run.original, run.source) if found is not None)]
            message = next((found for found in own if found.id == wanted and not found.deleted), None)
        if message is None:
            raise ApiError(UNKNOWN_MESSAGE)
        return message


def _callback_response(run: Run, answer: Answer, kind: int) -> Json:
    interaction: Json = {"id": str(run.id), "type": run.kind}
    body: Json = {"interaction": interaction}
    message = answer.message
    if message is not None:
        interaction["response_message_id"] = str(message.id)
        interaction["response_message_loading"] = message.loading
        interaction["response_message_ephemeral"] = message.ephemeral
        if kind in {MESSAGE, UPDATE}:
            body["resource"] = {"type": kind, "message": message.payload()}
    return body


def _flags(body: Json) -> int:
    flags = body.get("flags")
    return flags if isinstance(flags, int) else 0


def _read_choices(data: Json, run: Run) -> list[Json]:
    problems = Problems()
    form = Form(data, problems, ("data",))
    choices: list[Json] = []
    for choice in form.objects("choices", maximum=MAX_CHOICES, required=True):
        choice.text("name", minimum=1, maximum=100, required=True)
        check_choice_value(choice, run.focused_type or STRING)
        choices.append(choice.body)
    problems.refuse_if_any()
    return choices

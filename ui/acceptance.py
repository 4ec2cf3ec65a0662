"""The one way from an interaction to a job: every command, button and form that starts one comes through here.

The first answer is the public card or a private refusal, in time. Where the database is too slow for that, the
answer is deferred in public and turned into the card, or taken back, by a task that outlives the command.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from io import BufferedIOBase
from typing import Any, BinaryIO, Final, cast

import discord

from clock import Clock
from errors import ConfirmationNeeded, MissingBotPermissions, StorageError
from generation.confirming import DRAFT_KIND, content_of
from generation.drafts import Drafts
from generation.service import PLAIN_RECIPE, Acceptance, GenerationService
from models import GenerationRequest, Origin
from permissions import missing_to_post
from recipes import Recipe
from ui import answers, cards, confirmation, wording
from ui.language import speaking
from ui.tasks import OwnedTasks
from ui.turnstile import Turnstile

log = logging.getLogger(__name__)

# discord.py waits a second before it repeats a call that Discord failed at. A refusal that came sooner is the
# answer to the only call there was; a later one may hide that the first call did make the card.
_ONLY_CALL_SECONDS: Final = 1.0
_TIMING_OUT: Final = frozenset({408, 429})

# A card with an image must be there before the runner asks for it (`generation.timing.CARD_WAIT_WITH_IMAGE`).
IMAGE_SECONDS: Final = 30.0
# Uploads share their connections with the answers to commands, which must never wait for them.
_UPLOADS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenImage:
    """An image that a member gave, checked and made small: an open file, and the name that the request has for it."""

    filename: str
    file: BinaryIO


class Outcome(Enum):
    """What is known about an answer that Discord was given."""

    ANSWERED = auto()
    REFUSED = auto()
    UNKNOWN = auto()


class Acceptor:
    """Takes generation requests from interactions to the service, and its answer to the channel."""

    def __init__(
        self,
        service: GenerationService,
        *,
        drafts: Drafts,
        tasks: OwnedTasks,
        turnstile: Turnstile,
        clock: Clock,
    ) -> None:
        self._service = service
        self._drafts = drafts
        self._tasks = tasks
        self._turnstile = turnstile
        self._clock = clock
        self._uploading = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def accept(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        *,
        recipe: Recipe = PLAIN_RECIPE,
        image: GivenImage | None = None,
        draft_id: str | None = None,
        confirmed: bool = False,
        afterwards: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Have the request accepted and answer with its card. Raises what the service refuses it with.

        Where the guild wants a confirming press that has not been `confirmed`, the private question is the answer.
        `image` is the member's own, which the request names: it is put on the card, and closed here. `afterwards` is
        called once there is a job and everything was done for its card, and not where the request was refused. The
        interaction may have been deferred in public before. What is not certain afterwards (the callback timed
        out, say) is left to the runner: it asks Discord for the card before anything is spent.
        """
        with contextlib.ExitStack() as until_done:
            if image is not None:
                until_done.enter_context(image.file)
            accepting = self._tasks.start(
                self._service.accept(
                    origin_of(interaction, with_image=image is not None),
                    request,
                    recipe=recipe,
                    draft_id=draft_id,
                    confirmed=confirmed,
                ),
                name=f"accept {interaction.id}",
            )
            await asyncio.wait({accepting}, timeout=answers.FIRST_ANSWER_SECONDS)
            if accepting.done():
                try:
                    acceptance = accepting.result()  # raises before anything is said in public
                except ConfirmationNeeded as needed:
                    await self._ask(interaction, request, recipe, image, needed)
                    return
                if image is None and not interaction.response.is_done():
                    await self._answer(interaction, acceptance)
                    if afterwards is not None:
                        await afterwards()
                    return
            late = self._tasks.launch(
                self._answer_late(interaction, accepting, request, recipe, image, afterwards),
                name=f"late answer {interaction.id}",
            )
            kept_open = until_done.pop_all()
            late.add_done_callback(lambda _: kept_open.close())

    async def _answer(self, interaction: discord.Interaction[Any], acceptance: Acceptance) -> None:
        job_id = acceptance.job.job_id
        await self._turnstile.passed()  # one commit can bring hundreds here in the same instant
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(answers.SEND_SECONDS):
                answer = await answers.respond(interaction.response.send_message(view=_card(acceptance)))
        except answers.CALL_FAILURES as error:
            outcome = outcome_of(error, after_seconds=self._clock.monotonic() - started)
            log.warning("the card met %r: %s", error, outcome.name.lower(), extra={"job_id": job_id})
            if outcome is Outcome.REFUSED:
                await self._service.card_refused(job_id)
            elif outcome is Outcome.ANSWERED:
                await self._look_up_card(interaction, job_id)
        else:
            if answer is None or answer.message_id is None:
                await self._look_up_card(interaction, job_id)
            else:
                await self._card_sent(job_id, answer.message_id)

    async def _answer_late(
        self,
        interaction: discord.Interaction[Any],
        accepting: "asyncio.Task[Acceptance]",
        request: GenerationRequest,
        recipe: Recipe,
        image: GivenImage | None,
        afterwards: Callable[[], Awaitable[None]] | None,
    ) -> None:
        """Defer in public and edit that into the card: an image takes longer to send than an answer may take."""
        outcome = Outcome.ANSWERED if interaction.response.is_done() else await self._defer(interaction)
        try:
            try:
                acceptance = await accepting
            except ConfirmationNeeded as needed:
                if outcome is not Outcome.REFUSED:
                    await self._ask(interaction, request, recipe, image, needed)
                return
        except Exception as error:  # noqa: BLE001 - the error map knows what to do with each
            if outcome is not Outcome.REFUSED:
                await answers.report(interaction, error)
            return
        if outcome is Outcome.REFUSED:
            await self._service.card_refused(acceptance.job.job_id)
        else:
            await self._edit_into_card(interaction, acceptance, image)
        if afterwards is not None:
            await afterwards()

    async def _ask(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        recipe: Recipe,
        image: GivenImage | None,
        needed: ConfirmationNeeded,
    ) -> None:
        """Ask in private whether so much is to be spent; the wish waits in a draft."""
        draft = await self._drafts.create(
            guild_id=interaction.guild_id or 0,
            user_id=interaction.user.id,
            kind=DRAFT_KIND,
            content=content_of(request, recipe),
            files=None if image is None else {image.filename: image.file},
        )
        await answers.hand(interaction, confirmation.question(draft.draft_id, needed))

    async def _edit_into_card(
        self, interaction: discord.Interaction[Any], acceptance: Acceptance, image: GivenImage | None
    ) -> None:
        job_id = acceptance.job.job_id
        try:
            if image is None:
                async with asyncio.timeout(answers.SEND_SECONDS):
                    message = await interaction.edit_original_response(view=_card(acceptance))
            else:
                message = await self._edit_with_image(interaction, acceptance, image)
        except answers.CALL_FAILURES as error:
            log.warning("the late card met %r", error, extra={"job_id": job_id})
        else:
            await self._card_sent(job_id, message.id)

    async def _edit_with_image(
        self, interaction: discord.Interaction[Any], acceptance: Acceptance, image: GivenImage
    ) -> discord.InteractionMessage:
        card = _card(acceptance)
        file = discord.File(
            cast("BufferedIOBase", image.file), filename=image.filename, description=wording.given_image()
        )
        # The wait for a turn counts: whoever comes after the runner has looked would draw over what it says.
        with contextlib.closing(file):  # until then discord.py keeps the file below from being closed
            async with asyncio.timeout(IMAGE_SECONDS), self._uploading:
                return await interaction.edit_original_response(view=card, attachments=[file])

    async def _defer(self, interaction: discord.Interaction[Any]) -> Outcome:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(answers.SEND_SECONDS):
                await interaction.response.defer(thinking=True)
        except answers.CALL_FAILURES as error:
            outcome = outcome_of(error, after_seconds=self._clock.monotonic() - started)
            log.warning("interaction %d was not deferred: %r", interaction.id, error)
            return outcome
        return Outcome.ANSWERED

    async def _look_up_card(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """An answer was made by a call that seemed to fail: learn which message it is."""
        try:
            async with asyncio.timeout(answers.SEND_SECONDS):
                message = await interaction.original_response()
        except (discord.ClientException, *answers.CALL_FAILURES) as error:
            log.info("the card could not be looked up: %r", error, extra={"job_id": job_id})
        else:
            await self._card_sent(job_id, message.id)

    async def _card_sent(self, job_id: str, message_id: int | None) -> None:
        if message_id is None:
            log.warning("Discord did not say which message the card is", extra={"job_id": job_id})
            return
        try:
            await self._service.card_sent(job_id, message_id)
        except StorageError as error:
            # The member has the card already; the runner asks Discord for it once the database works again.
            log.error("the card could not be noted: %s", error, extra={"job_id": job_id})


def origin_of(interaction: discord.Interaction[Any], *, with_image: bool = False) -> Origin:
    """Where the wish comes from, with the permissions that the bot lacks there; an image needs one more.

    Raises MissingBotPermissions for a place that is no channel known to discord.py: nothing can be posted there.
    """
    channel, guild_id = interaction.channel, interaction.guild_id
    if channel is None or guild_id is None:
        raise MissingBotPermissions(("VIEW_CHANNEL",))
    return Origin(
        interaction_id=interaction.id,
        interaction_token=interaction.token,
        application_id=interaction.application_id,
        guild_id=guild_id,
        channel_id=channel.id,
        user_id=interaction.user.id,
        locale=str(interaction.locale),
        missing_permissions=missing_to_post(
            interaction.app_permissions.value, in_thread=isinstance(channel, discord.Thread), with_image=with_image
        ),
        role_ids=role_ids_of(interaction.user),
        joined_at=interaction.user.joined_at if isinstance(interaction.user, discord.Member) else None,
        # A channel's own parent is its category, which is none that anything follows.
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
    )


def role_ids_of(user: discord.User | discord.Member) -> tuple[int, ...]:
    """The ids of a member's roles, without @everyone; of somebody who is no member of the guild, none.

    `Member.roles` leaves out what discord.py has not been told of yet: a role made a moment ago, and all of them
    until the guild arrives after a start. What the interaction itself says is only in the attribute behind it.
    """
    return tuple(user._roles) if isinstance(user, discord.Member) else ()


def outcome_of(error: BaseException, *, after_seconds: float) -> Outcome:
    """What a failed first answer means; `after_seconds` is how long the call took."""
    if not isinstance(error, discord.HTTPException):
        return Outcome.UNKNOWN
    if error.code == answers.ALREADY_ACKNOWLEDGED:
        return Outcome.ANSWERED
    final = 400 <= error.status < 500 and error.status not in _TIMING_OUT
    return Outcome.REFUSED if final and after_seconds < _ONLY_CALL_SECONDS else Outcome.UNKNOWN


def _card(acceptance: Acceptance) -> cards.Card:
    with speaking(acceptance.job.origin.locale):  # the guild may have chosen another than the member's
        return cards.for_job(acceptance.job, place=acceptance.place, usual=acceptance.usual, left=acceptance.left)

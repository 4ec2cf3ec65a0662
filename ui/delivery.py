"""Changes cards on Discord: by the interaction's token while that is valid, then as the bot's own message.

Both ways are one idempotent edit, so all of it may be repeated after a crash or a timeout. Discord's answers
become CardGone or DeliveryUnavailable here, and nowhere else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, cast

import discord

from clock import Clock
from errors import CardGone, DeliveryError, DeliveryUnavailable
from generation import inputs
from generation.delivery import GivenFile, ReleasedImage, UsualTime
from models import GuildSettings, Job, Verdict
from ui import cards, wording
from ui.answers import CALL_FAILURES, INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK
from ui.card_files import files_on
from ui.cards import Card
from ui.language import speaking
from ui.thumbnails import Thumbnails
from ui.uploads import FILE_BYTES, Limits, Upload, Uploads

log = logging.getLogger(__name__)

# Tokens die at 15 minutes; calls with a dead one count towards Discord's ban for invalid requests.
TOKEN_LASTS: Final = timedelta(minutes=14)
# discord.py repeats a 5xx on its own, waiting longer each time. Past this the runner tries again instead.
EDIT_SECONDS: Final = 10.0
UPLOAD_SECONDS: Final = 120.0
# Uploads share their connections with the answers to commands, which must never wait for them.
_UPLOADS_AT_ONCE: Final = 8
# 10 MiB halved four times is 640 KiB a file: below what any proxy refuses.
_SHRINKING_TRIES: Final = 5

_REQUEST_TOO_LARGE: Final = 40005
# 401 is about the bot's own token here: nothing that is wrong with the card.
_PASSING: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
# Discord takes this word in place of a message's id; discord.py's annotation knows only numbers.
_ORIGINAL: Final = cast("int", "@original")


class DiscordDelivery:
    """`generation.delivery.Delivery` on Discord."""

    def __init__(self, client: discord.Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._uploads = Uploads()
        self._uploading = asyncio.Semaphore(_UPLOADS_AT_ONCE)
        self._thumbnails = Thumbnails(self._files, clock=clock)

    async def find_card(self, job: Job) -> int | None:
        """The message id of the answer to the job's interaction, or None where there is none."""
        if not self._token_is_valid(job):
            return None
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                message = await self._webhook(job).fetch_message(_ORIGINAL)
        except discord.NotFound:
            return None
        except CALL_FAILURES as error:
            if _token_refused(error):
                return None
            raise translated(error) from error
        return message.id

    async def image_addresses(self, job: Job) -> Mapping[str, str]:
        """Fresh addresses of the files on the job's card, by file name: Discord signs them for about a day.

        Those of a gallery come first, in its order.
        """
        try:
            return {file.filename: file.url for file in await self._files(job)}
        except CALL_FAILURES as error:
            raise translated(error) from error

    async def thumbnails(self, jobs: Sequence[Job]) -> dict[str, str]:
        """The addresses of the first picture on the card of each job, by job id, where they can be had at once."""
        return await self._thumbnails.of(jobs)

    async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
        """Make the card say what the job's status is."""
        with speaking(job.origin.locale):
            card = cards.for_job(job, usual=usual)
        # Until a job is over, the provider may still have to fetch the member's image from its card.
        bare = job.status.is_terminal and not job.is_shown
        try:
            await self._edit(job, card, bare=bare, within_seconds=EDIT_SECONDS)
        except CALL_FAILURES as error:
            _log_bad_card(job, error)
            raise translated(error) from error

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        given: GivenFile | None = None,
    ) -> None:
        """Make the card the gallery of these images, re-encoded as small as Discord wants them.

        `given` is uploaded as well where the card has not got the member's image.
        """

        async def send(uploads: Sequence[Upload]) -> None:
            with speaking(job.origin.locale):
                await self._send_gallery(job, uploads, verdicts, guild, given)

        await self.send_fitted(job, images, guild, send)

    async def hand_over(
        self,
        interaction: discord.Interaction[Any],
        job: Job,
        images: Sequence[ReleasedImage],
        *,
        guild: GuildSettings,
        view: Callable[[Sequence[str]], Card],
    ) -> None:
        """Edit the images into the answer of an interaction, which was deferred in private.

        `view` makes that message from the names of the files. Raises DeliveryError.
        """

        async def send(uploads: Sequence[Upload]) -> None:
            with opened_files(job, uploads) as files:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await interaction.edit_original_response(
                        view=view([upload.filename for upload in uploads]), attachments=files
                    )

        await self.send_fitted(job, images, guild, send)

    async def send_fitted(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        guild: GuildSettings,
        send: Callable[[Sequence[Upload]], Awaitable[None]],
    ) -> None:
        """Have the images sent, smaller and smaller until Discord takes them. Raises DeliveryError."""
        limits = self._limits(job)
        async with self._uploading:
            for _ in range(_SHRINKING_TRIES):
                try:
                    async with self._uploads.fitted(job, images, limits, recipe=guild.recipe_in_files) as uploads:
                        await send(uploads)
                except CALL_FAILURES as error:
                    if not too_large(error):
                        _log_bad_card(job, error)
                        raise translated(error) from error
                    log.warning(
                        "Discord found %d bytes a file too large", limits.file_bytes, extra={"job_id": job.job_id}
                    )
                    limits = limits.halved()
                else:
                    return
        raise DeliveryUnavailable("Discord found even the smallest pictures too large")

    async def notify(self, job: Job) -> None:
        """Reply to the card with a mention of the author, who alone is notified."""
        if job.message_id is None:
            raise CardGone("the card is not known")
        card = self._message(job, job.message_id)
        author = discord.Object(job.origin.user_id)
        with speaking(job.origin.locale):
            words = wording.late_notice(job)
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await card.channel.send(
                    words,
                    reference=card,
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, roles=False, users=[author], replied_user=False
                    ),
                    # discord.py repeats a POST after a 5xx; with a nonce Discord answers with the first message.
                    nonce=str(job.origin.interaction_id),
                )
        except CALL_FAILURES as error:
            raise translated(error) from error

    async def remove(self, job: Job) -> None:
        """Delete the job's card; one that is gone already is as good as deleted.

        Raises CardGone where Discord does not let the bot, or DeliveryUnavailable.
        """
        if job.message_id is None:
            raise CardGone("the card is not known")
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await self._message(job, job.message_id).delete()
        except discord.NotFound:
            log.info("the card was gone already", extra={"job_id": job.job_id})
        except CALL_FAILURES as error:
            raise translated(error) from error

    async def _files(self, job: Job) -> Sequence[discord.Attachment]:
        """What lies on the card at present. Raises CALL_FAILURES, or CardGone."""
        if job.message_id is None:
            raise CardGone("the card is not known")
        async with asyncio.timeout(EDIT_SECONDS):
            if self._token_is_valid(job):
                try:
                    message: discord.Message = await self._webhook(job).fetch_message(job.message_id)
                except discord.HTTPException as error:
                    if not _token_refused(error):
                        raise
                else:
                    return files_on(message)
            return files_on(await self._message(job, job.message_id).fetch())

    async def _send_gallery(
        self,
        job: Job,
        uploads: Sequence[Upload],
        verdicts: Sequence[Verdict],
        guild: GuildSettings,
        given: GivenFile | None,
    ) -> None:
        names = inputs.names(job.request)
        kept = [file for file in await self._files(job) if file.filename in names] if names else []
        alt_text = cards.alt_text(job)
        pictures = [cards.Picture(filename=upload.filename, alt_text=alt_text) for upload in uploads]
        with ExitStack() as opened:
            beside = kept[0].filename if kept else None
            if beside is None and given is not None:
                beside = given.filename
                uploads = [*uploads, Upload(filename=beside, file=opened.enter_context(given.path.open("rb")))]
            card = cards.gallery(job, pictures, verdicts, spoiler=guild.spoilers, given=beside)
            await self._edit(job, card, uploads=uploads, kept=kept, within_seconds=UPLOAD_SECONDS)

    async def _edit(
        self,
        job: Job,
        card: Card,
        *,
        uploads: Sequence[Upload] = (),
        kept: Sequence[discord.Attachment] = (),
        bare: bool = False,
        within_seconds: float,
    ) -> None:
        """Edit by the token if it is valid and Discord agrees, otherwise as a message. Raises CALL_FAILURES.

        Without `uploads` the card keeps the files that it has, unless it is to be `bare`.
        """
        if job.message_id is None:
            raise CardGone("the card is not known")
        unchanged = discord.utils.MISSING if not (bare or kept or uploads) else None
        if self._token_is_valid(job):
            try:
                with opened_files(job, uploads) as files:
                    async with asyncio.timeout(within_seconds):
                        await self._webhook(job).edit_message(
                            job.message_id, view=card, attachments=[*kept, *files] if unchanged is None else unchanged
                        )
            except discord.HTTPException as error:
                if not _token_refused(error):
                    raise
                log.info("the interaction's token is not taken any more", extra={"job_id": job.job_id})
            else:
                return
        with opened_files(job, uploads) as files:
            async with asyncio.timeout(within_seconds):
                await self._message(job, job.message_id).edit(
                    view=card, attachments=[*kept, *files] if unchanged is None else unchanged
                )

    def _token_is_valid(self, job: Job) -> bool:
        return bool(job.origin.interaction_token) and self._clock.now() - job.created_at < TOKEN_LASTS

    def _webhook(self, job: Job) -> discord.Webhook:
        origin = job.origin
        return discord.Webhook.partial(origin.application_id, origin.interaction_token, client=self._client)

    def _message(self, job: Job, message_id: int) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(job.origin.channel_id, guild_id=job.origin.guild_id)
        return channel.get_partial_message(message_id)

    def _limits(self, job: Job) -> Limits:
        """A boosted guild takes larger files; the limit of the whole request stays what it is."""
        guild = self._client.get_guild(job.origin.guild_id)
        return Limits(file_bytes=max(FILE_BYTES, guild.filesize_limit if guild else 0))


@contextmanager
def opened_files(job: Job, uploads: Sequence[Upload]) -> Iterator[list[discord.File]]:
    """New files for one request, closed whatever becomes of it."""
    alt_text = cards.alt_text(job)
    with ExitStack() as stack:
        files = []
        for upload in uploads:
            file = upload.as_file(alt_text)
            stack.callback(file.close)
            files.append(file)
        yield files


def _token_refused(error: BaseException) -> bool:
    """Whether Discord does not take the token (any more), which says nothing about the card."""
    return isinstance(error, discord.HTTPException) and (
        error.status == HTTPStatus.UNAUTHORIZED or error.code in {INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK}
    )


def too_large(error: BaseException) -> bool:
    return isinstance(error, discord.HTTPException) and (
        error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or error.code == _REQUEST_TOO_LARGE
    )


def _log_bad_card(job: Job, error: BaseException) -> None:
    """A card that Discord finds wrong is a fault of ours, which the operator can report."""
    if isinstance(error, discord.HTTPException) and error.status == HTTPStatus.BAD_REQUEST:
        log.error("Discord refuses the card itself, code %d", error.code, extra={"job_id": job.job_id})


def translated(error: BaseException) -> DeliveryError:
    """What a failed call to Discord means for a card.

    A final no (deleted message or channel, no access, a guild that removed the bot) is CardGone, and so is a
    card that Discord finds wrong: sending the same again changes nothing. Everything else may pass.
    """
    if isinstance(error, discord.RateLimited):
        return DeliveryUnavailable("Discord's rate limit", retry_after=error.retry_after)
    if not isinstance(error, discord.HTTPException):
        return DeliveryUnavailable(f"no edit came about: {type(error).__name__}")
    said = f"Discord answered {error.status}, code {error.code}"
    if error.status in _PASSING or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryUnavailable(said, retry_after=_retry_after(error))
    return CardGone(said)


def _retry_after(error: discord.HTTPException) -> float | None:
    try:
        return float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return None

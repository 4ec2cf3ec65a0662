"""Answers interactions in private, in time, and maps every error to what the member is told about it.

Discord wants the first answer within 3 s and takes exactly one; everything after it is a follow-up or an edit.
"""

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import aiohttp
import discord
from discord import app_commands

from errors import DuplicateInteraction, EaselError, Refusal
from ui import cards, refusals, wording

log = logging.getLogger(__name__)

# A third of Discord's 3 s stays for the way there and back.
FIRST_ANSWER_SECONDS: Final = 2.0
# Long enough for discord.py's own second try, short enough to be over before anybody asks for the message.
SEND_SECONDS: Final = 5.0
# The same where files go along.
SEND_FILES_SECONDS: Final = 30.0

UNKNOWN_INTERACTION: Final = 10062
UNKNOWN_WEBHOOK: Final = 10015
ALREADY_ACKNOWLEDGED: Final = 40060
INVALID_WEBHOOK_TOKEN: Final = 50027
# With these codes the interaction is over: calling again only brings the ban for invalid requests nearer.
_DEAD: Final = frozenset({UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, ALREADY_ACKNOWLEDGED, INVALID_WEBHOOK_TOKEN})
# What a call to Discord can end with besides success; TimeoutError and connection faults are OSErrors.
CALL_FAILURES: Final = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)

_DEFERRED_PRIVATELY: Final = "easel.deferred_privately"

_T = TypeVar("_T")


async def patiently(interaction: discord.Interaction[Any], work: Coroutine[Any, Any, _T], *, apart: bool = False) -> _T:
    """The result of `work`; where that takes long, the interaction is deferred meanwhile so that it lives on.

    A command is deferred in private. A button or form is deferred without any visible change, to be answered with
    `replace`, or in private where the answer is a message `apart` from the one it is on. Answer with `show` then.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=FIRST_ANSWER_SECONDS)
        if not task.done():
            await defer_privately(interaction, apart=apart)
        return await task
    finally:
        task.cancel()  # has no effect on a task that is done


async def defer_privately(interaction: discord.Interaction[Any], *, apart: bool = True) -> None:
    """Keep the place of a private answer that takes a while: a message of its own where `apart`."""
    interaction.extras[_DEFERRED_PRIVATELY] = True
    async with asyncio.timeout(SEND_SECONDS):
        await interaction.response.defer(ephemeral=True, thinking=apart)


async def defer_publicly(interaction: discord.Interaction[Any]) -> None:
    """Keep the place of a card that takes a while: everybody sees that something is coming."""
    async with asyncio.timeout(SEND_SECONDS):
        await interaction.response.defer(thinking=True)


async def respond(call: Coroutine[Any, Any, _T]) -> _T | None:
    """The result of a first answer's call; None where Discord took it, but did not say as which message."""
    try:
        return await call
    except (TypeError, KeyError) as error:  # discord.py reads the answer's body, which is not always there
        log.info("an answer was taken without saying as what: %r", error)
        return None


async def show(interaction: discord.Interaction[Any], card: cards.Card, *, files: Sequence[discord.File] = ()) -> None:
    """Answer a command with a private message; the answer's place is kept if it was deferred.

    Whoever opened the `files` closes them. They take longer to send than an answer may take: defer before.
    """
    with _lent(files):
        async with asyncio.timeout(SEND_FILES_SECONDS if files else SEND_SECONDS):
            if interaction.response.is_done():
                await interaction.edit_original_response(view=card, attachments=files or discord.utils.MISSING)
            else:
                await respond(interaction.response.send_message(view=card, files=files, ephemeral=True))


async def replace(
    interaction: discord.Interaction[Any], card: cards.Card, *, files: Sequence[discord.File] | None = None
) -> None:
    """Answer a button by changing the message that it is on; `files` take the place of its files, None leaves them.

    As with `show`, whoever opened the files closes them, and has deferred the answer before.
    """
    attachments = discord.utils.MISSING if files is None else files
    with _lent(files or ()):
        async with asyncio.timeout(SEND_FILES_SECONDS if files else SEND_SECONDS):
            if interaction.response.is_done():
                await interaction.edit_original_response(view=card, attachments=attachments)
            else:
                await respond(interaction.response.edit_message(view=card, attachments=attachments))


async def replace_behind(interaction: discord.Interaction[Any], card: cards.Card) -> None:
    """Change the message that a button is on, without its files, where the answer was another message.

    The press opens that message for a quarter of an hour, a private one too. Never raises: it is logged instead.
    """
    if interaction.message is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await interaction.followup.edit_message(interaction.message.id, view=card, attachments=[])
    except CALL_FAILURES as error:
        log.info("the message behind interaction %d was not changed: %r", interaction.id, error)


async def tell(interaction: discord.Interaction[Any], words: str) -> None:
    """Tell the member something in private, whatever was answered before. Never raises: it is logged instead.

    A public deferral is taken back first: the channel need not see a refusal.
    """
    await hand(interaction, cards.notice(words))


async def hand(interaction: discord.Interaction[Any], card: cards.Card) -> None:
    """The same with any private message."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await _tell(interaction, card)
    except CALL_FAILURES as error:
        log.info("interaction %d got no private answer: %r", interaction.id, error)


async def _tell(interaction: discord.Interaction[Any], card: cards.Card) -> None:
    answered = interaction.response.type
    if answered is None:
        await respond(interaction.response.send_message(view=card, ephemeral=True))
    elif answered is not discord.InteractionResponseType.deferred_channel_message:
        await interaction.followup.send(view=card, ephemeral=True)
    elif interaction.extras.get(_DEFERRED_PRIVATELY):
        await interaction.edit_original_response(view=card)
    else:
        # In this order: Discord turns a first follow-up into the deferred answer while that one is there.
        await interaction.delete_original_response()
        await interaction.followup.send(view=card, ephemeral=True)


async def report(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the member about an error: the one map from exceptions to words. Never raises.

    A refusal is worded as such. Anything else is a fault of ours: the log has it under a short reference,
    and the member sees that reference. An interaction that is over gets no further call.
    """
    cause = _cause(error)
    if isinstance(cause, Refusal):
        log.debug("interaction %d refused: %s", interaction.id, cause)
        await hand(interaction, refusals.card(cause))
    elif isinstance(cause, DuplicateInteraction):
        log.info("%s: its first delivery is the one that is answered", cause)
    elif isinstance(cause, discord.HTTPException) and cause.code in _DEAD:
        log.info("interaction %d is over: %s", interaction.id, cause)
    elif isinstance(cause, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("interaction %d is for a command that has changed: %s", interaction.id, cause)
        await tell(interaction, wording.command_changed())
    else:
        reference = secrets.token_hex(4)
        log.error("interaction %d failed, reference %s", interaction.id, reference, exc_info=cause)
        await tell(interaction, wording.failure(cause, reference))


@contextmanager
def _lent(files: Sequence[discord.File]) -> Iterator[None]:
    """discord.py takes the `close` of an open file away, and some of its ways to send one don't give it back."""
    try:
        yield
    finally:
        for file in files:
            file.close()


def _cause(error: BaseException) -> BaseException:
    """What really happened, below discord.py's wrappers of what commands and options raise."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, EaselError):
        return error.__cause__
    return error

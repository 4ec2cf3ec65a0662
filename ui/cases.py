"""Shows the cases of guilds in their moderators' channels: sends their cards, finds them again, and edits them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, Final

import discord

from errors import AlertRefused, CardGone, DeliveryError, DeliveryUnavailable
from models import GuildSettings
from moderation import Case, CaseKind
from ui import posting
from ui.answers import CALL_FAILURES
from ui.card_files import files_on
from ui.cards import Card
from ui.case_cards import CaseSheet, CaseView
from ui.delivery import UPLOAD_SECONDS, DiscordDelivery, opened_files, too_large
from ui.language import speaking
from ui.uploads import Upload
from ui.wording import cases as words

# discord.py repeats a 5xx on its own, waiting longer each time. Past this the keeper tries again instead.
CALL_SECONDS: Final = 10.0
# Two requests' worth of what came into the channel since the card was sent; our clock and Discord's may differ.
_LOOK_MESSAGES: Final = 200
_CLOCKS_APART: Final = timedelta(minutes=1)


class DiscordCases:
    """`generation.cases.CaseDelivery` on Discord. `views` know what the cards of each kind show."""

    def __init__(self, client: discord.Client, delivery: DiscordDelivery, views: Mapping[CaseKind, CaseView]) -> None:
        self._client = client
        self._delivery = delivery
        self._views = views

    async def find(self, case: Case) -> int | None:
        """The message id of the card where it was being sent, or None. Raises DeliveryUnavailable."""
        assert case.channel_id is not None  # it was claimed for one
        assert case.sending_at is not None  # the same
        guild = await self._guild(case)
        posting.check_can_look(guild, case.channel_id)
        return await posting.find_message(
            self._client,
            self._channel(case, case.channel_id),
            words.reference_line(case.case_id),
            limit=_LOOK_MESSAGES,
            within_seconds=CALL_SECONDS,
            after=case.sending_at - _CLOCKS_APART,
        )

    async def post(self, case: Case, guild: GuildSettings) -> int:
        """Send the card and return its message id.

        Raises AlertRefused where nothing was sent for certain, DeliveryUnavailable where that is not known.
        """
        connected = await self._guild(case)
        if connected is None or case.channel_id is None:
            raise AlertRefused("the bot is not connected to that server, or it has no moderators' channel")
        sheet = await self._views[case.kind](case, guild)
        channel, sent = self._channel(case, case.channel_id), list[int]()

        async def send(uploads: Sequence[Upload]) -> None:
            with speaking(posting.language_of(connected, guild)):
                card = sheet.card(_names(sheet, uploads))
            try:
                with _files(sheet, uploads) as files:
                    async with asyncio.timeout(UPLOAD_SECONDS if files else CALL_SECONDS):
                        # discord.py repeats a POST after a 5xx; with a nonce Discord answers with the first message.
                        message = await channel.send(view=card, files=files, nonce=words.reference(case.case_id))
            except CALL_FAILURES as error:
                if uploads and too_large(error):  # they are made smaller then
                    raise
                raise posting.refused_or_unknown(error) from error
            sent.append(message.id)

        await self._uploaded(sheet, guild, send)
        return sent[-1]

    async def update(self, case: Case, guild: GuildSettings) -> None:
        """Make the card say what the case is by now. Raises CardGone or DeliveryUnavailable."""
        connected = await self._guild(case)
        if connected is None:
            raise DeliveryUnavailable("the bot is not connected to that server")
        assert case.channel_id is not None  # the card is there
        assert case.message_id is not None  # the same
        sheet = await self._views[case.kind](case, guild)
        message = self._channel(case, case.channel_id).get_partial_message(case.message_id)
        language = posting.language_of(connected, guild)
        there = await self._names_on(message) if sheet.images else []
        if len(there) == len(sheet.images) + (sheet.given is not None and bool(sheet.images)):
            with speaking(language):
                card = sheet.card(there)
            await _edit(message, card, attachments=discord.utils.MISSING if there else [])
            return

        async def send(uploads: Sequence[Upload]) -> None:
            with speaking(language):
                card = sheet.card(_names(sheet, uploads))
            with _files(sheet, uploads) as files:
                await _edit(message, card, attachments=files)

        await self._uploaded(sheet, guild, send)

    async def _uploaded(
        self, sheet: CaseSheet, guild: GuildSettings, send: Callable[[Sequence[Upload]], Awaitable[None]]
    ) -> None:
        if sheet.job is None or not sheet.images:
            await send(())
            return
        try:
            await self._delivery.send_fitted(sheet.job, sheet.images, guild, send)
        except CardGone as error:  # what it calls a refusal of the request
            raise DeliveryUnavailable(str(error)) from error

    async def _names_on(self, message: discord.PartialMessage) -> list[str]:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return [file.filename for file in files_on(await message.fetch())]
        except CALL_FAILURES as error:
            raise _translated(error) from error

    async def _guild(self, case: Case) -> discord.Guild | None:
        return await posting.connected_guild(self._client, case.guild_id, within_seconds=CALL_SECONDS)

    def _channel(self, case: Case, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=case.guild_id)


async def _edit(message: discord.PartialMessage, card: Card, *, attachments: Any) -> None:
    try:
        async with asyncio.timeout(UPLOAD_SECONDS if attachments else CALL_SECONDS):
            await message.edit(view=card, attachments=attachments)
    except CALL_FAILURES as error:
        if attachments and too_large(error):  # they are made smaller then
            raise
        raise _translated(error) from error


@contextmanager
def _files(sheet: CaseSheet, uploads: Sequence[Upload]) -> Iterator[list[discord.File]]:
    if sheet.job is None:
        yield []
        return
    with ExitStack() as opened:
        files = opened.enter_context(opened_files(sheet.job, uploads))
        if uploads and sheet.given is not None:
            given = discord.File(opened.enter_context(sheet.given.path.open("rb")), filename=sheet.given.filename)
            opened.callback(given.close)
            files.append(given)
        yield files


def _names(sheet: CaseSheet, uploads: Sequence[Upload]) -> list[str]:
    """What lies on the card, in its order."""
    names = [upload.filename for upload in uploads]
    return names if sheet.given is None or not names else [*names, sheet.given.filename]


def _translated(error: BaseException) -> DeliveryError:
    """What a failed call means for a card: only one that is not there is gone. What the bot may not, it may again."""
    if isinstance(error, discord.NotFound):
        return CardGone(posting.said(error))
    return DeliveryUnavailable(posting.said(error))

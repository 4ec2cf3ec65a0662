"""Tells the operator, by direct message, what only the operator can mend."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import discord

from ui import wording
from ui.answers import CALL_FAILURES
from ui.owners import Owners
from ui.wording import notices as notice_words

log = logging.getLogger(__name__)

_SEND_SECONDS: Final = 10.0
# More would be a team's whole membership for one fault; Discord also frowns on bots that write to many.
_RECIPIENTS: Final = 5


class OwnerNotices:
    """`generation.delivery.OperatorNotices`: writes to OWNER_IDS, or else to the application's owner or team."""

    def __init__(self, client: discord.Client, *, owner_ids: Sequence[int]) -> None:
        self._client = client
        self.owners = Owners(client, owner_ids)

    async def provider_refuses(self, status: int) -> None:
        """The provider answered 401, 402 or 403: nothing is submitted until it takes the account again."""
        await self._tell(wording.provider_refuses(status))

    async def provider_is_back(self) -> None:
        """The provider takes submissions again."""
        await self._tell(wording.PROVIDER_IS_BACK)

    async def books_disagree(self, accounts: int) -> None:
        """The balances of so many accounts are not the sums of their entries: no new job is taken."""
        await self._tell(notice_words.books_disagree(accounts))

    async def books_agree(self) -> None:
        """They are the sums again: jobs are taken as before."""
        await self._tell(notice_words.BOOKS_AGREE)

    async def reported(self, *, guild: str, link: str, job_id: str, reason: str) -> None:
        """A member reported a picture; `guild` is the name of the server, and `reason` the member's words."""
        await self._tell(wording.picture_reported(guild, link, job_id, reason))

    def recipients(self) -> tuple[int, ...]:
        """The users who are written to."""
        return self.owners.ids[:_RECIPIENTS]

    async def _tell(self, words: str) -> None:
        # All at once: a step of a job waits for this.
        await asyncio.gather(*(self._write(user_id, words) for user_id in self.recipients()))

    async def _write(self, user_id: int, words: str) -> None:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                channel = await self._client.create_dm(discord.Object(user_id))
                await channel.send(words)
        except CALL_FAILURES as error:
            log.warning("owner %d could not be told: %r", user_id, error)

"""Tells members by direct message what became of their appeals."""

import asyncio
import logging
from typing import Final

import discord

from generation.appeals import AppealAnswer
from ui import cards
from ui.answers import CALL_FAILURES
from ui.language import SOURCE, speaking
from ui.wording import strikes as words

log = logging.getLogger(__name__)

_SEND_SECONDS: Final = 10.0


class DiscordAppealAnswers:
    """`generation.appeals.AnswerDelivery` on Discord. Many members take no messages: then nothing is sent."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def answer(self, answer: AppealAnswer) -> None:
        """Write to the member, in the guild's language. Never raises: it is logged instead."""
        guild = self._client.get_guild(answer.guild_id)
        language = answer.language or (SOURCE if guild is None else str(guild.preferred_locale))
        with speaking(language):
            card = cards.page(words.appeal_answer(answer, None if guild is None else guild.name))
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                channel = await self._client.create_dm(discord.Object(answer.user_id))
                await channel.send(view=card)
        except CALL_FAILURES as error:
            log.info("a member could not be told what became of an appeal: %r", error)

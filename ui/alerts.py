"""Shows alerts about budgets: to a guild in its moderators' channel, to the operator by direct message."""

import asyncio
from typing import Final

import discord

from errors import AlertRefused
from models import Alert, GuildSettings
from ui import cards, posting
from ui.answers import CALL_FAILURES
from ui.language import SOURCE, speaking
from ui.notices import OwnerNotices
from ui.wording import alerts as words

# discord.py repeats a 5xx on its own, waiting longer each time. Past this the sender looks and tries again instead.
SEND_SECONDS: Final = 10.0
# A moderators' channel is slow, and what is looked for was sent a moment ago.
LOOK_BACK_MESSAGES: Final = 50

_COLOURS: Final = {50: cards.BLURPLE, 80: 0xF0B232, 100: 0xDA373C}


class DiscordAlerts:
    """`generation.alerts.AlertDelivery` on Discord."""

    def __init__(self, client: discord.Client, owners: OwnerNotices) -> None:
        self._client = client
        self._owners = owners

    async def was_told(self, alert: Alert) -> bool:
        """Whether the alert is among the latest messages where it was being sent. Raises DeliveryUnavailable."""
        if alert.channel_id is not None:
            return await self._is_in_guild(alert, alert.channel_id)
        reached = [await self._reached(alert, user_id) for user_id in self._owners.recipients()]
        return bool(reached) and all(reached)

    async def tell(self, alert: Alert, guild: GuildSettings | None) -> None:
        """Send the alert as one message, or one to each owner who has not got it yet.

        Raises AlertRefused where nothing was sent for certain, DeliveryUnavailable where that is not known.
        """
        if guild is None:
            await self._tell_owners(alert)
        else:
            await self._tell_guild(alert, guild)

    async def _tell_guild(self, alert: Alert, settings: GuildSettings) -> None:
        channel_id = settings.moderators_channel_id
        guild = await self._guild(settings.guild_id)
        if guild is None or channel_id is None:
            raise AlertRefused("the bot is not connected to that server, or it has no moderators' channel")
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild.id)
        await self._send(alert, channel, language=posting.language_of(guild, settings))

    async def _tell_owners(self, alert: Alert) -> None:
        """All at once; one who takes no messages is no reason to repeat it to the others."""
        results = await asyncio.gather(
            *(self._tell_owner(alert, user_id) for user_id in self._owners.recipients()), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, AlertRefused):
                raise failure
        if len(failures) == len(results):
            raise AlertRefused("no owner takes the bot's direct messages")

    async def _tell_owner(self, alert: Alert, user_id: int) -> None:
        channel = await self._conversation(user_id)
        if alert.sending_at is None or not await self._is_in(alert, channel):
            await self._send(alert, channel, language=SOURCE)

    async def _send(self, alert: Alert, channel: discord.abc.Messageable, *, language: str) -> None:
        with speaking(language):
            card = cards.Card(
                discord.ui.TextDisplay(words.body(alert)),
                discord.ui.TextDisplay(words.reference_line(alert.alert_id)),
                colour=_COLOURS[alert.percent],
            )
        try:
            async with asyncio.timeout(SEND_SECONDS):
                # discord.py repeats a POST after a 5xx; with a nonce Discord answers with the first message.
                await channel.send(view=card, nonce=words.reference(alert.alert_id))
        except CALL_FAILURES as error:
            raise posting.refused_or_unknown(error) from error

    async def _is_in_guild(self, alert: Alert, channel_id: int) -> bool:
        guild = await self._guild(alert.balance.account.guild_id)
        guild_id = posting.check_can_look(guild, channel_id).id
        return await self._is_in(alert, self._client.get_partial_messageable(channel_id, guild_id=guild_id))

    async def _reached(self, alert: Alert, user_id: int) -> bool:
        """Whether the owner has got it; with one who can't be written to there is nowhere to look."""
        try:
            channel = await self._conversation(user_id)
        except AlertRefused:
            return False
        return await self._is_in(alert, channel)

    async def _conversation(self, user_id: int) -> discord.DMChannel:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._client.create_dm(discord.Object(user_id))
        except CALL_FAILURES as error:
            raise posting.refused_or_unknown(error) from error

    async def _is_in(self, alert: Alert, channel: discord.abc.Messageable) -> bool:
        line = words.reference_line(alert.alert_id)
        found = await posting.find_message(
            self._client, channel, line, limit=LOOK_BACK_MESSAGES, within_seconds=SEND_SECONDS
        )
        return found is not None

    async def _guild(self, guild_id: int) -> discord.Guild | None:
        return await posting.connected_guild(self._client, guild_id, within_seconds=SEND_SECONDS)

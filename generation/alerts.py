"""Tells owners what share of their budgets is used: each mark once, wherever the process is killed.

That an alert is about to be sent is on disk before it is. Whoever finds one that was about to be sent, and does not
know whether it was, looks for it where it would be, and sends it only if it is not there; what can't be looked at
waits. What could not be sent is tried again with growing pauses, until its period is over: then it is let go, since
a budget that has renewed is no news. A guild's alerts wait in the same way for a moderators' channel to be set.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final, Protocol

from clock import Clock
from errors import AlertRefused, DeliveryError, StorageUnavailable
from models import Alert, GuildSettings, Scope
from storage import alerts, guilds
from storage.database import Database

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 60.0
# A channel's permissions may be put right at any time, and Discord is rarely away for long.
_FIRST_PAUSE_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 900.0


class AlertDelivery(Protocol):
    """Shows alerts to whom they are for. Every method bounds its own time.

    Both raise DeliveryUnavailable where the answer is not known.
    """

    async def was_told(self, alert: Alert) -> bool:
        """Whether the alert is where it was being sent, which `alert.channel_id` says for a guild's."""

    async def tell(self, alert: Alert, guild: GuildSettings | None) -> None:
        """Send the alert to the guild's moderators' channel in its language, or with None to the operator.

        `alert.sending_at` is set where this was tried before: who has got it then does not get it again. Raises
        AlertRefused where nothing was sent for certain, and DeliveryUnavailable where it may have been.
        """


@dataclass(slots=True)
class _Pause:
    """When an alert may be tried again, and how long that is; for the channel in which it failed."""

    channel_id: int | None
    until: float
    seconds: float


class AlertSender:
    """Sends what is to be told, one after the other. It is a part that must not end."""

    def __init__(self, database: Database, delivery: AlertDelivery, clock: Clock) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._woken = asyncio.Event()
        self._pauses: dict[int, _Pause] = {}
        self._storage_failing = False

    def notify(self) -> None:
        """There may be something new to tell, or a channel to tell it in."""
        self._woken.set()

    async def run(self) -> None:
        """Tell what is to be told, now, whenever notified and once a minute, for ever."""
        while True:
            self._woken.clear()
            try:
                await self._tell_all()
            except StorageUnavailable as error:
                if not self._storage_failing:  # said once, not once a minute
                    log.error("alerts have to wait for the database: %s", error)
                self._storage_failing = True
            else:
                self._storage_failing = False
            await self._rest()

    async def _tell_all(self) -> None:
        now = self._clock.now()
        if await alerts.any_over(self._database, at=now):
            count = await self._database.write(lambda connection: alerts.lapse(connection, at=now))
            log.info("%d alerts had nowhere to go until their period was over", count)
        waiting = await alerts.pending(self._database)
        self._forget_pauses({alert.alert_id for alert in waiting})
        for alert in waiting:
            await self._tell(alert)

    async def _tell(self, alert: Alert) -> None:
        """One try, unless the last one was a moment ago. Raises StorageUnavailable."""
        guild = await self._guild_of(alert)
        channel_id = guild.moderators_channel_id if guild else None
        pause = self._pauses.get(alert.alert_id)
        if pause is not None and pause.channel_id == channel_id and self._clock.monotonic() < pause.until:
            return
        try:
            if await self._is_there(alert) or await self._send(alert, guild):
                await self._note_told(alert)
        except StorageUnavailable:
            raise
        except DeliveryError as error:
            self._put_off(alert, channel_id, error)
        except Exception as error:  # one alert's bad luck must neither keep the others waiting nor end the bot
            log.exception("alert %d failed in an unforeseen way", alert.alert_id)
            self._put_off(alert, channel_id, error)

    async def _guild_of(self, alert: Alert) -> GuildSettings | None:
        account = alert.balance.account
        if account.scope is Scope.GLOBAL:
            return None
        return await guilds.settings_of(self._database, account.guild_id)

    async def _is_there(self, alert: Alert) -> bool:
        """Whether an earlier try has got through. Raises DeliveryUnavailable where that can't be seen."""
        if alert.sending_at is None or not await self._delivery.was_told(alert):
            return False
        log.info("alert %d had been sent already", alert.alert_id)
        return True

    async def _send(self, alert: Alert, guild: GuildSettings | None) -> bool:
        """Claim and send it; False where it is not to be sent any more. Raises DeliveryError."""
        channel_id = guild.moderators_channel_id if guild else None
        if guild is not None and channel_id is None:
            return False  # taken back a moment ago
        now = self._clock.now()
        claimed = await self._database.write(
            lambda connection: alerts.claim(
                connection, alert.alert_id, at=now, channel_id=channel_id, before=alert.sending_at
            )
        )
        if not claimed:
            return False
        try:
            await self._delivery.tell(alert, guild)
        except AlertRefused:
            await self._database.write(lambda connection: alerts.unclaim(connection, alert.alert_id))
            raise
        return True

    async def _note_told(self, alert: Alert) -> None:
        now = self._clock.now()
        await self._database.write(lambda connection: alerts.told(connection, alert.alert_id, at=now))
        self._pauses.pop(alert.alert_id, None)
        log.info("alert %d was told: %d%% of %s", alert.alert_id, alert.percent, alert.balance.account.scope)

    def _put_off(self, alert: Alert, channel_id: int | None, error: Exception) -> None:
        before = self._pauses.get(alert.alert_id)
        if before is None or before.channel_id != channel_id:
            seconds = _FIRST_PAUSE_SECONDS
            log.warning("alert %d has to wait: %s", alert.alert_id, error)  # said once, not at every try
        else:
            seconds = min(_LONGEST_PAUSE_SECONDS, before.seconds * 2)
        self._pauses[alert.alert_id] = _Pause(channel_id, self._clock.monotonic() + seconds, seconds)

    def _forget_pauses(self, waiting: set[int]) -> None:
        self._pauses = {alert_id: pause for alert_id, pause in self._pauses.items() if alert_id in waiting}

    async def _rest(self) -> None:
        waiting: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._woken.wait(), name="alerts woken"),
            asyncio.create_task(self._clock.sleep(_LOOK_SECONDS), name="alerts timer"),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

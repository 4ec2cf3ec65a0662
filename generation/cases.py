"""Keeps the card of every case in its guild's moderators' channel: there once, and saying what is so by now.

That a card is about to be sent is on disk before it is. Whoever finds one that was about to be sent, and does not know
whether it was, looks for it where it would be, and sends it only if it is not there. From then on the card is edited
whenever its case has changed since, which may be repeated; one that was deleted is left alone. Guilds are served side
by side and in turn: neither one whose channel is closed nor one with many cases holds up the others.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final, Protocol

from clock import Clock
from errors import AlertRefused, CardGone, DeliveryError, StorageUnavailable
from models import GuildSettings
from moderation import Case
from storage import cases, guilds
from storage.cases import Waiting
from storage.database import Database

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 60.0
# A channel's permissions may be put right at any time, and Discord is rarely away for long.
_FIRST_PAUSE_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 900.0
# A case waits for longer than its guild does, so that the next one is tried before it is tried again. Both wait for
# longer than an edit that was given up can be on its way: the newest must be the last to arrive.
_CASE_PAUSE_FACTOR: Final = 2.0
# Pictures are uploaded with a card, so a guild is served for a while before it is another's turn.
_GUILDS_AT_ONCE: Final = 8
_CARDS_AT_ONCE: Final = 10


class CaseDelivery(Protocol):
    """Shows cases to moderators. Every method bounds its own time, and may raise StorageUnavailable.

    All raise DeliveryUnavailable where another try may succeed, or where the answer is not known.
    """

    async def find(self, case: Case) -> int | None:
        """The message id of the card where it was being sent, in `case.channel_id` since `case.sending_at`."""

    async def post(self, case: Case, guild: GuildSettings) -> int:
        """Send the card to the guild's moderators' channel and return its message id.

        Raises AlertRefused where nothing was sent for certain, and DeliveryUnavailable where it may have been.
        """

    async def update(self, case: Case, guild: GuildSettings) -> None:
        """Make the card say what the case is by now. Idempotent. Raises CardGone where it was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    channel_id: int | None
    until: float
    seconds: float


class _Pauses:
    """What may not be tried again yet, for longer each time; another moderators' channel is another try."""

    def __init__(self, clock: Clock, *, first_seconds: float, longest_seconds: float) -> None:
        self._clock = clock
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._pauses: dict[int, _Pause] = {}

    def hold(self, key: int, channel_id: int | None) -> bool:
        """Whether it has to wait."""
        pause = self._pauses.get(key)
        return pause is not None and pause.channel_id == channel_id and self._clock.monotonic() < pause.until

    def put_off(self, key: int, channel_id: int | None) -> bool:
        """It has failed; whether that was the first time in that channel."""
        before = self._pauses.get(key)
        is_first = before is None or before.channel_id != channel_id
        seconds = self._first_seconds
        if before is not None and not is_first:
            seconds = min(self._longest_seconds, before.seconds * 2)
        self._pauses[key] = _Pause(channel_id=channel_id, until=self._clock.monotonic() + seconds, seconds=seconds)
        return is_first

    def end(self, key: int) -> None:
        """It has worked."""
        self._pauses.pop(key, None)

    def tidy(self) -> None:
        """Forget what was not tried again for as long as it had to wait."""
        now = self._clock.monotonic()
        self._pauses = {key: pause for key, pause in self._pauses.items() if now < pause.until + pause.seconds}


class CaseKeeper:
    """Sends and edits the cards, a few guilds at a time. It is a part that must not end."""

    def __init__(self, database: Database, delivery: CaseDelivery, clock: Clock) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._woken = asyncio.Event()
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._guild_pauses = _Pauses(clock, first_seconds=_FIRST_PAUSE_SECONDS, longest_seconds=_LONGEST_PAUSE_SECONDS)
        self._case_pauses = _Pauses(
            clock,
            first_seconds=_CASE_PAUSE_FACTOR * _FIRST_PAUSE_SECONDS,
            longest_seconds=_CASE_PAUSE_FACTOR * _LONGEST_PAUSE_SECONDS,
        )
        # Guilds in which every case waits for something of its own.
        self._idle = _Pauses(clock, first_seconds=_LOOK_SECONDS, longest_seconds=_LOOK_SECONDS)
        # When each guild that waits was served last, by count.
        self._turns: dict[int, int] = {}
        self._turn = 0
        self._storage_failing = False

    def notify(self) -> None:
        """There may be something new to show, or a channel to show it in."""
        self._woken.set()

    async def run(self) -> None:
        """Show what is to be shown, now, whenever notified and once a minute, for ever."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._serve_who_waits()
                except StorageUnavailable as error:
                    self._note_storage(error)
                await self._rest()
        finally:
            for task in self._serving.values():
                task.cancel()
            await asyncio.gather(*self._serving.values(), return_exceptions=True)

    async def _serve_who_waits(self) -> None:
        waiting = await cases.guilds_to_show(self._database)
        turns = self._turns
        self._turns = {guild.guild_id: turns.get(guild.guild_id, 0) for guild in waiting}
        for pauses in (self._guild_pauses, self._case_pauses, self._idle):
            pauses.tidy()
        for guild in sorted(waiting, key=lambda guild: self._turns[guild.guild_id]):
            if len(self._serving) >= _GUILDS_AT_ONCE:
                break
            if guild.guild_id not in self._serving and not self._has_to_wait(guild):
                self._start(guild)

    def _has_to_wait(self, guild: Waiting) -> bool:
        return any(pauses.hold(guild.guild_id, guild.channel_id) for pauses in (self._guild_pauses, self._idle))

    def _start(self, guild: Waiting) -> None:
        self._turn += 1
        self._turns[guild.guild_id] = self._turn
        task = asyncio.create_task(self._serve(guild), name=f"cases of {guild.guild_id}")
        self._serving[guild.guild_id] = task
        task.add_done_callback(lambda _: self._served(guild.guild_id))

    def _served(self, guild_id: int) -> None:
        del self._serving[guild_id]
        self._woken.set()  # there may be more of it, or somebody who had to wait for the place

    async def _serve(self, waiting: Waiting) -> None:
        """Show some of the guild's cards. What is left waits for its next turn, or for a pause to be over."""
        guild_id, channel_id = waiting.guild_id, waiting.channel_id
        try:
            guild = await guilds.settings_of(self._database, guild_id)
            shown = await self._show_some(guild)
        except StorageUnavailable as error:
            self._note_storage(error)
            self._guild_pauses.put_off(guild_id, channel_id)
        except DeliveryError as error:
            if self._guild_pauses.put_off(guild_id, channel_id):
                log.warning("the cases of guild %d have to wait: %s", guild_id, error)  # said once
        except Exception:  # one guild's bad luck must neither keep the others waiting nor end the bot
            log.exception("the cases of guild %d failed in an unforeseen way", guild_id)
            self._guild_pauses.put_off(guild_id, channel_id)
        else:
            self._storage_failing = False
            self._guild_pauses.end(guild_id)
            if not shown:
                self._idle.put_off(guild_id, channel_id)

    async def _show_some(self, guild: GuildSettings) -> int:
        """How many cards were shown. Raises the first fault that is not the case's own."""
        shown = after = 0
        while page := await cases.to_show(self._database, guild.guild_id, after=after):
            for case in page:
                after = case.case_id
                if await self._show(case, guild):
                    shown += 1
                if shown == _CARDS_AT_ONCE:
                    return shown
        return shown

    async def _show(self, case: Case, guild: GuildSettings) -> bool:
        """One try, unless the last one was a moment ago; whether the card is as it should be. Raises DeliveryError."""
        channel_id = guild.moderators_channel_id
        if self._case_pauses.hold(case.case_id, channel_id):
            return False
        try:
            if case.message_id is None:
                done = await self._have_posted(case, guild)
            else:
                done = await self._update(case, guild)
        except StorageUnavailable:
            raise
        except DeliveryError:
            self._case_pauses.put_off(case.case_id, channel_id)
            raise
        except Exception:  # one case's bad luck must neither keep the others waiting nor end the bot
            log.exception("case %d failed in an unforeseen way", case.case_id)
            self._case_pauses.put_off(case.case_id, channel_id)
            return False
        self._case_pauses.end(case.case_id)
        return done

    async def _have_posted(self, case: Case, guild: GuildSettings) -> bool:
        """Send the card, unless an earlier try has got through."""
        if case.sending_at is not None:
            message_id = await self._delivery.find(case)
            if message_id is not None:
                log.info("the card of case %d had been sent already", case.case_id)
                found = message_id
                # What it says is not known, so it is edited next.
                await self._database.write(lambda connection: cases.posted(connection, case.case_id, found, revision=0))
                return True
            if not case.is_open:
                await self._database.write(
                    lambda connection: cases.shown(connection, case.case_id, revision=case.revision)
                )
                return True
        return await self._post(case, guild)

    async def _post(self, case: Case, guild: GuildSettings) -> bool:
        channel_id = guild.moderators_channel_id
        if channel_id is None:
            return False  # taken back a moment ago
        now = self._clock.now()
        claimed = await self._database.write(
            lambda connection: cases.claim(
                connection, case.case_id, at=now, channel_id=channel_id, before=case.sending_at
            )
        )
        if claimed is None:
            return True  # it has been decided meanwhile, and needs no card any more
        try:
            message_id = await self._delivery.post(claimed, guild)
        except AlertRefused:
            await self._database.write(lambda connection: cases.unclaim(connection, case.case_id))
            raise
        await self._database.write(
            lambda connection: cases.posted(connection, case.case_id, message_id, revision=claimed.revision)
        )
        log.info("case %d is in the moderators' channel: %s", case.case_id, case.kind)
        return True

    async def _update(self, case: Case, guild: GuildSettings) -> bool:
        try:
            await self._delivery.update(case, guild)
        except CardGone:
            log.info("the card of case %d was deleted", case.case_id)
            now = self._clock.now()
            await self._database.write(lambda connection: cases.gone(connection, case.case_id, at=now))
        else:
            await self._database.write(lambda connection: cases.shown(connection, case.case_id, revision=case.revision))
        return True

    def _note_storage(self, error: StorageUnavailable) -> None:
        if not self._storage_failing:  # said once, not once a minute
            log.error("cases have to wait for the database: %s", error)
        self._storage_failing = True

    async def _rest(self) -> None:
        waiting: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._woken.wait(), name="cases woken"),
            asyncio.create_task(self._clock.sleep(_LOOK_SECONDS), name="cases timer"),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

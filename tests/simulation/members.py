"""Everybody who wants something of the bot: members, moderators and the operator, each at a moment that chance gives.

What `ui/acceptance.py` does between the service and Discord is done here in its outlines, with the same waits.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from errors import CapReached, DuplicateInteraction, EaselError, Refusal
from generation.service import Acceptance
from limits import LimitKind, LimitName
from models import GenerationRequest, JobStatus, Origin, Unit
from moderation import Case
from parameters import ImageSize
from storage import jobs
from tests.simulation.channel import THINKING, Channel
from tests.simulation.network import Gone, Line, Lost, Trip
from tests.simulation.process import Process
from tests.simulation.provider import Provider
from tests.simulation.timeline import WorldClock
from tests.simulation.trace import Trace
from tests.simulation.watch import Watch
from tests.simulation.weather import Weather

GUILDS: Final = (1, 2)
USERS: Final = (11, 12, 13)
ADMIN: Final = 99
# `ui.answers`: how long an acceptance is waited for before the answer is deferred, and how long a call may take.
_FIRST_ANSWER_SECONDS, _SEND_SECONDS = 2.0, 5.0
_LINGER_SECONDS: Final = 2.0
# Discord takes no first answer to an interaction that is older.
_ANSWERABLE_SECONDS: Final = 3.0
# As `ui.acceptance`: a refusal that comes sooner is the answer to the only call there was.
_ONLY_CALL_SECONDS: Final = 1.0
# How many wishes meet a pause in the moment in which they are sent.
_PAUSING: Final = 0.15
# A resumed connection brings an interaction again soon, or not at all.
_AGAIN_SECONDS: Final = 60.0
# Whoever ends a job in doubt has looked at the provider's page, and waited for what may still be on its way.
_DOUBT_SETTLED_SECONDS: Final = 240.0
# As the janitor has it.
_TOKEN_LIFE: Final = timedelta(minutes=16)

Work = Callable[[], Awaitable[Any]]
Decide = Callable[..., Awaitable[Case]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member asked for; its number is the interaction's id, and stands in the prompt."""

    number: int
    guild_id: int
    user_id: int
    images: int
    asked_at: float

    @property
    def origin(self) -> Origin:
        return Origin(
            interaction_id=self.number,
            interaction_token="token",
            application_id=5,
            guild_id=self.guild_id,
            channel_id=6,
            user_id=self.user_id,
        )

    @property
    def request(self) -> GenerationRequest:
        return GenerationRequest(
            prompt=f"a heron, wish {self.number}", num_images=self.images, image_size=ImageSize.SQUARE
        )


class Town:
    """The people. `wishes` are all that were ever made, by number."""

    def __init__(
        self,
        *,
        channel: Channel,
        line: Line,
        provider: Provider,
        watch: Watch,
        clock: WorldClock,
        dice: random.Random,
        trace: Trace,
    ) -> None:
        self.weather = Weather()
        self.wishes: dict[int, Wish] = {}
        self._channel = channel
        self._line = line
        self._provider = provider
        self._watch = watch
        self._clock = clock
        self._dice = dice
        self._trace = trace

    def act(self, process: Process) -> None:
        """Somebody does something."""
        actions: tuple[tuple[Callable[[Process], None], int], ...] = (
            (self.wish, 40),
            (self.wish_again, 3),
            (self.cancel, 8),
            (self.resolve, 8),
            (self.review, 12),
            (self.pause_or_resume, 6),
            (self.suspend_or_lift, 3),
            (self.set_cap, 4),
            (self.grant, 4),
            (self.delete_card, 6),
            (self.forget_tokens, 2),
            (self.turn_account, 3),
        )
        found, weights = zip(*actions, strict=True)
        self._dice.choices(found, weights=weights)[0](process)

    def wish(self, process: Process) -> None:
        """A member types the command, or several do at once."""
        for _ in range(self._dice.choice((1, 1, 2, 5))):
            wish = self._wish(process, self._dice.choice(GUILDS), self._dice.choice(USERS))
            if self._dice.random() < 0.05:  # Discord sends it again at once, while the first is on its way
                process.loop.call_later(self._dice.uniform(0.0, 0.3), self._ask, process, wish)

    def _wish(self, process: Process, guild_id: int, user_id: int) -> Wish:
        wish = Wish(
            number=len(self.wishes) + 1,
            guild_id=guild_id,
            user_id=user_id,
            images=self._dice.choice((1, 1, 2, 3)),
            asked_at=self._clock.monotonic(),
        )
        self.wishes[wish.number] = wish
        self._ask(process, wish)
        return wish

    def wish_again(self, process: Process) -> None:
        """Discord sends an interaction a second time."""
        since = self._clock.monotonic() - _AGAIN_SECONDS
        if found := [wish for wish in self.wishes.values() if wish.asked_at > since]:
            self._ask(process, self._dice.choice(found))

    def cancel(self, process: Process) -> None:
        """Somebody presses Cancel."""
        job = self._pick("queued", else_any=self._dice.random() < 0.3)
        if job is not None:
            by_author = self._dice.random() < 0.7
            self._errand(
                process,
                f"cancel wish {job['interaction_id']}",
                lambda: process.service.cancel(
                    job["job_id"],
                    guild_id=job["guild_id"],
                    user_id=job["user_id"] if by_author else ADMIN,
                    may_manage=not by_author,
                ),
            )

    def resolve(self, process: Process) -> None:
        """The operator looks at the provider's page and ends a job in doubt."""
        job = self._pick("in_doubt")
        if job is None:
            return
        number = job["interaction_id"]
        if self._clock.monotonic() - self._watch.in_doubt_since[number] < _DOUBT_SETTLED_SECONDS:
            return
        submission = self._provider.by_number.get(number)
        paid = submission is not None and submission.billed_images != 0
        self._errand(process, f"resolve wish {number}: paid {paid}", lambda: self._resolve(process, number, paid))

    async def _resolve(self, process: Process, number: int, paid: bool) -> None:
        job = self._watch.job_of_wish(number)
        assert job is not None
        await process.service.resolve(job["job_id"], paid=paid, guild_id=None, by_id=ADMIN)

    def review(self, process: Process) -> None:
        """A moderator looks at a picture that waits, and says yes or no; or two do so at once."""
        waiting = self._watch.ask_disk(
            "SELECT case_id, guild_id FROM cases WHERE kind = 'review' AND outcome IS NULL ORDER BY case_id"
        )
        if not waiting:
            return
        case = self._dice.choice(waiting)
        for _ in range(self._dice.choice((1, 1, 2))):
            book = process.cases
            decide, word = self._dice.choice(
                ((book.approve, "approve"), (book.approve, "approve"), (book.reject, "reject"))
            )
            process.loop.call_later(self._dice.uniform(0.0, 0.05), self._decide, process, case, decide, word)

    def _decide(self, process: Process, case: sqlite3.Row, decide: Decide, word: str) -> None:
        self._errand(
            process,
            f"{word} case {case['case_id']}",
            lambda: decide(case["case_id"], guild_id=case["guild_id"], by_id=ADMIN),
        )

    def pause_or_resume(self, process: Process) -> None:
        """An admin pauses a guild, or the operator everything; or it goes on."""
        guild_id = self._dice.choice((0, *GUILDS))
        if paused := self._paused():
            self.resume(process, self._dice.choice(sorted(paused)))
            return
        if self._dice.random() < 0.5:  # while somebody is at it
            self.wish(process)
        self._pause_for_a_while(process, guild_id, within_seconds=0.6)

    def _pause_for_a_while(self, process: Process, guild_id: int, *, within_seconds: float) -> None:
        process.loop.call_later(self._dice.uniform(0.0, within_seconds), self.pause, process, guild_id)
        process.loop.call_later(self._dice.uniform(0.5, 15.0), self.resume, process, guild_id)

    def pause(self, process: Process, guild_id: int) -> None:
        self._errand(process, f"pause {guild_id}", lambda: self._pause(process, guild_id))

    async def _pause(self, process: Process, guild_id: int) -> None:
        await process.pauses.pause(guild_id, by_id=ADMIN)
        if guild_id in self._paused():  # somebody may have resumed it while this waited
            self._watch.paused.add(guild_id)
            self._trace.note("town", f"pause of {guild_id} holds")

    def resume(self, process: Process, guild_id: int) -> None:
        self._watch.paused.discard(guild_id)
        self._errand(process, f"resume {guild_id}", lambda: self._resume(process, guild_id))

    async def _resume(self, process: Process, guild_id: int) -> None:
        self._watch.paused.discard(guild_id)
        await process.pauses.resume(guild_id, by_id=ADMIN)
        self._watch.paused.discard(guild_id)

    def suspend_or_lift(self, process: Process) -> None:
        """A moderator suspends a member, or forgives them."""
        guild_id, user_id = self._dice.choice(GUILDS), self._dice.choice(USERS)
        lifts = self._dice.random() < 0.6
        self._errand(
            process,
            f"{'lift' if lifts else 'suspend'} {user_id} in {guild_id}",
            lambda: (
                process.strikes.lift(guild_id, user_id, by_id=ADMIN)
                if lifts
                else process.strikes.suspend(guild_id, user_id, by_id=ADMIN, seconds=None)
            ),
        )

    def set_cap(self, process: Process) -> None:
        """An admin sets the guild's daily budget, or its members' daily images, or takes that back."""
        guild_id, value = self._dice.choice(GUILDS), self._dice.choice((None, 1, 3, 6))
        name = self._dice.choice((LimitName.GUILD_DAILY_MICROS, LimitName.MEMBER_DAILY_IMAGES))
        if name is LimitName.GUILD_DAILY_MICROS and value is not None:
            value *= self._watch.terms.price_micros
        self._errand(
            process,
            f"cap {name} of {guild_id} to {value}",
            lambda: process.limits.set(guild_id, LimitKind.GUILD, 0, name, value, by_id=ADMIN),
        )

    def grant(self, process: Process) -> None:
        """An admin gives a member more images for today, or takes some back."""
        self._grant(process, self._dice.choice(GUILDS), self._dice.choice(USERS), self._dice.choice((-1, 2, 3)))

    def _grant(self, process: Process, guild_id: int, user_id: int, amount: int) -> None:
        self._errand(
            process,
            f"grant {user_id} in {guild_id} {amount}",
            lambda: process.limits.grant(guild_id, user_id, unit=Unit.IMAGE, amount=amount, by_id=ADMIN),
        )

    def delete_card(self, process: Process) -> None:
        """A moderator takes a card away."""
        there = [card for card in self._channel.cards.values() if not card.deleted]
        if there and self._dice.random() < self.weather.deleted * 3:
            self._channel.delete(self._dice.choice(there).interaction_id)

    def forget_tokens(self, process: Process) -> None:
        """Housekeeping drops the tokens that are dead."""
        before = self._clock.now()
        self._errand(
            process,
            "forget tokens",
            lambda: process.database.write(
                lambda connection: jobs.forget_tokens(connection, before=before - _TOKEN_LIFE)
            ),
        )

    def turn_account(self, process: Process) -> None:
        """The provider refuses the operator's account from now on, or takes it again."""
        refusing = self._provider.refusing is None and self._dice.random() < 0.5
        self._provider.refusing = self._dice.choice((401, 402, 403)) if refusing else None
        self._trace.note("town", f"the provider refuses: {self._provider.refusing}")

    def _pick(self, status: str, *, else_any: bool = False) -> sqlite3.Row | None:
        found = self._watch.jobs()
        wanted = [job for job in found if job["status"] == status] or (found if else_any else [])
        return self._dice.choice(wanted) if wanted else None

    def _paused(self) -> set[int]:
        return {row["guild_id"] for row in self._watch.ask_disk("SELECT guild_id FROM guild_settings WHERE paused = 1")}

    def _errand(self, process: Process, what: str, work: Work) -> None:
        self._trace.note("town", what)
        process.begin(_politely(work), name=what)

    # The way from a command to its card.

    def _ask(self, process: Process, wish: Wish) -> None:
        self._trace.note("town", f"wish {wish.number}: {wish.images} pictures for {wish.user_id} in {wish.guild_id}")
        task = process.begin(_politely(lambda: self._command(process, wish)), name=f"wish {wish.number}")
        if self._dice.random() < self.weather.cancelled / 1.5:
            process.loop.call_later(self._dice.uniform(0.0, 0.15), task.cancel)

    async def _command(self, process: Process, wish: Wish) -> None:
        accepting = asyncio.ensure_future(self._accept(process, wish))
        accepting.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.wait({accepting}, timeout=_FIRST_ANSWER_SECONDS)
            late = not accepting.done()
            deferred = await self._defer(wish) if late else False
            try:
                acceptance = await accepting
            except EaselError as error:
                if deferred and not isinstance(error, DuplicateInteraction):
                    self._channel.take_back(wish.number)  # a late refusal needs no card
                raise
        finally:
            accepting.cancel()
        self._watch.accepted(wish.number)
        if not late:
            await self._first_answer(process, wish, acceptance)
        elif deferred:
            await self._edit_into_card(process, wish, acceptance)
        else:
            await process.service.card_refused(acceptance.job.job_id)

    async def _accept(self, process: Process, wish: Wish) -> Acceptance:
        member = wish.guild_id, wish.user_id
        self._watch.asking[member] += 1
        try:
            return await process.service.accept(wish.origin, wish.request)
        except Refusal as refusal:
            self._watch.asking[member] -= 1  # of whoever went away, nobody knows when their wish is looked at
            if isinstance(refusal, CapReached) and refusal.account.unit is Unit.IMAGE:  # they ask an admin for more
                self._grant(process, *member, 3)
                process.loop.call_later(self._dice.uniform(0.2, 2.0), self._wish, process, *member)
            raise

    async def _defer(self, wish: Wish) -> bool:
        """Whether the answer's place is kept, as far as anybody knows."""
        try:
            await self._answer(wish, THINKING)
        except Gone:
            return False
        return True

    async def _first_answer(self, process: Process, wish: Wish, acceptance: Acceptance) -> None:
        job_id = acceptance.job.job_id
        if self._dice.random() < self.weather.answer / 3:
            self._channel.refused.add(wish.number)
        began = self._clock.monotonic()
        try:
            message_id = await self._answer(wish, JobStatus.QUEUED)
        except Gone:
            if self._clock.monotonic() - began < _ONLY_CALL_SECONDS:
                await process.service.card_refused(job_id)
            return
        if message_id is not None:
            await process.service.card_sent(job_id, message_id)
            if self._dice.random() < _PAUSING:
                self._pause_for_a_while(process, wish.guild_id, within_seconds=0.04)

    async def _edit_into_card(self, process: Process, wish: Wish, acceptance: Acceptance) -> None:
        trip = self._trip()
        message_id = await self._line.call(trip, lambda: self._channel.edit(wish.number, JobStatus.QUEUED))
        await process.service.card_sent(acceptance.job.job_id, message_id)

    async def _answer(self, wish: Wish, says: str) -> int | None:
        """The message that answers the wish, as far as Discord says so. Raises Gone where it is too late for that."""

        def answer() -> int:
            is_late = self._clock.monotonic() - wish.asked_at > _ANSWERABLE_SECONDS
            if is_late and wish.number not in self._channel.cards:
                raise Gone
            return self._channel.answer(wish.number, says)

        try:
            return await self._line.call(self._trip(), answer)
        except Lost:
            return None

    def _trip(self) -> Trip:
        weather = self.weather
        return self._line.trip(
            patience=_SEND_SECONDS,
            slow=weather.slow / 3,
            lost=weather.answer,
            late=weather.answer / 3,
            linger=_LINGER_SECONDS,
        )


async def _politely(work: Work) -> None:
    """Take a refusal, a failure or a silence of Discord for an answer, as people do."""
    with contextlib.suppress(EaselError, Gone, Lost):
        await work()

"""The one gate to a job, and what members may do with theirs. Every command, button and modal comes through here."""

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from clock import Clock, to_ms
from errors import (
    CancelRefused,
    CapReached,
    ConfirmationNeeded,
    FilterUnreadable,
    JobNotFound,
    PromptBlocked,
    ProviderClosed,
    Refusal,
    TransitionRefused,
)
from generation import policy
from generation.books import Books
from generation.circuit import Circuit
from generation.delivery import UsualTime
from generation.observer import Observer
from generation.polling import JobKind, PollSchedule
from generation.prompt_check import PromptCheck, Wish
from generation.queue import FairQueue
from generation.runner import Runner
from generation.screening import Screening
from generation.timing import card_wait
from limits import Caps, HoldingCap, HoldingCaps, Limits, holding
from models import Balance, FailureReason, GenerationRequest, GuildSettings, Job, JobStatus, Origin, Reservation, Scope
from parameters import SEED_MAX
from recipes import Recipe
from storage import access, alerts, audit, doubts, drafts, guilds, jobs, ledger, suspensions
from storage import limits as stored_limits
from storage.database import Database

log = logging.getLogger(__name__)

_RANDOM_BYTES: Final = 5
PLAIN_RECIPE: Final = Recipe()
# A list that changes faster than its words can be looked up in it: whoever comes then tries again later.
_SCREENINGS_MAX: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A wish that became a job: `place` is its turn, 1 for next; `left` how many images the member has room for now."""

    job: Job
    place: int
    usual: UsualTime
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member's job is; `place` is its turn, None where it is not in line."""

    job: Job
    place: int | None
    usual: UsualTime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """An account that touches the member: when its period renews, where its cap comes from, what one image takes.

    It `binds` where no other has room for fewer images.
    """

    balance: Balance
    renews_at: datetime
    holding: HoldingCap
    each: int
    binds: bool = False

    @property
    def fitting(self) -> int:
        """How many images it still has room for."""
        return self.balance.left // self.each


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator set: the price of one image, the caps, and a member's jobs at once."""

    price_micros: int
    caps: Caps
    active_jobs: int


class _Outdated(Exception):
    """The prompt filter is not as it was when the words were screened. Undoes the transaction, and goes no further."""

    def __init__(self, guild: GuildSettings, operator: GuildSettings) -> None:
        super().__init__(f"by now {guild.filter_version} and {operator.filter_version}")
        self.guild = guild
        self.operator = operator


class GenerationService:
    """Accepts wishes and answers for jobs. It never drives one: it records and wakes the runner."""

    def __init__(
        self,
        *,
        database: Database,
        runner: Runner,
        queue: FairQueue,
        circuit: Circuit,
        books: Books,
        prompts: PromptCheck,
        schedule: PollSchedule,
        observer: Observer,
        clock: Clock,
        terms: Terms,
        told_of_budgets: Callable[[], None] = lambda: None,
        draw_seed: Callable[[], int] = lambda: secrets.randbelow(SEED_MAX + 1),
        draw_id: Callable[[], str] = lambda: secrets.token_hex(_RANDOM_BYTES),
    ) -> None:
        self._database = database
        self._runner = runner
        self._queue = queue
        self._circuit = circuit
        self._books = books
        self._prompts = prompts
        self._schedule = schedule
        self._observer = observer
        self._clock = clock
        self._terms = terms
        self._draw_seed = draw_seed
        self._draw_id = draw_id
        self._told_of_budgets = told_of_budgets
        self._accepting: set[asyncio.Task[Acceptance]] = set()

    async def accept(
        self,
        origin: Origin,
        request: GenerationRequest,
        *,
        recipe: Recipe = PLAIN_RECIPE,
        draft_id: str | None = None,
        confirmed: bool = False,
    ) -> Acceptance:
        """Record the wish as a job and hold its price, in one transaction that is on disk when this returns.

        The guild's settings are read in that very transaction, so a pause or a cap that was changed before holds. The
        words are screened before it, and again where it finds that the prompt filter has changed since.
        A wish made from a draft uses it up: of two presses on its button one makes a job, the other raises DraftGone.
        Unless the member has `confirmed` the price, ConfirmationNeeded is raised where the guild wants that.
        Raises a Refusal, with nothing recorded, or StorageError where the database can't be used; a caller that is
        cancelled while waiting may leave a recorded job without a card, which the runner then ends.
        """
        wish = Wish(origin=origin, request=request, recipe=recipe, draft_id=draft_id, confirmed=confirmed)
        # On its own: the write can't be called back once it is asked for, and the runner must hear of its job.
        accepting = asyncio.create_task(self._accept(wish), name=f"accept {origin.interaction_id}")
        self._accepting.add(accepting)
        accepting.add_done_callback(self._accepted)
        return await asyncio.shield(accepting)

    async def card_sent(self, job_id: str, message_id: int) -> None:
        """The card is there: from now on the job may be submitted. Raises StorageUnavailable."""
        sent_at = self._clock.now()
        job = await self._database.write(lambda connection: jobs.store_card(connection, job_id, message_id))
        self._observer.latency("acceptance", max(0.0, (sent_at - job.created_at).total_seconds()))
        if job.status is JobStatus.QUEUED:
            self._runner.line_up(job)

    async def card_refused(self, job_id: str) -> None:
        """Discord took no card: the job ends here and its money is released. Raises StorageUnavailable.

        One that is on its way already is left alone.
        """
        now = self._clock.now()

        def end(connection: sqlite3.Connection) -> Job:
            return jobs.move(
                connection,
                job_id,
                JobStatus.QUEUED,
                JobStatus.CANCELLED,
                at=now,
                reason=FailureReason.NO_CARD,
                card_status=JobStatus.CANCELLED,
            )

        try:
            await self._database.write(end)
        except TransitionRefused as error:
            log.info("%s", error, extra={"job_id": job_id})
        else:
            self._ended(job_id)

    async def cancel(self, job_id: str, *, guild_id: int, user_id: int, may_manage: bool) -> Job:
        """End a job that still waits, for its author or whoever may manage messages; returns it cancelled.

        Raises JobNotFound (also for another guild's job), CancelRefused, or StorageUnavailable.
        """
        job = await jobs.find(self._database, job_id)
        if job.origin.guild_id != guild_id:
            raise JobNotFound(job_id)
        is_author = job.origin.user_id == user_id
        if not (is_author or may_manage):
            raise CancelRefused("not_yours", status=job.status)
        reason = FailureReason.CANCELLED_BY_AUTHOR if is_author else FailureReason.CANCELLED_BY_MODERATOR
        now = self._clock.now()

        def end(connection: sqlite3.Connection) -> Job:
            ended = jobs.move(connection, job_id, JobStatus.QUEUED, JobStatus.CANCELLED, at=now, reason=reason)
            if not is_author:
                audit.note(
                    connection,
                    guild_id=guild_id,
                    by_id=user_id,
                    at=now,
                    what="mod.cancel",
                    subject_id=ended.origin.user_id,
                    job_id=job_id,
                )
            return ended

        try:
            cancelled = await self._database.write(end)
        except TransitionRefused as error:
            current = await jobs.find(self._database, job_id)
            raise CancelRefused("too_late", status=current.status) from error
        self._ended(job_id)
        return cancelled

    async def standings(self, *, guild_id: int, user_id: int) -> tuple[Standing, ...]:
        """The member's jobs under way in this guild, oldest first. Raises StorageUnavailable."""
        found = await jobs.under_way(self._database, guild_id=guild_id, user_id=user_id)
        return tuple(
            Standing(
                job=job,
                place=self._queue.place(job.job_id),
                usual=self._usual(job),
            )
            for job in found
        )

    async def quota(
        self,
        *,
        guild_id: int,
        user_id: int,
        role_ids: tuple[int, ...] = (),
        place_ids: tuple[int, ...] = (),
    ) -> tuple[QuotaLine, ...]:
        """Every account that a wish of this member would touch there, as it stands. Raises StorageUnavailable."""
        guild = await guilds.settings_of(self._database, guild_id)
        limits = await stored_limits.of_member(self._database, guild_id=guild_id, user_id=user_id)
        reservations = policy.reservations(
            guild,
            user_id=user_id,
            images=1,
            price_micros=self._terms.price_micros,
            caps=self._caps(limits, user_id, role_ids, place_ids),
            now=self._clock.now(),
        )
        rows = await self._database.fetch_all(*ledger.balance_query([held.account for held in reservations]))
        lines = [
            QuotaLine(balance=balance, renews_at=held.renews_at, holding=_known(held.holding), each=held.each)
            for held, balance in zip(reservations, ledger.balances(rows, reservations), strict=True)
        ]
        fewest = min(line.fitting for line in lines)
        return tuple(replace(line, binds=line.fitting == fewest) for line in lines)

    async def resolve(self, job_id: str, *, paid: bool, guild_id: int | None, by_id: int) -> Job:
        """End a job in doubt as somebody says who knows: it was paid for, or it was not. Its card says so at once.

        `guild_id` None is the operator, who may do that in every guild. Raises JobNotFound (also for another guild's),
        CancelRefused (`too_late`) where it is not in doubt any more, or StorageUnavailable.
        """
        job = await jobs.find(self._database, job_id)
        if guild_id is not None and job.origin.guild_id != guild_id:
            raise JobNotFound(job_id)
        now = self._clock.now()

        def end(connection: sqlite3.Connection) -> Job:
            return doubts.resolve(connection, job_id, paid=paid, by_id=by_id, at=now)

        try:
            resolved = await self._database.write(end)
        except TransitionRefused as error:
            current = await jobs.find(self._database, job_id)
            raise CancelRefused("too_late", status=current.status) from error
        self._observer.transition(JobStatus.IN_DOUBT, resolved.status)
        if paid:
            self._observer.settled(resolved.settled_micros)
        log.info("%s to %s by hand", JobStatus.IN_DOUBT, resolved.status, extra={"job_id": job_id})
        self._runner.wake(job_id, at_once=True)
        return resolved

    async def _accept(self, wish: Wish) -> Acceptance:
        try:
            job, left = await self._record(wish)
        except Refusal as refusal:
            self._observer.refusal(type(refusal).__name__)
            raise
        self._observer.transition(None, job.status)
        log.info(
            "accepted: %d images for %d micros", job.images_requested, job.cost_micros, extra={"job_id": job.job_id}
        )
        self._runner.watch(job, after_seconds=card_wait(job.request).total_seconds())
        place = self._queue.place(job.job_id)
        assert place is not None  # the runner has just been told of it
        return Acceptance(job=job, place=place, usual=self._usual(job), left=left)

    def _accepted(self, task: asyncio.Task[Acceptance]) -> None:
        self._accepting.discard(task)
        if not task.cancelled():
            task.exception()  # looked at here for a caller that is gone, or asyncio would call it forgotten

    async def _record(self, wish: Wish) -> tuple[Job, int]:
        """The recorded job, and how many images its author has room for after it."""
        if self._runner.stopping or not self._circuit.takes_commands():
            raise ProviderClosed(stopping=self._runner.stopping)
        await self._books.check()
        for _ in range(_SCREENINGS_MAX):
            screening = await self._prompts.screened(wish)
            now = self._clock.now()
            try:
                recorded, left, crossed = await self._database.write(self._recording(wish, screening, now))
            except _Outdated as newer:
                self._prompts.outdated(newer.guild, newer.operator)
            except PromptBlocked as refusal:
                raise await self._prompts.refusal_of(wish, refusal) from None
            except CapReached as refusal:
                await self._note_used_up(refusal, now)
                raise
            else:
                if crossed:
                    self._told_of_budgets()
                return recorded, left
        raise FilterUnreadable("guild")

    def _recording(
        self, wish: Wish, screening: Screening | FilterUnreadable, now: datetime
    ) -> Callable[[sqlite3.Connection], tuple[Job, int, bool]]:
        """The accepting transaction.

        It gives the job, how many images its author has room for after it, and whether a budget has reached a mark.
        """
        origin, request = wish.origin, wish.request
        guild_id, user_id = origin.guild_id, origin.user_id
        job = Job(
            # Sorts by time, can't be guessed, is short enough to read out.
            job_id=f"{to_ms(now):011x}{self._draw_id()}",
            origin=origin,
            request=request if request.seed is not None else replace(request, seed=self._draw_seed()),
            status=JobStatus.QUEUED,
            price_micros=self._terms.price_micros,
            created_at=now,
            changed_at=now,
            images_requested=request.num_images,
            recipe=wish.recipe,
        )

        def record(connection: sqlite3.Connection) -> tuple[Job, int, bool]:
            guild = guilds.read_settings(connection, guild_id)
            operator = guilds.read_settings(connection, guilds.EVERYWHERE)
            if not policy.is_current(screening, guild, operator):
                raise _Outdated(guild, operator)
            rules = policy.Rules(
                guild=guild,
                screening=screening,
                operator_paused=operator.paused,
                access=access.read(connection, guild_id),
                suspension=suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=now),
            )
            policy.check(rules, origin, request)
            if wish.draft_id is not None:
                drafts.take(connection, wish.draft_id)
            limits = stored_limits.read(connection, guild_id=guild_id, user_id=user_id)
            reservations = policy.reservations(
                guild,
                user_id=user_id,
                images=request.num_images,
                price_micros=self._terms.price_micros,
                caps=self._caps(limits, user_id, origin.role_ids, origin.place_ids),
                now=now,
            )
            recorded = replace(
                job,
                origin=replace(origin, locale=guild.locale_for(origin.locale)),
                review_mark=policy.review_mark(rules, origin, now),
            )
            jobs.record(connection, recorded, reservations, active_limit=self._terms.active_jobs)
            rows = connection.execute(*ledger.balance_query([held.account for held in reservations]))
            standing = list(zip(reservations, ledger.balances(rows, reservations), strict=True))
            left = min(balance.left // held.each for held, balance in standing)
            crossed = policy.near_a_mark(standing) and alerts.note_crossings(connection, reservations, at_ms=to_ms(now))
            if not wish.confirmed:
                before = [(held, replace(after, pending=after.pending - held.amount)) for held, after in standing]
                if policy.asks_first(guild, request.num_images, before):  # raising undoes all of the above
                    raise ConfirmationNeeded(
                        images=request.num_images, cost_micros=job.cost_micros, left=left + request.num_images
                    )
            return recorded, left, bool(crossed)

        return record

    async def _note_used_up(self, refusal: CapReached, now: datetime) -> None:
        """A budget that was lowered below what is spent refuses everything: whoever is told of budgets hears of that.

        What was refused is undone with everything else of it, so the mark is written down on its own.
        """
        if refusal.account.scope is Scope.MEMBER or refusal.fitting:
            return
        one = Reservation(
            account=refusal.account,
            amount=refusal.each,
            each=refusal.each,
            cap=refusal.cap,
            renews_at=refusal.renews_at,
        )
        if await self._database.write(lambda connection: alerts.note_crossings(connection, [one], at_ms=to_ms(now))):
            self._told_of_budgets()

    def _caps(self, limits: Limits, user_id: int, role_ids: tuple[int, ...], place_ids: tuple[int, ...]) -> HoldingCaps:
        return holding(self._terms.caps, limits, user_id=user_id, role_ids=role_ids, channel_ids=place_ids)

    def _ended(self, job_id: str) -> None:
        self._queue.remove(job_id)
        self._observer.transition(JobStatus.QUEUED, JobStatus.CANCELLED)
        log.info("%s to %s", JobStatus.QUEUED, JobStatus.CANCELLED, extra={"job_id": job_id})
        self._runner.wake(job_id)

    def _usual(self, job: Job) -> UsualTime:
        return self._schedule.usual(JobKind.of(job.request))


def _known(value: HoldingCap | None) -> HoldingCap:
    """The cap that `policy.reservations` gives with each."""
    assert value is not None
    return value

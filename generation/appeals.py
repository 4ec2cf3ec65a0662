"""Appeals: a member says why a strike or a suspension was a mistake, and a moderator decides."""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from clock import Clock
from errors import InvalidOption, NotAllowed, NothingToAppeal, StorageUnavailable, TooManyAppeals
from generation.strikes import Strikes
from moderation import Case, CaseKind, CaseOutcome, Suspension
from parameters import check_text, is_blank
from storage import cases, guilds, strikes, suspensions
from storage.database import Database
from storage.strikes import StrikeCause

log = logging.getLogger(__name__)

WORDS_MAX_CHARACTERS: Final = 1000
_DAY: Final = timedelta(days=1)
_AUTO: Final = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealAnswer:
    """What became of a member's appeal. `language` is what the guild chose, None where it chose none.

    `suspension` is what still holds, for whatever reason.
    """

    guild_id: int
    user_id: int
    granted: bool
    of_strike: bool
    language: str | None
    suspension: Suspension | None


class AnswerDelivery(Protocol):
    """Tells a member what became of an appeal: best effort, and never raises."""

    async def answer(self, answer: AppealAnswer) -> None:
        """Write to the member, who may not take it."""


class Appeals:
    """Takes appeals and answers them.

    `told` hears that moderators have something to decide, or no longer have; `answered` of every appeal that was
    decided. Neither may wait or raise.
    """

    def __init__(
        self,
        *,
        database: Database,
        strikes: Strikes,
        clock: Clock,
        told: Callable[[], None],
        answered: Callable[[int], None],
    ) -> None:
        self._database = database
        self._strikes = strikes
        self._clock = clock
        self._told = told
        self._answered = answered

    async def check(self, guild_id: int, user_id: int, strike_id: int | None) -> None:
        """Raise what an appeal would be refused with now, before the member writes one. Or StorageUnavailable."""
        now = self._clock.now()
        await self._database.write(
            lambda connection: _check(connection, guild_id=guild_id, user_id=user_id, strike_id=strike_id, now=now)
        )

    async def appeal(self, guild_id: int, user_id: int, strike_id: int | None, words: str) -> Case:
        """Open a case for the member's strike, or with None for the suspension that holds now, and return it.

        Raises NothingToAppeal, TooManyAppeals, InvalidOption for the words, or StorageUnavailable.
        """
        words = words.strip()
        if is_blank(words):
            raise InvalidOption("appeal", "empty")
        check_text("appeal", words, longest=WORDS_MAX_CHARACTERS)
        now = self._clock.now()

        def open_case(connection: sqlite3.Connection) -> Case:
            _check(connection, guild_id=guild_id, user_id=user_id, strike_id=strike_id, now=now)
            case, _ = cases.open_case(
                connection,
                guild_id=guild_id,
                kind=CaseKind.APPEAL,
                user_id=user_id,
                strike_id=strike_id,
                words=words,
                at=now,
            )
            return case

        case = await self._database.write(open_case)
        self._told()
        return case

    async def grant(self, case_id: int, *, guild_id: int, by_id: int, may_manage: bool = False) -> Case:
        """Say that it was a mistake: the strike is lifted, or whatever suspended the member when they appealed.

        What was decided since then stays. Nobody grants their own appeal unless they manage the guild (`may_manage`):
        raises NotAllowed. Raises AlreadyDecided, CaseGone, or StorageUnavailable as well.
        """
        now = self._clock.now()

        def grant(connection: sqlite3.Connection) -> tuple[Case, tuple[int, ...]]:
            case = cases.decide(connection, case_id, CaseOutcome.GRANTED, guild_id=guild_id, by_id=by_id, at=now)
            if case.user_id == by_id and not may_manage:
                raise NotAllowed("manage_guild")  # which undoes the above
            if case.strike_id is None:
                _, others = self._strikes.lift_in(
                    connection, guild_id, case.user_id, by_id=by_id, at=now, made_by=case.opened_at
                )
            else:
                _, others = self._strikes.lift_strike_in(connection, guild_id, case.strike_id, by_id=by_id, at=now)
            return case, others

        case, others = await self._database.write(grant)
        self._decided(case_id, *others)
        return case

    async def deny(self, case_id: int, *, guild_id: int, by_id: int) -> Case:
        """Say that it was none: everything stays. Raises AlreadyDecided, CaseGone, or StorageUnavailable."""
        now = self._clock.now()

        def deny(connection: sqlite3.Connection) -> Case:
            return cases.decide(connection, case_id, CaseOutcome.DENIED, guild_id=guild_id, by_id=by_id, at=now)

        case = await self._database.write(deny)
        self._decided(case_id)
        return case

    def _decided(self, *case_ids: int) -> None:
        self._told()
        for case_id in case_ids:
            self._answered(case_id)


class AppealAnswers:
    """Tells members what became of their appeals."""

    def __init__(self, *, database: Database, delivery: AnswerDelivery, clock: Clock) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock

    async def tell(self, case_id: int) -> None:
        """Tell whose appeal it was, once, as well as it goes. Nothing for other cases, or one that is still open."""
        try:
            case = await cases.find(self._database, case_id)
            if case is None or case.kind is not CaseKind.APPEAL or case.is_open:
                return
            answer = await self._answer(case)
        except StorageUnavailable as error:
            log.warning("case %d: nobody is told what became of it: %s", case_id, error)
            return
        await self._delivery.answer(answer)

    async def _answer(self, case: Case) -> AppealAnswer:
        guild = await guilds.settings_of(self._database, case.guild_id)
        return AppealAnswer(
            guild_id=case.guild_id,
            user_id=case.user_id,
            granted=case.outcome is CaseOutcome.GRANTED,
            of_strike=case.strike_id is not None,
            language=None if guild.language == _AUTO else guild.language,
            suspension=await suspensions.current(
                self._database, guild_id=case.guild_id, user_id=case.user_id, now=self._clock.now()
            ),
        )


def _check(
    connection: sqlite3.Connection, *, guild_id: int, user_id: int, strike_id: int | None, now: datetime
) -> None:
    limit = guilds.read_settings(connection, guild_id).appeals_per_day
    if limit == 0:
        raise TooManyAppeals(0)
    if strike_id is None:
        _check_suspension(connection, guild_id=guild_id, user_id=user_id, now=now)
    else:
        _check_strike(connection, strike_id, guild_id=guild_id, user_id=user_id)
    of_the_day = cases.opened_since(
        connection, guild_id=guild_id, user_id=user_id, kind=CaseKind.APPEAL, after=now - _DAY
    )
    if len(of_the_day) >= limit:
        raise TooManyAppeals(limit, renews_at=of_the_day[-limit].opened_at + _DAY)


def _check_strike(connection: sqlite3.Connection, strike_id: int, *, guild_id: int, user_id: int) -> None:
    strike = strikes.read(connection, strike_id, guild_id=guild_id)
    if strike is None or strike.user_id != user_id:  # another member's is none that this one may know of
        raise NothingToAppeal("gone")
    if strike.lifted_at is not None:
        raise NothingToAppeal("lifted")
    if strike.appeal_case_id is not None:
        raise NothingToAppeal("appealed")
    if strike.cause is StrikeCause.BLOCKED_PROMPT and strike.prompt is None:
        raise NothingToAppeal("gone")  # there is nothing left that moderators could look at


def _check_suspension(connection: sqlite3.Connection, *, guild_id: int, user_id: int, now: datetime) -> None:
    suspension = suspensions.read(connection, guild_id=guild_id, user_id=user_id, now=now)
    if suspension is None or suspension.at is None:
        raise NothingToAppeal("over")
    before = cases.opened_since(
        connection,
        guild_id=guild_id,
        user_id=user_id,
        kind=CaseKind.APPEAL,
        after=suspension.at - timedelta(milliseconds=1),
    )
    if any(case.strike_id is None for case in before):
        raise NothingToAppeal("appealed")

"""The caps of guilds, their roles, channels and members: what is set, by whom, and the rules for setting them."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from clock import Clock, to_ms
from errors import CapChanged, InvalidOption
from generation import policy
from limits import Caps, HoldingCap, LimitKind, LimitName, Limits, ceiling, holding
from models import AccountKey, Balance, Reservation, Unit
from parameters import check_text
from storage import audit, guilds, ledger
from storage import limits as stored_limits
from storage.audit import Line
from storage.database import Database

__all__ = [
    "HISTORY_LINES",
    "IMAGES_MAX",
    "MICROS_MAX",
    "OF_GUILDS",
    "OF_MEMBERS",
    "OVERRIDING",
    "REASON_MAX_CHARACTERS",
    "UNCHECKED",
    "Expected",
    "Grant",
    "GuildLimits",
    "Key",
    "LimitBook",
    "Line",
    "When",
    "unit_of",
]

# More is a slip of the finger: nobody makes so many pictures a day, nor spends so much on them in a month.
IMAGES_MAX: Final = 10_000
MICROS_MAX: Final = 100_000 * 1_000_000
REASON_MAX_CHARACTERS: Final = 200
# So many of the latest changes are looked at where all of them are shown.
HISTORY_LINES: Final = 50

OF_MEMBERS: Final = (LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS)
OF_GUILDS: Final = (LimitName.GUILD_DAILY_MICROS, LimitName.GUILD_MONTHLY_MICROS)
# Whose caps admins set for some of their members, in the order in which they are listed.
OVERRIDING: Final = (LimitKind.ROLE, LimitKind.CHANNEL, LimitKind.MEMBER)

Key = tuple[LimitKind, int, LimitName]
When = Literal["now", "next"]

_CHANGES: Final = "limit."
_GRANTS: Final = "grant."


class _Unchecked(Enum):
    """Stands for a value that was not shown before."""

    UNCHECKED = "unchecked"


UNCHECKED: Final = _Unchecked.UNCHECKED
Expected = int | None | Literal[_Unchecked.UNCHECKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildLimits:
    """Everything that holds in a guild: the operator's defaults, and what was set."""

    guild_id: int
    defaults: Caps
    limits: Limits

    def own(self, kind: LimitKind, subject_id: int, name: LimitName) -> int | None:
        """What was set there; None where the next in line holds."""
        return self.limits.get((kind, subject_id, name))

    def holding(self, name: LimitName) -> HoldingCap:
        """What holds for the guild, or for a member of whom nothing else is known."""
        return holding(self.defaults, self.limits, user_id=0)[name]

    def ceiling(self, name: LimitName) -> int:
        """The most that the guild's own budget of that name may be."""
        return ceiling(self.defaults, self.limits, name)

    def subjects(self) -> tuple[tuple[LimitKind, int], ...]:
        """The roles, channels and members with caps of their own."""
        found = {(kind, subject_id) for kind, subject_id, _ in self.limits if kind in OVERRIDING}
        return tuple(sorted(found, key=lambda found: (OVERRIDING.index(found[0]), found[1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a member was granted on top of a cap: `granted` in all, in the period that ends at `renews_at`."""

    balance: Balance
    amount: int
    granted: int
    renews_at: datetime


class LimitBook:
    """Reads and sets caps. Every method raises StorageUnavailable where the database can't be used.

    Whoever calls has checked that the member may do it: nothing here knows of permissions.
    """

    def __init__(self, database: Database, defaults: Caps, clock: Clock) -> None:
        self._database = database
        self._defaults = defaults
        self._clock = clock

    async def of_guild(self, guild_id: int) -> GuildLimits:
        """Everything that holds in the guild."""
        limits = await stored_limits.of_guild(self._database, guild_id)
        return GuildLimits(guild_id=guild_id, defaults=self._defaults, limits=limits)

    async def last_changes(self, guild_id: int, keys: Sequence[Key]) -> dict[Key, Line]:
        """Who changed each of these caps last, when and why; those that nobody ever changed are left out."""
        things = {(_what(kind, name), subject_id): (kind, subject_id, name) for kind, subject_id, name in keys}
        found = await audit.last_of_each(self._database, guild_id, list(things))
        return {things[change.what, change.subject_id or 0]: change for change in found}

    async def history(self, guild_id: int, limit: int = HISTORY_LINES) -> tuple[Line, ...]:
        """The guild's latest changes of caps and grants, newest first; guild 0 has the operator's."""
        return tuple(await audit.latest(self._database, guild_id, limit=limit, what=(_CHANGES, _GRANTS)))

    async def set(
        self,
        guild_id: int,
        kind: LimitKind,
        subject_id: int,
        name: LimitName,
        value: int | None,
        *,
        by_id: int,
        reason: str = "",
        expected: Expected = UNCHECKED,
    ) -> tuple[int | None, int | None]:
        """Set a cap of the guild, or of a role, channel or member in it; None is the default. Returns before and after.

        `expected` is what the admin was shown: where it is something else by now, CapChanged says so. Raises
        InvalidOption for a cap that such a one can't have, and for a value that it can't be. Nothing changes then.
        """
        if kind not in {LimitKind.GUILD, *OVERRIDING}:
            raise InvalidOption("cap", "not_a_choice")
        if name not in OF_MEMBERS and (kind is not LimitKind.GUILD or name not in OF_GUILDS):
            raise InvalidOption("cap", "only_for_server" if name in OF_GUILDS else "not_a_choice")
        key = (kind, 0 if kind is LimitKind.GUILD else subject_id, name)
        return await self._put(guild_id, key, value, by_id=by_id, reason=reason, expected=expected)

    async def set_ceiling(
        self,
        guild_id: int,
        name: LimitName,
        value: int | None,
        *,
        by_id: int,
        reason: str = "",
        expected: Expected = UNCHECKED,
    ) -> tuple[int | None, int | None]:
        """Set how far a guild may move its own budget; for the operator alone. Otherwise as `set`."""
        if name not in OF_GUILDS:
            raise InvalidOption("cap", "not_a_choice")
        key = (LimitKind.CEILING, 0, name)
        return await self._put(guild_id, key, value, by_id=by_id, reason=reason, expected=expected)

    async def set_global(
        self, value: int | None, *, by_id: int, reason: str = "", expected: Expected = UNCHECKED
    ) -> tuple[int | None, int | None]:
        """Set the month's budget of the whole bot; for the operator alone. Otherwise as `set`."""
        key = (LimitKind.OPERATOR, 0, LimitName.GLOBAL_MONTHLY_MICROS)
        return await self._put(guilds.EVERYWHERE, key, value, by_id=by_id, reason=reason, expected=expected)

    async def grant(
        self,
        guild_id: int,
        user_id: int,
        *,
        unit: Unit,
        amount: int,
        by_id: int,
        role_ids: Sequence[int] = (),
        when: When = "now",
        reason: str = "",
    ) -> Grant:
        """Give a member so many images more for a day, or micros for a month: this one, or the next.

        A negative amount takes back what was granted. Raises InvalidOption: `zero`, `out_of_range`,
        `amount_too_high` or `more_than_granted`.
        """
        option = "images" if unit is Unit.IMAGE else "usd"
        if amount == 0:
            raise InvalidOption(option, "zero")
        _check_value(option, unit, abs(amount))
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()

        def put(connection: sqlite3.Connection) -> Grant:
            held = self._account(connection, guild_id, user_id, role_ids, unit, when, now)
            before = _granted(connection, held.account)
            if before + amount < 0:
                raise InvalidOption(option, "more_than_granted", high=before)
            _check_value(option, unit, before + amount)
            balance = ledger.grant(connection, held.account, amount, cap=held.cap, at_ms=to_ms(now))
            audit.note(
                connection,
                guild_id=guild_id,
                by_id=by_id,
                at=now,
                what=f"{_GRANTS}{unit}.{held.account.period}",
                subject_id=user_id,
                before=before,
                after=before + amount,
                reason=reason,
            )
            return Grant(balance=balance, amount=amount, granted=before + amount, renews_at=held.renews_at)

        return await self._database.write(put)

    def _account(
        self,
        connection: sqlite3.Connection,
        guild_id: int,
        user_id: int,
        role_ids: Sequence[int],
        unit: Unit,
        when: When,
        now: datetime,
    ) -> Reservation:
        """The member's account of that unit, in the period that is or the one after it."""
        guild = guilds.read_settings(connection, guild_id)
        limits = stored_limits.read(connection, guild_id=guild_id, user_id=user_id)
        caps = holding(self._defaults, limits, user_id=user_id, role_ids=role_ids)

        def at(moment: datetime) -> Reservation:
            of_images, of_micros, *_ = policy.reservations(
                guild, user_id=user_id, images=1, price_micros=1, caps=caps, now=moment
            )
            return of_images if unit is Unit.IMAGE else of_micros

        found = at(now)
        return found if when == "now" else at(found.renews_at)

    async def _put(
        self, guild_id: int, key: Key, value: int | None, *, by_id: int, reason: str, expected: Expected
    ) -> tuple[int | None, int | None]:
        kind, subject_id, name = key
        if value is not None:
            _check_value("value", unit_of(name), value)
        check_text("reason", reason, longest=REASON_MAX_CHARACTERS)
        now = self._clock.now()

        def put(connection: sqlite3.Connection) -> tuple[int | None, int | None]:
            if kind is LimitKind.GUILD and name in OF_GUILDS and value is not None:
                limits = stored_limits.read(connection, guild_id=guild_id, user_id=0)
                most = ceiling(self._defaults, limits, name)
                if value > most:
                    raise InvalidOption("value", "above_ceiling", high=most)
            last = audit.last_of(connection, guild_id, what=_what(kind, name), subject_id=subject_id)
            before = stored_limits.put(
                connection,
                guild_id=guild_id,
                kind=kind,
                subject_id=subject_id,
                name=name,
                value=value,
                by_id=by_id,
                at=now,
                reason=reason.strip(),
            )
            # Two admins who want the same are not told that they disagree.
            if expected is not UNCHECKED and before not in (expected, value):
                raise CapChanged(
                    is_money=unit_of(name) is Unit.MICROS,
                    now=before,
                    by_id=None if last is None else last.by_id,
                    at=None if last is None else last.at,
                )
            return before, value

        return await self._database.write(put)


def unit_of(name: LimitName) -> Unit:
    """What the cap counts."""
    return Unit.IMAGE if name is LimitName.MEMBER_DAILY_IMAGES else Unit.MICROS


def _what(kind: LimitKind, name: LimitName) -> str:
    return f"{_CHANGES}{kind}.{name}"


def _granted(connection: sqlite3.Connection, account: AccountKey) -> int:
    row = connection.execute(*ledger.balance_query([account])).fetchone()
    return 0 if row is None else int(row["granted"])


def _check_value(option: str, unit: Unit, value: object) -> None:
    """Raise InvalidOption unless it is a whole number from 0 to the most that the unit may be."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidOption(option, "not_whole" if unit is Unit.IMAGE else "no_amount")
    if value < 0:
        raise InvalidOption(option, "negative")
    if unit is Unit.IMAGE and value > IMAGES_MAX:
        raise InvalidOption(option, "out_of_range", low=0, high=IMAGES_MAX)
    if unit is Unit.MICROS and value > MICROS_MAX:
        raise InvalidOption(option, "amount_too_high", high=MICROS_MAX)

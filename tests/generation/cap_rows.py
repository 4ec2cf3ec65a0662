"""The caps that there are, as rows of a table: what is set, for whom, and which of it holds.

Every row's cap has room for three images, so that a full one, one that is nearly full and one that is met exactly are
easy to tell apart. What is set beside it would give one, or eight and more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from limits import LimitKind, LimitName
from models import Scope, Unit
from tests.builders import CHANNEL_ID, PRICE_MICROS, USER_ID

HELD_IMAGES: Final = 3
ARTIST, PATRON = 201, 202
THREAD, ELSEWHERE = 301, 302
ANOTHER_MEMBER: Final = 401

K = LimitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of a wish: the cap on it, the operator's setting for it, and what it counts in which period."""

    limit: LimitName
    setting: str
    scope: Scope
    unit: Unit
    daily: bool

    def of_images(self, images: int) -> int:
        """So many images in what the account counts."""
        return images if self.unit is Unit.IMAGE else images * PRICE_MICROS


MEMBER_DAY: Final = Account(
    limit=LimitName.MEMBER_DAILY_IMAGES,
    setting="user_daily_images",
    scope=Scope.MEMBER,
    unit=Unit.IMAGE,
    daily=True,
)
MEMBER_MONTH: Final = Account(
    limit=LimitName.MEMBER_MONTHLY_MICROS,
    setting="user_monthly_micros",
    scope=Scope.MEMBER,
    unit=Unit.MICROS,
    daily=False,
)
GUILD_DAY: Final = Account(
    limit=LimitName.GUILD_DAILY_MICROS,
    setting="guild_daily_micros",
    scope=Scope.GUILD,
    unit=Unit.MICROS,
    daily=True,
)
GUILD_MONTH: Final = Account(
    limit=LimitName.GUILD_MONTHLY_MICROS,
    setting="guild_monthly_micros",
    scope=Scope.GUILD,
    unit=Unit.MICROS,
    daily=False,
)
GLOBAL_MONTH: Final = Account(
    limit=LimitName.GLOBAL_MONTHLY_MICROS,
    setting="global_monthly_micros",
    scope=Scope.GLOBAL,
    unit=Unit.MICROS,
    daily=False,
)
ACCOUNTS: Final = (MEMBER_DAY, MEMBER_MONTH, GUILD_DAY, GUILD_MONTH, GLOBAL_MONTH)

Set = tuple[LimitKind, int, int]
"""Whose cap is set, the role's, member's or channel's id, and how many images it has room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cap: the operator's default in images, what was set, the roles and the thread of the wish, and who holds it."""

    name: str
    default: int
    sets: tuple[Set, ...] = ()
    kind: LimitKind
    subject_id: int = 0
    role_ids: tuple[int, ...] = ()
    in_thread: bool = False


_OF_MEMBERS: Final = (
    Row(name="the operator's default", default=3, kind=K.OPERATOR),
    Row(name="a stricter default of the guild", default=9, sets=((K.GUILD, 0, 3),), kind=K.GUILD),
    Row(name="a more generous default of the guild", default=1, sets=((K.GUILD, 0, 3),), kind=K.GUILD),
    Row(
        name="a role, although the guild's default is more",
        default=9,
        sets=((K.GUILD, 0, 8), (K.ROLE, ARTIST, 3)),
        role_ids=(ARTIST,),
        kind=K.ROLE,
        subject_id=ARTIST,
    ),
    Row(
        name="the most generous of two roles",
        default=9,
        sets=((K.ROLE, ARTIST, 1), (K.ROLE, PATRON, 3)),
        role_ids=(ARTIST, PATRON),
        kind=K.ROLE,
        subject_id=PATRON,
    ),
    Row(
        name="no role that the member has not got",
        default=9,
        sets=((K.GUILD, 0, 3), (K.ROLE, PATRON, 8)),
        role_ids=(ARTIST,),
        kind=K.GUILD,
    ),
    Row(
        name="the member's own, although a role gives more",
        default=9,
        sets=((K.MEMBER, USER_ID, 3), (K.ROLE, PATRON, 8)),
        role_ids=(PATRON,),
        kind=K.MEMBER,
        subject_id=USER_ID,
    ),
    Row(
        name="the member's own, although all others give less",
        default=1,
        sets=((K.MEMBER, USER_ID, 3), (K.ROLE, PATRON, 1), (K.GUILD, 0, 1)),
        role_ids=(PATRON,),
        kind=K.MEMBER,
        subject_id=USER_ID,
    ),
    Row(
        name="nobody else's own",
        default=9,
        sets=((K.MEMBER, ANOTHER_MEMBER, 8), (K.GUILD, 0, 3)),
        kind=K.GUILD,
    ),
    Row(
        name="a stricter channel",
        default=9,
        sets=((K.MEMBER, USER_ID, 8), (K.CHANNEL, CHANNEL_ID, 3)),
        kind=K.CHANNEL,
        subject_id=CHANNEL_ID,
    ),
    Row(
        name="no channel that would raise it",
        default=9,
        sets=((K.GUILD, 0, 3), (K.CHANNEL, CHANNEL_ID, 8)),
        kind=K.GUILD,
    ),
    Row(
        name="no other channel",
        default=9,
        sets=((K.GUILD, 0, 3), (K.CHANNEL, ELSEWHERE, 1)),
        kind=K.GUILD,
    ),
    Row(
        name="the channel that a thread is in",
        default=9,
        sets=((K.CHANNEL, CHANNEL_ID, 3),),
        in_thread=True,
        kind=K.CHANNEL,
        subject_id=CHANNEL_ID,
    ),
    Row(
        name="a thread that is stricter than its channel",
        default=9,
        sets=((K.CHANNEL, CHANNEL_ID, 8), (K.CHANNEL, THREAD, 3)),
        in_thread=True,
        kind=K.CHANNEL,
        subject_id=THREAD,
    ),
)
_OF_GUILDS: Final = (
    Row(name="the operator's default", default=3, kind=K.OPERATOR),
    Row(name="a ceiling that was raised", default=1, sets=((K.CEILING, 0, 3),), kind=K.CEILING),
    Row(name="a ceiling that was lowered", default=9, sets=((K.CEILING, 0, 3),), kind=K.CEILING),
    Row(name="the guild's own", default=9, sets=((K.GUILD, 0, 3),), kind=K.GUILD),
    Row(
        name="the guild's own below a ceiling that was raised",
        default=1,
        sets=((K.CEILING, 0, 9), (K.GUILD, 0, 3)),
        kind=K.GUILD,
    ),
    Row(
        name="a ceiling that was lowered below the guild's own",
        default=9,
        sets=((K.GUILD, 0, 8), (K.CEILING, 0, 3)),
        kind=K.CEILING,
    ),
)
_OF_ALL: Final = (
    Row(name="the operator's default", default=3, kind=K.OPERATOR),
    Row(name="what the operator raised it to", default=1, sets=((K.OPERATOR, 0, 3),), kind=K.OPERATOR),
    Row(name="what the operator lowered it to", default=9, sets=((K.OPERATOR, 0, 3),), kind=K.OPERATOR),
)


def rows() -> Iterator[tuple[Account, Row]]:
    """Every cap of every account."""
    for account in ACCOUNTS:
        of_scope = {Scope.MEMBER: _OF_MEMBERS, Scope.GUILD: _OF_GUILDS, Scope.GLOBAL: _OF_ALL}[account.scope]
        for row in of_scope:
            yield account, row


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Periods from their beginning to their end in UTC, worked out by hand: both changes of the clocks are in them."""

    days: tuple[tuple[datetime, datetime], ...]
    months: tuple[tuple[datetime, datetime], ...]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def _between(*texts: tuple[str, str]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((_utc(start), _utc(end)) for start, end in texts)


# Of each, the day that is shorter, the one that is longer (in the order of the year) and the last one of a month.
CALENDARS: Final = {
    "America/New_York": Calendar(
        days=_between(("03-08 05:00", "03-09 04:00"), ("11-01 04:00", "11-02 05:00"), ("11-30 05:00", "12-01 05:00")),
        months=_between(("03-01 05:00", "04-01 04:00"), ("11-01 04:00", "12-01 05:00")),
    ),
    "Europe/Berlin": Calendar(
        days=_between(("03-28 23:00", "03-29 22:00"), ("10-24 22:00", "10-25 23:00"), ("11-29 23:00", "11-30 23:00")),
        months=_between(("02-28 23:00", "03-31 22:00"), ("09-30 22:00", "10-31 23:00")),
    ),
    # Half an hour, south of the equator: the longer day comes first.
    "Australia/Lord_Howe": Calendar(
        days=_between(("04-04 13:00", "04-05 13:30"), ("10-03 13:30", "10-04 13:00"), ("11-29 13:00", "11-30 13:00")),
        months=_between(("03-31 13:00", "04-30 13:30"), ("09-30 13:30", "10-31 13:00")),
    ),
}
# What is everybody's follows no guild's clocks.
OF_ALL_GUILDS: Final = _between(("03-01 00:00", "04-01 00:00"), ("11-01 00:00", "12-01 00:00"))


def periods_of(account: Account, zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """The periods to look at for an account of a guild in that zone."""
    if account.scope is Scope.GLOBAL:
        return OF_ALL_GUILDS
    return CALENDARS[zone].days if account.daily else CALENDARS[zone].months

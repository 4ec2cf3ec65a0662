"""What owners' caps, grants, pauses and time zones should come to, in plain Python that shares no code with the bot.

Time goes by in quarters of an hour, on which every change of the clocks and every midnight falls.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from limits import LimitKind, LimitName
from models import UNDER_WAY, AccountKey, JobStatus, Scope, Unit
from tests.builders import PRICE_MICROS, make_account

QUARTER: Final = timedelta(minutes=15)
PRICE: Final = PRICE_MICROS
ACTIVE_LIMIT: Final = 6
# The operator's defaults, in images; a month's money goes less far than the days' images.
DEFAULTS: Final = {
    LimitName.MEMBER_DAILY_IMAGES: 6,
    LimitName.MEMBER_MONTHLY_MICROS: 11,
    LimitName.GUILD_DAILY_MICROS: 9,
    LimitName.GUILD_MONTHLY_MICROS: 20,
    LimitName.GLOBAL_MONTHLY_MICROS: 30,
}
OF_MEMBERS: Final = (LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS)
OF_GUILDS: Final = (LimitName.GUILD_DAILY_MICROS, LimitName.GUILD_MONTHLY_MICROS)


def in_units(name: LimitName, images: int) -> int:
    return images if name is LimitName.MEMBER_DAILY_IMAGES else images * PRICE


class Almanac:
    """The date in one guild as time goes by. In a new zone it is another date from the first midnight there on."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.zone = "UTC"
        self._next: str | None = None
        self._last_day: date | None = None
        self._ends: dict[tuple[object, ...], datetime] = {}

    def choose(self, zone: str) -> None:
        """The day that it is becomes the last in the zone so far."""
        self._next, self._last_day = (None, None) if zone == self.zone else (zone, self._local(self.zone))

    @property
    def is_between_zones(self) -> bool:
        """Whether the last day in a zone is over there, and goes on until the next zone has a midnight."""
        return self._last_day is not None and self._local(self.zone) > self._last_day

    def today(self) -> date:
        if self.is_between_zones:
            assert self._last_day is not None
            return self._last_day
        return self._local(self.zone)

    def month(self) -> str:
        return f"{self.today():%Y-%m}"

    def pass_quarter(self) -> None:
        before = self._local(self._next) if self._next else None
        self.now += QUARTER
        if self.is_between_zones and self._next and self._local(self._next) != before:
            self.zone, self._next, self._last_day = self._next, None, None

    def end_of(self, period: str) -> datetime:
        """When the day or month of that name is over, if nobody chooses another zone in the meantime."""
        known = (period, self.zone, self._next, self._last_day)
        if known not in self._ends:
            later = copy.copy(self)
            while f"{later.today():%Y-%m-%d}"[: len(period)] <= period:
                later.pass_quarter()
            self._ends[known] = later.now
        return self._ends[known]

    def named_after(self, period: str) -> str:
        """The name of the day or month that follows the one of that name."""
        later = copy.copy(self)
        while (name := f"{later.today():%Y-%m-%d}"[: len(period)]) <= period:
            later.pass_quarter()
        return name

    def _local(self, zone: str) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who asks for how many images, and where."""

    guild_id: int
    user_id: int
    images: int
    role_ids: tuple[int, ...] = ()
    place_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a wish would hold on an account, under which cap, where that comes from, and when the period is over."""

    account: AccountKey
    amount: int
    cap: int
    kind: LimitKind
    subject_id: int


@dataclass(slots=True, kw_only=True)
class ModelJob:
    """A wish that was taken: what it holds under which caps, and what was posted in the end."""

    job_id: str
    wish: Wish
    held: dict[AccountKey, int]
    caps: dict[AccountKey, int]
    status: JobStatus = JobStatus.QUEUED
    produced: int = 0
    usable: int = 0
    posted: dict[AccountKey, int] | None = None

    def settle(self, *, images: int, micros: int) -> None:
        assert self.posted is None
        self.posted = {account: images if account.unit is Unit.IMAGE else micros for account in self.held}

    @property
    def cost(self) -> int:
        return self.wish.images * PRICE


@dataclass(slots=True)
class Model:
    """Everything that was set, granted and taken, in every guild. Guild 0 has what is the operator's."""

    almanacs: dict[int, Almanac]
    limits: dict[tuple[int, LimitKind, int, LimitName], int] = field(default_factory=dict)
    grants: Counter[AccountKey] = field(default_factory=Counter)
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    paused: set[int] = field(default_factory=set)

    def pass_quarter(self) -> None:
        for almanac in self.almanacs.values():
            almanac.pass_quarter()

    def balance(self, account: AccountKey) -> tuple[int, int]:
        """(pending, posted) of the account."""
        jobs = [job for job in self.jobs.values() if account in job.held]
        pending = sum(job.held[account] for job in jobs if job.posted is None)
        return pending, sum(job.posted[account] for job in jobs if job.posted is not None)

    def room(self, held: Held) -> int:
        """How many images there is room for; less than none where the cap was lowered below what is used."""
        left = held.cap + self.grants[held.account] - sum(self.balance(held.account))
        return left if held.account.unit is Unit.IMAGE else left // PRICE

    def active(self, wish: Wish) -> int:
        return sum(
            (job.wish.guild_id, job.wish.user_id) == (wish.guild_id, wish.user_id) and job.status in UNDER_WAY
            for job in self.jobs.values()
        )

    def refusing(self, wish: Wish) -> Held | None:
        """The account that refuses the wish: that with room for the fewest, and of several the last to renew."""
        full = [held for held in self.held_by(wish) if self.room(held) < wish.images]
        if not full:
            return None
        fewest = min(max(0, self.room(held)) for held in full)
        binding = [held for held in full if max(0, self.room(held)) == fewest]
        return max(binding, key=self.renews_at)  # the first of those that renew together

    def renews_at(self, held: Held) -> datetime:
        return self.almanacs[held.account.guild_id].end_of(held.account.period)

    def take(self, job_id: str, wish: Wish) -> None:
        held = self.held_by(wish)
        self.jobs[job_id] = ModelJob(
            job_id=job_id,
            wish=wish,
            held={each.account: each.amount for each in held},
            caps={each.account: each.cap + self.grants[each.account] for each in held},
        )

    def held_by(self, wish: Wish) -> tuple[Held, ...]:
        """What the wish would hold, the member's own accounts first."""
        guild, everybody = self.almanacs[wish.guild_id], self.almanacs[0]
        day, month, money = f"{guild.today():%Y-%m-%d}", guild.month(), wish.images * PRICE
        of_member = make_account(Scope.MEMBER, guild_id=wish.guild_id, user_id=wish.user_id, period=month)
        of_guild = make_account(Scope.GUILD, guild_id=wish.guild_id, period=month)
        accounts = {
            LimitName.MEMBER_DAILY_IMAGES: replace(of_member, unit=Unit.IMAGE, period=day),
            LimitName.MEMBER_MONTHLY_MICROS: of_member,
            LimitName.GUILD_DAILY_MICROS: replace(of_guild, period=day),
            LimitName.GUILD_MONTHLY_MICROS: of_guild,
            LimitName.GLOBAL_MONTHLY_MICROS: make_account(Scope.GLOBAL, period=everybody.month()),
        }
        return tuple(
            Held(
                account=account,
                amount=wish.images if account.unit is Unit.IMAGE else money,
                cap=cap,
                kind=kind,
                subject_id=subject_id,
            )
            for name, account in accounts.items()
            for cap, kind, subject_id in [self._cap(name, wish)]
        )

    def ceiling(self, guild_id: int, name: LimitName) -> int:
        """How much the guild's own admins may set at most."""
        return self.limits.get((guild_id, LimitKind.CEILING, 0, name), in_units(name, DEFAULTS[name]))

    def _cap(self, name: LimitName, wish: Wish) -> tuple[int, LimitKind, int]:
        default = in_units(name, DEFAULTS[name])
        if name is LimitName.GLOBAL_MONTHLY_MICROS:
            return self.limits.get((0, LimitKind.OPERATOR, 0, name), default), LimitKind.OPERATOR, 0
        if name in OF_GUILDS:
            return self._cap_of_guild(name, wish.guild_id)
        cap = self._cap_of_member(name, wish, default)
        for place_id in wish.place_ids:
            stricter = self.limits.get((wish.guild_id, LimitKind.CHANNEL, place_id, name))
            if stricter is not None and stricter < cap[0]:
                cap = stricter, LimitKind.CHANNEL, place_id
        return cap

    def _cap_of_guild(self, name: LimitName, guild_id: int) -> tuple[int, LimitKind, int]:
        most, own = self.ceiling(guild_id, name), self.limits.get((guild_id, LimitKind.GUILD, 0, name))
        if own is not None and own < most:
            return own, LimitKind.GUILD, 0
        is_set = (guild_id, LimitKind.CEILING, 0, name) in self.limits
        return most, LimitKind.CEILING if is_set else LimitKind.OPERATOR, 0

    def _cap_of_member(self, name: LimitName, wish: Wish, default: int) -> tuple[int, LimitKind, int]:
        own = self.limits.get((wish.guild_id, LimitKind.MEMBER, wish.user_id, name))
        if own is not None:
            return own, LimitKind.MEMBER, wish.user_id
        roles = {
            role_id: self.limits[wish.guild_id, LimitKind.ROLE, role_id, name]
            for role_id in wish.role_ids
            if (wish.guild_id, LimitKind.ROLE, role_id, name) in self.limits
        }
        if roles:
            most = max(roles.values())
            return most, LimitKind.ROLE, max(role_id for role_id, value in roles.items() if value == most)
        of_guild = self.limits.get((wish.guild_id, LimitKind.GUILD, 0, name))
        return (default, LimitKind.OPERATOR, 0) if of_guild is None else (of_guild, LimitKind.GUILD, 0)

"""Which cap holds for whom: the operator's defaults, what a guild's admins have set, and who goes before whom. Pure.

A member's cap is their own override, else the most generous of their roles that have one, else the guild's default,
else the operator's. A channel can only lower it. A guild's budgets move below ceilings that only the operator raises.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LimitName(StrEnum):
    """What can be capped; a member's caps in images or micros, a guild's and everybody's in micros."""

    MEMBER_DAILY_IMAGES = "member_daily_images"
    MEMBER_MONTHLY_MICROS = "member_monthly_micros"
    GUILD_DAILY_MICROS = "guild_daily_micros"
    GUILD_MONTHLY_MICROS = "guild_monthly_micros"
    GLOBAL_MONTHLY_MICROS = "global_monthly_micros"


class LimitKind(StrEnum):
    """Whose cap it is."""

    OPERATOR = "operator"
    CEILING = "ceiling"
    GUILD = "guild"
    ROLE = "role"
    MEMBER = "member"
    CHANNEL = "channel"


Limits = Mapping[tuple[LimitKind, int, LimitName], int]
"""What people have set, by whose it is, the role, member or channel (0 otherwise), and what it caps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The operator's caps: images a day and micros a month for a member, micros for a guild and for everybody."""

    user_daily_images: int
    user_monthly_micros: int
    guild_daily_micros: int
    guild_monthly_micros: int
    global_monthly_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingCap:
    """The cap that holds, and where it comes from: whose it is, and which role's or channel's."""

    value: int
    kind: LimitKind
    subject_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingCaps:
    """The caps that hold for one member in one channel of one guild."""

    caps: Mapping[LimitName, HoldingCap] = field(default_factory=dict)

    def __getitem__(self, name: LimitName) -> HoldingCap:
        return self.caps[name]


def holding(
    defaults: Caps, limits: Limits, *, user_id: int, role_ids: Iterable[int] = (), channel_ids: Iterable[int] = ()
) -> HoldingCaps:
    """The caps that hold for this member; `channel_ids` are the channel and those that it is in (a thread's parent)."""
    roles, channels = tuple(role_ids), tuple(channel_ids)
    found: dict[LimitName, HoldingCap] = {}
    for name, default in (
        (LimitName.MEMBER_DAILY_IMAGES, defaults.user_daily_images),
        (LimitName.MEMBER_MONTHLY_MICROS, defaults.user_monthly_micros),
    ):
        cap = _of_member(limits, name, default, user_id, roles)
        for channel_id in channels:
            lower = limits.get((LimitKind.CHANNEL, channel_id, name))
            if lower is not None and lower < cap.value:
                cap = HoldingCap(value=lower, kind=LimitKind.CHANNEL, subject_id=channel_id)
        found[name] = cap
    for name, ceiling in (
        (LimitName.GUILD_DAILY_MICROS, defaults.guild_daily_micros),
        (LimitName.GUILD_MONTHLY_MICROS, defaults.guild_monthly_micros),
    ):
        found[name] = _of_guild(limits, name, ceiling)
    own = limits.get((LimitKind.OPERATOR, 0, LimitName.GLOBAL_MONTHLY_MICROS))
    found[LimitName.GLOBAL_MONTHLY_MICROS] = HoldingCap(
        value=defaults.global_monthly_micros if own is None else own, kind=LimitKind.OPERATOR
    )
    return HoldingCaps(caps=found)


def ceiling(defaults: Caps, limits: Limits, name: LimitName) -> int:
    """The most that a guild's own budget of that name may be."""
    raised = limits.get((LimitKind.CEILING, 0, name))
    if raised is not None:
        return raised
    return defaults.guild_daily_micros if name is LimitName.GUILD_DAILY_MICROS else defaults.guild_monthly_micros


def _of_member(limits: Limits, name: LimitName, default: int, user_id: int, roles: tuple[int, ...]) -> HoldingCap:
    own = limits.get((LimitKind.MEMBER, user_id, name))
    if own is not None:
        return HoldingCap(value=own, kind=LimitKind.MEMBER, subject_id=user_id)
    of_roles = [(value, role) for role in roles if (value := limits.get((LimitKind.ROLE, role, name))) is not None]
    if of_roles:
        value, role = max(of_roles)
        return HoldingCap(value=value, kind=LimitKind.ROLE, subject_id=role)
    of_guild = limits.get((LimitKind.GUILD, 0, name))
    if of_guild is not None:
        return HoldingCap(value=of_guild, kind=LimitKind.GUILD)
    return HoldingCap(value=default, kind=LimitKind.OPERATOR)


def _of_guild(limits: Limits, name: LimitName, default: int) -> HoldingCap:
    raised = limits.get((LimitKind.CEILING, 0, name))
    most = default if raised is None else raised
    own = limits.get((LimitKind.GUILD, 0, name))
    if own is not None and own < most:
        return HoldingCap(value=own, kind=LimitKind.GUILD)
    return HoldingCap(value=most, kind=LimitKind.CEILING if raised is not None else LimitKind.OPERATOR)

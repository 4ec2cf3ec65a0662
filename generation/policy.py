"""The rules that a wish must pass, and what it would cost on which account. Pure: all facts are handed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from errors import GenerationPaused, InvalidOption, MissingBotPermissions, Suspended
from generation import inputs, periods
from models import (
    AccountKey,
    Charge,
    GenerationRequest,
    GuildSettings,
    Job,
    Origin,
    Scope,
    Settlement,
    Suspension,
    Unit,
    Verdict,
    VerdictReason,
)
from parameters import IMAGES_BESIDE_INPUT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The operator's caps: images a day and micros a month for a member, micros for a guild and for everybody."""

    user_daily_images: int
    user_monthly_micros: int
    guild_daily_micros: int
    guild_monthly_micros: int
    global_monthly_micros: int


def check(
    guild: GuildSettings, origin: Origin, request: GenerationRequest, *, suspension: Suspension | None = None
) -> None:
    """Raise the Refusal that keeps this wish from becoming a job here and now."""
    if guild.paused:
        raise GenerationPaused("guild")
    if suspension is not None:
        raise Suspended(suspension.until)
    if origin.missing_permissions:
        raise MissingBotPermissions(origin.missing_permissions)
    most = guild.images_per_job if not inputs.names(request) else min(guild.images_per_job, IMAGES_BESIDE_INPUT_MAX)
    if request.num_images > most:
        raise InvalidOption("num_images", "guild_limit", high=most)


def charges(
    guild: GuildSettings, *, user_id: int, images: int, price_micros: int, caps: Caps, now: datetime
) -> tuple[Charge, ...]:
    """What a job of so many images adds to every account that it touches, the member's own first.

    Member and guild accounts follow the guild's time zone, the global one is UTC.
    """
    where = periods.zone(guild.time_zone)
    day, month, global_month = periods.day_of(now, where), periods.month_of(now, where), periods.month_of(now, UTC)

    def charge(scope: Scope, unit: Unit, period: periods.Period, each: int, cap: int) -> Charge:
        return Charge(
            account=AccountKey(
                scope=scope,
                unit=unit,
                period=period.key,
                guild_id=0 if scope is Scope.GLOBAL else guild.guild_id,
                user_id=user_id if scope is Scope.MEMBER else 0,
            ),
            amount=images * each,
            each=each,
            cap=cap,
            renews_at=period.renews_at,
        )

    return (
        charge(Scope.MEMBER, Unit.IMAGE, day, 1, caps.user_daily_images),
        charge(Scope.MEMBER, Unit.MICROS, month, price_micros, caps.user_monthly_micros),
        charge(Scope.GUILD, Unit.MICROS, day, price_micros, caps.guild_daily_micros),
        charge(Scope.GUILD, Unit.MICROS, month, price_micros, caps.guild_monthly_micros),
        charge(Scope.GLOBAL, Unit.MICROS, global_month, price_micros, caps.global_monthly_micros),
    )


# The provider made these, as far as anyone can tell; a blank picture is what it puts in a flagged one's place.
_MADE = frozenset({VerdictReason.RELEASED, VerdictReason.FLAGGED, VerdictReason.BLANK})


def settlement(job: Job, verdicts: Iterable[Verdict]) -> Settlement:
    """What a generated job costs: money for every image produced, since the provider may bill it.

    Images that turned out unusable or could not be checked don't count in the member's image quota.
    """
    return Settlement(
        images=sum(verdict.reason in _MADE for verdict in verdicts),
        micros=job.price_micros * job.images_produced,
    )

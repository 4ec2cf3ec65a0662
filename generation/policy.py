"""The rules that a wish must pass, and what it would cost on which account. Pure: all facts are handed in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from errors import (
    ChannelNotAllowed,
    FilterUnreadable,
    GenerationPaused,
    InvalidOption,
    MissingBotPermissions,
    PromptBlocked,
    RoleNeeded,
    Suspended,
)
from generation import inputs, periods
from generation.filter_terms import OTHER
from generation.screening import Screening
from limits import HoldingCaps, LimitName
from models import (
    Access,
    AccountKey,
    Balance,
    GenerationRequest,
    GuildSettings,
    Job,
    Origin,
    Reservation,
    Scope,
    Settlement,
    Unit,
    Verdict,
    VerdictReason,
)
from moderation import Review, ReviewMark, Suspension
from parameters import IMAGES_BESIDE_INPUT_MAX

NO_LIMITS: Final = Access()
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for a wish: the guild's settings and lists, whether the operator has paused, and a suspension.

    `screening` is what the prompt filter says of its words, or why nobody can say.
    """

    guild: GuildSettings
    screening: Screening | FilterUnreadable
    operator_paused: bool = False
    access: Access = NO_LIMITS
    suspension: Suspension | None = None


def check(rules: Rules, origin: Origin, request: GenerationRequest) -> None:
    """Raise the Refusal that keeps this wish from becoming a job here and now."""
    guild, access = rules.guild, rules.access
    if rules.operator_paused:
        raise GenerationPaused("operator")
    if guild.paused:
        raise GenerationPaused("guild")
    if rules.suspension is not None:
        raise suspended(guild, rules.suspension)
    if access.channel_ids and access.channel_ids.isdisjoint(origin.place_ids):
        raise ChannelNotAllowed(tuple(sorted(access.channel_ids)))
    if access.role_ids and access.role_ids.isdisjoint(origin.role_ids):
        raise RoleNeeded(tuple(sorted(access.role_ids)))
    if isinstance(rules.screening, FilterUnreadable):
        raise rules.screening
    if rules.screening.verdict.blocked:
        raise PromptBlocked(rules.screening.verdict.category or OTHER)
    if origin.missing_permissions:
        raise MissingBotPermissions(origin.missing_permissions)
    most = guild.images_per_job if not inputs.names(request) else min(guild.images_per_job, IMAGES_BESIDE_INPUT_MAX)
    if request.num_images > most:
        raise InvalidOption("num_images", "guild_limit", high=most)


def is_current(screening: Screening | FilterUnreadable, guild: GuildSettings, operator: GuildSettings) -> bool:
    """Whether the prompt filter is still as it was when the words were screened.

    One that could not be read refuses everything, so it needs no other answer.
    """
    if isinstance(screening, FilterUnreadable):
        return True
    screened_by = (screening.guild_version, screening.operator_version)
    return screened_by == (guild.filter_version, operator.filter_version)


def review_mark(rules: Rules, origin: Origin, now: datetime) -> ReviewMark | None:
    """Why a moderator may have to look at the pictures first: the words say so, or the member is new to the guild.

    Somebody of whom Discord does not say when they came counts as new.
    """
    if isinstance(rules.screening, Screening) and rules.screening.verdict.review:
        return ReviewMark.PROMPT
    known_for = timedelta(0) if origin.joined_at is None else now - origin.joined_at
    return ReviewMark.NEW_MEMBER if known_for < timedelta(days=rules.guild.new_member_days) else None


def suspended(guild: GuildSettings, suspension: Suspension) -> Suspended:
    """What a member is told who is suspended in the guild."""
    return Suspended(
        suspension.until,
        reason=suspension.reason,
        by_strikes=suspension.by_strikes,
        appealable=guild.appeals_per_day > 0,
    )


def needs_review(guild: GuildSettings, job: Job) -> bool:
    """Whether a moderator looks at the job's pictures before the channel does, as the guild has it now.

    Where it wants none looked at, a mark has no effect.
    """
    return guild.review == Review.ALWAYS or (guild.review == Review.NEW and job.review_mark is not None)


def reservations(
    guild: GuildSettings, *, user_id: int, images: int, price_micros: int, caps: HoldingCaps, now: datetime
) -> tuple[Reservation, ...]:
    """What a job of so many images holds of every account that it touches, the member's own first.

    Member and guild accounts follow the guild's time zone, the global one is UTC.
    """
    day, month = period_of(guild, now, periods.day_of), period_of(guild, now, periods.month_of)
    global_month = periods.month_of(now, UTC)

    def reservation(scope: Scope, unit: Unit, period: periods.Period, each: int, name: LimitName) -> Reservation:
        holding = caps[name]
        return Reservation(
            account=AccountKey(
                scope=scope,
                unit=unit,
                period=period.key,
                guild_id=0 if scope is Scope.GLOBAL else guild.guild_id,
                user_id=user_id if scope is Scope.MEMBER else 0,
            ),
            amount=images * each,
            each=each,
            cap=holding.value,
            renews_at=period.renews_at,
            holding=holding,
        )

    return (
        reservation(Scope.MEMBER, Unit.IMAGE, day, 1, LimitName.MEMBER_DAILY_IMAGES),
        reservation(Scope.MEMBER, Unit.MICROS, month, price_micros, LimitName.MEMBER_MONTHLY_MICROS),
        reservation(Scope.GUILD, Unit.MICROS, day, price_micros, LimitName.GUILD_DAILY_MICROS),
        reservation(Scope.GUILD, Unit.MICROS, month, price_micros, LimitName.GUILD_MONTHLY_MICROS),
        reservation(Scope.GLOBAL, Unit.MICROS, global_month, price_micros, LimitName.GLOBAL_MONTHLY_MICROS),
    )


def period_of(
    guild: GuildSettings, now: datetime, calendar: Callable[[datetime, tzinfo], periods.Period]
) -> periods.Period:
    """The guild's day or month (by `periods.day_of` or `month_of`) at that moment, and when another really begins.

    The last day in a time zone goes on until a day begins in the next one. So a change makes a day longer and never
    shorter, and none counts twice: in a zone that is behind, that day is still going on.
    """
    begins_at = next_zone_begins_at(guild)
    if begins_at is None or guild.next_time_zone is None or guild.next_time_zone_from is None:
        return calendar(now, periods.zone(guild.time_zone))
    where = periods.zone(guild.next_time_zone)
    if now >= begins_at:
        return calendar(now, where)
    period = calendar(min(now, guild.next_time_zone_from - _INSTANT), periods.zone(guild.time_zone))
    renews_at = begins_at
    while (following := calendar(renews_at, where)).key <= period.key:
        renews_at = following.renews_at
    return replace(period, renews_at=renews_at)


def next_zone_begins_at(guild: GuildSettings) -> datetime | None:
    """When the first whole day in the guild's next time zone begins; None where there is none."""
    if guild.next_time_zone is None or guild.next_time_zone_from is None:
        return None
    return periods.day_of(guild.next_time_zone_from - _INSTANT, periods.zone(guild.next_time_zone)).renews_at


def near_a_mark(standing: Iterable[tuple[Reservation, Balance]]) -> bool:
    """Whether a guild's or the whole bot's budget may have reached a mark that somebody is to be told of.

    Asked before the database is: most reservations reach nothing. The first mark is half of the budget.
    """
    return any(
        held.account.scope is not Scope.MEMBER
        and (2 * (balance.pending + balance.posted) >= balance.cap or balance.left < held.each)
        for held, balance in standing
    )


def asks_first(guild: GuildSettings, images: int, standing: Iterable[tuple[Reservation, Balance]]) -> bool:
    """Whether the guild wants a confirming press for so many images; `standing` is each
    reservation with its account as it was before.

    A share counts of each of the member's own accounts: whichever of them the images take most of.
    """
    if guild.confirm_images is not None and images >= guild.confirm_images:
        return True
    if guild.confirm_percent is None:
        return False
    return any(
        held.amount * 100 >= guild.confirm_percent * balance.left
        for held, balance in standing
        if held.account.scope is Scope.MEMBER
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

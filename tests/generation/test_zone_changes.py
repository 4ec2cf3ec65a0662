"""A guild that changes its time zone: days get longer by it, never shorter, and none counts twice."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from errors import CapReached
from generation import periods, policy
from generation.guild_settings import GuildChoices
from models import GuildSettings
from sandbox.pixazo import PixazoStandIn
from storage.database import Database
from tests.builders import GUILD_ID, make_origin
from tests.generation.assembly import Options, assembled, small_request
from tests.generation.recording import Channel
from tests.support import FakeClock

# From one side of the date line to the other, with changes of the clocks of every kind.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
# Around both changes of the clocks in most of them, and a month's end.
MOMENTS = st.builds(
    lambda start, minutes: start + timedelta(minutes=minutes),
    st.sampled_from((datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))),
    st.integers(0, 35 * 24 * 60),
)
AN_INSTANT = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
# The shortest day that clocks make: in each of these zones they jump by an hour at most.
SHORTEST_DAY = timedelta(hours=23)

Calendar = Callable[[datetime, tzinfo], periods.Period]
guild_ids = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Somebody chooses a zone, so long after the one before."""

    after: timedelta
    zone: str


CHANGES = st.builds(
    lambda minutes, zone: Change(after=timedelta(minutes=minutes), zone=zone),
    st.integers(0, 3 * 24 * 60),
    st.sampled_from(ZONES),
)


class Guild:
    """A guild of its own in the database, and the time it is there."""

    def __init__(self, database: Database, start: datetime) -> None:
        self.guild_id = next(guild_ids)
        self.clock = FakeClock(start)
        self._choices = GuildChoices(database, self.clock)

    async def choose(self, zone: str) -> GuildSettings:
        return await self._choices.change(self.guild_id, by_id=1, time_zone=zone)


def following(guild: GuildSettings, start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, periods.Period]]:
    """One period after the other, as whoever waits for each to renew comes to know them."""
    now = start
    while True:
        period = policy.period_of(guild, now, calendar)
        yield now, period
        now = period.renews_at


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=MOMENTS, before=st.sampled_from(ZONES), after=st.sampled_from(ZONES), data=st.data())
async def test_after_one_change_no_day_is_shorter_and_each_renews_when_it_was_said_to(
    database: Database, moment: datetime, before: str, after: str, data: st.DataObject
) -> None:
    guild = Guild(database, moment - timedelta(days=30))
    await guild.choose(before)
    guild.clock.advance(30 * 86_400)
    changed = await guild.choose(after)
    today = periods.day_of(moment, periods.zone(before))
    days = list(itertools.islice(following(changed, moment, periods.day_of), 6))
    assert days[0][1].key == today.key
    assert days[0][1].renews_at >= today.renews_at
    assert all(late.key > early.key for (_, early), (_, late) in itertools.pairwise(days))
    assert all(period.renews_at - start >= SHORTEST_DAY for start, period in days[1:])
    for start, period in days:
        within = start + data.draw(st.floats(0, 0.999999)) * (period.renews_at - start)
        assert policy.period_of(changed, within, periods.day_of) == period
        assert policy.period_of(changed, period.renews_at - AN_INSTANT, periods.day_of) == period
    # From the first day of the new zone on, all is as if it had been chosen always.
    for start, period in days[1:]:
        assert period == periods.day_of(start, periods.zone(after))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=MOMENTS, before=st.sampled_from(ZONES), after=st.sampled_from(ZONES))
@example(moment=datetime(2026, 10, 31, 12, tzinfo=UTC), before="Asia/Tokyo", after="America/New_York")
@example(moment=datetime(2026, 10, 30, 12, tzinfo=UTC), before="Pacific/Pago_Pago", after="Pacific/Kiritimati")
async def test_after_one_change_no_month_is_counted_twice(
    database: Database, moment: datetime, before: str, after: str
) -> None:
    guild = Guild(database, moment - timedelta(days=3))
    await guild.choose(before)
    guild.clock.advance(3 * 86_400)
    changed = await guild.choose(after)
    (_, first), (start, second), (_, third) = itertools.islice(following(changed, moment, periods.month_of), 3)
    assert first.key == policy.period_of(changed, moment, periods.day_of).key[:7]
    assert first.key < second.key < third.key
    assert second.renews_at - start > timedelta(days=26)
    assert second == periods.month_of(start, periods.zone(after))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=MOMENTS, first=st.sampled_from(ZONES), changes=st.lists(CHANGES, min_size=1, max_size=6))
@example(  # towards the east every day, by almost a whole day each time
    moment=datetime(2026, 10, 10, 10, 59, tzinfo=UTC),
    first="Pacific/Pago_Pago",
    changes=[
        Change(after=timedelta(hours=24 * (number > 0)), zone=zone)
        for number, zone in enumerate(["Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Kiritimati"])
    ],
)
async def test_however_often_it_is_changed_there_are_no_more_days_than_on_a_calendar(
    database: Database, moment: datetime, first: str, changes: list[Change]
) -> None:
    """Every date is one account, so whoever takes all they can get at any time gets no more than that many quotas."""
    guild = Guild(database, moment)
    chosen = await guild.choose(first)
    seen, ends = set(), moment + sum((change.after for change in changes), timedelta(days=3))
    pending = list(itertools.accumulate((change.after for change in changes), initial=timedelta(0)))[1:]
    due = list(zip(pending, changes, strict=True))
    while guild.clock.now() < ends:
        while due and moment + due[0][0] <= guild.clock.now():
            chosen = await guild.choose(due.pop(0)[1].zone)
        seen.add(policy.period_of(chosen, guild.clock.now(), periods.day_of).key)
        guild.clock.advance(HOUR.total_seconds())
    # The dates that there are anywhere on Earth in that time.
    assert len(seen) <= (ends + 14 * HOUR).date().toordinal() - (moment - 12 * HOUR).date().toordinal() + 1


@pytest.mark.parametrize(
    ("before", "after", "renews"),
    [
        # In New York 18 November begins five hours later than in UTC, and until then it is still the 17th.
        ("UTC", "America/New_York", "2026-11-18 05:00"),
        # In Tokyo the 18th has long begun when the 17th ends in UTC: so the next day is the 19th.
        ("UTC", "Asia/Tokyo", "2026-11-18 15:00"),
        ("America/New_York", "Europe/Berlin", "2026-11-18 23:00"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2026-11-18 11:00"),
        ("Europe/Berlin", "Africa/Lagos", "2026-11-17 23:00"),  # the same time, by another name
    ],
)
async def test_the_quota_renews_once_at_the_change_and_then_every_day(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, before: str, after: str, renews: str
) -> None:
    clock = FakeClock(datetime(2026, 11, 15, 6, tzinfo=UTC))
    async with assembled(tmp_path, pixazo, channel, clock, Options(user_daily_images=2)) as bot:

        async def refused_until() -> datetime:
            with pytest.raises(CapReached) as caught:
                await bot.service.accept(make_origin(), small_request(num_images=1))
            return caught.value.renews_at

        choices = GuildChoices(bot.database, clock)
        await choices.change(GUILD_ID, by_id=1, time_zone=before)
        clock.advance(2 * 86_400)
        await bot.service.accept(make_origin(), small_request(num_images=2))
        await choices.change(GUILD_ID, by_id=1, time_zone=after)
        renews_at = datetime.fromisoformat(renews).replace(tzinfo=UTC)
        for days in range(3):
            expected = renews_at + timedelta(days=days)
            for moment in (clock.now(), expected - AN_INSTANT):
                clock.advance((moment - clock.now()).total_seconds())
                assert await refused_until() == expected
            clock.advance(AN_INSTANT.total_seconds())
            await bot.service.accept(make_origin(), small_request(num_images=2))

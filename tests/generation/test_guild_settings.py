"""What servers choose: checked, kept with who chose it, and read as it is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errors import InvalidOption
from generation import periods
from generation.guild_settings import GuildChoices
from models import GuildSettings
from storage import audit
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.support import FakeClock


@pytest.fixture
def choices(database: Database, clock: FakeClock) -> GuildChoices:
    return GuildChoices(database, clock)


async def change(choices: GuildChoices, **settings: Any) -> GuildSettings:
    return await choices.change(GUILD_ID, by_id=USER_ID, **settings)


async def test_a_guild_that_never_chose_has_the_defaults(choices: GuildChoices) -> None:
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_what_is_changed_is_kept_and_the_rest_stays(choices: GuildChoices) -> None:
    await change(choices, images_per_job=10, moderators_channel_id=7)
    changed = await change(choices, spoilers=True, recipe_in_files=False, language="de", confirm_images=3)
    assert changed == GuildSettings(
        guild_id=GUILD_ID,
        images_per_job=10,
        moderators_channel_id=7,
        spoilers=True,
        recipe_in_files=False,
        language="de",
        confirm_images=3,
    )
    assert await choices.of(GUILD_ID) == changed
    assert await choices.of(GUILD_ID + 1) == GuildSettings(guild_id=GUILD_ID + 1)


async def test_the_later_of_two_changes_holds_and_is_what_it_returns(choices: GuildChoices) -> None:
    await change(choices, images_per_job=2)
    assert (await change(choices, images_per_job=7)).images_per_job == 7
    assert (await change(choices, spoilers=True)).images_per_job == 7


async def test_who_changed_what_and_why_is_kept(choices: GuildChoices, database: Database) -> None:
    await choices.change(GUILD_ID, by_id=USER_ID, reason="quieter", spoilers=True, images_per_job=4)
    [line] = await audit.latest(database, GUILD_ID, limit=10)
    assert (line.what, line.by_id, line.at, line.reason) == ("setting.spoilers", USER_ID, NOW, "quieter")
    assert (line.before, line.after) == ("False", "True")


@pytest.mark.parametrize(
    ("setting", "value", "low", "high"),
    [
        *[("images_per_job", value, 1, 10) for value in (0, 11, -1, 2**70)],
        *[("confirm_images", value, 1, 10) for value in (0, 11)],
        *[("confirm_percent", value, 1, 100) for value in (0, 101, -5)],
        *[("moderators_channel_id", value, 1, 2**63 - 1) for value in (0, -1, 2**63)],
    ],
)
async def test_a_number_out_of_its_range_is_refused(
    choices: GuildChoices, setting: str, value: int, low: int, high: int
) -> None:
    with pytest.raises(InvalidOption) as caught:
        await change(choices, **{setting: value})
    assert (caught.value.option, caught.value.problem) == (setting, "out_of_range")
    assert (caught.value.low, caught.value.high) == (low, high)


@pytest.mark.parametrize(
    "settings",
    [
        {"images_per_job": True},
        {"images_per_job": "4"},
        {"images_per_job": 4.0},
        {"images_per_job": None},
        {"spoilers": 1},
        {"spoilers": "on"},
        {"recipe_in_files": None},
        {"language": "fr"},
        {"language": None},
        {"language": ["de"]},
        {"confirm_images": True},
        {"confirm_percent": 12.5},
        {"moderators_channel_id": "7"},
        {"time_zone": None},
        {"time_zone": 1},
        {"paused": True},  # settings, but none that are chosen here
        {"review": "sometimes"},
        {"strike_days": 1.5},
        {"strikes": 1},
        {"filter_version": 3},
        {"greeted_at": NOW},
        {"next_time_zone": "UTC"},
        {"nothing of the kind": True},
    ],
)
async def test_a_value_of_a_wrong_kind_and_an_unknown_setting_are_refused(
    choices: GuildChoices, settings: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOption, match="not_a_choice"):
        await change(choices, **settings)
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


@pytest.mark.parametrize("ladder", [(), (0,) * 11, (-1, 0), (0, True), [0], "0,3600", (0, -2), (366 * 86400,)])
async def test_what_is_no_ladder_is_refused(choices: GuildChoices, ladder: object) -> None:
    with pytest.raises(InvalidOption, match=r"bad_ladder|out_of_range"):
        await change(choices, ladder=ladder)
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


@pytest.mark.parametrize(
    ("setting", "low", "high"),
    [
        ("review_hours", 1, 144),
        ("new_member_days", 1, 90),
        ("reports_to_hide", 1, 50),
        ("strike_days", 1, 365),
        ("appeals_per_day", 0, 20),
    ],
)
async def test_the_bounds_of_moderation_hold_here_and_in_the_schema(
    choices: GuildChoices, setting: str, low: int, high: int
) -> None:
    for value in (low, high):
        assert getattr(await change(choices, **{setting: value}), setting) == value
    for value in (low - 1, high + 1):
        with pytest.raises(InvalidOption, match="out_of_range"):
            await change(choices, **{setting: value})


async def test_reviews_that_nobody_could_see_are_refused(choices: GuildChoices) -> None:
    with pytest.raises(InvalidOption, match="needs_moderators"):
        await change(choices, review="always")
    assert (await choices.of(GUILD_ID)).review == "never"
    await change(choices, review="new", moderators_channel_id=5)
    with pytest.raises(InvalidOption, match="wanted_for_reviews"):
        await change(choices, moderators_channel_id=None)
    assert (await choices.of(GUILD_ID)).moderators_channel_id == 5
    await change(choices, review="never", moderators_channel_id=None)


@pytest.mark.parametrize("bad", [{"images_per_job": 11}, {"time_zone": "Mars/Olympus"}])
async def test_one_bad_value_keeps_the_good_ones_out(choices: GuildChoices, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        await change(choices, spoilers=True, **bad)
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_what_may_be_none_can_be_taken_back(choices: GuildChoices) -> None:
    await change(choices, moderators_channel_id=7, confirm_images=2, confirm_percent=50)
    cleared = await change(choices, moderators_channel_id=None, confirm_images=None, confirm_percent=None)
    assert cleared == GuildSettings(guild_id=GUILD_ID)


async def test_another_time_zone_counts_from_the_end_of_the_day_in_the_one_before(
    choices: GuildChoices, clock: FakeClock
) -> None:
    changed = await change(choices, time_zone="america/los angeles")
    assert changed.next_time_zone == "America/Los_Angeles"
    assert changed.next_time_zone_from == datetime(2026, 11, 23, tzinfo=UTC)
    assert changed.zone_at(clock.now()) == "UTC"
    clock.advance(12 * 3600)
    assert changed.zone_at(clock.now()) == "America/Los_Angeles"

    # The day goes on until it is over in Los Angeles too: a change before that takes the place of the one before.
    again = await change(choices, time_zone="Asia/Tokyo")
    assert (again.time_zone, again.next_time_zone) == ("UTC", "Asia/Tokyo")
    assert again.next_time_zone_from == datetime(2026, 11, 23, tzinfo=UTC)

    # Midnight in Tokyo is at 15:00 in UTC: from then on it is a change of the zone that holds.
    clock.advance(15 * 3600)
    third = await change(choices, time_zone="Europe/Berlin")
    assert (third.time_zone, third.next_time_zone) == ("Asia/Tokyo", "Europe/Berlin")
    assert third.next_time_zone_from == datetime(2026, 11, 24, 15, tzinfo=UTC)


async def test_the_zone_that_holds_takes_a_change_back_that_has_not_come(choices: GuildChoices) -> None:
    await change(choices, time_zone="Asia/Tokyo")
    assert await change(choices, time_zone="UTC") == GuildSettings(guild_id=GUILD_ID)


async def test_of_two_changes_on_one_day_the_later_counts_and_from_the_same_moment(choices: GuildChoices) -> None:
    first = await change(choices, time_zone="Asia/Tokyo")
    second = await change(choices, time_zone="Europe/Berlin")
    assert (second.time_zone, second.next_time_zone) == ("UTC", "Europe/Berlin")
    assert second.next_time_zone_from == first.next_time_zone_from


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 29, 12, tzinfo=UTC), 23), (datetime(2026, 10, 25, 12, tzinfo=UTC), 25)],
)
async def test_the_day_on_which_it_is_changed_ends_right_across_daylight_saving(
    database: Database, day: datetime, hours: int
) -> None:
    clock = FakeClock(day - timedelta(days=2))
    choices = GuildChoices(database, clock)
    await change(choices, time_zone="Europe/Berlin")
    clock.advance(2 * 86_400)
    changed = await change(choices, time_zone="UTC")
    start = periods.day_of(day - timedelta(days=1), periods.zone("Europe/Berlin")).renews_at
    assert changed.next_time_zone_from == start + timedelta(hours=hours)


@pytest.mark.parametrize(
    "written", ["", " ", "Berlin", "Europe/Berln", "UTC+2", "../../etc/passwd", "x" * 10_000, "\0"]
)
async def test_an_unknown_time_zone_is_refused(choices: GuildChoices, written: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        await change(choices, time_zone=written)
    assert (caught.value.option, caught.value.problem) == ("time_zone", "unknown_zone")
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_a_guild_is_greeted_once(choices: GuildChoices, clock: FakeClock) -> None:
    assert await choices.greet(GUILD_ID, by_id=1)
    clock.advance(86_400)
    assert not await choices.greet(GUILD_ID, by_id=1)
    assert (await choices.of(GUILD_ID)).greeted_at == NOW
    assert await choices.greet(GUILD_ID + 1, by_id=1)

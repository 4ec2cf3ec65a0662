"""What servers choose: checked, kept, and read as it is stored."""

from typing import Any

import pytest

from errors import InvalidOption
from generation.guild_settings import GuildChoices
from models import GuildSettings
from storage.database import Database
from tests.builders import GUILD_ID


@pytest.fixture
def choices(database: Database) -> GuildChoices:
    return GuildChoices(database)


async def test_a_guild_that_never_chose_has_the_defaults(choices: GuildChoices) -> None:
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_what_is_changed_is_kept_and_the_rest_stays(choices: GuildChoices) -> None:
    await choices.change(GUILD_ID, images_per_job=10)
    changed = await choices.change(GUILD_ID, spoilers=True, recipe_in_files=False)
    assert changed == GuildSettings(guild_id=GUILD_ID, images_per_job=10, spoilers=True, recipe_in_files=False)
    assert await choices.of(GUILD_ID) == changed
    assert await choices.of(GUILD_ID + 1) == GuildSettings(guild_id=GUILD_ID + 1)


async def test_the_later_of_two_changes_holds_and_is_what_it_returns(choices: GuildChoices) -> None:
    await choices.change(GUILD_ID, images_per_job=2)
    assert (await choices.change(GUILD_ID, images_per_job=7)).images_per_job == 7
    assert (await choices.change(GUILD_ID, spoilers=True)).images_per_job == 7


@pytest.mark.parametrize("images", [0, 11, -1, 2**70])
async def test_a_number_of_images_that_nobody_can_ask_for_is_refused(choices: GuildChoices, images: int) -> None:
    with pytest.raises(InvalidOption) as caught:
        await choices.change(GUILD_ID, images_per_job=images)
    assert (caught.value.option, caught.value.problem) == ("images_per_job", "out_of_range")
    assert (caught.value.low, caught.value.high) == (1, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"images_per_job": True},
        {"images_per_job": "4"},
        {"images_per_job": 4.0},
        {"images_per_job": None},
        {"spoilers": 1},
        {"spoilers": "on"},
        {"recipe_in_files": None},
        {"paused": True},  # a setting, but none that is chosen here
        {"nothing of the kind": True},
    ],
)
async def test_a_value_of_a_wrong_kind_and_an_unknown_setting_are_refused(
    choices: GuildChoices, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOption, match="not_a_choice"):
        await choices.change(GUILD_ID, **changes)
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)


async def test_one_bad_value_keeps_the_good_ones_out(choices: GuildChoices) -> None:
    with pytest.raises(InvalidOption):
        await choices.change(GUILD_ID, spoilers=True, images_per_job=11)
    assert await choices.of(GUILD_ID) == GuildSettings(guild_id=GUILD_ID)

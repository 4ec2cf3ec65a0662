"""The lists of channels and roles: changed as a whole or by one, with who did it, never half."""

import asyncio

import pytest

from errors import InvalidOption
from generation.access_lists import CHANNEL, LISTED_MOST, ROLE, AccessLists
from models import Access
from storage import audit
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID
from tests.support import FakeClock

NOBODY_LISTED = Access()


@pytest.fixture
def lists(database: Database, clock: FakeClock) -> AccessLists:
    return AccessLists(database, clock)


def listed(*channels: int, roles: tuple[int, ...] = ()) -> Access:
    return Access(channel_ids=frozenset(channels), role_ids=frozenset(roles))


async def test_a_guild_without_lists_limits_nothing(lists: AccessLists) -> None:
    assert await lists.of(GUILD_ID) == NOBODY_LISTED


async def test_some_are_put_on_a_list_and_others_taken_off(lists: AccessLists) -> None:
    await lists.change(GUILD_ID, CHANNEL, add=[1, 2], by_id=USER_ID)
    await lists.change(GUILD_ID, ROLE, add=[7], by_id=USER_ID)
    assert await lists.change(GUILD_ID, CHANNEL, add=[3, 2], remove=[1, 9], by_id=USER_ID) == listed(2, 3, roles=(7,))
    assert await lists.of(GUILD_ID) == listed(2, 3, roles=(7,))
    assert await lists.of(GUILD_ID + 1) == NOBODY_LISTED


async def test_a_list_is_replaced_and_only_what_differs_is_written_down(lists: AccessLists, database: Database) -> None:
    await lists.replace(GUILD_ID, CHANNEL, [1, 2], by_id=USER_ID)
    assert await lists.replace(GUILD_ID, CHANNEL, [2, 3], by_id=USER_ID + 1) == listed(2, 3)
    found = await audit.latest(database, GUILD_ID, limit=10)
    assert [(line.subject_id, line.by_id, line.before, line.after) for line in reversed(found)] == [
        (1, USER_ID, None, "allowed"),
        (2, USER_ID, None, "allowed"),
        (3, USER_ID + 1, None, "allowed"),
        (1, USER_ID + 1, "allowed", None),
    ]
    assert {line.what for line in found} == {"allowed.channel"}


async def test_everyone_among_the_roles_means_everybody(lists: AccessLists) -> None:
    await lists.replace(GUILD_ID, ROLE, [7, 8], by_id=USER_ID)
    assert await lists.change(GUILD_ID, ROLE, add=[GUILD_ID], by_id=USER_ID) == NOBODY_LISTED
    assert await lists.replace(GUILD_ID, ROLE, [7, GUILD_ID], by_id=USER_ID) == NOBODY_LISTED


async def test_a_list_that_gets_too_long_stays_as_it_was(lists: AccessLists, database: Database) -> None:
    full = await lists.replace(GUILD_ID, CHANNEL, range(1, LISTED_MOST + 1), by_id=USER_ID)
    written = await audit.latest(database, GUILD_ID, limit=100)
    for trying in (
        lists.change(GUILD_ID, CHANNEL, add=[100], remove=[], by_id=USER_ID),
        lists.replace(GUILD_ID, CHANNEL, range(1, LISTED_MOST + 2), by_id=USER_ID),
    ):
        with pytest.raises(InvalidOption) as caught:
            await trying
        assert (caught.value.option, caught.value.problem) == ("channels", "too_many")
        assert caught.value.high == LISTED_MOST
    assert await lists.of(GUILD_ID) == full
    assert await audit.latest(database, GUILD_ID, limit=100) == written
    assert await lists.change(GUILD_ID, CHANNEL, add=[100], remove=[1], by_id=USER_ID) != full


@pytest.mark.parametrize("bad", [0, -1, 2**63])
async def test_what_is_no_id_is_refused(lists: AccessLists, bad: int) -> None:
    with pytest.raises(InvalidOption, match="roles: not_a_choice"):
        await lists.change(GUILD_ID, ROLE, add=[7, bad], by_id=USER_ID)
    with pytest.raises(InvalidOption, match="channels: not_a_choice"):
        await lists.replace(GUILD_ID, CHANNEL, [bad], by_id=USER_ID)
    assert await lists.of(GUILD_ID) == NOBODY_LISTED


async def test_two_admins_at_once_lose_nothing_of_each_other(lists: AccessLists) -> None:
    await asyncio.gather(
        *(lists.change(GUILD_ID, CHANNEL, add=[number], by_id=USER_ID) for number in range(1, 21)),
        *(lists.change(GUILD_ID, ROLE, add=[number], by_id=USER_ID) for number in range(1, 21)),
    )
    assert await lists.of(GUILD_ID) == listed(*range(1, 21), roles=tuple(range(1, 21)))

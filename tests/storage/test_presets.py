"""Presets as stored: whose they are, which name is taken, how many there may be, and what no longer fits."""

import json
import sqlite3
from typing import Any

import pytest

from errors import NameTaken
from recipes import LoraPick, Preset, PresetScope, PresetValues
from storage import presets
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID, later
from tests.storage.inline import do

MINE = {"guild_id": GUILD_ID, "user_id": USER_ID}
SOFT = PresetValues(guidance_scale=2.5)


def personal(name: str, values: PresetValues = SOFT, **changes: Any) -> Preset:
    given: dict[str, Any] = {"owner_id": USER_ID, "changed_by": USER_ID, "changed_at": NOW}
    return Preset(scope=PresetScope.PERSONAL, name=name, values=values, **(given | changes))


def of_guild(name: str, values: PresetValues = SOFT, **changes: Any) -> Preset:
    given: dict[str, Any] = {"guild_id": GUILD_ID, "changed_by": USER_ID, "changed_at": NOW}
    return Preset(scope=PresetScope.GUILD, name=name, values=values, **(given | changes))


async def keep(database: Database, *kept: Preset, replace: bool = False) -> None:
    for preset in kept:
        await database.write(lambda c, preset=preset: presets.keep(c, preset, replace=replace))  # type: ignore[misc]  # mypy can't infer a lambda with a default


async def test_what_was_kept_comes_back_equal(database: Database) -> None:
    values = PresetValues(template="a fox, {prompt}", loras=(LoraPick(name="Ink", scale=0.5), LoraPick(name="Grain")))
    kept = [of_guild("Fox", values), personal("Straße und Gärten", values)]
    await keep(database, *kept)
    assert await presets.within_reach(database, **MINE) == kept


async def test_the_guilds_comes_before_the_members_own_of_that_name(database: Database) -> None:
    mine, ours = personal("Fox"), of_guild("FOX")
    await keep(database, mine, ours)
    assert await presets.named(database, "  fOx ", **MINE) == [ours, mine]


async def test_presets_of_others_are_out_of_reach(database: Database) -> None:
    await keep(database, personal("Fox", owner_id=USER_ID + 1), of_guild("Fox", guild_id=GUILD_ID + 1))
    assert await presets.named(database, "fox", **MINE) == []
    assert await presets.matching(database, "", **MINE, limit=25) == []
    assert await presets.within_reach(database, **MINE) == []


async def test_a_name_is_taken_in_any_case_unless_it_may_be_replaced(database: Database) -> None:
    await keep(database, personal("Fox"), personal("Fox", owner_id=USER_ID + 1))
    with pytest.raises(NameTaken) as caught:
        await keep(database, personal("fox"))
    assert (caught.value.what, caught.value.name, caught.value.limit) == ("preset", "fox", None)
    anew = personal("fox", PresetValues(guidance_scale=4), changed_at=later(5))
    await keep(database, anew, replace=True)
    assert await presets.within_reach(database, **MINE) == [anew]


def test_there_may_be_so_many_and_replacing_one_is_not_another(connection: sqlite3.Connection) -> None:
    for number in range(presets.PERSONAL_MAX):
        do(connection, lambda c, n=number: presets.keep(c, personal(f"Fox {n}"), replace=False))  # type: ignore[misc]  # as above
    for replace in (False, True):
        with pytest.raises(NameTaken) as caught:
            do(connection, lambda c, replace=replace: presets.keep(c, personal("One more"), replace=replace))  # type: ignore[misc]  # as above
        assert caught.value.limit == presets.PERSONAL_MAX
    do(connection, lambda c: presets.keep(c, personal("Fox 7"), replace=True))
    do(connection, lambda c: presets.keep(c, of_guild("One more"), replace=False))


def test_a_guild_may_have_more_than_a_member(connection: sqlite3.Connection) -> None:
    def fill(c: sqlite3.Connection) -> None:
        for number in range(presets.GUILD_MAX):
            presets.keep(c, of_guild(f"Fox {number}"), replace=False)

    do(connection, fill)
    with pytest.raises(NameTaken) as caught:
        do(connection, lambda c: presets.keep(c, of_guild("One more"), replace=False))
    assert caught.value.limit == presets.GUILD_MAX


def test_dropping_says_whether_it_was_there(connection: sqlite3.Connection) -> None:
    do(connection, lambda c: presets.keep(c, personal("Fox"), replace=False))
    assert [do(connection, lambda c: presets.drop(c, personal("FOX"), by_id=USER_ID, at=NOW)) for _ in range(2)] == [
        True,
        False,
    ]


async def test_beginnings_come_before_insides_and_nothing_is_a_wildcard(database: Database) -> None:
    await keep(database, *map(of_guild, ["Polar fox", "Fox", "Hare", "Foxglove"]), personal("Fox 2"))
    found = await presets.matching(database, "FOX", **MINE, limit=25)
    assert [preset.name for preset in found] == ["Fox", "Foxglove", "Polar fox", "Fox 2"]
    assert [preset.name for preset in await presets.matching(database, "fox", **MINE, limit=2)] == ["Fox", "Foxglove"]
    for typed in ("%", "_ox", "f*", "' OR ''='"):
        assert await presets.matching(database, typed, **MINE, limit=25) == []


async def test_what_no_longer_fits_or_is_not_known_here_is_left_out_and_crashes_no_list(database: Database) -> None:
    await keep(database, personal("Fox", PresetValues(guidance_scale=2, num_inference_steps=20)))
    stored = {"guidance_scale": 2000, "num_inference_steps": 20, "of_tomorrow": {"a": 1}, "image_size": "vast"}
    await database.write(lambda c: c.execute("UPDATE presets SET content = ?", (json.dumps(stored),)))
    (preset,) = await presets.within_reach(database, **MINE)
    assert preset.values == PresetValues(num_inference_steps=20)

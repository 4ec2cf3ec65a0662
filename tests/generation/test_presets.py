"""The preset book: whose preset a name means, what autocompletion offers, and who may change which."""

import json
from typing import Any

import pytest

from errors import InvalidOption, NameTaken, NotAllowed
from generation.builtin_presets import BUILT_IN
from generation.presets import PresetBook, Sketch, token_of, values_of
from recipes import LoraPick, Preset, PresetScope, PresetValues, Recipe
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID, make_job, make_request
from tests.generation.choosing import control, job_of, made, preset, reference
from tests.support import FakeClock

SOFT = PresetValues(guidance_scale=2.5)
GUILD, PERSONAL, BUILT = PresetScope


@pytest.fixture
def book(database: Database, clock: FakeClock) -> PresetBook:
    return PresetBook(database, clock)


async def save(book: PresetBook, name: str, scope: PresetScope = PERSONAL, **changes: Any) -> Preset:
    given: dict[str, Any] = {
        "guild_id": GUILD_ID,
        "user_id": USER_ID,
        "values": SOFT,
        "may_manage_guild": scope is GUILD,
    }
    return await book.save(name=name, scope=scope, **(given | changes))


async def test_a_saved_preset_is_found_as_it_was_returned(book: PresetBook, clock: FakeClock) -> None:
    mine = await save(book, "  My   Fox ")
    assert (mine.name, mine.owner_id, mine.guild_id, mine.changed_at) == ("My Fox", USER_ID, 0, clock.now())
    ours = await save(book, "Our Fox", GUILD)
    assert (ours.owner_id, ours.guild_id, ours.changed_by) == (0, GUILD_ID, USER_ID)
    assert await book.find(GUILD_ID, USER_ID, "my fox") == mine
    assert await book.find(GUILD_ID + 1, USER_ID, "MY FOX") == mine  # it goes along
    assert await book.find(GUILD_ID, USER_ID + 1, "our fox") == ours


async def test_a_plain_name_means_the_guilds_then_the_members_own_then_the_built_in_one(book: PresetBook) -> None:
    async def scope_of(name: str) -> PresetScope:
        return (await book.find(GUILD_ID, USER_ID, name)).scope

    assert await scope_of("photo") is BUILT
    await save(book, "Photo")
    assert await scope_of("photo") is PERSONAL
    await save(book, "Photo", GUILD)
    assert await scope_of("photo") is GUILD
    for scope in PresetScope:
        assert await scope_of(f"{scope}:PHOTO") is scope


@pytest.mark.parametrize("name", ["nobody", "guild:nobody", "personal:Photo", "operator:Photo", ":", "", "guild:"])
async def test_an_unknown_name_is_refused_by_the_name_that_was_meant(book: PresetBook, name: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        await book.find(GUILD_ID, USER_ID, name)
    assert (caught.value.option, caught.value.problem) == ("preset", "unknown")
    assert caught.value.other == name.removeprefix("guild:").removeprefix("personal:")


async def test_autocompletion_has_the_guilds_first_and_beginnings_before_insides(book: PresetBook) -> None:
    for name in ("Old photo", "Photo booth"):
        await save(book, name)
        await save(book, f"{name} here", GUILD)
    offered = await book.complete(GUILD_ID, USER_ID, "PHOTO")
    assert [(preset.scope, preset.name) for preset in offered] == [
        (GUILD, "Photo booth here"),
        (GUILD, "Old photo here"),
        (PERSONAL, "Photo booth"),
        (PERSONAL, "Old photo"),
        (BUILT, "Photo"),
    ]
    assert await book.complete(GUILD_ID, USER_ID, "photo", limit=3) == offered[:3]
    assert [preset.name for preset in await book.complete(GUILD_ID, USER_ID, "i")][:3] == [
        "Ink drawing",
        "Isometric",
        "Film still",
    ]
    assert await book.complete(GUILD_ID, USER_ID, "nothing like it") == ()
    assert len(await book.complete(GUILD_ID, USER_ID, "")) == len(BUILT_IN) + 4


async def test_autocompletion_offers_what_discord_shows_at_most(book: PresetBook) -> None:
    for number in range(30):
        await save(book, f"Fox {number:02}")
    offered = await book.complete(GUILD_ID, USER_ID, "")
    assert [preset.name for preset in offered] == [f"Fox {number:02}" for number in range(25)]


async def test_what_autocompletion_sends_finds_the_very_preset(book: PresetBook) -> None:
    for scope in (GUILD, PERSONAL):
        await save(book, "Photo", scope)
    for found in await book.list(GUILD_ID, USER_ID):
        assert await book.find(GUILD_ID, USER_ID, token_of(found)) == found
        assert len(token_of(found)) <= 100


async def test_the_list_has_all_of_them(book: PresetBook) -> None:
    mine, ours = await save(book, "Mine"), await save(book, "Ours", GUILD)
    await save(book, "Another's", user_id=USER_ID + 1)
    assert await book.list(GUILD_ID, USER_ID) == (ours, mine, *BUILT_IN)


async def test_the_guilds_presets_are_for_its_managers_to_change(book: PresetBook) -> None:
    with pytest.raises(NotAllowed) as caught:
        await save(book, "Ours", GUILD, may_manage_guild=False)
    assert caught.value.needs == "manage_guild"
    await save(book, "Ours", GUILD)
    with pytest.raises(NotAllowed):
        await delete(book, "Ours")
    assert (await delete(book, "Ours", may_manage_guild=True)).name == "Ours"


async def delete(book: PresetBook, name: str, *, may_manage_guild: bool = False) -> Preset:
    return await book.delete(guild_id=GUILD_ID, user_id=USER_ID, name=name, may_manage_guild=may_manage_guild)


async def test_deleting_a_plain_name_means_one_that_the_member_may_delete(book: PresetBook) -> None:
    await save(book, "Photo", GUILD)
    await save(book, "Photo")
    assert (await delete(book, "photo")).scope is PERSONAL
    with pytest.raises(NotAllowed):
        await delete(book, "photo")
    await save(book, "Photo")
    assert (await delete(book, "photo", may_manage_guild=True)).scope is GUILD
    assert (await delete(book, "photo", may_manage_guild=True)).scope is PERSONAL
    for refused, problem in [("photo", "built_in"), ("built_in:Photo", "built_in"), ("nobody", "unknown")]:
        with pytest.raises(InvalidOption) as caught:
            await delete(book, refused, may_manage_guild=True)
        assert caught.value.problem == problem


async def test_a_name_that_exists_is_replaced_on_request_only(book: PresetBook) -> None:
    await save(book, "Fox")
    with pytest.raises(NameTaken):
        await save(book, "FOX")
    anew = await save(book, "FOX", replace=True, values=PresetValues(guidance_scale=5))
    assert await book.find(GUILD_ID, USER_ID, "fox") == anew


@pytest.mark.parametrize(
    ("changes", "option", "problem"),
    [
        ({"name": " "}, "name", "empty"),
        ({"name": "**loud**"}, "name", "bad_name"),
        ({"name": "guild:Fox"}, "name", "bad_name"),
        ({"name": "x" * 33}, "name", "too_long"),
        ({"values": PresetValues()}, "preset", "empty"),
        ({"scope": BUILT}, "scope", "not_a_choice"),
    ],
)
async def test_what_can_not_be_kept_is_refused(
    book: PresetBook, changes: dict[str, Any], option: str, problem: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        await save(book, **({"name": "Fox"} | changes))
    assert (caught.value.option, caught.value.problem) == (option, problem)
    assert await book.list(GUILD_ID, USER_ID) == BUILT_IN


async def test_a_name_is_free_until_one_of_the_same_kind_has_it(book: PresetBook) -> None:
    await save(book, "Fox", GUILD)
    await book.check_free(GUILD_ID, USER_ID, scope=PERSONAL, name="Fox")
    await book.check_free(GUILD_ID + 1, USER_ID, scope=GUILD, name="Fox")
    await book.check_free(GUILD_ID, USER_ID, scope=PERSONAL, name="Photo")  # a built-in one stands in nobody's way
    with pytest.raises(NameTaken):
        await book.check_free(GUILD_ID, USER_ID, scope=GUILD, name=" FOX ")
    with pytest.raises(InvalidOption):
        await book.check_free(GUILD_ID, USER_ID, scope=GUILD, name="**")


async def test_a_plain_name_to_change_means_what_the_member_may_change(book: PresetBook) -> None:
    async def scope_of(name: str, *, manager: bool) -> PresetScope:
        return (await book.find_to_change(GUILD_ID, USER_ID, name, may_manage_guild=manager)).scope

    assert await scope_of("photo", manager=False) is BUILT
    await save(book, "Photo", GUILD)
    with pytest.raises(NotAllowed):
        await scope_of("photo", manager=False)
    await save(book, "Photo")
    assert await scope_of("photo", manager=False) is PERSONAL
    assert await scope_of("photo", manager=True) is GUILD
    with pytest.raises(NotAllowed):
        await scope_of("guild:photo", manager=False)
    with pytest.raises(InvalidOption):
        await scope_of("nobody", manager=True)


def test_a_sketch_comes_back_from_its_draft() -> None:
    for replaces in (False, True):
        sketch = Sketch(name="Fox", scope=GUILD, values=SOFT, replaces=replaces)
        assert Sketch.from_json(json.loads(json.dumps(sketch.to_json()))) == sketch


class TestValuesOfAJob:
    """What "from my last picture" takes."""

    def test_the_defaults_are_nothing(self) -> None:
        assert values_of(make_job()) == PresetValues()

    def test_what_was_chosen_and_what_the_preset_set_with_the_loras_by_name(self) -> None:
        by = preset(template="{prompt} in oil", nag_tau=4.0, loras=(LoraPick(name="Ink", scale=0.3),))
        job = job_of(made("a fox", by=by, steps=12, negative="snow", lora=LoraPick(name="Gold Leaf"), seed=7, count=3))
        assert values_of(job) == PresetValues(
            template="{prompt} in oil",
            negative_prompt="snow",
            num_inference_steps=12,
            nag_tau=4.0,
            loras=(LoraPick(name="Ink", scale=0.3), LoraPick(name="Gold Leaf", scale=1.0)),
        )

    def test_real_cfg_counts_also_at_the_scale_that_is_the_default(self) -> None:
        assert values_of(job_of(made(by=preset(real_cfg_scale=3.5)))) == PresetValues(real_cfg_scale=3.5)

    def test_real_cfg_that_an_adapter_needs_was_nobodys_choice(self) -> None:
        assert values_of(job_of(made(reference=reference("ip-adapter")))).real_cfg_scale is None

    def test_reference_settings_count_where_there_was_a_reference(self) -> None:
        taken = values_of(job_of(made(reference=reference(strength=-1.0, end=0.2))))
        assert (taken.reference_strength, taken.reference_end) == (-1.0, 0.2)
        taken = values_of(job_of(made(control=control(strength=0.5, end=0.2))))
        assert (taken.reference_strength, taken.reference_end) == (None, None)

    def test_a_negative_prompt_that_is_another_members_stays_unread(self) -> None:
        request = make_request(negative_prompt="no secret hats")
        assert values_of(make_job(request=request)).negative_prompt == "no secret hats"
        borrowed = make_job(request=request, recipe=Recipe(negative_borrowed=True))
        assert values_of(borrowed) == PresetValues()

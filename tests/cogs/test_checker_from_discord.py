"""The safety checker can't be switched off from Discord: nothing that is typed, chosen or kept there reaches it.

A real bot between both stand-ins, with hostile variables in its environment. Every option, field and choice is tried
with the most, the least and the worst that it takes; every body that the provider was sent is looked at.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from discord.app_commands import Command

from models import UNDER_WAY, GuildSettings
from recipes import PresetValues
from sandbox.discord import Member, Message, Run
from sandbox.discord.client import Resolved, modal_components
from tests import hostile
from tests.builders import choose
from tests.cogs import door_finder
from tests.cogs.doors import DOORS, House, Press, open_house
from tests.cogs.image_steps import PHOTO
from tests.cogs.preset_steps import TYPED, fill_in, press, with_loras
from tests.cogs.preset_steps import panel as preset_panel
from tests.support import wait_until

GUILD_CHOICES: Final[dict[str, Any]] = {
    "images_per_job": 10,
    "recipe_in_files": False,
    "spoilers": True,
    "review": "always",
    "language": "de",
    "new_member_days": 90,
    "review_hours": 1,
    "reports_to_hide": 1,
    "strikes": False,
    "strike_flagged": True,
    "strike_days": 1,
    "ladder": (-1,),
    "appeals_per_day": 0,
}
# These say where, when and whether, not how; some of them would keep every door shut.
NOT_CHOSEN: Final = {
    "guild_id", "time_zone", "next_time_zone", "next_time_zone_from", "paused", "moderators_channel_id",
    "confirm_images", "confirm_percent", "greeted_at", "filter_version",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in hostile.ENVIRONMENT.items():
            patched.setenv(name, value)
        async with open_house(tmp_path_factory.mktemp("checker"), **hostile.ENVIRONMENT) as opened:
            await with_loras(opened.scene)
            yield opened


async def bodies(house: House, step: Press) -> list[dict[str, Any]]:
    """What was sent after a step: one body, or none where it was refused. Each asks for the checker."""
    before, jobs = len(house.pixazo.submissions), await _jobs(house)
    run = await step()
    answer = await run.answered()
    await wait_until(lambda: _is_over(run), what="the answer")
    if await _jobs(house) > jobs:
        await wait_until(lambda: len(house.pixazo.submissions) > before, what="the submission")
    assert answer is run.answer
    return [hostile.check(submission.raw) for submission in house.pixazo.submissions[before:]]


async def _jobs(house: House) -> int:
    rows = await house.scene.database.fetch_all("SELECT count(*) FROM jobs")
    return int(rows[0][0])


def _is_over(run: Run) -> bool:
    """Whether there is a card, or a refusal, and not only a promise of one."""
    message = run.answer.message if run.answer else None
    return bool(run.followups) or message is None or (not message.deleted and not message.loading)


async def idle(house: House) -> None:
    """Wait until no job is being made."""
    while any(job.status in UNDER_WAY for job in await house.scene.jobs()):
        house.clock.skip(0.5)
        await asyncio.sleep(0.01)


LOOP = pytest.mark.asyncio(loop_scope="module")
COMMANDS: Final = ("imagine", "reference", "control", "admin loras test")
NEEDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "imagine": {"prompt": "a fox"},
    "reference": {"prompt": "a fox", "image": PHOTO, "kind": "style"},
    "control": {"prompt": "a fox", "image": PHOTO, "mode": "canny"},
    "admin loras test": {"name": "Ink"},
}
# What an option can't do without, and the names that it takes.
BESIDE: Final[Mapping[str, Mapping[str, Any]]] = {
    "lora_strength": {"lora": "Ink"},
    "preprocess": {"mode": "lora-depth"},
}
LISTED: Final[Mapping[str, tuple[str, ...]]] = {"lora": ("Ink", "Gold Leaf"), "name": ("Ink",), "preset": ("Photo",)}
FITTING: Final = {"preprocess": ("depth", "None")}  # the other map is another mode's


def options(house: House, name: str) -> Iterator[tuple[str, Any]]:
    """Every option of the command with the most and the least that Discord lets through, or the worst text."""
    words = name.split()
    command: Any = house.scene.client.tree.get_command(words[0])
    for word in words[1:]:
        command = command.get_command(word)
    assert isinstance(command, Command)
    for option in command.parameters:
        shown = str(option.display_name)
        if option.type.name == "attachment":
            yield shown, PHOTO
        elif option.choices:
            yield from ((shown, value) for value in FITTING.get(shown, [choice.value for choice in option.choices]))
        elif shown in LISTED:
            yield from ((shown, value) for value in LISTED[shown])
        elif option.type.name in {"integer", "number"}:
            yield from ((shown, limit) for limit in (option.min_value, option.max_value) if limit is not None)
        else:
            assert option.type.name == "string", f"{shown}: nobody knows what it takes"
            yield shown, hostile.TEXT


async def used(house: House, name: str, given: Mapping[str, Any], *, raw: bool = False) -> list[dict[str, Any]]:
    """What is sent after the command; after `/control`, once Generate was pressed."""
    scene = house.scene
    member: Member = house.mia if name.startswith("admin") else scene.ada

    async def step() -> Run:
        return await scene.discord.slash(member, scene.channel, name, given, raw=raw)

    if name != "control":
        return await bodies(house, step)
    run = await step()
    preview = await (await run.message()).changed(lambda message: not message.loading)
    generate = [button for button in preview.buttons() if str(button.label).startswith("Generate")]
    if not generate:
        return []
    return await bodies(house, lambda: scene.discord.click(scene.ada, preview, str(generate[0].custom_id)))


class TestCommands:
    pytestmark = LOOP

    async def test_these_are_the_commands_that_lead_to_a_body(self, house: House) -> None:
        entries = door_finder.entries(house.scene.client)
        starting = {door.entry.removeprefix("/") for door in DOORS.values() if door.entry.startswith("/")}
        assert {*starting, "control"} == set(COMMANDS)
        assert {f"/{name}" for name in COMMANDS} <= entries.keys()

    @pytest.mark.parametrize("name", COMMANDS)
    async def test_every_option_at_its_extremes(self, house: House, name: str) -> None:
        went_through: dict[str, bool] = {}
        for option, value in options(house, name):
            given = {**NEEDED[name], **BESIDE.get(option, {}), option: value}
            sent = await used(house, name, given)
            went_through[option] = went_through.get(option, False) or bool(sent)
        assert all(went_through.values()), went_through

    @pytest.mark.parametrize("name", COMMANDS)
    @pytest.mark.parametrize("value", [False, "false", 0], ids=repr)
    async def test_an_option_that_a_modified_client_makes_up(self, house: House, name: str, value: Any) -> None:
        for option in hostile.KEYS:
            await used(house, name, {**NEEDED[name], option.lower(): value}, raw=True)

    async def test_whatever_the_guild_has_chosen(self, house: House) -> None:
        assert {field.name for field in dataclasses.fields(GuildSettings)} == GUILD_CHOICES.keys() | NOT_CHOSEN
        guild_id = house.scene.guild.id
        usual = {name: getattr(GuildSettings(guild_id=1), name) for name in GUILD_CHOICES}
        assert all(usual[name] != value for name, value in GUILD_CHOICES.items())
        await house.scene.database.write(lambda c: choose(c, guild_id, **GUILD_CHOICES))
        try:
            assert len(await used(house, "imagine", {"prompt": "a fox", "count": 10})) == 1
            await idle(house)
        finally:
            await house.scene.database.write(lambda c: choose(c, guild_id, **usual))


async def _edit(house: House) -> Run:
    _, card = await house.picture(prompt="a fox")
    return await house.scene.discord.click(house.scene.ada, card, "Edit…")


async def _use(house: House) -> Run:
    _, card = await house.picture(prompt="a fox")
    return await house.scene.discord.click(house.scene.ada, card, "Use as reference")


async def _remix(house: House) -> Run:
    posted = house.scene.discord.post(house.scene.bob, house.scene.channel, "look", [PHOTO])
    return await house.scene.discord.context_menu(house.scene.ada, house.scene.channel, "Remix image", posted)


FORMS: Final[Mapping[str, Callable[[House], Awaitable[Run]]]] = {"edit": _edit, "use": _use, "remix": _remix}


class TestForms:
    pytestmark = LOOP

    async def test_these_are_the_forms_that_lead_to_a_body(self) -> None:
        assert {door.entry.removeprefix("form ") for door in DOORS.values() if door.entry.startswith("form")} == set(
            FORMS
        )

    @pytest.mark.parametrize("name", FORMS)
    async def test_every_field_and_one_that_there_is_not(self, house: House, name: str) -> None:
        opened = await FORMS[name](house)
        answer = await opened.answered()
        assert answer.modal is not None
        for field, part in answer.inputs.items():
            for value in [option["value"] for option in part.get("options", ())] or [hostile.TEXT]:
                fitting = value[: part.get("max_length") or 100]
                opened = await FORMS[name](house)  # anew: what waits in a draft makes one picture
                await opened.answered()
                given = {"prompt": "a fox", field: fitting}
                await bodies(house, partial(house.scene.discord.submit_modal, opened, given))
        opened = await FORMS[name](house)
        await opened.answered()
        made_up = {"type": 18, "id": 90, "component": {"type": 4, "id": 91, "custom_id": hostile.KEY, "value": "false"}}
        resolved = Resolved(house.scene.discord.world, house.scene.channel)
        filled = [*modal_components(answer.modal, {"prompt": hostile.TEXT}, resolved), made_up]
        [body] = await bodies(house, lambda: house.scene.discord.submit_modal(opened, raw=filled))
        assert body["prompt"] == hostile.TEXT.strip()

    async def test_every_field_of_a_preset(self, house: House) -> None:
        panel = await preset_panel(house.scene, name="Wicked")
        words = {"template": hostile.TEXT + "{prompt}", "negative_prompt": hostile.TEXT}
        filled: set[str] = set()
        for button, typed in TYPED.items():
            run = await fill_in(house.scene, panel, button, {name: words.get(name, typed[name]) for name in typed})
            assert run.parent is not None
            assert run.parent.answer is not None
            filled |= run.parent.answer.inputs.keys()
        assert filled == {field.name for field in dataclasses.fields(PresetValues)}
        await press(house.scene, panel, "Save")
        [body] = await used(house, "imagine", {"prompt": "a fox", "preset": "Wicked"})
        assert body["prompt"].startswith(hostile.TEXT)
        assert body["negative_prompt"] == hostile.TEXT.strip()

    async def test_every_field_below_a_preview(self, house: House) -> None:
        run = await house.scene.discord.slash(house.scene.ada, house.scene.channel, "control", NEEDED["control"])
        preview = await (await run.message()).changed(lambda message: not message.loading)
        for value in (hostile.TEXT, "1", "0"):
            opened = await house.scene.discord.click(house.scene.ada, preview, _labelled(preview, "controladjust"))
            for field, part in (await opened.answered()).inputs.items():
                sent = await house.scene.discord.submit_modal(opened, {field: value[: part.get("max_length") or 100]})
                await sent.answered()
        assert await bodies(
            house,
            lambda: house.scene.discord.click(house.scene.ada, preview, _labelled(preview, "controlgenerate")),
        )


def _labelled(message: Message, action: str) -> str:
    """The custom id of the message's button for that."""
    [button] = [button for button in message.buttons() if f":{action}:" in str(button.custom_id)]
    return str(button.custom_id)


class TestStoredRows:
    """Everything is opened first, then what is stored is changed by other hands, then every door is tried."""

    pytestmark = LOOP

    async def test_keys_in_drafts_and_presets_are_left_out(self, house: House) -> None:
        steps = {name: await door.open(house) for name, door in DOORS.items()}
        await idle(house)
        done = await house.scene.database.write(
            lambda connection: hostile.poison(connection, tables=("drafts", "presets"), deep=False)
        )
        assert done == {"drafts.content", "presets.content"}
        for name, step in steps.items():
            assert len(await bodies(house, step)) == 1, name
        await idle(house)

    async def test_everything_that_is_stored_may_be_hostile(self, tmp_path: Path) -> None:
        """Much of it can't be read then, and is refused; what is sent all the same asks for the checker."""
        async with open_house(tmp_path) as house:
            steps = {name: await door.open(house) for name, door in DOORS.items()}
            await idle(house)
            done = await house.scene.database.write(hostile.poison)
            assert {"jobs.parameters", "jobs.recipe", "drafts.content", "presets.content", "loras.path"} <= done
            sent = {name: await bodies(house, step) for name, step in steps.items()}
            assert [name for name, found in sent.items() if found]

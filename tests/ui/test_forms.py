"""Forms as Discord shows them, and what is read from those that come back, whatever it is."""

import gc
import weakref
from typing import Any

import discord
import pytest

from sandbox.discord import Answer, ClientRefused, Run
from tests.ui.scene import Scene
from tests.ui.test_client import restarted, with_button
from ui import cards
from ui.forms import Form, FormValues, SelectField, TextField, show_form

PROMPT = TextField(name="prompt", label="Prompt", value="a red fox", required=True, longest=100, paragraph=True)
SIZE = SelectField(
    name="size",
    label="Size",
    options=[
        discord.SelectOption(label="Square", value="square", default=True),
        discord.SelectOption(label="Wide", value="wide"),
    ],
)


async def opened(scene: Scene, *fields: TextField | SelectField, title: str = "Edit") -> Run:
    """The press of a button that is answered with a form of these fields."""

    async def open_form(interaction: discord.Interaction[Any], argument: str) -> None:
        await show_form(interaction, Form("edit", argument, title=title, fields=fields))

    scene.client.add_action("edit", open_form)
    run = await scene.discord.click(scene.ada, await with_button(scene, "edit", "job.1"), "Press")
    await run.answered()
    return run


def modal(answer: Answer | None) -> Any:
    assert answer is not None
    assert answer.modal is not None
    return answer.modal


async def test_form_shows_what_stands_in_it_already(scene: Scene) -> None:
    run = await opened(scene, PROMPT, SIZE)
    assert (modal(run.answer)["title"], modal(run.answer)["custom_id"]) == ("Edit", "easel:edit:job.1")
    inputs = (await run.answered()).inputs
    prompt, size = inputs["prompt"], inputs["size"]
    assert (prompt["value"], prompt["required"], prompt["max_length"], prompt["style"]) == ("a red fox", True, 100, 2)
    assert [option.get("default") for option in size["options"]] == [True, False]
    assert (size["required"], size["min_values"]) == (False, 0)


async def test_what_was_filled_in_reaches_the_handler_of_the_action(scene: Scene) -> None:
    seen = []

    async def edit(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        seen.append((interaction.user.id, argument, values.text("prompt"), values.choice("size"), values.text("none")))
        await interaction.response.defer()

    scene.client.add_form("edit", edit)
    run = await opened(scene, PROMPT, SIZE)
    sent = await scene.discord.submit_modal(run, {"Prompt": "  two foxes ", "size": "Wide"})
    await sent.answered()
    assert seen == [(scene.ada.id, "job.1", "two foxes", "wide", "")]


async def test_optional_fields_may_be_left_empty(scene: Scene) -> None:
    seen = []

    async def edit(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        seen.append((values.text("seed"), values.choice("size"), values.choices("size")))
        await interaction.response.defer()

    scene.client.add_form("edit", edit)
    run = await opened(scene, TextField(name="seed", label="Seed"), SIZE)
    await (await scene.discord.submit_modal(run, {"seed": "", "size": []})).answered()
    assert seen == [("", None, ())]
    required = await opened(scene, PROMPT)
    with pytest.raises(ClientRefused):
        await scene.discord.submit_modal(required, {"Prompt": ""})


async def test_several_options_are_chosen_where_the_select_lets_them(scene: Scene) -> None:
    seen: list[tuple[str, ...]] = []

    async def edit(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        seen.append(values.choices("loras"))
        await interaction.response.defer()

    scene.client.add_form("edit", edit)
    options = [discord.SelectOption(label=name) for name in ("ink", "pixel", "oil")]
    run = await opened(scene, SelectField(name="loras", label="LoRAs", options=options, most=2))
    with pytest.raises(ClientRefused):
        await scene.discord.submit_modal(run, {"loras": ["ink", "pixel", "oil"]})
    await (await scene.discord.submit_modal(run, {"loras": ["ink", "oil"]})).answered()
    assert seen == [("ink", "oil")]


async def test_texts_beyond_the_limits_are_cut_rather_than_refused(scene: Scene) -> None:
    long = "x" * 5000
    field = TextField(name="p", label=long, value=long, placeholder=long, description=long, longest=50)
    select = SelectField(
        name="s", label=long, options=[discord.SelectOption(label="One")], placeholder=long, description=long
    )
    answer = await (await opened(scene, field, select, title=long)).answered()
    assert len(modal(answer)["title"]) == 45
    assert [len(part["label"]) for part in modal(answer)["components"]] == [45, 45]
    assert [len(part["description"]) for part in modal(answer)["components"]] == [100, 100]
    assert answer.inputs["p"]["value"] == "x" * 50
    assert [len(answer.inputs[name]["placeholder"]) for name in ("p", "s")] == [100, 150]


async def test_form_of_no_or_six_fields_is_not_made() -> None:
    for count in (0, 6):
        with pytest.raises(ValueError, match="1 to 5 fields"):
            Form("edit", "x", title="Edit", fields=[PROMPT] * count)


async def test_form_with_a_foreign_custom_id_is_not_made() -> None:
    with pytest.raises(ValueError, match="no custom id of ours"):
        Form("edit", "two words", title="Edit", fields=[PROMPT])


async def test_nothing_of_a_form_stays_in_memory(scene: Scene) -> None:
    sent: list[weakref.ref[Form]] = []

    async def open_form(interaction: discord.Interaction[Any], argument: str) -> None:
        form = Form("edit", argument, title="Edit", fields=[PROMPT, SIZE])
        sent.append(weakref.ref(form))
        await show_form(interaction, form)

    scene.client.add_action("edit", open_form)
    await (await scene.discord.click(scene.ada, await with_button(scene, "edit"), "Press")).answered()
    # Discord has the form before discord.py has read the answer: with the next one answered it is done with this one.
    await (await scene.discord.click(scene.ada, await with_button(scene, "edit"), "Press")).answered()
    gc.collect()
    assert sent[0]() is None


async def test_form_that_was_open_during_a_restart_is_answered_as_before(scene: Scene) -> None:
    run = await opened(scene, PROMPT)
    seen: list[str] = []

    async def edit(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        seen.append(f"{argument}: {values.text('prompt')}")
        await interaction.response.send_message(view=cards.page("Done"), ephemeral=True)

    async with restarted(scene) as client:
        client.add_form("edit", edit)
        answer = await (await scene.discord.submit_modal(run)).answered()
    assert seen == ["job.1: a red fox"]
    assert answer.message is not None
    assert answer.message.text() == "Done"


FIELD = {"type": 4, "custom_id": "prompt", "value": "a fox"}
SELECT = {"type": 3, "custom_id": "size", "values": ["wide", "square"]}


@pytest.mark.parametrize(
    "components",
    [
        [{"type": 18, "component": FIELD}, {"type": 18, "component": SELECT}],
        [{"type": 1, "components": [FIELD]}, {"type": 1, "components": [SELECT]}],
        [FIELD, SELECT],
        [{"type": 99, "components": [{"component": [FIELD, None, 3]}, "x"]}, {"component": {"component": SELECT}}],
    ],
    ids=["labels", "action rows", "bare", "nested oddly"],
)
def test_values_are_found_whatever_they_are_nested_in(components: Any) -> None:
    values = FormValues({"components": components})
    assert (values.text("prompt"), values.choice("size")) == ("a fox", "wide")
    assert values.choices("size") == ("wide", "square")


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        [],
        {},
        {"components": None},
        {"components": {}},
        {"components": [None, 3, "x", [], {}]},
        {"components": [{"custom_id": "prompt"}, {"custom_id": "size"}]},
        {"components": [{"custom_id": 5, "value": "x"}, {"custom_id": ["prompt"], "value": "x"}]},
        {"components": [{"custom_id": "prompt", "value": 5}, {"custom_id": "size", "values": "wide"}]},
        {"components": [{"custom_id": "prompt", "value": None}, {"custom_id": "size", "values": [None, {}, 3]}]},
    ],
)
def test_odd_payload_counts_as_left_empty(data: Any) -> None:
    values = FormValues(data)
    assert (values.text("prompt"), values.choice("size"), values.choices("size")) == ("", None, ())


def test_first_of_two_fields_of_a_name_counts() -> None:
    twice = [{"custom_id": "prompt", "value": "one"}, {"custom_id": "prompt", "value": "two"}]
    assert FormValues({"components": twice}).text("prompt") == "one"


def test_deep_nesting_is_read_without_recursion() -> None:
    nested: Any = FIELD
    for _ in range(10_000):
        nested = {"components": [nested]}
    assert FormValues({"components": [nested]}).text("prompt") == "a fox"
    # Taken apart by hand: the interpreter itself would free it recursively.
    while "custom_id" not in nested:
        nested = nested["components"].pop()

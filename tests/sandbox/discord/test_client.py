"""What Discord's own client lets members do, and what it sends for it."""

from typing import Any

import pytest

from sandbox.discord import ClientRefused, Json, Permissions, Upload
from tests.sandbox.discord.test_modals import group, label, modal, text_input
from tests.sandbox.discord.wire import Scene, Wire, button, card, gallery, png, row, text


@pytest.fixture
def sent(scene: Scene) -> list[Json]:
    """The payloads of the interactions that were dispatched."""
    payloads: list[Json] = []

    def listen(guild_id: int, event: str, payload: Json, intent: int) -> None:
        if event == "INTERACTION_CREATE":
            assert (guild_id, intent) == (scene.guild.id, 0)
            payloads.append(payload)

    scene.standin.world.emit = listen
    return payloads


async def test_interaction_carries_all_that_discord_sends(scene: Scene, sent: list[Json]) -> None:
    run = await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox", "count": 2}, locale="de")
    payload = sent[0]
    assert payload["data"]["options"] == [
        {"name": "prompt", "type": 3, "value": "fox"},
        {"name": "count", "type": 4, "value": 2},
    ]
    assert (payload["id"], payload["token"], payload["type"]) == (str(run.id), run.token, 2)
    assert (payload["locale"], payload["guild_locale"], payload["context"]) == ("de", "en-US", 0)
    assert payload["member"]["user"]["username"] == "ada"
    assert int(payload["member"]["permissions"]) & Permissions.SEND_MESSAGES
    assert payload["attachment_size_limit"] == 10 * 1024 * 1024
    assert payload["authorizing_integration_owners"] == {"0": str(scene.guild.id)}


async def test_app_permissions_are_those_of_the_bot_in_the_channel(scene: Scene, sent: list[Json]) -> None:
    scene.guild.set_bot_permissions(Permissions.VIEW_CHANNEL, scene.channel)
    await scene.imagine()
    assert int(sent[0]["app_permissions"]) == Permissions.VIEW_CHANNEL


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompt": ""},
        {"prompt": "x" * 101},
        {"prompt": 3},
        {"prompt": "fox", "count": 5},
        {"prompt": "fox", "count": 0},
        {"prompt": "fox", "count": True},
        {"prompt": "fox", "count": "2"},
        {"prompt": "fox", "size": "huge"},
        {"prompt": "fox", "nonsense": 1},
    ],
)
async def test_client_refuses_bad_options(scene: Scene, sent: list[Json], options: Any) -> None:
    with pytest.raises(ClientRefused):
        await scene.standin.slash(scene.ada, scene.channel, "imagine", options)
    assert sent == []


async def test_raw_options_go_out_unchecked(scene: Scene, sent: list[Json]) -> None:
    await scene.standin.slash(scene.ada, scene.channel, "imagine", {"count": 99, "new": 0.5}, raw=True)
    assert [(option["value"], option["type"]) for option in sent[0]["data"]["options"]] == [(99, 4), (0.5, 10)]


async def test_choices_are_given_by_name_or_value(scene: Scene, sent: list[Json]) -> None:
    await scene.imagine(size="Wide")
    await scene.imagine(size="square")
    assert [payload["data"]["options"][1]["value"] for payload in sent] == ["landscape_4_3", "square"]


async def test_members_and_files_are_resolved(scene: Scene, sent: list[Json], wire: Wire) -> None:
    picture = png(20, 10)
    await scene.imagine(who=scene.ada, image=Upload(filename="sketch.png", data=picture))
    data = sent[0]["data"]
    who, image = (option["value"] for option in data["options"][1:])
    assert data["resolved"]["users"][who]["username"] == "ada"
    assert "user" not in data["resolved"]["members"][who]
    attachment = data["resolved"]["attachments"][image]
    assert (attachment["width"], attachment["ephemeral"]) == (20, True)
    assert (await wire.send("GET", attachment["url"])).body == picture


async def test_somebody_who_left_is_resolved_as_a_mere_user(scene: Scene, sent: list[Json]) -> None:
    bob = scene.guild.add_member("bob")
    scene.guild.remove_member(bob)
    await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox", "who": bob})
    assert list(sent[0]["data"]["resolved"]) == ["users"]
    assert sent[0]["data"]["resolved"]["users"][str(bob.id)]["username"] == "bob"


async def test_file_is_called_whatever_its_member_says_and_can_be_gone(
    scene: Scene, sent: list[Json], wire: Wire
) -> None:
    run = await scene.imagine(image=Upload(filename="fox.png", data=b"<html>", content_type="image/webp"))
    attachment = sent[0]["data"]["resolved"]["attachments"][str(run.uploads[0].id)]
    assert (attachment["filename"], attachment["content_type"], attachment["size"]) == ("fox.png", "image/webp", 6)
    assert "width" not in attachment
    assert (await wire.send("GET", scene.standin.url_of(run.uploads[0]))).body == b"<html>"
    run.uploads[0].delete()
    assert (await wire.send("GET", attachment["url"])).status == 404


async def test_strangers_and_hidden_commands_are_refused(scene: Scene, sent: list[Json]) -> None:
    standin = scene.standin
    admin = {"name": "admin", "description": "x", "default_member_permissions": str(int(Permissions.MANAGE_GUILD))}
    standin.commands.upsert(None, admin)
    boss = scene.guild.add_member("boss", permissions=Permissions.MANAGE_GUILD)
    await standin.slash(boss, scene.channel, "admin")
    for member, name in ((scene.ada, "admin"), (scene.ada, "nothing"), (boss, "imagine paint")):
        with pytest.raises(ClientRefused):
            await standin.slash(member, scene.channel, name)
    scene.channel.overwrite(scene.guild.everyone, deny=Permissions.VIEW_CHANNEL)
    with pytest.raises(ClientRefused):
        await scene.imagine()
    scene.guild.remove_member(boss)
    with pytest.raises(ClientRefused):
        await standin.slash(boss, scene.channel, "admin")


async def test_subcommands_are_nested(scene: Scene, sent: list[Json]) -> None:
    leaf = {"type": 1, "name": "save", "description": "x", "options": [{"type": 3, "name": "name", "description": "x"}]}
    scene.standin.commands.upsert(None, {"name": "preset", "description": "x", "options": [leaf]})
    await scene.standin.slash(scene.ada, scene.channel, "/preset save", {"name": "soft"})
    assert sent[0]["data"]["options"] == [
        {"name": "save", "type": 1, "options": [{"name": "name", "type": 3, "value": "soft"}]}
    ]
    for name in ("preset", "preset drop"):
        with pytest.raises(ClientRefused):
            await scene.standin.slash(scene.ada, scene.channel, name)


async def test_typing_marks_the_focused_option(scene: Scene, sent: list[Json]) -> None:
    await scene.standin.autocomplete(
        scene.ada, scene.channel, "imagine", focused="preset", value="wa", options={"prompt": "fox"}
    )
    assert sent[0]["type"] == 4
    assert sent[0]["data"]["options"][1] == {"name": "preset", "type": 3, "value": "wa", "focused": True}


async def test_typing_reaches_subcommands_of_groups(scene: Scene, sent: list[Json]) -> None:
    named = {"type": 3, "name": "name", "description": "x", "autocomplete": True}
    leaf = {"type": 1, "name": "remove", "description": "x", "options": [named]}
    group = {"type": 2, "name": "loras", "description": "x", "options": [leaf]}
    scene.standin.commands.upsert(None, {"name": "admin", "description": "x", "options": [group]})
    await scene.standin.autocomplete(scene.ada, scene.channel, "admin loras remove", focused="name", value="pix")
    typed = {"name": "name", "type": 3, "value": "pix", "focused": True}
    assert sent[0]["data"]["options"] == [
        {"name": "loras", "type": 2, "options": [{"name": "remove", "type": 1, "options": [typed]}]}
    ]


@pytest.mark.parametrize("focused", ["prompt", "nonsense"])
async def test_only_what_is_completed_is_asked_for(scene: Scene, sent: list[Json], focused: str) -> None:
    with pytest.raises(ClientRefused):
        await scene.standin.autocomplete(scene.ada, scene.channel, "imagine", focused=focused, value="x")
    assert sent == []


async def test_members_see_the_names_of_their_own_language(scene: Scene, sent: list[Json]) -> None:
    wide = {"name": "Wide", "value": "w", "name_localizations": {"de": "Breit"}}
    size = {"type": 3, "name": "size", "description": "x", "choices": [wide]}
    menu = {"name": "Remix image", "type": 3, "name_localizations": {"de": "Bild neu mischen"}}
    scene.standin.commands.overwrite(None, [{"name": "draw", "description": "x", "options": [size]}, menu])
    message = scene.bot_message(text())
    await scene.standin.slash(scene.ada, scene.channel, "draw", {"size": "Breit"}, locale="de")
    await scene.standin.context_menu(scene.ada, scene.channel, "Bild neu mischen", message, locale="de")
    assert sent[0]["data"]["options"][0]["value"] == "w"
    assert (sent[1]["data"]["name"], sent[1]["locale"]) == ("Remix image", "de")
    with pytest.raises(ClientRefused):
        await scene.standin.slash(scene.ada, scene.channel, "draw", {"size": "Breit"})
    with pytest.raises(ClientRefused):
        await scene.standin.context_menu(scene.ada, scene.channel, "Bild neu mischen", message)


async def test_context_menus_carry_their_whole_target(scene: Scene, sent: list[Json]) -> None:
    standin = scene.standin
    standin.commands.overwrite(None, [{"name": "Remix image", "type": 3}, {"name": "Who", "type": 2}])
    message = standin.post(scene.ada, scene.channel, "look", [Upload(filename="a.png", data=png())])
    run = await standin.context_menu(scene.ada, scene.channel, "Remix image", message)
    data = sent[0]["data"]
    assert (data["target_id"], run.target_id) == (str(message.id), message.id)
    resolved = data["resolved"]["messages"][str(message.id)]
    assert (resolved["content"], len(resolved["attachments"])) == ("look", 1)
    await standin.context_menu(scene.ada, scene.channel, "Who", scene.ada)
    assert sent[1]["data"]["resolved"]["users"][str(scene.ada.id)]["username"] == "ada"
    standin.delete_message(message)
    with pytest.raises(ClientRefused):
        await standin.context_menu(scene.ada, scene.channel, "Remix image", message)


async def test_menus_open_only_on_messages_before_the_member(scene: Scene, sent: list[Json]) -> None:
    scene.standin.commands.overwrite(None, [{"name": "Remix image", "type": 3}])
    elsewhere = scene.standin.post(scene.ada, scene.guild.add_channel("other"), "look")
    private = scene.bot_message(text(), visible_to=scene.guild.add_member("bob"))
    for message in (elsewhere, private):
        with pytest.raises(ClientRefused):
            await scene.standin.context_menu(scene.ada, scene.channel, "Remix image", message)
    assert sent == []


async def test_messages_of_other_applications_and_forwarded_ones_are_carried_whole(
    scene: Scene, sent: list[Json]
) -> None:
    standin = scene.standin
    standin.commands.overwrite(None, [{"name": "Remix image", "type": 3}])
    app = scene.guild.add_member("other app")
    shown = card(gallery("attachment://a.png", "https://example.org/b.png"))
    posted = standin.post_from_app(app, scene.channel, shown, [Upload(filename="a.png", data=png())])
    forwarded = standin.forward(scene.ada, scene.channel, posted)
    for message in (posted, forwarded):
        await standin.context_menu(scene.ada, scene.channel, "Remix image", message)
    whole, wrapped = (next(iter(payload["data"]["resolved"]["messages"].values())) for payload in sent)
    assert [item["media"]["url"] for item in whole["components"][0]["items"]] == [
        standin.url_of(posted.attachment("a.png")),
        "https://example.org/b.png",
    ]
    assert wrapped["message_reference"] == {
        "type": 1,
        "channel_id": str(scene.channel.id),
        "message_id": str(posted.id),
        "guild_id": str(scene.guild.id),
    }
    assert wrapped["components"] == []
    assert wrapped["message_snapshots"][0]["message"]["components"] == whole["components"]


async def test_buttons_are_pressed_by_label_or_id(scene: Scene, sent: list[Json]) -> None:
    message = scene.bot_message(row(button("job:1", "Cancel")))
    for wanted in ("Cancel", "job:1"):
        await scene.standin.click(scene.ada, message, wanted)
    assert [payload["data"]["custom_id"] for payload in sent] == ["job:1", "job:1"]
    assert sent[0]["message"]["id"] == str(message.id)
    assert sent[0]["data"]["component_type"] == 2


async def test_unusable_buttons_are_refused(scene: Scene, sent: list[Json]) -> None:
    off = scene.bot_message(row(button("a", disabled=True)))
    link = {"type": 2, "style": 5, "label": "More", "url": "https://example.org"}
    private = scene.bot_message(row(button("a"), link), visible_to=scene.ada)
    bob = scene.guild.add_member("bob")
    for member, message, wanted in ((bob, off, "a"), (bob, private, "a"), (scene.ada, private, "More")):
        with pytest.raises(ClientRefused):
            await scene.standin.click(member, message, wanted)
    scene.standin.delete_message(private)
    with pytest.raises(ClientRefused):
        await scene.standin.click(scene.ada, private, "a")
    assert sent == []


async def test_selects_take_their_options(scene: Scene, sent: list[Json]) -> None:
    options = [{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}]
    message = scene.bot_message(
        row({"type": 3, "custom_id": "s", "options": options}), row({"type": 5, "custom_id": "u", "max_values": 2})
    )
    await scene.standin.select(scene.ada, message, "s", ["Two"])
    await scene.standin.select(scene.ada, message, "u", [scene.ada])
    assert sent[0]["data"]["values"] == ["2"]
    assert sent[1]["data"]["values"] == [str(scene.ada.id)]
    assert str(scene.ada.id) in sent[1]["data"]["resolved"]["members"]
    for values in ([], ["One", "Two"], ["Three"]):
        with pytest.raises(ClientRefused):
            await scene.standin.select(scene.ada, message, "s", values)
    await scene.standin.select(scene.ada, message, "s", ["Three"], raw=True)
    assert sent[-1]["data"]["values"] == ["Three"]
    assert [part["custom_id"] for part in message.selects()] == ["s", "u"]


async def test_buttons_are_pressed_and_selects_are_chosen_from(scene: Scene, sent: list[Json]) -> None:
    options = [{"label": "One", "value": "1"}]
    message = scene.bot_message(row(button("b")), row({"type": 3, "custom_id": "s", "options": options}))
    with pytest.raises(ClientRefused):
        await scene.standin.click(scene.ada, message, "s")
    with pytest.raises(ClientRefused):
        await scene.standin.select(scene.ada, message, "b", ["One"])
    assert sent == []


async def test_modified_client_sends_off_what_it_likes(scene: Scene, sent: list[Json], wire: Wire) -> None:
    run = await _modal_run(scene, wire)
    await scene.standin.submit_modal(run, raw=[{"type": 99}, None])
    assert sent[-1]["data"] == {"custom_id": "m", "components": [{"type": 99}, None]}


async def test_answer_shows_the_inputs_of_its_modal(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    chosen = {"label": "One", "value": "1", "default": True}
    body = modal(label(text_input("p", value="a fox")), label({"type": 3, "custom_id": "s", "options": [chosen]}))
    await wire.answer(run, {"type": 9, "data": body})
    inputs = (await run.answered()).inputs
    assert list(inputs) == ["p", "s"]
    assert (inputs["p"]["value"], inputs["s"]["options"]) == ("a fox", [chosen])


async def test_modals_are_filled_in_and_checked(scene: Scene, sent: list[Json], wire: Wire) -> None:
    run = await scene.imagine()
    body = modal(
        label(text_input("p", min_length=2, max_length=5)),
        label({**text_input("q"), "required": False, "value": "kept"}, label="Note"),
        label(group(21, 2), label="Pick"),
        label({"type": 19, "custom_id": "f", "required": False}, label="File"),
        label({"type": 23, "custom_id": "c"}, label="Sure"),
    )
    await wire.answer(run, {"type": 9, "data": body})
    for values in ({}, {"p": "x", "Pick": "0"}, {"p": "xx", "Pick": "7"}, {"p": "xx", "Pick": "0", "nothing": "x"}):
        with pytest.raises(ClientRefused):
            await scene.standin.submit_modal(run, values)
    await scene.standin.submit_modal(
        run, {"p": "fox", "Pick": "o1", "File": Upload(filename="a", data=b"1"), "c": True}
    )
    inputs = [part["component"] for part in sent[-1]["data"]["components"]]
    assert [part.get("value") for part in inputs] == ["fox", "kept", "1", None, True]
    assert inputs[3]["values"] == list(sent[-1]["data"]["resolved"]["attachments"])


async def test_only_a_modal_can_be_sent_off(scene: Scene, sent: list[Json], wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, {"type": 4, "data": {"content": "x"}})
    with pytest.raises(ClientRefused):
        await scene.standin.submit_modal(run, {})
    with pytest.raises(LookupError):
        await (await _modal_run(scene, wire)).message()


async def _modal_run(scene: Scene, wire: Wire) -> Any:
    run = await scene.imagine()
    await wire.answer(run, {"type": 9, "data": modal(label())})
    return run


async def test_waiting_ends_with_a_reason(scene: Scene) -> None:
    message = scene.bot_message(text("hello"))
    run = await scene.imagine()
    with pytest.raises(TimeoutError, match="no answer to <Run '/imagine' by ada: unanswered>"):
        await run.answered(timeout=0.01)
    with pytest.raises(TimeoutError, match="hello"):
        await message.changed(lambda found: found.deleted, timeout=0.01)
    with pytest.raises(TimeoutError, match="no such message"):
        await scene.channel.arrived(lambda found: found.attachments, timeout=0.01)
    assert await scene.channel.arrived() is message


async def test_transcript_shows_what_readers_saw(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, {"type": 4, "data": {"content": "one"}})
    await wire.send("PATCH", wire.webhook(run, "/messages/@original"), {"content": "two"})
    scene.standin.delete_message(scene.standin.post(scene.ada, scene.channel, "oops"))
    first, second = scene.standin.transcript(scene.channel)
    assert (first.text, first.edits, first.command, first.author_is_bot) == ("two", 1, "ada used /imagine", True)
    assert (second.text, second.deleted, second.author) == ("oops", True, "ada")
    assert scene.standin.message(first.message_id) is run.original
    with pytest.raises(LookupError):
        scene.standin.message(1)

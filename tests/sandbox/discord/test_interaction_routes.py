"""Answering interactions: once, in time, in a fitting form, and only while the token lives."""

from typing import Any

import pytest

from sandbox.discord import Json
from tests.sandbox.discord.wire import (
    EPHEMERAL,
    V2,
    MovableTime,
    Scene,
    Wire,
    button,
    card,
    container,
    gallery,
    png,
    row,
    text,
)

MESSAGE = {"type": 4, "data": {"content": "hello"}}
DEFERRED = {"type": 5}


async def test_first_answer_makes_a_message_and_tells_its_id(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    answer = await wire.answer(run, MESSAGE)
    message = (await run.answered()).message
    assert message is run.original is scene.channel.messages[0]
    assert answer.status == 200
    assert answer.body["interaction"]["response_message_id"] == str(message.id)
    assert answer.body["resource"]["message"]["content"] == "hello"


async def test_answer_without_with_response_is_empty(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    answer = await wire.send("POST", f"/interactions/{run.id}/{run.token}/callback", MESSAGE)
    assert (answer.status, answer.body) == (204, b"")


async def test_needs_no_bot_token(scene: Scene, wire: Wire) -> None:
    answer = await wire.answer(await scene.imagine(), MESSAGE, token="wrong")
    assert answer.status == 200


async def test_second_first_answer_is_refused(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, MESSAGE)
    answer = await wire.answer(run, DEFERRED)
    assert (answer.status, answer.code) == (400, 40060)
    assert len(scene.channel.messages) == 1


async def test_refused_answer_leaves_the_interaction_open(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    assert (await wire.answer(run, {"type": 4, "data": {}})).code == 50006
    assert (await wire.answer(run, MESSAGE)).status == 200


async def test_answer_after_three_seconds_is_unknown(scene: Scene, wire: Wire, time: MovableTime) -> None:
    run = await scene.imagine()
    time.advance(seconds=3.1)
    answer = await wire.answer(run, MESSAGE)
    assert (answer.status, answer.code) == (404, 10062)
    assert run.expired


async def test_wrong_token_and_wrong_id_are_unknown(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    for path in (f"/interactions/{run.id}/nonsense/callback", f"/interactions/1/{run.token}/callback"):
        answer = await wire.send("POST", path, MESSAGE)
        assert (answer.status, answer.code) == (404, 10062)


@pytest.mark.parametrize("kind", [1, 6, 7, 8, 10, 99, None, "4"])
async def test_command_takes_only_fitting_answers(scene: Scene, wire: Wire, kind: Any) -> None:
    answer = await wire.answer(await scene.imagine(), {"type": kind, "data": {"content": "x"}})
    assert (answer.code, answer.fault_codes()) == (50035, ["BASE_TYPE_CHOICES"])


async def test_faults_are_reported_below_data(scene: Scene, wire: Wire) -> None:
    answer = await wire.answer(await scene.imagine(), {"type": 4, "data": {"content": "x" * 2001}})
    assert answer.body["errors"]["data"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


async def test_ephemeral_answer_is_seen_by_its_member_only(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, {"type": 4, "data": {"content": "psst", "flags": EPHEMERAL}})
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message.visible_to is scene.ada
    by_bot = await wire.send("GET", f"/channels/{scene.channel.id}/messages/{answer.message.id}")
    assert by_bot.code == 10008
    assert (await wire.send("GET", wire.webhook(run, "/messages/@original"))).body["flags"] == EPHEMERAL


async def test_deferred_answer_becomes_the_edit(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    answer = await wire.answer(run, DEFERRED)
    assert answer.body["interaction"]["response_message_loading"] is True
    assert run.original is not None
    assert run.original.loading
    edited = await wire.send("PATCH", wire.webhook(run, "/messages/@original"), card(text("done")))
    assert edited.body["id"] == answer.body["interaction"]["response_message_id"]
    assert (run.original.loading, run.original.text(), run.original.flags) == (False, "done", V2)


async def test_first_follow_up_after_a_deferral_takes_its_place(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, {"type": 5, "data": {"flags": EPHEMERAL}})
    first = await wire.send("POST", wire.webhook(run), {"content": "one"})
    second = await wire.send("POST", wire.webhook(run), {"content": "two"})
    assert run.original is not None
    assert first.body["id"] == str(run.original.id) != second.body["id"]
    assert run.original.ephemeral
    assert [message.text() for message in run.followups] == ["two"]


async def test_follow_up_chooses_who_sees_it(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, MESSAGE)
    await wire.send("POST", wire.webhook(run), {"content": "psst", "flags": EPHEMERAL})
    await wire.send("POST", wire.webhook(run), {"content": "all"})
    assert [message.ephemeral for message in run.followups] == [True, False]


async def test_original_can_be_fetched_and_deleted(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, MESSAGE)
    original = wire.webhook(run, "/messages/@original")
    fetched = await wire.send("GET", original)
    assert fetched.body["interaction_metadata"]["id"] == str(run.id)
    assert (await wire.send("DELETE", original)).status == 204
    for method, body in (("GET", None), ("PATCH", {"content": "x"}), ("DELETE", None)):
        assert (await wire.send(method, original, body)).code == 10008


async def test_webhook_is_unknown_before_the_first_answer(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    for method, path in (("GET", "/messages/@original"), ("POST", "")):
        answer = await wire.send(method, wire.webhook(run, path), {"content": "x"} if method == "POST" else None)
        assert (answer.status, answer.code) == (404, 10015)


async def test_token_dies_after_fifteen_minutes(scene: Scene, wire: Wire, time: MovableTime) -> None:
    run = await scene.imagine()
    await wire.answer(run, MESSAGE)
    time.advance(minutes=14, seconds=59)
    assert (await wire.send("GET", wire.webhook(run, "/messages/@original"))).status == 200
    time.advance(seconds=1)
    answer = await wire.send("PATCH", wire.webhook(run, "/messages/@original"), {"content": "late"})
    assert (answer.status, answer.code) == (401, 50027)


async def test_follow_up_is_reached_by_its_own_id(scene: Scene, wire: Wire) -> None:
    run, other = await scene.imagine(), await scene.imagine()
    await wire.answer(run, MESSAGE)
    await wire.answer(other, MESSAGE)
    await wire.send("POST", wire.webhook(run), {"content": "more"})
    path = f"/messages/{run.followups[0].id}"
    assert (await wire.send("PATCH", wire.webhook(run, path), {"content": "edited"})).status == 200
    assert run.followups[0].text() == "edited"
    assert (await wire.send("GET", wire.webhook(other, path))).code == 10008


async def test_public_answer_is_an_ordinary_message_of_the_bot(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    await wire.answer(run, MESSAGE)
    assert run.original is not None
    path = f"/channels/{scene.channel.id}/messages/{run.original.id}"
    assert (await wire.send("PATCH", path, {"content": "edited"})).status == 200
    assert run.original.text() == "edited"


async def test_component_updates_its_message(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(row(button("go")))
    run = await scene.standin.click(scene.ada, message, "go")
    answer = await wire.answer(run, {"type": 7, "data": card(text("gone"))})
    assert answer.body["resource"]["message"]["id"] == str(message.id)
    assert (await run.answered()).kind == "update"
    assert message.text() == "gone"
    assert not message.buttons()


async def test_component_can_defer_its_update(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(row(button("go")))
    run = await scene.standin.click(scene.ada, message, "Press")
    assert (await wire.answer(run, {"type": 6})).status == 200
    assert (await run.answered()).kind == "deferred_update"
    await wire.send("PATCH", wire.webhook(run, "/messages/@original"), card(text("later")))
    assert message.text() == "later"
    await wire.send("POST", wire.webhook(run), {"content": "new"})
    assert [found.text() for found in run.followups] == ["new"]


async def test_component_answer_is_a_reply_to_its_message(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(row(button("go")))
    run = await scene.standin.click(scene.ada, message, "go")
    answer = await wire.answer(run, MESSAGE)
    assert answer.body["resource"]["message"]["message_reference"]["message_id"] == str(message.id)


async def test_press_opens_the_message_that_its_button_is_on(scene: Scene, wire: Wire) -> None:
    opened = await scene.imagine()
    private = {"type": 4, "data": {**card(row(button("go"))), "flags": V2 | EPHEMERAL}}
    assert (await wire.answer(opened, private)).status == 200
    message = await opened.message()
    run = await scene.standin.click(scene.ada, message, "go")
    path = wire.webhook(run, f"/messages/{message.id}")
    assert (await wire.send("PATCH", path, card(text("over")))).code == 10015
    await wire.answer(run, MESSAGE)
    assert (await wire.send("PATCH", path, card(text("over")))).status == 200
    assert message.text() == "over"


async def test_update_of_a_deleted_message_is_refused(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(row(button("go")))
    run = await scene.standin.click(scene.ada, message, "go")
    scene.standin.delete_message(message)
    assert (await wire.answer(run, {"type": 7, "data": card(text())})).code == 10008


MODAL: Json = {
    "custom_id": "m",
    "title": "Edit",
    "components": [
        {"type": 18, "label": "Prompt", "component": {"type": 4, "custom_id": "p", "style": 2, "max_length": 10}}
    ],
}


async def test_modal_can_be_sent_off_and_answered(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    assert (await wire.answer(run, {"type": 9, "data": MODAL})).status == 200
    assert (await run.answered()).kind == "modal"
    submission = await scene.standin.submit_modal(run, {"Prompt": "a fox"})
    assert (await wire.answer(submission, {"type": 9, "data": MODAL})).code == 50035
    assert (await wire.answer(submission, MESSAGE)).status == 200
    assert submission.original is not None
    metadata = submission.original.payload()["interaction_metadata"]
    assert metadata["triggering_interaction_metadata"]["id"] == str(run.id)


async def test_modal_of_a_component_can_update_its_message(scene: Scene, wire: Wire) -> None:
    message = scene.bot_message(row(button("go")))
    run = await scene.standin.click(scene.ada, message, "go")
    await wire.answer(run, {"type": 9, "data": MODAL})
    submission = await scene.standin.submit_modal(run, {"p": "a fox"})
    assert (await wire.answer(submission, {"type": 7, "data": card(text("edited"))})).status == 200
    assert message.text() == "edited"


async def test_suggestions_reach_the_member(scene: Scene, wire: Wire) -> None:
    run = await scene.standin.autocomplete(scene.ada, scene.channel, "imagine", focused="preset", value="wa")
    assert (await wire.answer(run, MESSAGE)).code == 50035
    choices = [{"name": "Watercolour", "value": "w"}]
    assert (await wire.answer(run, {"type": 8, "data": {"choices": choices}})).status == 200
    assert list((await run.answered()).choices) == choices


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ([{"name": "n", "value": "v"}] * 26, "BASE_TYPE_MAX_LENGTH"),
        ([{"name": "n" * 101, "value": "v"}], "BASE_TYPE_BAD_LENGTH"),
        ([{"name": "n", "value": 3}], "STRING_TYPE_CONVERT"),
        ([{"name": "n", "value": "v" * 101}], "BASE_TYPE_MAX_LENGTH"),
        ([{"name": "n"}], "BASE_TYPE_REQUIRED"),
        (None, "BASE_TYPE_REQUIRED"),
    ],
)
async def test_bad_suggestions_are_refused(scene: Scene, wire: Wire, choices: Any, fault: str) -> None:
    run = await scene.standin.autocomplete(scene.ada, scene.channel, "imagine", focused="preset")
    answer = await wire.answer(run, {"type": 8, "data": {"choices": choices}})
    assert (answer.code, answer.fault_codes()) == (50035, [fault])


async def test_files_travel_with_the_first_answer(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    picture = png(30, 20)
    body = {"type": 4, "data": card(container(gallery("attachment://fox.png")))}
    answer = await wire.answer(run, body, files={"fox.png": picture})
    message = answer.body["resource"]["message"]
    media = message["components"][0]["components"][0]["items"][0]["media"]
    assert (media["width"], media["height"], media["content_type"]) == (30, 20, "image/png")
    assert message["attachments"] == []
    assert run.original is not None
    assert run.original.attachments[0].read() == picture
    assert (await wire.send("GET", media["url"])).body == picture


async def test_private_files_lie_in_their_own_folder(scene: Scene, wire: Wire) -> None:
    run = await scene.imagine()
    body = {"type": 4, "data": {"flags": EPHEMERAL}}
    answer = await wire.answer(run, body, files={"fox.png": png()})
    attachment = answer.body["resource"]["message"]["attachments"][0]
    assert "/ephemeral-attachments/" in attachment["url"]
    assert attachment["ephemeral"] is True
    assert (await wire.send("GET", attachment["url"])).body == png()

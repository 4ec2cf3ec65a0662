"""Interactions that lack what discord.py takes for granted: answered all the same, or dropped without harm."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.discord import routes
from tests.support import wait_until
from tests.ui.scene import Scene
from ui import wording

Change = Callable[[dict[str, Any]], Any]


def altered(scene: Scene, change: Change) -> None:
    """Let every interaction from now on reach the bot changed like that."""
    emit = scene.discord.world.emit

    def emit_altered(guild_id: int, event: str, payload: Any, intents: int) -> None:
        if event == "INTERACTION_CREATE":
            payload = dict(payload)
            change(payload)
        emit(guild_id, event, payload, intents)

    scene.discord.world.emit = emit_altered


def without(*names: str) -> Change:
    return lambda payload: [payload.pop(name, None) for name in names]


def member_without(*names: str) -> Change:
    def change(payload: dict[str, Any]) -> None:
        payload["member"] = {name: value for name, value in payload["member"].items() if name not in names}

    return change


def bare_user(payload: dict[str, Any]) -> None:
    payload["member"] = {**payload["member"], "user": {"id": payload["member"]["user"]["id"]}}


def unknown_partial_channel(payload: dict[str, Any]) -> None:
    payload["channel"] = {"id": "1", "type": 0}
    payload["channel_id"] = "1"


@pytest.mark.parametrize(
    "change",
    [
        without("attachment_size_limit", "entitlements", "authorizing_integration_owners", "context", "version"),
        without("channel"),
        without("app_permissions"),
        member_without("flags", "joined_at", "roles"),
        bare_user,
    ],
)
async def test_a_lean_interaction_gets_its_card(scene: Scene, change: Change) -> None:
    altered(scene, change)
    answer = await (await scene.imagine()).answered()
    assert not answer.ephemeral
    assert answer.message is not None
    assert wording.CANCEL in [button.label for button in answer.message.buttons()]


async def test_a_partial_channel_that_nobody_knows_is_taken_for_a_plain_one(scene: Scene) -> None:
    altered(scene, unknown_partial_channel)
    assert not (await (await scene.imagine()).answered()).ephemeral


async def test_an_interaction_that_cannot_be_read_is_dropped_and_the_next_one_answered(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    emit = scene.discord.world.emit
    altered(scene, without("token"))
    with caplog.at_level(logging.ERROR, logger="ui.gateway_events"):
        await scene.imagine()
        await wait_until(lambda: "could not be read" in caplog.text)
    caplog.clear()
    scene.discord.world.emit = emit
    assert not (await (await scene.imagine()).answered()).ephemeral


@pytest.mark.parametrize(
    "change",
    [
        without("message"),
        lambda payload: payload.update(message={**payload["message"], "components": []}),
        lambda payload: payload.update(message={**payload["message"], "flags": 0}),
    ],
)
async def test_a_press_is_answered_whatever_its_message_looks_like(scene: Scene, change: Change) -> None:
    _, card = await scene.carded()
    altered(scene, change)
    answer = await (await scene.discord.click(scene.ada, card, wording.CANCEL)).answered()
    assert answer.kind in {"update", "message"}


async def test_an_answer_taken_without_a_body_is_looked_up_and_no_error(scene: Scene) -> None:
    scene.discord.faults.add("POST", routes.CALLBACK, status=204, body="", when="after")
    run = await scene.imagine()
    answer = await run.answered()
    assert answer.message is not None
    await wait_until(lambda: len(scene.queue) == 1, what="the card's look-up")
    assert run.followups == []

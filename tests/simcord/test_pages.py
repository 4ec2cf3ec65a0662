"""The private pages: `/queue`, `/quota`, `/help` and `/about`."""

import pytest

from tests.simcord.stage import Stage, buttons, message_of, texts


@pytest.mark.parametrize("command", ["queue", "quota", "help", "about"])
async def test_every_page_is_private_and_answered_at_once(stage: Stage, command: str) -> None:
    result = await stage.ada.slash(stage.channel, command)
    assert result.ephemeral
    assert not result.deferred
    assert texts(result)
    assert stage.channel.history(viewer=stage.bob) == []


async def test_every_command_is_offered_to_members_and_none_in_direct_messages(stage: Stage) -> None:
    everybodys = {"imagine", "control", "reference", "preset", "queue", "quota", "history", "favourites", "show"}
    everybodys |= {"notify", "privacy", "help", "about"}
    menus = {"Remix image", "Show recipe", "Report image"}
    offered = set(stage.ada.available_commands(stage.channel))
    assert {name.partition(" ")[0] for name in offered - menus} == everybodys
    assert stage.ada.user.available_commands() == ()


async def test_the_queue_holds_the_members_own_jobs_only(stage: Stage) -> None:
    stage.pixazo.latency = 3600.0
    await stage.imagine("a fox of ada's")
    await stage.imagine("bob's owl", by=stage.bob)
    result = await stage.ada.slash(stage.channel, "queue")
    assert "a fox of ada's" in texts(result)
    assert "owl" not in texts(result)


async def test_the_quota_counts_what_is_held_and_what_is_used(stage: Stage) -> None:
    made = await stage.imagine(count=2)
    await stage.becomes(made, lambda message: message.attachments)
    stage.pixazo.latency = 3600.0
    await stage.imagine(count=3)
    words = texts(await stage.ada.slash(stage.channel, "quota"))
    assert "15 pictures left" in words
    assert "2 pictures used · 3 pictures held" in words
    assert "$0.18 used · $0.27 held" in words
    others = texts(await stage.bob.slash(stage.channel, "quota"))
    assert "20 pictures left" in others


async def test_no_page_has_a_button_that_does_nothing(stage: Stage) -> None:
    for command in ("queue", "quota", "help", "about"):
        result = await stage.ada.slash(stage.channel, command)
        assert buttons(result) == [], message_of(result).components

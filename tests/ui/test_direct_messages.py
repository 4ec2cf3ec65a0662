"""The operator's notices as direct messages that really arrive, or really do not."""

import logging

import pytest

from sandbox.discord import Message
from tests.ui.scene import Scene
from ui import wording
from ui.notices import OwnerNotices


def texts(messages: list[Message]) -> list[str]:
    return [message.text() for message in messages]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.message for record in caplog.records if record.name == "ui.notices" and record.levelno == logging.WARNING
    ]


async def test_notice_reaches_the_applications_owner_and_nobody_else(scene: Scene) -> None:
    notices = OwnerNotices(scene.client, owner_ids=())
    await notices.provider_refuses(402)
    await notices.provider_is_back()
    inbox = scene.discord.dms(scene.discord.world.owner).messages
    assert texts(inbox) == [wording.provider_refuses(402), wording.PROVIDER_IS_BACK]
    assert scene.discord.transcript() == scene.discord.transcript(scene.discord.dms(scene.discord.world.owner))


async def test_notice_reaches_every_named_owner(scene: Scene) -> None:
    await OwnerNotices(scene.client, owner_ids=(scene.ada.id, scene.bob.id)).provider_is_back()
    for member in (scene.ada, scene.bob):
        assert texts(scene.discord.dms(member).messages) == [wording.PROVIDER_IS_BACK]
    assert scene.discord.dms(scene.discord.world.owner).messages == []


async def test_owners_out_of_reach_are_logged_and_the_others_told(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    closed, stranger = scene.ada, scene.guild.add_member("stranger")
    closed.user.takes_direct_messages = False
    scene.guild.remove_member(stranger)
    await OwnerNotices(scene.client, owner_ids=(closed.id, stranger.id, 1, scene.bob.id)).provider_refuses(401)
    assert texts(scene.discord.dms(scene.bob).messages) == [wording.provider_refuses(401)]
    told = warnings(caplog)
    assert len(told) == 3
    for user_id, code in ((closed.id, 50007), (stranger.id, 50278), (1, 50033)):
        assert any(f"owner {user_id} " in line and str(code) in line for line in told), told

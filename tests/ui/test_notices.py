"""Direct messages to the operator."""

import logging

import pytest

from sandbox.discord import User, routes
from storage.meta import Meta
from tests.ui.scene import Scene
from ui import notices, wording
from ui.client import EaselClient
from ui.notices import OwnerNotices


def read_by(scene: Scene, user: User) -> list[str]:
    """What the bot has written to the user."""
    return [message.text() for message in scene.discord.dms(user).messages]


async def test_the_applications_owner_is_told(scene: Scene) -> None:
    await OwnerNotices(scene.client, owner_ids=()).provider_refuses(402)
    assert read_by(scene, scene.discord.world.owner) == [wording.provider_refuses(402)]


async def test_the_named_owners_are_told_instead(scene: Scene) -> None:
    await OwnerNotices(scene.client, owner_ids=(scene.ada.id, scene.bob.id)).provider_is_back()
    assert read_by(scene, scene.ada.user) == read_by(scene, scene.bob.user) == [wording.PROVIDER_IS_BACK]
    assert read_by(scene, scene.discord.world.owner) == []


async def test_an_application_of_a_team_has_its_members_told(scene: Scene) -> None:
    [known] = scene.discord.exchanges.matching("GET", "/oauth2/applications/@me")
    members = [
        {"membership_state": 2, "team_id": "1", "role": "developer", "user": member.user.payload()}
        for member in (scene.ada, scene.bob)
    ]
    team = {"id": "1", "name": "Studio", "icon": None, "owner_user_id": str(scene.ada.id), "members": members}
    scene.discord.faults.add("GET", "/oauth2/applications/@me", status=200, body={**known.answer, "team": team})
    async with EaselClient(meta=Meta(scene.database), api_url=scene.discord.api_url) as client:
        await client.login(scene.discord.token)
        await OwnerNotices(client, owner_ids=()).provider_is_back()
    assert read_by(scene, scene.ada.user) == read_by(scene, scene.bob.user) == [wording.PROVIDER_IS_BACK]


async def test_an_owner_who_takes_no_messages_keeps_nobody_else_from_them(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.ada.user.takes_direct_messages = False
    await OwnerNotices(scene.client, owner_ids=(scene.ada.id, scene.bob.id)).provider_refuses(401)
    assert read_by(scene, scene.ada.user) == []
    assert read_by(scene, scene.bob.user) == [wording.provider_refuses(401)]
    [warning] = [record for record in caplog.records if record.name == "ui.notices"]
    assert (warning.levelno, str(scene.ada.id) in warning.getMessage()) == (logging.WARNING, True)


async def test_an_owner_whom_discord_does_not_know_is_only_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await OwnerNotices(scene.client, owner_ids=(11,)).provider_refuses(401)
    assert "owner 11 could not be told" in caplog.text


async def test_a_discord_that_does_not_answer_is_not_waited_for(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_SEND_SECONDS", 0.1)
    scene.discord.faults.hold("POST", routes.MESSAGES)
    await OwnerNotices(scene.client, owner_ids=(scene.ada.id,)).provider_refuses(401)
    assert "could not be told" in caplog.text
    assert read_by(scene, scene.ada.user) == []


async def test_a_report_comes_with_the_way_to_the_picture_and_shows_the_reason_letter_by_letter(scene: Scene) -> None:
    await OwnerNotices(scene.client, owner_ids=()).reported(
        guild="*The* Studio", link="https://discord.com/channels/1/2/3", job_id="job-1", reason="<@5> is\n**rude**"
    )
    [words] = read_by(scene, scene.discord.world.owner)
    assert words == (
        "🚩 A picture in **\\*The\\* Studio** was reported: https://discord.com/channels/1/2/3 (job `job-1`)\n"
        "> \\<@\u200b5> is \\*\\*rude\\*\\*"
    )


async def test_the_longest_report_fits_into_a_message(scene: Scene) -> None:
    await OwnerNotices(scene.client, owner_ids=()).reported(
        guild="_" * 100, link=f"https://discord.com/channels/{'9' * 60}", job_id="0" * 21, reason="*" * 500
    )
    assert len(read_by(scene, scene.discord.world.owner)) == 1


async def test_books_that_do_not_add_up_are_told_with_what_to_do(scene: Scene) -> None:
    notices = OwnerNotices(scene.client, owner_ids=())
    await notices.books_disagree(1)
    await notices.books_disagree(3)
    await notices.books_agree()
    one, three, sound = read_by(scene, scene.discord.world.owner)
    assert "1 balance is not the sum of its entries" in one
    assert "3 balances are not the sums of their entries" in three
    assert "`python bot.py report`" in three
    assert "add up again" in sound

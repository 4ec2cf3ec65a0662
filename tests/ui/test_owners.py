"""Who counts as an operator."""

from typing import Any

import pytest

from sandbox.discord import Member
from storage.meta import Meta
from tests.ui.scene import Scene
from ui.client import EaselClient
from ui.owners import Owners


async def test_those_who_are_named_and_nobody_else(scene: Scene) -> None:
    owners = Owners(scene.client, (scene.ada.id,))
    assert scene.ada.id in owners
    assert scene.bob.id not in owners
    assert scene.discord.owner_id not in owners


async def test_the_applications_owner_where_nobody_is_named(scene: Scene) -> None:
    owners = Owners(scene.client, ())
    assert owners.ids == (scene.discord.owner_id,)
    assert scene.ada.id not in owners


async def test_nobody_before_the_login(scene: Scene) -> None:
    client = EaselClient(meta=Meta(scene.database), api_url=scene.discord.api_url)
    assert Owners(client, ()).ids == ()


@pytest.mark.parametrize(
    ("role", "state", "counts"),
    [("admin", 2, True), ("developer", 2, True), ("read_only", 2, False), ("developer", 1, False)],
)
async def test_of_a_team_those_who_may_change_the_application(
    scene: Scene, role: str, state: int, counts: bool
) -> None:
    def member(of: Member, role: str, state: int) -> dict[str, Any]:
        return {"membership_state": state, "team_id": "1", "role": role, "user": of.user.payload()}

    [known] = scene.discord.exchanges.matching("GET", "/oauth2/applications/@me")
    members = [member(scene.ada, "read_only", 2), member(scene.bob, role, state)]
    team = {"id": "1", "name": "Studio", "icon": None, "owner_user_id": str(scene.ada.id), "members": members}
    scene.discord.faults.add("GET", "/oauth2/applications/@me", status=200, body={**known.answer, "team": team})
    async with EaselClient(meta=Meta(scene.database), api_url=scene.discord.api_url) as client:
        await client.login(scene.discord.token)
        owners = Owners(client, ())
        assert scene.ada.id in owners  # whose team it is
        assert (scene.bob.id in owners) is counts

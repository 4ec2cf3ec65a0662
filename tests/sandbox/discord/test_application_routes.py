"""What a bot asks about itself, its guilds and its commands."""

from typing import Any

import pytest

from sandbox.discord.permissions import BOT, Permissions
from tests.sandbox.discord.wire import IMAGINE, MovableTime, Scene, Wire


def commands(scene: Scene, rest: str = "") -> str:
    return f"/applications/{scene.standin.application_id}/commands{rest}"


async def test_bot_owner_and_gateway_are_told(scene: Scene, wire: Wire) -> None:
    standin = scene.standin
    assert (await wire.send("GET", "/users/@me")).body["id"] == str(standin.application_id)
    for path in ("/applications/@me", "/oauth2/applications/@me"):
        assert (await wire.send("GET", path)).body["owner"]["id"] == str(standin.owner_id)
    assert (await wire.send("GET", "/gateway")).body == {"url": standin.gateway_url}
    assert (await wire.send("GET", "/gateway/bot")).body["shards"] == 1


async def test_guild_roles_and_members_are_told(scene: Scene, wire: Wire) -> None:
    guild = f"/guilds/{scene.guild.id}"
    role = scene.guild.add_role("painters")
    assert (await wire.send("GET", f"{guild}?with_counts=true")).body["approximate_member_count"] == 3
    assert (await wire.send("GET", f"{guild}/members/{scene.ada.id}")).body["user"]["username"] == "ada"
    assert {found["name"] for found in (await wire.send("GET", f"{guild}/roles")).body} >= {"painters"}
    assert (await wire.send("GET", f"{guild}/roles/{role.id}")).body["id"] == str(role.id)
    assert [found["name"] for found in (await wire.send("GET", f"{guild}/channels")).body] == ["art"]
    assert (await wire.send("GET", f"/users/{scene.ada.id}")).body["username"] == "ada"
    assert [found["name"] for found in (await wire.send("GET", "/users/@me/guilds")).body] == ["Studio"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/guilds/1", 10004),
        ("/guilds/{guild}/members/1", 10007),
        ("/guilds/{guild}/roles/1", 10011),
        ("/users/1", 10013),
        ("/applications/1/commands", 10002),
        ("/applications/{application}/guilds/1/commands", 50001),
        ("/applications/{application}/commands/1", 10063),
    ],
)
async def test_unknown_things_have_their_codes(scene: Scene, wire: Wire, path: str, code: int) -> None:
    full = path.format(guild=scene.guild.id, application=scene.standin.application_id)
    assert (await wire.send("GET", full)).code == code


@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot", "/channels/1", "/applications/1/commands"])
async def test_wrong_token_is_unauthorized(scene: Scene, wire: Wire, path: str) -> None:
    answer = await wire.send("GET", path, token="wrong")
    assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_overwrite_answers_full_commands_and_keeps_ids(scene: Scene, wire: Wire) -> None:
    before = scene.standin.commands.everywhere()[0]
    menu = {"name": "Report image", "type": 3, "integration_types": [0], "contexts": [0]}
    answer = await wire.send("PUT", commands(scene), [IMAGINE, menu])
    imagine, report = answer.body
    assert (imagine["id"], imagine["version"] != before["version"]) == (before["id"], True)
    assert (report["integration_types"], report["contexts"], report["description"]) == ([0], [0], "")
    assert [found["name"] for found in (await wire.send("GET", commands(scene))).body] == ["imagine", "Report image"]
    assert (await wire.send("PUT", commands(scene), [])).body == []


async def test_single_commands_are_created_changed_and_removed(scene: Scene, wire: Wire) -> None:
    body: Any = {"name": "quota", "description": "What is left"}
    created, again = [await wire.send("POST", commands(scene), body) for _ in range(2)]
    assert (created.status, again.status) == (201, 200)
    assert created.body["id"] == again.body["id"]
    path = commands(scene, f"/{created.body['id']}")
    assert (await wire.send("PATCH", path, {"description": "Changed"})).body["description"] == "Changed"
    assert (await wire.send("PATCH", path, {"name": "BAD"})).code == 50035
    assert (await wire.send("GET", path)).body["description"] == "Changed"
    assert (await wire.send("DELETE", path)).status == 204
    assert (await wire.send("GET", path)).code == 10063


async def test_translations_are_listed_only_when_asked_for(scene: Scene, wire: Wire) -> None:
    named: Any = {"name_localizations": {"de": "groß"}}
    size = {"type": 3, "name": "size", "description": "x", **named, "choices": [{"name": "L", "value": "l", **named}]}
    await wire.send("PUT", commands(scene), [{"name": "draw", "description": "x", **named, "options": [size]}])
    assert "groß" not in str((await wire.send("GET", commands(scene))).body)
    assert str((await wire.send("GET", commands(scene, "?with_localizations=true"))).body).count("groß") == 3


async def test_guild_commands_come_before_global_ones(scene: Scene, wire: Wire) -> None:
    path = f"/applications/{scene.standin.application_id}/guilds/{scene.guild.id}/commands"
    answer = await wire.send("PUT", path, [{"name": "imagine", "description": "Here only"}])
    assert answer.body[0]["guild_id"] == str(scene.guild.id)
    found = scene.standin.commands.find(scene.guild.id, "imagine", 1)
    assert found is not None
    assert found["description"] == "Here only"


async def test_creations_are_counted_by_day(scene: Scene, wire: Wire, time: MovableTime) -> None:
    for batch in range(2):
        body = [{"name": f"c{batch}-{number}", "description": "x"} for number in range(99)]
        assert (await wire.send("PUT", commands(scene), body)).status == 200
    body = [{"name": f"d{number}", "description": "x"} for number in range(3)]
    assert (await wire.send("PUT", commands(scene), body)).code == 30034
    time.advance(days=1)
    assert (await wire.send("PUT", commands(scene), body)).status == 200


@pytest.mark.parametrize("body", [{"name": "x"}, "text", [3], None])
async def test_malformed_overwrite_is_refused(scene: Scene, wire: Wire, body: Any) -> None:
    assert (await wire.send("PUT", commands(scene), body)).code == 50035


async def test_automod_rules_are_for_bots_that_may_manage_the_guild(scene: Scene, wire: Wire) -> None:
    path = f"/guilds/{scene.guild.id}/auto-moderation/rules"
    rule = scene.guild.add_automod_rule("Words", keywords=["*cat*"], patterns=["c.t"], allowed=["catalogue"])
    assert (await wire.send("GET", path)).code == 50013
    scene.guild.set_bot_permissions(BOT | Permissions.MANAGE_GUILD)
    [found] = (await wire.send("GET", path)).body
    assert found == rule.payload()
    assert found["trigger_metadata"] == {
        "keyword_filter": ["*cat*"],
        "regex_patterns": ["c.t"],
        "allow_list": ["catalogue"],
    }
    with pytest.raises(ValueError, match="60 characters"):
        scene.guild.add_automod_rule("Words", keywords=["x" * 61])

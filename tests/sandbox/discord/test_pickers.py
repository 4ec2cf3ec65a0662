"""Menus and options of channels, roles and members, which Discord's client fills by itself."""

from typing import Any

import pytest

from sandbox.discord import Channel, ClientRefused, Json, Permissions, Role
from tests.sandbox.discord.wire import Answer, Scene, Wire, card, row

TEXT, VOICE, FORUM = 0, 2, 15


def picker(kind: int, **more: Any) -> Json:
    return {"type": kind, "custom_id": "p", "min_values": 0, "max_values": 2, **more}


@pytest.fixture
def sent(scene: Scene) -> list[Json]:
    """The data of the interactions that were dispatched."""
    payloads: list[Json] = []

    def listen(guild_id: int, event: str, payload: Json, intent: int) -> None:
        if event == "INTERACTION_CREATE":
            payloads.append(payload["data"])

    scene.standin.world.emit = listen
    return payloads


async def posted(scene: Scene, wire: Wire, part: Json) -> Answer:
    return await wire.send("POST", f"/channels/{scene.channel.id}/messages", card(row(part)))


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (picker(6, default_values=[{"id": "7", "type": "channel"}]), "default_values.0.type"),
        (picker(8, default_values=[{"id": "7", "type": "role"}]), "default_values.0.type"),
        (picker(8, default_values=[{"id": "x", "type": "channel"}]), "default_values.0.id"),
        (picker(8, default_values=[{"type": "channel"}]), "default_values.0.id"),
        (picker(8, default_values=[{"id": str(n), "type": "channel"} for n in range(3)]), "default_values"),
        (picker(6, min_values=2, default_values=[{"id": "7", "type": "role"}]), "default_values"),
        (picker(8, channel_types=[99]), "channel_types"),
    ],
)
async def test_a_menu_that_discord_would_refuse(scene: Scene, wire: Wire, part: Json, path: str) -> None:
    answer = await posted(scene, wire, part)
    assert answer.status == 400
    node = answer.body["errors"]["components"]["0"]["components"]["0"]
    for step in path.split("."):
        node = node[step]
    assert node["_errors"]


async def test_what_is_chosen_from_the_start_is_given_back(scene: Scene, wire: Wire) -> None:
    chosen = {"id": str(scene.channel.id), "type": "channel"}
    answer = await posted(scene, wire, picker(8, default_values=[chosen], channel_types=[TEXT]))
    assert answer.status == 200
    [part] = answer.body["components"][0]["components"]
    assert (part["default_values"], part["channel_types"]) == ([chosen], [TEXT])


async def test_channels_and_roles_are_chosen_and_resolved(scene: Scene, sent: list[Json]) -> None:
    role, forum = scene.guild.add_role("artists"), scene.guild.add_forum("help")
    channels, roles = scene.bot_message(row(picker(8))), scene.bot_message(row(picker(6)))
    await scene.standin.select(scene.ada, channels, "p", [scene.channel, forum])
    await scene.standin.select(scene.ada, roles, "p", [role, scene.guild.everyone])
    await scene.standin.select(scene.ada, channels, "p", [])
    assert sent[0]["values"] == [str(scene.channel.id), str(forum.id)]
    assert sent[0]["resolved"]["channels"][str(forum.id)]["type"] == FORUM
    assert sent[1]["values"] == [str(role.id), str(scene.guild.id)]
    assert sent[1]["resolved"]["roles"][str(role.id)]["name"] == "artists"
    assert (sent[2]["values"], "resolved" in sent[2]) == ([], False)


async def test_only_what_the_menu_is_for_can_be_chosen(scene: Scene, sent: list[Json]) -> None:
    role, voice = scene.guild.add_role("artists"), scene.guild.add_voice_channel("talk")
    channels = scene.bot_message(row(picker(8, channel_types=[TEXT])))
    roles = scene.bot_message(row(picker(6)))
    refused: list[tuple[Any, list[Any]]] = [
        (channels, [role]),
        (channels, [voice]),
        (channels, [str(scene.channel.id)]),
        (channels, [scene.channel, scene.channel]),
        (roles, [scene.channel]),
        (roles, [scene.ada]),
    ]
    for message, values in refused:
        with pytest.raises(ClientRefused):
            await scene.standin.select(scene.ada, message, "p", values)
    assert sent == []
    await scene.standin.select(scene.ada, channels, "p", ["7", "x"], raw=True)
    assert sent[0]["values"] == ["7", "x"]


async def test_an_option_offers_channels_of_its_types_only(scene: Scene, sent: list[Json]) -> None:
    where = {"type": 7, "name": "where", "description": "x", "channel_types": [TEXT, FORUM]}
    scene.standin.commands.upsert(None, {"name": "go", "description": "x", "options": [where]})
    thread: Channel = scene.channel.add_thread("a thread")
    for channel in (scene.guild.add_voice_channel("talk"), thread):
        with pytest.raises(ClientRefused, match="not offered"):
            await scene.standin.slash(scene.ada, scene.channel, "go", {"where": channel})
    await scene.standin.slash(scene.ada, scene.channel, "go", {"where": scene.channel})
    await scene.standin.slash(scene.ada, scene.channel, "go", {"where": thread, "new": thread}, raw=True)
    assert sent[0]["options"][0]["value"] == str(scene.channel.id)
    assert [option["type"] for option in sent[1]["options"]] == [7, 7]


async def test_a_deleted_role_is_nobodys(scene: Scene) -> None:
    role: Role = scene.guild.add_role("admins", Permissions.MANAGE_GUILD)
    scene.ada.roles.append(role)
    scene.guild.remove_role(role)
    assert scene.ada.payload()["roles"] == []
    assert str(role.id) not in {found["id"] for found in scene.guild.payload()["roles"]}


async def test_the_system_channel_is_announced_and_goes_with_its_channel(scene: Scene) -> None:
    told: list[Any] = []

    def listen(guild_id: int, event: str, payload: Json, intent: int) -> None:
        if event == "GUILD_UPDATE":
            told.append(payload["system_channel_id"])

    scene.standin.world.emit = listen
    scene.guild.set_system_channel(scene.channel)
    scene.guild.remove_channel(scene.channel)
    assert told == [str(scene.channel.id), None]


async def test_a_new_guild_is_told_apart_from_one_that_comes_back(scene: Scene) -> None:
    told: list[tuple[str, bool | None]] = []

    def listen(guild_id: int, event: str, payload: Json, intent: int) -> None:
        told.append((event, payload.get("unavailable")))

    scene.standin.world.emit = listen
    guild = scene.standin.add_guild("Other", system_channel="general")
    scene.standin.outage(guild)
    scene.standin.remove_guild(guild)
    scene.standin.readmit(guild)
    assert told == [
        ("GUILD_CREATE", None),
        ("GUILD_DELETE", True),
        ("GUILD_CREATE", False),
        ("GUILD_DELETE", False),
        ("GUILD_CREATE", None),
    ]
    assert guild.system_channel is not None
    assert scene.standin.world.channels[guild.system_channel.id] is guild.system_channel

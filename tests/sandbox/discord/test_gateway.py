"""The gateway as a bare websocket sees it: identifying, beating, resuming, and every way to be thrown out."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord import DiscordStandIn, Json
from sandbox.discord.gateway import KEPT_EVENTS
from tests.sandbox.discord.wire import Scene, Wire

GUILDS = 1
GUILD_MESSAGES = 1 << 9


class Client:
    """One gateway connection."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.ws = ws
        self.token = token
        self._inflate = zlib.decompressobj()

    async def send(self, opcode: int, data: Any) -> None:
        await self.ws.send_str(json.dumps({"op": opcode, "d": data}))

    async def receive(self) -> Json:
        frame = await self.ws.receive(timeout=5)
        if frame.type is aiohttp.WSMsgType.BINARY:
            return dict(json.loads(self._inflate.decompress(frame.data)))
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        return dict(json.loads(frame.data))

    async def until(self, event: str) -> Json:
        """The next event of that name."""
        while (message := await self.receive()).get("t") != event:
            pass
        return message

    async def closed_with(self) -> int:
        """The code the other side closes with."""
        while (frame := await self.ws.receive(timeout=5)).type is not aiohttp.WSMsgType.CLOSE:
            assert not self.ws.closed, frame
        return int(frame.data)

    async def identify(self, **more: Any) -> Json:
        """Identify and give READY's data."""
        data = {"token": self.token, "intents": GUILDS, "properties": {"os": "linux"}, **more}
        await self.send(2, data)
        return dict((await self.until("READY"))["d"])


class Clients:
    """Opens gateway connections."""

    def __init__(self, standin: DiscordStandIn, session: aiohttp.ClientSession) -> None:
        self._standin = standin
        self._session = session

    async def open(self, query: str = "?v=10&encoding=json", url: str | None = None) -> Client:
        """A connection that has seen HELLO."""
        ws = await self._session.ws_connect((url or self._standin.gateway_url) + query)
        client = Client(ws, self._standin.token)
        assert (await client.receive())["d"]["heartbeat_interval"] > 0
        return client


@pytest.fixture
async def clients(standin: DiscordStandIn) -> AsyncIterator[Clients]:
    """Gateway connections, closed afterwards."""
    async with aiohttp.ClientSession() as session:
        yield Clients(standin, session)


async def test_identified_session_gets_its_guilds(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    ready = await client.identify()
    assert ready["guilds"] == [{"id": str(scene.guild.id), "unavailable": True}]
    assert ready["user"]["id"] == ready["application"]["id"] == str(scene.standin.application_id)
    created = await client.until("GUILD_CREATE")
    assert [channel["name"] for channel in created["d"]["channels"]] == ["art"]
    await scene.standin.ready()


async def test_frames_are_compressed_when_asked_for(scene: Scene, clients: Clients) -> None:
    client = await clients.open("?v=10&encoding=json&compress=zlib-stream")
    await client.identify()
    assert (await client.until("GUILD_CREATE"))["d"]["name"] == "Studio"


async def test_heartbeats_are_acknowledged_unless_told_not_to(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.send(1, None)
    assert (await client.receive())["op"] == 11
    scene.standin.gateway.acknowledges_heartbeats = False
    await client.send(1, None)
    await client.identify()


async def test_silent_client_is_timed_out(scene: Scene, clients: Clients) -> None:
    scene.standin.gateway.heartbeat_interval_ms = 20
    client = await clients.open()
    assert await client.closed_with() == 4009


@pytest.mark.parametrize(
    ("opcode", "data", "code"),
    [
        (2, {"token": "wrong", "intents": 1, "properties": {}}, 4004),
        (2, {"intents": 1 << 26, "properties": {}}, 4013),
        (2, {"intents": "1", "properties": {}}, 4013),
        (2, {"properties": {}}, 4013),
        (2, {"intents": 1 << 15, "properties": {}}, 4014),
        (2, {"intents": 1 << 1, "properties": {}}, 4014),
        (2, {"intents": 1}, 4002),
        (2, {"intents": 1, "properties": {}, "shard": [1, 1]}, 4010),
        (2, {"intents": 1, "properties": {}, "shard": "x"}, 4010),
        (2, "nonsense", 4002),
        (3, {}, 4003),
        (6, {"token": "wrong", "session_id": "x", "seq": 1}, 4004),
    ],
)
async def test_bad_greeting_closes_with_its_code(
    scene: Scene, clients: Clients, opcode: int, data: Any, code: int
) -> None:
    client = await clients.open()
    if isinstance(data, dict):
        data = {"token": client.token, **data}
    await client.send(opcode, data)
    assert await client.closed_with() == code
    assert scene.standin.gateway.closes == [code]


async def test_broken_frames_unknown_opcodes_and_second_identify_close(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.ws.send_str("{")
    assert await client.closed_with() == 4002
    client = await clients.open()
    await client.identify()
    await client.send(99, None)
    assert await client.closed_with() == 4001
    client = await clients.open()
    await client.identify()
    await client.send(2, {"token": client.token})
    assert await client.closed_with() == 4005


async def test_other_version_of_the_gateway_is_refused(scene: Scene, clients: Clients) -> None:
    with pytest.raises(AssertionError, match="4012"):
        await clients.open("?v=6")


async def test_other_compression_is_refused_in_words(scene: Scene, clients: Clients) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await clients.open("?compress=zstd-stream")


async def test_missed_events_are_replayed_on_resume(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    ready = await client.identify()
    seen = (await client.until("GUILD_CREATE"))["s"]
    scene.standin.drop_gateway()
    await scene.standin.disconnected()
    run = await scene.imagine()
    scene.guild.add_channel("second")
    again = await clients.open(url=ready["resume_gateway_url"])
    await again.send(6, {"token": client.token, "session_id": ready["session_id"], "seq": seen})
    interaction = await again.receive()
    assert (interaction["t"], interaction["s"]) == ("INTERACTION_CREATE", seen + 1)
    assert interaction["d"]["token"] == run.token
    assert (await again.receive())["t"] == "CHANNEL_CREATE"
    assert (await again.receive())["t"] == "RESUMED"
    assert scene.standin.gateway.resumes == 1


async def test_resume_of_a_lost_session_is_invalid(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    ready = await client.identify()
    scene.standin.drop_gateway(resumable=False)
    again = await clients.open()
    await again.send(6, {"token": client.token, "session_id": ready["session_id"], "seq": 1})
    assert await again.receive() == {"op": 9, "d": False}


async def test_resume_from_the_future_is_refused(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    ready = await client.identify()
    again = await clients.open()
    await again.send(6, {"token": client.token, "session_id": ready["session_id"], "seq": 1000})
    assert await again.closed_with() == 4007


async def test_resume_that_missed_too_much_is_invalid(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    ready = await client.identify()
    scene.standin.drop_gateway()
    await scene.standin.disconnected()
    for _ in range(KEPT_EVENTS + 1):
        scene.guild.announce("CHANNEL_UPDATE", {})
    again = await clients.open()
    await again.send(6, {"token": client.token, "session_id": ready["session_id"], "seq": 2})
    assert await again.receive() == {"op": 9, "d": False}


async def test_goodbye_ends_the_session_and_a_crash_does_not(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.identify()
    await client.ws.close(code=4000)
    await scene.standin.disconnected()
    assert len(scene.standin.gateway.sessions) == 1
    client = await clients.open()
    await client.identify()
    assert len(scene.standin.gateway.sessions) == 1
    await client.ws.close(code=1000)
    await scene.standin.disconnected()
    assert scene.standin.gateway.sessions == []


async def test_bots_are_asked_to_reconnect_or_to_start_over(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.identify()
    await client.until("GUILD_CREATE")
    scene.standin.reconnect()
    assert (await client.receive())["op"] == 7
    scene.standin.gateway.invalidate()
    assert await client.receive() == {"op": 9, "d": False}
    assert scene.standin.gateway.sessions == []


async def test_events_go_to_their_shard_and_to_those_who_asked(scene: Scene, clients: Clients) -> None:
    shard = (scene.guild.id >> 22) % 2
    mine, other, curious = [await clients.open() for _ in range(3)]
    await mine.identify(shard=[shard, 2])
    assert (await other.identify(shard=[1 - shard, 2]))["guilds"] == []
    await curious.identify(shard=[shard, 2], intents=GUILD_MESSAGES)
    scene.standin.post(scene.ada, scene.channel, "hi")
    await scene.imagine()
    assert (await curious.receive())["t"] == "MESSAGE_CREATE"
    assert (await curious.receive())["t"] == "INTERACTION_CREATE"
    assert (await mine.receive())["t"] == "GUILD_CREATE"
    assert (await mine.receive())["t"] == "INTERACTION_CREATE"
    assert [session.sequence for session in scene.standin.gateway.connected] == [3, 1, 3]


async def test_late_events_keep_their_order(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.identify()
    await client.until("GUILD_CREATE")
    scene.standin.gateway.latency_seconds = 0.05
    first = await scene.imagine()
    scene.standin.gateway.latency_seconds = 0.0
    second = await scene.imagine()
    tokens = [(await client.receive())["d"]["token"] for _ in range(2)]
    assert tokens == [first.token, second.token]


async def test_changes_of_the_guild_are_announced(scene: Scene, clients: Clients) -> None:
    client = await clients.open()
    await client.identify()
    await client.until("GUILD_CREATE")
    role = scene.guild.add_role("painters")
    scene.ada.roles.append(role)
    scene.guild.set_bot_permissions(role.permissions, scene.channel)
    scene.guild.remove_channel(scene.channel)
    scene.guild.remove_role(role)
    other = scene.standin.add_guild("Other")
    scene.standin.remove_guild(other)
    names = [(await client.receive())["t"] for _ in range(6)]
    of_the_guild = ["GUILD_ROLE_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "GUILD_ROLE_DELETE"]
    assert names == [*of_the_guild, "GUILD_CREATE", "GUILD_DELETE"]
    assert role not in scene.ada.roles


async def test_closing_stand_in_says_goodbye_and_lets_nothing_hang() -> None:
    async with aiohttp.ClientSession() as session:
        async with DiscordStandIn() as standin:
            client = await Clients(standin, session).open()
            await client.identify()
            held = standin.faults.hold("GET", "/users/@me")
            wire = Wire(standin, session)
            request = asyncio.create_task(wire.send("GET", "/users/@me"))
            await held.happened()
            closed = asyncio.create_task(client.closed_with())
        assert await closed == 1001
        with pytest.raises(aiohttp.ClientConnectionError):
            await request

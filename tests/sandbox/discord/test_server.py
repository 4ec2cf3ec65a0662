"""What holds for every request: form, size, token, headers, and clients that die in the middle of one."""

import asyncio
import logging

import aiohttp
import pytest

from sandbox.discord import DiscordStandIn
from sandbox.discord.places import MIB
from tests.sandbox.discord.wire import Scene, Wire


async def test_unknown_routes_are_refused_and_remembered(standin: DiscordStandIn, wire: Wire) -> None:
    answer = await wire.send("GET", "/stage-instances/3")
    assert (answer.status, answer.body) == (404, {"message": "404: Not Found", "code": 0})
    assert (await wire.send("PUT", "/users/@me", {})).status == 405
    assert standin.unknown_routes == ["GET /api/v10/stage-instances/3", "PUT /api/v10/users/@me"]


async def test_answers_have_the_exact_content_type_and_rate_limit_headers(wire: Wire) -> None:
    answer = await wire.send("GET", "/users/@me")
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["X-RateLimit-Remaining"]) > 0
    assert answer.headers["Via"]
    other = await wire.send("GET", "/gateway/bot")
    assert answer.headers["X-RateLimit-Bucket"] != other.headers["X-RateLimit-Bucket"]


async def test_callback_is_outside_of_the_rate_limits(scene: Scene, wire: Wire) -> None:
    answer = await wire.answer(await scene.imagine(), {"type": 5})
    assert "X-RateLimit-Bucket" not in answer.headers


@pytest.mark.parametrize(
    ("raw", "content_type", "code"),
    [
        (b"{", "application/json", 50109),
        (b"\xff", "application/json", 50109),
        (b"[]", "application/json", 50035),
        (b"content=x", "text/plain", 50035),
        (b"x", "multipart/form-data", 50109),
        (b"", "application/json", 50035),
    ],
)
async def test_malformed_bodies_are_refused(scene: Scene, wire: Wire, raw: bytes, content_type: str, code: int) -> None:
    headers = {"Content-Type": content_type}
    path = f"/channels/{scene.channel.id}/messages"
    assert (await wire.send("POST", path, raw=raw, headers=headers)).code == code


async def test_broken_payload_json_is_refused(scene: Scene, wire: Wire) -> None:
    raw = b'--b\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await wire.send("POST", f"/channels/{scene.channel.id}/messages", raw=raw, headers=headers)
    assert answer.code == 50109


async def test_request_beyond_25_mebibytes_is_too_large(scene: Scene, wire: Wire) -> None:
    path = f"/channels/{scene.channel.id}/messages"
    fits = {f"{number}.bin": bytes(8 * MIB) for number in range(3)}
    assert (await wire.send("POST", path, files=fits)).status == 200
    answer = await wire.send("POST", path, files={**fits, "3.bin": bytes(2 * MIB)})
    assert (answer.status, answer.code) == (413, 40005)


async def test_file_names_and_bytes_survive_the_upload(scene: Scene, wire: Wire) -> None:
    data = bytes(range(256)) * 50 + b"\r\n--not the boundary\r\n"
    await wire.send("POST", f"/channels/{scene.channel.id}/messages", files={"größe x.bin": data})
    attachment = scene.channel.messages[0].attachments[0]
    assert (attachment.filename, attachment.read()) == ("größe x.bin", data)


@pytest.mark.parametrize(
    ("parameter", "name"),
    [('filename="a b.png"', "a b.png"), ("filename*=utf-8''gr%C3%B6%C3%9Fe.png", "größe.png"), ("", "unknown")],
)
async def test_file_names_are_read_in_every_form(scene: Scene, wire: Wire, parameter: str, name: str) -> None:
    head = f'Content-Disposition: form-data; name="files[0]"; {parameter}'.rstrip("; ")
    raw = f"--b\r\n{head}\r\n\r\nabc\r\n--b--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    await wire.send("POST", f"/channels/{scene.channel.id}/messages", raw=raw, headers=headers)
    assert scene.channel.messages[0].attachments[0].filename == name


async def test_exchanges_are_recorded_with_their_route(scene: Scene, wire: Wire) -> None:
    await wire.send("POST", f"/channels/{scene.channel.id}/messages", {}, files={"a.bin": b"abc"})
    exchange = scene.standin.exchanges.matching("POST", "/channels/{channel_id}/messages")[0]
    assert (exchange.status, exchange.multipart, exchange.files) == (200, True, (("a.bin", 3),))
    assert exchange.answer["id"] == str(scene.channel.messages[0].id)
    scene.standin.exchanges.clear()
    assert len(scene.standin.exchanges) == 0


async def test_nothing_is_recorded_when_told_so() -> None:
    seen: list[str] = []
    async with DiscordStandIn(record=False) as standin, aiohttp.ClientSession() as session:
        await Wire(standin, session).send("GET", "/users/@me")
        standin.exchanges.observe(lambda exchange: seen.append(exchange.path))
        await Wire(standin, session).send("GET", "/gateway")
        assert (len(standin.exchanges), seen) == (0, ["/api/v10/gateway"])


async def test_client_that_dies_while_sending_does_no_harm(
    scene: Scene, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = scene.standin.origin.removeprefix("http://").split(":")
    path = f"/api/v10/channels/{scene.channel.id}/messages"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with caplog.at_level(logging.ERROR):
        for sent in (head + "{", head[:30], head):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(sent.encode())
            await writer.drain()
            writer.transport.abort()
        assert (await wire.send("GET", "/users/@me")).status == 200
    assert scene.channel.messages == []
    assert not caplog.records

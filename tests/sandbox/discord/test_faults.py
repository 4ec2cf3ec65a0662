"""Faults to order: each strikes where, when and as often as it was told to."""

import asyncio
import re

import aiohttp
import pytest

from sandbox.discord import routes
from tests.sandbox.discord.wire import Scene, Wire


def path(scene: Scene) -> str:
    return f"/channels/{scene.channel.id}/messages"


async def send(scene: Scene, wire: Wire, content: str = "x") -> int:
    return (await wire.send("POST", path(scene), {"content": content})).status


async def test_bad_answer_comes_instead_of_the_work(scene: Scene, wire: Wire) -> None:
    fault = scene.standin.faults.add("POST", routes.MESSAGES, status=403, code=50013, message="Missing Permissions")
    answer = await wire.send("POST", path(scene), {"content": "x"})
    assert (answer.status, answer.body) == (403, {"message": "Missing Permissions", "code": 50013})
    assert scene.channel.messages == []
    assert await send(scene, wire) == 200
    assert fault.hits == 1
    assert [str(found.fault) for found in scene.standin.exchanges.matching("POST")] == [str(fault), "None"]


async def test_bad_answer_comes_after_the_work(scene: Scene, wire: Wire) -> None:
    scene.standin.faults.add("POST", status=502, body="<html>Bad gateway</html>", when="after")
    answer = await wire.send("POST", path(scene), {"content": "x"})
    assert (answer.status, answer.body) == (502, b"<html>Bad gateway</html>")
    assert len(scene.channel.messages) == 1


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
async def test_dropped_connection_loses_the_request_or_only_the_reply(
    scene: Scene, wire: Wire, when: str, done: int
) -> None:
    scene.standin.faults.drop("POST", routes.MESSAGES, when="after" if when == "after" else "before")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(scene, wire)
    assert len(scene.channel.messages) == done
    assert scene.standin.exchanges.matching("POST")[0].status is None


async def test_faults_choose_their_requests(scene: Scene, wire: Wire) -> None:
    faults = scene.standin.faults
    fault = faults.add(
        route=re.compile(r"/messages$"), where=lambda call: call.body["content"] == "bad", status=500, times=None
    )
    faults.add("POST", routes.MESSAGES, where=lambda call: call.body["content"] == "late", skip=1, status=503)
    sent = [await send(scene, wire, content) for content in ("good", "bad", "bad", "late", "late", "late")]
    assert sent == [200, 500, 500, 200, 503, 200]
    faults.remove(fault)
    assert await send(scene, wire, "bad") == 200
    assert await wire.send("GET", "/users/@me")


async def test_held_request_waits_for_its_release(scene: Scene, wire: Wire) -> None:
    fault = scene.standin.faults.hold("POST", routes.MESSAGES)
    task = asyncio.create_task(send(scene, wire))
    call = await fault.happened()
    assert call.body == {"content": "x"}
    assert scene.channel.messages == []
    fault.release()
    assert await task == 200
    assert len(scene.channel.messages) == 1


async def test_held_request_can_be_dropped_in_the_end(scene: Scene, wire: Wire) -> None:
    fault = scene.standin.faults.hold("POST", routes.MESSAGES)
    task = asyncio.create_task(send(scene, wire))
    await fault.happened()
    fault.release(drop=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await task
    assert scene.channel.messages == []


async def test_slow_answer_comes_late(scene: Scene, wire: Wire) -> None:
    scene.standin.faults.delay(0.05, "POST", routes.MESSAGES)
    assert await send(scene, wire) == 200
    assert scene.standin.exchanges.matching("POST")[0].seconds >= 0.05


async def test_rate_limits_look_like_discords_or_cloudflares(scene: Scene, wire: Wire) -> None:
    faults = scene.standin.faults
    faults.rate_limit("POST", retry_after=1.5)
    faults.rate_limit("POST", retry_after=2, everywhere=True)
    faults.rate_limit("POST", retry_after=3, cloudflare=True)
    one, everywhere, cloudflare = [await wire.send("POST", path(scene), {"content": "x"}) for _ in range(3)]
    assert (one.status, one.body["retry_after"], one.body["global"]) == (429, 1.5, False)
    assert (one.headers["X-RateLimit-Remaining"], one.headers["X-RateLimit-Scope"]) == ("0", "shared")
    assert (everywhere.body["global"], everywhere.headers["X-RateLimit-Global"]) == (True, "true")
    assert (cloudflare.status, "Via" in cloudflare.headers) == (429, False)
    assert cloudflare.headers["Content-Type"].startswith("text/html")


async def test_fault_that_never_strikes_says_so(scene: Scene) -> None:
    fault = scene.standin.faults.drop("POST", routes.CALLBACK)
    with pytest.raises(TimeoutError, match="never struck"):
        await fault.happened(timeout=0.01)

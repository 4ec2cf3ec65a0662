"""The operator's endpoints over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from errors import ConfigurationError, StorageUnavailable
from ops.http import Check, OperationsServer
from ops.metrics import Metrics


async def well() -> str | None:
    return None


async def unwell() -> str | None:
    return "not connected"


async def stuck() -> str | None:
    await asyncio.Event().wait()
    return None


async def without_disk() -> str | None:
    raise StorageUnavailable("the database refused: disk full")


async def broken() -> str | None:
    raise KeyError("secret detail")


@asynccontextmanager
async def serving(**checks: Check) -> AsyncIterator[Callable[[str], Awaitable[tuple[int, str, str]]]]:
    """A running server, as a function from a path to status, content type and body."""
    server = OperationsServer("127.0.0.1", 0, checks=checks, metrics=Metrics(), check_seconds=0.2)
    await server.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:

        async def get(path: str) -> tuple[int, str, str]:
            async with session.get(path) as response:
                return response.status, response.headers["Content-Type"], await response.text()

        try:
            yield get
        finally:
            await server.stop()


async def test_a_living_process_is_healthy_even_when_it_is_not_ready() -> None:
    async with serving(gateway=unwell) as get:
        status, _, body = await get("/healthz")
    assert (status, body) == (200, '{"alive": true}')


async def test_ready_means_that_every_check_is_well() -> None:
    async with serving(gateway=well, database=well, runner=well) as get:
        status, _, body = await get("/readyz")
    assert status == 200
    assert body == '{"ready": true, "checks": {"gateway": "ok", "database": "ok", "runner": "ok"}}'


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (unwell, "not connected"),
        (stuck, "no answer within 0.2 s"),
        (without_disk, "the database refused: disk full"),
        (broken, "the check itself failed"),
    ],
)
async def test_one_check_that_is_not_well_makes_the_whole_unready_and_is_named(check: Check, answer: str) -> None:
    async with serving(gateway=well, database=check) as get:
        status, _, body = await get("/readyz")
    assert status == 503
    assert body == f'{{"ready": false, "checks": {{"gateway": "ok", "database": "{answer}"}}}}'


async def test_metrics_are_served_in_prometheus_text_format() -> None:
    async with serving() as get:
        status, content_type, body = await get("/metrics")
    assert status == 200
    assert content_type.startswith("text/plain; version=0.0.4")
    assert "# TYPE easel_jobs gauge" in body


async def test_there_is_nothing_else() -> None:
    async with serving() as get:
        assert (await get("/"))[0] == 404


async def test_a_taken_port_is_one_line_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        server = OperationsServer("127.0.0.1", port, checks={}, metrics=Metrics())
        with pytest.raises(ConfigurationError) as caught:
            await server.start()
        await server.stop()
    assert str(caught.value) == (
        f"HTTP_PORT: {port} is taken on 127.0.0.1; it must be a free port, or 0 for any free one"
    )


async def test_an_address_of_another_machine_is_one_line_that_names_the_setting() -> None:
    server = OperationsServer("192.0.2.1", 0, checks={}, metrics=Metrics())
    with pytest.raises(ConfigurationError, match=r"^HTTP_HOST: can't listen on 192\.0\.2\.1: .+; it must be"):
        await server.start()


async def test_after_the_stop_the_port_is_free_again() -> None:
    server = OperationsServer("127.0.0.1", 0, checks={}, metrics=Metrics())
    await server.start()
    port = server.port
    await server.stop()
    await server.stop()
    again = OperationsServer("127.0.0.1", port, checks={}, metrics=Metrics())
    await again.start()
    await again.stop()

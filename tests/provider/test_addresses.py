"""Which addresses are public, and that no socket is made for any other."""

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.addresses import ForbiddenAddress, is_public, open_public_socket

PUBLIC = ["1.1.1.1", "8.8.8.8", "104.18.2.1", "2606:4700::1111", "2a00:1450:4001:830::200e", "64:ff9b::808:808"]

NOT_PUBLIC = [
    # IPv4, one of each registry entry
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.9.10", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    # IPv6
    "::", "::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00::1", "ff02::1", "100::1", "2001:db8::1",
    "3fff::1", "4000::1", "2001:10::1", "2001:20::1", "2606:4700::1111%lo",
    # IPv4 in disguise
    "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "2002:7f00:1::",
    "2002:808:808::", "2001:0:7f00:1::1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b::e000:1", "64:ff9b:1::808:808", "fe80::5efe:8.8.8.8",
    # Not addresses at all, though C libraries take some of them
    "", "localhost", "2130706433", "127.1", "0x7f000001", "0177.0.0.1", "127.0.0.1 ", "[::1]", "\uff18.8.8.8",
    "8.8.8.8.", "8.8.8.8/32", "\x00", "1" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_everything_else_is_not(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(network="64:ff9b::/96"))
def test_nat64_is_as_public_as_the_address_behind_it(address: object) -> None:
    behind = socket.inet_ntoa(int(address).to_bytes(16, "big")[-4:])  # type: ignore[call-overload] # an IPv6Address
    assert is_public(str(address)) == is_public(behind)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    is_public(text)


@pytest.mark.parametrize(
    "info",
    [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)),
        (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("8.8.8.8",)),
    ],
)
def test_no_socket_is_made_for_other_addresses(
    info: tuple[int, int, int, str, tuple[str | int, ...]],
) -> None:
    with pytest.raises(ForbiddenAddress):
        open_public_socket(info)


def test_socket_is_made_for_a_public_address() -> None:
    with open_public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))) as made:
        assert made.family == socket.AF_INET


@pytest.fixture
async def visits() -> AsyncIterator[tuple[int, list[object]]]:
    """A port of this machine, and who came there."""
    came: list[object] = []

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]",
             "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"]
)  # fmt: skip
async def test_guarded_connector_reaches_this_machine_by_no_notation(
    host: str, visits: tuple[int, list[object]]
) -> None:
    port, came = visits
    connector = aiohttp.TCPConnector(socket_factory=open_public_socket)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises((aiohttp.ClientConnectorError, aiohttp.InvalidURL)):
            await session.get(f"http://{host}:{port}/")
    assert came == []


async def test_unguarded_connector_would_have_reached_it(visits: tuple[int, list[object]]) -> None:
    port, came = visits
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(f"http://127.0.0.1:{port}/")
    assert len(came) == 1

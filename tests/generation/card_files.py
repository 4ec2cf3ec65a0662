"""A server on loopback for the files of a channel's cards, as Discord's CDN serves them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.generation.recording import Channel

GIVEN = b"the member's own image"


@dataclass
class CardFiles:
    """`asked` are the files that were asked for; while `broken`, none of them comes."""

    asked: list[str] = field(default_factory=list)
    broken: bool = False


@asynccontextmanager
async def serving(channel: Channel) -> AsyncIterator[CardFiles]:
    """The channel's files can be fetched while this lasts."""
    files = CardFiles()

    async def get(request: web.Request) -> web.Response:
        files.asked.append(request.match_info["name"])
        if files.broken:
            raise web.HTTPServiceUnavailable
        card = channel.cards.get(request.match_info["job"])
        if card is None:
            return web.Response(body=GIVEN, content_type="image/png")
        data = card.files.get(request.match_info["name"])
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/png")

    application = web.Application()
    application.router.add_get("/attachments/1/{job}/{name}", get)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        channel.origin = f"http://{host}:{port}"
        yield files
    finally:
        await runner.cleanup()

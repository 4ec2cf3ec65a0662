"""A bare HTTP client for trying the stand-in's answers one by one, and small things to send."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import aiohttp
from PIL import Image

from sandbox.discord import Channel, DiscordStandIn, Guild, Json, Member, Message, Run
from sandbox.discord.bodies import MessageRequest, read_message

V2 = 1 << 15
EPHEMERAL = 1 << 6

IMAGINE: Json = {
    "name": "imagine",
    "description": "Make a picture",
    "options": [
        {"type": 3, "name": "prompt", "description": "What to show", "required": True, "max_length": 100},
        {"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 4},
        {"type": 3, "name": "preset", "description": "Which preset", "autocomplete": True},
        {"type": 11, "name": "image", "description": "A picture"},
        {"type": 6, "name": "who", "description": "A member"},
        {
            "type": 3,
            "name": "size",
            "description": "How large",
            "choices": [{"name": "Square", "value": "square"}, {"name": "Wide", "value": "landscape_4_3"}],
        },
    ],
}


class MovableTime:
    """A time that passes only when told to."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **amount: float) -> None:
        self._now += timedelta(**amount)


class Scene(NamedTuple):
    """A guild with a channel and a member, and the command that the member uses."""

    standin: DiscordStandIn
    guild: Guild
    channel: Channel
    ada: Member

    async def imagine(self, **options: Any) -> Run:
        """Let the member use /imagine, with nobody there to answer."""
        return await self.standin.slash(self.ada, self.channel, "imagine", {"prompt": "a fox", **options})

    def bot_message(self, *components: Json, visible_to: Member | None = None) -> Message:
        """A message of the bot's that is simply there."""
        world = self.standin.world
        request = MessageRequest(body=card(*components), files={}, channel=self.channel)
        message = Message(world, self.channel, world.bot, read_message(world, request), visible_to=visible_to)
        message.publish()
        return message


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int | None:
        """Discord's error code."""
        return self.body.get("code") if isinstance(self.body, dict) else None

    def fault_codes(self) -> list[str]:
        """The codes of all nested form faults."""
        return sorted(_codes(self.body.get("errors", {})))


def _codes(tree: Any) -> list[str]:
    if "_errors" in tree:
        return [error["code"] for error in tree["_errors"]]
    return [code for child in tree.values() for code in _codes(child)]


class Wire:
    """Sends requests with the bot's token."""

    def __init__(self, standin: DiscordStandIn, session: aiohttp.ClientSession) -> None:
        self.standin = standin
        self._session = session

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        files: Mapping[str, bytes] | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """Send JSON, or a multipart form when there are files, or raw bytes."""
        data: aiohttp.FormData | bytes | None = raw
        sent = {"Authorization": f"Bot {token or self.standin.token}", **(headers or {})}
        if files is not None:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("payload_json", json.dumps(body or {}))
            for index, (name, content) in enumerate(files.items()):
                data.add_field(f"files[{index}]", io.BytesIO(content), filename=name, content_type="image/png")
        elif body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = path if path.startswith("http") else self.standin.api_url + path
        async with self._session.request(method, url, data=data, headers=sent) as response:
            content = await response.read()
            is_json = response.headers.get("Content-Type") == "application/json"
            return Answer(response.status, json.loads(content) if is_json else content, response.headers)

    async def answer(self, run: Run, body: Json, **more: Any) -> Answer:
        """Answer an interaction."""
        return await self.send("POST", f"/interactions/{run.id}/{run.token}/callback?with_response=1", body, **more)

    def webhook(self, run: Run, rest: str = "") -> str:
        """A path below the interaction's webhook."""
        return f"/webhooks/{self.standin.application_id}/{run.token}{rest}"


def png(width: int = 8, height: int = 6, *, padded_to: int = 0) -> bytes:
    """A small picture, with zeros behind it up to a size in bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue().ljust(padded_to, b"\0")


def text(content: str = "hello") -> Json:
    """A text display."""
    return {"type": 10, "content": content}


def button(custom_id: str = "a", label: str = "Press", **more: Any) -> Json:
    """A button."""
    return {"type": 2, "style": 2, "custom_id": custom_id, "label": label, **more}


def row(*children: Json) -> Json:
    """An action row."""
    return {"type": 1, "components": list(children)}


def container(*children: Json, **more: Any) -> Json:
    """A container."""
    return {"type": 17, "components": list(children), **more}


def gallery(*urls: str, **more: Any) -> Json:
    """A media gallery."""
    return {"type": 12, "items": [{"media": {"url": url}, **more} for url in urls]}


def card(*components: Json, **more: Any) -> Json:
    """A message body with components v2."""
    return {"flags": V2, "components": list(components), **more}

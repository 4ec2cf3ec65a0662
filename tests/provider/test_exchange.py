"""Reading one answer within its limits."""

from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from provider.exchange import Reply, is_success, read_reply, retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def reply(header: str | None = None, **content: object) -> Reply:
    return Reply(status=429, content=content or None, flaw=None, retry_after_header=header)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("999999", 3600.0),
        ("9" * 5000, 3600.0),
        ("-5", None),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 13:00:30 +0100", 30.0),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 0.0),
        ("Fri, 22 Nov 2126 12:00:00 GMT", 3600.0),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_header_is_read_as_seconds_or_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(reply(header), now=NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit is exceeded. Try again in 8 seconds.", 8.0),
        ("TRY AGAIN IN 1 SECOND", 1.0),
        ("try again in 2 minutes", 120.0),
        ("try again in 3 hours", 3600.0),
        ("try again in 30", 30.0),
        ("try again in 99999999999 seconds", 3600.0),
        ("try again later", None),
    ],
)
def test_wait_is_read_from_the_text_where_no_header_names_it(text: str, seconds: float | None) -> None:
    assert retry_after(reply(message=text), now=NOW) == seconds
    assert retry_after(reply(error=text), now=NOW) == seconds
    assert retry_after(reply("7", error=text), now=NOW) == 7.0


@pytest.mark.parametrize(("status", "success"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_the_family_of_200(status: int, success: bool) -> None:
    assert is_success(status) is success


@pytest.mark.parametrize(
    "body",
    [
        '{"status": "COMPLETED", "output": {"has_nsfw_concepts": [true], "has_nsfw_concepts": [false]}}',
        '{"status": "FAILED", "status": "COMPLETED"}',
    ],
)
async def test_an_answer_that_says_something_twice_says_nothing(body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    application = web.Application()
    application.router.add_get("/", answer)
    async with (
        TestServer(application) as server,
        aiohttp.ClientSession() as session,
        session.get(server.make_url("/")) as response,
    ):
        said = await read_reply(response)
    assert (said.content, said.flaw) == (None, "not_json")

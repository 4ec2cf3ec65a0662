"""Log lines as they are really written, and what is never in them."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import aiosqlite
import discord
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

import config
from ops import logs

TOKEN = "MTEwMDAw.GabcdE.very-secret-token-of-the-bot"
KEY = 'key-with-"quotes"-and/slash'
PROMPT = "a prompt that nobody but the channel may read"
# "interaction:1:…" in base64, which is how Discord makes these.
INTERACTION_TOKEN = "aW50ZXJhY3Rpb246MTphYmNkZWY0MjQyNDI0Mg"


def settings(**variables: str) -> config.Settings:
    return config.load({"DISCORD_TOKEN": TOKEN, "PIXAZO_API_KEY": KEY, **variables}, None)


def configured(**variables: str) -> io.StringIO:
    """Logging as the bot sets it up, to a stream of the test's; pytest's own handlers step aside."""
    stream = io.StringIO()
    logging.getLogger().handlers.clear()
    logs.configure(settings(**variables), stream)
    return stream


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """A server that answers everything with the prompt, as 404 below `/missing`."""

    async def answer(request: web.Request) -> web.Response:
        status = 404 if request.path.startswith("/missing") else 200
        return web.json_response({"id": "1", "content": PROMPT}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def test_a_text_line_has_time_level_logger_message_and_fields() -> None:
    stream = configured()
    logging.getLogger("generation.runner").warning("%d left", 3, extra={"job_id": "abc", "attempt": 2})
    time, rest = stream.getvalue().split(" ", 1)
    assert len(time) == len("2026-11-22T10:00:00.123Z")
    assert time.endswith("Z")
    assert rest == "WARNING generation.runner: 3 left job_id=abc attempt=2\n"


def test_a_json_line_is_one_object_with_the_fields_beside_the_message() -> None:
    stream = configured(LOG_FORMAT="json")
    logging.getLogger("generation.runner").warning(
        "%d left", 3, extra={"job_id": "abc", "attempt": 2, "path": Path("x")}
    )
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "generation.runner",
        "message": "3 left",
        "job_id": "abc",
        "attempt": 2,
        "path": "x",
    }


def test_a_field_cannot_pass_itself_off_as_the_level() -> None:
    stream = configured(LOG_FORMAT="json")
    logging.getLogger("ops").error("x", extra={"level": "INFO", "time": "never"})
    line = json.loads(stream.getvalue())
    assert line["level"] == "ERROR"
    assert line["time"] != "never"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_is_kept_without_the_secrets_in_it(log_format: str) -> None:
    stream = configured(LOG_FORMAT=log_format)
    try:
        raise ValueError(f"refused {TOKEN} and {KEY}")
    except ValueError:
        logging.getLogger("provider.client").exception("it failed", extra={"job_id": "abc", "header": TOKEN})
    written = stream.getvalue()
    assert "Traceback" in written
    assert "ValueError: refused [redacted] and [redacted]" in written
    assert TOKEN not in written
    assert KEY not in written
    assert "key-with" not in written
    if log_format == "json":
        assert json.loads(written)["exception"].startswith("Traceback")


@pytest.mark.parametrize(
    "text",
    [
        f"https://discord.com/api/v10/webhooks/123/{INTERACTION_TOKEN}/messages/@original",
        "PATCH /webhooks/123/some-token-of-a-stand-in?with_components=1",
        "http://127.0.0.1:9000/api/v10/interactions/123/some-token-of-a-stand-in/callback?with_response=1",
        f"Origin(interaction_token={INTERACTION_TOKEN})",
        f"{{'Authorization': 'Bot {'x' * 30}some-token-of-a-stand-in'}}",
        "Ocp-Apim-Subscription-Key: some-token-of-a-stand-in",
        "https://storage.pixazo.ai/some-token-of-a-stand-in.png?sig=1",
        "URL('https://pub-1.r2.dev/some-token-of-a-stand-in.png')",
        "https://cdn.discordapp.com/attachments/1/2/x.png?hm=some-token-of-a-stand-in",
    ],
)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_tokens_and_image_addresses_are_taken_out(text: str, log_format: str) -> None:
    stream = configured(LOG_FORMAT=log_format)
    logging.getLogger("discord.http").warning("responded with 429: %s", text)
    written = stream.getvalue()
    assert "some-token-of-a-stand-in" not in written
    assert INTERACTION_TOKEN not in written
    assert logs.REDACTED in written
    assert "429" in written


def test_what_is_around_a_token_stays_readable() -> None:
    redactor = logs.Redactor(settings())
    assert (
        redactor("POST /interactions/12/tok/callback took 3 s") == "POST /interactions/12/[redacted]/callback took 3 s"
    )
    assert redactor("GET https://storage.pixazo.ai/a/b.png: 404") == "GET https://storage.pixazo.ai/[redacted] 404"
    untouched = "https://discord.com/api/v10/channels/1/messages/2 answered 404 in guild 3"
    assert redactor(untouched) == untouched


def test_an_origin_among_the_result_hosts_hides_its_addresses_too() -> None:
    redactor = logs.Redactor(settings(PIXAZO_RESULT_HOSTS="http://127.0.0.1:9000"))
    assert redactor("http://127.0.0.1:9000/x.png http://127.0.0.1:9001/y") == (
        "http://127.0.0.1:9000/[redacted] http://127.0.0.1:9001/y"
    )


@given(before=st.text(), after=st.text(), secret=st.sampled_from([TOKEN, KEY]))
def test_no_surroundings_save_a_secret(before: str, after: str, secret: str) -> None:
    redactor = logs.Redactor(settings())
    assert secret not in redactor(before + secret + after)
    assert json.dumps(secret)[1:-1] not in redactor(json.dumps(before + secret + after))


def test_a_message_with_line_breaks_stays_one_line() -> None:
    stream = configured()
    logging.getLogger("provider").error("no: %s", "x\n2026-01-01T00:00:00.000Z INFO ops: all is well\x1b[2J\u2028y")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("no: x\\n2026-01-01T00:00:00.000Z INFO ops: all is well\\x1b[2J\\u2028y\n")


def test_a_line_with_broken_arguments_is_kept_and_leaks_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    stream = configured()

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(TOKEN)

    logging.getLogger("ops").error("%d pictures", TOKEN)
    logging.getLogger("ops").error("made", extra={"by": Broken()})
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("ops: %d pictures (its arguments could not be formatted)")
    assert lines[1].endswith("ops: made by=(Broken could not be formatted)")
    assert capfd.readouterr().err == ""


def test_a_closed_stream_is_not_an_error_that_prints_the_record(capfd: pytest.CaptureFixture[str]) -> None:
    configured().close()
    logging.getLogger("ops").error("secret %s", TOKEN)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("level", "ours", "theirs"), [("DEBUG", 2, 1), ("INFO", 1, 1), ("WARNING", 0, 0)])
def test_the_level_is_ours_and_libraries_never_go_below_info(level: str, ours: int, theirs: int) -> None:
    stream = configured(LOG_LEVEL=level)
    for name in ("storage.database", "discord.gateway"):
        logging.getLogger(name).debug("debug")
        logging.getLogger(name).info("info")
    written = stream.getvalue()
    assert written.count("storage.database") == ours
    assert written.count("discord.gateway") == theirs


def test_a_library_that_lowers_its_own_level_stays_silent() -> None:
    stream = configured(LOG_LEVEL="DEBUG")
    logger = logging.getLogger("discord.gateway")
    assert not logger.isEnabledFor(logging.DEBUG)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("WebSocket Event: %s", {"content": PROMPT})
    finally:
        logger.setLevel(logging.NOTSET)
    assert stream.getvalue() == ""


async def test_aiosqlite_does_not_tell_what_is_stored(tmp_path: Path) -> None:
    stream = configured(LOG_LEVEL="DEBUG")
    async with aiosqlite.connect(tmp_path / "x.db") as connection:
        await connection.execute("CREATE TABLE prompts (prompt TEXT)")
        await connection.execute("INSERT INTO prompts VALUES (?)", (PROMPT,))
    assert stream.getvalue() == ""


async def test_discord_does_not_tell_what_it_sends_and_gets(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", origin)
    client = discord.http.HTTPClient(asyncio.get_running_loop())
    stream = configured(LOG_LEVEL="DEBUG")
    try:
        await client.static_login(TOKEN)
        with discord.http.handle_message_parameters(content=PROMPT) as parameters:
            await client.send_message(1, params=parameters)
    finally:
        await client.close()
    assert PROMPT not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


async def test_the_address_of_an_image_is_taken_out_of_a_real_clients_exception(origin: str) -> None:
    stream = configured(PIXAZO_RESULT_HOSTS=origin)
    async with aiohttp.ClientSession() as session, session.get(f"{origin}/missing/somebody.png") as response:
        with pytest.raises(aiohttp.ClientResponseError, match="somebody") as caught:
            response.raise_for_status()
    logging.getLogger("provider").error("could not be fetched", exc_info=caught.value)
    assert f"404, message='Not Found', url='{origin}/[redacted]'" in stream.getvalue()
    assert "somebody.png" not in stream.getvalue()


def test_configuring_again_replaces_the_first_handler() -> None:
    first, second = configured(), io.StringIO()
    logs.configure(settings(LOG_FORMAT="json"), second)
    logging.getLogger("ops").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_warnings_go_to_the_log() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stream = configured()
        warnings.warn(f"deprecated {TOKEN}", UserWarning, stacklevel=1)
    assert "deprecated [redacted]" in stream.getvalue()


_UNCAUGHT = """
import sys, threading
import config
from ops import logs
logs.configure(config.load({{"DISCORD_TOKEN": {token!r}, "PIXAZO_API_KEY": "0123456789"}}, None))
class Unraisable:
    def __del__(self):
        raise ValueError("unraisable " + {token!r})
def fail():
    raise ValueError("in a thread " + {token!r})
del_me = Unraisable()
del del_me
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
raise ValueError("at the end " + {token!r})
"""


def test_exceptions_that_nobody_catches_are_logged_without_secrets_and_standard_output_stays_free() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _UNCAUGHT.format(token=TOKEN)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(config.__file__).parent,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert TOKEN not in done.stderr
    for expected in (
        "an exception could not be raised",
        "ValueError: unraisable [redacted]",
        "an exception ended worker",
        "ValueError: in a thread [redacted]",
        "CRITICAL ops.logs: an exception ended the program",
        "ValueError: at the end [redacted]",
    ):
        assert expected in done.stderr

"""Logging: a line of text or a JSON object for each record, with every secret taken out of the final text.

Redaction works on what is about to be written, so it covers messages, extra fields and tracebacks alike,
also those of libraries. What a library says below INFO is never written: discord.py logs whole gateway
payloads and request bodies there (prompts, interaction tokens), aiosqlite every statement with its values,
aiohttp the malformed requests it gets.
"""

import json
import logging
import re
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, TextIO
from urllib.parse import quote

from config import Settings

REDACTED: Final = "[redacted]"

# Loggers of our own code; bot.py is `__main__` when it is run. All others are libraries.
OWN_LOGGERS: Final = frozenset(
    {"__main__", "bot", "cogs", "config", "generation", "ops", "provider", "safety", "sandbox", "storage", "ui"}
)

# A shorter one is no secret, and blanking it out would garble ordinary words.
_SHORTEST_SECRET: Final = 6

# Discord's addresses that carry a token: an interaction's callback, and webhooks, of which an interaction's
# follow-ups and `@original` are a kind.
_TOKEN_IN_PATH: Final = re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/\s?#\"'\\)]+")
# Discord makes an interaction's token by encoding "interaction:<id>:<random>" as base64.
_INTERACTION_TOKEN: Final = re.compile(r"aW50ZXJhY3Rpb246[\w=-]+")
_CREDENTIAL_HEADER: Final = re.compile(
    r"""((?:authorization|ocp-apim-subscription-key)["']?\s*[:=]\s*["']?)(?:Bot\s+)?[^\s"',;)}\\]+""", re.IGNORECASE
)
_PLAIN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send every log record to `stream` (default: standard error) in the format and from the level set.

    Standard output stays free for what a command prints. May be called again: the last call holds. Also
    brings warnings and exceptions that nobody caught into the log, so that they are redacted like the rest.
    """
    level = logging.getLevelNamesMapping()[settings.log_level]
    handler = _Handler(stream if stream is not None else sys.stderr)
    redactor = Redactor(settings)
    handler.setFormatter(_JsonFormatter(redactor) if settings.log_format == "json" else _TextFormatter(redactor))
    handler.addFilter(_is_fit_to_log)
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    # The filter alone would do, but then libraries would still build the texts that it throws away.
    root.setLevel(max(level, logging.INFO))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


class Redactor:
    """Takes secrets out of a text: the settings' own, tokens in Discord's addresses, addresses of images."""

    def __init__(self, settings: Settings) -> None:
        secrets = {settings.discord_token, settings.pixazo_api_key}
        spellings = {form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _spellings(secret)}
        # The longest first, lest a secret that contains another keeps its tail.
        ordered = sorted(spellings, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._image_urls = _url_pattern((*settings.pixazo_result_hosts, *settings.discord_cdn_hosts))

    def __call__(self, text: str) -> str:
        """`text` with each secret replaced by `[redacted]`."""
        if self._secrets is not None:
            text = self._secrets.sub(REDACTED, text)
        text = _TOKEN_IN_PATH.sub(rf"\1{REDACTED}", text)
        text = _INTERACTION_TOKEN.sub(REDACTED, text)
        text = _CREDENTIAL_HEADER.sub(rf"\1{REDACTED}", text)
        return self._image_urls.sub(rf"\1/{REDACTED}", text)


def _spellings(secret: str) -> set[str]:
    """How a secret may look once it is quoted, escaped or part of an address."""
    return {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")}


def _url_pattern(hosts: Iterable[str]) -> re.Pattern[str]:
    """Matches addresses on these hosts, with the origin as its only group."""
    rules = []
    for host in hosts:
        if "://" in host:
            rules.append(re.escape(host))
        else:
            name = host.removeprefix("*.")
            prefix = r"[\w.-]+\." if name != host else ""
            rules.append(rf"https?://{prefix}{re.escape(name)}(?::\d+)?")
    return re.compile(rf"({'|'.join(rules)})/[^\s\"'<>\\)]+", re.IGNORECASE)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        """Say nothing: Python would print the record's raw arguments, and there is nowhere left to tell."""


def _is_fit_to_log(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO or record.name.partition(".")[0] in OWN_LOGGERS


class _RedactingFormatter(logging.Formatter, ABC):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor(self.render(record))

    @abstractmethod
    def render(self, record: logging.LogRecord) -> str:
        """The record as text, with whatever secrets are in it."""


class _TextFormatter(_RedactingFormatter):
    """`2026-11-22T10:00:00.123Z INFO generation.runner: text job_id=…`, a traceback indented below."""

    def render(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        # Escaped, so that a text from outside can't pass itself off as a line of its own.
        line = _CONTROL_CHARACTERS.sub(_escape, f"{record.name}: {_message(record)}{fields}")
        below = "".join(f"\n    {part}" for part in _traceback(record).splitlines())
        return f"{_time(record)} {record.levelname} {line}{below}"


class _JsonFormatter(_RedactingFormatter):
    """One object a line; extra fields stand beside `time`, `level`, `logger`, `message` and `exception`."""

    def render(self, record: logging.LogRecord) -> str:
        content: dict[str, object] = {
            **_extra(record),
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if below := _traceback(record):
            content["exception"] = below
        return json.dumps(content)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 -- any argument's __str__ may raise anything; the line is kept regardless
        return f"{record.msg} (its arguments could not be formatted)"


def _extra(record: logging.LogRecord) -> dict[str, str | int | float | None]:
    return {name: _plain(value) for name, value in vars(record).items() if name not in _PLAIN_ATTRIBUTES}


def _plain(value: object) -> str | int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    try:
        return str(value)
    except Exception:  # noqa: BLE001 -- as above
        return f"({type(value).__name__} could not be formatted)"


def _traceback(record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[1] is not None:
        parts.append("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def _log_uncaught(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, exc, trace)
        return
    logging.getLogger(__name__).critical("an exception ended the program", exc_info=exc)


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "a thread"
    logging.getLogger(__name__).error("an exception ended %s", name, exc_info=args.exc_value)


def _log_unraisable(args: "sys.UnraisableHookArgs") -> None:
    logging.getLogger(__name__).error("an exception could not be raised", exc_info=args.exc_value)

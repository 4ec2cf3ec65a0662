"""Settings: the one reader of the environment and of `.env`.

`load` returns frozen Settings, or raises one ConfigurationError with a line for every problem. Amounts of
money go from text through Decimal to whole micros, so no float is ever near them.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from dotenv.parser import parse_stream

from errors import ConfigurationError
from limits import Caps
from provider import catalogue

# Every setting with its default, as one would write it in `.env`; a blank value means the default.
DEFAULTS: Final[Mapping[str, str]] = {
    "DISCORD_TOKEN": "",
    "PIXAZO_API_KEY": "",
    "DATABASE_URL": "sqlite:///data/easel.db",
    "DISCORD_API_URL": "",
    "DISCORD_GATEWAY_URL": "",
    "DISCORD_CDN_HOSTS": "cdn.discordapp.com,media.discordapp.net",
    "LORA_HOSTS": "huggingface.co,civitai.com",
    "PIXAZO_SUBMIT_URL": catalogue.SUBMIT_URL,
    "PIXAZO_STATUS_URL": catalogue.STATUS_URL,
    "PIXAZO_RESULT_HOSTS": ",".join(catalogue.RESULT_HOSTS),
    "POLLS_PER_MINUTE": "300",
    "POLL_COST_SECONDS": "0.25",
    "PRICE_PER_IMAGE_USD": "0.09",
    "USER_DAILY_IMAGES": "20",
    "USER_MONTHLY_USD": "5",
    "GUILD_DAILY_USD": "10",
    "GUILD_MONTHLY_USD": "50",
    "GLOBAL_MONTHLY_USD": "200",
    "USER_ACTIVE_JOBS": "3",
    "MAX_IN_FLIGHT": "20",
    "JOB_DEADLINE_SECONDS": "900",
    "RETENTION_DAYS": "30",
    "OWNER_IDS": "",
    "OPERATOR_GUILD_IDS": "",
    "HTTP_HOST": "127.0.0.1",
    "HTTP_PORT": "8080",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
}
REQUIRED: Final = ("DISCORD_TOKEN", "PIXAZO_API_KEY")

MICROS_PER_USD: Final = 1_000_000
# Far above any real budget, and far below what a 64-bit integer of micros holds.
_LARGEST_USD: Final = 1_000_000
_LARGEST_ID: Final = 2**63 - 1
_SHOWN_CHARACTERS: Final = 80
# Below this likeness a name in the environment is some other program's; in `.env` it is only a hint.
_TYPO_LIKENESS: Final = 0.9

_T = TypeVar("_T")
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator has set. Money is in micros; None for a Discord address means Discord's own.

    The members of the `_hosts` tuples are lower case: a host, `*.suffix`, or an origin such as
    `http://127.0.0.1:9000` (never with a path). `http_port` 0 means any free port. `warnings` are lines for
    the operator about settings that are usable, but hardly meant so.
    """

    discord_token: str = field(repr=False)
    pixazo_api_key: str = field(repr=False)
    database_path: Path
    discord_api_url: str | None
    discord_gateway_url: str | None
    discord_cdn_hosts: tuple[str, ...]
    pixazo_submit_url: str
    pixazo_status_url: str
    pixazo_result_hosts: tuple[str, ...]
    lora_hosts: tuple[str, ...]
    polls_per_minute: int
    poll_cost_seconds: float
    price_per_image_micros: int
    user_daily_images: int
    user_monthly_micros: int
    guild_daily_micros: int
    guild_monthly_micros: int
    global_monthly_micros: int
    user_active_jobs: int
    max_in_flight: int
    job_deadline_seconds: int
    retention_days: int
    owner_ids: tuple[int, ...]
    operator_guild_ids: tuple[int, ...]
    http_host: str
    http_port: int
    log_level: str
    log_format: str
    warnings: tuple[str, ...] = ()

    @property
    def caps(self) -> Caps:
        """The operator's caps together."""
        return Caps(
            user_daily_images=self.user_daily_images,
            user_monthly_micros=self.user_monthly_micros,
            guild_daily_micros=self.guild_daily_micros,
            guild_monthly_micros=self.guild_monthly_micros,
            global_monthly_micros=self.global_monthly_micros,
        )


def load(environ: Mapping[str, str], dotenv: Path | None) -> Settings:
    """The settings of `environ` and, where that has none, of the file `dotenv` (None, or absent: no file).

    Raises ConfigurationError whose text has one line for each problem, all of them at once; each names the
    variable, its value (never a secret's) and what would be right.
    """
    settings, problems = examine(environ, dotenv)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def database_path(environ: Mapping[str, str], dotenv: Path | None) -> Path:
    """Where the database is, for commands that need nothing else: other settings may be missing or bad.

    Raises ConfigurationError for a bad DATABASE_URL, or a file in which it may have been.
    """
    settings, problems = examine(environ, dotenv)
    about_it = [line for line in problems if line.startswith("DATABASE_URL:") or line.partition(":")[0] not in DEFAULTS]
    if about_it:
        raise ConfigurationError("\n".join(about_it))
    return settings.database_path


def examine(environ: Mapping[str, str], dotenv: Path | None) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and the lines that `load` would raise; where a value is bad, its default stands in."""
    problems: list[str] = []
    warnings: list[str] = []
    from_file = _read_file(dotenv, problems, warnings) if dotenv is not None else {}
    warnings += _suspects(environ, from_file)
    reader = _Reader({**from_file, **environ}, problems)
    money = _usd(smallest=0)
    settings = Settings(
        discord_token=reader.secret("DISCORD_TOKEN"),
        pixazo_api_key=reader.secret("PIXAZO_API_KEY"),
        database_path=reader.value("DATABASE_URL", _database_path),
        discord_api_url=reader.value("DISCORD_API_URL", _optional(_url("https", "http"))),
        discord_gateway_url=reader.value("DISCORD_GATEWAY_URL", _optional(_url("wss", "ws"))),
        discord_cdn_hosts=reader.value("DISCORD_CDN_HOSTS", _hosts),
        pixazo_submit_url=reader.value("PIXAZO_SUBMIT_URL", _url("https", "http")),
        pixazo_status_url=reader.value("PIXAZO_STATUS_URL", _url("https", "http")),
        pixazo_result_hosts=reader.value("PIXAZO_RESULT_HOSTS", _hosts),
        lora_hosts=reader.value("LORA_HOSTS", _hosts),
        polls_per_minute=reader.value("POLLS_PER_MINUTE", _whole(1, 60_000)),
        poll_cost_seconds=reader.value("POLL_COST_SECONDS", _seconds("0.01", "60")),
        price_per_image_micros=reader.value("PRICE_PER_IMAGE_USD", _usd(smallest=1)),
        user_daily_images=reader.value("USER_DAILY_IMAGES", _whole(0, 100_000)),
        user_monthly_micros=reader.value("USER_MONTHLY_USD", money),
        guild_daily_micros=reader.value("GUILD_DAILY_USD", money),
        guild_monthly_micros=reader.value("GUILD_MONTHLY_USD", money),
        global_monthly_micros=reader.value("GLOBAL_MONTHLY_USD", money),
        user_active_jobs=reader.value("USER_ACTIVE_JOBS", _whole(1, 1_000)),
        max_in_flight=reader.value("MAX_IN_FLIGHT", _whole(1, 10_000)),
        # At a day a job in doubt is written off, so a later deadline would never come about.
        job_deadline_seconds=reader.value("JOB_DEADLINE_SECONDS", _whole(1, 86_400)),
        retention_days=reader.value("RETENTION_DAYS", _whole(1, 3_650)),
        owner_ids=reader.value("OWNER_IDS", _ids),
        operator_guild_ids=reader.value("OPERATOR_GUILD_IDS", _ids),
        http_host=reader.value("HTTP_HOST", _bind_host),
        http_port=reader.value("HTTP_PORT", _whole(0, 65_535)),
        log_level=reader.value("LOG_LEVEL", _choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
        log_format=reader.value("LOG_FORMAT", _choice("text", "json")),
        warnings=tuple(warnings),
    )
    return settings, tuple(problems)


class _Reader:
    """Looks values up and collects what is wrong with them, so that one start shows every problem."""

    def __init__(self, values: Mapping[str, str], problems: list[str]) -> None:
        self._values = values
        self._problems = problems

    def value(self, name: str, parse: Callable[[str], _T]) -> _T:
        """The parsed value of `name`; its default where it is blank, or bad and noted as a problem."""
        default = DEFAULTS[name]
        text = self._values.get(name, "").strip() or default
        try:
            return parse(text)
        except _Unusable as exc:
            self._problems.append(f"{name}: {exc.shown(text)} can't be used; it must be {exc.right}")
            return parse(default)

    def secret(self, name: str) -> str:
        """The text of `name`, which no problem ever quotes."""
        text = self._values.get(name, "").strip()
        if not text:
            self._problems.append(f"{name}: missing; set it in the environment or in .env")
        elif not (text.isascii() and text.isprintable()) or " " in text:
            self._problems.append(f"{name}: has a space or another character that no key has; copy it again")
        return text


class _Unusable(ValueError):
    """A text that is no value of its setting; `right` says what is, `hidden` that it may hold a secret."""

    def __init__(self, right: str, *, hidden: bool = False) -> None:
        super().__init__(right)
        self.right = right
        self.hidden = hidden

    def shown(self, text: str) -> str:
        if self.hidden:
            return "the value"
        return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", text) or not low <= int(text) <= high:
            raise _Unusable(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _usd(*, smallest: int) -> Callable[[str], int]:
    """A parser of US dollars into micros, of which there must be at least `smallest`."""

    def parse(text: str) -> int:
        # The pattern keeps out what Decimal knows and money does not: signs, exponents, NaN and infinity.
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
            micros = int(Decimal(text) * MICROS_PER_USD)
            if smallest <= micros <= _LARGEST_USD * MICROS_PER_USD:
                return micros
        least = f"{Decimal(smallest) / MICROS_PER_USD:f}"
        raise _Unusable(f"US dollars from {least} to {_LARGEST_USD}, with six decimals at most, such as 0.09")

    return parse


def _seconds(low: str, high: str) -> Callable[[str], float]:
    """A parser of seconds with a fraction, from one bound to the other."""

    def parse(text: str) -> float:
        # As with money: no signs, exponents, NaN or infinity, and compared before it is rounded to a float.
        if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,6})?", text) and Decimal(low) <= Decimal(text) <= Decimal(high):
            return float(text)
        raise _Unusable(f"seconds from {low} to {high}, such as 0.25")

    return parse


def _choice(*names: str) -> Callable[[str], str]:
    """A parser that takes one of `names` in upper or lower case and returns it as it is written there."""

    def parse(text: str) -> str:
        for name in names:
            if text.casefold() == name.casefold():
                return name
        raise _Unusable("one of " + ", ".join(names))

    return parse


def _optional(parse: Callable[[str], _T]) -> Callable[[str], _T | None]:
    return lambda text: parse(text) if text else None


def _ids(text: str) -> tuple[int, ...]:
    items = _items(text)
    if not all(re.fullmatch(r"[0-9]{1,19}", item) and 0 < int(item) <= _LARGEST_ID for item in items):
        raise _Unusable("Discord ids (whole numbers) with commas between them")
    return tuple(dict.fromkeys(int(item) for item in items))


def _database_path(text: str) -> Path:
    _, found, path = text.partition("sqlite:///")
    if not found or not text.startswith("sqlite:///") or not path or path.endswith("/") or path[0] in ":~":
        raise _Unusable("sqlite:///relative/file.db or sqlite:////absolute/file.db")
    if set(path) & set("?#\0"):
        raise _Unusable("a plain path to a file, without ? or #", hidden=True)
    return Path(path)


def _url(secure: str, plain: str) -> Callable[[str], str]:
    """A parser of URLs that must be `secure`, or `plain` to this machine itself; drops a final slash."""

    def parse(text: str) -> str:
        # Credentials and queries are where keys hide, so such a value is refused without being shown.
        if set(text) & set("@?#"):
            raise _Unusable("a URL without user name, query or fragment", hidden=True)
        parts = _split(text)
        allowed = parts is not None and (
            parts.scheme == secure or (parts.scheme == plain and _is_loopback(parts.hostname or ""))
        )
        if not allowed:
            raise _Unusable(f"a URL that begins with {secure}:// ({plain}:// only for this machine, 127.0.0.1)")
        return text.rstrip("/")

    return parse


def _hosts(text: str) -> tuple[str, ...]:
    items = _items(text.lower())
    if not items or not all(_is_host_rule(item) for item in items):
        raise _Unusable(
            "host names, *.suffix patterns of two labels or more, or origins such as http://127.0.0.1:9000, "
            "with commas between them",
            hidden="@" in text,
        )
    return tuple(dict.fromkeys(item.rstrip("/") for item in items))


def _is_host_rule(item: str) -> bool:
    if "://" in item:
        parts = _split(item)
        return parts is not None and parts.scheme in {"http", "https"} and parts.path in {"", "/"}
    # One label is no public host, `*.com` would admit half the web, and an address could be a private one.
    name = item.removeprefix("*.")
    return "." in name and _HOST_NAME.fullmatch(name) is not None and not name.rsplit(".", 1)[1].isdigit()


def _bind_host(text: str) -> str:
    if not _is_address(text) and not _HOST_NAME.fullmatch(text.lower()):
        raise _Unusable("an address or a host name, such as 127.0.0.1 or 0.0.0.0")
    return text


def _split(text: str) -> SplitResult | None:
    """The parts of a URL that has a proper host and nothing beyond a path, or None."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    sound = _is_address(host) or _HOST_NAME.fullmatch(host)
    extras = "@" in parts.netloc or parts.query or parts.fragment or port == 0
    return parts if sound and not extras and text.isascii() and text.isprintable() and " " not in text else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _items(text: str) -> list[str]:
    return [item for item in (part.strip() for part in text.split(",")) if item]


def _read_file(path: Path, problems: list[str], warnings: list[str]) -> dict[str, str]:
    """The assignments of a `.env` file. A line that can't be read is a problem: it may have been a cap."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        problems.append(f"{path.name}: can't be read: {why}")
        return {}
    values: dict[str, str] = {}
    # Not dotenv_values(): that only logs a line it can't read, and would expand ${…} inside of a secret.
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            problems.append(f"{path.name}: line {binding.original.line} is no NAME=value")
        elif binding.key is not None:
            if binding.key in values:
                warnings.append(f"{binding.key} is set more than once in {path.name}; the last one counts")
            values[binding.key] = binding.value or ""
    return values


def _suspects(environ: Mapping[str, str], from_file: Mapping[str, str]) -> list[str]:
    """Warnings about names that are no settings but look meant as such."""
    found = []
    for name in sorted((environ.keys() | from_file.keys()) - DEFAULTS.keys()):
        like = difflib.get_close_matches(name.upper(), DEFAULTS, n=1, cutoff=_TYPO_LIKENESS)
        if like:
            found.append(f"{name} is not a setting; was {like[0]} meant?")
        elif name in from_file:
            found.append(f"{name} is not a setting of Easel and has no effect")
    return found

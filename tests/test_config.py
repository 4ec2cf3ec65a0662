"""The settings: defaults, ranges, and what a bad one says."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from errors import ConfigurationError

TOKEN = "MTEwMDAw.GabcdE.very-secret-token-of-the-bot"
KEY = "0123456789abcdef0123456789abcdef"
SECRETS = {"DISCORD_TOKEN": TOKEN, "PIXAZO_API_KEY": KEY}


def load(**variables: str) -> config.Settings:
    return config.load({**SECRETS, **variables}, None)


def problems_of(**variables: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(**variables)
    return str(caught.value).splitlines()


def write(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, "utf-8")
    return path


def test_the_defaults_are_those_of_the_design() -> None:
    assert load() == config.Settings(
        discord_token=TOKEN,
        pixazo_api_key=KEY,
        database_path=Path("data/easel.db"),
        discord_api_url=None,
        discord_gateway_url=None,
        discord_cdn_hosts=("cdn.discordapp.com", "media.discordapp.net"),
        pixazo_submit_url="https://gateway.pixazo.ai/flux-general/v1/flux-general/generateTextToImageRequest",
        pixazo_status_url="https://gateway.pixazo.ai/flux-general-polling/flux-general/getStatus",
        pixazo_result_hosts=(
            "storage.pixazo.ai",
            "*.r2.dev",
            "imagesai.appypie.com",
            "fal.media",
            "v3.fal.media",
            "v3b.fal.media",
        ),
        lora_hosts=("huggingface.co", "civitai.com"),
        polls_per_minute=300,
        poll_cost_seconds=0.25,
        price_per_image_micros=90_000,
        user_daily_images=20,
        user_monthly_micros=5_000_000,
        guild_daily_micros=10_000_000,
        guild_monthly_micros=50_000_000,
        global_monthly_micros=200_000_000,
        user_active_jobs=3,
        max_in_flight=20,
        job_deadline_seconds=900,
        retention_days=30,
        owner_ids=(),
        operator_guild_ids=(),
        http_host="127.0.0.1",
        http_port=8080,
        log_level="INFO",
        log_format="text",
        warnings=(),
    )


def test_a_blank_variable_means_its_default() -> None:
    assert load(**{name: "  " for name in config.DEFAULTS if name not in config.REQUIRED}) == load()


def test_secrets_are_not_in_the_representation() -> None:
    assert TOKEN not in repr(load())
    assert KEY not in repr(load())


def test_every_problem_is_reported_at_once_each_on_a_line_that_names_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.load({"HTTP_PORT": "http", "GLOBAL_MONTHLY_USD": "inf", "LOG_LEVEL": "loud"}, None)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "DISCORD_TOKEN",
        "PIXAZO_API_KEY",
        "GLOBAL_MONTHLY_USD",
        "HTTP_PORT",
        "LOG_LEVEL",
    ]
    assert lines[3] == "HTTP_PORT: 'http' can't be used; it must be a whole number from 0 to 65535"


def test_examining_gives_the_settings_and_the_problems_side_by_side() -> None:
    settings, problems = config.examine({"DATABASE_URL": "sqlite:///elsewhere.db", "HTTP_PORT": "-1"}, None)
    assert settings.database_path == Path("elsewhere.db")
    assert settings.http_port == 8080
    assert [problem.partition(":")[0] for problem in problems] == ["DISCORD_TOKEN", "PIXAZO_API_KEY", "HTTP_PORT"]


def test_commands_that_only_need_the_database_need_no_secrets(tmp_path: Path) -> None:
    path = write(tmp_path, "DATABASE_URL=sqlite:///from-file.db\n")
    assert config.database_path({"HTTP_PORT": "bad"}, path) == Path("from-file.db")
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL: 'x' can't be used"):
        config.database_path({"DATABASE_URL": "x"}, path)
    with pytest.raises(ConfigurationError, match=r"^\.env: line 1 is no NAME=value$"):
        config.database_path({}, write(tmp_path, 'DATABASE_URL="sqlite:///x.db\n'))


@pytest.mark.parametrize("name", config.REQUIRED)
@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel-zum-glück", "tab\there"])
def test_a_broken_secret_is_refused_without_being_shown(name: str, value: str) -> None:
    (line,) = problems_of(**{name: value})
    assert line.startswith(f"{name}: ")
    assert value not in line


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0", 0), ("5", 5_000_000), ("0.09", 90_000), ("0.000001", 1), ("007.50", 7_500_000), ("1000000", 10**12)],
)
def test_money_becomes_whole_micros(text: str, micros: int) -> None:
    assert load(GUILD_DAILY_USD=text).guild_daily_micros == micros


@given(st.integers(min_value=1, max_value=10**12))
def test_no_digit_of_an_amount_is_lost(micros: int) -> None:
    whole, rest = divmod(micros, 10**6)
    loaded = load(PRICE_PER_IMAGE_USD=f"{whole}.{rest:06d}").price_per_image_micros
    assert loaded == micros
    assert type(loaded) is int


@pytest.mark.parametrize(
    "text",
    ["-1", "+1", "1e3", "nan", "inf", "Infinity", "0.0000001", "1,5", "$5", "5 USD", ".5", "5.", "1000000.01", "٣"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    (line,) = problems_of(GUILD_DAILY_USD=text)
    assert "GUILD_DAILY_USD" in line
    assert repr(text) in line
    assert "from 0 to 1000000" in line


def test_a_price_of_nothing_is_refused_for_no_cap_would_ever_bind() -> None:
    (line,) = problems_of(PRICE_PER_IMAGE_USD="0.00")
    assert "from 0.000001 to" in line


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("POLLS_PER_MINUTE", 1, 60_000),
        ("USER_DAILY_IMAGES", 0, 100_000),
        ("USER_ACTIVE_JOBS", 1, 1_000),
        ("MAX_IN_FLIGHT", 1, 10_000),
        ("JOB_DEADLINE_SECONDS", 1, 86_400),
        ("RETENTION_DAYS", 1, 3_650),
        ("HTTP_PORT", 0, 65_535),
    ],
)
def test_a_number_is_taken_from_its_lowest_to_its_highest_only(name: str, low: int, high: int) -> None:
    attribute = name.lower()
    assert getattr(load(**{name: str(low)}), attribute) == low
    assert getattr(load(**{name: str(high)}), attribute) == high
    for bad in (str(low - 1), str(high + 1), f"{low}.0", f"{high}e0", "0x10", "1_0", "٣", "9" * 5000):
        (line,) = problems_of(**{name: bad})
        assert f"a whole number from {low} to {high}" in line
        assert len(line) < 250


@pytest.mark.parametrize(
    ("text", "seconds"), [("0.25", 0.25), ("0.01", 0.01), ("60", 60), ("60.000", 60), ("1.5", 1.5)]
)
def test_a_polls_cost_is_taken_from_its_lowest_to_its_highest(text: str, seconds: float) -> None:
    assert load(POLL_COST_SECONDS=text).poll_cost_seconds == seconds


@pytest.mark.parametrize("text", ["0", "0.009999", "60.000001", "-1", "1e-1", "nan", "inf", "0,25", ".5", "1 s", "٣"])
def test_any_other_cost_of_a_poll_is_refused(text: str) -> None:
    (line,) = problems_of(POLL_COST_SECONDS=text)
    assert line == f"POLL_COST_SECONDS: {text!r} can't be used; it must be seconds from 0.01 to 60, such as 0.25"


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///data/easel.db", "data/easel.db"), ("sqlite:////var/lib/easel.db", "/var/lib/easel.db")],
)
def test_a_database_url_is_a_relative_or_an_absolute_path(url: str, path: str) -> None:
    assert load(DATABASE_URL=url).database_path == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "data/easel.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:////",
        "sqlite:///:memory:",
        "sqlite:///~/easel.db",
        "sqlite:///data/",
        "postgresql://localhost/easel",
        "see sqlite:///data/easel.db",
        "sqlite:///easel.db?mode=ro",
    ],
)
def test_any_other_database_url_is_refused(url: str) -> None:
    (line,) = problems_of(DATABASE_URL=url)
    assert line.startswith("DATABASE_URL: ")


@pytest.mark.parametrize("name", ["PIXAZO_SUBMIT_URL", "PIXAZO_STATUS_URL", "DISCORD_API_URL"])
def test_plain_http_is_for_this_machine_alone(name: str) -> None:
    attribute = name.lower()
    for good in ("https://api.example.org/v1", "http://127.0.0.1:9000/v1", "http://localhost:1", "http://[::1]:9/x"):
        assert getattr(load(**{name: good}), attribute) == good
    for bad in (
        "http://api.example.org/v1",
        "http://10.0.0.1/v1",
        "http://127.0.0.1.example.org/",
        "ftp://127.0.0.1/",
        "https://",
        "https:///path",
        "https://host:port/",
        "https://host:99999/",
        "https://host:0/",
        "https://ho st/",
        "api.example.org",
    ):
        (line,) = problems_of(**{name: bad})
        assert "must be a URL that begins with https://" in line


def test_a_gateway_address_is_a_secure_websocket_or_on_this_machine() -> None:
    assert load(DISCORD_GATEWAY_URL="wss://gateway.example.org/").discord_gateway_url == "wss://gateway.example.org"
    assert load(DISCORD_GATEWAY_URL="ws://127.0.0.1:9001").discord_gateway_url == "ws://127.0.0.1:9001"
    (line,) = problems_of(DISCORD_GATEWAY_URL="https://gateway.example.org")
    assert "wss://" in line


@pytest.mark.parametrize("url", ["https://user:hunter2@example.org/", "https://example.org/?key=hunter2"])
def test_a_url_that_may_hold_a_password_is_refused_without_being_shown(url: str) -> None:
    (line,) = problems_of(PIXAZO_SUBMIT_URL=url)
    assert "hunter2" not in line


def test_hosts_are_names_suffixes_and_origins_in_lower_case() -> None:
    listed = "A.example.org, *.example.net ,http://127.0.0.1:9000,https://[::1]/,a.example.org,"
    assert load(PIXAZO_RESULT_HOSTS=listed).pixazo_result_hosts == (
        "a.example.org",
        "*.example.net",
        "http://127.0.0.1:9000",
        "https://[::1]",
    )


@pytest.mark.parametrize(
    "hosts",
    [
        ",",
        "*",
        "*.",
        "*.com",
        "com",
        "localhost",
        "10.0.0.1",
        "*.0.0.1",
        "::1",
        "a.example.org/path",
        "a.*.org",
        "*a.example.org",
        "a..example.org",
        "a.example.org:8080",
        "http://127.0.0.1:9000/path",
        "http://user@127.0.0.1",
        "http://127.0.0.1?x",
        "ftp://127.0.0.1",
        "http://*.example.org",
        "a.example.org,*.com",
    ],
)
@pytest.mark.parametrize("name", ["PIXAZO_RESULT_HOSTS", "DISCORD_CDN_HOSTS", "LORA_HOSTS"])
def test_a_host_list_that_would_admit_too_much_is_refused(name: str, hosts: str) -> None:
    (line,) = problems_of(**{name: hosts})
    assert line.startswith(f"{name}: ")
    assert "origins such as http://127.0.0.1:9000" in line


def test_ids_are_listed_with_commas_and_counted_once() -> None:
    assert load(OWNER_IDS=" 12, 34,12 ,").owner_ids == (12, 34)
    for bad in ("@me", "12 34", "-1", "0", "1.5", str(2**63)):
        (line,) = problems_of(OPERATOR_GUILD_IDS=bad)
        assert "Discord ids" in line


def test_choices_are_taken_in_any_case() -> None:
    settings = load(LOG_LEVEL="debug", LOG_FORMAT="JSON")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
    assert "one of text, json" in problems_of(LOG_FORMAT="xml")[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost", "metrics.example.org"])
def test_the_server_listens_where_it_is_told(host: str) -> None:
    assert load(HTTP_HOST=host).http_host == host


@pytest.mark.parametrize("host", ["http://0.0.0.0", "a b", "-x", "127.0.0.1:8080"])
def test_a_listening_address_is_no_url(host: str) -> None:
    assert problems_of(HTTP_HOST=host)[0].startswith("HTTP_HOST: ")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, f"DISCORD_TOKEN={TOKEN}\nPIXAZO_API_KEY='{KEY}'\nHTTP_PORT=1\nRETENTION_DAYS=7 # a week\n")
    settings = config.load({"HTTP_PORT": "2"}, path)
    assert (settings.discord_token, settings.pixazo_api_key) == (TOKEN, KEY)
    assert (settings.http_port, settings.retention_days) == (2, 7)


def test_reading_the_file_leaves_the_environment_alone(tmp_path: Path) -> None:
    before = dict(os.environ)
    config.load(SECRETS, write(tmp_path, "HTTP_PORT=1\n"))
    assert dict(os.environ) == before


def test_a_dollar_sign_in_a_secret_is_not_expanded(tmp_path: Path) -> None:
    path = write(tmp_path, "DISCORD_TOKEN=abc${HOME}def\nPIXAZO_API_KEY=x$y\n")
    settings = config.load({"HOME": "/root"}, path)
    assert (settings.discord_token, settings.pixazo_api_key) == ("abc${HOME}def", "x$y")


def test_a_byte_order_mark_does_not_hide_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfHTTP_PORT=1\r\n")
    assert config.load(SECRETS, path).http_port == 1


def test_a_missing_file_is_no_problem(tmp_path: Path) -> None:
    assert config.load(SECRETS, tmp_path / ".env") == load()


@pytest.mark.parametrize("content", [b"HTTP_PORT=\xff\n", None])
def test_a_file_that_cannot_be_read_ends_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / ".env"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^\.env: can't be read: "):
        config.load(SECRETS, path)


def test_a_line_that_cannot_be_read_ends_the_start_for_it_may_have_been_a_cap(tmp_path: Path) -> None:
    path = write(tmp_path, 'HTTP_PORT=1\nGLOBAL_MONTHLY_USD="5\n')
    with pytest.raises(ConfigurationError, match=r"^\.env: line 2 is no NAME=value$"):
        config.load(SECRETS, path)


def test_what_looks_like_a_misspelt_setting_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, "GLOBAL_MONTLY_USD=5\nFAVOURITE_COLOUR=red\nHTTP_PORT=1\nHTTP_PORT=2\n")
    settings = config.load(
        {**SECRETS, "USER_DAYLY_IMAGES": "1", "PATH": "/bin", "HTTP_PROXY": "x", "DISCORD_OPENAPI": "y"}, path
    )
    assert set(settings.warnings) == {
        "HTTP_PORT is set more than once in .env; the last one counts",
        "GLOBAL_MONTLY_USD is not a setting; was GLOBAL_MONTHLY_USD meant?",
        "FAVOURITE_COLOUR is not a setting of Easel and has no effect",
        "USER_DAYLY_IMAGES is not a setting; was USER_DAILY_IMAGES meant?",
    }


def test_settings_cannot_be_changed() -> None:
    settings: Any = load()
    with pytest.raises(AttributeError):
        settings.http_port = 1

"""The doctor against real files and the stand-ins: what it finds, and that it neither stops early nor spends."""

import io
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from discord.http import Route

import permissions
from ops import doctor as module
from ops.doctor import doctor
from sandbox.discord import DiscordStandIn, Permissions
from sandbox.pixazo.server import PixazoStandIn
from storage import audit, maintenance
from storage.database import Database
from tests.builders import NOW
from tests.support import FakeClock


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordStandIn]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)  # to be put back after the doctor has pointed it elsewhere
    async with DiscordStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def pixazo() -> AsyncIterator[PixazoStandIn]:
    async with PixazoStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def environ(discord: DiscordStandIn, pixazo: PixazoStandIn, tmp_path: Path) -> dict[str, str]:
    """Settings with which everything is well."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "PIXAZO_API_KEY": pixazo.key,
        "PIXAZO_SUBMIT_URL": pixazo.submit_url,
        "PIXAZO_STATUS_URL": pixazo.status_url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'easel.db'}",
    }


async def examined(environ: Mapping[str, str], dotenv: Path | None = None) -> tuple[int, list[tuple[str, str, str]]]:
    """The exit code, and each line as level, subject and detail."""
    output = io.StringIO()
    code = await doctor(environ, dotenv, output)
    lines = [line.split(maxsplit=2) for line in output.getvalue().splitlines()]
    return code, [(level, what, detail) for level, what, detail in lines]


def detail_of(lines: list[tuple[str, str, str]], level: str, what: str) -> str:
    """The detail of the one line of that level about that subject."""
    (detail,) = [line[2] for line in lines if line[:2] == (level, what)]
    return detail


async def test_all_is_well_on_a_bot_that_runs_and_nothing_is_spent(
    environ: dict[str, str], discord: DiscordStandIn, pixazo: PixazoStandIn, database: Database
) -> None:
    discord.add_guild().set_bot_permissions(Permissions(permissions.INVITE_PERMISSIONS))
    code, lines = await examined(environ)
    assert code == 0
    assert [(level, what) for level, what, _ in lines] == [
        ("ok", "settings"),
        ("ok", "database"),
        ("ok", "log"),
        ("ok", "discord"),
        ("ok", "application"),
        ("ok", "gateway"),
        ("ok", "servers"),
        ("ok", "invite"),
        ("ok", "provider"),
    ]
    assert "$0.09 an image; at most $5.00 a member" in detail_of(lines, "ok", "settings")
    assert f"in use by process {os.getpid()}" in detail_of(lines, "ok", "database")
    assert pixazo.submissions == []
    assert len(pixazo.polls) == 1


async def test_the_invite_asks_for_exactly_what_is_needed(environ: dict[str, str], discord: DiscordStandIn) -> None:
    _, lines = await examined(environ)
    assert detail_of(lines, "ok", "invite") == (
        f"https://discord.com/oauth2/authorize?client_id={discord.application_id}"
        f"&permissions={permissions.INVITE_PERMISSIONS}&scope=bot%20applications.commands"
    )


async def test_every_check_is_made_though_all_fail_and_no_secret_is_shown(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "easel.db").write_bytes(b"no database " * 1000)
    secrets = {"DISCORD_TOKEN": "a-wrong-token-that-is-long", "PIXAZO_API_KEY": "a-wrong-key-that-is-long"}
    code, lines = await examined({**environ, **secrets, "HTTP_PORT": "http"})
    assert code == 1
    assert [what for level, what, _ in lines if level == "FAIL"] == ["settings", "database", "discord", "provider"]
    assert "not a database" in detail_of(lines, "FAIL", "database")
    assert "DISCORD_TOKEN is refused" in detail_of(lines, "FAIL", "discord")
    assert "PIXAZO_API_KEY is refused (HTTP 401)" in detail_of(lines, "FAIL", "provider")
    assert not any(secret in detail for _, _, detail in lines for secret in secrets.values())


async def test_without_settings_each_missing_one_is_a_line_and_the_database_is_looked_at(tmp_path: Path) -> None:
    code, lines = await examined({"DATABASE_URL": f"sqlite:///{tmp_path}/easel.db"})
    assert code == 1
    assert [(level, what) for level, what, _ in lines] == [
        ("FAIL", "settings"),
        ("FAIL", "settings"),
        ("ok", "database"),
        ("FAIL", "discord"),
        ("FAIL", "provider"),
    ]
    assert lines[0][2] == "DISCORD_TOKEN: missing; set it in the environment or in .env"
    assert lines[3][2] == "not checked: DISCORD_TOKEN can't be used"


async def test_services_that_cannot_be_reached_are_said_to_be_so(
    environ: dict[str, str], pixazo: PixazoStandIn
) -> None:
    closed = pixazo.refused_origin
    code, lines = await examined({**environ, "DISCORD_API_URL": closed, "PIXAZO_STATUS_URL": f"{closed}/status"})
    assert code == 1
    assert "can't be reached: Cannot connect to host" in detail_of(lines, "FAIL", "discord")
    assert detail_of(lines, "FAIL", "provider") == "PIXAZO_STATUS_URL gives no usable answer (connect)"


async def test_a_service_that_does_not_answer_is_given_up(
    environ: dict[str, str], discord: DiscordStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHECK_SECONDS", 0.3)
    discord.faults.hold("GET", "/users/@me")
    code, lines = await examined(environ)
    assert code == 1
    assert detail_of(lines, "FAIL", "discord") == "no good answer within 0.3 s"
    assert detail_of(lines, "ok", "provider")


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"interactions_endpoint_url": "https://example.org/"}, "FAIL", "commands never reach the bot"),
        ({"bot_require_code_grant": True}, "FAIL", "no invite works"),
        ({"flags": 1 << 19}, "warn", "has privileged intents, and none is needed"),
    ],
)
async def test_an_application_that_is_set_up_wrongly_is_said_to_be_so(
    environ: dict[str, str], discord: DiscordStandIn, change: dict[str, object], level: str, words: str
) -> None:
    application = {
        "id": str(discord.application_id),
        "name": "Easel",
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": {"id": str(discord.owner_id), "username": "owner", "discriminator": "0", "avatar": None},
        "team": None,
    }
    discord.faults.add("GET", "/oauth2/applications/@me", status=200, body={**application, **change})
    code, lines = await examined(environ)
    assert words in detail_of(lines, level, "application")
    assert code == (1 if level == "FAIL" else 0)


async def test_missing_permissions_are_named_with_the_servers(environ: dict[str, str], discord: DiscordStandIn) -> None:
    sees_only = {"name": "Studio", "permissions": str(1 << 10)}
    servers = [{**sees_only, "id": str(number)} for number in range(11, 16)]
    servers.append({"id": "99", "name": "Admins", "permissions": str(1 << 3)})
    discord.faults.add("GET", "/users/@me/guilds", status=200, body=servers)
    code, lines = await examined({**environ, "OPERATOR_GUILD_IDS": "12,77"})
    assert code == 0
    warned = [detail for level, what, detail in lines if (level, what) == ("warn", "servers")]
    assert warned == [
        *(
            f"{name} is not granted in 'Studio' (11), 'Studio' (12), 'Studio' (13) and 2 more"
            for name in ("SEND_MESSAGES", "ATTACH_FILES", "READ_MESSAGE_HISTORY", "SEND_MESSAGES_IN_THREADS")
        ),
        "OPERATOR_GUILD_IDS: the bot is not in 77",
    ]
    assert detail_of(lines, "ok", "servers").startswith("6 looked at")


async def test_a_bot_in_no_server_is_told_to_use_the_invite(environ: dict[str, str]) -> None:
    code, lines = await examined(environ)
    assert (code, detail_of(lines, "warn", "servers")) == (0, "the bot is in none yet: open the invite below")


async def test_a_bot_that_has_used_up_its_connects_is_warned(environ: dict[str, str], discord: DiscordStandIn) -> None:
    limit = {"total": 1000, "remaining": 3, "reset_after": 1, "max_concurrency": 1}
    body = {"url": discord.gateway_url, "shards": 2, "session_start_limit": limit}
    discord.faults.add("GET", "/gateway/bot", status=200, body=body)
    _, lines = await examined(environ)
    assert "only 3 of 1000 connects left today, 2 shards" in detail_of(lines, "warn", "gateway")


async def test_one_fault_of_discord_leaves_its_other_checks(environ: dict[str, str], discord: DiscordStandIn) -> None:
    discord.faults.add("GET", "/users/@me/guilds", status=403, body={"code": 0, "message": "no"})
    code, lines = await examined(environ)
    assert code == 1
    assert "403 Forbidden" in detail_of(lines, "FAIL", "discord")
    assert detail_of(lines, "ok", "invite")
    assert detail_of(lines, "ok", "provider")


async def test_a_busy_provider_is_no_failure(environ: dict[str, str], pixazo: PixazoStandIn) -> None:
    pixazo.requests_per_minute = 0
    code, lines = await examined(environ)
    assert code == 0
    assert "busy (HTTP 429)" in detail_of(lines, "warn", "provider")


async def test_files_that_others_can_read_are_warned_about(
    environ: dict[str, str], database: Database, tmp_path: Path
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("GLOBAL_MONTLY_USD=1\n")
    dotenv.chmod(0o644)
    (tmp_path / "easel.db").chmod(0o640)
    code, lines = await examined(environ, dotenv)
    assert code == 0
    warned = [detail for level, _, detail in lines if level == "warn"]
    assert warned[:3] == [
        "GLOBAL_MONTLY_USD is not a setting; was GLOBAL_MONTHLY_USD meant?",
        f"others can read {dotenv}, which holds secrets: chmod 600 {dotenv}",
        f"others can read {tmp_path / 'easel.db'}, which holds prompts: chmod 600 {tmp_path / 'easel.db'}",
    ]


async def test_a_log_that_was_tampered_with_is_a_failure(
    environ: dict[str, str], database: Database, tmp_path: Path
) -> None:
    for _ in range(2):
        await database.write(lambda c: audit.note(c, guild_id=1, by_id=2, at=NOW, what="mod.hide", subject_id=3))
    head = await database.write(audit.kept_head)
    code, lines = await examined(environ)
    assert (code, detail_of(lines, "ok", "log")) == (0, f"2 lines follow from each other, head {head}")
    with closing(sqlite3.connect(tmp_path / "easel.db")) as connection:
        connection.execute("DROP TRIGGER audit_is_cut_at_checkpoints")
        connection.execute("DELETE FROM audit WHERE seq = 1")
        connection.commit()
    code, lines = await examined(environ)
    assert code == 1
    assert detail_of(lines, "FAIL", "log") == (
        "was tampered with: 1 findings, the first at line 1 (missing); `python bot.py report` lists them"
    )


async def test_a_log_that_takes_too_long_to_verify_is_given_up(
    environ: dict[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note(connection: sqlite3.Connection) -> None:
        for _ in range(300):
            audit.note(connection, guild_id=1, by_id=2, at=NOW, what="mod.hide", subject_id=3)

    await database.write(note)
    inspect = maintenance.inspect
    monkeypatch.setattr(
        maintenance, "inspect", lambda path, *, clock, seconds: inspect(path, clock=clock, seconds=60.0)
    )
    monkeypatch.setattr(maintenance, "_STEPS_BETWEEN_LOOKS", 100)
    monkeypatch.setattr(module, "_DATABASE_SECONDS", 0.0)
    code, lines = await examined(environ)
    assert code == 1
    assert "could not be verified within 0 s" in detail_of(lines, "FAIL", "log")


async def test_caps_that_let_no_picture_be_made_are_warned_about(environ: dict[str, str]) -> None:
    _, lines = await examined({**environ, "GUILD_DAILY_USD": "0.08"})
    assert detail_of(lines, "warn", "settings") == "a cap is below the price of one image, $0.09: none can be made"


async def test_a_database_that_cannot_be_made_is_a_failure(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, lines = await examined({**environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'file' / 'easel.db'}"})
    assert code == 1
    assert "can't be made" in detail_of(lines, "FAIL", "database")


async def test_a_database_of_a_newer_release_is_a_failure(
    environ: dict[str, str], tmp_path: Path, clock: FakeClock
) -> None:
    await (await Database.open(tmp_path / "easel.db", clock=clock)).close()
    with closing(sqlite3.connect(tmp_path / "easel.db")) as connection:
        connection.execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (999, 'future', 0)")
        connection.commit()
    code, lines = await examined(environ)
    assert code == 1
    assert "is of a newer release (schema 999)" in detail_of(lines, "FAIL", "database")


@pytest.mark.parametrize(("free_mib", "level"), [(400, "warn"), (19, "FAIL")])
async def test_a_disk_that_is_nearly_full_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, free_mib: int, level: str
) -> None:
    used = shutil.disk_usage("/")._replace(free=free_mib * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: used)
    _, lines = await examined(environ)
    assert detail_of(lines, level, "disk").startswith(f"{free_mib} MiB are left where ")

"""`python bot.py doctor`: looks whether the bot could work, spends nothing, and says so line by line."""

import asyncio
import dataclasses
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TextIO, TypeVar

import aiohttp
import discord
from discord.http import Route

import config
from clock import SystemClock
from config import Settings
from errors import AccountRefused, EaselError, PollInconclusive, RateLimited, StorageUnavailable
from ops import logs
from ops.report import usd
from permissions import ADMINISTRATOR_BIT, PERMISSION_BITS, invite_url
from provider.client import PixazoClient
from storage import maintenance

T = TypeVar("T")
Level = Literal["ok", "warn", "FAIL"]

# For one check against another service; a database may take longer, as all of it is read.
_CHECK_SECONDS: Final = 20.0
_DATABASE_SECONDS: Final = 60.0
# A year of a busy server takes less than the first; below the second SQLite soon can't write its log.
_ROOMY_BYTES: Final = 500 * 1024 * 1024
_TIGHT_BYTES: Final = 20 * 1024 * 1024
_OTHERS: Final = 0o077
# Discord's page of guilds, and how many of them one line names.
_GUILDS_PAGE: Final = 200
_NAMED_GUILDS: Final = 3
# Each start takes one of the day's connects (1000 as a rule); Discord resets the token of a bot that uses them up.
_FEW_CONNECTS: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: how it is with what, and why."""

    level: Level
    what: str
    detail: str


Findings = AsyncIterator[Finding]


async def doctor(environ: Mapping[str, str], dotenv: Path | None, out: TextIO) -> int:
    """Check settings, database, Discord and provider, one line each; returns 1 if any failed, else 0.

    Every check is made, whatever the others found, and each is bounded in time.
    """
    settings, problems = config.examine(environ, dotenv)
    # What libraries have to say would only stand between the lines; their errors stay, redacted.
    logs.configure(dataclasses.replace(settings, log_level="ERROR"))
    redactor = logs.Redactor(settings)
    bad = {problem.partition(":")[0] for problem in problems}
    failed = False
    checks: Sequence[tuple[str, Findings]] = (
        ("settings", _in_thread(_settings(settings, problems, dotenv))),
        ("database", _unless(bad & {"DATABASE_URL"}, "database", _in_thread(_database(settings)))),
        ("discord", _unless(bad & {"DISCORD_TOKEN", "DISCORD_API_URL"}, "discord", _discord(settings))),
        ("provider", _unless(bad & {"PIXAZO_API_KEY", "PIXAZO_STATUS_URL"}, "provider", _provider(settings))),
    )
    for what, findings in checks:
        async for finding in _guarded(what, findings):
            failed = failed or finding.level == "FAIL"
            detail = redactor(" ".join(finding.detail.split()))
            out.write(f"{finding.level:<5} {finding.what:<12} {detail}\n")
            out.flush()
    return 1 if failed else 0


async def _in_thread(findings: Iterator[Finding]) -> Findings:
    while (finding := await asyncio.to_thread(next, findings, None)) is not None:
        yield finding


async def _unless(bad: set[str], what: str, findings: Findings) -> Findings:
    if bad:
        yield Finding("FAIL", what, f"not checked: {' and '.join(sorted(bad))} can't be used")
        return
    async for finding in findings:
        yield finding


async def _guarded(what: str, findings: Findings) -> Findings:
    """The findings, and a failure in words where the check itself is ended by one."""
    try:
        async for finding in findings:
            yield finding
    except TimeoutError:
        yield Finding("FAIL", what, f"no good answer within {_CHECK_SECONDS:g} s")
    except EaselError as error:
        yield Finding("FAIL", what, str(error))
    except (aiohttp.ClientError, OSError) as error:
        yield Finding("FAIL", what, f"can't be reached: {error}")
    except Exception as error:  # noqa: BLE001 -- whatever ends one check, the others are made and this one is told
        yield Finding("FAIL", what, f"{type(error).__name__}: {error}")


async def _bounded(answer: Awaitable[T]) -> T:
    async with asyncio.timeout(_CHECK_SECONDS):
        return await answer


def _settings(settings: Settings, problems: Sequence[str], dotenv: Path | None) -> Iterator[Finding]:
    for problem in problems:
        yield Finding("FAIL", "settings", problem)
    for warning in settings.warnings:
        yield Finding("warn", "settings", warning)
    if dotenv is not None and dotenv.is_file() and dotenv.stat().st_mode & _OTHERS:
        yield Finding("warn", "settings", f"others can read {dotenv}, which holds secrets: chmod 600 {dotenv}")
    if problems:
        return
    price = settings.price_per_image_micros
    caps = (
        settings.user_monthly_micros,
        settings.guild_daily_micros,
        settings.guild_monthly_micros,
        settings.global_monthly_micros,
    )
    if min(caps) < price or not settings.user_daily_images:
        yield Finding("warn", "settings", f"a cap is below the price of one image, {usd(price)}: none can be made")
    yield Finding(
        "ok",
        "settings",
        f"{usd(price)} an image; at most {usd(settings.user_monthly_micros)} a member, "
        f"{usd(settings.guild_monthly_micros)} a server, {usd(settings.global_monthly_micros)} in all a month",
    )


def _database(settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < _ROOMY_BYTES:
        level: Level = "FAIL" if free_bytes < _TIGHT_BYTES else "warn"
        yield Finding(level, "disk", f"{free_bytes // 2**20} MiB are left where {path} is")
    if not path.exists():
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            yield Finding("ok", "database", f"{path} will be made on the first start")
        else:
            yield Finding("FAIL", "database", f"{path} can't be made: this user may not write to {folder}")
        return
    found = maintenance.inspect(path, clock=SystemClock(), seconds=_DATABASE_SECONDS)
    if found.mode & _OTHERS:
        yield Finding("warn", "database", f"others can read {path}, which holds prompts: chmod 600 {path}")
    if found.schema > found.known_schema:
        yield Finding("FAIL", "database", f"{path} is of a newer release (schema {found.schema}): update this one")
        return
    used = f"in use by process {found.holder_pid}" if found.holder_pid else "not in use"
    schema = f"schema {found.schema}" if found.schema == found.known_schema else "to be updated at the next start"
    yield Finding("ok", "database", f"{path}: sound, writable, {found.size_bytes // 1024} KiB, {schema}, {used}")
    if found.schema == found.known_schema:
        yield _log(path)


def _log(path: Path) -> Finding:
    """Whether the log of who did what is as it was written."""
    try:
        trail = maintenance.audit_trail(path, clock=SystemClock(), seconds=_DATABASE_SECONDS)
    except StorageUnavailable as error:
        return Finding("FAIL", "log", f"could not be verified within {_DATABASE_SECONDS:g} s: {error}")
    if trail.sound:
        return Finding("ok", "log", f"{trail.lines} lines follow from each other, head {trail.head}")
    first = trail.findings[0]
    return Finding(
        "FAIL",
        "log",
        f"was tampered with: {trail.total} findings, the first at line {first.seq} ({first.problem}); "
        "`python bot.py report` lists them",
    )


async def _discord(settings: Settings) -> Findings:
    if settings.discord_api_url is not None:
        Route.BASE = settings.discord_api_url
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            await _bounded(client.login(settings.discord_token))
        except discord.LoginFailure:
            yield Finding("FAIL", "discord", "DISCORD_TOKEN is refused: make a new one on the application's Bot page")
            return
        application = client.application
        assert client.user is not None  # the login has set both
        assert application is not None
        yield Finding("ok", "discord", f"the token is that of {client.user} ({client.user.id})")
        for finding in _application(application, settings):
            yield finding
        for check in (_connects, _servers):
            async for finding in _guarded("discord", check(client, settings)):
                yield finding
        yield Finding("ok", "invite", invite_url(application.id))


def _application(application: discord.AppInfo, settings: Settings) -> list[Finding]:
    found = []
    if application.interactions_endpoint_url:
        found.append(
            Finding(
                "FAIL",
                "application",
                "has an Interactions Endpoint URL, so commands never reach the bot: clear it on the General page",
            )
        )
    if application.bot_require_code_grant:
        found.append(
            Finding(
                "FAIL", "application", "requires an OAuth2 code grant, so no invite works: turn it off on the Bot page"
            )
        )
    if _privileged(application.flags):
        found.append(
            Finding("warn", "application", "has privileged intents, and none is needed: turn them off on the Bot page")
        )
    owner = application.team.name if application.team else str(application.owner)
    operators = ", ".join(map(str, settings.owner_ids)) or f"the application's owner, {owner}"
    return [*found, Finding("ok", "application", f"{application.name} ({application.id}); operated by {operators}")]


def _privileged(flags: discord.ApplicationFlags) -> bool:
    return any(
        (
            flags.gateway_presence,
            flags.gateway_presence_limited,
            flags.gateway_guild_members,
            flags.gateway_guild_members_limited,
            flags.gateway_message_content,
            flags.gateway_message_content_limited,
        )
    )


async def _connects(client: discord.Client, _settings: Settings) -> Findings:
    shards, _, limit = await _bounded(client.http.get_bot_gateway())
    detail = f"{limit['remaining']} of {limit['total']} connects left today, {shards} shard{'s' if shards > 1 else ''}"
    if limit["remaining"] < _FEW_CONNECTS:
        yield Finding("warn", "gateway", f"only {detail}: find out why the bot starts so often")
    else:
        yield Finding("ok", "gateway", detail)


async def _servers(client: discord.Client, settings: Settings) -> Findings:
    guilds: list[Any] = list(await _bounded(client.http.get_guilds(_GUILDS_PAGE, with_counts=False)))
    full = len(guilds) == _GUILDS_PAGE
    if not guilds:
        yield Finding("warn", "servers", "the bot is in none yet: open the invite below")
        return
    lacking: dict[str, list[str]] = {}
    for guild in guilds:
        granted = int(guild["permissions"])
        for name, bit in PERMISSION_BITS.items():
            if not granted & (bit | ADMINISTRATOR_BIT):
                lacking.setdefault(name, []).append(f"{guild['name']!r} ({guild['id']})")
    for name, where in lacking.items():
        more = f" and {len(where) - _NAMED_GUILDS} more" if len(where) > _NAMED_GUILDS else ""
        yield Finding("warn", "servers", f"{name} is not granted in {', '.join(where[:_NAMED_GUILDS])}{more}")
    absent = {str(guild_id) for guild_id in settings.operator_guild_ids} - {guild["id"] for guild in guilds}
    if absent and not full:
        yield Finding("warn", "servers", f"OPERATOR_GUILD_IDS: the bot is not in {', '.join(sorted(absent))}")
    count = f"the first {_GUILDS_PAGE}" if full else str(len(guilds))
    yield Finding("ok", "servers", f"{count} looked at; channels can still take permissions away")


async def _provider(settings: Settings) -> Findings:
    async with PixazoClient(
        submit_url=settings.pixazo_submit_url,
        status_url=settings.pixazo_status_url,
        api_key=settings.pixazo_api_key,
        result_hosts=settings.pixazo_result_hosts,
        clock=SystemClock(),
    ) as client:
        try:
            await _bounded(client.probe())
        except AccountRefused as error:
            yield Finding("FAIL", "provider", f"PIXAZO_API_KEY is refused ({error}): check the key and the plan")
        except RateLimited:
            yield Finding("warn", "provider", "busy (HTTP 429), so the key could not be tried: run this again later")
        except PollInconclusive as error:
            yield Finding("FAIL", "provider", f"PIXAZO_STATUS_URL gives no usable answer ({error.why})")
        else:
            yield Finding("ok", "provider", "PIXAZO_API_KEY is taken; nothing was spent")

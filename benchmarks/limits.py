"""Caps in sight: `/quota`, `/admin limits` and `/admin grant` of the real bot, behind a million ledger entries.

Measured from the interaction's leaving Discord to its answer's arrival there: more than the bot's own time, never less.
"""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.measure import Figure, bot_between_stand_ins, percentile
from clock import SystemClock, to_ms
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Permissions, Value
from storage.database import Database, connect

JOBS: Final = 100_000
ENTRIES: Final = 10 * JOBS
MEMBERS: Final = 200
# So many roles and members have caps of their own, and all of their caps were changed so often.
OVERRIDES: Final = 500
CHANGES: Final = 5_000
_TIMES: Final = 200
# At the start the books are added up, once.
_CALM_SECONDS: Final = 3
_YEAR_MS: Final = 365 * 24 * 3600 * 1000


async def run() -> list[Figure]:
    """Times of one command each, one after the other."""
    async with bot_between_stand_ins() as (bot, discord, _):
        guild = discord.add_guild("Guild")
        channel = guild.add_channel("art")
        admin = guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)
        members = [guild.add_member(f"member {number}") for number in range(MEMBERS)]
        database = bot.folder / "data" / "easel.db"
        database.parent.mkdir()
        await (await Database.open(database, clock=SystemClock())).close()
        entries = await asyncio.to_thread(fill, database, guild, members)
        assert entries == ENTRIES
        await bot.start()
        role = guild.add_role("Patrons")
        ada = members[0]
        ada.roles.append(role)
        await asyncio.sleep(_CALM_SECONDS)
        cpu = bot.cpu_seconds
        setting: list[Mapping[str, Value]] = [
            {"role": role, "cap": "member_daily_images", "value": value} for value in ("50", "60")
        ]
        asked: dict[str, tuple[Member, str, list[Mapping[str, Value]]]] = {
            "/quota": (ada, "quota", [{}]),
            "/admin limits": (admin, "admin limits", [{}]),
            "/admin limits of a member": (admin, "admin limits", [{"member": ada}]),
            "/admin limits of a role": (admin, "admin limits", [{"role": role}]),
            "/admin limits, setting one": (admin, "admin limits", setting),
            "/admin grant": (admin, "admin grant", [{"user": ada, "images": 1}]),
        }
        figures = [await _figure(discord, channel, name, *how) for name, how in asked.items()]
        times = len(asked) * _TIMES
        return [
            *figures,
            Figure(name="processor time a command", value=(bot.cpu_seconds - cpu) / times * 1000, unit="ms"),
        ]


async def _figure(
    discord: DiscordStandIn, channel: Channel, name: str, by: Member, command: str, asked: list[Mapping[str, Value]]
) -> Figure:
    took = []
    for options in itertools.islice(itertools.cycle(asked), _TIMES):
        answer = await (await discord.slash(by, channel, command, options)).answered()
        assert answer.kind == "message"  # not deferred: nothing took long
        took.append(answer.latency_seconds * 1000)
    return Figure(name=f"{name}, p99", value=percentile(took, 0.99), unit="ms", target=20)


# A year of delivered jobs, by all members in turn, with everything that they left behind.
_FILL: Final = """
CREATE TEMP TABLE past AS
  WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT :jobs),
       timed AS (SELECT n, :now - :year + n * (:year / :jobs) AS at FROM counted)
  SELECT n, at, strftime('%Y-%m-%d', at / 1000, 'unixepoch') AS day, id AS user_id
    FROM timed JOIN people ON number = n % :members;

INSERT INTO jobs (job_no, job_id, interaction_id, application_id, guild_id, channel_id, user_id, locale, prompt,
                  negative_prompt, parameters, status, message_id, request_id, price_micros, images_requested,
                  images_produced, images_released, settled_micros, created_at, changed_at, finished_at, card_status)
  SELECT n, 'past' || n, n, 1, :guild, 1, user_id, 'en-US', '(forgotten)', '', '{}', 'delivered', 1, 'r', 90000, 1,
         1, 1, 90000, at, at, at, 'delivered' FROM past;

CREATE TEMP TABLE touched AS
  SELECT n, at, 'member' AS scope, :guild AS guild_id, user_id, 'image' AS unit, day AS period, 1 AS amount
    FROM past UNION ALL
  SELECT n, at, 'member', :guild, user_id, 'micros', substr(day, 1, 7), 90000 FROM past UNION ALL
  SELECT n, at, 'guild', :guild, 0, 'micros', day, 90000 FROM past UNION ALL
  SELECT n, at, 'guild', :guild, 0, 'micros', substr(day, 1, 7), 90000 FROM past UNION ALL
  SELECT n, at, 'global', 0, 0, 'micros', substr(day, 1, 7), 90000 FROM past;

INSERT INTO accounts (scope, guild_id, user_id, unit, period, cap)
  SELECT DISTINCT scope, guild_id, user_id, unit, period, 1000000000000000 FROM touched;

INSERT INTO entries (account_id, job_no, kind, pending, posted, cap, at)
  SELECT account_id, n, 'reserve', amount, 0, 1000000000000000, at
    FROM touched JOIN accounts USING (scope, guild_id, user_id, unit, period) ORDER BY n;

INSERT INTO entries (account_id, job_no, kind, pending, posted, at)
  SELECT account_id, n, 'settle', -amount, amount, at
    FROM touched JOIN accounts USING (scope, guild_id, user_id, unit, period) ORDER BY n;

INSERT INTO limits (guild_id, kind, subject_id, name, value)
  WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT :overrides)
  SELECT :guild, iif(n % 2, 'role', 'member'), n, 'member_daily_images', n FROM counted;

INSERT INTO audit (seq, guild_id, by_id, at, what, subject_id, after, reason)
  WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT :changes)
  SELECT n, :guild, 7, :now, iif(n % :overrides % 2, 'limit.role', 'limit.member') || '.member_daily_images',
         n % :overrides, n, 'why not' FROM counted;

INSERT INTO audit_checkpoints (seq, digest, at) VALUES (:changes, x'', :now);

INSERT INTO meta (key, value) VALUES ('audit_head', :changes || ':')
  ON CONFLICT DO UPDATE SET value = excluded.value
"""


def fill(path: Path, guild: Guild, members: list[Member]) -> int:
    """Give the guild a year of delivered jobs, caps and changes of them, and return how many entries there are."""
    values = {
        "now": to_ms(datetime.now(UTC)),
        "year": _YEAR_MS,
        "jobs": JOBS,
        "members": len(members),
        "guild": guild.id,
        "overrides": OVERRIDES,
        "changes": CHANGES,
    }
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("CREATE TEMP TABLE people (number INTEGER PRIMARY KEY, id INTEGER)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", [(n, who.id) for n, who in enumerate(members)])
        for statement in _FILL.split(";"):
            connection.execute(statement, values)
        connection.execute("COMMIT")
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])

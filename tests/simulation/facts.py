"""What is so in a database, by tables and SQL of the test's own: the watch compares it with what the bot did.

Nothing of the bot's storage or policy is asked here. What holds for a job is worked out again from the rows.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from clock import from_ms
from limits import Caps
from models import AccountKey, Scope, Unit

# The design's table of what reaching a status does to the money, written out again.
SETTLING: Final = frozenset({"delivered", "withheld", "undeliverable", "in_review", "written_off"})
SETTLED_BEFORE: Final = frozenset({"in_review"})
RELEASING: Final = frozenset({"cancelled", "failed"})
UNDER_WAY: Final = frozenset({"queued", "submitting", "submitted", "generated"})
AT_THE_PROVIDER: Final = frozenset({"submitting", "submitted"})
ENDS: Final = frozenset(
    {"delivered", "withheld", "undeliverable", "rejected", "expired", "failed", "cancelled", "written_off"}
)
# What the provider made counts in a member's quota, whether or not it may be shown.
MADE: Final = frozenset({"released", "flagged", "blank"})

JOBS: Final = (
    "SELECT job_no, job_id, interaction_id, guild_id, user_id, status, message_id, request_id, settled_micros,"
    " images_requested, images_produced, created_at, changed_at, reason FROM jobs"
)
NEW_ENTRIES: Final = (
    "SELECT entry_id, job_no, kind, entries.pending, entries.posted, accounts.account_id, scope, unit, period,"
    " guild_id, user_id FROM entries JOIN accounts USING (account_id) WHERE entry_id > ? ORDER BY entry_id"
)
WRONG_SUMS: Final = (
    "SELECT accounts.account_id FROM accounts LEFT JOIN entries USING (account_id) GROUP BY account_id"
    " HAVING accounts.pending <> coalesce(sum(entries.pending), 0)"
    "     OR accounts.posted <> coalesce(sum(entries.posted), 0)"
    "     OR accounts.granted <> coalesce(sum(entries.granted), 0) OR accounts.pending < 0 OR accounts.posted < 0"
)

Key = tuple[str, str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds in a world: the price, the caps, how many jobs at once, and each guild's time zone."""

    price_micros: int
    caps: Caps
    active_jobs: int
    max_in_flight: int
    zones: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What an account held and had spent before an entry, and its cap with grants."""

    used: int
    cap: int


def key_of(entry: sqlite3.Row) -> Key:
    """The account that an entry is on."""
    return entry["scope"], entry["unit"], entry["period"], entry["guild_id"], entry["user_id"]


def key_of_account(account: AccountKey) -> Key:
    """The same of the bot's own name for it."""
    return account.scope, account.unit, account.period, account.guild_id, account.user_id


def room(connection: sqlite3.Connection, terms: Terms, key: Key, *, before_entry: int) -> Room:
    """How the account stood by the sums of the entries before that one."""
    used, granted = connection.execute(
        "SELECT coalesce(sum(entries.pending + entries.posted), 0), coalesce(sum(entries.granted), 0)"
        "  FROM entries JOIN accounts USING (account_id)"
        " WHERE (scope, unit, period, guild_id, user_id) = (?, ?, ?, ?, ?) AND entry_id < ?",
        (*key, before_entry),
    ).fetchone()
    return Room(used=used, cap=granted + _cap(connection, terms.caps, key))


def _cap(connection: sqlite3.Connection, caps: Caps, key: Key) -> int:
    """The cap that holds for an account by what is set, without grants; here that is a guild's or a member's."""
    scope, unit, period, guild_id, user_id = key
    found = {
        (row["kind"], row["subject_id"], row["name"]): int(row["value"])
        for row in connection.execute("SELECT * FROM limits WHERE guild_id = ?", (guild_id,))
    }
    if scope == Scope.GLOBAL:
        return caps.global_monthly_micros
    if scope == Scope.GUILD:
        is_day = len(period) > len("2026-11")
        name = "guild_daily_micros" if is_day else "guild_monthly_micros"
        default = caps.guild_daily_micros if is_day else caps.guild_monthly_micros
        return min(default, found.get(("guild", 0, name), default))
    name = "member_daily_images" if unit == Unit.IMAGE else "member_monthly_micros"
    default = caps.user_daily_images if unit == Unit.IMAGE else caps.user_monthly_micros
    return found.get(("member", user_id, name), found.get(("guild", 0, name), default))


def holds(job: sqlite3.Row, terms: Terms) -> dict[Key, int]:
    """What a new job must hold of which account: its guild's day and month, and the whole bot's month in UTC."""
    images, micros = job["images_requested"], job["images_requested"] * terms.price_micros
    made_at, guild_id, user_id = from_ms(job["created_at"]), job["guild_id"], job["user_id"]
    local = made_at.astimezone(ZoneInfo(terms.zones[guild_id]))
    day, month = f"{local:%Y-%m-%d}", f"{local:%Y-%m}"
    return {
        ("member", "image", day, guild_id, user_id): images,
        ("member", "micros", month, guild_id, user_id): micros,
        ("guild", "micros", day, guild_id, 0): micros,
        ("guild", "micros", month, guild_id, 0): micros,
        ("global", "micros", f"{made_at:%Y-%m}", 0, 0): micros,
    }


def owed(connection: sqlite3.Connection, job: sqlite3.Row, price_micros: int) -> tuple[int, int]:
    """The images and the money that a job costs which ends, or waits for a moderator, as this row says."""
    if job["status"] in RELEASING:
        return 0, 0
    if job["status"] == "written_off":
        return job["images_requested"], job["images_requested"] * price_micros
    reasons = connection.execute("SELECT reason FROM images WHERE job_no = ?", (job["job_no"],))
    return sum(row["reason"] in MADE for row in reasons), job["images_produced"] * price_micros


def is_kept_out(connection: sqlite3.Connection, job: sqlite3.Row) -> bool:
    """Whether the job's guild, or everything, is paused, or its member suspended."""
    found = connection.execute(
        "SELECT 1 FROM guild_settings WHERE guild_id IN (0, ?) AND paused = 1"
        " UNION SELECT 1 FROM suspensions WHERE guild_id = ? AND user_id = ? AND (until IS NULL OR until > ?)",
        (job["guild_id"], job["guild_id"], job["user_id"], job["created_at"]),
    )
    return found.fetchone() is not None


def released(connection: sqlite3.Connection, interaction_id: int) -> frozenset[str]:
    """The digests of the pictures of a wish that have a release verdict."""
    rows = connection.execute(
        "SELECT sha256 FROM images JOIN jobs USING (job_no) WHERE interaction_id = ? AND images.reason = 'released'",
        (interaction_id,),
    )
    return frozenset(row["sha256"] for row in rows)


def is_approved(connection: sqlite3.Connection, job_no: int) -> bool:
    """Whether a moderator has let the job's pictures go up."""
    rows = connection.execute("SELECT outcome FROM cases WHERE kind = 'review' AND job_no = ?", (job_no,)).fetchall()
    return [row["outcome"] for row in rows] == ["approved"]


def must_be_reviewed(connection: sqlite3.Connection, guild_id: int) -> bool:
    """Whether every picture of the guild waits for a moderator."""
    rows = connection.execute("SELECT review FROM guild_settings WHERE guild_id = ?", (guild_id,)).fetchall()
    return [row["review"] for row in rows] == ["always"]

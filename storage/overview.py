"""The whole bot's numbers for its operator: what was spent and is held, by whom, and how large the database is."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from clock import to_ms
from storage.spend import HELD

_HELD_SQL: Final = ", ".join(f"'{status}'" for status in sorted(HELD))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What was posted, and what is held beside it; of a guild, or of everybody (0)."""

    spent_micros: int
    held_micros: int
    guild_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendNow:
    """Everybody's spend of a day and a month, and the guilds that spent the most in that month."""

    day: Spend
    month: Spend
    guilds: tuple[Spend, ...]


def read_spend(connection: sqlite3.Connection, *, day_begins: datetime, month: str, guilds: int) -> SpendNow:
    """The spend of jobs made since `day_begins`, of the month of that name, and of so many guilds in it.

    A part of `aside.read`. A guild's month is that of its own time zone, so it may begin some hours earlier or later.
    """
    return SpendNow(
        day=_of_day(connection, day_begins),
        month=_of_month(connection, month),
        guilds=tuple(
            Spend(guild_id=row["guild_id"], spent_micros=row["posted"], held_micros=row["pending"])
            for row in connection.execute(
                "SELECT guild_id, posted, pending FROM accounts"
                " WHERE scope = 'guild' AND unit = 'micros' AND period = ? AND posted + pending > 0"
                " ORDER BY posted + pending DESC, guild_id LIMIT ?",
                (month, guilds),
            )
        ),
    )


def size_bytes(path: Path) -> int:
    """How much of the disk the database takes, what is not yet folded into it included."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())


def _of_day(connection: sqlite3.Connection, begins: datetime) -> Spend:
    # Jobs are numbered as they are made, so the last one before the day says where it begins.
    row = connection.execute(
        "SELECT coalesce(sum(settled_micros), 0) AS spent,"  # noqa: S608 - constants
        f"       coalesce(sum(CASE WHEN status IN ({_HELD_SQL}) THEN price_micros * images_requested END), 0) AS held"
        "  FROM jobs WHERE job_no > coalesce("
        "       (SELECT job_no FROM jobs WHERE created_at < ? ORDER BY job_no DESC LIMIT 1), 0)",
        (to_ms(begins),),
    ).fetchone()
    return Spend(spent_micros=row["spent"], held_micros=row["held"])


def _of_month(connection: sqlite3.Connection, month: str) -> Spend:
    row = connection.execute(
        "SELECT posted, pending FROM accounts WHERE scope = 'global' AND guild_id = 0 AND user_id = 0"
        "   AND unit = 'micros' AND period = ?",
        (month,),
    ).fetchone()
    return Spend(spent_micros=row["posted"] if row else 0, held_micros=row["pending"] if row else 0)

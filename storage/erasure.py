"""Forgetting a member, or a guild that the bot has left: what goes at once, and what keeps an id until it has ended.

The ledger stays, under a pseudonym: a negative number that nothing ties to the member once the erasure is through.
What would otherwise be evaded keeps the id for as long as it holds: the accounts of running periods, jobs in doubt,
live strikes and suspensions, and what moderators have still to decide. `erase` is safe to run again and again: it does
what can be done by then, in steps that hold nobody up.
"""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clock import from_ms, to_ms
from models import FailureReason, JobStatus
from moderation import CaseKind, CaseOutcome
from storage import audit, audit_chain, cases, jobs
from storage.database import Database

# So many jobs are forgotten in one transaction; a command waits for some milliseconds at most.
STEP_JOBS: Final = 200
# A guild's day may be stretched by a change of its time zone, and no zone is further than 14 hours from UTC.
_PERIOD_MARGIN: Final = timedelta(days=3)
_PSEUDONYM_BITS: Final = 62
_ENDED: Final = "finished_at IS NOT NULL AND card_status IS status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A member who has asked to be forgotten, and the number that stands for them from then on."""

    user_id: int
    pseudonym: int
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What still keeps the member's id, by how many there are of each."""

    accounts: int = 0
    jobs: int = 0
    strikes: int = 0
    suspensions: int = 0
    cases: int = 0

    @property
    def nothing(self) -> bool:
        return not (self.accounts or self.jobs or self.strikes or self.suspensions or self.cases)


def new_pseudonym() -> int:
    """A number that no account of Discord has, drawn at random."""
    return -secrets.randbits(_PSEUDONYM_BITS) - 1


def ask(connection: sqlite3.Connection, user_id: int, *, pseudonym: int, at: datetime) -> Erasure:
    """Note that the member is to be forgotten; asked again, the first pseudonym stays and the later time holds."""
    row = connection.execute(
        "INSERT INTO erasures (user_id, pseudonym, asked_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at RETURNING *",
        (user_id, pseudonym, to_ms(at)),
    ).fetchall()[0]
    return _erasure_of(row)


async def asked(database: Database) -> list[Erasure]:
    """Everybody whose erasure is not through yet. Raises StorageUnavailable."""
    return [_erasure_of(row) for row in await database.fetch_all("SELECT * FROM erasures ORDER BY user_id")]


def numbers_of_jobs(connection: sqlite3.Connection, user_id: int, *, until: datetime) -> list[int]:
    """The member's jobs up to then, for `forget_jobs`. Reads the whole table, so it belongs on a thread of its own."""
    rows = connection.execute(
        "SELECT job_no FROM jobs WHERE user_id = ? AND created_at <= ? ORDER BY job_no", (user_id, to_ms(until))
    )
    return [row["job_no"] for row in rows]


def forget_jobs(connection: sqlite3.Connection, erasure: Erasure, numbers: Sequence[int], *, at: datetime) -> list[str]:
    """Forget what these jobs were about, and whose they were where they have ended.

    Those that wait in line are cancelled and their money is released: their ids are returned. What the provider has
    goes on without its words.
    """
    marks = ", ".join("?" for _ in numbers)
    cancelled = []
    for row in connection.execute(
        f"SELECT job_id FROM jobs WHERE job_no IN ({marks}) AND user_id = ? AND status = 'queued'",  # noqa: S608 - question marks only
        (*numbers, erasure.user_id),
    ).fetchall():
        jobs.move(
            connection,
            row["job_id"],
            JobStatus.QUEUED,
            JobStatus.CANCELLED,
            at=at,
            reason=FailureReason.CANCELLED_BY_AUTHOR,
        )
        cancelled.append(str(row["job_id"]))
    connection.execute(
        f"UPDATE jobs SET prompt = '{jobs.FORGOTTEN}', negative_prompt = '', recipe = '{{}}'"  # noqa: S608 - a constant
        f" WHERE job_no IN ({marks}) AND user_id = ?",
        (*numbers, erasure.user_id),
    )
    for table, whose in (("history", " AND user_id = ?"), ("favourites", "")):
        connection.execute(
            f"DELETE FROM {table} WHERE job_no IN ("  # noqa: S608 - names of our own and question marks
            f" SELECT job_no FROM jobs WHERE job_no IN ({marks}) AND user_id = ? AND {_ENDED}){whose}",
            (*numbers, erasure.user_id, *([erasure.user_id] if whose else [])),
        )
    connection.execute(
        "UPDATE jobs SET parameters = '{}', message_id = NULL, channel_id = 0, interaction_id = -job_no,"  # noqa: S608 - constants
        " interaction_token = NULL, locale = '', result_seed = NULL, user_id = ?"
        f" WHERE job_no IN ({marks}) AND user_id = ? AND {_ENDED}",
        (erasure.pseudonym, *numbers, erasure.user_id),
    )
    return cancelled


def forget_belongings(connection: sqlite3.Connection, user_id: int) -> list[str]:
    """Delete what the member keeps anywhere: presets, favourites, preferences, drafts; returns the drafts' ids."""
    drafts = [
        row["draft_id"] for row in connection.execute("SELECT draft_id FROM drafts WHERE user_id = ?", (user_id,))
    ]
    connection.execute("DELETE FROM drafts WHERE user_id = ?", (user_id,))
    connection.execute("DELETE FROM presets WHERE owner_id = ?", (user_id,))
    connection.execute("DELETE FROM favourites WHERE user_id = ?", (user_id,))
    connection.execute("DELETE FROM members WHERE user_id = ?", (user_id,))
    return drafts


def forget_words(connection: sqlite3.Connection, erasure: Erasure, *, at: datetime) -> None:
    """Delete every word of the member's that moderators have; open appeals are withdrawn with them.

    Cards that show any are edited.
    """
    user_id = erasure.user_id
    for row in connection.execute(
        "SELECT case_id, guild_id FROM cases WHERE user_id = ? AND kind = ? AND outcome IS NULL",
        (user_id, CaseKind.APPEAL),
    ).fetchall():
        cases.decide(
            connection, row["case_id"], CaseOutcome.EXPIRED, guild_id=row["guild_id"], by_id=cases.NOBODY, at=at
        )
    connection.execute("UPDATE cases SET words = '' WHERE user_id = ?", (user_id,))
    connection.execute(
        "UPDATE cases SET revision = revision + 1 WHERE user_id = ? AND message_id IS NOT NULL AND gone_at IS NULL",
        (user_id,),
    )
    connection.execute(
        "UPDATE cases SET revision = revision + 1 WHERE outcome IS NULL"
        " AND case_id IN (SELECT case_id FROM reports WHERE reporter_id = ?)",
        (user_id,),
    )
    connection.execute(
        "UPDATE reports SET reason = '', reporter_id = ? WHERE reporter_id = ?", (erasure.pseudonym, user_id)
    )
    connection.execute("UPDATE strikes SET prompt = NULL WHERE user_id = ?", (user_id,))


def forget_who(connection: sqlite3.Connection, erasure: Erasure, *, at: datetime) -> Kept:
    """Put the pseudonym in the id's place wherever nothing depends on the id any more; returns what still does.

    With the last of it the erasure itself goes, and then nothing ties the pseudonym to the member.
    """
    user_id, pseudonym = erasure.user_id, erasure.pseudonym
    over = at - _PERIOD_MARGIN
    closed = "((length(period) = 10 AND period < ?) OR (length(period) = 7 AND period < ?))"
    connection.execute(
        f"UPDATE accounts SET user_id = ? WHERE scope = 'member' AND user_id = ? AND pending = 0 AND {closed}",  # noqa: S608 - a constant
        (pseudonym, user_id, f"{over:%Y-%m-%d}", f"{over:%Y-%m}"),
    )
    live = (
        "weight > 0 AND lifted_at IS NULL AND at > ? - 86400000 *"
        " coalesce((SELECT strike_days FROM guild_settings AS own WHERE own.guild_id = strikes.guild_id), 30)"
    )
    connection.execute(
        "UPDATE strikes SET user_id = ?, interaction_id = -strike_id, term = NULL, reading = NULL"  # noqa: S608 - a constant
        f" WHERE user_id = ? AND NOT ({live})",
        (pseudonym, user_id, to_ms(at)),
    )
    connection.execute("DELETE FROM suspensions WHERE user_id = ? AND until <= ?", (user_id, to_ms(at)))
    connection.execute(
        "UPDATE cases SET user_id = ? WHERE user_id = ? AND outcome IS NOT NULL"
        " AND (card_revision = revision OR message_id IS NULL OR gone_at IS NOT NULL)",
        (pseudonym, user_id),
    )
    kept = _kept(connection, erasure)
    if not (kept.strikes or kept.suspensions or kept.cases):
        audit_chain.erase_person(connection, user_id)
    if kept.nothing:
        connection.execute("DELETE FROM erasures WHERE user_id = ?", (user_id,))
    return kept


def _kept(connection: sqlite3.Connection, erasure: Erasure) -> Kept:
    def count(sql: str, *parameters: object) -> int:
        return int(connection.execute(sql, parameters).fetchone()[0])

    begun = erasure.asked_at + _PERIOD_MARGIN
    return Kept(
        accounts=count(
            # One of a period that began later is of what the member has done since.
            "SELECT count(*) FROM accounts WHERE scope = 'member' AND user_id = ?"
            " AND ((length(period) = 10 AND period <= ?) OR (length(period) = 7 AND period <= ?))",
            erasure.user_id,
            f"{begun:%Y-%m-%d}",
            f"{begun:%Y-%m}",
        ),
        jobs=count(
            "SELECT count(*) FROM jobs WHERE (finished_at IS NULL OR card_status IS NOT status)"
            " AND user_id = ? AND created_at <= ?",
            erasure.user_id,
            to_ms(erasure.asked_at),
        ),
        strikes=count("SELECT count(*) FROM strikes WHERE user_id = ?", erasure.user_id),
        suspensions=count("SELECT count(*) FROM suspensions WHERE user_id = ?", erasure.user_id),
        cases=count("SELECT count(*) FROM cases WHERE user_id = ?", erasure.user_id),
    )


def forget_old_words(connection: sqlite3.Connection, *, before: datetime) -> None:
    """Forget what members wrote to moderators before then: reasons of reports, and appeals that are decided."""
    connection.execute(
        "UPDATE reports SET reason = '' WHERE at < ? AND reason <> ''"
        " AND NOT EXISTS (SELECT 1 FROM cases WHERE cases.case_id = reports.case_id AND outcome IS NULL)",
        (to_ms(before),),
    )
    connection.execute("UPDATE cases SET words = '' WHERE decided_at < ? AND words <> ''", (to_ms(before),))


def note_departure(connection: sqlite3.Connection, guild_id: int, *, at: datetime) -> None:
    """The bot is not in the guild any more; the first time stays."""
    connection.execute(
        "INSERT INTO departures (guild_id, left_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (guild_id, to_ms(at))
    )


def note_return(connection: sqlite3.Connection, guild_id: int) -> bool:
    """The bot is in the guild; True where it had left, and nothing was deleted yet."""
    return connection.execute("DELETE FROM departures WHERE guild_id = ?", (guild_id,)).rowcount == 1


async def departed(database: Database, *, before: datetime) -> list[int]:
    """The guilds that the bot left before then. Raises StorageUnavailable."""
    rows = await database.fetch_all("SELECT guild_id FROM departures WHERE left_at < ?", (to_ms(before),))
    return [row["guild_id"] for row in rows]


async def known_guilds(database: Database) -> list[int]:
    """Every guild that anything is kept of, but those that were left before. Raises StorageUnavailable."""
    rows = await database.fetch_all(
        "SELECT DISTINCT guild_id FROM accounts WHERE scope = 'guild'"
        " UNION SELECT guild_id FROM guild_settings WHERE guild_id <> 0"
        " EXCEPT SELECT guild_id FROM departures"
    )
    return [row["guild_id"] for row in rows]


def forget_guild_jobs(
    connection: sqlite3.Connection, guild_id: int, pseudonym_of: Callable[[int], int], *, limit: int = STEP_JOBS
) -> bool:
    """Forget what some of the guild's ended jobs were about and whose they were; True where there are more."""
    rows = connection.execute(
        f"SELECT job_no, user_id FROM jobs WHERE guild_id = ? AND user_id > 0 AND {_ENDED} LIMIT ?",  # noqa: S608 - a constant
        (guild_id, limit),
    ).fetchall()
    for row in rows:
        connection.execute("DELETE FROM history WHERE job_no = ? AND guild_id = ?", (row["job_no"], guild_id))
        connection.execute("DELETE FROM favourites WHERE job_no = ?", (row["job_no"],))
        connection.execute(
            f"UPDATE jobs SET prompt = '{jobs.FORGOTTEN}', negative_prompt = '', recipe = '{{}}', parameters = '{{}}',"  # noqa: S608 - a constant
            " message_id = NULL, channel_id = 0, interaction_id = -job_no, interaction_token = NULL, locale = '',"
            " result_seed = NULL, user_id = ? WHERE job_no = ?",
            (pseudonym_of(row["user_id"]), row["job_no"]),
        )
    return len(rows) == limit


def forget_guild(
    connection: sqlite3.Connection, guild_id: int, pseudonym_of: Callable[[int], int], *, at: datetime
) -> bool:
    """Delete everything else that is kept of a guild; False where jobs of it are still under way.

    The ledger stays with the guild's number and without its members'.
    """
    pending = connection.execute(
        f"SELECT 1 FROM jobs WHERE guild_id = ? AND user_id > 0 AND NOT ({_ENDED}) LIMIT 1",  # noqa: S608 - a constant
        (guild_id,),
    ).fetchone()
    if pending is not None:
        return False
    members = [
        row["user_id"]
        for row in connection.execute(
            "SELECT DISTINCT user_id FROM accounts WHERE scope = 'member' AND guild_id = ? AND user_id > 0", (guild_id,)
        )
    ]
    connection.executemany(
        "UPDATE accounts SET user_id = ? WHERE scope = 'member' AND guild_id = ? AND user_id = ?",
        [(pseudonym_of(member), guild_id, member) for member in members],
    )
    connection.execute("DELETE FROM reports WHERE job_no IN (SELECT job_no FROM jobs WHERE guild_id = ?)", (guild_id,))
    for table in (
        "cases",
        "strikes",
        "suspensions",
        "filter_terms",
        "presets",
        "loras",
        "limits",
        "allowed",
        "favourites",
        "drafts",
        "guild_settings",
        "departures",
    ):
        connection.execute(f"DELETE FROM {table} WHERE guild_id = ?", (guild_id,))  # noqa: S608 - names of our own
    audit_chain.erase_guild(connection, guild_id)
    audit.note(connection, guild_id=guild_id, by_id=cases.NOBODY, at=at, what="privacy.guild")
    return True


def _erasure_of(row: sqlite3.Row) -> Erasure:
    return Erasure(user_id=row["user_id"], pseudonym=row["pseudonym"], asked_at=from_ms(row["asked_at"]))

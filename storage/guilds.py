"""What each guild has chosen; the defaults hold where it never chose."""

import sqlite3
from datetime import datetime
from typing import Final

from clock import from_ms, to_ms
from errors import StorageError
from models import GuildSettings
from storage import audit
from storage.database import Database

# Where the operator's own settings lie: no guild has this id.
EVERYWHERE: Final = 0
_SELECT: Final = "SELECT * FROM guild_settings WHERE guild_id = ?"
_TIMES: Final = frozenset({"next_time_zone_from", "greeted_at"})
_CHANGEABLE: Final = frozenset(
    {
        "time_zone",
        "next_time_zone",
        "paused",
        "images_per_job",
        "recipe_in_files",
        "spoilers",
        "moderators_channel_id",
        "review",
        "language",
        "confirm_images",
        "confirm_percent",
        "new_member_days",
        "review_hours",
        "reports_to_hide",
        "strikes",
        "strike_flagged",
        "strike_days",
        "ladder",
        "appeals_per_day",
        *_TIMES,
    }
)


def read_settings(connection: sqlite3.Connection, guild_id: int) -> GuildSettings:
    """The guild's settings as a part of a transaction."""
    return _settings_of(guild_id, connection.execute(_SELECT, (guild_id,)).fetchone())


def change_settings(
    connection: sqlite3.Connection,
    guild_id: int,
    *,
    by_id: int,
    at: datetime,
    reason: str = "",
    **changes: object,
) -> GuildSettings:
    """Set what the guild has chosen and return all of it; what is not named stays.

    Who changed what is written down with it. Raises StorageError for a setting that there isn't.
    """
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise StorageError(f"there is no guild setting {', '.join(sorted(unknown))}")
    connection.execute("INSERT INTO guild_settings (guild_id) VALUES (?) ON CONFLICT DO NOTHING", (guild_id,))
    before = read_settings(connection, guild_id)
    changed = {name: value for name, value in changes.items() if value != getattr(before, name)}
    for name, value in changed.items():
        audit.note(
            connection,
            guild_id=guild_id,
            by_id=by_id,
            at=at,
            what=f"setting.{name}",
            before=_stored(getattr(before, name)),
            after=_stored(value),
            reason=reason,
        )
    if changed:
        connection.execute(
            f"UPDATE guild_settings SET {', '.join(f'{name} = ?' for name in changed)}"  # noqa: S608 - checked names only
            " WHERE guild_id = ?",
            (*map(_stored, changed.values()), guild_id),
        )
    return read_settings(connection, guild_id)


async def settings_of(database: Database, guild_id: int) -> GuildSettings:
    """The guild's settings. Raises StorageUnavailable: then refuse, never guess."""
    return _settings_of(guild_id, await database.fetch_one(_SELECT, (guild_id,)))


def _settings_of(guild_id: int, row: sqlite3.Row | None) -> GuildSettings:
    if row is None:
        return GuildSettings(guild_id=guild_id)
    return GuildSettings(
        guild_id=guild_id,
        time_zone=row["time_zone"],
        next_time_zone=row["next_time_zone"],
        next_time_zone_from=_time(row["next_time_zone_from"]),
        paused=bool(row["paused"]),
        images_per_job=row["images_per_job"],
        recipe_in_files=bool(row["recipe_in_files"]),
        spoilers=bool(row["spoilers"]),
        moderators_channel_id=row["moderators_channel_id"],
        review=row["review"],
        language=row["language"],
        confirm_images=row["confirm_images"],
        confirm_percent=row["confirm_percent"],
        greeted_at=_time(row["greeted_at"]),
        new_member_days=row["new_member_days"],
        review_hours=row["review_hours"],
        reports_to_hide=row["reports_to_hide"],
        strikes=bool(row["strikes"]),
        strike_flagged=bool(row["strike_flagged"]),
        strike_days=row["strike_days"],
        ladder=tuple(int(step) for step in row["ladder"].split(",")),
        appeals_per_day=row["appeals_per_day"],
        filter_version=row["filter_version"],
    )


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return to_ms(value) if isinstance(value, datetime) else value


async def paused(database: Database) -> frozenset[int]:
    """The guilds in which new jobs are paused, EVERYWHERE among them. Raises StorageUnavailable."""
    rows = await database.fetch_all("SELECT guild_id FROM guild_settings WHERE paused = 1")
    return frozenset(row["guild_id"] for row in rows)

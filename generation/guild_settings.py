"""What those who run a server choose for it; checked here, whatever a panel or a modified client sends."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from clock import Clock
from errors import InvalidOption
from generation import periods, policy, time_zones
from generation.ladder import UNTIL_DECIDED, WARNING
from models import GuildSettings
from moderation import Review
from parameters import PARAMETER_BOUNDS, Bounds, check_number
from storage import guilds
from storage.database import Database

# No server can allow more than the provider makes at once.
IMAGES_PER_JOB_BOUNDS: Final = PARAMETER_BOUNDS["num_images"]
CONFIRM_IMAGES_BOUNDS: Final = Bounds(low=1, high=IMAGES_PER_JOB_BOUNDS.high)
CONFIRM_PERCENT_BOUNDS: Final = Bounds(low=1, high=100)
# `auto`: every card speaks the language of whoever asked for it.
LANGUAGES: Final = ("auto", "en", "de")
NEW_MEMBER_DAYS_BOUNDS: Final = Bounds(low=1, high=90)
# Pictures lie in the spool for seven days at most, so moderators have less.
REVIEW_HOURS_BOUNDS: Final = Bounds(low=1, high=144)
REPORTS_TO_HIDE_BOUNDS: Final = Bounds(low=1, high=50)
STRIKE_DAYS_BOUNDS: Final = Bounds(low=1, high=365)
APPEALS_BOUNDS: Final = Bounds(low=0, high=20)
LADDER_MOST: Final = 10
# A step of the ladder is a warning, seconds of suspension up to a year, or, as the last one, until moderators decide.
_STEP_BOUNDS: Final = Bounds(low=WARNING, high=365 * 86400)
# Discord's ids are positive and have 63 bits.
_ID_BOUNDS: Final = Bounds(low=1, high=2**63 - 1)
# What goes together: reviews are shown in the moderators' channel and nowhere else.
_TOGETHER: Final = frozenset({"review", "moderators_channel_id"})


class GuildChoices:
    """Every guild's settings. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, guild_id: int) -> GuildSettings:
        """What holds in the guild: its choices, and the defaults where it never chose."""
        return await guilds.settings_of(self._database, guild_id)

    async def change(self, guild_id: int, *, by_id: int, reason: str = "", **changes: object) -> GuildSettings:
        """Keep the settings that are named, leave the others, and return all of them as they are stored then.

        Of two changes of one setting the later holds. Another `time_zone` counts from the end of the day, in the one
        before, on which it was changed. Raises InvalidOption (`out_of_range`, `not_a_choice`, `unknown_zone`,
        `bad_ladder`, `needs_moderators` for reviews that nobody could see, `wanted_for_reviews` for taking away the
        channel that they are shown in), with nothing kept.
        """
        for setting, value in changes.items():
            check = _CHECKS.get(setting)
            if check is None:
                raise InvalidOption(setting, "not_a_choice")
            check(setting, value)
        if "time_zone" in changes:
            return await self._change_with_zone(guild_id, by_id, reason, changes)
        now = self._clock.now()

        def change(connection: sqlite3.Connection) -> GuildSettings:
            settings = guilds.change_settings(connection, guild_id, by_id=by_id, at=now, reason=reason, **changes)
            if (
                settings.review != Review.NEVER
                and settings.moderators_channel_id is None
                and changes.keys() & _TOGETHER
            ):
                if "review" in changes:
                    raise InvalidOption("review", "needs_moderators")  # raising undoes the change
                raise InvalidOption("moderators_channel", "wanted_for_reviews")
            return settings

        return await self._database.write(change)

    async def greet(self, guild_id: int, *, by_id: int) -> bool:
        """Whether the guild has never been greeted: true once, and that is on disk when this returns."""
        now = self._clock.now()
        return await self._database.write(
            lambda connection: (
                guilds.read_settings(connection, guild_id).greeted_at is None
                and guilds.change_settings(connection, guild_id, by_id=by_id, at=now, greeted_at=now).greeted_at
                is not None
            )
        )

    async def _change_with_zone(
        self, guild_id: int, by_id: int, reason: str, changes: Mapping[str, object]
    ) -> GuildSettings:
        written = str(changes["time_zone"])
        # In a thread: the names of the zones are read from the disk, and looking for those alike takes a while.
        zone = await asyncio.to_thread(_zone, written)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: guilds.change_settings(
                connection,
                guild_id,
                by_id=by_id,
                at=now,
                reason=reason,
                **{**changes, **_with_zone(guilds.read_settings(connection, guild_id), zone, now)},
            )
        )


def _zone(written: str) -> str:
    zone = time_zones.find(written)
    if zone is None:
        raise InvalidOption("time_zone", "unknown_zone", other=", ".join(time_zones.near(written)) or None)
    return zone


def _with_zone(settings: GuildSettings, zone: str, now: datetime) -> dict[str, object]:
    """What is stored for a guild that wants another zone: days that have begun end as they began."""
    begins_at = policy.next_zone_begins_at(settings)
    if begins_at is not None and now < begins_at:  # a change is under way: this one takes its place
        present, ends_at = settings.time_zone, settings.next_time_zone_from
    else:
        present = settings.zone_at(now)
        ends_at = periods.day_of(now, periods.zone(present)).renews_at
    if zone == present:
        return {"time_zone": present, "next_time_zone": None, "next_time_zone_from": None}
    return {"time_zone": present, "next_time_zone": zone, "next_time_zone_from": ends_at}


def _check_switch(setting: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidOption(setting, "not_a_choice")


def _check_text(setting: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidOption(setting, "not_a_choice")


def _check_language(setting: str, value: object) -> None:
    if value not in LANGUAGES:
        raise InvalidOption(setting, "not_a_choice")


def _check_review(setting: str, value: object) -> None:
    if value not in list(Review):
        raise InvalidOption(setting, "not_a_choice")


def _check_ladder(setting: str, value: object) -> None:
    if not isinstance(value, tuple) or not 1 <= len(value) <= LADDER_MOST:
        raise InvalidOption(setting, "bad_ladder", high=LADDER_MOST)
    for number, step in enumerate(value, start=1):
        if step == UNTIL_DECIDED and number == len(value):
            continue
        if not isinstance(step, int) or isinstance(step, bool):
            raise InvalidOption(setting, "bad_ladder", high=LADDER_MOST)
        check_number(setting, step, _STEP_BOUNDS)


def _whole(bounds: Bounds, *, optional: bool) -> Callable[[str, object], None]:
    def check(setting: str, value: object) -> None:
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidOption(setting, "not_a_choice")
        check_number(setting, value, bounds)

    return check


_CHECKS: Final[Mapping[str, Callable[[str, object], None]]] = {
    "images_per_job": _whole(IMAGES_PER_JOB_BOUNDS, optional=False),
    "recipe_in_files": _check_switch,
    "spoilers": _check_switch,
    "language": _check_language,
    "time_zone": _check_text,
    "moderators_channel_id": _whole(_ID_BOUNDS, optional=True),
    "confirm_images": _whole(CONFIRM_IMAGES_BOUNDS, optional=True),
    "confirm_percent": _whole(CONFIRM_PERCENT_BOUNDS, optional=True),
    "review": _check_review,
    "new_member_days": _whole(NEW_MEMBER_DAYS_BOUNDS, optional=False),
    "review_hours": _whole(REVIEW_HOURS_BOUNDS, optional=False),
    "reports_to_hide": _whole(REPORTS_TO_HIDE_BOUNDS, optional=False),
    "strikes": _check_switch,
    "strike_flagged": _check_switch,
    "strike_days": _whole(STRIKE_DAYS_BOUNDS, optional=False),
    "ladder": _check_ladder,
    "appeals_per_day": _whole(APPEALS_BOUNDS, optional=False),
}

"""What those who run a server choose for it; checked here, whatever a panel or a modified client sends."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from clock import Clock
from errors import InvalidOption
from generation import periods, policy, time_zones
from models import GuildSettings
from parameters import PARAMETER_BOUNDS, Bounds, check_number
from storage import guilds
from storage.database import Database

# No server can allow more than the provider makes at once.
IMAGES_PER_JOB_BOUNDS: Final = PARAMETER_BOUNDS["num_images"]
CONFIRM_IMAGES_BOUNDS: Final = Bounds(low=1, high=IMAGES_PER_JOB_BOUNDS.high)
CONFIRM_PERCENT_BOUNDS: Final = Bounds(low=1, high=100)
# `auto`: every card speaks the language of whoever asked for it.
LANGUAGES: Final = ("auto", "en", "de")
# Discord's ids are positive and have 63 bits.
_ID_BOUNDS: Final = Bounds(low=1, high=2**63 - 1)


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
        before, on which it was changed. Raises InvalidOption (`out_of_range`, `not_a_choice`, `unknown_zone`), with
        nothing kept.
        """
        for setting, value in changes.items():
            check = _CHECKS.get(setting)
            if check is None:
                raise InvalidOption(setting, "not_a_choice")
            check(setting, value)
        if "time_zone" in changes:
            return await self._change_with_zone(guild_id, by_id, reason, changes)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: guilds.change_settings(
                connection, guild_id, by_id=by_id, at=now, reason=reason, **changes
            )
        )

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
}

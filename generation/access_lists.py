"""Where and by whom the bot may be used in a guild: the lists that its admins keep. An empty list limits nothing."""

from collections.abc import Iterable
from typing import Final

from clock import Clock
from errors import InvalidOption
from models import Access
from storage import access
from storage.database import Database

CHANNEL: Final = access.CHANNEL
ROLE: Final = access.ROLE
# As many as a menu of Discord's holds: what is on a list can always be seen and chosen whole.
LISTED_MOST: Final = 25
# Discord's ids are positive and have 63 bits.
_LARGEST_ID: Final = 2**63 - 1


class AccessLists:
    """Every guild's lists; `kind` is CHANNEL or ROLE. Every method raises StorageUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, guild_id: int) -> Access:
        """Both lists."""
        return await access.of_guild(self._database, guild_id)

    async def change(
        self, guild_id: int, kind: str, *, add: Iterable[int] = (), remove: Iterable[int] = (), by_id: int
    ) -> Access:
        """Put some on a list and take others off, and return both lists as they are stored then.

        Adding @everyone, whose id is the guild's, empties the list of roles: then everybody may. Raises InvalidOption
        (`too_many`, `not_a_choice`), with nothing changed.
        """
        added, removed = _ids(kind, add), _ids(kind, remove)
        if kind == ROLE and guild_id in added:
            return await self.replace(guild_id, kind, (), by_id=by_id)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: _checked(
                kind,
                access.change(connection, guild_id=guild_id, kind=kind, add=added, remove=removed, by_id=by_id, at=now),
            )
        )

    async def replace(self, guild_id: int, kind: str, subject_ids: Iterable[int], *, by_id: int) -> Access:
        """Make a list hold exactly these; otherwise as `change`."""
        wanted = _ids(kind, subject_ids)
        if kind == ROLE and guild_id in wanted:
            wanted = ()
        now = self._clock.now()
        return await self._database.write(
            lambda connection: _checked(
                kind,
                access.replace(connection, guild_id=guild_id, kind=kind, subject_ids=wanted, by_id=by_id, at=now),
            )
        )


def _ids(kind: str, given: Iterable[int]) -> tuple[int, ...]:
    ids = tuple(given)
    if not all(0 < subject_id <= _LARGEST_ID for subject_id in ids):
        raise InvalidOption(f"{kind}s", "not_a_choice")
    return ids


def _checked(kind: str, lists: Access) -> Access:
    """The lists, unless the one that was changed is too long: raised inside of the transaction, which is undone."""
    if len(lists.channel_ids if kind == CHANNEL else lists.role_ids) > LISTED_MOST:
        raise InvalidOption(f"{kind}s", "too_many", high=LISTED_MOST)
    return lists

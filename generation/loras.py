"""A guild's LoRAs: which there are, where the provider finds them, and what a member's choice becomes."""

import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from clock import Clock
from errors import InvalidOption, NotAllowed
from provider.host_list import HostList
from recipes import LoraEntry, LoraPick, check_name, folded
from storage import loras
from storage.database import Database

# Discord shows so many in an autocompletion.
CHOICES_MAX: Final = 25
# As the Hub's own client checks them (huggingface_hub, `validate_repo_id`); here the owner must be named.
_REPOSITORY: Final = re.compile(r"(?=.{3,96}\Z)\w(?:[\w.-]*\w)?/\w(?:[\w.-]*\w)?", re.ASCII)
_FORBIDDEN_IN_REPOSITORY: Final = ("--", "..")
# Hosts that read as numbers to some programs (127.1, 0x7f000001, 2130706433): no public name ends like that.
_NUMERIC_HOST: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


class LoraCatalogue:
    """Every guild's catalogue. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock, hosts: HostList) -> None:
        self._database = database
        self._clock = clock
        self._hosts = hosts

    async def add(self, entry: LoraEntry, *, may_manage_guild: bool) -> LoraEntry:
        """Put an entry into its guild's catalogue, and return it as it is kept.

        Raises NotAllowed, InvalidOption (`bad_name`, `bad_path`, `host_not_listed` …) or NameTaken.
        """
        if not may_manage_guild:
            raise NotAllowed("manage_guild")
        path = entry.path.strip()
        self.check_path(path)
        kept = replace(
            entry,
            name=check_name("name", entry.name),
            path=path,
            trigger_words=entry.trigger_words.strip(),
            added_at=self._clock.now(),
        )
        await self._database.write(lambda connection: loras.put(connection, kept))
        return kept

    async def remove(self, guild_id: int, name: str, *, by_id: int, may_manage_guild: bool) -> LoraEntry:
        """Take an entry out, and return it as it was. Raises NotAllowed or InvalidOption (`unknown`)."""
        if not may_manage_guild:
            raise NotAllowed("manage_guild")
        now = self._clock.now()
        removed = await self._database.write(
            lambda connection: loras.drop(connection, guild_id=guild_id, name=name, by_id=by_id, at=now)
        )
        if removed is None:
            raise InvalidOption("lora", "unknown", other=name)
        return removed

    async def list(self, guild_id: int) -> tuple[LoraEntry, ...]:
        """The guild's entries by name."""
        return tuple(await loras.of_guild(self._database, guild_id))

    async def complete(self, guild_id: int, typed: str, limit: int = CHOICES_MAX) -> tuple[LoraEntry, ...]:
        """The entries with `typed` in their names, those that begin with it first."""
        part = folded(typed)
        found = [entry for entry in await self.list(guild_id) if part in folded(entry.name)]
        found.sort(key=lambda entry: not folded(entry.name).startswith(part))
        return tuple(found[:limit])

    async def resolve(self, guild_id: int, picks: Sequence[LoraPick]) -> tuple[LoraEntry, ...]:
        """The entries that are picked, in the order of the picks.

        Raises InvalidOption: `unknown`, or `out_of_range` for a strength above what the entry allows.
        """
        known = await loras.named(self._database, [pick.name for pick in picks], guild_id=guild_id)
        entries = []
        for pick in picks:
            entry = known.get(folded(pick.name))
            if entry is None:
                raise InvalidOption("lora", "unknown", other=pick.name)
            if pick.scale is not None and pick.scale > entry.max_scale:
                raise InvalidOption("lora_strength", "out_of_range", low=0, high=entry.max_scale)
            entries.append(entry)
        return tuple(entries)

    def check_path(self, path: str) -> None:
        """Raise InvalidOption unless the provider may be sent there: a repository, or https to a host on the list.

        `host_not_listed` names the host, where the operator could put it on the list; all else is `bad_path`.
        """
        if "://" not in path:
            if not _REPOSITORY.fullmatch(path) or any(part in path for part in _FORBIDDEN_IN_REPOSITORY):
                raise InvalidOption("path", "bad_path")
            if path.endswith(".git"):
                raise InvalidOption("path", "bad_path")
            return
        admitted = self._hosts.admit(path)
        if admitted is not None and admitted.exempt:
            return
        host = HostList.host_of(path)
        if not host or _is_address(host) or not path.lower().startswith("https://"):
            raise InvalidOption("path", "bad_path")
        if admitted is None:
            # A listed host at another port is no matter of the list.
            problem = "bad_path" if self._hosts.admit(f"https://{host}/") else "host_not_listed"
            raise InvalidOption("path", problem, other=host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(_NUMERIC_HOST.fullmatch(host))
    return True

"""Presets by name: the guild's, the member's own and the built-in ones, in this order."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from clock import Clock
from errors import InvalidOption, NameTaken, NotAllowed
from generation.builtin_presets import BUILT_IN
from models import GenerationRequest, Job
from recipes import LoraPick, Preset, PresetScope, PresetValues, check_name, folded
from storage import presets
from storage.codec import decode_preset, encode_preset
from storage.database import Database

# What an autocompletion shows at most, by Discord's own limit.
CHOICES_MAX: Final = 25
# No name has a colon in it, so a token is never taken for a name.
_SCOPE_ENDS_WITH: Final = ":"
_NOT_FROM_JOBS: Final = frozenset({"template", "loras"})
_DEFAULTS: Final = {entry.name: entry.default for entry in fields(GenerationRequest)}


class PresetBook:
    """Every preset within a member's reach. Every method raises StorageUnavailable where the database can't be used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, guild_id: int, user_id: int, name: str) -> Preset:
        """The preset of that name or token; of a plain name the guild's goes first, then the member's own.

        Raises InvalidOption (`unknown`).
        """
        found = await self._found(guild_id, user_id, name)
        if not found:
            raise InvalidOption("preset", "unknown", other=_plain(name))
        return found[0]

    async def find_to_change(self, guild_id: int, user_id: int, name: str, *, may_manage_guild: bool) -> Preset:
        """The preset of that name or token that the member means to change; a built-in one only where no other is.

        A plain name means the member's own where they may not manage the guild's. Raises InvalidOption (`unknown`) or
        NotAllowed.
        """
        found = await self._found(guild_id, user_id, name)
        if not found:
            raise InvalidOption("preset", "unknown", other=_plain(name))
        own = [preset for preset in found if may_manage_guild or preset.scope is PresetScope.PERSONAL]
        preset = (own or found)[0]
        if preset.scope is PresetScope.GUILD and not may_manage_guild:
            raise NotAllowed("manage_guild")
        return preset

    async def check_free(self, guild_id: int, user_id: int, *, scope: PresetScope, name: str) -> None:
        """Raise what `save` would raise for this name, before anybody takes the trouble: InvalidOption or NameTaken."""
        tidy = check_name("name", name)
        for preset in await presets.named(self._database, tidy, guild_id=guild_id, user_id=user_id):
            if preset.scope is scope:
                raise NameTaken("preset", tidy)

    async def complete(self, guild_id: int, user_id: int, typed: str, limit: int = CHOICES_MAX) -> tuple[Preset, ...]:
        """What a member may mean: the guild's first, then their own, then the built-in ones.

        Of each, names that begin with what is typed come before those that have it further inside.
        """
        found = await presets.matching(self._database, typed, guild_id=guild_id, user_id=user_id, limit=limit)
        part = folded(typed)
        built_in = [preset for preset in BUILT_IN if part in folded(preset.name)]
        built_in.sort(key=lambda preset: not folded(preset.name).startswith(part))
        return (*found, *built_in)[:limit]

    async def list(self, guild_id: int, user_id: int) -> tuple[Preset, ...]:
        """All of them: the guild's by name, the member's own by name, the built-in ones."""
        return (*await presets.within_reach(self._database, guild_id=guild_id, user_id=user_id), *BUILT_IN)

    async def save(
        self,
        *,
        guild_id: int,
        user_id: int,
        scope: PresetScope,
        name: str,
        values: PresetValues,
        may_manage_guild: bool,
        replace: bool = False,
    ) -> Preset:
        """Keep a preset of the member's or of the guild, as it is returned; `replace` puts it in an old one's place.

        Raises NotAllowed, InvalidOption for a bad name or for nothing to keep (`empty`), or NameTaken.
        """
        if scope is PresetScope.BUILT_IN:
            raise InvalidOption("scope", "not_a_choice")
        if scope is PresetScope.GUILD and not may_manage_guild:
            raise NotAllowed("manage_guild")
        tidy = check_name("name", name)
        if values.is_empty:
            raise InvalidOption("preset", "empty")
        preset = Preset(
            scope=scope,
            name=tidy,
            values=values,
            guild_id=guild_id if scope is PresetScope.GUILD else 0,
            owner_id=user_id if scope is PresetScope.PERSONAL else 0,
            changed_by=user_id,
            changed_at=self._clock.now(),
        )
        await self._database.write(lambda connection: presets.keep(connection, preset, replace=replace))
        return preset

    async def delete(self, *, guild_id: int, user_id: int, name: str, may_manage_guild: bool) -> Preset:
        """Delete the preset of that name or token, and return it as it was.

        Which one that is, and what is raised, is as in `find_to_change`; a built-in one is refused (`built_in`).
        """
        preset = await self.find_to_change(guild_id, user_id, name, may_manage_guild=may_manage_guild)
        if preset.scope is PresetScope.BUILT_IN:
            raise InvalidOption("preset", "built_in", other=preset.name)
        now = self._clock.now()
        if not await self._database.write(lambda connection: presets.drop(connection, preset, by_id=user_id, at=now)):
            raise InvalidOption("preset", "unknown", other=preset.name)
        return preset

    async def _found(self, guild_id: int, user_id: int, name: str) -> tuple[Preset, ...]:
        wanted, plain = _scope(name), _plain(name)
        kept = await presets.named(self._database, plain, guild_id=guild_id, user_id=user_id)
        built_in = [preset for preset in BUILT_IN if folded(preset.name) == folded(plain)]
        return tuple(preset for preset in (*kept, *built_in) if wanted in (None, preset.scope))


def token_of(preset: Preset) -> str:
    """What an autocompletion sends for the preset: its name, and whose of that name is meant."""
    return f"{preset.scope}{_SCOPE_ENDS_WITH}{preset.name}"


def _scope(name: str) -> PresetScope | None:
    scope, separator, _ = name.partition(_SCOPE_ENDS_WITH)
    return PresetScope(scope) if separator and scope in set(PresetScope) else None


def _plain(name: str) -> str:
    return name if _scope(name) is None else name.partition(_SCOPE_ENDS_WITH)[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A preset that is still being put together; `replaces` says that it is to take the place of an old one."""

    name: str
    scope: PresetScope
    values: PresetValues
    replaces: bool = False

    def to_json(self) -> dict[str, Any]:
        """The sketch as a draft keeps it."""
        return {
            "name": self.name,
            "scope": self.scope,
            "values": encode_preset(self.values),
            "replaces": self.replaces,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Sketch":
        """The sketch that `to_json` gave."""
        return cls(
            name=content["name"],
            scope=PresetScope(content["scope"]),
            values=decode_preset(content["values"]),
            replaces=content["replaces"],
        )


def values_of(job: Job) -> PresetValues:
    """What a job's request has other than the defaults, as a preset sets it; its words are left out.

    LoRAs go by the names they had; reference settings count where the job had a reference image. What only the author
    of another job may read stays unread.
    """
    request, values = job.request, {}
    # An IP-Adapter works with real CFG only, so there it was nobody's choice.
    chose_real_cfg = request.use_real_cfg and not request.ip_adapters
    for entry in fields(PresetValues):
        if entry.name in _NOT_FROM_JOBS:
            continue
        value = getattr(request, entry.name)
        if value != _DEFAULTS[entry.name] or (entry.name == "real_cfg_scale" and chose_real_cfg):
            values[entry.name] = value
    if request.reference_image_url is None:
        for name in ("reference_strength", "reference_end"):
            values.pop(name, None)
    if job.recipe.negative_borrowed:
        values.pop("negative_prompt", None)
    picks = tuple(
        LoraPick(name=name, scale=lora.scale) for name, lora in zip(job.recipe.loras, request.loras, strict=False)
    )
    return PresetValues(template=job.recipe.template, loras=picks, **values)

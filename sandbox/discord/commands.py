"""The application's registered commands, global and by guild."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sandbox.discord.command_schema import CHAT_INPUT, check_command
from sandbox.discord.errors import (
    TOO_MANY_COMMAND_CREATIONS,
    TOO_MANY_COMMANDS,
    UNKNOWN_COMMAND,
    ApiError,
    Json,
)
from sandbox.discord.form import Form, Problems, refuse
from sandbox.discord.signals import Signal

if TYPE_CHECKING:
    from sandbox.discord.world import World

MAX_BY_KIND: Final = {1: 100, 2: 15, 3: 15}
MAX_CREATIONS_PER_DAY: Final = 200
DAY: Final = timedelta(days=1)

Scope = int | None
"""A guild's id, or None for the global commands."""


class CommandRegistry:
    """What is registered where; every write is checked first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._commands: dict[Scope, dict[int, Json]] = {}
        self._created_at: dict[Scope, deque[datetime]] = {}
        self.changed = Signal()
        self.writes = 0

    def in_scope(self, scope: Scope) -> list[Json]:
        """The commands of one scope, as objects."""
        return list(self._commands.get(scope, {}).values())

    def everywhere(self) -> list[Json]:
        """All registered commands."""
        return [command for scope in self._commands for command in self.in_scope(scope)]

    def get(self, scope: Scope, command_id: int) -> Json:
        """One command; raises `ApiError` 10063."""
        try:
            return self._commands.get(scope, {})[command_id]
        except KeyError:
            raise ApiError(UNKNOWN_COMMAND) from None

    def find(self, guild_id: int, name: str, kind: int, locale: str | None = None) -> Json | None:
        """The command a member of that guild would reach by this name, or by the one that it has in their locale.

        The guild's own comes first.
        """
        for scope in (guild_id, None):
            for command in self.in_scope(scope):
                localized = (command["name_localizations"] or {}).get(locale)
                if name in {command["name"], localized} and command["type"] == kind:
                    return command
        return None

    def overwrite(self, scope: Scope, body: Any) -> list[Json]:
        """Replace every command of the scope; names that existed keep their id."""
        if not isinstance(body, list):
            raise refuse((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        problems = Problems()
        for index, item in enumerate(body):
            if isinstance(item, dict):
                check_command(Form(item, problems, (index,)))
            else:
                problems.add((index,), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        problems.refuse_if_any()
        _refuse_duplicates(body)
        _refuse_too_many(body)
        before = {_key(command): command for command in self.in_scope(scope)}
        self._count_creations(scope, sum(_key(item) not in before for item in body))
        commands = [self._completed(scope, item, before.get(_key(item))) for item in body]
        self._store(scope, commands)
        return commands

    def upsert(self, scope: Scope, body: Json) -> tuple[Json, bool]:
        """Create a command, or replace the one of the same name; also says whether it is new."""
        _check_one(body)
        before = {_key(command): command for command in self.in_scope(scope)}
        existing = before.get(_key(body))
        if existing is None:
            _refuse_too_many([*before.values(), body])
            self._count_creations(scope, 1)
        command = self._completed(scope, body, existing)
        self._store(scope, [*(old for old in before.values() if old is not existing), command])
        return command, existing is None

    def edit(self, scope: Scope, command_id: int, body: Json) -> Json:
        """Change some fields of a command."""
        existing = self.get(scope, command_id)
        merged = {**existing, **body, "type": existing["type"]}
        _check_one(merged)
        command = self._completed(scope, merged, existing)
        others = [old for old in self.in_scope(scope) if old is not existing]
        self._store(scope, [*others, command])
        return command

    def delete(self, scope: Scope, command_id: int) -> None:
        """Remove a command."""
        self.get(scope, command_id)
        self._store(scope, [command for command in self.in_scope(scope) if command["id"] != str(command_id)])

    def _store(self, scope: Scope, commands: Iterable[Json]) -> None:
        self._commands[scope] = {int(command["id"]): command for command in commands}
        self.writes += 1
        self.changed.fire()

    def _count_creations(self, scope: Scope, count: int) -> None:
        now = self._world.now()
        created = self._created_at.setdefault(scope, deque())
        while created and created[0] <= now - DAY:
            created.popleft()
        if len(created) + count > MAX_CREATIONS_PER_DAY:
            raise ApiError(TOO_MANY_COMMAND_CREATIONS)
        created.extend([now] * count)

    def _completed(self, scope: Scope, body: Json, existing: Json | None) -> Json:
        """The full command object that Discord answers with."""
        permissions = body.get("default_member_permissions")
        command: Json = {
            "id": existing["id"] if existing else str(self._world.next_id()),
            "application_id": str(self._world.application_id),
            "version": str(self._world.next_id()),
            "type": body.get("type") or CHAT_INPUT,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "integration_types": sorted(body.get("integration_types") or [0]),
            "nsfw": bool(body.get("nsfw")),
        }
        if scope is None:
            contexts = body.get("contexts")
            command["contexts"] = None if contexts is None else sorted(contexts)
            command["dm_permission"] = body.get("dm_permission") is not False
        else:
            command["guild_id"] = str(scope)
            command["contexts"] = None
        if body.get("options"):
            command["options"] = [_without_nulls(option) for option in body["options"]]
        return command


def _key(command: Json) -> tuple[int, str]:
    return command.get("type") or CHAT_INPUT, command["name"]


def _without_nulls(option: Json) -> Json:
    """An option the way it comes back: nothing that was null, nothing that is simply false."""
    kept: Json = {}
    for key, value in option.items():
        if key in {"options", "choices"} and value:
            kept[key] = [_without_nulls(item) for item in value]
        elif value is not None and value is not False and key not in {"options", "choices"}:
            kept[key] = value
    return kept


def _check_one(body: Json) -> None:
    problems = Problems()
    check_command(Form(body, problems))
    problems.refuse_if_any()


def _refuse_duplicates(body: Iterable[Json]) -> None:
    seen: set[tuple[int, str]] = set()
    for index, item in enumerate(body):
        if _key(item) in seen:
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise refuse((index, "name"), code, "Application command names must be unique")
        seen.add(_key(item))


def _refuse_too_many(commands: Iterable[Json]) -> None:
    kinds = [_key(command)[0] for command in commands]
    if any(kinds.count(kind) > most for kind, most in MAX_BY_KIND.items()):
        raise ApiError(TOO_MANY_COMMANDS)

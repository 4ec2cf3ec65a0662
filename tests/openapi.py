"""Checks what goes over the wire against Discord's own OpenAPI document.

The document is named by the environment variable `DISCORD_OPENAPI`; without it there is nothing to check with.
It is laxer than Discord itself (it accepts unknown keys, duplicate custom ids, more than forty components in all
and badly named commands), so the stand-in has to be strict there on its own; what the document does say, both sides
have to keep.
"""

import functools
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.discord import Exchange

VARIABLE: Final = "DISCORD_OPENAPI"
SKIP_REASON: Final = f"{VARIABLE} does not name Discord's OpenAPI document"
ROOT: Final = "urn:discord"
SNOWFLAKE_OR_NUMBER: Final = {"anyOf": [{"$ref": "#/components/schemas/SnowflakeType"}, {"type": "integer"}]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One disagreement with the document."""

    exchange: Exchange
    part: str
    """"request" or "answer"."""
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.exchange}: the {self.part} at {self.where or 'its top'}: {self.message}"


class OpenApiChecker:
    """An observer of exchanges that finds every disagreement with the document.

    Checking takes milliseconds an exchange, which would slow down the very things that are being tried: exchanges are
    only collected while they happen, and checked when the verdict is asked for.
    """

    def __init__(self, operations: "Operations") -> None:
        self._operations = operations
        self._waiting: list[Exchange] = []
        self.violations: list[Violation] = []
        self.refused: list[Violation] = []
        """Bad requests that the stand-in turned away, as Discord would."""
        self.checked: Counter[str] = Counter()
        """How many requests and answers of each operation were checked."""
        self.uncovered: set[str] = set()
        """Routes that the document does not know."""

    def __call__(self, exchange: Exchange) -> None:
        """Take in one exchange."""
        self._waiting.append(exchange)

    def check(self) -> None:
        """Check what was collected so far."""
        waiting, self._waiting = self._waiting, []
        for exchange in waiting:
            self._check_exchange(exchange)

    def _check_exchange(self, exchange: Exchange) -> None:
        if exchange.route is None:
            return
        operation = self._operations.find(exchange.method, exchange.route)
        if operation is None:
            self.uncovered.add(f"{exchange.method} {exchange.route}")
            return
        status = exchange.status
        if exchange.request is not None and operation.request is not None:
            self.checked[f"{exchange.method} {exchange.route} request"] += 1
            accepted = status is None or status < 400 or exchange.fault is not None
            self._check(
                operation.request, exchange.request, exchange, "request", self.violations if accepted else self.refused
            )
        # The answers of injected faults are meant to be out of the ordinary, and so are 5xx ones.
        if status is None or status >= 500 or exchange.fault is not None:
            return
        self.checked[f"{exchange.method} {exchange.route} {status}"] += 1
        if not operation.declares(status):
            self._note(exchange, "answer", "", f"status {status} is not documented", self.violations)
            return
        validator = operation.answer(status)
        if validator is not None:
            self._check(validator, exchange.answer, exchange, "answer", self.violations)

    def _check(
        self,
        validator: Draft202012Validator,
        instance: Any,
        exchange: Exchange,
        part: str,
        into: list[Violation],
    ) -> None:
        if validator.is_valid(instance):
            return
        error = best_match(validator.iter_errors(instance))
        where = "/".join(str(step) for step in error.absolute_path)
        self._note(exchange, part, where, error.message[:400], into)

    @staticmethod
    def _note(exchange: Exchange, part: str, where: str, message: str, into: list[Violation]) -> None:
        into.append(Violation(exchange=exchange, part=part, where=where, message=message))

    def assert_clean(self, *, refusals_allowed: bool = False) -> None:
        """Fail with every violation found; bad requests that were refused count too, unless allowed."""
        self.check()
        found = self.violations + ([] if refusals_allowed else self.refused)
        assert not found, "\n".join(["Discord's OpenAPI document disagrees:", *map(str, found)])


class _Operation:
    """The compiled schemas of one method of one path."""

    def __init__(self, body: Mapping[str, Any], responses: Mapping[str, Any], registry: "Registry[Any]") -> None:
        self._registry = registry
        self._responses = {
            status: _resolved(response, responses).get("content", {}).get("application/json", {}).get("schema")
            for status, response in body["responses"].items()
        }
        self._answers: dict[int, Draft202012Validator | None] = {}
        schema = body.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        # payload_json is the JSON body in another envelope: one schema serves both.
        self.request = self._compiled(schema)

    def _compiled(self, schema: Any) -> Draft202012Validator | None:
        return None if schema is None else Draft202012Validator(schema, registry=self._registry)

    def _key(self, status: int) -> str | None:
        return next((key for key in (str(status), f"{status // 100}XX") if key in self._responses), None)

    def declares(self, status: int) -> bool:
        """Whether the document knows of this status."""
        return self._key(status) is not None

    def answer(self, status: int) -> Draft202012Validator | None:
        """The validator of an answer's body; None where there is no body."""
        if status not in self._answers:
            key = self._key(status)
            self._answers[status] = self._compiled(self._responses[key]) if key else None
        return self._answers[status]


class Operations:
    """The document's operations, compiled when they are first needed."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        _tolerate_known_habits(document)
        _discriminate_unions(document, document["components"]["schemas"])
        self._document = _absolute(document)
        resource = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        self._compiled: dict[tuple[str, str], _Operation | None] = {}

    def find(self, method: str, route: str) -> _Operation | None:
        """The operation, if the document has it."""
        key = (method, route)
        if key not in self._compiled:
            body = self._document["paths"].get(route, {}).get(method.lower())
            responses = self._document["components"]["responses"]
            self._compiled[key] = None if body is None else _Operation(body, responses, self._registry)
        return self._compiled[key]


def _tolerate_known_habits(document: dict[str, Any]) -> None:
    """Widen the document where Discord is known to accept more than it says."""
    schemas = document["components"]["schemas"]
    # discord.py numbers the files it uploads with JSON numbers, and Discord has always taken them.
    schemas["MessageAttachmentRequest"]["properties"]["id"] = SNOWFLAKE_OR_NUMBER
    # So it does with the ids of the message that a reply refers to.
    for name in ("guild_id", "channel_id", "message_id"):
        schemas["MessageReferenceRequest"]["properties"][name] = SNOWFLAKE_OR_NUMBER
    # With the id of the user whom it wants to write to.
    schemas["CreatePrivateChannelRequest"]["properties"]["recipient_id"] = SNOWFLAKE_OR_NUMBER
    # With what is chosen already in a menu of channels or roles.
    for name in ("ChannelSelectDefaultValue", "RoleSelectDefaultValue"):
        schemas[name]["properties"]["id"] = SNOWFLAKE_OR_NUMBER
    # And with the ids of those whom a message may mention.
    for name in ("users", "roles"):
        schemas["MessageAllowedMentionsRequest"]["properties"][name]["items"] = SNOWFLAKE_OR_NUMBER
    # The document gives the faults of a form numbers for codes; the API reference shows names ("BASE_TYPE_REQUIRED").
    named = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = {**named, "required": ["code", "message"]}


def _discriminate_unions(node: Any, schemas: Mapping[str, Any]) -> None:
    """Turn unions of objects that differ in `type` into conditions, in place.

    The meaning is the same, but only the member that is meant gets checked: that is several times faster, and the
    errors speak of that member instead of "is not valid under any of the given schemas".
    """
    if isinstance(node, list):
        for item in node:
            _discriminate_unions(item, schemas)
        return
    if not isinstance(node, dict):
        return
    for keyword in ("oneOf", "anyOf"):
        kinds = _kinds_of_union(node.get(keyword), schemas)
        if kinds is not None:
            members = node.pop(keyword)
            node["type"] = "object"
            node["required"] = ["type"]
            node["properties"] = {"type": {"enum": [kind for group in kinds for kind in group]}}
            node["allOf"] = [
                {"if": {"properties": {"type": {"enum": group}}}, "then": member}
                for group, member in zip(kinds, members, strict=True)
            ]
    for child in node.values():
        _discriminate_unions(child, schemas)


def _kinds_of_union(members: Any, schemas: Mapping[str, Any]) -> list[list[int]] | None:
    """The `type` values of each member of a union, if every member has its own."""
    kinds: list[list[int]] = []
    for member in members if isinstance(members, list) else ():
        name = member.get("$ref", "").rpartition("/")[2] if isinstance(member, dict) else ""
        enum = schemas.get(name, {}).get("properties", {}).get("type", {}).get("enum")
        if not enum:
            return None
        kinds.append(enum)
    flat = [kind for group in kinds for kind in group]
    return kinds if len(kinds) > 1 and len(flat) == len(set(flat)) else None


def _resolved(response: Mapping[str, Any], responses: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = response.get("$ref")
    found: Mapping[str, Any] = responses[reference.rpartition("/")[2]] if reference else response
    return found


def _absolute(node: Any) -> Any:
    """The same document with references that can be followed from anywhere."""
    if isinstance(node, dict):
        return {
            key: ROOT + value if key == "$ref" and isinstance(value, str) else _absolute(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_absolute(item) for item in node]
    return node


@functools.cache
def _operations(path: Path) -> Operations:
    return Operations(path)


def new_checker() -> OpenApiChecker | None:
    """A fresh checker over the document that the environment names, or None without one."""
    named = os.environ.get(VARIABLE)
    return OpenApiChecker(_operations(Path(named))) if named else None

"""What somebody would write who wants the safety checker off: texts, rows, environments; and a look at what is sent."""

import dataclasses
import json
import re
import sqlite3
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from models import GenerationRequest
from parameters import (
    CONDITIONING_SCALE_BOUNDS,
    EASYCONTROL_TYPES,
    FRACTION_BOUNDS,
    LORA_SCALE_BOUNDS,
    PARAMETER_BOUNDS,
    PREPROCESSORS,
    UNION_MODES,
    Bounds,
)

KEY: Final = "enable_safety_checker"
# Whatever is named so would be about the checker; nothing that a request is made from is.
NAMED_LIKE_IT: Final = re.compile(r"safe|nsfw|checker|censor", re.IGNORECASE)
# Ends the text and the object that it is in, wherever JSON is put together by hand.
TEXT: Final = f'x", "{KEY}": false, "y": "'
KEYS: Final[dict[str, Any]] = {
    KEY: False,
    "safety_checker": None,
    "Enable_Safety_Checker": "false",
    "has_nsfw_concepts": [False],
}
ENVIRONMENT: Final = {
    f"{prefix}{name}": value
    for prefix in ("", "PIXAZO_", "EASEL_", "FAL_", "BODY_")
    for name, value in (("ENABLE_SAFETY_CHECKER", "false"), ("SAFETY_CHECKER", "0"), ("DISABLE_SAFETY_CHECKER", "1"))
}

# What is stored as one word of a few, as a number in digits or as an id, and read as nothing else: with another text
# in it nothing works at all. Everything else that is text is made hostile, so also a column that comes later.
FIXED: Final = {
    "schema_migrations.name", "jobs.job_id", "jobs.interaction_token", "jobs.locale", "jobs.status", "jobs.request_id",
    "jobs.card_status", "jobs.review_mark", "images.reason", "accounts.scope", "accounts.unit", "accounts.period",
    "entries.kind", "guild_settings.time_zone", "guild_settings.review", "guild_settings.language",
    "guild_settings.next_time_zone", "guild_settings.ladder", "meta.key", "meta.value", "members.notify",
    "presets.folded", "loras.folded", "drafts.draft_id", "drafts.kind", "limits.kind", "limits.name", "allowed.kind",
    "filter_terms.kind", "filter_terms.folded", "filter_terms.action", "strikes.cause", "suspensions.cause",
    "cases.kind", "cases.outcome", "latencies.kind",
}  # fmt: skip
# The words to search in: SQLite's own format, of which nothing is ever sent.
_SEARCH_INDEX: Final = "job_texts"


def check(raw: bytes) -> dict[str, Any]:
    """The body that was sent, once it is sure to ask for the checker: once, on top, with `true` and nothing else."""
    members: list[tuple[str, Any]] = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members.extend(pairs)
        return dict(pairs)

    body: dict[str, Any] = json.loads(raw, object_pairs_hook=noted)
    about_it = [(name, value) for name, value in members if NAMED_LIKE_IT.search(name)]
    assert [name for name, _ in about_it] == [KEY], about_it
    assert body[KEY] is True
    return body


def columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every table's columns that can hold text, as the schema has them."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if table.startswith((_SEARCH_INDEX, "sqlite_")):
            continue
        for column in connection.execute(f"PRAGMA table_xinfo({table})"):
            if column[2].upper() not in {"INTEGER", "REAL", "BLOB"} and not column[6]:  # nor generated from others
                yield table, column[1]


def poison(connection: sqlite3.Connection, *, tables: tuple[str, ...] = (), deep: bool = True) -> set[str]:
    """Write the keys into all JSON that is stored and the text into all texts; give the columns that took it.

    Only on top of each object and into JSON alone unless `deep`; only into those `tables`, where some are named. What
    the schema keeps from being changed stays as it is.
    """
    done = set()
    for table, column in list(columns(connection)):
        if f"{table}.{column}" in FIXED or (tables and table not in tables):
            continue
        rows = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
        for (before,) in rows:
            after = _poisoned_text(before, deep=deep)
            if after == before:
                continue
            try:
                connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?", (after, before))
            except sqlite3.IntegrityError:  # append-only
                continue
            done.add(f"{table}.{column}")
    return done


def _poisoned_text(text: str, *, deep: bool) -> str:
    value = _parsed(text)
    if value is None:
        return TEXT if deep else text
    return json.dumps(_poisoned(value, deep=deep))


def _poisoned(value: Any, *, deep: bool) -> Any:
    if isinstance(value, dict):
        inner = {name: _poisoned(held, deep=deep) for name, held in value.items()} if deep else value
        return {**inner, **KEYS}
    if isinstance(value, list):
        return [_poisoned(held, deep=deep) for held in value]
    if isinstance(value, str) and _parsed(value) is not None:
        return _poisoned_text(value, deep=deep)
    return value


def _parsed(text: str) -> Any:
    """An object or a list that the text is as JSON; None for any other text."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def extremes(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Every field of a value that is sent, with everything that it can be at most or at least, or the worst text.

    Raises LookupError for a field of a kind that is not known here.
    """
    hints = get_type_hints(kind)
    for entry in dataclasses.fields(kind):
        for value in _values(entry.name, hints[entry.name]):
            if value != () or entry.default == ():  # some arrays must have an element
                yield entry.name, value


def _values(name: str, hint: Any) -> Iterator[Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        for part in inner:
            yield from [None] if part is type(None) else _values(name, part)
    elif origin is tuple and dataclasses.is_dataclass(inner[0]):
        element: Any = inner[0]
        yield ()
        for changed, value in extremes(element):
            yield (_element(element, **{changed: value}),)
    elif name in _WORDS:
        yield from _WORDS[name]
    elif hint is bool:
        yield from (False, True)
    elif hint in (int, float):
        bounds = _bounds(name)
        low = bounds.low + (0.001 if bounds.low_excluded else 0)
        yield from (hint(low), hint(bounds.high))
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield from hint
    elif hint is str:
        yield TEXT
    else:
        raise LookupError(f"nobody knows how far {name}: {hint} can go")


_WORDS: Final = {
    "control_mode": UNION_MODES,
    "image_control_type": EASYCONTROL_TYPES,
    "preprocess": PREPROCESSORS,
}
_ELEMENT_BOUNDS: Final = {
    "scale": LORA_SCALE_BOUNDS,
    "conditioning_scale": CONDITIONING_SCALE_BOUNDS,
    **dict.fromkeys(("start_percentage", "end_percentage", "mask_threshold"), FRACTION_BOUNDS),
}


def _bounds(name: str) -> Bounds:
    return PARAMETER_BOUNDS[name] if name in PARAMETER_BOUNDS else _ELEMENT_BOUNDS[name]


def _element(kind: type[Any], **changes: Any) -> Any:
    """An element of an array with something in every member that it must have."""
    hints = get_type_hints(kind)
    needed = {
        entry.name: next(value for value in _values(entry.name, hints[entry.name]) if value not in (None, ()))
        for entry in dataclasses.fields(kind)
        if entry.default is dataclasses.MISSING
    }
    return kind(**{**needed, **changes})


def requests() -> Iterator[GenerationRequest]:
    """A request for every extreme of every field, those of the elements of its arrays among them."""
    for name, value in extremes(GenerationRequest):
        yield GenerationRequest(**{"prompt": TEXT, name: value})

"""Error bodies: one reading of every family that the provider and the gateways before it are known to give.

    {"error": "…"} or {"error": {"message", …}}                      the provider's page
    {"statusCode": 401, "message": "…"}                              the API gateway
    {"detail": [{"loc", "msg", "type", "ctx"}]}, {"detail": "…", "error_type": "…"}    the model host

Free text may quote a prompt, an address or a key, so it is only looked at and never passed on: what leaves this
module are reasons and machine words.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models import FailureReason

ENTRIES_MAX: Final = 20  # of a detail list; the first says what is wrong, thousands say no more
TEXT_MAX_CHARACTERS: Final = 500  # of one message, so that no pattern works on a megabyte
WORDS_MAX: Final = 6

_REASONS: Final = {
    "content_policy_violation": FailureReason.CONTENT_POLICY,
    "image_load_error": FailureReason.IMAGE_LOAD,
    "file_download_error": FailureReason.FILE_DOWNLOAD,
    "image_too_large": FailureReason.IMAGE_TOO_LARGE,
    "image_too_small": FailureReason.IMAGE_TOO_SMALL,
    "unsupported_image_format": FailureReason.IMAGE_FORMAT,
    "generation_timeout": FailureReason.GENERATION_TIMEOUT,
    "request_timeout": FailureReason.GENERATION_TIMEOUT,
}
# The names of validation problems are pydantic's, of which the model host's schema uses these.
_VALIDATION: Final = re.compile(
    r"(greater_than|less_than)\w*|one_of|missing|extra_forbidden|enum|literal_error|finite_number|multiple_of"
    r"|value_error\w*|type_error\w*|json_invalid|\w+_(type|parsing|too_short|too_long|pattern_mismatch)"
)
_CONTENT_POLICY: Final = re.compile(r"content[ _-]policy|nsfw content|content (checker|filter)|moderation")
_TIMED_OUT: Final = re.compile(r"timed?[ _-]?out")
_IN_PROGRESS: Final = re.compile(
    r"in[ _-]?(progress|queue)\b|\bqueued\b|still (pending|processing|queued|running|waiting|being)"
    r"|not (yet )?(ready|complete|completed|finished)\b"
)
_MACHINE_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_PLACE: Final = re.compile(r"[A-Za-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says; `given` is whether it has an `error` or a `detail` at all.

    `reason` is None where nothing in it is known, `words` are the problem's type and place ("one_of body.seed"),
    `text` is every message in lower case: never to be logged or shown.
    """

    given: bool
    reason: FailureReason | None
    words: str
    text: str


def lowered(content: object) -> dict[str, object]:
    """The object with its names in lower case, empty for anything else; where two collide, the one so spelled holds."""
    if not isinstance(content, Mapping):
        return {}
    named = {name: value for name, value in content.items() if isinstance(name, str)}
    return {name.lower(): value for name, value in named.items()} | {
        name: value for name, value in named.items() if name == name.lower()
    }


def read_error(content: Mapping[str, object]) -> ErrorBody:
    """Read an object, its names in any case. Raises nothing."""
    members = lowered(content)
    error, detail = members.get("error"), members.get("detail")
    sources = [*_entries(error), *_entries(detail), members]
    kinds = [kind for source in sources for kind in _kinds(source)]
    text = " ".join(message for source in sources for message in _messages(source)).lower()
    return ErrorBody(
        given=bool(error) or bool(detail),
        reason=_reason(kinds, text),
        words=" ".join([*kinds, *(place for source in sources for place in _places(source))][:WORDS_MAX]),
        text=text,
    )


def means_in_progress(text: str) -> bool:
    """Whether an error's text, in lower case, only says that the submission is not done yet."""
    return _IN_PROGRESS.search(text) is not None


def _entries(value: object) -> Iterator[Mapping[str, object]]:
    """The problems in an `error` or `detail`, which may be a text, an object or a list of either."""
    for entry in itertools.islice(value, ENTRIES_MAX) if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield {"message": entry}
        elif isinstance(entry, Mapping):
            yield lowered(entry)


def _kinds(source: Mapping[str, object]) -> Iterator[str]:
    for name in ("type", "error_type", "code"):
        value = source.get(name)
        if isinstance(value, str) and _MACHINE_WORD.fullmatch(value):
            yield value.lower()


def _messages(source: Mapping[str, object]) -> Iterator[str]:
    for name in ("message", "msg", "error", "detail"):
        value = source.get(name)
        if isinstance(value, str):
            yield value[:TEXT_MAX_CHARACTERS]


def _places(source: Mapping[str, object]) -> Iterator[str]:
    location = source.get("loc")
    if isinstance(location, list):
        steps = [str(step) if isinstance(step, int) else step for step in location[:WORDS_MAX]]
        if steps and all(isinstance(step, str) and _PLACE.fullmatch(step) for step in steps):
            yield ".".join(str(step) for step in steps)


def _reason(kinds: list[str], text: str) -> FailureReason | None:
    for kind in kinds:
        if kind in _REASONS:
            return _REASONS[kind]
        if _VALIDATION.fullmatch(kind):
            return FailureReason.INVALID_PARAMETER
    if _CONTENT_POLICY.search(text):
        return FailureReason.CONTENT_POLICY
    if _TIMED_OUT.search(text):
        return FailureReason.GENERATION_TIMEOUT
    return None

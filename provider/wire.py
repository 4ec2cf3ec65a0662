"""What goes over the wire: the body of a submission, and the tolerant reading of answers. No I/O.

The provider's page leaves open what an unfinished or failed submission looks like. The rule here: images mean
done; a failure word, or an error that does not mean "in progress", means failed; any other object means pending.
Nothing here raises, whatever JSON it is given.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from models import FailureReason, GenerationRequest, GenerationResult, ResultImage
from provider.failures import lowered, means_in_progress, read_error

# Sent even where they equal the default: price and time depend on the first two, the recipe on the third.
ALWAYS_SENT: Final = frozenset({"num_images", "image_size", "seed"})

# Ids seen are some twenty characters. One that is far longer, or is not plain ASCII, can't be sent back safely.
REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")

FAILURE_WORDS: Final = frozenset({"failed", "failure", "error", "errored", "canceled", "cancelled"})
CANCEL_WORDS: Final = frozenset({"canceled", "cancelled"})

PIXELS_MAX: Final = 1 << 20  # of one side: a number beyond that is not a size
INTEGER_MAX: Final = (1 << 63) - 1  # what the database can keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The submission is waiting or being worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The submission is done, and `result` has at least one image entry."""

    result: GenerationResult


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFailed:
    """The submission is over without images. `detail` is machine words only, safe to log."""

    reason: FailureReason
    detail: str = field(default="")


PollAnswer = Pending | Finished | SubmissionFailed


def body_of(request: GenerationRequest) -> dict[str, object]:
    """The JSON object to submit: only what differs from the defaults, but for `ALWAYS_SENT`.

    The safety checker is asked for in every body, and no field of a request can say otherwise.
    """
    body = _members(request, always=ALWAYS_SENT)
    if "real_cfg_scale" in body:
        body["use_real_cfg"] = True  # without the switch the scale that somebody chose would act on nothing
    body["enable_safety_checker"] = True
    return body


def read_request_id(content: object) -> str | None:
    """The id that an accepted submission is polled by; None where there is no usable one."""
    value = lowered(content).get("request_id")
    return value if isinstance(value, str) and REQUEST_ID.fullmatch(value) else None


def read_answer(content: Mapping[str, object]) -> PollAnswer:
    """What the object in a poll's answer says about the submission. Keys and words are read in any case."""
    members = lowered(content)
    images = members.get("images")
    if isinstance(images, list | dict | str) and images:
        return Finished(result=_result(members, images))
    status = members.get("status")
    word = status.strip().lower() if isinstance(status, str) else ""
    error = read_error(members)
    if word in FAILURE_WORDS:
        cancelled = word in CANCEL_WORDS
        fallback = FailureReason.PROVIDER_CANCELLED if cancelled else FailureReason.PROVIDER_FAILED
        return SubmissionFailed(reason=error.reason or fallback, detail=error.words)
    if error.given and not means_in_progress(error.text):
        return SubmissionFailed(reason=error.reason or FailureReason.PROVIDER_FAILED, detail=error.words)
    return Pending()


def _members(value: object, *, always: frozenset[str] = frozenset()) -> dict[str, object]:
    """A dataclass instance as a JSON object, without the members that equal their default."""
    assert dataclasses.is_dataclass(value)
    return {
        entry.name: _plain(getattr(value, entry.name))
        for entry in dataclasses.fields(value)
        if entry.name in always or getattr(value, entry.name) != entry.default
    }


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_members(element) for element in value]
    return str(value) if isinstance(value, str) else value  # an enumeration's member becomes its word


def _result(members: Mapping[str, object], images: object) -> GenerationResult:
    # One object or a text in place of the list is a result all the same, but not one that can be matched with
    # its flags: it counts as a single image without an address.
    entries = images if isinstance(images, list) else [None]
    timings = members.get("timings")
    inference = timings.get("inference") if isinstance(timings, Mapping) else None
    return GenerationResult(
        images=tuple(_image(entry) for entry in entries),
        has_nsfw_concepts=members.get("has_nsfw_concepts"),
        malformed=not isinstance(images, list),
        seed=_whole(members.get("seed"), low=0, high=INTEGER_MAX),
        inference_seconds=_seconds(inference),
    )


def _image(entry: object) -> ResultImage:
    members = lowered(entry)
    url = members.get("url")
    content_type = members.get("content_type")
    return ResultImage(
        url=url if isinstance(url, str) and url else None,
        width_px=_whole(members.get("width"), low=1, high=PIXELS_MAX),
        height_px=_whole(members.get("height"), low=1, high=PIXELS_MAX),
        content_type=content_type if isinstance(content_type, str) and content_type else None,
    )


def _whole(value: object, *, low: int, high: int) -> int | None:
    """The integer in `value`, also where it came as 7.0 or "7"; None for anything else or out of range."""
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if low <= value <= high else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # The comparison comes first: an integer of a thousand digits has no float.
    return float(value) if 0 <= value <= INTEGER_MAX and math.isfinite(value) else None

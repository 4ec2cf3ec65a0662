"""What the workshop and its worker say to each other: a task as an argument, an outcome as the last line of stderr."""

import json
from dataclasses import asdict, dataclass
from typing import Final, Self

# `none` checks and normalises; the others make a control map of the result.
METHODS: Final = ("none", "canny", "gray", "blur", "tile", "low-quality")

# Of `canny`: thresholds are on the scale of 8-bit levels, as in everybody's tools.
THRESHOLD_MAX: Final = 255

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"

# How the worker ends, beyond 0 and what Python, signals and `childwork` give.
EXIT_REFUSED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work. Thresholds that are None are chosen from the image; only `canny` has any."""

    method: str
    seconds: int
    low: int | None = None
    high: int | None = None

    def as_argument(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, argument: str) -> Self:
        """The task of a worker's command line, which only the workshop writes."""
        return cls(**json.loads(argument))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was made. The original's size is as it is seen, after its orientation was applied.

    `low` and `high` are the thresholds that a canny map was made with.
    """

    media_type: str
    width_px: int
    height_px: int
    original_width_px: int
    original_height_px: int
    low: int | None = None
    high: int | None = None

    def as_line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Raises ValueError for anything but an outcome: whoever wrote it has decoded foreign bytes."""
        match json.loads(line):
            case {
                "media_type": "image/png" | "image/jpeg",
                "width_px": int(),
                "height_px": int(),
                "original_width_px": int(),
                "original_height_px": int(),
                "low": int() | None,
                "high": int() | None,
                **more,
            } as fields if not more:
                return cls(**fields)
        raise ValueError("no outcome")


def refusal_line(why: str) -> str:
    """How the worker says that an image can't be used: `why` is a code of `errors.UnusableImage`."""
    return json.dumps({"why": why})


def refusal_from(line: str) -> str:
    """The code of a refusal's line. Raises ValueError for anything else."""
    match json.loads(line):
        case {"why": str(why)}:
            return why
    raise ValueError("no refusal")

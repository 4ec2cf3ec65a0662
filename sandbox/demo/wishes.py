"""What the demo's members wish for, and what must become of each wish."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from sandbox.discord import Answer, Member, Message, Value
from sandbox.pixazo import SIZES

PRICE_MICROS: Final = 90_000
"""What the provider's page asks for a picture."""
DAILY_IMAGES: Final = 6
"""A member's daily quota in the demo: small, so that somebody runs into it."""
AT_ONCE: Final = 3
"""Jobs at the provider at once in the demo: few, so that somebody has to wait in line."""

_DEFAULT_SIZE: Final = "landscape_4_3"


class Fate(Enum):
    """What must become of a wish."""

    SHOWN = auto()
    """Its pictures are posted, but for those that the safety checker flags."""
    WITHHELD = auto()
    """The safety checker flags all: none is posted."""
    CANCELLED = auto()
    """Its member cancels it while it waits in line."""
    REFUSED = auto()
    """It is over the member's quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One `/imagine`. `flagged` are the indexes of the pictures that the safety checker finds fault with."""

    member: str
    prompt: str
    options: Mapping[str, Value] = field(default_factory=dict)
    flagged: frozenset[int] = frozenset()
    fate: Fate = Fate.SHOWN

    @property
    def count(self) -> int:
        """How many pictures are wished for."""
        return int(str(self.options.get("count", 1)))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return SIZES[str(self.options.get("size", _DEFAULT_SIZE))]

    @property
    def expected(self) -> tuple[int, ...]:
        """The indexes of the pictures that must be posted."""
        if self.fate is not Fate.SHOWN:
            return ()
        return tuple(index for index in range(self.count) if index not in self.flagged)

    @property
    def submitted(self) -> bool:
        """Whether the provider gets to know of it."""
        return self.fate in {Fate.SHOWN, Fate.WITHHELD}

    @property
    def slug(self) -> str:
        """The member and the first words of the prompt, fit for a file's name."""
        words = [word for word in re.findall(r"[a-z0-9]+", self.prompt.lower()) if word not in {"a", "an", "the"}]
        return "-".join((self.member, *words[:4]))

    @property
    def said(self) -> str:
        """The command as it was typed."""
        options = "".join(f" {name}:{value}" for name, value in self.options.items() if name != "seed")
        return f"/imagine {self.prompt}{options}"


@dataclass(slots=True, kw_only=True)
class Played:
    """A wish that was uttered, with the bot's first answer."""

    wish: Wish
    member: Member
    answer: Answer
    message: Message


FIRST: Final = Wish(
    member="ada",
    prompt="a lighthouse above a calm sea at dawn",
    options={"size": "landscape_16_9", "seed": 11},
)
FOUR: Final = Wish(
    member="ben",
    prompt="hot air balloons over the desert at sunset",
    options={"size": "landscape_4_3", "count": 4, "seed": 42},
)
FLAGGED: Final = Wish(
    member="cleo",
    prompt="figure study of a marble statue, charcoal",
    options={"size": "portrait_4_3", "seed": 7},
    flagged=frozenset({0}),
    fate=Fate.WITHHELD,
)
MIXED: Final = Wish(
    member="dana",
    prompt="a distant planet in deep space",
    options={"size": "square_hd", "count": 3, "seed": 17},
    flagged=frozenset({1}),
)
WAITING: Final = Wish(
    member="emil",
    prompt="a neon city in the rain, seen from a rooftop",
    options={"size": "portrait_4_3", "seed": 13},
)
CANCELLED: Final = Wish(
    member="fay",
    prompt="misty pine forest, first snow",
    options={"seed": 14},
    fate=Fate.CANCELLED,
)
TOO_MANY: Final = Wish(
    member="ben",
    prompt="the same balloons, but over snowy mountains",
    options={"count": 4, "seed": 15},
    fate=Fate.REFUSED,
)

ALL: Final = (FIRST, FOUR, FLAGGED, MIXED, WAITING, CANCELLED, TOO_MANY)


def flagged_by_prompt(prompt: str) -> frozenset[int]:
    """What the stand-in's safety checker says about the demo's prompts."""
    return next((wish.flagged for wish in ALL if wish.prompt == prompt), frozenset())

"""What the demo's members wish for, and what must become of each wish."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wish:
    """A request for pictures. `flagged` are the indexes of those that the safety checker finds fault with.

    It is uttered with a command, unless it is `made_from` another one's card, by a button.
    """

    member: str
    prompt: str
    options: Mapping[str, Value] = field(default_factory=dict)
    flagged: frozenset[int] = frozenset()
    fate: Fate = Fate.SHOWN
    command: str = "imagine"
    locale: str = "en-US"
    sent: str | None = None
    """The words that reach the provider, where they are others than were typed."""
    shape: str = _DEFAULT_SIZE
    """The size where no option says one: that of a preset, of an image, of the other wish."""
    image: str | None = None
    """What the image shows that the member gives along."""
    made_from: "Wish | None" = None

    @property
    def words(self) -> str:
        """The prompt as the provider gets it."""
        return self.sent or self.prompt

    @property
    def seed(self) -> int | None:
        """The seed that was asked for; none where a new one is to be drawn."""
        seed = self.options.get("seed")
        return int(str(seed)) if seed is not None else None

    def fits(self, body: Mapping[str, Any]) -> bool:
        """Whether a submission is this wish. One that asks for no seed must have got one that nobody asked for."""
        if body.get("prompt") != self.words:
            return False
        if self.seed is not None:
            return body.get("seed") == self.seed
        return body.get("seed") not in {wish.seed for wish in ALL}

    @property
    def count(self) -> int:
        """How many pictures are wished for."""
        return int(str(self.options.get("count", 1)))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return SIZES[str(self.options.get("size", self.shape))]

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
        return f"/{self.command} {self.prompt}{' image:photo.png' if self.image else ''}{options}"


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

PRESET: Final = "Harbour mist"
TEMPLATE: Final = "{prompt}, pale watercolour, morning mist"
LORA: Final = "Linocut"
LORA_PATH: Final = "riverside/linocut-flux"
TRIGGER: Final = "linocut print"

FOLLOWED: Final = Wish(
    member="gil",
    command="control",
    prompt="a lighthouse on a winter day, ink and gold leaf",
    options={"mode": "canny", "seed": 6},
    image="a lighthouse above a calm sea at dawn",
    shape="landscape_16_9",
)
TAKEN_AFTER: Final = Wish(
    member="hana",
    command="reference",
    prompt="a mountain village in the first snow",
    options={"kind": "style", "seed": 22},
    image="a neon city in the rain, seen from a rooftop",
    shape="landscape_16_9",
)
PRESET_USED: Final = Wish(
    member="ida",
    prompt="sailing boats in a quiet bay",
    options={"preset": PRESET, "seed": 23},
    sent=TEMPLATE.format(prompt="sailing boats in a quiet bay"),
    shape="square_hd",
)
LORA_USED: Final = Wish(
    member="jan",
    prompt="Heißluftballons über der Sahara",
    options={"lora": LORA, "seed": 24},
    locale="de",
    sent=f"Heißluftballons über der Sahara, {TRIGGER}",
)
REROLLED: Final = Wish(
    member="ida",
    prompt=PRESET_USED.prompt,
    sent=PRESET_USED.sent,
    shape=PRESET_USED.shape,
    made_from=PRESET_USED,
)
EDITED: Final = Wish(
    member="hana",
    prompt="a lighthouse above a stormy sea at night",
    options={"seed": 11},
    shape="landscape_16_9",
    made_from=FIRST,
)

STUDIO: Final = (FOLLOWED, TAKEN_AFTER, PRESET_USED, LORA_USED, REROLLED, EDITED)
ALL: Final = (FIRST, FOUR, FLAGGED, MIXED, WAITING, CANCELLED, *STUDIO, TOO_MANY)
MANAGER: Final = "mia"
"""A member who may change the server's settings."""


def flagged_by_prompt(prompt: str) -> frozenset[int]:
    """What the stand-in's safety checker says about the demo's prompts."""
    return next((wish.flagged for wish in ALL if wish.words == prompt), frozenset())

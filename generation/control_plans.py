"""What a member puts together with `/control`, as a draft keeps it until it becomes a job. No I/O."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from generation.composing import Choices, ControlChoice
from generation.input_images import MapSettings
from generation.modes import ControlMode, control_mode
from parameters import ImageSize

DRAFT_KIND: Final = "control"
# The image that maps are made from again, beside the one that is sent; a draft's files have names of their own.
ORIGINAL: Final = "original.image"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlan:
    """The choices of one `/control`; None where nothing was chosen, so that the mode or the preset decides.

    `image_filename` is the name of the image that is sent, in the draft and on the card; the size is the original's,
    whose shape the picture takes where no size was chosen. `low` and `high` are the thresholds of a canny map.
    """

    prompt: str
    mode: str
    image_filename: str = "input.png"
    image_width_px: int = 1
    image_height_px: int = 1
    strength: float | None = None
    start: float | None = None
    end: float | None = None
    preprocess: str | None = None
    size: ImageSize | None = None
    count: int | None = None
    seed: int | None = None
    preset: str | None = None
    low: int | None = None
    high: int | None = None

    @property
    def control(self) -> ControlMode:
        """The catalogue's entry of the mode. Raises InvalidOption where there is none."""
        return control_mode(self.mode)

    @property
    def map_settings(self) -> MapSettings | None:
        """The map to be made of the member's image; None where the image is sent as it is."""
        method = self.control.makes
        return None if method is None else MapSettings(method=method, low=self.low, high=self.high)

    @property
    def has_thresholds(self) -> bool:
        """Whether its map can be made in several ways, so that the original must be kept."""
        return self.control.makes == "canny"

    def choices(self) -> Choices:
        """The choices as `compose` takes them."""
        return Choices(
            prompt=self.prompt,
            command="control",
            size=self.size,
            count=self.count,
            seed=self.seed,
            control=ControlChoice(
                mode=self.mode,
                image_filename=self.image_filename,
                image_width_px=self.image_width_px,
                image_height_px=self.image_height_px,
                strength=self.strength,
                start=self.start,
                end=self.end,
                preprocess=self.preprocess,
            ),
        )

    def content(self) -> dict[str, Any]:
        """The plan in JSON's kinds of values, as a draft holds it."""
        return asdict(self)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The plan of a draft's content, which only `content` has written."""
        known = {entry.name: content[entry.name] for entry in fields(cls) if entry.name in content}
        size = known.get("size")
        return cls(**{**known, "size": None if size is None else ImageSize(size)})

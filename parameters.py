"""The provider's parameters: names, choices, ranges, array elements and the checks of a value. No I/O.

Names, defaults and ranges are the provider's own (its page, and fal's published schema for
`fal-ai/flux-general`, which it relays).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from errors import InvalidOption

PROMPT_MAX_CHARACTERS: Final = 2000
NEGATIVE_PROMPT_MAX_CHARACTERS: Final = 1000
SEED_MAX: Final = 2**31 - 1
# A message holds ten files, and the member's own image is one of them.
IMAGES_BESIDE_INPUT_MAX: Final = 9

# Of images that members give: what Discord lets everybody upload, and what decodes in reasonable memory.
INPUT_MAX_BYTES: Final = 25 * 1024 * 1024
INPUT_MAX_PIXELS: Final = 4096 * 4096
INPUT_MIN_SIDE_PX: Final = 64


class ImageSize(StrEnum):
    """The provider's named sizes."""

    SQUARE_HD = "square_hd"
    SQUARE = "square"
    PORTRAIT_4_3 = "portrait_4_3"
    PORTRAIT_16_9 = "portrait_16_9"
    LANDSCAPE_4_3 = "landscape_4_3"
    LANDSCAPE_16_9 = "landscape_16_9"

    @property
    def width_px(self) -> int:
        return _SIZES_PX[self][0]

    @property
    def height_px(self) -> int:
        return _SIZES_PX[self][1]


_SIZES_PX: Final = {
    ImageSize.SQUARE_HD: (1024, 1024),
    ImageSize.SQUARE: (512, 512),
    ImageSize.PORTRAIT_4_3: (768, 1024),
    ImageSize.PORTRAIT_16_9: (576, 1024),
    ImageSize.LANDSCAPE_4_3: (1024, 768),
    ImageSize.LANDSCAPE_16_9: (1024, 576),
}


class OutputFormat(StrEnum):
    """The file types the provider makes."""

    PNG = "png"
    JPEG = "jpeg"


class Scheduler(StrEnum):
    """The samplers the provider offers."""

    EULER = "euler"
    DPMPP_2M = "dpmpp_2m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The closed range of a number; `low` itself is outside where `low_excluded`."""

    low: float
    high: float
    low_excluded: bool = False

    def admits(self, value: float) -> bool:
        above = value > self.low if self.low_excluded else value >= self.low
        return above and value <= self.high  # NaN fails both comparisons


# nag_tau's upper bound is ours: the provider names none, and a number without one is no range.
PARAMETER_BOUNDS: Final = {
    "num_inference_steps": Bounds(low=1, high=50),
    "seed": Bounds(low=0, high=SEED_MAX),
    "guidance_scale": Bounds(low=0, high=20),
    "real_cfg_scale": Bounds(low=0, high=5),
    "num_images": Bounds(low=1, high=10),
    "reference_strength": Bounds(low=-3, high=3),
    "reference_end": Bounds(low=0, high=1),
    "base_shift": Bounds(low=0.01, high=5),
    "max_shift": Bounds(low=0.01, high=5),
    "nag_scale": Bounds(low=1, high=10, low_excluded=True),
    "nag_tau": Bounds(low=0, high=100, low_excluded=True),
    "nag_alpha": Bounds(low=0, high=1, low_excluded=True),
    "nag_end": Bounds(low=0, high=1, low_excluded=True),
}
# Of the array elements. Their refusals name the commands' options, by which members know them.
LORA_SCALE_BOUNDS: Final = Bounds(low=0, high=4)
IP_ADAPTER_SCALE_BOUNDS: Final = Bounds(low=0, high=4)
CONDITIONING_SCALE_BOUNDS: Final = Bounds(low=0, high=2)
FRACTION_BOUNDS: Final = Bounds(low=0, high=1)

# The provider's own words for the control modes of a union ControlNet and for EasyControl's built-in methods.
UNION_MODES: Final = ("canny", "tile", "depth", "blur", "pose", "gray", "low-quality")
PREPROCESSORS: Final = ("canny", "depth", "None")
EASYCONTROL_TYPES: Final = ("subject", "spatial")
EASYCONTROL_METHODS: Final = ("canny", "depth", "hedsketch", "inpainting", "pose", "seg", "subject", "ghibli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """An element of `loras`: a URL or a Hugging Face repository, and how strongly it acts (0 to 4)."""

    path: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_number("lora_strength", self.scale, LORA_SCALE_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLora:
    """An element of `control_loras`; `preprocess` is `canny`, `depth` or `None` (so spelled)."""

    path: str
    control_image_url: str
    preprocess: str = "None"
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_choice("preprocess", self.preprocess, PREPROCESSORS)
        check_number("strength", self.scale, LORA_SCALE_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNet:
    """The one element of `controlnets`; the control image is used as given, percentages are fractions."""

    path: str
    control_image_url: str
    conditioning_scale: float = 1.0
    start_percentage: float = 0.0
    end_percentage: float = 1.0
    mask_image_url: str | None = None
    mask_threshold: float = 0.5
    config_url: str | None = None
    variant: str | None = None

    def __post_init__(self) -> None:
        _check_control(self.conditioning_scale, self.start_percentage, self.end_percentage, self.mask_threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionControl:
    """One control of a union ControlNet; `control_mode` is one of `UNION_MODES`."""

    control_image_url: str
    control_mode: str
    conditioning_scale: float = 1.0
    start_percentage: float = 0.0
    end_percentage: float = 1.0
    mask_image_url: str | None = None
    mask_threshold: float = 0.5

    def __post_init__(self) -> None:
        check_choice("mode", self.control_mode, UNION_MODES)
        _check_control(self.conditioning_scale, self.start_percentage, self.end_percentage, self.mask_threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNetUnion:
    """The one element of `controlnet_unions`."""

    path: str
    controls: tuple[UnionControl, ...]
    config_url: str | None = None
    variant: str | None = None

    def __post_init__(self) -> None:
        if not self.controls:
            raise InvalidOption("mode", "empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class IpAdapter:
    """An element of `ip_adapters`; `scale` 0 to 4, about 0.6 works well."""

    path: str
    image_encoder_path: str
    image_url: str
    scale: float
    subfolder: str | None = None
    weight_name: str | None = None
    image_encoder_subfolder: str | None = None
    image_encoder_weight_name: str | None = None
    mask_image_url: str | None = None
    mask_threshold: float | None = None

    def __post_init__(self) -> None:
        check_number("strength", self.scale, IP_ADAPTER_SCALE_BOUNDS)
        if self.mask_threshold is not None:
            check_number("mask_threshold", self.mask_threshold, FRACTION_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EasyControl:
    """An element of `easycontrols`; `image_control_type` is `subject` or `spatial`."""

    control_method_url: str
    image_url: str
    image_control_type: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_choice("kind", self.image_control_type, EASYCONTROL_TYPES)
        check_number("strength", self.scale, LORA_SCALE_BOUNDS)


def check_text(option: str, text: str, *, longest: int) -> None:
    """Raise InvalidOption for a text of over `longest` characters or with control characters in it.

    Line breaks and tabs are text. Format characters (joiners in emoji, direction marks) pass: they are
    the prompt filter's business.
    """
    if len(text) > longest:
        raise InvalidOption(option, "too_long", high=longest)
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t" for c in text):
        raise InvalidOption(option, "control_characters")


def is_blank(text: str) -> bool:
    """Whether nothing of the text shows: there are only spaces and format characters, or nothing at all."""
    return all(c.isspace() or unicodedata.category(c) == "Cf" for c in text)


def check_number(option: str, value: float, bounds: Bounds) -> None:
    """Raise InvalidOption for a number outside its bounds, NaN included."""
    if not bounds.admits(value):
        raise InvalidOption(option, "out_of_range", low=bounds.low, high=bounds.high, low_excluded=bounds.low_excluded)


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise InvalidOption for a word that is not among the choices."""
    if value not in choices:
        raise InvalidOption(option, "not_a_choice")


def _check_control(strength: float, start: float, end: float, mask_threshold: float) -> None:
    check_number("strength", strength, CONDITIONING_SCALE_BOUNDS)
    check_number("start", start, FRACTION_BOUNDS)
    check_number("end", end, FRACTION_BOUNDS)
    check_number("mask_threshold", mask_threshold, FRACTION_BOUNDS)

"""What is known of the provider in advance: addresses, price, durations, models, modes. Reference data, no I/O.

[page] is the provider's own page for the Flux.1-dev ControlNet API, [seen] what its public samples and results
show, [host] the model host behind it (fal's `fal-ai/flux-general`), [card] the model's own page at Hugging Face.
Parameters are in `parameters.py`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from errors import InvalidOption
from parameters import (
    CONDITIONING_SCALE_BOUNDS,
    FRACTION_BOUNDS,
    IP_ADAPTER_SCALE_BOUNDS,
    LORA_SCALE_BOUNDS,
    PARAMETER_BOUNDS,
    PREPROCESSORS,
    Bounds,
    ControlLora,
    ControlNet,
    ControlNetUnion,
    EasyControl,
    IpAdapter,
    UnionControl,
    check_choice,
    check_number,
)

SUBMIT_URL: Final = "https://gateway.pixazo.ai/flux-general/v1/flux-general/generateTextToImageRequest"  # [page]
STATUS_URL: Final = "https://gateway.pixazo.ai/flux-general-polling/flux-general/getStatus"  # [page], no /v1/

# Where results are served. [page] names the first, the others are [seen]; the bucket behind `r2.dev` has a
# name of its own, which nobody promises to keep.
RESULT_HOSTS: Final = (
    "storage.pixazo.ai",
    "*.r2.dev",
    "imagesai.appypie.com",
    "fal.media",
    "v3.fal.media",
    "v3b.fal.media",
)

# [page] "$0.09, All Resolutions". It does not say whether that is for an image or for a request, so count images.
PAGE_PRICE_MICROS: Final = 90_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of seconds."""

    low_seconds: float
    high_seconds: float


# [seen] and [host], at the default size and steps. The work grows with images and pixels; real CFG doubles it.
INFERENCE_TIME: Final = Span(low_seconds=2, high_seconds=10)
QUEUE_TIME: Final = Span(low_seconds=0, high_seconds=30)
COLD_MODEL_TIME: Final = Span(low_seconds=10, high_seconds=60)  # a LoRA or ControlNet that is not loaded yet
REAL_CFG_FACTOR: Final = 2

# Public models that this API is known to take, in Hugging Face's notation. [seen]
UNION_PATHS: Final = (
    "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro",
    "InstantX/FLUX.1-dev-Controlnet-Union",
)
CONTROLNET_PATHS: Final = {
    "canny": "InstantX/FLUX.1-dev-Controlnet-Canny",
    "depth": "Shakker-Labs/FLUX.1-dev-ControlNet-Depth",
    "surface_normals": "jasperai/Flux.1-dev-Controlnet-Surface-Normals",
    "upscaler": "jasperai/Flux.1-dev-Controlnet-Upscaler",
    "lineart": "promeai/FLUX.1-controlnet-lineart-promeai",
}
# By address, as calls of the model host in public projects give them. [seen] for depth; canny is its sister.
CONTROL_LORA_PATHS: Final = {
    "canny": "https://huggingface.co/black-forest-labs/FLUX.1-Canny-dev-lora/resolve/main/flux1-canny-dev-lora.safetensors",
    "depth": "https://huggingface.co/black-forest-labs/FLUX.1-Depth-dev-lora/resolve/main/flux1-depth-dev-lora.safetensors",
}
IP_ADAPTER_PATH: Final = "XLabs-AI/flux-ip-adapter"
IP_ADAPTER_WEIGHT_NAME: Final = "ip_adapter.safetensors"  # [card], and [seen] beside the path
IP_ADAPTER_ENCODER_PATH: Final = "openai/clip-vit-large-patch14"

# Where Union-Pro works best, of the 0 to 2 that `conditioning_scale` takes. [seen]
UNION_SCALE_LOW: Final = 0.3
UNION_SCALE_HIGH: Final = 0.8


class ControlArray(StrEnum):
    """The array of a request that a control mode fills."""

    UNION = "controlnet_unions"
    NET = "controlnets"
    LORA = "control_loras"
    EASY = "easycontrols"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMode:
    """A way to steer a picture by an image.

    `key` is what members pick; `model` is the array element's path, or EasyControl's word for the method, and
    `strength` is used where a member names none. `makes` is the map that Easel draws from the member's image before
    it is sent, one of `MAPS`; where it is None the image goes out as it is, and `ready_map` says that the model
    then needs a finished map (depth, a pose, a sketch) and not an ordinary picture. `preprocess` is the map that the
    provider draws itself, for control LoRAs only.
    """

    key: str
    array: ControlArray
    model: str
    strength: float
    makes: str | None = None
    ready_map: bool = False
    preprocess: str | None = None

    @property
    def strength_bounds(self) -> Bounds:
        return CONDITIONING_SCALE_BOUNDS if self.has_span else LORA_SCALE_BOUNDS

    @property
    def has_span(self) -> bool:
        """Whether the control can begin later or end earlier than the picture does."""
        return self.array in {ControlArray.UNION, ControlArray.NET}

    @property
    def preprocess_choices(self) -> tuple[str, ...]:
        """What `preprocess` may be: the mode's own map, or `None` for an image that is one already."""
        return () if self.preprocess is None else (self.preprocess, "None")

    def needs_ready_map(self, preprocess: str | None = None) -> bool:
        """Whether the member's image must be a finished map, with `preprocess` as the member chose it."""
        return self.ready_map or (self.preprocess is not None and preprocess == "None")


# The maps that Easel draws itself, since the provider uses control images as they are. [host]
MAPS: Final = ("canny", "blur", "gray", "tile", "low-quality")


def _union(key: str, *, makes: str | None = None) -> ControlMode:
    # 0.7 is the upper part of what works best: somebody who gives an image wants to see it again.
    return ControlMode(
        key=key, array=ControlArray.UNION, model=UNION_PATHS[0], strength=0.7, makes=makes, ready_map=makes is None
    )


def _net(key: str, model: str, strength: float, *, makes: str | None = None, ready_map: bool = False) -> ControlMode:
    path = CONTROLNET_PATHS[model]
    return ControlMode(key=key, array=ControlArray.NET, model=path, strength=strength, makes=makes, ready_map=ready_map)


def _control_lora(key: str, preprocess: str) -> ControlMode:
    path = CONTROL_LORA_PATHS[preprocess]
    return ControlMode(key=key, array=ControlArray.LORA, model=path, strength=1.0, preprocess=preprocess)


def _easy(method: str, *, makes: str | None = None, ready_map: bool = False) -> ControlMode:
    key = f"easy-{method}"
    return ControlMode(key=key, array=ControlArray.EASY, model=method, strength=1.0, makes=makes, ready_map=ready_map)


# In the order in which members are offered them. The union's keys are the provider's own words for its modes; the
# strengths of the single ControlNets are those of their [card]s' samples (depth: the middle of 0.3 to 0.7).
CONTROL_MODES: Final = {
    mode.key: mode
    for mode in (
        _union("canny", makes="canny"),
        _union("tile", makes="tile"),
        _union("depth"),
        _union("blur", makes="blur"),
        _union("pose"),
        _union("gray", makes="gray"),
        _union("low-quality", makes="low-quality"),
        _net("net-canny", "canny", 0.6, makes="canny"),
        _net("net-depth", "depth", 0.5, ready_map=True),
        _net("net-normals", "surface_normals", 0.6, ready_map=True),
        _net("net-lineart", "lineart", 0.6, ready_map=True),
        _net("net-upscaler", "upscaler", 0.6),
        _control_lora("lora-canny", "canny"),
        _control_lora("lora-depth", "depth"),
        _easy("canny", makes="canny"),
        _easy("depth", ready_map=True),
        _easy("hedsketch", ready_map=True),
        _easy("inpainting", ready_map=True),
        _easy("pose", ready_map=True),
        _easy("seg", ready_map=True),
        _easy("ghibli"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceKind:
    """A way to let a picture take after an image; `has_end` where it can stop before the picture is done."""

    key: str
    strength: float
    strength_bounds: Bounds
    has_end: bool = False


REFERENCE_KINDS: Final = {
    kind.key: kind
    for kind in (
        ReferenceKind(key="style", strength=0.65, strength_bounds=PARAMETER_BOUNDS["reference_strength"], has_end=True),
        ReferenceKind(key="ip-adapter", strength=0.6, strength_bounds=IP_ADAPTER_SCALE_BOUNDS),
        ReferenceKind(key="subject", strength=1.0, strength_bounds=LORA_SCALE_BOUNDS),
    )
}


def control_mode(key: str) -> ControlMode:
    """The mode of that key. Raises InvalidOption where there is none."""
    check_choice("mode", key, tuple(CONTROL_MODES))
    return CONTROL_MODES[key]


def reference_kind(key: str) -> ReferenceKind:
    """The kind of that key. Raises InvalidOption where there is none."""
    check_choice("kind", key, tuple(REFERENCE_KINDS))
    return REFERENCE_KINDS[key]


def control_fields(
    mode_key: str,
    *,
    image_url: str,
    strength: float | None = None,
    start: float | None = None,
    end: float | None = None,
    preprocess: str | None = None,
) -> dict[str, object]:
    """What a control mode sets in a GenerationRequest, as keyword arguments; None leaves it to the mode.

    Raises InvalidOption for an unknown mode, a value out of range, an option that the mode has no use for
    (`not_used`), a `start` that is not before the `end`, and a `preprocess` that draws another mode's map (both
    `conflict`).
    """
    mode = control_mode(mode_key)
    scale = mode.strength if strength is None else strength
    check_number("strength", scale, mode.strength_bounds)
    _check_span(mode, start, end)
    _check_preprocess(mode, preprocess)
    element: object
    match mode.array:
        case ControlArray.UNION:
            control = UnionControl(
                control_image_url=image_url,
                control_mode=mode.key,
                conditioning_scale=scale,
                start_percentage=0.0 if start is None else start,
                end_percentage=1.0 if end is None else end,
            )
            element = ControlNetUnion(path=mode.model, controls=(control,))
        case ControlArray.NET:
            element = ControlNet(
                path=mode.model,
                control_image_url=image_url,
                conditioning_scale=scale,
                start_percentage=0.0 if start is None else start,
                end_percentage=1.0 if end is None else end,
            )
        case ControlArray.LORA:
            drawn = preprocess or mode.preprocess or "None"
            element = ControlLora(path=mode.model, control_image_url=image_url, preprocess=drawn, scale=scale)
        case ControlArray.EASY:
            element = EasyControl(
                control_method_url=mode.model, image_url=image_url, image_control_type="spatial", scale=scale
            )
    return {mode.array.value: (element,)}


def reference_fields(
    kind_key: str, *, image_url: str, strength: float | None = None, end: float | None = None
) -> dict[str, object]:
    """What a reference kind sets in a GenerationRequest, as keyword arguments; None leaves it to the kind.

    Raises InvalidOption for an unknown kind, a value out of range, and an `end` where the kind has none (`not_used`).
    """
    kind = reference_kind(kind_key)
    scale = kind.strength if strength is None else strength
    check_number("strength", scale, kind.strength_bounds)
    if end is not None:
        if not kind.has_end:
            raise InvalidOption("end", "not_used", other=kind.key)
        check_number("end", end, FRACTION_BOUNDS)
    if kind.key == "style":
        return {
            "reference_image_url": image_url,
            "reference_strength": scale,
            "reference_end": 1.0 if end is None else end,
        }
    if kind.key == "ip-adapter":
        adapter = IpAdapter(
            path=IP_ADAPTER_PATH,
            weight_name=IP_ADAPTER_WEIGHT_NAME,
            image_encoder_path=IP_ADAPTER_ENCODER_PATH,
            image_url=image_url,
            scale=scale,
        )
        return {"ip_adapters": (adapter,), "use_real_cfg": True}  # [host]: an IP-Adapter works with real CFG only
    subject = EasyControl(control_method_url="subject", image_url=image_url, image_control_type="subject", scale=scale)
    return {"easycontrols": (subject,)}


def _check_span(mode: ControlMode, start: float | None, end: float | None) -> None:
    for option, value in (("start", start), ("end", end)):
        if value is None:
            continue
        if not mode.has_span:
            raise InvalidOption(option, "not_used", other=mode.key)
        check_number(option, value, FRACTION_BOUNDS)
    # A control that ends before it begins would be paid for and do nothing.
    if (0.0 if start is None else start) >= (1.0 if end is None else end):
        raise InvalidOption("start", "conflict", other="end")


def _check_preprocess(mode: ControlMode, preprocess: str | None) -> None:
    if preprocess is None:
        return
    if mode.preprocess is None:
        raise InvalidOption("preprocess", "not_used", other=mode.key)
    check_choice("preprocess", preprocess, PREPROCESSORS)
    if preprocess not in mode.preprocess_choices:
        raise InvalidOption("preprocess", "conflict", other="mode")

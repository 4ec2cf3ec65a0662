"""The provider's parameters as its page has them, and who sets each in Easel: the rows of `docs/parameters.md`.

Names, defaults, ranges and the values that examples must give are typed from the provider's page (and, where it is
silent, from the schema of the model host behind it), not taken from the code: the tests hold the code against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from generation.composing import Choices, ControlChoice, ReferenceChoice, compose
from generation.inputs import with_addresses
from parameters import ImageSize, OutputFormat, Scheduler
from provider.wire import body_of
from recipes import LoraEntry, LoraPick, Preset, PresetScope, PresetValues

IMAGE_URL: Final = "https://cdn.discordapp.com/attachments/1/2/input.png"
LORA: Final = LoraEntry(guild_id=1, name="Ink", path="owner/ink-lora", default_scale=0.8)


class Setter(StrEnum):
    """Who decides about a parameter."""

    MEMBER = "member"
    CATALOGUE = "catalogue"
    FIXED = "fixed"
    NOBODY = "not sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """From `low` (itself outside where `above`) to `high`; None where the page names no end."""

    low: float
    high: float | None
    above: bool = False

    def __str__(self) -> str:
        low = f"{'> ' if self.above else ''}{self.low:.10g}"
        return low if self.high is None else f"{low} – {self.high:.10g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a member asks for."""

    choices: Choices
    preset: PresetValues | None = None

    def body(self) -> dict[str, Any]:
        """The very body that is submitted for it, with the seed that acceptance would have drawn."""
        preset = None
        if self.preset is not None:
            preset = Preset(scope=PresetScope.GUILD, name="Example", guild_id=1, values=self.preset)
        request, _ = compose(self.choices, preset=preset, loras=(LORA,))
        return body_of(with_addresses(request, {"input.png": IMAGE_URL}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One parameter, or one field of an array's element.

    `required` and `default` are the page's. `options` name the command's options that set it and `preset` the field
    of a preset that does; `note` says the rest, above all why nobody sets it. `sent` is the value that `wish` must
    give. `on_page` is False for what only the model host's schema names.
    """

    name: str
    setter: Setter
    required: bool = False
    default: Any = None
    takes: Range | tuple[str, ...] | str = ""
    options: tuple[str, ...] = ()
    preset: str | None = None
    note: str = ""
    wish: Wish | None = field(default=None, repr=False)
    sent: Any = None
    on_page: bool = True


def wish(preset: PresetValues | None = None, **choices: Any) -> Wish:
    """A wish for a fox with seed 7 and these choices."""
    values: dict[str, Any] = {"prompt": "a fox", "seed": 7}
    return Wish(choices=Choices(**(values | choices)), preset=preset)


def control(mode: str, **options: Any) -> Wish:
    """A wish with a control image of 1024 by 1024."""
    image: dict[str, Any] = {"image_filename": "input.png", "image_width_px": 1024, "image_height_px": 1024}
    return wish(command="control", control=ControlChoice(mode=mode, **image, **options))


def reference(kind: str, *, preset: PresetValues | None = None, **options: Any) -> Wish:
    """A wish with a reference image of 1024 by 1024."""
    image: dict[str, Any] = {"image_filename": "input.png", "image_width_px": 1024, "image_height_px": 1024}
    return wish(preset, command="reference", reference=ReferenceChoice(kind=kind, **image, **options))


def _everywhere(option: str) -> tuple[str, ...]:
    return tuple(f"/{command} {option}" for command in ("imagine", "control", "reference"))


def _of_preset(name: str, default: Any, takes: Range | tuple[str, ...], value: Any) -> Row:
    """A parameter that only presets set."""
    values = PresetValues(**{name: value})
    return Row(
        name=name, setter=Setter.MEMBER, default=default, takes=takes, preset=name, wish=wish(values), sent=value
    )


def _unused(name: str, note: str, *, default: Any = None, on_page: bool = True, takes: Any = "") -> Row:
    return Row(name=name, setter=Setter.NOBODY, default=default, note=note, on_page=on_page, takes=takes)


FRACTION: Final = Range(low=0, high=1)
PART: Final = Range(low=0, high=1, above=True)
LORA_SCALE: Final = Range(low=0, high=4)
SIZES: Final = ("square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9")
UNION_MODES: Final = ("canny", "tile", "depth", "blur", "pose", "gray", "low-quality")
EASY_METHODS: Final = ("canny", "depth", "hedsketch", "inpainting", "pose", "seg", "subject", "ghibli")
UNION_PATH: Final = "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro"
DEPTH_LORA: Final = (
    "https://huggingface.co/black-forest-labs/FLUX.1-Depth-dev-lora/resolve/main/flux1-depth-dev-lora.safetensors"
)

TOP: Final = (
    Row(
        name="prompt",
        setter=Setter.MEMBER,
        required=True,
        takes="1 – 2000 characters (our limit)",
        options=_everywhere("prompt"),
        note="worked into the preset's template; trigger words of LoRAs are appended",
        preset="template",
        wish=wish(PresetValues(template="{prompt}, oil on canvas")),
        sent="a fox, oil on canvas",
    ),
    Row(
        name="negative_prompt",
        setter=Setter.MEMBER,
        default="",
        takes="up to 1000 characters (our limit)",
        options=("/imagine negative",),
        preset="negative_prompt",
        wish=wish(negative="fog"),
        sent="fog",
    ),
    Row(
        name="image_size",
        setter=Setter.MEMBER,
        takes=SIZES,
        options=_everywhere("size"),
        preset="image_size",
        note="always sent; else the shape of the member's image, else landscape_4_3",
        wish=wish(size=ImageSize.PORTRAIT_16_9),
        sent="portrait_16_9",
    ),
    Row(
        name="num_inference_steps",
        setter=Setter.MEMBER,
        default=28,
        takes=Range(low=1, high=50),
        options=("/imagine steps",),
        preset="num_inference_steps",
        wish=wish(steps=40),
        sent=40,
    ),
    Row(
        name="seed",
        setter=Setter.MEMBER,
        takes=Range(low=0, high=2_147_483_647),
        options=_everywhere("seed"),
        note="always sent; drawn at acceptance where nobody chose one",
        wish=wish(seed=1234),
        sent=1234,
    ),
    Row(
        name="guidance_scale",
        setter=Setter.MEMBER,
        default=3.5,
        takes=Range(low=0, high=20),
        options=("/imagine guidance",),
        preset="guidance_scale",
        wish=wish(guidance=6.0),
        sent=6.0,
    ),
    _of_preset("real_cfg_scale", 3.5, Range(low=0, high=5), 2.0),
    Row(
        name="num_images",
        setter=Setter.MEMBER,
        default=1,
        takes=Range(low=1, high=10),
        options=_everywhere("count"),
        note="always sent; 9 at most beside a member's image, and as many as the server allows",
        wish=wish(count=4),
        sent=4,
    ),
    Row(
        name="enable_safety_checker",
        setter=Setter.FIXED,
        default=True,
        note="true in every body, and nothing can say otherwise",
        wish=wish(),
        sent=True,
    ),
    Row(
        name="reference_strength",
        setter=Setter.MEMBER,
        default=0.65,
        takes=Range(low=-3, high=3),
        options=("/reference strength",),
        preset="reference_strength",
        note="of the kind `style`",
        wish=reference("style", strength=1.5),
        sent=1.5,
    ),
    Row(
        name="reference_end",
        setter=Setter.MEMBER,
        default=1.0,
        takes=FRACTION,
        options=("/reference end",),
        preset="reference_end",
        note="of the kind `style`",
        wish=reference("style", preset=PresetValues(reference_end=0.5)),
        sent=0.5,
    ),
    _of_preset("base_shift", 0.5, Range(low=0.01, high=5), 0.75),
    _of_preset("max_shift", 1.15, Range(low=0.01, high=5), 1.5),
    Row(
        name="output_format",
        setter=Setter.MEMBER,
        default="png",
        takes=("jpeg", "png"),
        options=("/imagine format",),
        preset="output_format",
        wish=wish(file_format=OutputFormat.JPEG),
        sent="jpeg",
    ),
    _of_preset("scheduler", "euler", ("euler", "dpmpp_2m"), Scheduler.DPMPP_2M),
    _of_preset("nag_scale", 3.0, Range(low=1, high=10, above=True), 5.0),
    _of_preset("nag_tau", 2.5, Range(low=0, high=None, above=True), 3.5),
    _of_preset("nag_alpha", 0.25, PART, 0.5),
    _of_preset("nag_end", 0.25, PART, 0.75),
    Row(
        name="loras",
        setter=Setter.MEMBER,
        default=(),
        takes="5 at most (our limit)",
        options=("/imagine lora",),
        preset="loras",
        note="by name, from the server's catalogue (`/admin loras`)",
        wish=wish(lora=LoraPick(name="Ink", scale=0.5)),
        sent=[{"path": "owner/ink-lora", "scale": 0.5}],
    ),
    Row(
        name="control_loras",
        setter=Setter.MEMBER,
        default=(),
        options=("/control mode",),
        note="modes `lora-…`",
        wish=control("lora-depth"),
        sent=[{"path": DEPTH_LORA, "control_image_url": IMAGE_URL, "preprocess": "depth"}],
    ),
    Row(
        name="controlnets",
        setter=Setter.MEMBER,
        default=(),
        takes="1 at most, and none beside a union",
        options=("/control mode",),
        note="modes `net-…`",
        wish=control("net-lineart", strength=1.0),
        sent=[{"path": "promeai/FLUX.1-controlnet-lineart-promeai", "control_image_url": IMAGE_URL}],
    ),
    Row(
        name="controlnet_unions",
        setter=Setter.MEMBER,
        default=(),
        takes="1 at most, and none beside a ControlNet",
        options=("/control mode",),
        note="modes without a prefix",
        wish=control("pose", strength=1.0),
        sent=[{"path": UNION_PATH, "controls": [{"control_image_url": IMAGE_URL, "control_mode": "pose"}]}],
    ),
    Row(
        name="ip_adapters",
        setter=Setter.MEMBER,
        default=(),
        options=("/reference kind",),
        note="kind `ip-adapter`",
        wish=reference("ip-adapter"),
        sent=[
            {
                "path": "XLabs-AI/flux-ip-adapter",
                "image_encoder_path": "openai/clip-vit-large-patch14",
                "image_url": IMAGE_URL,
                "scale": 0.6,
                "weight_name": "ip_adapter.safetensors",
            }
        ],
    ),
    Row(
        name="easycontrols",
        setter=Setter.MEMBER,
        default=(),
        options=("/control mode", "/reference kind"),
        note="modes `easy-…`, kind `subject`",
        wish=reference("subject"),
        sent=[{"control_method_url": "subject", "image_url": IMAGE_URL, "image_control_type": "subject"}],
    ),
    Row(
        name="reference_image_url",
        setter=Setter.MEMBER,
        options=("/reference image",),
        note="kind `style`: without it `reference_strength` acts on nothing",
        wish=reference("style"),
        sent=IMAGE_URL,
        on_page=False,
    ),
    Row(
        name="use_real_cfg",
        setter=Setter.CATALOGUE,
        default=False,
        note="set with a preset's `real_cfg_scale`, which acts on nothing without it, and with an IP-Adapter",
        wish=wish(PresetValues(real_cfg_scale=3.5)),
        sent=True,
        on_page=False,
    ),
    _unused("reference_start", "the page does not name it", default=0, on_page=False, takes=FRACTION),
    _unused("use_cfg_zero", "the page does not name it", default=False, on_page=False),
    _unused("use_beta_schedule", "the page does not name it", default=False, on_page=False),
    _unused("fill_image", "the page does not name it", on_page=False),
)

_NO_MASK: Final = (
    _unused("mask_image_url", "an image acts on the whole picture: members have nothing to draw masks with"),
    _unused("mask_threshold", "no mask is sent", default=0.5, takes=FRACTION),
)
_WEIGHTS: Final = (
    _unused("config_url", "each model of the catalogue has its configuration beside it"),
    _unused("variant", "each model of the catalogue has one set of weights"),
)
_IMAGE_NOTE: Final = "the address of the file on the card, asked for just before submitting"


def _image(name: str, example: Wish, *options: str) -> Row:
    return Row(
        name=name, setter=Setter.MEMBER, required=True, options=options, note=_IMAGE_NOTE, wish=example, sent=IMAGE_URL
    )


def _path(name: str, example: Wish, sent: str, note: str) -> Row:
    return Row(name=name, setter=Setter.CATALOGUE, required=True, note=note, wish=example, sent=sent)


def _strength(name: str, default: float | None, takes: Range, example: Wish, *options: str) -> Row:
    """A field that is the option `strength`, given as 1.5 in the example."""
    return Row(
        name=name,
        setter=Setter.MEMBER,
        required=default is None,
        default=default,
        takes=takes,
        options=options,
        note="else the catalogue's",
        wish=example,
        sent=1.5,
    )


def _span(mode: str) -> tuple[Row, Row]:
    """The two fields that say when a control acts."""

    def row(option: str, default: float, example: Wish, sent: float) -> Row:
        return Row(
            name=f"{option}_percentage",
            setter=Setter.MEMBER,
            default=default,
            takes=FRACTION,
            options=(f"/control {option}",),
            wish=example,
            sent=sent,
        )

    return row("start", 0.0, control(mode, start=0.25), 0.25), row("end", 1.0, control(mode, end=0.75), 0.75)


# By the place in the body, where [] stands for an element.
ELEMENTS: Final[Mapping[str, tuple[Row, ...]]] = {
    "loras[]": (
        _path("path", wish(lora=LoraPick(name="Ink")), "owner/ink-lora", "the server's: `/admin loras add`"),
        Row(
            name="scale",
            setter=Setter.MEMBER,
            default=1.0,
            takes=LORA_SCALE,
            options=("/imagine lora_strength",),
            preset="loras",
            note="else the server's default for the LoRA; never above its maximum",
            wish=wish(lora=LoraPick(name="Ink", scale=1.5)),
            sent=1.5,
        ),
    ),
    "control_loras[]": (
        _path("path", control("lora-depth"), DEPTH_LORA, "by mode"),
        _image("control_image_url", control("lora-depth"), "/control image"),
        Row(
            name="preprocess",
            setter=Setter.MEMBER,
            default="None",
            takes=("canny", "depth", "None"),
            options=("/control preprocess",),
            note="else the map that the mode is for; `None` says that the image is one already",
            wish=control("lora-canny"),
            sent="canny",
        ),
        _strength("scale", 1.0, LORA_SCALE, control("lora-depth", strength=1.5), "/control strength"),
    ),
    "controlnets[]": (
        _path("path", control("net-canny"), "InstantX/FLUX.1-dev-Controlnet-Canny", "by mode"),
        _image("control_image_url", control("net-canny"), "/control image"),
        _strength(
            "conditioning_scale", 1.0, Range(low=0, high=2), control("net-canny", strength=1.5), "/control strength"
        ),
        *_span("net-canny"),
        *_NO_MASK,
        *_WEIGHTS,
    ),
    "controlnet_unions[]": (
        _path("path", control("canny"), UNION_PATH, "one for all modes"),
        Row(
            name="controls",
            setter=Setter.CATALOGUE,
            required=True,
            note="always one, see below",
            wish=control("canny"),
            sent=[{"control_image_url": IMAGE_URL, "control_mode": "canny", "conditioning_scale": 0.7}],
        ),
        *_WEIGHTS,
    ),
    "controlnet_unions[].controls[]": (
        _image("control_image_url", control("canny"), "/control image"),
        Row(
            name="control_mode",
            setter=Setter.MEMBER,
            required=True,
            takes=UNION_MODES,
            options=("/control mode",),
            wish=control("low-quality"),
            sent="low-quality",
        ),
        _strength("conditioning_scale", 1.0, Range(low=0, high=2), control("canny", strength=1.5), "/control strength"),
        *_span("canny"),
        *_NO_MASK,
    ),
    "ip_adapters[]": (
        _path("path", reference("ip-adapter"), "XLabs-AI/flux-ip-adapter", "the one IP-Adapter"),
        _path("image_encoder_path", reference("ip-adapter"), "openai/clip-vit-large-patch14", "the adapter's encoder"),
        _image("image_url", reference("ip-adapter"), "/reference image"),
        _strength("scale", None, LORA_SCALE, reference("ip-adapter", strength=1.5), "/reference strength"),
        _unused("subfolder", "the weights lie at the top of the repository"),
        Row(
            name="weight_name",
            setter=Setter.CATALOGUE,
            note="the file in the adapter's repository",
            wish=reference("ip-adapter"),
            sent="ip_adapter.safetensors",
        ),
        _unused("image_encoder_subfolder", "the encoder lies at the top of its repository"),
        _unused("image_encoder_weight_name", "the encoder's weights have their usual name"),
        _NO_MASK[0],
        _unused("mask_threshold", "no mask is sent", takes=FRACTION),
    ),
    "easycontrols[]": (
        Row(
            name="control_method_url",
            setter=Setter.MEMBER,
            required=True,
            takes=EASY_METHODS,
            options=("/control mode", "/reference kind"),
            note="members never pass an address of their own",
            wish=control("easy-seg"),
            sent="seg",
        ),
        _image("image_url", control("easy-seg"), "/control image", "/reference image"),
        Row(
            name="image_control_type",
            setter=Setter.CATALOGUE,
            required=True,
            takes=("subject", "spatial"),
            note="`subject` goes with the method of that name, all others are spatial",
            wish=control("easy-seg"),
            sent="spatial",
        ),
        _strength(
            "scale", 1.0, LORA_SCALE, control("easy-seg", strength=1.5), "/control strength", "/reference strength"
        ),
    ),
}

"""The parameter table of the provider's page, and a check of request bodies that is as strict as it allows.

Names and defaults are the page's, ranges those of the model host's published schema. Where the real service is more
lenient (it ignores what it does not know), this one refuses, so that a client's mistake shows in a test.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.pixazo.bodies import model_problem

SIZES: Mapping[str, tuple[int, int]] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""The named sizes, as width and height in pixels."""

DEFAULT_SIZE = "landscape_4_3"
SEED_MAX = 2**31 - 1

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a body: where, which kind (in the model host's words), and what it says."""

    location: Location
    kind: str
    message: str
    ctx: Mapping[str, Any] | None = None
    given: Any = None

    @property
    def where(self) -> str:
        """The place as one word, such as `loras.0.scale`."""
        return ".".join(str(part) for part in self.location)

    def entry(self) -> dict[str, Any]:
        """The entry for the model host's `detail` list."""
        return model_problem(
            self.kind,
            self.message,
            location=("body", *self.location),
            ctx=self.ctx,
            given=self.given,
        )


Check = Callable[[Location, Any], Iterator[Problem]]


def text(*, blank: bool = True) -> Check:
    """A string; `blank=False` refuses one without a visible character."""

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield _wrong_type(location, value, "string_type", "Input should be a valid string")
        elif not blank and not value.strip():
            yield Problem(
                location=location,
                kind="string_too_short",
                message="String should have at least 1 character",
                ctx={"min_length": 1},
                given=value,
            )

    return check


def flag(location: Location, value: Any) -> Iterator[Problem]:
    """A JSON boolean."""
    if not isinstance(value, bool):
        yield _wrong_type(location, value, "bool_type", "Input should be a valid boolean")


def one_of(*choices: str) -> Check:
    """One of a few words."""

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if value not in choices:
            listed = ", ".join(f"'{choice}'" for choice in choices)
            yield Problem(
                location=location,
                kind="one_of",
                message=f"Input should be one of {listed}",
                ctx={"expected": list(choices)},
                given=value,
            )

    return check


def number(
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    whole: bool = False,
) -> Check:
    """A finite number within bounds; `above` is an open lower bound, `whole` refuses anything but integers."""
    bounds: list[tuple[str, str, float | None, Callable[[float, float], bool], str]] = [
        ("greater_than_equal", "ge", least, lambda value, bound: value >= bound, "greater than or equal to"),
        ("greater_than", "gt", above, lambda value, bound: value > bound, "greater than"),
        ("less_than_equal", "le", most, lambda value, bound: value <= bound, "less than or equal to"),
    ]

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            kind = "int_type" if whole else "float_type"
            yield _wrong_type(location, value, kind, "Input should be a valid number")
            return
        if whole and not isinstance(value, int):
            yield _wrong_type(location, value, "int_type", "Input should be a valid integer")
            return
        if not math.isfinite(value):
            yield _wrong_type(location, None, "finite_number", "Input should be a finite number")
            return
        for kind, name, bound, holds, words in bounds:
            if bound is not None and not holds(value, bound):
                message = f"Input should be {words} {bound:g}"
                yield Problem(location=location, kind=kind, message=message, ctx={name: bound}, given=value)

    return check


def nullable(inner: Check) -> Check:
    """What `inner` takes, or null."""

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if value is not None:
            yield from inner(location, value)

    return check


def url(location: Location, value: Any) -> Iterator[Problem]:
    """An http or https address."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/?#]+\S*", value):
        yield _wrong_type(location, value, "url_parsing", "Input should be a valid URL")


def model_path(location: Location, value: Any) -> Iterator[Problem]:
    """Weights by address, or by the name of a public model repository (`owner/name`)."""
    if isinstance(value, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        return
    yield from url(location, value)


def items(element: Check, *, most: int | None = None, least: int = 0) -> Check:
    """A list whose elements all pass `element`."""

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield _wrong_type(location, value, "list_type", "Input should be a valid list")
            return
        if len(value) < least:
            message = f"List should have at least {least} item(s)"
            ctx = {"min_length": least}
            yield Problem(location=location, kind="sequence_too_short", message=message, ctx=ctx)
        if most is not None and len(value) > most:
            message = f"List should have at most {most} item(s)"
            ctx = {"max_length": most}
            yield Problem(location=location, kind="sequence_too_long", message=message, ctx=ctx)
        for index, entry in enumerate(value):
            yield from element((*location, index), entry)

    return check


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One named value: what it takes, and what is assumed where it is left out."""

    check: Check
    default: Any = None
    required: bool = False
    on_page: bool = True
    """False for what only the model host's schema names."""


def record(parameters: Mapping[str, Parameter]) -> Check:
    """An object with exactly these members, the required ones present."""

    def check(location: Location, value: Any) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield _wrong_type(location, value, "dict_type", "Input should be a valid dictionary")
            return
        for name, parameter in parameters.items():
            if name in value:
                yield from parameter.check((*location, name), value[name])
            elif parameter.required:
                yield Problem(location=(*location, name), kind="missing", message="Field required")
        for name in value.keys() - parameters.keys():
            message = "Extra inputs are not permitted"
            yield Problem(location=(*location, name), kind="extra_forbidden", message=message)

    return check


def _wrong_type(location: Location, value: Any, kind: str, message: str) -> Problem:
    return Problem(location=location, kind=kind, message=message, given=value)


def _required(check: Check) -> Parameter:
    return Parameter(check=check, required=True)


def _optional(check: Check, default: Any = None) -> Parameter:
    return Parameter(check=check, default=default)


def _unnamed(check: Check, default: Any = None) -> Parameter:
    return Parameter(check=check, default=default, on_page=False)


_FRACTION = number(least=0, most=1)

_MASK = {"mask_image_url": _optional(nullable(url)), "mask_threshold": _optional(_FRACTION, 0.5)}
_CONTROL = {
    "control_image_url": _required(url),
    "conditioning_scale": _optional(number(least=0, most=2), 1),
    "start_percentage": _optional(_FRACTION, 0),
    "end_percentage": _optional(_FRACTION, 1),
    **_MASK,
}
_WEIGHTS = {
    "path": _required(model_path),
    "config_url": _optional(nullable(url)),
    "variant": _optional(nullable(text())),
}
_LORA = {"path": _required(model_path), "scale": _optional(number(least=0, most=4), 1)}
_CONTROL_LORA = {
    "path": _required(model_path),
    "control_image_url": _required(url),
    "preprocess": _optional(one_of("canny", "depth", "None"), "None"),
    "scale": _optional(number(least=0, most=4), 1),
}
_UNION_CONTROL = {
    **_CONTROL,
    "control_mode": _required(one_of("canny", "tile", "depth", "blur", "pose", "gray", "low-quality")),
}
_UNION = {**_WEIGHTS, "controls": _required(items(record(_UNION_CONTROL), least=1))}
_IP_ADAPTER = {
    "path": _required(model_path),
    "image_encoder_path": _required(model_path),
    "image_url": _required(url),
    "scale": _required(number(least=0, most=4)),
    "subfolder": _optional(nullable(text())),
    "weight_name": _optional(nullable(text())),
    "image_encoder_subfolder": _optional(nullable(text())),
    "image_encoder_weight_name": _optional(nullable(text())),
    **_MASK,
}
_EASY_METHODS = ("canny", "depth", "hedsketch", "inpainting", "pose", "seg", "subject", "ghibli")


def _easy_method(location: Location, value: Any) -> Iterator[Problem]:
    if value not in _EASY_METHODS:
        yield from url(location, value)


_EASY_RECORD = record(
    {
        "control_method_url": _required(_easy_method),
        "image_url": _required(url),
        "image_control_type": _required(one_of("subject", "spatial")),
        "scale": _optional(number(least=0, most=4), 1),
    },
)


def _easy_control(location: Location, value: Any) -> Iterator[Problem]:
    yield from _EASY_RECORD(location, value)
    method = value.get("control_method_url") if isinstance(value, dict) else None
    if method not in _EASY_METHODS:
        return
    fitting = "subject" if method == "subject" else "spatial"
    if value.get("image_control_type") not in (None, fitting):
        message = f"'{method}' goes with '{fitting}'"
        yield Problem(location=(*location, "image_control_type"), kind="value_error", message=message)


PARAMETERS: Mapping[str, Parameter] = {
    "prompt": _required(text(blank=False)),
    "negative_prompt": _optional(text(), ""),
    "image_size": _optional(nullable(one_of(*SIZES))),
    "num_inference_steps": _optional(number(least=1, most=50, whole=True), 28),
    "seed": _optional(nullable(number(least=0, most=SEED_MAX, whole=True))),
    "guidance_scale": _optional(number(least=0, most=20), 3.5),
    "real_cfg_scale": _optional(number(least=0, most=5), 3.5),
    "num_images": _optional(number(least=1, most=10, whole=True), 1),
    "enable_safety_checker": _optional(flag, default=True),
    "reference_strength": _optional(number(least=-3, most=3), 0.65),
    "reference_end": _optional(_FRACTION, 1),
    "base_shift": _optional(number(least=0.01, most=5), 0.5),
    "max_shift": _optional(number(least=0.01, most=5), 1.15),
    "output_format": _optional(one_of("jpeg", "png"), "png"),
    "scheduler": _optional(one_of("euler", "dpmpp_2m"), "euler"),
    "nag_scale": _optional(number(above=1, most=10), 3),
    "nag_tau": _optional(number(above=0), 2.5),
    "nag_alpha": _optional(number(above=0, most=1), 0.25),
    "nag_end": _optional(number(above=0, most=1), 0.25),
    "loras": _optional(items(record(_LORA)), []),
    "control_loras": _optional(items(record(_CONTROL_LORA)), []),
    "controlnets": _optional(items(record({**_WEIGHTS, **_CONTROL}), most=1), []),
    "controlnet_unions": _optional(items(record(_UNION), most=1), []),
    "ip_adapters": _optional(items(record(_IP_ADAPTER)), []),
    "easycontrols": _optional(items(_easy_control), []),
    "reference_image_url": _unnamed(nullable(url)),
    "reference_start": _unnamed(_FRACTION, 0),
    "use_real_cfg": _unnamed(flag, default=False),
    "use_cfg_zero": _unnamed(flag, default=False),
    "use_beta_schedule": _unnamed(flag, default=False),
    "fill_image": _unnamed(nullable(record({"fill_image_url": _required(url)}))),
}
"""Every parameter of a submission, in the page's order; the last six are named by the model host only."""

ON_PAGE: Mapping[str, Parameter] = {name: entry for name, entry in PARAMETERS.items() if entry.on_page}


def problems(body: Any, *, accept_unnamed: bool = True) -> list[Problem]:
    """Everything wrong with a submission's decoded body, in the table's order; empty if it is in order.

    `accept_unnamed=False` also refuses the parameters that the provider's own page does not name.
    """
    return list(record(PARAMETERS if accept_unnamed else ON_PAGE)((), body))


def redundant(body: Mapping[str, Any]) -> list[str]:
    """Names of the parameters that were sent with the very value they default to."""
    return [
        name
        for name, value in body.items()
        if name in PARAMETERS
        and not PARAMETERS[name].required
        and value == PARAMETERS[name].default
        and isinstance(value, bool) == isinstance(PARAMETERS[name].default, bool)
    ]


def size_of(body: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height in pixels of the pictures that a valid body asks for."""
    return SIZES[body.get("image_size") or DEFAULT_SIZE]


def decode(raw: bytes) -> Any:
    """The JSON value of a request body. Raises ValueError for what is not JSON, NaN and infinities included."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(raw, parse_constant=refuse)

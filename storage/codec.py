"""Generation requests as JSON text and back: the columns keep the two texts, this keeps the other parameters."""

import json
from dataclasses import MISSING, asdict, fields
from typing import Any, Final

from models import GenerationRequest
from parameters import (
    ControlLora,
    ControlNet,
    ControlNetUnion,
    EasyControl,
    ImageSize,
    IpAdapter,
    Lora,
    OutputFormat,
    Scheduler,
    UnionControl,
)

_ELEMENTS: Final[dict[str, type[Any]]] = {
    "loras": Lora,
    "control_loras": ControlLora,
    "controlnets": ControlNet,
    "controlnet_unions": ControlNetUnion,
    "ip_adapters": IpAdapter,
    "easycontrols": EasyControl,
}
_ENUMS: Final[dict[str, type[Any]]] = {
    "image_size": ImageSize,
    "output_format": OutputFormat,
    "scheduler": Scheduler,
}
# In columns of their own, so that they can be searched, and forgotten, without parsing anything.
_OWN_COLUMNS: Final = frozenset({"prompt", "negative_prompt"})
_DEFAULTS: Final = {field.name: field.default for field in fields(GenerationRequest) if field.default is not MISSING}


def encode_parameters(request: GenerationRequest) -> str:
    """The parameters that differ from their defaults, as a JSON object."""
    changed = {
        name: [asdict(element) for element in value] if name in _ELEMENTS else value
        for name in _DEFAULTS.keys() - _OWN_COLUMNS
        if (value := getattr(request, name)) != _DEFAULTS[name]
    }
    return json.dumps(changed, sort_keys=True, separators=(",", ":"))


def decode_request(prompt: str, negative_prompt: str, parameters: str) -> GenerationRequest:
    """The request that `encode_parameters` and the two text columns describe."""
    values: dict[str, Any] = json.loads(parameters)
    for name, kind in _ENUMS.items():
        if name in values:
            values[name] = kind(values[name])
    for name, kind in _ELEMENTS.items():
        values[name] = tuple(_element(kind, element) for element in values.get(name, ()))
    return GenerationRequest(prompt=prompt, negative_prompt=negative_prompt, **values)


def _element(kind: type[Any], values: dict[str, Any]) -> Any:
    if kind is ControlNetUnion:
        values = {**values, "controls": tuple(UnionControl(**control) for control in values["controls"])}
    return kind(**values)

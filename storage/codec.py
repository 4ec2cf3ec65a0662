"""Requests and recipes as JSON text and back: the columns keep the two texts, this keeps everything else."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, Final

from errors import InvalidOption
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
from recipes import LoraPick, PresetScope, PresetValues, Recipe

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
_WHOLE: Final = frozenset({"num_inference_steps"})
# In columns of their own, so that they can be searched, and forgotten, without parsing anything.
_OWN_COLUMNS: Final = frozenset({"prompt", "negative_prompt"})
_PLAIN: Final = Recipe()
_DEFAULTS: Final = {field.name: field.default for field in fields(GenerationRequest) if field.default is not MISSING}
_ENCODED: Final = {name: default for name, default in sorted(_DEFAULTS.items()) if name not in _OWN_COLUMNS}


def encode_parameters(request: GenerationRequest) -> str:
    """The parameters that differ from their defaults, as a JSON object."""
    changed = {
        name: [asdict(element) for element in value] if name in _ELEMENTS else value
        for name, default in _ENCODED.items()
        if (value := getattr(request, name)) != default
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


def encode_preset(values: PresetValues) -> dict[str, Any]:
    """What the preset sets, as JSON knows it."""
    set_values = {
        entry.name: getattr(values, entry.name) for entry in fields(values) if getattr(values, entry.name) is not None
    }
    set_values["loras"] = [[pick.name, pick.scale] for pick in values.loras]
    return {name: value for name, value in set_values.items() if value != []}


def decode_preset(stored: Mapping[str, Any]) -> PresetValues:
    """What `encode_preset` gave, without whatever this release does not know or does not allow any more."""
    values: dict[str, Any] = {}
    for entry in fields(PresetValues):
        if entry.name not in stored:
            continue
        try:
            value = _preset_value(entry.name, stored[entry.name])
            PresetValues(**{entry.name: value})
        except (InvalidOption, ValueError, TypeError, LookupError):
            continue  # its range has become narrower: the rest of the preset is still good
        values[entry.name] = value
    return PresetValues(**values)


def _preset_value(name: str, stored: Any) -> Any:
    if name in _ENUMS:
        return _ENUMS[name](stored)
    if name == "loras":
        return tuple(LoraPick(name=pick[0], scale=pick[1]) for pick in stored)
    if name in _WHOLE and not isinstance(stored, int):
        raise TypeError(f"{name} is a whole number")
    return stored


def encode_recipe(recipe: Recipe) -> str:
    """How a request came about, without what equals the defaults."""
    if recipe == _PLAIN:
        return "{}"
    changed = {
        entry.name: value
        for entry in fields(recipe)
        if (value := getattr(recipe, entry.name)) is not None and value != () and value != entry.default
    }
    if recipe.preset_values is not None:
        changed["preset_values"] = encode_preset(recipe.preset_values)
    return json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if changed else "{}"


def decode_recipe(stored: str) -> Recipe:
    """The recipe that `encode_recipe` stored."""
    if stored == "{}":
        return _PLAIN
    values: dict[str, Any] = json.loads(stored)
    if "preset_values" in values:
        values["preset_values"] = decode_preset(values["preset_values"])
    if "preset_scope" in values:
        values["preset_scope"] = PresetScope(values["preset_scope"])
    for name in ("trigger_words", "loras"):
        values[name] = tuple(values.get(name, ()))
    return Recipe(**values)


def _element(kind: type[Any], values: dict[str, Any]) -> Any:
    if kind is ControlNetUnion:
        values = {**values, "controls": tuple(UnionControl(**control) for control in values["controls"])}
    return kind(**values)

"""Checks modals: title, one to five parts, and the inputs in them."""

from typing import Final

from sandbox.discord.components import (
    ACTION_ROW,
    MAX_CUSTOM_ID,
    SELECTS,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    CustomIds,
    check_defaults,
    read_options,
)
from sandbox.discord.errors import Json
from sandbox.discord.form import Form, Path, Problems

LABEL: Final = 18
FILE_UPLOAD: Final = 19
RADIO_GROUP: Final = 21
CHECKBOX_GROUP: Final = 22
CHECKBOX: Final = 23

MODAL_PARTS: Final = (ACTION_ROW, TEXT_DISPLAY, LABEL)
IN_LABEL: Final = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
MAX_PARTS: Final = 5


def read_modal(body: Json, path: Path = ()) -> Json:
    """The checked modal; raises `ApiError` 50035 for what Discord would refuse."""
    problems = Problems()
    form = Form(body, problems, path)
    reader = _ModalReader()
    modal: Json = {
        "custom_id": form.text("custom_id", minimum=1, maximum=MAX_CUSTOM_ID, required=True),
        "title": form.text("title", minimum=1, maximum=45, required=True),
        "components": [
            reader.part(part) for part in form.objects("components", minimum=1, maximum=MAX_PARTS, required=True)
        ],
    }
    problems.refuse_if_any()
    return modal


class _ModalReader:
    def __init__(self) -> None:
        self._custom_ids = CustomIds()
        self._next_id = 0

    def part(self, form: Form) -> Json:
        kind = self._kind(form, MODAL_PARTS)
        part = self._numbered(form, kind)
        if kind == TEXT_DISPLAY:
            part["content"] = form.text("content", minimum=1, maximum=4000, required=True)
        elif kind == LABEL:
            part["label"] = form.text("label", minimum=1, maximum=45, required=True)
            part["description"] = form.text("description", minimum=1, maximum=100)
            inner = form.object("component", required=True)
            part["component"] = self._input(inner, IN_LABEL) if inner else {}
        elif kind == ACTION_ROW:
            inputs = form.objects("components", minimum=1, maximum=1, required=True)
            part["components"] = [self._input(inner, (TEXT_INPUT,), labelled=True) for inner in inputs]
        return part

    @staticmethod
    def _kind(form: Form, allowed: tuple[int, ...]) -> int | None:
        kind = form.body.get("type")
        if kind in allowed:
            return int(kind)
        listed = ", ".join(str(choice) for choice in sorted(allowed))
        form.fault("type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({listed}).')
        return None

    def _numbered(self, form: Form, kind: int | None) -> Json:
        self._next_id += 1
        return {"type": kind, "id": form.integer("id", minimum=0) or self._next_id}

    def _input(self, form: Form, allowed: tuple[int, ...], *, labelled: bool = False) -> Json:
        kind = self._kind(form, allowed)
        part = self._numbered(form, kind)
        if kind is None:
            return part
        part["custom_id"] = self._custom_ids.read(form)
        required = form.boolean("required")
        part["required"] = True if required is None else required
        if kind == TEXT_INPUT:
            part.update(_text_input(form, labelled))
        elif kind == CHECKBOX:
            part["required"] = False
            part["default"] = bool(form.boolean("default"))
        else:
            part.update(_choice(form, kind))
        return part


def _text_input(form: Form, labelled: bool) -> Json:
    part: Json = {
        "style": form.integer("style", choices=(1, 2), required=True),
        "label": form.text("label", minimum=1, maximum=45, required=labelled),
        "value": form.text("value", maximum=4000),
        "placeholder": form.text("placeholder", maximum=100),
        "min_length": form.integer("min_length", minimum=0, maximum=4000) or 0,
        "max_length": form.integer("max_length", minimum=1, maximum=4000) or 4000,
    }
    if part["min_length"] > part["max_length"]:
        form.fault("min_length", "NUMBER_TYPE_MAX", "min_length cannot exceed max_length")
    if part["value"] and not part["min_length"] <= len(part["value"]) <= part["max_length"]:
        form.fault("value", "BASE_TYPE_BAD_LENGTH", "The value does not fit min_length and max_length")
    return part


def _choice(form: Form, kind: int) -> Json:
    most = 10 if kind in {FILE_UPLOAD, CHECKBOX_GROUP} else 25
    if kind == RADIO_GROUP:
        return {"options": read_options(form, minimum=2, maximum=10), "min_values": 1, "max_values": 1}
    part: Json = {}
    if kind in {STRING_SELECT, CHECKBOX_GROUP}:
        part["options"] = read_options(form, maximum=most)
    if form.has("placeholder"):
        part["placeholder"] = form.text("placeholder", maximum=150)
    minimum = form.integer("min_values", minimum=0, maximum=most)
    part["min_values"] = 1 if minimum is None else minimum
    default_maximum = len(part["options"]) if kind == CHECKBOX_GROUP else 1
    part["max_values"] = form.integer("max_values", minimum=1, maximum=most) or default_maximum
    if part["min_values"] > part["max_values"]:
        form.fault("min_values", "NUMBER_TYPE_MAX", "min_values cannot exceed max_values")
    check_defaults(form, part.get("options", []), part["max_values"])
    if form.boolean("disabled"):
        form.fault("disabled", "MODAL_COMPONENT_DISABLED", "A select in a modal cannot be disabled")
    return part

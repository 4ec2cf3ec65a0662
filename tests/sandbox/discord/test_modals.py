"""Modals: everything Discord refuses in them, and what a member's client does with them."""

from typing import Any

import pytest

from sandbox.discord import ApiError, Json
from sandbox.discord.modals import read_modal


def modal(*parts: Json, **more: Any) -> Json:
    return {"custom_id": "m", "title": "Edit", "components": list(parts), **more}


def label(component: Json | None = None, **more: Any) -> Json:
    return {"type": 18, "label": "Prompt", "component": component or text_input(), **more}


def text_input(custom_id: str = "p", **more: Any) -> Json:
    return {"type": 4, "custom_id": custom_id, "style": 1, **more}


def group(kind: int, count: int) -> Json:
    options = [{"label": f"o{n}", "value": str(n)} for n in range(count)]
    return {"type": kind, "custom_id": "g", "options": options}


@pytest.mark.parametrize(
    "body",
    [
        modal(),
        modal(*[label(text_input(f"{n}")) for n in range(6)]),
        modal(label(), title="x" * 46),
        modal(label(), title=""),
        modal(label(), custom_id="x" * 101),
        modal(label(), label()),
        modal(label(label="x" * 46)),
        modal(label(description="x" * 101)),
        modal(label(text_input(style=3))),
        modal(label(text_input(placeholder="x" * 101))),
        modal(label(text_input(max_length=4001))),
        modal(label(text_input(min_length=5, max_length=4))),
        modal(label(text_input(value="abc", max_length=2))),
        modal(label({"type": 2, "custom_id": "b", "style": 1, "label": "x"})),
        modal(label(group(21, 1))),
        modal(label(group(21, 11))),
        modal(label(group(22, 11))),
        modal(label({**group(3, 2), "disabled": True})),
        modal(label({**group(3, 2), "options": [{"label": n, "value": n, "default": True} for n in "ab"]})),
        modal(label({"type": 19, "custom_id": "f", "max_values": 11})),
        modal({"type": 18, "label": "Prompt"}),
        modal({"type": 1, "components": [text_input()]}),
        modal({"type": 1, "components": [text_input(label="a"), text_input("q", label="b")]}),
        modal(text_input()),
        {"title": "Edit", "components": [label()]},
    ],
)
def test_bad_modal_is_refused(body: Json) -> None:
    with pytest.raises(ApiError) as caught:
        read_modal(body)
    assert caught.value.refusal.code == 50035


def test_every_kind_of_input_passes() -> None:
    parts = [
        label(text_input()),
        label(group(3, 2)),
        label(group(21, 2) | {"custom_id": "r"}),
        label({"type": 19, "custom_id": "f"}),
        label({"type": 23, "custom_id": "c", "default": True}),
    ]
    assert len(read_modal(modal(*parts))["components"]) == 5
    legacy = {"type": 1, "components": [text_input(label="Prompt")]}
    assert read_modal(modal(legacy, {"type": 10, "content": "note"}))["components"][1]["content"] == "note"

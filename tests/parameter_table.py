"""Makes `docs/parameters.md` from the rows of `tests/parameter_rows.py`: `python -m tests.parameter_table`.

What stands there as sent is not typed: it comes from the real composition and the real wire format.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from provider.catalogue import CONTROL_MODES, REFERENCE_KINDS, ControlMode
from tests.parameter_rows import ELEMENTS, TOP, Row, Wish, control, reference, wish

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "parameters.md"


def at_place(body: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The first element at a place such as `controlnet_unions[].controls[]`; the body itself for an empty place."""
    found: Any = body
    for part in place.split("."):
        if part:
            found = found[part.removesuffix("[]")][0]
    assert isinstance(found, Mapping)
    return found


def rows() -> Iterator[tuple[str, Row]]:
    """Every row with its place in the body."""
    for row in TOP:
        yield "", row
    for place, fields_ in ELEMENTS.items():
        for row in fields_:
            yield place, row


def mode_wishes() -> Iterator[tuple[str, Wish]]:
    """Every control mode and every reference kind as it comes, without an option."""
    for key in CONTROL_MODES:
        yield key, control(key)
    for key in REFERENCE_KINDS:
        yield key, reference(key)


def render() -> str:
    """`docs/parameters.md`."""
    return "\n".join([*_introduction(), *_tables(), *_modes(), *_bodies()]) + "\n"


def _introduction() -> Iterator[str]:
    yield "# Every parameter, and who sets it"
    yield ""
    yield "Made by `python -m tests.parameter_table`; a test fails where this page and the code differ."
    yield ""
    yield "A parameter is set by the **member** (an option of a command, or a field of a preset), by the **catalogue**"
    yield "(`provider/catalogue.py` or the server's LoRAs), or it is **fixed**; some are **not sent**, with the reason."
    yield "An option goes before the preset, and the preset before the default. What equals its default is left out,"
    yield "but for `num_images`, `image_size`, `seed` and `enable_safety_checker`, so a plain `/imagine prompt:a fox`"
    yield "sends:"
    yield ""
    yield from _json_block(wish().body())
    yield ""
    yield "Beside each parameter stands what is sent once it is set. \\* marks what the provider requires, † what only"
    yield "the model host behind it documents."


def _tables() -> Iterator[str]:
    yield ""
    yield "## Parameters"
    yield ""
    yield from _table("", TOP)
    for place, fields_ in ELEMENTS.items():
        yield ""
        yield f"### `{place}`"
        yield ""
        yield from _table(place, fields_)


def _table(place: str, fields_: tuple[Row, ...]) -> Iterator[str]:
    yield "| name | default | takes | set by | where | sent |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in fields_:
        mark = ("\\*" if row.required else "") + ("" if row.on_page else " †")
        default = "" if row.required else f"`{_plain(row.default)}`"
        sent = "–"
        if row.wish is not None:
            sent = f"`{_plain({row.name: at_place(row.wish.body(), place)[row.name]})}`"
        yield f"| `{row.name}`{mark} | {default} | {_takes(row)} | {row.setter} | {_where(row)} | {sent} |"


def _takes(row: Row) -> str:
    return ", ".join(f"`{word}`" for word in row.takes) if isinstance(row.takes, tuple) else str(row.takes)


def _where(row: Row) -> str:
    places = [f"`{option}`" for option in row.options]
    if row.preset is not None:
        places.append(f"preset: `{row.preset}`")
    return "; ".join(part for part in (", ".join(places), row.note) if part)


def _modes() -> Iterator[str]:
    yield ""
    yield "## Control modes"
    yield ""
    yield "The provider uses control images as they are. Where a map is named, Easel draws it from the member's image"
    yield "and shows it before anything is paid for."
    yield ""
    yield "| mode | array | the member's image | strength | `start`, `end` | `preprocess` |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for key, mode in CONTROL_MODES.items():
        bounds = mode.strength_bounds
        strength = f"{mode.strength:g} (0 – {bounds.high:g})"
        span = "yes" if mode.has_span else "no"
        drawn = ", ".join(f"`{word}`" for word in mode.preprocess_choices) or "no"
        yield f"| `{key}` | `{mode.array}` | {_image_words(mode)} | {strength} | {span} | {drawn} |"
    yield ""
    yield "## Reference kinds"
    yield ""
    yield "| kind | strength | `end` |"
    yield "| --- | --- | --- |"
    for key, kind in REFERENCE_KINDS.items():
        bounds = kind.strength_bounds
        yield (
            f"| `{key}` | {kind.strength:g} ({bounds.low:g} – {bounds.high:g}) | {'yes' if kind.has_end else 'no'} |"
        )


def _image_words(mode: ControlMode) -> str:
    if mode.makes is not None:
        return f"a picture: Easel makes the `{mode.makes}` map"
    if mode.preprocess is not None:
        return "a picture: the provider makes the map; or a ready map"
    return "a ready map" if mode.ready_map else "a picture, used as it is"


def _bodies() -> Iterator[str]:
    yield ""
    yield "## Bodies"
    yield ""
    yield "Each mode and kind without further options, seed 7, with a square image."
    for key, example in mode_wishes():
        yield ""
        yield f"### `{key}`"
        yield ""
        yield from _json_block(example.body())


def _json_block(body: Mapping[str, Any]) -> Iterator[str]:
    yield "```json"
    yield json.dumps(body, indent=2, ensure_ascii=False)
    yield "```"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")

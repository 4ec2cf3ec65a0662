"""Numbers in forms: Discord has only text fields for them, so they are read as people write them."""

from typing import Final

from errors import InvalidOption
from parameters import Bounds
from ui import text
from ui.forms import FormValues, TextField
from ui.wording import numbers

# Enough for any number that makes sense in one of these fields.
_NUMBER_CHARACTERS: Final = 12


def number_field(
    name: str, label: str, value: float | None, bounds: Bounds, *, otherwise: float | None = None
) -> TextField:
    """A field for a number, with its range below the label; `otherwise` is what an empty one means."""
    return TextField(
        name=name,
        label=label,
        value="" if value is None else text.bound(value),  # in full: what is sent off unchanged is to stay the same
        description=numbers.range_hint(bounds, otherwise),
        longest=_NUMBER_CHARACTERS,
    )


def read_number(values: FormValues, name: str, bounds: Bounds) -> float | None:
    """The number in a field, with a point or a comma; None for an empty field.

    Raises InvalidOption for what is no number; whether it is within the bounds is for whoever takes it to say.
    """
    written = values.text(name)
    if not written:
        return None
    try:
        return float(written.replace(",", "."))
    except ValueError:
        raise _out_of_range(name, bounds) from None


def read_whole(values: FormValues, name: str, bounds: Bounds) -> int | None:
    """The same for a whole number."""
    value = read_number(values, name, bounds)
    if value is None:
        return None
    if not value.is_integer():  # neither are infinity and what is no number
        raise _out_of_range(name, bounds)
    return int(value)


def _out_of_range(name: str, bounds: Bounds) -> InvalidOption:
    return InvalidOption(name, "out_of_range", low=bounds.low, high=bounds.high, low_excluded=bounds.low_excluded)

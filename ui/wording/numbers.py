"""Words about numbers in forms."""

from parameters import Bounds
from ui import text
from ui.language import _


def range_hint(bounds: Bounds, otherwise: float | None) -> str:
    """What a number may be, and what an empty field means."""
    low, high = text.bound(bounds.low), text.bound(bounds.high)
    if bounds.low_excluded:
        span = _("above {low}, up to {high}").format(low=low, high=high)
    else:
        span = _("{low} to {high}").format(low=low, high=high)
    if otherwise is None:
        return _("{range}; empty: left alone").format(range=span)
    return _("{range}; empty: {value}").format(range=span, value=text.number(otherwise))

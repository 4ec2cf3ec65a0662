"""Who or what cost how much: a bar for each, the dearest first."""

from typing import Final

from matplotlib.patches import Rectangle

from charting import canvas
from charting.amounts import money
from charting.canvas import EDGE, HEIGHT, MUTED, WIDTH, Card
from charting.lettering import legible
from charting.specs import Ranking, Role

_TOP: Final = HEIGHT - 124
_BOTTOM: Final = 66
_ROW_MAX: Final = 64
_BAR_SHARE: Final = 0.62
_NAMES_MAX: Final = 280
_GAP: Final = 14
# So that even a cent is seen.
_BAR_MIN: Final = 3


def draw(spec: Ranking) -> bytes:
    """The chart as a PNG."""
    card = Card()
    card.head(spec.title, spec.subtitle)
    if any(any(row.micros) for row in spec.rows):
        _rows(card, spec)
    else:
        card.note(spec.empty)
    return card.png()


def _rows(card: Card, spec: Ranking) -> None:
    known = canvas.characters()
    points = canvas.TEXT_SIZE if len(spec.rows) <= 12 else canvas.SMALL_SIZE
    names = [card.fitted(legible(row.name, row.stand_in, known), _NAMES_MAX, points=points) for row in spec.rows]
    spent = [number for number, one in enumerate(spec.series) if one.role is not Role.HELD]
    amounts = [money(sum(row.micros[number] for number in spent), spec.locale) for row in spec.rows]
    names_width = max(card.width_of(name, points=points) for name in names)
    amounts_width = max(card.width_of(amount, points=points, bold=True) for amount in amounts)
    remarks_width = max(card.width_of(row.remark, points=points) for row in spec.rows)
    left = EDGE + names_width + _GAP
    right = WIDTH - EDGE - amounts_width - (remarks_width + _GAP if remarks_width else 0) - _GAP
    most = max(sum(row.micros) for row in spec.rows)
    height = min(_ROW_MAX, (_TOP - _BOTTOM) / len(spec.rows))
    for number, row in enumerate(spec.rows):
        middle = _TOP - height * (number + 0.5)
        card.write(EDGE, middle, names[number], points=points, valign="center_baseline")
        _bar(card, spec, number, left, middle - height * _BAR_SHARE / 2, (right - left) / most, height * _BAR_SHARE)
        amounts_right = WIDTH - EDGE - (remarks_width + _GAP if remarks_width else 0)
        card.write(
            amounts_right, middle, amounts[number], points=points, bold=True, align="right", valign="center_baseline"
        )
        card.write(
            WIDTH - EDGE, middle, row.remark, points=points, colour=MUTED, align="right", valign="center_baseline"
        )
    shown = [one for number, one in enumerate(spec.series) if any(row.micros[number] for row in spec.rows)]
    card.legend(shown, left=EDGE, bottom=28)


def _bar(card: Card, spec: Ranking, number: int, left: float, bottom: float, scale: float, height: float) -> None:
    for one, amount in zip(spec.series, spec.rows[number].micros, strict=True):
        if not amount:
            continue
        width = max(_BAR_MIN, amount * scale)
        bar = Rectangle(
            (left / WIDTH, bottom / HEIGHT), width / WIDTH, height / HEIGHT, transform=card.figure.transFigure
        )
        card.figure.add_artist(canvas.filled(bar, one.role))
        left += width

"""What was spent over time: columns and, above them, how their sum grew against the budget."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from charting import canvas
from charting.amounts import money, tick_labels, ticks
from charting.canvas import EDGE, HEIGHT, MUTED, SKY, TEXT_SIZE, WIDTH, YELLOW, Box, Card, size
from charting.specs import Mark, Role, Timeline

_FOOT: Final = 62
_HEAD: Final = 132
_LEGEND: Final = 52
_GAP: Final = 66
_SHARE_OF_TOTAL: Final = 0.58
# A mark so many times what there is to see would press that flat against the axis: then it is only named.
_FAR_AWAY: Final = 6
_HEADROOM: Final = 1.06
_BAR_SHARE: Final = 0.72
_BAR_WIDTH_MAX: Final = 84
# Up to so many columns have their amounts written above them.
_LABELLED_MAX: Final = 12
# A note beside a line is a word and an amount below it.
_NOTE_HEIGHT: Final = 50
_NOTE_GAP: Final = 14
_LABEL_GAP: Final = 16
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class _Note:
    """What stands to the right of a plot at the height of an amount."""

    label: str
    amount: str
    colour: str
    micros: int


@dataclass(frozen=True, slots=True)
class _Scale:
    """An axis of amounts: where it ends, and the round amounts on it."""

    most: int
    ticks: Sequence[int]

    @classmethod
    def up_to(cls, seen: int, mark: Mark | None, *, count: int) -> "_Scale":
        """As far as what is to be seen and, unless it is far away, the mark."""
        near = mark is not None and mark.micros <= seen * _FAR_AWAY
        most = max(seen, mark.micros if mark is not None and near else 0, 1)
        return cls(most=most, ticks=ticks(most, count=count))

    def holds(self, mark: Mark | None) -> bool:
        return mark is not None and mark.micros <= self.most


def draw(spec: Timeline) -> bytes:
    """The chart as a PNG."""
    card = Card()
    card.head(spec.title, spec.subtitle)
    if not any(amount for column in spec.columns for amount in column.micros):
        card.note(spec.empty)
    else:
        _Drawing(card, spec).draw()
    return card.png()


class _Drawing:
    """The plots of one chart, which share their columns' places and the room at both sides."""

    def __init__(self, card: Card, spec: Timeline) -> None:
        self._card = card
        self._spec = spec
        self._totals = _running_totals(spec)
        highest = max(sum(column.micros) for column in spec.columns)
        self._column_scale = _Scale.up_to(highest, spec.column_mark, count=2 if spec.total_label else 4)
        self._amounts = self._amounts_above()
        ends_at = max(self._totals[-1], spec.outlook.high_micros if spec.outlook else 0)
        self._total_scale = _Scale.up_to(ends_at, spec.total_mark, count=4)

    def draw(self) -> None:
        spec = self._spec
        ticks, right = self._width_of_ticks(), self._width_of_notes()
        left = EDGE + (ticks + 12 if ticks else 0)
        area = Box(left, _FOOT, WIDTH - EDGE - left - right, HEIGHT - _FOOT - _HEAD)
        shown = [one for number, one in enumerate(spec.series) if any(column.micros[number] for column in spec.columns)]
        if spec.total_label is None:
            below = Box(area.left, area.bottom, area.width, area.height - (_LEGEND - 24))
        else:
            height = (area.height - _GAP) * (1 - _SHARE_OF_TOTAL)
            below = Box(area.left, area.bottom, area.width, height)
            self._draw_total(Box(area.left, below.top + _GAP, area.width, area.height - _GAP - height))
        self._draw_columns(below)
        self._card.legend(shown, left=area.left, bottom=below.top + 22)

    def _draw_total(self, box: Box) -> None:
        spec = self._spec
        axes = self._axes(box, self._total_scale)
        axes.tick_params(labelbottom=False)
        places = range(spec.over)
        over = self._totals[: spec.over]
        axes.fill_between(places, over, color=SKY, alpha=0.16, linewidth=0)
        axes.plot(places, over, color=SKY, linewidth=size(4), solid_capstyle="round", solid_joinstyle="round")
        notes = []
        if spec.outlook is not None and spec.over:
            now, last, spent = spec.over - 1, len(spec.columns) - 1, over[-1]
            low, high = spec.outlook.low_micros, spec.outlook.high_micros
            axes.fill([now, last, last], [spent, low, high], color=SKY, alpha=0.22, linewidth=0)
            axes.plot([now, last], [spent, spec.outlook.expected_micros], color=SKY, linewidth=size(3.5), dashes=(3, 2))
            amount = "≈ " + money(spec.outlook.expected_micros, spec.locale)
            notes.append(_Note(spec.outlook.label, amount, SKY, spec.outlook.expected_micros))
        notes += self._mark(axes, self._total_scale, spec.total_mark)
        if over:
            self._mark_now(box, axes, over[-1])
        self._write_notes(box, self._total_scale, notes)

    def _mark_now(self, box: Box, axes: Axes, spent: int) -> None:
        """A dot where the running total is now, and how much that is, clear of the line that leads there."""
        spec = self._spec
        axes.plot(
            [spec.over - 1], [spent], "o", color=SKY, markersize=size(13), mec=canvas.CARD, mew=size(3), clip_on=False
        )
        left = box.left + box.width * (spec.over - 0.5) / len(spec.columns)
        bottom = box.bottom + box.height * spent / (self._total_scale.most * _HEADROOM)
        amount = money(spent, spec.locale)
        width = self._card.width_of(amount, bold=True)
        left = min(max(left - width - 10, box.left + 6), box.right - width)
        bottom = _clear_of(spec.total_mark, self._total_scale, box, min(bottom + 12, box.top + 4))
        self._card.write(left, bottom, amount, bold=True)

    def _draw_columns(self, box: Box) -> None:
        spec, scale = self._spec, self._column_scale
        axes = self._axes(box, _Scale(most=scale.most, ticks=()) if self._amounts else scale)
        wide = min(_BAR_SHARE, _BAR_WIDTH_MAX / (box.width / len(spec.columns)))
        for place, column in enumerate(spec.columns):
            height = 0
            for one, amount in zip(spec.series, column.micros, strict=True):
                if amount:
                    bar = Rectangle((place - wide / 2, height), wide, amount)
                    axes.add_patch(canvas.filled(bar, one.role))
                height += amount
        labels = [column.label for column in spec.columns]
        axes.set_xticks(places := _spread(labels, box.width, self._card), [labels[place] for place in places])
        if self._amounts:
            self._write_amounts(box)
        self._write_notes(box, scale, self._mark(axes, scale, spec.column_mark))

    def _amounts_above(self) -> list[str]:
        """What is written above each column, in the place of an axis; nothing where there are too many for that."""
        spec = self._spec
        if len(spec.columns) > _LABELLED_MAX or spec.total_label is not None:
            return []
        steps = [self._totals[0], *(later - earlier for earlier, later in itertools.pairwise(self._totals))]
        amounts = [money(amount, spec.locale) if amount else "" for amount in steps]
        room = (WIDTH - 2 * EDGE - self._width_of_notes()) / len(amounts) - 8
        if max(self._card.width_of(text) for text in amounts if text) <= room:
            return amounts
        amounts = [money(amount, spec.locale, cents=False) if amount else "" for amount in steps]
        return amounts if max(self._card.width_of(text) for text in amounts if text) <= room else []

    def _write_amounts(self, box: Box) -> None:
        for place, (column, text) in enumerate(zip(self._spec.columns, self._amounts, strict=True)):
            bottom = box.bottom + box.height * sum(column.micros) / (self._column_scale.most * _HEADROOM)
            left = box.left + box.width * (place + 0.5) / len(self._spec.columns)
            bottom = _clear_of(self._spec.column_mark, self._column_scale, box, bottom + 8)
            self._card.write(left, bottom, text, align="center")

    def _axes(self, box: Box, scale: _Scale) -> Axes:
        axes = self._card.axes(box)
        axes.set_xlim(-0.5, len(self._spec.columns) - 0.5)
        axes.set_ylim(0, scale.most * _HEADROOM)
        axes.set_yticks(scale.ticks, tick_labels(scale.ticks, self._spec.locale))
        axes.set_xticks([])
        axes.grid(axis="y", color=canvas.GRID, linewidth=size(1.5))
        axes.axhline(0, color=canvas.BORDER, linewidth=size(2), zorder=0.5)
        axes.tick_params(labelcolor=MUTED, labelfontfamily="DejaVu Sans", labelsize=size(TEXT_SIZE))
        return axes

    def _mark(self, axes: Axes, scale: _Scale, mark: Mark | None) -> list[_Note]:
        if mark is None:
            return []
        if scale.holds(mark):
            axes.axhline(mark.micros, color=YELLOW, linewidth=size(3), dashes=(6, 2.5))
            return [_Note(mark.label, money(mark.micros, self._spec.locale), YELLOW, mark.micros)]
        return [_Note(mark.label + " ↑", money(mark.micros, self._spec.locale), YELLOW, mark.micros)]

    def _write_notes(self, box: Box, scale: _Scale, notes: Sequence[_Note]) -> None:
        """Beside the plot, each at its height but not over another."""
        lowest = box.bottom - 6.0
        room = sorted(notes, key=lambda note: note.micros)
        for number, note in enumerate(room):
            above = len(room) - number - 1
            wanted = box.bottom + box.height * min(1.0, note.micros / (scale.most * _HEADROOM)) - _NOTE_HEIGHT / 2
            highest = box.top + 10 - _NOTE_HEIGHT * (above + 1)
            bottom = max(lowest, min(wanted, highest))
            left = box.right + _NOTE_GAP
            self._card.write(left, bottom + 29, note.label, points=canvas.SMALL_SIZE, colour=MUTED)
            self._card.write(left, bottom + 5, note.amount, colour=note.colour, bold=True)
            lowest = bottom + _NOTE_HEIGHT

    def _width_of_ticks(self) -> float:
        scales = [] if self._amounts else [self._column_scale]
        scales += [self._total_scale] if self._spec.total_label else []
        labels = itertools.chain.from_iterable(tick_labels(scale.ticks, self._spec.locale) for scale in scales)
        return max((self._card.width_of(label) for label in labels), default=0.0)

    def _width_of_notes(self) -> float:
        spec = self._spec
        marks = [spec.column_mark] + ([spec.total_mark] if spec.total_label else [])
        widths = [0.0]
        for mark in marks:
            if mark is not None:
                widths.append(self._card.width_of(mark.label + " ↑", points=canvas.SMALL_SIZE))
                widths.append(self._card.width_of(money(mark.micros, spec.locale), bold=True))
        if spec.total_label and spec.outlook:
            widths.append(self._card.width_of(spec.outlook.label, points=canvas.SMALL_SIZE))
            widths.append(self._card.width_of("≈ " + money(spec.outlook.expected_micros, spec.locale), bold=True))
        return max(widths) + (_NOTE_GAP if max(widths) else 0)


def _clear_of(mark: Mark | None, scale: _Scale, box: Box, bottom: float) -> float:
    """Where a line of text goes so that the mark does not cross it: above the mark, if it would."""
    if mark is None or not scale.holds(mark):
        return bottom
    line = box.bottom + box.height * mark.micros / (scale.most * _HEADROOM)
    return line + 8 if bottom - 6 < line < bottom + TEXT_SIZE else bottom


def _running_totals(spec: Timeline) -> list[int]:
    spent = [number for number, one in enumerate(spec.series) if one.role is not Role.HELD]
    return list(itertools.accumulate(sum(column.micros[number] for number in spent) for column in spec.columns))


def _spread(labels: Sequence[str], width: float, card: Card) -> list[int]:
    """The columns whose labels are written: all, if they don't touch, or as many apart that they don't.

    Many columns are days, so those are whole weeks apart.
    """
    widest = max(card.width_of(label) for label in labels) + _LABEL_GAP
    together = math.ceil(widest * len(labels) / width)
    if together > 1 and len(labels) > _LABELLED_MAX:
        together = _WEEK * math.ceil(together / _WEEK)
    return list(range(0, len(labels), max(1, together)))

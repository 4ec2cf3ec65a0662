"""The card that every chart is drawn on: its size, colours and type, and the parts that all charts share.

A card of its own background reads the same on Discord's dark and light themes. Places are given in points of a card
1000 wide and 560 high, and drawn at twice that. Chats show it at about half its size, so nothing is smaller than 19.
"""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from matplotlib.text import Text
from PIL import Image

from charting.lettering import cleaned
from charting.specs import Role, Series

WIDTH: Final = 1000
HEIGHT: Final = 560
EDGE: Final = 34
_DOTS_PER_POINT: Final = 2
_POINTS_PER_INCH: Final = 100

CARD: Final = "#1d2025"
BORDER: Final = "#3b4048"
TEXT: Final = "#f4f5f7"
MUTED: Final = "#b4b9c2"
GRID: Final = "#343941"

# Okabe and Ito's colours, which people of every kind of sight tell apart; a hatching says the same without colour.
SKY: Final = "#56b4e9"
ORANGE: Final = "#e69f00"
PURPLE: Final = "#cc79a7"
YELLOW: Final = "#f0e442"
COLOURS: Final = {Role.DELIVERED: SKY, Role.WITHHELD: ORANGE, Role.NOT_SHOWN: PURPLE, Role.HELD: CARD}
_HATCHINGS: Final = {Role.DELIVERED: "", Role.WITHHELD: "////", Role.NOT_SHOWN: "||", Role.HELD: ""}

# In points of the card.
TITLE_SIZE: Final = 30.0
TEXT_SIZE: Final = 20.0
SMALL_SIZE: Final = 19.0

_FONTS: Final = Path(mpl.get_data_path()) / "fonts" / "ttf"
REGULAR: Final = _FONTS / "DejaVuSans.ttf"
BOLD: Final = _FONTS / "DejaVuSans-Bold.ttf"
# What is drawn is flat: so many colours hold every blend at the edges of letters.
_PALETTE_COLOURS: Final = 128

mpl.rcParams["text.parse_math"] = False  # a dollar is a dollar
mpl.rcParams["hatch.linewidth"] = 2.0


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the card in points, from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def top(self) -> float:
        return self.bottom + self.height

    @property
    def right(self) -> float:
        return self.left + self.width


class Card:
    """One picture in the making."""

    def __init__(self) -> None:
        self.figure = Figure(
            figsize=(WIDTH / _POINTS_PER_INCH, HEIGHT / _POINTS_PER_INCH), dpi=_POINTS_PER_INCH * _DOTS_PER_POINT
        )
        FigureCanvasAgg(self.figure)
        self.figure.patch.set_alpha(0.0)
        self.figure.add_artist(
            FancyBboxPatch(
                (1 / WIDTH, 1 / HEIGHT),
                1 - 2 / WIDTH,
                1 - 2 / HEIGHT,
                boxstyle=f"round,pad=0,rounding_size={16 / WIDTH}",
                mutation_aspect=WIDTH / HEIGHT,
                facecolor=CARD,
                edgecolor=BORDER,
                linewidth=size(1.5),
                transform=self.figure.transFigure,
                zorder=-10,
            )
        )

    def axes(self, box: Box) -> Axes:
        """Axes without a frame, in that part of the card."""
        axes = self.figure.add_axes((box.left / WIDTH, box.bottom / HEIGHT, box.width / WIDTH, box.height / HEIGHT))
        axes.patch.set_alpha(0.0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, pad=size(8))
        axes.set_axisbelow(True)
        return axes

    def write(
        self,
        left: float,
        bottom: float,
        text: str,
        *,
        points: float = TEXT_SIZE,
        colour: str = TEXT,
        bold: bool = False,
        align: str = "left",
        valign: str = "baseline",
    ) -> Text:
        """Put one line of text on the card; `left` and `bottom` are of the point that `align` and `valign` name."""
        return self.figure.text(
            left / WIDTH,
            bottom / HEIGHT,
            text,
            fontproperties=font(points, bold=bold),
            color=colour,
            ha=align,
            va=valign,
        )

    def width_of(self, text: str, *, points: float = TEXT_SIZE, bold: bool = False) -> float:
        """How wide the text would be."""
        measured = self.write(0, 0, text, points=points, bold=bold)
        width = measured.get_window_extent().width / _DOTS_PER_POINT
        measured.remove()
        return float(width)

    def fitted(self, text: str, width: float, *, points: float = TEXT_SIZE, bold: bool = False) -> str:
        """The text, or as much of its beginning as goes into the width with an ellipsis."""
        if self.width_of(text, points=points, bold=bold) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width_of(text[:middle].rstrip() + "…", points=points, bold=bold) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

    def head(self, title: str, subtitle: str) -> None:
        """The two lines at the top."""
        width, known = WIDTH - 2 * EDGE, characters()
        title, subtitle = cleaned(title, known), cleaned(subtitle, known)
        self.write(
            EDGE, HEIGHT - 58, self.fitted(title, width, points=TITLE_SIZE, bold=True), points=TITLE_SIZE, bold=True
        )
        self.write(EDGE, HEIGHT - 90, self.fitted(subtitle, width), colour=MUTED)

    def legend(self, series: Sequence[Series], *, left: float, bottom: float) -> None:
        """What each kind of bars means, in one row; a single kind needs no words."""
        if len(series) < 2:
            return
        room = (WIDTH - EDGE - left) / len(series)
        for one in series:
            swatch = Rectangle(
                (left / WIDTH, (bottom - 2) / HEIGHT), 22 / WIDTH, 19 / HEIGHT, transform=self.figure.transFigure
            )
            self.figure.add_artist(filled(swatch, one.role))
            label = self.fitted(one.label, room - 59, points=SMALL_SIZE)
            self.write(left + 31, bottom, label, points=SMALL_SIZE, colour=MUTED)
            left += 31 + self.width_of(label, points=SMALL_SIZE) + 28

    def note(self, text: str) -> None:
        """Said in the middle of a chart that has nothing to show."""
        text = self.fitted(cleaned(text, characters()), WIDTH - 2 * EDGE)
        self.write(WIDTH / 2, HEIGHT / 2 - 40, text, colour=MUTED, align="center")

    def png(self) -> bytes:
        """The finished picture."""
        raw = io.BytesIO()
        self.figure.savefig(raw, format="rgba", dpi="figure")
        image = Image.frombytes("RGBA", (WIDTH * _DOTS_PER_POINT, HEIGHT * _DOTS_PER_POINT), raw.getvalue())
        flat = image.quantize(_PALETTE_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        file = io.BytesIO()
        flat.save(file, "PNG", optimize=True)
        return file.getvalue()


def size(points: float) -> float:
    """Points of the card in typographer's points, which matplotlib takes for fonts and lines."""
    return points * 72 / _POINTS_PER_INCH


def font(points: float, *, bold: bool = False) -> FontProperties:
    """The chart's font."""
    return FontProperties(fname=str(BOLD if bold else REGULAR), size=size(points))


@functools.cache
def characters() -> frozenset[int]:
    """The code points that the font has letters for."""
    return frozenset(FT2Font(str(REGULAR)).get_charmap())


def filled(patch: Patch, role: Role) -> Patch:
    """The bar or swatch in its role's colour and hatching."""
    colour = COLOURS[role]
    patch.set_facecolor(colour)
    patch.set_hatch(_HATCHINGS[role])
    patch.set_hatchcolor(CARD)
    patch.set_linewidth(0)
    if role is Role.HELD:
        patch.set_edgecolor(MUTED)
        patch.set_linewidth(size(2))
        patch.set_linestyle((0, (2, 1)))
    return patch

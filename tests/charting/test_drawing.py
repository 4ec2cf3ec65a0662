"""The pictures themselves: whatever is in them, they are charts that can be sent, and read by everybody."""

import io

import pytest
from PIL import Image

from charting import canvas, ranking, timeline
from charting.specs import ChartSpec, Column, Role, Timeline
from tests.charting import charts
from tests.charting.charts import ODD

# Discord's dark and light themes; a chart is a card of its own on both.
DISCORD_DARK, DISCORD_LIGHT = (0x31, 0x33, 0x38), (0xFF, 0xFF, 0xFF)


def drawn(spec: ChartSpec) -> Image.Image:
    data = timeline.draw(spec) if isinstance(spec, Timeline) else ranking.draw(spec)
    assert len(data) < 200_000
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    return image.convert("RGBA")


def luminance(colour: str | tuple[int, ...]) -> float:
    """WCAG 2's relative luminance."""
    channels = (
        [int(colour[place : place + 2], 16) for place in (1, 3, 5)] if isinstance(colour, str) else list(colour[:3])
    )
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str | tuple[int, ...], other: str | tuple[int, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pixels_of(image: Image.Image, colour: str) -> int:
    """How many pixels are near enough to the colour."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    counted = image.getcolors(1 << 24) or []
    return sum(
        count
        for count, value in counted
        if isinstance(value, tuple) and max(abs(a - b) for a, b in zip(value, wanted, strict=False)) <= 8
    )


@pytest.mark.parametrize("spec", ODD.values(), ids=ODD)
def test_every_chart_is_drawn_at_its_size_without_a_warning(spec: ChartSpec) -> None:
    """A letter that the font lacks would be a warning, and so an error here."""
    image = drawn(spec)
    assert image.size == (2000, 1120)
    corner, inside = image.getpixel((0, 0)), image.getpixel((1000, 12))
    assert isinstance(corner, tuple)
    assert isinstance(inside, tuple)
    assert corner[3] == 0
    assert inside[3] >= 250
    assert contrast(inside, canvas.CARD) < 1.1


@pytest.mark.parametrize("background", [DISCORD_DARK, DISCORD_LIGHT])
def test_the_edge_is_seen_on_both_themes(background: tuple[int, int, int]) -> None:
    assert max(contrast(canvas.CARD, background), contrast(canvas.BORDER, background)) > 1.2


@pytest.mark.parametrize("colour", [canvas.TEXT, canvas.MUTED, canvas.SKY, canvas.YELLOW])
def test_words_have_the_contrast_that_reading_takes(colour: str) -> None:
    assert contrast(colour, canvas.CARD) >= 7


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HELD])
def test_bars_have_the_contrast_that_graphics_take(role: Role) -> None:
    assert contrast(canvas.COLOURS[role], canvas.CARD) >= 3


def test_no_two_kinds_of_bars_differ_by_colour_alone() -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - for this one look inside

    looks = set()
    for role in Role:
        bar = canvas.filled(Rectangle((0, 0), 1, 1), role)
        looks.add((bar.get_hatch(), bar.get_linewidth() > 0))
    assert len(looks) == len(Role)


def test_each_kind_of_bars_is_there_with_its_legend() -> None:
    image = drawn(charts.timeline())
    for colour in (canvas.SKY, canvas.ORANGE, canvas.PURPLE, canvas.YELLOW):
        assert pixels_of(image, colour) > 200


def test_what_is_not_there_is_in_no_legend() -> None:
    columns = tuple(Column(label=str(day), micros=(charts.CENTS, 0, 0, 0)) for day in range(30))
    image = drawn(charts.timeline(columns=columns, total_mark=None, column_mark=None))
    assert pixels_of(image, canvas.SKY) > 200
    assert pixels_of(image, canvas.ORANGE) == pixels_of(image, canvas.PURPLE) == 0


def test_a_taller_amount_is_a_taller_bar() -> None:
    def sky_in(half: tuple[int, int, int, int], first: int, second: int) -> int:
        columns = (Column(label="a", micros=(first, 0, 0, 0)), Column(label="b", micros=(second, 0, 0, 0)))
        spec = charts.timeline(columns=columns, over=2, total_label=None, column_mark=None, outlook=None)
        return pixels_of(drawn(spec).crop(half), canvas.SKY)

    left, right = (0, 300, 1000, 1120), (1000, 300, 2000, 1120)
    assert sky_in(left, 100_000, 200_000) * 2 == pytest.approx(sky_in(right, 100_000, 200_000), rel=0.02)


def test_a_name_in_a_ranking_is_cut_to_its_place() -> None:
    image = drawn(charts.ranking("W" * 200, "i"))
    card = image.crop((2 * 330, 2 * 130, 2 * 360, 2 * 200))  # the gap between names and bars
    assert pixels_of(card, canvas.TEXT) == 0


@pytest.mark.parametrize("text", ["$5", "$5 and $6", r"$\alpha$", "50 %", "_x_"])
def test_a_dollar_begins_no_formula(text: str) -> None:
    card = canvas.Card()
    written = card.write(0, 0, text)
    assert not written.get_parse_math()

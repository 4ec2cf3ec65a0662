"""Brushes for the paintings: gradients, glows, drifting fields, ridges and their silhouettes.

Only Pillow's own loops touch pixels, so that a whole scene takes a fraction of a second. Shapes are drawn enlarged
and shrunk again, which smooths their edges.
"""

import itertools
import math
import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Size = tuple[int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
_FINE_X = 2
_FINE_Y = 3


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two; `share` 0 is the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def colour(code: str) -> Colour:
    """The colour of six hexadecimal digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def gradient(size: Size, stops: Sequence[Colour]) -> Image.Image:
    """Colours from top to bottom, evenly spaced."""
    rows = 96
    column = Image.new("RGB", (1, rows))
    last = len(stops) - 1
    for row in range(rows):
        place = row / (rows - 1) * last
        index = min(int(place), last - 1)
        column.putpixel((0, row), mix(stops[index], stops[index + 1], place - index))
    # One step for each direction: interpolating a whole area from one column takes ten times as long.
    return column.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)


def curve(shape: Callable[[float], float]) -> list[int]:
    """A look-up table for `Image.point` from a function on 0…1."""
    return [round(255 * min(1.0, max(0.0, shape(level / 255)))) for level in range(256)]


def field(rng: random.Random, size: Size, cells: Size, *, octaves: int = 4) -> Image.Image:
    """Soft irregular light and dark (mode L), `cells` patches across and down, finer detail added in `octaves`."""
    width, height = max(2, size[0] // 2), max(2, size[1] // 2)
    total = Image.new("L", (width, height), 128)
    for octave in range(octaves):
        across, down = (max(2, count * 2**octave) for count in cells)
        patch = Image.frombytes("L", (across, down), rng.randbytes(across * down))
        patch = patch.resize((width, height), Image.Resampling.BICUBIC)
        total = patch if octave == 0 else Image.blend(total, patch, 0.5 / (octave + 0.6))
    return total.resize(size, Image.Resampling.BILINEAR)


def tint(image: Image.Image, paint: Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
    """Lay `paint` over the picture where the mask says."""
    image.paste(paint, (*at, at[0] + mask.width, at[1] + mask.height), mask)


def shine(image: Image.Image, light: Colour, centre: Point, radius: float, strength: float) -> None:
    """Add a round glow that fades out at `radius` pixels."""
    side = max(2, round(2 * radius))
    left, top = round(centre[0] - radius), round(centre[1] - radius)
    # The built-in gradient is white in its corners; what is stretched by the root of two is white at the sides.
    fading = curve(lambda level: strength * max(0.0, 1 - level * math.sqrt(2)) ** 2)
    mask = Image.radial_gradient("L").point(fading)
    mask = mask.resize((side, side), Image.Resampling.BILINEAR)
    box = (max(0, left), max(0, top), min(image.width, left + side), min(image.height, top + side))
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    mask = mask.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
    region = image.crop(box)
    glow = Image.merge("RGB", [mask.point([level * part // 255 for level in range(256)]) for part in light])
    image.paste(ImageChops.screen(region, glow), box)


def disc(image: Image.Image, paint: Colour, centre: Point, radius: float) -> None:
    """A filled circle with a smooth rim."""
    mask = disc_mask(radius)
    tint(image, paint, mask, (round(centre[0] - mask.width / 2), round(centre[1] - mask.height / 2)))


def disc_mask(radius: float) -> Image.Image:
    """The mask of a filled circle, as small as it may be."""
    side = max(3, math.ceil(2 * radius) + 2)
    fine = Image.new("L", (side * 4, side * 4))
    reach = 4 * radius
    middle = side * 2
    ImageDraw.Draw(fine).ellipse((middle - reach, middle - reach, middle + reach, middle + reach), fill=255)
    return fine.reduce(4)


def stars(rng: random.Random, image: Image.Image, count: int, down_to: float) -> None:
    """Stars of all brightnesses above the height `down_to` (pixels), sparser towards it."""
    sky = Image.new("L", (image.width, max(1, round(down_to))))
    draw = ImageDraw.Draw(sky)
    for _ in range(count):
        x, y = rng.random() * sky.width, rng.random() ** 1.4 * sky.height
        light = round(60 + 195 * rng.random() ** 3)
        draw.point((x, y), fill=light)
        if light > 200:
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                draw.point((x + dx, y + dy), fill=light // 3)
    tint(image, (250, 248, 240), sky)


def ridge(rng: random.Random, width: int, *, base: float, rise: float, roughness: float) -> list[Point]:
    """A line of hills across `width` pixels around the height `base`, by midpoint displacement.

    `rise` is the largest displacement in pixels, `roughness` (0…1) what is left of it at each halving.
    """
    heights = [rng.uniform(-rise, rise) * 0.5, rng.uniform(-rise, rise) * 0.5]
    reach = rise
    while len(heights) < 257:
        finer = [heights[0]]
        for left, right in itertools.pairwise(heights):
            finer += [(left + right) / 2 + rng.uniform(-reach, reach), right]
        heights = finer
        reach *= roughness
    step = width / (len(heights) - 1)
    return [(index * step, base + height) for index, height in enumerate(heights)]


def peaks(rng: random.Random, width: int, *, base: float, rise: float, count: int) -> tuple[list[Point], list[Point]]:
    """A jagged range of about `count` mountains. Gives its outline and its summits."""
    corners: list[Point] = []
    summits: list[Point] = []
    x = -width * rng.uniform(0.02, 0.2)
    step = width / count
    while x < width + step:
        corners.append((x, base - rise * rng.uniform(0.0, 0.3)))
        x += step * rng.uniform(0.35, 0.65)
        summits.append((x, base - rise * rng.uniform(0.55, 1.0)))
        corners.append(summits[-1])
        x += step * rng.uniform(0.35, 0.65)
    corners.append((x, base))
    outline: list[Point] = [corners[0]]
    for left, right in itertools.pairwise(corners):
        steps = max(2, round((right[0] - left[0]) / 7))
        wobble = abs(right[1] - left[1]) * 0.055
        for index in range(1, steps):
            share = index / steps
            height = left[1] + (right[1] - left[1]) * share + rng.uniform(-wobble, wobble)
            outline.append((left[0] + (right[0] - left[0]) * share, height))
        outline.append(right)
    return outline, summits


def wave(rng: random.Random, width: int, *, base: float, rise: float, humps: float) -> list[Point]:
    """A smooth line of dunes or swells: a few sines of falling height."""
    parts = [(humps * factor, rise / factor**1.3, rng.uniform(0, math.tau)) for factor in (1, 1.7, 2.9)]
    return [
        (x, base + sum(high * math.sin(math.tau * count * x / width + shift) for count, high, shift in parts))
        for x in range(0, width + 4, 4)
    ]


def height_at(line: Sequence[Point], x: float) -> float:
    """The height of a ridge at `x`."""
    step = line[1][0] - line[0][0]
    index = min(len(line) - 2, max(0, int(x / step)))
    share = min(1.0, max(0.0, x / step - index))
    return line[index][1] + (line[index + 1][1] - line[index][1]) * share


class Silhouette:
    """A layer of shapes in one colour run, which is laid over the picture with smooth edges."""

    def __init__(self, size: Size, top: float) -> None:
        self._top = max(0, min(size[1] - 1, math.floor(top)))
        self._width = size[0]
        self._height = size[1] - self._top
        self._fine = Image.new("L", (self._width * _FINE_X, self._height * _FINE_Y))
        self._draw = ImageDraw.Draw(self._fine)

    def polygon(self, points: Sequence[Point], *, fill: int = 255) -> None:
        """A filled shape, in the picture's pixels; `fill` 0 cuts out."""
        self._draw.polygon([self._place(point) for point in points], fill=fill)

    def ground(self, line: Sequence[Point]) -> None:
        """Everything below a ridge."""
        floor = self._top + self._height + 1
        self.polygon([*line, (line[-1][0], floor), (line[0][0], floor)])

    def line(self, points: Sequence[Point], width: float, *, fill: int = 255) -> None:
        """A stroke."""
        self._draw.line([self._place(point) for point in points], fill=fill, width=max(1, round(width * _FINE_X)))

    def rectangle(self, left: float, top: float, right: float, bottom: float, *, fill: int = 255) -> None:
        """A filled box."""
        self._draw.rectangle((*self._place((left, top)), *self._place((right, bottom))), fill=fill)

    def lay(self, image: Image.Image, stops: Sequence[Colour]) -> None:
        """Lay the shapes over the picture, coloured from the layer's top to the picture's bottom."""
        mask = self._fine.reduce((_FINE_X, _FINE_Y))
        paint = gradient((self._width, self._height), stops)
        image.paste(paint, (0, self._top), mask)

    def _place(self, point: Point) -> Point:
        return point[0] * _FINE_X, (point[1] - self._top) * _FINE_Y


def finish(rng: random.Random, image: Image.Image) -> Image.Image:
    """Darken the corners a little and add a fine grain, which hides the steps of the gradients."""
    width, height = image.size
    corners = Image.radial_gradient("L").point(curve(lambda level: 0.42 * max(0.0, level - 0.45) ** 1.3))
    tint(image, (8, 6, 20), corners.resize((width, height), Image.Resampling.BICUBIC))
    tile = Image.frombytes("L", (256, 256), rng.randbytes(256 * 256)).point([level * 3 // 256 for level in range(256)])
    grain = Image.new("L", (width, height))
    for left in range(0, width, 256):
        for top in range(0, height, 256):
            grain.paste(tile, (left, top))
    return ImageChops.add(image, Image.merge("RGB", (grain, grain, grain)), 1, -1)

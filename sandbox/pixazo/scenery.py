"""What the landscapes share: sky and light, clouds, firs, mist, birds, balloons."""

import math
import random

from PIL import Image, ImageChops, ImageDraw

from sandbox.pixazo.canvas import (
    WHITE,
    Colour,
    Point,
    Silhouette,
    Size,
    curve,
    disc,
    field,
    gradient,
    height_at,
    mix,
    shine,
    stars,
    tint,
)
from sandbox.pixazo.palettes import Palette, names

ANY_MOOD = ("sunset", "sunset", "dawn", "day", "night", "winter")
"""The moods that suit most scenes, the prettiest one twice."""


def sky(prompt: str, rng: random.Random, size: Size, palette: Palette, horizon: float) -> tuple[Image.Image, Point]:
    """Sky, stars or clouds, and the sun or moon. Gives the picture and the place of its light."""
    width, height = size
    image = Image.new("RGB", size, palette.haze)
    image.paste(gradient((width, round(horizon)), palette.sky))
    light = (
        width * rng.uniform(0.2, 0.8),
        horizon * (rng.uniform(0.25, 0.5) if palette.night else rng.uniform(0.5, 0.88)),
    )
    unit = min(width, height)
    if palette.night:
        stars(rng, image, width * height // 1500, horizon)
        if names(prompt, "aurora") or names(prompt, "northern light") or rng.random() < 0.4:
            _aurora(rng, image, horizon)
    shine(image, palette.light, light, unit * 0.75, 0.42)
    shine(image, palette.light, light, unit * 0.28, 0.6)
    disc(image, mix(palette.light, WHITE, 0.35), light, unit * (0.045 if palette.night else rng.uniform(0.05, 0.085)))
    if palette.night:
        _craters(rng, image, palette, light, unit * 0.045)
    _clouds(rng, image, palette, horizon)
    return image, light


def _craters(rng: random.Random, image: Image.Image, palette: Palette, moon: Point, radius: float) -> None:
    for _ in range(5):
        angle, far = rng.uniform(0, math.tau), rng.uniform(0, 0.6) * radius
        spot = (moon[0] + far * math.cos(angle), moon[1] + far * math.sin(angle))
        disc(image, mix(palette.light, palette.sky[1], 0.14), spot, radius * rng.uniform(0.1, 0.24))


def _clouds(rng: random.Random, image: Image.Image, palette: Palette, horizon: float) -> None:
    """Long banks of cloud, denser towards the horizon."""
    size = (image.width, max(2, round(horizon)))
    cover = rng.uniform(0.46, 0.6)
    banks = field(rng, size, (3, 7), octaves=4).point(curve(lambda level: (level - cover) * 3.2))
    fade = Image.linear_gradient("L").resize(size).point(curve(lambda level: 0.15 + 0.6 * level))
    banks = ImageChops.multiply(banks, fade)
    if palette.night:
        banks = banks.point([level // 3 for level in range(256)])
    tint(image, mix(palette.haze, palette.light, 0.55), banks)


def _aurora(rng: random.Random, image: Image.Image, horizon: float) -> None:
    """Curtains of light: a field much finer across than down, faded at both ends."""
    size = (image.width, max(2, round(horizon * 0.8)))
    curtains = field(rng, size, (9, 1), octaves=3).point(curve(lambda level: (level - 0.42) * 2.4))
    fade = Image.linear_gradient("L").resize(size).point(curve(lambda level: math.sin(math.pi * level) ** 1.5 * 0.85))
    curtains = ImageChops.multiply(curtains, fade)
    green = rng.choice(((92, 255, 170), (80, 240, 220), (180, 120, 255)))
    light = Image.composite(Image.new("RGB", size, green), Image.new("RGB", size), curtains)
    region = image.crop((0, 0, *size))
    image.paste(ImageChops.screen(region, light), (0, 0))


def layer_colours(palette: Palette, depth: float) -> tuple[Colour, Colour]:
    """Top and bottom of a layer of land; `depth` 0 is the farthest, 1 the nearest."""
    body = mix(mix(palette.far, palette.haze, 0.35), palette.near, depth)
    return body, mix(body, palette.haze, 0.45 * (1 - depth) + 0.04)


def conifers(rng: random.Random, shape: Silhouette, line: list[Point], tall: float, *, density: float) -> None:
    """Firs along a ridge, in clumps."""
    width = line[-1][0]
    x = rng.uniform(-tall, tall)
    clump = rng.uniform(0, math.tau)
    while x < width + tall:
        thick = math.sin(x / width * 9 + clump) * 0.5 + 0.5
        if rng.random() < density * (0.35 + thick):
            _conifer(
                rng, shape, x, height_at(line, x) + tall * 0.15, tall * rng.uniform(0.7, 1.9) * (0.6 + 0.6 * thick)
            )
        x += tall * rng.uniform(0.22, 0.6)


def _conifer(rng: random.Random, shape: Silhouette, x: float, foot: float, tall: float) -> None:
    """One fir of three or four tiers."""
    tiers = 4 if tall > 40 else 3
    broad = tall * rng.uniform(0.17, 0.24)
    shape.rectangle(x - tall * 0.02, foot - tall * 0.3, x + tall * 0.02, foot + tall * 0.2)
    for tier in range(tiers):
        low = foot - tall * 0.08 - tall * 0.78 * tier / tiers
        high = low - tall * (0.45 - 0.05 * tier)
        half = broad * (1 - 0.2 * tier)
        sag = tall * 0.03
        shape.polygon([(x, high), (x + half, low + sag), (x, low - sag), (x - half, low + sag)])


def birds(rng: random.Random, image: Image.Image, palette: Palette, horizon: float) -> None:
    """A few birds far off."""
    shape = Silhouette(image.size, 0)
    x, y = image.width * rng.uniform(0.15, 0.8), horizon * rng.uniform(0.3, 0.55)
    span = min(image.size) * 0.012
    for _ in range(rng.randint(3, 7)):
        wing = span * rng.uniform(0.6, 1.1)
        lift = wing * rng.uniform(0.35, 0.7)
        shape.line([(x - wing, y - lift), (x - wing * 0.4, y - lift * 0.9), (x, y)], 1.2)
        shape.line([(x, y), (x + wing * 0.4, y - lift * 0.9), (x + wing, y - lift)], 1.2)
        x += span * rng.uniform(1.5, 4)
        y += span * rng.uniform(-1.4, 1.8)
    dark = mix(palette.near, palette.sky[1], 0.25)
    shape.lay(image, (dark, dark))


def balloons(rng: random.Random, image: Image.Image, palette: Palette, horizon: float) -> None:
    """Hot-air balloons, striped, the near ones larger."""
    for place in range(rng.randint(3, 5)):
        radius = min(image.size) * rng.uniform(0.022, 0.034) * (1 + 0.55 * place)
        x, y = image.width * rng.uniform(0.08, 0.92), horizon * rng.uniform(0.18, 0.72)
        main = mix(rng.choice((palette.accent, (214, 64, 69), (38, 102, 140), (242, 193, 78))), palette.haze, 0.1)
        _balloon(image, (x, y), radius, main, mix(palette.light, WHITE, 0.3), mix(palette.near, palette.haze, 0.2))


def _balloon(image: Image.Image, at: Point, radius: float, main: Colour, stripe: Colour, dark: Colour) -> None:
    side = math.ceil(radius * 3.6)
    scale = 4
    patch = Image.new("RGBA", (side * scale, side * scale))
    draw = ImageDraw.Draw(patch)
    middle, reach = side * scale / 2, radius * scale
    top = reach * 0.3
    low = top + 2 * reach
    for share, paint in ((1.0, main), (0.66, stripe), (0.33, main)):
        half = reach * share
        shade = mix(paint, dark, 0.22 * (share - 0.33))
        draw.ellipse((middle - half, top, middle + half, low), fill=shade)
        if share == 1.0:
            neck = top + 1.55 * reach
            draw.polygon(
                [
                    (middle - half * 0.83, neck),
                    (middle + half * 0.83, neck),
                    (middle + half * 0.2, low + reach * 0.35),
                    (middle - half * 0.2, low + reach * 0.35),
                ],
                fill=shade,
            )
    basket = low + reach * 0.55
    for edge in (-1, 1):
        draw.line(
            (middle + edge * reach * 0.2, low + reach * 0.3, middle + edge * reach * 0.14, basket),
            fill=dark,
            width=scale // 2,
        )
    draw.rectangle((middle - reach * 0.16, basket, middle + reach * 0.16, basket + reach * 0.22), fill=dark)
    small = patch.reduce(scale)
    image.paste(small, (round(at[0] - side / 2), round(at[1] - radius)), small)


def mist(rng: random.Random, image: Image.Image, palette: Palette, around: float) -> None:
    """A bank of mist across the picture."""
    deep = round(image.height * 0.24)
    bank = field(rng, (image.width, deep), (3, 2), octaves=3).point(curve(lambda level: 0.15 + level * 0.7))
    fade = (
        Image.linear_gradient("L").resize(bank.size).point(curve(lambda level: math.sin(math.pi * level) ** 2 * 0.62))
    )
    tint(image, mix(palette.haze, palette.light, 0.15), ImageChops.multiply(bank, fade), (0, round(around - deep / 2)))


def fireflies(rng: random.Random, image: Image.Image) -> None:
    """Points of light near the ground."""
    for _ in range(26):
        spot = (image.width * rng.random(), image.height * rng.uniform(0.6, 0.97))
        shine(image, (255, 226, 120), spot, min(image.size) * rng.uniform(0.012, 0.03), 0.9)

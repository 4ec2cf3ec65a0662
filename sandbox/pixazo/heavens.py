"""Planets and nebulae."""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from sandbox.pixazo.canvas import WHITE, Colour, Point, Size, curve, disc_mask, field, gradient, mix, shine, stars, tint
from sandbox.pixazo.palettes import names


def space(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """A planet before a nebula, ringed more often than not, with a small moon."""
    width, height = size
    unit = min(size)
    image = gradient(size, ((6, 6, 20), (14, 10, 36), (5, 8, 24)))
    hues = rng.sample(((196, 60, 140), (70, 90, 220), (40, 170, 180), (240, 130, 70), (130, 70, 210)), 3)
    for hue in hues:
        image = ImageChops.screen(image, _nebula(rng, size, hue))
    stars(rng, image, width * height // 600, height)
    for _ in range(9):
        spot = (width * rng.random(), height * rng.random())
        shine(image, (255, 250, 240), spot, unit * rng.uniform(0.012, 0.045), 1.0)
    centre = (width * rng.uniform(0.34, 0.66), height * rng.uniform(0.42, 0.6))
    light, dark = mix(hues[0], (255, 214, 170), 0.55), mix(hues[1], (40, 30, 60), 0.3)
    if names(prompt, "moon") or rng.random() < 0.25:
        radius = unit * rng.uniform(0.28, 0.36)
        shine(image, light, centre, radius * 2.4, 0.5)
        _planet(rng, image, centre, radius, light, dark)
    else:
        radius = unit * rng.uniform(0.2, 0.27)
        _ringed_planet(rng, image, centre, radius, light, dark)
    moon = (centre[0] + radius * rng.choice((-1.8, 1.8)), centre[1] - radius * rng.uniform(0.8, 1.3))
    _planet(rng, image, moon, radius * 0.2, (226, 220, 210), (120, 116, 128))
    return image


def _nebula(rng: random.Random, size: Size, hue: Colour) -> Image.Image:
    """Luminous gas on black. The field is turned, so that its grid does not show."""
    reach = math.ceil(math.hypot(*size) / 2)
    dense = field(rng, (reach, reach), (4, 4), octaves=4).rotate(rng.uniform(20, 70), Image.Resampling.BICUBIC)
    inner = reach * 0.5 / math.sqrt(2)
    box = (round(reach / 2 - inner), round(reach / 2 - inner), round(reach / 2 + inner), round(reach / 2 + inner))
    dense = dense.crop(box).resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.BoxBlur(3))
    dense = dense.point(curve(lambda level: (max(0.0, level - 0.42) * 2.1) ** 1.7))
    return Image.merge("RGB", [dense.point([level * part // 255 for level in range(256)]) for part in hue])


def _planet(rng: random.Random, image: Image.Image, centre: Point, radius: float, light: Colour, dark: Colour) -> None:
    """A banded globe lit from the upper left."""
    mask = disc_mask(radius)
    side = mask.width
    bands = field(rng, (side, side), (1, 7), octaves=4).point(curve(lambda level: (level - 0.25) * 1.9))
    globe = ImageOps.colorize(bands, dark, light)
    lit = Image.radial_gradient("L").point(curve(lambda level: 1.2 - level * 2.5)).resize((side * 2, side * 2))
    left, top = round(side * 0.66), round(side * 0.7)
    lit = lit.crop((left, top, left + side, top + side))
    globe = Image.composite(globe, Image.new("RGB", globe.size, mix(dark, (4, 4, 14), 0.88)), lit)
    image.paste(globe, (round(centre[0] - side / 2), round(centre[1] - side / 2)), mask)


def _ringed_planet(
    rng: random.Random,
    image: Image.Image,
    centre: Point,
    radius: float,
    light: Colour,
    dark: Colour,
) -> None:
    """A planet with a ring, behind which the far half of the ring disappears."""
    shine(image, light, centre, radius * 2.1, 0.4)
    side = math.ceil(radius * 5)
    tilt = rng.uniform(-24, 24)
    fine = Image.new("L", (side * 2, round(side * 0.56)))
    draw = ImageDraw.Draw(fine)
    for share, level in ((0.98, 90), (0.93, 200), (0.84, 40), (0.82, 160), (0.7, 110), (0.62, 0)):
        half = side * share
        draw.ellipse(
            (side - half, fine.height / 2 * (1 - share), side + half, fine.height / 2 * (1 + share)),
            fill=level,
        )
    whole = fine.resize((side, fine.height // 2)).rotate(tilt, expand=True, resample=Image.Resampling.BICUBIC)
    front_half = fine.copy()
    front_half.paste(0, (0, 0, fine.width, fine.height // 2))
    front = front_half.resize((side, fine.height // 2)).rotate(tilt, expand=True, resample=Image.Resampling.BICUBIC)
    at = (round(centre[0] - whole.width / 2), round(centre[1] - whole.height / 2))
    ring = mix(light, WHITE, 0.35)
    tint(image, ring, whole, at)
    _planet(rng, image, centre, radius, light, dark)
    tint(image, ring, front, at)

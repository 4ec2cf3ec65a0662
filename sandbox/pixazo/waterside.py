"""Seas and cities, mirrored in their water."""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from sandbox.pixazo.canvas import WHITE, Point, Silhouette, Size, curve, disc, mix, ridge, shine, tint
from sandbox.pixazo.palettes import Palette, names, palette_of
from sandbox.pixazo.scenery import ANY_MOOD, birds, layer_colours, sky


def sea(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """A bay with boats, or a lighthouse over it."""
    palette = palette_of(prompt, rng, among=ANY_MOOD)
    width, height = size
    horizon = round(height * rng.uniform(0.52, 0.62))
    image, light = sky(prompt, rng, size, palette, horizon)
    for depth in (0.12, 0.4):
        line = ridge(rng, width, base=horizon - height * 0.01, rise=height * 0.075 * (1 - depth * 0.5), roughness=0.5)
        line = [(x, min(y + abs(x / width - rng.uniform(0.49, 0.51)) * height * 0.05, horizon + 2)) for x, y in line]
        shape = Silhouette(size, min(y for _, y in line) - 1)
        shape.ground(line)
        shape.lay(image, layer_colours(palette, depth))
    _reflect(rng, image, palette, horizon)
    _glitter(rng, image, palette, light, horizon)
    if names(prompt, "lighthouse") or (rng.random() < 0.35 and not names(prompt, "boat")):
        _lighthouse(rng, image, palette, horizon)
    else:
        _boats(rng, image, palette, horizon)
    birds(rng, image, palette, horizon)
    return image


def _reflect(rng: random.Random, image: Image.Image, palette: Palette, horizon: int) -> None:
    """Turn everything below the horizon into water that mirrors what is above, more broken the nearer it is."""
    width, height = image.size
    depth = height - horizon
    mirrored = ImageOps.flip(image.crop((0, max(0, horizon - depth), width, horizon))).resize((width, depth))
    # Water takes on the colour of the air; without that the image of the sun turns grey in the blue.
    air = mix(palette.sky[-2], WHITE, 0.5)
    mirrored = ImageChops.multiply(mirrored, Image.new("RGB", mirrored.size, air))
    deep = Image.new("RGB", mirrored.size, mix(palette.near, palette.sky[0], 0.45))
    fade = Image.linear_gradient("L").resize(mirrored.size).point(curve(lambda level: 0.18 + 0.5 * level))
    water = Image.composite(deep, mirrored, fade)
    image.paste(water, (0, horizon))
    phase = rng.uniform(0, math.tau)
    for row in range(0, depth, 2):
        near = row / depth
        shift = round((1 + 16 * near) * math.sin(row**0.72 * 1.15 + phase) * (0.35 + 0.65 * rng.random()))
        strip = water.crop((0, row, width, row + 2))
        image.paste(strip, (shift, horizon + row))
        if shift:
            edge = strip.crop((0, 0, 1, 2)) if shift > 0 else strip.crop((width - 1, 0, width, 2))
            image.paste(edge.resize((abs(shift), 2)), (0 if shift > 0 else width + shift, horizon + row))


def _glitter(rng: random.Random, image: Image.Image, palette: Palette, light: Point, horizon: int) -> None:
    """The path of light on the water, and crests here and there."""
    width, depth = image.width, image.height - horizon
    mask = Image.new("L", (width, depth))
    draw = ImageDraw.Draw(mask)
    for _ in range(620):
        near = rng.random() ** 1.3
        x = rng.gauss(light[0], width * (0.025 + 0.075 * near))
        y = near * depth
        half = (2 + 22 * near) * rng.uniform(0.3, 1)
        draw.line((x - half, y, x + half, y), fill=round(rng.uniform(50, 190)), width=1 + round(1.6 * near))
    for _ in range(160):
        near = rng.random()
        x, y, half = rng.random() * width, near * depth, (3 + 30 * near) * rng.uniform(0.3, 1)
        draw.line((x - half, y, x + half, y), fill=round(rng.uniform(10, 42)), width=1)
    tint(image, mix(palette.light, WHITE, 0.2), mask, (0, horizon))


def _boats(rng: random.Random, image: Image.Image, palette: Palette, horizon: int) -> None:
    """Sailing boats, with a dim image in the water."""
    for _ in range(rng.randint(1, 3)):
        near = rng.uniform(0.08, 0.45)
        tall = image.height * (0.05 + 0.2 * near)
        x, y = image.width * rng.uniform(0.12, 0.88), horizon + (image.height - horizon) * near
        lean = tall * rng.uniform(-0.05, 0.05)
        sail = mix(mix(palette.light, WHITE, 0.3), palette.haze, 0.15)
        for up, strength in ((-1, 70), (1, 255)):
            hull, cloth = Silhouette(image.size, y - tall * 1.2), Silhouette(image.size, y - tall * 1.2)
            hull.polygon(
                [
                    (x - tall * 0.42, y - up * tall * 0.1),
                    (x + tall * 0.46, y - up * tall * 0.12),
                    (x + tall * 0.3, y + 1),
                    (x - tall * 0.3, y + 1),
                ],
                fill=strength,
            )
            mast = y - up * tall
            cloth.polygon(
                [(x + lean, mast), (x - tall * 0.34, y - up * tall * 0.18), (x, y - up * tall * 0.18)], fill=strength
            )
            cloth.polygon(
                [
                    (x + lean + 2, mast + up * tall * 0.1),
                    (x + tall * 0.36, y - up * tall * 0.2),
                    (x + 3, y - up * tall * 0.18),
                ],
                fill=strength,
            )
            dark = mix(palette.near, palette.accent, 0.25)
            hull.lay(image, (dark, dark))
            cloth.lay(image, (sail, sail))


def _lighthouse(rng: random.Random, image: Image.Image, palette: Palette, horizon: int) -> None:
    """A lighthouse on a rock at one side, its lamp lit."""
    width, height = image.size
    side = rng.choice((0.16, 0.84))
    x, foot, tall = width * side, horizon + height * 0.06, height * rng.uniform(0.3, 0.36)
    dark = mix(palette.near, palette.far, 0.12)
    line = ridge(rng, width, base=0, rise=height * 0.02, roughness=0.55)
    rock = [(px, foot + height * 0.005 + py + (abs(px - x) / (width * 0.3)) ** 1.7 * height * 0.2) for px, py in line]
    lamp = (x, foot - tall * 0.93)
    _beam(image, lamp, width * (1 if side < 0.5 else -1), 120 if palette.night else 55)
    _tower(image, palette, (x, foot), tall)
    top = Silhouette(image.size, foot - tall * 1.1)
    top.rectangle(x - tall * 0.085, foot - tall * 0.86, x + tall * 0.085, foot - tall * 0.835)
    top.rectangle(x - tall * 0.045, foot - tall * 1.0, x + tall * 0.045, foot - tall * 0.86)
    top.polygon([(x - tall * 0.06, foot - tall * 0.99), (x, foot - tall * 1.08), (x + tall * 0.06, foot - tall * 0.99)])
    top.ground(rock)
    top.lay(image, (dark, mix(dark, palette.near, 0.6)))
    disc(image, (255, 246, 214), lamp, tall * 0.03)
    shine(image, (255, 236, 170), lamp, tall * 0.45, 0.9 if palette.night else 0.6)


def _tower(image: Image.Image, palette: Palette, at: Point, tall: float) -> None:
    """The banded shaft of the lighthouse."""
    x, foot = at
    shape = Silhouette(image.size, foot - tall * 1.1)
    shape.polygon(
        [
            (x - tall * 0.1, foot + tall * 0.1),
            (x - tall * 0.062, foot - tall * 0.84),
            (x + tall * 0.062, foot - tall * 0.84),
            (x + tall * 0.1, foot + tall * 0.1),
        ]
    )
    shape.lay(image, (mix(palette.light, palette.haze, 0.35), mix(palette.haze, palette.far, 0.5)))
    bands = Silhouette(image.size, foot - tall * 1.1)
    for low in (0.06, 0.34, 0.62):
        wide_low, wide_high = 0.1 - 0.04 * low, 0.1 - 0.04 * (low + 0.14)
        bands.polygon(
            [
                (x - tall * wide_low, foot - tall * low),
                (x - tall * wide_high, foot - tall * (low + 0.14)),
                (x + tall * wide_high, foot - tall * (low + 0.14)),
                (x + tall * wide_low, foot - tall * low),
            ]
        )
    bands.lay(image, (mix(palette.accent, (190, 40, 40), 0.6), mix(palette.accent, palette.near, 0.5)))


def _beam(image: Image.Image, lamp: Point, reach: float, strength: int) -> None:
    """A soft ray from a lamp, drawn small and enlarged, which blurs it; it fades with the distance."""
    coarse = 8
    size = (image.width // coarse, image.height // coarse)
    ray = Image.new("L", size)
    x, y = lamp[0] / coarse, lamp[1] / coarse
    for step in range(48):
        near, far = x + reach / coarse * step / 48, x + reach / coarse * (step + 1) / 48
        spread = abs(far - x) * 0.1
        ImageDraw.Draw(ray).polygon(
            [
                (near, y - abs(near - x) * 0.1),
                (near, y + abs(near - x) * 0.04),
                (far, y + spread * 0.4),
                (far, y - spread),
            ],
            fill=round(strength * (1 - step / 48) ** 1.2),
        )
    tint(image, (255, 243, 200), ray.filter(ImageFilter.BoxBlur(2)).resize(image.size, Image.Resampling.BICUBIC))


def city(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """A skyline across the water."""
    palette = palette_of(prompt, rng, among=("night", "night", "sunset"))
    horizon = round(size[1] * rng.uniform(0.68, 0.76))
    image, light = sky(prompt, rng, size, palette, horizon)
    for layer in range(4):
        depth = layer / 3
        _skyline(rng, image, palette, horizon, depth)
    _reflect(rng, image, palette, horizon)
    _glitter(rng, image, palette, light, horizon)
    return image


def _skyline(rng: random.Random, image: Image.Image, palette: Palette, horizon: int, depth: float) -> None:
    """A row of buildings, their windows lit in the nearer ones."""
    width, height = image.size
    walls = Silhouette(image.size, height * 0.05)
    windows = Silhouette(image.size, height * 0.05)
    x = -width * rng.uniform(0, 0.05)
    while x < width:
        wide = width * rng.uniform(0.035, 0.08) * (0.8 + 0.5 * depth)
        centre = 1 - abs((x + wide / 2) / width - 0.5) * 1.3
        tall = height * rng.uniform(0.1, 0.3) * (0.55 + 0.9 * centre) * (1.25 - 0.4 * depth)
        top = horizon - tall
        walls.rectangle(x, top, x + wide, horizon)
        _roof(rng, walls, x, top, wide)
        _windows(
            rng,
            windows,
            (x, top, x + wide, horizon),
            pane=max(1.5, height * (0.0025 + 0.003 * depth)),
            lit=0.22 + 0.16 * depth,
        )
        x += wide * rng.uniform(0.85, 1.0)
    walls.lay(image, layer_colours(palette, 0.15 + 0.8 * depth))
    warm = mix(palette.accent, (255, 226, 150), 0.65)
    windows.lay(image, (mix(warm, palette.haze, 0.45 * (1 - depth)), warm))


def _roof(rng: random.Random, walls: Silhouette, x: float, top: float, wide: float) -> None:
    kind = rng.random()
    if kind < 0.25:
        walls.polygon([(x, top), (x + wide / 2, top - wide * 0.5), (x + wide, top)])
    elif kind < 0.55:
        walls.rectangle(x + wide * 0.2, top - wide * 0.25, x + wide * 0.8, top)
        walls.rectangle(x + wide * 0.48, top - wide * 0.9, x + wide * 0.52, top)


def _windows(
    rng: random.Random,
    windows: Silhouette,
    box: tuple[float, float, float, float],
    *,
    pane: float,
    lit: float,
) -> None:
    left, top, right, bottom = box
    windows.rectangle(left - 1, top, right, bottom, fill=0)
    y = top + pane * 2
    while y < bottom - pane * 2:
        x = left + pane * 1.5
        while x < right - pane * 2:
            if rng.random() < lit:
                windows.rectangle(x, y, x + pane, y + pane * 1.3, fill=rng.choice((110, 170, 230)))
            x += pane * 2.2
        y += pane * 3

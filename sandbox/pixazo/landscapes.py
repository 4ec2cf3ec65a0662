"""Mountains, deserts and forests."""

import math
import random

from PIL import Image

from sandbox.pixazo.canvas import WHITE, Colour, Point, Silhouette, Size, mix, peaks, ridge, shine, wave
from sandbox.pixazo.palettes import Palette, names, palette_of
from sandbox.pixazo.scenery import ANY_MOOD, balloons, birds, conifers, fireflies, layer_colours, mist, sky


def mountains(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """Two ranges with snow behind wooded hills."""
    palette = palette_of(prompt, rng, among=ANY_MOOD)
    width, height = size
    horizon = height * rng.uniform(0.62, 0.74)
    image, light = sky(prompt, rng, size, palette, horizon)
    for depth, rise in ((0.0, rng.uniform(0.3, 0.42)), (0.18, rng.uniform(0.2, 0.3))):
        outline, summits = peaks(rng, width, base=horizon + height * 0.02, rise=height * rise, count=rng.randint(2, 4))
        _range(rng, image, palette, outline, summits, depth, toward=light[0])
    shine(image, palette.light, light, min(size) * 0.5, 0.2)
    mist(rng, image, palette, horizon)
    for depth in (0.45, 0.7, 1.0):
        base = horizon + height * (0.42 * (depth - 0.35))
        line = ridge(rng, width, base=base, rise=height * 0.07, roughness=0.42)
        tree = height * 0.012 * (1 + 5 * depth**2)
        shape = Silhouette(size, min(y for _, y in line) - tree * 4)
        shape.ground(line)
        conifers(rng, shape, line, tree, density=0.55 if depth < 0.9 else 0.75)
        shape.lay(image, layer_colours(palette, depth))
    birds(rng, image, palette, horizon)
    if names(prompt, "balloon") or rng.random() < 0.12:
        balloons(rng, image, palette, horizon)
    return image


def _range(
    rng: random.Random,
    image: Image.Image,
    palette: Palette,
    outline: list[Point],
    summits: list[Point],
    depth: float,
    *,
    toward: float,
) -> None:
    """A range of mountains with snow on its summits, shaded on the side away from the light."""
    body, foot = layer_colours(palette, depth)
    top = min(y for _, y in outline)
    shape = Silhouette(image.size, top - 2)
    shape.ground(outline)
    shape.lay(image, (body, foot, foot))
    highest = min(y for _, y in summits)
    snow, shade = Silhouette(image.size, top - 2), Silhouette(image.size, top - 2)
    for summit in summits:
        deep = image.height * rng.uniform(0.09, 0.13) - (summit[1] - highest) * 0.6
        near = [point for point in outline if abs(point[0] - summit[0]) < deep * 1.2 and point[1] < summit[1] + deep]
        if deep > 0 and len(near) > 2:
            lower = [(x, min(y, summit[1] + deep) + rng.uniform(0, 0.3) * deep) for x, y in reversed(near[1:-1:2])]
            snow.polygon([*near, *lower], fill=215)
        _shaded_side(rng, shade, outline, summit, image.height, away=1 if summit[0] > toward else -1)
    white = mix(mix(palette.light, WHITE, 0.6), palette.haze, 0.25 if not palette.night else 0.6)
    snow.lay(image, (white, mix(white, foot, 0.6)))
    dark = mix(body, palette.near, 0.4)
    shade.lay(image, (dark, mix(dark, foot, 0.85), foot))


def _shaded_side(
    rng: random.Random,
    shade: Silhouette,
    outline: list[Point],
    summit: Point,
    height: int,
    *,
    away: int,
) -> None:
    """One flank, from the summit to the valley and back up along a crooked spur."""
    flank = [summit]
    following = [point for point in outline if (point[0] - summit[0]) * away > 0]
    for point in sorted(following, key=lambda place: (place[0] - summit[0]) * away):
        if point[1] < flank[-1][1] - height * 0.03:
            break
        flank.append(point)
    spur: list[Point] = [summit]
    x, y = summit
    while y < height * 0.8:
        x += away * rng.uniform(-0.012, 0.02) * height
        y += rng.uniform(0.02, 0.045) * height
        spur.append((x, y))
    shade.polygon([*flank, (flank[-1][0], height * 0.8), *reversed(spur)], fill=130)


def desert(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """Dunes, and balloons over them by day."""
    palette = palette_of(prompt, rng, among=("sunset", "sunset", "dawn", "day"))
    width, height = size
    horizon = height * rng.uniform(0.55, 0.66)
    image, light = sky(prompt, rng, size, palette, horizon)
    sand = mix((226, 158, 92), palette.light, 0.3)
    for layer in range(5):
        depth = layer / 4
        base = horizon - height * 0.015 + height * 0.4 * depth**1.2
        line = wave(rng, width, base=base, rise=height * (0.02 + 0.045 * depth), humps=1.9 - 1.2 * depth)
        shape = Silhouette(size, min(y for _, y in line) - 1)
        shape.ground(line)
        lit = mix(mix(sand, palette.haze, 0.65 * (1 - depth)), palette.near, 0.35 * depth)
        shape.lay(image, (lit, mix(lit, palette.near, 0.35 + 0.3 * depth)))
        _lee(image, line, palette, lit, toward=light[0])
    if not palette.night or names(prompt, "balloon"):
        balloons(rng, image, palette, horizon)
    return image


def _lee(image: Image.Image, line: list[Point], palette: Palette, lit: Colour, *, toward: float) -> None:
    """The shaded side of every dune: a crescent from its crest to the next valley, away from the light."""
    shape = Silhouette(image.size, min(y for _, y in line) - 1)
    heights = [y for _, y in line]
    crests = [
        index
        for index in range(1, len(line) - 1)
        if heights[index] < heights[index - 1] and heights[index] <= heights[index + 1]
    ]
    for index in crests:
        following = line[index:] if line[index][0] > toward else line[index::-1]
        slope = [following[0]]
        for point in following[1:]:
            if point[1] < slope[-1][1]:
                break
            slope.append(point)
        sag = abs(slope[-1][0] - slope[0][0]) * 0.2
        last = max(1, len(slope) - 1)
        belly = [(x, y + sag * math.sin(math.pi * (step / last) ** 0.7)) for step, (x, y) in enumerate(slope)]
        shape.polygon([*slope, *reversed(belly)], fill=200)
    shade = mix(lit, palette.near, 0.5)
    shape.lay(image, (shade, mix(shade, lit, 0.4)))


def forest(prompt: str, rng: random.Random, size: Size) -> Image.Image:
    """Firs in layers of mist."""
    palette = palette_of(prompt, rng, among=("dawn", "dawn", "sunset", "night", "day"))
    width, height = size
    image, light = sky(prompt, rng, size, palette, height * 0.8)
    for layer in range(6):
        depth = layer / 5
        tall = height * (0.07 + 0.3 * depth**1.6)
        line = ridge(rng, width, base=height * (0.6 + 0.36 * depth), rise=height * 0.05, roughness=0.45)
        shape = Silhouette(size, min(y for _, y in line) - tall * 2.6)
        shape.ground(line)
        conifers(rng, shape, line, tall * 0.62, density=0.8 - 0.3 * depth)
        body, low = layer_colours(palette, depth**1.2)
        shape.lay(image, (body, mix(low, palette.haze, 0.3 * (1 - depth))))
        if layer < 4:
            mist(rng, image, palette, height * (0.62 + 0.3 * depth))
    shine(image, palette.light, light, min(size) * 0.7, 0.25)
    if palette.night:
        fireflies(rng, image)
    else:
        birds(rng, image, palette, height * 0.6)
    return image

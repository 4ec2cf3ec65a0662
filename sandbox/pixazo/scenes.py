"""The paintings by their subject: six kinds of scene, composed anew for every seed."""

import random
from collections.abc import Callable, Mapping

from PIL import Image

from sandbox.pixazo.canvas import Size, finish
from sandbox.pixazo.heavens import space
from sandbox.pixazo.landscapes import desert, forest, mountains
from sandbox.pixazo.palettes import subject_of
from sandbox.pixazo.waterside import city, sea

SCENES: Mapping[str, Callable[[str, random.Random, Size], Image.Image]] = {
    "mountains": mountains,
    "sea": sea,
    "desert": desert,
    "forest": forest,
    "city": city,
    "space": space,
}
"""Painters by subject."""


def paint(prompt: str, seed: int, size: Size) -> Image.Image:
    """The painting for a prompt and seed, in RGB; the same for the same arguments."""
    rng = random.Random(seed)
    image = SCENES[subject_of(prompt, rng)](prompt, rng, size)
    return finish(rng, image)

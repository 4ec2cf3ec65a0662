"""The maps as numbers: each shows what it should and nothing else."""

import cv2
import numpy as np
import pytest
from cv2.typing import MatLike
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging.maps import make
from imaging.protocol import METHODS
from tests.imaging.files import drawing

MAPS = [method for method in METHODS if method != "none"]


def photo() -> Image.Image:
    """A drawing with grain, so that there is detail to lose."""
    pixels = np.asarray(drawing(size=(320, 200))).astype(np.int16)
    noise = np.random.default_rng(1).normal(0, 12, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def pixels_of(image: Image.Image, method: str, *, low: int | None = None, high: int | None = None) -> MatLike:
    made, _, _ = make(image, method, low=low, high=high)
    return np.asarray(made)


def sharpness(pixels: MatLike) -> float:
    """The variance of the Laplacian, as focus is measured."""
    return float(cv2.Laplacian(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def test_canny_draws_white_lines_where_the_edges_are_and_nothing_elsewhere() -> None:
    image = Image.new("RGB", (200, 100), "black")
    image.paste("white", (100, 0, 200, 100))
    lines = pixels_of(image, "canny")
    assert set(np.unique(lines)) == {0, 255}
    columns = {int(column) for column in np.nonzero(lines.any(axis=(0, 2)))[0]}
    assert columns
    assert columns <= set(range(97, 103))


def test_canny_finds_no_lines_in_a_photos_grain() -> None:
    grain = np.random.default_rng(2).normal(128, 12, (200, 200, 3)).clip(0, 255).astype(np.uint8)
    assert not pixels_of(Image.fromarray(grain), "canny").any()


@pytest.mark.parametrize("light", [0.15, 0.5, 1.0])
def test_canny_suits_itself_to_dark_and_bright_pictures(light: float) -> None:
    image = drawing(size=(320, 200)).point(lambda level: level * light)
    share = float((pixels_of(image, "canny")[..., 0] > 0).mean())
    assert 0.005 < share < 0.05


def test_canny_finds_the_shapes_of_a_pale_picture() -> None:
    image = Image.new("RGB", (200, 100), (240, 240, 240))
    image.paste((195, 195, 195), (60, 20, 140, 80))
    assert pixels_of(image, "canny").any()


def test_lower_thresholds_draw_more() -> None:
    counts = [np.count_nonzero(pixels_of(photo(), "canny", low=high // 2, high=high)) for high in (40, 120, 250)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3


@given(level=st.integers(0, 255), low=st.none() | st.integers(0, 255), high=st.none() | st.integers(0, 255))
@settings(max_examples=60)
def test_thresholds_are_those_given_and_otherwise_in_order(level: int, low: int | None, high: int | None) -> None:
    _, used_low, used_high = make(Image.new("RGB", (64, 64), (level,) * 3), "canny", low=low, high=high)
    assert used_low is not None
    assert used_high is not None
    assert used_low == (used_low if low is None else low)
    assert used_high == (used_high if high is None else high)
    if low is None or high is None:
        assert 0 <= used_low <= used_high <= 255


def test_gray_keeps_the_light_and_loses_the_colours() -> None:
    grey = pixels_of(drawing(), "gray")
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 1] == grey[..., 2]).all()
    assert abs(grey[..., 0].astype(int) - np.asarray(drawing("L")).astype(int)).max() <= 1


@pytest.mark.parametrize("method", ["blur", "tile"])
def test_a_softened_map_loses_detail_and_keeps_the_colours(method: str) -> None:
    before, after = np.asarray(photo()), pixels_of(photo(), method)
    assert sharpness(after) < sharpness(before) / 10
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 2


def test_low_quality_is_worse_and_still_the_same_picture() -> None:
    before, after = np.asarray(photo()), pixels_of(photo(), "low-quality")
    assert sharpness(after) < sharpness(before)
    difference = np.abs(before.astype(int) - after.astype(int))
    assert 4 < difference.mean() < 25
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 3


@pytest.mark.parametrize("method", MAPS)
def test_the_same_picture_gives_the_same_map_of_its_size(method: str) -> None:
    for size in ((64, 64), (641, 67), (67, 641)):
        first, second = (pixels_of(drawing(size=size), method) for _ in range(2))
        assert first.shape == (size[1], size[0], 3)
        assert first.dtype == np.uint8
        assert (first == second).all()

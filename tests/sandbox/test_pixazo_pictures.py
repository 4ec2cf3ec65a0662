"""What the stand-in paints."""

import io
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.pixazo import SIZES
from sandbox.pixazo.palettes import subject_of
from sandbox.pixazo.pictures import PictureKey, black, heavy, painting
from sandbox.pixazo.scenes import SCENES, paint

KEY = PictureKey(prompt="a lighthouse", seed=7, index=0, width=512, height=512, file_format="png")


def _colours(data: bytes) -> list[float]:
    with Image.open(io.BytesIO(data)) as picture:
        return ImageStat.Stat(picture.convert("RGB").resize((4, 4))).mean


def test_a_picture_is_the_same_to_the_byte_when_painted_again() -> None:
    first = painting(KEY)
    painting.cache_clear()
    assert painting(KEY) == first


@pytest.mark.parametrize(
    "other",
    [replace(KEY, prompt="a lighthouse!"), replace(KEY, seed=8), replace(KEY, index=1)],
    ids=["prompt", "seed", "index"],
)
def test_another_prompt_seed_or_index_gives_a_visibly_different_picture(other: PictureKey) -> None:
    with Image.open(io.BytesIO(painting(KEY))) as first, Image.open(io.BytesIO(painting(other))) as second:
        difference = ImageStat.Stat(ImageChops.difference(first, second).convert("L")).mean[0]
    assert difference > 5


@pytest.mark.parametrize("subject", sorted(SCENES))
@pytest.mark.parametrize("size", sorted(SIZES.values()), ids=str)
def test_every_scene_can_be_painted_in_every_size(subject: str, size: tuple[int, int]) -> None:
    _check(subject, seed=1, size=size)


@pytest.mark.parametrize("subject", sorted(SCENES))
def test_every_scene_can_be_painted_from_any_seed(subject: str) -> None:
    for seed in range(12):
        _check(subject, seed=seed, size=(192, 144))


def _check(subject: str, *, seed: int, size: tuple[int, int]) -> None:
    picture = paint(f"{subject} scene", seed, size)
    assert (picture.size, picture.mode) == (size, "RGB")
    low, high = picture.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    assert high - low > 60


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("A lighthouse at dusk", "sea"),
        ("two BOATS", "sea"),
        ("Saturn and its rings", "space"),
        ("neon skyline over a river", "city"),
        ("balloons over sand", "desert"),
        ("a fox in the woods", "forest"),
        ("snowy peaks", "mountains"),
    ],
)
def test_the_scene_follows_the_prompts_first_word_that_says_something(prompt: str, subject: str) -> None:
    assert {subject_of(prompt, random.Random(seed)) for seed in range(20)} == {subject}


def test_a_prompt_that_says_nothing_gets_any_scene() -> None:
    assert len({subject_of("untitled", random.Random(seed)) for seed in range(60)}) == len(SCENES)


def test_odd_prompts_are_painted_too() -> None:
    for prompt in ("", "\ud800", "🦊" * 2000, "a\x00b"):
        assert painting(replace(KEY, prompt=prompt)).startswith(b"\x89PNG")


def test_painting_in_several_threads_gives_the_same_pictures() -> None:
    keys = [replace(KEY, seed=seed) for seed in range(4)]
    alone = [painting(key) for key in keys]
    painting.cache_clear()
    barrier = threading.Barrier(4)

    def together(key: PictureKey) -> bytes:
        barrier.wait(timeout=10)
        return painting(key)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(together, keys)) == alone


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
def test_the_replacement_of_a_flagged_picture_is_black_in_either_format(file_format: str) -> None:
    with Image.open(io.BytesIO(black((576, 1024), file_format))) as picture:
        assert (picture.format, picture.size) == (file_format.upper(), (576, 1024))
        assert picture.convert("L").getextrema() == (0, 0)


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
@pytest.mark.parametrize("size_bytes", [100_000, 1_000_003, 4_000_000])
def test_a_heavy_picture_has_exactly_the_bytes_asked_for(file_format: str, size_bytes: int) -> None:
    data = heavy((1024, 768), file_format, size_bytes)
    assert len(data) == size_bytes
    assert max(_colours(data)) > 0
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert (picture.format, picture.size) == (file_format.upper(), (1024, 768))

"""Pictures made to fit Discord's limits, with real images."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.delivery import ReleasedImage
from ui.uploads import FILE_BYTES, REQUEST_BYTES, Limits, Upload, Uploads, shrink

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture that hardly compresses."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (width, height), random.Random(5).randbytes(width * height * bands))


def stored(folder: Path, index: int = 0, *, size: tuple[int, int] = (64, 48), kind: str = "PNG") -> ReleasedImage:
    path = folder / f"{index}.{'jpg' if kind == 'JPEG' else kind.lower()}"  # named as the spool does
    noise(*size).save(path, format=kind)
    return ReleasedImage(
        index=index,
        path=path,
        media_type=MEDIA_TYPES[kind],
        width_px=size[0],
        height_px=size[1],
        size_bytes=path.stat().st_size,
    )


def size_of(upload: Upload) -> int:
    file = upload.as_file("a fox")
    try:
        return len(file.fp.read())
    finally:
        file.close()


async def fitted(images: Sequence[ReleasedImage], limits: Limits) -> list[tuple[str, int]]:
    async with Uploads().fitted("job1", images, limits) as uploads:
        return [(upload.filename, size_of(upload)) for upload in uploads]


async def test_what_fits_is_sent_as_it_is(tmp_path: Path) -> None:
    images = [stored(tmp_path, n, kind=kind) for n, kind in enumerate(("PNG", "JPEG", "WEBP"))]
    assert await fitted(images, Limits()) == [
        ("easel-job1-1.png", images[0].size_bytes),
        ("easel-job1-2.jpg", images[1].size_bytes),
        ("easel-job1-3.webp", images[2].size_bytes),
    ]


async def test_a_file_over_the_limit_becomes_a_jpeg_that_fits_and_the_others_stay(tmp_path: Path) -> None:
    small, large = stored(tmp_path, 0), stored(tmp_path, 1, size=(400, 300))
    limits = Limits(file_bytes=large.size_bytes // 2)
    [first, second] = await fitted([small, large], limits)
    assert first == ("easel-job1-1.png", small.size_bytes)
    assert second[0] == "easel-job1-2.jpg"
    assert 0 < second[1] <= limits.file_bytes


async def test_files_that_only_together_are_too_large_are_made_to_fit_the_request(tmp_path: Path) -> None:
    images = [stored(tmp_path, n, size=(300, 200)) for n in range(10)]
    total = sum(image.size_bytes for image in images)
    limits = Limits(request_bytes=total // 3)
    made = await fitted(images, limits)
    assert len(made) == 10
    assert sum(size for _, size in made) <= limits.request_bytes


async def test_an_upload_can_be_opened_again_for_the_next_try(tmp_path: Path) -> None:
    image = stored(tmp_path, size=(300, 200))
    async with Uploads().fitted("job1", [image], Limits(file_bytes=image.size_bytes // 2)) as [upload]:
        assert size_of(upload) == size_of(upload) > 0


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    image = stored(tmp_path, size=(300, 200))
    await fitted([image], Limits(file_bytes=image.size_bytes // 2))
    assert list(tmp_path.iterdir()) == [image.path]


async def test_a_picture_that_is_gone_is_an_error_not_an_empty_file(tmp_path: Path) -> None:
    image = stored(tmp_path, size=(300, 200))
    image.path.unlink()
    with pytest.raises(FileNotFoundError):
        await fitted([image], Limits(file_bytes=1))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA"])
@pytest.mark.parametrize("target_bytes", [200_000, 40_000, 4_000])
def test_every_kind_of_picture_can_be_shrunk(tmp_path: Path, mode: str, target_bytes: int) -> None:
    path, smaller = tmp_path / "a.png", tmp_path / "b.jpg"
    noise(512, 384, "L").convert(mode).save(path)
    with smaller.open("w+b") as file:
        shrink(path, target_bytes, file)
    assert 0 < smaller.stat().st_size <= target_bytes
    with Image.open(smaller) as picture:
        picture.load()
        assert picture.format == "JPEG"


def test_quality_goes_before_scale(tmp_path: Path) -> None:
    path, smaller = tmp_path / "a.png", tmp_path / "b.jpg"
    noise(256, 256).save(path)
    with smaller.open("w+b") as file:
        shrink(path, path.stat().st_size // 3, file)
    with Image.open(smaller) as picture:
        assert picture.size == (256, 256)


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    path, smaller = tmp_path / "a.png", tmp_path / "b.jpg"
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path)
    with smaller.open("w+b") as file:
        shrink(path, 10_000, file)
    with Image.open(smaller) as picture:
        assert picture.getpixel((4, 4)) == (255, 255, 255)


@given(
    st.lists(st.integers(min_value=1, max_value=40_000_000), min_size=1, max_size=10),
    st.integers(min_value=0, max_value=5),
)
def test_targets_never_exceed_the_limits_and_spare_what_fits(sizes: list[int], halvings: int) -> None:
    limits = Limits()
    for _ in range(halvings):
        limits = limits.halved()
    targets = limits.targets(sizes)
    sent = [min(size, target) for size, target in zip(sizes, targets, strict=True)]
    assert sum(sent) <= limits.request_bytes
    assert all(0 < target <= limits.file_bytes for target in targets)
    if max(sizes) <= limits.file_bytes and sum(sizes) <= limits.request_bytes:
        assert sent == sizes


def test_the_default_limits_are_discords() -> None:
    assert Limits().file_bytes == FILE_BYTES == 10 * 1024**2
    assert Limits().request_bytes < REQUEST_BYTES == 25 * 1024**2

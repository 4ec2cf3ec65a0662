"""Pictures named, marked and made to fit Discord's limits, with real images."""

import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from generation.composing import recipe_text
from generation.delivery import ReleasedImage
from models import Job
from recipes import Recipe
from storage.jobs import FORGOTTEN
from tests.builders import make_job, make_request
from ui.uploads import FILE_BYTES, REQUEST_BYTES, Limits, Upload, Uploads, filename, shrink, slug

JOB = make_job(job_id="19a1b2c3d4e5f123456")
# The word of the IPTC's list for what a model made.
SOURCE_TYPE = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
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


def bytes_of(upload: Upload) -> bytes:
    file = upload.as_file("a fox")
    try:
        return file.fp.read()
    finally:
        file.close()


@dataclass(frozen=True)
class Marks:
    """What a file's metadata says, as Pillow reads it."""

    by_a_model: bool
    recipe: str | None


def marks_of(data: bytes) -> Marks:
    with Image.open(io.BytesIO(data)) as picture:
        recipe = picture.info.get("parameters")
        comment = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
        if comment is not None:
            recipe = comment.removeprefix(b"UNICODE\0").decode("utf-16-be")
        return Marks(by_a_model=SOURCE_TYPE in picture.info.get("xmp", b""), recipe=recipe)


def pixels_of(data: bytes | Path) -> bytes:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as picture:
        return picture.tobytes()


async def fitted(
    images: Sequence[ReleasedImage], limits: Limits | None = None, *, job: Job = JOB, recipe: bool = True
) -> list[tuple[str, bytes]]:
    async with Uploads().fitted(job, images, limits or Limits(), recipe=recipe) as uploads:
        return [(upload.filename, bytes_of(upload)) for upload in uploads]


async def test_what_fits_keeps_its_pixels_and_says_what_it_is(tmp_path: Path) -> None:
    images = [stored(tmp_path, n, kind=kind) for n, kind in enumerate(("PNG", "JPEG", "WEBP"))]
    made = await fitted(images)
    assert [name for name, _ in made] == [f"a-red-fox-in-the-snow-123456-{n}" for n in ("1.png", "2.jpg", "3.webp")]
    for image, (_, data) in zip(images, made, strict=True):
        assert pixels_of(data) == pixels_of(image.path)
        assert marks_of(data) == Marks(by_a_model=True, recipe=recipe_text(JOB))
    assert "a red fox in the snow" in recipe_text(JOB)


async def test_without_the_recipe_it_still_says_that_a_model_made_it(tmp_path: Path) -> None:
    images = [stored(tmp_path, n, kind=kind) for n, kind in enumerate(("PNG", "JPEG", "WEBP"))]
    images.append(stored(tmp_path, 3, size=(400, 300)))
    for _, data in await fitted(images, Limits(file_bytes=images[3].size_bytes // 2), recipe=False):
        assert marks_of(data) == Marks(by_a_model=True, recipe=None)
        assert b"red fox" not in data


async def test_a_file_over_the_limit_becomes_a_jpeg_that_fits_and_the_others_stay(tmp_path: Path) -> None:
    small, large = stored(tmp_path, 0), stored(tmp_path, 1, size=(400, 300))
    limits = Limits(file_bytes=large.size_bytes // 2)
    [first, second] = await fitted([small, large], limits)
    assert (first[0], pixels_of(first[1])) == ("a-red-fox-in-the-snow-123456-1.png", pixels_of(small.path))
    assert second[0] == "a-red-fox-in-the-snow-123456-2.jpg"
    assert 0 < len(second[1]) <= limits.file_bytes
    assert marks_of(second[1]) == Marks(by_a_model=True, recipe=recipe_text(JOB))


@pytest.mark.parametrize("room_bytes", [0, 300, 2_500])
async def test_the_metadata_counts_towards_the_limit(tmp_path: Path, room_bytes: int) -> None:
    job = replace(JOB, request=make_request("schöner Fuchs " * 100))
    image = stored(tmp_path, size=(300, 200), kind="JPEG")
    limits = Limits(file_bytes=image.size_bytes + room_bytes)
    [(_, data)] = await fitted([image], limits, job=job)
    assert len(data) <= limits.file_bytes
    assert marks_of(data) == Marks(by_a_model=True, recipe=recipe_text(job))


@pytest.mark.parametrize("room_bytes", [10, 300, 600])
async def test_a_file_that_only_its_metadata_makes_too_large_for_the_first_try_fits_in_the_end(
    tmp_path: Path, room_bytes: int
) -> None:
    """The shrunk picture alone fits, and with its metadata it doesn't: it has to be made smaller once more."""
    image = stored(tmp_path, size=(300, 200))
    smaller = io.BytesIO()
    shrink(image.path, image.size_bytes - 1, smaller)
    limits = Limits(file_bytes=len(smaller.getvalue()) + room_bytes)
    [(_, data)] = await fitted([image], limits)
    assert len(data) <= limits.file_bytes
    assert marks_of(data).by_a_model


async def test_files_that_only_together_are_too_large_are_made_to_fit_the_request(tmp_path: Path) -> None:
    images = [stored(tmp_path, n, size=(300, 200)) for n in range(10)]
    total = sum(image.size_bytes for image in images)
    limits = Limits(request_bytes=total // 3)
    made = await fitted(images, limits)
    assert len({name for name, _ in made}) == 10
    assert sum(len(data) for _, data in made) <= limits.request_bytes


async def test_files_that_only_their_metadata_makes_too_large_together_are_made_to_fit(tmp_path: Path) -> None:
    images = [stored(tmp_path, 0), stored(tmp_path, 1, size=(300, 200))]
    limits = Limits(request_bytes=sum(image.size_bytes for image in images) + 10)
    made = await fitted(images, limits)
    assert sum(len(data) for _, data in made) <= limits.request_bytes


async def test_an_upload_can_be_opened_again_for_the_next_try(tmp_path: Path) -> None:
    async with Uploads().fitted(JOB, [stored(tmp_path)], Limits(), recipe=True) as [upload]:
        assert bytes_of(upload) == bytes_of(upload) != b""


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    image = stored(tmp_path, size=(300, 200))
    await fitted([image], Limits(file_bytes=image.size_bytes // 2))
    assert list(tmp_path.iterdir()) == [image.path]


async def test_a_picture_that_is_gone_is_an_error_not_an_empty_file(tmp_path: Path) -> None:
    image = stored(tmp_path, size=(300, 200))
    image.path.unlink()
    with pytest.raises(FileNotFoundError):
        await fitted([image])


async def test_a_file_that_can_not_be_marked_is_sent_all_the_same_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = replace(stored(tmp_path), media_type="image/jpeg")  # which it isn't
    [(_, data)] = await fitted([image])
    assert data == image.path.read_bytes()
    assert "picture 1 could not be marked as made by a model" in caplog.text


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a red fox in the snow", "a-red-fox-in-the-snow"),
        ("  A Red\nFOX!! (at night), 8k ", "a-red-fox-at-night-8k"),
        ("Schöne Grüße aus Übersee", "schone-grusse-aus-ubersee"),
        ("Œuvre d'été, Łódź ærlig ø", "oeuvre-dete-lodz-aerlig-o"),
        ("the fox\N{RIGHT SINGLE QUOTATION MARK}s den", "the-foxs-den"),
        ("①②③ fox", "123-fox"),
        ("雪の中の狐", "picture"),
        ("狐 in 雪", "in"),
        ("🦊🦊🦊", "picture"),
        ("../../etc/passwd", "etc-passwd"),
        ("input.png", "input-png"),
        ("SPOILER_ the end", "spoiler-the-end"),
        ("one two three four five six seven eight nine ten", "one-two-three-four-five-six-seven-eight"),
        ("a few words too many for the length of it", "a-few-words-too-many-for-the-length-of"),
        ("a" * 100, "a" * 40),
        ("of " + "a" * 100, "of-" + "a" * 37),
    ],
)
def test_a_file_is_called_after_what_was_typed(prompt: str, name: str) -> None:
    assert slug(prompt) == name


@given(st.text())
def test_every_prompt_makes_a_name_that_any_system_takes(prompt: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(prompt))
    assert len(slug(prompt)) <= 40


def test_a_file_is_named_by_the_words_as_typed_not_as_sent() -> None:
    job = replace(JOB, request=make_request("oil painting of a fox, thick paint"), recipe=Recipe(prompt="a fox"))
    assert filename(job, 1, ".png") == "a-fox-123456-2.png"


def test_a_forgotten_prompt_is_no_name() -> None:
    assert filename(replace(JOB, request=make_request(FORGOTTEN)), 0, ".png") == "picture-123456-1.png"


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

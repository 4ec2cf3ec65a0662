"""What may be given and what it becomes: every file goes through a real worker."""

import os
import tempfile
import zlib

import pytest
from PIL import Image, ImageChops, ImageCms

from errors import UnusableImage
from imaging.workshop import Prepared, Workshop
from tests.imaging.files import (
    animation,
    chunk,
    claiming,
    decoded,
    drawing,
    encoded,
    heic,
    located,
    plain_png,
    png_with,
    source,
)


async def checked(workshop: Workshop, data: bytes) -> tuple[Prepared, Image.Image]:
    with source(data) as file:
        prepared = await workshop.check(file)
    with prepared.file as result:
        made = result.read()
    assert len(made) == prepared.size_bytes
    image = decoded(made)
    assert image.size == (prepared.width_px, prepared.height_px)
    assert image.mode == "RGB"
    assert Image.MIME[image.format or ""] == prepared.media_type
    return prepared, image


async def refused(workshop: Workshop, data: bytes) -> str:
    with source(data) as file, pytest.raises(UnusableImage) as refusal:
        await workshop.check(file)
    return refusal.value.why


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of their levels."""
    histogram = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).convert("L").histogram()
    return sum(level * count for level, count in enumerate(histogram)) / sum(histogram)


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "text": (b"this is no picture at all", "not_an_image"),
    "a GIF": (encoded(drawing(), "GIF"), "not_an_image"),
    "a TIFF": (encoded(drawing(), "TIFF"), "not_an_image"),
    "a BMP": (encoded(drawing(), "BMP"), "not_an_image"),
    "an AVIF": (encoded(drawing(), "AVIF"), "not_an_image"),
    "an SVG": (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>',
        "not_an_image",
    ),
    "a HEIC": (heic(), "not_an_image"),
    "a GIF with a PNG behind it": (encoded(drawing(), "GIF") + encoded(drawing()), "not_an_image"),
    "an EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "not_an_image"),
    "an animated PNG": (animation("PNG"), "animated"),
    "an animated WebP": (animation("WEBP"), "animated"),
    "a side of 63 px": (encoded(drawing(size=(63, 200))), "too_small"),
    "a strip of which scaling leaves too little": (plain_png(16000, 64), "too_small"),
    "a side of 20000 px": (plain_png(20000, 70), "too_many_pixels"),
    "one row over the limit": (plain_png(4096, 4097), "too_many_pixels"),
    "a bomb": (plain_png(65000, 65000 // 50), "too_many_pixels"),
    "a header that lies": (claiming(2**31 - 1, 2**31 - 1), "too_many_pixels"),
    "a WebP over the limit": (
        b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (16382).to_bytes(3, "little") * 2 + bytes(4),
        "too_many_pixels",
    ),
    "a PNG cut off": (encoded(drawing())[:-60], "undecodable"),
    "a JPEG cut off": (encoded(drawing(), "JPEG")[:-300], "undecodable"),
    "a WebP cut off": (encoded(drawing(), "WEBP")[:-100], "undecodable"),
    "a PNG's first bytes": (b"\x89PNG\r\n\x1a\n", "undecodable"),
    "a JPEG's first bytes": (b"\xff\xd8\xff\xe0", "undecodable"),
    "a header with too little behind it": (claiming(4000, 4000), "undecodable"),
    "a text that unpacks to 100 MB": (
        png_with(encoded(drawing()), chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**8)))),
        "undecodable",
    ),
    "a JPEG of a thousand scans": (encoded(drawing(), "JPEG") + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 1000, "undecodable"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_used_is_refused_with_its_reason(workshop: Workshop, name: str) -> None:
    data, why = REFUSED[name]
    assert await refused(workshop, data) == why


async def test_a_file_over_the_size_limit_is_refused_unread(workshop: Workshop) -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(65 * 1024**2)
        with pytest.raises(UnusableImage) as refusal:
            await workshop.check(file)
    assert refusal.value.why == "too_large"


@pytest.mark.parametrize(
    ("image_format", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("WEBP", {}, "image/jpeg"),
        ("WEBP", {"lossless": True}, "image/png"),
    ],
)
async def test_the_type_is_told_by_the_content_and_losslessness_is_kept(
    workshop: Workshop, image_format: str, options: dict[str, bool], media_type: str
) -> None:
    prepared, image = await checked(workshop, encoded(drawing(), image_format, **options))
    assert prepared.media_type == media_type
    assert prepared.filename == ("input.png" if media_type == "image/png" else "input.jpg")
    assert difference(image, drawing()) < (0.01 if media_type == "image/png" else 4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_every_mode_of_a_png_becomes_plain_rgb(workshop: Workshop, mode: str) -> None:
    if mode == "I;16":
        image = drawing("L").convert("I").point(lambda level: level * 257).convert("I;16")
        _, made = await checked(workshop, encoded(image))
        assert difference(made, drawing("L")) < 1
    else:
        _, made = await checked(workshop, encoded(drawing(mode)))
        assert difference(made, drawing(mode)) < 1


async def test_a_jpeg_for_printing_becomes_plain_rgb(workshop: Workshop) -> None:
    _, made = await checked(workshop, encoded(drawing("CMYK"), "JPEG", quality=95))
    assert difference(made, drawing("CMYK")) < 4


async def test_the_transparent_becomes_white(workshop: Workshop) -> None:
    image = drawing("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    image.paste((200, 0, 0, 255), (0, 0, 10, 10))
    _, made = await checked(workshop, encoded(image))
    assert made.getpixel((50, 50)) == (255, 255, 255)
    assert made.getpixel((5, 5)) == (200, 0, 0)


async def test_a_single_transparent_colour_becomes_white(workshop: Workshop) -> None:
    _, made = await checked(workshop, encoded(Image.new("RGB", (80, 80), "#102030"), transparency=(16, 32, 48)))
    assert made.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_turned_photo_is_put_upright(workshop: Workshop, orientation: int) -> None:
    upright = drawing(size=(160, 90))
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turned[orientation]) if orientation in turned else upright
    prepared, made = await checked(workshop, located(stored, orientation))
    assert made.size == (160, 90)
    assert (prepared.original_width_px, prepared.original_height_px) == (160, 90)
    assert difference(made, upright) < 4


async def test_where_a_photo_was_taken_is_gone(workshop: Workshop) -> None:
    data = located(drawing())
    assert b"SecretCamera" in data
    with source(data) as file:
        prepared = await workshop.check(file)
    with prepared.file as result:
        made = result.read()
    assert not decoded(made).getexif()
    for trace in (b"Secret", b"Exif", b"GPS", b"\xff\xe1", b"\xff\xfe"):
        assert trace not in made


async def test_a_photos_colours_are_carried_over_into_srgb(workshop: Workshop) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _, same = await checked(workshop, encoded(drawing(), icc_profile=srgb))
    assert difference(same, drawing()) < 1
    assert "icc_profile" not in same.info
    swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    _, made = await checked(workshop, encoded(Image.new("RGB", (80, 80), (200, 0, 0)), icc_profile=swapped))
    assert difference(made, Image.new("RGB", (80, 80), (0, 200, 0))) < 40


async def test_a_profile_that_makes_no_sense_is_left_aside(workshop: Workshop) -> None:
    _, made = await checked(workshop, encoded(drawing(), icc_profile=b"no profile"))
    assert difference(made, drawing()) < 1


async def test_a_phones_second_picture_is_no_animation(workshop: Workshop) -> None:
    data = encoded(drawing(), "MPO", save_all=True, append_images=[drawing().rotate(90)])
    _, made = await checked(workshop, data)
    assert difference(made, drawing()) < 6


async def test_a_picture_with_something_else_behind_it_comes_out_alone(workshop: Workshop) -> None:
    data = encoded(drawing()) + b"PK\x03\x04 a whole archive"
    with source(data) as file:
        prepared = await workshop.check(file)
    with prepared.file as result:
        assert b"archive" not in result.read()


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
async def test_a_large_picture_is_scaled_down_to_1536_px(workshop: Workshop, image_format: str) -> None:
    prepared, made = await checked(workshop, encoded(drawing(size=(2000, 1001)), image_format))
    assert made.size == (1536, 769)
    assert (prepared.original_width_px, prepared.original_height_px) == (2000, 1001)
    assert difference(made, drawing(size=(2000, 1001)).resize(made.size)) < 4


async def test_a_png_over_4_mb_becomes_a_jpeg(workshop: Workshop) -> None:
    noise = Image.frombytes("RGB", (1200, 1200), os.urandom(3 * 1200 * 1200))
    prepared, _ = await checked(workshop, encoded(noise, compress_level=0))
    assert prepared.media_type == "image/jpeg"

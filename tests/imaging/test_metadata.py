"""Metadata written and read back by others: Pillow, an XML parser, and the bytes themselves."""

import io
import struct
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging.metadata import TRAINED_ALGORITHMIC_MEDIA, write_metadata
from tests.imaging.files import chunk, decoded, drawing, encoded, png_with

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
RECIPE = "a lighthouse 🎨 über <b>&\nNegative prompt: fog\nSteps: 28, Seed: 5"
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "iptc": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}

# Exif texts hold no halves of pairs, and no text here holds NUL, which ends one in every format.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2000)


def marked(data: bytes, media_type: str, **texts: str | None) -> tuple[bool, bytes]:
    into = io.BytesIO()
    changed = write_metadata(io.BytesIO(data), into, media_type, **texts)
    return changed, into.getvalue()


def xmp_of(image: Image.Image) -> ET.Element:
    packet = image.info["xmp"] if "xmp" in image.info else image.info["XML:com.adobe.xmp"]
    description = ET.fromstring(packet).find(".//rdf:Description", NAMESPACES)
    assert description is not None
    return description


def comment_of(image: Image.Image) -> str:
    raw = image.getexif().get_ifd(0x8769)[0x9286]
    assert isinstance(raw, bytes)
    assert raw.startswith(b"UNICODE\0")
    return raw[8:].decode("utf-16-be")


def recipe_of(image: Image.Image) -> str:
    return str(image.info["parameters"]) if image.format == "PNG" else comment_of(image)


def assert_sound(before: bytes, after: bytes) -> Image.Image:
    """The pixels are the same, and Pillow finds nothing wrong."""
    with Image.open(io.BytesIO(after)) as image:
        image.verify()
    made, original = decoded(after), decoded(before)
    assert (made.mode, made.size, made.tobytes()) == (original.mode, original.size, original.tobytes())
    return made


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_mark_and_the_recipe_can_be_read_back(image_format: str) -> None:
    data = encoded(drawing(), image_format)
    changed, after = marked(data, FORMATS[image_format], recipe=RECIPE, description="Made with <Easel> & care")
    assert changed
    image = assert_sound(data, after)
    xmp = xmp_of(image)
    assert xmp.findtext("iptc:DigitalSourceType", namespaces=NAMESPACES) == TRAINED_ALGORITHMIC_MEDIA
    assert xmp.findtext("xmp:CreatorTool", namespaces=NAMESPACES) == "Easel"
    assert xmp.findtext("dc:description/rdf:Alt/rdf:li", namespaces=NAMESPACES) == "Made with <Easel> & care"
    assert recipe_of(image) == RECIPE
    if image_format != "PNG":
        assert image.getexif()[0x0131] == "Easel"
        assert image.getexif()[0x010E] == "Made with <Easel> & care"


@pytest.mark.parametrize("image_format", FORMATS)
def test_without_a_recipe_there_is_only_the_mark(image_format: str) -> None:
    data = encoded(drawing(), image_format)
    changed, after = marked(data, FORMATS[image_format])
    assert changed
    image = assert_sound(data, after)
    assert xmp_of(image).find("dc:description", NAMESPACES) is None
    assert "parameters" not in image.info
    assert not image.getexif().get_ifd(0x8769)


@given(
    image_format=st.sampled_from(list(FORMATS)),
    mode=st.sampled_from(["RGB", "RGBA", "L", "P"]),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    options=st.sampled_from([{}, {"progressive": True, "lossless": True, "compress_level": 0}]),
    recipe=st.none() | texts,
    description=st.none() | texts,
)
@settings(max_examples=150)
def test_no_picture_and_no_text_is_broken(
    image_format: str,
    mode: str,
    size: tuple[int, int],
    options: dict[str, Any],
    recipe: str | None,
    description: str | None,
) -> None:
    if image_format == "JPEG" and mode in {"RGBA", "P"}:
        mode = "CMYK"
    data = encoded(drawing("RGB", (96, 72)).resize(size).convert(mode), image_format, **options)
    changed, after = marked(data, FORMATS[image_format], recipe=recipe, description=description)
    assert changed
    image = assert_sound(data, after)
    xmp_of(image)
    if recipe is not None:
        assert recipe_of(image) == recipe


@pytest.mark.parametrize("recipe", ["x" * 2000, "🎨" * 2000, "ü" * 10_000])
@pytest.mark.parametrize("image_format", FORMATS)
def test_long_texts_are_kept_whole(image_format: str, recipe: str) -> None:
    changed, after = marked(encoded(drawing(), image_format), FORMATS[image_format], recipe=recipe)
    assert changed
    assert recipe_of(decoded(after)) == recipe


def test_a_text_too_long_for_a_jpeg_leaves_it_unchanged() -> None:
    data = encoded(drawing(), "JPEG")
    longest = max(length for length in range(32_600, 32_800) if marked(data, "image/jpeg", recipe="x" * length)[0])
    _, after = marked(data, "image/jpeg", recipe="x" * longest)
    assert comment_of(assert_sound(data, after)) == "x" * longest
    assert marked(data, "image/jpeg", recipe="x" * (longest + 1)) == (False, data)


def test_a_pngs_chunks_are_in_order_and_their_checksums_right() -> None:
    _, after = marked(encoded(drawing()), "image/png", recipe=RECIPE)
    kinds, position = [], 8
    while position < len(after):
        length, kind = struct.unpack_from(">I4s", after, position)
        body = after[position + 4 : position + 8 + length]
        assert zlib.crc32(body) == struct.unpack_from(">I", after, position + 8 + length)[0]
        kinds.append(kind)
        position += 12 + length
    assert kinds[:3] == [b"IHDR", b"iTXt", b"iTXt"]
    assert kinds[3:] == [b"IDAT"] * (len(kinds) - 4) + [b"IEND"]


def test_what_a_png_said_before_is_gone_and_its_colours_are_kept() -> None:
    data = png_with(
        encoded(drawing(), icc_profile=b"profile", dpi=(72, 72)),
        chunk(b"tEXt", b"parameters\0secret one"),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"secret two")),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0secret three"),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08secret four"),
        chunk(b"tIME", bytes(7)),
    )
    changed, after = marked(data + b"secret behind the end", "image/png", recipe=RECIPE)
    assert changed
    assert b"secret" not in after
    assert b"zTXt" not in after
    assert b"tIME" not in after
    image = assert_sound(data, after)
    assert image.info["icc_profile"] == b"profile"
    assert image.info["parameters"] == RECIPE
    assert "dpi" in image.info


def test_what_a_jpeg_said_before_is_gone_and_its_colours_are_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret one"
    data = encoded(
        drawing(),
        "JPEG",
        exif=exif,
        xmp=b"<secret-two/>",
        comment=b"secret three",
        icc_profile=b"profile",
        dpi=(72, 72),
    )
    data = data[:2] + b"\xff\xed\0\x0dsecret four" + data[2:]
    changed, after = marked(data, "image/jpeg", recipe=RECIPE)
    assert changed
    assert b"secret" not in after
    image = assert_sound(data, after)
    assert image.info["icc_profile"] == b"profile"
    assert after.startswith(b"\xff\xd8\xff\xe0")  # JFIF's own segment stays the first
    assert image.info["dpi"] == (72, 72)


def test_a_webp_of_either_layout_keeps_its_transparency_and_profile() -> None:
    for options in ({}, {"lossless": True}, {"lossless": True, "icc_profile": b"profile"}, {"exif": b"MM\0*old"}):
        picture = drawing("RGBA")
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
        data = encoded(picture, "WEBP", **options)
        changed, after = marked(data, "image/webp", recipe=RECIPE)
        assert changed
        image = assert_sound(data, after)
        assert image.info.get("icc_profile") == options.get("icc_profile")
        assert len(after) == 8 + struct.unpack_from("<I", after, 4)[0]
        assert after.count(b"EXIF") == 1
        assert after[20] & 0x10  # the flag by which readers know that there is transparency


def odd_files() -> dict[str, tuple[str, bytes]]:
    png, jpeg, webp = (encoded(drawing(), image_format) for image_format in FORMATS)
    phone = encoded(drawing(), "MPO", save_all=True, append_images=[drawing()])
    return {
        "nothing": ("image/png", b""),
        "another type": ("image/gif", encoded(drawing(), "GIF")),
        "a PNG called a JPEG": ("image/jpeg", png),
        "a JPEG called a PNG": ("image/png", jpeg),
        "a JPEG called a WebP": ("image/webp", jpeg),
        "a PNG cut off": ("image/png", png[:-20]),
        "a PNG without its end": ("image/png", png[:-12]),
        "a PNG with another beginning": ("image/png", png[:8] + chunk(b"CgBI", bytes(4)) + png[8:]),
        "a PNG without data": ("image/png", png[:33] + chunk(b"IEND", b"")),
        "a PNG of a great many chunks": ("image/png", png_with(png, *[chunk(b"prVt", b"")] * 20_001)),
        "a signed PNG": ("image/png", png_with(png, chunk(b"caBX", b"manifest"))),
        "a JPEG cut off": ("image/jpeg", jpeg[:100]),
        "a JPEG with rubbish between": ("image/jpeg", jpeg[:2] + b"rubbish" + jpeg[2:]),
        "a JPEG that ends at once": ("image/jpeg", b"\xff\xd8\xff\xd9"),
        "a JPEG with an empty segment": ("image/jpeg", b"\xff\xd8\xff\xe0\0\0" + jpeg[2:]),
        "a signed JPEG": ("image/jpeg", jpeg[:2] + b"\xff\xeb\0\x06JUMB" + jpeg[2:]),
        "a JPEG of several pictures": ("image/jpeg", phone),
        "a WebP cut off": ("image/webp", webp[:-10]),
        "a WebP with a wrong length": ("image/webp", webp[:4] + struct.pack("<I", 20) + webp[8:]),
        "a WebP without a picture": ("image/webp", b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0"),
        "an empty WebP": ("image/webp", b"RIFF\x04\0\0\0WEBP"),
        "a signed WebP": ("image/webp", signed_webp(webp)),
    }


def signed_webp(data: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(data)) + data[8:] + b"C2PA\0\0\0\0"


@pytest.mark.parametrize("name", odd_files())
def test_an_odd_or_signed_file_is_copied_unchanged(name: str) -> None:
    media_type, data = odd_files()[name]
    assert marked(data, media_type, recipe=RECIPE) == (False, data)


def test_fill_bytes_before_a_marker_are_taken_as_the_standard_has_them() -> None:
    jpeg = encoded(drawing(), "JPEG")
    changed, after = marked(jpeg[:2] + b"\xff\xff" + jpeg[2:], "image/jpeg", recipe=RECIPE)
    assert changed
    assert comment_of(assert_sound(jpeg, after)) == RECIPE


def test_the_source_may_stand_anywhere_and_the_target_is_written_where_it_stands() -> None:
    source, into = io.BytesIO(encoded(drawing())), io.BytesIO()
    source.seek(0, io.SEEK_END)
    into.write(b"before")
    assert write_metadata(source, into, "image/png", recipe=RECIPE)
    assert into.getvalue().startswith(b"before\x89PNG")


def test_marking_twice_leaves_one_mark() -> None:
    for image_format, media_type in FORMATS.items():
        _, once = marked(encoded(drawing(), image_format), media_type, recipe=RECIPE)
        assert marked(once, media_type, recipe=RECIPE) == (True, once)
